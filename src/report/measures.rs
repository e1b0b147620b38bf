//! The JSON of what is more than a mean: classification, agreement with people, repeats.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use crate::eval::agreement::{self, Accord};
use crate::eval::labels;
use crate::eval::repeats;

/// Classes up to which the matrix is written.
const LARGEST_MATRIX: usize = 50;

/// Entries of a list of confusions or of flaky cases.
const MOST_ENTRIES: usize = 100;

/// What the labels of one metric are as a classification. Its figures are metrics: `METRIC.accuracy`, `METRIC.macro_f1`, …
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Classification {
    /// Cells whose label was compared.
    n: u64,
    /// Of these, those whose answer is none of the labels.
    invalid: u64,
    /// The classes, in their order.
    labels: Vec<String>,
    /// Those of them that the suite lists, as it does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    listed: Vec<String>,
    /// Cells by expected class (rows) and answer (columns), both in the order of `labels`; invalid answers are in `classes`.
    /// Null for more than 50 classes.
    matrix: Option<Vec<Vec<u64>>>,
    /// The classes that are expected or answered.
    classes: Vec<Class>,
    /// Which class was taken for which, the most frequent first, at most 100.
    confusions: Vec<Confusion>,
}

/// One class against all others. A quotient with nothing below it is 0.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Class {
    label: String,
    precision: f64,
    recall: f64,
    f1: f64,
    /// Cells that expect it.
    support: u64,
    /// Cells whose answer it is.
    predicted: u64,
    /// Cells that expect it and have an invalid answer.
    invalid: u64,
}

/// A class that was taken for another.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Confusion {
    expected: String,
    /// Null for an invalid answer.
    predicted: Option<String>,
    count: u64,
}

impl Classification {
    /// The classification of a metric.
    pub fn new(found: &labels::Classification) -> Self {
        let confusion = &found.confusion;
        let count = found.labels.len();
        let matrix = (count <= LARGEST_MATRIX).then(|| {
            (0..count)
                .map(|row| (0..count).map(|column| confusion.count(row, Some(column))).collect())
                .collect()
        });
        let classes = confusion
            .each_class()
            .into_iter()
            .zip(&found.labels)
            .filter_map(|(class, label)| {
                let class = class?;
                Some(Class {
                    label: label.clone(),
                    precision: class.precision,
                    recall: class.recall,
                    f1: class.f1,
                    support: class.support,
                    predicted: class.predicted,
                    invalid: class.invalid,
                })
            })
            .collect();
        let label = |class: usize| found.labels.get(class).cloned();
        let confusions = found
            .top_confusions()
            .into_iter()
            .take(MOST_ENTRIES)
            .filter_map(|(expected, predicted, count)| {
                Some(Confusion {
                    expected: label(expected)?,
                    predicted: predicted.and_then(label),
                    count,
                })
            })
            .collect();
        Self {
            n: found.n(),
            invalid: confusion.invalid(),
            labels: found.labels.clone(),
            listed: found.listed.clone(),
            matrix,
            classes,
            confusions,
        }
    }
}

/// How far the verdicts agree with people's scores of the given answers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Agreement {
    /// The verdict on the cell as a whole.
    cells: Option<Agreed>,
    /// The verdicts of each metric.
    metrics: IndexMap<String, Agreed>,
}

/// How far one judge of answers agrees with people. A person passes what has a score of 0.5 or more.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Agreed {
    /// Answers that both have judged.
    n: u64,
    both_pass: u64,
    only_here: u64,
    only_human: u64,
    both_fail: u64,
    /// The share of equal verdicts.
    accuracy: f64,
    /// Cohen's kappa of the verdicts; null where all are alike.
    kappa: Option<f64>,
    /// Correlation of the scores; null where one does not vary.
    pearson: Option<f64>,
    /// Rank correlation of the scores.
    spearman: Option<f64>,
    /// The mean distance of the scores.
    mean_absolute_error: f64,
}

impl From<&Accord> for Agreed {
    fn from(accord: &Accord) -> Self {
        Self {
            n: accord.n,
            both_pass: accord.both_pass,
            only_here: accord.only_here,
            only_human: accord.only_human,
            both_fail: accord.both_fail,
            accuracy: accord.accuracy,
            kappa: accord.kappa,
            pearson: accord.pearson,
            spearman: accord.spearman,
            mean_absolute_error: accord.mean_absolute_error,
        }
    }
}

impl From<&agreement::Agreement> for Agreement {
    fn from(found: &agreement::Agreement) -> Self {
        let metrics = found.metrics.iter().map(|(name, accord)| (name.clone(), accord.into()));
        Self { cells: found.cells.as_ref().map(Agreed::from), metrics: metrics.collect() }
    }
}

/// What repeated cases came to. `majority`, `pass@K` and `pass^K` are metrics.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Repeats {
    /// Cases with a try that passed or failed.
    cases: u64,
    /// Cases with several of them.
    repeated: u64,
    /// Of these, those whose tries disagree.
    flaky: u64,
    /// `flaky` / `repeated`.
    flake_rate: Option<f64>,
    /// Cases whose tries disagree, the most undecided first, at most 100.
    flaky_cases: Vec<FlakyCase>,
}

/// A case whose tries disagree.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FlakyCase {
    case: String,
    /// Tries that passed.
    passes: u16,
    /// Tries that passed or failed.
    of: u16,
}

impl Repeats {
    /// What cases came to, which are called by their places.
    pub fn new(found: &repeats::Repeats, name: &dyn Fn(usize) -> String) -> Self {
        let flaky = found.flaky.iter().take(MOST_ENTRIES).map(|(case, tries)| FlakyCase {
            case: name(*case),
            passes: tries.passes,
            of: tries.of,
        });
        Self {
            cases: found.cases,
            repeated: found.repeated,
            flaky: found.flaky.len() as u64,
            flake_rate: found.flake_rate(),
            flaky_cases: flaky.collect(),
        }
    }
}
