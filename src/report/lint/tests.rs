//! Each form shows the same findings: two rules, a fix of each kind, a second place, hostile text, all severities.

use std::collections::BTreeSet;
use std::io;

use serde_json::{Value, json};

use super::*;
use crate::diagnostic::Fix;
use crate::diagnostic::Severity;
use crate::report::{finding, json as output};
use crate::span::{SourceFile, Span};

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

fn found() -> (Vec<Diagnostic>, BTreeSet<RepoPath>) {
    let file = SourceFile::new(path("prompts/a b,ü.yaml"), "é: x {{ nmae }}\nname: string\n");
    let partial = SourceFile::new(path("prompts/p.md"), "one\n{{ nmae }}\ntwo\n");
    let code = RuleId("V101");
    let nmae = Span::new(9, 13);
    assert_eq!(file.slice(nmae), "nmae");
    let fix = |message: &str, safe| Fix {
        message: message.to_owned(),
        edits: vec![(nmae, "name".to_owned())],
        safe,
    };
    let hostile = "50 %, \u{1b}[31mx\n::error::x\r\n\n";
    let findings = vec![
        Diagnostic::new(code, &file, nmae, hostile)
            .related(&file, Span::new(17, 21), "declared here")
            .help("did you mean `name`?")
            .fix(fix("replace `nmae` by `name`", true)),
        Diagnostic::new(RuleId("V102"), &file, Span::new(17, 21), "nobody uses `name`")
            .severity(Severity::Warning)
            .fix(fix("drop it", false)),
        Diagnostic::new(code, &partial, Span::new(0, 14), "info over two lines")
            .severity(Severity::Info),
    ];
    let files = ["pf.yaml", "prompts/a b,ü.yaml", "prompts/p.md"].map(path);
    (findings, files.into())
}

fn written(write: fn(&mut dyn io::Write, &Report<'_>) -> io::Result<()>) -> String {
    let (findings, files) = found();
    let prefix = path("apps/bot");
    text_of(write, &Report { findings: &findings, files: &files, prefix: &prefix })
}

fn empty(write: fn(&mut dyn io::Write, &Report<'_>) -> io::Result<()>) -> String {
    let report = Report { findings: &[], files: &BTreeSet::new(), prefix: &RepoPath::root() };
    text_of(write, &report)
}

fn text_of(
    write: fn(&mut dyn io::Write, &Report<'_>) -> io::Result<()>,
    report: &Report<'_>,
) -> String {
    let mut out = Vec::new();
    write(&mut out, report).unwrap();
    String::from_utf8(out).unwrap()
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn concise_is_a_line_a_finding() {
    assert_eq!(
        written(concise::write),
        "prompts/a b,ü.yaml:1:9: V101[*] error 50 %, \\u{1b}[31mx\\n::error::x\\u{d}\\n\\n\n\
         prompts/a b,ü.yaml:2:1: V102 warning nobody uses `name`\n\
         prompts/p.md:1:1: V101 info info over two lines\n"
    );
    assert_eq!(empty(concise::write), "");
}

#[test]
fn a_path_cannot_be_a_command_to_a_ci() {
    let file = SourceFile::new(path("  ::error::x.yaml"), "");
    let findings = [Diagnostic::new(RuleId("F001"), &file, Span::at(0), "bad")];
    let files = BTreeSet::new();
    let report = Report { findings: &findings, files: &files, prefix: &RepoPath::root() };
    assert_eq!(text_of(concise::write, &report), "./  ::error::x.yaml:1:1: F001 error bad\n");
}

#[test]
fn no_form_but_that_of_github_holds_a_command() {
    let human = |out: &mut dyn io::Write, report: &Report<'_>| {
        finding::write_all(out, report.findings, finding::Style { width: 140 })
    };
    for write in [human, concise::write, gitlab::write, sarif::write, junit::write] {
        let text = written(write);
        assert!(text.contains("::error::x"), "{text}");
        let commands = text.lines().filter(|line| line.trim_start().starts_with("::error"));
        assert_eq!(commands.count(), 0, "{text}");
    }
}

#[test]
fn github_gets_one_command_a_line_with_everything_encoded() {
    assert_eq!(
        written(github::write),
        "::error file=apps/bot/prompts/a b%2Cü.yaml,line=1,endLine=1,col=9,endColumn=13,title=V101 undeclared-variable::50 %25, \\u{1b}[31mx\\n::error::x\\u{d}\\n\\n%0Ahelp: did you mean `name`?\n\
         ::warning file=apps/bot/prompts/a b%2Cü.yaml,line=2,endLine=2,col=1,endColumn=5,title=V102 unused-variable::nobody uses `name`\n\
         ::notice file=apps/bot/prompts/p.md,line=1,endLine=2,title=V101 undeclared-variable::info over two lines\n"
    );
    assert_eq!(empty(github::write), "");
}

#[test]
fn gitlab_gets_an_issue_for_each_finding() {
    let issues = json_of(&written(gitlab::write));
    let short: Vec<Value> = issues
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| json!([issue["check_name"], issue["severity"], issue["location"]]))
        .collect();
    assert_eq!(
        short,
        [
            json!(["V101", "major", {"path": "apps/bot/prompts/a b,ü.yaml", "lines": {"begin": 1}}]),
            json!(["V102", "minor", {"path": "apps/bot/prompts/a b,ü.yaml", "lines": {"begin": 2}}]),
            json!(["V101", "info", {"path": "apps/bot/prompts/p.md", "lines": {"begin": 1}}]),
        ]
    );
    assert_eq!(issues[0]["fingerprint"].as_str().map(str::len), Some(64));
    assert_eq!(json_of(&empty(gitlab::write)), json!([]));
}

#[test]
fn fingerprints_survive_new_lines_above_and_differ_from_each_other() {
    let of = |text: &str| {
        let file = SourceFile::new(path("a.md"), text);
        let at = |found: (usize, &str)| {
            let span = Span::new(found.0, found.0 + found.1.len());
            Diagnostic::new(RuleId("V101"), &file, span, "message")
        };
        let findings: Vec<Diagnostic> = text.match_indices("{{ x }}").map(at).collect();
        let files = BTreeSet::new();
        Report { findings: &findings, files: &files, prefix: &RepoPath::root() }.fingerprints()
    };
    let before = of("a {{ x }}\nb {{ x }} {{ x }}\nb {{ x }} {{ x }}\n");
    assert_eq!(before.iter().collect::<BTreeSet<_>>().len(), 5);
    assert_eq!(of("new\n\n  a {{ x }}\nb {{ x }} {{ x }}\nb {{ x }} {{ x }}\n"), before);
    // What was mended takes no name from those above it.
    assert_eq!(of("b {{ x }} {{ x }}\n"), before[1..3]);
}

#[test]
fn sarif_fits_the_schema_of_the_standard() {
    let schema = include_str!("../../../tests/fixtures/sarif/sarif-schema-2.1.0.json");
    // The pattern of languages has a bracket too many. JavaScript overlooks that, other dialects refuse it.
    let schema = json_of(&schema.replace("{2}]?$", "{2}$"));
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    for text in [written(sarif::write), empty(sarif::write)] {
        let errors: Vec<String> = validator
            .iter_errors(&json_of(&text))
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{text}");
    }
    assert!(!validator.is_valid(&json!({"version": "2.1.0"})), "the schema accepts anything");
}

#[test]
fn sarif_says_where_what_and_how_to_mend_it() {
    let log = json_of(&written(sarif::write));
    let run = &log["runs"][0];
    let uri = "apps/bot/prompts/a%20b%2C%C3%BC.yaml";
    let artifact = json!({"uri": uri, "uriBaseId": "%SRCROOT%"});
    let region = |line: usize, from: usize, to: usize| json!({"startLine": line, "startColumn": from, "endLine": line, "endColumn": to});
    let first = &run["results"][0];
    assert_eq!((&first["ruleId"], &first["ruleIndex"]), (&json!("V101"), &json!(0)));
    assert_eq!(
        first["locations"],
        json!([{"physicalLocation": {"artifactLocation": artifact, "region": region(1, 9, 13)}}])
    );
    assert_eq!(
        first["relatedLocations"],
        json!([{
            "id": 1,
            "physicalLocation": {"artifactLocation": artifact, "region": region(2, 1, 5)},
            "message": {"text": "declared here"},
        }])
    );
    assert_eq!(
        first["fixes"],
        json!([{
            "description": {"text": "replace `nmae` by `name`"},
            "artifactChanges": [{
                "artifactLocation": artifact,
                "replacements": [{
                    "deletedRegion": region(1, 9, 13),
                    "insertedContent": {"text": "name"},
                }],
            }],
        }])
    );
    let text = first["message"]["text"].as_str().unwrap();
    assert!(!text.contains('\u{1b}') && text.ends_with("\nhelp: did you mean `name`?"), "{text}");
    let levels: Vec<&Value> =
        run["results"].as_array().unwrap().iter().map(|result| &result["level"]).collect();
    assert_eq!(levels, ["error", "warning", "note"]);

    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.iter().map(|rule| &rule["id"]).collect::<Vec<_>>(), ["V101", "V102"]);
    assert_eq!(rules[1]["defaultConfiguration"], json!({"level": "warning"}));
    assert!(rules[0]["help"]["markdown"].as_str().unwrap().contains("## Why is this bad?"));
    assert_eq!(run["columnKind"], "unicodeCodePoints");
}

#[test]
fn junit_fails_what_fails_a_run() {
    let text = written(junit::write);
    assert!(
        text.contains(
            r#"<testsuites name="pf lint" tests="4" skipped="0" failures="2" errors="0""#
        ),
        "{text}"
    );
    assert!(text.contains(r#"<testsuite name="pf.yaml" tests="1""#), "{text}");
    assert!(
        text.contains(
            r#"<testcase name="V101 undeclared-variable (1:9)" classname="prompts/a b,ü.yaml""#
        ),
        "{text}"
    );
    assert!(text.contains(r#"type="error""#) && !text.contains('\u{1b}'), "{text}");
    assert!(empty(junit::write).contains(r#"<testsuites name="pf lint" tests="0""#));
}

#[test]
fn the_summary_counts_each_severity_and_what_can_be_fixed() {
    assert_eq!(
        written(human::write_summary),
        "1 error, 1 warning, 1 info in 3 files\n[*] 1 fixable with --fix (1 more with --unsafe-fixes)\n"
    );
    assert_eq!(empty(human::write_summary), "0 files checked, no findings\n");
}

#[test]
fn statistics_begin_with_the_most_frequent_rule() {
    let human = |out: &mut dyn io::Write, report: &Report<'_>| {
        statistics::Statistics::new(report).write_human(out)
    };
    assert_eq!(
        written(human),
        "2  V101  [*]  undeclared-variable\n1  V102       unused-variable\n"
    );
    let json = |out: &mut dyn io::Write, report: &Report<'_>| {
        output::write(out, &statistics::Statistics::new(report))
    };
    assert_eq!(
        json_of(&written(json)),
        json!({
            "version": 1,
            "kind": "lint-statistics",
            "rules": [
                {"code": "V101", "name": "undeclared-variable", "severity": "error", "count": 2, "fixable": 1, "safely_fixable": 1},
                {"code": "V102", "name": "unused-variable", "severity": "warning", "count": 1, "fixable": 1, "safely_fixable": 0},
            ],
            "summary": {"files": 3, "errors": 1, "warnings": 1, "infos": 1, "fixable": 2},
        })
    );
}

#[test]
fn json_says_what_a_fix_would_do() {
    let (findings, files) = found();
    let lint = output::Lint::new(&findings, files.len());
    let value = serde_json::to_value(&lint).unwrap();
    assert_eq!(
        value["findings"][0]["fix"],
        json!({
            "message": "replace `nmae` by `name`",
            "safe": true,
            "edits": [{
                "start": {"line": 1, "column": 9},
                "end": {"line": 1, "column": 13},
                "content": "name",
            }],
        })
    );
    assert_eq!(value["findings"][2]["fix"], Value::Null);
    assert_eq!(value["findings"][2]["name"], "undeclared-variable");
}

#[test]
fn the_same_findings_give_the_same_bytes() {
    for write in [concise::write, github::write, gitlab::write, sarif::write, junit::write] {
        assert_eq!(written(write), written(write));
    }
}
