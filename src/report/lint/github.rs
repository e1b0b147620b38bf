//! Workflow commands of GitHub Actions, which show a finding beside the line that it is about.
//!
//! <https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions>

use std::fmt::Write as _;
use std::io::{self, Write};

use super::{Report, message_and_help, rule};
use crate::diagnostic::Severity;
use crate::report::foreign::line;

/// Writes a command for each finding, and nothing else.
pub fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    for finding in report.findings {
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let (start, end) = (finding.start(), finding.end());
        let path = report.hosted(finding.file.path());
        let mut properties = format!(
            "file={},line={},endLine={}",
            property(&line(path.as_str())),
            start.line,
            end.line
        );
        // GitHub takes columns only for what lies on one line.
        if start.line == end.line {
            let _ = write!(properties, ",col={},endColumn={}", start.column, end.column);
        }
        let name = rule(finding.code).map_or("", |rule| rule.name);
        let title = format!("{} {name}", finding.code);
        let _ = write!(properties, ",title={}", property(title.trim_end()));
        writeln!(out, "::{command} {properties}::{}", data(&message_and_help(finding)))?;
    }
    Ok(())
}

/// The text of a command, on one line.
pub(in crate::report) fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property of a command.
pub(in crate::report) fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
