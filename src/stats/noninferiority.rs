//! Whether a version may replace another although it is not shown to be better.

use super::Interval;

/// Whether the interval of a difference, second less first, shows that the second is not worse than the first by `margin` or
/// more. Higher must be better; a margin is not negative.
///
/// With a two-sided interval of confidence 1 − 2α this is the one-sided test of level α: ICH E9, "Statistical principles
/// for clinical trials" (1998), §3.3.2.
pub fn is_no_worse(difference: Interval, margin: f64) -> bool {
    difference.low > -margin
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_interval_must_be_above_the_margin() {
        let interval = Interval { low: -0.02, high: 0.05 };
        assert!(is_no_worse(interval, 0.03));
        assert!(!is_no_worse(interval, 0.02));
        assert!(!is_no_worse(Interval { low: f64::NAN, high: 1.0 }, 0.5));
    }
}
