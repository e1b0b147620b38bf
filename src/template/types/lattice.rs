//! What a value can be: a set of kinds, and for some of them more.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use minijinja::value::ValueKind;
use serde_json::{Number, Value};

use super::kinds::Kinds;

/// How many constants are kept; a longer list of choices counts as any value of their kinds.
const MAX_CONSTANTS: usize = 256;

/// What a value can be.
#[derive(Clone, Debug)]
pub(super) struct Type {
    pub(super) kinds: Kinds,
    /// All texts, numbers and truth values that it can be, where they are known.
    pub(super) constants: Option<Constants>,
    /// What its items are if it is a list, where that is known.
    pub(super) item: Option<Rc<Self>>,
    /// What its properties are if it is an object, where that is known.
    pub(super) shape: Option<Rc<Shape>>,
    pub(super) list: ListFacts,
}

/// What is known of a list beside its items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ListFacts {
    #[default]
    Plain,
    /// A conversation to insert.
    Conversation,
    /// Someone who may mean harm decides how long it is.
    Unbounded,
}

/// Scalars that a value can be.
#[derive(Clone, Debug)]
pub(super) struct Constants {
    pub(super) values: Rc<[Value]>,
    /// Whether a template wrote one of them: an author's own setting, which is compared with others on purpose.
    pub(super) written: bool,
}

/// The properties of an object.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) properties: BTreeMap<String, Property>,
    /// What other properties are; none when there are no others.
    pub(super) rest: Option<Type>,
    /// Methods beside those of all objects: those of `loop`.
    pub(super) methods: &'static [&'static str],
}

#[derive(Debug)]
pub(super) struct Property {
    pub(super) of: Type,
    pub(super) required: bool,
}

/// What an attribute or a subscript with a text finds.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) of: Type,
    /// What is to be said of it.
    pub(super) doubt: Option<Doubt>,
}

/// Why a property may not be what its author thinks.
#[derive(Debug)]
pub(super) enum Doubt {
    /// No value has attributes.
    NoAttributes,
    /// The object cannot have it.
    Excluded(Rc<Shape>),
    /// The object may have it, but does not say so.
    Undeclared(Rc<Shape>),
}

impl Type {
    pub(super) fn of(kinds: Kinds) -> Self {
        Self { kinds, constants: None, item: None, shape: None, list: ListFacts::Plain }
    }

    pub(super) fn unknown() -> Self {
        Self::of(Kinds::UNKNOWN)
    }

    pub(super) fn list_of(item: Self) -> Self {
        Self { item: Some(Rc::new(item)), ..Self::of(Kinds::LIST) }
    }

    pub(super) fn object(shape: Shape) -> Self {
        Self { shape: Some(Rc::new(shape)), ..Self::of(Kinds::OBJECT) }
    }

    /// A scalar that stands in a template.
    pub(super) fn written(value: &minijinja::Value) -> Self {
        let constant = match value.kind() {
            ValueKind::None => return Self::of(Kinds::NONE),
            ValueKind::Bool => Value::Bool(value.is_true()),
            ValueKind::String => Value::String(value.as_str().unwrap_or_default().to_owned()),
            ValueKind::Number => {
                let number = match value.as_i64() {
                    Some(number) => Some(Number::from(number)),
                    None => f64::try_from(value.clone()).ok().and_then(Number::from_f64),
                };
                match number {
                    Some(number) => Value::Number(number),
                    None => return Self::of(Kinds::NUMBER),
                }
            }
            _ => return Self::unknown(),
        };
        let kinds = kind_of(&constant);
        let constants = Constants { values: Rc::new([constant]), written: true };
        Self { constants: Some(constants), ..Self::of(kinds) }
    }

    /// Scalars that a schema lists.
    pub(super) fn choices(values: &[Value]) -> Self {
        let kinds = values.iter().map(kind_of).fold(Kinds::NOTHING, Kinds::or);
        let scalars: Vec<Value> =
            values.iter().filter(|value| kind_of(value).meets(Kinds::SCALAR)).cloned().collect();
        Self::of(kinds).with_constants(scalars, false)
    }

    fn with_constants(mut self, values: Vec<Value>, written: bool) -> Self {
        self.constants = (values.len() <= MAX_CONSTANTS && self.kinds.meets(Kinds::SCALAR))
            .then(|| Constants { values: values.into(), written });
        self
    }

    /// Whether anything may be said of it.
    pub(super) fn is_known(&self) -> bool {
        !self.kinds.is_empty() && !self.kinds.meets(Kinds::UNKNOWN)
    }

    /// What it is when it is there.
    pub(super) fn present(&self) -> Kinds {
        self.kinds - Kinds::ABSENT
    }

    /// What it is in words.
    pub(super) fn words(&self) -> String {
        match self.list {
            ListFacts::Conversation if self.present() == Kinds::LIST => "a conversation".to_owned(),
            _ => self.present().words(),
        }
    }

    pub(super) fn item(&self) -> Self {
        self.item.as_deref().cloned().unwrap_or_else(Self::unknown)
    }

    pub(super) fn or_kinds(mut self, kinds: Kinds) -> Self {
        self.kinds = self.kinds | kinds;
        self
    }

    /// The same without some kinds.
    pub(super) fn without(mut self, kinds: Kinds) -> Self {
        self.keep(Kinds::ALL.or(Kinds::UNKNOWN) - kinds);
        self
    }

    /// The same with some kinds only. What was unknown is now of these kinds.
    pub(super) fn only(mut self, kinds: Kinds) -> Self {
        if self.kinds.meets(Kinds::UNKNOWN) {
            self.kinds = kinds;
        } else {
            self.keep(kinds);
        }
        self
    }

    fn keep(&mut self, kinds: Kinds) {
        self.kinds = self.kinds & kinds;
        if let Some(constants) = &self.constants {
            let written = constants.written;
            let kept = constants.values.iter().filter(|value| kind_of(value).meets(kinds));
            *self = self.clone().with_constants(kept.cloned().collect(), written);
        }
    }

    /// The same with the constants that pass. What has constants only and loses all of them cannot be.
    pub(super) fn with(mut self, pass: impl Fn(&Value) -> bool) -> Self {
        let Some(constants) = self.constants.take() else { return self };
        let kept: Vec<Value> =
            constants.values.iter().filter(|value| pass(value)).cloned().collect();
        let scalars = kept.iter().map(kind_of).fold(Kinds::NOTHING, Kinds::or);
        self.kinds = (self.kinds - Kinds::SCALAR) | scalars;
        self.with_constants(kept, constants.written)
    }

    /// What it is when it counts as true.
    pub(super) fn truthy(self) -> Self {
        self.without(Kinds::ABSENT).with(is_true)
    }

    /// What it is when it counts as false.
    pub(super) fn falsy(self) -> Self {
        self.with(|value| !is_true(value))
    }

    /// Whether it counts as true, where that does not depend on the value.
    pub(super) fn truth(&self) -> Option<bool> {
        if !self.is_known() {
            return None;
        }
        if self.kinds.within(Kinds::NONE) {
            return Some(false);
        }
        let constants = self.constants.as_ref().filter(|constants| !constants.written)?;
        if !self.kinds.within(Kinds::SCALAR) {
            return None;
        }
        let first = is_true(constants.values.first()?);
        constants.values.iter().all(|value| is_true(value) == first).then_some(first)
    }

    /// What a name means that is set to it: constants that the template wrote are forgotten.
    pub(super) fn assigned(mut self) -> Self {
        if self.constants.as_ref().is_some_and(|constants| constants.written) {
            self.constants = None;
        }
        if self.item.as_ref().is_some_and(|item| item.constants.is_some()) {
            self.item = self.item.map(|item| Rc::new((*item).clone().assigned()));
        }
        self
    }

    /// Either of them.
    pub(super) fn union(self, other: Self) -> Self {
        let constants = match (&self.constants, &other.constants) {
            (Some(a), Some(b)) => {
                let mut values = a.values.to_vec();
                values.extend(b.values.iter().filter(|value| !a.values.contains(value)).cloned());
                Some((values, a.written || b.written))
            }
            (Some(one), None) if !other.kinds.meets(Kinds::SCALAR) => {
                Some((one.values.to_vec(), one.written))
            }
            (None, Some(one)) if !self.kinds.meets(Kinds::SCALAR) => {
                Some((one.values.to_vec(), one.written))
            }
            _ => None,
        };
        let item = match (self.kinds.meets(Kinds::LIST), other.kinds.meets(Kinds::LIST)) {
            (true, true) => match (self.item, other.item) {
                (Some(a), Some(b)) if Rc::ptr_eq(&a, &b) => Some(a),
                (Some(a), Some(b)) => Some(Rc::new((*a).clone().union((*b).clone()))),
                _ => None,
            },
            (true, false) => self.item,
            (false, _) => other.item,
        };
        let shape = match (self.kinds.meets(Kinds::OBJECT), other.kinds.meets(Kinds::OBJECT)) {
            (true, true) => match (self.shape, other.shape) {
                (Some(a), Some(b)) if Rc::ptr_eq(&a, &b) => Some(a),
                _ => None,
            },
            (true, false) => self.shape,
            (false, _) => other.shape,
        };
        let list = if self.list == other.list || !other.kinds.meets(Kinds::LIST) {
            self.list
        } else if self.kinds.meets(Kinds::LIST) {
            ListFacts::Plain
        } else {
            other.list
        };
        let union = Self { kinds: self.kinds | other.kinds, constants: None, item, shape, list };
        match constants {
            Some((values, written)) => union.with_constants(values, written),
            None => union,
        }
    }

    /// Whether no value is equal in both. Numbers equal truth values, as in Python.
    pub(super) fn never_equals(&self, other: &Self) -> bool {
        if !self.is_known() || !other.is_known() {
            return false;
        }
        let loose = |kinds: Kinds| {
            if kinds.meets(Kinds::BOOL | Kinds::NUMBER) {
                kinds | Kinds::BOOL | Kinds::NUMBER
            } else {
                kinds
            }
        };
        let common = loose(self.kinds) & loose(other.kinds);
        if common.is_empty() {
            return true;
        }
        match (&self.constants, &other.constants) {
            (Some(a), Some(b)) if common.within(Kinds::SCALAR) => {
                !a.values.iter().any(|a| b.values.iter().any(|b| equal(a, b)))
            }
            _ => false,
        }
    }

    /// What the property is, and what is to be said of it.
    pub(super) fn property(&self, key: &str) -> Found {
        let mut of = Self::of(Kinds::NOTHING);
        let mut doubt = None;
        if self.kinds.meets(Kinds::OBJECT) {
            let Some(shape) = &self.shape else {
                return Found { of: Self::unknown(), doubt: None };
            };
            match (shape.properties.get(key), &shape.rest) {
                (Some(property), _) => {
                    of = property.of.clone();
                    if !property.required {
                        of = of.or_kinds(Kinds::UNDEFINED);
                    }
                }
                (None, Some(rest)) => {
                    of = rest.clone().or_kinds(Kinds::UNKNOWN);
                    if !shape.properties.is_empty() {
                        doubt = Some(Doubt::Undeclared(Rc::clone(shape)));
                    }
                }
                (None, None) => {
                    of = Self::of(Kinds::UNDEFINED);
                    doubt = Some(Doubt::Excluded(Rc::clone(shape)));
                }
            }
        }
        if self.kinds.meets(Kinds::UNKNOWN) {
            of = of.or_kinds(Kinds::UNKNOWN);
        }
        let others = self.kinds - Kinds::OBJECT - Kinds::UNKNOWN;
        if !others.is_empty() {
            of = of.or_kinds(Kinds::UNDEFINED);
            let absent_too = others.within(Kinds::ABSENT);
            match doubt {
                // Some of the values may have it after all.
                Some(Doubt::Excluded(_)) if !absent_too => doubt = None,
                None if self.is_known()
                    && self.present() == others - Kinds::ABSENT
                    && !absent_too =>
                {
                    doubt = Some(Doubt::NoAttributes);
                }
                _ => {}
            }
        }
        if !self.is_known() && matches!(doubt, Some(Doubt::Excluded(_))) {
            doubt = match doubt {
                Some(Doubt::Excluded(shape)) => Some(Doubt::Undeclared(shape)),
                other => other,
            };
        }
        Found { of, doubt }
    }
}

pub(super) fn kind_of(value: &Value) -> Kinds {
    match value {
        Value::Null => Kinds::NONE,
        Value::Bool(_) => Kinds::BOOL,
        Value::Number(_) => Kinds::NUMBER,
        Value::String(_) => Kinds::STRING,
        Value::Array(_) => Kinds::LIST,
        Value::Object(_) => Kinds::OBJECT,
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
    }
}

/// Whether two scalars are equal in a template.
pub(super) fn equal(a: &Value, b: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        Value::Number(number) => number.as_f64(),
        _ => None,
    };
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.partial_cmp(&b) == Some(Ordering::Equal),
        _ => a == b,
    }
}
