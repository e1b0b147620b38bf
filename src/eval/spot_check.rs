//! Asking again for some of the answers that are there: does the model still answer as it did?
//!
//! A replay shows that the files still get the verdicts that they got; it cannot show that the model has changed behind
//! its name. A spot check asks for a few recorded or stored answers again, judges both alike, and compares. What it is
//! told goes nowhere: recordings and the store stay as they are.

use std::collections::BTreeMap;

use super::cell::{CellIndex, CellRecord, Judgement, Origin, Place, State};
use super::plan::Plan;
use super::runner::{Cells, Prepared};
use crate::digest::{self, Digest};

/// An answer that was there, and what came when it was asked for again.
#[derive(Clone, Debug)]
pub struct Check {
    /// The answer that was there.
    pub before: CellRecord,
    /// The new one.
    pub now: CellRecord,
}

/// What asking again showed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Drift {
    /// Each assertion says the same.
    None,
    /// The cell, or one of its assertions, has another verdict.
    Verdict,
    /// No answer came, so nothing can be said.
    Unanswered,
}

/// An assertion whose verdict changed. One side is missing where it judged only one of the answers.
#[derive(Clone, Copy, Debug)]
pub struct Changed<'a> {
    /// What it said of the answer that was there.
    pub before: Option<&'a Judgement>,
    /// What it says of the new one.
    pub now: Option<&'a Judgement>,
}

/// Cells whose answers can be asked for again.
pub fn candidates(cells: &Cells) -> impl Iterator<Item = Prepared> + '_ {
    cells.iter().filter(|cell| cell.origin.cached())
}

/// The `n` candidates that a seed chooses, in the order of the plan. A cell is chosen by its identity, so other cases
/// beside it do not matter.
pub fn choose(plan: &Plan, cells: &Cells, n: usize, seed: u64) -> Cells {
    let mut ranked: BTreeMap<(Digest, CellIndex), Prepared> = BTreeMap::new();
    for cell in candidates(cells) {
        ranked.insert((rank(plan, &cell, seed), cell.index), cell);
        if ranked.len() > n {
            ranked.pop_last();
        }
    }
    let mut chosen: Vec<Prepared> = ranked.into_values().collect();
    chosen.sort_unstable_by_key(|cell| cell.index);
    chosen.into_iter().collect()
}

fn rank(plan: &Plan, cell: &Prepared, seed: u64) -> Digest {
    let Place { suite, column, case, .. } = cell.index.place(plan);
    let parts = [&suite.name, &column.prompt, &column.model.label, &case.id];
    digest::sha256(format!("{seed}\n{parts:?}\n{}", cell.index.repeat))
}

/// The same cells, to be asked for.
pub fn again(chosen: &Cells) -> Cells {
    chosen.iter().map(|cell| Prepared { origin: Origin::Called, ..cell }).collect()
}

impl Check {
    /// What asking again showed.
    pub fn drift(&self) -> Drift {
        let judged = |state| matches!(state, State::Pass | State::Fail | State::Unscored);
        match judged(self.before.state) && judged(self.now.state) {
            false => Drift::Unanswered,
            true if self.before.state != self.now.state || !self.changed().is_empty() => {
                Drift::Verdict
            }
            true => Drift::None,
        }
    }

    /// Whether the new answer is the old one, word for word.
    pub fn same_text(&self) -> bool {
        self.now.output.is_some() && self.before.output == self.now.output
    }

    /// The assertions whose verdict changed, in their order.
    pub fn changed(&self) -> Vec<Changed<'_>> {
        let mut now = named(&self.now.judgements);
        let mut changed = Vec::new();
        for (name, before) in named(&self.before.judgements) {
            let now = now.remove(&name);
            changed.push(Changed { before: Some(before), now });
        }
        changed.extend(now.into_values().map(|now| Changed { before: None, now: Some(now) }));
        // What took the answer out of the text says something only where it had trouble; without trouble it holds.
        let verdict = |judgement: Option<&Judgement>| {
            judgement.map_or(Some(true), |it| it.score.is_some().then_some(it.passed))
        };
        changed.retain(|pair| verdict(pair.before) != verdict(pair.now));
        changed
    }
}

/// Judgements by type and metric, and by their place among those of the same.
fn named(judgements: &[Judgement]) -> BTreeMap<(&str, &str, usize), &Judgement> {
    let mut named = BTreeMap::new();
    for judgement in judgements {
        let (kind, metric) = (judgement.kind.as_str(), judgement.metric.as_str());
        let mut place = 0;
        while named.contains_key(&(kind, metric, place)) {
            place += 1;
        }
        named.insert((kind, metric, place), judgement);
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judgement(kind: &str, passed: Option<bool>) -> Judgement {
        Judgement {
            kind: kind.to_owned(),
            metric: kind.to_owned(),
            value: None,
            score: passed.map(|passed| if passed { 1.0 } else { 0.0 }),
            raw: None,
            parts: Vec::new(),
            passed: passed == Some(true),
            reason: String::new(),
            label: None,
        }
    }

    fn record(state: State, judgements: Vec<Judgement>) -> CellRecord {
        let index = CellIndex { suite: 0, column: 0, case: 0, repeat: 1 };
        let output = Some("text".to_owned());
        CellRecord { output, judgements, ..CellRecord::unanswered(index, state) }
    }

    fn drift(before: (State, Vec<Judgement>), now: (State, Vec<Judgement>)) -> (Drift, usize) {
        let check = Check { before: record(before.0, before.1), now: record(now.0, now.1) };
        (check.drift(), check.changed().len())
    }

    #[test]
    fn an_assertion_that_changed_its_mind_is_drift_also_where_the_cell_did_not() {
        let (yes, no) = (Some(true), Some(false));
        let of = |a, b| vec![judgement("equals", a), judgement("equals", b)];
        assert_eq!(drift((State::Fail, of(yes, no)), (State::Fail, of(yes, no))), (Drift::None, 0));
        assert_eq!(
            drift((State::Fail, of(yes, no)), (State::Fail, of(no, yes))),
            (Drift::Verdict, 2)
        );
        assert_eq!(
            drift((State::Pass, of(yes, yes)), (State::Fail, of(yes, no))),
            (Drift::Verdict, 1)
        );
        assert_eq!(
            drift((State::Pass, of(yes, yes)), (State::Unscored, of(yes, None))),
            (Drift::Verdict, 1)
        );
    }

    #[test]
    fn what_had_no_answer_is_neither_the_same_nor_another() {
        let none = || (State::Error, Vec::new());
        assert_eq!(drift((State::Pass, Vec::new()), none()).0, Drift::Unanswered);
        assert_eq!(
            drift((State::Pass, Vec::new()), (State::NotRun, Vec::new())).0,
            Drift::Unanswered
        );
    }

    #[test]
    fn trouble_with_the_extraction_counts_and_its_absence_does_not() {
        let repaired = vec![judgement("extract", Some(true))];
        assert_eq!(drift((State::Pass, Vec::new()), (State::Pass, repaired)), (Drift::None, 0));
        let failed = vec![judgement("extract", Some(false))];
        assert_eq!(drift((State::Pass, Vec::new()), (State::Fail, failed)), (Drift::Verdict, 1));
    }
}
