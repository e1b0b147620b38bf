"""Writes the outcome as a comment on the pull request, or over the one that an earlier run wrote.

A comment is this action's when it begins with its hidden line, which names the project, and was written by a bot or by whom the
token belongs to: people could write that line too. That the token may not write (a fork's is read-only) is no failure: the
summary of the job shows the same text.
"""

import functools
import json
import os
import pathlib
import re
import sys
import time
import urllib.error
import urllib.request

ATTEMPTS = 4


def call(method, path, body=None):
    """One request, repeated where the other side asks for patience; gives the JSON and the address of the next page."""
    url = path if path.startswith("http") else os.environ["API"] + path
    data = None if body is None else json.dumps(body).encode()
    for attempt in range(ATTEMPTS):
        request = urllib.request.Request(url, data, method=method)
        request.add_header("Accept", "application/vnd.github+json")
        request.add_header("Authorization", "Bearer " + os.environ["TOKEN"])
        request.add_header("X-GitHub-Api-Version", "2022-11-28")
        request.add_header("User-Agent", "pf")
        if data:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                following = re.search(r'<([^>]+)>;\s*rel="next"', response.headers.get("Link", ""))
                return json.load(response), following and following.group(1)
        except urllib.error.HTTPError as error:
            if error.code not in (429, 500, 502, 503) or attempt + 1 == ATTEMPTS:
                raise
        except urllib.error.URLError:
            if attempt + 1 == ATTEMPTS:
                raise
        time.sleep(float(os.environ.get("PATIENCE", "2")) * 2**attempt)


def is_ours(comment, marker):
    """Whether an earlier run wrote it."""
    if comment.get("body", "").split("\n", 1)[0].strip() != marker:
        return False
    user = comment.get("user") or {}
    return user.get("type") == "Bot" or user.get("login") == login()


@functools.cache
def login():
    """Whose token it is; a workflow's own is nobody's, and asking is refused."""
    try:
        return call("GET", "/user")[0]["login"]
    except urllib.error.HTTPError:
        return None


def earlier(issue, marker):
    """The comment to write over, through all pages."""
    page = issue + "?per_page=100"
    while page:
        comments, page = call("GET", page)
        for comment in comments:
            if is_ours(comment, marker):
                return comment
    return None


def text(reports):
    """What to say: the report, or where there is none what pf said instead."""
    report = reports / "comment.md"
    if report.exists() and report.stat().st_size:
        return report.read_text(encoding="utf-8")
    said = reports / "eval.txt"
    said = said.read_text(encoding="utf-8", errors="replace") if said.exists() else "pf eval did not run"
    said = re.sub(r"\x1b\[[0-9;]*m", "", said)[-4000:].strip()
    fence = "`" * max([3] + [len(run) + 1 for run in re.findall(r"`+", said)])
    return f"### ⚠️ pf eval did not finish\n\n{fence}text\n{said}\n{fence}\n"


def main():
    repository, marker = os.environ["REPOSITORY"], f"<!-- pf:pull-request {os.environ['DIRECTORY']} -->"
    body = marker + "\n" + text(pathlib.Path(os.environ["REPORTS"]))
    issue = f"/repos/{repository}/issues/{os.environ['PULL_REQUEST']}/comments"
    try:
        found = earlier(issue, marker)
        if found:
            written, _ = call("PATCH", f"/repos/{repository}/issues/comments/{found['id']}", {"body": body})
        else:
            written, _ = call("POST", issue, {"body": body})
    except urllib.error.HTTPError as error:
        if error.code in (401, 403, 404):
            print(f"::warning::the comment was not written ({error.code}): the token needs `pull-requests: write`; the summary of this job holds the report")
            return 0
        print(f"::warning::the comment was not written: GitHub answered {error.code}")
        return 0
    except (urllib.error.URLError, TimeoutError) as error:
        print(f"::warning::the comment was not written: {getattr(error, 'reason', error)}")
        return 0
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as output:
        print(f"url={written['html_url']}", file=output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
