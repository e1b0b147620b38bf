//! Evaluating 10,000 cells without a model: from the files to the gates.

mod support;

use std::fs::File;
use std::io::Read as _;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const CELLS: usize = 10_000;

fn eval(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("eval");
    group.sample_size(10).measurement_time(Duration::from_secs(5));
    group.throughput(Throughput::Elements(CELLS as u64));

    let folder = support::suite::echo(CELLS);
    group.bench_function("echo", |bencher| {
        bencher.iter(|| support::suite::evaluate(&folder, None));
    });

    let folder = support::suite::recorded(CELLS);
    group.bench_function("recorded", |bencher| {
        bencher.iter(|| {
            let mut text = String::new();
            let mut file = File::open(folder.path().join("recordings/bench.jsonl"))
                .expect("it was just written");
            file.read_to_string(&mut text).expect("it was just written");
            let run = support::suite::evaluate(&folder, Some(&text));
            assert!(run.results.iter().all(|result| result.cached == CELLS as u64 / 4));
            run
        });
    });
    group.finish();
}

criterion_group!(benches, eval);
criterion_main!(benches);
