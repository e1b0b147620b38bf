//! `pf eval --shard`: the parts of a run, put together by `pf merge`, are the run.

use serde_json::{Value, json};

use crate::support::{Fixture, Outcome};

/// A suite with most of what totals are made of: labels, several metrics, weights, groups, repeats, given answers with
/// people's scores, and cases without an id.
fn project() -> Fixture {
    let fixture = Fixture::new();
    fixture.write(
        "prompts/sort.yaml",
        "model: echo/echo\nvariables: {text: string}\nmessages: [{role: user, content: \"{{ text }}\"}]\n",
    );
    fixture.write(
        "evals/sort.yaml",
        "prompts: [sort]\ndataset: datasets/sort.jsonl\nrepeat: 2\nassert:\n  - {type: label, labels: [a, b, c]}\n  \
         - {type: similarity-ratio, value: \"{{ expected }}\", threshold: 0.2}\n\
         gates: {pass_rate: 0.3, metrics: {label.macro_f1: 0.2, similarity-ratio: 0.2, pass^2: 0.1}}\n",
    );
    fixture.write(
        "evals/given.yaml",
        "prompts: [sort]\ndataset: datasets/given.jsonl\nassert: [{type: equals, value: \"{{ expected }}\"}]\ngates: {pass_rate: 0}\n",
    );
    let text = ["a", "b", "c", "A", "x"];
    let rows: Vec<String> = (0..60)
        .map(|n: usize| {
            let expected = ["a", "b", "c"][n % 3];
            let mut row = json!({"text": text[n * 7 % 5], "expected": expected});
            if n.is_multiple_of(4) {
                row["text"] = json!(format!("{} {n}", text[n % 5]));
            } else {
                row["id"] = json!(format!("case-{:02}", 59 - n));
            }
            if n.is_multiple_of(5) {
                row["group"] = json!(format!("g{}", n % 3));
            }
            if n.is_multiple_of(6) {
                row["weight"] = json!(1.5);
            }
            row.to_string() + "\n"
        })
        .collect();
    fixture.write("datasets/sort.jsonl", rows.concat());
    let given: Vec<String> = (0..20)
        .map(|n| {
            let output = if n % 3 == 0 { "no" } else { "yes" };
            let human = f64::from(n % 4) / 3.0;
            json!({"id": format!("g{n}"), "text": "-", "output": output, "expected": "yes", "human": human})
                .to_string()
                + "\n"
        })
        .collect();
    fixture.write("datasets/given.jsonl", given.concat());
    fixture
}

fn read(fixture: &Fixture, path: &str) -> Value {
    serde_json::from_str(&fixture.read(path)).expect("JSON")
}

/// A run without what differs from run to run, its cells by name.
fn lasting(mut run: Value) -> Value {
    for key in ["id", "started_at", "finished_at", "spent"] {
        run.as_object_mut().expect("an object").remove(key);
    }
    let cells = run["cells"].as_array_mut().expect("cells");
    cells.sort_by_key(|cell| {
        let text = |key: &str| cell[key].as_str().expect("a text").to_owned();
        (text("suite"), text("case"), cell["repeat"].as_u64())
    });
    run
}

fn shard(fixture: &Fixture, index: usize, of: usize) -> (String, Outcome) {
    let file = format!("shard-{index}-of-{of}.json");
    let outcome = fixture.pf(&["eval", "--shard", &format!("{index}/{of}"), "-o", &file]);
    (file, outcome)
}

#[test]
fn the_shards_of_a_run_are_the_run() {
    let fixture = project();
    let code = fixture.pf(&["eval", "-o", "whole.json"]).code;
    let whole = lasting(read(&fixture, "whole.json"));
    for of in 1..=4 {
        let mut arguments = vec!["merge".to_owned(), "-o".to_owned(), "merged.json".to_owned()];
        let mut cells = 0;
        for index in 1..=of {
            let (file, outcome) = shard(&fixture, index, of);
            let _ = outcome.exits(0).says(&format!("shard {index}/{of}: "));
            let run = read(&fixture, &file);
            assert_eq!(run["shard"], json!({"index": index, "of": of}));
            assert_eq!(run["suites"], whole["suites"]);
            cells += run["cells"].as_array().map_or(0, Vec::len);
            arguments.push(file);
        }
        assert_eq!(cells, 140, "each cell is in one shard of {of}");
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let _ = fixture.pf(&arguments).exits(code);
        let merged = lasting(read(&fixture, "merged.json"));
        assert_alike(&merged, &whole, &format!("of {of} shards"));
    }
}

/// Demands equal values: to the last bit but for fractions, whose sums depend on the order of the cases.
fn assert_alike(one: &Value, other: &Value, place: &str) {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            assert!(one.keys().eq(other.keys()), "{place}: {one:?}, {other:?}");
            for (key, value) in one {
                assert_alike(value, &other[key], &format!("{key} {place}"));
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            assert_eq!(one.len(), other.len(), "{place}");
            for (one, other) in one.iter().zip(other) {
                assert_alike(one, other, place);
            }
        }
        (Value::Number(a), Value::Number(b)) if a.is_f64() && b.is_f64() => {
            let distance = (a.as_f64().expect("a number") - b.as_f64().expect("a number")).abs();
            assert!(distance < 1e-12, "{place}: {a} and {b}");
        }
        _ => assert_eq!(one, other, "{place}"),
    }
}

#[test]
fn a_shard_without_cases_is_well_and_gates_are_left_to_the_whole() {
    let fixture = project();
    fixture
        .write("datasets/sort.jsonl", "{\"id\": \"only\", \"text\": \"b\", \"expected\": \"a\"}\n");
    fixture.write("evals/given.yaml", "prompts: [sort]\ncases: [{id: only, variables: {text: a}}]\nassert: [{type: equals, value: b}]\n");
    let outcomes: Vec<Outcome> =
        (1..=2).map(|index| shard(&fixture, index, 2).1.exits(0)).collect();
    assert!(outcomes.iter().any(|outcome| outcome.stderr.contains(": 0 of 2 cases")));
    let merge = ["merge", "shard-1-of-2.json", "shard-2-of-2.json", "-o", "run.json"];
    let _ = fixture.pf(&merge).exits(1).says("gate failed: given: sort on echo/echo: pass_rate");
    let _ = fixture.pf(&merge[..2]).exits(2);
    let one = ["merge", "shard-1-of-2.json", "-o", "run.json"];
    let _ = fixture.pf(&one).exits(4).says("missing: shard 2/2");
}

#[test]
fn a_shard_forgets_no_failures_of_others() {
    let fixture = project();
    let _ = fixture.pf(&["eval"]);
    let failed = || fixture.pf(&["eval", "--failed", "--dry-run"]).stderr;
    let before = failed();
    for index in 1..=3 {
        let _ = shard(&fixture, index, 3).1.exits(0);
        assert_eq!(failed(), before);
    }
}

#[test]
fn a_case_of_another_shard_is_no_unknown_case() {
    let fixture = project();
    let found: Vec<i32> = (1..=3)
        .map(|index| {
            let shard = format!("{index}/3");
            let run = fixture
                .pf(&["eval", "sort", "--case", "case-58", "--shard", &shard, "--format", "json"]);
            let cells = &run.json()["results"][0]["cells"];
            i32::try_from(cells["pass"].as_u64().unwrap() + cells["fail"].as_u64().unwrap())
                .unwrap()
                + run.code
        })
        .collect();
    assert_eq!((found.iter().sum::<i32>(), found.iter().max()), (2, Some(&2)));
    let _ = fixture
        .pf(&["eval", "sort", "--case", "case-99", "--shard", "1/3"])
        .exits(3)
        .says("case-99");
}

#[test]
fn the_job_says_which_shard_it_is_only_where_it_is_asked() {
    let fixture = project();
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command =
            fixture.pf_command(&[&["eval", "given", "--format", "json"], arguments].concat());
        fixture.outcome(&command.envs(variables.iter().copied()).output().expect("the binary runs"))
    };
    let gitlab = [("CI_NODE_INDEX", "2"), ("CI_NODE_TOTAL", "3")];
    assert_eq!(
        run(&["--shard", "auto"], &gitlab).exits(0).json()["shard"],
        json!({"index": 2, "of": 3})
    );
    assert_eq!(run(&[], &gitlab).exits(0).json()["shard"], Value::Null);
    let _ = run(&["--shard", "auto"], &[]).exits(2).says("say --shard I/N");
    let _ = run(&["--shard", "auto"], &gitlab[..1]).exits(2).says("CI_NODE_TOTAL is not");
    for wrong in ["0/3", "4/3", "two", "1/0"] {
        let _ = run(&["--shard", wrong], &[]).exits(2).says("shard");
    }
    for whole in ["--failed", "--notes", "--skip-proven"] {
        let _ = run(&["--shard", "1/2", whole], &[]).exits(2).says("cannot be used with");
    }
}
