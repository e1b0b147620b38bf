//! `pf eval --against`: a version of the prompts beside another one, on the same cases.

use std::fs;

use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::server::{Model, completion, eval, project};
use crate::support::Fixture;

/// A prompt that says the word and then something.
fn prompt(behind: &str) -> String {
    format!(
        "# Says the word that it is given, and nothing else: what a prompt can do least.\nmodel: lab/one\nvariables: {{word: string}}\nmessages: [{{role: user, content: \"{{{{ word }}}}{behind}\"}}]\n"
    )
}

/// A suite of these prompts, with gates.
fn suite(prompts: &str, gates: &str) -> String {
    format!(
        "prompts: [{prompts}]\ndataset: datasets/say.jsonl\nassert: [{{type: equals, value: \"{{{{ expected }}}}\"}}]\n{gates}"
    )
}

/// A repository whose first commit has the prompts `say` and `same`; `say` is right for all of the cases `c0`, `c1`, …
fn repository(model: &Model, cases: usize) -> Fixture {
    let mut fixture = project(model, cases);
    fixture
        .write("prompts/say.yaml", prompt(""))
        .write("prompts/same.yaml", prompt(""))
        .write("evals/say.yaml", suite("say, same", ""))
        .write(".gitignore", ".pf/\n");
    fixture.git(&["init", "-q"]).git(&["add", "."]).git(&["commit", "-q", "-m", "first"]);
    fixture
}

/// A prompt that is right for all cases but `c1`.
fn worse() -> String {
    prompt("{% if word == 'w1' %}!{% endif %}")
}

fn against(fixture: &Fixture, revision: &str, code: i32) -> Value {
    eval(fixture, &["--against", revision, "--format", "json"]).exits(code).json()
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().filter_map(|it| it["prompt"].as_str()).collect()
}

#[test]
fn flips_are_found_and_what_is_the_same_is_asked_once() {
    let model = Model::repeating();
    let fixture = repository(&model, 4);
    fixture.write("prompts/say.yaml", worse());
    let dry = eval(&fixture, &["--against", "HEAD", "--dry-run", "--format", "json"]).exits(0);
    // `say` differs for one of four cases; the other three, and all of `same`, are the same requests.
    assert_eq!((&dry.json()["calls"], model.asked()), (&json!(5), 0));

    let run = against(&fixture, "HEAD", 1);
    assert_eq!(model.asked(), 5);
    let found = &run["against"];
    assert_eq!(found["label"], "HEAD");
    assert_eq!((names(&found["unchanged"]), names(&found["new"])), (vec!["same"], vec![]));
    let comparison = &found["comparison"];
    assert_eq!(comparison["pairs"], 4);
    let regressed = &comparison["flips"]["regressed"];
    assert_eq!(regressed.as_array().map(Vec::len), Some(1));
    assert_eq!(
        [&regressed[0]["case"], &regressed[0]["a"], &regressed[0]["b"]],
        [&json!("c1"), &json!("w1"), &json!("w1!")]
    );
    // The plan's own results are those of a run without any comparison.
    let alone = eval(&fixture, &["--format", "json"]).exits(1).json();
    let plain = |run: &Value| -> Vec<Value> {
        let results = run["results"].as_array().expect("results");
        let cells = |it: &Value| json!([it["prompt"], it["metrics"], it["cells"]["pass"]]);
        results.iter().map(cells).collect()
    };
    assert_eq!((plain(&run), model.asked()), (plain(&alone), 5));

    let _ = eval(&fixture, &["--against", "HEAD"]).exits(1).says("against HEAD: say").says("+ w1!");
    assert_eq!(model.asked(), 5);
}

#[test]
fn the_output_fits_its_schema() {
    let model = Model::repeating();
    let fixture = repository(&model, 3);
    fixture.write("prompts/say.yaml", worse());
    let run = eval(&fixture, &["--against", "HEAD", "--format", "json", "-o", "run.json"]).exits(1);
    let schema = |name| fixture.pf(&["schema", name]).exits(0).json();
    let fits = |name, value: &Value| {
        let schema = schema(name);
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let errors: Vec<String> = validator.iter_errors(value).map(|it| it.to_string()).collect();
        assert_eq!(errors, [] as [String; 0]);
    };
    fits("eval", &run.json());
    fits("run", &serde_json::from_str(&fixture.read("run.json")).expect("JSON"));
}

#[test]
fn where_nothing_differs_nothing_is_compared() {
    let model = Model::repeating();
    let fixture = repository(&model, 2);
    let said = eval(&fixture, &["--against", "HEAD"]).exits(0);
    let _ = said.says("no prompt of these suites differs from HEAD");
    assert_eq!(model.asked(), 2);
    let run = against(&fixture, "HEAD", 0);
    assert_eq!(
        (&run["against"]["comparison"], names(&run["against"]["unchanged"]).len()),
        (&Value::Null, 2)
    );
}

#[test]
fn a_renamed_prompt_is_compared_with_what_it_was_and_a_new_one_with_nothing() {
    let model = Model::repeating();
    let mut fixture = repository(&model, 2);
    fixture.git(&["mv", "prompts/say.yaml", "prompts/tell.yaml"]);
    fixture
        .write("prompts/tell.yaml", worse())
        .write("prompts/fresh.yaml", prompt(" and more"))
        .write("evals/say.yaml", suite("tell, same, fresh", "gates: {pass_rate: 0}"));
    fixture.git(&["add", "."]).git(&["commit", "-q", "-m", "second"]);
    let run = against(&fixture, "HEAD~1", 0);
    let found = &run["against"];
    assert_eq!((names(&found["new"]), names(&found["unchanged"])), (vec!["fresh"], vec!["same"]));
    let columns = &found["comparison"]["columns"];
    assert_eq!(columns.as_array().map(Vec::len), Some(1));
    assert_eq!(columns[0]["b"]["prompt"], "tell");
    let _ = eval(&fixture, &["--against", "HEAD~1"])
        .exits(0)
        .says("not in HEAD~1, so with nothing to compare: fresh");
}

#[test]
fn cases_that_the_old_version_cannot_render_are_listed() {
    let model = Model::repeating();
    let fixture = repository(&model, 3);
    // The old version demands `word` of every case.
    fixture
        .write("prompts/say.yaml", prompt("").replace("{word: string}", "{word: {type: string, default: w9}}"))
        .write(
            "datasets/say.jsonl",
            "{\"id\": \"c0\", \"word\": \"w0\", \"expected\": \"w0\"}\n{\"id\": \"c9\", \"expected\": \"w9\"}\n",
        )
        .write("evals/say.yaml", suite("say", "gates: {regressions: 0}"));
    let run = against(&fixture, "HEAD", 0);
    let comparison = &run["against"]["comparison"];
    assert_eq!(comparison["pairs"], 1);
    assert_eq!(comparison["only_b"][0]["case"], "c9");

    fixture.write("datasets/say.jsonl", "{\"id\": \"c9\", \"expected\": \"w9\"}\n");
    let run = against(&fixture, "HEAD", 0);
    assert_eq!(names(&run["against"]["unusable"]), ["say"]);
    assert_eq!(run["against"]["comparison"], Value::Null);
}

#[test]
fn a_version_that_is_inactive_or_broken_there_is_not_compared() {
    let model = Model::repeating();
    let mut fixture = repository(&model, 1);
    fixture.write("prompts/say.yaml", prompt("") + "active: false\n");
    fixture.write("prompts/same.yaml", prompt("{% if %}"));
    fixture.git(&["commit", "-q", "-a", "-m", "broken"]);
    fixture.write("prompts/say.yaml", prompt("")).write("prompts/same.yaml", prompt(""));
    let run = against(&fixture, "HEAD", 0);
    assert_eq!(names(&run["against"]["unusable"]), ["say", "same"]);
    let _ =
        eval(&fixture, &["--against", "HEAD"]).exits(0).says("cannot be asked as it is in HEAD");
}

#[test]
fn gates_on_the_comparison_decide_the_exit_code() {
    let model = Model::repeating();
    let fixture = repository(&model, 20);
    fixture.write("prompts/say.yaml", worse());
    let code = |gates: &str| {
        let gates = format!("gates: {{pass_rate: 0, {gates}}}");
        fixture.write("evals/say.yaml", suite("say, same", &gates));
        let run = eval(&fixture, &["--against", "HEAD", "--format", "json"]);
        let failed: Vec<String> = run.json()["gates"]
            .as_array()
            .expect("gates")
            .iter()
            .filter(|gate| gate["passed"] == false)
            .map(|gate| {
                format!("{} {}", gate["prompt"].as_str().unwrap(), gate["name"].as_str().unwrap())
            })
            .collect();
        (run.code, failed.join(", "))
    };
    let holds = (0, String::new());
    let fails = |gate: &str| (1, format!("say {gate}"));
    assert_eq!(code("regressions: 0"), fails("regressions"));
    assert_eq!(code("regressions: 1"), holds);
    assert_eq!(code("min_delta: 0"), fails("min_delta"));
    assert_eq!(code("min_delta: -0.1"), holds);
    assert_eq!(code("min_delta: -0.1, confidence: 0.95"), fails("min_delta"));
    assert_eq!(code("margin: 0.02"), fails("margin"));
    assert_eq!(code("margin: 0.5"), holds);
    let _ = eval(&fixture, &[]).exits(0).says("needs a comparison, such as --against main");
}

#[test]
fn the_merge_base_is_where_the_branch_left() {
    let model = Model::repeating();
    let mut fixture = repository(&model, 2);
    fixture.git(&["checkout", "-q", "-b", "topic"]);
    fixture.write("prompts/say.yaml", worse());
    fixture.git(&["commit", "-q", "-a", "-m", "topic"]).git(&["checkout", "-q", "main"]);
    fixture.write("prompts/same.yaml", prompt(" later"));
    fixture.git(&["commit", "-q", "-a", "-m", "later"]).git(&["checkout", "-q", "topic"]);
    let compared = |revision: &str| {
        let run = against(&fixture, revision, 1);
        let columns = run["against"]["comparison"]["columns"].as_array().expect("columns").clone();
        columns.iter().map(|it| it["b"]["prompt"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(compared("main..."), ["say"]);
    assert_eq!(compared("main"), ["say", "same"]);
}

#[test]
fn a_shallow_clone_says_what_to_fetch() {
    let model = Model::repeating();
    let mut fixture = repository(&model, 1);
    fixture.git(&["checkout", "-q", "-b", "topic"]);
    fixture.write("prompts/say.yaml", worse());
    fixture.git(&["commit", "-q", "-a", "-m", "topic"]);
    let url = format!("file://{}", fixture.root().display());
    fixture.git(&["clone", "-q", "--depth", "1", "--branch", "topic", &url, "clone"]);
    for revision in ["HEAD~1", "main", "main..."] {
        let _ = eval(&fixture, &["-C", "clone", "--against", revision])
            .exits(2)
            .says("shallow")
            .says("git fetch");
    }
    assert_eq!(model.asked(), 0);
}

#[test]
fn a_saved_run_is_compared_with() {
    let model = Model::repeating();
    let fixture = repository(&model, 3);
    let _ = eval(&fixture, &["-o", "base.json"]).exits(0);
    fixture.write("prompts/say.yaml", worse());
    let run = against(&fixture, "base.json", 1);
    assert_eq!(model.asked(), 4);
    let comparison = &run["against"]["comparison"];
    assert_eq!((&run["against"]["label"], &comparison["pairs"]), (&json!("base.json"), &json!(6)));
    let regressed = &comparison["flips"]["regressed"];
    assert_eq!([&regressed[0]["a"], &regressed[0]["b"]], [&json!("w1"), &json!("w1!")]);

    fixture.write("datasets/say.jsonl", "{\"id\": \"x\", \"word\": \"x\", \"expected\": \"x\"}\n");
    let _ = eval(&fixture, &["--against", "base.json"])
        .exits(3)
        .says("has nothing in common with this run");
    let _ = eval(&fixture, &["--against", "none.json"]).exits(2).says("none.json");
    assert_eq!(model.asked(), 4);
}

#[test]
fn recordings_of_the_other_version_are_read_from_its_commit() {
    let model = Model::repeating();
    let mut fixture = repository(&model, 3);
    let _ = eval(&fixture, &["--record"]).exits(0);
    fixture.git(&["add", "."]).git(&["commit", "-q", "-m", "recorded"]);
    fixture.write("prompts/say.yaml", worse()).write("prompts/same.yaml", worse());
    let _ = eval(&fixture, &["--record"]).exits(1);
    // The worktree keeps only what the new versions need.
    let recorded = fixture.read("recordings/say.jsonl");
    let own: Vec<&str> =
        recorded.lines().filter(|line| !line.contains("\"output\":\"w1\"")).collect();
    assert_eq!(own.len() + 1, recorded.lines().count());
    fixture.write("recordings/say.jsonl", own.join("\n") + "\n");
    fs::remove_dir_all(fixture.root().join(".pf")).expect("the local store");
    let asked = model.asked();
    drop(model);
    let run =
        fixture.pf(&["eval", "--replay", "--against", "HEAD", "--format", "json"]).exits(1).json();
    assert_eq!((run["against"]["comparison"]["pairs"].clone(), asked), (json!(6), 4));
    let _ = fixture
        .pf(&["eval", "--replay", "--against", "HEAD~1"])
        .exits(4)
        .says("2 of 12 answers are not recorded")
        .says("say@HEAD~1 on lab/one / c1");
}

#[test]
fn a_provider_that_fails_for_the_other_version_alone_is_told_and_costs_no_results() {
    let model = Model::start(|word| match word.ends_with('!') {
        true => ResponseTemplate::new(400).set_body_string("no"),
        false => completion(word),
    });
    let mut fixture = repository(&model, 3);
    fixture.write("prompts/say.yaml", prompt("!"));
    fixture.git(&["commit", "-q", "-a", "-m", "shouts"]);
    fixture.write("prompts/say.yaml", prompt(""));
    let run = eval(&fixture, &["--against", "HEAD"]).exits(0).says("400");
    let _ = run.says("3 not decided");
    fixture.write("evals/say.yaml", suite("say", "gates: {regressions: 0}"));
    let _ =
        eval(&fixture, &["--against", "HEAD"]).exits(1).says("no case was decided on both sides");
}
