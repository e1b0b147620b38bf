//! The tools that the model asked for.

use jsonschema::Validator;
use serde_json::Value;

use super::spec::{Family, Parameter, Spec, Threshold, ValueRule};
use super::syntax::Fields;
use super::template::Operand;
use super::{Kind, Problem, Subject, Verdict, excerpt, json, text};
use crate::message::ToolCall;

pub(super) const TOOL_CALL: Spec = Spec {
    name: "tool-call",
    family: Family::Run,
    passes: "the model asked for each of the tools, in any order, each time by a call of its own. Where no `arguments` or `equals` says more, the arguments must fit the schema of the prompt's tool of that name. Without a value: it asked for at least one tool, and each call names a tool of the prompt and fits its schema",
    value: ValueRule::Optional(
        "the name of a tool; a map of `name` and `arguments` (a JSON Schema that they fit) or `equals` (the arguments themselves); or a list of names and maps",
    ),
    parameters: &[Parameter {
        name: "only",
        doc: "`true`: no other call may be made; default `false`",
    }],
    raw: Some("calls"),
    score: "the share of the wanted calls that were made; 0 after a call too many",
    threshold: Threshold::None,
    compile: tool_call,
};

/// Calls that are wanted.
#[derive(Clone, Debug)]
pub struct ToolCalls {
    wanted: Option<Operand<Vec<Wanted>>>,
    only: bool,
}

/// One call that is wanted.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    name: String,
    arguments: Arguments,
}

#[derive(Clone, Debug)]
enum Arguments {
    /// They fit the tool's own schema.
    AsDeclared,
    Fit(Box<Validator>),
    Equal(Value),
}

/// The most calls that may be wanted: each is tried against each that was made.
const MOST: usize = 100;

fn tool_call(fields: &mut Fields<'_>) -> Option<Kind> {
    let only = match fields.get("only") {
        None => false,
        Some(Value::Bool(only)) => *only,
        Some(_) => {
            fields.report(Problem::new("`only` must be `true` or `false`").under("only"));
            return None;
        }
    };
    let wanted = if fields.has("value") { Some(fields.operand("value", prepare)?) } else { None };
    Some(Kind::ToolCalls(ToolCalls { wanted, only }))
}

fn prepare(value: &Value) -> Result<Vec<Wanted>, Problem> {
    let Value::Array(items) = value else { return Ok(vec![Wanted::prepare(value)?]) };
    match items.len() {
        0 => Err(Problem::new("the list is empty, so that it would decide nothing")
            .help("write `not-tool-call` without a value where no tool may be called")),
        length if length > MOST => {
            Err(Problem::new(format!("{length} calls are more than {MOST}")))
        }
        _ => items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                Wanted::prepare(item).map_err(|problem| problem.under(&index.to_string()))
            })
            .collect(),
    }
}

impl Wanted {
    fn prepare(value: &Value) -> Result<Self, Problem> {
        let keys = match value {
            Value::Object(keys) => keys,
            Value::String(name) if !name.trim().is_empty() => {
                return Ok(Self { name: name.clone(), arguments: Arguments::AsDeclared });
            }
            other => {
                return Err(Problem::new(format!("is {}, not a tool", text::kind_of(other)))
                    .help("write a name, or a map such as `{name: lookup_order, arguments: {required: [id]}}`"));
            }
        };
        if let Some(key) =
            keys.keys().find(|key| !["name", "arguments", "equals"].contains(&key.as_str()))
        {
            return Err(Problem::new("is none of `name`, `arguments` and `equals`").under(key));
        }
        let name = match keys.get("name") {
            Some(Value::String(name)) if !name.trim().is_empty() => name.clone(),
            Some(_) => return Err(Problem::new("is no name of a tool").under("name")),
            None => return Err(Problem::new("has no `name`")),
        };
        let arguments = match (keys.get("arguments"), keys.get("equals")) {
            (Some(_), Some(_)) => {
                return Err(Problem::new("has both `arguments` and `equals`").under("equals"));
            }
            (Some(schema), None) => {
                let validator = json::validator(schema);
                Arguments::Fit(Box::new(validator.map_err(|problem| problem.under("arguments"))?))
            }
            (None, Some(value)) => Arguments::Equal(value.clone()),
            (None, None) => Arguments::AsDeclared,
        };
        Ok(Self { name, arguments })
    }

    /// Whether a call is this one, or why not.
    fn admits(&self, call: &ToolCall, subject: &Subject<'_>) -> Result<(), String> {
        if call.name != self.name {
            return Err(format!("`{}` was not called", excerpt::plain(&self.name)));
        }
        match &self.arguments {
            Arguments::AsDeclared => {
                if subject.tools.iter().any(|tool| tool.name == call.name) {
                    as_declared(call, subject)
                } else {
                    is_json(call)
                }
            }
            Arguments::Fit(validator) => is_json(call).and_then(|()| fits(validator, call)),
            Arguments::Equal(wanted) if json::equal(&call.arguments, wanted) => Ok(()),
            Arguments::Equal(wanted) => {
                let place = format!("the arguments of `{}`", excerpt::plain(&call.name));
                Err(json::difference(&place, &call.arguments, wanted))
            }
        }
    }
}

impl ToolCalls {
    pub(super) fn score(&self, subject: &Subject<'_>) -> Result<Verdict, String> {
        let calls = &subject.answer.tool_calls;
        let verdict = match &self.wanted {
            None => declared(calls, subject)?,
            Some(operand) => {
                let wanted = operand.resolve(subject)?;
                self.compare(&wanted, calls, subject).value(wanted.into_value())
            }
        };
        Ok(verdict.raw(calls.len() as f64))
    }

    fn compare(&self, wanted: &[Wanted], calls: &[ToolCall], subject: &Subject<'_>) -> Verdict {
        let admits: Vec<Vec<bool>> = wanted
            .iter()
            .map(|wanted| calls.iter().map(|call| wanted.admits(call, subject).is_ok()).collect())
            .collect();
        let taken = assign(&admits, calls.len());
        let missing: Vec<usize> =
            (0..wanted.len()).filter(|place| !taken.contains(&Some(*place))).collect();
        let share = (wanted.len() - missing.len()) as f64 / wanted.len() as f64;
        if let Some(first) = missing.first() {
            let others = match missing.len() {
                1 => String::new(),
                count => format!(", and {} more of {}", count - 1, wanted.len()),
            };
            let cause = wanted[*first].cause(calls, &taken, subject);
            return Verdict { score: share, ..Verdict::decided(false, format!("{cause}{others}")) };
        }
        let other = taken.iter().position(Option::is_none).filter(|_| self.only);
        match other {
            Some(other) => Verdict::decided(
                false,
                format!("`{}` was called besides", excerpt::plain(&calls[other].name)),
            ),
            None => Verdict::decided(true, format!("called {}", names(calls))),
        }
    }
}

impl Wanted {
    /// Why no call is this one: the nearest miss, which is a call of the same name.
    fn cause(&self, calls: &[ToolCall], taken: &[Option<usize>], subject: &Subject<'_>) -> String {
        if calls.is_empty() {
            return format!("`{}` was not called: no tool was", excerpt::plain(&self.name));
        }
        let mut same = calls.iter().zip(taken).filter(|(call, _)| call.name == self.name);
        match same.find(|(_, taken)| taken.is_none()) {
            Some((call, _)) => self.admits(call, subject).err().unwrap_or_default(),
            None => {
                format!("`{}` was not called; called {}", excerpt::plain(&self.name), names(calls))
            }
        }
    }
}

/// For each call the wanted one that it serves, so that as many as possible are served: augmenting paths in the bipartite
/// graph (Kuhn 1955).
fn assign(admits: &[Vec<bool>], calls: usize) -> Vec<Option<usize>> {
    fn serve(
        wanted: usize,
        admits: &[Vec<bool>],
        taken: &mut [Option<usize>],
        seen: &mut [bool],
    ) -> bool {
        for call in 0..taken.len() {
            if !admits[wanted][call] || std::mem::replace(&mut seen[call], true) {
                continue;
            }
            if taken[call].is_none_or(|other| serve(other, admits, taken, seen)) {
                taken[call] = Some(wanted);
                return true;
            }
        }
        false
    }
    let mut taken = vec![None; calls];
    for wanted in 0..admits.len() {
        serve(wanted, admits, &mut taken, &mut vec![false; calls]);
    }
    taken
}

/// The form without a value: all calls are as the prompt's tools declare them.
fn declared(calls: &[ToolCall], subject: &Subject<'_>) -> Result<Verdict, String> {
    if subject.tools.is_empty() {
        return Err("the prompt declares no tools".to_owned());
    }
    if calls.is_empty() {
        return Ok(Verdict::decided(false, "no tool was called".to_owned()));
    }
    Ok(match calls.iter().find_map(|call| as_declared(call, subject).err()) {
        Some(cause) => Verdict::decided(false, cause),
        None => Verdict::decided(true, format!("called {}", names(calls))),
    })
}

fn as_declared(call: &ToolCall, subject: &Subject<'_>) -> Result<(), String> {
    let Some(tool) = subject.tools.iter().find(|tool| tool.name == call.name) else {
        return Err(format!("`{}` is no tool of the prompt", excerpt::plain(&call.name)));
    };
    is_json(call)?;
    if tool.parameters.is_empty() {
        return Ok(());
    }
    let validator = json::validator(&Value::Object(tool.parameters.clone()));
    match validator {
        Ok(validator) => fits(&validator, call),
        Err(problem) => {
            Err(format!("the schema of `{}` {}", excerpt::plain(&tool.name), problem.message))
        }
    }
}

/// A text in place of arguments is what could not be read.
fn is_json(call: &ToolCall) -> Result<(), String> {
    match &call.arguments {
        Value::String(text) => Err(format!(
            "the arguments of `{}` are no JSON: {}",
            excerpt::plain(&call.name),
            excerpt::quote(text)
        )),
        _ => Ok(()),
    }
}

fn fits(validator: &Validator, call: &ToolCall) -> Result<(), String> {
    let Some(error) = validator.iter_errors(&call.arguments).next() else { return Ok(()) };
    let place = error.instance_path().to_string();
    let place =
        if place.is_empty() { String::new() } else { format!(" at {}", excerpt::plain(&place)) };
    let cause = excerpt::plain(&error.to_string());
    let name = excerpt::plain(&call.name);
    Err(format!("the arguments of `{name}` do not fit{place}: {cause}"))
}

/// The names of the tools that were called.
fn names(calls: &[ToolCall]) -> String {
    let names: Vec<String> = calls.iter().map(|call| format!("`{}`", call.name)).collect();
    excerpt::plain(&names.join(", "))
}
