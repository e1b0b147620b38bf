//! V101

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, Fix};
use crate::document::{Document, Route};
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::project::prompt::Entry;

rule! {
    /// A template uses a variable that the prompt does not declare.
    ///
    /// ## Why is this bad?
    ///
    /// Nobody can give it a value: rendering fails, or only fails for the inputs that reach the line.
    ///
    /// ## What it does
    ///
    /// It follows loops, `set`, `with`, macros, imports and includes, and looks into partials. Loop variables and what a
    /// template assigns itself are no variables of the prompt.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {name: string}
    /// messages:
    ///   - {role: user, content: "Greet {{ nmae }}, that is {{ name }}."}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {name: string}
    /// messages:
    ///   - {role: user, content: "Greet {{ name }}."}
    /// ```
    UNDECLARED_VARIABLE: "V101" "undeclared-variable" Error fix Unsafe, Check::prompt(check)
}

/// The fix that declares a variable.
fn declare(document: &Document, name: &str, kind: &str) -> Option<Fix> {
    let variables = Route::root().key("variables");
    let edit = match document.node(&variables) {
        Some(_) => document.insert(&variables, name, kind),
        None => document.insert_before(
            &Route::root().key("messages"),
            "variables",
            &format!("\n  {name}: {kind}"),
        ),
    };
    let message = format!("declare `{name}: {kind}`");
    edit.map(|edit| Fix { message, edits: vec![edit], safe: false })
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let prompt = context.prompt;
    let declared = &prompt.file.variables;
    let names = || declared.keys().map(String::as_str);
    let mut seen = BTreeSet::new();
    for used in &context.uses {
        let name = used.path[0].as_str();
        if declared.contains_key(name) || name == "examples" {
            continue;
        }
        let place = context.closure.place_of(used);
        if !seen.insert((place.file.path().clone(), place.span)) {
            continue;
        }
        let mut finding = UNDECLARED_VARIABLE.at(
            &place.file,
            place.span,
            format!("the variable `{name}` is not declared"),
        );
        let before = finding.help.len();
        finding = finding.did_you_mean_fix(name, names(), false);
        if finding.help.len() == before {
            finding = finding.help(format!("declare it under `variables:` of `{}`", prompt.path));
            if place.file.path() == &prompt.path {
                let kind = if used.path.len() > 1 { "{type: object}" } else { "string" };
                finding.fix = declare(&prompt.document, name, kind);
            }
        }
        if place.file.path() != &prompt.path {
            let span = prompt.document.key_span(&Route::root().key("messages"));
            finding = finding.related(
                &prompt.document.file,
                span,
                format!("the prompt `{}` includes it", prompt.name),
            );
        }
        findings.push(finding);
    }
    for (index, entry) in prompt.file.messages.iter().enumerate() {
        let Entry::Insert(insert) = entry else { continue };
        let route = Route::root().key("messages").index(index).key("insert");
        let span = prompt.document.span(&route);
        match declared.get(&insert.insert) {
            Some(variable) if variable.is_messages() => {}
            Some(_) => findings.push(
                UNDECLARED_VARIABLE
                    .at(
                        &prompt.document.file,
                        span,
                        format!("`{}` is no conversation", insert.insert),
                    )
                    .help("declare it with `type: messages`"),
            ),
            None => findings.push(
                UNDECLARED_VARIABLE
                    .at(
                        &prompt.document.file,
                        span,
                        format!("the variable `{}` is not declared", insert.insert),
                    )
                    .did_you_mean(&insert.insert, names())
                    .help("declare it under `variables:` with `type: messages`"),
            ),
        }
    }
}
