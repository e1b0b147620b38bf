//! V102

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, Fix};
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::project::prompt::{Entry, Prompt};

rule! {
    /// A prompt declares a variable that no template uses.
    ///
    /// ## Why is this bad?
    ///
    /// Callers must give a value that changes nothing, and a reader thinks that it does. Often a template once used it
    /// and the model no longer sees what it should.
    ///
    /// ## What it does
    ///
    /// Messages, `when`, `insert`, partials and the assertions of `output.assert` count as uses. A prompt whose templates
    /// cannot be read is left alone.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {name: string, language: string}
    /// messages:
    ///   - {role: user, content: "Greet {{ name }}."}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {name: string, language: string}
    /// messages:
    ///   - {role: user, content: "Greet {{ name }} in {{ language }}."}
    /// ```
    UNUSED_VARIABLE: "V102" "unused-variable" Warning fix Unsafe, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    // What cannot be read may use anything.
    if !context.problems.is_empty() {
        return;
    }
    let prompt = context.prompt;
    let mut used: BTreeSet<String> = context.uses.iter().map(|used| used.path[0].clone()).collect();
    for entry in &prompt.file.messages {
        if let Entry::Insert(insert) = entry {
            used.insert(insert.insert.clone());
        }
    }
    for syntax in prompt.file.output.iter().flat_map(|output| &output.assert) {
        if let Ok(assertion) = syntax.compile() {
            used.extend(assertion.variables_used());
        }
    }
    for name in prompt.file.variables.keys().filter(|name| !used.contains(*name)) {
        let document = &prompt.document;
        let route = Route::root().key("variables").key(name);
        let mut finding = UNUSED_VARIABLE
            .at(
                &document.file,
                document.key_span(&route),
                format!("no template uses the variable `{name}`"),
            )
            .help("use it in a message, or drop it");
        finding.fix = drop_variable(context.prompt, name);
        findings.push(finding);
    }
}

/// The fix that drops a variable, from the examples too.
fn drop_variable(prompt: &Prompt, name: &str) -> Option<Fix> {
    let given = prompt.file.examples.iter().enumerate().filter_map(|(index, example)| {
        let route = Route::root().key("examples").index(index).key("variables").key(name);
        example.variables.contains_key(name).then_some(route)
    });
    let edits = std::iter::once(Route::root().key("variables").key(name))
        .chain(given)
        .map(|route| prompt.document.remove(&route))
        .collect::<Option<Vec<_>>>()?;
    let message = format!("drop `{name}`: callers that give it will be refused");
    Some(Fix { message, edits, safe: false })
}
