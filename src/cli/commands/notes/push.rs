//! `pf notes push`

use std::io::Write;

use super::git;
use crate::cli::args::Global;
use crate::cli::commands::Format;
use crate::cli::error::{Error, Exit};
use crate::cli::place;
use crate::cli::ui::Ui;
use crate::history::notes::{Notes, REF};
use crate::report::json;
use crate::report::notes::NotesSync;

/// Send the notes to another repository, with the `git` program
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf notes push
  pf notes push upstream")]
pub(super) struct Args {
    /// The other repository: a remote, a path or a URL
    #[arg(default_value = "origin")]
    remote: String,
    /// Exit with 0 when there are no notes
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
    let notes = Notes::read(&home)?;
    if notes.all().is_empty() && notes.foreign() == 0 {
        let error = Error::nothing("there are no notes to push")
            .hint("`pf eval --notes` writes them on a commit");
        return super::nothing(error, args.allow_empty, ui);
    }
    let refspec = format!("{REF}:{REF}");
    let said = git::run(home.root(), &["push", "--porcelain", "--", remote, &refspec])?;
    if !said.worked {
        let doing = format!("pushing to {shown}");
        // Porcelain: `!<TAB>refs/notes/pf:refs/notes/pf<TAB>[rejected] (fetch first)`.
        let behind = ["(fetch first)", "(non-fast-forward)"];
        return Err(match behind.iter().any(|why| said.out.contains(why)) {
            true => Error::new(Exit::Provider, format!("{shown} has notes that are not here"))
                .hint(format!("fetch first: `pf notes fetch{}`, then push again", named(&shown))),
            false if said.out.contains("rejected]") => {
                let why = said.out.lines().find(|line| line.starts_with('!')).unwrap_or_default();
                let why = why.rsplit('\t').next().unwrap_or_default();
                Error::new(Exit::Provider, format!("{doing} failed: {why}"))
            }
            false => said.error(&doing),
        });
    }
    let pushed = NotesSync::pushed(&shown, &notes);
    match args.format {
        Format::Json => json::write(ui.out(), &pushed)?,
        Format::Human => write!(ui.out(), "{}", pushed.text())?,
    }
    Ok(Exit::Success)
}

/// The remote as it is to be typed, where it is not the one that goes without saying.
fn named(remote: &str) -> String {
    match remote {
        "origin" => String::new(),
        other => format!(" {other}"),
    }
}
