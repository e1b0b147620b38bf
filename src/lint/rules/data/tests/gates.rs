//! Gates that cannot hold, cannot fail, or cannot be measured.

use super::*;

/// What one rule says of gates over `cases` cases, from line 3 on.
fn of_gates(code: &str, cases: usize, rest: &str) -> Vec<String> {
    let rows: String = (0..cases).map(|n| format!("{n},name {n},g{}\n", n / 2)).collect();
    let rows = format!("id,name,group\n{rows}");
    let suite = format!(
        "prompts: [greet]\nassert: [{{type: contains, value: '{{{{ variables.name }}}}', metric: named}}]\n{rest}"
    );
    let suite = match suite.contains("dataset:") {
        true => suite,
        false => format!("{suite}dataset: datasets/d.csv\n"),
    };
    findings(code, &[GREET, ("datasets/d.csv", &rows), ("evals/s.yaml", &suite)])
}

#[test]
fn confidence_needs_enough_independent_cases() {
    let gates = "gates: {pass_rate: 0.9, confidence: 0.95}\n";
    assert_eq!(
        of_gates("D555", 68, gates),
        [
            "evals/s.yaml:3:20 D555 34 independent cases cannot show a pass rate of 0.9 with confidence 0.95: it takes 35, even if all pass",
        ]
    );
    assert_eq!(of_gates("D555", 70, gates), [""; 0]);
    assert_eq!(
        of_gates("D555", 500, "gates: {confidence: 0.95}\n"),
        [
            "evals/s.yaml:3:21 D555 no number of cases can show a pass rate of 1 with confidence 0.95"
        ]
    );
    assert_eq!(of_gates("D555", 1, "gates: {pass_rate: 0.9}\n"), [""; 0]);
    assert_eq!(of_gates("D555", 1, "gates: {metrics: {named: 0.9}, confidence: 0.95}\n"), [""; 0]);
    assert_eq!(of_gates("D555", 0, gates), [""; 0]);
}

#[test]
fn samples_and_repeats_make_no_independent_cases() {
    let sampled = "dataset: {path: datasets/d.csv, sample: 10}\nrepeat: 9\ngates: {pass_rate: 0.9, confidence: 0.95}\n";
    assert_eq!(
        of_gates("D555", 100, sampled),
        [
            "evals/s.yaml:5:20 D555 10 independent cases cannot show a pass rate of 0.9 with confidence 0.95: it takes 35, even if all pass",
        ]
    );
}

#[test]
fn few_cases_make_a_wide_interval() {
    assert_eq!(
        of_gates("D569", 40, "gates: {pass_rate: 0.9}\n"),
        [
            "evals/s.yaml:3:20 D569 with 20 independent cases a pass rate of 0.9 may as well be 0.70 or 0.97"
        ]
    );
    assert_eq!(of_gates("D569", 160, "gates: {pass_rate: 0.9}\n"), [""; 0]);
    assert_eq!(of_gates("D569", 2, "gates: {pass_rate: 1}\n"), [""; 0]);
    assert_eq!(of_gates("D569", 2, "gates: {metrics: {named: 0.5}}\n"), [""; 0]);
}

#[test]
fn targets_are_held_against_what_runs() {
    assert_eq!(
        of_gates("D571", 1, "target_n: 2\n"),
        ["evals/s.yaml:3:11 D571 the suite has 1 case, and `target_n` asks for 2"]
    );
    assert_eq!(
        of_gates("D571", 9, "target_n: 6\ndataset: {path: datasets/d.csv, sample: 5}\n"),
        ["evals/s.yaml:3:11 D571 `sample` takes 5 of 9 cases, and `target_n` asks for 6"]
    );
    assert_eq!(of_gates("D571", 2, "target_n: 2\n"), [""; 0]);
}

#[test]
fn metrics_must_be_measured_for_each_prompt() {
    assert_eq!(
        of_gates("D575", 1, "primary: nmaed\ngates: {metrics: {name: 0.5}}\n"),
        [
            "evals/s.yaml:3:10 D575 no assertion has the metric `nmaed`",
            "evals/s.yaml:4:19 D575 no assertion has the metric `name`",
        ]
    );
    assert_eq!(
        of_gates("D575", 1, "primary: pass_rate\ngates: {metrics: {named: 0.5}}\n"),
        [""; 0]
    );
    let other = "messages: [{role: user, content: x}]\noutput: {assert: [{type: contains, value: x, metric: own}]}\n";
    let suite = "prompts: [greet, other]\ncases: [{id: a, variables: {name: Ada}}]\nassert: [{type: contains, value: x}]\ngates: {metrics: {own: 1, contains: 1}}\n";
    assert_eq!(
        findings("D575", &[GREET, ("prompts/other.yaml", other), ("evals/s.yaml", suite)]),
        ["evals/s.yaml:4:19 D575 no assertion of the prompt `greet` has the metric `own`"]
    );
    let elsewhere = "prompts: [greet@v1]\ncases: [{id: a}]\nassert: [{type: contains, value: x}]\ngates: {metrics: {own: 1}}\n";
    assert_eq!(findings("D575", &[GREET, ("evals/s.yaml", elsewhere)]), [""; 0]);
}

#[test]
fn figures_of_labels_and_repeats_are_metrics() {
    let suite = |rest: &str| {
        let text = format!(
            "prompts: [greet]\ncases: [{{id: a, variables: {{name: Ada}}, expected: yes}}]\n{rest}"
        );
        findings("D575", &[GREET, ("evals/s.yaml", &text)])
    };
    let listed = "assert: [{type: label, labels: [yes, no], metric: answer}]\n";
    assert_eq!(
        suite(&format!(
            "{listed}primary: answer.macro_f1\nrepeat: 3\ngates: {{metrics: {{answer: 1, answer.kappa: 1, answer.recall.no: 1, majority: 1, pass@2: 1, pass^3: 1}}}}\n"
        )),
        [""; 0]
    );
    assert_eq!(
        suite(&format!(
            "{listed}gates: {{metrics: {{answer.macrof1: 1, answer.recall.maybe: 1, pass^3: 1}}}}\n"
        )),
        [
            "evals/s.yaml:4:19 D575 no assertion has the metric `answer.macrof1`",
            "evals/s.yaml:4:38 D575 no assertion has the metric `answer.recall.maybe`",
            "evals/s.yaml:4:62 D575 `pass^3` is a figure of 3 or more repeats",
        ]
    );
    // Without a list nobody knows which classes there will be; what is negated classifies nothing.
    assert_eq!(
        suite(
            "assert: [{type: label}, {type: not-label, value: no}]\ngates: {metrics: {label.f1.yes: 1, not-label.kappa: 1}}\n"
        ),
        [
            "evals/s.yaml:4:19 D575 no assertion has the metric `label.f1.yes`",
            "evals/s.yaml:4:36 D575 no assertion has the metric `not-label.kappa`",
        ]
    );
}

#[test]
fn gates_that_always_hold() {
    assert_eq!(
        of_gates("D577", 2, "repeat: 3\ngates: {pass_rate: 0, errors: 6, unscored: 5}\n"),
        [
            "evals/s.yaml:4:20 D577 a pass rate is never below 0: a run without a single pass is green",
            "evals/s.yaml:4:31 D577 a prompt on a model has 6 cells, and 6 may count as `errors`",
        ]
    );
    assert_eq!(
        of_gates("D577", 2, "gates: {pass_rate: 0, metrics: {named: 0}}\n"),
        ["evals/s.yaml:3:40 D577 the mean of `named` is never below 0"]
    );
    assert_eq!(of_gates("D577", 0, "gates: {errors: 1}\n"), [""; 0]);
    assert_eq!(
        of_gates(
            "D577",
            2,
            "gates: {metrics: {named.kappa: 0, named.macro_f1: 0, named.mcc: -1}}\n"
        ),
        [
            "evals/s.yaml:3:51 D577 the mean of `named.macro_f1` is never below 0",
            "evals/s.yaml:3:65 D577 the mean of `named.mcc` is never below -1",
        ]
    );
}

#[test]
fn costs_need_a_price() {
    let suite = |models: &str, rest: &str| {
        let suite = format!(
            "prompts: [greet]\nmodels: {models}\ncases: [{{id: a, variables: {{name: Ada}}}}]\n{rest}"
        );
        findings("D578", &[GREET, ("evals/s.yaml", &suite)])
    };
    let gate = "assert: [{type: contains, value: Ada}]\ngates: {cost_usd: 1}\n";
    let cost = "assert: [{type: contains, value: Ada}, {type: cost, threshold: 0.01}]\n";
    assert_eq!(
        suite("[openai/gpt-4o-2024-08-06, local/own]", gate),
        ["evals/s.yaml:5:9 D578 the price of `local/own` is not known: the gate fails"]
    );
    assert_eq!(
        suite("[local/own]", cost),
        ["evals/s.yaml:4:47 D578 the price of `local/own` is not known: no answer can be judged"]
    );
    assert_eq!(suite("[openai/gpt-4o-2024-08-06]", gate), [""; 0]);
    assert_eq!(suite("[echo/x]", gate), [""; 0]);
}

#[test]
fn prompts_that_no_suite_evaluates() {
    let plain = "messages: [{role: user, content: x}]\n";
    let files = [
        GREET,
        ("prompts/a/one.yaml", plain),
        ("prompts/a/old.yaml", "active: false\nmessages: [{role: user, content: x}]\n"),
        ("prompts/b.yaml", plain),
        (
            "evals/s.yaml",
            "prompts: [greet@main, 'c/*', b]\ncases: [{id: a}]\nassert: [{type: contains, value: x}]\n",
        ),
    ];
    assert_eq!(
        findings("D564", &files),
        ["prompts/a/one.yaml:1:1 D564 no suite evaluates the prompt `a/one`"]
    );
}
