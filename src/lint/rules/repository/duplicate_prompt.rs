//! R611

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::ProjectContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// Two prompts of different names are the same.
    ///
    /// ## Why is this bad?
    ///
    /// One of them will be changed and the other not, and nobody knows which callers get the old one. Their evaluations
    /// cost twice as much, too.
    ///
    /// ## What it does
    ///
    /// All that is sent or asked of the answer must be the same: messages, model, variables, examples, tools, output. Names,
    /// descriptions, owners and tags do not count. Prompts that are inactive or deprecated are left alone.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// description: Greets.
    /// messages:
    ///   - {role: user, content: Say hello.}
    /// ```
    ///
    /// ```yaml prompts/welcome.yaml
    /// messages:
    ///   - {role: user, content: Say hello.}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml -prompts/welcome.yaml
    /// ```
    ///
    /// ```yaml prompts/greet.yaml
    /// description: Greets.
    /// messages:
    ///   - {role: user, content: Say hello.}
    /// ```
    DUPLICATE_PROMPT: "R611" "duplicate-prompt" Warning, Check::project(check)
}

fn check(context: &ProjectContext<'_>, findings: &mut Vec<Diagnostic>) {
    for (index, other) in &context.copies().same {
        let (prompt, other) = (context.prompts[*index].prompt, context.prompts[*other].prompt);
        let messages = Route::root().key("messages");
        let document = &prompt.document;
        findings.push(
            DUPLICATE_PROMPT
                .at(
                    &document.file,
                    document.key_span(&messages),
                    format!("`{}` is the same prompt", other.name),
                )
                .related(
                    &other.document.file,
                    other.document.key_span(&messages),
                    "this is the other one",
                )
                .help(format!("delete one of them, or say `deprecated: {{use: {}}}`", other.name)),
        );
    }
}
