//! `--notes` and `--skip-proven`: results beside commits, written and believed.

use jiff::{Timestamp, Unit};

use crate::cli::error::{Error, Exit};
use crate::cli::trust::Trusted;
use crate::cli::ui::Ui;
use crate::diagnostic::counted;
use crate::eval::noted;
use crate::eval::plan::Plan;
use crate::eval::proven::{self, Proven};
use crate::eval::run::Run;
use crate::eval::runner::Status;
use crate::history::notes::{self, Notes, REF};
use crate::snapshot::{CommitInfo, Home};

/// Changed files that are named.
const SHOWN: usize = 3;

/// The arguments about notes.
#[derive(Debug, clap::Args)]
pub(super) struct NotesArgs {
    /// Note the results beside the commit, in refs/notes/pf: all cases, and nothing uncommitted; `pf log` shows them
    #[arg(long, conflicts_with_all = ["shard", "cases", "tags", "failed", "coverage", "spot_check", "dry_run"])]
    notes: bool,
    /// Do not run again what a note proves: today's gates are held against its numbers; needs `notes` in your trust.yaml
    #[arg(long, conflicts_with_all = ["shard", "cases", "tags", "failed", "coverage", "spot_check", "against", "record", "refresh"])]
    skip_proven: bool,
}

impl NotesArgs {
    /// The commit that the results will be noted beside, if they are to be: refused before anything is asked.
    pub(super) fn commit(&self, home: &Home, plan: &Plan) -> Result<Option<CommitInfo>, Error> {
        if !self.notes {
            return Ok(None);
        }
        let Some(head) = home.head()? else {
            return Err(Error::usage("there is no commit yet that results could be noted beside")
                .hint("commit what is to be evaluated"));
        };
        home.check_notes_identity(REF)?;
        if plan.filtered {
            return Err(Error::usage("results of a part of the cases are not noted")
                .hint("run the whole suite, or leave --notes out"));
        }
        if home.is_dirty(&[])? {
            return Err(Error::usage(format!(
                "{}, and notes are about commits; nothing was asked",
                dirt(home, &head)?
            ))
            .hint("commit or stash it; what does not belong to the project, such as reports, belongs into .gitignore"));
        }
        Ok(Some(head))
    }

    /// Takes out of a plan what notes prove.
    pub(super) fn skip(
        &self,
        plan: &mut Plan,
        home: &Home,
        trust: &Trusted,
        ui: &mut Ui,
    ) -> Result<Vec<Proven>, Error> {
        if !self.skip_proven {
            return Ok(Vec::new());
        }
        trust.believe_notes()?;
        let notes = Notes::read(home)?;
        let proven = proven::take(plan, &notes);
        match proven.len() {
            0 => ui.note("no note proves any of it"),
            count => ui.note(format!("{} by notes, and not run again", counted_proven(count))),
        }
        Ok(proven)
    }
}

fn counted_proven(count: usize) -> String {
    format!("{} {} proven", counted(count, "result"), if count == 1 { "is" } else { "are" })
}

/// What differs from the commit, in words.
fn dirt(home: &Home, head: &CommitInfo) -> Result<String, Error> {
    let paths = home.changed_paths(&home.commit(&head.id)?)?;
    let shown: Vec<String> = paths.iter().take(SHOWN).map(|path| format!("`{path}`")).collect();
    let more = match paths.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let commit = head.short_id();
    Ok(match shown.is_empty() {
        true => format!("the index differs from {commit}"),
        false => format!("the worktree differs from {commit} in {}{more}", shown.join(", ")),
    })
}

/// Writes what a run came to beside the commit that it was started at, where it came to its end.
pub(super) fn write(
    commit: &CommitInfo,
    home: &Home,
    plan: &Plan,
    run: &Run,
    status: Status,
    ui: &mut Ui,
) -> Result<(), Error> {
    if status != Status::Complete {
        ui.warn("nothing is noted: the run did not come to its end");
        return Ok(());
    }
    if let Some(undecided) = noted::undecided(run) {
        ui.warn(format!("nothing is noted: {undecided}, and notes are about whole results"));
        return Ok(());
    }
    let now = Timestamp::now();
    let results = noted::notes(plan, run, now.round(Unit::Second).unwrap_or(now));
    if results.is_empty() {
        return Ok(());
    }
    notes::write(home, &commit.id, &results).map_err(|error| {
        Error::new(Exit::Provider, format!("the results are not noted: {error}"))
    })?;
    ui.note(format!(
        "noted {} beside {}; `pf notes push` shares them",
        counted(results.len(), "result"),
        commit.short_id()
    ));
    Ok(())
}
