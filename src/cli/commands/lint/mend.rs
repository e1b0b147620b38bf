//! Changing files: fixes, and suppressions for what is there today.

use std::collections::BTreeMap;

use crate::cli::error::{Error, Exit};
use crate::cli::ui::Ui;
use crate::cli::write;
use crate::diagnostic::{RuleId, counted};
use crate::lint::adopt::adopt;
use crate::lint::fix::{Apply, Fixed, Refused, Rewritten, fix};
use crate::lint::{Checked, Options, RuleSelection};
use crate::path::RepoPath;
use crate::project::Project;
use crate::report::foreign::escape;
use crate::report::patch;
use crate::snapshot::Home;

/// The arguments about changing files.
#[derive(Debug, clap::Args)]
pub(super) struct MendArgs {
    /// Mend what can be mended without changing a rendered byte
    #[arg(long, conflicts_with_all = ["at", "staged"])]
    fix: bool,
    /// With --fix or --diff: also what may change what the model sees
    #[arg(long)]
    unsafe_fixes: bool,
    /// Show what --fix would change, and change nothing; exit with 1 when there is something
    #[arg(long, conflicts_with = "fix")]
    diff: bool,
    /// Write a suppression for each finding, so that only new ones count from now on
    #[arg(
        long,
        value_name = "REASON",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "found when pf was adopted",
        conflicts_with_all = ["fix", "diff", "at", "staged", "stdin_filename"]
    )]
    add_ignore: Option<String>,
}

/// What is to be done with files.
pub(super) enum Mend<'a> {
    Nothing,
    Fix(Apply),
    Show(Apply),
    Accept(&'a str),
}

impl MendArgs {
    pub(super) fn wanted(&self, for_people: bool) -> Result<Mend<'_>, Error> {
        let apply = if self.unsafe_fixes { Apply::All } else { Apply::Safe };
        match &self.add_ignore {
            Some(reason) if reason.trim().is_empty() || reason.contains(['\n', '#']) => {
                Err(Error::usage("--add-ignore needs a reason on one line, without `#`"))
            }
            Some(reason) => Ok(Mend::Accept(reason.trim())),
            None if self.fix => Ok(Mend::Fix(apply)),
            None if self.diff && !for_people => {
                Err(Error::usage("--diff prints a patch: it goes with --format human"))
            }
            None if self.diff => Ok(Mend::Show(apply)),
            None if self.unsafe_fixes => {
                Err(Error::usage("--unsafe-fixes says which fixes, not what to do with them")
                    .hint("add --fix to apply them, or --diff to see them"))
            }
            None => Ok(Mend::Nothing),
        }
    }
}

/// Mends what can be mended, and says what is left.
pub(super) fn mend(
    project: &Project,
    home: &Home,
    options: Options<'_>,
    selection: &RuleSelection,
    apply: Apply,
    ui: &mut Ui,
) -> Result<Checked, Error> {
    let fixed = fix(project, options, selection, apply)?;
    store(home, &fixed.files)?;
    tell_refused(&fixed.refused, ui);
    if !fixed.applied.is_empty() {
        ui.note(told("fixed", &fixed.files, &fixed.applied));
    }
    Ok(fixed.checked)
}

/// The text on standard input with what can be mended in it; what is left goes beside.
pub(super) fn mend_input(
    project: &Project,
    path: &RepoPath,
    options: Options<'_>,
    selection: &RuleSelection,
    apply: Apply,
    ui: &mut Ui,
) -> Result<Checked, Error> {
    let Fixed { files, refused, checked, .. } = fix(project, options, selection, apply)?;
    let given = project.snapshot.read(path)?.unwrap_or_default();
    match files.get(path) {
        Some(file) => ui.verbatim(&write::in_the_manner_of(&given, &file.after))?,
        None => ui.verbatim(&given)?,
    }
    tell_refused(&refused, ui);
    Ok(checked)
}

/// Shows what would be mended.
pub(super) fn show(
    project: &Project,
    options: Options<'_>,
    selection: &RuleSelection,
    apply: Apply,
    ui: &mut Ui,
) -> Result<Exit, Error> {
    let fixed = fix(project, options, selection, apply)?;
    for (path, file) in &fixed.files {
        ui.patch(&patch::of(path, &file.before, &file.after))?;
    }
    tell_refused(&fixed.refused, ui);
    if fixed.files.is_empty() {
        ui.note("nothing to fix");
        return Ok(Exit::Success);
    }
    ui.note(told("would fix", &fixed.files, &fixed.applied));
    Ok(Exit::Findings)
}

/// Writes a suppression for each finding.
pub(super) fn accept(
    project: &Project,
    home: &Home,
    options: Options<'_>,
    selection: &RuleSelection,
    reason: &str,
    ui: &mut Ui,
) -> Result<Exit, Error> {
    let adopted = adopt(project, options, selection, reason)?;
    store(home, &adopted.files)?;
    tell_refused(&adopted.refused, ui);
    match adopted.accepted.is_empty() {
        true => ui.note("no findings to accept"),
        false => ui.note(told("accepted", &adopted.files, &adopted.accepted)),
    }
    Ok(if adopted.refused.is_empty() { Exit::Success } else { Exit::Findings })
}

fn store(home: &Home, files: &BTreeMap<RepoPath, Rewritten>) -> Result<(), Error> {
    for (path, file) in files {
        let place = home.root().join(path.as_str());
        // A link stays a link: what it leads to is changed.
        let place = place.canonicalize().unwrap_or(place);
        let old = home.worktree().read(path)?.unwrap_or_default();
        write::replace(&place, &write::in_the_manner_of(&old, &file.after))?;
    }
    Ok(())
}

fn tell_refused(refused: &[Refused], ui: &mut Ui) {
    for Refused { finding, reason } in refused {
        ui.note(format!(
            "{}:{} {} is left as it is: {}",
            escape(finding.file.path().as_str()),
            finding.start(),
            finding.code,
            escape(reason)
        ));
    }
}

/// What was done with how many findings in which files: `fixed 3 findings in 1 file (F001, V101 × 2)`.
fn told(
    done: &str,
    files: &BTreeMap<RepoPath, Rewritten>,
    per_rule: &BTreeMap<RuleId, usize>,
) -> String {
    let rules = per_rule.iter().map(|(code, count)| match count {
        1 => code.to_string(),
        many => format!("{code} × {many}"),
    });
    format!(
        "{done} {} in {} ({})",
        counted(per_rule.values().sum::<usize>(), "finding"),
        counted(files.len(), "file"),
        rules.collect::<Vec<_>>().join(", ")
    )
}
