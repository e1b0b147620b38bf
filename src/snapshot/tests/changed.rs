//! What differs between a commit and the worktree.

use super::*;

fn changed(git: &Git, rev: &str) -> Vec<String> {
    let home = Git::home_at(&git.dir().join("app"));
    let paths = home.changed_paths(&home.commit(rev).unwrap()).unwrap();
    paths.iter().map(ToString::to_string).collect()
}

fn project() -> Git {
    let git = Git::init();
    git.write("app/pf.yaml", "");
    git.write("app/.gitignore", "*.log\n");
    for name in ["a", "b", "c", "d", "gone"] {
        git.write(&format!("app/{name}.yaml"), format!("{name}, first\n"));
    }
    git.write("outside.yaml", "1");
    git.commit("first");
    git
}

#[test]
fn nothing_differs_from_what_is_checked_out() {
    assert_eq!(changed(&project(), "HEAD"), [""; 0]);
}

#[test]
fn committed_staged_changed_untracked_and_deleted_files_differ() {
    let git = project();
    git.write("app/a.yaml", "committed\n");
    git.commit("second");
    git.write("app/b.yaml", "staged\n");
    git.run(&["add", "--all"]);
    git.write("app/c.yaml", "on disk, and longer\n");
    git.write("app/new/deep.yaml", "untracked\n");
    git.write("app/noise.log", "ignored\n");
    git.write("outside.yaml", "2");
    std::fs::remove_file(git.dir().join("app/gone.yaml")).unwrap();
    assert_eq!(
        changed(&git, "HEAD~1"),
        ["a.yaml", "b.yaml", "c.yaml", "gone.yaml", "new/deep.yaml"]
    );
    assert_eq!(changed(&git, "HEAD"), ["b.yaml", "c.yaml", "gone.yaml", "new/deep.yaml"]);
}

#[test]
fn what_was_changed_back_does_not_differ() {
    let git = project();
    git.write("app/a.yaml", "committed\n");
    git.write("app/b.yaml", "committed\n");
    git.commit("second");
    git.write("app/a.yaml", "a, first\n");
    git.write("app/b.yaml", "b, first\n");
    git.run(&["add", "app/b.yaml"]);
    assert_eq!(changed(&git, "HEAD~1"), [""; 0]);
    git.run(&["mv", "app/d.yaml", "app/e.yaml"]);
    assert_eq!(changed(&git, "HEAD~1"), ["d.yaml", "e.yaml"]);
}

#[test]
fn only_a_commit_can_be_compared_with() {
    let git = project();
    let error = git.home().changed_paths(&git.home().worktree()).unwrap_err();
    assert!(matches!(error, SnapshotError::NotACommit { .. }), "{error}");
}
