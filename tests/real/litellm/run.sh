#!/usr/bin/env bash
# pf against the litellm gateway, which asks for a key, in the three protocols that it speaks: a right key, a wrong one, none; an
# unknown model.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib.sh"

find_pf
python=$(venv "$here")
isolate

question=("$PYTHON" "$REAL/check.py")
gateway_port=$(free_port)
meter_port=$(free_port)
log=$WORK/calls.jsonl
key() { "$PYTHON" -c 'import secrets; print("sk-" + secrets.token_hex(24))'; }

mkdir "$WORK/gateway"
cp "$here/config.yaml" "$here/gate.py" "$WORK/gateway"
export LITELLM_MASTER_KEY LITELLM_LOCAL_MODEL_COST_MAP=True
LITELLM_MASTER_KEY=$(key)
cd "$WORK/gateway"
start "$WORK/gateway.log" "$(dirname "$python")/litellm" --config config.yaml --host 127.0.0.1 --port "$gateway_port" --telemetry False
wait_http "http://127.0.0.1:$gateway_port/health/liveliness" 120 "$started" "$WORK/gateway.log"
start "$WORK/meter.log" "$PYTHON" "$REAL/meter.py" "$meter_port" "$gateway_port" "$log"
wait_http "http://127.0.0.1:$meter_port/health/liveliness" 30 "$started" "$WORK/meter.log"
cd "$WORK"
right=$LITELLM_MASTER_KEY
unset LITELLM_MASTER_KEY

# A project of its own, so that no test finds the answers of another.
project() { # NAME MODEL [PROTOCOL]
  project=$WORK/$1
  mkdir -p "$project"/{prompts,evals}
  cat >"$project/pf.yaml" <<YAML
providers:
  gateway: {protocol: ${3:-openai}, base_url: "http://127.0.0.1:$meter_port/v1", api_key_env: GATEWAY_API_KEY}
YAML
  cat >"$project/prompts/label.yaml" <<YAML
description: Sorts a ticket.
model: {provider: gateway, name: $2, max_output_tokens: 32}
variables:
  ticket: string
messages:
  - {role: user, content: "Label this ticket: {{ ticket }}"}
YAML
  cat >"$project/evals/label.yaml" <<'YAML'
prompts: [label]
cases:
  - {id: one, variables: {ticket: "Where is my refund?"}, expected: refund}
  - {id: two, variables: {ticket: "I want my money back."}, expected: refund}
  - {id: three, variables: {ticket: "You charged me twice."}, expected: refund}
assert:
  - {type: equals, value: "{{ expected }}"}
YAML
  commit_all "$project"
  rm -f "$log"
}

project right steady
export GATEWAY_API_KEY=$right
bounded 120 "$PF" -C "$project" eval label -o "$WORK/right.json"
exits "litellm: a right key: eval exits 0" 0
check "litellm: a right key: every cell passes" "${question[@]}" states "$WORK/right.json" pass
check "litellm: a right key: tokens are those that the gateway reported" "${question[@]}" usage "$WORK/right.json" "$log"
check "litellm: a right key is written nowhere" "${question[@]}" secret-nowhere GATEWAY_API_KEY "$WORK/stdout" "$WORK/stderr" "$WORK/right.json" "$project"

project wrong steady
GATEWAY_API_KEY=$(key)
bounded 120 "$PF" -C "$project" eval label -o "$WORK/wrong.json"
exits "litellm: a wrong key: eval exits 4" 4
cat "$WORK/stdout" "$WORK/stderr" >"$WORK/said"
check "litellm: a wrong key: the message names the variable and the host" "${question[@]}" names "$WORK/said" GATEWAY_API_KEY 127.0.0.1
check "litellm: a wrong key, repeated by the server, is shown and written nowhere" "${question[@]}" secret-nowhere GATEWAY_API_KEY "$WORK/said" "$WORK/wrong.json" "$project"
check "litellm: a wrong key: nothing passes" "${question[@]}" states "$WORK/wrong.json" error not_run

for protocol in anthropic openai-responses; do
  project "right-$protocol" steady "$protocol"
  export GATEWAY_API_KEY=$right
  bounded 120 "$PF" -C "$project" eval label -o "$WORK/right.json"
  exits "litellm: $protocol: eval exits 0" 0
  check "litellm: $protocol: every cell passes" "${question[@]}" states "$WORK/right.json" pass
  check "litellm: $protocol: one call a cell" "${question[@]}" calls "$log" 3
  check "litellm: $protocol: tokens are those that the gateway reported" "${question[@]}" usage "$WORK/right.json" "$log"

  project "wrong-$protocol" steady "$protocol"
  GATEWAY_API_KEY=$(key)
  bounded 120 "$PF" -C "$project" eval label -o "$WORK/wrong.json"
  exits "litellm: $protocol: a wrong key: eval exits 4" 4
  check "litellm: $protocol: a wrong key is written nowhere" "${question[@]}" secret-nowhere GATEWAY_API_KEY "$WORK/stdout" "$WORK/stderr" "$WORK/wrong.json" "$project"
done

project unset steady
unset GATEWAY_API_KEY
bounded 120 "$PF" -C "$project" eval label
exits "litellm: an unset key: eval exits 2" 2
check "litellm: an unset key: no call is made" "${question[@]}" calls "$log" 0
check "litellm: an unset key: the message names the variable" "${question[@]}" names "$WORK/stderr" GATEWAY_API_KEY

project unknown no-such-model
export GATEWAY_API_KEY=$right
bounded 120 "$PF" -C "$project" eval label -o "$WORK/unknown.json"
exits "litellm: an unknown model: eval exits 4" 4
check "litellm: an unknown model: the message names it" "${question[@]}" names "$WORK/stderr" no-such-model
check "litellm: an unknown model: nothing passes" "${question[@]}" states "$WORK/unknown.json" error not_run

finish
