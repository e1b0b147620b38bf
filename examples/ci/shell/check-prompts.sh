#!/bin/sh
# What must hold before a change of prompts is merged: `check-prompts.sh [BASE]`, by default against main.
# Exit code 0 when all is well, else that of the first command that failed; the reports are in build/.
set -eu
base=${1:-main}
mkdir -p build
code=0
pf lint -o build/pf.sarif || code=$?
pf eval --replay --against "$base..." -o build/report.html -o build/comment.md -o build/results.junit.xml || code=$((code ? code : $?))
exit "$code"
