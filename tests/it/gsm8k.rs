//! 4 × 1,319 published answers: pf's verdicts against the marks of those who published them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Fixture, Outcome};

const EXAMPLE: &str = "examples/gsm8k";

/// Problems that each of the four systems solves, of 1,319.
const SOLVED: [(&str, u64); 4] = [
    ("gsm8k/6b-finetuning", 286),
    ("gsm8k/6b-verification", 515),
    ("gsm8k/175b-finetuning", 458),
    ("gsm8k/175b-verification", 742),
];

/// Runs `pf` where no request can leave: the only way out is a proxy that is not there.
fn offline(fixture: &Fixture, arguments: &[&str], threads: &str) -> Outcome {
    let mut command = fixture.pf_command(arguments);
    for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env(proxy, "http://127.0.0.1:9");
    }
    command.env("RAYON_NUM_THREADS", threads);
    fixture.outcome(&command.output().expect("the binary runs"))
}

#[test]
fn each_verdict_is_the_published_mark() {
    let fixture = Fixture::copy_of(EXAMPLE);
    let arguments = ["eval", "-o", "cells.jsonl", "--format", "json"];
    let run = offline(&fixture, &arguments, "2").exits(0).json();

    let mut marks = BTreeMap::new();
    for line in fixture.read("datasets/gsm8k.jsonl").lines() {
        let case: Value = serde_json::from_str(line).expect("a case");
        let id = case["id"].as_str().expect("an id").to_owned();
        for (system, mark) in case["metadata"]["is_correct"].as_object().expect("the marks") {
            marks.insert((format!("gsm8k/{system}"), id.clone()), mark.as_bool().expect("a mark"));
        }
    }
    let mut verdicts = BTreeMap::new();
    for line in fixture.read("cells.jsonl").lines() {
        let cell: Value = serde_json::from_str(line).expect("a cell");
        let text = |key: &str| cell[key].as_str().expect("a text").to_owned();
        let verdict = match cell["state"].as_str() {
            Some("pass") => true,
            Some("fail") => false,
            other => panic!("{other:?}: {cell}"),
        };
        verdicts.insert((text("model"), text("case")), verdict);
    }
    assert_eq!(marks.len(), 4 * 1319);
    let differ: Vec<_> =
        marks.iter().filter(|(cell, mark)| verdicts.get(cell) != Some(mark)).collect();
    assert!(
        differ.is_empty(),
        "{} verdicts differ: {:?}",
        differ.len(),
        &differ[..differ.len().min(5)]
    );
    assert_eq!(verdicts.len(), marks.len());

    let counts: Vec<(&str, u64)> = run["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(|result| {
            assert_eq!(result["metrics"]["pass_rate"]["n"], 1319);
            let model = result["model"].as_str().expect("a model");
            (model, result["cells"]["pass"].as_u64().expect("a count"))
        })
        .collect();
    assert_eq!(counts, SOLVED);
    let stats = fixture.pf(&["cache", "stats", "--format", "json"]).exits(0).json();
    assert_eq!(stats["store"]["cells"], 0, "no answer is stored where everything is recorded");
}

#[test]
fn a_gate_that_fails_names_everything_that_it_compared() {
    let fixture = Fixture::copy_of(EXAMPLE);
    let outcome = offline(&fixture, &["eval", "--threshold", "0.99"], "2").exits(1);
    let failed: Vec<&str> =
        outcome.stdout.lines().filter(|line| line.starts_with("gate failed")).collect();
    assert_eq!(
        failed,
        [
            "gate failed: gsm8k math/solve on gsm8k/6b-finetuning: pass_rate is 0.2168, at least 0.99 wanted (n = 1319, interval [0.1954, 0.2399])",
            "gate failed: gsm8k math/solve on gsm8k/6b-verification: pass_rate is 0.3904, at least 0.99 wanted (n = 1319, interval [0.3645, 0.4171])",
            "gate failed: gsm8k math/solve on gsm8k/175b-finetuning: pass_rate is 0.3472, at least 0.99 wanted (n = 1319, interval [0.3220, 0.3733])",
            "gate failed: gsm8k math/solve on gsm8k/175b-verification: pass_rate is 0.5625, at least 0.99 wanted (n = 1319, interval [0.5356, 0.5891])",
        ]
    );
}

#[test]
fn a_filter_that_selects_nothing_is_not_green() {
    let fixture = Fixture::copy_of(EXAMPLE);
    let outcome = offline(&fixture, &["eval", "--case", "nosuch"], "2").exits(3);
    assert_eq!(outcome.stdout, "");
    assert!(outcome.stderr.contains("no case of gsm8k is called `nosuch`"), "{}", outcome.stderr);
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let run = |threads: &str| {
        let fixture = Fixture::copy_of(EXAMPLE);
        let arguments = ["eval", "-o", "cells.jsonl", "--format", "json"];
        let mut summary = offline(&fixture, &arguments, threads).exits(0).json();
        for key in ["id", "started_at", "finished_at"] {
            summary[key].take();
        }
        (summary.to_string(), fixture.read("cells.jsonl"))
    };
    let one = run("1");
    let eight = run("8");
    assert_eq!(one.0, eight.0);
    assert!(one.1 == eight.1, "the cells differ");
}

/// Pairs of systems with their four cells, the p-value of McNemar's exact test and Newcombe's paired interval, as
/// `tests/fixtures/vectors/gsm8k_pairs.py` makes them with SciPy and statsmodels.
type Pair = (&'static str, &'static str, [u64; 4], f64, [f64; 2], &'static str);

const PAIRS: [Pair; 6] = [
    (
        "6b-finetuning",
        "6b-verification",
        [222, 64, 293, 740],
        3.928_874_710_490_944e-36,
        [0.146_973_947_638_477_68, 0.199_965_748_961_025_15],
        "better",
    ),
    (
        "6b-finetuning",
        "175b-finetuning",
        [198, 88, 260, 773],
        7.466_006_443_046_378e-21,
        [0.103_459_337_199_471_59, 0.157_148_788_675_667_73],
        "better",
    ),
    (
        "6b-finetuning",
        "175b-verification",
        [243, 43, 499, 534],
        1.656_933_362_396_999_7e-99,
        [0.316_051_920_273_642_1, 0.374_334_105_963_792_5],
        "better",
    ),
    (
        "6b-verification",
        "175b-finetuning",
        [306, 209, 152, 652],
        0.003_150_656_880_360_618,
        [-0.071_303_891_082_343_8, -0.015_013_537_321_041_048],
        "worse",
    ),
    (
        "6b-verification",
        "175b-verification",
        [436, 79, 306, 498],
        1.240_053_425_072_426_6e-32,
        [0.144_202_398_257_466_6, 0.199_480_032_190_127_14],
        "better",
    ),
    (
        "175b-finetuning",
        "175b-verification",
        [382, 76, 360, 501],
        2.891_394_635_034_633_5e-45,
        [0.186_209_210_553_043_32, 0.243_747_755_653_357_52],
        "better",
    ),
];

#[test]
fn two_systems_of_a_saved_run_are_compared_as_scipy_does() {
    let fixture = Fixture::copy_of(EXAMPLE);
    let _ = offline(&fixture, &["eval", "-o", "run.json"], "2").exits(0);
    for (before, after, cells, p, [low, high], verdict) in PAIRS {
        let (before, after) = (format!("gsm8k/{before}"), format!("gsm8k/{after}"));
        let arguments = [
            "compare",
            "run.json",
            "run.json",
            "--model-a",
            &before,
            "--model-b",
            &after,
            "--format",
            "json",
        ];
        let found = offline(&fixture, &arguments, "2").exits(0).json();
        let metric = &found["metrics"][0];
        let table =
            ["both", "only_a", "only_b", "neither"].map(|key| metric["table"][key].as_u64());
        assert_eq!(table, cells.map(Some), "{before} {after}");
        let near = |key: &str, expected: f64| {
            let found = metric[key].as_f64().expect("a number");
            let off = ((found - expected) / expected).abs();
            assert!(off < 1e-9, "{key} of {before} {after}: {found} is not {expected}");
        };
        near("p", p);
        near("low", low);
        near("high", high);
        assert_eq!(metric["verdict"], verdict);
        // All other metrics say the same of each case.
        assert_eq!(found["metrics"].as_array().map(Vec::len), Some(1));
        let flips = |key: &str| found["flips"][key].as_array().map(Vec::len);
        assert_eq!(flips("regressed"), Some(usize::try_from(cells[1]).expect("a count")));
        assert_eq!(flips("mended"), Some(usize::try_from(cells[2]).expect("a count")));
    }
}
