//! Rewriting keeps the meaning of templates, and what they may spend is bounded.

pub(crate) mod corpus;
pub(crate) mod hostile;

use std::io::Read;
use std::time::Instant;

use minijinja::value::Serde;
use serde_json::json;

use self::corpus::{CORPUS, FAILING};
use self::hostile::{HARMLESS, hostile};
use super::*;

fn context() -> Value {
    Value::from(Serde(json!({
        "name": "Ada", "n": 3, "yes": true, "no": false, "empty": "", "list": [3, 1, 2], "words": ["b", "A", "c"],
        "user": {"name": "Bo", "tags": ["x", "y"], "address": {"city": "Ulm"}},
        "rows": [{"k": 1, "v": "one"}, {"k": 2, "v": "two"}, {"k": 1, "v": "three"}],
        "text": "one\ntwo\n\nthree <b> & é\n",
    })))
}

const PARTIALS: [(&str, &str); 6] = [
    ("p.txt", "[{{ name }}{% set leaked = 5 %}]"),
    ("row.txt", "{{ loop.index }}={{ row.v }};"),
    (
        "m.txt",
        "top{% macro hi(a, b='!') %}hi {{ a }}{{ b }}{{ name }}{% endmacro %}{% set q = 7 %}",
    ),
    ("base.txt", "<{% block a %}A{% endblock %}|{% block b %}B{% endblock %}>"),
    ("mid.txt", "{% extends 'base.txt' %}{% block a %}mid {{ super() }}{% endblock %}"),
    ("nest.txt", "n({% include 'p.txt' %})"),
];

/// Renders as minijinja does, and as rewritten.
fn both(source: &str) -> (Result<String, String>, Result<String, String>) {
    let mut plain = environment();
    for (name, text) in PARTIALS {
        plain.add_template(name, text).unwrap();
    }
    let expected =
        plain.render_str(source, context()).map_err(|error| format!("{:?}", error.kind()));
    let mut guarded = environment();
    let texts = PARTIALS.map(|(_, text)| text);
    let delimiters = Delimiters::absent_from(&[&texts[..], &[source]].concat());
    guarded.set_syntax(delimiters.syntax());
    for (name, text) in PARTIALS {
        guarded.add_template_owned(name, rewrite(text, &delimiters, None).unwrap().text).unwrap();
    }
    let actual = match rewrite(source, &delimiters, None) {
        Ok(new) => {
            guarded.render_str(&new.text, context()).map_err(|error| format!("{:?}", error.kind()))
        }
        Err(problem) => Err(problem.message),
    };
    (expected, actual)
}

#[test]
fn rewriting_keeps_the_meaning() {
    for &source in CORPUS {
        let (expected, actual) = both(source);
        assert!(expected.is_ok(), "{source}: {expected:?}");
        assert_eq!(actual, expected, "{source}");
    }
    for &source in FAILING {
        let (expected, actual) = both(source);
        assert!(expected.is_err(), "{source}");
        assert_eq!(actual, expected, "{source}");
    }
}

/// The most memory that this process has had, in MiB, where the system says it.
fn peak_memory() -> Option<u64> {
    let mut status = String::new();
    std::fs::File::open("/proc/self/status").ok()?.read_to_string(&mut status).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes >> 10)
}

#[test]
fn hostile_templates_stop() {
    for (name, source) in hostile() {
        let started = Instant::now();
        // Threads of rayon and of tests have 2 MiB.
        let outcome = std::thread::Builder::new()
            .stack_size(2 << 20)
            .spawn(move || {
                let delimiters = Delimiters::absent_from(&[&source]);
                let new = rewrite(&source, &delimiters, None).map_err(|problem| problem.message)?;
                let mut environment = environment();
                environment.set_syntax(delimiters.syntax());
                environment
                    .add_template_owned("self.txt", new.text.clone())
                    .map_err(|error| error.to_string())?;
                let template = environment.get_template("self.txt").map_err(|e| e.to_string())?;
                let printed = template.render(context()).map_err(|error| error.to_string())?;
                Ok::<_, String>(printed.len())
            })
            .unwrap()
            .join();
        let took = started.elapsed();
        println!("{took:>10.1?} {name}: {outcome:?}");
        let outcome = outcome.unwrap_or_else(|_| panic!("{name} panicked"));
        assert_eq!(outcome.is_ok(), HARMLESS.contains(&name), "{name}: {outcome:?}");
    }
    if let Some(peak) = peak_memory() {
        println!("at most {peak} MiB");
        // 161 MiB by itself; other tests run in the same process. Without the budget it is several gigabytes.
        assert!(peak < 1024, "{peak} MiB");
    }
}

#[test]
fn slices_are_those_of_python() {
    let environment = environment();
    let expected = [
        ("[:]", "abcde"),
        ("[1:]", "bcde"),
        ("[:-1]", "abcd"),
        ("[-2:]", "de"),
        ("[::2]", "ace"),
        ("[::-1]", "edcba"),
        ("[::-2]", "eca"),
        ("[3:1]", ""),
        ("[3:1:-1]", "dc"),
        ("[-1:-4:-1]", "edc"),
        ("[10:]", ""),
        ("[:10]", "abcde"),
        ("[-10:2]", "ab"),
        ("[10::-3]", "eb"),
        ("[:2:-1]", "ed"),
        ("[0:0]", ""),
        ("[4::-4]", "ea"),
        ("[1:4:2]", "bd"),
    ];
    for (slice, text) in expected {
        for (value, joined) in [
            ("'abcde'", ""),
            ("['a', 'b', 'c', 'd', 'e']", "|join"),
            ("('a', 'b', 'c', 'd', 'e')", "|join"),
        ] {
            let source = format!("({value}{slice}){joined}");
            let new = rewrite_expression(&source).unwrap().text;
            let value = environment.compile_expression(&new).unwrap().eval(()).unwrap();
            assert_eq!(value.as_str(), Some(text), "{source}");
        }
    }
}

#[test]
fn rewritten_text_knows_where_it_comes_from() {
    let source = "a {{ alpha.beta|upper ~ (gamma + delta[1:])}} {% if not zeta is defined %}{% include 'part' %}{% endif %}";
    let new = rewrite(source, &Delimiters::absent_from(&[source]), None).unwrap();
    for (piece, expected) in [
        ("alpha.beta|upper", "alpha.beta|upper"),
        ("alpha.beta", "alpha.beta"),
        ("alpha", "alpha"),
        ("gamma|pf.flat", "gamma"),
        ("delta|pf.slice(1, none, none)", "delta[1:]"),
        ("zeta is defined()", "zeta is defined"),
        ("include 'part'", "include 'part'"),
        ("'part'", "'part'"),
    ] {
        let start = new.text.find(piece).unwrap_or_else(|| panic!("{piece} in {:?}", new.text));
        let span = new.origin(&(start..start + piece.len())).unwrap();
        assert_eq!(&source[span.range()], expected, "{piece}");
    }
}

proptest::proptest! {
    #[test]
    fn rewriting_random_expressions_keeps_their_value(source in expression()) {
        let template = format!("{{{{ ({source})|tojson }}}}");
        let (expected, actual) = both(&template);
        // Slices and lazy sequences of minijinja fail where Python's do not; no other difference is known.
        if let Ok(expected) = expected {
            proptest::prop_assert_eq!(actual, Ok(expected), "{}", source);
        }
    }
}

/// Expressions of all operators over the context of the tests.
fn expression() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let leaf = prop::sample::select(vec![
        "n",
        "1",
        "2",
        "'a'",
        "name",
        "list",
        "words",
        "yes",
        "no",
        "none",
        "1.5",
        "user.name",
        "user['tags']",
        "''",
        "[]",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(5, 40, 3, |inner| {
        let operators = vec![
            "+", "-", "*", "~", "/", "//", "%", "==", "!=", "<", ">=", "in", "not in", "and", "or",
        ];
        let filters = vec![
            "length",
            "upper",
            "list",
            "first",
            "join",
            "string",
            "default(1)",
            "reverse|list",
            "sort",
        ];
        prop_oneof![
            (inner.clone(), prop::sample::select(operators.clone()), inner.clone())
                .prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            (inner.clone(), prop::sample::select(operators), inner.clone())
                .prop_map(|(a, op, b)| format!("({a}) {op} ({b})")),
            (inner.clone(), prop::sample::select(filters)).prop_map(|(a, f)| format!("({a})|{f}")),
            inner.clone().prop_map(|a| format!("-{a}")),
            inner.clone().prop_map(|a| format!("not {a}")),
            inner.clone().prop_map(|a| format!("({a} is defined)")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("({a} if {b} else {c})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a}, {b}]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})[{b}]")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("{{'k': {a}, 'l': {b}}}")),
        ]
    })
}
