//! Whole prompts, compared: a change of the file, and what is said about it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::document;
use crate::path::RepoPath;
use crate::project::model;
use crate::project::prompt::PromptName;

fn prompt(name: &str, yaml: &str) -> Prompt {
    let path = RepoPath::new(&format!("prompts/{name}.yaml")).unwrap();
    let (document, diagnostics) = document::parse(&SourceFile::new(path.clone(), yaml));
    let document = document.unwrap_or_else(|| panic!("{diagnostics:?}"));
    let file = serde_json::from_value(document.to_json()).unwrap();
    Prompt { name: PromptName(name.to_owned()), path, document: Arc::new(document), file }
}

fn side<'a>(prompt: &'a Prompt, partials: &[(&str, &str)]) -> Side<'a> {
    let partials = partials
        .iter()
        .map(|(name, text)| {
            let path = RepoPath::new(&format!("prompts/{name}")).unwrap();
            ((*name).to_owned(), SourceFile::new(path, *text))
        })
        .collect::<BTreeMap<_, _>>();
    let config = serde_json::from_value(serde_json::json!({"models": {
        "fast": {"provider": "openai", "name": "gpt-4o-mini", "temperature": 0.0},
    }}));
    let model = model::resolve(&config.unwrap(), prompt.file.model.as_ref(), None).ok();
    Side { prompt, partials, model, digest: None }
}

/// A change a line: `code [classes] breaking? where: message`.
fn line(change: &Change) -> String {
    let classes: Vec<&str> = change.classes.iter().map(|class| class.as_str()).collect();
    let breaking = match change.breaking {
        Breaking::Yes => "breaks",
        Breaking::No => "fine",
        Breaking::Unknown => "unknown",
    };
    let classes = classes.join("+");
    format!("{} {classes} {breaking} {}: {}", change.kind, change.location, change.message)
}

fn lines(before: &str, after: &str) -> Vec<String> {
    let (before, after) = (prompt("p", before), prompt("p", after));
    compare(&side(&before, &[]), &side(&after, &[])).iter().map(line).collect()
}

/// Parts of a file: whatever is left out of a pair is the same on both sides.
#[track_caller]
fn check(table: &[(&str, &str, &[&str])]) {
    let file = |part: &str| match part.contains("messages:") {
        true => part.to_owned(),
        false => format!("{part}\nmessages: [{{role: user, content: Hi}}]\n"),
    };
    for (before, after, expected) in table {
        assert_eq!(lines(&file(before), &file(after)), *expected, "\n{before}\n→\n{after}");
    }
}

#[test]
fn layout_comments_and_the_order_of_keys_change_nothing() {
    check(&[
        (
            "# a comment\nmodel: openai/x\nvariables: {a: string, b: {type: integer, minimum: 1}}",
            "variables:\n  b: {minimum: 1, type: integer}\n  a: {type: string}\nmodel: \"openai/x\"",
            &[],
        ),
        ("output: {}", "", &[]),
        ("context: {reserve: 0}", "", &[]),
        ("model: fast", "model: {name: gpt-4o-mini, provider: openai, temperature: 0}", &[]),
    ]);
}

#[test]
fn the_order_of_keys_is_a_change_where_the_model_reads_it() {
    check(&[
        (
            "output: {format: json, schema: {type: object, properties: {a: {}, b: {}}}}",
            "output: {format: json, schema: {type: object, properties: {b: {}, a: {}}}}",
            &["key-order model fine output.schema: the keys stand in another order"],
        ),
        (
            "tools: [{name: t, parameters: {type: object, properties: {a: {}, b: {}}}}]",
            "tools: [{name: t, parameters: {properties: {a: {}, b: {}}, type: object}}]",
            &["key-order model fine tools.t.parameters: the keys stand in another order"],
        ),
        (
            "examples: [{variables: {x: 1, y: 2}, output: {a: 1, b: 2}}]\nmessages: [{examples: {}}]",
            "examples: [{variables: {y: 2, x: 1}, output: {b: 2, a: 1}}]\nmessages: [{examples: {}}]",
            &["key-order model fine examples[0].output: the keys stand in another order"],
        ),
    ]);
}

#[test]
fn models() {
    check(&[
        (
            "model: openai/a",
            "model: openai/b",
            &["model model+cost unknown model: openai/a → openai/b"],
        ),
        ("", "model: fast", &["model model+cost unknown model: none → openai/gpt-4o-mini"]),
        ("model: slow", "model: slower", &["model model+cost unknown model: slow → slower"]),
        (
            "model: {provider: p, name: n, max_output_tokens: 50, stop: [A], extra: {a: 1}}",
            "model: {provider: p, name: n, max_output_tokens: 40, temperature: 0.5, extra: {a: 2, b: 1}}",
            &[
                "model-parameter model unknown model.temperature: none → 0.5",
                "model-parameter consumer+model+cost unknown model.max_output_tokens: 50 → 40",
                "model-parameter consumer+model unknown model.stop: [\"A\"] → none",
                "model-parameter model unknown model.extra.a: 1 → 2",
                "model-parameter model unknown model.extra.b: none → 1",
            ],
        ),
    ]);
}

#[test]
fn variables() {
    check(&[
        (
            "",
            "variables: {a: string}",
            &["variable-added caller breaks variables.a: a new variable that callers must give"],
        ),
        (
            "",
            "variables: {a: {type: string, default: x}}",
            &["variable-added caller fine variables.a: a new variable that callers may give"],
        ),
        (
            "variables: {a: string}",
            "",
            &[
                "variable-removed caller breaks variables.a: the variable is gone: giving it is an error",
            ],
        ),
        (
            "variables: {a: {type: string, default: x}}",
            "variables: {a: string}",
            &["variable-required caller breaks variables.a: required now; it had the default `x`"],
        ),
        (
            "variables: {a: string}",
            "variables: {a: {type: string, required: false}}",
            &["variable-required caller fine variables.a: optional now"],
        ),
        (
            "variables: {a: {type: string, default: x}}",
            "variables: {a: {type: string, default: y}}",
            &["variable-default caller+model unknown variables.a: default: x → y"],
        ),
        (
            "variables: {a: {type: string, default: x}}",
            "variables: {a: {type: string, required: false}}",
            &["variable-default caller+model unknown variables.a: default: x → none"],
        ),
        (
            "variables: {a: {enum: [free, pro]}}",
            "variables: {a: {enum: [free, team]}}",
            &[
                "variable-type caller breaks variables.a: `pro` is no longer a value",
                "variable-type caller fine variables.a: `team` is a new value",
            ],
        ),
        (
            "variables: {a: number}",
            "variables: {a: integer}",
            &["variable-type caller breaks variables.a: type: number → integer"],
        ),
        (
            "variables: {a: {type: string, maxLength: 10}}",
            "variables: {a: {type: string, maxLength: 20, description: Long.}}",
            &[
                "variable-type caller fine variables.a: maxLength: 10 → 20",
                "variable-description docs fine variables.a: another description",
            ],
        ),
        (
            "variables: {a: {type: string, pattern: '^a+$'}}",
            "variables: {a: {type: string, pattern: '^aa*$'}}",
            &["variable-type caller unknown variables.a: pattern: ^a+$ → ^aa*$"],
        ),
        (
            "variables: {a: {type: array, items: {type: object, properties: {k: {type: integer}}}}}",
            "variables: {a: {type: array, items: {type: object, properties: {k: {type: number}}}}}",
            &["variable-type caller fine variables.a.items.properties.k: type: integer → number"],
        ),
        (
            "variables: {a: {type: string, trust: untrusted}}",
            "variables: {a: string}",
            &["variable-trust docs fine variables.a: untrusted → trusted"],
        ),
    ]);
    let into_messages =
        lines("variables: {a: string}\nmessages: []", "variables: {a: messages}\nmessages: []");
    assert_eq!(into_messages[0], "variable-type caller breaks variables.a: type: string → array");
}

#[test]
fn messages() {
    check(&[
        (
            "messages: [{role: system, content: You sort tickets.}, {role: user, content: '{{ ticket }}'}]",
            "messages: [{role: system, content: You sort tickets.}, {role: assistant, content: Fine.}, {role: user, content: '{{ ticket }}'}]",
            &["message-added model unknown messages[1]: the assistant message is new"],
        ),
        (
            "messages: [{role: system, content: Be kind.}, {role: user, content: Hi}]",
            "messages: [{role: developer, content: Be kind.}, {role: user, when: ticket, content: Hi}]",
            &[
                "message-role model unknown messages[0]: system → developer",
                "message-when model unknown messages[1]: sent when: always → ticket",
            ],
        ),
        (
            "messages: [{role: system, content: Be kind.}, {role: user, content: Hi}]",
            "messages: [{role: user, content: Hi}, {role: system, content: Be kind.}]",
            &[
                "message-moved model unknown messages[1]: the system message moves here from messages[0]",
            ],
        ),
        (
            "messages: [{role: system, content: Be kind.}, {role: user, content: Hi}]",
            "messages: [{role: system, content: Never mention refunds}, {role: user, content: 'Hi '}]",
            &[
                "message-text model unknown messages[0]: the text changes",
                "message-text model unknown messages[1]: the text changes in white space only",
            ],
        ),
        (
            "messages: [{examples: {max: 2}}, {insert: history}, {role: user, content: Hi}]",
            "messages: [{examples: {}}, {insert: thread}, {role: user, content: [{text: Hi}, {image: '{{ photo }}'}]}]",
            &[
                "message-limit model+cost unknown messages[0]: at most this many of the place for the examples: 2 → all",
                "message-added model unknown messages[1]: the conversation `thread` is new",
                "message-removed model unknown messages[1]: the conversation `history` is gone",
                "message-text model unknown messages[2]: the text becomes a list of parts",
            ],
        ),
    ]);
}

#[test]
fn partials_concern_the_prompts_that_reach_them() {
    let prompt = prompt("p", "messages: [{role: user, content: Hi}]");
    let changes = compare(
        &side(&prompt, &[("a.md", "one\n"), ("b.md", "same\n"), ("c.md", "gone")]),
        &side(&prompt, &[("a.md", "two\n"), ("b.md", "same"), ("d.md", "new")]),
    );
    assert_eq!(
        changes.iter().map(line).collect::<Vec<_>>(),
        [
            "partial-text model unknown prompts/a.md: the text changes",
            "partial-removed model unknown prompts/c.md: no longer included",
            "partial-added model unknown prompts/d.md: included now",
        ]
    );
    assert_eq!(changes[0].before, Some("one".into()));
}

#[test]
fn examples_count_where_they_are_sent() {
    let file = |max: &str, examples: &str| {
        format!("messages: [{{examples: {max}}}]\nexamples: [{examples}]")
    };
    let (a, b, c) =
        ("{output: alpha one}", "{output: beta two}", "{output: gamma three, tags: [x]}");
    let join = |examples: &[&str]| examples.join(", ");
    let table: &[(String, String, &[&str])] = &[
        (
            file("{max: 1}", &join(&[a, b])),
            file("{max: 1}", &join(&[a, b, c])),
            &["example-added docs fine examples[2]: the example is new"],
        ),
        (
            file("{}", &join(&[a, b])),
            file("{}", &join(&[c, a, b])),
            &["example-added model+cost unknown examples[0]: the example is new"],
        ),
        (
            file("{}", &join(&[a, b, c])),
            file("{}", &join(&[b, a, "{output: gamma three}"])),
            &[
                "example-moved model+cost unknown examples[1]: the example moves here from examples[0]",
                "metadata docs fine examples[2].tags: tags: x → ",
            ],
        ),
        (
            file("{}", "{variables: {q: what is it}, output: a}"),
            file("{}", "{variables: {q: what is that}, output: a}"),
            &["example-changed model+cost unknown examples[0]: the example changes"],
        ),
        (
            format!("messages: [{{role: user, content: Hi}}]\nexamples: [{a}]"),
            format!("messages: [{{role: user, content: Hi}}]\nexamples: [{b}]"),
            &[
                "example-removed docs fine examples[0]: the example is gone",
                "example-added docs fine examples[0]: the example is new",
            ],
        ),
    ];
    for (before, after, expected) in table {
        let mut found = lines(before, after);
        let mut expected: Vec<&str> = expected.to_vec();
        found.sort();
        expected.sort_unstable();
        assert_eq!(found, expected, "\n{before}\n→\n{after}");
    }
}

#[test]
fn the_output_contract_is_read_from_the_other_side() {
    check(&[
        (
            "output: {schema: {type: object, required: [label], properties: {label: {enum: [refund, bug]}}}}",
            "output: {schema: {type: object, properties: {label: {enum: [refund, bug, spam]}}}}",
            &[
                "output-schema consumer breaks output.schema: the property `label` is no longer required",
                "output-schema consumer breaks output.schema.properties.label: `spam` is a new value",
            ],
        ),
        (
            "output: {format: json, schema: {type: object, properties: {n: {type: number}}}}",
            "output: {format: json, schema: {type: object, required: [n], properties: {n: {type: integer, description: How many.}}}}",
            &[
                "output-schema consumer fine output.schema.properties.n: type: number → integer",
                "output-schema consumer fine output.schema: the property `n` is required now",
                "output-schema model unknown output.schema: the model is given another schema",
            ],
        ),
        (
            "output: {format: json, schema: {type: object, description: a}}",
            "output: {format: json, schema: {type: object, description: b}}",
            &["output-schema model unknown output.schema: the model is given another schema"],
        ),
        (
            "output: {schema: {type: object}}",
            "",
            &["output-schema consumer breaks output.schema: answers have no schema any more"],
        ),
        (
            "",
            "output: {schema: {type: object}}",
            &["output-schema consumer fine output.schema: answers have a schema now"],
        ),
        (
            "output: {extract: [json], on_invalid: {retry: 1}}",
            "output: {format: json, extract: [strip-thinking, json], on_invalid: {retry: 2}}",
            &[
                "output-format consumer+model breaks output.format: answers are json instead of text",
                "output-extract consumer unknown output.extract: json → strip-thinking, json",
                "output-retry cost unknown output.on_invalid.retry: an invalid answer is asked for again at most: 1 → 2",
            ],
        ),
        (
            "output: {assert: [{type: contains, value: a}, {type: max-length, value: 9}]}",
            "output: {assert: [{type: max-length, value: 10}, {type: is-json}]}",
            &[
                "output-assert consumer unknown output.assert[0]: no longer checked: {\"type\":\"contains\",\"value\":\"a\"}",
                "output-assert consumer unknown output.assert[0]: {\"type\":\"max-length\",\"value\":9} → {\"type\":\"max-length\",\"value\":10}",
                "output-assert consumer fine output.assert[1]: checked now: {\"type\":\"is-json\"}",
            ],
        ),
    ]);
}

#[test]
fn tools() {
    check(&[(
        "tools: [{name: a, description: Looks up., parameters: {type: object, properties: {id: {type: string}}}}, {name: b}]",
        "tools: [{name: a, description: Looks it up., parameters: {type: object, properties: {id: {type: [string, 'null']}}}}, {name: c}]",
        &[
            "tool-changed model unknown tools.a.description: the text changes",
            "tool-changed consumer breaks tools.a.parameters.properties.id: type: string → string | null",
            "tool-changed model unknown tools.a.parameters: the model is given another schema",
            "tool-added consumer+model breaks tools.c: a new tool, which the code that runs tools must know",
            "tool-removed consumer+model breaks tools.b: the tool is gone",
        ],
    )]);
}

#[test]
fn facts() {
    check(&[(
        "description: a\nowner: x\ntags: [a]\nmetadata: {t: 1}\ncontext: {window: 100}",
        "description: b\nowner: y\ntags: [a, b]\nactive: false\ndeprecated: {use: q}\ncontext: {window: 200, drop: [examples]}",
        &[
            "active caller breaks active: not active any more: run, eval and labels refuse it",
            "deprecated caller fine deprecated: deprecated: use q",
            "description docs fine description: another description",
            "metadata docs fine owner: x → y",
            "metadata docs fine tags: [\"a\"] → [\"a\",\"b\"]",
            "metadata docs fine metadata.t: 1 → none",
            "context model+cost unknown context.window: 100 → 200",
            "context model+cost unknown context.drop: none → [\"examples\"]",
        ],
    )]);
}

fn shown(changes: &[PromptChange]) -> Vec<String> {
    changes
        .iter()
        .map(|change| {
            let lines: Vec<String> = change.changes.iter().map(line).collect();
            format!("{} {:?} [{}]", change.name, change.status, lines.join("; "))
        })
        .collect()
}

#[test]
fn prompts_are_paired_by_name_then_by_likeness() {
    let sort = "messages: [{role: user, content: Sort this support ticket for our pro customers}]";
    let sort_more =
        "messages: [{role: user, content: Sort this support ticket for our team customers}]";
    let other = "messages: [{role: user, content: Write a poem about rain and trains}]";
    let leaving = "deprecated: {use: kept}\nmessages: [{role: user, content: Bye}]";
    let gone = "messages: [{role: user, content: Goodbye}]";
    let before = [
        prompt("kept", "messages: []"),
        prompt("sort", sort),
        prompt("leaving", leaving),
        prompt("gone", gone),
        prompt("twin", "messages: [{insert: one}]"),
    ];
    let after = [
        prompt("kept", "messages: []"),
        prompt("support/sort", sort_more),
        prompt("poem", other),
        prompt("twins/a", "# moved\nmessages: [{insert: one}]"),
        prompt("twins/b", "messages: [{insert: one}]"),
    ];
    let sides = |prompts: &'static [Prompt]| -> Vec<Side<'static>> {
        prompts.iter().map(|p| side(p, &[])).collect()
    };
    let before = sides(Box::leak(Box::new(before)));
    let after = sides(Box::leak(Box::new(after)));
    let expected = [
        "gone Removed [prompt-removed caller breaks prompts/gone.yaml: the prompt is gone]",
        "leaving Removed [prompt-removed caller fine prompts/leaving.yaml: the prompt is gone; it was deprecated in favour of `kept`]",
        "poem Added [prompt-added caller fine prompts/poem.yaml: a new prompt]",
        "support/sort Renamed { from: PromptName(\"sort\") } [prompt-renamed caller breaks prompts/support/sort.yaml: callers must ask for `support/sort` instead of `sort`; message-text model unknown messages[0]: the text changes]",
        "twins/a Renamed { from: PromptName(\"twin\") } [prompt-renamed caller breaks prompts/twins/a.yaml: callers must ask for `twins/a` instead of `twin`]",
        "twins/b Added [prompt-added caller fine prompts/twins/b.yaml: a new prompt]",
    ];
    let changes = compare_projects(&before, &after);
    assert_eq!(shown(&changes), expected);
    let mut shuffled = before.clone();
    shuffled.reverse();
    assert_eq!(compare_projects(&shuffled, &after), changes);
    assert_eq!(compare_projects(&before, &before), []);
}

#[test]
fn denying_a_class_refuses_what_is_not_proved_harmless() {
    let projects = |before: &str, after: &str| {
        let (before, after) = (prompt("p", before), prompt("p", after));
        compare_projects(&[side(&before, &[])], &[side(&after, &[])])
    };
    let narrower = projects(
        "output: {format: json, schema: {type: number}}\nmessages: []",
        "output: {format: json, schema: {type: integer}}\nmessages: []",
    );
    assert!(!denied(&narrower, &[Class::Consumer, Class::Caller]));
    assert!(denied(&narrower, &[Class::Model]));
    let unclear = projects(
        "variables: {a: {type: string, pattern: a}}\nmessages: []",
        "variables: {a: {type: string, pattern: b}}\nmessages: []",
    );
    assert!(denied(&unclear, &[Class::Caller]));
    assert!(!denied(&unclear, &[]));
    let documented = projects("description: a\nmessages: []", "description: b\nmessages: []");
    assert!(!denied(&documented, &Class::ALL));
}
