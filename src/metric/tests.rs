//! The metrics of overlap beside those that they are to equal, on texts made by `tests/fixtures/vectors/overlap.py`.

use serde_json::Value;

use super::bleu::{self, Orders, Smoothing};
use super::chrf::{self, Variant};
use super::rouge::{self, Stemming};
use super::squad;

const SMOOTHINGS: [Smoothing; 4] =
    [Smoothing::Exponential, Smoothing::None, Smoothing::Floor(0.1), Smoothing::AddK(1.0)];

const ROUGE: [rouge::Variant; 4] = [
    rouge::Variant::Words,
    rouge::Variant::Pairs,
    rouge::Variant::Subsequence,
    rouge::Variant::Lines,
];

/// A hypothesis, its references, and the scores that the reference implementations give it.
#[derive(serde::Deserialize)]
struct Sentence(String, Vec<String>, Vec<f64>, Vec<f64>, Vec<f64>, Option<Vec<f64>>, Vec<f64>);

/// The scores of the sentences since the last corpus, taken as one.
#[derive(serde::Deserialize)]
struct Corpus(Vec<f64>, Vec<f64>);

fn assert_near(found: &[f64], expected: &[f64], what: &str, line: &str) {
    assert_eq!(found.len(), expected.len(), "{what}: {line}");
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-9, "{what}: {found} for {expected}: {line}");
    }
}

fn rouge_scores(stemming: Stemming, hypothesis: &str, references: &[String]) -> Vec<f64> {
    let scores = ROUGE.map(|variant| {
        let score = rouge::best(variant, stemming, hypothesis, references).unwrap();
        [score.precision, score.recall, score.f]
    });
    scores.as_flattened().to_vec()
}

#[test]
fn agree_with_sacrebleu_rouge_score_and_the_script_of_squad() {
    let vectors = include_str!("../../tests/fixtures/vectors/overlap.jsonl");
    let (mut sentences, mut corpora) = (0, 0);
    let (mut bleu_sums, mut chrf_sums) = (Vec::new(), [Vec::new(), Vec::new()]);
    for line in vectors.lines().skip(1) {
        let fields: Vec<Value> = serde_json::from_str(line).unwrap();
        if fields.len() == 2 {
            let Corpus(bleu, chrf) = serde_json::from_str(line).unwrap();
            let sum: bleu::Statistics = bleu_sums.drain(..).sum();
            let found = SMOOTHINGS.map(|smoothing| sum.score(smoothing, Orders::All));
            assert_near(&found, &bleu, "corpus BLEU", line);
            let found = chrf_sums.each_mut().map(|sums| chrf::corpus(sums.drain(..)));
            assert_near(&found, &chrf, "corpus chrF", line);
            corpora += 1;
            continue;
        }
        let Sentence(text, references, bleu, chrf, plain, stemmed, squad) =
            serde_json::from_str(line).unwrap();
        let statistics = bleu::Statistics::of(&text, &references);
        bleu_sums.push(statistics);
        let found = SMOOTHINGS.map(|smoothing| statistics.score(smoothing, Orders::Effective));
        assert_near(&found, &bleu, "BLEU", line);
        let variants = [Variant::Plain, Variant::PlusPlus];
        let statistics = variants.map(|variant| chrf::Statistics::of(variant, &text, &references));
        for (sums, statistics) in chrf_sums.iter_mut().zip(statistics) {
            sums.push(statistics);
        }
        assert_near(&statistics.map(|one| one.score()), &chrf, "chrF and chrF++", line);
        assert_near(&rouge_scores(Stemming::Off, &text, &references), &plain, "ROUGE", line);
        let expected = stemmed.unwrap_or(plain);
        let found = rouge_scores(Stemming::Porter, &text, &references);
        assert_near(&found, &expected, "ROUGE with stems", line);
        let exact = f64::from(u8::from(squad::exact_match(&text, &references)));
        assert_near(&[exact, squad::f1(&text, &references)], &squad, "SQuAD", line);
        sentences += 1;
    }
    assert_eq!((sentences, corpora), (3000, 60));
}
