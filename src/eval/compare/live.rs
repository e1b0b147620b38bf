//! Both sides of a comparison while a run goes on.
//!
//! A number or two for each cell is kept, and of the answers those of cases whose verdict is another one: the others are
//! never shown.

use std::collections::BTreeMap;

use super::{Answer, Column, ColumnName, Outcome, Side, Wanted};
use crate::eval::cell::{CellIndex, CellRecord, Place, State};
use crate::eval::plan::Plan;
use crate::eval::rivals::ColumnPlace;
use crate::template::render::output_text;

/// Bytes of answers that are held; beyond, flips are shown without them.
const MOST_HELD: usize = 64 << 20;

/// Collects the cells of a plan whose columns stand against each other.
pub struct Sides<'a> {
    plan: &'a Plan,
    /// The plan's own columns, with those that stand against them.
    pairs: BTreeMap<ColumnPlace, Option<ColumnPlace>>,
    outcomes: BTreeMap<ColumnPlace, Vec<Outcome>>,
    /// By the cell of the plan: what its rival answered, and what it answered itself.
    answers: BTreeMap<CellIndex, [Option<Held>; 2]>,
    held: usize,
}

struct Held {
    passed: Option<bool>,
    answer: Answer,
}

impl Held {
    fn size(&self) -> usize {
        let Answer { output, why, expected } = &self.answer;
        let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        size_of::<Self>() + optional(output) + why.len() + optional(expected)
    }
}

impl<'a> Sides<'a> {
    /// For the comparison that a plan holds.
    pub fn of_rivals(plan: &'a Plan) -> Self {
        let pairs = plan.rivals.by_own().into_iter().map(|(own, rival)| (own, Some(rival)));
        Self::new(plan, pairs.collect())
    }

    /// For the comparison of all that a plan holds with what is known already.
    pub fn of_all(plan: &'a Plan) -> Self {
        let suites = plan.suites.iter().enumerate();
        let places = suites.flat_map(|(s, suite)| (0..suite.columns.len()).map(move |c| (s, c)));
        Self::new(plan, places.map(|own| (own, None)).collect())
    }

    fn new(plan: &'a Plan, pairs: BTreeMap<ColumnPlace, Option<ColumnPlace>>) -> Self {
        Self { plan, pairs, outcomes: BTreeMap::new(), answers: BTreeMap::new(), held: 0 }
    }

    /// Takes a cell, of either side.
    pub fn add(&mut self, cell: &CellRecord) {
        let column = (cell.index.suite, cell.index.column);
        let rival = self.plan.rivals.against.get(&column);
        if rival.is_none() && !self.pairs.contains_key(&column) {
            return;
        }
        // What was left out is on neither side.
        if cell.state == State::Skipped {
            return;
        }
        let place = cell.index.place(self.plan);
        let outcome = Outcome::of(cell, &place);
        let passed = outcome.passed();
        self.outcomes.entry(column).or_default().push(outcome);
        let (suite, column) = rival.copied().unwrap_or(column);
        let key = CellIndex { suite, column, ..cell.index };
        let answer = Answer {
            output: cell.output.clone(),
            why: if passed == Some(true) { String::new() } else { cell.why() },
            expected: place.case.placed.case.expected.as_ref().map(output_text),
        };
        self.hold(key, usize::from(rival.is_none()), Held { passed, answer }, place.suite.repeat);
    }

    /// Holds an answer as long as a report may show it.
    fn hold(&mut self, key: CellIndex, side: usize, held: Held, repeats: u32) {
        if self.held + held.size() > MOST_HELD {
            return;
        }
        self.held += held.size();
        let pair = self.answers.entry(key).or_default();
        pair[side] = Some(held);
        if let ([Some(before), Some(after)], 1) = (&*pair, repeats)
            && before.passed == after.passed
        {
            self.held -= before.size() + after.size();
            self.answers.remove(&key);
        }
    }

    /// The other side, and the plan's own, called so.
    pub fn take(&mut self, after: &str) -> [Side; 2] {
        let label = |text: &str| Side { label: text.to_owned(), columns: Vec::new() };
        let [mut before, mut after] = [label(&self.plan.rivals.label), label(after)];
        for (own, rival) in std::mem::take(&mut self.pairs) {
            if let Some(rival) = rival {
                before.columns.push(self.column(rival, own));
            }
            after.columns.push(self.column(own, own));
        }
        [before, after]
    }

    /// The answers that are held, of the other side and of the plan's own.
    pub fn answers(&self) -> [BTreeMap<Wanted, Answer>; 2] {
        let mut found = [BTreeMap::new(), BTreeMap::new()];
        for (index, pair) in &self.answers {
            let name = self.name((index.suite, index.column));
            let case = self.plan.suites[index.suite].cases.get(index.case);
            let wanted = Wanted::of(&name, &case.id, index.repeat);
            for (found, held) in found.iter_mut().zip(pair) {
                if let Some(held) = held {
                    found.insert(wanted.clone(), held.answer.clone());
                }
            }
        }
        found
    }

    fn column(&mut self, place: ColumnPlace, own: ColumnPlace) -> Column {
        let suite = &self.plan.suites[place.0];
        let digest = Some(suite.columns[place.1].digest);
        Column {
            name: ColumnName { digest, ..self.name(own) },
            suite_digest: Some(suite.digest),
            dataset_digest: Some(suite.dataset_digest),
            primary: suite.primary.clone(),
            gates: (&suite.gates).into(),
            outcomes: self.outcomes.remove(&place).unwrap_or_default(),
        }
    }

    /// One of the plan's own columns.
    fn name(&self, own: ColumnPlace) -> ColumnName {
        let suite = &self.plan.suites[own.0];
        let column = &suite.columns[own.1];
        ColumnName {
            suite: suite.name.clone(),
            prompt: column.prompt.clone(),
            model: column.model.label.clone(),
            digest: None,
        }
    }
}

impl Outcome {
    /// What became of a cell.
    pub fn of(cell: &CellRecord, place: &Place<'_>) -> Self {
        let case = &place.case.placed.case;
        let label = cell.judgements.iter().find_map(|judgement| judgement.label.as_ref());
        Self {
            case: place.case.id.clone(),
            repeat: cell.index.repeat,
            group: case.group.clone(),
            tags: case.tags.clone(),
            class: label.map(|label| label.expected.clone()),
            // Both sides have the same cases.
            inputs: None,
            state: cell.state,
            score: cell.score,
            metrics: cell.metric_means().map(|(metric, mean)| (metric.to_owned(), mean)).collect(),
            latency_ms: cell.latency_ms,
            cost_usd: cell.cost_usd,
        }
    }
}
