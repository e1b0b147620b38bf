//! Cases of two columns, brought together by identity. A case counts once: its repeats are taken together before anything
//! is compared.

use std::collections::{HashMap, HashSet};

use indexmap::{IndexMap, IndexSet};

use super::side::{Column, Outcome};

/// The cases of two columns.
#[derive(Debug, Default)]
pub(super) struct Pairs<'a> {
    /// Those of both, in the order of the second column.
    pub(super) cases: Vec<PairedCase<'a>>,
    /// Those of the first alone.
    pub(super) only_a: Vec<&'a str>,
    /// Those of the second alone.
    pub(super) only_b: Vec<&'a str>,
}

/// A case with its repeats on both sides.
#[derive(Debug)]
pub(super) struct PairedCase<'a> {
    pub(super) id: &'a str,
    pub(super) a: Vec<&'a Outcome>,
    pub(super) b: Vec<&'a Outcome>,
}

/// What is measured of an outcome.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Metric {
    /// 1 for a pass, 0 for a failure.
    PassRate,
    /// The weighted mean of the assertions.
    Score,
    /// The mean of the assertions that count for this name.
    Named(String),
}

impl Metric {
    /// The metric that is called so. A name that the outcomes have wins over `score`.
    pub(super) fn named(name: &str, known: &[&str]) -> Option<Self> {
        match name {
            _ if known.contains(&name) => Some(Self::Named(name.to_owned())),
            "pass_rate" => Some(Self::PassRate),
            "score" => Some(Self::Score),
            // The share of right labels is the mean of the metric of the labels.
            _ => name
                .strip_suffix(".accuracy")
                .filter(|metric| known.contains(metric))
                .map(|metric| Self::Named(metric.to_owned())),
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::PassRate => "pass_rate",
            Self::Score => "score",
            Self::Named(name) => name,
        }
    }

    /// Its value in one outcome; none where the outcome was not decided or does not have it.
    pub(super) fn of(&self, outcome: &Outcome) -> Option<f64> {
        let passed = outcome.passed()?;
        match self {
            Self::PassRate => Some(f64::from(u8::from(passed))),
            Self::Score => outcome.score,
            Self::Named(name) => {
                outcome.metrics.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
            }
        }
    }
}

impl<'a> Pairs<'a> {
    pub(super) fn of(a: &'a Column, b: &'a Column) -> Self {
        let mut before = by_case(a);
        let mut pairs = Self::default();
        for (id, outcomes) in by_case(b) {
            match before.get_mut(id).map(std::mem::take) {
                Some(a) => pairs.cases.push(PairedCase { id, a, b: outcomes }),
                None => pairs.only_b.push(id),
            }
        }
        // What was taken is empty now; a case of the column never is.
        let left = before.into_iter().filter(|(_, outcomes)| !outcomes.is_empty());
        pairs.only_a = left.map(|(id, _)| id).collect();
        pairs
    }

    /// The names of the metrics that some outcome of both sides has, in the order in which they come.
    pub(super) fn metrics(&self) -> Vec<&'a str> {
        let names = |outcomes: &mut dyn Iterator<Item = &&'a Outcome>| -> IndexSet<&'a str> {
            outcomes.flat_map(|outcome| &outcome.metrics).map(|(name, _)| name.as_str()).collect()
        };
        let before = names(&mut self.cases.iter().flat_map(|case| &case.a));
        let after = names(&mut self.cases.iter().flat_map(|case| &case.b));
        after.into_iter().filter(|name| before.contains(name)).collect()
    }

    /// The cases that have a value on both sides.
    pub(super) fn values(&self, metric: &Metric) -> Values {
        Values::of(self.cases.iter(), metric)
    }
}

impl Values {
    pub(super) fn of<'c, 'a: 'c>(
        cases: impl Iterator<Item = &'c PairedCase<'a>>,
        metric: &Metric,
    ) -> Self {
        let mut values = Self::default();
        let mut groups: HashMap<&str, usize> = HashMap::new();
        for (index, case) in cases.enumerate() {
            let (Some(a), Some(b)) = (mean(&case.a, metric), mean(&case.b, metric)) else {
                continue;
            };
            values.a.push(a.mean);
            values.b.push(b.mean);
            values.repeated |= a.of > 1 || b.of > 1;
            let cluster = match case.group() {
                Some(group) => *groups.entry(group).or_insert(index),
                None => index,
            };
            values.grouped |= cluster != index;
            values.clusters.push(cluster);
        }
        values
    }
}

impl<'a> PairedCase<'a> {
    /// The newer word counts.
    pub(super) fn group(&self) -> Option<&'a str> {
        self.b.iter().chain(&self.a).find_map(|outcome| outcome.group.as_deref())
    }
}

/// The values of the cases on both sides, in one order.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    pub(super) a: Vec<f64>,
    pub(super) b: Vec<f64>,
    /// Equal numbers for cases that are not independent.
    clusters: Vec<usize>,
    grouped: bool,
    repeated: bool,
}

impl Values {
    pub(super) fn n(&self) -> usize {
        self.a.len()
    }

    /// Whether all cases have the same values in both.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.clusters == other.clusters && self.a == other.a && self.b == other.b
    }

    /// After less before.
    pub(super) fn differences(&self) -> Vec<f64> {
        self.a.iter().zip(&self.b).map(|(a, b)| b - a).collect()
    }

    /// The clusters, where some case shares one.
    pub(super) fn clusters(&self) -> Option<&[usize]> {
        self.grouped.then_some(&self.clusters)
    }

    /// Groups of cases that are independent of each other.
    pub(super) fn independent(&self) -> usize {
        match self.clusters() {
            None => self.n(),
            Some(clusters) => clusters.iter().collect::<HashSet<_>>().len(),
        }
    }

    /// Whether each case was tried once on each side, independently of the others: what McNemar's test is for.
    pub(super) fn is_simple(&self) -> bool {
        !self.grouped && !self.repeated
    }
}

struct CaseMean {
    mean: f64,
    of: usize,
}

fn mean(outcomes: &[&Outcome], metric: &Metric) -> Option<CaseMean> {
    let (mut sum, mut of) = (0.0, 0);
    for value in outcomes.iter().filter_map(|outcome| metric.of(outcome)) {
        sum += value;
        of += 1;
    }
    (of > 0).then(|| CaseMean { mean: sum / of as f64, of })
}

fn by_case(column: &Column) -> IndexMap<&str, Vec<&Outcome>> {
    let mut cases: IndexMap<&str, Vec<&Outcome>> = IndexMap::with_capacity(column.outcomes.len());
    for outcome in &column.outcomes {
        cases.entry(&outcome.case).or_default().push(outcome);
    }
    for outcomes in cases.values_mut() {
        outcomes.sort_by_key(|outcome| outcome.repeat);
    }
    cases
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::cell::State::{self, Error, Fail, Pass};

    fn column(outcomes: &[(&str, u32, State)]) -> Column {
        let outcomes =
            outcomes.iter().map(|(case, repeat, state)| Outcome::new(*case, *repeat, *state));
        Column { outcomes: outcomes.collect(), ..Column::default() }
    }

    #[test]
    fn cases_meet_by_identity_and_none_is_dropped() {
        let a = column(&[("x", 1, Pass), ("gone", 1, Pass), ("y", 1, Fail)]);
        let b = column(&[("new", 1, Pass), ("y", 1, Pass), ("x", 1, Fail)]);
        let pairs = Pairs::of(&a, &b);
        let ids: Vec<&str> = pairs.cases.iter().map(|case| case.id).collect();
        assert_eq!(
            (ids, pairs.only_a.clone(), pairs.only_b.clone()),
            (vec!["y", "x"], vec!["gone"], vec!["new"])
        );
        assert_eq!(pairs.values(&Metric::PassRate).differences(), [1.0, -1.0]);
        assert!(pairs.values(&Metric::PassRate).is_simple());
    }

    #[test]
    fn a_case_counts_once_whatever_its_repeats() {
        let a = column(&[("x", 2, Fail), ("x", 1, Pass), ("y", 1, Pass)]);
        let b = column(&[("x", 1, Pass), ("x", 2, Error), ("y", 1, Error)]);
        let values = Pairs::of(&a, &b).values(&Metric::PassRate);
        assert_eq!((values.a.as_slice(), values.b.as_slice()), (&[0.5][..], &[1.0][..]));
        assert!(!values.is_simple());
    }

    #[test]
    fn groups_are_clusters() {
        let mut a = column(&[("x", 1, Pass), ("y", 1, Pass), ("z", 1, Pass)]);
        for outcome in &mut a.outcomes[1..] {
            outcome.group = Some("g".to_owned());
        }
        let b = column(&[("x", 1, Pass), ("y", 1, Pass), ("z", 1, Pass)]);
        assert_eq!(Pairs::of(&a, &b).values(&Metric::PassRate).clusters(), Some(&[0, 1, 1][..]));
        assert_eq!(Pairs::of(&b, &b).values(&Metric::PassRate).clusters(), None);
    }
}
