"""Runs the steps of action.yml as a runner would, in a checkout of an example, against an API that is not GitHub's.

Steps that `use` other actions are passed over. Expressions are those that the file has: paths, strings, `==`, `&&`, `||`, `!`.
"""

import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading

import yaml

PF, REPO, WORK = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
PAGE = 100
counts = {True: 0, False: 0}


def check(name, holds, said=""):
    counts[bool(holds)] += 1
    print(f"ok    {name}" if holds else f"FAIL  {name}: {str(said)[-1500:]}", flush=True)


class Api(http.server.BaseHTTPRequestHandler):
    """Comments of one pull request."""

    comments, log, refuse, stumble = [], [], None, 0

    def answer(self, code, value, link=None):
        body = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        if link:
            self.send_header("Link", link)
        self.end_headers()
        self.wfile.write(body)

    def handle_any(self):
        api = type(self)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        api.log.append((self.command, self.path, self.headers.get("Authorization")))
        if api.stumble:
            api.stumble -= 1
            return self.answer(502, {"message": "Bad Gateway"})
        if self.path == "/user" or (api.refuse and self.command != "GET"):
            return self.answer(403, {"message": "Resource not accessible by integration"})
        if self.command == "GET":
            page = int((re.search(r"[?&]page=(\d+)", self.path) or [0, 1])[1])
            last = page * PAGE >= len(api.comments)
            link = None if last else f'<{base()}{self.path.split("?")[0]}?per_page=100&page={page + 1}>; rel="next"'
            return self.answer(200, api.comments[(page - 1) * PAGE : page * PAGE], link)
        if self.command == "POST":
            comment = {"id": len(api.comments) + 1, "user": {"type": "Bot", "login": "github-actions[bot]"}}
            api.comments.append(comment)
        else:
            comment = api.comments[int(self.path.rsplit("/", 1)[1]) - 1]
        comment |= {"body": body["body"], "html_url": f"https://example.com/{comment['id']}"}
        return self.answer(201, comment)

    do_GET = do_POST = do_PATCH = handle_any

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
threading.Thread(target=server.serve_forever, daemon=True).start()


def base():
    return f"http://127.0.0.1:{server.server_port}"


def reset(comments=(), refuse=False, stumble=0):
    Api.comments, Api.log, Api.refuse, Api.stumble = list(comments), [], refuse, stumble


def evaluated(expression, context):
    """An expression of the file as its value; what is not there is null."""

    def path(match):
        name = match.group(0)
        if name.startswith("'"):
            return repr(name[1:-1])
        if name.startswith("cancelled"):
            return "False"
        value = context
        for key in name.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        return repr(value)

    python = re.sub(r"'[^']*'|cancelled\(\)|[a-z_][\w.-]*", path, expression)
    python = python.replace("&&", " and ").replace("||", " or ")
    return eval(re.sub(r"!(?!=)", " not ", python), {"__builtins__": {}})  # noqa: S307: our own file


def filled(text, context):
    def value(match):
        result = evaluated(match.group(1).strip(), context)
        return "" if result is None else str(result)

    return re.sub(r"\$\{\{(.*?)\}\}", value, str(text))


def run(checkout, event, **given):
    """The steps in a checkout, with an event and some inputs: exit code, log, outputs."""
    action = yaml.safe_load((REPO / "action.yml").read_text())
    temp = WORK / "runner"
    shutil.rmtree(temp, ignore_errors=True)
    temp.mkdir(parents=True)
    github = {"event": event, "api_url": base(), "repository": "team/prompts", "token": "ghs_secret", "ref": "refs/pull/7/merge"}
    context = {"github": github, "steps": {}, "inputs": {}}
    for name, declared in action["inputs"].items():
        context["inputs"][name] = given.get(name.replace("-", "_"), filled(declared.get("default", ""), context))
    code, log = 0, ""
    for number, step in enumerate(action["runs"]["steps"]):
        condition = step.get("if", "true == true")
        if "uses" in step or (code and "cancelled()" not in condition):
            continue
        context["true"] = True
        if "if" in step and not evaluated(condition, context):
            continue
        output = temp / f"output-{number}"
        output.touch()
        environment = {
            **os.environ,
            **{key: filled(value, context) for key, value in step.get("env", {}).items()},
            "GITHUB_ACTION_PATH": str(REPO),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_REPOSITORY": "team/prompts",
            "GITHUB_STEP_SUMMARY": str(temp / "summary.md"),
            "RUNNER_TEMP": str(temp),
            "PATIENCE": "0",
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", filled(step["run"], context)],
            cwd=checkout, env=environment, capture_output=True, text=True, timeout=120, check=False,
        )
        log += done.stdout + done.stderr
        code = code or done.returncode
        outputs = dict(line.split("=", 1) for line in output.read_text().splitlines() if "=" in line)
        context["steps"][step.get("id", str(number))] = {"outputs": outputs}
    values = {name: filled(output["value"], context) for name, output in action["outputs"].items()}
    return code, log, values


def git(checkout, *arguments):
    command = ["git", "-c", "user.name=test", "-c", "user.email=test@example.com", *arguments]
    return subprocess.run(command, cwd=checkout, check=True, capture_output=True, text=True).stdout.strip()


def checkout(name):
    """An example as a repository; its first commit is the base of every pull request."""
    folder = WORK / name
    shutil.copytree(REPO / "examples" / "support", folder, ignore=shutil.ignore_patterns(".pf"))
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Start")
    return folder, git(folder, "rev-parse", "HEAD")


def edit(folder, path, old, new):
    file = folder / path
    text = file.read_text()
    assert old in text, f"{path} has no {old!r}"
    file.write_text(text.replace(old, new, 1))
    git(folder, "commit", "--quiet", "--all", "--message", "Edit")


def pull_request(base_commit, head="team/prompts"):
    return {"pull_request": {"number": 7, "base": {"sha": base_commit}, "head": {"repo": {"full_name": head}}}}


def comment_of(body, kind="User"):
    return {"body": body, "user": {"type": kind, "login": "someone"}}


folder, start = checkout("sound")
edit(folder, "prompts/support/triage.yaml", "description:", "# Read by the desk.\ndescription:")
reset()
code, log, outputs = run(folder, pull_request(start), pf=PF)
check("a sound pull request passes", code == 0, log)
check("it is commented on once", [entry[0] for entry in Api.log] == ["GET", "POST"], Api.log)
check("the comment says so", Api.comments and "✅" in Api.comments[0]["body"], Api.comments)
check("the token is sent to the API alone", all(entry[2] == "Bearer ghs_secret" for entry in Api.log) and "ghs_secret" not in log, log)
check("codes and places are outputs", outputs["lint"] == "0" and outputs["eval"] == "0" and outputs["comment"] == "https://example.com/1", outputs)
check("the reports are where the output says", {"pf.sarif", "comment.md", "report.html", "run.json"} <= set(os.listdir(outputs["reports"])), outputs)
summary = WORK / "runner" / "summary.md"
check("the summary of the job has the report", summary.exists() and "✅" in summary.read_text())

code, log, outputs = run(folder, pull_request(start), pf=PF)
check("a second run writes over the comment", code == 0 and [entry[0] for entry in Api.log][2:] == ["GET", "PATCH"] and len(Api.comments) == 1, Api.log)

marker = Api.comments[0]["body"].split("\n")[0]
others = [comment_of(f"comment {n}") for n in range(120)] + [comment_of(marker + "\nforged"), comment_of(marker + "\nold", "Bot") | {"id": 122}]
reset(others, stumble=1)
code, log, outputs = run(folder, pull_request(start), pf=PF)
check("its own comment is found on a later page, not a person's", code == 0 and "/comments/122" in Api.log[-1][1], (log, Api.log[-2:]))
check("a server that stumbles is asked again", len(Api.log) == 5, Api.log)

reset(refuse=True)
code, log, outputs = run(folder, pull_request(start, "stranger/prompts"), pf=PF, keys="true")
check("a fork's token cannot comment, which is no failure", code == 0 and "::warning::the comment was not written (403)" in log, log)
check("a fork asks no model, whatever keys are there", outputs["eval"] == "0", outputs)

reset()
code, log, outputs = run(folder, {}, pf=PF)
check("a push is checked without a comment", code == 0 and not Api.log and outputs["comment"] == "", (log, Api.log))

folder, start = checkout("unrecorded")
edit(folder, "prompts/support/triage.yaml", "messages:\n", "messages:\n  - role: system\n    content: Be quick.\n")
reset()
code, log, outputs = run(folder, pull_request(start, "stranger/prompts"), pf=PF)
check("answers that are not recorded fail it", code == 1 and outputs["eval"] == "4", (outputs, log))
check("and the comment says which command records them", "pf eval" in Api.comments[0]["body"] and "--record" in Api.comments[0]["body"], Api.comments)

folder, start = checkout("unsound")
edit(folder, "prompts/support/triage.yaml", "{{ ticket }}", "{{ tickets }}")
reset()
code, log, outputs = run(folder, pull_request(start), pf=PF)
check("a finding fails it", code == 1 and outputs["lint"] == "1" and "::error " in log, log)
check("and is in the SARIF file", "V101" in (pathlib.Path(outputs["reports"]) / "pf.sarif").read_text() or "ticket" in (pathlib.Path(outputs["reports"]) / "pf.sarif").read_text())

code, log, _ = run(folder, {}, pf="no-such-pf")
check("a pf that is not there is named", code == 1 and "no-such-pf" in log, log)
code, log, _ = run(folder, {}, pf=PF, ask="maybe")
check("a wrong input is named", code == 1 and "`ask` is `maybe`" in log, log)

print(f"{counts[True]} passed, {counts[False]} failed")
