//! `pf diff`

use std::collections::BTreeMap;

use super::Format;
use crate::change::{self, Class, PromptChange, Side};
use crate::cli::args::Global;
use crate::cli::error::{Error, Exit};
use crate::cli::place::{self, Selector};
use crate::cli::ui::Ui;
use crate::project::prompt::{Prompt, PromptName};
use crate::project::{Project, cases, model};
use crate::report::{diff, json};
use crate::snapshot::{Home, Snapshot};
use crate::{digest, template};

/// Show what changed between two versions, and whom it may break
///
/// Without arguments: the worktree against HEAD. Changes are compared by what they mean: the order of keys, comments and
/// layout are no changes, and a changed partial shows in each prompt that includes it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf diff                                   the worktree against HEAD
  pf diff --staged                          what is about to be committed
  pf diff main                              the worktree against main
  pf diff main..HEAD                        two revisions
  pf diff main...HEAD                       since HEAD left main
  pf diff support/triage@v3 support/triage  two versions of one prompt
  pf diff HEAD~1 -- 'support/*'             some prompts
  pf diff main...HEAD --deny caller         exit 1 when callers may break")]
pub(crate) struct Args {
    /// Revisions or selectors: A, A B, A..B or A...B
    #[arg(value_name = "VERSION", num_args = 0..=2)]
    versions: Vec<String>,
    /// Compare with what is staged instead of the worktree
    #[arg(long)]
    staged: bool,
    /// Exit with 1 on a change of this class that is not known to be harmless: caller, consumer, model, cost or docs
    #[arg(long, value_name = "CLASS")]
    deny: Vec<Class>,
    /// Exit with 1 when there is any difference
    #[arg(long)]
    exit_code: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Only these prompts: names or globs
    #[arg(last = true, value_name = "NAME")]
    names: Vec<String>,
}

/// One side of a comparison: where it is read, and the one prompt that a selector names.
struct End {
    snapshot: Snapshot,
    name: Option<PromptName>,
}

pub(crate) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    let home = place::home(global)?;
    let (before, after) = ends(args, &home)?;
    let old = Project::load(&before.snapshot)?;
    let new = Project::load(&after.snapshot)?;
    for project in [&old, &new] {
        if place::configured(project).is_err() {
            ui.warn(format!(
                "pf.yaml cannot be read in {}, so its folders and model profiles are not known there; `pf lint` says why",
                project.snapshot.describe()
            ));
        }
        if !project.unusable.is_empty() {
            let names: Vec<String> =
                project.unusable.keys().map(|name| format!("`{name}`")).collect();
            ui.warn(format!(
                "{} cannot be read in {} and is left out; `pf lint` says why",
                names.join(", "),
                project.snapshot.describe()
            ));
        }
    }
    let changes = match (&before.name, &after.name) {
        (None, None) => {
            let wanted = filter(args, &[&old, &new])?;
            let sides = |project| sides(project, wanted.as_deref());
            change::compare_projects(&sides(&old)?, &sides(&new)?)
        }
        (one, other) => {
            // A selector on one side means the same prompt on the other.
            let old_name = one.as_ref().or(other.as_ref()).expect("one of them is there");
            let new_name = other.as_ref().or(one.as_ref()).expect("one of them is there");
            let old_side = side(&old, place::prompt(&old, old_name)?)?;
            let new_side = side(&new, place::prompt(&new, new_name)?)?;
            one_prompt(&old_side, &new_side)
        }
    };
    match args.format {
        Format::Json => json::write(ui.out(), &diff::json(&changes))?,
        Format::Human if changes.is_empty() => {
            ui.note(format!(
                "no prompt differs between {} and {}",
                old.snapshot.describe(),
                new.snapshot.describe()
            ));
        }
        Format::Human => diff::write_human(ui.out(), &changes)?,
    }
    let denied = change::denied(&changes, &args.deny);
    match denied || (args.exit_code && !changes.is_empty()) {
        true => Ok(Exit::Findings),
        false => Ok(Exit::Success),
    }
}

fn ends(args: &Args, home: &Home) -> Result<(End, End), Error> {
    let whole = |snapshot| End { snapshot, name: None };
    let (first, second) = match args.versions.as_slice() {
        [] => (None, None),
        [one] => match split(one) {
            Some((a, b, since)) => {
                if args.staged {
                    return Err(Error::usage("--staged goes with one revision, not with a range"));
                }
                let b = if b.is_empty() { "HEAD" } else { b };
                let a = if a.is_empty() { "HEAD" } else { a };
                let before = if since { home.merge_base(a, b)? } else { home.commit(a)? };
                return Ok((whole(before), whole(home.commit(b)?)));
            }
            None => (Some(one), None),
        },
        [one, other, ..] => (Some(one), Some(other)),
    };
    if args.staged && second.is_some() {
        return Err(Error::usage("--staged goes with one revision, not with two"));
    }
    let before = match first {
        Some(text) => end(home, text)?,
        None => whole(match home.head()? {
            Some(_) => home.commit("HEAD")?,
            // Before the first commit everything is new.
            None => Snapshot::memory([]),
        }),
    };
    let after = match second {
        Some(text) => end(home, text)?,
        None if args.staged => whole(home.index()?),
        None => whole(home.worktree()),
    };
    Ok((before, after))
}

/// `A..B` and `A...B`; the third is whether it starts at the merge base.
fn split(text: &str) -> Option<(&str, &str, bool)> {
    if let Some((a, b)) = text.split_once("...") {
        return Some((a, b, true));
    }
    text.split_once("..").map(|(a, b)| (a, b, false))
}

/// A revision, or a selector: what has an `@` behind the name of a prompt, or is such a name and no revision.
fn end(home: &Home, text: &str) -> Result<End, Error> {
    if let Ok(snapshot) = home.commit(text) {
        return Ok(End { snapshot, name: None });
    }
    let selector = Selector::parse(text)?;
    let named = selector.which.is_some() || {
        let project = place::load_prompt(&home.worktree(), &selector.name)?;
        project.prompts.contains_key(&selector.name)
    };
    match named {
        true => Ok(End { snapshot: place::version(home, &selector)?, name: Some(selector.name) }),
        // Neither: the error of the revision says most.
        false => Ok(End { snapshot: home.commit(text)?, name: None }),
    }
}

/// Which prompts are compared: those that a name or glob after `--` matches on either side.
fn filter(args: &Args, projects: &[&Project]) -> Result<Option<Vec<PromptName>>, Error> {
    if args.names.is_empty() {
        return Ok(None);
    }
    let mut wanted = Vec::new();
    for entry in &args.names {
        let mut found = Vec::new();
        for project in projects {
            let prompts = cases::prompts_matching(project, entry)
                .map_err(|error| Error::usage(format!("`{entry}` is no valid glob: {error}")))?;
            found.extend(prompts.into_iter().map(|prompt| prompt.name.clone()));
        }
        if found.is_empty() {
            let similar = projects.iter().find_map(|project| project.closest_prompt(entry));
            let error = Error::nothing(format!("no prompt of either side matches `{entry}`"));
            return Err(error.hint_if(similar.map(|similar| format!("did you mean `{similar}`?"))));
        }
        wanted.extend(found);
    }
    Ok(Some(wanted))
}

fn sides<'a>(project: &'a Project, wanted: Option<&[PromptName]>) -> Result<Vec<Side<'a>>, Error> {
    project
        .prompts
        .values()
        .filter(|prompt| wanted.is_none_or(|wanted| wanted.contains(&prompt.name)))
        .map(|prompt| side(project, prompt))
        .collect()
}

fn side<'a>(project: &Project, prompt: &'a Prompt) -> Result<Side<'a>, Error> {
    let closure = template::closure_of(project, prompt)?;
    let model = model::resolve(&project.config, prompt.file.model.as_ref(), None).ok();
    let digest = digest::content(prompt, &closure, model.as_ref());
    let partials: BTreeMap<_, _> = closure
        .partials
        .iter()
        .map(|(name, partial)| (name.clone(), partial.file.clone()))
        .collect();
    Ok(Side { prompt, partials, model, digest: Some(digest) })
}

/// Two versions that the user named, whatever they are called.
fn one_prompt(before: &Side<'_>, after: &Side<'_>) -> Vec<PromptChange> {
    let changes = change::compare(before, after);
    let renamed = before.prompt.name != after.prompt.name;
    if changes.is_empty() && !renamed {
        return Vec::new();
    }
    let status = match renamed {
        true => change::Status::Renamed { from: before.prompt.name.clone() },
        false => change::Status::Changed,
    };
    vec![PromptChange {
        name: after.prompt.name.clone(),
        status,
        changes,
        before: before.digest,
        after: after.digest,
    }]
}
