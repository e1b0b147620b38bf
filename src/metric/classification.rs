//! Classification: a confusion matrix, and the figures that follow from it, equal to scikit-learn's.
//!
//! The classes are numbered in the order in which their labels are listed. An answer that is none of them is *invalid*: a
//! class of its own that no case expects. It takes recall from the class that was expected, and precision from none.
//!
//! Classes that are neither expected nor answered are left out of averages, as scikit-learn leaves them out when it is
//! not given a list. A quotient with nothing below it is 0 in precision, recall and F1 (scikit-learn's `zero_division=0`
//! without its warning), and makes accuracy and kappa undefined.

mod gradient;

use std::collections::BTreeMap;

pub use gradient::Gradient;

/// Counts of (expected, predicted). Only pairs that occur take room, so that the number of classes may be large.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Confusion {
    classes: usize,
    /// By expected and predicted class; the number of classes stands for an invalid answer.
    pairs: BTreeMap<(usize, usize), Count>,
    /// Weight of what is expected, by class, and of the invalid, which nothing expects.
    expected: Vec<f64>,
    /// Weight of what was predicted, by class, the invalid last.
    predicted: Vec<f64>,
    hits: Vec<f64>,
    all_hits: f64,
    total: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Count {
    cells: u64,
    weight: f64,
}

/// One class against all others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Class {
    /// Of what was called so, the share that is.
    pub precision: f64,
    /// Of what is, the share that was called so.
    pub recall: f64,
    /// The harmonic mean of both.
    pub f1: f64,
    /// How many cells expect it.
    pub support: u64,
    /// How many were called so.
    pub predicted: u64,
    /// How many expect it and have an invalid answer.
    pub invalid: u64,
}

/// What is measured of each class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Measure {
    /// Of what was called so, the share that is.
    Precision,
    /// Of what is, the share that was called so.
    Recall,
    /// The harmonic mean of both (van Rijsbergen, "Information Retrieval", 1979, with β = 1).
    F1,
}

/// How the classes are averaged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Average {
    /// Each class counts the same.
    Macro,
    /// Hits and misses of all classes are added first.
    Micro,
    /// Each class counts by how often it is expected.
    Weighted,
}

/// How far apart two classes are for kappa.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scale {
    /// All the same.
    Nominal,
    /// By the number of places between them.
    Linear,
    /// By its square.
    Quadratic,
}

/// A figure of the whole matrix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Figure {
    /// The share of hits.
    Accuracy,
    /// An average over classes.
    Averaged(Average, Measure),
    /// Agreement beyond chance: Cohen, "A coefficient of agreement for nominal scales" (1960), and "Weighted kappa"
    /// (1968).
    Kappa(Scale),
    /// Matthews correlation for several classes: Gorodkin, "Comparing two K-category assignments by a K-category
    /// correlation coefficient" (2004). 0 where all cells expect, or all answers are, one class.
    Matthews,
}

impl Figure {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 14] = [
        Self::Accuracy,
        Self::Averaged(Average::Macro, Measure::F1),
        Self::Averaged(Average::Macro, Measure::Precision),
        Self::Averaged(Average::Macro, Measure::Recall),
        Self::Averaged(Average::Micro, Measure::F1),
        Self::Averaged(Average::Micro, Measure::Precision),
        Self::Averaged(Average::Micro, Measure::Recall),
        Self::Averaged(Average::Weighted, Measure::F1),
        Self::Averaged(Average::Weighted, Measure::Precision),
        Self::Averaged(Average::Weighted, Measure::Recall),
        Self::Kappa(Scale::Nominal),
        Self::Kappa(Scale::Linear),
        Self::Kappa(Scale::Quadratic),
        Self::Matthews,
    ];

    /// The name in gates and outputs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Averaged(Average::Macro, Measure::F1) => "macro_f1",
            Self::Averaged(Average::Macro, Measure::Precision) => "macro_precision",
            Self::Averaged(Average::Macro, Measure::Recall) => "macro_recall",
            Self::Averaged(Average::Micro, Measure::F1) => "micro_f1",
            Self::Averaged(Average::Micro, Measure::Precision) => "micro_precision",
            Self::Averaged(Average::Micro, Measure::Recall) => "micro_recall",
            Self::Averaged(Average::Weighted, Measure::F1) => "weighted_f1",
            Self::Averaged(Average::Weighted, Measure::Precision) => "weighted_precision",
            Self::Averaged(Average::Weighted, Measure::Recall) => "weighted_recall",
            Self::Kappa(Scale::Nominal) => "kappa",
            Self::Kappa(Scale::Linear) => "kappa_linear",
            Self::Kappa(Scale::Quadratic) => "kappa_quadratic",
            Self::Matthews => "mcc",
        }
    }

    /// The figure of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|figure| figure.name() == name)
    }

    /// The least value that it can have.
    pub fn least(self) -> f64 {
        match self {
            Self::Accuracy | Self::Averaged(..) => 0.0,
            Self::Kappa(_) | Self::Matthews => -1.0,
        }
    }
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Precision, Self::Recall, Self::F1];

    /// The name in gates and outputs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Precision => "precision",
            Self::Recall => "recall",
            Self::F1 => "f1",
        }
    }
}

impl Confusion {
    /// Nothing counted yet of so many classes.
    pub fn new(classes: usize) -> Self {
        Self {
            classes,
            expected: vec![0.0; classes + 1],
            predicted: vec![0.0; classes + 1],
            hits: vec![0.0; classes],
            ..Self::default()
        }
    }

    /// Counts a cell; `None` is an invalid answer. With a weight of 0 it is in the matrix and in no figure. An expected
    /// class that is not there is not counted.
    pub fn add(&mut self, expected: usize, predicted: Option<usize>, weight: f64) {
        if expected >= self.classes {
            return;
        }
        let predicted = predicted.map_or(self.classes, |class| class.min(self.classes));
        let count = self.pairs.entry((expected, predicted)).or_default();
        count.cells += 1;
        count.weight += weight;
        self.expected[expected] += weight;
        self.predicted[predicted] += weight;
        self.total += weight;
        if expected == predicted {
            self.hits[expected] += weight;
            self.all_hits += weight;
        }
    }

    /// How many classes there are.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The pairs that occur with the number of their cells, by expected and then by predicted class.
    pub fn pairs(&self) -> impl Iterator<Item = (usize, Option<usize>, u64)> {
        self.pairs.iter().map(|((expected, predicted), count)| {
            (*expected, Some(*predicted).filter(|class| *class < self.classes), count.cells)
        })
    }

    /// How many cells there are of a pair.
    pub fn count(&self, expected: usize, predicted: Option<usize>) -> u64 {
        let predicted = predicted.unwrap_or(self.classes);
        self.pairs.get(&(expected, predicted)).map_or(0, |count| count.cells)
    }

    /// How many cells have an invalid answer.
    pub fn invalid(&self) -> u64 {
        self.pairs().filter(|(_, predicted, _)| predicted.is_none()).map(|(.., cells)| cells).sum()
    }

    /// What each class came to; `None` for one that is neither expected nor answered.
    pub fn each_class(&self) -> Vec<Option<Class>> {
        let mut counts = vec![(0, 0, 0); self.classes];
        for (expected, predicted, cells) in self.pairs() {
            counts[expected].0 += cells;
            match predicted {
                Some(predicted) => counts[predicted].1 += cells,
                None => counts[expected].2 += cells,
            }
        }
        let class = |(class, (support, predicted, invalid)): (usize, (u64, u64, u64))| {
            (support + predicted > 0).then(|| Class {
                precision: self.of_class(Measure::Precision, class),
                recall: self.of_class(Measure::Recall, class),
                f1: self.of_class(Measure::F1, class),
                support,
                predicted,
                invalid,
            })
        };
        counts.into_iter().enumerate().map(class).collect()
    }

    /// A measure of one class; 0 where it has nothing to rest on.
    pub fn of_class(&self, measure: Measure, class: usize) -> f64 {
        let Some(hits) = self.hits.get(class) else { return 0.0 };
        let (expected, predicted) = (self.expected[class], self.predicted[class]);
        let (above, below) = match measure {
            Measure::Precision => (*hits, predicted),
            Measure::Recall => (*hits, expected),
            Measure::F1 => (2.0 * hits, predicted + expected),
        };
        if below > 0.0 { above / below } else { 0.0 }
    }

    /// A figure of the whole; `None` where it is undefined: nothing counted; for kappa, agreement that chance alone makes
    /// complete; for its weighted forms also an invalid answer, which has no place in the order of the classes.
    pub fn figure(&self, figure: Figure) -> Option<f64> {
        if self.total <= 0.0 {
            return None;
        }
        match figure {
            Figure::Accuracy => Some(self.all_hits / self.total),
            Figure::Averaged(average, measure) => Some(self.average(average, measure)),
            Figure::Kappa(scale) => {
                let (observed, chance) = self.disagreement(scale)?;
                (chance > 0.0).then(|| 1.0 - observed / chance)
            }
            Figure::Matthews => {
                let (covariance, expected, predicted) = self.covariances();
                let spread = expected * predicted;
                Some(if spread > 0.0 { covariance / spread.sqrt() } else { 0.0 })
            }
        }
    }

    /// The classes that are expected or answered.
    fn present(&self) -> impl Iterator<Item = usize> {
        (0..self.classes).filter(|class| self.expected[*class] + self.predicted[*class] > 0.0)
    }

    fn average(&self, average: Average, measure: Measure) -> f64 {
        let of_classes = self.present().map(|class| self.of_class(measure, class));
        match average {
            Average::Macro => of_classes.sum::<f64>() / self.present().count().max(1) as f64,
            Average::Weighted => {
                let weights = self.present().map(|class| self.expected[class]);
                of_classes.zip(weights).map(|(value, weight)| value * weight).sum::<f64>()
                    / self.total
            }
            Average::Micro => {
                let (above, below) = self.micro(measure);
                if below > 0.0 { above / below } else { 0.0 }
            }
        }
    }

    /// What stands above and below in a micro average.
    fn micro(&self, measure: Measure) -> (f64, f64) {
        let hits = self.all_hits;
        let answered = self.total - self.predicted[self.classes];
        match measure {
            Measure::Precision => (hits, answered),
            Measure::Recall => (hits, self.total),
            Measure::F1 => (2.0 * hits, answered + self.total),
        }
    }

    /// The weighted disagreement that is observed, and that of chance, both as sums of weights times cells.
    fn disagreement(&self, scale: Scale) -> Option<(f64, f64)> {
        if scale.is_weighted() && self.predicted[self.classes] > 0.0 {
            return None;
        }
        let observed =
            self.pairs.iter().map(|((e, p), count)| scale.distance(*e, *p) * count.weight).sum();
        let from = scale.distances(&self.predicted);
        let chance: f64 = self.expected.iter().zip(&from).map(|(weight, from)| weight * from).sum();
        Some((observed, chance / self.total))
    }

    /// The covariance of expected and predicted classes, and the variance of each, all times the square of the total.
    fn covariances(&self) -> (f64, f64, f64) {
        let products = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let square = self.total * self.total;
        (
            self.all_hits * self.total - products(&self.expected, &self.predicted),
            square - products(&self.expected, &self.expected),
            square - products(&self.predicted, &self.predicted),
        )
    }
}

impl Scale {
    /// Whether the order of the classes counts.
    pub fn is_weighted(self) -> bool {
        self != Self::Nominal
    }

    /// How far apart two classes are.
    fn distance(self, a: usize, b: usize) -> f64 {
        let places = a.abs_diff(b) as f64;
        match self {
            Self::Nominal => f64::from(u8::from(a != b)),
            Self::Linear => places,
            Self::Quadratic => places * places,
        }
    }

    /// Of each class, its distances to all others times the weights of these, in time linear in the classes.
    fn distances(self, weights: &[f64]) -> Vec<f64> {
        let total: f64 = weights.iter().sum();
        let moment = |power: i32| -> f64 {
            weights.iter().enumerate().map(|(i, weight)| (i as f64).powi(power) * weight).sum()
        };
        match self {
            Self::Nominal => weights.iter().map(|weight| total - weight).collect(),
            Self::Linear => {
                // A step to the right comes nearer to all that lies there, and leaves behind what does not.
                let (mut distance, mut left) = (moment(1), 0.0);
                let step = |weight: &f64| {
                    let here = distance;
                    left += weight;
                    distance += 2.0 * left - total;
                    here
                };
                weights.iter().map(step).collect()
            }
            Self::Quadratic => {
                let (first, second) = (moment(1), moment(2));
                (0..weights.len())
                    .map(|i| i as f64)
                    .map(|i| total * i * i - 2.0 * i * first + second)
                    .collect()
            }
        }
    }
}

#[cfg(test)]
mod tests;
