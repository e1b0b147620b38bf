//! Git repositories for tests, made by the `git` program so that nothing here tests itself.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::Home;
use super::discover::Surroundings;
use crate::path::RepoPath;

/// The path `text`.
pub(crate) fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

/// A folder in a temporary place that `git` is run in. Nothing of the user's configuration counts.
pub(crate) struct Git {
    place: tempfile::TempDir,
    dir: PathBuf,
}

impl Git {
    /// An empty repository on branch `main`.
    pub(crate) fn init() -> Self {
        Self::init_with(&[])
    }

    /// An empty repository, made with more options of `git init`.
    pub(crate) fn init_with(options: &[&str]) -> Self {
        let git = Self::none();
        git.run(&[&["init", "--quiet", "--initial-branch=main"], options].concat());
        git
    }

    /// A folder without git.
    pub(crate) fn none() -> Self {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().canonicalize().unwrap().join("repo");
        std::fs::create_dir(&dir).unwrap();
        Self { place, dir }
    }

    /// The folder.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// A place beside it for clones and linked worktrees.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.place.path().canonicalize().unwrap().join(name)
    }

    /// The project in the folder.
    pub(crate) fn home(&self) -> Home {
        Self::home_at(&self.dir)
    }

    /// The project that `dir` belongs to, whatever the environment of the test says.
    pub(crate) fn home_at(dir: &Path) -> Home {
        Home::discover_in(dir, Surroundings::Isolated { index: None }).unwrap()
    }

    /// Writes a file and the folders on the way.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let place = self.dir.join(path);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        #[expect(clippy::disallowed_methods, reason = "a test sets its scene")]
        std::fs::write(place, content).unwrap();
    }

    /// Stages everything and commits it; each commit is an hour younger than the one before. Returns its id.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.run(&["add", "--all"]);
        self.commit_staged(message)
    }

    /// Commits what is staged.
    pub(crate) fn commit_staged(&self, message: &str) -> String {
        let count = self.try_run(&["rev-list", "--all", "--count"]);
        let count: i64 = String::from_utf8(count.stdout).unwrap().trim().parse().unwrap_or(0);
        let date = format!("{} +0200", 1_700_000_000 + 3600 * count);
        let output = self
            .command()
            .args(["commit", "--quiet", "--allow-empty", "-m", message])
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date)
            .output()
            .unwrap();
        success("commit", &output);
        self.run(&["rev-parse", "HEAD"])
    }

    /// Runs `git`, which must succeed; returns what it printed.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> String {
        let output = self.try_run(args);
        success(&args[0].as_ref().to_string_lossy(), &output);
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Runs `git`, which may fail.
    pub(crate) fn try_run<S: AsRef<OsStr>>(&self, args: &[S]) -> Output {
        self.command().args(args).output().unwrap()
    }

    /// `git` in the folder, with a fixed author and none of the caller's environment.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new("git");
        command.current_dir(&self.dir);
        for name in
            ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY"]
        {
            command.env_remove(name);
        }
        command
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "Ada")
            .env("GIT_AUTHOR_EMAIL", "ada@example.org")
            .env("GIT_COMMITTER_NAME", "Bob")
            .env("GIT_COMMITTER_EMAIL", "bob@example.org")
            .env("GIT_ALLOW_PROTOCOL", "file")
            .env("LC_ALL", "C");
        command
    }
}

fn success(what: &str, output: &Output) {
    assert!(output.status.success(), "git {what}: {}", String::from_utf8_lossy(&output.stderr));
}
