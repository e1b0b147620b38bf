//! A long history, made by `git fast-import`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;

use super::{Folder, library};

/// The prompt that is followed, by its last name.
pub(crate) const NAME: &str = "team-3/sort";
/// Its file.
pub(crate) const FILE: &str = "prompts/team-3/sort.yaml";
const OLD_FILE: &str = "prompts/team-3/triage.yaml";

/// Prompts beside the one that is followed.
const OTHERS: usize = 200;
/// Files of code beside the prompts.
const SOURCES: usize = 400;

/// How often the prompt that is followed changes: in one of this many commits.
const CHANGES: usize = 100;

/// The versions that [`create`] makes of the prompt: five times as many as an average prompt of such a repository has.
pub(crate) fn versions(commits: usize) -> usize {
    // The rename in the middle falls on one of the changes.
    commits / CHANGES - usize::from(commits.div_ceil(2).is_multiple_of(CHANGES))
}

/// `commits` commits in a repository of 600 files: three in five change code, the others prompts. One renames the prompt.
pub(crate) fn create(commits: usize) -> Folder {
    let folder = Folder::create(&format!("history-{commits}"));
    let mut import = folder.git_command(&["fast-import", "--quiet"]);
    let mut git = import.stdin(Stdio::piped()).spawn().expect("git is installed");
    let stdin = git.stdin.as_mut().expect("it is piped");
    stdin.write_all(stream(commits).as_bytes()).expect("git reads all of it");
    let status = git.wait().expect("it was started");
    assert!(status.success(), "git fast-import: {status}");
    // As after a clone: `fast-import` bases new objects on old ones, all other tools old ones on new ones.
    folder.git(&["repack", "-a", "-d", "-f", "--quiet"]);
    folder.git(&["gc", "--quiet"]);
    folder.git(&["reset", "--quiet", "--hard"]);
    folder
}

fn stream(commits: usize) -> String {
    let mut out = String::new();
    for number in 0..commits {
        let message = format!("Change {number}\n");
        let seconds = 1_500_000_000 + number * 3600;
        let _ = write!(
            out,
            "commit refs/heads/main\ncommitter Bench <bench@example.com> {seconds} +0000\ndata {}\n{message}",
            message.len()
        );
        let file = if number * 2 < commits { OLD_FILE } else { FILE };
        if number == 0 {
            put(&mut out, "pf.yaml", "format: 1\n");
            for tone in 0..20 {
                put(&mut out, &format!("prompts/shared/tone-{tone}.md"), "Be kind.\n");
            }
            for other in 0..OTHERS {
                put(&mut out, &other_file(other), &library::prompt(other));
            }
            for source in 0..SOURCES {
                put(&mut out, &source_file(source), &source_text(source, 0));
            }
            put(&mut out, OLD_FILE, &library::prompt(0));
        } else if number == commits.div_ceil(2) {
            let _ = writeln!(out, "R {OLD_FILE} {FILE}");
        } else if number.is_multiple_of(CHANGES) {
            put(&mut out, file, &library::prompt(number));
        } else if number % 5 < 3 {
            let source = number * 7 % SOURCES;
            put(&mut out, &source_file(source), &source_text(source, number));
        } else {
            let other = number * 11 % OTHERS;
            put(&mut out, &other_file(other), &library::prompt(number));
        }
    }
    out
}

fn put(out: &mut String, path: &str, text: &str) {
    let _ = write!(out, "M 100644 inline {path}\ndata {}\n{text}\n", text.len());
}

fn other_file(number: usize) -> String {
    format!("prompts/team-{}/task-{number}.yaml", number / 25)
}

fn source_file(number: usize) -> String {
    format!("src/module_{}/part_{number}.py", number / 20)
}

fn source_text(number: usize, change: usize) -> String {
    let mut text = String::new();
    for line in 0..40 {
        let value = if line == change % 40 { change } else { 0 };
        let _ = writeln!(text, "VALUE_{number}_{line} = {value}");
    }
    text
}
