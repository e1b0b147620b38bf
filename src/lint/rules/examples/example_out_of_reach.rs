//! X311

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::project::prompt::Entry;

rule! {
    /// A prompt has more few-shot examples than it ever sends.
    ///
    /// ## Why is this bad?
    ///
    /// `examples: {max: 2}` sends the first two, always the same. The others look as if they shaped the answer.
    ///
    /// ## What it does
    ///
    /// Prompts whose templates read `examples` themselves are left alone.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/sort.yaml
    /// variables: {ticket: string}
    /// messages:
    ///   - examples: {max: 1}
    ///   - {role: user, content: "{{ ticket }}"}
    /// examples:
    ///   - {variables: {ticket: Where is my refund?}, output: refund}
    ///   - {variables: {ticket: The page is blank.}, output: bug}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/sort.yaml
    /// variables: {ticket: string}
    /// messages:
    ///   - examples: {max: 2}
    ///   - {role: user, content: "{{ ticket }}"}
    /// examples:
    ///   - {variables: {ticket: Where is my refund?}, output: refund}
    ///   - {variables: {ticket: The page is blank.}, output: bug}
    /// ```
    EXAMPLE_OUT_OF_REACH: "X311" "example-out-of-reach" Info, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let prompt = context.prompt;
    let all = prompt.file.examples.len();
    if all == 0 || context.uses.iter().any(|used| used.path[0] == "examples") {
        return;
    }
    let mut entries =
        prompt.file.messages.iter().enumerate().filter_map(|(index, entry)| match entry {
            Entry::Examples(entry) => Some((index, entry.examples.max)),
            _ => None,
        });
    // The entry that sends most decides.
    let Some((index, Some(max))) = entries.clone().max_by_key(|(_, max)| max.unwrap_or(usize::MAX))
    else {
        return;
    };
    if max >= all || entries.any(|(_, max)| max.is_none()) {
        return;
    }
    let document = &prompt.document;
    let route = Route::root().key("messages").index(index).key("examples").key("max");
    let example = document.span(&Route::root().key("examples").index(max));
    findings.push(
        EXAMPLE_OUT_OF_REACH
            .at(
                &document.file,
                document.span(&route),
                format!("{} of {all} examples are never sent", all - max),
            )
            .related(&document.file, example, "from here on")
            .help("raise `max`, or drop the examples behind it"),
    );
}
