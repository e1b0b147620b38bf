//! The partials that a prompt is made of.

use std::sync::Arc;

use super::{closed, prompt};
use crate::diagnostic::Diagnostic;
use crate::span::SourceFile;
use crate::template::closure::{Closure, Partial};

fn prompt_of(content: &str) -> crate::project::prompt::Prompt {
    let content = serde_json::json!(content);
    prompt(&format!(
        "variables: {{name: string, range: string}}\nmessages:\n  - {{role: user, content: {content}}}\n"
    ))
}

fn uses(content: &str, partials: &[(&str, &str)]) -> Vec<String> {
    let prompt = prompt_of(content);
    let closure = closed(&prompt, partials);
    closure
        .uses(&prompt)
        .iter()
        .map(|used| {
            let place = closure.place_of(used);
            let start = place.file.position(place.span.start);
            format!("{} {}:{start}", used.path.join("."), place.file.path().file_name())
        })
        .collect()
}

fn said(closure: &Closure, known: &[&str]) -> Vec<String> {
    let shown = |d: &Diagnostic| {
        let help: Vec<String> = d.help.iter().map(|help| format!(" ({help})")).collect();
        let help = help.concat();
        format!("{}:{} {} {}{help}", d.file.path().file_name(), d.start(), d.code, d.message)
    };
    closure.problems(known).iter().map(shown).collect()
}

#[test]
fn reaches_partials_of_partials_once() {
    let prompt =
        prompt_of("{% include 'a.md' %}{% include './b/../a.md' %}{% from 'm.md' import x %}");
    let mut read = Vec::new();
    let files = [
        ("a.md", "{% include 'b/c.md' %}"),
        ("b/c.md", "{% extends 'base.md' %}"),
        ("base.md", "x"),
        ("m.md", "{% include 'a.md' %}"),
    ];
    let closure = crate::template::closure::closure(&prompt, &mut |name| {
        read.push(name.to_owned());
        let text = files.iter().find(|(file, _)| *file == name)?.1;
        let path = crate::path::RepoPath::new(name).unwrap();
        Some(Arc::new(Partial::new(SourceFile::new(path, text))))
    });
    assert_eq!(read, ["a.md", "b/c.md", "base.md", "m.md"]);
    assert_eq!(closure.partials.keys().collect::<Vec<_>>(), ["a.md", "b/c.md", "base.md", "m.md"]);
    assert_eq!(said(&closure, &[]), Vec::<String>::new());
}

#[test]
fn says_what_is_wrong_and_where() {
    let prompt = prompt_of(
        "{% include 'polices.md' %}{% include name %}{% include '/etc/passwd' %}{% include 'gone.md' ignore missing %}{% include 'bad.md' %}",
    );
    let closure = closed(&prompt, &[("bad.md", "one\n{{ a b }}")]);
    assert_eq!(
        said(&closure, &["policies.md"]),
        [
            "bad.md:2:6 T201 unexpected identifier, expected end of variable block",
            "p.yaml:3:39 P211 `polices.md` does not exist below the prompts folder (did you mean `policies.md`?)",
            "p.yaml:3:83 P211 `/etc/passwd` is absolute; paths in a project are relative to its root",
            "p.yaml:3:65 P216 the name of an included file is not a string literal (write the name in quotes, and choose with `{% if %}`: what a prompt is made of must be known without rendering it)",
        ]
    );
    assert_eq!(closure.missing.len(), 3);
}

#[test]
fn cycles_are_found_once_each() {
    let prompt = prompt_of("{% include 'a.md' %}");
    for (partials, expected) in [
        (vec![("a.md", "{% include 'a.md' %}")], vec!["a.md"]),
        (
            vec![
                ("a.md", "{% include 'b.md' %}{% include 'c.md' %}"),
                ("b.md", "{% include 'c.md' %}"),
                ("c.md", ""),
            ],
            vec![],
        ),
        (
            vec![
                ("a.md", "{% include 'b.md' %}"),
                ("b.md", "{% include 'c.md' %}"),
                ("c.md", "{% include 'b.md' %}{% include 'a.md' %}"),
            ],
            vec!["b.md c.md", "a.md b.md c.md"],
        ),
    ] {
        let cycles = closed(&prompt, &partials).cycles;
        let names: Vec<String> = cycles.iter().map(|cycle| cycle.names.join(" ")).collect();
        assert_eq!(names, expected);
        assert!(cycles.iter().all(|cycle| cycle.names.len() == cycle.places.len()));
    }
}

#[test]
fn partials_use_what_the_including_template_assigns() {
    for (content, partials, expected) in [
        ("{{ name }}{{ other.x }}", vec![], vec!["name p.yaml:3:31", "other.x p.yaml:3:41"]),
        (
            "{% for row in name %}{% include 'r.md' %}{% endfor %}",
            vec![("r.md", "{{ row.x }}{{ loop.index }}{{ zz }}")],
            vec!["name p.yaml:3:42", "zz r.md:1:31"],
        ),
        (
            "{% include 'r.md' %}{% for row in name %}{% include 'r.md' %}{% endfor %}",
            vec![("r.md", "{{ row }}")],
            vec!["row r.md:1:4", "name p.yaml:3:62"],
        ),
        (
            "{% set a = 1 %}{% include 'x.md' %}{% set b = 1 %}",
            vec![("x.md", "{% include 'y.md' %}"), ("y.md", "{{ a }}{{ b }}")],
            vec!["b y.md:1:11"],
        ),
        // Included templates assign in the scope around them.
        (
            "{% include 'x.md' %}{{ a }}{{ b }}",
            vec![("x.md", "{% include 'y.md' %}{% set a = 1 %}"), ("y.md", "{% set b = 1 %}")],
            vec![],
        ),
        ("{{ a }}{% include 'x.md' %}", vec![("x.md", "{% set a = 1 %}")], vec!["a p.yaml:3:31"]),
        (
            "{% if name %}{% include 'x.md' %}{% endif %}{{ a }}",
            vec![("x.md", "{% set a = 1 %}")],
            vec!["name p.yaml:3:34", "a p.yaml:3:75"],
        ),
        // What is imported goes by another name.
        (
            "{% import 'x.md' as x %}{{ x.a }}{{ a }}",
            vec![("x.md", "{% set a = name %}")],
            vec!["name x.md:1:12", "a p.yaml:3:64"],
        ),
        (
            "{% extends 'base.md' %}{% set t = 1 %}{% block b %}{{ t }}{{ u }}{% endblock %}",
            vec![("base.md", "{% set u = 1 %}{% block b %}{% endblock %}{{ v }}")],
            vec!["v base.md:1:46"],
        ),
        ("{{ range(3) }}{{ range }}{{ dict }}", vec![], vec!["range p.yaml:3:45"]),
    ] {
        assert_eq!(uses(content, &partials), expected, "{content}");
    }
}

#[test]
fn conditions_and_parts_have_routes() {
    let prompt = prompt(
        "variables: {a: {}}\nmessages:\n  - {role: system, when: a, content: b}\n  - examples: {}\n  - role: user\n    content: [{text: t}, {image: \"{{ a }}\"}]\n",
    );
    let closure = closed(&prompt, &[]);
    let routes: Vec<String> =
        closure.templates.iter().map(|template| template.route.to_string()).collect();
    assert_eq!(
        routes,
        [
            "messages[0].when",
            "messages[0].content",
            "messages[2].content[0].text",
            "messages[2].content[1].image"
        ]
    );
    assert_eq!(closure.uses(&prompt).len(), 2);
}

#[test]
fn a_large_closure_with_cycles_is_walked_once() {
    let content: Vec<String> = (0..1000)
        .map(|i| format!("{{% set a{i} = 1 %}}{{% include 'p{}.md' %}}{{{{ z{i} }}}}", i % 100))
        .collect();
    let partials: Vec<(String, String)> = (0..100)
        .map(|i| {
            let next = (i * 7 + 1) % 100;
            (format!("p{i}.md"), format!("{{{{ u{i} }}}}{{% include 'p{next}.md' %}}{{% include 'p{}.md' %}}{{% set s{i} = 1 %}}", (i + 1) % 100))
        })
        .collect();
    let partials: Vec<(&str, &str)> =
        partials.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let prompt = prompt_of(&content.concat());
    let closure = closed(&prompt, &partials);
    assert!(!closure.cycles.is_empty());
    assert_eq!(closure.uses(&prompt).len(), 1100);
}
