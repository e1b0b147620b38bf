//! Each way that a value can go.

use super::*;
use crate::template::tests::{closed_with_trees, prompt};

/// Each place at which `x` or `y` is printed: the expression, and what happened to the value.
fn printed(template: &str, partials: &[(&str, &str)]) -> Vec<String> {
    let prompt = prompt(&format!(
        "messages:\n  - role: user\n    content: {}\n",
        serde_json::to_string(template).unwrap()
    ));
    let (closure, trees) = closed_with_trees(&prompt, partials);
    let flows = flows(&closure, &trees, &BTreeSet::from(["x", "y"]));
    let text = |print: &Print| match &print.partial {
        Some(key) => format!("{key}:{}", print.file.slice(print.span)),
        None => template[print.span.range()].to_owned(),
    };
    flows[0]
        .prints
        .iter()
        .map(|print| {
            assert!(flows[0].text[print.offset..].starts_with(PRINTED));
            let mut line = format!("{} {}", print.variable, text(print));
            let Treatment { encoded, escaped, fenced, replaced } = &print.treatment;
            for (said, word) in [(encoded, " encoded"), (escaped, " escaped"), (fenced, " fenced")]
            {
                line += if *said { word } else { "" };
            }
            line + &replaced.concat()
        })
        .collect()
}

#[test]
fn values_are_followed_through_assignments_loops_and_filters() {
    for (template, expected) in [
        ("{{ x }} {{ z }}", vec!["x x"]),
        ("{% set a = x ~ '!' %}{{ a | upper }}", vec!["x a | upper"]),
        ("{% set a %}<t>{{ x }}</t>{% endset %}{{ a }}", vec!["x a fenced"]),
        ("{% set a %}{{ x }}{% endset %}{{ a }}", vec!["x a"]),
        ("{% for i in x %}{{ i.name }} {{ loop.index }}{% endfor %}", vec!["x i.name"]),
        ("{% for k, v in x.items() %}{{ k }}{{ v }}{% endfor %}", vec!["x k", "x v"]),
        ("{% with a = x %}{{ a }}{% endwith %}{{ a }}", vec!["x a"]),
        ("{{ [z, x] | join(', ') }}", vec!["x [z, x] | join(', ')"]),
        ("{{ z | default(y) }}", vec!["y z | default(y)"]),
        ("{{ x if z else y }}", vec!["x x if z else y"]),
        (
            "{{ x | tojson }}{{ x | e }}{{ x | replace('</t>', '') }}",
            vec!["x x | tojson encoded", "x x | e escaped", "x x | replace('</t>', '')</t>"],
        ),
        ("{{ x.replace('`', '') }}", vec!["x x.replace('`', '')`"]),
        ("{% filter tojson %}{{ x }}{% endfilter %}", vec!["x x encoded"]),
        ("{% macro m(a) %}{{ a }}{% endmacro %}{{ m(x) }}{{ m(z) }}", vec!["x m(x)"]),
        ("{% macro m() %}{{ x }}{% endmacro %}{{ m() }}", vec!["x m()"]),
        (
            "{% set n = namespace(a='') %}{% for i in z %}{% set n.a = x %}{% endfor %}{{ n.a }}",
            vec!["x n.a"],
        ),
    ] {
        assert_eq!(printed(template, &[]), expected, "{template}");
    }
}

#[test]
fn what_is_measured_asked_or_hidden_is_not_followed() {
    for template in [
        "{% if x %}yes{% endif %}",
        "{{ x | length }} {{ x == 'a' }} {{ x is defined }} {{ not x }}",
        "{% set x = 'own' %}{{ x }}",
        "{% for x in z %}{{ x }}{% endfor %}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m('own') }}",
        "{{ x.startswith('a') }}{{ range(x) }}",
        "{# {{ x }} #}{% raw %}{{ x }}{% endraw %}",
    ] {
        assert_eq!(printed(template, &[]), Vec::<String>::new(), "{template}");
    }
}

#[test]
fn partials_are_followed_with_the_names_around_them() {
    let partials =
        [("p.md", "in {{ a }} {% include 'q.md' %}"), ("q.md", "{{ y }}{% include 'p.md' %}")];
    assert_eq!(
        printed("{% set a = x %}<t>{% include 'p.md' %}</t>", &partials),
        ["x p.md:a", "y q.md:y"]
    );
}

#[test]
fn partials_that_include_one_another_many_times_come_to_an_end() {
    let names: Vec<String> = (0..19).map(|n| format!("p{n}.md")).collect();
    let texts: Vec<String> =
        (1..=19).map(|n| format!("{{% include 'p{n}.md' %}}").repeat(8)).collect();
    let partials: Vec<(&str, &str)> =
        names.iter().zip(&texts).map(|(n, t)| (n.as_str(), t.as_str())).collect();
    assert_eq!(printed("{% include 'p0.md' %}", &partials), Vec::<String>::new());
}
