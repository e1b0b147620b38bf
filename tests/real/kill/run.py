"""Kills `pf eval` again and again: `run.py PF FOLDER KILLS SEED`.

The server of this program counts every request and takes 1 to 20 ms for an answer. After each kill `pf cache export` says
what is durable. From then on nothing of that may be asked for again, and none of it may be gone.
"""

import collections
import http.server
import json
import os
import random
import subprocess
import sys
import threading
import time

PF, FOLDER, KILLS, SEED = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
CASES = 40 * KILLS
CEILING = 32

asked = collections.Counter()
lock = threading.Lock()


class Model(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        word = body["messages"][-1]["content"]
        with lock:
            asked[word] += 1
        time.sleep(random.uniform(0.001, 0.02))
        answer = json.dumps({"choices": [{"message": {"role": "assistant", "content": word}, "finish_reason": "stop"}]}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        """Whoever asked was killed."""


server = Server(("127.0.0.1", 0), Model)
threading.Thread(target=server.serve_forever, daemon=True).start()

project = os.path.join(FOLDER, "project")
files = {
    "pf.yaml": f'providers:\n  lab: {{protocol: openai, base_url: "http://127.0.0.1:{server.server_port}/v1"}}\n',
    "prompts/say.yaml": 'model: lab/one\nvariables: {word: string}\nmessages: [{role: user, content: "{{ word }}"}]\n',
    "evals/say.yaml": 'prompts: [say]\ndataset: datasets/say.jsonl\nassert: [{type: equals, value: "{{ expected }}"}]\n',
    "datasets/say.jsonl": "".join(json.dumps({"id": f"c{n}", "word": f"w{n}", "expected": f"w{n}"}) + "\n" for n in range(CASES)),
}
for path, text in files.items():
    place = os.path.join(project, path)
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with open(place, "w", encoding="utf-8") as file:
        file.write(text)


def start():
    return subprocess.Popen([PF, "eval", "--format", "json"], cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def durable():
    done = subprocess.run([PF, "cache", "export", "-"], cwd=project, capture_output=True, text=True, check=False)
    words = set()
    for line in done.stdout.splitlines():
        cell = json.loads(line)
        word = cell["request"]["messages"][-1]["content"]
        assert cell["answer"]["output"] == word, cell
        words.add(word)
    return words


def counts():
    with lock:
        return collections.Counter(asked)


results = []


def check(name, why=""):
    results.append(not why)
    print(f"{'FAIL ' if why else 'ok   '} {name}{': ' + why if why else ''}")


rng = random.Random(SEED)
kept, lost, twice = set(), set(), set()
for _ in range(KILLS):
    before = counts()
    run = start()
    # After so many requests and a little more: every moment of a run has its turn, however slow the machine.
    requests = sum(before.values()) + rng.randrange(60)
    while run.poll() is None and sum(counts().values()) < requests:
        time.sleep(0.0005)
    time.sleep(rng.uniform(0.0, 0.02))
    run.kill()
    run.communicate()
    after = counts()
    twice |= {word for word in kept if before[word] != after[word]}
    now = durable()
    lost |= kept - now
    kept = now

check(f"{KILLS} kills lost nothing that was durable ({len(kept)} of {CASES} answers)", f"lost {sorted(lost)[:5]}" if lost else "")
check("some runs were killed while they asked", "" if 0 < len(kept) < CASES else f"{len(kept)} of {CASES} were durable")
before = counts()
output, errors = start().communicate()
after = counts()
twice |= {word for word in kept if before[word] != after[word]}
check("nothing that was durable was asked for again", f"{sorted(twice)[:5]}" if twice else "")
cells = json.loads(output)["results"][0]["cells"] if output else {}
whole = cells.get("pass") == CASES and cells.get("cached") == len(kept)
check("the last run finds what was kept and asks for the rest", "" if whole else f"{cells} {errors[-300:]!r}")
again = sum(count - 1 for count in after.values())
check(f"what was under way is all that was asked for again ({again})", "" if again <= KILLS * CEILING else "too many")
verified = subprocess.run([PF, "cache", "verify"], cwd=project, capture_output=True, text=True, check=False)
check("the store is sound", "" if verified.returncode == 0 else verified.stdout[-300:])
print(f"{results.count(True)} passed, {results.count(False)} failed")
sys.exit(0 if all(results) else 1)
