//! D558

use std::sync::Arc;

use crate::assertion::Syntax;
use crate::diagnostic::Diagnostic;
use crate::document::{Document, Route, Segment};
use crate::lint::context::{PromptContext, SuiteContext};
use crate::lint::rule::{Check, rule};

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
    let suite = &context.suite;
    report(&suite.document, &Route::root().key("assert"), &suite.file.assert, findings);
    for (index, case) in suite.file.cases.iter().enumerate() {
        let route = Route::root().key("cases").index(index).key("assert");
        report(&suite.document, &route, &case.assert, findings);
    }
}

/// The same for the assertions of a prompt's output contract.
fn check_prompt(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let prompt = context.prompt;
    if let Some(output) = &prompt.file.output {
        let route = Route::root().key("output").key("assert");
        report(&prompt.document, &route, &output.assert, findings);
        if let Err(problems) = crate::assertion::Extract::compile(&output.extract) {
            let route = Route::root().key("output").key("extract");
            for problem in problems {
                push(
                    &prompt.document,
                    &extend(&prompt.document, &route, &problem.route),
                    problem,
                    findings,
                );
            }
        }
    }
}

fn report(
    document: &Arc<Document>,
    route: &Route,
    assertions: &[Syntax],
    findings: &mut Vec<Diagnostic>,
) {
    for (index, assertion) in assertions.iter().enumerate() {
        let Err(problems) = assertion.compile() else { continue };
        for problem in problems {
            let place = extend(document, &route.index(index), &problem.route);
            push(document, &place, problem, findings);
        }
    }
}

fn push(
    document: &Arc<Document>,
    place: &Route,
    problem: crate::assertion::Problem,
    findings: &mut Vec<Diagnostic>,
) {
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
fn sentence(problem: &crate::assertion::Problem) -> String {
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
