//! Rendering a prompt: once, from the file on; and again with other values.

mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use pf::project::prompt::PromptName;
use pf::project::{Project, Scope};
use pf::template::{self, Binder, Origin, Renderer};
use serde_json::json;

fn render(criterion: &mut Criterion) {
    let folder = support::library::create(25);
    let home = folder.home();
    let names = [PromptName("team-0/task-7".to_owned())];
    let values = json!({
        "ticket": "Where is my refund? I have been waiting for two weeks.",
        "tier": "enterprise",
        "orders": [{"id": "A-1", "total": 12.5}, {"id": "A-2", "total": 80.0}],
    });
    let given = values.as_object().expect("it is a map");
    let load = || {
        let scope = Scope::Prompts(&names);
        Project::load_scope(&home.worktree(), scope).expect("it was just made")
    };

    let mut group = criterion.benchmark_group("render");
    group.bench_function("from the file", |bencher| {
        bencher.iter(|| {
            let project = load();
            let prompt = &project.prompts[&names[0]];
            let closure = template::closure_of(&project, prompt).expect("it can be read");
            template::render::render(prompt, &closure, given, Origin::Typed).expect("it renders")
        });
    });

    let project = load();
    let prompt = &project.prompts[&names[0]];
    let closure = template::closure_of(&project, prompt).expect("it can be read");
    group.bench_function("compile", |bencher| {
        bencher.iter(|| Renderer::new(prompt, &closure).map_err(drop).expect("it compiles"));
    });

    let renderer = Renderer::new(prompt, &closure).map_err(drop).expect("it compiles");
    let binder = Binder::new(prompt);
    group.bench_function("bind and render", |bencher| {
        bencher.iter(|| {
            let values = binder.bind(given, Origin::Typed).expect("they fit");
            renderer.render(&values).expect("it renders")
        });
    });
    group.finish();
}

criterion_group!(benches, render);
criterion_main!(benches);
