//! `pf lint`

mod files;
mod mend;
mod output;

use std::collections::BTreeSet;
use std::mem::ManuallyDrop;

use clap::ValueEnum;

use self::files::Choice;
use self::mend::Mend;
use crate::cli::args::Global;
use crate::cli::error::{Error, Exit};
use crate::cli::place;
use crate::cli::ui::Ui;
use crate::diagnostic::Severity;
use crate::lint::{self, Checked, Options, RuleSelection};
use crate::project::{CONFIG_FILE, Project, Scope};
use crate::report::lint::Report;
use crate::snapshot::Home;

/// Check prompts, partials, suites and datasets
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf lint                        everything
  pf lint prompts/support        some files, with what depends on them
  pf lint --staged               what is about to be committed, as it is staged
  pf lint --changed main...      what a branch changes, with what depends on it
  pf lint --at main~3            an old version, without touching the worktree
  pf lint --select V,T --format json
  pf lint --diff                 what --fix would change
  pf lint --add-ignore           accept what is there today
  pf lint -o pf.sarif            for people, and for code scanning

`pf rule CODE` explains a rule.")]
pub(crate) struct Args {
    #[command(flatten)]
    files: files::FileArgs,
    /// Only these rules: codes or their beginnings, separated by commas
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    select: Vec<String>,
    /// These rules too: codes or their beginnings, separated by commas
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    extend_select: Vec<String>,
    /// Not these rules: codes or their beginnings, separated by commas
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    ignore: Vec<String>,
    #[command(flatten)]
    mend: mend::MendArgs,
    /// The least severity that makes the exit code 1
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "warning")]
    fail_on: FailOn,
    #[command(flatten)]
    output: output::OutputArgs,
    /// Exit with 0 even when there is nothing to check
    #[arg(long)]
    allow_empty: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Info,
}

pub(crate) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    args.output.validate()?;
    let directory = place::directory(global)?;
    let home = place::home(global)?;
    let snapshot = args.files.snapshot(&home, &directory)?;
    let choice = args.files.choice(&snapshot, &home, &directory)?;
    let mend = args.mend.wanted(args.output.for_people())?;
    let scope = match (choice.paths(), &mend) {
        // What is mended is checked again with all that there is.
        (Some(paths), Mend::Nothing) if !args.files.whole() => Scope::Files(paths),
        _ => Scope::All,
    };
    // The process ends with the command: to free a large project piece by piece would be a tenth of the work.
    let project = ManuallyDrop::new(Project::load_scope(&snapshot, scope)?);
    let selection =
        RuleSelection::of(&project.config.lint, &args.select, &args.extend_select, &args.ignore);
    if let Some(unknown) = selection.unknown().first() {
        return Err(Error::usage(format!("`{unknown}` is the beginning of no rule's code"))
            .hint("`pf rule` lists all rules"));
    }
    let options =
        Options { paths: choice.paths(), whole: args.files.whole(), change: choice.change() };
    let checked = match mend {
        Mend::Nothing => lint::check(&project, options, &selection)?,
        Mend::Fix(apply) => match args.files.stdin_file(&home, &directory)? {
            Some(path) => {
                let left = mend::mend_input(&project, &path, options, &selection, apply, ui)?;
                ui.findings_aside(&left.findings);
                return Ok(args.exit(&left));
            }
            None => mend::mend(&project, &home, options, &selection, apply, ui)?,
        },
        Mend::Show(apply) => return mend::show(&project, options, &selection, apply, ui),
        Mend::Accept(reason) => {
            return mend::accept(&project, &home, options, &selection, reason, ui);
        }
    };
    if matches!(choice, Choice::All) {
        for skipped in &project.skipped {
            ui.note(format!("skipped `{}`: {}", skipped.path, skipped.reason));
        }
    }
    let report =
        Report { findings: &checked.findings, files: &checked.files, prefix: home.prefix() };
    // A project file alone is nothing that could be wrong or right: the folders may be called otherwise.
    let only_config = checked.files.iter().all(|path| path.as_str() == CONFIG_FILE);
    let all = matches!(choice, Choice::All);
    if checked.findings.is_empty() && (checked.files.is_empty() || (only_config && all)) {
        args.output.show_nothing(&Report { files: &BTreeSet::new(), ..report }, global, ui)?;
        return nothing(args, &project, &home, &choice, ui);
    }
    args.output.show(&report, global, ui)?;
    Ok(args.exit(&checked))
}

impl Args {
    fn exit(&self, checked: &Checked) -> Exit {
        let least = match self.fail_on {
            FailOn::Error => Severity::Error,
            FailOn::Warning => Severity::Warning,
            FailOn::Info => Severity::Info,
        };
        match checked.findings.iter().any(|finding| finding.severity >= least) {
            true => Exit::Findings,
            false => Exit::Success,
        }
    }
}

/// Nothing to check is fine where files were selected, and suspicious where all were meant.
fn nothing(
    args: &Args,
    project: &Project,
    home: &Home,
    choice: &Choice,
    ui: &mut Ui,
) -> Result<Exit, Error> {
    match choice {
        Choice::Changed(paths, from) if paths.is_empty() => {
            ui.note(format!("nothing to check: nothing differs from {from}"));
            return Ok(Exit::Success);
        }
        Choice::Named(_) | Choice::Changed(..) => {
            ui.note("nothing to check: no prompt, partial, suite or dataset among the files");
            return Ok(Exit::Success);
        }
        Choice::All if args.allow_empty => return Ok(Exit::Success),
        Choice::All => {}
    }
    let paths = &project.config.paths;
    Err(Error::nothing(format!(
        "nothing to check: no file below `{}/` or `{}/` in `{}`",
        paths.prompts,
        paths.suites,
        home.root().display()
    ))
    .hint("`pf init` writes a project to start from"))
}
