//! The proof that everything one schema accepts is accepted by another.
//!
//! The wider schema is a conjunction of keywords, so it is taken apart: each keyword must follow from the narrower
//! schema. It follows from the keywords beside it, from one member of `allOf`, or from each branch of `anyOf` and
//! `oneOf`; what else the narrower schema says only makes it narrower and can be left out. A keyword for which no such
//! step is known is not proved, so the proof can fail where the inclusion holds, but never succeed where it does not.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

use super::is_annotation;
use super::number::{self, Bound, End};
use super::types::Types;
use crate::schema::compile;

/// Steps after which a proof is given up.
const MOST_STEPS: u32 = 20_000;
/// What compiling a schema costs, in steps.
const COMPILING: u32 = 20;
/// How deep a proof may nest.
const DEEPEST: u32 = 80;

/// Whether it is proved that `wide` accepts everything that `narrow` does. Neither may have references.
pub(super) fn within(narrow: &Value, wide: &Value) -> bool {
    let mut proof = Proof { steps: MOST_STEPS, depth: 0 };
    proof.within(Narrow::all_of(narrow), wide)
}

struct Proof {
    steps: u32,
    depth: u32,
}

/// The values of a schema that are of certain types.
#[derive(Clone, Copy)]
struct Narrow<'a> {
    schema: &'a Value,
    only: Types,
}

impl<'a> Narrow<'a> {
    fn all_of(schema: &'a Value) -> Self {
        Self { schema, only: Types::ALL }
    }

    fn with(self, schema: &'a Value) -> Self {
        Self { schema, ..self }
    }

    fn types(self) -> Types {
        Types::upper(self.schema) & self.only
    }

    fn keyword(self, keyword: &str) -> Option<&'a Value> {
        self.schema.get(keyword)
    }

    fn schemas(self, keyword: &str) -> &'a [Value] {
        self.keyword(keyword).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The values one by one, where the schema lists them.
    fn values(self) -> Option<Vec<Value>> {
        let listed = self.keyword("enum").and_then(Value::as_array).cloned();
        let values = match self.keyword("const") {
            Some(value) => vec![value.clone()],
            None => match listed {
                Some(values) => values,
                None if self.types().is_within(Types::NULL | Types::BOOLEAN) => {
                    vec![Value::Null, Value::Bool(false), Value::Bool(true)]
                }
                None => return None,
            },
        };
        let types = self.types();
        Some(values.into_iter().filter(|value| Types::of(value).is_within(types)).collect())
    }
}

impl Proof {
    fn within(&mut self, narrow: Narrow<'_>, wide: &Value) -> bool {
        if self.depth >= DEEPEST || !self.spend(1) {
            return false;
        }
        self.depth += 1;
        let proved = self.within_schema(narrow, wide);
        self.depth -= 1;
        proved
    }

    fn within_schema(&mut self, narrow: Narrow<'_>, wide: &Value) -> bool {
        if narrow.types().is_empty() || narrow.schema == wide || *wide == Value::Bool(true) {
            return true;
        }
        if let Some(values) = narrow.values() {
            return self.all_accepted(narrow, &values, wide);
        }
        match wide {
            Value::Object(keywords) => keywords
                .iter()
                .all(|(keyword, value)| self.follows(narrow, keywords, keyword, value)),
            _ => false,
        }
    }

    fn spend(&mut self, steps: u32) -> bool {
        let left = self.steps.checked_sub(steps);
        self.steps = left.unwrap_or(0);
        left.is_some()
    }

    /// Whether each of the values that `narrow` accepts is accepted by `wide`.
    fn all_accepted(&mut self, narrow: Narrow<'_>, values: &[Value], wide: &Value) -> bool {
        let cost = u32::try_from(values.len()).unwrap_or(u32::MAX);
        if !self.spend(cost.saturating_add(2 * COMPILING)) {
            return false;
        }
        let (Ok(from), Ok(into)) = (compile(narrow.schema), compile(wide)) else { return false };
        values.iter().all(|value| into.is_valid(value) || !from.is_valid(value))
    }

    /// Whether one keyword of the wider schema follows from the narrower schema.
    fn follows(
        &mut self,
        narrow: Narrow<'_>,
        wide: &Map<String, Value>,
        keyword: &str,
        value: &Value,
    ) -> bool {
        // These speak only together with another keyword, which is looked at with them.
        let dependent = ["then", "else", "minContains", "maxContains"].contains(&keyword);
        if dependent || is_annotation(keyword) || self.follows_here(narrow, wide, keyword, value) {
            return true;
        }
        if !["allOf", "anyOf", "oneOf"].iter().any(|parts| narrow.keyword(parts).is_some()) {
            return false;
        }
        let alone = Value::Object(with_context(wide, keyword));
        if narrow.schemas("allOf").iter().any(|part| self.within(narrow.with(part), &alone)) {
            return true;
        }
        ["anyOf", "oneOf"].iter().any(|parts| {
            let branches = narrow.schemas(parts);
            !branches.is_empty()
                && branches.iter().all(|branch| self.within(narrow.with(branch), &alone))
        })
    }

    /// The same from the keywords that stand directly in the narrower schema.
    fn follows_here(
        &mut self,
        narrow: Narrow<'_>,
        wide: &Map<String, Value>,
        keyword: &str,
        value: &Value,
    ) -> bool {
        let types = narrow.types();
        if !types.overlaps(concerned(keyword)) {
            return true;
        }
        let none = Map::new();
        let keywords = narrow.schema.as_object().unwrap_or(&none);
        let whole_only = !types.overlaps(Types::FRACTION);
        match keyword {
            "type" => Types::named(value).is_some_and(|allowed| types.is_within(allowed)),
            "minimum" | "exclusiveMinimum" => bounded(keywords, wide, End::Lower, whole_only),
            "maximum" | "exclusiveMaximum" => bounded(keywords, wide, End::Upper, whole_only),
            "multipleOf" => match (keywords.get(keyword), value) {
                (Some(Value::Number(own)), Value::Number(other)) => {
                    number::multiple_within(own, other)
                }
                (_, Value::Number(other)) => whole_only && number::whole(other) == Some(1),
                _ => false,
            },
            "minLength" | "minItems" => at_least(keywords.get(keyword), value),
            "minProperties" => {
                let required = keywords.get("required").and_then(Value::as_array);
                let required = required.map(|names| Value::from(distinct(names)));
                at_least(keywords.get(keyword), value) || at_least(required.as_ref(), value)
            }
            "maxLength" | "maxItems" | "maxProperties" => at_most(keywords.get(keyword), value),
            "uniqueItems" => *value == Value::Bool(false) || keywords.get(keyword) == Some(value),
            "required" => {
                let own = keywords.get(keyword).and_then(Value::as_array);
                value.as_array().is_some_and(|names| {
                    names.iter().all(|name| own.is_some_and(|own| own.contains(name)))
                })
            }
            "properties" => self.properties(keywords, value),
            "patternProperties" => self.pattern_properties(keywords, value),
            "additionalProperties" => self.additional(keywords, wide, value),
            "prefixItems" => self.prefix_items(keywords, value),
            "items" => self.items(keywords, wide, value),
            "propertyNames" => {
                let own = keywords.get(keyword);
                own.is_some_and(|own| self.within(Narrow::all_of(own), value))
            }
            "if" | "contains" => with_context(keywords, keyword) == with_context(wide, keyword),
            "allOf" => {
                let members = value.as_array();
                members.is_some_and(|members| members.iter().all(|all| self.within(narrow, all)))
            }
            "anyOf" => value.as_array().is_some_and(|branches| self.any_of(narrow, branches)),
            "oneOf" => {
                keywords.get(keyword) == Some(value)
                    || value
                        .as_array()
                        .is_some_and(|branches| disjoint(branches) && self.any_of(narrow, branches))
            }
            "not" => keywords.get(keyword) == Some(value) || !types.overlaps(Types::upper(value)),
            // What these mean depends on all keywords beside them.
            "unevaluatedItems" | "unevaluatedProperties" => false,
            // `enum` and `const` of a schema whose values are not listed, patterns, formats, and what is unknown here.
            _ => keywords.get(keyword) == Some(value),
        }
    }

    fn any_of(&mut self, narrow: Narrow<'_>, branches: &[Value]) -> bool {
        if branches.iter().any(|branch| self.within(narrow, branch)) {
            return true;
        }
        let types = narrow.types();
        let each: Vec<Types> =
            Types::EACH.into_iter().filter(|each| types.overlaps(*each)).collect();
        each.len() > 1
            && each.into_iter().all(|only| {
                let narrow = Narrow { only, ..narrow };
                branches.iter().any(|branch| self.within(narrow, branch))
            })
    }

    fn properties(&mut self, keywords: &Map<String, Value>, wide: &Value) -> bool {
        let Some(wide) = wide.as_object() else { return false };
        let anything = Value::Bool(true);
        wide.iter().all(|(name, wide)| {
            let own = match schemas_of(keywords, "properties").and_then(|own| own.get(name)) {
                Some(own) => own,
                // A pattern may speak of this name; that it says nothing is the weaker assumption.
                None if keywords.contains_key("patternProperties") => &anything,
                None => keywords.get("additionalProperties").unwrap_or(&anything),
            };
            self.within(Narrow::all_of(own), wide)
        })
    }

    fn pattern_properties(&mut self, keywords: &Map<String, Value>, wide: &Value) -> bool {
        let Some(wide) = wide.as_object() else { return false };
        wide.iter().all(|(pattern, wide)| {
            let same = schemas_of(keywords, "patternProperties").and_then(|own| own.get(pattern));
            if same.is_some_and(|own| self.within(Narrow::all_of(own), wide)) {
                return true;
            }
            let anything = Value::Bool(true);
            let rest = keywords.get("additionalProperties").unwrap_or(&anything);
            let named = ["properties", "patternProperties"]
                .iter()
                .filter_map(|keyword| schemas_of(keywords, keyword))
                .flat_map(Map::values);
            named.chain([rest]).all(|own| self.within(Narrow::all_of(own), wide))
        })
    }

    fn additional(
        &mut self,
        keywords: &Map<String, Value>,
        context: &Map<String, Value>,
        wide: &Value,
    ) -> bool {
        let anything = Value::Bool(true);
        let rest = keywords.get("additionalProperties").unwrap_or(&anything);
        // A name that the wider schema lists is no additional property of it.
        let unlisted = ["properties", "patternProperties"].iter().flat_map(|keyword| {
            let listed = schemas_of(context, keyword);
            schemas_of(keywords, keyword)
                .into_iter()
                .flatten()
                .filter(move |(name, _)| listed.is_none_or(|listed| !listed.contains_key(*name)))
                .map(|(_, schema)| schema)
        });
        let unlisted: Vec<&Value> = unlisted.chain([rest]).collect();
        unlisted.into_iter().all(|own| self.within(Narrow::all_of(own), wide))
    }

    fn prefix_items(&mut self, keywords: &Map<String, Value>, wide: &Value) -> bool {
        let Some(wide) = wide.as_array() else { return false };
        let anything = Value::Bool(true);
        let rest = keywords.get("items").unwrap_or(&anything);
        let own = keywords.get("prefixItems").and_then(Value::as_array);
        wide.iter().enumerate().all(|(index, wide)| {
            let own = own.and_then(|own| own.get(index)).unwrap_or(rest);
            self.within(Narrow::all_of(own), wide)
        })
    }

    fn items(
        &mut self,
        keywords: &Map<String, Value>,
        context: &Map<String, Value>,
        wide: &Value,
    ) -> bool {
        let length = |keywords: &Map<String, Value>| {
            keywords.get("prefixItems").and_then(Value::as_array).map_or(0, Vec::len)
        };
        let first = length(context);
        if at_most(keywords.get("maxItems"), &Value::from(first)) {
            return true;
        }
        let anything = Value::Bool(true);
        let rest = keywords.get("items").unwrap_or(&anything);
        let own = keywords.get("prefixItems").and_then(Value::as_array);
        let listed = own.into_iter().flatten().skip(first);
        listed.chain([rest]).all(|own| self.within(Narrow::all_of(own), wide))
    }
}

/// The kinds of values that a keyword speaks of.
fn concerned(keyword: &str) -> Types {
    match keyword {
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
            Types::NUMBER
        }
        "minLength" | "maxLength" | "pattern" | "format" => Types::STRING,
        "items" | "prefixItems" | "contains" | "minItems" | "maxItems" | "uniqueItems"
        | "unevaluatedItems" => Types::ARRAY,
        "properties"
        | "patternProperties"
        | "additionalProperties"
        | "propertyNames"
        | "required"
        | "minProperties"
        | "maxProperties"
        | "dependentRequired"
        | "dependentSchemas"
        | "unevaluatedProperties" => Types::OBJECT,
        _ => Types::ALL,
    }
}

/// A keyword with those beside it that change its meaning.
fn with_context(keywords: &Map<String, Value>, keyword: &str) -> Map<String, Value> {
    let context: &[&str] = match keyword {
        "additionalProperties" => &["properties", "patternProperties"],
        "items" => &["prefixItems"],
        "contains" => &["minContains", "maxContains"],
        "if" => &["then", "else"],
        _ => &[],
    };
    keywords
        .iter()
        .filter(|(name, _)| *name == keyword || context.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn schemas_of<'a>(
    keywords: &'a Map<String, Value>,
    keyword: &str,
) -> Option<&'a Map<String, Value>> {
    keywords.get(keyword).and_then(Value::as_object)
}

fn bounded(
    keywords: &Map<String, Value>,
    wide: &Map<String, Value>,
    end: End,
    whole_only: bool,
) -> bool {
    let own = Bound::of(keywords, end, whole_only);
    let wide = Bound::of(wide, end, whole_only);
    own.zip(wide).is_some_and(|(own, wide)| own.implies(&wide, end))
}

fn at_least(own: Option<&Value>, wide: &Value) -> bool {
    let zero = Number::from(0);
    let own = own.and_then(Value::as_number).unwrap_or(&zero);
    wide.as_number().is_some_and(|wide| number::compare(own, wide).is_some_and(Ordering::is_ge))
}

fn at_most(own: Option<&Value>, wide: &Value) -> bool {
    let own = own.and_then(Value::as_number);
    let order = own.zip(wide.as_number()).and_then(|(own, wide)| number::compare(own, wide));
    order.is_some_and(Ordering::is_le)
}

fn distinct(names: &[Value]) -> usize {
    let mut names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names.len()
}

/// Whether no value can fit two of the schemas, by their types.
fn disjoint(branches: &[Value]) -> bool {
    let mut seen = Types::NONE;
    branches.iter().all(|branch| {
        let types = Types::upper(branch);
        let apart = !types.overlaps(seen);
        seen = seen | types;
        apart
    })
}
