//! Quantiles of the distributions that intervals are made of.

use statrs::distribution::{Continuous, ContinuousCDF, Normal, StudentsT};

/// The point that a standard normal variable exceeds in absolute value with probability 1 − `confidence`.
/// Infinite for a confidence of 1 and more, 0 for one of 0 and less.
pub(super) fn normal_two_sided(confidence: f64) -> f64 {
    match tail(confidence) {
        Tail::Within(tail) => -Normal::standard().inverse_cdf(tail),
        Tail::None => f64::INFINITY,
        Tail::All => 0.0,
    }
}

/// The same for Student's t with `freedom` degrees of freedom.
///
/// `statrs` gives the first guess and the distribution function; its own quantile is good to three or four digits only,
/// so the guess is polished by Newton's steps, held inside a bracket.
pub(super) fn student_two_sided(confidence: f64, freedom: f64) -> f64 {
    let tail = match tail(confidence) {
        Tail::Within(tail) => tail,
        Tail::None => return f64::INFINITY,
        Tail::All => return 0.0,
    };
    let Ok(distribution) = StudentsT::new(0.0, 1.0, freedom) else {
        return f64::INFINITY;
    };
    let (mut low, mut high) = (0.0, 1.0);
    while distribution.sf(high) > tail && high < f64::MAX / 2.0 {
        low = high;
        high *= 2.0;
    }
    let mut point = distribution.inverse_cdf(1.0 - tail);
    for _ in 0..200 {
        if !(low..=high).contains(&point) {
            point = f64::midpoint(low, high);
        }
        let excess = distribution.sf(point) - tail;
        if excess > 0.0 {
            low = point;
        } else {
            high = point;
        }
        let next = point + excess / distribution.pdf(point);
        if (next - point).abs() <= f64::EPSILON * point.abs() {
            return next;
        }
        point = next;
    }
    point
}

/// The point that a standard normal variable stays below with probability `p`; infinite for 0 and 1.
pub(super) fn normal_quantile(p: f64) -> f64 {
    if p <= 0.0 {
        f64::NEG_INFINITY
    } else if p >= 1.0 {
        f64::INFINITY
    } else {
        Normal::standard().inverse_cdf(p)
    }
}

/// The probability that a standard normal variable stays below `x`.
pub(super) fn normal_cdf(x: f64) -> f64 {
    Normal::standard().cdf(x)
}

/// The probability that Student's t with `freedom` degrees of freedom exceeds `statistic` in absolute value.
pub(super) fn student_p(statistic: f64, freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom)
        .map_or(f64::NAN, |distribution| (2.0 * distribution.sf(statistic.abs())).min(1.0))
}

/// The probability on one side of a two-sided interval.
enum Tail {
    Within(f64),
    None,
    All,
}

fn tail(confidence: f64) -> Tail {
    if confidence <= 0.0 {
        Tail::All
    } else if confidence < 1.0 {
        Tail::Within((1.0 - confidence) / 2.0)
    } else {
        Tail::None
    }
}
