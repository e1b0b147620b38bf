"""What the comparison of run.sh is made of: `kinds OUT` writes tickets with two guesses of a label; `spend RUN OUT FACTOR` gives the cells of
a run latencies and costs, and leaves some cells out, so that each side has cases of its own."""

import json
import random
import sys

KINDS = ["bug", "refund", "question", "other"]


def kinds(path):
    random.seed(2)
    with open(path, "w", encoding="utf-8") as out:
        for number in range(400):
            expected = random.choice(KINDS)
            one = expected if random.random() < 0.7 else random.choice([*KINDS, "what?"])
            other = expected if random.random() < 0.72 else random.choice(KINDS)
            case = {"id": f"k{number:03}", "one": one, "other": other, "expected": expected}
            out.write(json.dumps(case) + "\n")


def spend(run, path, factor):
    random.seed(3)
    with open(run, encoding="utf-8") as text:
        saved = json.load(text)
    for cell in saved["cells"]:
        cell["latency_ms"] = round(random.lognormvariate(6.7, 0.5) * factor, 1)
        cell["usage"] = {"input_tokens": 120, "output_tokens": int(60 * factor), "cached_tokens": 0, "cost_usd": 0.0004 * factor}
    left_out = {"t00011"} if factor == 1.0 else {"t00012", "t00013"}
    saved["cells"] = [cell for cell in saved["cells"] if cell["case"] not in left_out]
    with open(path, "w", encoding="utf-8") as out:
        json.dump(saved, out)


match sys.argv[1:]:
    case ["kinds", path]:
        kinds(path)
    case ["spend", run, path, factor]:
        spend(run, path, float(factor))
