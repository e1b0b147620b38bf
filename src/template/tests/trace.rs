//! Each rendered piece knows its source.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{closed, prompt};
use crate::message::{Content, Part};
use crate::template::render::Renderer;
use crate::template::trace::{PieceSource, TracedMessage, Tracer};
use crate::template::values::{Origin, bind};

fn traced(text: &str, given: &Value, partials: &[(&str, &str)]) -> Vec<TracedMessage> {
    let prompt = prompt(text);
    let closure = closed(&prompt, partials);
    let values = bind(&prompt, given.as_object().unwrap(), Origin::Typed).unwrap();
    let messages = Tracer::new(&prompt, &closure).unwrap().trace(&values).unwrap();
    let plain = Renderer::new(&prompt, &closure).unwrap().render(&values).unwrap();
    assert_eq!(messages.iter().map(|m| m.message.clone()).collect::<Vec<_>>(), plain);
    for message in &messages {
        let texts: Vec<&str> = match &message.message.content {
            Content::Text(text) => vec![text],
            Content::Parts(parts) => parts
                .iter()
                .map(|part| {
                    let (Part::Text(text) | Part::Image(text)) = part;
                    text.as_str()
                })
                .collect(),
        };
        let joined: Vec<String> = message
            .parts
            .iter()
            .map(|pieces| pieces.iter().map(|piece| piece.text.as_str()).collect())
            .collect();
        assert_eq!(joined, texts);
    }
    messages
}

fn shown(messages: &[TracedMessage]) -> Vec<String> {
    let pieces = messages.iter().flat_map(|message| message.parts.iter().flatten());
    pieces
        .map(|piece| {
            let source = match &piece.source {
                PieceSource::Literal { file, line } => format!("literal {file}:{line}"),
                PieceSource::Partial { file, line } => format!("partial {file}:{line}"),
                PieceSource::Variable { expression, file, line } => {
                    format!("{expression} {file}:{line}")
                }
                PieceSource::Example { index } => format!("example {index}"),
                PieceSource::Inserted { variable, index } => format!("{variable} {index}"),
            };
            format!("{:?} {source}", piece.text)
        })
        .collect()
}

#[test]
fn each_piece_says_where_it_comes_from() {
    let text = "
variables: {name: string, rows: {type: array}, history: {type: messages}}
messages:
  - role: system
    content: |
      Hello
        {{- name|upper }}!
      {% for row in rows %}
      - {{ row }}
      {% endfor %}
      {% include 'a.md' %}
  - insert: history
  - examples: {}
  - role: user
    content: [{text: 'x {{ name }}'}, {image: '{{ name }}'}]
examples:
  - {variables: {name: e, rows: [], history: []}, output: {ok: true}}
";
    let history = json!([{"role": "user", "content": "earlier"}]);
    let given = json!({"name": "ada", "rows": [1, 2], "history": history});
    let messages = traced(text, &given, &[("a.md", "\n  partial {{ name }} end\n")]);
    assert_eq!(
        shown(&messages),
        [
            r#""Hello" literal prompts/p.yaml:6"#,
            r#""ADA" name|upper prompts/p.yaml:7"#,
            r#""!\n" literal prompts/p.yaml:7"#,
            r#""\n- " literal prompts/p.yaml:9"#,
            r#""1" row prompts/p.yaml:9"#,
            r#""\n" literal prompts/p.yaml:9"#,
            r#""\n- " literal prompts/p.yaml:9"#,
            r#""2" row prompts/p.yaml:9"#,
            r#""\n" literal prompts/p.yaml:9"#,
            r#""\n" literal prompts/p.yaml:10"#,
            r#""\n  partial " partial prompts/a.md:2"#,
            r#""ada" name prompts/a.md:2"#,
            r#"" end" partial prompts/a.md:2"#,
            r#""\n" literal prompts/p.yaml:11"#,
            r#""earlier" history 0"#,
            r#""x e" example 0"#,
            r#""e" example 0"#,
            r#""{\"ok\":true}" example 0"#,
            r#""x " literal prompts/p.yaml:15"#,
            r#""ada" name prompts/p.yaml:15"#,
            r#""ada" name prompts/p.yaml:15"#,
        ]
    );
}

#[test]
fn what_is_captured_counts_where_it_is_printed() {
    let text = "
variables: {name: string}
messages:
  - role: user
    content: |
      {% macro m(a) %}<{{ a }}{{ caller() if caller is defined else '' }}>{% endmacro -%}
      {% set s %}set {{ name }}{% include 'a.md' %}{% endset -%}
      {{ m(name) }}
      {{ s|length }}{{ s }}
      {% filter upper %}a{{ name }}{% include 'a.md' %}{% endfilter %}
      {% call m(1) %}c{{ name }}{% endcall %}
";
    let messages = traced(text, &json!({"name": "n"}), &[("a.md", "p{{ name }}")]);
    assert_eq!(
        shown(&messages),
        [
            r#""<n>" m(name) prompts/p.yaml:8"#,
            r#""\n" literal prompts/p.yaml:8"#,
            r#""7" s|length prompts/p.yaml:9"#,
            r#""set npn" s prompts/p.yaml:9"#,
            r#""\n" literal prompts/p.yaml:9"#,
            r#""ANPN" upper prompts/p.yaml:10"#,
            r#""\n" literal prompts/p.yaml:10"#,
            r#""<1cn>" m(1) prompts/p.yaml:11"#,
            r#""\n" literal prompts/p.yaml:11"#,
        ]
    );
}

#[test]
fn marks_change_nothing_in_any_construct() {
    let partials = [
        ("p.txt", "[{{ name }}]"),
        ("row.txt", "{{ row.v }};"),
        (
            "m.txt",
            "top{% macro hi(a, b='!') %}hi {{ a }}{{ b }}{{ name }}{% endmacro %}{% set q = 7 %}",
        ),
        ("base.txt", "<{% block a %}A{% endblock %}|{% block b %}B{% endblock %}>"),
        ("mid.txt", "{% extends 'base.txt' %}{% block a %}mid {{ super() }}{% endblock %}"),
        ("nest.txt", "n({% include 'p.txt' %})"),
    ];
    let variables = json!({
        "name": {}, "n": {}, "yes": {}, "no": {}, "empty": {}, "list": {}, "words": {}, "user": {}, "rows": {}, "text": {},
    });
    let given = json!({
        "name": "Ada", "n": 3, "yes": true, "no": false, "empty": "", "list": [3, 1, 2], "words": ["b", "A", "c"],
        "user": {"name": "Bo", "tags": ["x", "y"], "address": {"city": "Ulm"}},
        "rows": [{"k": 1, "v": "one"}, {"k": 2, "v": "two"}], "text": "one\ntwo <b> & é\n",
    });
    let mut compared = 0;
    for &source in crate::jinja::tests::corpus::CORPUS {
        let file =
            json!({"variables": variables, "messages": [{"role": "user", "content": source}]});
        let prompt = prompt(&file.to_string());
        let closure = closed(&prompt, &partials);
        let values = bind(&prompt, given.as_object().unwrap(), Origin::Typed).unwrap();
        let Ok(renderer) = Renderer::new(&prompt, &closure) else { continue };
        if renderer.render(&values).is_ok() {
            traced(&file.to_string(), &given, &partials);
            compared += 1;
        }
    }
    assert!(compared > 70, "{compared}");
}

/// Pieces of templates, put together at random.
fn template() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[a-zé {}%#\n\u{1}<&]{0,6}",
        Just("{{ x }}".to_owned()),
        Just("{{- x -}}".to_owned()),
        Just("{{ x|upper ~ n }}".to_owned()),
        Just("{% include 'a.md' %}".to_owned()),
        Just("{% raw %}{{ x }}{% endraw %}".to_owned()),
        Just("{#- c -#}".to_owned()),
        Just("{{ n * 2 + 1 }}".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let list = prop::collection::vec(inner, 0..4).prop_map(|pieces| pieces.concat());
        prop_oneof![
            list.clone(),
            list.clone()
                .prop_map(|b| format!("{{% for i in [1, 2] %}}{b}{{{{ i }}}}{{% endfor %}}")),
            list.clone().prop_map(|b| format!("{{%- if x -%}}{b}{{%- else %}}no{{% endif -%}}")),
            list.clone()
                .prop_map(|b| format!("{{% set s %}}{b}{{% endset %}}{{{{ s }}}}{{{{ s|trim }}}}")),
            list.clone().prop_map(|b| format!("{{% filter upper %}}{b}{{% endfilter %}}")),
            list.clone().prop_map(|b| format!(
                "{{% macro m(y) %}}{b}{{{{ y }}}}{{% endmacro %}}{{{{ m(n) }}}}"
            )),
            list.prop_map(|b| format!("{{% with y = n %}}{b}{{{{ y }}}}{{% endwith %}}")),
        ]
    })
}

proptest! {
    #[test]
    fn pieces_make_up_the_message_and_marks_change_nothing(source in template(), x in ".{0,8}") {
        let file = json!({"variables": {"x": {}, "n": {}}, "messages": [{"role": "user", "content": source}]}).to_string();
        let partials = [("a.md", "p {{ x }}\n")];
        let prompt = prompt(&file);
        let closure = closed(&prompt, &partials);
        if Renderer::new(&prompt, &closure).is_ok() {
            traced(&file, &json!({"x": x, "n": 3}), &partials);
        }
    }

    #[test]
    fn any_text_is_rendered_or_refused(source in "([a-z \n]|\\{\\{|\\}\\}|\\{%|%\\}|if|for|set|in|x|end|\\||~|\\(|\\)|\\[|\\]|,|=|'|-){0,30}") {
        let file = json!({"variables": {"x": {"default": "v"}}, "messages": [{"role": "user", "content": source}]}).to_string();
        let prompt = prompt(&file);
        let closure = closed(&prompt, &[]);
        if let Ok(renderer) = Renderer::new(&prompt, &closure) {
            let values = bind(&prompt, &serde_json::Map::new(), Origin::Typed).unwrap();
            let _ = renderer.render(&values);
        }
    }
}
