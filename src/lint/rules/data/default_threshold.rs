//! D570

use super::constant::own;
use crate::assertion::Threshold;
use crate::diagnostic::Diagnostic;
use crate::lint::context::{PlacedAssertion, PromptContext, SuiteContext};
use crate::lint::rule::{Check, rule};

rule! {
    /// An assertion of nearness has no threshold of its own.
    ///
    /// ## Why is this bad?
    ///
    /// What is near enough depends on the texts: five edits are nothing in a paragraph and a different answer in a word.
    /// The default was chosen without them, so that neither a pass nor a fail means much.
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
    /// assert: [{type: similarity-ratio, value: "Hello, Ada!"}]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{id: a}]
    /// assert: [{type: similarity-ratio, value: "Hello, Ada!", threshold: 0.9}]
    /// ```
    DEFAULT_THRESHOLD: "D570" "default-threshold" Info, Check::suite(check).and_prompt(check_prompt)
}

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    // The pass mark of the suite decides then, on the weighted score.
    if context.suite.file.threshold.is_none() {
        findings.extend(own(context).filter_map(finding));
    }
}

fn check_prompt(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    findings.extend(context.assertions().iter().filter_map(finding));
}

fn finding(placed: &PlacedAssertion<'_>) -> Option<Diagnostic> {
    let assertion = placed.assertion().filter(|assertion| assertion.weight > 0.0)?;
    // An expression is true or false, or says with its default of 1 that nothing less will do.
    let (default, unit) = match assertion.spec.threshold {
        _ if assertion.spec.name == "expression"
            || placed.syntax.keys().contains_key("threshold") =>
        {
            return None;
        }
        Threshold::Floor { default } => (default, "a score of"),
        Threshold::Ceiling { default } => (default?, "at most"),
        Threshold::None => return None,
    };
    let unit = match assertion.spec.name {
        "levenshtein" => format!("{unit} {default} edits"),
        _ => format!("{unit} {default}"),
    };
    let message = format!(
        "`{}` has no `threshold`: {unit} {} by default",
        assertion.type_name(),
        if assertion.negated { "fails" } else { "passes" }
    );
    Some(
        DEFAULT_THRESHOLD
            .at(&placed.document.file, placed.span_of("type"), message)
            .help("choose one by looking at the scores of some right and some wrong answers"),
    )
}
