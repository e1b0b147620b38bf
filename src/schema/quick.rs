//! The common part of JSON Schema, decided without a validator.
//!
//! Nearly every file has the right shape, and nearly every variable has a schema of a few plain keywords. Building a
//! validator for each schema, and a JSON value for each file, would be a fifth of what a check of a project does. So a
//! schema is first read into a [`Shape`], which says yes, no, or that it does not know; whoever needs more than a yes
//! asks the validator. `tests` compares the two.

use regex::Regex;
use serde_json::{Map, Number, Value};

use crate::document::{Node, NodeKind};

/// How deep references and values are followed before the answer is that nobody knows: references may go in circles.
const MAX_DEPTH: usize = 256;

/// A schema, as far as it is understood.
#[derive(Debug)]
pub(super) struct Quick {
    root: Shape,
    /// The shapes of `$defs`, in their order.
    definitions: Vec<Shape>,
    complete: bool,
}

impl Quick {
    /// Reads a schema of pf's own, with its references.
    pub(super) fn of_ours(schema: &Value) -> Self {
        let definitions = schema.get("$defs").and_then(Value::as_object);
        let names = definitions.into_iter().flat_map(Map::keys).cloned().collect();
        let mut reader = Reader { ours: true, names, complete: true };
        let root = reader.shape(schema);
        let definitions = definitions.into_iter().flat_map(Map::values);
        let definitions = definitions.map(|schema| reader.shape(schema)).collect();
        Self { root, definitions, complete: reader.complete }
    }

    /// Reads any schema. References are not followed: they may go in circles, with two ways at each turn.
    pub(super) fn of(schema: &Value) -> Self {
        let mut reader = Reader { ours: false, names: Vec::new(), complete: true };
        let root = reader.shape(schema);
        Self { root, definitions: Vec::new(), complete: reader.complete }
    }

    /// Whether every keyword is understood and has a value that it may have: then the schema is valid.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether a value fits; `None` where that is not known.
    pub(super) fn fits<'a>(&self, value: impl Tree<'a>) -> Option<bool> {
        match self.check(&self.root, value, 0) {
            Ok(()) => Some(true),
            Err(Misfit::Certain) => Some(false),
            Err(Misfit::Unknown) => None,
        }
    }

    fn check<'a, T: Tree<'a>>(&self, shape: &Shape, value: T, depth: usize) -> Fit {
        if depth > MAX_DEPTH {
            return Err(Misfit::Unknown);
        }
        let kind = value.kind();
        if shape.types != 0 {
            has_type(shape.types, kind)?;
        }
        if let Some(options) = &shape.options {
            must(
                matches!(kind, Kind::String(text) if options.iter().any(|option| option == text)),
            )?;
        }
        match kind {
            Kind::Number(number) => {
                shape.limits.iter().try_for_each(|limit| limit.holds(number))?;
            }
            Kind::String(text) => {
                must(shape.length == ANY || within(shape.length, text.chars().count()))?;
                must(shape.pattern.as_ref().is_none_or(|pattern| pattern.is_match(text)))?;
            }
            Kind::List => {
                must(within(shape.items, value.items().count()))?;
                if let Some(item) = &shape.item {
                    value.items().try_for_each(|value| self.check(item, value, depth + 1))?;
                }
            }
            Kind::Map => {
                if let Some(map) = &shape.map {
                    self.check_map(map, value, depth)?;
                }
            }
            _ => {}
        }
        match &shape.rest {
            Some(rest) => self.check_rest(rest, value, depth),
            None => Ok(()),
        }
    }

    fn check_map<'a, T: Tree<'a>>(&self, map: &MapShape, value: T, depth: usize) -> Fit {
        let mut count = 0;
        for (key, value) in value.entries() {
            count += 1;
            let known = map.properties.binary_search_by(|(name, _)| name.as_str().cmp(key));
            let shape = match known {
                Ok(place) => Some(&map.properties[place].1),
                Err(_) => map.additional.as_ref(),
            };
            if let Some(shape) = shape {
                self.check(shape, value, depth + 1)?;
            }
        }
        must(within(map.size, count))?;
        map.required.iter().try_for_each(|key| must(value.entries().any(|(name, _)| name == key)))
    }

    fn check_rest<'a, T: Tree<'a>>(&self, rest: &Rest, value: T, depth: usize) -> Fit {
        let check = |shape: &Shape| self.check(shape, value, depth + 1);
        if rest.unknown {
            return Err(Misfit::Unknown);
        }
        if let Some(index) = rest.reference {
            check(&self.definitions[index])?;
        }
        rest.all_of.iter().try_for_each(check)?;
        if !rest.any_of.is_empty() {
            let mut fit = Err(Misfit::Certain);
            for shape in &rest.any_of {
                match check(shape) {
                    Ok(()) => {
                        fit = Ok(());
                        break;
                    }
                    Err(Misfit::Certain) => {}
                    unknown => fit = unknown,
                }
            }
            fit?;
        }
        if !rest.one_of.is_empty() {
            let mut fits = 0;
            for shape in &rest.one_of {
                fits += usize::from(is_fit(check(shape))?);
            }
            must(fits == 1)?;
        }
        if let Some(condition) = &rest.condition {
            let [when, then, otherwise] = &**condition;
            check(if is_fit(check(when))? { then } else { otherwise })?;
        }
        Ok(())
    }
}

/// Whether a value fits.
type Fit = Result<(), Misfit>;

enum Misfit {
    Certain,
    /// Perhaps it fits after all.
    Unknown,
}

fn must(holds: bool) -> Fit {
    if holds { Ok(()) } else { Err(Misfit::Certain) }
}

fn is_fit(fit: Fit) -> Result<bool, Misfit> {
    match fit {
        Ok(()) => Ok(true),
        Err(Misfit::Certain) => Ok(false),
        Err(unknown) => Err(unknown),
    }
}

fn has_type(types: u8, kind: Kind<'_>) -> Fit {
    let bits = match kind {
        Kind::Null => NULL,
        Kind::Bool => BOOLEAN,
        Kind::String(_) => STRING,
        Kind::List => ARRAY,
        Kind::Map => OBJECT,
        Kind::Number(number) if types & NUMBER == 0 && types & INTEGER != 0 => {
            return is_integer(number);
        }
        Kind::Number(_) => NUMBER,
    };
    must(types & bits != 0)
}

/// Every number of items or characters.
const ANY: (u64, u64) = (0, u64::MAX);

const NULL: u8 = 1;
const BOOLEAN: u8 = 2;
const INTEGER: u8 = 4;
const NUMBER: u8 = 8;
const STRING: u8 = 16;
const ARRAY: u8 = 32;
const OBJECT: u8 = 64;

/// What a schema asks of a value. Each part says nothing where it has its default.
#[derive(Debug)]
struct Shape {
    /// Types; any when zero.
    types: u8,
    /// Texts, one of which it must be.
    options: Option<Vec<String>>,
    /// Bounds of a number.
    limits: Vec<Limit>,
    /// Bounds of the length of a text.
    length: (u64, u64),
    /// What a text must match.
    pattern: Option<Regex>,
    /// Bounds of the number of items of a list.
    items: (u64, u64),
    /// Each item.
    item: Option<Box<Self>>,
    map: Option<Box<MapShape>>,
    rest: Option<Box<Rest>>,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            types: 0,
            options: None,
            limits: Vec::new(),
            length: ANY,
            pattern: None,
            items: ANY,
            item: None,
            map: None,
            rest: None,
        }
    }
}

#[derive(Debug)]
struct MapShape {
    /// Sorted by name.
    properties: Vec<(String, Shape)>,
    required: Vec<String>,
    /// The values of all other keys; any when absent.
    additional: Option<Shape>,
    size: (u64, u64),
}

/// What few schemas have.
#[derive(Debug, Default)]
struct Rest {
    unknown: bool,
    /// An index into the definitions.
    reference: Option<usize>,
    all_of: Vec<Shape>,
    any_of: Vec<Shape>,
    one_of: Vec<Shape>,
    /// `if`, `then` and `else`.
    condition: Option<Box<[Shape; 3]>>,
}

#[derive(Debug)]
struct Limit {
    least: bool,
    inclusive: bool,
    bound: f64,
}

impl Limit {
    fn holds(&self, number: &Number) -> Fit {
        let value = exact(number).ok_or(Misfit::Unknown)?;
        must(match (self.least, self.inclusive) {
            (true, true) => value >= self.bound,
            (true, false) => value > self.bound,
            (false, true) => value <= self.bound,
            (false, false) => value < self.bound,
        })
    }
}

/// A number that a double holds without loss; whole numbers of more than 53 bits are none.
fn exact(number: &Number) -> Option<f64> {
    const LARGEST: u64 = 1 << 53;
    match (number.as_i64(), number.as_u64()) {
        (Some(whole), _) => (whole.unsigned_abs() <= LARGEST).then_some(whole as f64),
        (None, Some(_)) => None,
        (None, None) => number.as_f64(),
    }
}

/// A whole number that is written with a point is one too, which is left to the validator.
fn is_integer(number: &Number) -> Fit {
    match number.as_f64() {
        _ if number.is_i64() || number.is_u64() => Ok(()),
        Some(value) if value.fract() != 0.0 => Err(Misfit::Certain),
        _ => Err(Misfit::Unknown),
    }
}

fn within((least, most): (u64, u64), count: usize) -> bool {
    least <= count as u64 && count as u64 <= most
}

/// Reads schemas, and notes whether all of them were understood.
struct Reader {
    ours: bool,
    /// The names in `$defs`.
    names: Vec<String>,
    complete: bool,
}

impl Reader {
    fn shape(&mut self, schema: &Value) -> Shape {
        let shape = match schema {
            Value::Bool(true) => Some(Shape::default()),
            // Nothing is one of no texts.
            Value::Bool(false) => Some(Shape { options: Some(Vec::new()), ..Shape::default() }),
            Value::Object(keywords) => self.keywords(keywords),
            _ => None,
        };
        shape.unwrap_or_else(|| {
            self.complete = false;
            let rest = Rest { unknown: true, ..Rest::default() };
            Shape { rest: Some(Box::new(rest)), ..Shape::default() }
        })
    }

    /// `None` when a keyword is not understood.
    fn keywords(&mut self, keywords: &Map<String, Value>) -> Option<Shape> {
        let mut shape = Shape::default();
        let mut map =
            MapShape { properties: Vec::new(), required: Vec::new(), additional: None, size: ANY };
        let mut rest = Rest::default();
        let (mut maps, mut rests) = (false, false);
        for (keyword, value) in keywords {
            match keyword.as_str() {
                "title" | "description" | "$comment" => drop(value.as_str()?),
                "default" => {}
                "$schema" | "$defs" if self.ours => {}
                // Formats of numbers in Rust, which no validator knows.
                "format" => {
                    matches!(value.as_str()?, "int64" | "uint" | "uint32" | "uint64" | "double")
                        .then_some(())?;
                }
                "type" => shape.types = types(value)?,
                "enum" => shape.options = Some(texts(value)?),
                "minimum" => shape.limits.push(limit(value, true, true)?),
                "exclusiveMinimum" => shape.limits.push(limit(value, true, false)?),
                "maximum" => shape.limits.push(limit(value, false, true)?),
                "exclusiveMaximum" => shape.limits.push(limit(value, false, false)?),
                "minLength" => shape.length.0 = value.as_u64()?,
                "maxLength" => shape.length.1 = value.as_u64()?,
                // Written here, in the part of the language that all engines share.
                "pattern" if self.ours => shape.pattern = Some(Regex::new(value.as_str()?).ok()?),
                "minItems" => shape.items.0 = value.as_u64()?,
                "maxItems" => shape.items.1 = value.as_u64()?,
                "items" => shape.item = Some(Box::new(self.shape(value))),
                "minProperties" => (map.size.0, maps) = (value.as_u64()?, true),
                "maxProperties" => (map.size.1, maps) = (value.as_u64()?, true),
                "required" => (map.required, maps) = (texts(value)?, true),
                "additionalProperties" => {
                    (map.additional, maps) = (Some(self.shape(value)), true);
                }
                "properties" => {
                    maps = true;
                    let properties = value.as_object()?.iter();
                    map.properties = properties
                        .map(|(name, schema)| (name.clone(), self.shape(schema)))
                        .collect();
                    map.properties.sort_by(|(a, _), (b, _)| a.cmp(b));
                }
                "allOf" => (rest.all_of, rests) = (self.shapes(value)?, true),
                "anyOf" => (rest.any_of, rests) = (self.shapes(value)?, true),
                "oneOf" => (rest.one_of, rests) = (self.shapes(value)?, true),
                "if" => {
                    let mut branch = |name: &str| match keywords.get(name) {
                        Some(schema) => self.shape(schema),
                        None => self.shape(&Value::Bool(true)),
                    };
                    rest.condition = Some(Box::new([branch("if"), branch("then"), branch("else")]));
                    rests = true;
                }
                "then" | "else" if keywords.contains_key("if") => {}
                "$ref" => {
                    let name = value.as_str()?.strip_prefix("#/$defs/")?;
                    // Names with escapes are not followed.
                    name.bytes().all(|byte| byte.is_ascii_alphanumeric()).then_some(())?;
                    rest.reference = Some(self.names.iter().position(|known| known == name)?);
                    rests = true;
                }
                _ => return None,
            }
        }
        shape.map = maps.then(|| Box::new(map));
        shape.rest = rests.then(|| Box::new(rest));
        Some(shape)
    }

    fn shapes(&mut self, schemas: &Value) -> Option<Vec<Shape>> {
        let schemas = schemas.as_array().filter(|schemas| !schemas.is_empty())?;
        Some(schemas.iter().map(|schema| self.shape(schema)).collect())
    }
}

fn types(value: &Value) -> Option<u8> {
    let one = |name: &Value| {
        Some(match name.as_str()? {
            "null" => NULL,
            "boolean" => BOOLEAN,
            "integer" => INTEGER,
            "number" => NUMBER,
            "string" => STRING,
            "array" => ARRAY,
            "object" => OBJECT,
            _ => return None,
        })
    };
    let Value::Array(names) = value else { return one(value) };
    let mut types = 0;
    for name in names {
        let bit = one(name)?;
        if types & bit != 0 {
            return None;
        }
        types |= bit;
    }
    (types != 0).then_some(types)
}

/// A list of texts, each there once.
fn texts(value: &Value) -> Option<Vec<String>> {
    let list = value.as_array()?;
    let texts: Vec<String> =
        list.iter().map(|text| text.as_str().map(str::to_owned)).collect::<Option<_>>()?;
    let unique = texts.iter().enumerate().all(|(index, text)| !texts[..index].contains(text));
    unique.then_some(texts)
}

fn limit(value: &Value, least: bool, inclusive: bool) -> Option<Limit> {
    let Value::Number(number) = value else { return None };
    Some(Limit { least, inclusive, bound: exact(number)? })
}

/// A value of a JSON tree, whoever made it.
pub(super) trait Tree<'a>: Copy {
    fn kind(self) -> Kind<'a>;
    /// Nothing unless it is a list.
    fn items(self) -> impl Iterator<Item = Self>;
    /// Nothing unless it is a map.
    fn entries(self) -> impl Iterator<Item = (&'a str, Self)>;
}

#[derive(Clone, Copy)]
pub(super) enum Kind<'a> {
    Null,
    Bool,
    Number(&'a Number),
    String(&'a str),
    List,
    Map,
}

impl<'a> Tree<'a> for &'a Node {
    fn kind(self) -> Kind<'a> {
        match &self.kind {
            NodeKind::Null => Kind::Null,
            NodeKind::Bool(_) => Kind::Bool,
            NodeKind::Number(number) => Kind::Number(number),
            NodeKind::String(scalar) => Kind::String(&scalar.text),
            NodeKind::Sequence(_) => Kind::List,
            NodeKind::Mapping(_) => Kind::Map,
        }
    }

    fn items(self) -> impl Iterator<Item = Self> {
        match &self.kind {
            NodeKind::Sequence(items) => items.iter(),
            _ => [].iter(),
        }
    }

    fn entries(self) -> impl Iterator<Item = (&'a str, Self)> {
        let entries = match &self.kind {
            NodeKind::Mapping(entries) => entries.iter(),
            _ => [].iter(),
        };
        entries.map(|entry| (&*entry.key, &entry.value))
    }
}

impl<'a> Tree<'a> for &'a Value {
    fn kind(self) -> Kind<'a> {
        match self {
            Value::Null => Kind::Null,
            Value::Bool(_) => Kind::Bool,
            Value::Number(number) => Kind::Number(number),
            Value::String(text) => Kind::String(text),
            Value::Array(_) => Kind::List,
            Value::Object(_) => Kind::Map,
        }
    }

    fn items(self) -> impl Iterator<Item = Self> {
        self.as_array().into_iter().flatten()
    }

    fn entries(self) -> impl Iterator<Item = (&'a str, Self)> {
        self.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
    }
}
