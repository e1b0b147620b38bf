//! D576

use serde_json::Value;

use super::constant::{constant, is_template, own};
use super::contract::{Contract, Refusal};
use crate::assertion::{Assertion, JsonPath};
use crate::diagnostic::Diagnostic;
use crate::lint::context::{PlacedAssertion, PromptContext, SuiteContext};
use crate::lint::rule::{Check, rule};
use crate::project::prompt::Prompt;

rule! {
    /// An assertion passes for no answer, or for none that keeps the output contract of the prompt.
    ///
    /// ## Why is this bad?
    ///
    /// Every case fails, after it was paid for, and the reason looks like the model's fault. Most often it is a pattern
    /// that cannot match, or a label or property that is spelt otherwise in `output.schema`.
    ///
    /// ## What it does
    ///
    /// It reports what can be proved: patterns with something behind the end of the text, a greatest length of 0, the
    /// `not-` form of what always passes; and for `equals` and `json-path`, values and paths that the schema of
    /// a prompt rules out. A path to a property that the schema does not list counts where no other is allowed, or where
    /// one of nearly the same name is listed.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/sort.yaml
    /// variables: {ticket: string}
    /// messages:
    ///   - {role: user, content: "Sort this: {{ ticket }}"}
    /// output:
    ///   format: json
    ///   schema: {type: object, properties: {label: {enum: [refund, bug]}}}
    /// ```
    ///
    /// ```yaml evals/sort.yaml
    /// prompts: [sort]
    /// cases:
    ///   - id: a
    ///     variables: {ticket: Where is my money?}
    ///     assert: [{type: json-path, value: $.label, equals: refunds}]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml evals/sort.yaml
    /// prompts: [sort]
    /// cases:
    ///   - id: a
    ///     variables: {ticket: Where is my money?}
    ///     assert: [{type: json-path, value: $.label, equals: refund}]
    /// ```
    ASSERTION_NEVER_TRUE: "D576" "assertion-never-true" Warning, Check::suite(check).and_prompt(check_prompt)
}

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    let contracts: Vec<(&Prompt, Contract<'_>)> = context
        .prompts
        .iter()
        .filter_map(|prompt| Some((*prompt, Contract::of(prompt)?)))
        .collect();
    for placed in own(context) {
        findings.extend(finding(
            placed,
            contracts.iter().map(|(prompt, contract)| (*prompt, contract)),
        ));
    }
}

fn check_prompt(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let assertions = context.assertions();
    if assertions.is_empty() {
        return;
    }
    let contract = Contract::of(context.prompt);
    for placed in assertions {
        findings
            .extend(finding(placed, contract.iter().map(|contract| (context.prompt, contract))));
    }
}

/// Of several prompts that rule the assertion out, the first is shown.
fn finding<'a>(
    placed: &PlacedAssertion<'_>,
    contracts: impl Iterator<Item = (&'a Prompt, &'a Contract<'a>)>,
) -> Option<Diagnostic> {
    let assertion = placed.assertion()?;
    let name = assertion.type_name();
    let file = &placed.document.file;
    if let Some(constant) = constant(placed.syntax, assertion) {
        if constant.passes {
            return None;
        }
        let message = format!("the assertion `{name}` passes for no answer: {}", constant.reason);
        return Some(ASSERTION_NEVER_TRUE.at(file, placed.span_of(constant.key), message));
    }
    if assertion.negated {
        return None;
    }
    for (prompt, contract) in contracts {
        let Some((key, refusal)) = refusal(placed, assertion, contract) else { continue };
        let message = format!(
            "the assertion `{name}` passes for no answer of `{}`: {}",
            prompt.name, refusal.message
        );
        let document = &prompt.document;
        let mut finding = ASSERTION_NEVER_TRUE.at(file, placed.span_of(key), message).related(
            &document.file,
            document.key_span(&refusal.place),
            "the output contract",
        );
        finding.help.extend(refusal.help);
        return Some(finding);
    }
    None
}

fn refusal(
    placed: &PlacedAssertion<'_>,
    assertion: &Assertion,
    contract: &Contract<'_>,
) -> Option<(&'static str, Refusal)> {
    let keys = placed.syntax.keys();
    let value = keys.get("value")?;
    match assertion.spec.name {
        "equals" if is_constant(value) => {
            let refusal = match value {
                Value::String(text) => contract.refuses_text(text),
                value => contract.root().refuses(value),
            };
            refusal.map(|refusal| ("value", refusal))
        }
        "json-path" => {
            let path = value.as_str().filter(|path| !is_template(path))?;
            let route = JsonPath::parse(path).ok()?.route()?;
            let place = match contract.at(&route) {
                Ok(place) => place,
                Err(refusal) => return Some(("value", refusal)),
            };
            let equals = keys.get("equals").filter(|equals| is_constant(equals))?;
            place.refuses(equals).map(|refusal| ("equals", refusal))
        }
        _ => None,
    }
}

/// Whether a value is compared as it is written.
fn is_constant(value: &Value) -> bool {
    match value {
        Value::String(text) => !is_template(text),
        Value::Array(items) => items.iter().all(is_constant),
        Value::Object(map) => map.values().all(is_constant),
        _ => true,
    }
}
