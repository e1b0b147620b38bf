//! `pf list`

use std::io::Write;

use super::Format;
use crate::cli::args::Global;
use crate::cli::error::{Error, Exit};
use crate::cli::place;
use crate::cli::ui::Ui;
use crate::project::{Project, cases};
use crate::report::json;
use crate::report::table;
use crate::snapshot::Home;

/// List the prompts of the project
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf list
  pf list 'support/*'
  pf list --tag support --format json")]
pub(crate) struct Args {
    /// Names or globs; all prompts when absent
    names: Vec<String>,
    /// Only prompts that have this tag
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Read a revision instead of the worktree
    #[arg(long, value_name = "REV")]
    at: Option<String>,
    /// How to print the list
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Exit with 0 even when there is no prompt
    #[arg(long)]
    allow_empty: bool,
}

pub(crate) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    let home = place::home(global)?;
    let snapshot = match &args.at {
        Some(revision) => home.commit(revision)?,
        None => home.worktree(),
    };
    let project = Project::load(&snapshot)?;
    place::configured(&project)?;
    let mut prompts = Vec::new();
    for prompt in project.prompts.values() {
        let mut named = args.names.is_empty();
        for name in &args.names {
            named |= match cases::is_glob(name) {
                true => cases::glob(name)
                    .map_err(|error| Error::usage(format!("`{name}` is no valid glob: {error}")))?
                    .is_match(prompt.name.as_str()),
                false => prompt.name.as_str() == name,
            };
        }
        let tagged =
            args.tag.is_empty() || prompt.file.tags.iter().any(|tag| args.tag.contains(tag));
        if named && tagged {
            prompts.push(json::ListedPrompt::new(&project, prompt)?);
        }
    }
    if !project.unusable.is_empty() {
        let names: Vec<String> = project.unusable.keys().map(|name| format!("`{name}`")).collect();
        ui.warn(format!("{} cannot be read and is left out; `pf lint` says why", names.join(", ")));
    }
    match args.format {
        Format::Json => json::write(ui.out(), &json::List::new(prompts.clone()))?,
        Format::Human => {
            let rows = prompts.iter().map(|prompt| {
                vec![
                    prompt.name.clone(),
                    prompt.model.clone().unwrap_or_default(),
                    prompt.variables.join(", "),
                    prompt.description.clone().unwrap_or_default(),
                ]
            });
            let text = table::plain(&["prompt", "model", "variables", "description"], rows);
            if !prompts.is_empty() {
                write!(ui.out(), "{text}")?;
            }
        }
    }
    if prompts.is_empty() && !args.allow_empty {
        return Err(nothing(args, &project, &home));
    }
    Ok(Exit::Success)
}

fn nothing(args: &Args, project: &Project, home: &Home) -> Error {
    if args.names.is_empty() && args.tag.is_empty() {
        let paths = &project.config.paths;
        return Error::nothing(format!(
            "there is no prompt below `{}/` in `{}`",
            paths.prompts,
            home.root().display()
        ))
        .hint("`pf init` writes a project to start from");
    }
    let quoted = |words: &[String]| {
        words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
    };
    let error = Error::nothing(match (args.names.as_slice(), args.tag.as_slice()) {
        (names, []) => format!("no prompt is called {}", quoted(names)),
        ([], tags) => format!("no prompt has the tag {}", quoted(tags)),
        (names, tags) => {
            format!("no prompt called {} has the tag {}", quoted(names), quoted(tags))
        }
    });
    match args.names.iter().find_map(|name| project.closest_prompt(name)) {
        Some(similar) if args.tag.is_empty() => error.hint(format!("did you mean `{similar}`?")),
        _ => error.hint("`pf list` shows what there is"),
    }
}
