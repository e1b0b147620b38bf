//! SARIF 2.1.0, the OASIS standard for findings of static analysis: code scanning of GitHub, viewers of editors.
//!
//! The types below hold the part of the standard that is written here; a test checks the whole against its schema.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::{Report, message_and_help, rule};
use crate::diagnostic::{Diagnostic, Fix, RuleId, Severity};
use crate::lint::rules::page;
use crate::path::RepoPath;
use crate::report::foreign::line;
use crate::report::json;
use crate::span::{SourceFile, Span};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What paths are relative to: the top of the repository. Where that lies on this machine is nobody's business.
const ROOT: &str = "%SRCROOT%";
/// The name of our fingerprints, with a version that grows when they are made another way.
const FINGERPRINT: &str = "pfFinding/v1";

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    original_uri_base_ids: BTreeMap<&'static str, BaseId>,
    column_kind: &'static str,
    results: Vec<Finding>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    semantic_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    information_uri: Option<&'static str>,
    rules: Vec<Descriptor>,
}

#[derive(Serialize)]
struct BaseId {
    description: Text,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    short_description: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Help>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_configuration: Option<Configuration>,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Change>,
    partial_fingerprints: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names of the standard")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    /// One past the last character, as ours is.
    end_column: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    description: Text,
    artifact_changes: [ArtifactChange; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange {
    artifact_location: ArtifactLocation,
    replacements: Vec<Replacement>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    deleted_region: Region,
    inserted_content: Text,
}

/// Writes the log: one run, with the rules that found something.
pub fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let mut codes: Vec<RuleId> = report.findings.iter().map(|finding| finding.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let results = report
        .findings
        .iter()
        .zip(report.fingerprints())
        .map(|(finding, fingerprint)| result(report, &codes, finding, fingerprint))
        .collect();
    let root = BaseId { description: Text { text: "The top of the repository.".to_owned() } };
    let driver = Driver {
        name: "pf",
        version: env!("CARGO_PKG_VERSION"),
        semantic_version: env!("CARGO_PKG_VERSION"),
        information_uri: Some(env!("CARGO_PKG_REPOSITORY")).filter(|uri| !uri.is_empty()),
        rules: codes.iter().copied().map(descriptor).collect(),
    };
    let run = Run {
        tool: Tool { driver },
        original_uri_base_ids: BTreeMap::from([(ROOT, root)]),
        column_kind: "unicodeCodePoints",
        results,
    };
    json::write(out, &Log { schema: SCHEMA, version: "2.1.0", runs: [run] })
}

fn descriptor(code: RuleId) -> Descriptor {
    let rule = rule(code);
    Descriptor {
        id: code.0,
        name: rule.map(|rule| rule.name),
        short_description: rule.map(|rule| Text { text: rule.summary().trim().to_owned() }),
        help: rule.map(|rule| Help { text: page(rule), markdown: page(rule) }),
        default_configuration: rule.map(|rule| Configuration { level: level(rule.severity) }),
    }
}

fn result(
    report: &Report<'_>,
    codes: &[RuleId],
    finding: &Diagnostic,
    fingerprint: String,
) -> Finding {
    let place = |file: &SourceFile, span| PhysicalLocation {
        artifact_location: artifact(report, file.path()),
        region: region(file, span),
    };
    let related = finding.related.iter().enumerate().map(|(index, label)| Location {
        id: Some(index + 1),
        physical_location: place(&label.file, label.span),
        message: Some(text(&label.message)),
    });
    Finding {
        rule_id: finding.code.0,
        rule_index: codes.binary_search(&finding.code).expect("they are the codes of all findings"),
        level: level(finding.severity),
        message: Text { text: message_and_help(finding) },
        locations: [Location {
            id: None,
            physical_location: place(&finding.file, finding.span),
            message: finding.label.as_deref().map(text),
        }],
        related_locations: related.collect(),
        fixes: finding.fix.iter().map(|fix| change(report, &finding.file, fix)).collect(),
        partial_fingerprints: BTreeMap::from([(FINGERPRINT, fingerprint)]),
    }
}

fn change(report: &Report<'_>, file: &SourceFile, fix: &Fix) -> Change {
    let replacements = fix.edits.iter().map(|(span, content)| Replacement {
        deleted_region: region(file, *span),
        // Written into a file, so not escaped: it must be what `--fix` writes.
        inserted_content: Text { text: content.clone() },
    });
    let risk = if fix.safe { "" } else { " (may change what is rendered)" };
    Change {
        description: text(&format!("{}{risk}", fix.message)),
        artifact_changes: [ArtifactChange {
            artifact_location: artifact(report, file.path()),
            replacements: replacements.collect(),
        }],
    }
}

fn artifact(report: &Report<'_>, path: &RepoPath) -> ArtifactLocation {
    ArtifactLocation { uri: percent_encoded(report.hosted(path).as_str()), uri_base_id: ROOT }
}

fn region(file: &SourceFile, span: Span) -> Region {
    let (start, end) = (file.position(span.start), file.position(span.end));
    Region {
        start_line: start.line,
        start_column: start.column,
        end_line: end.line,
        end_column: end.column,
    }
}

fn text(text: &str) -> Text {
    Text { text: line(text).into_owned() }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// A path as a relative URI: all but unreserved characters and `/` as `%XX` (RFC 3986).
fn percent_encoded(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
