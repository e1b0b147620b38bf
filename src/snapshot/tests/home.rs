//! Finding the project around a folder, in every kind of repository.

use super::*;
use crate::snapshot::Home;
use crate::snapshot::discover::Surroundings;

#[test]
fn the_root_is_the_nearest_marked_folder_inside_the_work_tree() {
    let git = Git::init();
    git.write("a/pf.yaml", "");
    git.write("a/b/c/x", "");
    git.write("d/x", "");
    for (from, root, prefix) in
        [("a", "a", "a"), ("a/b/c", "a", "a"), ("d", "", ""), ("", "", ""), (".git/hooks", "", "")]
    {
        let home = Git::home_at(&git.dir().join(from));
        assert_eq!(home.root(), git.dir().join(root).components().as_path(), "{from}");
        assert_eq!(home.prefix().as_str(), prefix, "{from}");
        assert!(home.has_git());
        assert_eq!(home.git_dir_common(), Some(&*git.dir().join(".git")));
    }
}

#[test]
fn the_search_for_a_marker_stops_at_the_top() {
    let outer = Git::none();
    outer.write("pf.yaml", "");
    outer.write("plain/x", "");
    outer.write("inner/sub/x", "");
    outer.run(&["init", "-q", "inner"]);
    let root = |from: &str| Git::home_at(&outer.dir().join(from)).root().to_owned();
    assert_eq!(root("inner/sub"), outer.dir().join("inner"));
    assert_eq!(root("plain"), outer.dir().join("plain"), "without git, the folder itself");
    assert_eq!(root(""), outer.dir());
}

#[test]
fn without_git_each_request_says_what_is_missing() {
    let git = Git::none();
    let home = git.home();
    assert!(!home.has_git());
    assert_eq!(home.git_dir_common(), None);
    let says = |what: &str| {
        format!(
            "{what} cannot be read: `{}` is not in a git repository; run `git init` there",
            git.dir().display()
        )
    };
    assert_eq!(home.index().unwrap_err().to_string(), says("the index"));
    assert_eq!(home.commit("v1").unwrap_err().to_string(), says("revision `v1`"));
    assert_eq!(
        home.merge_base("a", "b").unwrap_err().to_string(),
        says("the merge base of `a` and `b`")
    );
    assert_eq!(home.head().unwrap_err().to_string(), says("the current commit"));
    assert_eq!(home.staged_paths().unwrap_err().to_string(), says("the index"));
    assert_eq!(home.is_dirty(&[]).unwrap_err().to_string(), says("the state of the worktree"));
    assert!(
        home.first_parent_history("HEAD")
            .is_err_and(|error| error.to_string() == says("the history of `HEAD`"))
    );
}

#[test]
fn a_folder_that_does_not_exist_is_named() {
    let git = Git::none();
    git.write("file", "");
    for name in ["nothing", "file"] {
        let place = git.dir().join(name);
        let error = Home::discover(&place).unwrap_err();
        let expected = format!(
            "`{}` is not a folder that can be opened; name an existing one",
            place.display()
        );
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_bare_repository_has_commits_and_no_files() {
    let git = Git::init();
    git.write("pf.yaml", "x");
    git.commit("first");
    let bare = git.beside("bare.git");
    git.run(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    let home = Git::home_at(&bare);
    assert_eq!(text(&home.commit("main").unwrap(), "pf.yaml").as_deref(), Some("x"));
    assert_eq!(home.root(), bare);
    let says = |what: &str| {
        format!(
            "{what} does not exist: `{}` is a bare repository; name a revision, or run this in a clone with a worktree",
            bare.display()
        )
    };
    assert_eq!(
        home.worktree().read(&path("pf.yaml")).unwrap_err().to_string(),
        says("the worktree")
    );
    assert_eq!(home.worktree().list(&path("")).unwrap_err().to_string(), says("the worktree"));
    assert_eq!(home.index().unwrap_err().to_string(), says("the index"));
    assert_eq!(home.is_dirty(&[]).unwrap_err().to_string(), says("the worktree"));
}

#[test]
fn linked_worktrees_have_their_own_files_and_share_the_rest() {
    let git = Git::init();
    git.write("a.yaml", "main");
    git.commit("first");
    let linked = git.beside("linked");
    git.run(&["worktree", "add", "-q", "-b", "side", linked.to_str().unwrap()]);
    git.write("../linked/a.yaml", "side");
    git.run(&["-C", linked.to_str().unwrap(), "add", "a.yaml"]);
    let home = Git::home_at(&linked);
    assert_eq!(home.root(), linked);
    assert_eq!(home.git_dir_common(), Some(&*git.dir().join(".git")));
    assert_eq!(text(&home.worktree(), "a.yaml").as_deref(), Some("side"));
    assert_eq!(text(&home.index().unwrap(), "a.yaml").as_deref(), Some("side"));
    assert_eq!(text(&git.home().index().unwrap(), "a.yaml").as_deref(), Some("main"));
    assert_eq!(names(&home.staged_paths().unwrap()), ["a.yaml"]);
    assert_eq!(names(&git.home().staged_paths().unwrap()), [""; 0]);
}

#[test]
fn branches_kept_as_reftable_are_not_supported() {
    let git = Git::init_with(&["--ref-format=reftable"]);
    git.write("pf.yaml", "x");
    git.commit("first");
    let home = git.home();
    assert_eq!(text(&home.worktree(), "pf.yaml").as_deref(), Some("x"));
    assert_eq!(
        home.commit("main").unwrap_err().to_string(),
        format!(
            "revision `main` cannot be read: the repository at `{}` keeps its branches as `reftable`, which is not \
             supported; run `git refs migrate --ref-format=files`",
            git.dir().join(".git").display()
        )
    );
}

#[test]
fn another_index_is_read_when_git_says_so() {
    let git = Git::init();
    git.write("a.yaml", "first");
    git.commit("first");
    git.write("a.yaml", "in the other index");
    let other = git.beside("next-index");
    assert!(
        git.command()
            .env("GIT_INDEX_FILE", &other)
            .args(["add", "a.yaml"])
            .status()
            .unwrap()
            .success()
    );
    let home =
        Home::discover_in(git.dir(), Surroundings::Isolated { index: Some(&other) }).unwrap();
    assert_eq!(text(&home.index().unwrap(), "a.yaml").as_deref(), Some("in the other index"));
    assert_eq!(names(&home.staged_paths().unwrap()), ["a.yaml"]);
    assert_eq!(text(&git.home().index().unwrap(), "a.yaml").as_deref(), Some("first"));
}

#[test]
fn every_kind_of_change_makes_a_project_dirty() {
    let git = Git::init();
    git.run(&["config", "status.showUntrackedFiles", "no"]);
    git.write("outside.txt", "1");
    git.write("app/pf.yaml", "1");
    git.write("app/prompts/a[1].yaml", "1");
    git.write("app/.gitignore", "*.tmp\n.pf/\n");
    git.commit("first");
    let home = Git::home_at(&git.dir().join("app"));
    let prompts = [path("prompts")];
    let dirty = || (home.is_dirty(&[]).unwrap(), home.is_dirty(&prompts).unwrap());
    assert_eq!(dirty(), (false, false));
    git.write("outside.txt", "2");
    git.write("app/x.tmp", "");
    git.write("app/.pf/cache", "");
    assert_eq!(dirty(), (false, false), "outside or ignored");
    git.write("app/new.yaml", "");
    assert_eq!(dirty(), (true, false), "untracked");
    assert!(home.is_dirty(&[path("prompts"), path("new.yaml")]).unwrap());
    std::fs::remove_file(git.dir().join("app/new.yaml")).unwrap();
    git.write("app/prompts/a[1].yaml", "22");
    assert_eq!(dirty(), (true, true), "changed");
    assert!(home.is_dirty(&[path("prompts/a[1].yaml")]).unwrap());
    git.run(&["add", "app/prompts"]);
    assert_eq!(dirty(), (true, true), "staged");
    git.run(&["reset", "-q", "--hard"]);
    std::fs::remove_file(git.dir().join("app/prompts/a[1].yaml")).unwrap();
    assert_eq!(dirty(), (true, true), "deleted");
}

#[test]
fn before_the_first_commit_staged_files_make_a_project_dirty() {
    let git = Git::init();
    assert!(!git.home().is_dirty(&[]).unwrap());
    git.write("a.yaml", "");
    git.run(&["add", "a.yaml"]);
    assert!(git.home().is_dirty(&[]).unwrap());
}
