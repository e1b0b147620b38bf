//! What is said of one template, by what it does.

use super::*;

/// Checks what is said of each template; nothing for an empty text, several findings apart by ` / `.
fn check(cases: &[(&str, &str)]) {
    for (template, expected) in cases {
        assert_eq!(said(template).join(" / "), *expected, "{template}");
    }
}

#[test]
fn what_fails_on_every_value_is_an_error() {
    check(&[
        ("{{ n / 2 + 1 }}", ""),
        ("{{ items | split }}", "V103 `items` is a list, which `split` does not take"),
        ("{{ n | length }}", "V103 `n` is a number, which `length` does not take"),
        ("{{ name | round }}", "V103 `name` is a text, which `round` does not take"),
        ("{{ name + n }}", "V103 `+` does not take a text and a number"),
        ("{{ name - 1 }}", "V103 `-` does not take a text and a number"),
        ("{{ items + name }}", "V103 `+` does not take a list and a text"),
        ("{{ -name }}", "V103 `name` is a text, which `-` does not take"),
        ("{{ name.strp() }}", "V103 `name` is a text, which has no method `strp`"),
        ("{{ items.append('x') }}", "V103 `items` is a list, which has no method `append`"),
        ("{{ name.strip }}", "V103 `name` is a text, which has no attribute `strip`"),
        ("{{ items.first }}", "V103 `items` is a list, which has no attribute `first`"),
        ("{{ n[0] }}", "V103 `n` is a number, which has no items"),
        ("{{ 'x' in n }}", "V103 `n` is a number, in which `in` cannot look"),
        ("{{ name() }}", "V103 `name` is a variable, a text, and cannot be called"),
        ("{% for x in n %}{% endfor %}", "V103 `n` is a number, which cannot be looped over"),
        (
            "{% for k, v in user %}{% endfor %}",
            "V103 looping over `user` gives its keys, which cannot be taken apart into several names",
        ),
        (
            "{% for k, v in items %}{% endfor %}",
            "V103 an item of `items` is a text, which cannot be taken apart into several names",
        ),
        ("{% for k, v in user.items() %}{{ k }}{% endfor %}", ""),
        (
            "{{ rows | map('round') }}",
            "V103 an item of `rows` is an object, which `round` does not take",
        ),
    ]);
}

#[test]
fn what_may_fit_is_left_alone() {
    check(&[
        ("{{ any.x.y + any }} {{ any | split | first }} {% for k, v in any %}{% endfor %}", ""),
        ("{{ items | length }} {{ name | length }} {{ user | length }} {{ history | length }}", ""),
        ("{{ items | first | upper }} {{ items[0] }} {{ name[0] }} {{ items[n] }}", ""),
        (
            "{{ items | sort | reverse | join(', ') }} {{ n | string | trim }} {{ user | tojson }}",
            "",
        ),
        (
            "{{ rows | map(attribute='id') | join(', ') }} {{ rows | selectattr('tag') | list | length }}",
            "",
        ),
        ("{% set ns = namespace(x=none) %}{% set ns.x = 3 %}{{ ns.x }}", ""),
        (
            "{% for i in range(n) %}{{ i + 1 }}{{ loop.index }}{{ loop.cycle('a', 'b') }}{% endfor %}",
            "",
        ),
        ("{% macro m(a) %}{{ a }}{% endmacro %}{{ m(name) }}{{ m(n) }}", ""),
        ("{% for m in history %}{{ m.role }}: {{ m.content }}{% endfor %}", ""),
        ("{% for e in examples %}{{ e.output.label }}{% endfor %}", ""),
        ("{% if any is string %}{{ any | upper }}{% else %}{{ any | join }}{% endif %}", ""),
        ("{{ undeclared | split | first }} {{ undeclared.x }}", ""),
    ]);
}

#[test]
fn properties_are_those_of_the_schema() {
    check(&[
        ("{{ user.nmae }}", "V104 `user` has no property `nmae`"),
        ("{{ user['nmae'] }}", "V104 `user` has no property `nmae`"),
        ("{{ open.titel }} {{ open.other }}", "V113 `open` declares no property `titel`"),
        ("{{ user.nmae | default('x') }}", "V113 `user` never has a property `nmae`"),
        ("{{ user.get('nmae', 'x') }}", "V113 `user` never has a property `nmae`"),
        ("{{ rows | map(attribute='tga') | join }}", "V113 `rows` never has a property `tga`"),
        (
            "{% for r in rows %}{{ r.tga }}{{ loop.indx }}{% endfor %}",
            "V104 `r` has no property `tga` / V104 `loop` has no property `indx`",
        ),
        (
            "{% macro m(a) %}{{ a.nmae }}{% endmacro %}{{ m(user) }}{{ m(any) }}",
            "V104 `a` has no property `nmae`",
        ),
        ("{% set u = user %}{{ u.nmae }}", "V104 `u` has no property `nmae`"),
        ("{% with u = user %}{{ u.nmae }}{% endwith %}", "V104 `u` has no property `nmae`"),
        ("{{ examples[0].outptu }}", "V104 `examples[0]` has no property `outptu`"),
        // A name of its own, whatever the prompt declares.
        (
            "{% for user in rows %}{{ user.id }}{% endfor %}",
            "V109 the loop's `user` hides the variable `user` of the prompt",
        ),
    ]);
}

#[test]
fn what_may_be_absent_is_asked_for() {
    let none = "V105 `tone` is none when it is not given, and then rendering fails";
    let written = "V105 `tone` is none when it is not given, and is then written as `None`";
    let missing = "V105 `user.nick` may be missing, and then rendering fails";
    check(&[
        ("{{ tone }}", none),
        ("{{ tone | length }}", none),
        ("{{ tone + '!' }}", none),
        ("{{ tone | upper }}", written),
        ("{{ tone ~ '!' }}", written),
        (
            "{{ tone | default('x') }}",
            "V105 `tone` may be none, and `default` only stands in for what is undefined",
        ),
        ("{{ tone | default('x', true) }} {{ tone or 'x' }} {{ tone if tone else 'x' }}", ""),
        ("{% if tone %}{{ tone }}{% endif %}", ""),
        ("{% if tone is not none %}{{ tone }}{% endif %}", ""),
        ("{% if tone != none and tone | length > 3 %}{{ tone }}{% endif %}", ""),
        ("{% if tone == 'a' or tone == 'b' %}{{ tone }}{% endif %}", ""),
        ("{% if tone in ['a', 'b'] %}{{ tone }}{% endif %}", ""),
        ("{% if tone | default('') %}{{ tone }}{% endif %}", ""),
        ("{% if not tone %}none{% else %}{{ tone }}{% endif %}", ""),
        ("{% if not tone %}{% set tone = 'x' %}{% endif %}{{ tone }}", ""),
        ("{% set tone = tone or 'x' %}{{ tone }}", ""),
        (
            "{% for i in items %}{% if not tone %}{% continue %}{% endif %}{{ tone }}{% endfor %}",
            "",
        ),
        ("{% for i in items if tone %}{{ tone }}{% endfor %}", ""),
        // A declared variable is always defined.
        ("{% if tone is defined %}{{ tone }}{% endif %}", none),
        ("{% if not tone %}{{ tone }}{% endif %}", none),
        (
            "{% if tone is none %}{{ tone }}{% endif %}",
            "V103 `tone` is always none here, which does not print",
        ),
        ("{{ maybe }}", "V105 `maybe` may be none, and then rendering fails"),
        ("{{ extra.note }}", "V105 `extra` is none when it is not given, and then rendering fails"),
        ("{% if extra %}{{ extra.note }}{% endif %}", ""),
        ("{% for x in extra %}{{ x }}{% endfor %}{% for x in tone or [] %}{{ x }}{% endfor %}", ""),
        ("{{ user.nick }}", missing),
        // Asking for the truth of what is missing fails too.
        ("{% if user.nick %}x{% endif %}", missing),
        ("{% if user.nick is defined %}{{ user.nick }}{% endif %}", ""),
        ("{% if user.nick is defined and user.nick %}{{ user.nick }}{% endif %}", ""),
        ("{% if 'nick' in user %}{{ user.nick }}{% endif %}", ""),
        ("{{ user.nick | default('x') }}", ""),
        ("{{ user.get('nick') }}", "V105 `user.get('nick')` may be none, and then rendering fails"),
        // A schema without `required` says nothing about what is there.
        ("{{ open.title }}", ""),
    ]);
}

#[test]
fn lists_and_objects_are_not_printed_as_they_are() {
    let list = "V111 `items` is a list and is printed in Python's notation, `['…', '…']`";
    check(&[
        ("{{ items }}", list),
        (
            "{{ user }}",
            "V111 `user` is an object and is printed in Python's notation, `{'name': …}`",
        ),
        (
            "{{ history }}",
            "V111 `history` is a conversation and is printed in Python's notation, `['…', '…']`",
        ),
        (
            "{{ items | upper }}",
            "V111 `items` is a list and becomes text in Python's notation, `['…', '…']`",
        ),
        (
            "{{ 'x' ~ items }}",
            "V111 `items` is a list and becomes text in Python's notation, `['…', '…']`",
        ),
        (
            "{{ rows | join }}",
            "V111 the items of `rows` are objects, and are written in Python's notation",
        ),
        ("{{ items | join }} {{ items | tojson }} {{ items | string }} {{ items if items }}", ""),
        ("{% if items %}{{ items }}{% endif %}", list),
    ]);
}

#[test]
fn comparisons_have_two_outcomes() {
    check(&[
        (
            "{% if tier == 'prro' %}x{% endif %}",
            "V112 `tier` is never \"prro\", so this is never true",
        ),
        (
            "{% if 'prro' != tier %}x{% endif %}",
            "V112 `tier` is never \"prro\", so this is always true",
        ),
        ("{% if tier in ['free', 'prro'] %}x{% endif %}", "V112 `tier` is never \"prro\""),
        (
            "{% if tier is eq('prro') %}x{% endif %}",
            "V112 `tier` is never \"prro\", so this is never true",
        ),
        ("{% if tier == 'free' %}a{% elif tier == 'pro' %}b{% endif %}", ""),
        ("{% if tier == 'free' %}a{% elif tier in ['free', 'pro'] %}b{% endif %}", ""),
        (
            "{% if tier == 'free' %}a{% elif tier == 'free' %}b{% endif %}",
            "V112 `tier` is not \"free\" any more here, so this is never true",
        ),
        (
            "{% if n == '3' %}{% endif %}",
            "V112 `n` is a number and never equals a text, so this is never true",
        ),
        ("{% if yes == 1 or n == true or name == none or n == 1.0 %}{% endif %}", ""),
        (
            "{% if n > '3' %}{% endif %}",
            "V112 `>` compares a number with a text: the outcome does not depend on their values",
        ),
        ("{{ 3 in items }}", "V112 an item of `items` is never `3`, so this is never true"),
        // Settings of the template itself are there to be changed.
        ("{% set mode = 'short' %}{% if mode == 'long' %}x{% endif %}", ""),
    ]);
    let partial = [("p.txt", "{% if tier == 'gold' %}x{% elif tier == 'prro' %}y{% endif %}")];
    assert_eq!(
        said_with(VARIABLES, "{% include 'p.txt' %}", &partial),
        ["V112 `tier` is never \"prro\", so this is never true"],
    );
}

#[test]
fn branches_that_are_never_used_are_found() {
    let never =
        "T204 the condition is always true here, so what stands under its `else` is never used";
    check(&[
        (
            "{% if false %}x{% endif %}",
            "T204 the condition is always false, so what stands under it is never used",
        ),
        ("{% if true %}x{% endif %}", "T204 the condition is always true"),
        ("{% if tier %}a{% else %}b{% endif %}", never),
        ("{% if tier == 'free' %}a{% elif tier == 'pro' %}b{% else %}c{% endif %}", never),
        ("{% if tier == 'free' %}a{% elif tier == 'pro' %}b{% else %} {% endif %}", ""),
        ("{% if name %}a{% else %}b{% endif %}{% if yes %}a{% else %}b{% endif %}", ""),
        ("{% set verbose = false %}{% if verbose %}x{% endif %}", ""),
    ]);
}

#[test]
fn names_of_variables_keep_their_meaning() {
    check(&[
        (
            "{% set name = 'x' %}{{ name }}",
            "V109 `set` hides the variable `name` of the prompt: what a caller gives is lost from here on",
        ),
        ("{% set name = name | trim %}{{ name }}", ""),
        ("{% set name %}{{ name }}!{% endset %}{{ name }}", ""),
        ("{% if yes %}{% set name = 'x' %}{% endif %}{{ name }}", ""),
        ("{% with name = user.name %}{{ name }}{% endwith %}", ""),
        (
            "{% with name = 'x' %}{{ name }}{% endwith %}",
            "V109 `with` hides the variable `name` of the prompt",
        ),
        ("{% macro m(name) %}{{ name }}{% endmacro %}{{ m('x') }}", ""),
    ]);
}

#[test]
fn texts_are_no_lists() {
    check(&[
        (
            "{% for c in name %}{{ c }}{% endfor %}",
            "V114 `name` is a text: the loop runs over its characters",
        ),
        (
            "{{ name | join(', ') }}",
            "V114 `name` is a text, which `join` takes apart into its characters",
        ),
        (
            "{{ name | first }}{{ name | list | length }}{% for l in name | lines %}{{ l }}{% endfor %}",
            "",
        ),
    ]);
}

#[test]
fn loops_over_untrusted_lists_are_bounded() {
    check(&[
        (
            "{% for d in docs %}{{ d }}{% endfor %}",
            "T208 `docs` is untrusted and may have any number of items",
        ),
        (
            "{% for d in docs | sort %}{{ d }}{% endfor %}",
            "T208 `docs | sort` is untrusted and may have any number of items",
        ),
        ("{% for d in docs[:3] %}{{ d }}{% endfor %}{% for i in items %}{{ i }}{% endfor %}", ""),
    ]);
}

#[test]
fn partials_see_what_is_known_where_they_are_included() {
    let partials = [
        ("p.txt", "{{ tone }}"),
        ("s.txt", "{% set tone = 'x' %}"),
        ("m.txt", "{% macro m() %}{{ items | split }}{% endmacro %}"),
    ];
    let said = |template: &str| said_with(VARIABLES, template, &partials).join(" / ");
    assert_eq!(
        said("{% include 'p.txt' %}{% include 'p.txt' %}"),
        "V105 `tone` is none when it is not given, and then rendering fails"
    );
    assert_eq!(said("{% if tone %}{% include 'p.txt' %}{% endif %}"), "");
    assert_eq!(
        said(
            "{% if yes %}{% include 's.txt' %}{% else %}{% set tone = 'y' %}{% endif %}{{ tone }}"
        ),
        ""
    );
    assert_eq!(
        said("{% include 'm.txt' %}{{ m() }}"),
        "V103 `items` is a list, which `split` does not take"
    );
    assert_eq!(said("{% import 'm.txt' as m %}{{ m.m() }}"), "");
}

#[test]
fn the_condition_of_a_message_holds_in_its_content() {
    let yaml = "\
variables:
  tone: {type: string, required: false}
messages:
  - {role: system, when: tone, content: \"{{ tone }}\"}
  - {role: system, when: not tone, content: \"{{ tone }}\"}
  - {role: user, content: \"{{ tone }}\"}
";
    let prompt = prompt(yaml);
    let (closure, trees) = closed_with_trees(&prompt, &[]);
    let said: Vec<String> =
        infer(&prompt, &closure, &trees).iter().map(|d| d.start().to_string()).collect();
    assert_eq!(said, ["5:49", "6:31"]);
}

#[test]
fn fixes_write_what_is_meant() {
    let fixed = |template: &str| {
        let prompt = prompt(&format!(
            "variables:\n{VARIABLES}messages:\n  - role: user\n    content: |\n      {template}\n"
        ));
        let (closure, trees) = closed_with_trees(&prompt, &[]);
        let mut text = prompt.document.file.text().to_owned();
        for finding in infer(&prompt, &closure, &trees).iter().rev() {
            for (span, with) in &finding.fix.as_ref().unwrap_or_else(|| panic!("{finding:?}")).edits
            {
                text.replace_range(span.range(), with);
            }
        }
        text.lines().last().unwrap().trim().to_owned()
    };
    for (template, expected) in [
        ("{{ user.nmae }}", "{{ user.name }}"),
        ("{{ user['nmae'] }}", "{{ user['name'] }}"),
        ("{{ name + n }}", "{{ name ~ n }}"),
        ("{{ items }}", "{{ items | join(\", \") }}"),
        ("{{ user }}", "{{ user | tojson }}"),
        ("{% if tier == 'prro' %}x{% endif %}", "{% if tier == 'pro' %}x{% endif %}"),
        ("{% for k, v in user %}{% endfor %}", "{% for k, v in user | items %}{% endfor %}"),
        ("{{ tone | default('x') }}", "{{ tone | default('x', true) }}"),
        ("{{ rows | map(attribute='tga') | join }}", "{{ rows | map(attribute='tag') | join }}"),
    ] {
        assert_eq!(fixed(template), expected);
    }
}

#[test]
fn plain_templates_are_not_looked_at_twice() {
    use crate::template::closure::TemplateKind;
    let plain = |text: &str| {
        crate::template::types::is_plain(text, TemplateKind::Text, |name| name != "odd")
    };
    assert!(plain("a {{ x }} { b } {{- y -}} {{z}} }} {#x#}"));
    assert!(!plain("{{ odd }}"));
    assert!(!plain("{{ x.y }}"));
    assert!(!plain("{{ x | upper }}"));
    assert!(!plain("{% if x %}"));
    assert!(!plain("{{ examples }}"));
    assert!(!plain("{{ 'x' }}"));
}

#[test]
fn the_walk_ends() {
    // Each macro calls the one before it twice.
    let mut template = "{% macro m0() %}{{ tone }}{% endmacro %}".to_owned();
    for number in 1..40 {
        let before = number - 1;
        template += &format!(
            "{{% macro m{number}() %}}{{{{ m{before}() }}}}{{{{ m{before}() }}}}{{% endmacro %}}"
        );
    }
    assert_eq!(said(&(template + "{{ m39() }}")).len(), 0);
    let deep = format!("{{{{ {}name{} }}}}", "(".repeat(40), ")".repeat(40));
    assert_eq!(said(&deep).len(), 0);
    let chain = format!("{{{{ name{} }}}}", " ~ name".repeat(150));
    assert_eq!(said(&chain).len(), 0);
    // Whether each part holds and whether it fails is asked again for its parts.
    let mut condition = "tone".to_owned();
    for _ in 0..20 {
        condition = format!("(({condition}) or tone == 'a') and tone != 'b'");
    }
    said(&format!("{{% if {condition} %}}{{{{ tone }}}}{{% endif %}}"));
    let all = format!("{{% if tone{} %}}", " and tone".repeat(150));
    said(&format!("{}{{{{ tone }}}}{}", all.repeat(40), "{% endif %}".repeat(40)));
    let sets = (0..5000).map(|n| format!("{{% set a{n} = b %}}")).collect::<String>();
    said(&sets);
    let calls = "{{ m() }}".repeat(5000);
    said(&format!("{{% macro m() %}}{{{{ tone }}}}{{% endmacro %}}{sets}{calls}"));
}
