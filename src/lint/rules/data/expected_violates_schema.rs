//! D563

use indexmap::IndexMap;
use serde_json::Value;

use super::constant::{is_template, lone_path};
use super::contract::{Contract, Place, Refusal};
use crate::assertion::JsonPath;
use crate::diagnostic::Diagnostic;
use crate::lint::context::{Owner, PlacedAssertion, SuiteContext};
use crate::lint::rule::{Check, rule};
use crate::project::dataset::PlacedCase;

rule! {
    /// What a case expects is nothing that the output contract of the prompt allows.
    ///
    /// ## Why is this bad?
    ///
    /// The case fails however good the answer is: the label is misspelt or no longer exists, or the kinds differ, such
    /// as a CSV cell, which is text, compared with a number of the answer. A case that expects what the schema forbids
    /// also tempts people to make the prompt worse.
    ///
    /// ## What it does
    ///
    /// It looks at the assertions that compare `expected` as it is: `equals` with `{{ expected }}`, and `json-path` whose
    /// `equals` is `{{ expected }}` or a part of it such as `{{ expected.label }}`. Cases that fail for one reason are one finding.
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
    /// dataset: datasets/sort.csv
    /// assert: [{type: json-path, value: $.label, equals: "{{ expected }}"}]
    /// ```
    ///
    /// ```csv datasets/sort.csv
    /// id,ticket,expected
    /// a,Where is my money?,Refund
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```csv datasets/sort.csv
    /// id,ticket,expected
    /// a,Where is my money?,refund
    /// ```
    EXPECTED_VIOLATES_SCHEMA: "D563" "expected-violates-schema" Warning, Check::suite(check)
}

/// Where the answer is compared with what is expected.
enum Where {
    /// As a whole.
    Whole,
    /// At a place of it.
    At(Place),
}

/// Cases that are refused for one reason: the first, and how many.
type Causes = IndexMap<Refusal, (PlacedCase, usize)>;

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    for prompt in &context.prompts {
        let Some(contract) = Contract::of(prompt) else { continue };
        for placed in context.assertions() {
            let Some((path, whither)) = comparison(placed, &contract) else { continue };
            let cases = match placed.owner {
                Owner::Prompt(other) if other.name != prompt.name => continue,
                Owner::Prompt(_) | Owner::Suite => context.cases.cases.iter(),
                Owner::Case(index) => Box::new(context.inline(index).into_iter()),
            };
            let mut causes = Causes::new();
            for case in cases {
                let Some(value) = expected(&case, &path) else { continue };
                let refusal = match (&whither, value) {
                    (Where::Whole, Value::String(text)) => contract.refuses_text(text),
                    (Where::Whole, value) => contract.root().refuses(value),
                    (Where::At(place), value) => place.refuses(value),
                };
                if let Some(refusal) = refusal {
                    causes.entry(refusal).or_insert_with(|| (case.clone(), 0)).1 += 1;
                }
            }
            for (refusal, (case, count)) in causes {
                let others = match count {
                    1 => String::new(),
                    2 => " (and one more case)".to_owned(),
                    many => format!(" (and {} more cases)", many - 1),
                };
                let message = format!(
                    "case `{}`{others} expects what no answer of `{}` can be: {}",
                    context.identity(&case),
                    prompt.name,
                    refusal.message
                );
                let document = &prompt.document;
                let span = document.key_span(&refusal.place);
                let mut finding = EXPECTED_VIOLATES_SCHEMA
                    .at(&case.file, case.span, message)
                    .related(&document.file, span, "the output contract")
                    .related(&placed.document.file, placed.span_of("type"), "compared here");
                finding.help.extend(refusal.help);
                if case.case.textual && expected(&case, &path).and_then(read_as_json).is_some() {
                    finding = finding.help(
                        "a cell of a CSV file is text; in JSONL a value keeps its type, and `{{ expected | float }}` makes a number of a text",
                    );
                }
                findings.push(finding);
            }
        }
    }
}

/// The part of `expected` that an assertion compares as it is, and with what; none for other assertions.
fn comparison<'a>(
    placed: &'a PlacedAssertion<'_>,
    contract: &Contract<'_>,
) -> Option<(Vec<&'a str>, Where)> {
    let assertion = placed.assertion().filter(|assertion| !assertion.negated)?;
    let keys = placed.syntax.keys();
    let value = keys.get("value")?.as_str()?;
    let (compared, whither) = match assertion.spec.name {
        "equals" => (value, Where::Whole),
        "json-path" if !is_template(value) => {
            let route = JsonPath::parse(value).ok()?.route()?;
            // What the contract refuses whatever is expected is the subject of another rule.
            (keys.get("equals")?.as_str()?, Where::At(contract.at(&route).ok()?))
        }
        _ => return None,
    };
    match lone_path(compared)?.split_first()? {
        (&"expected", path) => Some((path.to_vec(), whither)),
        _ => None,
    }
}

fn expected<'a>(case: &'a PlacedCase, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(case.case.expected.as_ref()?, |value, key| value.get(*key))
}

/// What a text is as JSON, where it is something else than a text.
fn read_as_json(value: &Value) -> Option<Value> {
    serde_json::from_str(value.as_str()?).ok()
}
