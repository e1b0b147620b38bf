//! X304

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::sent;
use crate::diagnostic::{Diagnostic, excerpt};
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// The few-shot examples show nearly always the same label, or never show one.
    ///
    /// ## Why is this bad?
    ///
    /// Models answer with the labels that they were shown, in about the shares in which they were shown (Zhao et al.,
    /// "Calibrate before use", 2021). A label that no example has is chosen less often than it should be.
    ///
    /// ## What it does
    ///
    /// It looks at five or more examples that are sent, and at outputs, or properties of them, for which `output.schema` has an
    /// `enum`. More than four fifths of one label are too many. A label is missed where there are at least as many
    /// examples as labels.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/sort.yaml
    /// variables: {ticket: string}
    /// messages:
    ///   - examples: {}
    ///   - {role: user, content: "{{ ticket }}"}
    /// examples:
    ///   - {variables: {ticket: Where is my refund?}, output: refund}
    ///   - {variables: {ticket: I want my money back.}, output: refund}
    ///   - {variables: {ticket: You charged me twice.}, output: refund}
    ///   - {variables: {ticket: Please return the fee.}, output: refund}
    ///   - {variables: {ticket: The parcel never came.}, output: refund}
    /// output:
    ///   schema: {enum: [refund, bug]}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/sort.yaml
    /// variables: {ticket: string}
    /// messages:
    ///   - examples: {}
    ///   - {role: user, content: "{{ ticket }}"}
    /// examples:
    ///   - {variables: {ticket: Where is my refund?}, output: refund}
    ///   - {variables: {ticket: The page is blank.}, output: bug}
    ///   - {variables: {ticket: You charged me twice.}, output: refund}
    ///   - {variables: {ticket: The export hangs.}, output: bug}
    ///   - {variables: {ticket: The parcel never came.}, output: refund}
    /// output:
    ///   schema: {enum: [refund, bug]}
    /// ```
    LABEL_IMBALANCE: "X304" "label-imbalance" Info, Check::prompt(check)
}

/// Examples from which on shares mean something.
const FEWEST: usize = 5;

/// The greatest share of one label.
const MOST: f64 = 0.8;

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let prompt = context.prompt;
    let shown = sent(prompt);
    let Some(schema) = prompt.file.output.as_ref().and_then(|output| output.schema.as_ref()) else {
        return;
    };
    if shown < FEWEST {
        return;
    }
    let outputs: Vec<Cow<'_, Value>> =
        prompt.file.examples[..shown].iter().map(|example| parsed(&example.output)).collect();
    let properties = schema.get("properties").and_then(Value::as_object);
    let whole = labels(schema).map(|labels| (None, labels));
    let parts = properties
        .into_iter()
        .flatten()
        .filter_map(|(name, schema)| Some((Some(name.as_str()), labels(schema.as_object()?)?)));
    for (property, labels) in whole.into_iter().chain(parts) {
        let values: Vec<&Value> = outputs
            .iter()
            .filter_map(|output| match property {
                Some(name) => output.get(name),
                None => Some(output.as_ref()),
            })
            .collect();
        let Some(message) = message(property, labels, &values) else { continue };
        let document = &prompt.document;
        let span = document.key_span(&Route::root().key("examples"));
        findings.push(
            LABEL_IMBALANCE
                .at(&document.file, span, message)
                .help("show each label about as often as the others"),
        );
    }
}

/// What is wrong with the labels of the examples.
fn message(property: Option<&str>, labels: &[Value], values: &[&Value]) -> Option<String> {
    if values.len() < FEWEST || labels.len() < 2 {
        return None;
    }
    let count = |label: &Value| values.iter().filter(|value| **value == label).count();
    let of = property.map_or(String::new(), |name| format!(" as `{name}`"));
    let (most, frequent) =
        labels.iter().map(|label| (count(label), label)).max_by_key(|(count, _)| *count)?;
    if most as f64 > MOST * values.len() as f64 {
        return Some(format!("{most} of {} examples have `{}`{of}", values.len(), show(frequent)));
    }
    let missing: Vec<String> = labels
        .iter()
        .filter(|label| !label.is_null() && count(label) == 0)
        .map(|label| format!("`{}`", show(label)))
        .collect();
    if missing.is_empty() || values.len() < labels.len() {
        return None;
    }
    Some(format!("no example has {}{of}", missing.join(" or ")))
}

fn labels(schema: &Map<String, Value>) -> Option<&[Value]> {
    schema.get("enum").and_then(Value::as_array).map(Vec::as_slice)
}

/// An output as a value: a text may hold JSON.
fn parsed(output: &Value) -> Cow<'_, Value> {
    match output.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok()) {
        Some(value @ (Value::Object(_) | Value::Array(_))) => Cow::Owned(value),
        _ => Cow::Borrowed(output),
    }
}

fn show(label: &Value) -> String {
    match label {
        Value::String(text) => excerpt(text, 40),
        other => excerpt(&other.to_string(), 40),
    }
}
