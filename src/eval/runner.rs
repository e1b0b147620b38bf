//! Answers and scores the cells of a plan.
//!
//! [`prepare`] renders every cell and looks where its answer would come from: nothing is asked while anything is wrong,
//! and what a run will cost is known before it starts. [`run`] then goes through the cells in the order of the plan;
//! calls are under way side by side, their results come out in order. Answers are durable before they count, so a run
//! that is killed goes on where it stopped.

mod calls;
mod cells;
mod prepare;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use rayon::prelude::*;

use self::calls::Calls;
pub use self::cells::Cells;
use self::prepare::Finder;
pub use self::prepare::{
    Answers, Judging, Prepared, look_for_judgements, look_into_store, prepare,
};
use super::budget::Budget;
use super::cell::{CellIndex, CellRecord, Origin, Place, State};
use super::command;
use super::plan::Plan;
use super::score::Scored;
use super::session::{Session, Turn, Want};
use crate::assertion::Reply;
use crate::diagnostic::Diagnostic;
use crate::digest;
use crate::message::{Answer, Request, Role};
use crate::process::Cancel;
use crate::provider::{Provider, Traffic};
use crate::store::{self, Recording, StoreError};

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

/// How the cells are run.
pub struct Options<'a> {
    /// Which answers are read and kept.
    pub mode: Mode,
    /// Most calls under way for one model.
    pub concurrency: usize,
    /// Where the commands of assertions run.
    pub folder: &'a Path,
    /// Whether records carry the messages that were sent.
    pub messages: bool,
    /// Called when the user interrupts, while calls that are under way and paid for are waited for.
    pub on_interrupt: &'a (dyn Fn() + Sync),
    /// Becomes true when the rest of the cells need not be run any more.
    pub enough: Option<&'a AtomicBool>,
    /// What calls may cost, and what they did cost.
    pub budget: &'a Budget<'a>,
}

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// All cells were reached, or could not be for reasons that the cells say.
    Complete,
    /// The user interrupted it.
    Interrupted,
    /// The rest would have cost more than the run may.
    OverLimit,
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
    cells: &Cells,
    answers: &Answers<'_>,
    providers: &BTreeMap<String, Provider>,
    options: &Options<'_>,
    on_cell: &mut dyn FnMut(CellRecord),
) -> std::io::Result<Finished> {
    let runner = Runner {
        plan,
        answers,
        providers,
        options,
        recordings: Mutex::default(),
        unkept: Mutex::default(),
        commands: Cancel::default(),
    };
    // Commands are not in the terminal's own group: an interrupt reaches them only through what listens for it here.
    let commands = plan.bench.commands().next().is_some();
    let status = if commands || cells.calls() > 0 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        rayon::in_place_scope(|scope| {
            let calls =
                Calls { runner: &runner, scope, traffic: Traffic::new(options.concurrency) };
            runtime.block_on(calls.run(cells, on_cell))
        })
    } else {
        // Nothing to wait for: all cores score, chunk by chunk so that memory stays bounded.
        for start in (0..cells.len()).step_by(CHUNK) {
            let end = (start + CHUNK).min(cells.len());
            if runner.has_enough() {
                (start..end).for_each(|place| on_cell(runner.left_out(cells.get(place).index)));
                continue;
            }
            let records: Vec<CellRecord> =
                (start..end).into_par_iter().map(|place| runner.ready(&cells.get(place))).collect();
            records.into_iter().for_each(&mut *on_cell);
        }
        Status::Complete
    };
    let status = match options.budget.reached() {
        Some(_) if status == Status::Complete => Status::OverLimit,
        _ => status,
    };
    let mut recordings = runner.recordings.into_inner().unwrap_or_else(PoisonError::into_inner);
    // Cells may share the answer of a judge: whose line it is must not hang on who was first.
    recordings.sort_by_cached_key(|(suite, recording): &(usize, Recording)| {
        (*suite, recording.key, std::cmp::Reverse(recording.case.clone()))
    });
    let unkept = runner.unkept.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Finished { status, recordings, unkept })
}

/// Cells that are in memory at a time when no call is needed.
const CHUNK: usize = 1024;

/// What all cells of a run share.
struct Runner<'a> {
    plan: &'a Plan,
    answers: &'a Answers<'a>,
    providers: &'a BTreeMap<String, Provider>,
    options: &'a Options<'a>,
    recordings: Mutex<Vec<(usize, Recording)>>,
    unkept: Mutex<Option<String>>,
    /// Ends the commands of assertions that are under way.
    commands: Cancel,
}

/// How an answer came.
struct At<'a> {
    place: Place<'a>,
    origin: Origin,
    attempts: u32,
}

impl<'a> Runner<'a> {
    fn finder(&self) -> Finder<'a> {
        Finder { plan: self.plan, answers: self.answers, mode: self.options.mode }
    }

    fn has_enough(&self) -> bool {
        self.options.enough.is_some_and(|enough| enough.load(Ordering::Relaxed))
    }

    /// A cell that is not needed any more.
    fn left_out(&self, index: CellIndex) -> CellRecord {
        let place = self.place(index);
        CellRecord {
            variables: place.case.placed.case.variables.clone(),
            ..CellRecord::unanswered(index, State::Skipped)
        }
    }

    fn place(&self, index: CellIndex) -> Place<'a> {
        index.place(self.plan)
    }

    /// A cell that needs no call.
    fn ready(&self, cell: &Prepared) -> CellRecord {
        let mut session = match self.begin(cell) {
            Ok(session) => session,
            Err(record) => return *record,
        };
        loop {
            match session.turn(&self.plan.bench) {
                Turn::Decided(scored) => return self.decided(&self.at(cell, 0), session, scored),
                Turn::Wants(wants) if wants.is_empty() => {
                    let place = self.place(cell.index);
                    return failed(
                        &place,
                        State::Error,
                        "an assertion asks without end".to_owned(),
                    );
                }
                Turn::Wants(wants) => {
                    for (index, want) in wants {
                        if let Some((index, _)) = self.supply(cell, &mut session, index, want) {
                            let gone = "the answer of a judge is gone that was there a moment ago";
                            session.replied(index, Reply::Failed(gone.to_owned()));
                        }
                    }
                }
            }
        }
    }

    /// Begins to judge a cell whose answer is at hand.
    fn begin(&self, cell: &Prepared) -> Result<Session<'a>, Box<CellRecord>> {
        let place = self.place(cell.index);
        // `prepare` has rendered this cell without an error, and rendering is a function of the same values.
        let asked = place
            .column
            .ask(&place.case)
            .map_err(|findings| failed(&place, State::Error, said(&findings)))?;
        if let Some(lost) = self.plan.lost() {
            return Err(Box::new(failed(&place, State::Error, lost.to_owned())));
        }
        let answer = match self.finder().answer(cell, &asked.request) {
            Ok(Some(answer)) => answer,
            Ok(None) => {
                let gone = "the answer is gone that was there a moment ago".to_owned();
                return Err(Box::new(failed(&place, State::NotRun, gone)));
            }
            Err(error) => {
                return Err(Box::new(failed(&place, State::Error, error.to_string())));
            }
        };
        if self.options.mode == Mode::Record && cell.origin == Origin::Stored {
            self.record(&place, &asked.request, &answer);
        }
        Ok(self.finder().session(place, asked, answer))
    }

    /// Answers a question from what is at hand; gives back what must be asked.
    fn supply(
        &self,
        cell: &Prepared,
        session: &mut Session<'_>,
        index: usize,
        want: Want,
    ) -> Option<(usize, Box<Request>)> {
        let request = match want {
            Want::Command(command) => {
                session.replied(index, command::run(&command, self.options.folder, &self.commands));
                return None;
            }
            Want::Answer(request) => request,
        };
        let key = digest::answer_key(&request, 1);
        match self.finder().judgement(cell.index.suite, key, &request) {
            Ok(Some(answer)) => {
                let recorded = self.answers.recordings[cell.index.suite].get(key).is_some();
                if self.options.mode == Mode::Record
                    && !recorded
                    && request.model.provider != "echo"
                {
                    self.record_judgement(&self.place(cell.index), &request, &answer);
                }
                session.said(&self.plan.prices, index, &request, &answer, 0);
                None
            }
            // A damaged answer is asked for again.
            Ok(None) | Err(_) => Some((index, request)),
        }
    }

    fn at(&self, cell: &Prepared, attempts: u32) -> At<'a> {
        At { place: self.place(cell.index), origin: cell.origin, attempts }
    }

    fn decided(&self, at: &At<'a>, session: Session<'a>, scored: Scored) -> CellRecord {
        let Session { asked, answer, cost_usd, bill, .. } = session;
        CellRecord {
            index: at.place.index,
            state: scored.state,
            score: scored.score,
            output: Some(scored.output),
            messages: self.options.messages.then_some(asked.request.messages),
            variables: asked.variables,
            origin: Some(at.origin),
            attempts: at.attempts,
            finish: answer.finish,
            latency_ms: answer.latency_ms,
            usage: answer.usage,
            cost_usd,
            bill: (bill.answers > 0).then_some(bill),
            error: scored.error.map(|error| self.redact(&error)),
            judgements: scored.judgements,
        }
    }

    fn record_judgement(&self, place: &Place<'_>, request: &Request, answer: &Answer) {
        self.record_as(place, &self.plan.bench.label(request), 1, request, answer);
    }

    fn record(&self, place: &Place<'_>, request: &Request, answer: &Answer) {
        self.record_as(place, &place.column.model.label, place.index.repeat, request, answer);
    }

    fn record_as(
        &self,
        place: &Place<'_>,
        model: &str,
        repeat: u32,
        request: &Request,
        answer: &Answer,
    ) {
        let position = store::recordings::Position { case: &place.case.id, model, repeat };
        let source = match self.answers.endpoints.get(&request.model.provider) {
            Some(Some(endpoint)) => endpoint.authority(),
            _ => request.model.provider.clone(),
        };
        let recording = Recording::new(position, request, answer.clone(), Timestamp::now(), source)
            .redacted(&|text| self.redact(text));
        let mut recordings = self.recordings.lock().unwrap_or_else(PoisonError::into_inner);
        recordings.push((place.index.suite, recording));
    }

    /// The text without the value of any key that this run uses.
    fn redact(&self, text: &str) -> String {
        self.providers
            .values()
            .flat_map(Provider::keys)
            .fold(text.to_owned(), |text, key| key.redact(&text))
    }

    fn not_kept(&self, error: &StoreError) {
        let mut unkept = self.unkept.lock().unwrap_or_else(PoisonError::into_inner);
        unkept.get_or_insert_with(|| error.to_string());
    }
}

/// A cell without an answer.
fn failed(place: &Place<'_>, state: State, error: String) -> CellRecord {
    CellRecord {
        variables: place.case.placed.case.variables.clone(),
        error: Some(error),
        ..CellRecord::unanswered(place.index, state)
    }
}

fn said(findings: &[Diagnostic]) -> String {
    findings.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>().join("; ")
}

/// What `echo` answers: the text of the last user message.
fn last_user_text(request: &Request) -> String {
    let last = request.messages.iter().rev().find(|message| message.role == Role::User);
    last.map(|message| message.content.text()).unwrap_or_default()
}
