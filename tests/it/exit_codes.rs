//! The table of exit codes in `pf --help`, each of them brought about.

use std::collections::BTreeSet;

use regex::Regex;

use crate::support::Fixture;

/// A project with one case that passes, on a model that is never asked.
fn project() -> Fixture {
    let fixture = Fixture::new();
    fixture
        .write("prompts/say.yaml", "model: echo/echo\nmessages: [{role: user, content: Hello}]\n");
    fixture.write(
        "evals/say.yaml",
        "prompts: [say]\ncases: [{id: one}, {id: two, assert: [{type: contains, value: l}]}]\n\
         assert: [{type: contains, value: Hello}]\n",
    );
    fixture
}

/// The codes that a page of help lists.
fn listed(help: &str) -> BTreeSet<i32> {
    let table = help.split_once("Exit codes:").expect("a table of exit codes").1;
    let code = Regex::new(r"\b(\d+) [a-z]").expect("a pattern");
    code.captures_iter(table).map(|found| found[1].parse().expect("a number")).collect()
}

#[test]
fn every_code_of_the_help_is_reached() {
    let fixture = project();
    let commands: [(i32, &[&str]); 5] = [
        (0, &["eval"]),
        (1, &["eval", "--threshold", "0.99"]),
        (2, &["eval", "--threshold", "99"]),
        (3, &["eval", "--case", "nosuch"]),
        (4, &["eval", "--model", "openai/gpt-4o-mini-2024-07-18", "--replay"]),
    ];
    let mut reached = BTreeSet::new();
    for (code, arguments) in commands {
        if code == 1 {
            fixture.write(
                "evals/say.yaml",
                fixture.read("evals/say.yaml").replace("value: l", "value: x"),
            );
        }
        let _ = fixture.pf(arguments).exits(code);
        reached.insert(code);
    }
    #[cfg(unix)]
    {
        let _ = crate::server::interrupted(crate::server::Then::Answered).2.exits(130);
    }
    reached.insert(130);
    let model = crate::server::Model::repeating();
    let fixture = crate::server::project(&model, 1);
    let config = fixture.read("pf.yaml");
    fixture.write("pf.yaml", config + "prices: prices.yaml\n");
    fixture.write("prices.yaml", "lab/one: {input: 1, output: 1}\n");
    let _ = crate::server::eval(&fixture, &["--max-cost", "0"]).exits(5);
    reached.insert(5);
    assert_eq!(listed(&fixture.pf(&["--help"]).exits(0).stdout), reached);
}

#[test]
fn the_table_of_eval_is_a_part_of_it() {
    let fixture = Fixture::new();
    let all = listed(&fixture.pf(&["--help"]).exits(0).stdout);
    let some = listed(&fixture.pf(&["eval", "--help"]).exits(0).stdout);
    assert!(some.is_subset(&all) && some.len() >= 6, "{some:?}");
}
