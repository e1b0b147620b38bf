#!/usr/bin/env bash
# Checks the project; a finding is annotated here and fails the job at its end, after the evaluation.
set -euo pipefail

# Arguments are words: a project with a blank in a path writes it into its pf.yaml.
read -ra arguments <<<"$LINT_ARGUMENTS"
code=0
"$PF" -C "$DIRECTORY" lint --format github -o "$REPORTS/pf.sarif" "${arguments[@]}" || code=$?
echo "code=$code" >>"$GITHUB_OUTPUT"
