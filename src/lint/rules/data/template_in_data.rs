//! D554

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::lint::context::SuiteContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A value of a case has template syntax.
    ///
    /// ## Why is this bad?
    ///
    /// Rows are data and are never rendered: the model sees the braces. In some other tools they are rendered, so a
    /// dataset that was brought over may mean something else than it says here.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {name: string}
    /// messages:
    ///   - {role: user, content: "Greet {{ name }}."}
    /// ```
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{id: a, variables: {name: "{{ first }} Lovelace"}}]
    /// assert: [{type: contains, value: Hello}]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{id: a, variables: {name: Ada Lovelace}}]
    /// assert: [{type: contains, value: Hello}]
    /// ```
    TEMPLATE_IN_DATA: "D554" "template-in-data" Warning, Check::suite(check)
}

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    for (id, placed) in context.identified() {
        let case = &placed.case;
        let values = case.variables.iter().map(|(name, value)| (name.as_str(), value));
        let expected = case.expected.iter().map(|value| ("expected", value));
        for (name, value) in values.chain(expected) {
            if let Some(syntax) = template_syntax(value) {
                findings.push(
                    TEMPLATE_IN_DATA
                        .at(&placed.file, placed.span, format!("`{name}` of case `{id}` has template syntax: `{syntax}`"))
                        .help("rows are never rendered; if the braces are meant literally, ignore this rule for the file"),
                );
            }
        }
    }
}

/// The first `{{ … }}` or `{% … %}` in a value.
fn template_syntax(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => ["{{", "{%"].iter().zip(["}}", "%}"]).find_map(|(open, close)| {
            let start = text.find(open)?;
            let length = text[start..].find(close)?;
            Some(crate::diagnostic::excerpt(&text[start..start + length + close.len()], 40))
        }),
        Value::Array(items) => items.iter().find_map(template_syntax),
        Value::Object(map) => map.values().find_map(template_syntax),
        _ => None,
    }
}
