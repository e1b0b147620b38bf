//! GitLab's code quality report, a part of Code Climate's format: what a merge request shows.
//!
//! <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>

use std::io::{self, Write};

use serde::Serialize;

use super::Report;
use crate::diagnostic::Severity;
use crate::report::foreign::line;
use crate::report::json;

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
}

/// Writes the report.
pub fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let issues: Vec<Issue> = report
        .findings
        .iter()
        .zip(report.fingerprints())
        .map(|(finding, fingerprint)| Issue {
            description: line(&finding.message).into_owned(),
            check_name: finding.code.0,
            fingerprint,
            severity: match finding.severity {
                Severity::Error => "major",
                Severity::Warning => "minor",
                Severity::Info => "info",
            },
            location: Location {
                path: report.hosted(finding.file.path()).as_str().to_owned(),
                lines: Lines { begin: finding.start().line },
            },
        })
        .collect();
    json::write(out, &issues)
}
