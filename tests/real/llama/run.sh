#!/usr/bin/env bash
# pf against llama.cpp's HTTP server with a tiny random model, in the protocols that it speaks: usage, caching, structured output, an outage, kill -9.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib.sh"

find_pf
python=$(venv "$here")
isolate

question=("$PYTHON" "$REAL/check.py")
model=$WORK/tiny.gguf
"$python" "$here/make_gguf.py" "$model"
server_port=$(free_port)
meter_port=$(free_port)
delay=0
log=$WORK/calls.jsonl

serve() {
  start "$WORK/server.log" "$python" "$here/serve.py" "$model" "$server_port"
  server=$started
  start "$WORK/meter.log" "$PYTHON" "$REAL/meter.py" "$meter_port" "$server_port" "$log" --delay "$delay"
  meter=$started
  wait_http "http://127.0.0.1:$server_port/v1/models" 30 "$server" "$WORK/server.log"
  # Through the meter, but asked before anything is counted.
  wait_http "http://127.0.0.1:$meter_port/v1/models" 30 "$meter" "$WORK/meter.log"
}

# From here on the meter counts into an empty log, and each answer takes SECONDS longer.
count_from_zero() { # SECONDS
  kill_hard "$server" "$meter"
  delay=$1
  serve
  rm -f "$log"
}

# A project of its own, so that no test finds the answers of another.
project() { # NAME CASES [PROVIDER]
  local provider="{protocol: openai, base_url: \"http://127.0.0.1:$meter_port/v1\", concurrency: 2}"
  provider=${3:-$provider}
  project=$WORK/$1
  mkdir -p "$project"/{prompts,evals,datasets}
  cat >"$project/pf.yaml" <<YAML
providers:
  local: $provider
YAML
  cat >"$project/prompts/reply.yaml" <<'YAML'
description: Replies to a ticket.
model: {provider: local, name: tiny, seed: 7, temperature: 0.8, max_output_tokens: 16}
variables:
  ticket: string
messages:
  - {role: system, content: You answer tickets.}
  - {role: user, content: "{{ ticket }}"}
YAML
  cat >"$project/prompts/label.yaml" <<'YAML'
description: Sorts a ticket.
model: {provider: local, name: tiny, seed: 7, temperature: 0.8, max_output_tokens: 200}
variables:
  ticket: string
messages:
  - {role: user, content: "Label this ticket: {{ ticket }}"}
output:
  format: json
  schema:
    type: object
    required: [label, urgent]
    additionalProperties: false
    properties: {label: {enum: [refund, bug, other]}, urgent: {type: boolean}}
YAML
  cat >"$project/evals/reply.yaml" <<'YAML'
prompts: [reply]
dataset: datasets/tickets.jsonl
assert:
  - {type: max-length, value: 2000}
YAML
  cat >"$project/evals/label.yaml" <<'YAML'
prompts: [label]
dataset: datasets/tickets.jsonl
assert:
  - type: json-schema
    value:
      type: object
      required: [label, urgent]
      additionalProperties: false
      properties: {label: {enum: [refund, bug, other]}, urgent: {type: boolean}}
YAML
  for n in $(seq "$2"); do
    printf '{"id": "t%02d", "ticket": "order %d is late, is it a bug or a refund?"}\n' "$n" "$n"
  done >"$project/datasets/tickets.jsonl"
  commit_all "$project"
}

serve
rm -f "$log"

project reply 12
# A key that lies around must not reach a server of one's own.
export OPENAI_API_KEY=sk-lies-around-in-the-environment
bounded 120 "$PF" -C "$project" eval reply -o "$WORK/first.json"
exits "llama: eval exits 0" 0
check "llama: every cell is answered" "${question[@]}" answered "$WORK/first.json" 12
check "llama: one call a cell" "${question[@]}" calls "$log" 12
check "llama: tokens are those that the server reported" "${question[@]}" usage "$WORK/first.json" "$log"
check "llama: another vendor's key stays at home" "${question[@]}" no-key-sent "$log"

rm -f "$log"
bounded 120 "$PF" -C "$project" eval reply -o "$WORK/second.json"
exits "llama: a second eval exits 0" 0
check "llama: a second eval makes no call" "${question[@]}" calls "$log" 0
check "llama: a second eval has every answer in its store" "${question[@]}" cached "$WORK/second.json" 12

project label 12
rm -f "$log"
bounded 120 "$PF" -C "$project" eval label -o "$WORK/label.json"
exits "llama: structured output: eval exits 0" 0
check "llama: structured output follows its schema" "${question[@]}" labels "$WORK/label.json"

# Neither protocol has a seed.
without_seed() {
  sed -i.old 's/ seed: 7,//' "$project"/prompts/*.yaml
  rm "$project"/prompts/*.old
}
for protocol in anthropic openai-responses; do
  project "reply-$protocol" 6 "{protocol: $protocol, base_url: \"http://127.0.0.1:$meter_port/v1\", concurrency: 2}"
  without_seed
  rm -f "$log"
  bounded 120 "$PF" -C "$project" eval reply -o "$WORK/protocol.json"
  exits "llama: $protocol: eval exits 0" 0
  check "llama: $protocol: every cell is answered" "${question[@]}" answered "$WORK/protocol.json" 6
  check "llama: $protocol: one call a cell" "${question[@]}" calls "$log" 6
  check "llama: $protocol: tokens are those that the server reported" "${question[@]}" usage "$WORK/protocol.json" "$log"
done

# The server's own way to complete a text, described in pf.yaml.
project house 6 "
    protocol: http
    base_url: \"http://127.0.0.1:$meter_port\"
    path: completion
    body: {prompt: \"{{ system }}\\n{{ prompt }}\", n_predict: \"{{ parameters.max_output_tokens }}\", seed: \"{{ parameters.seed }}\", temperature: \"{{ parameters.temperature }}\"}
    answer: $.content
    finish: $.stop_type
    usage: {input: $.tokens_evaluated, output: $.tokens_predicted}"
rm -f "$log"
bounded 120 "$PF" -C "$project" eval reply -o "$WORK/house.json"
exits "llama: http: eval exits 0" 0
check "llama: http: every cell is answered" "${question[@]}" answered "$WORK/house.json" 6
check "llama: http: one call a cell" "${question[@]}" calls "$log" 6

project outage 24
count_from_zero 0.25
timeout --kill-after=5 120 "$PF" -C "$project" eval reply -o "$WORK/outage.json" >"$WORK/stdout" 2>"$WORK/stderr" &
run=$!
check "llama: an outage in the middle of a run" "${question[@]}" wait-calls "$log" 6 60 "$run"
kill_hard "$server" "$meter"
sleep 4
serve
code=0
wait "$run" || code=$?
exits "llama: after an outage the run exits 0" 0
check "llama: after an outage every cell is answered" "${question[@]}" answered "$WORK/outage.json" 24

project killed 24
count_from_zero 0.25
"$PF" -C "$project" eval reply -o "$WORK/killed.json" >"$WORK/stdout" 2>"$WORK/stderr" &
run=$!
check "llama: kill -9 in the middle of a run" "${question[@]}" wait-calls "$log" 8 60 "$run"
kill_hard "$run"
# An answer that was on its way when pf died is written down a moment later.
sleep 1
[ ! -e "$log" ] || mv "$log" "$WORK/before.jsonl"
bounded 120 "$PF" -C "$project" eval reply -o "$WORK/killed.json"
exits "llama: after kill -9 the same command exits 0" 0
check "llama: after kill -9 every cell is answered" "${question[@]}" answered "$WORK/killed.json" 24
check "llama: after kill -9 only what is missing is asked" "${question[@]}" resumed "$WORK/killed.json" "$WORK/before.jsonl" "$log" 2

finish
