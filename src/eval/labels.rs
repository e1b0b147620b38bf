//! Labels of a run: what was expected and what the answers were, kept as small numbers, and the figures of it.

use std::collections::{BTreeMap, HashMap};

use super::run::Estimate;
use crate::assertion::{Labelled, fold_label};
use crate::metric::classification::{Confusion, Figure, Measure};
use crate::stats;

/// Labels that nothing has expected so far and that are kept, in case that a later case expects them.
const MOST_STRANGERS: usize = 10_000;

/// The labels of the cells of one prompt on a model, under one metric.
#[derive(Debug, Default)]
pub(super) struct LabelTally {
    /// By the folded label.
    numbers: HashMap<String, u32>,
    known: Vec<Known>,
    strangers: usize,
    cells: Vec<LabelledCell>,
}

#[derive(Debug)]
struct Known {
    spelling: String,
    expected: bool,
}

#[derive(Clone, Copy, Debug)]
struct LabelledCell {
    case: u32,
    expected: u32,
    predicted: Option<u32>,
}

impl LabelTally {
    pub(super) fn add(&mut self, case: usize, label: &Labelled) {
        let Some(expected) = self.number(&label.expected, true) else { return };
        let predicted = label.predicted.as_ref().and_then(|label| self.number(label, false));
        let case = u32::try_from(case).unwrap_or(u32::MAX);
        self.cells.push(LabelledCell { case, expected, predicted });
    }

    /// The number of a label; `None` where too many others have one.
    fn number(&mut self, label: &str, expected: bool) -> Option<u32> {
        let folded = fold_label(label);
        if let Some(number) = self.numbers.get(&folded) {
            let known = &mut self.known[*number as usize];
            if expected && !known.expected {
                // The data set knows better than the model how a label is spelt.
                *known = Known { spelling: label.to_owned(), expected };
            }
            return Some(*number);
        }
        if !expected {
            self.strangers += 1;
            if self.strangers > MOST_STRANGERS {
                return None;
            }
        }
        let number = u32::try_from(self.known.len()).ok()?;
        self.known.push(Known { spelling: label.to_owned(), expected });
        self.numbers.insert(folded, number);
        Some(number)
    }

    /// The classes are the `listed` labels in their order, then what else was expected: by value where all are numbers, else
    /// by code point. An answer that is none of them is invalid.
    pub(super) fn finish(
        self,
        listed: &[String],
        cluster_and_weight: impl Fn(usize) -> (usize, f64),
    ) -> Classification {
        let mut labels: Vec<String> = Vec::new();
        let mut classes: HashMap<String, usize> = HashMap::new();
        let mut others: Vec<&str> = self
            .known
            .iter()
            .filter(|known| known.expected)
            .map(|known| known.spelling.as_str())
            .collect();
        let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
        let numeric = others.iter().all(|label| number(label).is_some());
        if numeric {
            others.sort_by(|a, b| number(a).partial_cmp(&number(b)).unwrap_or(a.cmp(b)));
        } else {
            others.sort_unstable();
        }
        for label in listed.iter().map(String::as_str).chain(others) {
            let next = labels.len();
            classes.entry(fold_label(label)).or_insert_with(|| {
                labels.push(label.to_owned());
                next
            });
        }
        let class_of: Vec<Option<usize>> = self
            .known
            .iter()
            .map(|known| classes.get(&fold_label(&known.spelling)).copied())
            .collect();
        let mut confusion = Confusion::new(labels.len());
        let mut cells = Vec::with_capacity(self.cells.len());
        for cell in &self.cells {
            let Some(expected) = class_of[cell.expected as usize] else { continue };
            let predicted = cell.predicted.and_then(|number| class_of[number as usize]);
            let (cluster, weight) = cluster_and_weight(cell.case as usize);
            confusion.add(expected, predicted, weight);
            cells.push(Placed { cluster, weight, expected, predicted });
        }
        let ordered = !listed.is_empty() || numeric;
        Classification { labels, listed: listed.to_vec(), confusion, ordered, cells }
    }
}

/// What the answers of a prompt on a model are as a classification.
#[derive(Debug)]
pub struct Classification {
    /// The classes, in their order.
    pub labels: Vec<String>,
    /// Those that the suite lists, as it does.
    pub listed: Vec<String>,
    /// Who was taken for whom.
    pub confusion: Confusion,
    /// Whether the order of the labels means something, as weighted kappa needs.
    ordered: bool,
    cells: Vec<Placed>,
}

#[derive(Clone, Copy, Debug)]
struct Placed {
    cluster: usize,
    weight: f64,
    expected: usize,
    predicted: Option<usize>,
}

impl Classification {
    /// How many cells it is made of.
    pub fn n(&self) -> u64 {
        self.cells.len() as u64
    }

    /// The pairs of a class and what it was taken for, invalid answers included, the most frequent first.
    pub fn top_confusions(&self) -> Vec<(usize, Option<usize>, u64)> {
        let wrong =
            |(expected, predicted, _): &(usize, Option<usize>, u64)| *predicted != Some(*expected);
        let mut pairs: Vec<_> = self.confusion.pairs().filter(wrong).collect();
        pairs.sort_by_key(|(.., count)| std::cmp::Reverse(*count));
        pairs
    }

    /// All figures that are defined, by name.
    pub fn figures(&self, confidence: f64) -> Vec<(Figure, Estimate)> {
        Figure::ALL
            .into_iter()
            .filter_map(|figure| Some((figure, self.figure(figure, confidence)?)))
            .collect()
    }

    /// The figure of this name: one of [`Figure`], or a measure and a class such as `recall.refund`.
    pub fn named(&self, name: &str, confidence: f64) -> Option<Estimate> {
        if let Some(figure) = Figure::named(name) {
            return self.figure(figure, confidence);
        }
        let (measure, label) = name.split_once('.')?;
        let measure = Measure::ALL.into_iter().find(|known| known.name() == measure)?;
        let folded = fold_label(label);
        let class = self.labels.iter().position(|label| fold_label(label) == folded)?;
        self.of_class(measure, class, confidence)
    }

    fn figure(&self, figure: Figure, confidence: f64) -> Option<Estimate> {
        if matches!(figure, Figure::Kappa(scale) if scale.is_weighted()) && !self.ordered {
            return None;
        }
        let value = self.confusion.figure(figure)?;
        let interval = match figure {
            Figure::Accuracy => self.wilson(value, confidence, |_| true),
            figure => self.linearised(figure, confidence),
        };
        Some(Estimate { value, interval, n: self.n() })
    }

    fn of_class(&self, measure: Measure, class: usize, confidence: f64) -> Option<Estimate> {
        let counts = |cell: &Placed| match measure {
            Measure::Precision => cell.predicted == Some(class),
            Measure::Recall => cell.expected == class,
            Measure::F1 => cell.expected == class || cell.predicted == Some(class),
        };
        let n = self.cells.iter().filter(|cell| cell.weight > 0.0 && counts(cell)).count() as u64;
        if n == 0 {
            return None;
        }
        let value = self.confusion.of_class(measure, class);
        let interval = match measure {
            // F1 is no share of anything.
            Measure::F1 => None,
            Measure::Precision | Measure::Recall => self.wilson(value, confidence, counts),
        };
        Some(Estimate { value, interval, n })
    }

    /// The interval of a share of cells. Its number of trials is the effective number of clusters, (Σ W)² / Σ W² for the
    /// weights W of the clusters (Kish, "Survey Sampling", 1965, §11.7): their number where they weigh the same.
    fn wilson(
        &self,
        value: f64,
        confidence: f64,
        counts: impl Fn(&Placed) -> bool,
    ) -> Option<(f64, f64)> {
        let mut clusters: BTreeMap<usize, f64> = BTreeMap::new();
        for cell in self.cells.iter().filter(|cell| counts(cell)) {
            *clusters.entry(cell.cluster).or_insert(0.0) += cell.weight;
        }
        let total: f64 = clusters.values().sum();
        let squares: f64 = clusters.values().map(|weight| weight * weight).sum();
        (squares > 0.0).then(|| {
            let interval = stats::wilson_rate(value, total * total / squares, confidence);
            (interval.low, interval.high)
        })
    }

    /// The interval by the delta method. None where no cell moves the figure: without a single error nothing is known of
    /// how errors would spread.
    fn linearised(&self, figure: Figure, confidence: f64) -> Option<(f64, f64)> {
        let gradient = self.confusion.gradient(figure)?;
        let moves =
            self.cells.iter().filter(|cell| cell.weight > 0.0).map(|cell| {
                (cell.cluster, cell.weight * gradient.at(cell.expected, cell.predicted))
            });
        let interval = stats::linearised(gradient.value(), moves, confidence)?;
        let spread = interval.high - interval.low;
        (spread > 1e-12).then(|| (interval.low.max(figure.least()), interval.high.min(1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(cells: &[(usize, &str, Option<&str>)]) -> LabelTally {
        let mut tally = LabelTally::default();
        for (case, expected, predicted) in cells {
            let (expected, predicted) = ((*expected).to_owned(), predicted.map(str::to_owned));
            tally.add(*case, &Labelled { expected, predicted });
        }
        tally
    }

    fn alone(case: usize) -> (usize, f64) {
        (case, 1.0)
    }

    #[test]
    fn classes_are_what_is_listed_and_then_what_is_expected() {
        let cells = [
            (0, "b", Some("REFUND")),
            (1, "Refund", Some("refund")),
            (2, "a", Some("junk")),
            (3, "b", None),
        ];
        let open = tally(&cells).finish(&[], alone);
        assert_eq!(open.labels, ["Refund", "a", "b"]);
        assert_eq!(
            open.confusion.pairs().collect::<Vec<_>>(),
            [(0, Some(0), 1), (1, None, 1), (2, Some(0), 1), (2, None, 1)]
        );
        assert_eq!(open.top_confusions(), [(1, None, 1), (2, Some(0), 1), (2, None, 1)]);
        let listed = ["junk", "b"].map(str::to_owned);
        assert_eq!(tally(&cells).finish(&listed, alone).labels, ["junk", "b", "Refund", "a"]);
        let numbers = [(0, "10", None), (1, "9", None), (2, "-1.5", None)];
        assert_eq!(tally(&numbers).finish(&[], alone).labels, ["-1.5", "9", "10"]);
    }

    #[test]
    fn weighted_kappa_needs_an_order() {
        let kappa = |cells: &[(usize, &str, Option<&str>)], listed: &[String]| {
            tally(cells).finish(listed, alone).named("kappa_quadratic", 0.95).map(|it| it.value)
        };
        let words = [(0, "low", Some("low")), (1, "high", Some("low")), (2, "high", Some("high"))];
        assert_eq!(kappa(&words, &[]), None);
        assert!(kappa(&words, &["low", "high"].map(str::to_owned)).is_some());
        assert!(
            kappa(&[(0, "1", Some("1")), (1, "2", Some("1")), (2, "3", Some("3"))], &[]).is_some()
        );
    }

    #[test]
    fn what_no_error_has_shown_the_spread_of_has_no_interval() {
        let right = tally(&[(0, "a", Some("a")), (1, "b", Some("b"))]).finish(&[], alone);
        let interval = |name| right.named(name, 0.95).unwrap().interval;
        assert_eq!(interval("macro_f1"), None);
        assert!(interval("accuracy").is_some_and(|(low, high)| low < 0.5 && high >= 1.0));
        assert!(interval("recall.A").is_some_and(|(low, _)| low < 0.5));
        assert_eq!(right.named("recall.c", 0.95), None);
        assert_eq!(right.named("size", 0.95), None);
    }

    #[test]
    fn a_cluster_of_cells_is_one_trial() {
        let cells: Vec<(usize, &str, Option<&str>)> =
            (0..40).map(|i| (i, "a", Some(if i % 2 == 0 { "a" } else { "b" }))).collect();
        let width = |cluster: fn(usize) -> (usize, f64)| {
            let (low, high) = tally(&cells)
                .finish(&[], cluster)
                .named("accuracy", 0.95)
                .unwrap()
                .interval
                .unwrap();
            high - low
        };
        assert!(width(|case| (case / 10, 1.0)) > 2.0 * width(alone));
        // What weighs nothing is no trial.
        let weightless = |case| (case, f64::from(u8::from(case < 4)));
        assert!((width(weightless) - width(|case| (case / 10, 1.0))).abs() < 1e-12);
    }

    #[test]
    fn strangers_do_not_fill_the_memory() {
        let mut tally = LabelTally::default();
        for i in 0..2 * MOST_STRANGERS {
            tally.add(0, &Labelled { expected: "a".to_owned(), predicted: Some(format!("x{i}")) });
        }
        assert_eq!(tally.known.len(), MOST_STRANGERS + 1);
        assert_eq!(tally.finish(&[], alone).confusion.invalid(), 2 * MOST_STRANGERS as u64);
    }
}
