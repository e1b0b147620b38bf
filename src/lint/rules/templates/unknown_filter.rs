//! T202

use crate::diagnostic::Diagnostic;
use crate::jinja::{FILTERS, TESTS};
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::template::analysis::{Analysis, NameUse};
use crate::template::closure::Place;

rule! {
    /// A template uses a filter or a test that does not exist.
    ///
    /// ## Why is this bad?
    ///
    /// It fails when the line is reached, which may be only for some inputs.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {name: string}
    /// messages:
    ///   - {role: user, content: "Greet {{ name | titel }}."}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// variables: {name: string}
    /// messages:
    ///   - {role: user, content: "Greet {{ name | title }}."}
    /// ```
    UNKNOWN_FILTER: "T202" "unknown-filter" Error fix Safe, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let closure = &context.closure;
    for template in &closure.templates {
        if let Ok(analysis) = &template.analysis {
            names(analysis, &|used| closure.place(&template.route, used.span), findings);
        }
    }
    for partial in closure.partials.values() {
        if let Ok(analysis) = &partial.analysis {
            let file = &partial.file;
            names(analysis, &|used| Place { file: file.clone(), span: used.span }, findings);
        }
    }
}

fn names(analysis: &Analysis, place: &dyn Fn(&NameUse) -> Place, findings: &mut Vec<Diagnostic>) {
    for (what, uses, known) in
        [("filter", &analysis.filters, &FILTERS[..]), ("test", &analysis.tests, &TESTS[..])]
    {
        for used in uses.iter().filter(|used| !known.contains(&used.name.as_str())) {
            let Place { file, span } = place(used);
            findings.push(
                UNKNOWN_FILTER
                    .at(&file, span, format!("there is no {what} `{}`", used.name))
                    .did_you_mean_fix(&used.name, known.iter().copied(), true),
            );
        }
    }
}
