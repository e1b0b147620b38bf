//! The bootstrap of 10,000 resamples on 10,000 pairs: of any scores, of passes and failures, and in 1,000 clusters.
//!
//! `PAIRS=file cargo bench --bench stats` writes the differences of each kind to the file, a kind on each line, for
//! docs/performance.md's comparison with SciPy, and measures nothing.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, criterion_group};
use pf::stats::{Resampling, bca_mean};

const PAIRS: usize = 10_000;

/// Numbers of [0, 1) that look random and are the same each time.
fn units(seed: u64) -> impl Iterator<Item = f64> {
    (1_u64..).map(move |number| {
        let mut bits = (number + (seed << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    })
}

/// Differences of two scores of [0, 1].
fn scores() -> Vec<f64> {
    units(1).zip(units(2)).map(|(a, b)| a.sqrt() - b).take(PAIRS).collect()
}

/// Differences of two marks: −1, 0 and 1.
fn marks() -> Vec<f64> {
    let mark = |unit: f64| if unit < 0.06 { -1.0 } else { f64::from(u8::from(unit > 0.9)) };
    units(3).map(mark).take(PAIRS).collect()
}

/// Ten pairs in each of a thousand clusters.
fn clusters() -> Vec<usize> {
    (0..PAIRS).map(|pair| pair / 10).collect()
}

fn bootstrap(criterion: &mut Criterion) {
    let (scores, marks, clusters) = (scores(), marks(), clusters());
    let mut group = criterion.benchmark_group("BCa, 10,000 resamples of 10,000 pairs");
    group.sample_size(10);
    let mut measure = |name: &str, values: &[f64], clusters: Option<&[usize]>| {
        group.bench_function(name, |bencher| {
            bencher.iter(|| bca_mean(black_box(values), clusters, Resampling::default()));
        });
    };
    measure("scores", &scores, None);
    measure("passes and failures", &marks, None);
    measure("scores in 1,000 clusters", &scores, Some(&clusters));
    group.finish();
}

#[expect(clippy::disallowed_methods, reason = "the file is no file of a project")]
fn written(path: &str) -> std::io::Result<()> {
    let mut text = String::new();
    for values in [scores(), marks()] {
        let fields: Vec<String> = values.iter().map(f64::to_string).collect();
        writeln!(text, "{}", fields.join("\t")).expect("memory takes what is written");
    }
    std::fs::write(path, text)
}

criterion_group!(benches, bootstrap);

#[expect(clippy::disallowed_methods, reason = "a benchmark has no other arguments of its own")]
fn main() -> std::io::Result<()> {
    if let Ok(path) = std::env::var("PAIRS") {
        return written(&path);
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
    Ok(())
}
