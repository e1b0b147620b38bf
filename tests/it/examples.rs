//! Every example of the repository works as it stands, offline and without a key.

use std::fs;

use serde_json::Value;

use crate::support::{Fixture, project};

/// The folders of `examples/`.
fn examples() -> Vec<String> {
    let folders = fs::read_dir(project().join("examples")).expect("examples");
    let mut names: Vec<String> = folders
        .map(|entry| entry.expect("an entry"))
        // The others are to be copied into a project.
        .filter(|entry| entry.path().join("pf.yaml").is_file())
        .map(|entry| format!("examples/{}", entry.file_name().to_string_lossy()))
        .collect();
    names.sort();
    assert!(names.len() >= 2, "{names:?}");
    names
}

#[test]
fn every_example_lints_clean() {
    for example in examples() {
        let outcome = Fixture::copy_of(&example).pf(&["lint"]).exits(0);
        assert!(outcome.stdout.ends_with("checked, no findings\n"), "{example}: {outcome:?}");
    }
}

#[test]
fn every_example_is_formatted() {
    for example in examples() {
        let outcome = Fixture::copy_of(&example).pf(&["fmt", "--check"]).exits(0);
        assert!(outcome.stdout.ends_with(" files already formatted\n"), "{example}: {outcome:?}");
    }
}

#[test]
fn a_new_project_is_formatted() {
    let fixture = Fixture::new();
    let _ = fixture.pf(&["init"]).exits(0);
    let outcome = fixture.pf(&["fmt", "--check"]).exits(0);
    assert_eq!(outcome.stdout, "4 files already formatted\n");
}

#[test]
fn every_example_evaluates_from_its_recordings() {
    for example in examples() {
        let fixture = Fixture::copy_of(&example);
        let run = fixture.pf(&["eval", "--replay", "--format", "json"]).exits(0).json();
        let results = run["results"].as_array().expect("results");
        assert!(!results.is_empty(), "{example}");
        for result in results {
            let cells = &result["cells"];
            assert_ne!(cells["pass"], 0, "{example}: {result}");
            for state in ["error", "unscored", "skipped", "not_run"] {
                assert_eq!(cells[state], 0, "{example}: {result}");
            }
        }
        assert_eq!(run["passed"], true, "{example}");
        assert!(!fixture.has(".pf"), "{example} left something behind");
    }
}

#[test]
fn every_prompt_of_an_example_renders_with_a_case_of_its_suite() {
    for example in examples() {
        let fixture = Fixture::copy_of(&example);
        let _ = fixture.pf(&["eval", "--replay", "--quiet", "-o", "cells.jsonl"]).exits(0);
        let cells = fixture.read("cells.jsonl");
        let cell: Value =
            serde_json::from_str(cells.lines().next().expect("a cell")).expect("JSON");
        fixture.write("case.json", cell["variables"].to_string());
        let name = cell["prompt"].as_str().expect("a name");
        let rendered = fixture
            .pf(&["render", name, "--vars", "case.json", "--format", "json"])
            .exits(0)
            .json();
        assert_eq!(rendered["messages"], cell["messages"], "{example}: {name}");
    }
}

#[test]
fn every_prompt_of_an_example_can_be_shown_and_rendered() {
    for example in examples() {
        let fixture = Fixture::copy_of(&example);
        let list = fixture.pf(&["list", "--format", "json"]).exits(0).json();
        let prompts = list["prompts"].as_array().expect("prompts");
        assert!(!prompts.is_empty(), "{example}");
        for prompt in prompts {
            let name = prompt["name"].as_str().expect("a name");
            let shown = fixture.pf(&["show", name, "--format", "json"]).exits(0).json();
            assert_eq!(shown["digest"], prompt["digest"]);
            let mut arguments = vec!["render".to_owned(), name.to_owned()];
            for variable in shown["variables"].as_array().expect("variables") {
                if variable["required"] == true {
                    let name = variable["name"].as_str().expect("a name");
                    arguments.push(format!("--var={name}=Where is my refund?"));
                }
            }
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let _ = fixture.pf(&arguments).exits(0).says("Where is my refund?");
        }
    }
}

#[test]
fn a_new_project_is_green_before_and_after_its_first_commit() {
    let mut fixture = Fixture::new();
    let _ = fixture.pf(&["init", "demo"]).exits(0);
    fixture.git(&["-C", "demo", "init", "-q"]);
    for committed in [false, true] {
        if committed {
            fixture
                .git(&["-C", "demo", "add", "-A"])
                .git(&["-C", "demo", "commit", "-qm", "Start"]);
        }
        let _ = fixture.pf(&["-C", "demo", "lint"]).exits(0);
        let run = fixture.pf(&["-C", "demo", "eval", "--format", "json"]).exits(0).json();
        assert_eq!(run["passed"], true);
        assert_eq!(run["commit"].is_string(), committed);
        assert_eq!(run["dirty"], !committed);
    }
    let _ = fixture.pf(&["-C", "demo", "log", "support/triage"]).exits(0).says("v1");
}

#[test]
fn a_second_init_changes_no_byte() {
    let fixture = Fixture::new();
    let _ = fixture.pf(&["init", "demo"]).exits(0);
    let files = ["demo/pf.yaml", "demo/prompts/support/triage.yaml", "demo/evals/triage.yaml"];
    for file in files {
        fixture.write(file, "mine\n");
    }
    let again = fixture.pf(&["init", "demo"]).exits(0);
    assert_eq!(again.stdout, "");
    for file in files {
        assert_eq!(fixture.read(file), "mine\n");
    }
}
