//! What the rules about untrusted text share.

use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::message::Role;
use crate::project::variable::Variable;
use crate::span::Span;
use crate::template::flow::{Flow, Print};

/// Whether values of a variable cannot say much: numbers, truths, one of a list, or what fits a narrow pattern.
fn is_harmless(variable: &Variable) -> bool {
    let keys = variable.keys();
    let listed = variable.choices().is_some() || keys.contains_key("const");
    let kind = matches!(variable.type_name(), Some("integer" | "number" | "boolean" | "null"));
    let pattern = keys.get("pattern").and_then(|pattern| pattern.as_str());
    let narrow = pattern.is_some_and(|pattern| {
        let wide = [".", "\\s", "\\S", "\\W", "\\D", "[^", " "];
        // `\.` is a dot and no wildcard.
        let plain = pattern.replace("\\.", "");
        pattern.starts_with('^')
            && pattern.ends_with('$')
            && !wide.iter().any(|w| plain.contains(w))
    });
    listed || kind || narrow
}

/// Untrusted values that are printed in messages, each with the flow of its message and who speaks there.
pub(super) fn prints<'c>(
    context: &'c PromptContext<'_>,
) -> impl Iterator<Item = (&'c Flow, &'c Print, Role)> {
    context.untrusted().iter().flat_map(move |flow| {
        let template = &context.closure.templates[flow.template];
        let image =
            template.route.segments().last() == Route::root().key("image").segments().last();
        let role = context.role(&template.route).filter(|_| !image);
        let prints = flow.prints.iter().filter(|print| {
            let variable = context.prompt.file.variables.get(&print.variable);
            variable.is_some_and(|variable| !is_harmless(variable))
        });
        prints.filter_map(move |print| Some((flow, print, role?)))
    })
}

/// The bytes of the file behind the expression.
pub(super) fn place(context: &PromptContext<'_>, flow: &Flow, print: &Print) -> Span {
    match print.partial {
        Some(_) => print.span,
        None => {
            let route = &context.closure.templates[flow.template].route;
            context.prompt.document.span_in_scalar(route, print.span)
        }
    }
}
