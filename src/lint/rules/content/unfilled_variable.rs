//! C156

use crate::diagnostic::{Diagnostic, Fix};
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::span::Span;

rule! {
    /// A message has the name of a variable in brackets where its value should be.
    ///
    /// ## Why is this bad?
    ///
    /// `[customer]` stays as it is: only `{{ customer }}` becomes the customer.
    ///
    /// ## What it does
    ///
    /// It knows the names of declared variables in `[…]` and `<…>`, in any letter case, with blanks or `-` in the place of `_`. Tags
    /// that are closed and links are left alone. Where the message explains the form of the answer it is wrong.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {first_name: string}
    /// messages:
    ///   - {role: system, content: "You talk to {{ first_name }}."}
    ///   - {role: user, content: "Say hello to [First Name]."}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {first_name: string}
    /// messages:
    ///   - {role: system, content: "You talk to {{ first_name }}."}
    ///   - {role: user, content: "Say hello to {{ first_name }}."}
    /// ```
    UNFILLED_VARIABLE: "C156" "unfilled-variable" Warning fix Unsafe off, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let variables = &context.prompt.file.variables;
    if variables.is_empty() {
        return;
    }
    for prose in context.prose() {
        for (literal, piece) in prose.literals() {
            for (at, open) in piece.match_indices(['[', '<']) {
                let close = if open == "[" { ']' } else { '>' };
                let inside = &piece[at + 1..];
                let Some(length) = inside.find([close, '\n']) else { continue };
                let (written, after) = inside.split_at(length);
                let name = written.to_lowercase().replace([' ', '-'], "_");
                let link = open == "[" && after.starts_with("](");
                let tag = open == "<" && prose.text.contains(&format!("</{written}>"));
                if !after.starts_with(close) || link || tag || !variables.contains_key(&name) {
                    continue;
                }
                let start = literal.span.start + at;
                let span = Span::new(start, start + length + 2);
                let value = format!("{{{{ {name} }}}}");
                let message =
                    format!("`{}` is not the value of `{name}`", &prose.text[span.range()]);
                let mut finding = UNFILLED_VARIABLE
                    .at(prose.file, prose.place(span), message)
                    .help(format!("write `{value}`"));
                finding.fix = prose.replace(span, &value).map(|edit| Fix {
                    message: format!("write `{value}`"),
                    edits: vec![edit],
                    safe: false,
                });
                findings.push(finding);
            }
        }
    }
}
