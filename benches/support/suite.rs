//! Suites with many cells, answered by `echo` or by recordings.

use std::fmt::Write as _;

use pf::eval::budget::Budget;
use pf::eval::plan::{self, Plan, Selection};
use pf::eval::run::{Run, Tally};
use pf::eval::runner::{self, Answers, Mode, Options};
use pf::message::{Answer, Usage};
use pf::project::Project;
use pf::store::recordings::{self, Position};
use pf::store::{Recording, Replay};

use super::Folder;

/// A committed project with a suite `bench` of `cases` cases on `models` models.
fn create(name: &str, cases: usize, models: &[&str]) -> Folder {
    let folder = Folder::create(name);
    folder.write("pf.yaml", "format: 1\n");
    folder.write(
        "prompts/answer.yaml",
        "description: Answers questions about an order.
variables:
  question: {type: string, minLength: 1, maxLength: 2000}
  order: {type: string, pattern: '^[A-Z]-[0-9]+$'}
  total: {type: number, minimum: 0}
messages:
  - role: system
    content: |
      You answer questions about orders in two sentences at most.
      {% if total > 100 %}Thank the customer for the large order.{% endif %}
  - role: user
    content: |
      Order {{ order }} over {{ total | round(2) }} EUR.

      {{ question }}
",
    );
    folder.write(
        "evals/bench.yaml",
        &format!(
            "prompts: [answer]
models: [{}]
dataset: datasets/bench.jsonl
assert:
  - {{type: contains, value: '{{{{ expected }}}}'}}
gates: {{pass_rate: 1}}
",
            models.join(", ")
        ),
    );
    let mut rows = String::new();
    for case in 0..cases {
        let _ = writeln!(
            rows,
            r#"{{"id": "case-{case}", "question": "Where is my order {case}? I have been waiting for it for {} days and would like to know when it comes.", "order": "A-{case}", "total": {}.25, "expected": "A-{case}"}}"#,
            case % 30 + 2,
            case % 300,
        );
    }
    folder.write("datasets/bench.jsonl", &rows);
    folder.commit()
}

/// Cells that answer themselves; each passes.
pub(crate) fn echo(cells: usize) -> Folder {
    create(&format!("echo-{cells}"), cells, &["echo"])
}

/// Cells on four models, with a recorded answer for each that passes.
pub(crate) fn recorded(cells: usize) -> Folder {
    let models = ["lab/small", "lab/medium", "lab/large", "lab/huge"];
    let folder = create(&format!("recorded-{cells}"), cells / models.len(), &models);
    let project = folder.project();
    let plan = plan(&project);
    let at = "2026-11-20T12:00:00Z".parse().expect("a time");
    let mut answers = Vec::new();
    for suite in &plan.suites {
        for column in &suite.columns {
            for case in suite.cases.iter() {
                let asked = column.ask(&case).expect("it renders");
                let output = format!(
                    "Thank you for asking about {}. It left our house on Monday and will be with you in two days.",
                    case.placed
                        .case
                        .expected
                        .as_ref()
                        .and_then(|text| text.as_str())
                        .unwrap_or_default(),
                );
                let usage = Usage { input_tokens: 80, output_tokens: 24, ..Usage::default() };
                let answer = Answer {
                    output,
                    finish: Some("stop".into()),
                    usage: Some(usage),
                    latency_ms: Some(431.5),
                    ..Answer::default()
                };
                let position = Position { case: &case.id, model: &column.model.label, repeat: 1 };
                answers.push(Recording::new(position, &asked.request, answer, at, "bench"));
            }
        }
    }
    folder.write("recordings/bench.jsonl", &recordings::write(&answers));
    folder.commit()
}

pub(crate) fn plan(project: &Project) -> Plan {
    let selection = Selection::default();
    plan::plan(project, selection, &mut |_| unreachable!("no selector")).expect("nothing is wrong")
}

/// All that an evaluation does between the files and the report.
pub(crate) fn evaluate(folder: &Folder, recordings: Option<&str>) -> Run {
    let project = folder.project();
    let plan = plan(&project);
    let replay = recordings.map(|text| Replay::parse(text).expect("it was just written"));
    let replay = [replay.unwrap_or_default()];
    let budget = Budget::new(&plan.prices, None);
    let options = Options {
        folder: std::path::Path::new("."),
        mode: Mode::NoCache,
        concurrency: 1,
        messages: false,
        on_interrupt: &|| {},
        enough: None,
        budget: &budget,
    };
    let cells = runner::prepare(&plan, options.mode, &replay).expect("it renders");
    let (endpoints, providers) = Default::default();
    let answers = Answers { recordings: &replay, store: None, endpoints: &endpoints };
    let mut tally = Tally::default();
    runner::run(&plan, &cells, &answers, &providers, &options, &mut |cell| tally.add(&plan, &cell))
        .expect("nothing is called");
    tally.finish(&plan)
}
