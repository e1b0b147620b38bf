//! What is said of templates, and that nothing is said of those that render.

mod flow;
mod property;
mod tables;

use crate::template::tests::{closed_with_trees, prompt};
use crate::template::types::infer;

/// Variables of most kinds.
const VARIABLES: &str = r#"  name: string
  n: integer
  yes: boolean
  items: {type: array, items: {type: string}}
  rows: {type: array, items: {type: object, required: [id], additionalProperties: false, properties: {id: {type: integer}, tag: {type: string}}}}
  user: {type: object, required: [name], additionalProperties: false, properties: {name: {type: string}, nick: {type: string}, address: {type: object, properties: {city: {type: string}}}}}
  open: {type: object, properties: {title: {type: string}}}
  tier: {enum: [free, pro]}
  tone: {type: string, required: false}
  extra: {type: object, required: false, properties: {note: {type: string}}}
  maybe: {type: [string, "null"]}
  history: {type: messages, default: []}
  docs: {type: array, trust: untrusted, items: {type: string}}
  any: {}
"#;

/// What is said of one message: code and message, in order.
fn said_with(variables: &str, template: &str, partials: &[(&str, &str)]) -> Vec<String> {
    let content = serde_json::to_string(template).unwrap();
    let yaml =
        format!("variables:\n{variables}messages:\n  - role: user\n    content: {content}\n");
    let prompt = prompt(&yaml);
    let (closure, trees) = closed_with_trees(&prompt, partials);
    let problems = closure.problems(&[]);
    assert!(problems.is_empty(), "{template}: {problems:?}");
    infer(&prompt, &closure, &trees).iter().map(|d| format!("{} {}", d.code, d.message)).collect()
}

fn said(template: &str) -> Vec<String> {
    said_with(VARIABLES, template, &[])
}
