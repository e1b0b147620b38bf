#!/usr/bin/env bash
# pf as a hook of real commits: pre-commit (built from source once, then from .pre-commit-hooks.yaml with the binary under
# test), lefthook, and git alone. A commit of a bad prompt is refused, one of a good prompt passes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib.sh"

find_pf
python=$(venv "$here")
tools=$(dirname "$python")
cargo=$(command -v cargo) || die "cargo is needed: pre-commit builds pf with it"
export REAL_CARGO=$cargo REAL_CARGO_HOME=${CARGO_HOME:-$HOME/.cargo} RUSTUP_HOME=${RUSTUP_HOME:-$HOME/.rustup}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$REPO/target}
isolate
export PRE_COMMIT_HOME=$WORK/pre-commit GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test@example.com
export GIT_COMMITTER_NAME=test GIT_COMMITTER_EMAIL=test@example.com
PATH=$(dirname "$PF"):$tools:$PATH

# pre-commit runs `cargo install` in its optimised form, with a home of its own: minutes, and everything downloaded again.
# The same build in the form and with the packages of this checkout compiles nothing but pf itself.
mkdir -p "$WORK/shim"
cat >"$WORK/shim/cargo" <<'SH'
#!/bin/sh
[ "$1" = install ] && set -- "$@" --debug --locked
CARGO_HOME=$REAL_CARGO_HOME exec "$REAL_CARGO" "$@"
SH
chmod +x "$WORK/shim/cargo"

good='messages: [{role: user, content: "Hello {{ name }}"}]
variables: {name: string}'
bad='messages: [{role: user, content: "Hello {{ nmae }}"}]
variables: {name: string}'

# An empty repository, which becomes the current folder.
repository() { # NAME
  mkdir -p "$WORK/$1" && cd "$WORK/$1"
  git init --quiet
  mkdir -p prompts
  : >pf.yaml
}

stage() { # PATH TEXT
  mkdir -p "$(dirname "$1")" && printf "%s\n" "$2" >"$1"
  git add "$1"
}

commits() { # NAME
  bounded 120 git commit --message "$1"
  exits "$1" 0
}

is_refused() { # NAME SAYING
  bounded 120 git commit --message "$1"
  if [ "$code" -ne 0 ] && grep -q "$2" "$WORK/stdout" "$WORK/stderr"; then
    ok "$1"
  else
    fail "$1" "exit code $code" "$(tail -n 6 "$WORK/stdout" "$WORK/stderr")"
  fi
}

# What every kind of hook must do with real commits, once it is installed.
blocks_what_is_bad() { # HOOK
  stage prompts/hello.yaml "$bad"
  is_refused "$1 refuses a bad prompt" V101
  stage prompts/hello.yaml "$good"
  printf '%s\n' "$bad" >prompts/hello.yaml
  commits "$1 looks at what is staged and not at what is on disk"
  git checkout --quiet -- prompts/hello.yaml
  stage notes.txt 'nothing of pf'
  commits "$1 has nothing to say about other files"
  git mv prompts/hello.yaml prompts/greet.yaml
  commits "$1 lets a prompt be renamed"
  git rm --quiet prompts/greet.yaml
  commits "$1 lets a prompt be deleted"
}

# The hooks as others get them: from this repository, built from source.
repository source
stage prompts/hello.yaml "$bad"
started=$SECONDS
PATH=$WORK/shim:$PATH bounded 500 pre-commit try-repo "$REPO" pf-lint --verbose --all-files
built=$((SECONDS - started))
if [ "$code" -eq 1 ] && grep -q 'error\[V101\]' "$WORK/stdout"; then
  ok "pre-commit builds pf from source and finds the bad prompt ($built s)"
else
  fail "pre-commit builds pf from source and finds the bad prompt" "exit code $code" "$(tail -n 9 "$WORK/stdout" "$WORK/stderr")"
fi

# The same hooks with the binary under test.
repository hooks
cp "$REPO/.pre-commit-hooks.yaml" "$WORK/published.yaml"
{
  echo 'repos: [{repo: local, hooks: ['
  "$python" -c '
import json, sys, yaml
hooks = [hook for hook in yaml.safe_load(open(sys.argv[1])) if hook["id"] == "pf-lint-system"]
print(",\n".join(json.dumps(hook) for hook in hooks))
' "$WORK/published.yaml"
  echo ']}]'
} >.pre-commit-config.yaml
git add .
check "pre-commit installs its hook" pre-commit install
commits "pre-commit lets a repository begin"
blocks_what_is_bad pre-commit

repository lefthook
cat >lefthook.yml <<'YAML'
pre-commit:
  jobs:
    - run: pf lint --staged
YAML
git add .
check "lefthook installs its hook" lefthook install
commits "lefthook lets a repository begin"
blocks_what_is_bad lefthook

repository plain
printf '#!/bin/sh\nexec pf lint --staged\n' >.git/hooks/pre-commit
chmod +x .git/hooks/pre-commit
git add .
commits "git alone lets a repository begin"
blocks_what_is_bad "git alone"
stage prompts/tone.md 'Be kind.'
stage prompts/hello.yaml 'messages: [{role: user, content: "{% include \"tone.md\" %}"}]'
commits "git alone lets a partial be used"
git rm --quiet prompts/tone.md
is_refused "git alone refuses to delete a partial that is used" P211

cd "$REPO"
finish
