//! Metrics of overlap on pairs of texts: one at a time by criterion, or those of a file against the clock.
//!
//! `PAIRS=file.jsonl cargo bench --bench metric` scores the pairs of the file, `{"answer": …, "reference": …}` on each
//! line, with BLEU and ROUGE-L on one core, and prints the seconds and the sums as JSON: docs/comparison/metrics.sh
//! compares them with those of sacrebleu and rouge_score.

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, Throughput, criterion_group};
use pf::metric::rouge::{self, Stemming, Variant};
use pf::metric::{bleu, chrf, levenshtein, squad};

/// Runs of the clock, of which the fastest counts.
const ROUNDS: usize = 5;

type Pair = (String, String);

/// Words of a small language, some of them changed in the second text.
fn pair(words: usize, seed: u64) -> Pair {
    let word = |number: u64| format!("w{}", number.wrapping_mul(6_364_136_223_846_793_005) >> 57);
    let at = |index: usize| seed * 1_000 + index as u64;
    let (mut answer, mut reference) = (String::new(), String::new());
    for index in 0..words {
        answer += &word(at(index));
        reference += &word(at(index) + u64::from(index % 5 == 0));
        let end = if index % 12 == 11 { ".\n" } else { " " };
        answer += end;
        reference += end;
    }
    (answer, reference)
}

fn metric(criterion: &mut Criterion) {
    for words in [50, 1_000] {
        let pairs: Vec<Pair> = (0..100).map(|seed| pair(words, seed)).collect();
        let mut group = criterion.benchmark_group(format!("metric, {words} words"));
        group.throughput(Throughput::Elements(pairs.len() as u64));
        let mut measure = |name: &str, score: &dyn Fn(&str, &str) -> f64| {
            group.bench_function(name, |bencher| {
                bencher.iter(|| pairs.iter().map(|(a, b)| score(a, b)).sum::<f64>());
            });
        };
        measure("bleu", &|a, b| bleu::sentence(a, &[b]));
        measure("chrf", &|a, b| chrf::sentence(chrf::Variant::Plain, a, &[b]));
        measure("chrf++", &|a, b| chrf::sentence(chrf::Variant::PlusPlus, a, &[b]));
        measure("rouge-1", &|a, b| rouge_f(Variant::Words, Stemming::Off, a, b));
        measure("rouge-l", &|a, b| rouge_f(Variant::Subsequence, Stemming::Off, a, b));
        measure("rouge-l, stems", &|a, b| rouge_f(Variant::Subsequence, Stemming::Porter, a, b));
        measure("rouge-lsum", &|a, b| rouge_f(Variant::Lines, Stemming::Off, a, b));
        measure("f1", &|a, b| squad::f1(a, &[b]));
        measure("levenshtein", &|a, b| levenshtein(a, b) as f64);
        group.finish();
    }
}

fn rouge_f(variant: Variant, stemming: Stemming, answer: &str, reference: &str) -> f64 {
    rouge::score(variant, stemming, answer, reference).expect("it is short").f
}

#[expect(clippy::print_stdout, reason = "the figures are what the script asks for")]
#[expect(clippy::disallowed_methods, reason = "the pairs are no file of a project")]
fn against_the_clock(path: &str) {
    let text = std::fs::read_to_string(path).expect("the pairs can be read");
    let pairs: Vec<Pair> = text
        .lines()
        .map(|line| {
            let pair: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
            let field = |name: &str| pair[name].as_str().expect("a text").to_owned();
            (field("answer"), field("reference"))
        })
        .collect();
    let mut best = f64::INFINITY;
    let mut sums = (0.0, 0.0);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        sums = (0.0, 0.0);
        for (answer, reference) in black_box(&pairs) {
            sums.0 += bleu::sentence(answer, &[reference]);
            sums.1 += rouge_f(Variant::Subsequence, Stemming::Off, answer, reference);
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    let result = serde_json::json!({"seconds": best, "bleu": sums.0, "rouge-l": sums.1});
    println!("{result}");
}

criterion_group!(benches, metric);

#[expect(clippy::disallowed_methods, reason = "a benchmark has no other arguments of its own")]
fn main() {
    match std::env::var("PAIRS") {
        Ok(path) => against_the_clock(&path),
        Err(_) => {
            benches();
            Criterion::default().configure_from_args().final_summary();
        }
    }
}
