//! A folder to run `pf` in: alone, with fixed dates and nothing of the caller's environment.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{env, fs};

/// The binary under test.
pub(crate) const PF: &str = env!("CARGO_BIN_EXE_pf");

/// The top of the project.
pub(crate) fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A temporary folder with a work folder inside, which may be a git repository.
pub(crate) struct Fixture {
    place: tempfile::TempDir,
    real: PathBuf,
    minutes: u32,
}

impl Fixture {
    /// An empty folder without git.
    pub(crate) fn new() -> Self {
        let place = tempfile::Builder::new().prefix("pf-it-").tempdir().expect("a folder");
        // On macOS the temporary folder is reached through a link, and pf prints real paths.
        let real = place.path().canonicalize().expect("it was made just now");
        let fixture = Self { place, real, minutes: 0 };
        fs::create_dir(fixture.root()).expect("a new folder");
        fixture
    }

    /// A copy of a folder of the project, without git.
    pub(crate) fn copy_of(path: &str) -> Self {
        let fixture = Self::new();
        copy(&project().join(path), &fixture.root());
        fixture
    }

    /// The work folder.
    pub(crate) fn root(&self) -> PathBuf {
        self.real.join("work")
    }

    /// A place beside the work folder.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.real.join(name)
    }

    /// Writes a file and the folders on the way.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let place = self.root().join(path);
        fs::create_dir_all(place.parent().expect("it lies below the root")).expect("folders");
        fs::write(place, content).expect("a file");
        self
    }

    /// Reads a file.
    pub(crate) fn read(&self, path: &str) -> String {
        let place = self.root().join(path);
        fs::read_to_string(&place).unwrap_or_else(|error| panic!("{}: {error}", place.display()))
    }

    /// Whether a file or folder is there.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.root().join(path).exists()
    }

    /// Lets a minute pass on the clock of git, so that commits have dates of their own.
    pub(crate) fn later(&mut self) {
        self.minutes += 1;
    }

    /// Runs `git`, which must succeed.
    pub(crate) fn git(&mut self, arguments: &[&str]) -> &mut Self {
        self.later();
        let output = self.command("git").args(arguments).output().expect("git is installed");
        assert!(output.status.success(), "git {arguments:?}: {output:?}");
        self
    }

    /// A program in the work folder that sees nothing of the caller.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let bin = Path::new(PF).parent().expect("the binary lies in a folder").to_owned();
        let inherited = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths([bin].into_iter().chain(env::split_paths(&inherited)));
        let date = format!("{} +0000", 1_795_161_600 + 60 * u64::from(self.minutes));
        let mut command = Command::new(program);
        command.current_dir(self.root()).env_clear().stdin(Stdio::null());
        command.env("PATH", path.expect("a path that was one before"));
        for name in ["SystemRoot", "TEMP", "TMP", "PATHEXT"] {
            // Windows starts no program and makes no temporary file without them.
            if let Some(value) = env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .env("HOME", self.beside("home"))
            .env("USERPROFILE", self.beside("home"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", self.beside("gitconfig"))
            .env("GIT_CONFIG_COUNT", "2")
            .env("GIT_CONFIG_KEY_0", "init.defaultBranch")
            .env("GIT_CONFIG_VALUE_0", "main")
            .env("GIT_CONFIG_KEY_1", "core.autocrlf")
            .env("GIT_CONFIG_VALUE_1", "false")
            .env("GIT_AUTHOR_NAME", "Ada Lovelace")
            .env("GIT_AUTHOR_EMAIL", "ada@example.org")
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_NAME", "Bob")
            .env("GIT_COMMITTER_EMAIL", "bob@example.org")
            .env("GIT_COMMITTER_DATE", &date)
            .env("LC_ALL", "C")
            .env("TZ", "UTC");
        command
    }

    /// `pf` with these arguments, to be changed before it runs.
    pub(crate) fn pf_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(PF);
        command.args(arguments);
        command
    }

    /// Runs `pf` with these arguments.
    pub(crate) fn pf(&self, arguments: &[&str]) -> Outcome {
        self.outcome(&self.pf_command(arguments).output().expect("the binary runs"))
    }

    /// What a program printed, with temporary paths replaced.
    pub(crate) fn outcome(&self, output: &Output) -> Outcome {
        Outcome {
            code: output.status.code().unwrap_or(-1),
            stdout: self.redact(&output.stdout),
            stderr: self.redact(&output.stderr),
        }
    }

    fn redact(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
        [self.real.as_path(), self.place.path()]
            .iter()
            .fold(text, |text, path| text.replace(&*path.to_string_lossy(), "[ROOT]"))
    }
}

/// How a program ended and what it printed.
#[must_use = "a run says nothing until its exit code or output is looked at"]
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    /// Demands an exit code, and shows everything when it was another.
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "exit code {} instead of {code}\n--- stdout\n{}--- stderr\n{}",
            self.code, self.stdout, self.stderr
        );
        self
    }

    /// Demands that a text stands somewhere in what was printed.
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(
            self.stdout.contains(text) || self.stderr.contains(text),
            "`{text}` is not said\n--- stdout\n{}--- stderr\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Demands that a text stands nowhere in what was printed.
    pub(crate) fn hides(self, text: &str) -> Self {
        assert!(!self.stdout.contains(text), "`{text}` is in stdout\n{}", self.stdout);
        assert!(!self.stderr.contains(text), "`{text}` is in stderr\n{}", self.stderr);
        self
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}\n{}\n{}", self.stdout, self.stderr))
    }
}

/// Copies what is in a folder, apart from local state.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder of the project") {
        let entry = entry.expect("an entry");
        if entry.file_name() == ".pf" {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir_all(&target).expect("a folder");
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// All files below a folder of the project, as paths from its top with `/`, sorted.
pub(crate) fn files_below(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(project().join(&folder)).expect("a folder of the project") {
            let name = entry.expect("an entry").file_name();
            let path = format!("{folder}/{}", name.to_string_lossy());
            match project().join(&path).is_dir() {
                true => folders.push(path),
                false => found.push(path),
            }
        }
    }
    found.sort();
    found
}

/// Compares a generated file with the one of the repository; with `UPDATE=1` writes it.
pub(crate) fn compare_or_update(path: &str, wanted: &str) {
    let place = project().join(path);
    let found = fs::read_to_string(&place).unwrap_or_default().replace("\r\n", "\n");
    if found == wanted {
        return;
    }
    if env::var_os("UPDATE").is_some() {
        fs::create_dir_all(place.parent().expect("it lies below the project")).expect("a folder");
        fs::write(&place, wanted).expect("a file of the project");
        return;
    }
    let difference = similar::TextDiff::from_lines(found.as_str(), wanted);
    panic!(
        "{path} is not what it should be; `UPDATE=1 cargo test --test it` writes it anew\n{}",
        difference.unified_diff().context_radius(3).header("as it is", "as it should be")
    );
}
