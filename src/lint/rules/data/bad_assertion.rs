//! D558

use std::sync::Arc;

use super::constant::own;
use crate::assertion::{Assertion, Extract, Problem};
use crate::diagnostic::Diagnostic;
use crate::document::{Document, Route, Segment};
use crate::lint::context::{PlacedAssertion, PromptContext, SuiteContext};
use crate::lint::rule::{Check, rule};
use crate::project::{Project, judge};

rule! {
    /// An assertion is unknown, or it is not used as it should be.
    ///
    /// ## Why is this bad?
    ///
    /// An assertion that does not exist asserts nothing. It is found here, before a call is paid for: unknown types and
    /// parameters, missing values, thresholds that mean nothing, broken patterns, schemas, paths, expressions and
    /// templates.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{id: a}]
    /// assert: [{type: regex, value: "[Hh(ello"}]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{id: a}]
    /// assert: [{type: regex, value: "[Hh]ello"}]
    /// ```
    BAD_ASSERTION: "D558" "bad-assertion" Error, Check::suite(check).and_prompt(check_prompt)
}

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    report(context.project, own(context), findings);
}

/// The same for the assertions of a prompt's output contract.
fn check_prompt(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let prompt = context.prompt;
    report(context.project, context.assertions().iter(), findings);
    if let Some(output) = &prompt.file.output
        && let Err(problems) = Extract::compile(&output.extract)
    {
        let route = Route::root().key("output").key("extract");
        for problem in problems {
            let place = extend(&prompt.document, &route, &problem.route);
            push(&prompt.document, &place, problem, findings);
        }
    }
}

fn report<'a, 'p: 'a>(
    project: &Project,
    assertions: impl Iterator<Item = &'a PlacedAssertion<'p>>,
    findings: &mut Vec<Diagnostic>,
) {
    for placed in assertions {
        for problem in placed.compiled.as_ref().err().into_iter().flatten() {
            let place = extend(placed.document, &placed.route, &problem.route);
            push(placed.document, &place, problem.clone(), findings);
        }
        let needs = placed.assertion().and_then(Assertion::needs);
        if let Some(Err(error)) = needs.map(|needs| judge::check(project, &needs)) {
            let keys = ["model", "models", "prompt", "type"];
            let named = keys.iter().find(|key| error.message.contains(&format!("`{key}`")));
            let span = placed.span_of(named.copied().unwrap_or("prompt"));
            let mut finding = BAD_ASSERTION.at(&placed.document.file, span, error.message);
            finding.help.extend(error.help);
            findings.push(finding);
        }
    }
}

fn push(document: &Arc<Document>, place: &Route, problem: Problem, findings: &mut Vec<Diagnostic>) {
    // A value that is wrong is marked itself; a collection, or what is not there, by its key.
    let span = match document.scalar(place) {
        Some(_) => document.span(place),
        None => document.key_span(place),
    };
    let mut finding = BAD_ASSERTION.at(&document.file, span, sentence(&problem));
    finding.help = problem.help;
    findings.push(finding);
}

/// The message with a subject: some speak of the key at their place and leave it out.
fn sentence(problem: &Problem) -> String {
    let bare = ["is ", "has ", "uses "].iter().any(|verb| problem.message.starts_with(verb));
    match problem.route.is_empty() {
        false if bare => format!("`{}` {}", problem.route.join("."), problem.message),
        _ => problem.message.clone(),
    }
}

/// A route from keys as an assertion reports them: numbers are indexes where the document has a list.
fn extend(document: &Document, route: &Route, keys: &[String]) -> Route {
    let mut route = route.clone();
    for key in keys {
        let by_index =
            key.parse().ok().map(|index| route.index(index)).filter(|r| document.node(r).is_some());
        let next = by_index.unwrap_or_else(|| route.key(key));
        if document.node(&next).is_none()
            && !matches!(next.split_last(), Some((Segment::Key(_), _)))
        {
            break;
        }
        route = next;
    }
    // What the author left out has no place of its own.
    while document.node(&route).is_none() {
        match route.split_last() {
            Some((_, parent)) => route = parent,
            None => break,
        }
    }
    route
}
