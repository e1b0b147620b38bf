//! Whole commands, from the start of the process to its end.

mod support;

use std::process::{Command, Stdio};
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};

fn process(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("process");
    group.sample_size(20).measurement_time(Duration::from_secs(3));

    group.bench_function("pf --version", |bencher| {
        bencher.iter(|| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_pf"));
            command.arg("--version").stdout(Stdio::null());
            support::run(command);
        });
    });

    let folder = support::library::create(1_000);
    group.bench_function("pf lint, 1,000 prompts", |bencher| {
        bencher.iter(|| support::run(folder.pf(&["lint"])));
    });

    let folder = support::suite::echo(10_000);
    group.bench_function("pf eval, 10,000 echoes", |bencher| {
        bencher.iter(|| support::run(folder.pf(&["eval", "--no-cache"])));
    });

    group.bench_function("pf eval, GSM8K", |bencher| {
        bencher.iter(|| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_pf"));
            command.args(["-C", concat!(env!("CARGO_MANIFEST_DIR"), "/examples/gsm8k"), "eval"]);
            support::run({
                command.stdout(Stdio::null()).stderr(Stdio::null());
                command
            });
        });
    });
    group.finish();
}

criterion_group!(benches, process);
criterion_main!(benches);
