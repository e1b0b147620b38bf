#!/usr/bin/env bash
# Fails the job when a part of it failed, each with what to do next.
set -euo pipefail

code=0
if [ "$LINT" != 0 ]; then
  echo "::error::pf lint ended with $LINT; the findings are annotations of its step"
  code=1
fi
case $EVAL in
0) ;;
1) echo "::error::pf eval: a gate does not hold" && code=1 ;;
4)
  if [ "$ASK" = true ]; then
    echo "::error::pf eval: a provider failed"
  else
    echo "::error::pf eval: answers are not recorded, and no model may be asked here; run the command that the log names, with your own key, and commit recordings/"
  fi
  code=1
  ;;
*) echo "::error::pf eval ended with $EVAL" && code=1 ;;
esac
exit "$code"
