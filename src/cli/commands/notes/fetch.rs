//! `pf notes fetch`

use std::io::Write;

use super::git;
use crate::cli::args::Global;
use crate::cli::commands::Format;
use crate::cli::error::{Error, Exit};
use crate::cli::place;
use crate::cli::ui::Ui;
use crate::digest::sha256;
use crate::history::notes::{Notes, REF};
use crate::report::json;
use crate::report::notes::NotesSync;

/// Bring the notes of another repository and merge them with those of here, with the `git` program
///
/// Lines of both sides are kept, each once: no result is lost.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf notes fetch
  pf notes fetch upstream
  pf notes fetch --allow-empty          where nobody has pushed notes yet")]
pub(super) struct Args {
    /// The other repository: a remote, a path or a URL
    #[arg(default_value = "origin")]
    remote: String,
    /// Exit with 0 when the other repository has no notes
    #[arg(long)]
    allow_empty: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(super) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    let home = place::home(global)?;
    let remote = git::remote(&args.remote)?;
    let shown = git::without_secrets(remote);
    let before = Notes::read(&home)?;
    home.check_notes_identity(REF)?;
    let theirs = theirs(remote);
    let refspec = format!("+{REF}:{theirs}");
    let fetch = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", remote, &refspec];
    let said = git::run(home.root(), &fetch)?;
    if !said.worked {
        if said.err.contains("couldn't find remote ref") {
            let error = Error::nothing(format!("{shown} has no notes"))
                .hint("`pf eval --notes` writes them, `pf notes push` shares them");
            return super::nothing(error, args.allow_empty, ui);
        }
        return Err(said.error(&format!("fetching from {shown}")));
    }
    let merge = ["notes", "--ref", REF, "merge", "--quiet", "--strategy", "cat_sort_uniq", &theirs];
    let said = git::run(home.root(), &merge)?;
    if !said.worked {
        let complaint = said.complaint();
        return Err(Error::new(Exit::Provider, format!("merging the notes failed: {complaint}")));
    }
    let fetched = NotesSync::fetched(&shown, &before, &Notes::read(&home)?);
    match args.format {
        Format::Json => json::write(ui.out(), &fetched)?,
        Format::Human => write!(ui.out(), "{}", fetched.text())?,
    }
    Ok(Exit::Success)
}

/// Where the notes of another repository lie before they are merged. A path or a URL is no name for a ref.
fn theirs(remote: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    match remote.chars().all(plain) {
        true => format!("refs/notes/remotes/{remote}/pf"),
        false => format!("refs/notes/remotes/{}/pf", sha256(remote).short()),
    }
}

#[cfg(test)]
mod tests {
    use super::theirs;

    #[test]
    fn each_repository_has_a_ref_of_its_own_with_a_valid_name() {
        assert_eq!(theirs("origin"), "refs/notes/remotes/origin/pf");
        let odd = ["../a.git", "../b.git", "https://host/a..b.git", "a.lock", "a b"];
        let refs: std::collections::BTreeSet<String> = odd.into_iter().map(theirs).collect();
        assert_eq!(refs.len(), odd.len());
        let plain = |text: &String| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '/');
        assert!(refs.iter().all(plain), "{refs:?}");
    }
}
