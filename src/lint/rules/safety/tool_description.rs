//! S410

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A tool or an argument of a tool has no description.
    ///
    /// ## Why is this bad?
    ///
    /// The description is all that the model knows of a tool. Without it the model guesses from the name when to call it
    /// and what to pass, and calls a tool that acts on the world when it should not.
    ///
    /// ## What it does
    ///
    /// An argument with an `enum`, `const` or `$ref` says enough, and so does one that has a `title`. It also reports names
    /// of arguments that not all providers accept: letters, digits, `_`, `.` and `-`, at most 64 of them.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/order.yaml
    /// messages:
    ///   - {role: user, content: Where is my order?}
    /// tools:
    ///   - name: lookup_order
    ///     parameters: {type: object, properties: {id: {type: string}}}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/order.yaml
    /// messages:
    ///   - {role: user, content: Where is my order?}
    /// tools:
    ///   - name: lookup_order
    ///     description: Says where an order is. For orders of the customer who asks only.
    ///     parameters: {type: object, properties: {id: {type: string, description: The number on the receipt.}}}
    /// ```
    TOOL_DESCRIPTION: "S410" "tool-without-description" Warning, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let document = &context.prompt.document;
    let file = &document.file;
    for (index, tool) in context.prompt.file.tools.iter().enumerate() {
        let route = Route::root().key("tools").index(index);
        let blank = |text: Option<&str>| text.is_none_or(|text| text.trim().is_empty());
        if blank(tool.description.as_deref()) {
            let span = document.span(&route.key("name"));
            findings.push(
                TOOL_DESCRIPTION
                    .at(file, span, format!("the tool `{}` has no description", tool.name))
                    .help("say what it does, when to call it, and when not to"),
            );
        }
        let Some(properties) = tool.parameters.get("properties").and_then(|p| p.as_object()) else {
            continue;
        };
        let route = route.key("parameters").key("properties");
        let says_nothing = |schema: &serde_json::Value| {
            let has = |key: &str| schema.get(key).is_some();
            blank(schema.get("description").and_then(|d| d.as_str()))
                && !["enum", "const", "$ref", "title"].into_iter().any(has)
        };
        let silent: Vec<&String> =
            properties.iter().filter(|(_, s)| says_nothing(s)).map(|(name, _)| name).collect();
        if let Some(first) = silent.first() {
            let names: Vec<String> = silent.iter().map(|name| format!("`{name}`")).collect();
            let (noun, verb) =
                if names.len() == 1 { ("argument", "has") } else { ("arguments", "have") };
            let message =
                format!("the {noun} {} of `{}` {verb} no description", names.join(", "), tool.name);
            findings.push(
                TOOL_DESCRIPTION
                    .at(file, document.key_span(&route.key(first.as_str())), message)
                    .help("say what to pass, in which form"),
            );
        }
        for name in properties.keys().filter(|name| !is_portable(name)) {
            let span = document.key_span(&route.key(name.as_str()));
            let message = format!(
                "not all providers accept an argument with the name `{}`",
                name.escape_debug()
            );
            findings.push(
                TOOL_DESCRIPTION
                    .at(file, span, message)
                    .help("use at most 64 letters, digits, `_`, `.` and `-`"),
            );
        }
    }
}

fn is_portable(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    (1..=64).contains(&name.len()) && name.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    #[test]
    fn silent_tools_and_arguments_are_named_once() {
        let prompt = "messages:\n  - {role: user, content: Hi}\ntools:\n  - {name: a, description: '  '}\n  - {name: b, description: Adds., parameters: {properties: {x: {type: number}, y: {type: number}, unit: {enum: [m]}, 'z z': {description: Z.}}}}\n";
        assert_eq!(
            findings("S410", &[("prompts/a.yaml", prompt)]),
            [
                "prompts/a.yaml:4:12 S410 the tool `a` has no description",
                "prompts/a.yaml:5:61 S410 the arguments `x`, `y` of `b` have no description",
                "prompts/a.yaml:5:118 S410 not all providers accept an argument with the name `z z`",
            ]
        );
    }
}
