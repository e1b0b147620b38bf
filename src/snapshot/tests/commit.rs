//! Reading commits.

use super::*;
use crate::snapshot::CommitInfo;

#[test]
fn reads_old_versions_and_never_the_worktree() {
    let git = Git::init();
    git.write("a.yaml", "one");
    let first = git.commit("first");
    git.write("a.yaml", "two");
    git.commit("second");
    std::fs::remove_file(git.dir().join("a.yaml")).unwrap();
    let home = git.home();
    assert_eq!(text(&home.commit(&first).unwrap(), "a.yaml").as_deref(), Some("one"));
    assert_eq!(text(&home.commit("HEAD").unwrap(), "a.yaml").as_deref(), Some("two"));
}

#[test]
fn tells_who_when_and_why() {
    let git = Git::init();
    let id = git.commit("Sort tickets\nby label\n\nThe body.");
    let commit = git.home().commit("main").unwrap();
    assert_eq!(
        commit.commit(),
        Some(&CommitInfo {
            id: id.clone(),
            author: "Ada".to_owned(),
            email: "ada@example.org".to_owned(),
            date: "2023-11-14T22:13:20Z".parse().unwrap(),
            summary: "Sort tickets by label".to_owned(),
            parents: 0,
        })
    );
    let short = &id[..7];
    assert_eq!(commit.commit().unwrap().short_id(), short);
    assert_eq!(commit.describe(), format!("commit {short} (main)"));
    assert_eq!(git.home().commit(short).unwrap().describe(), format!("commit {short}"));
    assert_eq!(git.home().head().unwrap().as_ref(), commit.commit());
}

#[test]
fn the_root_is_the_same_sub_folder_in_every_commit() {
    let git = Git::init();
    git.write("prompts/top.yaml", "top");
    let before = git.commit("before there was an app");
    git.write("app/pf.yaml", "");
    git.write("app/prompts/a.yaml", "a");
    git.commit("app");
    let home = Git::home_at(&git.dir().join("app"));
    assert_eq!(list(&home.commit("HEAD").unwrap(), ""), ["pf.yaml", "prompts/a.yaml"]);
    let old = home.commit(&before).unwrap();
    assert_eq!(list(&old, ""), [""; 0]);
    assert_eq!(text(&old, "prompts/top.yaml"), None);
    assert_eq!(old.fingerprint(&path("")).unwrap(), None);
}

#[test]
fn names_that_are_not_portable_are_left_out() {
    let git = Git::init();
    git.write("sub/ok.yaml", "");
    git.run(&["add", "sub/ok.yaml"]);
    let blob = git.run(&["hash-object", "-w", "sub/ok.yaml"]);
    git.run(&["update-index", "--add", "--cacheinfo", &format!("100644,{blob},sub/back\\slash")]);
    git.commit_staged("strange");
    let home = git.home();
    for files in [home.commit("HEAD").unwrap(), home.index().unwrap()] {
        assert_eq!(list(&files, ""), ["sub/ok.yaml"], "{files:?}");
        let expected = [("sub/back\\\\slash".to_owned(), SkipReason::Name)];
        assert_eq!(skipped(&files, ""), expected, "{files:?}");
        assert_eq!(skipped(&files, "sub"), expected, "{files:?}");
    }
}

#[test]
fn a_tree_that_unfolds_into_billions_of_entries_is_refused() {
    for dot in ["", "."] {
        let git = Git::init();
        git.write("x", "");
        let mut object = git.run(&["hash-object", "-w", "x"]);
        for depth in 0..10 {
            let (kind, dot) = if depth == 0 { ("100644 blob", dot) } else { ("040000 tree", "") };
            let entry = |name| format!("{kind} {object}\t{dot}{name}\n");
            git.write("entries", ('a'..='j').map(entry).collect::<Vec<String>>().concat());
            let input = std::fs::File::open(git.dir().join("entries")).unwrap();
            let output = git.command().arg("mktree").stdin(input).output().unwrap();
            object = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        }
        let commit = git.run(&["commit-tree", &object, "-m", "bomb"]);
        let files = git.home().commit(&commit).unwrap();
        assert_eq!(
            files.list(&path("")).unwrap_err().to_string(),
            "`.` holds more than 1000000 files and folders; name a folder below it"
        );
        let few = list(&files, "a/b/c/d/e/f/g/h/i").len();
        assert_eq!(few, if dot.is_empty() { 10 } else { 0 });
    }
}

#[test]
fn reads_repositories_of_either_hash() {
    let git = Git::init_with(&["--object-format=sha256"]);
    git.write("a.yaml", "a");
    let id = git.commit("first");
    assert_eq!(id.len(), 64);
    let home = git.home();
    let commit = home.commit(&id[..9]).unwrap();
    assert_eq!(commit.commit().unwrap().id, id);
    let print = commit.fingerprint(&path("a.yaml")).unwrap();
    assert_eq!(home.worktree().fingerprint(&path("a.yaml")).unwrap(), print);
}

#[test]
fn a_missing_object_says_how_to_fetch_it() {
    let git = Git::init();
    git.write("a.yaml", "a");
    git.commit("first");
    git.run(&["config", "uploadpack.allowFilter", "true"]);
    let clone = git.beside("partial");
    let url = format!("file://{}", git.dir().display());
    git.run(&["clone", "-q", "--no-checkout", "--filter=blob:none", &url, clone.to_str().unwrap()]);
    let files = Git::home_at(&clone).commit("HEAD").unwrap();
    assert_eq!(list(&files, ""), ["a.yaml"]);
    let id = git.run(&["rev-parse", "HEAD:a.yaml"]);
    let error = files.read(&path("a.yaml")).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "object {id} is missing from the repository; this is a partial clone: `git cat-file -e {id}` fetches it, \
             `git fetch --refetch --no-filter` everything"
        )
    );
    assert!(!error.is_input());
    let partial = clone.to_str().unwrap();
    git.run(&["-C", partial, "fetch", "-q", "--refetch", "--no-filter"]);
    assert_eq!(text(&files, "a.yaml").as_deref(), Some("a"), "after what the message says");
}
