"""Runs both tools and prints two tables: `measure.py GSM8K WORK PROMPTFOO_JS PF`; without PF, promptfoo alone.

Wall time and memory are those of the whole command; each measurement is the fastest of three.
"""

import collections
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

KNOWN = [286, 458, 515, 742]
TIMES = 3
CASES = {
    "empty-filter": "a filter that matches no case",
    "wrong-key": "every call is answered with 401",
    "undefined-variable": "the prompt names a variable that does not exist",
    "misspelt-assert": "`asert:` instead of `assert:`",
    "empty-dataset": "a dataset without a row",
}


def run(command, folder):
    """(exit code, seconds, megabytes at the peak, what was printed)"""
    output = Path(folder) / "output.txt"
    stopwatch = [sys.executable, "-I", "-S", Path(__file__).with_name("stopwatch.py"), output, *command]
    measured = subprocess.run([str(part) for part in stopwatch], cwd=folder, stdout=subprocess.PIPE, check=True).stdout
    return *json.loads(measured), output.read_text(errors="replace")


def best(command, folder, prepare=lambda: None):
    found = []
    for _ in range(TIMES):
        prepare()
        found.append(run(command, folder))
    return min(found, key=lambda one: one[1])


def shown(measured):
    if measured is None:
        return "the same"
    _, seconds, megabytes, _ = measured
    return f"{seconds:.2f} s, {megabytes:.0f} MB"


def accuracies(passed):
    """Checked against the published marks: a quick wrong answer is no measurement."""
    found = sorted(passed.values())
    if found != KNOWN:
        sys.exit(f"{dict(passed)}: the published marks are {KNOWN}")
    return ", ".join(f"{name} {count}" for name, count in passed.items())


class Promptfoo:
    def __init__(self, work, script):
        self.work, self.command = work, ["node", script]
        self.name = "promptfoo " + self.output("--version")

    def output(self, *arguments):
        return run([*self.command, *arguments], self.work)[3].strip().splitlines()[-1]

    def start(self):
        return best([*self.command, "--version"], self.work)

    def gsm8k(self):
        folder = self.work / "gsm8k"
        command = [*self.command, "eval", "--no-cache", "--no-table", "--no-progress-bar", "--no-share", "-o", "run.json"]
        measured = best(command, folder)
        fastest = best([*command, "--no-write", "-j", "32"], folder)
        passed = collections.Counter()
        for result in json.loads((folder / "run.json").read_text(encoding="utf-8"))["results"]["results"]:
            passed[result["provider"]["label"]] += result["success"]
        return measured, fastest, accuracies(passed)

    def green(self, name):
        arguments = ["--filter-pattern", "no-such-case"] if name == "empty-filter" else []
        return run([*self.command, "eval", "--no-cache", "--no-progress-bar", "--no-share", *arguments], self.work / "promptfoo" / name)


class Pf:
    def __init__(self, work, data, binary):
        self.work, self.binary = work, shutil.which(binary) or sys.exit(f"PF={binary} cannot be run")
        self.binary = str(Path(self.binary).resolve())
        self.name = run([self.binary, "--version"], work)[3].strip()
        # A copy, so that no answer in a local store helps.
        self.project = work / "pf-gsm8k"
        shutil.copytree(data, self.project, ignore=shutil.ignore_patterns(".pf"))

    def start(self):
        return best([self.binary, "--version"], self.work)

    def gsm8k(self):
        def forget():
            shutil.rmtree(self.project / ".pf", ignore_errors=True)

        measured = best([self.binary, "eval", "--replay", "-o", "run.json"], self.project, forget)
        passed = {result["model"]: result["cells"]["pass"] for result in json.loads((self.project / "run.json").read_text(encoding="utf-8"))["results"]}
        return measured, None, accuracies(passed)

    def green(self, name):
        arguments = ["--case", "no-such-case"] if name == "empty-filter" else []
        return run([self.binary, "eval", *arguments], self.work / "pf" / name)


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as source:
            name = next((line.split(":", 1)[1].strip() for line in source if line.startswith("model name")), "")
    except OSError:
        name = ""
    return name or platform.processor() or platform.machine()


def main(data, work, script, binary):
    work = Path(work)
    tools = [Promptfoo(work, script)] + ([Pf(work, data, binary)] if binary else [])
    node = run(["node", "--version"], work)[3].strip()
    print(f"{os.cpu_count()} cores ({processor()}), {platform.system()}, Node {node}; best of {TIMES}.\n")

    starts = {tool: tool.start() for tool in tools}
    evals = {tool: tool.gsm8k() for tool in tools}
    table(
        ["GSM8K, 4 × 1,319 recorded answers", *(tool.name for tool in tools)],
        [
            ["start (`--version`)", *(f"{starts[tool][1] * 1000:.0f} ms" for tool in tools)],
            ["as it comes", *(shown(evals[tool][0]) for tool in tools)],
            ["with its fastest options", *(shown(evals[tool][1]) for tool in tools)],
            ["correct", *(evals[tool][2] for tool in tools)],
        ],
    )
    for tool in tools:
        code, _, _, output = tool.green("right")
        if code != 0:
            sys.exit(f"{tool.name} does not pass the project without a fault (exit code {code}):\n{output[-2000:]}")
    table(
        ["exit code when", *(tool.name for tool in tools)],
        [[why, *(str(tool.green(name)[0]) for tool in tools)] for name, why in CASES.items()],
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
