//! Agreement with people: what assertions say of given answers, beside what a person said of them.

use indexmap::IndexMap;

use super::cell::{CellRecord, State};
use crate::metric::classification::{Confusion, Figure, Scale};
use crate::stats;

/// A person's score from which on the person is taken to have passed the answer.
pub const HUMAN_PASS: f64 = 0.5;

/// How far the verdicts of a prompt on a model agree with people's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Agreement {
    /// The verdict on the cell as a whole.
    pub cells: Option<Accord>,
    /// The verdicts of each metric.
    pub metrics: IndexMap<String, Accord>,
}

/// How far one judge of answers agrees with people. Each answer counts once, whatever the weight of its case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accord {
    /// How many answers both have judged.
    pub n: u64,
    /// Both passed it.
    pub both_pass: u64,
    /// It passed here, and people did not pass it.
    pub only_here: u64,
    /// People passed it, and it failed here.
    pub only_human: u64,
    /// Both failed it.
    pub both_fail: u64,
    /// The share of answers on which the verdicts are the same.
    pub accuracy: f64,
    /// Cohen's kappa of the verdicts; none where all are alike.
    pub kappa: Option<f64>,
    /// Pearson's correlation of the scores; none where one does not vary.
    pub pearson: Option<f64>,
    /// Spearman's correlation of the scores.
    pub spearman: Option<f64>,
    /// The mean distance of the scores.
    pub mean_absolute_error: f64,
}

/// The verdicts on answers that people have scored.
#[derive(Debug, Default)]
pub(super) struct AgreementTally {
    cells: Vec<Opinion>,
    metrics: IndexMap<String, Vec<Opinion>>,
}

#[derive(Clone, Copy, Debug)]
struct Opinion {
    passed: bool,
    score: f64,
    human: f64,
}

impl AgreementTally {
    /// Counts a cell whose answer has the score `human`.
    pub(super) fn add(&mut self, cell: &CellRecord, human: f64) {
        if let (State::Pass | State::Fail, Some(score)) = (cell.state, cell.score) {
            self.cells.push(Opinion { passed: cell.state == State::Pass, score, human });
        }
        // Several assertions of one metric say one thing together, as they count once for the metric's mean.
        let mut of_metrics: IndexMap<&str, (bool, f64, f64)> = IndexMap::new();
        for judgement in &cell.judgements {
            let Some(score) = judgement.score else { continue };
            let (passed, sum, count) =
                of_metrics.entry(&judgement.metric).or_insert((true, 0.0, 0.0));
            *passed &= judgement.passed;
            *sum += score;
            *count += 1.0;
        }
        for (metric, (passed, sum, count)) in of_metrics {
            let opinion = Opinion { passed, score: sum / count, human };
            self.metrics.entry(metric.to_owned()).or_default().push(opinion);
        }
    }

    pub(super) fn finish(self) -> Option<Agreement> {
        let metrics: IndexMap<String, Accord> = self
            .metrics
            .into_iter()
            .filter_map(|(metric, opinions)| Some((metric, accord(&opinions)?)))
            .collect();
        let cells = accord(&self.cells);
        (cells.is_some() || !metrics.is_empty()).then_some(Agreement { cells, metrics })
    }
}

fn accord(opinions: &[Opinion]) -> Option<Accord> {
    let mut confusion = Confusion::new(2);
    for opinion in opinions {
        let human = usize::from(opinion.human >= HUMAN_PASS);
        confusion.add(human, Some(usize::from(opinion.passed)), 1.0);
    }
    let scores: Vec<f64> = opinions.iter().map(|opinion| opinion.score).collect();
    let human: Vec<f64> = opinions.iter().map(|opinion| opinion.human).collect();
    let n = opinions.len();
    Some(Accord {
        n: n as u64,
        both_pass: confusion.count(1, Some(1)),
        only_here: confusion.count(0, Some(1)),
        only_human: confusion.count(1, Some(0)),
        both_fail: confusion.count(0, Some(0)),
        accuracy: confusion.figure(Figure::Accuracy)?,
        kappa: confusion.figure(Figure::Kappa(Scale::Nominal)),
        pearson: stats::pearson(&scores, &human),
        spearman: stats::spearman(&scores, &human),
        mean_absolute_error: scores.iter().zip(&human).map(|(a, b)| (a - b).abs()).sum::<f64>()
            / n as f64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_compared_at_one_half_and_scores_as_they_are() {
        let opinion = |score: f64, human| Opinion { passed: score >= 0.8, score, human };
        let found =
            accord(&[opinion(1.0, 1.0), opinion(0.9, 0.5), opinion(0.8, 0.25), opinion(0.1, 0.0)])
                .unwrap();
        assert_eq!(
            (found.both_pass, found.only_here, found.only_human, found.both_fail),
            (2, 1, 0, 1)
        );
        assert!((found.accuracy - 0.75).abs() < 1e-12);
        assert!((found.kappa.unwrap() - 0.5).abs() < 1e-12);
        assert!((found.mean_absolute_error - 0.2625).abs() < 1e-12);
        assert!((found.spearman.unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(accord(&[]), None);
    }

    #[test]
    fn people_who_pass_everything_leave_kappa_undefined() {
        let all = [Opinion { passed: true, score: 1.0, human: 1.0 }; 3];
        let found = accord(&all).unwrap();
        assert_eq!((found.kappa, found.pearson, found.spearman), (None, None, None));
    }
}
