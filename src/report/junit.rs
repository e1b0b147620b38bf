//! JUnit XML: a suite for each pair of prompt and model, a test case for each cell, and the real reason of a failure.

use std::io::{self, BufWriter, Read, Seek, Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::foreign::{escape, excerpt, line};
use crate::eval::cell::{CellRecord, Place, State};
use crate::eval::plan::Plan;

/// Characters of a message, which viewers show in a list; the text below it is whole.
const MESSAGE: usize = 500;

/// Collects cells, which come in the order of the plan. The numbers that stand at the head of the file are known at its
/// end, so the cases wait in a spool.
pub struct Junit<S: Write> {
    /// The suites so far, without their cases.
    suites: Vec<Collected>,
    spool: BufWriter<S>,
}

/// A suite of which the cases are in the spool.
struct Collected {
    place: (usize, usize),
    suite: TestSuite,
    bytes: u64,
}

impl<S: Read + Write + Seek> Junit<S> {
    /// Collects in an empty file.
    pub fn new(spool: S) -> Self {
        Self { suites: Vec::new(), spool: BufWriter::new(spool) }
    }

    /// Adds a cell.
    pub fn add(&mut self, plan: &Plan, cell: &CellRecord) -> io::Result<()> {
        let Place { suite, column, case, .. } = cell.index.place(plan);
        let place = (cell.index.suite, cell.index.column);
        let mut name = case.id.clone();
        if suite.repeat > 1 {
            name += &format!("#{}", cell.index.repeat);
        }
        let mut test = TestCase::new(line(&name).into_owned(), status(cell));
        let class = format!("{}.{}.{}", suite.name, column.prompt, column.model.label);
        test.set_classname(class);
        if let Some(latency) =
            cell.latency_ms.filter(|latency| latency.is_finite() && *latency >= 0.0)
        {
            test.set_time(std::time::Duration::from_secs_f64(latency / 1000.0));
        }
        let placed = &case.placed;
        test.extra.insert("file".into(), placed.file.path().to_string().into());
        test.extra.insert("line".into(), placed.line().to_string().into());
        if self.suites.last().is_none_or(|last| last.place != place) {
            let name = format!("{}: {} on {}", suite.name, column.prompt, column.model.label);
            self.suites.push(Collected { place, suite: TestSuite::new(name), bytes: 0 });
        }
        let Some(last) = self.suites.last_mut() else { return Ok(()) };
        last.suite.add_test_case(test);
        let mut alone = TestSuite::new("");
        alone.test_cases = std::mem::take(&mut last.suite.test_cases);
        let text = serialize(vec![alone])?;
        // The lines between those of the suite. `<` and `>` are escaped in what they hold.
        let start = text.find(SUITE).and_then(|at| Some(at + text[at..].find(">\n")? + 2));
        let end = text.rfind(END_OF_SUITE);
        if let (Some(start), Some(end)) = (start, end) {
            last.bytes += (end - start) as u64;
            self.spool.write_all(&text.as_bytes()[start..end])?;
        }
        Ok(())
    }

    /// Writes the file.
    pub fn write(self, out: &mut dyn Write) -> io::Result<()> {
        let mut spool = self.spool.into_inner().map_err(io::IntoInnerError::into_error)?;
        spool.rewind()?;
        let (suites, bytes): (Vec<_>, Vec<_>) =
            self.suites.into_iter().map(|collected| (collected.suite, collected.bytes)).unzip();
        let frame = serialize(suites)?;
        let mut rest = frame.as_str();
        for bytes in bytes {
            // A suite without cases is a tag that ends in itself.
            let Some(at) = rest.find(SUITE).and_then(|at| Some(at + rest[at..].find("/>")?)) else {
                break;
            };
            writeln!(out, "{}>", &rest[..at])?;
            io::copy(&mut Read::by_ref(&mut spool).take(bytes), out)?;
            write!(out, "{END_OF_SUITE}")?;
            rest = &rest[at + "/>".len()..];
        }
        out.write_all(rest.as_bytes())
    }
}

const SUITE: &str = "<testsuite ";
const END_OF_SUITE: &str = "    </testsuite>";

fn serialize(suites: Vec<TestSuite>) -> io::Result<String> {
    let mut report = Report::new("pf eval");
    report.add_test_suites(suites);
    report.to_string().map_err(io::Error::other)
}

fn status(cell: &CellRecord) -> TestCaseStatus {
    let message = excerpt(&cell.why(), MESSAGE);
    match cell.state {
        State::Pass => TestCaseStatus::success(),
        State::Skipped | State::NotRun => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(message);
            status
        }
        State::Fail | State::Error | State::Unscored => {
            let kind = if cell.state == State::Fail {
                NonSuccessKind::Failure
            } else {
                NonSuccessKind::Error
            };
            let mut status = TestCaseStatus::non_success(kind);
            status.set_message(message);
            status.set_type(cell.state.as_str());
            let answer = cell
                .output
                .as_deref()
                .map(|output| format!("\n\nanswer:\n{output}"))
                .unwrap_or_default();
            let text = format!("{}{answer}", cell.reasons().join("\n"));
            status.set_description(escape(&text).into_owned());
            status
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing;

    #[test]
    fn a_failure_says_why_and_where_and_what_was_answered() {
        let plan = testing::plan();
        let mut junit = Junit::new(io::Cursor::new(Vec::new()));
        for cell in &testing::cells() {
            junit.add(&plan, cell).unwrap();
        }
        assert_eq!(
            testing::text(|out| junit.write(out).unwrap()),
            r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="pf eval" tests="6" skipped="1" failures="1" errors="2">
    <testsuite name="greet: greet on echo/a" tests="2" skipped="0" errors="0" failures="1">
        <testcase name="ada" classname="greet.greet.echo/a" time="1.250" file="evals/greet.yaml" line="4"/>
        <testcase name="b|o&lt;b&gt;" classname="greet.greet.echo/a" time="1.250" file="evals/greet.yaml" line="5">
            <failure message="equals: =1+1&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&lt;!-- `|` @org/team #12 https://evil.example www.evil.example $x$ **b** \u{202e}\u{1b}[31m ::error::x ``` 50 %; equals: has none" type="fail">equals: =1+1&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&lt;!-- `|` @org/team #12 https://evil.example www.evil.example $x$ **b** \u{2028}\u{202e}\u{1b}[31m\u{d}
::error::x
```
50 %
equals: has none

answer:
=1+1&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&lt;!-- `|` @org/team #12 https://evil.example www.evil.example $x$ **b** \u{2028}\u{202e}\u{1b}[31m\u{d}
::error::x
```
50 %</failure>
        </testcase>
    </testsuite>
    <testsuite name="greet: greet on echo/b" tests="2" skipped="0" errors="2" failures="0">
        <testcase name="ada" classname="greet.greet.echo/b" file="evals/greet.yaml" line="4">
            <error message="503 from api.example, 4 times" type="error">503 from api.example, 4 times</error>
        </testcase>
        <testcase name="b|o&lt;b&gt;" classname="greet.greet.echo/b" file="evals/greet.yaml" line="5">
            <error message="equals: no price" type="unscored">equals: no price

answer:
-5</error>
        </testcase>
    </testsuite>
    <testsuite name="other: greet on echo/echo" tests="2" skipped="1" errors="0" failures="0">
        <testcase name="c#1" classname="other.greet.echo/echo" time="1.250" file="evals/other.yaml" line="3"/>
        <testcase name="c#2" classname="other.greet.echo/echo" file="evals/other.yaml" line="3">
            <skipped message="interrupted"/>
        </testcase>
    </testsuite>
</testsuites>
"#
        );
    }
}
