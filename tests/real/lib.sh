# shellcheck shell=bash
# What the tests against real servers and tools share. To be sourced by bash, after `set -euo pipefail`.
#
# A test says `check NAME COMMAND…` or `ok`/`fail` for each thing that it proves, one line each, and `finish` at the end.

REAL=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$REAL/../.." && pwd)
# The interpreter itself, not a shim that looks into HOME.
PYTHON=$("${PYTHON:-python3}" -c 'import sys; print(sys.executable)')
# Virtual environments and models live here between runs.
REAL_CACHE=${REAL_CACHE:-${CARGO_TARGET_DIR:-$REPO/target}/real}
WORK=$(mktemp -d)

passed=0
failed=0

cleanup() {
  # Only what is still a job of this shell: the number of a process that ended may be another's by now.
  kill_hard $(jobs -p)
  rm -rf "$WORK"
}
trap cleanup EXIT

ok() {
  passed=$((passed + 1))
  printf 'ok    %s\n' "$1"
}

fail() { # NAME [WHY…]
  failed=$((failed + 1))
  printf 'FAIL  %s%s\n' "$1" "${2:+: ${*:2}}"
}

# Runs the command; what it printed is shown only when it fails.
check() { # NAME COMMAND…
  local name=$1 said
  shift
  if said=$("$@" 2>&1); then ok "$name"; else fail "$name" "$(tail -n 3 <<<"$said")"; fi
}

finish() {
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" -eq 0 ]
}

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

# The binary under test, as an absolute path.
find_pf() {
  local candidate
  if [ -z "${PF:-}" ]; then
    for candidate in "${CARGO_TARGET_DIR:-$REPO/target}"/{release,debug}/pf; do
      if [ -x "$candidate" ]; then PF=$candidate && break; fi
    done
  fi
  [ -n "${PF:-}" ] || die "no pf binary: run \`cargo build\`, or set PF to its path"
  [ -x "$PF" ] || die "PF=$PF cannot be run"
  PF=$(cd "$(dirname "$PF")" && pwd)/$(basename "$PF")
}

# Prints the Python of a virtual environment that holds what FOLDER/requirements.txt names (within constraints.txt, if
# there is one). Made once; a change of these files makes another.
venv() { # FOLDER
  local dir constraints=()
  [ ! -e "$1/constraints.txt" ] || constraints=(-c "$1/constraints.txt")
  dir=$REAL_CACHE/$(basename "$1")-$(cat "$1/requirements.txt" "${constraints[@]:1}" | cksum | cut -d' ' -f1)
  if [ ! -e "$dir/ready" ]; then
    rm -rf "$dir"
    mkdir -p "$REAL_CACHE"
    "$PYTHON" -m venv "$dir" >&2
    local install=("$dir/bin/python" -m pip install --quiet --disable-pip-version-check -r "$1/requirements.txt" "${constraints[@]}")
    # Registries have bad minutes: once more.
    "${install[@]}" >&2 || { sleep 5 && "${install[@]}" >&2; }
    touch "$dir/ready"
  fi
  printf '%s\n' "$dir/bin/python"
}

free_port() {
  "$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Starts a server; its process id is then in $started, its output in LOG.
start() { # LOG COMMAND…
  local log=$1
  shift
  "$@" >>"$log" 2>&1 &
  started=$!
}

# Kills with -9 and waits, so that the port is free again.
kill_hard() { # PID…
  [ $# -gt 0 ] || return 0
  kill -9 "$@" 2>/dev/null || true
  wait "$@" 2>/dev/null || true
}

# Waits until URL answers 200, for SECONDS at most; gives up at once when the process PID has ended.
wait_http() { # URL SECONDS PID LOG
  "$PYTHON" "$REAL/check.py" wait-http "$1" "$2" "$3" || { tail -n 20 "$4" >&2 && die "the server did not come up"; }
}

# Cuts pf off from the developer's home, from git settings, and from the CI that runs these tests. Call it when everything is installed.
isolate() {
  export HOME=$WORK/home GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 NO_COLOR=1 NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
  export PYTHONDONTWRITEBYTECODE=1
  unset XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_HOME XDG_STATE_HOME GITHUB_ACTIONS GITHUB_STEP_SUMMARY CI
  mkdir -p "$HOME"
}

# Makes the current content of a folder a git repository with one commit.
commit_all() { # FOLDER
  git -C "$1" init --quiet
  git -C "$1" add --all
  git -C "$1" -c user.name=test -c user.email=test@example.com commit --quiet --message 'Start'
}

# Runs a command with a bound of SECONDS; its exit code is then in $code, its output in $WORK/stdout and $WORK/stderr.
bounded() { # SECONDS COMMAND…
  code=0
  timeout --kill-after=5 "$@" >"$WORK/stdout" 2>"$WORK/stderr" || code=$?
}

# Passes when the last `bounded` command ended with CODE.
exits() { # NAME CODE
  if [ "$code" -eq "$2" ]; then
    ok "$1"
  else
    fail "$1" "exit code $code, not $2" "$(tail -n 6 "$WORK/stderr")"
  fi
}
