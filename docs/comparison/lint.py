"""Makes prompts and times the tools that check them: `lint.py PF TOOLS FOLDER COUNT`."""

import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
ROUNDS = 5

PROMPT = """\
description: Sorts message {number} of a customer.
owner: support-{team}
tags: [support, team-{team}]
model: {{provider: anthropic, name: claude-haiku-4-5-20251001, temperature: 0, max_output_tokens: 600}}
variables:
  ticket: {{type: string, description: The message as received., maxLength: 8000}}
  tier: {{enum: [free, pro], default: free, description: What the customer pays for.}}
  language: {{type: string, default: en, description: The language of the answer.}}
  tone: {{type: string, default: kind, description: How the answer should sound.}}
messages:
  - role: system
    content: |
      You sort the messages of {{{{ tier }}}} customers for team {team}. Be {{{{ tone }}}}.
      {{% include "shared/rules-{shared}.md" %}}
      Answer in {{{{ language }}}} with one word: refund, bug or other.
  - role: user
    content: "<message>{{{{ ticket }}}}</message>"
"""


def make(folder, count):
    (folder / "pf.yaml").write_text("format: 1\n")
    shared = folder / "prompts" / "shared"
    shared.mkdir(parents=True)
    for number in range(20):
        (shared / f"rules-{number}.md").write_text(f"Rule {number}: never promise what you cannot keep.\n")
    for number in range(count):
        team = folder / "prompts" / f"team-{number % 50}"
        team.mkdir(exist_ok=True)
        text = PROMPT.format(number=number, team=number % 50, shared=number % 20)
        (team / f"sort-{number}.yaml").write_text(text)


def best(output, command):
    """The shortest of a few runs, in seconds, and the most memory of them, in megabytes."""
    runs = []
    for _ in range(ROUNDS):
        run = subprocess.run(
            [sys.executable, HERE / "stopwatch.py", output, *command], capture_output=True, check=True
        )
        code, seconds, megabytes = json.loads(run.stdout)
        if code != 0:
            sys.exit(f"{command[0]} ended with {code}: {pathlib.Path(output).read_text()[:2000]}")
        runs.append((seconds, megabytes))
    return min(run[0] for run in runs), max(run[1] for run in runs)


def main(pf, tools, work, count):
    work, count = pathlib.Path(work), int(count)
    project = work / "project"
    project.mkdir()
    make(project, count)
    schema = work / "prompt.schema.json"
    schema.write_bytes(subprocess.run([pf, "schema", "prompt"], capture_output=True, check=True).stdout)
    files = sorted(str(path) for path in (project / "prompts").rglob("*.yaml"))
    relaxed = "{extends: relaxed, rules: {line-length: disable}}"
    rows = {
        "`pf lint`": [pf, "-C", str(project), "lint", "--fail-on", "error"],
        "`check-jsonschema` (the shape alone)": [
            f"{tools}/check-jsonschema", "--schemafile", str(schema), *files,
        ],
        "`yamllint` (the layout alone)": [f"{tools}/yamllint", "-d", relaxed, *files],
    }
    results = {name: best(work / "output", command) for name, command in rows.items()}
    base = results["`pf lint`"][0]
    print(f"{count} prompts, best of {ROUNDS}:\n")
    print("| tool | time | times pf | memory |\n|---|---|---|---|")
    for name, (seconds, megabytes) in results.items():
        print(f"| {name} | {seconds:.3f} s | {seconds / base:.0f} | {megabytes:.0f} MB |")


if __name__ == "__main__":
    main(*sys.argv[1:])
