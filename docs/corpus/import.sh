#!/bin/sh
# Makes a repository of real prompts: docs/corpus/import.sh PROMPTS.CSV DIR
#
# PROMPTS.CSV is the table of awesome-chatgpt-prompts (CC0), https://github.com/f/awesome-chatgpt-prompts. DIR must not exist.
# The same table and the same pf give the same bytes and the same commit. PF names another binary than the one in PATH.
set -eu
if [ $# -ne 2 ]; then
    echo "usage: $0 PROMPTS.CSV DIR" >&2
    exit 2
fi
pf=${PF:-pf}
if [ -e "$2" ]; then
    echo "$2 is there already" >&2
    exit 2
fi
mkdir -p "$2"
git -C "$2" init -q -b main
# Each prompt is rendered and compared with its cell before it is written; a difference ends the script.
# `${Placeholders:of a default}` become variables.
"$pf" import csv "$1" --into "$2" --placeholders dollar \
    --name act --user prompt --owner contributor --tags type --metadata for_devs
git -C "$2" add -A
export GIT_AUTHOR_DATE='2026-01-01T00:00:00Z' GIT_COMMITTER_DATE='2026-01-01T00:00:00Z'
git -C "$2" -c user.name=corpus -c user.email=corpus@example.org -c commit.gpgsign=false \
    commit -q -m 'Import the prompts of awesome-chatgpt-prompts'
"$pf" -C "$2" list --format json >/dev/null
git -C "$2" log -1 --format='%h %s'
