//! For people: the summary below the findings, which [`finding`](crate::report::finding) draws file by file.

use std::io::{self, Write};

use super::{Report, is_safely_fixable};
use crate::diagnostic::{Severity, counted};

/// Writes how much was found, and how much of it can be fixed.
pub fn write_summary(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let files = counted(report.files.len(), "file");
    if report.findings.is_empty() {
        return writeln!(out, "{files} checked, no findings");
    }
    let count =
        |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    let errors = counted(count(Severity::Error), "error");
    let warnings = counted(count(Severity::Warning), "warning");
    let infos = match count(Severity::Info) {
        0 => String::new(),
        infos => format!(", {infos} info"),
    };
    writeln!(out, "{errors}, {warnings}{infos} in {files}")?;

    let fixable = report.findings.iter().filter(|finding| finding.fix.is_some()).count();
    let safely = report.findings.iter().filter(|finding| is_safely_fixable(finding)).count();
    match (safely, fixable - safely) {
        (0, 0) => Ok(()),
        (0, more) => writeln!(out, "{more} fixable with --fix --unsafe-fixes"),
        (safely, 0) => writeln!(out, "[*] {safely} fixable with --fix"),
        (safely, more) => {
            writeln!(out, "[*] {safely} fixable with --fix ({more} more with --unsafe-fixes)")
        }
    }
}
