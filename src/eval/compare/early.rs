//! Stopping a comparison as soon as it is decided, with an interval that may be looked at after each case.
//!
//! Cases come in an order that has nothing to do with the dataset's, so what was seen so far stands for what is to come.
//! Each case gives one difference of the primary metric, each group of cases one mean of such differences; a confidence
//! sequence of their mean decides. With several columns the error is shared among them (Bonferroni).

use std::collections::BTreeMap;

use super::pairing::Metric;
use super::{Comparison, Method, Outcome, Verdict};
use crate::eval::cell::{CellIndex, CellRecord, State};
use crate::eval::plan::Plan;
use crate::eval::rivals::ColumnPlace;
use crate::stats::{BettingSequence, Interval};

/// Differences of scores lie between these.
const RANGE: Interval = Interval { low: -1.0, high: 1.0 };

/// How far a comparison got before it was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Early {
    /// Cases that both sides have answered, over all columns.
    pub cases: u64,
    /// Of so many.
    pub of: u64,
    /// Cells that were not run.
    pub left_out: u64,
}

/// Watches the pairs of columns of a plan.
pub struct Watch<'a> {
    plan: &'a Plan,
    columns: BTreeMap<ColumnPlace, ColumnWatch>,
    left_out: u64,
}

struct ColumnWatch {
    metric: String,
    margin: Option<f64>,
    sequence: BettingSequence,
    /// Cases of which not all cells have come.
    open: BTreeMap<usize, [Sum; 2]>,
    /// The group whose cases are coming, with the differences of those that have come.
    group: Option<(String, Sum)>,
    cases: u64,
    verdict: Verdict,
}

/// Values of one side of a case.
#[derive(Clone, Copy, Default)]
struct Sum {
    cells: u32,
    values: u32,
    total: f64,
}

impl Sum {
    fn add(&mut self, value: Option<f64>) {
        self.cells += 1;
        if let Some(value) = value {
            self.values += 1;
            self.total += value;
        }
    }

    fn mean(self) -> Option<f64> {
        (self.values > 0).then(|| self.total / f64::from(self.values))
    }
}

impl<'a> Watch<'a> {
    /// Watches a plan. `metric` and `margin` replace those of the suites.
    pub fn new(plan: &'a Plan, metric: Option<&str>, margin: Option<f64>, confidence: f64) -> Self {
        let each = 1.0 - (1.0 - confidence) / plan.rivals.against.len().max(1) as f64;
        let column = |own: &ColumnPlace| {
            let suite = &plan.suites[own.0];
            let metric = metric.or(suite.primary.as_deref()).unwrap_or("pass_rate");
            let watch = ColumnWatch {
                metric: metric.to_owned(),
                margin: margin.or(suite.gates.margin),
                sequence: BettingSequence::new(RANGE, each),
                open: BTreeMap::new(),
                group: None,
                cases: 0,
                verdict: Verdict::Undecided,
            };
            (*own, watch)
        };
        let columns = plan.rivals.against.values().map(column).collect();
        Self { plan, columns, left_out: 0 }
    }

    /// Takes a cell, of either side.
    pub fn add(&mut self, cell: &CellRecord) {
        let CellIndex { suite, column, case, .. } = cell.index;
        let rival = self.plan.rivals.against.get(&(suite, column));
        let own = rival.copied().unwrap_or((suite, column));
        let Some(watch) = self.columns.get_mut(&own) else { return };
        if cell.state == State::Skipped {
            self.left_out += 1;
            return;
        }
        let place = cell.index.place(self.plan);
        let outcome = Outcome::of(cell, &place);
        let known: Vec<&str> = outcome.metrics.iter().map(|(name, _)| name.as_str()).collect();
        let value = Metric::named(&watch.metric, &known).and_then(|metric| metric.of(&outcome));
        let sides = watch.open.entry(case).or_default();
        sides[usize::from(rival.is_none())].add(value);
        if sides.iter().any(|side| side.cells < place.suite.repeat) {
            return;
        }
        let [before, after] = *sides;
        watch.open.remove(&case);
        if let Some((before, after)) = before.mean().zip(after.mean()) {
            watch.take(after - before, outcome.group);
        }
    }

    /// Whether all columns are decided.
    pub fn is_decided(&self) -> bool {
        self.columns.values().all(|watch| watch.verdict != Verdict::Undecided)
    }

    /// Puts the verdicts of the sequences in the place of those that hold for a number of cases that was fixed before.
    pub fn settle(&self, comparison: &mut Comparison) {
        let mut early = Early { cases: 0, of: 0, left_out: self.left_out };
        for (own, watch) in &self.columns {
            let suite = &self.plan.suites[own.0];
            early.cases += watch.cases;
            early.of += suite.cases.len() as u64;
            let name = &suite.columns[own.1];
            let column = comparison.columns.iter_mut().find(|column| {
                let prompt = [name.prompt.as_str(), name.name.as_str()];
                column.after.suite == suite.name
                    && prompt.contains(&column.after.prompt.as_str())
                    && column.after.model == name.model.label
            });
            let Some(column) = column else { continue };
            let interval = watch.sequence.interval();
            let primary = &mut column.primary;
            primary.verdict = watch.verdict;
            primary.interval = Some(interval);
            primary.method = Method::Sequence;
            (primary.p, primary.adjusted, primary.power) = (None, None, None);
            for gate in column.gates.iter_mut().filter(|gate| gate.name == "margin") {
                gate.interval = Some((interval.low, interval.high));
                gate.passed = interval.low > gate.bound;
            }
        }
        comparison.early = Some(early);
    }
}

impl ColumnWatch {
    fn take(&mut self, difference: f64, group: Option<String>) {
        if self.verdict != Verdict::Undecided {
            return;
        }
        self.cases += 1;
        let Some(group) = group else { return self.push(difference) };
        match &mut self.group {
            Some((known, sum)) if *known == group => sum.add(Some(difference)),
            _ => {
                let mut sum = Sum::default();
                sum.add(Some(difference));
                // Cases of a group come one after the other: the group before is complete.
                if let Some(mean) = self.group.replace((group, sum)).and_then(|(_, sum)| sum.mean())
                {
                    self.push(mean);
                }
            }
        }
    }

    fn push(&mut self, difference: f64) {
        self.sequence.push(difference);
        let Interval { low, high } = self.sequence.interval();
        self.verdict = match self.margin {
            _ if low > 0.0 => Verdict::Better,
            _ if high < 0.0 => Verdict::Worse,
            Some(margin) if low > -margin => Verdict::NoWorse,
            _ => Verdict::Undecided,
        };
    }
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;

    fn watch(margin: Option<f64>) -> ColumnWatch {
        ColumnWatch {
            metric: "pass_rate".to_owned(),
            margin,
            sequence: BettingSequence::new(RANGE, 0.95),
            open: BTreeMap::new(),
            group: None,
            cases: 0,
            verdict: Verdict::Undecided,
        }
    }

    /// Numbers in [0, 1) that a seed gives.
    fn random(seed: u64) -> impl FnMut() -> f64 {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        move || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
        }
    }

    /// Looks after each of `cases` pairs that pass with these chances, and says what it came to.
    fn trial(seed: u64, cases: usize, [before, after]: [f64; 2]) -> (Verdict, u64) {
        let mut random = random(seed);
        let mut watch = watch(None);
        for _ in 0..cases {
            let passes = [before, after].map(|chance| f64::from(u8::from(random() < chance)));
            watch.take(passes[1] - passes[0], None);
        }
        (watch.verdict, watch.cases)
    }

    #[test]
    fn looking_after_each_case_finds_no_difference_where_there_is_none() {
        const TRIALS: u64 = 400;
        let found = |chance: f64| {
            let trials = (0..TRIALS).into_par_iter();
            trials.filter(|seed| trial(*seed, 120, [chance; 2]).0 != Verdict::Undecided).count()
        };
        // 33 or more of 400 at a rate of 5 % come in 3 of 1,000 such tests.
        for chance in [0.5, 0.9] {
            assert!(found(chance) < 33, "{} of {TRIALS} at {chance}", found(chance));
        }
    }

    #[test]
    fn what_differs_much_is_found_early_and_in_the_right_direction() {
        for seed in 0..20 {
            let (verdict, cases) = trial(seed, 400, [0.3, 0.8]);
            assert_eq!(verdict, Verdict::Better);
            assert!(cases < 200, "{cases}");
            assert_eq!(trial(seed, 400, [0.8, 0.3]).0, Verdict::Worse);
        }
    }

    #[test]
    fn a_margin_ends_it_when_nothing_gets_worse() {
        let mut watch = watch(Some(0.1));
        for _ in 0..1000 {
            watch.take(0.0, None);
        }
        assert_eq!(watch.verdict, Verdict::NoWorse);
        assert!(watch.cases < 200, "{}", watch.cases);
    }

    #[test]
    fn a_group_counts_once() {
        let mut watch = watch(None);
        for case in 0..200 {
            watch.take(1.0, Some(format!("group {}", case / 100)));
        }
        // One group is complete.
        assert_eq!((watch.sequence.len(), watch.verdict), (1, Verdict::Undecided));
    }
}
