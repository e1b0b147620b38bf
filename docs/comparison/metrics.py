"""Makes pairs of texts and scores them with sacrebleu and rouge_score: `metrics.py make FILE COUNT`, `metrics.py score FILE`,
`metrics.py table COUNT`, which reads the two results from standard input.

BLEU is `sentence_score` of one `BLEU(effective_order=True)`, which is what `sentence_bleu` makes anew for every call; ROUGE-L is `score`
of one `RougeScorer`.
"""

import json
import random
import sys
import time

WORDS = """
the of to and a in is it you that he was for on are with as his they be at one have this from or had by word but not what all were we
when your can said there use an each which she do how their if will up other about out many then them these so some her would make like
him into time has look two more write go see number no way could people my than first water been call who oil its now find long down day
customer order refund account payment delivery policy contract invoice support request answer question address service price
""".split()


def sentence(source):
    words = [source.choice(WORDS) for _ in range(source.randint(5, 25))]
    if source.random() < 0.3:
        words.insert(source.randrange(len(words)), source.choice(["1,250.00", "3.5%", "24-hour", "it's", "(see below)"]))
    return [*words[:-1], words[-1] + source.choice([".", ".", ".", "!", "?"])]


def make(path, count):
    """Answers of one to six sentences beside references that differ from them in some words."""
    source = random.Random(20_261)
    with open(path, "w") as file:
        for _ in range(int(count)):
            reference = [word for _ in range(source.randint(1, 6)) for word in sentence(source)]
            rate = source.choice([0.1, 0.3, 0.6])
            answer = []
            for word in reference:
                change = source.random() / rate
                if change < 0.3:
                    continue
                answer.append(source.choice(WORDS) if change < 0.8 else word)
                if change < 1:
                    answer.append(source.choice(WORDS))
            file.write(json.dumps({"answer": " ".join(answer), "reference": " ".join(reference)}) + "\n")


def score(path):
    from rouge_score import rouge_scorer
    from sacrebleu.metrics import BLEU

    pairs = [json.loads(line) for line in open(path)]
    start = time.monotonic()
    bleu = BLEU(effective_order=True)
    rouge = rouge_scorer.RougeScorer(["rougeL"])
    sums = [0.0, 0.0]
    for pair in pairs:
        sums[0] += bleu.sentence_score(pair["answer"], [pair["reference"]]).score
        sums[1] += rouge.score(pair["reference"], pair["answer"])["rougeL"].fmeasure
    print(json.dumps({"seconds": time.monotonic() - start, "bleu": sums[0], "rouge-l": sums[1]}))


def table(count):
    theirs, ours = [json.loads(line) for line in sys.stdin]
    for name in ["bleu", "rouge-l"]:
        if abs(theirs[name] - ours[name]) > 1e-6:
            sys.exit(f"the sums of {name} differ: {theirs[name]} and {ours[name]}")
    print(f"BLEU and ROUGE-L of {count} pairs on one core; the means are the same.\n")
    print("| | time | pairs a second | times pf |\n|---|---|---|---|")
    for name, result in [("pf", ours), ("sacrebleu and rouge_score", theirs)]:
        seconds = result["seconds"]
        print(f"| {name} | {seconds:.3f} s | {int(count) / seconds:,.0f} | {seconds / ours['seconds']:.0f} |")


if __name__ == "__main__":
    {"make": make, "score": score, "table": table}[sys.argv[1]](*sys.argv[2:])
