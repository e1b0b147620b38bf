//! What a template uses, without rendering it.

use std::collections::BTreeSet;

use minijinja::ErrorKind::{UnknownFilter, UnknownFunction, UnknownTest};

use crate::jinja::{self, FILTERS, FUNCTIONS, METHODS, TESTS};
use crate::template::analysis::{IncludeKind, analyze, analyze_expression};

/// Paths with what they stand on, those that are guarded with a `?`.
fn paths(source: &str) -> Vec<String> {
    let analysis = analyze(source).unwrap();
    analysis
        .variables
        .iter()
        .map(|used| {
            let guarded = if used.guarded { "?" } else { "" };
            format!("{}{guarded} `{}`", used.path.join("."), &source[used.span.range()])
        })
        .collect()
}

#[test]
fn variables_have_paths_places_and_guards() {
    for (source, expected) in [
        ("{{ a }}", vec!["a `a`"]),
        ("{{ a.b.c|upper }}", vec!["a.b.c `a.b.c`"]),
        ("{{ a['b'].c[0] }}", vec!["a.b.c.0 `a['b'].c[0]`"]),
        ("{{ a[b].c }}", vec!["a `a`", "b `b`"]),
        ("{{ a.b() }}", vec!["a.b `a.b`"]),
        ("{{ a[1:b] }}", vec!["a `a`", "b `b`"]),
        ("{{ x ~ y + z * -w }}", vec!["x `x`", "y `y`", "z `z`", "w `w`"]),
        ("{{ {'k': v, w: 1} }}", vec!["v `v`", "w `w`"]),
        ("{{ a if b else c }}", vec!["b? `b`", "a `a`", "c `c`"]),
        ("{{ a is defined }}", vec!["a? `a`"]),
        ("{{ a.b|default(c) }}", vec!["a.b? `a.b`", "c `c`"]),
        ("{% if a %}{{ a.b }}{% else %}{{ a }}{% endif %}", vec!["a? `a`", "a.b? `a.b`", "a `a`"]),
        (
            "{% if a is none %}{{ a }}{% else %}{{ a }}{% endif %}",
            vec!["a? `a`", "a `a`", "a? `a`"],
        ),
        ("{% if not a %}x{% else %}{{ a }}{% endif %}", vec!["a? `a`", "a? `a`"]),
        (
            "{% if a and b.c %}{{ b.c }}{{ b.d }}{% endif %}",
            vec!["a? `a`", "b.c? `b.c`", "b.c? `b.c`", "b.d `b.d`"],
        ),
        ("{% if a == 'x' %}{{ a }}{% endif %}", vec!["a `a`", "a? `a`"]),
        ("{{ a and a.b }}", vec!["a? `a`", "a.b? `a.b`"]),
    ] {
        assert_eq!(paths(source), expected, "{source}");
    }
}

#[test]
fn scopes_are_those_of_the_engine() {
    for (source, expected) in [
        ("{% for a in b %}{{ a }}{{ loop.index }}{{ c }}{% endfor %}{{ a }}", "b c a"),
        ("{% for a, (b, c) in d if a %}{{ b }}{{ c }}{% else %}{{ a }}{% endfor %}", "d a"),
        ("{% set a = a %}{{ a }}", "a"),
        ("{% set a = 1 %}{{ a }}{% set b.c = 2 %}", "b"),
        ("{% set a, b = c %}{{ a }}{{ b }}", "c"),
        ("{% set a %}{{ a }}{% endset %}{{ a }}", "a"),
        ("{% if x %}{% set a = 1 %}{% else %}{% set a = 2 %}{% endif %}{{ a }}", "x"),
        ("{% if x %}{% set a = 1 %}{% endif %}{{ a }}", "x a"),
        ("{% for x in [1] %}{% set a = 1 %}{{ a }}{% endfor %}{{ a }}", "a"),
        ("{% with a = 1, b = a %}{{ a }}{{ b }}{% endwith %}{{ b }}", "b"),
        (
            "{% macro m(a, b=c) %}{{ a }}{{ b }}{{ caller() }}{{ d }}{% endmacro %}{{ m(1) }}{{ a }}",
            "c d a",
        ),
        (
            "{% macro m() %}{{ n() }}{{ later }}{% endmacro %}{% macro n() %}{{ m() }}{% endmacro %}{% set later = 1 %}{{ m() }}",
            "",
        ),
        ("{% call(x) m() %}{{ x }}{% endcall %}", ""),
        ("{% import 'x' as y %}{{ y.z }}{% from 'x' import a, b as c %}{{ a }}{{ b }}{{ c }}", "b"),
        (
            "{% block b %}{{ super() }}{{ a }}{% set c = 1 %}{% endblock %}{{ self.b() }}{{ c }}",
            "a c",
        ),
        ("{% filter replace(a, 'b') %}{{ c }}{% set d = 1 %}{% endfilter %}{{ d }}", "a c"),
        ("{% autoescape a %}{{ b }}{% endautoescape %}", "a b"),
        ("{% set ns = namespace(a=b) %}{% set ns.a = c %}{{ ns.a }}", "b c"),
        ("{% include name %}{% include ['a', b] %}", "name b"),
        ("{% for x in y recursive %}{{ loop(x) }}{% endfor %}", "y"),
    ] {
        let analysis = analyze(source).unwrap();
        let names: Vec<&str> =
            analysis.variables.iter().map(|used| used.path[0].as_str()).collect();
        assert_eq!(names.join(" "), expected, "{source}");
    }
}

#[test]
fn other_names_have_places() {
    let source = "{{ a|upper|replace('x', f(1)) }}{% if a is not divisibleby 3 %}{% endif %}{% filter trim %}{% endfilter %}{{ range(2) }}";
    let analysis = analyze(source).unwrap();
    let named = |uses: &[crate::template::analysis::NameUse]| {
        uses.iter()
            .map(|used| {
                assert_eq!(&source[used.span.range()], used.name);
                used.name.clone()
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(named(&analysis.filters), ["upper", "replace", "trim"]);
    assert_eq!(named(&analysis.tests), ["divisibleby"]);
    assert_eq!(named(&analysis.functions), ["f", "range"]);
}

#[test]
fn includes_have_kinds_and_names() {
    let source = "{% extends 'base' %}{% include 'a' ignore missing %}{% include ['b', c] %}{% import 'd' as e %}{% from f import g %}";
    let analysis = analyze(source).unwrap();
    let shown: Vec<_> = analysis
        .includes
        .iter()
        .map(|used| {
            (used.name.as_deref(), used.kind, used.ignore_missing, &source[used.span.range()])
        })
        .collect();
    assert_eq!(
        shown,
        [
            (Some("base"), IncludeKind::Extends, false, "'base'"),
            (Some("a"), IncludeKind::Include, true, "'a'"),
            (Some("b"), IncludeKind::Include, true, "'b'"),
            (None, IncludeKind::Include, false, "c"),
            (Some("d"), IncludeKind::Import, false, "'d'"),
            (None, IncludeKind::Import, false, "f"),
        ]
    );
}

#[test]
fn expressions_are_analysed_alike() {
    let analysis = analyze_expression("ticket and tier in ['a', other.x]|list").unwrap();
    let names: Vec<String> = analysis.variables.iter().map(|used| used.path.join(".")).collect();
    assert_eq!(names, ["ticket", "tier", "other.x"]);
    assert!(analyze_expression("a b").is_err());
    assert!(analyze_expression("").is_err());
}

#[test]
fn syntax_problems_have_places() {
    for (source, expected) in [
        ("a\n{{ b c }}", "c"),
        ("{% if x %}", "{% if x %}"),
        ("{{ 'open }}", ""),
        ("{% for x in y %}{% with a = 1 %}{% break %}{% endwith %}{% endfor %}", "break"),
        ("{{ x|pf.text }}", "x|pf.text"),
    ] {
        let problem = analyze(source).unwrap_err();
        if !expected.is_empty() {
            assert_eq!(&source[problem.span.range()], expected, "{source}");
        }
    }
}

/// Names that minijinja finds undeclared, and those that the analysis finds.
fn both(source: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let environment = jinja::environment();
    let template = environment.template_from_str(source).unwrap();
    let root = |path: &str| path.split('.').next().unwrap_or_default().to_owned();
    let known = |name: &String| !FUNCTIONS.contains(&name.as_str());
    let theirs =
        template.undeclared_variables(true).iter().map(|path| root(path)).filter(known).collect();
    let analysis = analyze(source).unwrap();
    let variables = analysis.variables.iter().map(|used| used.path[0].clone());
    let functions = analysis.functions.iter().map(|used| used.name.clone());
    (theirs, variables.chain(functions).filter(known).collect())
}

#[test]
fn names_agree_with_those_of_minijinja() {
    for &source in crate::jinja::tests::corpus::CORPUS {
        // minijinja looks neither into the value that is sliced, nor into a filter of a block, nor into the value
        // of `autoescape`, and takes a name for assigned before it is.
        let different =
            source.contains("[1:]") || source.contains("[::") || source.contains("[-2:]");
        if different || analyze(source).is_err() {
            continue;
        }
        let (theirs, ours) = both(source);
        assert_eq!(ours, theirs, "{source}");
    }
}

#[test]
fn differences_from_minijinja_are_known() {
    for (source, theirs, ours) in [
        // It does not look into what is sliced.
        ("{{ a[1:] }}", "", "a"),
        // It assigns before it looks at the value.
        ("{% set a = a %}", "", "a"),
        ("{% with a = a %}{% endwith %}", "", "a"),
        // It does not look at arguments of filter blocks, at `autoescape`, and at names of includes.
        ("{% filter replace(a, b) %}{% endfilter %}", "", "a b"),
        ("{% include a %}{% import b as c %}", "", "a b"),
        // It takes what both branches assign for undeclared.
        ("{% if true %}{% set a = 1 %}{% else %}{% set a = 2 %}{% endif %}{{ a }}", "a", ""),
        // It does not know that a macro is called later.
        ("{% macro m() %}{{ n() }}{% endmacro %}{% macro n() %}{% endmacro %}", "n", ""),
        // It takes the target of an attribute for no use.
        ("{% set a.b = 1 %}", "", "a"),
    ] {
        let set = |names: &str| names.split_whitespace().map(str::to_owned).collect();
        assert_eq!(both(source), (set(theirs), set(ours)), "{source}");
    }
}

#[test]
fn every_known_name_exists_and_no_other() {
    let environment = jinja::environment();
    let kind = |source: &str| environment.render_str(source, ()).err().map(|error| error.kind());
    for name in FILTERS {
        assert_ne!(kind(&format!("{{{{ 'x'|{name} }}}}")), Some(UnknownFilter), "{name}");
    }
    for name in TESTS {
        assert_ne!(kind(&format!("{{{{ 'x' is {name} }}}}")), Some(UnknownTest), "{name}");
    }
    for name in FUNCTIONS {
        assert_ne!(kind(&format!("{{{{ {name}() }}}}")), Some(UnknownFunction), "{name}");
    }
    assert_eq!(kind("{{ 'x'|nope }}"), Some(UnknownFilter));
    assert_eq!(kind("{{ 'x' is nope }}"), Some(UnknownTest));
    assert_eq!(kind("{{ nope() }}"), Some(UnknownFunction));
    let globals: Vec<String> = environment.globals().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(globals, FUNCTIONS);
    for name in METHODS {
        let works = ["'x'", "{'a': 1}", "[1]"].iter().any(|value| {
            ["", "'x'", "'x', 'y'", "['x']"]
                .iter()
                .any(|arguments| kind(&format!("{{{{ {value}.{name}({arguments}) }}}}")).is_none())
        });
        assert!(works, "{name}");
    }
    for list in [&FILTERS[..], &TESTS, &FUNCTIONS, &METHODS] {
        assert!(list.is_sorted());
    }
}

#[test]
fn more_than_65535_lines_do_not_confuse_places() {
    let source = "line\n".repeat(70_000) + "{{ a.b }}";
    let analysis = analyze(&source).unwrap();
    assert_eq!(&source[analysis.variables[0].span.range()], "a.b");
}

#[test]
fn large_templates_are_analysed_whole() {
    let mut source = String::new();
    for i in 0..5000 {
        source += "{% set a";
        source += &i.to_string();
        source += " = 1 %}{% if x %}{% set b = 1 %}{% else %}{% set b = 2 %}{% endif %}{% include 'p' %}{{ y }}";
    }
    let analysis = analyze(&source).unwrap();
    assert_eq!(analysis.variables.len(), 10_000);
    assert_eq!(analysis.includes.len(), 5000);
}

#[test]
fn hostile_templates_are_analysed_on_a_small_stack() {
    for (name, source) in crate::jinja::tests::hostile::hostile() {
        let analyse = move || (analyze(&source).is_ok(), analyze_expression(&source).is_ok());
        let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(analyse).unwrap();
        assert!(thread.join().is_ok(), "{name}");
    }
}

#[test]
fn literals_are_the_text_outside_of_tags() {
    let source = "A {{ x }} b {%- if y %} c {% endif -%} d {% raw %}{{ e }}{% endraw %}\n{# no #}f";
    let analysis = analyze(source).unwrap();
    let pieces: Vec<(&str, bool)> =
        analysis.literals.iter().map(|l| (&source[l.span.range()], l.certain)).collect();
    assert_eq!(
        pieces,
        [
            ("A ", true),
            (" b", true),
            (" c ", false),
            ("d ", true),
            ("{{ e }}", true),
            ("\n", true),
            ("f", true)
        ]
    );
}
