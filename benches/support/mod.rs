//! Projects to measure: written below `target/tmp`, the same bytes for the same arguments, and left there, so that
//! what a benchmark measures can be looked at and measured by other tools.
#![allow(dead_code, reason = "each benchmark uses a part")]

pub(crate) mod history;
pub(crate) mod library;
pub(crate) mod suite;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pf::project::Project;
use pf::snapshot::Home;

/// A folder that is written anew, with a git repository of its own.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// An empty folder of this name.
    pub(crate) fn create(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if path.exists() {
            fs::remove_dir_all(&path).expect("it was made by an earlier run");
        }
        fs::create_dir_all(&path).expect("target/tmp can be written");
        let folder = Self(path);
        folder.git(&["init", "--quiet", "--initial-branch=main"]);
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file and the folders on the way to it.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("it can be made");
        let mut file = fs::File::create(path).expect("it can be made");
        file.write_all(text.as_bytes()).expect("there is room");
    }

    /// Commits everything.
    pub(crate) fn commit(self) -> Self {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message=All"]);
        self
    }

    /// Runs git here; nothing of the user's configuration counts.
    pub(crate) fn git(&self, arguments: &[&str]) {
        let status = self.git_command(arguments).status().expect("git is installed");
        assert!(status.success(), "git {arguments:?}: {status}");
    }

    pub(crate) fn git_command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.0);
        command.args(["-c", "user.name=Bench", "-c", "user.email=bench@example.com"]);
        command.args(arguments).stdout(Stdio::null());
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        command
    }

    /// pf, working here.
    pub(crate) fn pf(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pf"));
        command.arg("-C").arg(&self.0).args(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    pub(crate) fn home(&self) -> Home {
        Home::discover(&self.0).expect("it was just made")
    }

    pub(crate) fn project(&self) -> Project {
        Project::load(&self.home().worktree()).expect("it was just made")
    }
}

/// Runs a command that must succeed.
pub(crate) fn run(mut command: Command) {
    let status = command.status().expect("the program is there");
    assert!(status.success(), "{command:?}: {status}");
}
