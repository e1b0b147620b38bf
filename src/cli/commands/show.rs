//! `pf show`

use std::io::Write;

use super::Format;
use crate::cli::args::Global;
use crate::cli::error::{Error, Exit};
use crate::cli::place::{self, Selector};
use crate::cli::ui::Ui;
use crate::report::foreign::escape;
use crate::report::json;

/// Show what a prompt is: its variables, messages, output contract, and the files it is made of
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf show support/triage
  pf show support/triage@main~2
  pf show policies/refunds.md --deps     who uses a partial
  pf show support/triage --format json")]
pub(crate) struct Args {
    /// NAME or NAME@REVISION; with --deps also the path of a partial
    selector: String,
    /// Also the files that the prompt is made of, or the prompts that use a partial
    #[arg(long)]
    deps: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(crate) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    let home = place::home(global)?;
    let selector = Selector::parse(&args.selector)?;
    let snapshot = place::version(&home, &selector)?;
    let project = place::load_prompt(&snapshot, &selector.name)?;
    if args.deps && project.partial(selector.name.as_str())?.is_some() {
        return users(args, &project, selector.name.as_str(), ui);
    }
    let prompt = place::prompt(&project, &selector.name)?;
    let shown = json::Show::new(&project, prompt)?;
    match args.format {
        Format::Json => json::write(ui.out(), &shown)?,
        Format::Human => human(&shown, args.deps, ui)?,
    }
    Ok(Exit::Success)
}

fn users(
    args: &Args,
    project: &crate::project::Project,
    partial: &str,
    ui: &mut Ui,
) -> Result<Exit, Error> {
    let project = crate::project::Project::load(&project.snapshot)?;
    let mut users = Vec::new();
    for prompt in project.prompts.values() {
        let closure = crate::template::closure_of(&project, prompt)?;
        if closure.partials.contains_key(partial) {
            users.push(prompt.name.to_string());
        }
    }
    match args.format {
        Format::Json => json::write(ui.out(), &json::PartialUsers::new(partial, users))?,
        Format::Human => {
            for user in users {
                writeln!(ui.out(), "{user}")?;
            }
        }
    }
    Ok(Exit::Success)
}

fn human(shown: &json::Show, deps: bool, ui: &mut Ui) -> Result<(), Error> {
    let out = ui.out();
    writeln!(out, "{}  {}", shown.name, shown.digest)?;
    for (word, value) in
        [("description", &shown.description), ("owner", &shown.owner), ("model", &shown.model)]
    {
        if let Some(value) = value {
            writeln!(out, "  {word}: {}", escape(value))?;
        }
    }
    if !shown.tags.is_empty() {
        writeln!(out, "  tags: {}", shown.tags.join(", "))?;
    }
    writeln!(out, "  file: {}", shown.path)?;
    if !shown.variables.is_empty() {
        writeln!(out, "\nvariables")?;
        for variable in &shown.variables {
            let default =
                variable.default.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
            let optional = if variable.required { "" } else { "?" };
            let about =
                variable.description.as_deref().map(|text| format!("  {text}")).unwrap_or_default();
            writeln!(
                out,
                "  {}{optional}: {}{default}{}",
                variable.name,
                variable.r#type,
                escape(&about)
            )?;
        }
    }
    writeln!(out, "\nmessages")?;
    for message in &shown.messages {
        writeln!(out, "  {}", escape(message))?;
    }
    if deps {
        writeln!(out, "\nfiles")?;
        for file in &shown.files {
            writeln!(out, "  {file}")?;
        }
    }
    Ok(())
}
