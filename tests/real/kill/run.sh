#!/usr/bin/env bash
# `pf eval` killed at 100 random moments against a slow server: what was durable is never lost and never asked for twice.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib.sh"

find_pf
isolate
"$PYTHON" "$here/run.py" "$PF" "$WORK" "${KILLS:-100}" "${SEED:-1}"
