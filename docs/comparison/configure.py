"""Writes what both tools are given: `configure.py GSM8K WORK PORT`.

For promptfoo: the cases as JSONL, a provider that looks the recorded answer up, and the rule "the last number of the answer
is the last number of the reference" in JavaScript. Then, for both, the projects that must not be green.
"""

import json
import sys
from pathlib import Path

PROVIDER = """\
const answers = require('./answers.json');

module.exports = class Recorded {
  constructor(options) {
    this.model = options.config.model;
  }
  id() {
    return this.model;
  }
  async callApi(prompt, context) {
    return { output: answers[this.model][context.vars.id] };
  }
};
"""

ASSERTION = """\
function lastNumber(text) {
  const numbers = String(text).match(/-?\\d[\\d,]*(\\.\\d+)?/g);
  return numbers === null ? null : Number(numbers[numbers.length - 1].replaceAll(',', ''));
}

module.exports = (output, context) => {
  const wanted = lastNumber(context.vars.expected);
  return wanted !== null && lastNumber(output) === wanted;
};
"""


def lines(path):
    if not path.exists():
        sys.exit(f"{path} is missing: GSM8K names the folder of the example")
    with open(path, encoding="utf-8") as source:
        return [json.loads(line) for line in source]


def put(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1), encoding="utf-8")


def gsm8k(data, folder):
    rows = lines(data / "datasets" / "gsm8k.jsonl")
    answers = {}
    for answer in lines(data / "recordings" / "gsm8k.jsonl"):
        answers.setdefault(answer["model"], {})[answer["case"]] = answer["output"]
    for model, given in answers.items():
        if set(given) != {row["id"] for row in rows}:
            sys.exit(f"{model}: the recording does not hold one answer for each case")
    tests = [{"vars": {"id": row["id"], "question": row["question"], "expected": str(row["expected"])}} for row in rows]
    config = {
        "prompts": ["{{question}}"],
        "providers": [{"id": "file://provider.js", "label": model, "config": {"model": model}} for model in answers],
        "tests": "file://tests.jsonl",
        "defaultTest": {"assert": [{"type": "javascript", "value": "file://last-number.js"}]},
    }
    put(
        folder,
        {
            "promptfooconfig.json": config,
            "provider.js": PROVIDER,
            "last-number.js": ASSERTION,
            "answers.json": answers,
            "tests.jsonl": "".join(json.dumps(test) + "\n" for test in tests),
        },
    )


def promptfoo_projects(folder, port):
    good = {
        "prompts": ["Answer politely: {{question}}"],
        "providers": ["echo"],
        "tests": [{"description": "refund", "vars": {"question": "Where is my refund?"}, "assert": [{"type": "contains", "value": "politely"}]}],
    }
    test = good["tests"][0]
    projects = {
        "right": good,
        "empty-filter": good,
        "wrong-key": good | {"providers": [{"id": "openai:chat:gpt-4o-mini", "config": {"apiBaseUrl": f"http://127.0.0.1:{port}/v1"}}]},
        "undefined-variable": good | {"prompts": ["Answer politely: {{qestion}}"]},
        "misspelt-assert": good | {"tests": [{"asert" if key == "assert" else key: value for key, value in test.items()}]},
        "empty-dataset": good | {"tests": "file://tests.jsonl", "defaultTest": {"assert": test["assert"]}},
    }
    for name, config in projects.items():
        put(folder / name, {"promptfooconfig.json": config})
    put(folder / "empty-dataset", {"tests.jsonl": ""})


def pf_projects(folder, port):
    prompt = {
        "description": "Answers a question.",
        "model": "echo/echo",
        "variables": {"question": {"type": "string"}},
        "messages": [{"role": "user", "content": "Answer politely: {{ question }}"}],
    }
    suite = {
        "prompts": ["answer"],
        "cases": [{"id": "refund", "variables": {"question": "Where is my refund?"}}],
        "assert": [{"type": "contains", "value": "politely"}],
    }
    misspelt = {"asert" if key == "assert" else key: value for key, value in suite.items()}
    from_file = {key: value for key, value in suite.items() if key != "cases"} | {"dataset": "datasets/cases.jsonl"}
    undefined = prompt | {"messages": [{"role": "user", "content": "Answer politely: {{ qestion }}"}]}
    gateway = {"providers": {"gateway": {"protocol": "openai", "base_url": f"http://127.0.0.1:{port}/v1", "api_key_env": "GATEWAY_API_KEY"}}}
    projects = {
        "right": ({}, prompt, suite),
        "empty-filter": ({}, prompt, suite),
        "wrong-key": (gateway, prompt | {"model": "gateway/gpt-4o-mini"}, suite),
        "undefined-variable": ({}, undefined, suite),
        "misspelt-assert": ({}, prompt, misspelt),
        "empty-dataset": ({}, prompt, from_file),
    }
    # JSON is YAML.
    for name, (project, prompt_file, suite_file) in projects.items():
        put(folder / name, {"pf.yaml": project, "prompts/answer.yaml": prompt_file, "evals/answer.yaml": suite_file})
    put(folder / "empty-dataset", {"datasets/cases.jsonl": ""})


def main(data, work, port):
    work = Path(work)
    gsm8k(Path(data), work / "gsm8k")
    promptfoo_projects(work / "promptfoo", port)
    pf_projects(work / "pf", port)


if __name__ == "__main__":
    main(*sys.argv[1:])
