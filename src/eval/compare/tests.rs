//! What a comparison says of outcomes, and how often it says it by chance.

use super::*;
use crate::eval::cell::State::{self, Error, Fail, Pass};

fn column(prompt: &str, outcomes: Vec<Outcome>) -> Column {
    Column {
        name: ColumnName {
            suite: "s".to_owned(),
            prompt: prompt.to_owned(),
            model: "m".to_owned(),
            digest: None,
        },
        outcomes,
        ..Column::default()
    }
}

fn side(label: &str, columns: Vec<Column>) -> Side {
    Side { label: label.to_owned(), columns }
}

/// A side of one column with a case for each state.
fn states(label: &str, states: &[State]) -> Side {
    let outcomes =
        states.iter().enumerate().map(|(n, state)| Outcome::new(format!("c{n}"), 1, *state));
    side(label, vec![column("p", outcomes.collect())])
}

/// A side of one column whose cases all pass, with these scores.
fn scores(label: &str, scores: &[f64]) -> Side {
    let outcomes = scores.iter().enumerate().map(|(n, score)| Outcome {
        score: Some(*score),
        ..Outcome::new(format!("c{n}"), 1, Pass)
    });
    side(
        label,
        vec![Column { primary: Some("score".to_owned()), ..column("p", outcomes.collect()) }],
    )
}

fn only(a: &Side, b: &Side, options: &Options) -> ColumnComparison {
    compare(a, b, options).unwrap().columns.remove(0)
}

fn repeated(count: usize, state: State) -> Vec<State> {
    vec![state; count]
}

#[test]
fn verdicts_of_pass_and_fail_are_those_of_mcnemar_and_newcombe() {
    // 40 on both, 2 before only, 15 after only, 43 on neither.
    let before = [repeated(42, Pass), repeated(58, Fail)].concat();
    let after =
        [repeated(40, Pass), repeated(2, Fail), repeated(15, Pass), repeated(43, Fail)].concat();
    let found = only(&states("a", &before), &states("b", &after), &Options::default());
    let primary = &found.primary;
    assert_eq!(
        primary.table,
        Some(Table { both: 40, only_before: 2, only_after: 15, neither: 43 })
    );
    assert_eq!((primary.wins, primary.losses, primary.ties), (15, 2, 83));
    // 2 · P(X ≤ 2) for X of 17 tosses: 2 · (1 + 17 + 136) / 2^17.
    assert!((primary.p.unwrap() - 308.0 / 131_072.0).abs() < 1e-12);
    assert_eq!(primary.verdict, Verdict::Better);
    assert_eq!(found.flips.regressed.len(), 2);
    assert_eq!(found.flips.mended.len(), 15);
    let mirrored = only(&states("b", &after), &states("a", &before), &Options::default());
    assert_eq!(mirrored.primary.verdict, Verdict::Worse);
}

#[test]
fn what_was_not_decided_is_counted_and_in_no_figure() {
    let a = states("a", &[Pass, Pass, Error, Fail]);
    let b = states("b", &[Pass, Error, Pass, Pass]);
    let found = only(&a, &b, &Options::default());
    assert_eq!((found.pairs, found.decided, found.primary.n), (4, 2, 2));
    assert_eq!(found.flips.undecided.len(), 2);
    assert_eq!(found.flips.regressed, []);
}

#[test]
fn nothing_scored_is_undecided_and_no_gate_holds() {
    let gates = ComparisonGates {
        regressions: Some(0),
        min_delta: Some(-1.0),
        margin: Some(1.0),
        confidence: None,
    };
    let mut b = states("b", &[Error]);
    b.columns[0].gates = gates;
    let found = only(&states("a", &[Pass]), &b, &Options::default());
    assert_eq!(found.primary.verdict, Verdict::Undecided);
    assert_eq!(found.primary.means, None);
    let held: Vec<(&str, bool)> =
        found.gates.iter().map(|gate| (gate.name.as_str(), gate.passed)).collect();
    assert_eq!(held, [("regressions", false), ("min_delta", false), ("margin", false)]);
}

#[test]
fn sides_without_anything_in_common_are_refused() {
    let (a, mut b) = (states("a", &[Pass]), states("b", &[Pass]));
    b.columns[0].outcomes[0].case = "other".to_owned();
    let (before, after) = ("a".to_owned(), "b".to_owned());
    assert_eq!(compare(&a, &b, &Options::default()), Err(CompareError::NoCase { before, after }));
    b.columns[0].name.suite = "t".to_owned();
    assert!(matches!(compare(&a, &b, &Options::default()), Err(CompareError::NoColumn { .. })));
    let metric = Some("speed".to_owned());
    let known = ["pass_rate", "score"].map(str::to_owned).to_vec();
    assert_eq!(
        compare(&a, &a, &Options { metric, ..Options::default() }),
        Err(CompareError::NoMetric { metric: "speed".to_owned(), suite: "s".to_owned(), known })
    );
}

#[test]
fn equal_answers_are_no_worse_only_where_there_are_enough_of_them() {
    let verdict = |n: usize| {
        let side = scores("a", &vec![0.5; n]);
        let options = Options { margin: Some(0.02), resamples: 999, ..Options::default() };
        only(&side, &side, &options).primary.verdict
    };
    assert_eq!(verdict(10), Verdict::Undecided);
    assert_eq!(verdict(1000), Verdict::NoWorse);
}

#[test]
fn several_prompts_share_the_chance_of_an_error() {
    // 9 of 10 tosses: p = 22 / 1024 alone, twice that where two prompts are looked at.
    let before = [repeated(1, Pass), repeated(9, Fail), repeated(90, Pass)].concat();
    let after = [repeated(1, Fail), repeated(9, Pass), repeated(90, Pass)].concat();
    let outcomes = |states: &[State]| -> Vec<Outcome> {
        (0..).zip(states).map(|(n, state)| Outcome::new(format!("c{n}"), 1, *state)).collect()
    };
    let of = |states: &[State], prompts: &[&str]| {
        let columns = prompts.iter().map(|prompt| column(prompt, outcomes(states)));
        side("x", columns.collect())
    };
    let verdicts = |prompts: &[&str]| -> Vec<Verdict> {
        let found =
            compare(&of(&before, prompts), &of(&after, prompts), &Options::default()).unwrap();
        found.columns.iter().map(|column| column.primary.verdict).collect()
    };
    assert_eq!(verdicts(&["p"]), [Verdict::Better]);
    assert_eq!(verdicts(&["p", "q", "r"]), [Verdict::Undecided; 3]);
}

#[test]
fn gates_hold_where_the_numbers_do() {
    let before = repeated(100, Pass);
    let after = [repeated(1, Fail), repeated(99, Pass)].concat();
    let mut b = states("b", &after);
    let mut held = |gates: ComparisonGates| -> Vec<bool> {
        b.columns[0].gates = gates;
        let found = only(&states("a", &before), &b, &Options::default());
        found.gates.iter().map(|gate| gate.passed).collect()
    };
    let gates = ComparisonGates {
        regressions: Some(1),
        min_delta: Some(-0.01),
        margin: Some(0.1),
        confidence: None,
    };
    assert_eq!(held(gates), [true, true, true]);
    let narrow =
        ComparisonGates { regressions: Some(0), min_delta: Some(0.0), margin: Some(0.01), ..gates };
    assert_eq!(held(narrow), [false, false, false]);
    // The point is within it, the interval is not.
    assert_eq!(held(ComparisonGates { confidence: Some(0.95), ..gates }), [true, false, true]);
}

#[test]
fn changes_besides_the_prompt_are_said() {
    let digest = |text: &str| Some(crate::digest::sha256(text));
    let mut a = states("a", &[Pass, Pass]);
    let mut b = a.clone();
    a.columns[0].outcomes[0].inputs = digest("1");
    b.columns[0].outcomes[0].inputs = digest("2");
    (a.columns[0].suite_digest, b.columns[0].suite_digest) = (digest("1"), digest("2"));
    (a.columns[0].name.digest, b.columns[0].name.digest) = (digest("p"), digest("p"));
    b.columns[0].gates.regressions = Some(0);
    assert_eq!(
        only(&a, &b, &Options::default()).announcements,
        [
            Announcement::SamePrompt,
            Announcement::Dataset { changed: vec!["c0".to_owned()] },
            Announcement::Assertions,
            Announcement::Gates,
        ]
    );
}

/// SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Comparisons of a prompt with itself.
const COMPARISONS: usize = 1_000;
/// Of as many comparisons that err with a probability of 5 % each, more than this many err in one of 1,000 (the 99.9th
/// percentile of the binomial distribution).
const MOST_ERRORS: usize = 72;

/// How often a difference is found between two samples of one thing.
fn false_findings(sample: impl Fn(&mut Random) -> Side) -> usize {
    let mut random = Random(42);
    let options = Options { resamples: 999, explain: Explain::Verdict, ..Options::default() };
    (0..COMPARISONS)
        .filter(|_| {
            let (a, b) = (sample(&mut random), sample(&mut random));
            let verdict = compare(&a, &b, &options).unwrap().verdict();
            matches!(verdict, Verdict::Better | Verdict::Worse)
        })
        .count()
}

#[test]
fn a_prompt_is_rarely_found_to_differ_from_itself() {
    let coin = |random: &mut Random, rate: f64| if random.next() < rate { Pass } else { Fail };
    let passes = false_findings(|random| {
        let states: Vec<State> = (0..60).map(|_| coin(random, 0.7)).collect();
        self::states("x", &states)
    });
    let scored = false_findings(|random| {
        let values: Vec<f64> = (0..25).map(|_| random.next().powi(3)).collect();
        scores("x", &values)
    });
    let repeats = false_findings(|random| {
        let outcomes = (0..20).flat_map(|case| {
            // Cases differ in how hard they are.
            let rate = f64::from(case) / 20.0;
            (1..=3).map(move |repeat| (case, repeat, rate))
        });
        let outcomes: Vec<Outcome> = outcomes
            .map(|(case, repeat, rate)| {
                Outcome::new(format!("c{case}"), repeat, coin(random, rate))
            })
            .collect();
        side("x", vec![column("p", outcomes)])
    });
    let grouped = false_findings(|random| {
        let outcomes: Vec<Outcome> = (0..12)
            .flat_map(|group| {
                // All cases of a group share their luck.
                let state = coin(random, 0.5);
                (0..4).map(move |case| Outcome {
                    group: Some(format!("g{group}")),
                    ..Outcome::new(format!("c{group}-{case}"), 1, state)
                })
            })
            .collect();
        side("x", vec![column("p", outcomes)])
    });
    let several = false_findings(|random| {
        let mut outcomes = || -> Vec<Outcome> {
            (0..40).map(|n| Outcome::new(format!("c{n}"), 1, coin(random, 0.5))).collect()
        };
        let columns = ["p", "q", "r"].map(|prompt| column(prompt, outcomes()));
        side("x", columns.to_vec())
    });
    for (what, found) in [
        ("passes", passes),
        ("scores", scored),
        ("repeats", repeats),
        ("groups", grouped),
        ("several prompts", several),
    ] {
        assert!(found <= MOST_ERRORS, "{what}: {found} of {COMPARISONS}");
    }
}

#[test]
fn slices_are_by_group_tag_and_label_and_the_largest_come_first() {
    let outcome = |n: usize, state| Outcome {
        group: (n < 4).then(|| "g".to_owned()),
        tags: [["x"].as_slice(), &["x", "y", "y"]][n % 2]
            .iter()
            .map(|it| (*it).to_owned())
            .collect(),
        class: Some(["bug", "refund"][n / 5].to_owned()),
        ..Outcome::new(format!("c{n}"), 1, state)
    };
    let of = |states: &[State]| {
        let outcomes = states.iter().enumerate().map(|(n, state)| outcome(n, *state));
        side("s", vec![column("p", outcomes.collect())])
    };
    let after = [repeated(5, Fail), repeated(1, Pass)].concat();
    let found = only(&of(&repeated(6, Pass)), &of(&after), &Options::default());
    let shown: Vec<(&str, &str, u64, u64)> = found
        .slices
        .iter()
        .map(|slice| (slice.kind.as_str(), slice.name.as_str(), slice.n, slice.losses))
        .collect();
    assert_eq!(
        shown,
        [
            ("group", "g", 4, 4),
            ("tag", "x", 6, 5),
            ("tag", "y", 3, 2),
            ("label", "bug", 5, 5),
            ("label", "refund", 1, 0),
        ]
    );
    for slice in &found.slices {
        let inside = |it: crate::stats::Interval| it.low >= -1.0 && it.high <= 1.0;
        assert!(slice.interval.is_none_or(inside), "{slice:?}");
    }
    assert_eq!((found.more_slices, found.slices[4].interval), (0, None));
}

#[test]
fn cost_is_known_where_every_answer_has_a_price_and_latency_where_both_sides_have_one() {
    let of = |answers: &[(State, Option<f64>, Option<f64>)]| {
        let outcomes =
            answers.iter().enumerate().map(|(n, (state, cost_usd, latency_ms))| Outcome {
                cost_usd: *cost_usd,
                latency_ms: *latency_ms,
                ..Outcome::new(format!("c{n}"), 1, *state)
            });
        side("s", vec![column("p", outcomes.collect())])
    };
    let before =
        of(&[(Pass, Some(0.5), Some(100.0)), (Pass, Some(0.25), Some(200.0)), (Error, None, None)]);
    let after = of(&[
        (Pass, Some(1.0), Some(150.0)),
        (Fail, Some(1.0), Some(250.0)),
        (Pass, Some(2.0), Some(9.0)),
    ]);
    let found = only(&before, &after, &Options::default());
    assert_eq!(found.cost, Some(Cost { before: 0.75, after: 4.0 }));
    let latency = found.latency.unwrap();
    assert_eq!((latency.n, latency.delta.to_bits()), (2, 50.0_f64.to_bits()));
    assert!(latency.before[0] < latency.after[0] && latency.before[1] <= 200.0);

    let unpriced = of(&[(Pass, None, None), (Pass, Some(1.0), None), (Pass, Some(1.0), None)]);
    let found = only(&before, &unpriced, &Options::default());
    assert_eq!((found.cost, found.latency), (None, None));
}
