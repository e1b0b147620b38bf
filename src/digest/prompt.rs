//! The two digests of a prompt: of what reaches the model, and of what callers and consumers rely on.

use serde_json::{Map, Value, json};

use super::{Digest, canonical_json, sha256};
use crate::project::model::ResolvedModel;
use crate::project::prompt::{ContentTemplate, Entry, OutputFormat, PartTemplate, Prompt};
use crate::project::variable::Variable;
use crate::template::{self, Closure};

/// The hash of everything that reaches the model.
///
/// Of the model (provider name, never its address), the messages, the variables' types, defaults and constraints, the
/// partials that can be reached, the examples that are sent, the tools, the output format, extraction and schema, and
/// the context. Not of names, descriptions, owner, tags, metadata or comments. The order of keys is ignored, except
/// inside schemas, tool parameters and example outputs, where the model sees it.
pub fn content(prompt: &Prompt, closure: &Closure, model: Option<&ResolvedModel>) -> Digest {
    let file = &prompt.file;
    let mut whole = Map::new();
    let mut put = |key: &str, value: Value| {
        if !matches!(&value, Value::Null) {
            whole.insert(key.to_owned(), value);
        }
    };
    put("model", model.map_or(Value::Null, model_value));
    put("messages", file.messages.iter().map(entry).collect());
    put("variables", variables(prompt));
    put(
        "partials",
        Value::Object(
            closure
                .partials
                .iter()
                .map(|(name, partial)| (name.clone(), Value::from(partial.text())))
                .collect(),
        ),
    );
    put("examples", examples(prompt, closure));
    put("tools", file.tools.iter().map(|tool| in_order(&json!(tool))).collect());
    put("output", output(prompt));
    put("context", context(prompt));
    hash(whole)
}

/// The hash of what callers and consumers rely on: variables with types, defaults and what is required, `when`,
/// `insert`, the context, the output contract and the tools.
pub fn contract(prompt: &Prompt) -> Digest {
    let file = &prompt.file;
    let conditions: Value = file
        .messages
        .iter()
        .filter_map(|entry| match entry {
            Entry::Message(message) => message.when.as_deref().map(|when| json!({"when": when})),
            Entry::Insert(insert) => Some(json!({"insert": insert.insert, "max": insert.max})),
            Entry::Examples(_) => None,
        })
        .collect();
    let mut whole = Map::new();
    whole.insert("variables".into(), variables(prompt));
    whole.insert("conditions".into(), conditions);
    whole.insert("output".into(), output(prompt));
    whole.insert("tools".into(), file.tools.iter().map(|tool| in_order(&json!(tool))).collect());
    whole.insert("context".into(), context(prompt));
    hash(whole)
}

fn hash(whole: Map<String, Value>) -> Digest {
    sha256(canonical_json(&Value::Object(whole)).as_bytes())
}

/// A value whose order of keys counts: its text, which sorting does not reach.
fn in_order(value: &Value) -> Value {
    Value::String(value.to_string())
}

fn model_value(model: &ResolvedModel) -> Value {
    let mut value = json!(model.settings);
    if let (Some(prefix), Some(map)) = (&model.prefix, value.as_object_mut()) {
        map.insert("prefix".into(), prefix.as_str().into());
    }
    value
}

fn entry(entry: &Entry) -> Value {
    match entry {
        Entry::Message(message) => {
            let content = match &message.content {
                ContentTemplate::Text(text) => json!(text),
                ContentTemplate::Parts(parts) => parts
                    .iter()
                    .map(|part| match part {
                        PartTemplate::Text(text) => json!({"text": text}),
                        PartTemplate::Image(image) => json!({"image": image}),
                    })
                    .collect(),
            };
            json!({"role": message.role, "when": message.when, "content": content})
        }
        Entry::Examples(entry) => json!({"examples": {"max": entry.examples.max}}),
        Entry::Insert(insert) => json!({"insert": insert.insert, "max": insert.max}),
    }
}

/// The variables without what is said about them for people.
fn variables(prompt: &Prompt) -> Value {
    const SAID: [&str; 6] = ["description", "title", "examples", "deprecated", "$comment", "trust"];
    let constraints = |variable: &Variable| -> Value {
        let mut keys = variable.keys().clone();
        keys.retain(|key, _| !SAID.contains(&key.as_str()));
        Value::Object(keys)
    };
    let variables = prompt.file.variables.iter();
    Value::Object(variables.map(|(name, variable)| (name.clone(), constraints(variable))).collect())
}

/// The examples that are sent: those of the `examples` entry, or all when a template reads them.
fn examples(prompt: &Prompt, closure: &Closure) -> Value {
    if prompt.file.examples.is_empty() {
        return Value::Array(Vec::new());
    }
    let entry = prompt.file.messages.iter().find_map(|entry| match entry {
        Entry::Examples(entry) => Some(entry.examples.max.unwrap_or(usize::MAX)),
        _ => None,
    });
    let sent =
        if template::reads_examples(prompt, closure) { usize::MAX } else { entry.unwrap_or(0) };
    let examples = prompt.file.examples.iter().take(sent);
    examples
        .map(|example| json!({"variables": example.variables, "output": in_order(&example.output)}))
        .collect()
}

fn output(prompt: &Prompt) -> Value {
    let Some(output) = &prompt.file.output else { return Value::Null };
    let format = match output.format {
        OutputFormat::Text => "text",
        OutputFormat::Json => "json",
    };
    let schema = output.schema.as_ref().map(|schema| in_order(&Value::Object(schema.clone())));
    json!({"format": format, "schema": schema, "extract": output.extract})
}

fn context(prompt: &Prompt) -> Value {
    match &prompt.file.context {
        Some(context) => {
            json!({"window": context.window, "reserve": context.reserve, "drop": context.drop})
        }
        None => Value::Null,
    }
}
