//! Reading what is staged.

use super::*;

fn staged(git: &Git) -> Vec<String> {
    git.home().staged_paths().unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn reads_what_is_staged_and_not_what_is_on_disk() {
    let git = Git::init();
    git.write("a.yaml", "committed");
    git.write("gone.yaml", "");
    git.commit("first");
    git.write("a.yaml", "staged");
    git.write("new.yaml", "new");
    git.run(&["add", "a.yaml", "new.yaml"]);
    git.run(&["rm", "-q", "--cached", "gone.yaml"]);
    git.write("a.yaml", "on disk");
    git.write("later.yaml", "");
    git.run(&["add", "--intent-to-add", "later.yaml"]);
    let index = git.home().index().unwrap();
    assert_eq!(text(&index, "a.yaml").as_deref(), Some("staged"));
    assert_eq!(list(&index, ""), ["a.yaml", "new.yaml"]);
    assert_eq!(staged(&git), ["a.yaml", "gone.yaml", "new.yaml"]);
    assert_eq!((index.describe().as_str(), index.commit()), ("the index", None));
}

#[test]
fn staged_paths_are_those_of_the_project() {
    let git = Git::init();
    git.write("app/pf.yaml", "");
    git.write("app/old name.yaml", "content\n");
    git.write("other.yaml", "1");
    git.commit("first");
    let home = Git::home_at(&git.dir().join("app"));
    assert_eq!(names(&home.staged_paths().unwrap()), [""; 0]);
    git.run(&["mv", "app/old name.yaml", "app/new name.yaml"]);
    git.write("other.yaml", "2");
    git.run(&["add", "--all"]);
    git.run(&["update-index", "--chmod=+x", "app/pf.yaml"]);
    assert_eq!(names(&home.staged_paths().unwrap()), ["new name.yaml", "old name.yaml", "pf.yaml"]);
}

#[test]
fn works_before_the_first_commit() {
    let git = Git::init();
    assert_eq!(list(&git.home().index().unwrap(), ""), [""; 0], "there is no index file yet");
    git.write("a.yaml", "first");
    git.run(&["add", "a.yaml"]);
    assert_eq!(text(&git.home().index().unwrap(), "a.yaml").as_deref(), Some("first"));
    assert_eq!(staged(&git), ["a.yaml"]);
}

#[test]
fn says_what_to_do_about_merge_conflicts() {
    let git = Git::init();
    git.write("a.yaml", "base\n");
    git.write("b.yaml", "b\n");
    git.commit("base");
    git.run(&["checkout", "-q", "-b", "other"]);
    git.write("a.yaml", "theirs\n");
    git.commit("theirs");
    git.run(&["checkout", "-q", "main"]);
    git.write("a.yaml", "ours\n");
    git.commit("ours");
    assert!(!git.try_run(&["merge", "other"]).status.success());
    let index = git.home().index().unwrap();
    let expected = "`a.yaml` has merge conflicts; resolve them and run `git add a.yaml`";
    assert_eq!(index.read(&path("a.yaml")).unwrap_err().to_string(), expected);
    assert_eq!(index.fingerprint(&path("a.yaml")).unwrap_err().to_string(), expected);
    assert_eq!(text(&index, "b.yaml").as_deref(), Some("b\n"));
    assert_eq!(list(&index, ""), ["a.yaml", "b.yaml"]);
    assert_eq!(staged(&git), ["a.yaml"]);
}

#[test]
fn opens_the_folders_of_a_sparse_index() {
    let git = Git::init();
    git.write("pf.yaml", "");
    git.write("in/a.yaml", "a");
    git.write("out/deep/b.yaml", "b");
    git.commit("first");
    git.run(&["sparse-checkout", "set", "--cone", "--sparse-index", "in"]);
    assert!(
        git.run(&["ls-files", "--sparse"]).contains("out/\n")
            || git.run(&["ls-files", "--sparse"]).ends_with("out/")
    );
    let index = git.home().index().unwrap();
    assert_eq!(list(&index, ""), ["in/a.yaml", "out/deep/b.yaml", "pf.yaml"]);
    assert_eq!(text(&index, "out/deep/b.yaml").as_deref(), Some("b"));
    assert_eq!(staged(&git), [""; 0]);
}

#[test]
fn leaves_out_submodules() {
    let (git, id) = with_submodule();
    let home = git.home();
    for files in [home.worktree(), home.index().unwrap(), home.commit(&id).unwrap()] {
        assert_eq!(list(&files, ""), ["pf.yaml"], "{files:?}");
        assert_eq!(skipped(&files, ""), [("lib".to_owned(), SkipReason::Submodule)], "{files:?}");
        assert_eq!(text(&files, "lib/x.yaml"), None, "{files:?}");
        assert_eq!(files.fingerprint(&path("lib/x.yaml")).unwrap(), None, "{files:?}");
    }
    assert!(!home.is_dirty(&[]).unwrap());
}

/// A repository with another one in `lib`.
fn with_submodule() -> (Git, String) {
    let other = Git::init();
    other.write("x.yaml", "x");
    other.commit("x");
    let git = Git::init();
    git.write("pf.yaml", "");
    let url = other.dir().to_str().unwrap();
    git.run(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", url, "lib"]);
    let id = git.commit("with a submodule");
    (git, id)
}
