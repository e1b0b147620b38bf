//! Notes as git itself reads and merges them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::Stdio;

use crate::snapshot::SnapshotError;
use crate::snapshot::testing::Git;

const REF: &str = "refs/notes/pf";

fn repository() -> Git {
    let git = Git::init();
    git.run(&["config", "user.name", "Ada"]);
    git.run(&["config", "user.email", "ada@example.org"]);
    git
}

/// Runs `git` with something to read.
fn pipe(git: &Git, args: &[&str], input: &str) -> String {
    let mut command = git.command();
    let mut child =
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn add(git: &Git, commit: &str, line: &str) {
    git.home()
        .edit_notes(REF, commit, "Add a line", |lines| {
            lines.insert(line.to_owned());
        })
        .unwrap();
}

#[test]
fn git_reads_what_is_written_and_the_other_way_round() {
    let git = repository();
    git.write("a", "1");
    let (first, second) = (git.commit("First"), {
        git.write("a", "2");
        git.commit("Second")
    });
    assert_eq!(git.home().notes(REF).unwrap(), BTreeMap::new());
    add(&git, &first, "b");
    add(&git, &first, "a");
    add(&git, &first, "b");
    assert_eq!(git.run(&["notes", "--ref", "pf", "show", &first]), "a\nb");
    git.run(&["notes", "--ref", "pf", "add", "--message", "by hand", &second]);
    let notes = git.home().notes(REF).unwrap();
    assert_eq!(notes[&first], ["a", "b"]);
    assert_eq!(notes[&second], ["by hand"]);
    assert_eq!(git.run(&["status", "--porcelain"]), "");
    assert_eq!(git.run(&["rev-list", "--count", REF]), "3", "a line that is there needs no commit");
}

#[test]
fn a_note_without_lines_is_gone() {
    let git = repository();
    git.write("a", "1");
    let commit = git.commit("First");
    add(&git, &commit, "a");
    git.home().edit_notes(REF, &commit, "Prune", |lines| lines.clear()).unwrap();
    assert_eq!(git.home().notes(REF).unwrap(), BTreeMap::new());
}

#[test]
fn notes_that_git_spread_over_folders_are_found() {
    let git = repository();
    let mut commits = Vec::new();
    for number in 0..3 {
        git.write("a", number.to_string());
        commits.push(git.commit("More"));
    }
    // Git itself does so beyond some hundred notes.
    let blob = pipe(&git, &["hash-object", "-w", "--stdin"], "line\n");
    let folder = |id: &String| {
        let inner = pipe(&git, &["mktree"], &format!("100644 blob {blob}\t{}\n", &id[2..]));
        format!("040000 tree {inner}\t{}\n", &id[..2])
    };
    let listing: BTreeSet<String> = commits.iter().map(folder).collect();
    let tree = pipe(&git, &["mktree"], &listing.into_iter().collect::<String>());
    let commit = git.run(&["commit-tree", "-m", "Spread", &tree]);
    git.run(&["update-ref", REF, &commit]);
    let notes = git.home().notes(REF).unwrap();
    assert_eq!(notes.keys().collect::<BTreeSet<_>>(), commits.iter().collect());
    add(&git, &commits[0], "more");
    assert_eq!(git.run(&["notes", "--ref", "pf", "show", &commits[0]]), "line\nmore");
}

#[test]
fn writers_at_once_lose_no_line() {
    let git = repository();
    git.write("a", "1");
    let commit = git.commit("First");
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let (git, commit) = (&git, &commit);
            scope.spawn(move || {
                for number in 0..4 {
                    add(git, commit, &format!("{writer}-{number}"));
                }
            });
        }
    });
    assert_eq!(git.home().notes(REF).unwrap()[&commit].len(), 16);
}

#[test]
fn without_an_identity_nothing_is_written_and_git_says_what_to_do() {
    let git = repository();
    git.write("a", "1");
    let commit = git.commit("First");
    git.run(&["config", "--unset-all", "user.name"]);
    git.run(&["config", "--unset-all", "user.email"]);
    let edit = |lines: &mut BTreeSet<String>| {
        lines.insert("a".to_owned());
    };
    match git.home().edit_notes(REF, &commit, "Add", edit) {
        Err(error @ SnapshotError::NoIdentity { .. }) => {
            assert!(error.to_string().contains("git config user.name"), "{error}");
        }
        other => panic!("{other:?}"),
    }
}
