"""From OpenAI's released answers to a dataset and to the rows that `pf cache import` reads.

    python3 import.py example_model_solutions.jsonl
    for model in 6b-finetuning 6b-verification 175b-finetuning 175b-verification; do
        pf cache import answers/$model.jsonl --suite gsm8k --model gsm8k/$model \
            --source "openai/grade-school-math, example_model_solutions.jsonl"
    done

The file is part of the repository openai/grade-school-math (MIT licence, see LICENSE.data). Each problem keeps the
release's own `is_correct` mark of each system as metadata, so that a test can hold pf's verdicts against it.
"""

import json
import pathlib
import sys

SYSTEMS = ["6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification"]


def dump(row):
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"


def main():
    problems = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
    answers = pathlib.Path("answers")
    answers.mkdir(exist_ok=True)
    ids = [f"gsm8k-{number:04}" for number in range(1, len(problems) + 1)]
    with open("datasets/gsm8k.jsonl", "w", encoding="utf-8") as dataset:
        for case, problem in zip(ids, problems):
            marks = {name.replace("_", "-"): problem[name]["is_correct"] for name in SYSTEMS}
            dataset.write(
                dump(
                    {
                        "id": case,
                        "question": problem["question"],
                        "expected": problem["ground_truth"],
                        "metadata": {"is_correct": marks},
                    }
                )
            )
    for name in SYSTEMS:
        with open(answers / f"{name.replace('_', '-')}.jsonl", "w", encoding="utf-8") as rows:
            for case, problem in zip(ids, problems):
                rows.write(dump({"case": case, "output": problem[name]["solution"]}))


main()
