//! Answers and scores the cells of a plan.
//!
//! [`prepare`] renders every cell and looks where its answer would come from: nothing is asked while anything is wrong,
//! and what a run will cost is known before it starts. [`run`] then goes through the cells in the order of the plan;
//! calls are under way side by side, their results come out in order. Answers are durable before they count, so a run
//! that is killed goes on where it stopped.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::{FutureExt, LocalBoxFuture, Shared};
use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;
use rayon::prelude::*;
use tokio::sync::oneshot;

use super::budget::Budget;
use super::cell::{CellIndex, CellRecord, Origin, State};
use super::command;
use super::plan::{self, Column, Plan, PlannedCase, SuitePlan};
use super::score::Scored;
use super::session::{Session, Turn, Want};
use crate::assertion::Reply;
use crate::diagnostic::{self, Diagnostic};
use crate::digest::{self, AnswerKey};
use crate::message::{Answer, Request, Role};
use crate::provider::{Endpoint, Provider, ProviderError, Traffic};
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

/// A cell, and where its answer will come from.
#[derive(Clone, Copy, Debug)]
pub struct Prepared {
    /// Its place.
    pub index: CellIndex,
    /// What its answer is known by.
    pub key: AnswerKey,
    /// Where the answer will come from.
    pub origin: Origin,
    /// How many calls judging it takes at least, as far as that is known: to judges and embedding models, where their
    /// answers are not at hand.
    pub judging: u32,
}

impl Prepared {
    /// Whether it takes a call.
    pub fn calls(&self) -> bool {
        self.origin == Origin::Called || self.judging > 0
    }
}

/// Where answers that are already there come from.
pub struct Answers<'a> {
    /// The recordings, by suite of the plan.
    pub recordings: &'a [Replay],
    /// The local store, once a cell needed it.
    pub store: Option<&'a Store>,
    /// Where providers are, by name; `None` for one that is not a server.
    pub endpoints: &'a BTreeMap<String, Option<Endpoint>>,
}

/// Renders every cell and looks for its answer. What is wrong with any cell is an error.
pub fn prepare(
    plan: &Plan,
    mode: Mode,
    recordings: &[Replay],
) -> Result<Vec<Prepared>, Vec<Diagnostic>> {
    let units: Vec<(usize, usize, usize)> = plan
        .suites
        .iter()
        .enumerate()
        .flat_map(|(s, suite)| {
            (0..suite.columns.len())
                .flat_map(move |column| (0..suite.cases.len()).map(move |case| (s, column, case)))
                .filter(|(_, column, case)| suite.runs(*column, *case))
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
                Prepared {
                    index: CellIndex { suite: s, column, case, repeat },
                    key,
                    origin,
                    judging: 0,
                }
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

/// Marks the cells whose answer the local store has. Returns what is wrong with stored answers that are therefore not used.
pub fn look_into_store(
    plan: &Plan,
    mode: Mode,
    cells: &mut [Prepared],
    store: &Store,
    endpoints: &BTreeMap<String, Option<Endpoint>>,
) -> Result<Vec<StoreError>, StoreError> {
    let mut damaged = Vec::new();
    if !mode.reads_store() {
        return Ok(damaged);
    }
    for cell in cells.iter_mut().filter(|cell| cell.origin == Origin::Called) {
        let column = &plan.suites[cell.index.suite].columns[cell.index.column];
        let Some(Some(endpoint)) = endpoints.get(&column.model.settings.provider) else { continue };
        match store.get(cell.key, endpoint) {
            Ok(Some(_)) => cell.origin = Origin::Stored,
            Ok(None) => {}
            Err(error @ StoreError::Answer { .. }) => damaged.push(error),
            Err(error) => return Err(error),
        }
    }
    Ok(damaged)
}

/// What the judging of cells needs that is not at hand.
#[derive(Clone, Debug, Default)]
pub struct Judging {
    /// Answers that are missing, each with the first cell that needs it and the model that would be asked.
    pub missing: BTreeMap<AnswerKey, (CellIndex, String)>,
    /// The answers of judges that were found.
    pub found: BTreeSet<AnswerKey>,
    /// Calls at least for cells that have no answer yet: what a judge is asked depends on it.
    pub later: u64,
    /// The providers that will be asked.
    pub providers: BTreeSet<String>,
}

impl Judging {
    /// How many calls it takes at least.
    pub fn calls(&self) -> u64 {
        self.missing.len() as u64 + self.later
    }
}

/// Looks for the answers of judges: judges each cell whose answer is at hand, as far as that goes without asking anyone.
pub fn look_for_judgements(
    plan: &Plan,
    mode: Mode,
    cells: &mut [Prepared],
    answers: &Answers<'_>,
) -> Judging {
    if plan.bench.is_empty() {
        return Judging::default();
    }
    let finder = Finder { plan, answers, mode };
    let each: Vec<Judging> = cells.par_iter_mut().map(|cell| finder.look(cell)).collect();
    let mut all = Judging::default();
    for one in each {
        for (key, place) in one.missing {
            all.missing.entry(key).or_insert(place);
        }
        all.found.extend(one.found);
        all.later += one.later;
        all.providers.extend(one.providers);
    }
    all
}

/// Finds answers that are at hand.
#[derive(Clone, Copy)]
struct Finder<'a> {
    plan: &'a Plan,
    answers: &'a Answers<'a>,
    mode: Mode,
}

impl<'a> Finder<'a> {
    fn place(&self, index: CellIndex) -> Place<'a> {
        let suite = &self.plan.suites[index.suite];
        Place { suite, column: &suite.columns[index.column], case: &suite.cases[index.case], index }
    }

    /// What judging a cell needs that is not at hand.
    fn look(&self, cell: &mut Prepared) -> Judging {
        let place = self.place(cell.index);
        let mut judging = Judging::default();
        let assertions = || place.column.assertions.iter().chain(&place.case.assertions);
        if assertions().all(|assertion| assertion.needs().is_none()) {
            return judging;
        }
        if cell.origin == Origin::Called {
            judging.later = assertions().map(|it| self.plan.bench.calls(it) as u64).sum();
            cell.judging = u32::try_from(judging.later).unwrap_or(u32::MAX);
            if judging.later > 0 {
                judging
                    .providers
                    .extend(self.plan.bench.providers().iter().map(|it| (*it).to_owned()));
            }
            return judging;
        }
        // What cannot be rendered or read is reported where the cell is run.
        let Ok(asked) = place.column.ask(place.case) else { return judging };
        let Ok(Some(answer)) = self.answer(cell, &asked.request) else { return judging };
        let mut session = self.session(place, asked, answer);
        loop {
            let wants = match session.turn(&self.plan.bench) {
                Turn::Decided(_) => break,
                Turn::Wants(wants) if wants.is_empty() => break,
                Turn::Wants(wants) => wants,
            };
            for (index, want) in wants {
                let Want::Answer(request) = want else {
                    // A command is not run to find out what a run would cost.
                    session.replied(index, Reply::Undecided(String::new()));
                    continue;
                };
                let key = digest::answer_key(&request, 1);
                match self.judgement(place.index.suite, key, &request) {
                    Ok(Some(answer)) => {
                        judging.found.insert(key);
                        session.said(&self.plan.prices, index, &request, &answer, 0);
                    }
                    Ok(None) | Err(_) => {
                        let label = self.plan.bench.label(&request);
                        judging.missing.insert(key, (place.index, label));
                        judging.providers.insert(request.model.provider.clone());
                        session.replied(index, Reply::Undecided(String::new()));
                    }
                }
            }
        }
        cell.judging = u32::try_from(judging.missing.len()).unwrap_or(u32::MAX);
        judging
    }

    /// The answer of a cell, where it is at hand.
    fn answer(&self, cell: &Prepared, request: &Request) -> Result<Option<Answer>, StoreError> {
        let place = self.place(cell.index);
        Ok(match cell.origin {
            Origin::Given => {
                let output = place.case.placed.case.output.clone();
                output.map(|output| Answer { output, ..Answer::default() })
            }
            Origin::Echo => Some(Answer { output: last_user_text(request), ..Answer::default() }),
            Origin::Recorded => self.answers.recordings[cell.index.suite].get(cell.key).cloned(),
            Origin::Stored => self.stored(&place.column.model.settings.provider, cell.key)?,
            Origin::Called => None,
        })
    }

    /// The answer of a judge, where it is at hand.
    fn judgement(
        &self,
        suite: usize,
        key: AnswerKey,
        request: &Request,
    ) -> Result<Option<Answer>, StoreError> {
        if request.model.provider == "echo" {
            return Ok(Some(Answer { output: last_user_text(request), ..Answer::default() }));
        }
        let recorded = self.answers.recordings[suite].get(key);
        match recorded.filter(|_| self.mode.reads_recordings()) {
            Some(answer) => Ok(Some(answer.clone())),
            None if self.mode.reads_store() => self.stored(&request.model.provider, key),
            None => Ok(None),
        }
    }

    fn stored(&self, provider: &str, key: AnswerKey) -> Result<Option<Answer>, StoreError> {
        match (self.answers.store, self.answers.endpoints.get(provider)) {
            (Some(store), Some(Some(endpoint))) => store.get(key, endpoint),
            _ => Ok(None),
        }
    }

    fn session(&self, place: Place<'a>, asked: plan::Asked, answer: Answer) -> Session<'a> {
        let cost_usd = answer
            .usage
            .and_then(|usage| self.plan.prices.cost(&place.column.model.settings, usage));
        Session::new((place.suite, place.column, place.case), asked, answer, cost_usd)
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
    cells: &[Prepared],
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
    };
    let status = if cells.iter().any(Prepared::calls) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        rayon::in_place_scope(|scope| {
            let calls =
                Calls { runner: &runner, scope, traffic: Traffic::new(options.concurrency) };
            runtime.block_on(calls.run(cells, on_cell))
        })
    } else {
        // Nothing to wait for: all cores score, chunk by chunk so that memory stays bounded.
        for chunk in cells.chunks(CHUNK) {
            let records: Vec<CellRecord> =
                chunk.par_iter().map(|cell| runner.ready(cell)).collect();
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
}

/// How an answer came.
#[derive(Clone, Copy)]
struct At<'a> {
    place: Place<'a>,
    origin: Origin,
    attempts: u32,
}

/// A cell that is under way.
#[derive(Clone, Copy)]
struct Place<'a> {
    suite: &'a SuitePlan,
    column: &'a Column,
    case: &'a PlannedCase,
    index: CellIndex,
}

impl<'a> Runner<'a> {
    fn finder(&self) -> Finder<'a> {
        Finder { plan: self.plan, answers: self.answers, mode: self.options.mode }
    }

    fn place(&self, index: CellIndex) -> Place<'a> {
        self.finder().place(index)
    }

    /// A cell that needs no call.
    fn ready(&self, cell: &Prepared) -> CellRecord {
        let mut session = match self.begin(cell) {
            Ok(session) => session,
            Err(record) => return *record,
        };
        loop {
            match session.turn(&self.plan.bench) {
                Turn::Decided(scored) => return self.decided(self.at(cell, 0), session, scored),
                Turn::Wants(wants) if wants.is_empty() => {
                    let place = self.place(cell.index);
                    return failed(place, State::Error, "an assertion asks without end".to_owned());
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
            .ask(place.case)
            .map_err(|findings| failed(place, State::Error, said(&findings)))?;
        let answer = match self.finder().answer(cell, &asked.request) {
            Ok(Some(answer)) => answer,
            Ok(None) => {
                let gone = "the answer is gone that was there a moment ago".to_owned();
                return Err(Box::new(failed(place, State::NotRun, gone)));
            }
            Err(error) => {
                return Err(Box::new(failed(place, State::Error, error.to_string())));
            }
        };
        if self.options.mode == Mode::Record && cell.origin == Origin::Stored {
            self.record(place, &asked.request, &answer);
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
                session.replied(index, command::run(&command, self.options.folder));
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
                    self.record_judgement(self.place(cell.index), &request, &answer);
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

    fn decided(&self, at: At<'a>, session: Session<'a>, scored: Scored) -> CellRecord {
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

    fn record_judgement(&self, place: Place<'_>, request: &Request, answer: &Answer) {
        self.record_as(place, &self.plan.bench.label(request), 1, request, answer);
    }

    fn record(&self, place: Place<'_>, request: &Request, answer: &Answer) {
        self.record_as(place, &place.column.model.label, place.index.repeat, request, answer);
    }

    fn record_as(
        &self,
        place: Place<'_>,
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

/// An answer that several cells may wait for.
type Call<'a> = Shared<LocalBoxFuture<'a, Outcome>>;

/// What came of a call, cheap to hand to each cell that waits for it.
#[derive(Clone)]
struct Outcome {
    result: Arc<Result<Answer, ProviderError>>,
    attempts: u32,
}

/// Calls that more than one cell waits for.
type Sharing<'c> = RefCell<Shares<'c>>;

struct Shares<'c> {
    /// With the number of cells that have not had the answer yet.
    answers: BTreeMap<AnswerKey, (usize, Option<Call<'c>>)>,
    /// Calls to judges while they are under way; to the end of the run where the store is not read, so that nothing is
    /// asked twice.
    judgements: BTreeMap<AnswerKey, Call<'c>>,
    /// Judgements of this run that the store has.
    stored: BTreeSet<AnswerKey>,
}

/// The calls of a run: side by side, each key once.
struct Calls<'r, 'scope, 's> {
    runner: &'scope Runner<'r>,
    scope: &'s rayon::Scope<'scope>,
    traffic: Traffic,
}

impl<'scope> Calls<'_, 'scope, '_> {
    async fn run(&self, cells: &[Prepared], on_cell: &mut dyn FnMut(CellRecord)) -> Status {
        let mut waiting = BTreeMap::new();
        let mut models = BTreeSet::new();
        for cell in cells.iter().filter(|cell| cell.origin == Origin::Called) {
            waiting.entry(cell.key).or_insert((0, None)).0 += 1;
            models.insert((cell.index.suite, cell.index.column));
        }
        waiting.retain(|_, (count, _)| *count > 1);
        let sharing: Sharing<'_> = RefCell::new(Shares {
            answers: waiting,
            judgements: BTreeMap::new(),
            stored: BTreeSet::new(),
        });
        // Twice what may be under way, so that a slow answer at the head does not leave connections idle.
        let window = (self.runner.options.concurrency * models.len() * 2).max(CHUNK / 4);

        let mut done = 0;
        let mut status = Status::Complete;
        let mut records =
            stream::iter(cells).map(|cell| self.cell(&sharing, *cell)).buffered(window);
        loop {
            tokio::select! {
                biased;
                signal = tokio::signal::ctrl_c() => {
                    // The second one ends the waiting too.
                    if signal.is_ok() && status == Status::Interrupted {
                        break;
                    }
                    status = Status::Interrupted;
                    self.traffic.stop();
                    (self.runner.options.on_interrupt)();
                }
                record = records.next() => match record {
                    Some(record) => {
                        done += 1;
                        on_cell(record);
                    }
                    None => break,
                },
            }
        }
        drop(records);
        for cell in &cells[done..] {
            let place = self.runner.place(cell.index);
            on_cell(failed(place, State::NotRun, "interrupted".to_owned()));
        }
        status
    }

    async fn cell<'c>(&'c self, sharing: &Sharing<'c>, cell: Prepared) -> CellRecord {
        let runner = self.runner;
        if cell.origin != Origin::Called {
            if cell.judging == 0 {
                return self.compute(move || runner.ready(&cell)).await;
            }
            return match self.compute(move || runner.begin(&cell)).await {
                Ok(session) => self.judged(sharing, cell, session, 0).await,
                Err(record) => *record,
            };
        }
        let place = runner.place(cell.index);
        if self.traffic.stopped() {
            return failed(place, State::NotRun, "interrupted".to_owned());
        }
        let asked = match self.compute(move || place.column.ask(place.case)).await {
            Ok(asked) => asked,
            Err(findings) => return failed(place, State::Error, said(&findings)),
        };
        let outcome = self.answer(sharing, place, cell.key, asked.request.clone()).await;
        match &*outcome.result {
            Ok(answer) => {
                if runner.options.mode == Mode::Record {
                    runner.record(place, &asked.request, answer);
                }
                let session = runner.finder().session(place, asked, answer.clone());
                self.judged(sharing, cell, session, outcome.attempts).await
            }
            Err(error) => {
                let unasked = outcome.attempts == 0 || matches!(error, ProviderError::Stopped);
                let state = if unasked { State::NotRun } else { State::Error };
                let mut record = failed(place, state, runner.redact(&error.to_string()));
                record.attempts = outcome.attempts;
                record.variables = asked.variables;
                record.messages = runner.options.messages.then_some(asked.request.messages);
                record
            }
        }
    }

    /// Judges an answer, asking those whom its assertions ask.
    async fn judged<'c>(
        &'c self,
        sharing: &Sharing<'c>,
        cell: Prepared,
        mut session: Session<'scope>,
        attempts: u32,
    ) -> CellRecord {
        let runner = self.runner;
        loop {
            let work = move || match session.turn(&runner.plan.bench) {
                Turn::Decided(scored) => {
                    Err(Box::new(runner.decided(runner.at(&cell, attempts), session, scored)))
                }
                Turn::Wants(wants) => {
                    let missing: Vec<(usize, Box<Request>)> = wants
                        .into_iter()
                        .filter_map(|(index, want)| runner.supply(&cell, &mut session, index, want))
                        .collect();
                    Ok((session, missing))
                }
            };
            let missing;
            (session, missing) = match self.compute(work).await {
                Ok(waiting) => waiting,
                Err(record) => return *record,
            };
            let asked = missing.into_iter().map(|(index, request)| async move {
                let outcome = self.judgement(sharing, (*request).clone()).await;
                (index, request, outcome)
            });
            let mut stopped = false;
            for (index, request, outcome) in futures_util::future::join_all(asked).await {
                let attempts = outcome.attempts;
                match &*outcome.result {
                    Ok(answer) => {
                        if runner.options.mode == Mode::Record {
                            runner.record_judgement(runner.place(cell.index), &request, answer);
                        }
                        session.said(&runner.plan.prices, index, &request, answer, attempts);
                    }
                    Err(error) => {
                        stopped |= matches!(error, ProviderError::Stopped);
                        let label = runner.plan.bench.label(&request);
                        session
                            .replied(index, Reply::Failed(format!("the judge {label}: {error}")));
                    }
                }
            }
            if stopped {
                let place = runner.place(cell.index);
                return failed(place, State::NotRun, "interrupted".to_owned());
            }
        }
    }

    /// What a judge says: of a call that another cell waits for or has waited for, or of a call of its own.
    async fn judgement<'c>(&'c self, sharing: &Sharing<'c>, request: Request) -> Outcome {
        let key = digest::answer_key(&request, 1);
        let known = sharing.borrow().judgements.get(&key).cloned();
        if let Some(call) = known {
            // Whoever asked first pays.
            return Outcome { attempts: 0, ..call.await };
        }
        // It may have come after this cell had looked.
        let stored = sharing.borrow().stored.contains(&key);
        let runner = self.runner;
        if stored && let Ok(Some(answer)) = runner.finder().stored(&request.model.provider, key) {
            return Outcome { result: Arc::new(Ok(answer)), attempts: 0 };
        }
        let call: Call<'c> = self.call(1, request).boxed_local().shared();
        sharing.borrow_mut().judgements.insert(key, call.clone());
        let outcome = call.await;
        let store = self.runner.options.mode.reads_store() && self.runner.answers.store.is_some();
        if store && outcome.result.is_ok() {
            // What the store has need not be in memory as well.
            let mut shared = sharing.borrow_mut();
            shared.judgements.remove(&key);
            shared.stored.insert(key);
        }
        outcome
    }

    /// The answer to a request: of a call that another cell waits for, or of a call of its own.
    async fn answer<'c>(
        &'c self,
        sharing: &Sharing<'c>,
        place: Place<'scope>,
        key: AnswerKey,
        request: Request,
    ) -> Outcome {
        let call = {
            let mut shared = sharing.borrow_mut();
            match shared.answers.get_mut(&key) {
                None => None,
                Some((left, call)) => {
                    *left -= 1;
                    let call = call
                        .get_or_insert_with(|| {
                            self.call(place.index.repeat, request.clone()).boxed_local().shared()
                        })
                        .clone();
                    if *left == 0 {
                        shared.answers.remove(&key);
                    }
                    Some(call)
                }
            }
        };
        match call {
            Some(call) => call.await,
            None => self.call(place.index.repeat, request).await,
        }
    }

    /// Asks, and waits until the answer is durable: only then does it count.
    async fn call(&self, repeat: u32, request: Request) -> Outcome {
        let runner = self.runner;
        let Some(provider) = runner.providers.get(&request.model.provider) else {
            // The plan has named every provider that is asked.
            return Outcome { result: Arc::new(Err(ProviderError::Stopped)), attempts: 0 };
        };
        let reserved = match runner.options.budget.reserve(&request).await {
            Ok(reserved) => reserved,
            Err(reached) => {
                let error = ProviderError::OverLimit { reason: reached.to_string() };
                return Outcome { result: Arc::new(Err(error)), attempts: 0 };
            }
        };
        let asked = provider.ask(&request, &self.traffic).await;
        reserved.settle(&request, asked.result.as_ref());
        if let (Ok(answer), Some(store), Some(endpoint)) =
            (&asked.result, runner.answers.store, provider.endpoint())
            && runner.options.mode.writes_store()
        {
            let cell =
                store::Cell::new(&request, repeat, endpoint, answer.clone(), Timestamp::now())
                    .redacted(&|text| runner.redact(text));
            if let Err(error) = store.put(cell).durable().await {
                runner.not_kept(&error);
            }
        }
        let result =
            asked.result.map(|answer| Answer { output: runner.redact(&answer.output), ..answer });
        Outcome { result: Arc::new(result), attempts: asked.attempts }
    }

    /// Work for the CPU, away from the thread that waits for answers.
    async fn compute<T: Send + 'scope>(&self, work: impl FnOnce() -> T + Send + 'scope) -> T {
        let (send, receive) = oneshot::channel();
        self.scope.spawn(move |_| drop(send.send(work())));
        receive.await.expect("the work sends its result or panics with the whole run")
    }
}

/// A cell without an answer.
fn failed(place: Place<'_>, state: State, error: String) -> CellRecord {
    CellRecord {
        index: place.index,
        state,
        score: None,
        output: None,
        messages: None,
        variables: place.case.placed.case.variables.clone(),
        origin: None,
        attempts: 0,
        finish: None,
        latency_ms: None,
        usage: None,
        cost_usd: None,
        bill: None,
        error: Some(error),
        judgements: Vec::new(),
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
