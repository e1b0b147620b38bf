//! D557

use super::constant::{constant, own};
use crate::diagnostic::Diagnostic;
use crate::lint::context::{PlacedAssertion, PromptContext, SuiteContext};
use crate::lint::rule::{Check, rule};

rule! {
    /// An assertion passes whatever the answer is.
    ///
    /// ## Why is this bad?
    ///
    /// It looks like a test and tests nothing: the result is green for every answer.
    ///
    /// ## What it does
    ///
    /// It reports what can be proved: patterns that match the empty text, such as `.*`, a least length of 0, a threshold
    /// of 0 on a similarity, an answer that is compared with itself, and the `not-` form of what can never pass.
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
    /// assert: [{type: regex, value: "(Hello|Hi)?"}]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{id: a}]
    /// assert: [{type: regex, value: "Hello|Hi"}]
    /// ```
    ASSERTION_ALWAYS_TRUE: "D557" "assertion-always-true" Warning, Check::suite(check).and_prompt(check_prompt)
}

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    findings.extend(own(context).filter_map(finding));
}

fn check_prompt(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    findings.extend(context.assertions().iter().filter_map(finding));
}

fn finding(placed: &PlacedAssertion<'_>) -> Option<Diagnostic> {
    let assertion = placed.assertion()?;
    let constant = constant(placed.syntax, assertion).filter(|constant| constant.passes)?;
    let message = format!(
        "the assertion `{}` passes whatever the answer is: {}",
        assertion.type_name(),
        constant.reason
    );
    let finding =
        ASSERTION_ALWAYS_TRUE.at(&placed.document.file, placed.span_of(constant.key), message);
    Some(match assertion.spec.name {
        "regex" => {
            finding.help("a pattern matches anywhere in the answer: leave out what may be missing")
        }
        "json-schema" | "is-json" => finding.help("write the schema that the answer must not fit"),
        _ => finding.help("say what must hold of a right answer, or drop the assertion"),
    })
}
