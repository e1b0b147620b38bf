//! D561

use serde_json::Value;

use super::constant::lone_path;
use crate::diagnostic::Diagnostic;
use crate::lint::context::{Owner, PlacedAssertion, SuiteContext};
use crate::lint::rule::{Check, rule};

rule! {
    /// An assertion uses `expected`, or a part of it, and a case has none.
    ///
    /// ## Why is this bad?
    ///
    /// The answer cannot be judged, after it was paid for.
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
    /// assert: [{type: equals, value: "{{ expected }}"}]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{id: a, expected: Hello}]
    /// assert: [{type: equals, value: "{{ expected }}"}]
    /// ```
    MISSING_EXPECTED: "D561" "missing-expected" Error, Check::suite(check)
}

/// Findings after which the rest of a dataset is not looked at: they have one cause.
const MOST: usize = 20;

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    let needs: Vec<Need<'_>> = context.assertions().iter().filter_map(Need::of).collect();
    if needs.is_empty() {
        return;
    }
    let inline = context.cases.cases.len() - context.suite.file.cases.len();
    let mut found = 0;
    for (index, placed) in context.cases.cases.iter().enumerate() {
        let own = index.checked_sub(inline);
        let holds = |need: &&Need<'_>| match need.placed.owner {
            Owner::Case(other) => Some(other) == own,
            Owner::Suite | Owner::Prompt(_) => true,
        };
        let missing = needs
            .iter()
            .filter(holds)
            .find_map(|need| Some((need, need.missing(placed.case.expected.as_ref())?)));
        let Some((need, missing)) = missing else { continue };
        found += 1;
        if found > MOST {
            break;
        }
        let mut finding = MISSING_EXPECTED.at(
            &placed.file,
            placed.span,
            format!(
                "case `{}` has no `{missing}`, which the assertion `{}` uses",
                context.identity(&placed),
                need.placed.syntax.type_text()
            ),
        );
        if placed.case.expected.is_none() {
            finding = finding
                .help("give the case one, or leave the assertion to the cases that have one");
        } else if placed.case.expected.as_ref().is_some_and(holds_json) {
            finding = finding.help(
                "what it expects is a text with JSON in it, as in a CSV cell: in JSONL it can be a map",
            );
        }
        findings.push(finding);
    }
}

/// An assertion that cannot be judged without what a case expects.
struct Need<'a> {
    placed: &'a PlacedAssertion<'a>,
    /// The parts of `expected` that it uses as they are, such as `expected.label`.
    paths: Vec<Vec<&'a str>>,
}

impl<'a> Need<'a> {
    fn of(placed: &'a PlacedAssertion<'a>) -> Option<Self> {
        if !placed.assertion()?.uses_expected() {
            return None;
        }
        let texts = placed.syntax.keys().values().filter_map(Value::as_str);
        let paths = texts.filter_map(lone_path).filter(|path| path[0] == "expected");
        Some(Self { placed, paths: paths.collect() })
    }

    /// What is not there of it.
    fn missing(&self, expected: Option<&Value>) -> Option<String> {
        let Some(expected) = expected else { return Some("expected".to_owned()) };
        let absent = |path: &&Vec<&str>| {
            path[1..].iter().try_fold(expected, |value, key| value.get(*key)).is_none()
        };
        self.paths.iter().find(absent).map(|path| path.join("."))
    }
}

/// Whether a text is a JSON object.
fn holds_json(value: &Value) -> bool {
    let text = value.as_str().filter(|text| text.trim_start().starts_with('{'));
    text.is_some_and(|text| serde_json::from_str::<Value>(text).is_ok())
}
