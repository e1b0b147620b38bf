//! The `git` program, which knows how to reach other repositories: its addresses, credentials and proxies are the user's.

use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::cli::error::{Error, Exit};

/// Bytes of what git says that are kept.
const LARGEST: u64 = 64 << 10;

/// What git said in the end.
pub(super) struct Said {
    pub(super) worked: bool,
    pub(super) out: String,
    pub(super) err: String,
}

impl Said {
    /// What went wrong, in git's words and without the advice that follows them.
    pub(super) fn complaint(&self) -> String {
        let lines = || self.err.lines().map(str::trim).filter(|line| !line.is_empty());
        let mut wrong: Vec<&str> = lines()
            .filter_map(|line| {
                line.strip_prefix("fatal: ").or_else(|| line.strip_prefix("error: "))
            })
            .collect();
        wrong.truncate(3);
        let text = match wrong.is_empty() {
            true => lines().next_back().unwrap_or("git does not say why").to_owned(),
            false => wrong.join("; "),
        };
        without_secrets(text.trim_end_matches('.'))
    }

    /// Why the other repository could not be reached, or did not do as it was told.
    pub(super) fn error(&self, doing: &str) -> Error {
        let message = format!("{doing} failed: {}", self.complaint());
        match self.err.contains("does not appear to be a git repository") {
            true => Error::usage(message)
                .hint("`git remote -v` lists the known repositories; a path or URL does as well"),
            false => Error::new(Exit::Provider, message),
        }
    }
}

/// Runs git at the project. It may ask the user for a password, on the terminal and not on what pf reads.
pub(super) fn run(folder: &Path, arguments: &[&str]) -> Result<Said, Error> {
    let cannot = |error: io::Error| {
        let error = match error.kind() {
            io::ErrorKind::NotFound => "there is no such program".to_owned(),
            _ => error.to_string(),
        };
        Error::new(Exit::Provider, format!("cannot run `git`: {error}"))
            .hint("sharing notes takes git itself; install it, or put it on the PATH")
    };
    let mut command = Command::new("git");
    command.args(arguments).current_dir(folder);
    // What it says is read here, so it must not be translated.
    command.env("LC_ALL", "C").env_remove("LANGUAGE");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(cannot)?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let reader = std::thread::spawn(move || kept(err));
    let out = kept(out);
    let status = child.wait().map_err(cannot)?;
    let err = reader.join().unwrap_or_default();
    Ok(Said { worked: status.success(), out, err })
}

/// The beginning of what a program says; the rest is read and forgotten, so that it can end.
fn kept(from: Option<impl Read>) -> String {
    let Some(mut from) = from else { return String::new() };
    let mut bytes = Vec::new();
    let _ = from.by_ref().take(LARGEST).read_to_end(&mut bytes);
    let _ = io::copy(&mut from, &mut io::sink());
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A text in which the addresses name no user and no password.
pub(super) fn without_secrets(text: &str) -> String {
    let mut parts = text.split("://");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(['/', '\'', '"', ' ', '\n']).unwrap_or(part.len());
        let (host, rest) = part.split_at(end);
        let host =
            host.rsplit_once('@').map_or(host.to_owned(), |(_, host)| format!("****@{host}"));
        shown += &format!("://{host}{rest}");
    }
    shown
}

/// A remote that git would take for an option is none.
pub(super) fn remote(text: &str) -> Result<&str, Error> {
    match text.is_empty() || text.starts_with('-') {
        true => Err(Error::usage(format!("`{text}` is no name, path or URL of a repository"))),
        false => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_said_without_their_secrets() {
        let text = "fetching from https://ada:s3cret@host.example/a@b.git failed: 'ssh://git@h/x'; https://h/y";
        assert_eq!(
            without_secrets(text),
            "fetching from https://****@host.example/a@b.git failed: 'ssh://****@h/x'; https://h/y"
        );
        assert_eq!(without_secrets("git@host:a.git"), "git@host:a.git");
    }

    #[test]
    fn an_option_is_no_remote() {
        assert!(remote("--upload-pack=x").is_err() && remote("").is_err());
        assert_eq!(remote("../b.git").unwrap(), "../b.git");
    }
}
