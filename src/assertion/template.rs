//! The value of an assertion: constants and templates, at any depth of lists and maps.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Deref;

use serde_json::Value;

use super::program::{NAMES, NO_EXPECTED, Program, lone_expression};
use super::{Problem, Subject};

/// A value whose texts may be templates. What they insert is never rendered again.
#[derive(Clone, Debug)]
pub(super) enum Template {
    Constant(Value),
    /// `{{ expected }}` and the like, by far the commonest template: looked up without the engine.
    Lookup(Lookup),
    /// Exactly one `{{ … }}`, whose value keeps its type, or a text with templates in it.
    Program(Program),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

impl Template {
    /// Compiles a value; the route of a problem starts inside the value.
    pub(super) fn compile(value: &Value) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let template = Self::build(value, &mut problems);
        if problems.is_empty() { Ok(template) } else { Err(problems) }
    }

    fn build(value: &Value, problems: &mut Vec<Problem>) -> Self {
        match value {
            Value::String(text) => Self::text(text).unwrap_or_else(|problem| {
                problems.push(problem);
                Self::Constant(Value::Null)
            }),
            Value::Array(items) => {
                let mut templates = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    templates.push(Self::inside(item, &index.to_string(), problems));
                }
                if templates.iter().all(Self::is_constant) {
                    Self::Constant(value.clone())
                } else {
                    Self::List(templates)
                }
            }
            Value::Object(keys) => {
                let mut templates = Vec::new();
                for (key, item) in keys {
                    templates.push((key.clone(), Self::inside(item, key, problems)));
                }
                if templates.iter().all(|(_, template)| template.is_constant()) {
                    Self::Constant(value.clone())
                } else {
                    Self::Map(templates)
                }
            }
            scalar => Self::Constant(scalar.clone()),
        }
    }

    fn inside(value: &Value, key: &str, problems: &mut Vec<Problem>) -> Self {
        let known = problems.len();
        let template = Self::build(value, problems);
        for problem in &mut problems[known..] {
            problem.route.insert(0, key.to_owned());
        }
        template
    }

    fn text(text: &str) -> Result<Self, Problem> {
        if !["{{", "{%", "{#"].iter().any(|start| text.contains(start)) {
            return Ok(Self::Constant(Value::String(text.to_owned())));
        }
        match lone_expression(text) {
            Some(inner) => match Lookup::parse(inner) {
                Some(lookup) => Ok(Self::Lookup(lookup)),
                None => Program::expression(inner, false).map(Self::Program),
            },
            None => Program::text(text).map(Self::Program),
        }
    }

    fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_))
    }

    /// The value for one answer, or why there is none.
    pub(super) fn evaluate<'a>(&'a self, subject: &Subject<'a>) -> Result<Cow<'a, Value>, String> {
        match self {
            Self::Constant(value) => Ok(Cow::Borrowed(value)),
            Self::Lookup(lookup) => lookup.resolve(subject),
            Self::Program(program) => program.evaluate(subject).map(Cow::Owned),
            Self::List(items) => items
                .iter()
                .map(|item| item.evaluate(subject).map(Cow::into_owned))
                .collect::<Result<_, _>>()
                .map(|items| Cow::Owned(Value::Array(items))),
            Self::Map(items) => items
                .iter()
                .map(|(key, item)| Ok((key.clone(), item.evaluate(subject)?.into_owned())))
                .collect::<Result<_, String>>()
                .map(|keys| Cow::Owned(Value::Object(keys))),
        }
    }

    /// Adds what it uses of a case.
    pub(super) fn note_uses(&self, uses: &mut Uses) {
        match self {
            Self::Constant(_) => {}
            Self::Lookup(lookup) => {
                uses.expected |= lookup.root == Root::Expected;
                if lookup.root == Root::Variables {
                    uses.variables.extend(lookup.keys.first().cloned());
                }
            }
            Self::Program(program) => uses.note(program),
            Self::List(items) => items.iter().for_each(|item| item.note_uses(uses)),
            Self::Map(items) => items.iter().for_each(|(_, item)| item.note_uses(uses)),
        }
    }
}

/// What an assertion uses of a case.
#[derive(Default)]
pub(super) struct Uses {
    pub(super) expected: bool,
    pub(super) variables: BTreeSet<String>,
}

impl Uses {
    pub(super) fn note(&mut self, program: &Program) {
        self.expected |= program.uses("expected");
        self.variables.extend(program.variables().iter().cloned());
    }
}

/// A path such as `variables.user.name`.
#[derive(Clone, Debug)]
pub(super) struct Lookup {
    root: Root,
    keys: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Root {
    Expected,
    Output,
    Variables,
    Metadata,
}

impl Lookup {
    fn parse(expression: &str) -> Option<Self> {
        let mut names = expression.trim().split('.');
        let root = match NAMES.into_iter().find(|name| Some(*name) == names.clone().next())? {
            "expected" => Root::Expected,
            "output" => Root::Output,
            "variables" => Root::Variables,
            _ => Root::Metadata,
        };
        names.next();
        let keys: Vec<String> = names.map(str::to_owned).collect();
        let plain = keys.iter().all(|key| {
            key.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
                && key
                    .chars()
                    .all(|character| character.is_ascii_alphanumeric() || character == '_')
        });
        (plain && (root != Root::Output || keys.is_empty())).then_some(Self { root, keys })
    }

    fn resolve<'a>(&self, subject: &Subject<'a>) -> Result<Cow<'a, Value>, String> {
        let mut keys = self.keys.iter();
        let (mut value, mut path) = match self.root {
            Root::Output => return Ok(Cow::Owned(Value::String(subject.output.to_owned()))),
            Root::Expected => (subject.expected.ok_or(NO_EXPECTED)?, "expected".to_owned()),
            Root::Variables | Root::Metadata => {
                let (map, name) = match self.root {
                    Root::Variables => (subject.variables, "variables"),
                    _ => (subject.metadata, "metadata"),
                };
                match keys.next() {
                    None => return Ok(Cow::Owned(Value::Object(map.clone()))),
                    Some(key) => {
                        let missing = || format!("the case has no `{name}.{key}`");
                        (map.get(key).ok_or_else(missing)?, format!("{name}.{key}"))
                    }
                }
            }
        };
        for key in keys {
            value = value.get(key).ok_or_else(|| format!("the case has no `{path}.{key}`"))?;
            path = format!("{path}.{key}");
        }
        Ok(Cow::Borrowed(value))
    }
}

/// Makes what an assertion needs of a value: a text, a regular expression, a schema.
pub(super) type Prepare<T> = fn(&Value) -> Result<T, Problem>;

/// A value made ready for scoring: once when it is constant, else for each answer.
#[derive(Clone, Debug)]
pub(super) enum Operand<T> {
    Ready(T, Value),
    PerAnswer(Template, Prepare<T>),
}

impl<T> Operand<T> {
    pub(super) fn new(template: Template, prepare: Prepare<T>) -> Result<Self, Problem> {
        match template {
            Template::Constant(value) => Ok(Self::Ready(prepare(&value)?, value)),
            template => Ok(Self::PerAnswer(template, prepare)),
        }
    }

    /// The operand for one answer and the value that it was made of.
    pub(super) fn resolve<'a>(&'a self, subject: &Subject<'a>) -> Result<Resolved<'a, T>, String> {
        match self {
            Self::Ready(item, value) => {
                Ok(Resolved { item: Item::Shared(item), value: Cow::Borrowed(value) })
            }
            Self::PerAnswer(template, prepare) => {
                let value = template.evaluate(subject)?;
                let item = prepare(&value).map_err(|problem| problem.message)?;
                Ok(Resolved { item: Item::Own(item), value })
            }
        }
    }
}

/// An operand for one answer.
pub(super) struct Resolved<'a, T> {
    item: Item<'a, T>,
    value: Cow<'a, Value>,
}

enum Item<'a, T> {
    Shared(&'a T),
    Own(T),
}

impl<T> Resolved<'_, T> {
    pub(super) fn value(&self) -> &Value {
        &self.value
    }

    pub(super) fn into_value(self) -> Value {
        self.value.into_owned()
    }
}

impl<T> Deref for Resolved<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.item {
            Item::Shared(item) => item,
            Item::Own(item) => item,
        }
    }
}
