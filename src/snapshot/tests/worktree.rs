//! Reading the worktree, with and without git.

use super::*;

#[test]
fn lists_what_git_would_add_or_has() {
    let git = Git::init();
    git.write(".gitignore", "*.log\nbuild/\n");
    git.write("sub/.gitignore", "local.yaml\n!keep.log\n");
    for name in ["a.yaml", "a.log", "build/x.yaml", "sub/local.yaml", "sub/keep.log", "sub/b.yaml"]
    {
        git.write(name, name);
    }
    git.write(".git/info/exclude", "excluded.yaml\n");
    git.write("excluded.yaml", "");
    git.write(".ignore", "a.yaml\n");
    git.write(".pf/cache.json", "");
    let files = git.home().worktree();
    assert_eq!(list(&files, ""), ["a.yaml", "sub/b.yaml", "sub/keep.log"]);
    assert_eq!(list(&files, "build"), [""; 0]);
    assert_eq!(text(&files, "build/x.yaml").as_deref(), Some("build/x.yaml"), "asked for by name");

    git.run(&["add", "--force", "build/x.yaml", "a.log"]);
    assert_eq!(list(&files, ""), ["a.log", "a.yaml", "build/x.yaml", "sub/b.yaml", "sub/keep.log"]);
    assert_eq!(list(&files, "build"), ["build/x.yaml"]);
    std::fs::remove_file(git.dir().join("a.log")).unwrap();
    assert_eq!(list(&files, ""), ["a.yaml", "build/x.yaml", "sub/b.yaml", "sub/keep.log"]);
}

#[test]
fn ignore_rules_above_a_sub_folder_project_hold() {
    let git = Git::init();
    git.write(".gitignore", "*.tmp\n");
    git.write(".git/info/exclude", "private.yaml\n");
    git.write("app/pf.yaml", "");
    git.write("app/x.tmp", "");
    git.write("app/prompts/private.yaml", "");
    git.write("app/prompts/a.yaml", "");
    let files = Git::home_at(&git.dir().join("app")).worktree();
    assert_eq!(list(&files, ""), ["pf.yaml", "prompts/a.yaml"]);
    assert_eq!(list(&files, "prompts"), ["prompts/a.yaml"]);
}

#[test]
fn works_without_git() {
    let git = Git::none();
    git.write("pf.yaml", "");
    git.write(".gitignore", "*.tmp\n");
    git.write("prompts/x.tmp", "");
    git.write("prompts/x.yaml", "x");
    let files = git.home().worktree();
    assert_eq!(list(&files, ""), ["pf.yaml", "prompts/x.yaml"]);
    assert_eq!(list(&files, "prompts"), ["prompts/x.yaml"]);
    assert_eq!(text(&files, "prompts/x.yaml").as_deref(), Some("x"));
}

#[cfg(target_os = "linux")]
#[test]
fn leaves_out_what_is_no_portable_file() {
    use std::os::unix::ffi::OsStrExt;

    let git = Git::init();
    git.write("ok.yaml", "");
    git.write("back\\slash.yaml", "");
    git.write("line\nbreak.yaml", "");
    git.write("fol\\der/deep/x.yaml", "");
    git.write("vendor/lib/.git/HEAD", "ref: refs/heads/main\n");
    git.write("vendor/lib/x.yaml", "x");
    let broken = git.dir().join(std::ffi::OsStr::from_bytes(b"broken\xff.yaml"));
    std::fs::File::create(broken).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(git.dir().join("socket")).unwrap();
    let files = git.home().worktree();
    assert_eq!(list(&files, ""), ["ok.yaml"]);
    let reasons = [
        ("back\\\\slash.yaml", SkipReason::Name),
        ("broken\u{fffd}.yaml", SkipReason::Name),
        ("fol\\\\der", SkipReason::Name),
        ("line\\nbreak.yaml", SkipReason::Name),
        ("socket", SkipReason::Special),
        ("vendor/lib", SkipReason::Submodule),
    ];
    assert_eq!(skipped(&files, ""), reasons.map(|(path, reason)| (path.to_owned(), reason)));
    assert_eq!(skipped(&files, "vendor").len(), 1, "only what lies below");
    assert_eq!(text(&files, "vendor/lib/x.yaml"), None);
    assert!(matches!(files.read(&path("socket")), Err(SnapshotError::NotAFile { .. })));
}

#[cfg(unix)]
#[test]
fn links_in_a_circle_end() {
    let git = Git::none();
    std::os::unix::fs::symlink("b", git.dir().join("a")).unwrap();
    std::os::unix::fs::symlink("a", git.dir().join("b")).unwrap();
    std::os::unix::fs::symlink(".", git.dir().join("self")).unwrap();
    let files = git.home().worktree();
    assert!(matches!(files.read(&path("a")), Err(SnapshotError::LinkLoop { .. })));
    assert_eq!(list(&files, ""), [""; 0]);
    assert_eq!(
        skipped(&files, ""),
        [("a", SkipReason::Link), ("b", SkipReason::Link), ("self", SkipReason::LinkedFolder)]
            .map(|(path, reason)| (path.to_owned(), reason))
    );
}

#[test]
fn a_name_that_is_too_long_is_no_file() {
    let git = Git::none();
    assert_eq!(text(&git.home().worktree(), &"x".repeat(5000)), None);
}

#[cfg(unix)]
#[test]
fn a_folder_that_was_read_before_hides_no_link() {
    let git = Git::none();
    git.write("outside/secret", "secret");
    git.write("in/prompts/a.yaml", "a");
    let files = Git::home_at(&git.dir().join("in")).worktree();
    assert_eq!(text(&files, "prompts/a.yaml").as_deref(), Some("a"));
    std::os::unix::fs::symlink("../../outside/secret", git.dir().join("in/prompts/b.yaml"))
        .unwrap();
    assert!(matches!(
        files.read(&path("prompts/b.yaml")),
        Err(SnapshotError::LeavesProject { .. })
    ));
}

#[test]
fn the_git_file_of_a_linked_worktree_is_no_file_of_the_project() {
    let git = Git::init();
    git.write("a.yaml", "a");
    git.commit("first");
    let linked = git.beside("linked");
    git.run(&["worktree", "add", "-q", linked.to_str().unwrap()]);
    let files = Git::home_at(&linked).worktree();
    assert_eq!(text(&files, "a.yaml").as_deref(), Some("a"));
    assert_eq!(text(&files, ".git"), None);
}

#[cfg(unix)]
#[test]
fn a_file_is_listed_alone_as_it_is_among_others() {
    let git = Git::init();
    git.write(".gitignore", "*.log\nbuild/\n");
    let names = [
        "p/a.yaml",
        "p/a.log",
        "p/kept.log",
        "p/build/x.yaml",
        "p/build/kept.yaml",
        "p/deep/er/b.yaml",
        "p/.hidden/c.yaml",
        "p/.d.yaml",
        "p/lib/.git/HEAD",
        "p/lib/e.yaml",
        "q/f.yaml",
    ];
    for name in names {
        git.write(name, name);
    }
    git.run(&["add", "--force", "p/kept.log", "p/build/kept.yaml"]);
    for (to, from) in
        [("a.yaml", "p/link.yaml"), ("nothing", "p/dead.yaml"), ("deep", "p/linked"), ("p", "s")]
    {
        std::os::unix::fs::symlink(to, git.dir().join(from)).unwrap();
    }
    let others = [
        "p/link.yaml",
        "p/dead.yaml",
        "p/linked/er/b.yaml",
        "p/none.yaml",
        "p/deep",
        "s/a.yaml",
        "p",
    ];
    let worktree = git.home().worktree();
    let overlay = worktree.clone().with_files([(path("p/new/g.yaml"), Vec::new())]).unwrap();
    for files in [worktree, overlay, git.home().index().unwrap()] {
        for folder in ["", "p", "p/deep", "p/.hidden", "p/build", "s", "q", "none"].map(path) {
            let listed = files.list(&folder).unwrap();
            for name in names.into_iter().chain(others).chain(["p/new/g.yaml"]).map(path) {
                assert_eq!(
                    files.lists(&folder, &name).unwrap(),
                    listed.contains(&name),
                    "{name} below {folder} of {files:?}"
                );
            }
        }
    }
}
