//! Krippendorff's alpha: how far several raters agree, beyond what chance would give.

/// What a difference between two ratings weighs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// Ratings are names: equal or not.
    Nominal,
    /// Ratings are numbers: the square of their distance.
    Interval,
}

/// The agreement of raters on `units`, each a list of the ratings that it got, in any order and number: 1 when all ratings of
/// every unit are the same, 0 where they differ as much as by chance, below where they differ more. `None` where no unit
/// has two ratings or where all ratings are the same, of which nothing can be said.
///
/// α = 1 − D_o / D_e with the observed and the expected disagreement over pairable ratings (Krippendorff, "Computing
/// Krippendorff's Alpha-Reliability", 2011). Equal to `krippendorff.alpha` of the package `krippendorff` for Python.
pub fn krippendorff_alpha<'a>(
    units: impl IntoIterator<Item = &'a [f64]>,
    level: Level,
) -> Option<f64> {
    let mut observed = 0.0;
    let mut all = Vec::new();
    for unit in units {
        if unit.len() > 1 {
            let mut unit = unit.to_vec();
            observed += disagreement(&mut unit, level) / (unit.len() - 1) as f64;
            all.append(&mut unit);
        }
    }
    let expected = disagreement(&mut all, level);
    (expected > 0.0).then(|| 1.0 - (all.len() - 1) as f64 * observed / expected)
}

/// The sum of the differences over all ordered pairs of ratings, which it sorts.
fn disagreement(ratings: &mut [f64], level: Level) -> f64 {
    ratings.sort_unstable_by(f64::total_cmp);
    let n = ratings.len() as f64;
    match level {
        Level::Nominal => {
            // `-0.0` and `0.0` are one rating.
            let same = |a: &f64, b: &f64| a.partial_cmp(b) == Some(std::cmp::Ordering::Equal);
            let alike = ratings.chunk_by(same).map(|chunk| (chunk.len() as f64).powi(2));
            n * n - alike.sum::<f64>()
        }
        Level::Interval => {
            // Around the mean, so that ratings far from 0 lose no digits: Σᵢⱼ (xᵢ − xⱼ)² = 2n·Σ(x − x̄)² − 2(Σ(x − x̄))².
            if ratings.first() == ratings.last() {
                return 0.0;
            }
            let mean = ratings.iter().sum::<f64>() / n;
            let (sum, squares) = ratings.iter().fold((0.0, 0.0), |(sum, squares), rating| {
                let off = rating - mean;
                (sum + off, squares + off * off)
            });
            2.0 * (n * squares - sum * sum)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VECTORS: &str = include_str!("../../tests/fixtures/vectors/alpha.tsv");

    /// 1,500 sets of 1 to 40 units that 1 to 6 raters have rated, some of them not by all.
    #[test]
    fn agrees_with_the_package_for_python() {
        let mut checked = 0;
        for line in VECTORS.lines().skip(1) {
            let fields: Vec<&str> = line.split('\t').collect();
            let [units, nominal, interval] = fields[..] else { panic!("{line}") };
            let units: Vec<Vec<f64>> = units
                .split(' ')
                .map(|unit| unit.split(',').filter_map(|rating| rating.parse().ok()).collect())
                .collect();
            for (level, wanted) in [(Level::Nominal, nominal), (Level::Interval, interval)] {
                let own = krippendorff_alpha(units.iter().map(Vec::as_slice), level);
                match (own, wanted.parse::<f64>().ok()) {
                    (Some(own), Some(wanted)) => {
                        assert!((own - wanted).abs() < 1e-9, "{level:?}: {own} {wanted}\n{line}");
                    }
                    (own, wanted) => assert_eq!(own, wanted, "{level:?}\n{line}"),
                }
            }
            checked += 1;
        }
        assert_eq!(checked, 1500);
    }

    #[test]
    fn the_example_of_krippendorff() {
        // Krippendorff 2011, section C: four observers, twelve units, values missing; α = 0.743 nominal, 0.849 interval.
        let units: [&[f64]; 11] = [
            &[1.0, 1.0, 1.0],
            &[2.0, 2.0, 3.0, 2.0],
            &[3.0, 3.0, 3.0, 3.0],
            &[3.0, 3.0, 3.0, 3.0],
            &[2.0, 2.0, 2.0, 2.0],
            &[1.0, 2.0, 3.0, 4.0],
            &[4.0, 4.0, 4.0, 4.0],
            &[1.0, 1.0, 2.0, 1.0],
            &[2.0, 2.0, 2.0, 2.0],
            &[5.0, 5.0, 5.0],
            &[1.0, 1.0],
        ];
        let alpha = |level| krippendorff_alpha(units, level).unwrap();
        assert!((alpha(Level::Nominal) - 0.743).abs() < 5e-4, "{}", alpha(Level::Nominal));
        assert!((alpha(Level::Interval) - 0.849).abs() < 5e-4, "{}", alpha(Level::Interval));
    }
}
