//! JUnit XML: a suite for each pair of prompt and model, a test case for each cell, and the real reason of a failure.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::eval::cell::{CellRecord, State};
use crate::eval::plan::Plan;

/// Collects cells, which come in the order of the plan.
pub struct Junit {
    report: Report,
    suites: Vec<((usize, usize), TestSuite)>,
}

impl Default for Junit {
    fn default() -> Self {
        Self { report: Report::new("pf eval"), suites: Vec::new() }
    }
}

impl Junit {
    /// Adds a cell.
    pub fn add(&mut self, plan: &Plan, cell: &CellRecord) {
        let suite = &plan.suites[cell.index.suite];
        let column = &suite.columns[cell.index.column];
        let case = &suite.cases[cell.index.case];
        let place = (cell.index.suite, cell.index.column);
        if self.suites.last().is_none_or(|(last, _)| *last != place) {
            let name = format!("{}: {} on {}", suite.name, column.prompt, column.model.label);
            self.suites.push((place, TestSuite::new(name)));
        }
        let mut name = case.id.clone();
        if suite.repeat > 1 {
            name += &format!("#{}", cell.index.repeat);
        }
        let mut test = TestCase::new(name, status(cell));
        let class = format!("{}.{}.{}", suite.name, column.prompt, column.model.label);
        test.set_classname(class);
        if let Some(latency) =
            cell.latency_ms.filter(|latency| latency.is_finite() && *latency >= 0.0)
        {
            test.set_time(std::time::Duration::from_secs_f64(latency / 1000.0));
        }
        let file = &case.placed.file;
        test.extra.insert("file".into(), file.path().to_string().into());
        let line = file.position(case.placed.span.start).line;
        test.extra.insert("line".into(), line.to_string().into());
        if let Some((_, suite)) = self.suites.last_mut() {
            suite.add_test_case(test);
        }
    }

    /// Writes the file.
    pub fn write(mut self, out: &mut dyn Write) -> io::Result<()> {
        self.report.add_test_suites(self.suites.into_iter().map(|(_, suite)| suite));
        self.report.serialize(out).map_err(io::Error::other)
    }
}

fn status(cell: &CellRecord) -> TestCaseStatus {
    let reason = cell.why();
    match cell.state {
        State::Pass => TestCaseStatus::success(),
        State::Skipped | State::NotRun => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(reason);
            status
        }
        State::Fail | State::Error | State::Unscored => {
            let kind = if cell.state == State::Fail {
                NonSuccessKind::Failure
            } else {
                NonSuccessKind::Error
            };
            let mut status = TestCaseStatus::non_success(kind);
            status.set_message(reason.clone());
            status.set_type(cell.state.as_str());
            let answer = cell
                .output
                .as_deref()
                .map(|output| format!("\n\nanswer:\n{output}"))
                .unwrap_or_default();
            status.set_description(format!("{reason}{answer}"));
            status
        }
    }
}
