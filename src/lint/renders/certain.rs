//! Templates that cannot fail: most prompts print texts that must be given, and need not be rendered to know it.

use indexmap::IndexMap;
use serde_json::Value;

use crate::lint::tags::{Tag, TagKind, tags};
use crate::project::prompt::Prompt;
use crate::project::variable::Variable;
use crate::template::Closure;
use crate::template::closure::TemplateKind;

/// Whether rendering succeeds with all values that the variables allow, as far as that can be seen at once: the templates
/// print variables that are never none, and ask of variables whether they are true or equal something.
pub fn always_renders(prompt: &Prompt, closure: &Closure) -> bool {
    let variables = &prompt.file.variables;
    let own = closure.templates.iter().all(|template| match template.kind {
        TemplateKind::Text => tags(&template.text).all(|tag| harmless(&tag, variables)),
        TemplateKind::Expression => condition(&template.text, variables),
    });
    own && closure.cycles.is_empty()
        && closure
            .partials
            .values()
            .all(|partial| tags(partial.text()).all(|tag| harmless(&tag, variables)))
}

fn harmless(tag: &Tag<'_>, variables: &IndexMap<String, Variable>) -> bool {
    match tag.kind {
        TagKind::Comment => true,
        TagKind::Print => prints(tag.inner, variables),
        TagKind::Block => match tag.word() {
            "else" | "endif" | "raw" | "endraw" | "include" => true,
            word @ ("if" | "elif") => condition(&tag.inner[word.len()..], variables),
            _ => false,
        },
    }
}

/// A variable, with filters after it that take any text.
fn prints(expression: &str, variables: &IndexMap<String, Variable>) -> bool {
    let mut steps = expression.split('|').map(str::trim);
    let Some(variable) = steps.next().and_then(|name| variables.get(name)) else { return false };
    let text = variable.type_name() == Some("string");
    let filters = steps.all(|filter| {
        text && matches!(filter, "trim" | "upper" | "lower" | "title" | "capitalize")
    });
    filters && never_none(variable)
}

fn never_none(variable: &Variable) -> bool {
    let given = variable.required() || variable.default().is_some_and(|value| !value.is_null());
    let allows_none = match (variable.choices(), variable.keys().get("type")) {
        (Some(choices), _) => choices.contains(&Value::Null),
        (None, Some(Value::String(name))) => name == "null",
        (None, _) => true,
    };
    given && !allows_none
}

/// Variables, texts and `==`, joined by `and`, `or` and `not`.
fn condition(expression: &str, variables: &IndexMap<String, Variable>) -> bool {
    let mut rest = expression.trim();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => match rest[1..].find([first, '\\']) {
                Some(end) if rest[1 + end..].starts_with(first) => end + 2,
                _ => return false,
            },
            '(' | ')' => 1,
            '=' | '!' if rest[1..].starts_with('=') => 2,
            c if c.is_alphabetic() || c == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                let word = &rest[..end.unwrap_or(rest.len())];
                if !matches!(word, "and" | "or" | "not") && !variables.contains_key(word) {
                    return false;
                }
                word.len()
            }
            _ => return false,
        };
        rest = rest[length..].trim_start();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certain(text: &str) -> bool {
        let variables = serde_json::from_value(serde_json::json!({
            "name": "string",
            "tone": {"enum": ["warm", "plain"], "default": "plain"},
            "note": {"type": "string", "required": false},
            "maybe": {"type": ["string", "null"]},
            "any": {},
            "n": "integer",
            "list": {"type": "array"},
        }));
        let variables = variables.unwrap();
        tags(text).all(|tag| harmless(&tag, &variables))
    }

    #[test]
    fn what_cannot_fail_is_told_from_what_can() {
        for text in [
            "plain {name}",
            "{{ name }} {{- tone -}} {{ n }} {{ list }} {# note #}",
            "{{ name | trim | upper }}",
            "{% if note and (tone == 'warm' or not name) %}a{% elif n %}b{% else %}c{% endif %}",
            "{% include \"a.md\" %}{% raw %}{{ note }}{% endraw %}",
        ] {
            assert!(certain(text), "{text}");
        }
        for text in [
            "{{ note }}",
            "{{ maybe }}",
            "{{ any }}",
            "{{ nmae }}",
            "{{ n | upper }}",
            "{{ name | replace('a') }}",
            "{{ list[0] }}",
            "{{ name ~ note }}",
            "{% for x in list %}{% endfor %}",
            "{% if n > 3 %}{% endif %}",
            "{% if name.x %}{% endif %}",
            "{% if name == 'it\\'s' %}{% endif %}",
        ] {
            assert!(!certain(text), "{text}");
        }
    }
}
