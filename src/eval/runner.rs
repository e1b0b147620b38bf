//! Answers and scores the cells of a plan.
//!
//! [`prepare`] renders every cell and looks where its answer would come from: nothing is asked while anything is wrong,
//! and what a run will cost is known before it starts. [`run`] then goes through the cells in the order of the plan;
//! calls are under way side by side, their results come out in order. Answers are durable before they count, so a run
//! that is killed goes on where it stopped.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{FutureExt, StreamExt, stream};
use jiff::Timestamp;
use rayon::prelude::*;

use super::cell::{CellRecord, Origin, State};
use super::plan::{Column, Plan, PlannedCase, SuitePlan};
use super::score;
use crate::diagnostic::{self, Diagnostic};
use crate::digest::{self, AnswerKey};
use crate::message::{Answer, Request};
use crate::provider::{Asked, Endpoint, Provider, Traffic};
use crate::store::{self, Recording, Replay, Store, StoreError};

/// Which answers are read, and which are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// Recordings, then the local store, then a call; new answers go into the store.
    #[default]
    Cached,
    /// The same, and every answer that is not recorded yet goes into the recordings.
    Record,
    /// Recordings only: no socket is opened and no key is needed.
    Replay,
    /// Every answer is asked for again; the store keeps the new one.
    Refresh,
    /// Recordings, then a call; the store is neither read nor written.
    NoCache,
}

impl Mode {
    fn reads_recordings(self) -> bool {
        self != Self::Refresh
    }

    fn reads_store(self) -> bool {
        matches!(self, Self::Cached | Self::Record)
    }

    fn writes_store(self) -> bool {
        matches!(self, Self::Cached | Self::Record | Self::Refresh)
    }
}

/// The place of a cell in a plan.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CellIndex {
    /// The suite.
    pub suite: usize,
    /// The pair of prompt and model.
    pub column: usize,
    /// The case.
    pub case: usize,
    /// From 1.
    pub repeat: u32,
}

/// A cell, and where its answer will come from.
#[derive(Clone, Copy, Debug)]
pub struct Prepared {
    /// Its place.
    pub index: CellIndex,
    /// What its answer is known by.
    pub key: AnswerKey,
    /// Where the answer will come from.
    pub origin: Origin,
}

/// Where answers that are already there come from.
pub struct Answers<'a> {
    /// The recordings, by suite of the plan.
    pub recordings: Vec<Replay>,
    /// The local store, once a cell needed it.
    pub store: Option<&'a Store>,
    /// Where providers are, by name; `None` for one that is not a server.
    pub endpoints: BTreeMap<String, Option<Endpoint>>,
}

/// Renders every cell and looks for its answer. What is wrong with any cell is an error.
pub fn prepare(plan: &Plan, mode: Mode, recordings: &[Replay]) -> Result<Vec<Prepared>, Vec<Diagnostic>> {
    let units: Vec<(usize, usize, usize)> = plan
        .suites
        .iter()
        .enumerate()
        .flat_map(|(s, suite)| {
            (0..suite.columns.len())
                .flat_map(move |column| (0..suite.cases.len()).map(move |case| (s, column, case)))
        })
        .collect();
    let prepared: Vec<Result<Vec<Prepared>, Vec<Diagnostic>>> = units
        .into_par_iter()
        .map(|(s, column, case)| {
            let suite = &plan.suites[s];
            let planned = &suite.cases[case];
            let asked = suite.columns[column].ask(planned)?;
            let canonical = digest::canonical_request(&asked.request);
            let cells = (1..=suite.repeat).map(|repeat| {
                let key = digest::answer_key_of(&canonical, repeat);
                let recorded = mode.reads_recordings() && recordings[s].get(key).is_some();
                let origin = if planned.placed.case.output.is_some() {
                    Origin::Given
                } else if asked.request.model.provider == "echo" {
                    Origin::Echo
                } else if recorded {
                    Origin::Recorded
                } else {
                    Origin::Called
                };
                Prepared { index: CellIndex { suite: s, column, case, repeat }, key, origin }
            });
            Ok(cells.collect())
        })
        .collect();
    let mut cells = Vec::new();
    let mut errors = Vec::new();
    for result in prepared {
        match result {
            Ok(found) => cells.extend(found),
            Err(found) => errors.extend(found),
        }
    }
    if errors.is_empty() {
        return Ok(cells);
    }
    diagnostic::sort(&mut errors);
    Err(errors)
}

/// Marks the cells whose answer the local store has.
pub fn look_into_store(
    plan: &Plan,
    mode: Mode,
    cells: &mut [Prepared],
    store: &Store,
    endpoints: &BTreeMap<String, Option<Endpoint>>,
) -> Result<(), StoreError> {
    if !mode.reads_store() {
        return Ok(());
    }
    for cell in cells.iter_mut().filter(|cell| cell.origin == Origin::Called) {
        let column = &plan.suites[cell.index.suite].columns[cell.index.column];
        if let Some(Some(endpoint)) = endpoints.get(&column.model.settings.provider)
            && store.get(cell.key, endpoint)?.is_some()
        {
            cell.origin = Origin::Stored;
        }
    }
    Ok(())
}

/// How the cells are run.
pub struct Options {
    /// Which answers are read and kept.
    pub mode: Mode,
    /// Most calls under way for one model.
    pub concurrency: usize,
    /// Whether records carry the messages that were sent.
    pub messages: bool,
}

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// All cells were reached, or could not be for reasons that the cells say.
    Complete,
    /// The user interrupted it.
    Interrupted,
}

/// What a run leaves behind besides its cells.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: Status,
    /// Answers that are to be recorded, with the suite of the plan; only for [`Mode::Record`].
    pub recordings: Vec<(usize, Recording)>,
    /// Answers that could not be kept.
    pub unkept: Option<String>,
}

/// Runs the cells and calls `on_cell` with each, in the order of the plan.
pub fn run(
    plan: &Plan,
    cells: &[Prepared],
    answers: &Answers<'_>,
    providers: &BTreeMap<String, Provider>,
    options: &Options,
    on_cell: &mut dyn FnMut(CellRecord),
) -> Finished {
    let runner = Runner {
        plan,
        answers,
        providers,
        options,
        traffic: Traffic::new(options.concurrency),
        in_flight: Mutex::default(),
        recordings: Mutex::default(),
        unkept: Mutex::default(),
        calling: AtomicUsize::new(0),
    };
    let interrupted = if cells.iter().any(|cell| cell.origin == Origin::Called) {
        runner.run_with_calls(cells, on_cell)
    } else {
        // Nothing to wait for: all cores score, chunk by chunk so that memory stays bounded.
        for chunk in cells.chunks(CHUNK) {
            let records: Vec<CellRecord> = chunk.par_iter().map(|cell| runner.ready(cell)).collect();
            records.into_iter().for_each(&mut *on_cell);
        }
        false
    };
    let mut recordings = runner.recordings.into_inner().unwrap_or_default();
    recordings.sort_by_key(|(suite, recording): &(usize, Recording)| (*suite, recording.key));
    Finished {
        status: if interrupted { Status::Interrupted } else { Status::Complete },
        recordings,
        unkept: runner.unkept.into_inner().unwrap_or_default(),
    }
}

/// Cells that are in memory at a time when no call is needed.
const CHUNK: usize = 1024;

/// An answer of a call that several cells share, with the requests that it took.
type Shared<'a> = futures_util::future::Shared<futures_util::future::LocalBoxFuture<'a, Asked>>;

struct Runner<'a> {
    plan: &'a Plan,
    answers: &'a Answers<'a>,
    providers: &'a BTreeMap<String, Provider>,
    options: &'a Options,
    traffic: Traffic,
    in_flight: Mutex<BTreeMap<AnswerKey, ()>>,
    recordings: Mutex<Vec<(usize, Recording)>>,
    unkept: Mutex<Option<String>>,
    calling: AtomicUsize,
}
