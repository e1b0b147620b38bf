#!/usr/bin/env python3
"""Makes models.jsonl, the table of facts about models that is built into pf.

    pip download litellm --no-deps -d /tmp/litellm
    unzip -o /tmp/litellm/litellm-*.whl 'litellm/model_prices_*' -d /tmp/litellm
    python3 src/price/update.py /tmp/litellm/litellm/model_prices_and_context_window_backup.json \
        --version 1.109.1 --as-of 2026-11-20

LiteLLM's table (MIT, see LICENSE-litellm) gives limits, capabilities and prices; overlay.json, kept by hand, what
vendors say about shutdowns and refused parameters. Its shutdown dates win: LiteLLM's have been wrong by a year, and a
wrong date would make a working prompt look broken. Nothing is written that neither of them says.
"""

import argparse
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
PROVIDERS = ("anthropic", "deepseek", "gemini", "groq", "mistral", "openai", "xai")
# No chat models, although the table calls them so.
OTHER = re.compile(r"container|lyria|-tts$|computer-use|prompt-guard|llama-guard|omni|deep-research|robotics")


PRICES = ("input", "output", "cached_input", "cache_write", "batch_input", "batch_output", "long")


def million(per_token):
    return None if per_token is None else float(f"{per_token * 1e6:.6g}")


def number(value):
    return int(value) if isinstance(value, float) and value.is_integer() else value


def long(entry):
    """The prices of requests whose input is longer than a bound, where the vendor asks more for them."""
    for key in entry:
        bound = re.fullmatch(r"input_cost_per_token_above_(\d+)k_tokens", key)
        if bound:
            above = f"_above_{bound[1]}k_tokens"
            prices = {
                "input": entry[key],
                "output": entry.get(f"output_cost_per_token{above}"),
                "cached_input": entry.get(f"cache_read_input_token_cost{above}"),
                "cache_write": entry.get(f"cache_creation_input_token_cost{above}"),
            }
            if not prices["input"] or not prices["output"]:
                return None
            return {"over": int(bound[1]) * 1000} | {
                name: number(million(price)) for name, price in prices.items() if price is not None
            }
    return None


def model(entry):
    facts = {}

    def set_(key, value):
        if value is not None:
            facts[key] = number(value)

    set_("max_input", entry.get("max_input_tokens"))
    set_("max_output", entry.get("max_output_tokens"))
    set_("cache_min", entry.get("prompt_cache_min_tokens"))
    set_("input", million(entry.get("input_cost_per_token")))
    set_("output", million(entry.get("output_cost_per_token")))
    set_("cached_input", million(entry.get("cache_read_input_token_cost")))
    # A price of nothing is that of a vendor without such a price.
    set_("cache_write", million(entry.get("cache_creation_input_token_cost") or None))
    set_("batch_input", million(entry.get("input_cost_per_token_batches")))
    set_("batch_output", million(entry.get("output_cost_per_token_batches")))
    set_("long", long(entry))
    if not facts.get("input") and not facts.get("output"):
        # A price of nothing is that of a preview; nobody should plan with it.
        for key in PRICES:
            facts.pop(key, None)
    set_("images", entry.get("supports_vision"))
    set_("tools", entry.get("supports_function_calling"))
    set_("schema", entry.get("supports_response_schema"))
    if entry.get("supports_sampling_params") is False:
        facts["fixed_sampling"] = True
        facts["refuses"] = ["top_k"]
    return facts


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("table", type=pathlib.Path)
    arguments.add_argument("--version", required=True, help="of LiteLLM")
    arguments.add_argument("--as-of", required=True, help="the day on which the sources were read")
    options = arguments.parse_args()

    table = json.loads(options.table.read_text())
    overlay = json.loads((HERE / "overlay.json").read_text())
    models = {}
    for name, entry in table.items():
        provider = entry.get("litellm_provider")
        if provider not in PROVIDERS or entry.get("mode") not in ("chat", "responses"):
            continue
        name = name.removeprefix(f"{provider}/")
        if name.startswith("ft:") or OTHER.search(name):
            continue
        full = f"{provider}/{name}"
        facts = model(entry)
        for family in overlay["families"]:
            if re.search(family["models"], full):
                facts["refuses"] = sorted({*facts.get("refuses", []), *family["refuses"]})
                if family["sampling"] == "fixed" or entry.get("default_reasoning_effort") != "none":
                    facts["fixed_sampling"] = True
        if re.search(overlay["pinned"]["models"], full):
            facts["pinned"] = True
        models.setdefault(full, {}).update(facts)
    for block in overlay["shutdowns"]:
        for date, instead, names in block["models"]:
            for name in names:
                facts = models.setdefault(f"{block['provider']}/{name}", {})
                facts["shutdown"] = date
                if instead:
                    facts["use"] = f"{block['provider']}/{instead}"

    header = {
        "as_of": options.as_of,
        "made_by": "src/price/update.py; do not edit",
        "sources": [
            {"what": "limits, capabilities, prices", "from": f"LiteLLM {options.version}, model_prices_and_context_window_backup.json (MIT)", "read": options.as_of},
            *({"what": f"shutdowns of {b['provider']}", "from": f"{b['source']}: {b['note']}", "read": b["read"]} for b in overlay["shutdowns"]),
            *({"what": f"parameters of {f['models']}", "from": f["source"], "read": f["read"]} for f in overlay["families"]),
            {"what": "names that do not move", "from": overlay["pinned"]["source"], "read": overlay["pinned"]["read"]},
        ],
    }
    lines = [header, *({"id": name, **models[name]} for name in sorted(models))]
    text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
    (HERE / "models.jsonl").write_text(text)
    print(f"{len(models)} models, {len(text.encode())} bytes", file=sys.stderr)


main()
