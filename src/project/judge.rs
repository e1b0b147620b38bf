//! Prompts as judges: where they come from, what they are told, and how their replies are read.
//!
//! A judge is a prompt like any other. Its output schema says what it may reply: a `verdict` of a few words, a `score` on
//! a scale, or such for each of some `criteria`. The project's own prompts come before the built-in ones of the same name,
//! which are embedded from `prompts/judges/` of pf's repository.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value};

use super::Project;
use super::config::Config;
use super::model::{self, ModelError, ResolvedModel};
use super::prompt::{OutputFormat, Prompt, PromptName};
use super::variable::Variable;
use crate::assertion::{Criterion, Extract, Needs, Opinion, Part, Told};
use crate::diagnostic::closest;
use crate::path::RepoPath;
use crate::schema::{self, Validator};
use crate::snapshot::Snapshot;

/// The profile that judges where an assertion names no model.
pub const PROFILE: &str = "judge";

/// The variables that a judge may declare.
pub const VARIABLES: [&str; 10] = [
    "output",
    "expected",
    "question",
    "rubric",
    "first",
    "second",
    "messages",
    "variables",
    "metadata",
    "fence",
];

/// The built-in judges, by name and text.
pub const BUILT_IN: [(&str, &str); 6] = [
    ("judges/closed-question", include_str!("../../prompts/judges/closed-question.yaml")),
    ("judges/coherence", include_str!("../../prompts/judges/coherence.yaml")),
    ("judges/factuality", include_str!("../../prompts/judges/factuality.yaml")),
    ("judges/pairwise", include_str!("../../prompts/judges/pairwise.yaml")),
    ("judges/relevance", include_str!("../../prompts/judges/relevance.yaml")),
    ("judges/rubric", include_str!("../../prompts/judges/rubric.yaml")),
];

static PROMPTS: LazyLock<BTreeMap<PromptName, Prompt>> = LazyLock::new(|| {
    let files = BUILT_IN.into_iter().map(|(name, text)| {
        let path = RepoPath::new(&format!("prompts/{name}.yaml")).expect("a plain path");
        (path, text.as_bytes().to_vec())
    });
    Project::load(&Snapshot::memory(files)).expect("files in memory can be read").prompts
});

/// Why a judge cannot be asked: a lower-case fragment, and what to do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct JudgeError {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl JudgeError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// The model that an assertion names; else the one that the prompt names, else the profile `judge`, which must then be
/// there.
pub fn model(
    config: &Config,
    prompt: Option<&Prompt>,
    name: Option<&str>,
) -> Result<ResolvedModel, JudgeError> {
    let own = prompt.and_then(|prompt| prompt.file.model.as_ref());
    let instead = match (name, own) {
        (None, None) if !config.models.contains_key(PROFILE) => {
            return Err(JudgeError::new(
                "`judge` names no model, and pf.yaml has no profile `judge`: no judge is ever guessed",
            )
            .help("write `model: PROVIDER/NAME`, or define `judge` under `models:` in pf.yaml"));
        }
        (None, None) => Some(PROFILE),
        (name, _) => name,
    };
    model::resolve(config, own, instead)
        .map_err(|error: ModelError| JudgeError { message: error.to_string(), help: error.help() })
}

/// Whether what an assertion asks for can be had: its models, its prompt, and whether they fit together.
pub fn check(project: &Project, needs: &Needs<'_>) -> Result<(), JudgeError> {
    let (models, name, told, pairs) = match *needs {
        Needs::Command { .. } => return Ok(()),
        Needs::Embedding { model } => {
            return self::model(&project.config, None, Some(model)).map(|_| ());
        }
        Needs::Judge { models, prompt, told, pairs } => (models, prompt, told, pairs),
    };
    let prompt = prompt(project, name)?;
    let contract = Contract::of(prompt)?;
    if !prompt.file.active {
        return Err(JudgeError::new(format!("the prompt `{name}` says `active: false`")));
    }
    if models.is_empty() {
        model(&project.config, Some(prompt), None)?;
    }
    for own in models {
        model(&project.config, Some(prompt), Some(own))?;
    }
    let declares = |variable: &str| prompt.file.variables.contains_key(variable);
    let requires =
        |variable: &str| prompt.file.variables.get(variable).is_some_and(Variable::required);
    let wrong = match (told, pairs) {
        (_, true) if !(declares("first") && declares("second")) => {
            Some("does not compare two answers: it has no variables `first` and `second`")
        }
        (_, false) if requires("first") || requires("second") => {
            Some("compares two answers: say which other one with `against`")
        }
        (Told::Criteria, _) if !contract.by_criterion => Some("takes no list of criteria"),
        (Told::Question, _) if !declares("question") && !declares("rubric") => {
            Some("takes no `value`: it knows by itself what it judges by")
        }
        (Told::Nothing, _)
            if requires("question") || requires("rubric") || contract.by_criterion =>
        {
            Some("needs a `value` to judge by")
        }
        _ => None,
    };
    wrong.map_or(Ok(()), |wrong| Err(JudgeError::new(format!("the prompt `{name}` {wrong}"))))
}

/// The prompt of this name: the project's own, else a built-in one.
pub fn prompt<'a>(project: &'a Project, name: &str) -> Result<&'a Prompt, JudgeError> {
    let wanted = PromptName(name.to_owned());
    if let Some(own) = project.prompts.get(&wanted) {
        return Ok(own);
    }
    if project.unusable.contains_key(&wanted) {
        return Err(JudgeError::new(format!("the prompt `{name}` is broken")));
    }
    PROMPTS.get(&wanted).ok_or_else(|| {
        let names = PROMPTS.keys().chain(project.prompts.keys()).map(PromptName::as_str);
        let error = JudgeError::new(format!(
            "there is no prompt `{name}`, nor a built-in judge of that name"
        ));
        match closest(name, names) {
            Some(best) => error.help(format!("did you mean `{best}`?")),
            None => error.help(format!(
                "the built-in judges are {}",
                BUILT_IN.map(|(name, _)| format!("`{name}`")).join(", ")
            )),
        }
    })
}

/// What a judge may reply, and what it is worth.
#[derive(Clone, Debug)]
pub struct Contract {
    extract: Option<Extract>,
    validator: Arc<Validator>,
    mark: Mark,
    by_criterion: bool,
}

/// What one mark is worth.
#[derive(Clone, PartialEq, Debug)]
enum Mark {
    /// A number on a scale.
    Score { least: f64, most: f64 },
    /// A word.
    Verdict(BTreeMap<String, f64>),
}

impl Contract {
    /// Reads what a prompt says of its answers; why it is no judge, where it is none.
    pub fn of(prompt: &Prompt) -> Result<Self, JudgeError> {
        let name = &prompt.name;
        let schema = prompt
            .file
            .output
            .as_ref()
            .filter(|output| output.format == OutputFormat::Json)
            .and_then(|output| output.schema.as_ref())
            .ok_or_else(|| {
                JudgeError::new(format!("the prompt `{name}` is no judge: it has no `output` of format json with a schema"))
                    .help("its schema must have a `verdict`, a `score` or a list of `criteria`; copy a built-in judge to start from")
            })?;
        if let Some(unknown) = prompt.file.variables.iter().find(|(variable, definition)| {
            definition.required() && !VARIABLES.contains(&variable.as_str())
        }) {
            return Err(JudgeError::new(format!(
                "the prompt `{name}` is no judge: nobody gives it its variable `{}`",
                unknown.0
            ))
            .help(format!("a judge is told {}", VARIABLES.map(|v| format!("`{v}`")).join(", "))));
        }
        let worth = prompt.file.metadata.get("scores").and_then(Value::as_object);
        let of_criteria = property(schema, "criteria").and_then(|it| it.get("items"));
        let (marks, by_criterion) = match of_criteria.and_then(Value::as_object) {
            Some(items) => (items, true),
            None => (schema, false),
        };
        let mark = Mark::of(marks, worth)
            .map_err(|why| JudgeError::new(format!("the prompt `{name}` is no judge: {why}")))?;
        let extract = prompt.file.output.as_ref().map_or(&[][..], |output| &output.extract);
        let extract = (!extract.is_empty()).then(|| Extract::compile(extract).ok()).flatten();
        let validator = schema::compile(&Value::Object(schema.clone())).map_err(|error| {
            JudgeError::new(format!("the schema of the prompt `{name}`: {error}"))
        })?;
        Ok(Self { extract, validator, mark, by_criterion })
    }

    /// Whether it scores each of some criteria.
    pub fn by_criterion(&self) -> bool {
        self.by_criterion
    }

    /// Reads a reply strictly; otherwise says what is wrong with it, so that the judge can be told.
    pub fn read(&self, text: &str, criteria: &[Criterion]) -> Result<Opinion, String> {
        let text = match &self.extract {
            None => text.trim().to_owned(),
            Some(extract) => {
                let found = extract.apply(text);
                // A verdict that had to be guessed from broken text is none.
                if let Some(why) = found.failed.or(found.repaired) {
                    return Err(why);
                }
                found.text
            }
        };
        let value: Value =
            serde_json::from_str(&text).map_err(|error| format!("it is no JSON: {error}"))?;
        let errors = self.validator.errors(&value, 3);
        if !errors.is_empty() {
            let each = errors.iter().map(|(place, error)| match place.as_str() {
                "" => error.clone(),
                place => format!("{place}: {error}"),
            });
            return Err(each.collect::<Vec<_>>().join("; "));
        }
        let reply = value.as_object().ok_or("it is no JSON object")?;
        let reason = |of: &Map<String, Value>| {
            of.get("reason").and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        if !self.by_criterion {
            let score = self.mark.read(reply)?;
            return Ok(Opinion { score, reason: reason(reply), parts: Vec::new() });
        }
        let entries: Vec<&Map<String, Value>> = reply
            .get("criteria")
            .and_then(Value::as_array)
            .map(|entries| entries.iter().filter_map(Value::as_object).collect())
            .unwrap_or_default();
        let fold = |name: &str| name.trim().to_lowercase();
        let named = |entry: &Map<String, Value>| {
            entry.get("name").and_then(Value::as_str).map(fold).unwrap_or_default()
        };
        if let Some(strange) = entries
            .iter()
            .find(|entry| criteria.iter().all(|criterion| fold(&criterion.name) != named(entry)))
        {
            return Err(format!("no criterion is called `{}`", named(strange)));
        }
        let mut parts = Vec::new();
        let mut reasons = Vec::new();
        for criterion in criteria {
            let mut own = entries.iter().filter(|entry| named(entry) == fold(&criterion.name));
            let entry = match (own.next(), own.next()) {
                (Some(entry), None) => entry,
                (None, _) => return Err(format!("the criterion `{}` is missing", criterion.name)),
                (Some(_), Some(_)) => {
                    return Err(format!("the criterion `{}` stands there twice", criterion.name));
                }
            };
            let score = self.mark.read(entry)?;
            reasons.push(format!("{} {score:.2} ({})", criterion.name, reason(entry)));
            parts.push(Part { name: criterion.name.clone(), score, weight: criterion.weight });
        }
        let weights: f64 = parts.iter().map(|part| part.weight).sum();
        let sum: f64 = parts.iter().map(|part| part.weight * part.score).sum();
        if weights <= 0.0 {
            return Err("no criterion has a weight".to_owned());
        }
        Ok(Opinion { score: (sum / weights).clamp(0.0, 1.0), reason: reasons.join("; "), parts })
    }
}

fn property<'a>(schema: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    schema.get("properties")?.get(name)
}

/// What words are worth where the prompt does not say.
fn usual(word: &str) -> Option<f64> {
    Some(match word.to_lowercase().as_str() {
        "yes" | "pass" | "true" | "first" => 1.0,
        "no" | "fail" | "false" | "second" => 0.0,
        "tie" => 0.5,
        _ => return None,
    })
}

impl Mark {
    fn of(schema: &Map<String, Value>, worth: Option<&Map<String, Value>>) -> Result<Self, String> {
        if let Some(verdict) = property(schema, "verdict") {
            let words: Vec<String> = match (verdict.get("enum"), verdict.get("type")) {
                (Some(Value::Array(words)), _) => words.iter().filter_map(word).collect(),
                (_, Some(Value::String(kind))) if kind == "boolean" => {
                    vec!["true".to_owned(), "false".to_owned()]
                }
                _ => return Err("its `verdict` must have an `enum` of words".to_owned()),
            };
            let worth = |word: String| {
                let own = worth.and_then(|worth| worth.get(&word)).map(Value::as_f64);
                match own.unwrap_or_else(|| usual(&word)) {
                    Some(score) if (0.0..=1.0).contains(&score) => Ok((word, score)),
                    _ => Err(format!(
                        "nothing says what the verdict `{word}` is worth; write `metadata: {{scores: {{{word}: 0.5}}}}`, from 0 to 1"
                    )),
                }
            };
            return Ok(Self::Verdict(words.into_iter().map(worth).collect::<Result<_, _>>()?));
        }
        let score =
            property(schema, "score").ok_or("its schema has neither a `verdict` nor a `score`")?;
        let listed: Vec<f64> = score
            .get("enum")
            .and_then(Value::as_array)
            .map(|values| values.iter().filter_map(Value::as_f64).collect())
            .unwrap_or_default();
        let bound = |key: &str| score.get(key).and_then(Value::as_f64);
        let least = bound("minimum").or_else(|| listed.iter().copied().reduce(f64::min));
        let most = bound("maximum").or_else(|| listed.iter().copied().reduce(f64::max));
        match (least, most) {
            (Some(least), Some(most)) if least < most => Ok(Self::Score { least, most }),
            _ => Err("its `score` must have a `minimum` and a `maximum`, or an `enum` of numbers"
                .to_owned()),
        }
    }

    fn read(&self, reply: &Map<String, Value>) -> Result<f64, String> {
        match self {
            Self::Verdict(worth) => {
                let verdict = reply.get("verdict").and_then(word).ok_or("it has no `verdict`")?;
                let score = worth.get(&verdict).copied();
                score.ok_or_else(|| format!("`{verdict}` is none of the verdicts"))
            }
            Self::Score { least, most } => {
                let score =
                    reply.get("score").and_then(Value::as_f64).ok_or("it has no `score`")?;
                if score < *least || score > *most {
                    return Err(format!("its `score` is {score}, not from {least} to {most}"));
                }
                Ok((score - least) / (most - least))
            }
        }
    }
}

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(word) => Some(word.clone()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract(name: &str) -> Contract {
        Contract::of(&PROMPTS[&PromptName(name.to_owned())]).unwrap()
    }

    fn criteria(names: &[(&str, f64)]) -> Vec<Criterion> {
        let of = |(name, weight): &(&str, f64)| Criterion {
            name: (*name).to_owned(),
            description: String::new(),
            weight: *weight,
        };
        names.iter().map(of).collect()
    }

    #[test]
    fn every_built_in_prompt_is_a_judge() {
        assert_eq!(PROMPTS.len(), BUILT_IN.len());
        for prompt in PROMPTS.values() {
            assert!(Contract::of(prompt).is_ok(), "{:?}", Contract::of(prompt));
        }
    }

    #[test]
    fn verdicts_and_scores_are_placed_between_0_and_1() {
        let score = |name: &str, text: &str| contract(name).read(text, &[]).map(|it| it.score);
        for (name, text, expected) in [
            ("judges/closed-question", r#"{"reason": "r", "verdict": "yes"}"#, 1.0),
            (
                "judges/closed-question",
                "<think>hm</think>```json\n{\"reason\": \"r\", \"verdict\": \"no\"}\n```",
                0.0,
            ),
            ("judges/factuality", r#"{"reason": "r", "verdict": "omits"}"#, 0.5),
            ("judges/pairwise", r#"{"reason": "r", "verdict": "tie"}"#, 0.5),
            ("judges/coherence", r#"{"reason": "r", "score": 1}"#, 0.0),
            ("judges/coherence", r#"{"reason": "r", "score": 4}"#, 0.75),
        ] {
            assert_eq!(score(name, text), Ok(expected), "{name} {text}");
        }
    }

    #[test]
    fn what_is_not_exactly_asked_for_is_refused() {
        for text in [
            "",
            "yes",
            r#"{"verdict": "yes"}"#,
            r#"{"reason": "r", "verdict": "Yes!"}"#,
            r#"{"reason": "r", "verdict": "yes", "more": 1}"#,
            r#"{"reason": "r", "verdict": "yes""#,
        ] {
            assert!(contract("judges/closed-question").read(text, &[]).is_err(), "{text}");
        }
        for score in ["0", "6", "2.5", "\"4\""] {
            let text = format!(r#"{{"reason": "r", "score": {score}}}"#);
            assert!(contract("judges/coherence").read(&text, &[]).is_err(), "{text}");
        }
    }

    #[test]
    fn a_rubric_is_the_weighted_mean_of_its_criteria() {
        let rubric = criteria(&[("Polite", 3.0), ("short", 1.0)]);
        let entry = |name: &str, score: u32| {
            format!(r#"{{"name": "{name}", "reason": "r", "score": {score}}}"#)
        };
        let reply = |entries: &[String]| format!(r#"{{"criteria": [{}]}}"#, entries.join(", "));
        let read = |entries: &[String]| contract("judges/rubric").read(&reply(entries), &rubric);
        let opinion = read(&[entry("short", 1), entry("polite ", 5)]).unwrap();
        assert!((opinion.score - 0.75).abs() < 1e-12);
        assert_eq!(opinion.reason, "Polite 1.00 (r); short 0.00 (r)");
        assert_eq!(opinion.parts.iter().map(|part| part.weight).collect::<Vec<_>>(), [3.0, 1.0]);
        assert_eq!(read(&[entry("Polite", 1)]).unwrap_err(), "the criterion `short` is missing");
        assert!(read(&[entry("Polite", 1), entry("polite", 1), entry("short", 1)]).is_err());
        assert!(read(&[entry("Polite", 1), entry("short", 1), entry("kind", 1)]).is_err());
    }
}
