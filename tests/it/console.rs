//! Sessions with `pf`, written as documents: `tests/cmd/*.md`.
//!
//! Each `## heading` begins in an empty folder. A block whose language is followed by a path is a file of that folder; those
//! above the first heading belong to every section. A `console` block holds commands after `$ ` (continued after `> `), each
//! followed by the exit code after `? ` where it is not 0, and by everything that is printed, with what comes on standard
//! error below a line `--- stderr`. In the expectation `[..]` stands for a part of a line and a line `...` for any lines.
//! `UPDATE=1 cargo test` writes what is printed today, and leaves alone what still holds.
//!
//! Each command runs in a shell of its own; the current folder carries over, and a minute passes between two commands.

use std::collections::BTreeSet;
use std::fs;

use crate::support::{Fixture, compare_or_update, files_below, project};

/// Where the documents are.
const FOLDER: &str = "tests/cmd";

/// How standard error is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Streams {
    /// Below the line `--- stderr`.
    Apart,
    /// Where it comes, as on a terminal.
    Together,
}

const STDERR: &str = "--- stderr";

macro_rules! documents {
    ($($name:ident),+ $(,)?) => {
        const DOCUMENTS: &[&str] = &[$(stringify!($name)),+];

        $(
            #[test]
            fn $name() {
                let path = format!("{FOLDER}/{}.md", stringify!($name));
                let text = fs::read_to_string(project().join(&path)).expect("a document");
                compare_or_update(&path, &replay(&text, Streams::Apart));
            }
        )+
    };
}

documents![
    init,
    lint,
    fmt,
    fix,
    list_show_rule,
    render,
    run,
    log,
    notes,
    diff,
    eval,
    coverage,
    failed,
    cost,
    cache,
    eval_reports,
    classification,
    cache_import,
    import_csv,
    providers,
    files,
    usage,
    ab,
    compare,
    history
];

#[test]
fn every_document_is_a_test() {
    let files: BTreeSet<String> = files_below(FOLDER).into_iter().collect();
    let tests = DOCUMENTS.iter().map(|name| format!("{FOLDER}/{name}.md")).collect();
    assert_eq!(files, tests);
}

/// Runs a document and returns it with the output of today where the expected one does not hold.
pub(crate) fn replay(text: &str, streams: Streams) -> String {
    let mut fixture = Fixture::new();
    let mut shell = Shell::new(&fixture);
    let mut common: Vec<(String, String)> = Vec::new();
    let mut in_section = false;
    let mut result = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        result += line;
        result.push('\n');
        if line.starts_with("## ") {
            in_section = true;
            fixture = Fixture::new();
            shell = Shell::new(&fixture);
            for (path, text) in &common {
                fixture.write(path, text);
            }
        }
        let fence: String = line.chars().take_while(|&character| character == '`').collect();
        if fence.len() < 3 {
            continue;
        }
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != fence).collect();
        let (language, path) =
            line[fence.len()..].split_once(' ').unwrap_or((&line[fence.len()..], ""));
        if language == "console" {
            result += &session(&block, &mut fixture, &mut shell, streams);
        } else {
            let text: String = block.iter().flat_map(|line| [line, "\n"]).collect();
            result += &text;
            if !path.is_empty() {
                fixture.write(path, &text);
                if !in_section {
                    common.push((path.to_owned(), text));
                }
            }
        }
        result += &fence;
        result.push('\n');
    }
    result
}

/// Runs the commands of one block.
fn session(block: &[&str], fixture: &mut Fixture, shell: &mut Shell, streams: Streams) -> String {
    let mut result = String::new();
    let mut lines = block.iter().copied().peekable();
    while let Some(first) = lines.next() {
        let Some(command) = first.strip_prefix("$ ") else {
            panic!("`{first}` belongs to no command; a block begins with `$ `");
        };
        let mut command = command.to_owned();
        result += first;
        result.push('\n');
        while let Some(line) = lines.next_if(|line| line.starts_with("> ")) {
            command.push('\n');
            command += &line[2..];
            result += line;
            result.push('\n');
        }
        let mut expected = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
            expected.push(line.to_owned());
        }
        fixture.later();
        let printed = shell.run(&command, fixture, streams);
        let kept = match matches(without_end(&expected), without_end(&printed)) {
            true => expected,
            false => printed,
        };
        for line in kept {
            result += &line;
            result.push('\n');
        }
    }
    result
}

/// The state that carries over from one command to the next.
struct Shell {
    folder: std::path::PathBuf,
}

impl Shell {
    fn new(fixture: &Fixture) -> Self {
        Self { folder: fixture.root() }
    }

    fn run(&mut self, command: &str, fixture: &Fixture, streams: Streams) -> Vec<String> {
        let note = fixture.beside("folder");
        let together = if streams == Streams::Together { "exec 2>&1\n" } else { "" };
        let script = format!("set -eu\ntrap 'pwd >\"$NOTE\"' EXIT\n{together}{command}\n");
        let output = fixture
            .command("sh")
            .current_dir(&self.folder)
            .env("NOTE", &note)
            .args(["-c", &script])
            .output()
            .expect("a POSIX shell");
        let folder = fs::read_to_string(note).expect("the shell says where it ended");
        self.folder = folder.trim_end().into();
        let outcome = fixture.outcome(&output);
        let mut lines = Vec::new();
        if outcome.code != 0 {
            lines.push(format!("? {}", outcome.code));
        }
        lines.extend(outcome.stdout.lines().map(|line| line.trim_end().to_owned()));
        if !outcome.stderr.is_empty() {
            lines.push(STDERR.to_owned());
            lines.extend(outcome.stderr.lines().map(|line| line.trim_end().to_owned()));
        }
        lines
    }
}

/// Lines without the blank ones at the end, which are layout.
fn without_end(lines: &[String]) -> &[String] {
    let end = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
    &lines[..end]
}

/// Whether lines are as expected, with `...` for any lines and `[..]` for a part of a line.
fn matches(expected: &[String], printed: &[String]) -> bool {
    match (expected.split_first(), printed.split_first()) {
        (None, None) => true,
        (Some((line, rest)), None) => line == "..." && matches(rest, printed),
        (Some((line, rest)), _) if line == "..." => {
            (0..=printed.len()).any(|skipped| matches(rest, &printed[skipped..]))
        }
        (Some((line, rest)), Some((found, others))) => {
            line_matches(line.trim_end(), found) && matches(rest, others)
        }
        (None, Some(_)) => false,
    }
}

fn line_matches(expected: &str, found: &str) -> bool {
    let Some((before, after)) = expected.split_once("[..]") else { return expected == found };
    let Some(rest) = found.strip_prefix(before) else { return false };
    (0..=rest.len())
        .filter(|&at| rest.is_char_boundary(at))
        .any(|at| line_matches(after, &rest[at..]))
}

#[test]
fn wildcards_stand_for_parts_of_lines_and_for_lines() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let holds =
        |expected, printed| matches(without_end(&lines(expected)), without_end(&lines(printed)));
    assert!(holds("a [..] c\n...\nz", "a b c\nz"));
    assert!(holds("a [..] c\n...\nz", "a b b c\n1\n2\nz"));
    assert!(holds("...", ""));
    assert!(holds("é[..]", "éa"));
    assert!(holds("a\n\n", "a"));
    assert!(holds("a", "a\n\n"));
    assert!(!holds("a [..] c", "a b d"));
    assert!(!holds("a", "a\nb"));
    assert!(!holds("a\nb", "a"));
    assert!(!holds("", "a"));
}

#[test]
fn a_document_keeps_what_holds_and_shows_what_does_not() {
    let document = "```txt common.md\nhello\n```\n\n## First\n\n```console\n$ mkdir a && cd a\n$ cat ../common.md\nh[..]o\n$ echo one; echo two >&2; exit 3\nwrong\n```\n\n## Second\n\n```console\n$ ls\nwrong\n```\n";
    if cfg!(windows) {
        return;
    }
    assert_eq!(
        replay(document, Streams::Apart),
        document.replacen("wrong\n", "? 3\none\n--- stderr\ntwo\n", 1).replacen(
            "wrong\n",
            "common.md\n",
            1
        )
    );
    assert!(replay(document, Streams::Together).contains("? 3\none\ntwo\n"));
}
