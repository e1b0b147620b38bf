//! What the user trusts a repository with: on the command line, or in a file of their own that no repository can change.

use std::path::PathBuf;

use super::error::Error;
use crate::provider::{Exec, Trust, TrustFile};
use crate::snapshot::Home;

/// The arguments of commands that ask models.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct TrustArgs {
    /// Allow a key that looks like someone else's secret to be sent to a host
    #[arg(long, value_name = "VAR=HOST")]
    trust: Vec<String>,
    /// Allow assertions of type `exec` and providers of protocol `exec` to run their programs
    #[arg(long)]
    allow_exec: bool,
}

/// What is trusted, from both places.
pub(crate) struct Trusted {
    /// The keys that may be sent.
    pub(crate) keys: Vec<Trust>,
    root: PathBuf,
    allows_exec: bool,
    trusts_notes: bool,
    file: Option<PathBuf>,
}

impl TrustArgs {
    /// Reads what the user trusts the project at `home` with.
    pub(crate) fn load(&self, home: &Home) -> Result<Trusted, Error> {
        let mut keys = Vec::new();
        for entry in &self.trust {
            keys.push(Trust::parse(entry).ok_or_else(|| {
                Error::usage(format!("`--trust {entry}` is not of the form VAR=HOST"))
                    .hint("name the variable and the host that its value may be sent to: --trust LAB_TOKEN=llm.lab.example")
            })?);
        }
        let root = home.root().to_owned();
        // A file inside of the project would be the project's word, not the user's.
        let path = path().filter(|path| !is_inside(path, &root));
        let file = match &path {
            Some(path) => read(path)?,
            None => TrustFile::default(),
        };
        keys.extend(file.keys());
        let allows_exec = self.allow_exec || file.allows_exec(&root);
        let trusts_notes = file.trusts_notes(&root);
        Ok(Trusted { keys, root, allows_exec, trusts_notes, file: path })
    }
}

impl Trusted {
    /// Whether programs may run at all.
    pub(crate) fn allows_exec(&self) -> bool {
        self.allows_exec
    }

    /// Refuses to believe the noted results of a project that the user has not named for it.
    pub(crate) fn believe_notes(&self) -> Result<(), Error> {
        if self.trusts_notes {
            return Ok(());
        }
        let root = serde_json::Value::from(self.root.display().to_string());
        let hint = match &self.file {
            Some(file) => format!(
                "where everybody who can push notes may be believed, write into {}: `notes: [{root}]`",
                file.display()
            ),
            None => "your own trust.yaml would say so, and must lie outside of the project; see docs/notes.md".to_owned(),
        };
        Err(Error::usage("the notes of this project are not trusted, so they prove nothing")
            .hint(hint))
    }

    /// Whether the programs of providers may run, and where.
    pub(crate) fn exec(&self) -> Exec<'_> {
        Exec { allowed: self.allows_exec, root: &self.root, trust_file: self.file.as_deref() }
    }
}

/// `pf/trust.yaml` in the user's folder of settings.
#[expect(
    clippy::disallowed_methods,
    reason = "the command line reads where the user's settings are"
)]
fn path() -> Option<PathBuf> {
    let folder = |name: &str| {
        std::env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute())
    };
    let settings = if cfg!(windows) {
        folder("APPDATA")
    } else {
        folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")))
    };
    Some(settings?.join("pf").join("trust.yaml"))
}

fn is_inside(path: &std::path::Path, root: &std::path::Path) -> bool {
    match (path.canonicalize(), root.canonicalize()) {
        (Ok(path), Ok(root)) => path.starts_with(root),
        _ => path.starts_with(root),
    }
}

#[expect(clippy::disallowed_methods, reason = "the user's own settings lie in no project")]
fn read(path: &std::path::Path) -> Result<TrustFile, Error> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(TrustFile::default());
        }
        Err(error) => return Err(Error::usage(format!("{}: {error}", path.display()))),
    };
    TrustFile::parse(bytes).map_err(|reason| Error::usage(format!("{}: {reason}", path.display())))
}
