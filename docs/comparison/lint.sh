#!/usr/bin/env bash
# Checks the same 1,000 prompts with pf and with the two tools that do a part of it for YAML files: check-jsonschema, with pf's
# own schema of a prompt, and yamllint. Prints Markdown; nothing leaves the machine but the installation.
#
#   PF=target/release/pf docs/comparison/lint.sh [COUNT]
#
# CACHE keeps the tools between runs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repo=$(cd "$here/../.." && pwd)
PF=$(realpath "${PF:-$repo/target/release/pf}")
CACHE=${CACHE:-$repo/target/comparison}
COUNT=${1:-1000}
TOOLS=(check-jsonschema==0.38.1 yamllint==1.38.0)

venv=$CACHE/lint
if [ ! -e "$venv/ready" ]; then
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "${TOOLS[@]}" >&2
  touch "$venv/ready"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 "$here/lint.py" "$PF" "$venv/bin" "$work" "$COUNT"
