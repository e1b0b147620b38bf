//! The examples in the documentation of each rule are executed: the first must be found, the second must not.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::{RULES, page};
use super::*;
use crate::snapshot::Snapshot;

type Files = BTreeMap<String, String>;

/// The fenced blocks of a section, by the path after the language. A path with `-` before it is a file that goes away.
fn files(page: &str, section: &str) -> Files {
    let start = page.find(&format!("## {section}")).map_or(page.len(), |at| at + section.len() + 3);
    let body = &page[start..];
    let body = &body[..body.find("\n## ").unwrap_or(body.len())];
    let mut files = Files::new();
    let mut lines = body.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let path = info.split_once(' ').map_or("", |(_, path)| path).to_owned();
        let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        files.insert(path, text.join("\n") + "\n");
    }
    files
}

fn codes(files: &Files) -> BTreeSet<String> {
    let files = files.iter().map(|(path, text)| {
        let text = if text.contains("\\u{") { unescape(text) } else { text.clone() };
        (RepoPath::new(path).unwrap(), text.into_bytes())
    });
    let project = Project::load(&Snapshot::memory(files)).unwrap();
    let all = RuleSelection { select: Some(vec!["ALL".to_owned()]), ..RuleSelection::default() };
    let checked = check(&project, Options::default(), &all).unwrap();
    for finding in &checked.findings {
        assert!(
            finding.span.end <= finding.file.text().len(),
            "{} lies outside its file",
            finding.code
        );
        assert!(!finding.message.ends_with('.'), "{}: {}", finding.code, finding.message);
    }
    checked.findings.iter().map(|finding| finding.code.to_string()).collect()
}

/// `\u{202e}` to the character: hidden characters have no place in source files.
fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\u{") {
        let (code, after) = after.split_once('}').unwrap();
        plain += before;
        plain.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
        rest = after;
    }
    plain + rest
}

#[test]
fn the_examples_of_each_rule_behave_as_they_say() {
    for rule in RULES.iter() {
        let page = page(rule);
        let bad = files(&page, "Example");
        assert!(!bad.is_empty(), "{} has no example", rule.code);
        assert!(
            codes(&bad).contains(rule.code.0),
            "{}: the example is not found; it has {:?}",
            rule.code,
            codes(&bad)
        );
        let mended = files(&page, "Use instead");
        assert!(!mended.is_empty(), "{} says not what to use instead", rule.code);
        let mut good = bad;
        for (path, text) in mended {
            match path.strip_prefix('-') {
                Some(gone) => drop(good.remove(gone)),
                None => drop(good.insert(path, text)),
            }
        }
        let left: Vec<String> = codes(&good)
            .into_iter()
            .filter(|code| {
                code == rule.code.0
                    || RULES.iter().any(|r| {
                        r.code.0 == code && r.severity == crate::diagnostic::Severity::Error
                    })
            })
            .collect();
        assert_eq!(left, Vec::<String>::new(), "{}: what to use instead has findings", rule.code);
    }
}

#[test]
fn rules_stand_in_order_of_their_codes_and_are_documented() {
    let codes: Vec<&str> = RULES.iter().map(|rule| rule.code.0).collect();
    let mut sorted = codes.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(codes, sorted);
    for rule in RULES.iter() {
        let (letter, digits) = rule.code.0.split_at(1);
        assert!(
            letter.chars().all(|c| c.is_ascii_uppercase()) && digits.len() == 3,
            "{}",
            rule.code
        );
        assert!(rule.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", rule.name);
        assert!(rule.summary().ends_with('.'), "{}", rule.code);
        assert!(page(rule).contains("## Why is this bad?"), "{}", rule.code);
    }
}

fn project(files: &[(&str, &str)]) -> Project {
    let files =
        files.iter().map(|(path, text)| (RepoPath::new(path).unwrap(), text.as_bytes().to_vec()));
    Project::load(&Snapshot::memory(files)).unwrap()
}

fn said(checked: &Checked) -> Vec<String> {
    checked
        .findings
        .iter()
        .map(|d| format!("{}:{} {} {}", d.file.path(), d.start(), d.code, d.message))
        .collect()
}

#[test]
fn findings_in_partials_and_block_scalars_have_their_line() {
    let project = project(&[
        (
            "prompts/a.yaml",
            "variables: {x: string}\nmessages:\n  - role: user\n    content: |\n      {{ x }}\n      {{ y }} {% include \"p.md\" %}\n",
        ),
        ("prompts/p.md", "one\n{{ z.deep }} {{ x }}\n"),
    ]);
    let checked = check(&project, Options::default(), &RuleSelection::default()).unwrap();
    assert_eq!(
        said(&checked),
        [
            "prompts/a.yaml:6:10 V101 the variable `y` is not declared",
            "prompts/p.md:2:4 V101 the variable `z` is not declared",
        ]
    );
}

#[test]
fn given_files_are_checked_with_what_depends_on_them() {
    let project = project(&[
        (
            "prompts/a.yaml",
            "messages:\n  - {role: user, content: '{{ a }}{% include \"p.md\" %}'}\n",
        ),
        ("prompts/b.yaml", "messages:\n  - {role: user, content: '{{ b }}'}\n"),
        ("prompts/p.md", "plain"),
    ]);
    let only = |path: &str| {
        let paths = BTreeSet::from([RepoPath::new(path).unwrap()]);
        said(
            &check(
                &project,
                Options { paths: Some(&paths), whole: false },
                &RuleSelection::default(),
            )
            .unwrap(),
        )
        .len()
    };
    assert_eq!((only("prompts/a.yaml"), only("prompts/b.yaml"), only("prompts/p.md")), (1, 1, 1));
    assert_eq!(only("prompts/none.yaml"), 0);
}

#[test]
fn rules_can_be_selected_and_ignored() {
    let project = project(&[
        ("pf.yaml", "lint: {ignore: [V102], per_path: {'prompts/old/**': [V]}}\n"),
        (
            "prompts/a.yaml",
            "variables: {x: string}\nmessages:\n  - {role: user, content: '{{ y }}'}\n",
        ),
        ("prompts/old/b.yaml", "messages:\n  - {role: user, content: '{{ y }}'}\n"),
    ]);
    let codes = |select: &[&str], ignore: &[&str]| {
        let own = |codes: &[&str]| codes.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
        let selection = RuleSelection::of(&project.config.lint, &own(select), &[], &own(ignore));
        said(&check(&project, Options::default(), &selection).unwrap()).len()
    };
    assert_eq!(codes(&[], &[]), 1);
    assert_eq!(codes(&["T"], &[]), 0);
    assert_eq!(codes(&["V1"], &[]), 1);
    assert_eq!(codes(&[], &["V101"]), 0);
}
