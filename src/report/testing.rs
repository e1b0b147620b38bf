//! A small evaluation for the tests of the reports: two suites, a cell in each state, and answers that would act if they could.

use serde_json::json;

use super::run::{Eval, RunInfo};
use crate::eval::cell::{CellIndex, CellRecord, Judgement, Origin, State};
use crate::eval::plan::{self, Plan, Selection};
use crate::eval::run::{Run, Tally};
use crate::message::{Message, Role, Usage};
use crate::path::RepoPath;
use crate::project::Project;
use crate::snapshot::Snapshot;

/// What a model may answer to whoever shows its answers.
pub(in crate::report) const HOSTILE: &str = "=1+1</script><img src=x onerror=alert(1)><!-- `|` @org/team #12 \
    https://evil.example www.evil.example $x$ **b** \u{2028}\u{202e}\u{1b}[31m\r\n::error::x\n```\n50 %";

const FILES: [(&str, &str); 4] = [
    ("pf.yaml", ""),
    (
        "prompts/greet.yaml",
        "model: echo/echo\nvariables: {name: string}\nmessages: [{role: user, content: \"{{ name }}\"}]\n",
    ),
    (
        "evals/greet.yaml",
        "prompts: [greet]\nmodels: [echo/a, echo/b]\ncases:\n  \
         - {id: ada, variables: {name: Ada}, expected: Hello Ada, tags: [kind, '@all']}\n  \
         - {id: 'b|o<b>', variables: {name: Bob}, expected: {a: 1}}\n\
         assert:\n  - {type: equals, value: '{{ expected }}'}\n  \
         - {type: contains, value: a, metric: '=has a'}\n",
    ),
    (
        "evals/other.yaml",
        "prompts: [greet]\ncases:\n  - {id: c, variables: {name: C}}\nassert:\n  - {type: max-length, value: 3}\nrepeat: 2\n",
    ),
];

/// The plan of the two suites.
pub(in crate::report) fn plan() -> Plan {
    let files = FILES.map(|(path, text)| (RepoPath::new(path).unwrap(), text.as_bytes().to_vec()));
    let project = Project::load(&Snapshot::memory(files)).unwrap();
    plan::plan(&project, Selection::default(), &mut |_| unreachable!("no other version")).unwrap()
}

fn judgement(metric: &str, score: Option<f64>, reason: &str) -> Judgement {
    Judgement {
        kind: "equals".to_owned(),
        metric: metric.to_owned(),
        value: Some(json!("Hello")),
        score,
        raw: None,
        passed: score == Some(1.0),
        reason: reason.to_owned(),
        parts: Vec::new(),
        label: None,
    }
}

fn cell(suite: usize, column: usize, case: usize, repeat: u32, state: State) -> CellRecord {
    CellRecord::unanswered(CellIndex { suite, column, case, repeat }, state)
}

/// Its cells: a pass, a failure, an error, one unscored, a failure with a hostile answer, one not run.
pub(in crate::report) fn cells() -> Vec<CellRecord> {
    let answered = CellRecord {
        score: Some(1.0),
        output: Some("Hello Ada".to_owned()),
        messages: Some(vec![Message::text(Role::User, "Ada")]),
        variables: [("name".to_owned(), json!("Ada"))].into_iter().collect(),
        origin: Some(Origin::Called),
        attempts: 1,
        finish: Some("stop".to_owned()),
        latency_ms: Some(1250.5),
        usage: Some(Usage {
            input_tokens: 12,
            output_tokens: 3,
            cached_tokens: 4,
            ..Usage::default()
        }),
        cost_usd: Some(0.000_12),
        judgements: vec![judgement("equals", Some(1.0), "is \"Hello Ada\"")],
        ..cell(0, 0, 0, 1, State::Pass)
    };
    let hostile = CellRecord {
        score: Some(0.25),
        output: Some(HOSTILE.to_owned()),
        judgements: vec![
            judgement("equals", Some(0.0), HOSTILE),
            judgement("=has a", Some(0.5), "has none"),
        ],
        index: CellIndex { suite: 0, column: 0, case: 1, repeat: 1 },
        state: State::Fail,
        ..answered.clone()
    };
    let broken = CellRecord {
        error: Some("503 from api.example, 4 times".to_owned()),
        attempts: 4,
        ..cell(0, 1, 0, 1, State::Error)
    };
    let undecided = CellRecord {
        output: Some("-5".to_owned()),
        origin: Some(Origin::Stored),
        judgements: vec![judgement("equals", None, "no price")],
        ..cell(0, 1, 1, 1, State::Unscored)
    };
    let interrupted =
        CellRecord { error: Some("interrupted".to_owned()), ..cell(1, 0, 0, 2, State::NotRun) };
    let index = CellIndex { suite: 1, column: 0, case: 0, repeat: 1 };
    let repeated = CellRecord { index, ..answered.clone() };
    vec![answered, hostile, broken, undecided, repeated, interrupted]
}

/// What they came to.
pub(in crate::report) fn run(plan: &Plan) -> Run {
    let mut tally = Tally::default();
    for cell in &cells() {
        tally.add(plan, cell);
    }
    tally.finish(plan)
}

/// What else there is to say.
pub(in crate::report) fn info() -> RunInfo {
    RunInfo {
        id: "20260102T030405000Z".to_owned(),
        started_at: "2026-01-02T03:04:05Z".to_owned(),
        finished_at: "2026-01-02T03:04:06Z".to_owned(),
        status: "complete".to_owned(),
        commit: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
        dirty: Some(true),
        passed: false,
        spent: None,
    }
}

/// The summary.
pub(in crate::report) fn summary(plan: &Plan) -> Eval {
    Eval::new(plan, &run(plan), &info())
}

/// What a writer writes.
pub(in crate::report) fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).unwrap()
}
