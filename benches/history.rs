//! The versions of one prompt in a long history, beside what git takes to follow its file.

mod support;

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use pf::history;
use pf::project::prompt::PromptName;

use self::support::history::{FILE, NAME};

const COMMITS: usize = 5_000;

fn log(criterion: &mut Criterion) {
    let folder = support::history::create(COMMITS);
    let names = [PromptName(NAME.to_owned())];
    let mut group = criterion.benchmark_group("history");
    group.sample_size(20).measurement_time(Duration::from_secs(5));
    group.bench_function("git log --follow", |bencher| {
        bencher.iter(|| {
            support::run(folder.git_command(&["log", "--follow", "--oneline", "--", FILE]))
        });
    });
    group.bench_function("pf log", |bencher| {
        bencher.iter(|| support::run(folder.pf(&["log", NAME])));
    });
    group.bench_function("in process", |bencher| {
        bencher.iter(|| {
            let versions =
                history::versions(&folder.home(), "HEAD", &names).expect("it can be read");
            assert_eq!(versions[0].len(), support::history::versions(COMMITS));
            versions
        });
    });
    group.finish();
}

criterion_group!(benches, log);
criterion_main!(benches);
