//! An evaluation of cases on disk is the same as one of cases in memory.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::eval::budget::Budget;
use crate::eval::plan::{self, Plan, PlanError, Selection};
use crate::eval::run::Tally;
use crate::eval::runner::{self, Answers, Mode, Options};
use crate::project::{Chunking, Project};
use crate::snapshot::testing::Git;
use crate::store::Replay;

const SUITE: &str = "
prompts: [p]
models: [echo/a, echo/b]
dataset: {path: [datasets/d.jsonl, datasets/d.csv], sample: 90, seed: 3}
cases: [{id: own, variables: {text: row 5}, assert: [{type: contains, value: '5', metric: own}]}]
assert:
  - {type: contains, value: '1'}
  - {type: label, value: '{{ variables.text }}', metric: row}
repeat: 2
";

/// A project of two datasets, read in chunks of so many rows; held in memory without a number.
fn project(rows: Option<usize>, jsonl: &str, suite: &str) -> (Git, Project) {
    let folder = Git::none();
    folder.write("pf.yaml", "");
    let prompt = "model: echo/echo\nvariables: {text: string}\nmessages: [{role: user, content: '{{ text }}'}]\n";
    folder.write("prompts/p.yaml", prompt);
    folder.write("evals/s.yaml", suite);
    folder.write("datasets/d.jsonl", jsonl);
    let csv: String =
        (0..60).map(|n| format!("c{n},\"line\nof {n}\",{},{}\n", n / 7, n % 3)).collect();
    folder.write("datasets/d.csv", format!("id,text,group,weight\n{csv}"));
    let mut project = Project::load(&folder.home().worktree()).unwrap();
    if let Some(rows) = rows {
        project.chunking = Chunking { from: 0, rows, bytes: 1 << 20 };
    }
    (folder, project)
}

fn jsonl() -> String {
    (0..60)
        .map(|n| match n % 5 {
            0 => format!("{{\"text\": \"row {n}\", \"expected\": \"other\"}}\n"),
            1 => format!("{{\"text\": \"row {n}\", \"output\": \"given\"}}\n"),
            _ => format!("{{\"id\": \"j{n}\", \"text\": \"row {n}\"}}\n"),
        })
        .collect()
}

fn planned(project: &Project, selection: Selection<'_>) -> Result<Plan, PlanError> {
    plan::plan(project, selection, &mut |_| unreachable!("no other version is named"))
}

/// All that a run says.
fn told(plan: &Plan) -> String {
    let replay = [Replay::default()];
    let budget = Budget::new(&plan.prices, None);
    let options = Options {
        mode: Mode::NoCache,
        folder: Path::new("."),
        concurrency: 1,
        messages: true,
        on_interrupt: &|| {},
        enough: None,
        budget: &budget,
    };
    let cells = runner::prepare(plan, options.mode, &replay).unwrap();
    let (endpoints, providers) = (BTreeMap::new(), BTreeMap::new());
    let answers = Answers { recordings: &replay, store: None, endpoints: &endpoints };
    let mut tally = Tally::default();
    let mut text = String::new();
    runner::run(plan, &cells, &answers, &providers, &options, &mut |cell| {
        let case = cell.index.place(plan).case;
        writeln!(text, "{} {} {cell:?}", case.id, case.placed.line()).unwrap();
        tally.add(plan, &cell);
    })
    .unwrap();
    let run = tally.finish(plan);
    format!("{text}{run:?}{}", plan.suites[0].dataset_digest)
}

#[test]
fn results_are_the_same_for_chunks_of_any_size() {
    let whole = told(&planned(&project(None, &jsonl(), SUITE).1, Selection::default()).unwrap());
    assert_eq!(whole.lines().filter(|line| line.contains("CellRecord")).count(), 90 * 4);
    for rows in [1, 7, 4096] {
        let (_folder, project) = project(Some(rows), &jsonl(), SUITE);
        assert_eq!(told(&planned(&project, Selection::default()).unwrap()), whole, "{rows}");
    }
}

#[test]
fn selections_find_the_same_cases_on_disk() {
    let (cases, tags) = (["j1*".to_owned(), "c5".to_owned(), "own".to_owned()], []);
    let selection = || Selection { cases: &cases, tags: &tags, ..Selection::default() };
    let suite = SUITE.replace(", sample: 90, seed: 3", "");
    let each = [None, Some(1), Some(7)].map(|rows| {
        let (_folder, project) = project(rows, &jsonl(), &suite);
        let mut plan = planned(&project, selection()).unwrap();
        let before = told(&plan);
        plan.keep(&mut |_, column, case| column.model.label == "echo/b" || case.id == "c5");
        (before, told(&plan))
    });
    assert!(each[0].1.contains("c5"));
    assert_eq!(each[0], each[1]);
    assert_eq!(each[0], each[2]);
    let missing = ["j9999".to_owned()];
    let (_folder, project) = project(Some(7), &jsonl(), &suite);
    let none = planned(&project, Selection { cases: &missing, ..Selection::default() });
    assert!(matches!(none, Err(PlanError::Nothing { .. })));
}

fn findings(jsonl: &str) -> Vec<String> {
    let (_folder, project) = project(Some(7), jsonl, SUITE);
    let Err(PlanError::Findings(found)) = planned(&project, Selection::default()) else {
        panic!("there are findings")
    };
    let each = found.iter().map(|finding| {
        let related: Vec<String> =
            finding.related.iter().map(|it| it.file.position(it.span.start).to_string()).collect();
        format!("{} {} {related:?}", finding.start(), finding.message)
    });
    each.collect()
}

#[test]
fn cases_of_one_name_in_different_chunks_are_an_error_with_both_lines() {
    let found = findings(&format!("{}{{\"id\": \"j3\", \"text\": \"new\"}}\n", jsonl()));
    assert_eq!(found, ["61:1 a second case is called `j3` [\"4:1\"]"]);
}

#[test]
fn a_bad_row_far_down_is_found_before_anything_runs() {
    let found = findings(&format!("{}{{\"id\": \"x\", \"text\": [1]}}\n{{\"id\": }}\n", jsonl()));
    assert_eq!(found.len(), 2);
    assert!(found[0].starts_with("61:1 case `x` does not fit the prompt `p`"), "{found:?}");
    assert_eq!(found[1], "62:8 the line is no JSON: expected value []");
}
