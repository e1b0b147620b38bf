#!/usr/bin/env bash
# Finds pf or builds it, makes the folder of the reports, and says whether models may be asked.
set -euo pipefail

if ! pf=$(command -v "$PF"); then
  [ "$PF" = pf ] || { echo "::error::$PF is not there; \`pf:\` names a program on the PATH or a path" && exit 1; }
  command -v cargo >/dev/null || { echo "::error::there is no pf on the PATH, and no cargo to build it with" && exit 1; }
  echo "::group::Build pf"
  cargo install --quiet --locked --path "$GITHUB_ACTION_PATH" --root "$RUNNER_TEMP/pf"
  echo "::endgroup::"
  pf=$RUNNER_TEMP/pf/bin/pf
fi
"$pf" --version

case $ASK in
true | false) ask=$ASK ;;
auto)
  ask=$KEYS
  # A pull request from elsewhere has no secrets, and what it holds was written by someone who may not have them.
  if [ -n "${HEAD:-}" ] && [ "$HEAD" != "$GITHUB_REPOSITORY" ]; then ask=false; fi
  ;;
*) echo "::error::\`ask\` is \`$ASK\`; it is true, false or auto" && exit 1 ;;
esac
[ "$ask" = true ] || ask=false

reports=$RUNNER_TEMP/pf-reports
rm -rf "$reports"
mkdir -p "$reports"
{
  echo "pf=$pf"
  echo "ask=$ask"
  echo "reports=$reports"
} >>"$GITHUB_OUTPUT"
