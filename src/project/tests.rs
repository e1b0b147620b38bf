//! That files are read as their schemas say.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::prompt::{PromptFile, PromptName};
use super::{Project, Scope};
use crate::document::{self, KEYS};
use crate::path::RepoPath;
use crate::schema::Schema;
use crate::snapshot::Snapshot;
use crate::span::SourceFile;

#[test]
fn each_key_is_one_of_the_schemas() {
    let mut named = BTreeSet::new();
    for (_, schema) in super::schemas() {
        collect(schema.value(), &mut named);
    }
    let unknown: Vec<&str> = KEYS.into_iter().filter(|key| !named.contains(key)).collect();
    assert_eq!(unknown, Vec::<&str>::new());
    assert!(KEYS.is_sorted());
}

fn collect<'a>(schema: &'a Value, named: &mut BTreeSet<&'a str>) {
    match schema {
        Value::Object(keywords) => {
            for (keyword, value) in keywords {
                match (keyword.as_str(), value) {
                    ("properties", Value::Object(properties)) => {
                        named.extend(properties.keys().map(String::as_str));
                        properties.values().for_each(|value| collect(value, named));
                    }
                    ("$defs", Value::Object(schemas)) => {
                        schemas.values().for_each(|value| collect(value, named));
                    }
                    ("default" | "examples" | "enum" | "const", _) => {}
                    _ => collect(value, named),
                }
            }
        }
        Value::Array(schemas) => schemas.iter().for_each(|value| collect(value, named)),
        _ => {}
    }
}

/// A prompt with most keys, and what can be put in the place of any value in it.
const PROMPT: &str = r"
description: Sorts.
model: {provider: openai, name: gpt, temperature: 0.5, top_p: 1, max_output_tokens: 3, seed: -1, stop: [a], extra: {a: 1}}
variables:
  text: string
  tier: {enum: [free, pro], default: free, trust: untrusted}
  orders: {type: array, items: {type: object}, maxItems: 3, default: []}
messages:
  - {role: system, when: tier, content: Hello}
  - examples: {max: 4}
  - insert: history
    max: 3
  - role: user
    content: [{text: a}, {image: b}]
examples:
  - {variables: {text: a}, output: {label: b}, tags: [c]}
output:
  format: json
  schema: {type: object}
  extract: [json]
  assert: [{type: contains, value: a}]
  on_invalid: {retry: 2}
tools: [{name: look, description: Looks., parameters: {type: object}}]
context: {window: 1000, reserve: 10, drop: [history]}
";

fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(entries) => {
            for (key, value) in entries {
                places(value, &format!("{at}/{key}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn every_file_is_read_as_it_would_be_from_json() {
    let read = |json: &Value| {
        let file = SourceFile::new(RepoPath::new("a.yaml").unwrap(), json.to_string());
        let document = document::parse(&file).0.unwrap();
        assert_eq!(document.to_json(), *json);
        let schema = Schema::of::<PromptFile>();
        let (quick, fits) = schema.fits_both_ways(&document.root, json);
        assert!(quick.is_none_or(|quick| quick == fits), "{json}");
        let direct = document.read::<PromptFile>().map_err(|error| error.to_string());
        let from_json =
            serde_json::from_value::<PromptFile>(json.clone()).map_err(|error| error.to_string());
        assert_eq!(format!("{direct:?}"), format!("{from_json:?}"), "{json}");
        quick
    };
    let file = SourceFile::new(RepoPath::new("a.yaml").unwrap(), PROMPT);
    let whole = document::parse(&file).0.unwrap().to_json();
    let mut without_assertions = whole.clone();
    without_assertions["output"].as_object_mut().unwrap().remove("assert");
    assert_eq!(read(&without_assertions), Some(true));
    let mut at = Vec::new();
    places(&whole, "", &mut at);
    let others = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5),
        json!(4.0),
        json!(u64::MAX),
        json!("x"),
        json!([]),
        json!(["x"]),
        json!({}),
        json!({"x": 1}),
        json!({"text": "x"}),
    ];
    for place in &at {
        for other in &others {
            let mut changed = whole.clone();
            *changed.pointer_mut(place).unwrap() = other.clone();
            if place.is_empty() && other.is_null() {
                continue;
            }
            read(&changed);
        }
    }
}

#[test]
fn of_two_files_with_one_name_all_take_the_same() {
    let messages = |text: &str| format!("messages: [{{role: user, content: {text}}}]\n");
    let path = |text: &str| RepoPath::new(text).unwrap();
    for (yaml, usable) in [(messages("long"), true), ("{".to_owned(), false)] {
        let files = [
            ("prompts/a.yml", messages("short")),
            ("prompts/a.yaml", yaml),
            ("prompts/b.yml", messages("alone")),
            ("evals/s.yml", "prompts: [b]\ncases: [{}]\n".to_owned()),
            ("evals/s.yaml", "prompts: [a]\ncases: [{}]\n".to_owned()),
        ];
        let files = files.map(|(at, text)| (path(at), text.into_bytes()));
        let snapshot = Snapshot::memory(files);
        let name = PromptName("a".to_owned());
        let whole = Project::load(&snapshot).unwrap();
        let only = [path("prompts/a.yml")].into();
        let narrow = Project::load_scope(&snapshot, Scope::Files(&only)).unwrap();
        let named =
            Project::load_scope(&snapshot, Scope::Prompts(std::slice::from_ref(&name))).unwrap();
        for project in [&whole, &narrow, &named] {
            let read = project.prompts.get(&name).map(|prompt| &prompt.path);
            assert_eq!(read.is_some(), usable);
            assert_eq!(read.or(project.unusable.get(&name)), Some(&path("prompts/a.yaml")));
            assert_eq!(project.prompt_path(&name).unwrap(), Some(path("prompts/a.yaml")));
        }
        assert_eq!(whole.hidden, [path("evals/s.yml"), path("prompts/a.yml")]);
        assert_eq!(whole.suites["s"].file.prompts, ["a"]);
        assert_eq!(whole.prompts[&PromptName("b".to_owned())].path, path("prompts/b.yml"));
    }
}
