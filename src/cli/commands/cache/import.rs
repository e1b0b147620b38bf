//! `pf cache import`

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::Value;

use crate::cli::args::Global;
use crate::cli::commands::Format as CommandFormat;
use crate::cli::commands::eval::inputs;
use crate::cli::error::{Error, Exit};
use crate::cli::place;
use crate::cli::ui::Ui;
use crate::diagnostic::{Diagnostic, closest, counted};
use crate::eval::plan::Selection;
use crate::message::{Answer, Usage};
use crate::path::RepoPath;
use crate::project::Project;
use crate::project::dataset::{self, Format, UNREADABLE_DATASET};
use crate::report::cache::Import;
use crate::report::json;
use crate::span::{SourceFile, Span};
use crate::store::exchange::{self, ExchangeError};
use crate::store::recordings::Position;
use crate::store::{Archive, Recording};

/// Take in answers of another store, or record answers that come from elsewhere
///
/// Without --suite, FILE is what `pf cache export` wrote, and its answers go into the local store; of two answers to one
/// question the newer one stays.
///
/// With --suite, each row of FILE is an answer of one model to one case of that suite. The case is rendered as an
/// evaluation would, and the answer goes into the suite's recordings under the key of that request: `pf eval` then needs
/// no call for it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Columns of FILE with --suite (.jsonl, .json, .csv or .yaml):
  case            the id of the case
  output          the answer
  repeat          which repeat, from 1 (optional)
  finish          why the model stopped (optional)
  input_tokens, output_tokens, latency_ms     (optional)

Examples:
  pf cache import export.jsonl
  pf cache import answers.jsonl --suite gsm8k --model gsm8k/175b-verification
  pf cache import answers.csv --suite triage --model fast --source 'batch of 2026-11-02'")]
pub(crate) struct Args {
    /// The answers
    file: PathBuf,
    /// The suite whose cases they answer; without it, FILE is an export of another store
    #[arg(long)]
    suite: Option<String>,
    /// The model that gave them: PROVIDER/NAME or a profile
    #[arg(long, requires = "suite")]
    model: Option<String>,
    /// The prompt that was asked, where the suite has several
    #[arg(long, requires = "suite")]
    prompt: Option<String>,
    /// Where the answers come from, for those who read the recordings
    #[arg(long, default_value = "pf cache import")]
    source: String,
    /// How to print what was done
    #[arg(long, value_enum, default_value_t = CommandFormat::Human)]
    format: CommandFormat,
}

/// One answer of the file.
struct Row {
    case: String,
    repeat: u32,
    answer: Answer,
    span: Span,
}

pub(crate) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    match &args.suite {
        Some(suite) => record(args, suite, global, ui),
        None => store(args, global, ui),
    }
}

/// Takes in an export. It is read twice, so that nothing is taken of a file that is not one to its end.
fn store(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    let home = place::home(global)?;
    let shown = args.file.display();
    let open = || {
        std::fs::File::open(place::path(global, &args.file))
            .map(BufReader::new)
            .map_err(|error| Error::usage(format!("`{shown}`: {error}")))
    };
    let failed = |error: ExchangeError| match error {
        ExchangeError::Store(error) => super::failed(error),
        ExchangeError::Io(error) => Error::usage(format!("`{shown}`: {error}")),
        ExchangeError::Line { .. } => {
            Error::usage(format!("`{shown}` is no export of `pf cache export`: {error}"))
                .hint("answers from elsewhere are rows of `case` and `output`, and need --suite")
        }
    };
    let lines = exchange::check(&mut open()?).map_err(failed)?;
    if lines == 0 {
        return Err(Error::nothing(format!("`{shown}` has no answers")));
    }
    let (mut archive, warnings) =
        Archive::create(&inputs::store_folder(&home)).map_err(super::failed)?;
    for warning in warnings {
        ui.warn(warning.to_string());
    }
    let imported = exchange::import(&mut archive, &mut open()?).map_err(failed)?;
    done(args, None, imported.cells, imported.changed, ui)?;
    let there = imported.cells - imported.changed;
    ui.note(match there {
        0 => format!("imported {} into the local store", answers(imported.changed)),
        there => format!(
            "imported {} into the local store; {there} more were there already",
            answers(imported.changed)
        ),
    });
    Ok(Exit::Success)
}

fn answers(count: u64) -> String {
    format!("{count} answer{}", if count == 1 { "" } else { "s" })
}

fn done(
    args: &Args,
    recordings: Option<String>,
    cells: u64,
    changed: u64,
    ui: &mut Ui,
) -> Result<(), Error> {
    if args.format == CommandFormat::Json {
        let import =
            Import { version: json::VERSION, kind: "cache-import", recordings, cells, changed };
        json::write(ui.out(), &import)?;
    }
    Ok(())
}

fn record(args: &Args, wanted: &str, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    let directory = place::directory(global)?;
    let home = place::home(global)?;
    let project = Project::load(&home.worktree())?;
    let (file, rows) = read(&args.file, &directory)?;
    if rows.is_empty() {
        return Err(Error::nothing(format!("`{}` has no answers", args.file.display())));
    }
    let suites = [wanted.to_owned()];
    let models: Vec<String> = args.model.iter().cloned().collect();
    let selection = Selection { suites: &suites, models: &models, ..Selection::default() };
    let plan = super::planned(&home, &project, selection)?;
    let [suite] = plan.suites.as_slice() else {
        return Err(Error::usage(format!("`{wanted}` names several suites")));
    };
    let columns: Vec<_> = suite
        .columns
        .iter()
        .filter(|column| args.prompt.as_ref().is_none_or(|prompt| column.prompt == *prompt))
        .collect();
    let column = match columns.as_slice() {
        [column] => column,
        [] => {
            let names: Vec<&str> =
                suite.columns.iter().map(|column| column.prompt.as_str()).collect();
            return Err(Error::usage(format!(
                "the suite has no prompt `{}`",
                args.prompt.as_deref().unwrap_or_default()
            ))
            .hint(format!("prompts: {}", names.join(", "))));
        }
        several => {
            let prompts: BTreeSet<&str> =
                several.iter().map(|column| column.prompt.as_str()).collect();
            let models: BTreeSet<&str> =
                several.iter().map(|column| column.model.label.as_str()).collect();
            let mut error = Error::usage("the answers could belong to several prompts or models");
            if prompts.len() > 1 {
                error = error.hint(format!(
                    "name one with --prompt: {}",
                    prompts.into_iter().collect::<Vec<_>>().join(", ")
                ));
            }
            if models.len() > 1 {
                error = error.hint(format!(
                    "name one with --model: {}",
                    models.into_iter().collect::<Vec<_>>().join(", ")
                ));
            }
            return Err(error);
        }
    };
    let cases: BTreeMap<String, usize> =
        suite.cases.iter().enumerate().map(|(place, case)| (case.id.clone(), place)).collect();
    let mut findings = Vec::new();
    let mut new = Vec::new();
    let now = Timestamp::now();
    let mut seen = BTreeSet::new();
    for row in rows {
        let wrong = |message: String| Diagnostic::new(UNREADABLE_DATASET, &file, row.span, message);
        let Some(place) = cases.get(&row.case) else {
            let finding = wrong(format!("the suite has no case `{}`", row.case));
            findings.push(match closest(&row.case, cases.keys().map(String::as_str)) {
                Some(similar) => finding.help(format!("did you mean `{similar}`?")),
                None => finding,
            });
            continue;
        };
        if row.repeat == 0 || row.repeat > suite.repeat {
            findings.push(wrong(format!(
                "the suite asks each case {}, and this is repeat {}",
                counted(suite.repeat, "time"),
                row.repeat
            )));
            continue;
        }
        if !seen.insert((row.case.clone(), row.repeat)) {
            findings.push(wrong(format!("a second answer to the case `{}`", row.case)));
            continue;
        }
        let case = suite.cases.get(*place);
        match column.ask(&case) {
            Ok(asked) => {
                let position =
                    Position { case: &case.id, model: &column.model.label, repeat: row.repeat };
                new.push(Recording::new(
                    position,
                    &asked.request,
                    row.answer,
                    now,
                    args.source.as_str(),
                ));
            }
            Err(found) => findings.extend(found),
        }
    }
    if !findings.is_empty() {
        return Err(Error::usage(format!("nothing was imported from `{}`", args.file.display()))
            .findings(findings));
    }
    let count = new.len();
    let before = inputs::read_recordings(&home, &project, &suite.name)?.unwrap_or_default();
    let path = inputs::merge(&home, &project, &suite.name, new)?;
    let after = inputs::read_recordings(&home, &project, &suite.name)?.unwrap_or_default();
    let before: BTreeSet<&str> = before.lines().collect();
    let changed = after.lines().filter(|line| !before.contains(line)).count();
    done(args, Some(path.to_string()), count as u64, changed as u64, ui)?;
    let of = suite.cases.len() as u64 * u64::from(suite.repeat);
    ui.note(format!("recorded {count} of {of} answers of {} in {path}", column.model.label));
    Ok(Exit::Success)
}

#[expect(clippy::disallowed_methods, reason = "a file of the command line, which may lie anywhere")]
fn read(file: &Path, directory: &Path) -> Result<(Arc<SourceFile>, Vec<Row>), Error> {
    let shown = file.display();
    let path =
        RepoPath::new(&file.file_name().unwrap_or_default().to_string_lossy()).unwrap_or_default();
    let format = Format::of(&path).ok_or_else(|| {
        Error::usage(format!("`{shown}` ends in no known format"))
            .hint("known endings: .jsonl, .json, .csv, .yaml")
    })?;
    let bytes = std::fs::read(directory.join(file))
        .or_else(|_| std::fs::read(file))
        .map_err(|error| Error::usage(format!("`{shown}`: {error}")))?;
    let source = SourceFile::decode(path, bytes)
        .map_err(|_| Error::usage(format!("`{shown}` is not UTF-8 text")))?;
    let mut rows = Vec::new();
    let mut wrong = Vec::new();
    let mut findings =
        dataset::for_each_row(&source, format, &mut |row| match answer(&row.cells) {
            Ok((case, repeat, answer)) => rows.push(Row { case, repeat, answer, span: row.span }),
            Err(message) => {
                wrong.push(Diagnostic::new(UNREADABLE_DATASET, &source, row.span, message));
            }
        });
    findings.extend(wrong);
    if findings.is_empty() {
        return Ok((source, rows));
    }
    Err(Error::usage(format!("`{shown}` cannot be read as answers")).findings(findings))
}

fn answer(cells: &IndexMap<String, Value>) -> Result<(String, u32, Answer), String> {
    const KNOWN: [&str; 7] =
        ["case", "output", "repeat", "finish", "input_tokens", "output_tokens", "latency_ms"];
    if let Some(unknown) = cells.keys().find(|column| !KNOWN.contains(&column.as_str())) {
        let similar = closest(unknown, KNOWN)
            .map(|similar| format!("; did you mean `{similar}`?"))
            .unwrap_or_default();
        return Err(format!("unknown column `{unknown}`{similar}"));
    }
    let text = |column: &str| match cells.get(column) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let number = |column: &str| -> Result<Option<f64>, String> {
        match text(column).as_deref().map(str::trim) {
            None | Some("") => Ok(None),
            Some(text) => match text.parse::<f64>() {
                Ok(number) if number.is_finite() && number >= 0.0 => Ok(Some(number)),
                _ => Err(format!("`{column}` must be a number of 0 or more, not `{text}`")),
            },
        }
    };
    let case = text("case").ok_or("the column `case` is missing")?;
    let output = match cells.get("output") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => return Err("the column `output` is missing".to_owned()),
        Some(value) => value.to_string(),
    };
    let usage = match (number("input_tokens")?, number("output_tokens")?) {
        (None, None) => None,
        (input, written) => Some(Usage {
            input_tokens: input.unwrap_or(0.0) as u64,
            output_tokens: written.unwrap_or(0.0) as u64,
            ..Usage::default()
        }),
    };
    let answer = Answer {
        output,
        finish: text("finish"),
        usage,
        latency_ms: number("latency_ms")?,
        ..Answer::default()
    };
    Ok((case, number("repeat")?.unwrap_or(1.0) as u32, answer))
}
