"""The questions that the tests ask about pf's reports and the meter's log: `check.py QUESTION ARGUMENT…`.

Each answers with exit code 0, or 1 and one line that says what was found instead.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request

ANSWERED = {"pass", "fail"}


def cells_of(run):
    demand(os.path.exists(run), "no report was written")
    with open(run, encoding="utf-8") as source:
        report = json.load(source)
    demand(report.get("kind") == "run", f"kind is {report.get('kind')!r}, not 'run'")
    return report["cells"]


def lines_of(log):
    if not os.path.exists(log):
        return []
    with open(log, encoding="utf-8") as source:
        return [json.loads(line) for line in source]


def demand(holds, otherwise):
    if not holds:
        sys.exit(otherwise[:500])


def alive(pid):
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    return True


def wait(seconds, pid, done, what):
    end = time.monotonic() + float(seconds)
    while not done():
        demand(alive(pid), f"process {pid} ended before {what}")
        demand(time.monotonic() < end, f"not within {seconds} s: {what}")
        time.sleep(0.05)


def wait_http(url, seconds, pid):
    """A server answers."""

    def answers():
        try:
            with urllib.request.urlopen(url, timeout=2) as response:
                return response.status == 200
        except (urllib.error.URLError, OSError):
            return False

    wait(seconds, pid, answers, f"{url} answered")


def wait_calls(log, count, seconds, pid):
    """So many calls were made while the process was still at work."""
    wait(seconds, pid, lambda: len(lines_of(log)) >= int(count), f"{count} calls")


def calls(log, count):
    """Exactly so many calls were made."""
    made = len(lines_of(log))
    demand(made == int(count), f"{made} calls, not {count}")


def answered(run, count):
    """Every cell has an answer and a verdict."""
    cells = cells_of(run)
    demand(len(cells) == int(count), f"{len(cells)} cells, not {count}")
    without = [f"{cell['case']}: {cell['state']}, {cell.get('error')}" for cell in cells if cell["state"] not in ANSWERED or not isinstance(cell["output"], str)]
    demand(not without, f"without an answer: {without}")
    demand(len({(cell["case"], cell["repeat"]) for cell in cells}) == len(cells), "two cells of one case")


def cached(run, count):
    """So many cells came from the store."""
    found = sum(bool(cell["cached"]) for cell in cells_of(run))
    demand(found == int(count), f"{found} cells are cached, not {count}")


def usage(run, log):
    """The tokens of the cells, and of the totals, are those that the server reported."""
    cells = [cell for cell in cells_of(run) if not cell["cached"]]
    told = [line["usage"] for line in lines_of(log) if line["status"] == 200]
    demand(told and all(told), "the server reported no usage: the test itself is broken")
    totals = [result["usage"] for result in json.load(open(run, encoding="utf-8"))["results"]]

    def server_cached(reported):
        details = reported.get("prompt_tokens_details") or reported.get("input_tokens_details") or {}
        return details.get("cached_tokens") or reported.get("cache_read_input_tokens") or 0

    # OpenAI's chat completions; its responses; Anthropic, which counts what it cached apart.
    apart = ("cache_read_input_tokens", "cache_creation_input_tokens")
    counts = {
        "input_tokens": lambda one: one.get("prompt_tokens") or one["input_tokens"] + sum(one.get(key) or 0 for key in apart),
        "output_tokens": lambda one: one.get("completion_tokens") or one["output_tokens"],
    }
    for ours, theirs in counts.items():
        expected = sum(theirs(one) for one in told)
        in_cells = sum(cell["usage"][ours] for cell in cells)
        in_totals = sum(total[ours] for total in totals)
        demand(in_cells == expected, f"{ours}: the cells say {in_cells}, the server said {expected}")
        demand(in_totals == expected, f"{ours}: the totals say {in_totals}, the server said {expected}")
    expected = sum(server_cached(one) for one in told)
    found = sum(cell["usage"].get("cached_tokens") or 0 for cell in cells)
    demand(found == expected, f"cached_tokens: the cells say {found}, the server said {expected}")


def no_key_sent(log):
    """No call carried an authorization header."""
    demand(lines_of(log), "no calls: nothing was tested")
    demand(not any(line["authorized"] for line in lines_of(log)), "a key was sent")


def resumed(run, before, after, concurrency):
    """After a kill -9 only what had not been stored was asked; at most what was in flight was lost."""
    cells, first, second = cells_of(run), len(lines_of(before)), len(lines_of(after))
    stored = sum(bool(cell["cached"]) for cell in cells)
    demand(0 < first < len(cells), f"the first run made {first} of {len(cells)} calls: it was not killed in the middle")
    demand(second == len(cells) - stored, f"{second} calls for {len(cells) - stored} missing cells")
    demand(stored >= first - int(concurrency), f"{first} answers were received, {stored} survived, {concurrency} were in flight")


def labels(run):
    """Each output is the JSON that its schema asks for, and the assertion says so."""
    for cell in cells_of(run):
        where, value = cell["case"], json.loads(cell["output"])
        demand(set(value) == {"label", "urgent"}, f"{where}: keys {sorted(value)}")
        demand(value["label"] in ("refund", "bug", "other"), f"{where}: label {value['label']!r}")
        demand(isinstance(value["urgent"], bool), f"{where}: urgent {value['urgent']!r}")
        verdicts = [one["passed"] for one in cell["assertions"] if one["type"] == "json-schema"]
        demand(verdicts == [True], f"{where}: json-schema says {verdicts}")


def states(run, *allowed):
    """Every cell is in one of the states."""
    found = sorted({cell["state"] for cell in cells_of(run)})
    demand(found and set(found) <= set(allowed), f"states {found}, not within {sorted(allowed)}")


def names(path, *words):
    """A text holds every word."""
    text = open(path, encoding="utf-8", errors="replace").read()
    missing = [word for word in words if word not in text]
    demand(not missing, f"does not name {missing}: {text[-1500:]}")


def secret_nowhere(variable, *places):
    """The value of an environment variable is in none of the files, at any depth."""
    secret = os.environ[variable].encode()
    demand(len(secret) > 8, "too short a secret to look for")
    files = [place for place in places if os.path.isfile(place)]
    files += [os.path.join(folder, name) for place in places for folder, _, held in os.walk(place) for name in held]
    demand(files, "no file to look into")
    found = [name for name in files if secret in open(name, "rb").read()]
    demand(not found, f"the key is in {found}")


QUESTIONS = {
    function.__name__.replace("_", "-"): function
    for function in (wait_http, wait_calls, calls, answered, cached, usage, no_key_sent, resumed, labels, states, names, secret_nowhere)
}

if __name__ == "__main__":
    QUESTIONS[sys.argv[1]](*sys.argv[2:])
