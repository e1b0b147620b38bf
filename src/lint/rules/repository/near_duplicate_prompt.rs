//! R612

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::ProjectContext;
use crate::lint::copies;
use crate::lint::rule::{Check, rule};

rule! {
    /// Two prompts say nearly the same.
    ///
    /// ## Why is this bad?
    ///
    /// What differs is hard to see among all that does not, and each improvement has to be made twice.
    ///
    /// ## What it does
    ///
    /// The messages must share nine in ten of their runs of five words. Shorter prompts, of fewer than forty such
    /// runs, are alike by chance; they and prompts that are inactive or deprecated are left alone. Prompts of the same messages on
    /// two models count: a suite can ask several models.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/answer.yaml
    /// messages:
    ///   - role: system
    ///     content: |
    ///       You answer the questions of customers of an airline. Be brief, be friendly, and never promise a refund. When you do
    ///       not know the answer say so and name the phone number of the service desk. When the customer is angry
    ///       apologise first, and only then answer what was asked. Use the language in which the customer writes.
    /// ```
    ///
    /// ```yaml prompts/reply.yaml
    /// messages:
    ///   - role: system
    ///     content: |
    ///       You answer the questions of customers of an airline. Be brief, be friendly, and never promise a refund. When you do
    ///       not know the answer say so and name the phone number of the service desk. When the customer is angry
    ///       apologise first, and only then answer what was asked. Use the language in which the customer wrote.
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml -prompts/reply.yaml
    /// ```
    ///
    /// ```yaml prompts/answer.yaml
    /// messages:
    ///   - role: system
    ///     content: |
    ///       You answer the questions of customers of an airline. Be brief, be friendly, and never promise a refund. When you do
    ///       not know the answer say so and name the phone number of the service desk. When the customer is angry
    ///       apologise first, and only then answer what was asked. Use the language in which the customer writes.
    /// ```
    NEAR_DUPLICATE_PROMPT: "R612" "near-duplicate-prompt" Warning, Check::project(check)
}

fn check(context: &ProjectContext<'_>, findings: &mut Vec<Diagnostic>) {
    for (index, (other, share)) in &context.copies().near {
        let (prompt, other) = (context.prompts[*index].prompt, context.prompts[*other].prompt);
        let messages = Route::root().key("messages");
        let document = &prompt.document;
        debug_assert!(*share >= copies::NEAR);
        // Rounded down: what is not the same is never called so.
        let percent = (share * 100.0).floor();
        let message = if *share < 1.0 {
            format!("the messages are {percent} % the same as those of `{}`", other.name)
        } else {
            format!("the words of the messages are those of `{}`", other.name)
        };
        findings.push(
            NEAR_DUPLICATE_PROMPT
                .at(&document.file, document.key_span(&messages), message)
                .related(
                    &other.document.file,
                    other.document.key_span(&messages),
                    "these are the others",
                )
                .help("make what differs a variable, or what is common a partial"),
        );
    }
}
