//! Walking first parents, and where histories end or part.

use super::*;
use crate::snapshot::Home;

/// The summaries of a walk.
fn walk(home: &Home, rev: &str) -> Vec<String> {
    let steps = home.first_parent_history(rev).unwrap();
    steps.map(|step| step.unwrap().commit().unwrap().summary.clone()).collect()
}

#[test]
fn the_walk_follows_first_parents_to_the_first_commit() {
    let git = Git::init();
    git.write("a.yaml", "1");
    git.commit("one");
    git.run(&["checkout", "-q", "-b", "side"]);
    git.write("b.yaml", "1");
    git.commit("on the side");
    git.run(&["checkout", "-q", "main"]);
    git.write("a.yaml", "2");
    git.commit("two");
    git.run(&["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    let home = git.home();
    assert_eq!(walk(&home, "HEAD"), ["merge", "two", "one"]);
    assert_eq!(walk(&home, "HEAD^2"), ["on the side", "one"]);
    let parents: Vec<usize> = home
        .first_parent_history("main")
        .unwrap()
        .map(|step| step.unwrap().commit().unwrap().parents)
        .collect();
    assert_eq!(parents, [2, 1, 0]);
    assert!(matches!(
        home.first_parent_history("none").err(),
        Some(SnapshotError::UnknownRevision { .. })
    ));
}

#[test]
fn fingerprints_show_where_a_file_changed() {
    let git = Git::init();
    git.write("app/pf.yaml", "");
    for (message, at, content) in [
        ("create", "app/prompts/a.yaml", "1"),
        ("elsewhere", "other.txt", "1"),
        ("beside", "app/prompts/b.yaml", "1"),
        ("change", "app/prompts/a.yaml", "2"),
        ("back", "app/prompts/a.yaml", "1"),
    ] {
        git.write(at, content);
        git.commit(message);
    }
    git.run(&["rm", "-q", "app/prompts/a.yaml"]);
    git.commit_staged("delete");
    let home = Git::home_at(&git.dir().join("app"));
    let prints = |at: &str| -> Vec<Option<Fingerprint>> {
        let steps = home.first_parent_history("HEAD").unwrap();
        steps.map(|step| step.unwrap().fingerprint(&path(at)).unwrap()).collect()
    };
    let changes =
        |at: &str| -> Vec<bool> { prints(at).windows(2).map(|pair| pair[0] != pair[1]).collect() };
    // Between: delete, back, change, beside, elsewhere, create.
    assert_eq!(changes("prompts/a.yaml"), [true, true, true, false, false]);
    assert_eq!(changes("prompts"), [true, true, true, true, false]);
    let file = prints("prompts/a.yaml");
    assert_eq!((file[0], file[1] == file[5]), (None, true), "deleted; back to the first bytes");
}

#[test]
fn the_walk_ends_where_a_shallow_clone_does() {
    let git = Git::init();
    for number in 1..=5 {
        git.write("a.yaml", number.to_string());
        git.commit(&format!("c{number}"));
    }
    git.run(&["tag", "start", "HEAD~4"]);
    let clone = git.beside("shallow");
    let url = format!("file://{}", git.dir().display());
    git.run(&["clone", "-q", "--depth=2", &url, clone.to_str().unwrap()]);
    let home = Git::home_at(&clone);
    assert!(home.is_shallow().unwrap());
    assert!(!git.home().is_shallow().unwrap());
    assert_eq!(walk(&home, "HEAD"), ["c5", "c4"]);
    let fetch = "; this is a shallow clone, `git fetch --unshallow` brings the rest of its history";
    assert_eq!(
        home.commit("HEAD~2").unwrap_err().to_string(),
        format!(
            "`HEAD~2` leads nowhere: `HEAD` exists, but there is nothing at `~2` from it{fetch}"
        )
    );
    assert_eq!(
        home.commit("nowhere").unwrap_err().to_string(),
        format!("`nowhere` is not a known revision{fetch}")
    );
    assert_eq!(home.merge_base("HEAD", "HEAD~1").unwrap().commit().unwrap().summary, "c4");
}

#[test]
fn a_merge_base_beyond_a_shallow_clone_is_not_invented() {
    let git = Git::init();
    git.commit("base");
    git.run(&["checkout", "-q", "-b", "side"]);
    git.commit("side");
    git.run(&["checkout", "-q", "main"]);
    git.commit("main");
    let clone = git.beside("shallow");
    let url = format!("file://{}", git.dir().display());
    git.run(&["clone", "-q", "--depth=1", "--no-single-branch", &url, clone.to_str().unwrap()]);
    assert_eq!(
        Git::home_at(&clone).merge_base("main", "origin/side").unwrap_err().to_string(),
        "`main` and `origin/side` have no common ancestor; this is a shallow clone, `git fetch --unshallow` brings the \
         rest of its history"
    );
}

#[test]
fn renames_are_those_that_git_finds() {
    let git = Git::init();
    let lines = |from: u32, to: u32| {
        (from..to).map(|number| format!("line {number}\n")).collect::<Vec<String>>().concat()
    };
    git.write("app/pf.yaml", "");
    git.write("app/prompts/same.yaml", lines(0, 20));
    git.write("app/prompts/edited.yaml", lines(100, 120));
    git.write("app/prompts/rewritten.yaml", lines(200, 220));
    git.write("app/prompts/kept.yaml", lines(300, 320));
    git.write("out.yaml", lines(400, 420));
    git.commit("before");
    git.run(&["mv", "app/prompts/same.yaml", "app/prompts/moved.yaml"]);
    git.run(&["rm", "-q", "app/prompts/edited.yaml", "app/prompts/rewritten.yaml"]);
    git.write("app/prompts/deep/edited.yaml", lines(100, 115) + &lines(900, 905));
    git.write("app/prompts/other.yaml", lines(200, 205) + &lines(800, 815));
    git.write("app/prompts/copy.yaml", lines(300, 320));
    git.run(&["mv", "out.yaml", "out2.yaml"]);
    git.commit("after");
    let home = Git::home_at(&git.dir().join("app"));
    let (from, to) = (home.commit("HEAD~1").unwrap(), home.commit("HEAD").unwrap());
    let renames = home.renames(&from, &to).unwrap();
    let pair = |old, new| (path(old), path(new));
    assert_eq!(
        renames,
        [
            pair("prompts/edited.yaml", "prompts/deep/edited.yaml"),
            pair("prompts/same.yaml", "prompts/moved.yaml"),
        ]
    );
    let of_git = git.run(&[
        "diff",
        "--find-renames",
        "--diff-filter=R",
        "--name-only",
        "--relative=app",
        "HEAD~1",
        "HEAD",
    ]);
    assert_eq!(of_git, "prompts/deep/edited.yaml\nprompts/moved.yaml");
    assert_eq!(home.renames(&to, &to).unwrap(), []);
    assert_eq!(
        home.renames(&from, &home.worktree()).unwrap_err().to_string(),
        "`the worktree` is a set of files, not a commit; name the commit alone, such as `HEAD`"
    );
}
