//! What asking again showed: as JSON, and for people.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::foreign::{excerpt, line};
use super::json::VERSION;
use super::run::Spending;
use crate::diagnostic::counted;
use crate::eval::cell::{CellRecord, Judgement, Origin, Place};
use crate::eval::plan::Plan;
use crate::eval::spot_check::{Changed, Check, Drift};

/// Characters of an answer that people are shown.
const SHOWN: usize = 500;

/// `pf eval --spot-check N --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf eval --spot-check")]
pub struct SpotCheck {
    version: u32,
    /// `spot-check`.
    kind: &'static str,
    /// Recorded or stored answers in the suites.
    candidates: u64,
    /// Those that were asked for again.
    checked: u64,
    /// Those of them that have another verdict now.
    changed: u64,
    /// Those that got no answer.
    unanswered: u64,
    /// New answers that are word for word the old ones.
    same_text: u64,
    /// Whether each was answered, and no verdict changed.
    passed: bool,
    spent: Spending,
    cells: Vec<Entry>,
}

/// A cell that was asked again.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Entry {
    suite: String,
    prompt: String,
    model: String,
    case: String,
    repeat: u32,
    /// The file of the case.
    path: String,
    /// Its line.
    line: usize,
    /// `recording` or `store`: where the old answer is.
    source: &'static str,
    /// `none`, `verdict` or `unanswered`.
    drift: &'static str,
    same_text: bool,
    before: Side,
    now: Side,
    /// The assertions whose verdict changed.
    assertions: Vec<ChangedAssertion>,
}

/// An answer and its verdict.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Side {
    state: &'static str,
    score: Option<f64>,
    output: Option<String>,
    error: Option<String>,
}

/// An assertion whose verdict changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangedAssertion {
    r#type: String,
    metric: String,
    /// Null where it did not judge the old answer.
    before: Option<Verdict>,
    /// Null where it did not judge the new answer.
    now: Option<Verdict>,
}

/// What it said.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Verdict {
    passed: bool,
    score: Option<f64>,
    reason: String,
}

impl SpotCheck {
    /// What the checks came to.
    pub fn new(plan: &Plan, checks: &[Check], candidates: usize, spent: Spending) -> Self {
        let count = |drift: Drift| checks.iter().filter(|check| check.drift() == drift).count();
        let (changed, unanswered) = (count(Drift::Verdict), count(Drift::Unanswered));
        Self {
            version: VERSION,
            kind: "spot-check",
            candidates: candidates as u64,
            checked: checks.len() as u64,
            changed: changed as u64,
            unanswered: unanswered as u64,
            same_text: checks.iter().filter(|check| check.same_text()).count() as u64,
            passed: changed + unanswered == 0,
            spent,
            cells: checks.iter().map(|check| Entry::new(plan, check)).collect(),
        }
    }

    /// Writes it for people: a line of counts, then what changed with both answers.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let verdicts = match (self.changed, self.unanswered) {
            (0, 0) => "no verdict changed".to_owned(),
            (changed, 0) => format!("{} changed", counted(changed, "verdict")),
            (changed, unanswered) => {
                format!("{} changed, {unanswered} not answered", counted(changed, "verdict"))
            }
        };
        writeln!(
            out,
            "spot check: {} of {} asked again: {verdicts}; {} the same word for word",
            self.checked,
            counted(self.candidates, "answer"),
            self.same_text
        )?;
        for entry in self.cells.iter().filter(|entry| entry.drift != "none") {
            entry.write(out)?;
        }
        Ok(())
    }
}

impl Entry {
    fn new(plan: &Plan, check: &Check) -> Self {
        let Place { suite, column, case, index } = check.before.index.place(plan);
        let placed = &case.placed;
        Self {
            suite: suite.name.clone(),
            prompt: column.prompt.clone(),
            model: column.model.label.clone(),
            case: case.id.clone(),
            repeat: index.repeat,
            path: placed.file.path().to_string(),
            line: placed.line(),
            source: match check.before.origin {
                Some(Origin::Recorded) => "recording",
                _ => "store",
            },
            drift: match check.drift() {
                Drift::None => "none",
                Drift::Verdict => "verdict",
                Drift::Unanswered => "unanswered",
            },
            same_text: check.same_text(),
            before: Side::new(&check.before),
            now: Side::new(&check.now),
            assertions: check.changed().into_iter().filter_map(ChangedAssertion::new).collect(),
        }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let repeat = if self.repeat > 1 { format!("#{}", self.repeat) } else { String::new() };
        writeln!(
            out,
            "\n{} → {}  {}{repeat}: {} {} on {} ({}:{})",
            self.before.state.replace('_', " "),
            self.now.state.replace('_', " "),
            line(&self.case),
            line(&self.suite),
            line(&self.prompt),
            line(&self.model),
            line(&self.path),
            self.line
        )?;
        if let Some(error) = &self.now.error {
            return writeln!(out, "  {}", excerpt(error, SHOWN));
        }
        for assertion in &self.assertions {
            let said = |verdict: &Option<Verdict>| match verdict {
                Some(verdict) => excerpt(&verdict.reason, SHOWN),
                None => "no trouble".to_owned(),
            };
            writeln!(
                out,
                "  {}: {}; now: {}",
                assertion.r#type,
                said(&assertion.before),
                said(&assertion.now)
            )?;
        }
        let answer = |side: &Side| excerpt(side.output.as_deref().unwrap_or_default(), SHOWN);
        writeln!(out, "  before: {}\n  now:    {}", answer(&self.before), answer(&self.now))
    }
}

impl Side {
    fn new(cell: &CellRecord) -> Self {
        Self {
            state: cell.state.as_str(),
            score: cell.score,
            output: cell.output.clone(),
            error: cell.error.clone(),
        }
    }
}

impl ChangedAssertion {
    fn new(changed: Changed<'_>) -> Option<Self> {
        let named = changed.before.or(changed.now)?;
        Some(Self {
            r#type: named.kind.clone(),
            metric: named.metric.clone(),
            before: changed.before.map(Verdict::new),
            now: changed.now.map(Verdict::new),
        })
    }
}

impl Verdict {
    fn new(judgement: &Judgement) -> Self {
        Self { passed: judgement.passed, score: judgement.score, reason: judgement.reason.clone() }
    }
}
