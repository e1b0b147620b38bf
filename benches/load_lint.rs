//! Reading and checking a library of prompts.

mod support;

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use pf::lint::{self, RuleSelection};
use pf::project::Project;

fn load_lint(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("load_lint");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    for count in [1_000, 10_000] {
        let folder = support::library::create(count);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new("load", count), |bencher| {
            bencher.iter(|| folder.project());
        });
        group.bench_function(BenchmarkId::new("load and lint", count), |bencher| {
            bencher.iter(|| {
                let project = folder.project();
                assert_eq!(findings(&project), 0);
                project
            });
        });
    }
    group.finish();
}

fn findings(project: &Project) -> usize {
    let checked = lint::check(project, lint::Options::default(), &RuleSelection::default());
    checked.expect("it can be read").findings.len()
}

criterion_group!(benches, load_lint);
criterion_main!(benches);
