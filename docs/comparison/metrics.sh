#!/usr/bin/env bash
# Scores the same pairs of texts with pf and with sacrebleu and rouge_score on one core, and checks that the sums are equal.
# Prints Markdown; nothing leaves the machine but the installation.
#
#   docs/comparison/metrics.sh [COUNT]
#
# CACHE keeps the tools between runs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repo=$(cd "$here/../.." && pwd)
CACHE=${CACHE:-$repo/target/comparison}
COUNT=${1:-10000}
TOOLS=(sacrebleu==2.6.0 rouge_score==0.1.2)

venv=$CACHE/metrics
if [ ! -e "$venv/ready" ]; then
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "${TOOLS[@]}" >&2
  touch "$venv/ready"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$venv/bin/python" "$here/metrics.py" make "$work/pairs.jsonl" "$COUNT"
(cd "$repo" && cargo bench --quiet --bench metric --no-run)
"$venv/bin/python" "$here/metrics.py" score "$work/pairs.jsonl" >"$work/results"
(cd "$repo" && PAIRS=$work/pairs.jsonl cargo bench --quiet --bench metric) >>"$work/results"
"$venv/bin/python" "$here/metrics.py" table "$COUNT" <"$work/results"
