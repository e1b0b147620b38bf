//! T213

use crate::diagnostic::Diagnostic;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::project::variable::Variable;

use super::empty_message::{is_empty, place, suspects};
use super::render_failed::undeclared;

rule! {
    /// A message has no text when the optional variables are left out.
    ///
    /// ## Why is this bad?
    ///
    /// Providers refuse a message without text, or the model answers something that nobody asked; and that only for some
    /// callers.
    ///
    /// ## What it does
    ///
    /// It renders the prompt with small values for what is required and the defaults of the rest. A message that is
    /// nothing but a required variable is left alone: whoever gives an empty text means it.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   name: string
    ///   note: {type: string, default: ""}
    /// messages:
    ///   - {role: system, content: "{{ note }}"}
    ///   - {role: user, content: "Greet {{ name }}."}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// variables:
    ///   name: string
    ///   note: {type: string, default: ""}
    /// messages:
    ///   - {role: system, when: note, content: "{{ note }}"}
    ///   - {role: user, content: "Greet {{ name }}."}
    /// ```
    MESSAGE_MAY_BE_EMPTY: "T213" "message-may-be-empty" Warning, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let prompt = context.prompt;
    if prompt.file.variables.values().all(Variable::required) {
        return;
    }
    let suspects = suspects(context);
    if suspects.is_empty() || undeclared(context) {
        return;
    }
    let Some(renders) = context.renders() else { return };
    let Some(modest) = renders.modest() else { return };
    let document = &prompt.document;
    for (index, _) in suspects {
        let with_example = renders.examples().iter().any(|rendered| is_empty(rendered, index));
        if is_empty(modest, index) && !with_example {
            let message = "the message has no text when only the required variables are given";
            findings.push(
                MESSAGE_MAY_BE_EMPTY.at(&document.file, place(context, index), message).help(
                    "leave the message out with `when`, or give it a text that is always there",
                ),
            );
        }
    }
}
