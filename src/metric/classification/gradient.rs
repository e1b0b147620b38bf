//! How a figure moves when one more cell is counted: what its standard error is made of.
//!
//! Takahashi, Yamamoto, Kuchiba and Koyama, "Confidence interval for micro-averaged F1 and macro-averaged F1 scores"
//! (2022), derive the intervals of these figures by the delta method; the derivatives are the same, written for one cell
//! so that cells can be added up by cluster.

use super::{Average, Confusion, Figure, Measure};

/// The derivatives of a figure by the weights of the pairs.
#[derive(Debug)]
pub struct Gradient<'a> {
    confusion: &'a Confusion,
    figure: Figure,
    value: f64,
    /// What is computed once for all pairs, by figure.
    parts: Parts,
}

#[derive(Debug)]
enum Parts {
    None,
    Macro {
        present: f64,
    },
    /// The distances of each expected class to what was predicted, and the reverse; what is observed, and chance.
    Kappa {
        from_expected: Vec<f64>,
        from_predicted: Vec<f64>,
        observed: f64,
        chance: f64,
    },
    Matthews {
        expected: f64,
        predicted: f64,
    },
}

impl Confusion {
    /// The derivatives of a figure; `None` where the figure is undefined, or fixed at 0 for want of spread.
    pub fn gradient(&self, figure: Figure) -> Option<Gradient<'_>> {
        let value = self.figure(figure)?;
        let parts = match figure {
            Figure::Averaged(Average::Macro, _) => {
                Parts::Macro { present: self.present().count() as f64 }
            }
            Figure::Kappa(scale) => {
                let (observed, chance) = self.disagreement(scale)?;
                Parts::Kappa {
                    from_expected: scale.distances(&self.predicted),
                    from_predicted: scale.distances(&self.expected),
                    observed,
                    chance,
                }
            }
            Figure::Matthews => {
                let (_, expected, predicted) = self.covariances();
                if expected * predicted <= 0.0 {
                    return None;
                }
                Parts::Matthews { expected, predicted }
            }
            Figure::Accuracy | Figure::Averaged(..) => Parts::None,
        };
        Some(Gradient { confusion: self, figure, value, parts })
    }

    /// The derivative of a measure of one class by the weight of a pair.
    fn class_gradient(&self, measure: Measure, class: usize, pair: (usize, usize)) -> f64 {
        let one = |holds: bool| f64::from(u8::from(holds));
        let hit = one(pair == (class, class));
        let (expected, predicted) = (one(pair.0 == class), one(pair.1 == class));
        let (above, below, whole) = match measure {
            Measure::Precision => (hit, predicted, self.predicted[class]),
            Measure::Recall => (hit, expected, self.expected[class]),
            Measure::F1 => {
                (2.0 * hit, predicted + expected, self.predicted[class] + self.expected[class])
            }
        };
        if whole > 0.0 { (above - self.of_class(measure, class) * below) / whole } else { 0.0 }
    }
}

impl Gradient<'_> {
    /// The value of the figure.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The derivative by the weight of a pair; `None` is an invalid answer.
    pub fn at(&self, expected: usize, predicted: Option<usize>) -> f64 {
        let all = self.confusion;
        let predicted = predicted.unwrap_or(all.classes).min(all.classes);
        if expected >= all.classes {
            return 0.0;
        }
        let pair = (expected, predicted);
        let hit = f64::from(u8::from(expected == predicted));
        let of_pair = |measure, scale: &dyn Fn(usize) -> f64| -> f64 {
            // A cell touches the class that it expects and the one that it has; no other.
            let other = Some(predicted).filter(|class| *class != expected && *class < all.classes);
            [Some(expected), other]
                .into_iter()
                .flatten()
                .map(|class| scale(class) * all.class_gradient(measure, class, pair))
                .sum()
        };
        match (self.figure, &self.parts) {
            (Figure::Averaged(Average::Macro, measure), Parts::Macro { present }) => {
                of_pair(measure, &|_| 1.0 / present)
            }
            (Figure::Averaged(Average::Weighted, measure), _) => {
                of_pair(measure, &|class| all.expected[class] / all.total)
                    + (all.of_class(measure, expected) - self.value) / all.total
            }
            (Figure::Averaged(Average::Micro, measure), _) => {
                let answered = f64::from(u8::from(predicted < all.classes));
                let (above, below) = match measure {
                    Measure::Precision => (hit, answered),
                    Measure::Recall => (hit, 1.0),
                    Measure::F1 => (2.0 * hit, answered + 1.0),
                };
                let (_, whole) = all.micro(measure);
                if whole > 0.0 { (above - self.value * below) / whole } else { 0.0 }
            }
            (
                Figure::Kappa(scale),
                Parts::Kappa { from_expected, from_predicted, observed, chance },
            ) => {
                // Of 1 - observed / chance, where chance is a sum of products over the total.
                let observed_by = scale.distance(expected, predicted);
                let chance_by =
                    (from_expected[expected] + from_predicted[predicted] - chance) / all.total;
                (observed * chance_by / chance - observed_by) / chance
            }
            (Figure::Matthews, Parts::Matthews { expected: spread, predicted: other }) => {
                let (own, their) = (all.expected[expected], all.predicted[predicted]);
                let covariance_by = hit * all.total + all.all_hits
                    - all.predicted[expected]
                    - all.expected[predicted];
                let (spread_by, other_by) = (2.0 * (all.total - own), 2.0 * (all.total - their));
                covariance_by / (spread * other).sqrt()
                    - self.value / 2.0 * (spread_by / spread + other_by / other)
            }
            _ => (hit - self.value) / all.total,
        }
    }
}
