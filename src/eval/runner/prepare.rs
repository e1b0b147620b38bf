//! What is known before anything is asked: every cell rendered, and where its answer and its judgements will come from.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::{Mode, last_user_text};
use crate::assertion::Reply;
use crate::diagnostic::{self, Diagnostic};
use crate::digest::{self, AnswerKey};
use crate::eval::cell::{CellIndex, Origin, Place};
use crate::eval::plan::{self, Plan};
use crate::eval::session::{Session, Turn, Want};
use crate::message::{Answer, Request};
use crate::provider::Endpoint;
use crate::store::{Replay, Store, StoreError};

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
        let provider = &cell.index.place(plan).column.model.settings.provider;
        let Some(Some(endpoint)) = endpoints.get(provider) else { continue };
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
pub(super) struct Finder<'a> {
    pub(super) plan: &'a Plan,
    pub(super) answers: &'a Answers<'a>,
    pub(super) mode: Mode,
}

impl<'a> Finder<'a> {
    /// What judging a cell needs that is not at hand.
    fn look(&self, cell: &mut Prepared) -> Judging {
        let place = cell.index.place(self.plan);
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
    pub(super) fn answer(
        &self,
        cell: &Prepared,
        request: &Request,
    ) -> Result<Option<Answer>, StoreError> {
        let place = cell.index.place(self.plan);
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
    pub(super) fn judgement(
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

    pub(super) fn stored(
        &self,
        provider: &str,
        key: AnswerKey,
    ) -> Result<Option<Answer>, StoreError> {
        match (self.answers.store, self.answers.endpoints.get(provider)) {
            (Some(store), Some(Some(endpoint))) => store.get(key, endpoint),
            _ => Ok(None),
        }
    }

    pub(super) fn session(
        &self,
        place: Place<'a>,
        asked: plan::Asked,
        answer: Answer,
    ) -> Session<'a> {
        let cost_usd = answer
            .usage
            .and_then(|usage| self.plan.prices.cost(&place.column.model.settings, usage));
        Session::new((place.suite, place.column, place.case), asked, answer, cost_usd)
    }
}
