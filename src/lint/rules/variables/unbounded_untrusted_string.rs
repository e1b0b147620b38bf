//! V108

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::project::variable::Variable;

rule! {
    /// A text from someone untrusted may be of any length.
    ///
    /// ## Why is this bad?
    ///
    /// Whoever sends it decides how long the prompt is and what it costs, and a long text leaves room to talk the model
    /// out of its instructions.
    ///
    /// ## What it does
    ///
    /// It looks at variables with `trust: untrusted` and the type `string`. `maxLength`, `enum`, `const`, a `format` of
    /// limited length such as `date` or `uuid`, and a `pattern` from `^` to `$` without open repetitions bound them.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/triage.yaml
    /// variables:
    ///   ticket: {type: string, trust: untrusted}
    /// messages:
    ///   - {role: user, content: "<ticket>{{ ticket }}</ticket>"}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/triage.yaml
    /// variables:
    ///   ticket: {type: string, trust: untrusted, maxLength: 8000}
    /// messages:
    ///   - {role: user, content: "<ticket>{{ ticket }}</ticket>"}
    /// ```
    UNBOUNDED_UNTRUSTED_STRING: "V108" "unbounded-untrusted-string" Info, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let document = &context.prompt.document;
    for (name, variable) in &context.prompt.file.variables {
        if !variable.untrusted() || !is_text(variable) || is_bounded(variable) {
            continue;
        }
        let span = document.key_span(&Route::root().key("variables").key(name));
        let message = format!("the untrusted text `{name}` may be of any length");
        findings.push(
            UNBOUNDED_UNTRUSTED_STRING
                .at(&document.file, span, message)
                .help("declare `maxLength`, in characters"),
        );
    }
}

fn is_text(variable: &Variable) -> bool {
    match variable.keys().get("type") {
        Some(Value::String(name)) => name == "string",
        Some(Value::Array(names)) => names.iter().any(|name| name == "string"),
        _ => false,
    }
}

fn is_bounded(variable: &Variable) -> bool {
    let keys = variable.keys();
    // What is composed may be bounded in one of its parts.
    let decisive = ["maxLength", "enum", "const", "allOf", "anyOf", "oneOf", "$ref"];
    let format = keys.get("format").and_then(Value::as_str);
    let short = format.is_some_and(|format| {
        matches!(
            format,
            "date"
                | "time"
                | "date-time"
                | "duration"
                | "uuid"
                | "ipv4"
                | "ipv6"
                | "hostname"
                | "email"
        )
    });
    let pattern = keys.get("pattern").and_then(Value::as_str);
    short
        || decisive.iter().any(|key| keys.contains_key(*key))
        || pattern.is_some_and(|pattern| {
            pattern.starts_with('^')
                && pattern.ends_with('$')
                && !pattern.contains(['*', '+', '|'])
                && !pattern.contains(",}")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_really_bounded_counts() {
        let bounded = |json: serde_json::Value| is_bounded(&serde_json::from_value(json).unwrap());
        assert!(!bounded(serde_json::json!({"type": "string", "minLength": 3})));
        assert!(!bounded(serde_json::json!({"type": "string", "pattern": "^[a-z]+$"})));
        assert!(!bounded(serde_json::json!({"type": "string", "pattern": "[a-z]{3}"})));
        assert!(!bounded(serde_json::json!({"type": "string", "pattern": "^a{3,}$"})));
        assert!(!bounded(serde_json::json!({"type": "string", "pattern": "^a|b$"})));
        assert!(!bounded(serde_json::json!({"type": "string", "format": "uri"})));
        assert!(bounded(serde_json::json!({"type": "string", "pattern": "^[A-Z]{2,3}-\\d{4}$"})));
        assert!(bounded(serde_json::json!({"type": "string", "format": "date"})));
        assert!(bounded(serde_json::json!({"type": "string", "maxLength": 0})));
    }
}
