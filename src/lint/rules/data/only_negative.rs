//! D565

use std::sync::Arc;

use crate::assertion::Family;
use crate::diagnostic::Diagnostic;
use crate::document::{Document, Route};
use crate::lint::context::{Owner, PlacedAssertion, SuiteContext};
use crate::lint::rule::{Check, rule};
use crate::span::Span;

rule! {
    /// All assertions of a case say what an answer must not be: an empty answer passes.
    ///
    /// ## Why is this bad?
    ///
    /// A refusal, an apology or nothing at all contains none of the forbidden words. The suite stays green when the prompt
    /// stops working.
    ///
    /// ## What it does
    ///
    /// It looks at the assertions that decide (of a weight above 0) of the suite, of the prompt's output contract and of the case
    /// together. `max-length`, a `word-count` without `min`, and bounds on the call allow an empty answer as well; suites
    /// that only bound cost, latency or tokens are left alone.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: Greet Ada.}
    /// ```
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{id: a}]
    /// assert: [{type: not-contains, value: As an AI}]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{id: a}]
    /// assert:
    ///   - {type: not-contains, value: As an AI}
    ///   - {type: contains, value: Ada}
    /// ```
    ONLY_NEGATIVE: "D565" "only-negative" Warning, Check::suite(check)
}

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    // What cannot be read may well be what is missing here.
    if context.assertions().iter().any(|placed| placed.compiled.is_err()) {
        return;
    }
    let own: Vec<&PlacedAssertion<'_>> =
        context.assertions().iter().filter(|placed| matches!(placed.owner, Owner::Suite)).collect();
    for prompt in &context.prompts {
        let shared: Vec<&PlacedAssertion<'_>> = context
            .assertions()
            .iter()
            .filter(|placed| match placed.owner {
                Owner::Suite => true,
                Owner::Prompt(other) => other.name == prompt.name,
                Owner::Case(_) => false,
            })
            .collect();
        if !shared.iter().all(|placed| allows_nothing(placed)) {
            continue;
        }
        let of = match context.prompts.as_slice() {
            [_] => String::new(),
            _ => format!(" of `{}`", prompt.name),
        };
        let document = &context.suite.document;
        let bare = context.cases.cases.len() > context.suite.file.cases.len()
            || context.suite.file.cases.iter().any(|case| case.assert.is_empty());
        if bare && shared.iter().any(|placed| forbids(placed)) {
            let (document, span) = place(document, &own, &shared);
            let message =
                format!("an empty answer{of} passes: no assertion says what an answer must be");
            findings.push(finding(document, span, message));
            // One finding a suite: the cases with assertions of their own are few and lie beside it.
            return;
        }
        for index in 0..context.suite.file.cases.len() {
            let own: Vec<&PlacedAssertion<'_>> = context
                .assertions()
                .iter()
                .filter(|placed| matches!(placed.owner, Owner::Case(other) if other == index))
                .collect();
            let lenient = !own.is_empty()
                && own.iter().all(|placed| allows_nothing(placed))
                && own.iter().chain(&shared).any(|placed| forbids(placed));
            if !lenient {
                continue;
            }
            let span = document.key_span(&Route::root().key("cases").index(index).key("assert"));
            let id =
                context.inline(index).map(|placed| context.identity(&placed)).unwrap_or_default();
            let message = format!(
                "an empty answer{of} to case `{id}` passes: no assertion says what an answer must be"
            );
            findings.push(finding(document, span, message));
        }
    }
}

fn finding(document: &Arc<Document>, span: Span, message: String) -> Diagnostic {
    ONLY_NEGATIVE
        .at(&document.file, span, message)
        .help("add an assertion that a right answer passes and an empty one fails")
}

/// The suite's list of assertions, or that of the prompt when the suite has none.
fn place<'a>(
    suite: &'a Arc<Document>,
    own: &[&'a PlacedAssertion<'_>],
    shared: &[&'a PlacedAssertion<'_>],
) -> (&'a Arc<Document>, Span) {
    match (own, shared) {
        ([], [first, ..]) => {
            (first.document, first.document.key_span(&Route::root().key("output").key("assert")))
        }
        _ => (suite, suite.key_span(&Route::root().key("assert"))),
    }
}

/// Whether an empty answer passes it, as far as its type alone says.
fn allows_nothing(placed: &PlacedAssertion<'_>) -> bool {
    let Some(assertion) = placed.assertion() else { return false };
    let bounds_the_call = assertion.spec.family == Family::Run
        && !assertion.negated
        && !matches!(assertion.spec.name, "token-efficiency" | "tool-call");
    assertion.weight <= 0.0 || bounds_the_call || forbids(placed)
}

/// Whether it bounds what the answer says, and an empty answer keeps the bound.
fn forbids(placed: &PlacedAssertion<'_>) -> bool {
    let Some(assertion) = placed.assertion() else { return false };
    let ceiling = match assertion.spec.name {
        "max-length" | "printable" | "repetition" | "no-secrets" | "no-pii" | "is-refusal" => true,
        "word-count" => placed.syntax.keys().get("value").is_some_and(|value| {
            value.get("max").is_some() && value.get("min").is_none_or(|least| least == 0)
        }),
        _ => false,
    };
    let about_the_text =
        !matches!(assertion.spec.family, Family::Run | Family::Size | Family::Value);
    // The last number of an empty answer is none; what an expression says of it is not known.
    // The other forms of these demand something, or fail for an empty answer.
    let demands = matches!(
        assertion.spec.name,
        "printable"
            | "repetition"
            | "no-secrets"
            | "no-pii"
            | "is-refusal"
            | "language"
            | "script"
            | "lexical-diversity"
    );
    let about_the_text = about_the_text && !demands;
    let number = assertion.spec.name == "number";
    assertion.weight > 0.0
        && match assertion.negated {
            true => about_the_text || number,
            false => ceiling,
        }
}
