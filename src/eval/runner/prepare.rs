//! What is known before anything is asked: every cell rendered, and where its answer and its judgements will come from.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::cells::{Cells, Group, Mark};
use super::{CHUNK, Mode, last_user_text};
use crate::assertion::Reply;
use crate::diagnostic::{self, Diagnostic};
use crate::digest::{self, AnswerKey};
use crate::eval::cell::{CellIndex, Origin, Place};
use crate::eval::plan::{self, Column, Plan, PlannedCase};
use crate::eval::rivals::{self, ColumnPlace};
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
    /// What its answer is known by; none where it is given or made here.
    pub key: Option<AnswerKey>,
    /// Where the answer will come from.
    pub origin: Origin,
    /// Whether judging it takes calls, as far as that is known: to judges and embedding models, where their answers are
    /// not at hand.
    pub judging: bool,
}

impl Prepared {
    /// What an answer of it would be known by, also where none is looked for. None for a case that cannot be rendered.
    pub fn key_in(&self, plan: &Plan) -> Option<AnswerKey> {
        let of_request = || {
            let place = self.index.place(plan);
            let asked = place.column.ask(&place.case).ok()?;
            Some(digest::answer_key(&asked.request, self.index.repeat))
        };
        self.key.or_else(of_request)
    }

    /// Whether it takes a call.
    pub fn calls(&self) -> bool {
        self.origin == Origin::Called || self.judging
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

/// Findings after which no more cells are looked at.
const ENOUGH_FINDINGS: usize = 1000;

/// Renders every cell and looks for its answer. What is wrong with any cell is an error.
pub fn prepare(plan: &Plan, mode: Mode, recordings: &[Replay]) -> Result<Cells, Vec<Diagnostic>> {
    let mut groups: BTreeMap<ColumnPlace, Group> = BTreeMap::new();
    let mut errors = Vec::new();
    for (s, suite) in plan.suites.iter().enumerate() {
        let recordings = mode.reads_recordings().then(|| &recordings[s]);
        for column in 0..suite.columns.len() {
            let runs: Option<Vec<usize>> = (!suite.left_out.is_empty())
                .then(|| (0..suite.cases.len()).filter(|case| suite.runs(column, *case)).collect());
            let mut group = Group::new((s, column), suite.repeat, runs);
            let is_rival = plan.rivals.holds((s, column));
            let mut unfit = BTreeSet::new();
            let mut first = 0;
            for batch in suite.cases.batches() {
                let found: Vec<Option<Result<Vec<Found>, Vec<Diagnostic>>>> = batch
                    .par_iter()
                    .enumerate()
                    .map(|(at, case)| {
                        let runs = suite.runs(column, first + at);
                        runs.then(|| find(&suite.columns[column], case, suite.repeat, recordings))
                    })
                    .collect();
                for (at, found) in found.into_iter().enumerate() {
                    let Some(found) = found else { continue };
                    match found {
                        Ok(found) => {
                            for (origin, key) in found {
                                group.push(origin, key);
                            }
                        }
                        // Cases may ask for what another version did not have: there is nothing to compare with.
                        Err(_) if is_rival => {
                            unfit.insert(first + at);
                        }
                        Err(found) => errors.extend(found),
                    }
                }
                first += batch.len();
                if errors.len() >= ENOUGH_FINDINGS {
                    break;
                }
            }
            group.leave_out(&unfit, suite.cases.len());
            if let Some(seed) = plan.rivals.shuffled {
                let ranks: Vec<_> = suite
                    .cases
                    .iter()
                    .map(|case| rivals::rank(seed, case.placed.case.group.as_deref(), &case.id))
                    .collect();
                group.reorder(suite.cases.len(), |case| ranks[case]);
            }
            groups.insert((s, column), group);
        }
    }
    if errors.is_empty() {
        let by_own = plan.rivals.by_own();
        let mut cells = Cells::default();
        while let Some((place, own)) = groups.pop_first() {
            let rival = by_own.get(&place).and_then(|rival| groups.remove(rival));
            cells.push(own, rival);
        }
        return Ok(cells);
    }
    diagnostic::sort(&mut errors);
    Err(errors)
}

/// Where the answer of a cell comes from, and its key where it has one.
type Found = (Origin, Option<AnswerKey>);

/// The cells of a case in a column.
fn find(
    column: &Column,
    case: &PlannedCase,
    repeat: u32,
    recordings: Option<&Replay>,
) -> Result<Vec<Found>, Vec<Diagnostic>> {
    let asked = column.ask(case)?;
    let known = match (&case.placed.case.output, asked.request.model.provider.as_str()) {
        (Some(_), _) => Some(Origin::Given),
        (None, "echo") => Some(Origin::Echo),
        _ => None,
    };
    if let Some(origin) = known {
        return Ok(vec![(origin, None); repeat as usize]);
    }
    let canonical = digest::canonical_request(&asked.request);
    let cells = (1..=repeat).map(|repeat| {
        let key = digest::answer_key_of(&canonical, repeat);
        let recorded = recordings.is_some_and(|recordings| recordings.get(key).is_some());
        (if recorded { Origin::Recorded } else { Origin::Called }, Some(key))
    });
    Ok(cells.collect())
}

/// Marks the cells whose answer the local store has. Returns what is wrong with stored answers that are therefore not used.
pub fn look_into_store(
    plan: &Plan,
    mode: Mode,
    cells: &mut Cells,
    store: &Store,
    endpoints: &BTreeMap<String, Option<Endpoint>>,
) -> Result<Vec<StoreError>, StoreError> {
    let mut damaged = Vec::new();
    if !mode.reads_store() {
        return Ok(damaged);
    }
    for place in 0..cells.len() {
        let cell = cells.get(place);
        let (Origin::Called, Some(key)) = (cell.origin, cell.key) else { continue };
        let column = &plan.suites[cell.index.suite].columns[cell.index.column];
        let Some(Some(endpoint)) = endpoints.get(&column.model.settings.provider) else { continue };
        match store.get(key, endpoint) {
            Ok(Some(_)) => {
                cells.set(place, Mark { origin: Origin::Stored, judging: cell.judging });
            }
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
    cells: &mut Cells,
    answers: &Answers<'_>,
) -> Judging {
    if plan.bench.is_empty() {
        return Judging::default();
    }
    let finder = Finder { plan, answers, mode };
    let mut all = Judging::default();
    for start in (0..cells.len()).step_by(CHUNK) {
        let places = start..(start + CHUNK).min(cells.len());
        let looked: Vec<(Prepared, Judging)> = places
            .clone()
            .into_par_iter()
            .map(|place| {
                let mut cell = cells.get(place);
                let judging = finder.look(&mut cell);
                (cell, judging)
            })
            .collect();
        for (place, (cell, one)) in places.zip(looked) {
            cells.set(place, Mark { origin: cell.origin, judging: cell.judging });
            for (key, place) in one.missing {
                all.missing.entry(key).or_insert(place);
            }
            all.found.extend(one.found);
            all.later += one.later;
            all.providers.extend(one.providers);
        }
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
            cell.judging = judging.later > 0;
            if judging.later > 0 {
                judging
                    .providers
                    .extend(self.plan.bench.providers().iter().map(|it| (*it).to_owned()));
            }
            return judging;
        }
        // What cannot be rendered or read is reported where the cell is run.
        let Ok(asked) = place.column.ask(&place.case) else { return judging };
        let Ok(Some(answer)) = self.answer(cell, &asked.request) else { return judging };
        let mut session = self.session(place.clone(), asked, answer);
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
        cell.judging = !judging.missing.is_empty();
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
            Origin::Recorded => {
                let recordings = &self.answers.recordings[cell.index.suite];
                cell.key.and_then(|key| recordings.get(key)).cloned()
            }
            Origin::Stored => match cell.key {
                Some(key) => self.stored(&place.column.model.settings.provider, key)?,
                None => None,
            },
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
