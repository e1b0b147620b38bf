//! O257

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};

rule! {
    /// A step of `output.extract` comes too late to do anything.
    ///
    /// ## Why is this bad?
    ///
    /// The first step that finds something decides. `strip-thinking` after another step is only reached where that one
    /// found nothing, so `json` takes the first JSON out of the thinking. A step that stands there twice finds the second
    /// time what it found the first.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/sort.yaml
    /// messages:
    ///   - {role: user, content: "Sort this ticket. Answer in JSON."}
    /// output:
    ///   extract: [json, strip-thinking]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/sort.yaml
    /// messages:
    ///   - {role: user, content: "Sort this ticket. Answer in JSON."}
    /// output:
    ///   extract: [strip-thinking, json]
    /// ```
    EXTRACT_CONFLICT: "O257" "extract-conflict" Warning, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(output) = &context.prompt.file.output else { return };
    let steps = &output.extract;
    for (index, step) in steps.iter().enumerate().skip(1) {
        let (message, help) = if steps[..index].contains(step) {
            (format!("`{step}` stands here twice"), "drop the second")
        } else if step == "strip-thinking" {
            let before = &steps[index - 1];
            (
                format!("`{before}` sees the thinking, which is stripped only after it"),
                "put `strip-thinking` first",
            )
        } else {
            continue;
        };
        let document = &context.prompt.document;
        let span = document.span(&Route::root().key("output").key("extract").index(index));
        findings.push(EXTRACT_CONFLICT.at(&document.file, span, message).help(help));
    }
}
