//! JUnit XML: a suite for each file, a failed test case for each finding in it, and a passed one for a file without.

use std::collections::BTreeMap;
use std::io::{self, Write};

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{Report, message_and_help, rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::path::RepoPath;
use crate::report::foreign::line;

/// Writes the report.
pub fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let mut by_file: BTreeMap<&RepoPath, Vec<&Diagnostic>> =
        report.files.iter().map(|path| (path, Vec::new())).collect();
    for finding in report.findings {
        by_file.entry(finding.file.path()).or_default().push(finding);
    }
    let mut document = quick_junit::Report::new("pf lint");
    for (path, findings) in by_file {
        let mut suite = TestSuite::new(line(path.as_str()).into_owned());
        if findings.is_empty() {
            suite.add_test_case(case("no findings", path, TestCaseStatus::success()));
        }
        suite.add_test_cases(findings.into_iter().map(of_finding));
        document.add_test_suite(suite);
    }
    document.serialize(out).map_err(io::Error::other)
}

fn of_finding(finding: &Diagnostic) -> TestCase {
    let name = rule(finding.code).map_or("", |rule| rule.name);
    let name = format!("{} {name} ({})", finding.code, finding.start());
    let path = finding.file.path();
    let text = format!("{path}:{}: {}", finding.start(), message_and_help(finding));
    let mut test = if finding.severity == Severity::Info {
        // It fails no run, so it fails no test.
        let mut test = case(&name, path, TestCaseStatus::success());
        test.set_system_out(text);
        test
    } else {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(line(&finding.message));
        status.set_type(finding.severity.as_str());
        status.set_description(text);
        case(&name, path, status)
    };
    test.extra.insert("line".into(), finding.start().line.to_string().into());
    test
}

fn case(name: &str, path: &RepoPath, status: TestCaseStatus) -> TestCase {
    let path = line(path.as_str());
    let mut test = TestCase::new(name, status);
    test.set_classname(path.as_ref());
    test.extra.insert("file".into(), path.as_ref().into());
    test
}
