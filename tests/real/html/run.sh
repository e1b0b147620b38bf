#!/usr/bin/env bash
# The page that `pf eval -o report.html` writes, of 10,000 cases, in Chromium without a window.
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
mkdir -p "$WORK/profile"
while IFS=$'\t' read -r verdict name why; do
  case $verdict in
  ok) ok "html: $name" ;;
  *) fail "html: $name" "$why" ;;
  esac
done < <(node "$here/check.mjs" "$chromium" "$WORK/profile" "$WORK/report.html" ${PICTURES:+"$PICTURES"} || printf 'FAIL\tthe browser runs to the end\n')

finish
