//! What a file writes for an assertion, and its compilation with all problems at once.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use super::spec::{self, SPECS, Spec, Threshold, ValueRule};
use super::template::{Operand, Prepare, Template, Uses};
use super::{Assertion, Extract, Problem, text};
use crate::diagnostic::closest;

/// An assertion as a file writes it: a map with a `type`.
#[derive(Clone, PartialEq, Debug)]
pub struct Syntax(Map<String, Value>);

/// The keys that every type takes; `value` and `threshold` as its [`Spec`] says.
const COMMON: [&str; 6] = ["type", "value", "threshold", "weight", "metric", "extract"];

impl Syntax {
    /// The type as written; empty when it is missing or no text.
    pub fn type_text(&self) -> &str {
        self.0.get("type").and_then(Value::as_str).unwrap_or_default()
    }

    /// All keys as written.
    pub fn keys(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Makes it ready to score, or says all that is wrong with it.
    pub fn compile(&self) -> Result<Assertion, Vec<Problem>> {
        let (spec, negated) = self.spec().map_err(|problem| vec![problem])?;
        let mut fields = Fields { keys: &self.0, uses: Uses::default(), problems: Vec::new() };
        self.check_keys(spec, &mut fields);
        let threshold = threshold(spec, &mut fields);
        let weight = fields.non_negative("weight").flatten().unwrap_or(1.0);
        let metric = metric(&mut fields);
        let extract = extract(spec, &mut fields);
        let kind = match (spec.value, fields.has("value")) {
            (ValueRule::Required(what), false) => {
                let message = format!("`{}` needs a `value`: {what}", self.type_text());
                fields.report(Problem::new(message));
                None
            }
            (ValueRule::None, true) => None,
            _ => (spec.compile)(&mut fields),
        };
        match kind {
            Some(kind) if fields.problems.is_empty() => Ok(Assertion {
                spec,
                kind,
                negated,
                weight,
                metric,
                extract,
                threshold,
                uses_expected: fields.uses.expected,
                variables: fields.uses.variables,
            }),
            _ => Err(fields.problems),
        }
    }

    fn spec(&self) -> Result<(&'static Spec, bool), Problem> {
        let name = match self.0.get("type") {
            Some(Value::String(name)) => name.as_str(),
            Some(_) => {
                return Err(Problem::new("`type` must be a text, such as `contains`").under("type"));
            }
            None => return Err(Problem::new("an assertion needs a `type`").help(families())),
        };
        let (base, negated) = name.strip_prefix("not-").map_or((name, false), |base| (base, true));
        if let Some(spec) = spec::find(base) {
            return Ok((spec, negated));
        }
        let problem = Problem::new(format!("`{name}` is no type of assertion")).under("type");
        let names = spec::names();
        Err(match (closest(name, names.iter().map(String::as_str)), elsewhere(base)) {
            (_, Some(advice)) => problem.help(advice),
            (Some(best), None) => problem.help(format!("did you mean `{best}`?")),
            (None, None) => problem.help(families()),
        })
    }

    fn check_keys(&self, spec: &Spec, fields: &mut Fields<'_>) {
        let name = self.type_text();
        let own = || spec.parameters.iter().map(|parameter| parameter.name);
        for key in self.0.keys() {
            let key = key.as_str();
            let superfluous = match key {
                "value" => spec.value == ValueRule::None,
                "threshold" => spec.threshold == Threshold::None,
                _ => false,
            };
            if superfluous {
                let problem = Problem::new(format!("`{name}` takes no `{key}`")).under(key);
                fields.report(match spec.threshold {
                    Threshold::Ceiling { .. } if key == "value" => {
                        problem.help("its bound is the `threshold`")
                    }
                    _ => problem,
                });
            } else if !COMMON.contains(&key) && own().all(|known| known != key) {
                let problem = Problem::new(format!("`{name}` has no key `{key}`")).under(key);
                let owner =
                    SPECS.iter().find(|spec| spec.parameters.iter().any(|own| own.name == key));
                let known = COMMON.into_iter().chain(own());
                fields.report(match (owner, closest(key, known)) {
                    (Some(owner), _) => {
                        problem.help(format!("`{key}` belongs to `{}`", owner.name))
                    }
                    (None, Some(best)) => problem.help(format!("did you mean `{best}`?")),
                    (None, None) => problem,
                });
            }
        }
    }
}

/// What to write instead of types that other tools have.
fn elsewhere(name: &str) -> Option<&'static str> {
    Some(match name {
        "javascript" | "python" | "ruby" => {
            "write an `expression`, such as `value: output | length < 100`"
        }
        "iregex" => "write `regex` with `(?i)` before the pattern",
        "length" => "write `max-length`, `min-length` or `word-count`",
        "is-valid-openai-tools-call"
        | "is-valid-openai-function-call"
        | "is-valid-function-call" => {
            "write `tool-call`; without a value each call must fit a tool of the prompt"
        }
        "tool-call-f1" => "write `tool-call` with the list of tools, and `only: true`",
        "pii" => "write `no-pii`",
        "exact" | "match" => "write `equals`, or `exact-match` to leave case and punctuation out",
        "rouge" | "rouge-n" => "write `rouge-1`, `rouge-2`, `rouge-l` or `rouge-lsum`",
        "gleu" | "meteor" | "ter" => "write `bleu`, `chrf` or `rouge-l`",
        _ => return None,
    })
}

/// All types, by family.
fn families() -> String {
    let mut text = String::from("the types are");
    let mut family = None;
    for spec in SPECS {
        text.push_str(match family {
            None => " ",
            Some(last) if last == spec.family => ", ",
            Some(_) => "; ",
        });
        text.push_str(spec.name);
        family = Some(spec.family);
    }
    text.push_str("; each also with `not-` before it");
    text
}

fn threshold(spec: &Spec, fields: &mut Fields<'_>) -> Option<f64> {
    let problem = match (spec.threshold, fields.get("threshold")) {
        (Threshold::None, _) => return None,
        (Threshold::Ceiling { default: None }, None) => {
            let raw = spec.raw.unwrap_or_default();
            let message =
                format!("`{}` needs a `threshold`: the most that passes, in {raw}", spec.name);
            fields.report(Problem::new(message));
            return None;
        }
        (rule, None) => return rule.default_value(),
        (rule, Some(value)) => match (rule, value.as_f64()) {
            (Threshold::Floor { .. }, Some(number)) if (0.0..=1.0).contains(&number) => {
                return Some(number);
            }
            (Threshold::Ceiling { .. }, Some(number)) if number >= 0.0 && number.is_finite() => {
                return Some(number);
            }
            (Threshold::Ceiling { .. }, _) => Problem::new(
                "`threshold` must be a number from 0: the greatest raw value that passes",
            ),
            _ => Problem::new(
                "`threshold` must be a number from 0 to 1: the least score that passes",
            ),
        },
    };
    fields.report(problem.under("threshold"));
    None
}

fn metric(fields: &mut Fields<'_>) -> Option<String> {
    let problem = match fields.get("metric")? {
        Value::String(name) if name.trim().is_empty() => Problem::new("`metric` is empty"),
        Value::String(name) if name.contains("{{") => {
            Problem::new("`metric` is a plain name, not a template")
        }
        Value::String(name) => return Some(name.clone()),
        _ => Problem::new("`metric` must be a text: the name under which scores are averaged"),
    };
    fields.report(problem.under("metric"));
    None
}

fn extract(spec: &Spec, fields: &mut Fields<'_>) -> Option<Extract> {
    let value = fields.get("extract")?;
    if !spec.reads_text() {
        let message = format!("`{}` looks at the call, so that it takes no `extract`", spec.name);
        fields.report(Problem::new(message).under("extract"));
        return None;
    }
    let steps = match value {
        Value::Array(_) => text::one_or_more(value),
        Value::String(step) => Ok(vec![step.clone()]),
        other => {
            Err(Problem::new(format!("is {}, not a step or a list of steps", text::kind_of(other)))
                .help("write, for example, `extract: [strip-thinking, json]`"))
        }
    };
    let compiled = steps.map_err(|problem| vec![problem]).and_then(|steps| {
        Extract::compile(&steps).map_err(|problems| match value {
            Value::Array(_) => problems,
            // One step has no index.
            _ => problems
                .into_iter()
                .map(|problem| Problem { route: Vec::new(), ..problem })
                .collect(),
        })
    });
    match compiled {
        Ok(extract) => Some(extract),
        Err(problems) => {
            for problem in problems {
                fields.report(problem.under("extract"));
            }
            None
        }
    }
}

/// The keys of an assertion while it is compiled, with what is found wrong and what it uses.
pub(super) struct Fields<'a> {
    keys: &'a Map<String, Value>,
    pub(super) uses: Uses,
    problems: Vec<Problem>,
}

impl<'a> Fields<'a> {
    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.keys.get(key)
    }

    pub(super) fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// The operand that `prepare` makes of the value at `key`, which may hold templates; `None` after a problem.
    pub(super) fn operand<T>(&mut self, key: &str, prepare: Prepare<T>) -> Option<Operand<T>> {
        let value = self.get(key)?;
        self.operand_of(key, value, prepare)
    }

    /// The same, of `default` where the key is absent.
    pub(super) fn operand_or<T>(
        &mut self,
        key: &str,
        default: &Value,
        prepare: Prepare<T>,
    ) -> Option<Operand<T>> {
        let value = self.get(key).unwrap_or(default);
        self.operand_of(key, value, prepare)
    }

    fn operand_of<T>(
        &mut self,
        key: &str,
        value: &Value,
        prepare: Prepare<T>,
    ) -> Option<Operand<T>> {
        let template = match Template::compile(value) {
            Ok(template) => template,
            Err(problems) => {
                self.problems.extend(problems.into_iter().map(|problem| problem.under(key)));
                return None;
            }
        };
        template.note_uses(&mut self.uses);
        match Operand::new(template, prepare) {
            Ok(operand) => Some(operand),
            Err(problem) => {
                self.report(problem.under(key));
                None
            }
        }
    }

    /// A finite number from 0; `Some(None)` when the key is absent, `None` after a problem.
    #[expect(clippy::option_option, reason = "absent and wrong are different things here")]
    pub(super) fn non_negative(&mut self, key: &str) -> Option<Option<f64>> {
        let Some(value) = self.get(key) else {
            return Some(None);
        };
        match value.as_f64() {
            Some(number) if number >= 0.0 && number.is_finite() => Some(Some(number)),
            _ => {
                self.report(Problem::new(format!("`{key}` must be a number from 0")).under(key));
                None
            }
        }
    }
}

impl<'de> Deserialize<'de> for Syntax {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Object(keys) => Ok(Self(keys)),
            _ => Err(serde::de::Error::custom(
                "an assertion is a map with a `type`, such as `{type: contains, value: refund}`",
            )),
        }
    }
}

impl JsonSchema for Syntax {
    fn schema_name() -> Cow<'static, str> {
        "Assertion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let both = |keep: fn(&Spec) -> bool| -> Vec<String> {
            let kept = SPECS.iter().filter(|spec| keep(spec));
            kept.flat_map(|spec| [spec.name.to_owned(), format!("not-{}", spec.name)]).collect()
        };
        let mut properties = Map::new();
        properties.insert(
            "type".into(),
            json!({"description": "What is asserted; `not-` before it inverts it.", "enum": spec::names()}),
        );
        properties.insert(
            "value".into(),
            json!({"description": "What the answer is compared with. Texts are templates over `expected`, `output`, `variables` and `metadata`."}),
        );
        properties.insert(
            "threshold".into(),
            json!({"description": "The least score or the greatest raw value that passes, by type.", "type": "number", "minimum": 0}),
        );
        properties.insert(
            "weight".into(),
            json!({"description": "How much it counts in the score of a cell; 0: measured, never decides.", "type": "number", "minimum": 0, "default": 1}),
        );
        properties.insert(
            "metric".into(),
            json!({"description": "The name under which its scores are averaged.", "type": "string", "minLength": 1}),
        );
        properties.insert(
            "extract".into(),
            json!({"description": "What is taken out of the answer before this assertion sees it: `strip-thinking`, `json`, `code`, `after:TEXT`, `regex:PATTERN`, or a list of them, tried in order.", "type": ["string", "array"], "items": {"type": "string"}, "minItems": 1}),
        );
        for parameter in SPECS.iter().flat_map(|spec| spec.parameters) {
            let owners = SPECS.iter().filter(|spec| spec.parameters.contains(parameter));
            let owners: Vec<String> = owners.map(|spec| format!("`{}`", spec.name)).collect();
            let doc = format!("For {}: {}.", owners.join(", "), parameter.doc);
            properties.insert(parameter.name.into(), json!({"description": doc}));
        }
        json_schema!({
            "description": "A scorer with a value and a threshold.",
            "type": "object",
            "required": ["type"],
            "properties": properties,
            "additionalProperties": false,
            "allOf": [
                {
                    "if": {"properties": {"type": {"enum": both(|spec| matches!(spec.value, ValueRule::Required(_)))}}},
                    "then": {"required": ["value"]},
                },
                {
                    "if": {"properties": {"type": {"enum": both(|spec| spec.threshold == (Threshold::Ceiling { default: None }))}}},
                    "then": {"required": ["threshold"]},
                },
            ],
        })
    }
}
