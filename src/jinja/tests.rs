use std::io::Read;
use std::time::Instant;

use minijinja::value::Serde;
use serde_json::json;

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
    let delimiters = Delimiters::absent_from(texts.into_iter().chain([source]));
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

pub(crate) const CORPUS: &[&str] = &[
    "",
    "plain text, no tags\n",
    "{{ name }}",
    "a {{- name -}} b",
    "a\n{%- if yes -%}\n  b\n{%- endif -%}\nc",
    "{% raw %}{{ name }}{% endraw %}\u{1}0b {{ name }} \u{1}",
    "{# a comment #}x{#- tight -#} y",
    "{{ 'a' ~ name ~ n ~ 1.5 ~ yes }}",
    "{{ 1 + 2 * 3 - 4 / 2 // 1 % 3 ** 2 }}",
    "{{ (1 + 2) * 3 }} {{ -n }} {{ -(n + 1) }} {{ - -n }} {{ 2 ** -1 }} {{ -2 ** 2 }}",
    "{{ 'ab' * 3 }} {{ 3 * 'ab' }} {{ [1] * 2 }} {{ (1,) * 2 }} {{ n * n }} {{ 5000000 * 5000000 }}",
    "{{ list + [4] }} {{ [name] + words }} {{ (1, n) }} {{ (n,) }} {{ () }} {{ [] }} {{ {} }}",
    "{{ {'a': n, name: [n, {'x': name}]} }}",
    "{{ 1 < n <= 3 != 4 }} {{ n == 3 }} {{ (n == 3) == yes }} {{ n in list }} {{ 9 not in list }}",
    "{{ yes and not no or no }} {{ not (yes and no) }} {{ (yes or no) and no }}",
    "{{ name if yes else 'x' }} {{ (name if no else 'x') ~ 'y' }} {{ 'z' if no }}",
    "{{ 'a' if no else 'b' if no else 'c' }} {{ ('a' if yes else 'b') if yes else 'c' }}",
    "{{ name|upper|lower|title }} {{ words|join(', ') }} {{ (name ~ 'x')|length }}",
    "{{ name is defined }} {{ nope is defined }} {{ n is divisibleby 3 }} {{ name is not string }}",
    "{{ nope|default('d') }} {{ user.nope|default(name) }} {{ nope is undefined and yes }}",
    "{{ user.name }} {{ user['name'] }} {{ user.address['city'] }} {{ list.0 }} {{ list[n - 1] }}",
    "{{ list[1:] }} {{ list[:-1] }} {{ list[::-1] }} {{ name[0] }} {{ name[1:] }} {{ name[::-1] }}",
    "{{ name[0:2:1] }} {{ name[-2:] }} {{ name[5:] }}|{{ (1, 2, 3)[1:] }} {{ text[3:9] }} {{ none[1:] }}",
    "{% for x in list %}{{ loop.index }}{{ x }}{% if not loop.last %},{% endif %}{% endfor %}",
    "{% for x in list if x > 1 %}{{ x }}{% else %}none{% endfor %}",
    "{% for x in [] %}{{ x }}{% else %}none{% endfor %}",
    "{% for a, b in [(1, 2), (3, 4)] %}{{ a }}{{ b }}{% endfor %}",
    "{% for (a, (b, c)) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
    "{% for k, v in user|items %}{{ k }}{% endfor %}{% for k in user %}{{ k }}{% endfor %}",
    "{% for x in list recursive %}{{ x }}{% if x == 3 %}{{ loop([7, 8]) }}{% endif %}{% endfor %}",
    "{% for x in list %}{% if x == 1 %}{% continue %}{% endif %}{% if x == 2 %}{% break %}{% endif %}{{ x }}{% endfor %}",
    "{% for x in list %}{{ loop.previtem|default('-') }}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "{% if n == 1 %}a{% elif n == 2 %}b{% elif n == 3 %}c{% else %}d{% endif %}",
    "{% if no %}a{% else %}{% if yes %}b{% endif %}{% endif %}{% if no %}x{% endif %}",
    "{% if no %}a{% else %}x{% if yes %}b{% endif %}{% endif %}",
    "{% with a = 1, b = a + 1 %}{{ a }}{{ b }}{% endwith %}{% with (c, d) = (1, 2) %}{{ c }}{{ d }}{% endwith %}",
    "{% set a = 1 %}{{ a }}{% set b, c = 2, name %}{{ b }}{{ c }}{% set d = 1, 2 %}{{ d }}",
    "{% set a %}x{{ name }}y{% endset %}{{ a }}{% set b | upper | trim %} x{{ name }} {% endset %}{{ b }}",
    "{% set ns = namespace(n=0, l=[]) %}{% for x in list %}{% set ns.n = ns.n + x %}{% set ns.l = ns.l + [x] %}{% endfor %}{{ ns.n }} {{ ns.l }}",
    "{% set ns = namespace() %}{% set ns.a, ns.b = 1, 2 %}{{ ns.a }}{{ ns.b }}{{ ns }}",
    "{% set a, b = namespace(), namespace(x=1) %}{{ b.x }}",
    "{% filter upper %}abc {{ name }}{% endfilter %}{% filter replace('a', 'b')|trim %} aa {% endfilter %}",
    "{% macro m(a, b=2, c=name) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }} {{ m(1, c=3) }} {{ m(*[1, 2]) }}",
    "{% macro m(a) %}<{{ caller() }}{{ a }}>{% endmacro %}{% call m(1) %}inner {{ name }}{% endcall %}",
    "{% macro m() %}<{{ caller(5) }}>{% endmacro %}{% call(x) m() %}inner {{ x }}{% endcall %}",
    "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(4) }}",
    "{% include 'p.txt' %}{{ leaked }}",
    "{% include ['none.txt', 'p.txt'] %}{% include 'none.txt' ignore missing %}",
    "{% for row in rows %}{% include 'row.txt' %}{% endfor %}",
    "{% include 'nest.txt' %}{% include 'nest.txt' %}",
    "{% import 'm.txt' as m %}{{ m.hi(1) }} {{ m.q }}",
    "{% from 'm.txt' import hi, q as qq %}{{ hi('x', b=2) }} {{ qq }}",
    "{% extends 'base.txt' %}{% block b %}child {{ name }} {{ super() }}{% endblock %}ignored",
    "{% extends 'mid.txt' %}{% block a %}child {{ super() }}{% endblock %}",
    "{% block x %}in {{ name }}{% endblock %} {{ self.x() }} {{ self.x()|upper }}",
    "{% autoescape true %}{{ '<b>' }}{{ '<b>'|safe }}{{ text }}{% endautoescape %}{{ '<b>' }}",
    "{% autoescape 'html' %}{{ name ~ '<' }}{% endautoescape %}{% do list.count(1) %}",
    "{{ rows|map(attribute='v')|join('-') }} {{ rows|selectattr('k', 'eq', 1)|map(attribute='v')|list }}",
    "{{ rows|groupby('k') }} {% for k, g in rows|groupby('k') %}{{ k }}:{{ g|length }} {% endfor %}",
    "{% for g in rows|groupby('k') %}{{ g.grouper }}{% for r in g.list %}{{ r.v }}{% endfor %}{% endfor %}",
    "{{ list|sort }} {{ words|sort }} {{ words|sort(case_sensitive=true, reverse=true) }} {{ list|reverse|list }}",
    "{{ list|sum }} {{ list|min }} {{ list|max }} {{ list|first }} {{ list|last }} {{ [1, 1, 2]|unique|list }}",
    "{{ range(7)|batch(3) }} {{ range(7)|batch(3, 'x') }} {{ range(7)|slice(3) }} {{ range(7)|slice(3, 'x') }}",
    "{{ user|tojson }} {{ user|tojson(indent=2) }} {{ user|tojson(true) }} {{ '<x>'|tojson }} {{ user|pprint }}",
    "{{ text|indent }} {{ text|indent(2, true) }} {{ text|indent(width=1, first=true, blank=true) }}",
    "{{ '%s is %05.1f'|format(name, 2) }} {{ '{:>5}|{}'.format(name, n) }} {{ '%%'|format }}",
    "{{ 'a-b-c'.split('-') }} {{ 'a b'|split }} {{ 'a-b-c'|split('-', 1) }} {{ text|lines }} {{ text.splitlines(true) }}",
    "{{ 'aXbX'.replace('X', '--') }} {{ 'aXbX'|replace('X', '') }} {{ 'ab'.replace('', '.') }} {{ ','.join(words) }}",
    "{{ name.upper() }} {{ name.lower() }} {{ ' x '.strip() }} {{ name.startswith('A') }} {{ name.find('d') }}",
    "{{ user.get('name') }} {{ user.get('zip', '-') }} {{ user.keys()|list }} {{ user.values()|list }} {{ user.items()|list }}",
    "{{ user|dictsort }} {{ user|items|list }} {{ dict(a=1, b=name) }} {{ dict(user, name=1).name }}",
    "{{ [1, 2]|zip([3, 4])|list }} {{ [1]|chain([2], (3,))|list }} {{ {'a': 1}|chain({'b': 2}) }}",
    "{{ ({'a': 1}|chain({'a': 2})).a }} {{ 'é<'|urlencode }} {{ {'a b': 1}|urlencode }} {{ '<'|e }} {{ '<'|escape }}",
    "{{ 3.7|int }} {{ '4'|int }} {{ '4.5'|float }} {{ 3.14159|round(2) }} {{ -3|abs }} {{ 1|bool }} {{ 1|string }}",
    "{{ 'abc'|list }} {{ 'cab'|sort|join }} {{ user|attr('name') }} {{ name|capitalize }} {{ '  x '|trim }} {{ 'xax'|trim('x') }}",
    "{{ list|map('string')|join('+') }} {{ words|map('upper')|list }} {{ list|select('odd')|list }} {{ list|reject('gt', 1)|list }}",
    "{{ rows|rejectattr('k', 'in', [1])|list }} {{ list|select|list }} {{ words|map('replace', 'b', 'x')|list }}",
    "{{ name is startingwith 'A' }} {{ name is endingwith('a') }} {{ n is eq 3 }} {{ n is gt 2 }} {{ n is in list }} {{ 'a' is lower }}",
    "{{ n is sameas n }} {{ list is iterable }} {{ user is mapping }} {{ list is sequence }} {{ 'upper' is filter }} {{ 'odd' is test }}",
];

/// Templates that fail, each in its own way.
const FAILING: &[&str] = &[
    "{{ nope }}",
    "{{ user.nope }}",
    "{{ user.nope.deeper }}",
    "{{ 'a' ~ nope }}",
    "{{ nope + 1 }}",
    "{{ nope == 1 }}",
    "{% if nope %}x{% endif %}",
    "{% for x in nope %}x{% endfor %}",
    "{{ nope[1:] }}",
    "{{ nofunction() }}",
    "{{ name|nofilter }}",
    "{{ name is notest }}",
    "{{ none }}",
    "{{ 1 / 0 }}",
    "{{ name.nomethod() }}",
];

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

/// Templates that would use up time, memory or the stack.
pub(crate) fn hostile() -> Vec<(&'static str, String)> {
    let ns = |start: &str, step: &str| {
        format!(
            "{{% set ns = namespace(s={start}) %}}{{% for i in range(100000) %}}{{% set ns.s = {step} %}}{{% endfor %}}{{{{ ns.s|length }}}}"
        )
    };
    let repeat = |times: usize, piece: &str| piece.repeat(times);
    vec![
        ("doubling with ~", ns("'x' * 1000000", "ns.s ~ ns.s")),
        ("doubling with +", ns("'x' * 1000000", "ns.s + ns.s")),
        ("doubling with format", ns("'x' * 100", "'%s%s'|format(ns.s, ns.s)")),
        ("doubling with str.format", ns("'x' * 100", "'{}{}'.format(ns.s, ns.s)")),
        ("doubling with join", ns("'x' * 100", "[ns.s, ns.s]|join")),
        ("doubling with str.join", ns("'x' * 100", "''.join([ns.s, ns.s])")),
        ("doubling a list", ns("[1]", "ns.s + ns.s")),
        ("doubling a tuple", ns("(1,)", "ns.s + ns.s")),
        ("doubling by chain", ns("[1]", "ns.s|chain(ns.s)")),
        ("doubling by replace", ns("'x'", "ns.s|replace('x', 'xx')")),
        ("doubling by set blocks", format!("{{% set s = 'xxxxxxxx' %}}{}{{{{ s|length }}}}", repeat(60, "{% set s %}{{ s }}{{ s }}{% endset %}"))),
        ("doubling in a line", format!("{{% set s = 'xxxxxxxx' %}}{}{{{{ s|length }}}}", repeat(60, "{% set s = s ~ s %}"))),
        ("collecting texts", "{% set ns = namespace(l=[]) %}{% for i in range(100000) %}{% set ns.l = ns.l + ['x' * 1000000 ~ i] %}{% endfor %}".to_owned()),
        ("collecting upper", "{% set ns = namespace(l=[]) %}{% set s = 'x' * 1000000 %}{% for i in range(100000) %}{% set ns.l = ns.l + [s|upper] %}{% endfor %}".to_owned()),
        ("shared references", format!("{{% set a = ['x'] %}}{}{{{{ a }}}}", repeat(60, "{% set a = [a, a] %}"))),
        ("shared references compared", format!("{{% set a = ['x'] %}}{{% set b = ['x'] %}}{}{{{{ a == b }}}}", repeat(60, "{% set a = a + a %}{% set b = b + b %}"))),
        ("shared maps", format!("{{% set a = {{'k': 1}} %}}{}{{{{ a|tojson }}}}", repeat(60, "{% set a = {'l': a, 'r': a} %}"))),
        ("dict of dicts", format!("{{% set a = dict(k=1) %}}{}{{{{ a|string }}}}", repeat(60, "{% set a = dict(l=a, r=a) %}"))),
        ("nesting lists", ns("[1]", "[ns.s]")),
        ("nesting slices", ns("[1, 2, 3]", "ns.s[0:]")),
        ("nesting reversals", ns("[1, 2, 3]", "ns.s|reverse")),
        ("nesting repetitions", ns("[1, 2, 3]", "ns.s * 1")),
        ("nesting zips", ns("[1, 2, 3]", "ns.s|zip(ns.s)")),
        ("nesting chains of maps", ns("{'a': 1}", "ns.s|chain({'a': 2})")),
        ("nesting dicts", ns("{}", "dict(a=ns.s)")),
        ("nesting namespaces", ns("1", "namespace(s=ns.s)")),
        ("namespace in itself", "{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}".to_owned()),
        ("namespace in a list in itself", "{% set ns = namespace() %}{% set ns.me = [ns] %}{{ ns }}".to_owned()),
        ("namespace in a tuple in itself", "{% set ns = namespace() %}{% set ns.me, x = [ns, 1] %}{{ ns }}".to_owned()),
        ("namespace through a filter", "{% set ns = namespace() %}{% set ns.me = ns|default(1) %}{{ ns }}".to_owned()),
        ("namespaces in a chain", format!("{{% set n = namespace() %}}{}{{{{ n }}}}", repeat(300, "{% set n = namespace(n=n) %}"))),
        ("text times", "{{ 'x' * 99999999 }}".to_owned()),
        ("text times times", "{{ ('x' * 10000) * 10000 }}".to_owned()),
        ("text times in a chain", "{{ 'xxxxxxxxxx' * 10 * 10 * 10 * 10 * 10 * 10 * 10 * 10 * 10 }}".to_owned()),
        ("tuple times", "{{ (1,) * 99999999 }}".to_owned()),
        ("list times list", "{{ (([1] * 10000) * 10000)|length }}{{ ([1] * 90000000)|list }}".to_owned()),
        ("times in a variable", "{% set n = 99999999 %}{% set s = 'x' %}{{ n * s }}".to_owned()),
        ("nested loops", "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}".to_owned()),
        ("text in nested loops", format!("{{% for a in range(9999) %}}{{% for b in range(9999) %}}{}{{% endfor %}}{{% endfor %}}", repeat(10_000, "x"))),
        ("text in a captured loop", format!("{{% set s %}}{{% for b in range(99999) %}}{}{{% endfor %}}{{% endset %}}", repeat(10_000, "x"))),
        ("text in a macro", format!("{{% macro m() %}}{}{{% endmacro %}}{{% set s %}}{{% for b in range(99999) %}}{{{{ m() }}}}{{% endfor %}}{{% endset %}}", repeat(10_000, "x"))),
        ("text in a block", format!("{{% block m %}}{}{{% endblock %}}{{% set s %}}{{% for b in range(99999) %}}{{{{ self.m() }}}}{{% endfor %}}{{% endset %}}", repeat(10_000, "x"))),
        ("endless range", "{% for i in range(10 ** 9) %}x{% endfor %}".to_owned()),
        ("ranges at the border", "{{ range(9223372036854775807, -9223372036854775807, -1) }}".to_owned()),
        ("range with a huge step", "{{ range(0, 10, -9223372036854775807 - 1) }}".to_owned()),
        ("macro recursion", "{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}".to_owned()),
        ("mutual recursion", "{% macro f(n) %}{{ g(n) }}{% endmacro %}{% macro g(n) %}{{ f(n) }}{% endmacro %}{{ f(0) }}".to_owned()),
        ("loop recursion", "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}".to_owned()),
        ("captured loop recursion", "{% for x in [1] recursive %}{{ loop([1])|upper }}{% endfor %}".to_owned()),
        ("include recursion", "{% include 'self.txt' %}".to_owned()),
        ("block recursion", "{% block a %}{{ self.a() }}{% endblock %}".to_owned()),
        ("exponential macros", "{% macro a() %}xxxxxxxx{% endmacro %}".to_owned() + &(0..60).map(|i| format!("{{% macro m{i}() %}}{{{{ {p}() }}}}{{{{ {p}() }}}}{{% endmacro %}}", p = if i == 0 { "a".to_owned() } else { format!("m{}", i - 1) })).collect::<String>() + "{{ m59() }}"),
        ("macros declared in a loop", "{% for i in range(100000) %}{% macro m() %}{{ i }}{% endmacro %}{% endfor %}".to_owned()),
        ("deep parentheses", format!("{{{{ {}1{} }}}}", repeat(5000, "("), repeat(5000, ")"))),
        ("deep lists", format!("{{{{ {}1{} }}}}", repeat(5000, "["), repeat(5000, "]"))),
        ("deep maps", format!("{{{{ {}1{} }}}}", repeat(5000, "{'a':"), repeat(5000, "}"))),
        ("deep minus", format!("{{{{ {}1 }}}}", repeat(50_000, "-"))),
        ("deep not", format!("{{{{ {}1 }}}}", repeat(50_000, "not "))),
        ("long sum", format!("{{{{ 1{} }}}}", repeat(100_000, "+1"))),
        ("long concatenation", format!("{{{{ name{} }}}}", repeat(100_000, "~name"))),
        ("long comparison", format!("{{{{ 1{} }}}}", repeat(100_000, "<1"))),
        ("long attributes", format!("{{{{ user{} }}}}", repeat(100_000, ".a"))),
        ("long calls", format!("{{{{ user{} }}}}", repeat(100_000, "()"))),
        ("long subscripts", format!("{{{{ user{} }}}}", repeat(100_000, "[0]"))),
        ("long filters", format!("{{{{ user{} }}}}", repeat(100_000, "|list"))),
        ("long conditions", format!("{{{{ 1{} }}}}", repeat(100_000, " if 1 else 1"))),
        ("long elif", format!("{{% if 0 %}}{}{{% endif %}}", repeat(100_000, "{% elif 0 %}"))),
        ("deep if", format!("{}{}", repeat(5000, "{% if 1 %}"), repeat(5000, "{% endif %}"))),
        ("deep for", format!("{}{}", repeat(5000, "{% for x in [1] %}"), repeat(5000, "{% endfor %}"))),
        ("deep and long", format!("{{{{ {}1{} }}}}", repeat(60, "("), repeat(60, "+1+1+1+1+1+1+1+1+1+1)"))),
        ("deep not in parentheses", format!("{{{{ {}1{} }}}}", repeat(60, "(not not not not not not not not not not "), repeat(60, ")"))),
        ("as long as it may be", format!("{{{{ name{} }}}}{{{{ {}1 }}}}{{{{ 1{} }}}}{{% if 0 %}}{}{{% endif %}}", repeat(90, "[0:]"), repeat(195, "-"), repeat(95, " if 1 else 1"), repeat(195, "{% elif 0 %}"))),
        ("as deep as it may be", format!("{{{{ {}1{} }}}}{{{{ {}1{} }}}}", repeat(45, "("), repeat(45, "+1+1)"), repeat(65, "["), repeat(65, "]"))),
        ("replace bomb", "{% set s = 'x' * 1000000 %}{{ s|replace('x', s)|length }}".to_owned()),
        ("str.replace bomb", "{% set s = 'x' * 1000000 %}{{ s.replace('x', s)|length }}".to_owned()),
        ("empty replace bomb", "{% set s = 'x' * 1000000 %}{{ s|replace('', s)|length }}".to_owned()),
        ("join bomb", "{% set s = 'x' * 1000000 %}{{ range(100000)|join(s)|length }}".to_owned()),
        ("join bomb by name", "{% set s = 'x' * 1000000 %}{{ range(100000)|join(d=s)|length }}".to_owned()),
        ("join bomb over a text", "{% set s = 'x' * 1000000 %}{{ s|join(s)|length }}{{ s.join(s)|length }}".to_owned()),
        ("format width", "{{ '%1000000000d'|format(1) }}".to_owned()),
        ("format width from an argument", "{{ '%*d'|format(1000000000, 1) }}".to_owned()),
        ("format precision", "{{ '%.1000000000f'|format(1.0) }}".to_owned()),
        ("str.format width", "{{ '{:>999999999}'.format(1) }}".to_owned()),
        ("str.format nested width", "{{ '{:>{}}'.format(1, 999999999) }}".to_owned()),
        ("str.format many", format!("{{% set s = 'x' * 1000000 %}}{{{{ '{}'.format(s) }}}}", repeat(1000, "{0}"))),
        ("center", "{{ 'x'.center(1000000000) }}{{ 'x'|center(1000000000) }}".to_owned()),
        ("ljust", "{{ 'x'.ljust(1000000000) }}".to_owned()),
        ("zfill", "{{ 'x'.zfill(1000000000) }}".to_owned()),
        ("indent width", "{{ 'x\ny'|indent(1000000000) }}".to_owned()),
        ("indent width by name", "{{ 'x\ny'|indent(width=1000000000) }}".to_owned()),
        ("indent many lines", "{{ ('\n' * 1000000)|indent(1000, true, true) }}".to_owned()),
        ("tojson indent", "{{ [[[1]]]|tojson(indent=1000000000) }}".to_owned()),
        ("tojson of shared values", format!("{{% set a = [1] %}}{}{{{{ a|tojson(indent=16)|length }}}}", repeat(60, "{% set a = [a, a] %}"))),
        ("batch", "{{ [1]|batch(1000000000, 'x')|list }}".to_owned()),
        ("slice", "{{ [1]|slice(1000000000)|list }}".to_owned()),
        ("sum of texts", "{{ (['x' * 1000] * 10000)|sum(start='')|length }}".to_owned()),
        ("sum of lists", "{{ ([[1] * 1000] * 10000)|sum(start=[])|length }}".to_owned()),
        ("product of tests", "{{ range(100000)|select('in', range(100000)|list)|list|length }}".to_owned()),
        ("product of comparisons", "{% set s = 'x' * 1000000 %}{% set t = 'x' * 1000000 %}{% for i in range(100000) %}{% if s == t %}{% endif %}{% endfor %}".to_owned()),
        ("product of searches", "{% set s = 'x' * 1000000 %}{% for i in range(100000) %}{% if 'y' in s %}{% endif %}{{ s.find('y') }}{% endfor %}".to_owned()),
        ("quadratic search", "{% set s = 'x' * 1000000 %}{% for i in range(100000) %}{% if s is endingwith(s) %}{% endif %}{{ s|length }}{% endfor %}".to_owned()),
        ("characters", "{{ ('x' * 10000000)|list|length }}{{ ('x ' * 5000000)|split|length }}".to_owned()),
        ("mapped default", "{% set s = 'x' * 1000000 %}{{ range(100000)|map(attribute='a', default=s)|join|length }}".to_owned()),
        ("lipsum", "{{ lipsum(1000000) }}{{ cycler(1) }}".to_owned()),
        ("debug", "{{ debug() }}".to_owned()),
        ("guards by name", "{{ 'x'|pf.raw.list }}".to_owned()),
        ("guards by text", "{{ ['x' * 10]|map('pf.raw.replace', 'x', 'y' * 10)|list }}".to_owned()),
        ("power", "{{ 9 ** 99999 }}{{ 9.0 ** 99999 }}".to_owned()),
        ("empty reversed", "{{ ''[::-1] }}{{ [][::-1] }}{{ 'abc'[0:2:-1] }}{{ 'abc'[::-9223372036854775807] }}".to_owned()),
        ("break through with", "{% for x in [1, 2] %}{% with a = 1 %}{% break %}{% endwith %}{% endfor %}".to_owned()),
        ("break through set", "{% for x in [1, 2] %}{% set a %}{% break %}{% endset %}{% endfor %}".to_owned()),
        ("break through filter", "{% for x in [1, 2] %}{% filter upper %}{% continue %}{% endfilter %}{% endfor %}".to_owned()),
        ("extends in a capture", "{% set a %}{% extends 'self.txt' %}{% endset %}".to_owned()),
        ("extends in a loop", "{% for i in [1, 2] %}{% extends 'self.txt' %}{% endfor %}".to_owned()),
        ("many lines", repeat(200_000, "{{ name }}\n")),
        ("round", "{{ 1.5|round(1000000) }}{{ 1.5|round(-1000000) }}{{ 1|round(400) }}".to_owned()),
        ("split by nothing", "{{ ('x' * 5000000)|split('')|length }}{{ ('x' * 5000000).split('')|length }}".to_owned()),
        ("loops over a text", "{% set s = 'x' * 8000000 %}{% for i in range(100000) %}{% for c in s %}{% break %}{% endfor %}{% endfor %}".to_owned()),
        ("recursive loops over a text", "{% set s = 'x' * 8000000 %}{% for i in range(100000) recursive %}{% if loop.depth == 1 %}{{ loop(s) }}{% else %}{% break %}{% endif %}{% endfor %}".to_owned()),
        ("subscripts of a text", "{% set s = 'x' * 8000000 %}{% for i in range(100000) %}{{ s[7999999 - i] }}{% endfor %}".to_owned()),
        ("long keys", "{% set s = 'x' * 8000000 %}{% set d = {'a': 1} %}{% for i in range(100000) %}{{ d[s]|default('') }}{{ d|attr(s)|default('') }}{{ d.get(s, '') }}{% endfor %}".to_owned()),
        ("splats", "{% macro m() %}{% endmacro %}{% set l = [1] * 100000 %}{% for i in range(100000) %}{{ loop.cycle(*l) }}{% endfor %}".to_owned()),
        ("numbers in long texts", "{% set s = '1' * 8000000 %}{% for i in range(100000) %}{{ s|int(0) }}{{ s|float(0) }}{% endfor %}".to_owned()),
        ("trim by many", "{% set s = 'x' * 1000000 %}{{ s|trim(s) }}{{ s|trim('y' * 1000000 ~ 'x') }}".to_owned()),
        ("strip by many", "{% set s = 'x' * 1000000 %}{{ s.strip('y' * 1000000 ~ 'x') }}".to_owned()),
        ("long attributes of many", "{% set s = 'x' * 1000000 %}{{ range(100000)|map(attribute=s, default=1)|list }}{{ range(100000)|join(attribute=s) }}{{ range(100000)|sum(attribute=s) }}".to_owned()),
        ("sorting long texts", "{% set s = 'x' * 50000 %}{% set ns = namespace(l=[]) %}{% for i in range(300) %}{% set ns.l = ns.l + [s ~ i] %}{% endfor %}{{ ns.l|sort|length }}{{ ns.l|unique|length }}".to_owned()),
        ("blocks that do not run", format!("{{% if again is undefined %}}{{% set again = 1 %}}{{% for i in range(100000) %}}{{% include 'self.txt' %}}{{% endfor %}}{{% endif %}}{{% if false %}}{}{{% endif %}}", (0..10_000).map(|i| format!("{{% block b{i} %}}{{% endblock %}}")).collect::<String>())),
        ("html", "{% autoescape true %}{{ '<' * 10000000 }}{% endautoescape %}{{ ('<' * 10000000)|e|length }}".to_owned()),
    ]
}

/// The most memory that this process has had, in MiB, where the system says it.
fn peak_memory() -> Option<u64> {
    let mut status = String::new();
    std::fs::File::open("/proc/self/status").ok()?.read_to_string(&mut status).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes >> 10)
}

/// Those that look dangerous, but come to an end within the limits.
const HARMLESS: [&str; 7] = [
    "nesting chains of maps",
    "nesting slices",
    "as long as it may be",
    "as deep as it may be",
    "empty reversed",
    "many lines",
    "round",
];

#[test]
fn hostile_templates_stop() {
    for (name, source) in hostile() {
        let started = Instant::now();
        // Threads of rayon and of tests have 2 MiB.
        let outcome = std::thread::Builder::new()
            .stack_size(2 << 20)
            .spawn(move || {
                let delimiters = Delimiters::absent_from(std::iter::once(source.as_str()));
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
        // Each takes less than a second; the rest is for a machine with other work.
        assert!(took.as_secs() < 20, "{name} took {took:?}");
    }
    if let Some(peak) = peak_memory() {
        println!("at most {peak} MiB");
        assert!(peak < 256, "{peak} MiB");
    }
}
