//! The calls of a run: side by side, each key once, durable before they count.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::{FutureExt, LocalBoxFuture, Shared};
use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;
use tokio::sync::oneshot;

use super::{CHUNK, Cells, Mode, Prepared, Runner, Status, failed, said};
use crate::assertion::Reply;
use crate::digest::{self, AnswerKey};
use crate::eval::cell::{CellRecord, Origin, State};
use crate::eval::session::{Session, Turn};
use crate::message::{Answer, Request};
use crate::provider::{ProviderError, Traffic};
use crate::store;

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
pub(super) struct Calls<'r, 'scope, 's> {
    pub(super) runner: &'scope Runner<'r>,
    pub(super) scope: &'s rayon::Scope<'scope>,
    pub(super) traffic: Traffic,
}

impl<'scope> Calls<'_, 'scope, '_> {
    pub(super) async fn run(&self, cells: &Cells, on_cell: &mut dyn FnMut(CellRecord)) -> Status {
        let mut keys = Vec::new();
        let mut models = BTreeSet::new();
        for cell in cells.iter().filter(|cell| cell.origin == Origin::Called) {
            keys.extend(cell.key);
            models.insert((cell.index.suite, cell.index.column));
        }
        keys.sort_unstable();
        let shared = keys.chunk_by(|a, b| a == b).filter(|same| same.len() > 1);
        let waiting = shared.map(|same| (same[0], (same.len(), None))).collect();
        drop(keys);
        let sharing: Sharing<'_> = RefCell::new(Shares {
            answers: waiting,
            judgements: BTreeMap::new(),
            stored: BTreeSet::new(),
        });
        // Twice what may be under way, so that a slow answer at the head does not leave connections idle.
        let window = (self.runner.options.concurrency * models.len() * 2).max(CHUNK / 4);

        let mut done = 0;
        let mut status = Status::Complete;
        let mut enough = false;
        let mut records =
            stream::iter(cells.iter()).map(|cell| self.cell(&sharing, cell)).buffered(window);
        loop {
            tokio::select! {
                biased;
                signal = tokio::signal::ctrl_c() => {
                    // The second one ends the waiting too.
                    if signal.is_ok() && status == Status::Interrupted {
                        self.runner.commands.cancel();
                        break;
                    }
                    status = Status::Interrupted;
                    self.traffic.stop();
                    (self.runner.options.on_interrupt)();
                }
                record = records.next() => match record {
                    Some(record) => {
                        done += 1;
                        // What was not asked for because there is enough is left out, not missed.
                        if enough && record.state == State::NotRun {
                            on_cell(self.runner.left_out(record.index));
                            continue;
                        }
                        on_cell(record);
                        if !enough && status == Status::Complete && self.runner.has_enough() {
                            enough = true;
                            self.traffic.stop();
                        }
                    }
                    None => break,
                },
            }
        }
        drop(records);
        for cell in cells.iter().skip(done) {
            let place = self.runner.place(cell.index);
            on_cell(failed(&place, State::NotRun, "interrupted".to_owned()));
        }
        status
    }

    async fn cell<'c>(&'c self, sharing: &Sharing<'c>, cell: Prepared) -> CellRecord {
        let runner = self.runner;
        if runner.has_enough() {
            return runner.left_out(cell.index);
        }
        if cell.origin != Origin::Called {
            if !cell.judging {
                return self.compute(move || runner.ready(&cell)).await;
            }
            return match self.compute(move || runner.begin(&cell)).await {
                Ok(session) => self.judged(sharing, cell, session, 0).await,
                Err(record) => *record,
            };
        }
        let place = runner.place(cell.index);
        if self.traffic.stopped() {
            return failed(&place, State::NotRun, "interrupted".to_owned());
        }
        let (column, case) = (place.column, Arc::clone(&place.case));
        let asked = match self.compute(move || column.ask(&case)).await {
            Ok(asked) => asked,
            Err(findings) => return failed(&place, State::Error, said(&findings)),
        };
        if let Some(lost) = runner.plan.lost() {
            return failed(&place, State::Error, lost.to_owned());
        }
        let repeat = place.index.repeat;
        let outcome = self.answer(sharing, repeat, cell.key, asked.request.clone()).await;
        match &*outcome.result {
            Ok(answer) => {
                if runner.options.mode == Mode::Record {
                    runner.record(&place, &asked.request, answer);
                }
                let session = runner.finder().session(place, asked, answer.clone());
                self.judged(sharing, cell, session, outcome.attempts).await
            }
            Err(error) => {
                let unasked = outcome.attempts == 0 || matches!(error, ProviderError::Stopped);
                let state = if unasked { State::NotRun } else { State::Error };
                let mut record = failed(&place, state, runner.redact(&error.to_string()));
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
                    Err(Box::new(runner.decided(&runner.at(&cell, attempts), session, scored)))
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
                            runner.record_judgement(&runner.place(cell.index), &request, answer);
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
                return failed(&place, State::NotRun, "interrupted".to_owned());
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
        repeat: u32,
        key: Option<AnswerKey>,
        request: Request,
    ) -> Outcome {
        let call = {
            let mut shared = sharing.borrow_mut();
            match key.and_then(|key| Some((key, shared.answers.get_mut(&key)?))) {
                None => None,
                Some((key, (left, call))) => {
                    *left -= 1;
                    let call = call
                        .get_or_insert_with(|| {
                            self.call(repeat, request.clone()).boxed_local().shared()
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
            None => self.call(repeat, request).await,
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
        let result = asked.result.map(|answer| answer.redacted(&|text| runner.redact(text)));
        Outcome { result: Arc::new(result), attempts: asked.attempts }
    }

    /// Work for the CPU, away from the thread that waits for answers.
    async fn compute<T: Send + 'scope>(&self, work: impl FnOnce() -> T + Send + 'scope) -> T {
        let (send, receive) = oneshot::channel();
        self.scope.spawn(move |_| drop(send.send(work())));
        receive.await.expect("the work sends its result or panics with the whole run")
    }
}
