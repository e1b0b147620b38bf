//! The statistics of paired outcomes against SciPy and statsmodels: tests/fixtures/vectors/paired.py says what each line is.

use super::*;

/// The lines of a kind, as numbers.
fn vectors(kind: &str, expected: usize) -> Vec<Vec<f64>> {
    let lines: Vec<Vec<f64>> = include_str!("../../tests/fixtures/vectors/paired.tsv")
        .lines()
        .filter_map(|line| line.strip_prefix(kind)?.strip_prefix('\t'))
        .map(|line| line.split('\t').map(|field| field.parse().unwrap()).collect())
        .collect();
    assert_eq!(lines.len(), expected, "{kind}");
    lines
}

#[track_caller]
fn near(own: f64, expected: f64, line: &[f64]) {
    assert!((own - expected).abs() < 1e-9 * (1.0 + expected.abs()), "{own} {expected}: {line:?}");
}

#[test]
fn mcnemar_agrees_with_statsmodels() {
    for line in vectors("mcnemar", 800) {
        near(mcnemar_exact(line[0] as u64, line[1] as u64), line[2], &line);
    }
}

#[test]
fn risk_differences_agree_with_newcombe() {
    for line in vectors("newcombe", 800) {
        let [a, b, c, d] = [line[0] as u64, line[1] as u64, line[2] as u64, line[3] as u64];
        let own = risk_difference(a, b, c, d, line[4]).interval;
        near(own.low, line[5], &line);
        near(own.high, line[6], &line);
    }
}

#[test]
fn wilcoxon_agrees_with_scipy() {
    for line in vectors("wilcoxon", 800) {
        let own = wilcoxon_signed_rank(&line[2..]).unwrap();
        near(own.statistic, line[0], &line);
        near(own.p, line[1], &line);
    }
}

#[test]
fn t_agrees_with_scipy_and_statsmodels() {
    for line in vectors("t", 400) {
        let own = paired_t(&line[2..], None).unwrap();
        near(own.statistic, line[0], &line);
        near(own.p, line[1], &line);
    }
    for line in vectors("tcluster", 200) {
        let clusters: Vec<usize> = line[2..].iter().step_by(2).map(|c| *c as usize).collect();
        let values: Vec<f64> = line[3..].iter().step_by(2).copied().collect();
        let own = paired_t(&values, Some(&clusters)).unwrap();
        near(own.standard_error, line[0], &line);
        near(own.p, line[1], &line);
    }
}

#[test]
fn holm_agrees_with_statsmodels() {
    for line in vectors("holm", 300) {
        let (p, adjusted) = line[1..].split_at(line[0] as usize);
        for (own, expected) in holm(p).into_iter().zip(adjusted) {
            near(own, *expected, &line);
        }
    }
}

#[test]
fn effects_agree_with_scipy() {
    for line in vectors("delta", 300) {
        let (first, second) = line[2..].split_at(line[1] as usize);
        near(cliffs_delta(first, second).unwrap(), line[0], &line);
    }
    for line in vectors("dz", 400) {
        near(cohens_dz(&line[1..]).unwrap(), line[0], &line);
    }
}

#[test]
fn permutations_agree_with_scipy() {
    for line in vectors("flip", 60) {
        near(sign_flip_permutation(&line[1..], None, 1 << 20, 0), line[0], &line);
    }
}

#[test]
fn bca_of_given_resamples_agrees_with_scipy() {
    for line in vectors("bca", 200) {
        let (values, means) = line[4..].split_at(line[3] as usize);
        let own = bootstrap::bca_of(values, &percentile::sorted(means.iter().copied()), line[0]);
        near(own.low, line[1], &line);
        near(own.high, line[2], &line);
    }
}

#[test]
fn bca_of_own_resamples_is_among_those_of_scipy() {
    for line in vectors("draws", 12) {
        let own = bca_mean(&line[4..], None, Resampling::default()).unwrap();
        assert!((line[0]..=line[1]).contains(&own.low), "{own:?} {line:?}");
        assert!((line[2]..=line[3]).contains(&own.high), "{own:?} {line:?}");
    }
}

#[test]
fn power_agrees_with_statsmodels() {
    for line in vectors("tpower", 400) {
        near(paired_t_power(line[0] as u64, line[1], line[2]), line[3], &line);
    }
    for line in vectors("mpower", 40) {
        near(mcnemar_power(line[0] as u64, line[1], line[2], line[3]), line[4], &line);
    }
}

#[test]
fn sequences_agree_with_the_paper() {
    let range = Interval { low: 0.0, high: 1.0 };
    for line in vectors("betting", 40) {
        let mut sequence = BettingSequence::new(range, line[0]);
        line[3..].iter().for_each(|value| sequence.push(*value));
        near(sequence.interval().low, line[1], &line);
        near(sequence.interval().high, line[2], &line);
    }
    for line in vectors("bernstein", 40) {
        let mut sequence = BernsteinSequence::new(range, line[0]);
        line[3..].iter().for_each(|value| sequence.push(*value));
        near(sequence.interval().low, line[1], &line);
        near(sequence.interval().high, line[2], &line);
    }
}
