//! `pf log`

use std::io::Write;

use super::Format;
use crate::cli::args::Global;
use crate::cli::error::{Error, Exit};
use crate::cli::place;
use crate::cli::ui::Ui;
use crate::history::notes::Notes;
use crate::history::{self, Version};
use crate::project::prompt::PromptName;
use crate::project::{Project, Scope};
use crate::report::foreign::excerpt;
use crate::report::{self, json};

/// Show the versions of a prompt, read from git
///
/// A version is a commit along the first parents of the revision that changes what reaches the model (the content
/// digest) or what callers rely on (the contract digest), be it in the prompt's own file, a partial or a model profile.
/// Renames are followed. Below a version stand the results that `pf eval --notes` has noted of it, whatever became of the
/// commit that they were noted beside.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf log support/triage
  pf log support/triage --at main
  pf log                         the versions of all prompts
  pf log support/triage --format json")]
pub(crate) struct Args {
    /// A prompt; all prompts when absent
    name: Option<String>,
    /// Read the history of this revision; by default `history.ref` of pf.yaml, else HEAD
    #[arg(long, value_name = "REV")]
    at: Option<String>,
    /// At most this many versions of each prompt
    #[arg(short = 'n', long, value_name = "N")]
    max: Option<usize>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(crate) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    let home = place::home(global)?;
    let revision = place::history_revision(&home, args.at.as_deref())?;
    let snapshot = home.commit(&revision)?;
    let names = match &args.name {
        Some(name) => {
            let name = PromptName(name.clone());
            let project =
                Project::load_scope(&snapshot, Scope::Prompts(std::slice::from_ref(&name)))?;
            if !project.prompts.contains_key(&name) && !project.unusable.contains_key(&name) {
                let project = Project::load(&snapshot)?;
                let error = Error::nothing(format!(
                    "there is no prompt `{name}` in {}",
                    snapshot.describe()
                ));
                return Err(match project.closest_prompt(name.as_str()) {
                    Some(similar) => error.hint(format!("did you mean `{similar}`?")),
                    None if Project::load(&home.worktree())?.prompts.contains_key(&name) => {
                        error.hint("a prompt has versions once it is committed")
                    }
                    None => error,
                });
            }
            vec![name]
        }
        None => {
            let project = Project::load(&snapshot)?;
            let names: Vec<PromptName> =
                project.prompts.keys().chain(project.unusable.keys()).cloned().collect();
            if names.is_empty() {
                return Err(Error::nothing(format!(
                    "there is no prompt in {}",
                    snapshot.describe()
                ))
                .hint("a prompt has versions once it is committed"));
            }
            names
        }
    };
    let mut all = history::versions(&home, &revision, &names)?;
    for versions in &mut all {
        versions.truncate(args.max.unwrap_or(usize::MAX));
    }
    if home.is_shallow()? {
        ui.warn("this clone is shallow: its history begins in the middle, so versions have no numbers; `git fetch --unshallow` brings the rest");
    }
    // A broken note costs nobody the versions.
    let notes = Notes::read(&home).unwrap_or_else(|error| {
        ui.warn(format!("the noted results are left out: {error}"));
        Notes::default()
    });
    if args.format == Format::Json {
        json::write(ui.out(), &json::Log::new(all.iter().flatten(), &notes))?;
        return Ok(Exit::Success);
    }
    for (name, versions) in names.iter().zip(&all) {
        if args.name.is_none() {
            writeln!(ui.out(), "{name}")?;
        }
        for version in versions {
            writeln!(ui.out(), "{}", line(name, version))?;
            for noted in notes.of_version(version.digest) {
                writeln!(ui.out(), "        {}", report::notes::line(noted))?;
            }
        }
    }
    Ok(Exit::Success)
}

fn line(current: &PromptName, version: &Version) -> String {
    let number = version.number.map_or_else(|| "-".to_owned(), |number| format!("v{number}"));
    let commit = &version.commit;
    let mut line = format!(
        "{number:>4}  {}  {}  {:<20}  {}",
        commit.short_id(),
        commit.date.strftime("%Y-%m-%d"),
        excerpt(&commit.author, 20),
        excerpt(&commit.summary, 72),
    );
    if let Some(same_as) = version.same_as {
        line += &format!("  (same as v{same_as})");
    }
    if version.name != *current {
        line += &format!("  (then called {})", version.name);
    }
    line
}
