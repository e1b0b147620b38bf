//! The bench: the judges and embedding models of a plan, and how their questions become requests.
//!
//! What is to be judged is foreign text. It stands between fences that are longer than any in it, so that it cannot end
//! them, and nothing that it holds is rendered again.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::plan::{PlanError, SuitePlan};
use crate::assertion::{
    Assertion, CommandQuestion, Criterion, Exhibit, JudgeQuestion, Needs, Question, Reply, Subject,
    Yardstick,
};
use crate::digest::{self, Digest};
use crate::message::{Message, ModelSettings, Request, ResponseFormat, Role};
use crate::price::Prices;
use crate::project::Project;
use crate::project::judge::{self, Contract, JudgeError};
use crate::project::model::ResolvedModel;
use crate::project::prompt::Prompt;
use crate::project::variable::Variable;
use crate::template::render::output_text;
use crate::template::{self, Binder, Origin, Renderer};

/// Times that a judge is asked before a reply that cannot be read leaves the answer unscored.
const ATTEMPTS: usize = 2;

/// Shortest fence.
const FENCE: usize = 3;

/// The judges and embedding models of a plan.
#[derive(Default)]
pub struct Bench {
    judges: BTreeMap<String, Judge>,
    /// By the name in the assertion and the prompt; embedding models have no prompt.
    models: BTreeMap<(Option<String>, Option<String>), ResolvedModel>,
    commands: BTreeSet<Vec<String>>,
}

struct Judge {
    prompt: Prompt,
    contract: Contract,
    binder: Binder,
    renderer: Renderer,
}

/// What comes next for a question.
pub(super) enum Next {
    /// This must be asked.
    Ask(Box<Request>),
    /// This must be run.
    Run(CommandQuestion),
    /// Nothing: here is the reply.
    Done(Reply),
}

impl Bench {
    /// Takes up what the assertions of a suite ask for. Returns the digests of what judges there.
    pub(super) fn add(
        &mut self,
        project: &Project,
        suite: &SuitePlan,
    ) -> Result<Vec<Digest>, PlanError> {
        let mut digests = BTreeSet::new();
        let of_columns = suite.columns.iter().flat_map(|column| &column.assertions);
        for assertion in of_columns.filter(|assertion| assertion.needs().is_some()) {
            for case in suite.cases.iter() {
                Self::demand(assertion, &case.id, case.placed.case.expected.is_some(), project)?;
            }
            self.take(project, assertion, &mut digests)?;
        }
        for case in suite.cases.asserting() {
            for assertion in &case.assertions {
                Self::demand(assertion, &case.id, case.placed.case.expected.is_some(), project)?;
                self.take(project, assertion, &mut digests)?;
            }
        }
        Ok(digests.into_iter().collect())
    }

    /// A judge that cannot do without `expected` must have one, before anything is paid for.
    fn demand(
        assertion: &Assertion,
        case: &str,
        expected: bool,
        project: &Project,
    ) -> Result<(), PlanError> {
        let Some(Needs::Judge { prompt: name, .. }) = assertion.needs() else { return Ok(()) };
        let prompt = judge::prompt(project, name).map_err(usage)?;
        let required = prompt.file.variables.get("expected").is_some_and(Variable::required);
        if required && !expected {
            return Err(PlanError::Usage {
                message: format!(
                    "case `{case}` has no `expected`, which the judge `{name}` compares with"
                ),
                help: Some(
                    "give the case one, or leave the assertion to the cases that have one"
                        .to_owned(),
                ),
            });
        }
        Ok(())
    }

    fn take(
        &mut self,
        project: &Project,
        assertion: &Assertion,
        digests: &mut BTreeSet<Digest>,
    ) -> Result<(), PlanError> {
        let Some(needs) = assertion.needs() else { return Ok(()) };
        judge::check(project, &needs).map_err(usage)?;
        match needs {
            Needs::Command { argv } => {
                self.commands.insert(argv.to_vec());
            }
            Needs::Embedding { model } => {
                let resolved = judge::model(&project.config, None, Some(model)).map_err(usage)?;
                digests.insert(digest::sha256(json!(resolved.settings).to_string()));
                self.models.insert((Some(model.to_owned()), None), resolved);
            }
            Needs::Judge { models, prompt: name, .. } => {
                let prompt = judge::prompt(project, name).map_err(usage)?;
                let closure = template::closure_of(project, prompt)?;
                let models: Vec<Option<&str>> = match models {
                    [] => vec![None],
                    models => models.iter().map(|model| Some(model.as_str())).collect(),
                };
                for model in models {
                    let resolved =
                        judge::model(&project.config, Some(prompt), model).map_err(usage)?;
                    digests.insert(digest::content(prompt, &closure, Some(&resolved)));
                    let place = (model.map(str::to_owned), Some(name.to_owned()));
                    self.models.insert(place, resolved);
                }
                if !self.judges.contains_key(name) {
                    let judge = Judge {
                        contract: Contract::of(prompt).map_err(usage)?,
                        binder: Binder::new(prompt),
                        renderer: Renderer::new(prompt, &closure).map_err(PlanError::Findings)?,
                        prompt: prompt.clone(),
                    };
                    self.judges.insert(name.to_owned(), judge);
                }
            }
        }
        Ok(())
    }

    /// Whether nobody is asked.
    pub fn is_empty(&self) -> bool {
        self.models.is_empty() && self.commands.is_empty()
    }

    /// The models, as `provider/name`, whose price is not known.
    pub fn unpriced(&self, prices: &Prices) -> BTreeSet<String> {
        let models = self.models.values().map(|model| &model.settings);
        let paid = models.filter(|model| model.provider != "echo");
        paid.filter(|model| prices.of(model).is_none()).map(ModelSettings::id).collect()
    }

    /// The providers that it asks.
    pub fn providers(&self) -> BTreeSet<&str> {
        self.models.values().map(|model| model.settings.provider.as_str()).collect()
    }

    /// The commands that it runs.
    pub fn commands(&self) -> impl Iterator<Item = &[String]> {
        self.commands.iter().map(Vec::as_slice)
    }

    /// How reports call the model of a request.
    pub(super) fn label(&self, request: &Request) -> String {
        let known = self.models.values().find(|model| model.settings == request.model);
        known.map_or_else(|| request.model.id(), |model| model.label.clone())
    }

    /// How many calls an assertion takes at least, those to `echo` left out.
    pub(super) fn calls(&self, assertion: &Assertion) -> usize {
        let Some(needs) = assertion.needs() else { return 0 };
        let is_echo = |model: Option<&str>, prompt: Option<&str>| {
            let place = (model.map(str::to_owned), prompt.map(str::to_owned));
            self.models.get(&place).is_some_and(|model| model.settings.provider == "echo")
        };
        match needs {
            Needs::Judge { models, prompt, pairs, .. } => {
                let asked = match models {
                    [] => usize::from(!is_echo(None, Some(prompt))),
                    all => all.iter().filter(|model| !is_echo(Some(model), Some(prompt))).count(),
                };
                asked * if pairs { 2 } else { 1 }
            }
            Needs::Embedding { model } if is_echo(Some(model), None) => 0,
            needs => needs.calls(),
        }
    }

    /// What comes next for a question after these answers.
    pub(super) fn next(&self, question: &Question, subject: &Subject<'_>, said: &[String]) -> Next {
        match question {
            Question::Command(command) => Next::Run(command.clone()),
            Question::Embedding { model, text } => self.embedding(model, text, said),
            Question::Judge(question) => match self.judge(question, subject, said) {
                Ok(next) => next,
                Err(reason) => Next::Done(Reply::Failed(reason)),
            },
        }
    }

    fn embedding(&self, model: &str, text: &str, said: &[String]) -> Next {
        if let Some(answer) = said.first() {
            let vector: Result<Vec<f64>, _> = serde_json::from_str(answer);
            return Next::Done(match vector {
                Ok(vector) => Reply::Vector(vector),
                Err(_) => Reply::Undecided(format!("{model} gave no embedding")),
            });
        }
        match self.models.get(&(Some(model.to_owned()), None)) {
            Some(model) => Next::Ask(Box::new(Request {
                model: model.settings.clone(),
                messages: vec![Message::text(Role::User, text)],
                tools: Vec::new(),
                response: ResponseFormat::Embedding,
            })),
            None => Next::Done(Reply::Failed(format!("nobody knows the model `{model}`"))),
        }
    }

    fn judge(
        &self,
        question: &JudgeQuestion,
        subject: &Subject<'_>,
        said: &[String],
    ) -> Result<Next, String> {
        let unknown = || format!("nobody knows the judge `{}`", question.prompt);
        let judge = self.judges.get(&question.prompt).ok_or_else(unknown)?;
        let place = (question.model.clone(), Some(question.prompt.clone()));
        let model = self.models.get(&place).ok_or_else(unknown)?;
        let criteria = criteria(question);
        let mut wrong = None;
        for answer in said {
            match judge.contract.read(answer, &criteria) {
                Ok(opinion) => return Ok(Next::Done(Reply::Opinion(opinion))),
                Err(why) => wrong = Some((answer, why)),
            }
        }
        if said.len() >= ATTEMPTS {
            let why = wrong.map(|(_, why)| why).unwrap_or_default();
            let reason = format!(
                "the judge {} gave no verdict that can be read, also when told so: {why}",
                model.label
            );
            return Ok(Next::Done(Reply::Undecided(reason)));
        }
        let values = judge
            .binder
            .bind(&judge.told(question, &criteria, subject), Origin::Typed)
            .map_err(|problems| {
                let each: Vec<String> = problems.iter().map(ToString::to_string).collect();
                format!("the judge `{}` cannot be asked: {}", question.prompt, each.join("; "))
            })?;
        let messages = judge.renderer.render(&values).map_err(|findings| {
            let each: Vec<&str> = findings.iter().map(|it| it.message.as_str()).collect();
            format!("the judge `{}` cannot be asked: {}", question.prompt, each.join("; "))
        })?;
        let mut request = template::request(
            &judge.prompt,
            model.settings.clone(),
            model.prefix.as_deref(),
            messages,
        );
        if let Some((answer, why)) = wrong {
            // Some protocols refuse a turn that says nothing.
            let answer = if answer.trim().is_empty() { "(nothing)" } else { answer.as_str() };
            request.messages.push(Message::text(Role::Assistant, answer));
            request.messages.push(Message::text(
                Role::User,
                format!("This cannot be read: {why}.\nAnswer again, with the JSON object that was asked for and nothing else."),
            ));
        }
        Ok(Next::Ask(Box::new(request)))
    }
}

impl Judge {
    /// The values of the variables that the prompt declares.
    fn told(
        &self,
        question: &JudgeQuestion,
        criteria: &[Criterion],
        subject: &Subject<'_>,
    ) -> Map<String, Value> {
        let transcript = transcript(subject.messages);
        let expected = subject.expected.map(output_text);
        let (output, first, second) = match &question.exhibit {
            Exhibit::One(output) => (Some(output.as_str()), None, None),
            Exhibit::Pair(first, second) => (None, Some(first.as_str()), Some(second.as_str())),
        };
        let asked = match &question.by {
            Yardstick::Prompt => None,
            Yardstick::Question(text) => Some(text.clone()),
            Yardstick::Criteria(all) => {
                Some(all.iter().map(|it| format!("- {}: {}\n", it.name, it.description)).collect())
            }
        };
        let data = |map: &Map<String, Value>| Value::Object(map.clone()).to_string();
        let (variables, metadata) = (data(subject.variables), data(subject.metadata));
        let foreign: Vec<&str> = [
            output,
            first,
            second,
            expected.as_deref(),
            Some(&transcript),
            Some(&variables),
            Some(&metadata),
        ]
        .into_iter()
        .flatten()
        .collect();
        let mut told = Map::new();
        for (name, variable) in &self.prompt.file.variables {
            let is_text = variable.type_name().is_none_or(|name| name == "string");
            let value = match name.as_str() {
                "output" => output.map(Value::from),
                "first" => first.map(Value::from),
                "second" => second.map(Value::from),
                "expected" if is_text => expected.clone().map(Value::from),
                "expected" => subject.expected.cloned(),
                "rubric" if !is_text && !criteria.is_empty() => Some(json!(criteria)),
                "question" | "rubric" => asked.clone().map(Value::from),
                "messages" if is_text => Some(Value::from(transcript.clone())),
                "messages" => Some(json!(subject.messages)),
                "variables" if is_text => Some(Value::from(variables.clone())),
                "variables" => Some(Value::Object(subject.variables.clone())),
                "metadata" if is_text => Some(Value::from(metadata.clone())),
                "metadata" => Some(Value::Object(subject.metadata.clone())),
                "fence" => Some(Value::from(fence(&foreign))),
                _ => None,
            };
            if let Some(value) = value {
                told.insert(name.clone(), value);
            }
        }
        told
    }
}

/// The criteria of a question; one that is a text is a rubric of one.
fn criteria(question: &JudgeQuestion) -> Vec<Criterion> {
    match &question.by {
        Yardstick::Prompt => Vec::new(),
        Yardstick::Criteria(criteria) => criteria.clone(),
        Yardstick::Question(text) => {
            vec![Criterion { name: "answer".to_owned(), description: text.clone(), weight: 1.0 }]
        }
    }
}

/// A run of backticks that is longer than any in the texts: none of them can end what it begins.
fn fence(texts: &[&str]) -> String {
    let longest = texts
        .iter()
        .flat_map(|text| text.split(|character| character != '`').map(str::len))
        .max()
        .unwrap_or(0);
    "`".repeat(FENCE.max(longest + 1))
}

/// What was said before the answer, one message after the other.
fn transcript(messages: &[Message]) -> String {
    let said: Vec<String> =
        messages.iter().map(|it| format!("{}: {}", it.role, it.content.text())).collect();
    said.join("\n\n")
}

fn usage(error: JudgeError) -> PlanError {
    PlanError::Usage { message: error.message, help: error.help }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_holds_its_fence(texts in prop::collection::vec("[`a\n~]{0,40}", 0..4)) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let fence = fence(&texts);
            prop_assert!(fence.len() >= FENCE);
            prop_assert!(texts.iter().all(|text| !text.contains(&fence)));
        }
    }

    #[test]
    fn a_transcript_says_who_spoke() {
        let messages = [Message::text(Role::System, "Be kind."), Message::text(Role::User, "Hi")];
        assert_eq!(transcript(&messages), "system: Be kind.\n\nuser: Hi");
    }
}
