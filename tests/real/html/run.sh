#!/usr/bin/env bash
# The pages that `pf eval -o report.html` and `pf compare -o compare.html` write, of 10,000 cases, in Chromium without a window.
#
# CHROMIUM is the browser; by default one of the PATH, else the one that playwright or Debian has, kept under target/real.
# PICTURES is a folder for pictures of the page, to be looked at.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib.sh"

find_pf
command -v node >/dev/null || die "node is needed: it speaks with the browser"

find_chromium() {
  local candidate
  for candidate in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
    if [ -n "$candidate" ] && chromium=$(command -v "$candidate"); then return; fi
  done
  chromium=$(find "$REAL_CACHE/browsers" -type f -name '*headless*shell' 2>/dev/null | head -n 1)
  [ -n "$chromium" ]
}

# A browser is too large to be brought along; whoever has none gets one once.
get_chromium() {
  PLAYWRIGHT_BROWSERS_PATH=$REAL_CACHE/browsers npx --yes playwright-core@1.65.1 install --only-shell chromium ||
    { [ "$(id -u)" -eq 0 ] && apt-get update -qq && apt-get install -qq --no-install-recommends chromium; }
}

if ! find_chromium; then
  get_chromium >&2 || true
  find_chromium || die "no Chromium: install one, or set CHROMIUM to its path"
fi
isolate

project=$WORK/project
mkdir -p "$project"/{prompts,evals,datasets}
: >"$project/pf.yaml"
cat >"$project/prompts/reply.yaml" <<'YAML'
model: echo/echo
variables: {ticket: string}
messages:
  - {role: system, content: You answer tickets.}
  - {role: user, content: "{{ ticket }}"}
YAML
cat >"$project/evals/reply.yaml" <<'YAML'
prompts: [reply]
dataset: datasets/tickets.jsonl
assert:
  - {type: similarity-ratio, value: "{{ expected }}", threshold: 0.8}
  - {type: not-contains, value: refund, metric: no_refund}
YAML
"$PYTHON" - "$project/datasets/tickets.jsonl" <<'PY'
import json, random, sys

random.seed(1)
WORDS = "order late refund bug please the a is my parcel shop agent card where when tomorrow invoice account".split()
HOSTILE = "</script><img src=x onerror=alert(1)><script>alert(2)</script><!-- \u2028 <svg/onload=alert(3)>"
with open(sys.argv[1], "w", encoding="utf-8") as out:
    for number in range(10_000):
        words = [random.choice(WORDS) for _ in range(random.randint(4, 60))]
        ticket = HOSTILE if number == 7 else " ".join(words)
        for _ in range(number % 5):
            words[random.randrange(len(words))] = random.choice(WORDS)
        case = {"id": f"t{number:05}", "ticket": ticket, "expected": " ".join(words), "tags": [["de", "en", "fr"][number % 3]]}
        out.write(json.dumps(case) + "\n")
PY

bounded 300 "$PF" -C "$project" eval -q -o "$WORK/report.html"
exits "html: a failed gate exits 1, and the page is written" 1

# The same cases and some labels, in two versions of their prompts.
cat >"$project/prompts/kind.yaml" <<'YAML'
model: echo/echo
variables: {one: string, other: string}
messages: [{role: user, content: "{{ one }}"}]
YAML
cat >"$project/evals/kind.yaml" <<'YAML'
prompts: [kind]
dataset: datasets/kinds.jsonl
assert: [{type: label, labels: [bug, refund, question, other]}]
gates: {min_delta: 0}
YAML
"$PYTHON" "$here/change.py" kinds "$project/datasets/kinds.jsonl"
sed -i 's/{{ ticket }}"/{{ ticket }} refund order"/' "$project/prompts/reply.yaml"
git -C "$project" init -q
git -C "$project" add -A
git -C "$project" -c user.name=a -c user.email=a@example.org commit -qm before
bounded 300 "$PF" -C "$project" eval -q -o "$WORK/first.json"
exits "html: the run to compare with is written" 1
sed -i 's/ refund order"/ order"/' "$project/prompts/reply.yaml"
sed -i 's/{{ one }}/{{ other }}/' "$project/prompts/kind.yaml"
bounded 300 "$PF" -C "$project" eval -q --against HEAD -o "$WORK/against.html" -o "$WORK/second.json"
exits "html: the page of a run against a revision is written" 1
"$PYTHON" "$here/change.py" spend "$WORK/first.json" "$WORK/before.json" 1.0
"$PYTHON" "$here/change.py" spend "$WORK/second.json" "$WORK/after.json" 0.8
bounded 300 "$PF" -C "$WORK" compare before.json after.json -o "$WORK/compare.html"
exits "html: the page of two runs is written" 0
bounded 300 "$PF" -C "$project" eval -q --against "$WORK/before.json" -o "$WORK/saved.html"
exits "html: the page of a run against a saved one is written" 1

mkdir -p "$WORK/profile"
run_checks() {
  while IFS=$'\t' read -r verdict name why; do
    case $verdict in
    ok) ok "html: $name" ;;
    *) fail "html: $name" "$why" ;;
    esac
  done < <(node "$@" ${PICTURES:+"$PICTURES"} || printf 'FAIL\tthe browser runs to the end\n')
}
run_checks "$here/check.mjs" "$chromium" "$WORK/profile" "$WORK/report.html"
run_checks "$here/compare.mjs" "$chromium" "$WORK/profile" "$WORK"

finish
