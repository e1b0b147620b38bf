//! The examples in the documentation of each rule are executed: the first must be found, the second must not.

use std::collections::{BTreeMap, BTreeSet};

use super::fix::{Apply, fix};
use super::rule::FixKind;
use super::rules::{RULES, page};
use super::*;
use crate::project::Scope;
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

fn load(files: &Files) -> Project {
    let files = files.iter().map(|(path, text)| {
        let text = if text.contains("\\u{") { unescape(text) } else { text.clone() };
        (RepoPath::new(path).unwrap(), text.into_bytes())
    });
    Project::load(&Snapshot::memory(files)).unwrap()
}

fn codes(files: &Files) -> BTreeSet<String> {
    let project = load(files);
    // Rules that are off have examples too.
    let all = RuleSelection { select: Some(vec!["ALL".to_owned()]), ..RuleSelection::default() };
    // And some look at changes: all but the suites changed here.
    let paths = files.keys().filter_map(|path| RepoPath::new(path).ok());
    let change = paths.filter(|path| !path.as_str().starts_with("evals/")).collect();
    let options = Options { change: Some(&change), ..Options::default() };
    let checked = check(&project, options, &all).unwrap();
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

/// A check of one file finds the same whether everything was read or what belongs to it.
fn assert_files_need_no_more(files: &Files) {
    let whole = load(files);
    let all = RuleSelection { select: Some(vec!["ALL".to_owned()]), ..RuleSelection::default() };
    for path in files.keys().filter_map(|path| RepoPath::new(path).ok()) {
        let paths = BTreeSet::from([path]);
        let part = Project::load_scope(&whole.snapshot, Scope::Files(&paths)).unwrap();
        for change in [None, Some(&paths)] {
            let options = Options { paths: Some(&paths), change, ..Options::default() };
            let of_whole = check(&whole, options, &all).unwrap();
            let of_part = check(&part, options, &all).unwrap();
            assert_eq!(said(&of_part), said(&of_whole), "{paths:?} of {files:?}");
            assert_eq!(of_part.files, of_whole.files);
        }
    }
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
        // Links are nothing that a page can show as files.
        if rule.code == crate::project::UNREADABLE_FILE {
            continue;
        }
        let page = page(rule);
        let bad = files(&page, "Example");
        assert!(!bad.is_empty(), "{} has no example", rule.code);
        assert!(
            codes(&bad).contains(rule.code.0),
            "{}: the example is not found; it has {:?}",
            rule.code,
            codes(&bad)
        );
        assert_files_need_no_more(&bad);
        let mended = files(&page, "Use instead");
        assert!(!mended.is_empty(), "{} says not what to use instead", rule.code);
        let mut good = bad;
        for (path, text) in mended {
            match path.strip_prefix('-') {
                Some(gone) => drop(good.remove(gone)),
                None => drop(good.insert(path, text)),
            }
        }
        assert_files_need_no_more(&good);
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

/// A project of these files.
pub(super) fn project(files: &[(impl AsRef<str>, impl AsRef<str>)]) -> Project {
    let files = files.iter().map(|(path, text)| {
        (RepoPath::new(path.as_ref()).unwrap(), text.as_ref().as_bytes().to_vec())
    });
    Project::load(&Snapshot::memory(files)).unwrap()
}

/// What one rule, or several of one beginning, find in these files, whether they are on by default or not.
pub(super) fn diagnostics(
    code: &str,
    files: &[(impl AsRef<str>, impl AsRef<str>)],
) -> Vec<Diagnostic> {
    let only = |rule: &&&Rule| rule.code.0.starts_with(code);
    assert!(RULES.iter().any(|rule| only(&rule)), "there is no rule `{code}`");
    let selection =
        RuleSelection { select: Some(vec![code.to_owned()]), ..RuleSelection::default() };
    let mut found = check(&project(files), Options::default(), &selection).unwrap().findings;
    found.retain(|finding| finding.code.0.starts_with(code));
    found
}

/// The same as lines: `file:line:column CODE message`.
pub(super) fn findings(code: &str, files: &[(impl AsRef<str>, impl AsRef<str>)]) -> Vec<String> {
    lines(&diagnostics(code, files))
}

/// The same with how bad each is: `file:line:column severity message`.
pub(super) fn graded(code: &str, files: &[(impl AsRef<str>, impl AsRef<str>)]) -> Vec<String> {
    let found = diagnostics(code, files);
    let line = |d: &Diagnostic| {
        format!("{}:{} {} {}", d.file.path(), d.start(), d.severity.as_str(), d.message)
    };
    found.iter().map(line).collect()
}

/// Findings as lines: `file:line:column CODE message`.
pub(super) fn lines(findings: &[Diagnostic]) -> Vec<String> {
    let line = |d: &Diagnostic| format!("{}:{} {} {}", d.file.path(), d.start(), d.code, d.message);
    findings.iter().map(line).collect()
}

fn said(checked: &Checked) -> Vec<String> {
    lines(&checked.findings)
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
                Options { paths: Some(&paths), ..Options::default() },
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
            "variables: {x: {type: string, description: unused}}\nmessages:\n  - {role: user, content: '{{ y }}'}\n",
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

#[test]
fn suppressions_cover_a_line_a_block_or_a_file() {
    let found = |text: &str| {
        let project = project(&[("prompts/a.yaml", text)]);
        said(&check(&project, Options::default(), &RuleSelection::default()).unwrap())
    };
    let file = |head: &str, trailing: &str, above: &str| {
        format!(
            "{head}variables:{trailing}\n  x: string\n{above}  y: string\nmessages:\n  - {{role: user, content: hello}}\n"
        )
    };
    let of = |line: usize, name: &str| {
        format!("prompts/a.yaml:{line}:3 V102 no template uses the variable `{name}`")
    };
    assert_eq!(found(&file("", "", "")), [of(2, "x"), of(3, "y")]);
    assert_eq!(found(&file("", " # pf: ignore[V102] not yet", "")), Vec::<String>::new());
    assert_eq!(found(&file("", "", "  # pf: ignore[V] not yet\n")), [of(2, "x")]);
    assert_eq!(found(&file("# pf: ignore-file[V102] not yet\n", "", "")), Vec::<String>::new());
    assert_eq!(found(&file("# pf: ignore[V102] the wrong line\n", "", "")), Vec::<String>::new());
    assert_eq!(
        found(&file("", "", "  # pf: ignore[T201, V102] not yet\n")),
        [
            of(2, "x"),
            "prompts/a.yaml:3:16 R692 nothing here is a finding of `T201` any more".into()
        ]
    );
    assert_eq!(
        found(&file("", "", "  # pf: ignore V102\n")),
        [
            of(2, "x"),
            "prompts/a.yaml:3:9 R693 `pf: ignore` does not say which rules".into(),
            of(4, "y")
        ]
    );
}

#[test]
fn suppressions_stand_in_templates_too() {
    let project = project(&[
        (
            "prompts/a.yaml",
            "messages:\n  - role: user\n    content: |\n      {# pf: ignore[V101] filled in elsewhere #}\n      {{ x }}\n      {{ y }}{# pf: ignore[V101] so is this #}\n      {{ z }}{% include \"p.md\" %}\n",
        ),
        ("prompts/p.md", "{{ v }}{# pf: ignore[V101] so is this #}\n{{ w }}\n"),
    ]);
    let checked = check(&project, Options::default(), &RuleSelection::default()).unwrap();
    assert_eq!(
        said(&checked),
        [
            "prompts/a.yaml:7:10 V101 the variable `z` is not declared",
            "prompts/p.md:2:4 V101 the variable `w` is not declared",
        ]
    );
}

#[test]
fn fixes_mend_the_examples_of_the_rules_that_have_them() {
    let all = RuleSelection { select: Some(vec!["ALL".to_owned()]), ..RuleSelection::default() };
    for rule in RULES.iter().filter(|rule| rule.fix != FixKind::None) {
        let safe = rule.fix == FixKind::Safe;
        let apply = if safe { Apply::Safe } else { Apply::All };
        let project = load(&files(&page(rule), "Example"));
        let before = check(&project, Options::default(), &all).unwrap().findings;
        assert!(
            before.iter().any(|finding| {
                finding.code == rule.code
                    && finding.fix.as_ref().is_some_and(|fix| fix.safe == safe)
            }),
            "{}: no finding of the example has a fix of this kind",
            rule.code
        );
        let fixed = fix(&project, Options::default(), &all, apply).unwrap();
        let refused: Vec<_> = fixed.refused.iter().map(|r| (r.finding.code, &r.reason)).collect();
        let left: Vec<_> = fixed.checked.findings.iter().filter(|f| f.code == rule.code).collect();
        assert!(left.is_empty(), "{}: left {left:?}, refused {refused:?}", rule.code);
        let changed =
            fixed.files.iter().map(|(path, file)| (path.clone(), file.after.clone().into_bytes()));
        let project =
            Project::load(&project.snapshot.clone().with_files(changed).unwrap()).unwrap();
        let again = fix(&project, Options::default(), &all, apply).unwrap();
        assert!(again.files.is_empty(), "{}: fixing does not come to an end", rule.code);
    }
}

#[test]
fn a_fix_that_changes_what_is_rendered_is_not_safe() {
    use proof::Claim::{Readable, SameRenders};
    let text = "variables:\n  x: string\nmessages:\n  - {role: user, content: \"say {{ x }}\"}\n";
    let project = project(&[("prompts/a.yaml", text), ("prompts/p.md", "never used")]);
    let holds = |path: &str, after: &str, claim| {
        proof::holds(&project, &RepoPath::new(path).unwrap(), after.to_owned(), claim).unwrap()
    };
    let same = text.replace("{{ x }}", "{{x}}");
    assert_eq!(holds("prompts/a.yaml", &same, SameRenders), Ok(()));
    let other = text.replace("say", "shout");
    assert_eq!(
        holds("prompts/a.yaml", &other, SameRenders),
        Err("it would change what `a` renders".to_owned())
    );
    assert_eq!(holds("prompts/a.yaml", &other, Readable), Ok(()));
    let broken = text.replace("messages:", "mesages:");
    assert_eq!(
        holds("prompts/a.yaml", &broken, Readable),
        Err("the prompt `a` could not be used any more".to_owned())
    );
    assert_eq!(
        holds("prompts/a.yaml", &text.replace('}', ""), Readable),
        Err("the file could not be read any more".to_owned())
    );
}

#[test]
fn todays_findings_can_be_accepted() {
    let project = project(&[
        ("pf.yaml", "history:\n  ref: HEAD\n"),
        (
            "prompts/a.yaml",
            "variables:\n  x: string\n  y: string\nmessages:\n  - role: user\n    content: |\n      hello {{ z }}\n      {% include \"p.md\" %}\n",
        ),
        ("prompts/p.md", "one\n{{ w }} two\n"),
        (
            "evals/s.yaml",
            "prompts: [a]\ndataset: datasets/d.csv\nassert: [{type: contains, value: a}]\n",
        ),
        ("datasets/d.csv", "x,y,odd\n1,2,3\n"),
    ]);
    let selection = RuleSelection::default();
    let before = check(&project, Options::default(), &selection).unwrap();
    assert!(before.findings.len() >= 5, "{:?}", said(&before));
    let adopted = adopt::adopt(&project, Options::default(), &selection, "known").unwrap();
    assert!(adopted.refused.is_empty());
    assert_eq!(adopted.accepted.values().sum::<usize>(), before.findings.len());
    let after = |path: &str| adopted.files[&RepoPath::new(path).unwrap()].after.clone();
    assert_eq!(after("prompts/p.md"), "one\n{{ w }} two{# pf: ignore[V101] known #}\n");
    assert_eq!(
        after("prompts/a.yaml").lines().take(6).collect::<Vec<_>>(),
        [
            "variables:",
            "  # pf: ignore[V102] known",
            "  x: string",
            "  # pf: ignore[V102] known",
            "  y: string",
            "messages:",
        ]
    );
    let changed =
        adopted.files.iter().map(|(path, file)| (path.clone(), file.after.clone().into_bytes()));
    let snapshot = project.snapshot.clone().with_files(changed).unwrap();
    let left = check(&Project::load(&snapshot).unwrap(), Options::default(), &selection).unwrap();
    assert_eq!(said(&left), Vec::<String>::new());
}

#[test]
fn one_file_of_a_large_project_is_checked_as_in_the_whole() {
    let prompt = "variables: {a: string}\nmessages:\n  - {role: user, content: '{{ b }} {% include \"x.md\" %}'}\n";
    let other = "messages:\n  - {role: user, content: '{% include \"y.md\" %}'}\n";
    let suite = |prompts: &str| {
        format!(
            "prompts: {prompts}\ndataset: datasets/d.csv\nassert: [{{type: equals, value: '{{{{ expected }}}}'}}]\n"
        )
    };
    let files = [
        ("prompts/a.yaml", prompt.to_owned()),
        ("prompts/a.yml", "messages: []\n".to_owned()),
        ("prompts/t/b.yaml", prompt.to_owned()),
        ("prompts/t/c.yaml", other.to_owned()),
        ("prompts/t/broken.yaml", "messages: [\n".to_owned()),
        ("prompts/.hidden/d.yaml", prompt.to_owned()),
        ("prompts/z.md", "{{ c }}\n".to_owned()),
        ("prompts/x.md", "{{ c }}\n".to_owned()),
        ("evals/one.yaml", suite("[a, t/c]")),
        ("evals/all.yaml", suite("['t/*']")),
        ("evals/gone.yaml", suite("[t/brokn, t/broken, a@v1]")),
        ("evals/shape.yaml", "prompts: 1\n".to_owned()),
        ("datasets/d.csv", "id,q,expected\n1,a,\n1,b,c\n".to_owned()),
        ("datasets/e.csv", "id\n".to_owned()),
        ("README.md", "# A\n".to_owned()),
    ];
    let files: Files = files.map(|(path, text)| (path.to_owned(), text)).into();
    assert_files_need_no_more(&files);
    let part = |path: &str| {
        let paths = BTreeSet::from([RepoPath::new(path).unwrap()]);
        Project::load_scope(&load(&files).snapshot, Scope::Files(&paths)).unwrap()
    };
    let names =
        |project: &Project| project.prompts.keys().map(|name| name.0.clone()).collect::<Vec<_>>();
    assert_eq!(names(&part("prompts/a.yaml")), ["a", "t/c"]);
    assert_eq!(names(&part("datasets/e.csv")), Vec::<String>::new());
    assert_eq!(names(&part("prompts/t/b.yaml")), ["t/b", "t/c"]);
    assert_eq!(names(&part("prompts/x.md")), names(&load(&files)));
}
