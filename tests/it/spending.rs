//! What a run costs, told before, bounded on the way and said afterwards; and asking again for what is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::server::{Model, completion, eval, project};
use crate::support::Fixture;

/// An answer of the server reads 11 tokens and writes 3: 0.011 + 0.03 dollars.
const EACH: f64 = 0.041;

/// The most that a call may cost: 10 tokens out, and in no more than 2 for the text and 14 around it.
const WORST: f64 = 0.1 + 0.017;

/// A dollar for a thousand tokens read, ten for a thousand written, and answers of at most ten tokens.
fn priced(model: &Model, cases: usize) -> Fixture {
    let fixture = project(model, cases);
    let config = fixture.read("pf.yaml");
    fixture.write("pf.yaml", config + "prices: prices.yaml\n");
    fixture.write("prices.yaml", "lab/one: {input: 1000, output: 10000}\n");
    let prompt = fixture.read("prompts/say.yaml");
    let bounded = "model: {provider: lab, name: one, max_output_tokens: 10}";
    fixture.write("prompts/say.yaml", prompt.replace("model: lab/one", bounded));
    fixture
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn a_limit_is_never_overshot_and_the_rest_is_not_run() {
    // Slow enough for calls to be under way together.
    let model = Model::start(|word| completion(word).set_delay(Duration::from_millis(5)));
    let fixture = priced(&model, 50);
    let arguments = ["--max-cost", "0.5", "--concurrency", "8", "--format", "json"];
    let outcome = eval(&fixture, &arguments).exits(5).says("the limit of $0.5 is reached");
    let run = outcome.json();
    assert_eq!((&run["status"], &run["passed"]), (&json!("aborted"), &json!(false)));
    let asked = model.asked();
    let spent = &run["spent"];
    assert_eq!((&spent["calls"], &spent["limit_usd"]), (&json!(asked), &json!(0.5)));
    let cost = number(&spent["cost_usd"]);
    assert!((cost - asked as f64 * EACH).abs() < 1e-9, "{spent}");
    assert!(cost <= 0.5 && cost + WORST > 0.5, "{spent}");
    let cells = &run["results"][0]["cells"];
    assert_eq!((&cells["pass"], &cells["not_run"]), (&json!(asked), &json!(50 - asked)));

    // What is there costs nothing, and nothing else is asked.
    let again = eval(&fixture, &["--max-cost", "0", "--format", "json"]).exits(5).json();
    assert_eq!((&again["spent"]["cost_usd"], model.asked()), (&json!(0.0), asked));
    let _ = eval(&fixture, &[]).exits(0);
    assert_eq!(model.asked(), 50);
    let _ = eval(&fixture, &["--max-cost", "0"]).exits(0).hides("spent");
    assert_eq!(model.asked(), 50);
}

#[test]
fn equal_requests_are_paid_for_once() {
    let model = Model::repeating();
    let fixture = priced(&model, 0);
    let row = |n: usize| json!({"id": format!("c{n}"), "word": "same", "expected": "same"});
    fixture
        .write("datasets/say.jsonl", (0..9).map(|n| row(n).to_string() + "\n").collect::<String>());
    let dry = eval(&fixture, &["--dry-run", "--format", "json"]).exits(0).json();
    assert_eq!((&dry["calls"], &dry["results"][0]["cells"]), (&json!(1), &json!(9)));
    let run = eval(&fixture, &["--max-cost", "0.12", "--format", "json"]).exits(0).json();
    assert_eq!((&run["spent"]["calls"], model.asked()), (&json!(1), 1));
}

#[test]
fn a_model_without_a_price_is_an_error_before_any_call() {
    let model = Model::repeating();
    let fixture = project(&model, 2);
    let _ = eval(&fixture, &["--max-cost", "1"])
        .exits(2)
        .says("the price of `lab/one` is not known")
        .says("`lab/one: {input: 0.15, output: 0.60}`");
    let suite = fixture.read("evals/say.yaml");
    fixture.write("evals/say.yaml", format!("{suite}gates: {{cost_usd: 1}}\n"));
    let _ = eval(&fixture, &[]).exits(2).says("the gate `cost_usd`");
    assert_eq!(model.asked(), 0);
    fixture.write("evals/say.yaml", suite);
    // Without a limit it is said, and never counted as nothing.
    let run =
        eval(&fixture, &["--format", "json"]).exits(0).says("the price of lab/one is not known");
    assert_eq!(run.json()["spent"]["cost_usd"], Value::Null);
}

#[test]
fn a_judge_without_a_price_is_one_too() {
    let model = Model::repeating();
    let fixture = priced(&model, 2);
    let suite = fixture.read("evals/say.yaml");
    let judged = "assert: [{type: judge, value: Is it polite?, model: lab/judge}, ";
    fixture.write("evals/say.yaml", suite.replace("assert: [", judged));
    let _ =
        eval(&fixture, &["--max-cost", "1"]).exits(2).says("the price of `lab/judge` is not known");
    assert_eq!(model.asked(), 0);
}

#[test]
fn a_call_that_may_have_been_charged_counts_in_full() {
    let model = Model::start(|_| ResponseTemplate::new(200).set_body_string("{\"choices\": ["));
    let fixture = priced(&model, 3);
    let config = fixture.read("pf.yaml").replace("api_key_env", "attempts: 1, api_key_env");
    fixture.write("pf.yaml", config);
    let arguments = ["--max-cost", "0.2", "--concurrency", "1", "--format", "json"];
    let run = eval(&fixture, &arguments).exits(5).json();
    assert_eq!((&run["spent"]["calls"], model.asked()), (&json!(1), 1));
    assert!(number(&run["spent"]["cost_usd"]) > 0.1);
}

#[test]
fn an_estimate_learns_from_the_answers_that_are_there() {
    let model = Model::repeating();
    let fixture = priced(&model, 20);
    let estimate = |arguments: &[&str]| {
        let all = [&["--dry-run", "--format", "json"], arguments].concat();
        eval(&fixture, &all).exits(0).json()
    };
    let before = estimate(&[]);
    assert_eq!((&before["calls"], &before["ready"]), (&json!(20), &json!(0)));
    assert_eq!(before["output_tokens"], json!({"low": 0, "high": 200}));
    assert_eq!(before["results"][0]["output_basis"], "limit");
    assert_eq!(before["results"][0]["input_basis"], "estimated");
    let cost = &before["cost_usd"];
    assert!(number(&cost["low"]) > 0.0 && number(&cost["high"]) > number(&cost["low"]) + 1.9);

    let _ = eval(&fixture, &["--case", "c1*"]).exits(0);
    let after = estimate(&[]);
    assert_eq!((&after["calls"], &after["ready"]), (&json!(9), &json!(11)));
    assert_eq!(after["output_tokens"], json!({"low": 27, "high": 27}));
    assert_eq!(after["results"][0]["output_basis"], "answers");
    assert_eq!(model.asked(), 11);
}

#[test]
fn ten_thousand_cases_are_estimated_from_a_sample() {
    let model = Model::repeating();
    let fixture = priced(&model, 10_000);
    let dry = eval(&fixture, &["--dry-run", "--format", "json"]).exits(0).json();
    let result = &dry["results"][0];
    assert_eq!((&result["calls"], &result["sampled"]), (&json!(10_000), &json!(256)));
    // A word of two to five bytes is one or two tokens, with seven around it.
    let tokens = number(&result["input_tokens"]);
    assert!((80_000.0..=90_000.0).contains(&tokens), "{tokens}");
    let _ = eval(&fixture, &["--dry-run"]).exits(0).says("256 of the 10000 requests");
}

#[test]
fn a_spot_check_finds_the_verdicts_that_changed_and_keeps_nothing() {
    let drifted = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&drifted);
    let model = Model::start(move |word| match seen.load(Ordering::SeqCst) && word == "w3" {
        true => completion("something else"),
        false => completion(word),
    });
    let fixture = priced(&model, 6);
    let _ = eval(&fixture, &["--record", "--case", "c3", "--case", "c4"]).exits(0);
    let _ = eval(&fixture, &["--case", "c5"]).exits(0);
    let recordings = fixture.read("recordings/say.jsonl");
    assert_eq!(model.asked(), 3);

    // Three answers are there, two recorded and one stored; all of them may be asked for.
    let all = ["--spot-check", "10", "--format", "json"];
    let same = eval(&fixture, &all).exits(0).json();
    assert_eq!(
        (&same["checked"], &same["changed"], &same["same_text"]),
        (&json!(3), &json!(0), &json!(3))
    );
    assert_eq!((&same["spent"]["calls"], model.asked()), (&json!(3), 6));
    let dry = eval(&fixture, &["--spot-check", "2", "--dry-run", "--format", "json"]).exits(0);
    assert_eq!((&dry.json()["calls"], model.asked()), (&json!(2), 6));

    drifted.store(true, Ordering::SeqCst);
    let changed = eval(&fixture, &all).exits(1).json();
    assert_eq!((&changed["changed"], &changed["unanswered"]), (&json!(1), &json!(0)));
    let cells = changed["cells"].as_array().expect("a list");
    let cell = cells.iter().find(|cell| cell["drift"] == "verdict").expect("one that drifted");
    assert_eq!((&cell["case"], &cell["source"]), (&json!("c3"), &json!("recording")));
    assert_eq!(
        (&cell["before"]["output"], &cell["now"]["output"]),
        (&json!("w3"), &json!("something else"))
    );
    assert_eq!((&cell["before"]["state"], &cell["now"]["state"]), (&json!("pass"), &json!("fail")));
    assert_eq!(cell["assertions"][0]["type"], "equals");
    let _ = eval(&fixture, &["--spot-check", "3"])
        .exits(1)
        .says("3 of 3 answers asked again: 1 verdict changed; 2 the same word for word")
        .says("now:    something else");

    // The old answers are still the ones that count.
    assert_eq!(fixture.read("recordings/say.jsonl"), recordings);
    let asked = model.asked();
    let _ = eval(&fixture, &["--case", "c3", "--case", "c4", "--case", "c5"]).exits(0);
    assert_eq!(model.asked(), asked);
}

#[test]
fn a_spot_check_that_is_not_answered_is_not_green() {
    let calls = AtomicUsize::new(0);
    let model = Model::start(move |word| match calls.fetch_add(1, Ordering::SeqCst) {
        0 => completion(word),
        _ => ResponseTemplate::new(400),
    });
    let fixture = priced(&model, 1);
    let _ = eval(&fixture, &["--spot-check", "1"]).exits(3).says("there is none to check");
    let _ = eval(&fixture, &[]).exits(0);
    let _ = eval(&fixture, &["--spot-check", "1"]).exits(4).says("1 not answered");
    let _ = eval(&fixture, &["--spot-check", "1", "--max-cost", "0.01"]).exits(5);
    let _ = eval(&fixture, &["--spot-check", "1", "--replay"]).exits(2);
}
