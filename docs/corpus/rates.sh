#!/bin/sh
# Counts the findings of every rule in a repository of prompts, as docs/corpus/import.sh makes it: rates.sh DIR
#
# Prints what docs/corpus/rates.csv holds; the columns of what was read by hand are kept from that file. PF names another
# binary than the one in PATH.
set -eu
if [ $# -ne 1 ]; then
    echo "usage: $0 DIR" >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
"${PF:-pf}" -C "$1" lint --select ALL --fail-on error --format json | python3 -c '
import collections, csv, json, sys
report = json.load(sys.stdin)
prompts = int(sys.argv[2])
read = {}
with open(sys.argv[1], newline="") as file:
    for row in csv.DictReader(line for line in file if not line.startswith("#")):
        read[row["code"]] = (row["checked"], row["right"])
counts = collections.Counter(finding["code"] for finding in report["findings"])
print("# Made by docs/corpus/rates.sh; the last two columns by reading.")
print("code,findings,per 100 prompts,checked,right")
for code, count in sorted(counts.items()):
    checked, right = read.get(code, ("", ""))
    print(f"{code},{count},{100 * count / prompts:.1f},{checked},{right}")
' "$here/rates.csv" "$("${PF:-pf}" -C "$1" list --format json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["prompts"]))')" || true
