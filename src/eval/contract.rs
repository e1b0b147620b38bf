//! What a prompt's `output` asks of one answer, without a suite: extraction, format and schema, assertions.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::cell::Judgement;
use super::score;
use crate::assertion::{Assertion, Extract, Outcome, Problem, Subject};
use crate::diagnostic::counted;
use crate::document::Route;
use crate::message::{Answer, Message, Request, Role, Tool};
use crate::project::prompt::{OutputFormat, Prompt};
use crate::schema::{self, Validator};

/// Violations of the schema that are told one by one.
const MAX_VIOLATIONS: usize = 10;

/// The output contract of a prompt, compiled.
#[derive(Debug, Default)]
pub struct Contract {
    extract: Option<Extract>,
    json: bool,
    schema: Option<Arc<Validator>>,
    assertions: Vec<Assertion>,
    tools: Vec<Tool>,
}

/// An answer held against a contract.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// What was taken out of the answer: what callers of the prompt get.
    pub output: String,
    /// The same as JSON, where it is.
    pub value: Option<Value>,
    /// What had to be mended to read it.
    pub repaired: Option<String>,
    /// What the assertions said.
    pub judgements: Vec<Judgement>,
    /// What is wrong with it, a sentence each.
    pub broken: Vec<String>,
    /// What could not be decided, which another answer would not change.
    pub undecided: Vec<String>,
}

impl Checked {
    /// Whether everything that the contract asks for was seen to hold.
    pub fn is_valid(&self) -> bool {
        self.broken.is_empty() && self.undecided.is_empty()
    }

    /// Why it is not valid.
    pub fn reasons(&self) -> impl Iterator<Item = &str> {
        self.broken.iter().chain(&self.undecided).map(String::as_str)
    }
}

impl Contract {
    /// Compiles the contract; what is wrong with it is said with its place below `output`.
    pub fn of(prompt: &Prompt) -> Result<Self, Vec<(Route, String)>> {
        let Some(output) = &prompt.file.output else {
            return Ok(Self { tools: prompt.file.tools.clone(), ..Self::default() });
        };
        let base = Route::root().key("output");
        let mut wrong = Vec::new();
        let mut add = |route: &Route, problems: Vec<Problem>| {
            wrong.extend(problems.into_iter().map(|problem| (route.clone(), problem.message)));
        };
        let extract = match Extract::compile(&output.extract) {
            _ if output.extract.is_empty() => None,
            Ok(extract) => Some(extract),
            Err(problems) => {
                add(&base.key("extract"), problems);
                None
            }
        };
        let mut assertions = Vec::new();
        for (index, syntax) in output.assert.iter().enumerate() {
            let route = base.key("assert").index(index);
            match syntax.compile() {
                Ok(assertion) if assertion.needs().is_some() => {
                    let message = format!(
                        "`{}` asks someone else about each answer, which only `pf eval` does; move it into the `assert` of a suite",
                        assertion.type_name()
                    );
                    add(&route, vec![Problem::new(message)]);
                }
                Ok(assertion) => assertions.push(assertion),
                Err(problems) => add(&route, problems),
            }
        }
        let schema =
            output.schema.as_ref().map(|keys| schema::compile(&Value::Object(keys.clone())));
        let schema = match schema.transpose() {
            Ok(schema) => schema,
            Err(error) => {
                wrong.push((base.key("schema"), error));
                None
            }
        };
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let json = output.format == OutputFormat::Json;
        Ok(Self { extract, json, schema, assertions, tools: prompt.file.tools.clone() })
    }

    /// A contract of assertions alone.
    #[cfg(test)]
    pub(super) fn of_assertions(assertions: Vec<Assertion>) -> Self {
        Self { assertions, ..Self::default() }
    }

    /// Whether it asks for nothing: then an answer is valid before it is complete.
    pub fn is_empty(&self) -> bool {
        self.extract.is_none() && !self.json && self.schema.is_none() && self.assertions.is_empty()
    }

    /// Holds an answer against it.
    ///
    /// A model that asks for a tool instead of answering has not answered yet: then only the assertions count.
    pub fn check(
        &self,
        answer: &Answer,
        variables: &Map<String, Value>,
        cost_usd: Option<f64>,
    ) -> Checked {
        let mut checked = Checked { output: answer.output.clone(), ..Checked::default() };
        let asks_for_tools = !answer.tool_calls.is_empty() && answer.output.trim().is_empty();
        if !asks_for_tools {
            self.read(&mut checked);
        }
        let metadata = Map::new();
        let subject = Subject {
            output: &checked.output,
            answer,
            expected: None,
            variables,
            metadata: &metadata,
            cost_usd,
            tools: &self.tools,
            messages: &[],
        };
        for assertion in &self.assertions {
            let outcome = assertion.score(&subject);
            let judgement = score::judgement(assertion, &outcome);
            // An assertion of weight 0 is only measured.
            if assertion.weight > 0.0 {
                let said = format!("{}: {}", judgement.kind, judgement.reason);
                match outcome {
                    Outcome::Scored(verdict) if verdict.passed => {}
                    Outcome::Scored(_) => checked.broken.push(said),
                    Outcome::Unscored(_) => checked.undecided.push(said),
                }
            }
            checked.judgements.push(judgement);
        }
        checked
    }

    /// Extraction, format and schema.
    fn read(&self, checked: &mut Checked) {
        if let Some(extract) = &self.extract {
            let extracted = extract.apply(&checked.output);
            checked.output = extracted.text;
            checked.repaired = extracted.repaired;
            if let Some(failed) = extracted.failed {
                checked.broken.push(failed);
                return;
            }
        }
        match serde_json::from_str(&checked.output) {
            Ok(value) => checked.value = Some(value),
            Err(error) if self.json || self.schema.is_some() => {
                checked.broken.push(format!("the answer is no JSON: {error}"));
            }
            Err(_) => {}
        }
        let (Some(schema), Some(value)) = (&self.schema, &checked.value) else { return };
        let violations = schema::violations(schema, value);
        checked.broken.extend(violations.iter().take(MAX_VIOLATIONS).map(|(route, message)| {
            match route.segments() {
                [] => message.clone(),
                _ => format!("{route}: {message}"),
            }
        }));
        if let Some(more) = violations.len().checked_sub(MAX_VIOLATIONS + 1) {
            checked
                .broken
                .push(format!("and {} of the schema", counted(more + 1, "more violation")));
        }
    }
}

/// The conversation goes on: the answer, and a message that says what is wrong with it.
///
/// What the model wanted of tools is left out: providers demand a result for each call that stands in a conversation.
pub fn again(request: &Request, answer: &Answer, checked: &Checked) -> Request {
    let mut request = request.clone();
    if !answer.output.trim().is_empty() {
        request.messages.push(Message::text(Role::Assistant, answer.output.clone()));
    }
    let mut told = "Your last answer is not valid:\n".to_owned();
    for reason in &checked.broken {
        told.push_str("- ");
        told.push_str(reason);
        told.push('\n');
    }
    told.push_str("Answer again. Write the corrected answer and nothing else.");
    request.messages.push(Message::text(Role::User, told));
    request
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::message::{ModelSettings, ResponseFormat, ToolCall};
    use crate::project::Project;
    use crate::project::prompt::PromptName;
    use crate::snapshot::Snapshot;

    fn contract(output: &str) -> Result<Contract, Vec<(Route, String)>> {
        let text = format!("output: {output}\nmessages: [{{role: user, content: hi}}]\n");
        let path = crate::path::RepoPath::new("prompts/p.yaml").unwrap();
        let project = Project::load(&Snapshot::memory([(path, text.into_bytes())])).unwrap();
        Contract::of(&project.prompts[&PromptName("p".into())])
    }

    fn answer(output: &str) -> Answer {
        Answer { output: output.into(), ..Answer::default() }
    }

    fn broken(output: &str, text: &str) -> Vec<String> {
        contract(output).unwrap().check(&answer(text), &Map::new(), None).broken
    }

    #[test]
    fn each_part_of_a_contract_says_what_breaks_it() {
        let labels = "{format: json, schema: {type: object, required: [label], additionalProperties: false, \
                      properties: {label: {enum: [bug, other]}}}}";
        assert_eq!(broken(labels, r#"{"label": "bug"}"#), [] as [&str; 0]);
        assert_eq!(broken(labels, r#"{"lable": "bug"}"#).len(), 2);
        assert_eq!(
            broken(labels, "```json\n{}\n```"),
            ["the answer is no JSON: expected value at line 1 column 1"]
        );
        assert_eq!(broken("{format: text}", "anything"), [] as [&str; 0]);
        assert_eq!(broken("{extract: [json]}", "none"), ["the answer has no JSON object or array"]);
        let [reason] = &broken("{assert: [{type: max-length, value: 2}]}", "abc")[..] else {
            panic!("one reason")
        };
        assert!(reason.starts_with("max-length: "), "{reason}");
    }

    #[test]
    fn many_violations_are_told_in_part() {
        let answer = format!("[{}]", vec!["1"; 13].join(","));
        let reasons = broken("{format: json, schema: {items: {type: string}}}", &answer);
        assert_eq!(reasons.len(), 11);
        assert_eq!(reasons[10], "and 3 more violations of the schema");
    }

    #[test]
    fn what_is_extracted_is_checked_and_given() {
        let contract =
            contract("{format: json, extract: [strip-thinking, json], schema: {type: object}}");
        let checked = contract.unwrap().check(
            &answer("<think>a</think>Here: {\"a\": 1} Bye"),
            &Map::new(),
            None,
        );
        assert!(checked.is_valid(), "{checked:?}");
        assert_eq!((checked.output.as_str(), checked.value), ("{\"a\": 1}", Some(json!({"a": 1}))));
    }

    #[test]
    fn what_cannot_be_decided_is_neither_valid_nor_broken() {
        let contract = contract("{assert: [{type: cost, threshold: 1}]}").unwrap();
        let checked = contract.check(&answer("a"), &Map::new(), None);
        assert!(!checked.is_valid() && checked.broken.is_empty());
        assert_eq!(checked.undecided.len(), 1);
        assert!(contract.check(&answer("a"), &Map::new(), Some(0.5)).is_valid());
    }

    #[test]
    fn a_wish_for_a_tool_is_no_broken_json() {
        let contract = contract("{format: json, extract: [json]}").unwrap();
        let call = ToolCall { id: "1".into(), name: "look".into(), arguments: json!({}) };
        let asks = Answer { tool_calls: vec![call], ..Answer::default() };
        assert!(contract.check(&asks, &Map::new(), None).is_valid());
        assert!(!contract.check(&answer(""), &Map::new(), None).is_valid());
    }

    #[test]
    fn a_contract_that_is_none_names_its_place() {
        let wrong =
            contract("{extract: [jsn], assert: [{type: regex, value: \"(\"}]}").unwrap_err();
        let places: Vec<String> = wrong.iter().map(|(route, _)| route.to_string()).collect();
        assert_eq!(places, ["output.extract", "output.assert[0]"]);
    }

    #[test]
    fn what_asks_someone_else_is_refused_before_the_model_is_asked() {
        let judge =
            "{assert: [{type: judge, value: Is it kind?}, {type: exec, value: [check, me]}]}";
        let wrong = contract(judge).unwrap_err();
        assert_eq!(wrong.len(), 2, "{wrong:?}");
        assert!(wrong[0].1.contains("move it into the `assert` of a suite"), "{wrong:?}");
    }

    #[test]
    fn the_conversation_goes_on_with_what_was_wrong() {
        let request = Request {
            model: ModelSettings::default(),
            messages: vec![Message::text(Role::User, "hi")],
            tools: Vec::new(),
            response: ResponseFormat::Text,
        };
        let checked =
            Checked { broken: vec!["too long".into(), "no label".into()], ..Checked::default() };
        let next = again(&request, &answer("A"), &checked);
        let told = "Your last answer is not valid:\n- too long\n- no label\n\
                    Answer again. Write the corrected answer and nothing else.";
        let expected = [(Role::User, "hi"), (Role::Assistant, "A"), (Role::User, told)];
        assert_eq!(next.messages, expected.map(|(role, text)| Message::text(role, text)));
        assert_eq!(again(&request, &answer(" "), &checked).messages.len(), 2);
    }
}
