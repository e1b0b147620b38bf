//! `--coverage`: what no case tries. It asks nobody and needs no key.

use super::Args;
use crate::cli::error::{Error, Exit};
use crate::cli::ui::Ui;
use crate::eval::coverage::{self, PromptCoverage};
use crate::project::Project;
use crate::report;
use crate::report::json;
use crate::snapshot::Home;

pub(super) fn run(args: &Args, home: &Home, project: &Project, ui: &mut Ui) -> Result<Exit, Error> {
    let as_json = args.output.as_json_or_text().map_err(|format| {
        Error::usage(format!("--coverage does not go with --format {format}"))
            .hint("use --format human or json")
    })?;
    // Where only some suites are looked at, nothing can be said of prompts that others may ask.
    let everything = args.suites.is_empty() && args.cases.is_empty() && args.tags.is_empty();
    let plan = match everything && project.suites.is_empty() {
        true => None,
        false => Some(super::plan(args, None, home, project)?),
    };
    let prompts =
        coverage::coverage(project, plan.as_ref(), everything).map_err(super::plan_error)?;
    if prompts.is_empty() {
        let nothing = Error::nothing("there is no prompt to cover");
        return if args.allow_empty { Ok(Exit::Success) } else { Err(nothing) };
    }
    match as_json {
        true => json::write(ui.out(), &report::coverage::CoverageJson::new(&prompts))?,
        false => report::coverage::write(ui.out(), &prompts)?,
    }
    let Some(least) = args.coverage_min else { return Ok(Exit::Success) };
    let below: Vec<&PromptCoverage> =
        prompts.iter().filter(|prompt| prompt.share() < least).collect();
    for prompt in &below {
        ui.note(format!("{}: {:.3} is less than {least}", prompt.name, prompt.share()));
    }
    Ok(if below.is_empty() { Exit::Success } else { Exit::Findings })
}
