//! Values for a prompt's variables: defaults, what is required, types and constraints.

use std::sync::Arc;

use serde_json::{Map, Number, Value};

use crate::diagnostic::closest;
use crate::project::prompt::Prompt;
use crate::project::variable::Variable;
use crate::schema::Validator;

/// Where values come from, which decides whether text may stand for another type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// `--var K=V` or CSV: all values are text, and are converted where nothing is lost.
    Text,
    /// JSON or YAML: values have types already, and keep them.
    Typed,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("variable `{variable}`: {message}")]
pub struct ValueProblem {
    /// The variable, as it was given.
    pub variable: String,
    /// What is wrong, a lower-case fragment.
    pub message: String,
    /// What to do, one advice each.
    pub help: Vec<String>,
}

/// A value for each declared variable, in the order of their declaration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values(Map<String, Value>);

impl Values {
    /// The value of a variable; `null` is none.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All values.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }
}

/// A prompt's variables, ready to check many rows of values.
pub struct Binder {
    variables: Vec<Declared>,
}

struct Declared {
    name: String,
    variable: Variable,
    /// Why its schema is none, where it is none.
    check: Result<Arc<Validator>, String>,
}

/// Checks one set of values; see [`Binder`] for many.
pub fn bind(
    prompt: &Prompt,
    given: &Map<String, Value>,
    origin: Origin,
) -> Result<Values, Vec<ValueProblem>> {
    Binder::new(prompt).bind(given, origin)
}

impl Binder {
    /// Compiles the schemas of a prompt's variables.
    pub fn new(prompt: &Prompt) -> Self {
        let variables = prompt.file.variables.iter().map(|(name, variable)| Declared {
            name: name.clone(),
            check: variable.validator().clone(),
            variable: variable.clone(),
        });
        Self { variables: variables.collect() }
    }

    /// Checks values, and fills in defaults; what is optional and not given is none. Says all that is wrong.
    pub fn bind(
        &self,
        given: &Map<String, Value>,
        origin: Origin,
    ) -> Result<Values, Vec<ValueProblem>> {
        self.bind_each(given, &|_| origin)
    }

    /// Checks values of which some are text to be converted and others have their types already.
    pub fn bind_each(
        &self,
        given: &Map<String, Value>,
        origin: &dyn Fn(&str) -> Origin,
    ) -> Result<Values, Vec<ValueProblem>> {
        let mut problems = Vec::new();
        let mut values = Map::new();
        for declared in &self.variables {
            let name = &declared.name;
            let value = match given.get(name) {
                Some(value) => {
                    let value = match (origin(name), value) {
                        (Origin::Text, Value::String(text)) => convert(text, &declared.variable),
                        (_, value) => value.clone(),
                    };
                    declared.check(&value, &mut problems);
                    value
                }
                None if declared.variable.required() => {
                    problems.push(declared.missing());
                    Value::Null
                }
                None => {
                    let default = declared.variable.default().cloned().unwrap_or_default();
                    declared.check(&default, &mut problems);
                    default
                }
            };
            values.insert(name.clone(), value);
        }
        for name in given.keys() {
            if !self.variables.iter().any(|declared| declared.name == *name) {
                problems.push(self.unknown(name));
            }
        }
        if problems.is_empty() { Ok(Values(values)) } else { Err(problems) }
    }

    fn unknown(&self, name: &str) -> ValueProblem {
        let names = || self.variables.iter().map(|declared| declared.name.as_str());
        let mut help = Vec::new();
        if let Some(best) = closest(name, names()) {
            help.push(format!("did you mean `{best}`?"));
        } else if self.variables.is_empty() {
            help.push("the prompt declares no variables".to_owned());
        } else {
            let all: Vec<String> = names().map(|name| format!("`{name}`")).collect();
            help.push(format!("the prompt declares {}", all.join(", ")));
        }
        ValueProblem {
            variable: name.to_owned(),
            message: "the prompt does not declare it".to_owned(),
            help,
        }
    }
}

impl Declared {
    fn missing(&self) -> ValueProblem {
        let mut help = Vec::new();
        if let Some(description) = self.variable.description() {
            help.push(format!("it is described as: {description}"));
        }
        help.push(
            "give it a value, or declare it with a `default` or `required: false`".to_owned(),
        );
        ValueProblem {
            variable: self.name.clone(),
            message: "it is required and was not given".to_owned(),
            help,
        }
    }

    fn check(&self, value: &Value, problems: &mut Vec<ValueProblem>) {
        // None stands for "not given" where that is allowed.
        let fallback = self.variable.default().unwrap_or(&Value::Null);
        if value.is_null() && !self.variable.required() && fallback.is_null() {
            return;
        }
        let validator = match &self.check {
            Ok(validator) => validator,
            Err(message) => {
                problems.push(self.problem(format!("its schema is not valid: {message}")));
                return;
            }
        };
        for (place, error) in validator.errors(value, MAX_ERRORS) {
            let text = shortened(&error);
            let message = if place.is_empty() { text } else { format!("at {place}: {text}") };
            let mut problem = self.problem(message);
            if let (Some(choices), Some(text)) = (self.variable.choices(), value.as_str()) {
                let choices = choices.iter().filter_map(Value::as_str);
                if let Some(best) = closest(text, choices) {
                    problem.help.push(format!("did you mean `{best}`?"));
                }
            }
            problems.push(problem);
        }
    }

    fn problem(&self, message: String) -> ValueProblem {
        ValueProblem { variable: self.name.clone(), message, help: Vec::new() }
    }
}

/// How many errors are said of one value.
const MAX_ERRORS: usize = 10;
/// How much of a message is said; jsonschema repeats the value.
const MAX_MESSAGE: usize = 300;

fn shortened(message: &str) -> String {
    let mut characters = message.chars();
    let start: String = characters.by_ref().take(MAX_MESSAGE).collect();
    if characters.next().is_some() { format!("{start}…") } else { start }
}

/// What a text means for a variable: the first of its types that can hold it without loss. A text that fits none stays
/// a text, and the check says what is wrong with it.
fn convert(text: &str, variable: &Variable) -> Value {
    let as_text = || Value::String(text.to_owned());
    if let Some(choices) = variable.choices() {
        let same = |choice: &&Value| match choice {
            Value::String(choice) => choice == text,
            Value::Null => text == "null",
            Value::Bool(truth) => text == if *truth { "true" } else { "false" },
            Value::Number(choice) => number(text).as_ref() == Some(choice),
            Value::Array(_) | Value::Object(_) => {
                serde_json::from_str::<Value>(text).is_ok_and(|value| value == **choice)
            }
        };
        return choices.iter().find(same).cloned().unwrap_or_else(as_text);
    }
    let types: Vec<&str> = match variable.keys().get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if types.contains(&"string") {
        return as_text();
    }
    types.iter().find_map(|name| convert_to(text, name)).unwrap_or_else(as_text)
}

fn convert_to(text: &str, type_name: &str) -> Option<Value> {
    match type_name {
        "boolean" => match text {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        "null" => (text == "null").then_some(Value::Null),
        "integer" => integer(text).map(Value::Number),
        "number" => number(text).map(Value::Number),
        "array" | "messages" => serde_json::from_str(text).ok().filter(Value::is_array),
        "object" => serde_json::from_str(text).ok().filter(Value::is_object),
        _ => None,
    }
}

fn integer(text: &str) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    // `007` and `+7` are texts of their own: written back they would not be the same.
    let canonical = digits == "0" || !digits.starts_with('0');
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) || !canonical {
        return None;
    }
    match text.parse::<i64>() {
        Ok(number) => Some(number.into()),
        Err(_) => text.parse::<u64>().ok().map(Number::from),
    }
}

fn number(text: &str) -> Option<Number> {
    if let Some(number) = integer(text) {
        return Some(number);
    }
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let json = matches!(serde_json::from_str(text), Ok(Value::Number(_)));
    if !json || unsigned.bytes().all(|b| b.is_ascii_digit()) {
        // Not a number as JSON writes it, or an integer that does not fit.
        return None;
    }
    // More than 17 digits say more than a float can hold.
    let digits = text.split(['e', 'E']).next()?.bytes().filter(u8::is_ascii_digit).count();
    let value: f64 = text.parse().ok()?;
    if digits > 17 { None } else { Number::from_f64(value) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::template::tests::prompt;

    const PROMPT: &str = "
variables:
  ticket: {type: string, description: The ticket., maxLength: 10}
  tier: {enum: [free, pro, 3, true], default: free}
  history: {type: messages, default: []}
  count: {type: integer, minimum: 1, required: false}
  ratio: {type: number, required: false}
  yes: {type: boolean, required: false}
  list: {type: array, items: {type: integer}, required: false}
  map: {type: object, required: false}
  either: {type: [integer, 'null', string], required: false}
  maybe: {type: [integer, 'null'], required: false}
  any: {required: false}
messages: [{role: user, content: hi}]
";

    fn said(given: &Value, origin: Origin) -> Result<Map<String, Value>, Vec<String>> {
        let given = given.as_object().unwrap();
        match bind(&prompt(PROMPT), given, origin) {
            Ok(values) => Ok(values.as_map().clone()),
            Err(problems) => Err(problems
                .iter()
                .map(|problem| format!("{problem} ({})", problem.help.join("; ")))
                .collect()),
        }
    }

    #[test]
    fn defaults_and_none_fill_what_is_not_given() {
        let values = said(&json!({"ticket": "x"}), Origin::Typed).unwrap();
        assert_eq!(
            Value::Object(values),
            json!({
                "ticket": "x", "tier": "free", "history": [], "count": null, "ratio": null, "yes": null,
                "list": null, "map": null, "either": null, "maybe": null, "any": null,
            })
        );
    }

    #[test]
    fn all_problems_are_said_at_once() {
        let problems = said(
            &json!({"tickett": "x", "tier": "prro", "count": 0, "zzz": 1, "list": [1, "a"]}),
            Origin::Typed,
        )
        .unwrap_err();
        assert_eq!(
            problems,
            [
                "variable `ticket`: it is required and was not given (it is described as: The ticket.; give it a value, or declare it with a `default` or `required: false`)",
                "variable `tier`: \"prro\" is not one of \"free\", \"pro\" or 2 other candidates (did you mean `pro`?)",
                "variable `count`: 0 is less than the minimum of 1 ()",
                "variable `list`: at /1: \"a\" is not of type \"integer\" ()",
                "variable `tickett`: the prompt does not declare it (did you mean `ticket`?)",
                "variable `zzz`: the prompt does not declare it (the prompt declares `ticket`, `tier`, `history`, `count`, `ratio`, `yes`, `list`, `map`, `either`, `maybe`, `any`)",
            ]
        );
    }

    #[test]
    fn text_is_converted_only_without_loss() {
        for (name, text, expected) in [
            ("count", "7", Some(json!(7))),
            ("count", "07", None),
            ("count", "+7", None),
            ("count", "7.0", None),
            ("count", " 7", None),
            ("count", "99999999999999999999", None),
            ("ratio", "7", Some(json!(7))),
            ("ratio", "-0.5", Some(json!(-0.5))),
            ("ratio", "1e3", Some(json!(1000.0))),
            ("ratio", "1e999", None),
            ("ratio", "nan", None),
            ("ratio", "99999999999999999999", None),
            ("ratio", "0.123456789012345678901", None),
            ("yes", "true", Some(json!(true))),
            ("yes", "True", None),
            ("yes", "1", None),
            ("list", "[1, 2]", Some(json!([1, 2]))),
            ("list", "[1,", None),
            ("list", "1", None),
            ("map", "{\"a\": 1}", Some(json!({"a": 1}))),
            ("map", "[]", None),
            (
                "history",
                "[{\"role\":\"user\",\"content\":\"x\"}]",
                Some(json!([{"role": "user", "content": "x"}])),
            ),
            ("history", "[{\"role\":\"boss\",\"content\":\"x\"}]", None),
            ("ticket", "7", Some(json!("7"))),
            ("tier", "3", Some(json!(3))),
            ("tier", "true", Some(json!(true))),
            ("either", "7", Some(json!("7"))),
            ("maybe", "null", Some(json!(null))),
            ("maybe", "7", Some(json!(7))),
            ("any", "7", Some(json!("7"))),
        ] {
            let mut given = json!({"ticket": "x"});
            given[name] = json!(text);
            let value = said(&given, Origin::Text).ok().map(|values| values[name].clone());
            assert_eq!(value, expected, "{name}={text}");
        }
    }

    #[test]
    fn typed_values_keep_their_types() {
        assert!(said(&json!({"ticket": "x", "count": "7"}), Origin::Typed).is_err());
        assert!(said(&json!({"ticket": 7}), Origin::Typed).is_err());
        assert!(said(&json!({"ticket": null}), Origin::Typed).is_err());
        assert!(said(&json!({"ticket": "x", "count": null}), Origin::Typed).is_ok());
        assert!(said(&json!({"ticket": "x".repeat(11)}), Origin::Typed).is_err());
    }

    #[test]
    fn a_schema_that_is_none_is_a_problem_and_asks_no_network() {
        let prompt = prompt(
            "variables: {a: {type: string, pattern: '['}, b: {items: {$ref: 'https://example.com/x.json'}}}\nmessages: [{role: user, content: hi}]\n",
        );
        let given = json!({"a": "x", "b": [1]});
        let problems = bind(&prompt, given.as_object().unwrap(), Origin::Typed).unwrap_err();
        let names: Vec<&str> = problems.iter().map(|problem| problem.variable.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert!(
            problems.iter().all(|problem| problem.message.starts_with("its schema is not valid")),
            "{problems:?}"
        );
    }

    #[test]
    fn one_binder_serves_many_rows() {
        let binder = Binder::new(&prompt(PROMPT));
        for row in 0..1000 {
            let given = json!({"ticket": row.to_string()});
            let values = binder.bind(given.as_object().unwrap(), Origin::Text).unwrap();
            assert_eq!(values.get("ticket"), Some(&json!(row.to_string())));
        }
    }
}
