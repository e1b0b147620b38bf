//! The answer read as JSON: whether it is, whether it fits a schema, what stands at a path.

use jsonschema::Validator;
use serde_json::Value;

use super::json_path::JsonPath;
use super::syntax::Fields;
use super::template::Operand;
use super::{Kind, Problem, Subject, Verdict, excerpt, extract, text};

/// A look at the answer as JSON.
#[derive(Clone, Debug)]
pub struct Json(Look);

#[derive(Clone, Debug)]
enum Look {
    Parses(Option<Operand<Validator>>),
    Path(Operand<JsonPath>, Option<Operand<Value>>),
    Contains(Option<Operand<Validator>>),
}

pub(super) fn is_json(fields: &mut Fields<'_>) -> Option<Kind> {
    if fields.has("value") {
        return json_schema(fields);
    }
    Some(Kind::Json(Json(Look::Parses(None))))
}

pub(super) fn json_schema(fields: &mut Fields<'_>) -> Option<Kind> {
    let schema = fields.operand("value", validator)?;
    Some(Kind::Json(Json(Look::Parses(Some(schema)))))
}

pub(super) fn contains_json(fields: &mut Fields<'_>) -> Option<Kind> {
    let schema = if fields.has("value") { Some(fields.operand("value", validator)?) } else { None };
    Some(Kind::Json(Json(Look::Contains(schema))))
}

pub(super) fn json_path(fields: &mut Fields<'_>) -> Option<Kind> {
    let path = fields.operand("value", |value| match value {
        Value::String(path) => JsonPath::parse(path),
        other => {
            Err(Problem::new(format!("is {}, not a path such as `$.label`", text::kind_of(other))))
        }
    });
    let equals = if fields.has("equals") {
        Some(fields.operand("equals", |value| Ok(value.clone()))?)
    } else {
        None
    };
    Some(Kind::Json(Json(Look::Path(path?, equals))))
}

/// Draft 2020-12 unless the schema names another; nothing is fetched.
pub(super) fn validator(schema: &Value) -> Result<Validator, Problem> {
    if !schema.is_object() && !schema.is_boolean() {
        return Err(Problem::new(format!("is {}, not a JSON Schema", text::kind_of(schema)))
            .help("write the schema as a map, such as `{type: object, required: [label]}`"));
    }
    jsonschema::options().offline().should_validate_formats(true).build(schema).map_err(|error| {
        let mut problem = Problem::new(format!(
            "is no valid JSON Schema: {}",
            excerpt::plain(&error.to_string())
        ));
        let place = error.instance_path().to_string();
        problem.route = place.split('/').skip(1).map(unescape_pointer).collect();
        problem
    })
}

fn unescape_pointer(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

/// Whether two JSON values are equal: numbers by value (1 is 1.0), objects whatever the order of their keys.
pub(super) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            a == b || (!(is_integer(a) && is_integer(b)) && a.as_f64() == b.as_f64())
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        (a, b) => a == b,
    }
}

fn is_integer(number: &serde_json::Number) -> bool {
    number.is_i64() || number.is_u64()
}

/// What is at a place and what was expected there, with their kinds where these alone tell them apart.
pub(super) fn difference(place: &str, found: &Value, expected: &Value) -> String {
    let (found_shown, expected_shown) = (excerpt::show(found), excerpt::show(expected));
    let alike = found_shown.trim_matches('"') == expected_shown.trim_matches('"');
    if alike && text::kind_of(found) != text::kind_of(expected) {
        let (found_kind, expected_kind) = (text::kind_of(found), text::kind_of(expected));
        return format!(
            "{place} is {found_shown} ({found_kind}), expected {expected_shown} ({expected_kind})"
        );
    }
    format!("{place} is {found_shown}, expected {expected_shown}")
}

/// Why a text is no JSON, and where.
pub(super) fn not_json(error: &serde_json::Error) -> String {
    format!("the answer is not JSON: {error}")
}

impl Json {
    pub(super) fn score(&self, subject: &Subject<'_>) -> Result<Verdict, String> {
        let parsed = || serde_json::from_str::<Value>(subject.output);
        match &self.0 {
            Look::Parses(None) => Ok(match parsed() {
                Ok(value) => Verdict::decided(true, format!("is JSON, {}", text::kind_of(&value))),
                Err(error) => Verdict::decided(false, not_json(&error)),
            }),
            Look::Parses(Some(schema)) => {
                let validator = schema.resolve(subject)?;
                let verdict = match &parsed() {
                    Ok(value) => fits(&validator, value),
                    Err(error) => Verdict::decided(false, not_json(error)),
                };
                Ok(verdict.value(validator.into_value()))
            }
            Look::Path(path, None) => {
                let path = path.resolve(subject)?;
                let verdict = match &parsed() {
                    Ok(value) => {
                        let found = path.find(value)?;
                        let reason = match found.first() {
                            None => format!("{path} is missing", path = path.shown()),
                            Some(value) => format!("{} is {}", path.shown(), excerpt::show(value)),
                        };
                        Verdict::decided(!found.is_empty(), reason)
                    }
                    Err(error) => absent(&path, error),
                };
                Ok(verdict.value(path.into_value()))
            }
            Look::Path(path, Some(equals)) => {
                let (path, expected) = (path.resolve(subject)?, equals.resolve(subject)?);
                let verdict = match &parsed() {
                    Ok(value) => at_path(&path, value, expected.value())?,
                    Err(error) => absent(&path, error),
                };
                Ok(verdict.value(expected.into_value()))
            }
            Look::Contains(None) => Ok(contains(subject.output, None)),
            Look::Contains(Some(schema)) => {
                let validator = schema.resolve(subject)?;
                let verdict = contains(subject.output, Some(&validator));
                Ok(verdict.value(validator.into_value()))
            }
        }
    }
}

/// Whether an outermost object or array in a text fits the schema, where there is one.
fn contains(text: &str, schema: Option<&Validator>) -> Verdict {
    let mut found = 0;
    let mut misfit = None;
    for value in extract::containers(text) {
        found += 1;
        let verdict = match schema {
            Some(validator) => fits(validator, &value),
            None => Verdict::decided(true, format!("contains JSON, {}", text::kind_of(&value))),
        };
        if verdict.passed {
            return verdict;
        }
        misfit = misfit.or(Some(verdict));
    }
    match misfit {
        None => Verdict::decided(false, "contains no JSON object or array".to_owned()),
        Some(verdict) if found == 1 => verdict,
        Some(verdict) => {
            let reason =
                format!("none of {found} pieces of JSON fits; the first {}", verdict.reason);
            Verdict::decided(false, reason)
        }
    }
}

fn absent(path: &JsonPath, error: &serde_json::Error) -> Verdict {
    Verdict::decided(false, format!("{} is missing; {}", path.shown(), not_json(error)))
}

fn fits(validator: &Validator, value: &Value) -> Verdict {
    match validator.iter_errors(value).next() {
        None => Verdict::decided(true, "fits the schema".to_owned()),
        Some(error) => {
            let place = error.instance_path().to_string();
            let place =
                if place.is_empty() { "the answer".to_owned() } else { excerpt::plain(&place) };
            let cause = excerpt::plain(&error.to_string());
            Verdict::decided(false, format!("does not fit the schema at {place}: {cause}"))
        }
    }
}

fn at_path(path: &JsonPath, value: &Value, expected: &Value) -> Result<Verdict, String> {
    let found = path.find(value)?;
    let several;
    let found = if path.is_singular() {
        let Some(found) = found.first() else {
            let expected = excerpt::show(expected);
            let reason = format!("{} is missing, expected {expected}", path.shown());
            return Ok(Verdict::decided(false, reason));
        };
        *found
    } else {
        several = Value::Array(found.into_iter().cloned().collect());
        &several
    };
    Ok(if equal(found, expected) {
        Verdict::decided(true, format!("{} is {}", path.shown(), excerpt::show(found)))
    } else {
        Verdict::decided(false, difference(&path.shown(), found, expected))
    })
}
