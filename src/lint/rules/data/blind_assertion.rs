//! D579

use serde_json::Value;

use super::constant::own;
use crate::diagnostic::Diagnostic;
use crate::lint::context::{PlacedAssertion, PromptContext, SuiteContext};
use crate::lint::rule::{Check, rule};
use crate::template::analysis::analyze_expression;

rule! {
    /// An expression does not look at the answer.
    ///
    /// ## Why is this bad?
    ///
    /// It passes or fails by the case alone, whatever the model says. Most often `output` or `json` was meant.
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
    /// cases: [{id: a, expected: Ada}]
    /// assert: [{type: expression, value: "expected == 'Ada'"}]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{id: a, expected: Ada}]
    /// assert: [{type: expression, value: "expected in output"}]
    /// ```
    BLIND_ASSERTION: "D579" "blind-assertion" Warning, Check::suite(check).and_prompt(check_prompt)
}

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    findings.extend(own(context).filter_map(finding));
}

fn check_prompt(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    findings.extend(context.assertions().iter().filter_map(finding));
}

fn finding(placed: &PlacedAssertion<'_>) -> Option<Diagnostic> {
    let assertion = placed.assertion().filter(|assertion| assertion.spec.name == "expression")?;
    let source = placed.syntax.keys().get("value").and_then(Value::as_str)?;
    let analysis = analyze_expression(source).ok()?;
    let of_the_answer = |root: &str| root == "output" || root == "json";
    if analysis.variables.iter().any(|used| of_the_answer(&used.path[0])) {
        return None;
    }
    let message = format!("`{}` does not look at the answer", assertion.type_name());
    Some(
        BLIND_ASSERTION
            .at(&placed.document.file, placed.span_of("value"), message)
            .help("use `output`, the text of the answer, or `json`, the answer read as JSON"),
    )
}
