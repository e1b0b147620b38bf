#!/usr/bin/env bash
# Evaluates the project, against the base where there is one; its outcome fails the job at its end.
set -euo pipefail

read -ra arguments <<<"$EVAL_ARGUMENTS"
if [ -n "$BASE" ]; then
  # The base's own history has what a shallow checkout left out.
  if ! git merge-base "$BASE" HEAD >/dev/null 2>&1; then
    git fetch --quiet --no-tags --unshallow origin 2>/dev/null || git fetch --quiet --no-tags origin "$BASE" || true
  fi
  arguments+=(--against "$BASE...")
fi
if [ "$ASK" != true ]; then arguments+=(--replay); fi

code=0
"$PF" -C "$DIRECTORY" eval --format github -o "$REPORTS/comment.md" -o "$REPORTS/report.html" -o "$REPORTS/run.json" \
  "${arguments[@]}" 2> >(tee "$REPORTS/eval.txt" >&2) || code=$?
echo "code=$code" >>"$GITHUB_OUTPUT"
