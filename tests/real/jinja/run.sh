#!/usr/bin/env bash
# Python's Jinja2 as the reference for what `pf render` makes of a template.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib.sh"

find_pf
python=$(venv "$here")
isolate
"$python" "$here/run.py" "$PF" "$WORK"
