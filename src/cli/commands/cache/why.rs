//! `pf cache why`

use std::io::Write;

use jiff::Timestamp;

use crate::cli::args::Global;
use crate::cli::commands::Format;
use crate::cli::commands::eval::inputs;
use crate::cli::error::{Error, Exit};
use crate::cli::place;
use crate::cli::ui::Ui;
use crate::digest;
use crate::eval::cell::{Origin, Place};
use crate::eval::plan::{Plan, Selection};
use crate::eval::runner::{self, Mode, Prepared};
use crate::project::Project;
use crate::provider::{self, Endpoint};
use crate::report::cache::{Nearest, Why, WhyCell, WhyParts, WhyState};
use crate::report::json;
use crate::store::nearest::{Candidate, Parts, nearest};
use crate::store::{Archive, Recording, Replay, Store, StoreError, recordings};

/// Say where the answer to a case is, and if it is not there, why
///
/// An answer is known by what was asked: messages, model, parameters, tools, output schema and the number of the repeat.
/// This shows these parts, and what in them differs from the answer that comes nearest. Nothing is asked.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pf cache why refund-1
  pf cache why refund-1 --suite triage --model fast
  pf cache why 'refund-*' --format json | jq '.cells[].nearest.differs'")]
pub(super) struct Args {
    /// The case, by id or glob
    case: String,
    /// Only in this suite
    #[arg(long)]
    suite: Option<String>,
    /// On this model instead of those of the suite: PROVIDER/NAME or a profile
    #[arg(long)]
    model: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// Where answers may be.
struct Places {
    archive: Option<Archive>,
    store: Store,
    fresh: Store,
    replays: Vec<Replay>,
    recordings: Vec<Vec<Recording>>,
}

pub(super) fn run(args: &Args, global: &Global, ui: &mut Ui) -> Result<Exit, Error> {
    let home = place::home(global)?;
    let project = Project::load(&home.worktree())?;
    let suites: Vec<String> = args.suite.iter().cloned().collect();
    let models: Vec<String> = args.model.iter().cloned().collect();
    let cases = [args.case.clone()];
    let selection =
        Selection { suites: &suites, cases: &cases, models: &models, ..Selection::default() };
    let plan = super::planned(&home, &project, selection)?;
    let archive = super::archive(&home, ui)?;
    let open = |oldest| match &archive {
        Some(_) => Store::open(&inputs::store_folder(&home)).0.not_before(oldest),
        None => Store::in_memory(),
    };
    let oldest = project.config.cache.max_age.map(|age| age.before(Timestamp::now()));
    let (store, fresh) = (open(None), open(oldest));
    let mut places = Places { archive, store, fresh, replays: Vec::new(), recordings: Vec::new() };
    for suite in &plan.suites {
        let text = inputs::read_recordings(&home, &project, &suite.name)?.unwrap_or_default();
        let wrong = |error| {
            Error::usage(format!("the recordings of {} cannot be read: {error}", suite.name))
        };
        places.replays.push(Replay::parse(&text).map_err(wrong)?);
        places.recordings.push(recordings::parse(&text).map_err(wrong)?);
    }
    let cells = runner::prepare(&plan, Mode::Cached, &places.replays)
        .map_err(|findings| Error::usage("this case cannot be rendered").findings(findings))?;
    let cells: Vec<WhyCell> = cells
        .iter()
        .map(|cell| explain(&project, &plan, &places, cell))
        .collect::<Result<_, Error>>()?;
    let why = Why::new(cells);
    match args.format {
        Format::Json => json::write(ui.out(), &why)?,
        Format::Human => write!(ui.out(), "{}", why.text())?,
    }
    Ok(Exit::Success)
}

fn explain(
    project: &Project,
    plan: &Plan,
    places: &Places,
    cell: Prepared,
) -> Result<WhyCell, Error> {
    let Place { suite, column, case, .. } = cell.index.place(plan);
    let asked = column
        .ask(&case)
        .map_err(|findings| Error::usage("this case cannot be rendered").findings(findings))?;
    let request =
        serde_json::to_value(&asked.request).map_err(|error| Error::usage(error.to_string()))?;
    // Without an endpoint only recordings can hold the answer; `pf eval` says what is wrong with the provider.
    let provider = &asked.request.model.provider;
    let endpoint = provider::locate(provider, &project.config.providers).ok().flatten();
    let shown = endpoint.as_ref().map(ToString::to_string);
    let parts =
        Parts::of(&request, cell.index.repeat, shown).expect("a request has a model and messages");
    let state = match cell.origin {
        Origin::Given => WhyState::Given,
        Origin::Echo => WhyState::Echo,
        Origin::Recorded => WhyState::Recorded,
        Origin::Stored | Origin::Called => stored(places, cell, endpoint.as_ref())?,
    };
    let nearest = match state {
        WhyState::Missing => near(places, cell, &parts, &case.id)?,
        _ => None,
    };
    Ok(WhyCell {
        suite: suite.name.clone(),
        prompt: column.prompt.clone(),
        model: column.model.label.clone(),
        case: case.id.clone(),
        repeat: cell.index.repeat,
        state,
        key: digest::answer_key(&asked.request, cell.index.repeat).to_string(),
        parts: WhyParts::new(&parts),
        nearest,
    })
}

fn stored(places: &Places, cell: Prepared, endpoint: Option<&Endpoint>) -> Result<WhyState, Error> {
    let (Some(endpoint), Some(key)) = (endpoint, cell.key) else { return Ok(WhyState::Missing) };
    match places.store.get(key, endpoint) {
        Ok(None) => Ok(WhyState::Missing),
        Ok(Some(_)) => match places.fresh.get(key, endpoint).map_err(super::failed)? {
            Some(_) => Ok(WhyState::Stored),
            None => Ok(WhyState::Expired),
        },
        Err(StoreError::Answer { .. }) => Ok(WhyState::Damaged),
        Err(error) => Err(super::failed(error)),
    }
}

fn near(
    places: &Places,
    cell: Prepared,
    parts: &Parts,
    case: &str,
) -> Result<Option<Nearest>, Error> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for line in &places.recordings[cell.index.suite] {
        let recorded = line.request.as_ref();
        let recorded = recorded.and_then(|request| Parts::of(request, line.repeat, None));
        candidates.extend(recorded.map(|parts| Candidate {
            key: line.key.to_string(),
            at: line.at.map(|at| at.to_string()),
            parts,
            same_case: line.case == case,
        }));
    }
    if let Some(archive) = &places.archive {
        candidates.extend(archive.candidates(&parts.model).map_err(super::failed)?);
    }
    Ok(nearest(parts, &candidates).map(|candidate| Nearest::new(candidate, parts)))
}
