//! What holds for every source, and for each of them alone.

mod changed;
mod commit;
mod history;
mod home;
mod hook;
mod index;
mod notes;
mod overlay;
mod revision;
mod worktree;

use super::testing::{Git, path};
use super::{Fingerprint, MAX_FILE_BYTES, SkipReason, Skipped, Snapshot, SnapshotError};
use crate::path::RepoPath;

fn names(paths: &[RepoPath]) -> Vec<&str> {
    paths.iter().map(RepoPath::as_str).collect()
}

/// The paths below `under`.
fn list(files: &Snapshot, under: &str) -> Vec<String> {
    files.list(&path(under)).unwrap().iter().map(|path| path.as_str().to_owned()).collect()
}

/// The text of a file.
fn text(files: &Snapshot, at: &str) -> Option<String> {
    files.read(&path(at)).unwrap().map(|bytes| String::from_utf8(bytes).unwrap())
}

fn skipped(files: &Snapshot, under: &str) -> Vec<(String, SkipReason)> {
    let listing = files.walk(&path(under)).unwrap();
    listing.skipped.into_iter().map(|Skipped { path, reason }| (path, reason)).collect()
}

/// A project in a sub-folder, with the same files in the worktree, the index and the commit.
fn everywhere() -> (Git, Vec<Snapshot>) {
    let git = Git::init();
    git.write("outside.txt", "not of the project\n");
    git.write("app/pf.yaml", "");
    git.write("app/prompts/b.yaml", "b\n");
    git.write("app/prompts/a.yaml", "a\r\n");
    git.write("app/prompts/a/deep/x.md", "x\n");
    git.write("app/prompts/a-b.md", "ab\n");
    git.write("app/.hidden/h.yaml", "h\n");
    git.write("app/prompts/.draft.yaml", "draft\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        let app = git.dir().join("app");
        symlink("a.yaml", app.join("prompts/link.yaml")).unwrap();
        symlink("prompts/a", app.join("folder")).unwrap();
        symlink("../outside.txt", app.join("leaves.txt")).unwrap();
        symlink("nowhere", app.join("broken.txt")).unwrap();
        symlink("/etc/passwd", app.join("absolute.txt")).unwrap();
    }
    git.commit("first");
    let home = Git::home_at(&git.dir().join("app/prompts"));
    let sources = vec![home.worktree(), home.index().unwrap(), home.commit("HEAD").unwrap()];
    (git, sources)
}

#[test]
fn every_source_reads_the_same_bytes() {
    let (_git, sources) = everywhere();
    for files in &sources {
        let says = |at| text(files, at);
        assert_eq!(says("prompts/a.yaml").as_deref(), Some("a\r\n"), "{files:?}");
        assert_eq!(says("prompts/.draft.yaml").as_deref(), Some("draft\n"), "{files:?}");
        for absent in
            ["prompts", "prompts/none.yaml", "prompts/a.yaml/x", ".git/config", "outside.txt", ""]
        {
            assert_eq!(says(absent), None, "{files:?} {absent}");
        }
    }
}

#[cfg(unix)]
#[test]
fn every_source_lists_the_same_files() {
    let (_git, sources) = everywhere();
    for files in &sources {
        let prompts = [
            "prompts/a-b.md",
            "prompts/a.yaml",
            "prompts/a/deep/x.md",
            "prompts/b.yaml",
            "prompts/link.yaml",
        ];
        assert_eq!(list(files, "prompts"), prompts, "{files:?}");
        assert_eq!(list(files, ""), [&["pf.yaml"][..], &prompts].concat(), "{files:?}");
        assert_eq!(list(files, ".hidden"), [".hidden/h.yaml"], "{files:?}");
        assert_eq!(list(files, "folder"), ["folder/deep/x.md"], "{files:?}");
        assert_eq!(list(files, "prompts/b.yaml"), ["prompts/b.yaml"], "{files:?}");
        for empty in ["nothing", ".git", "prompts/a.yaml/x"] {
            assert_eq!(list(files, empty), [""; 0], "{files:?} {empty}");
        }
        assert_eq!(
            skipped(files, ""),
            [
                ("absolute.txt".to_owned(), SkipReason::Link),
                ("broken.txt".to_owned(), SkipReason::Link),
                ("folder".to_owned(), SkipReason::LinkedFolder),
                ("leaves.txt".to_owned(), SkipReason::Link),
            ],
            "{files:?}"
        );
    }
}

#[cfg(unix)]
#[test]
fn every_source_follows_links_inside_the_root_and_refuses_the_others() {
    let (_git, sources) = everywhere();
    for files in &sources {
        assert_eq!(text(files, "prompts/link.yaml").as_deref(), Some("a\r\n"), "{files:?}");
        assert_eq!(text(files, "folder/deep/x.md").as_deref(), Some("x\n"), "{files:?}");
        assert_eq!(text(files, "broken.txt"), None, "{files:?}");
        for (link, target) in [("leaves.txt", "../outside.txt"), ("absolute.txt", "/etc/passwd")] {
            let error = files.read(&path(link)).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "`{link}` is a link to `{target}`, outside the project; links must stay inside its root"
                ),
            );
            assert!(error.is_input());
        }
    }
}

#[test]
fn a_fingerprint_is_the_id_that_git_gives() {
    let (git, sources) = everywhere();
    let id = git.run(&["rev-parse", "HEAD:app/prompts/b.yaml"]);
    let memory = Snapshot::memory([(path("prompts/b.yaml"), b"b\n".to_vec())]);
    for files in sources.iter().chain([&memory]) {
        let print =
            |at| files.fingerprint(&path(at)).unwrap().map(|print: Fingerprint| print.to_string());
        assert_eq!(print("prompts/b.yaml"), Some(id.clone()), "{files:?}");
        assert_eq!(print("prompts/none.yaml"), None, "{files:?}");
    }
    let folder = sources[2].fingerprint(&path("prompts")).unwrap().unwrap();
    assert_eq!(folder.to_string(), git.run(&["rev-parse", "HEAD:app/prompts"]));
    #[cfg(unix)]
    for files in &sources {
        let print = |at| files.fingerprint(&path(at)).unwrap();
        assert_eq!(print("prompts/link.yaml"), print("prompts/a.yaml"), "{files:?}");
    }
}

#[test]
fn memory_holds_what_it_was_given() {
    let file = |name: &str, text: &str| (path(name), text.as_bytes().to_vec());
    let files = Snapshot::memory([
        file("p/b", "old"),
        file("p/a/x", "x"),
        file("p/a-b", "ab"),
        file("p/b", "new"),
        file(".pf/cache", "c"),
    ]);
    assert_eq!(text(&files, "p/b").as_deref(), Some("new"));
    assert_eq!(text(&files, "p"), None);
    assert_eq!(list(&files, ""), ["p/a-b", "p/a/x", "p/b"]);
    assert_eq!(list(&files, "p/a"), ["p/a/x"]);
    assert_eq!(list(&files, "p/b"), ["p/b"]);
    assert_eq!(list(&files, "q"), [""; 0]);
    assert_eq!((files.describe().as_str(), files.commit()), ("memory", None));
}

#[test]
fn no_source_reads_a_huge_file() {
    let git = Git::init();
    git.write("pf.yaml", "");
    let huge = std::fs::File::create(git.dir().join("huge.jsonl")).unwrap();
    huge.set_len(MAX_FILE_BYTES + 1).unwrap();
    git.commit("huge");
    let home = git.home();
    let memory = Snapshot::memory([(path("huge.jsonl"), vec![0; MAX_FILE_BYTES as usize + 1])]);
    for files in [home.worktree(), home.index().unwrap(), home.commit("HEAD").unwrap(), memory] {
        assert_eq!(
            files.read(&path("huge.jsonl")).unwrap_err().to_string(),
            "`huge.jsonl` is too large: 67108865 bytes, and at most 67108864 are read; keep such data elsewhere",
            "{files:?}"
        );
    }
}

#[test]
fn snapshots_are_read_by_many_threads_at_once() {
    fn shared<T: Send + Sync + Clone>(value: T) -> T {
        value
    }
    let (_git, sources) = everywhere();
    for files in sources {
        let files = shared(files);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        assert_eq!(text(&files, "prompts/a/deep/x.md").as_deref(), Some("x\n"));
                        assert_eq!(list(&files, "prompts/a"), ["prompts/a/deep/x.md"]);
                    }
                });
            }
        });
    }
}
