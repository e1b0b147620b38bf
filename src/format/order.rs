//! Which keys have an order of their own: those that the schema of the file lists.

use std::collections::HashMap;
use std::ptr;

use indexmap::IndexMap;
use serde_json::Value;

/// The places in a schema where a value can stand, with what keys and items have there.
#[derive(Debug)]
pub(super) struct Places(Vec<Place>);

/// One of them, by its number.
type PlaceId = usize;

#[derive(Debug, Default)]
struct Place {
    /// The fixed keys of the maps that can stand here, each with the place of its value.
    maps: Vec<IndexMap<String, PlaceId>>,
    /// The values of a map whose keys are the author's.
    free: Option<PlaceId>,
    /// The items of a list.
    items: Option<PlaceId>,
}

impl Places {
    /// All that can be reached from the root of a schema, which is the first.
    pub(super) fn of(root: &Value) -> Self {
        let mut open = vec![root];
        // Schemas refer to themselves: by where they stand, each is one place.
        let mut known = HashMap::from([(ptr::from_ref(root), 0)]);
        let mut places = Vec::new();
        while let Some(schema) = open.get(places.len()).copied() {
            let mut id = |schema| {
                *known.entry(ptr::from_ref(schema)).or_insert_with(|| {
                    open.push(schema);
                    open.len() - 1
                })
            };
            let mut place = Place::default();
            for schema in alternatives(root, schema) {
                if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
                    let keys = properties.iter().map(|(key, value)| (key.clone(), id(value)));
                    place.maps.push(keys.collect());
                }
                let values = schema.get("additionalProperties").filter(|values| values.is_object());
                place.free = place.free.or_else(|| values.map(&mut id));
                place.items = place.items.or_else(|| schema.get("items").map(&mut id));
            }
            places.push(place);
        }
        Self(places)
    }
}

/// The schemas that a value may follow where this one stands, references resolved.
fn alternatives<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let mut found = Vec::new();
    let mut open = vec![schema];
    // The schemas are our own and refer to no schema that is still open; the bound is for those of a later day.
    while let Some(schema) = open.pop().filter(|_| found.len() < 64) {
        found.push(schema);
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            open.extend(target.strip_prefix('#').and_then(|pointer| root.pointer(pointer)));
        }
        for choice in ["oneOf", "anyOf"] {
            open.extend(schema.get(choice).and_then(Value::as_array).into_iter().flatten().rev());
        }
    }
    found
}

/// Where a value stands in a schema.
///
/// A map with a fixed set of keys has the order in which its schema lists them. In any other map the names are the
/// author's, and so is their order: variables, profiles and headers, and what the model reads as it is written, such as
/// the schema of the answer, the parameters of tools and the outputs of examples.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape<'a> {
    places: &'a Places,
    at: Option<&'a Place>,
}

impl<'a> Shape<'a> {
    /// The root of a schema.
    pub(super) fn of(places: &'a Places) -> Self {
        Self { places, at: places.0.first() }
    }

    /// The keys and values of a map that stands here and has these keys.
    pub(super) fn map<'k>(self, present: &(impl Iterator<Item = &'k str> + Clone)) -> MapShape<'a> {
        let mut best = None;
        for keys in self.at.into_iter().flat_map(|place| &place.maps) {
            let known = present.clone().filter(|key| keys.contains_key(*key)).count();
            if known > best.map_or(0, |(most, _)| most) {
                best = Some((known, keys));
            }
        }
        MapShape {
            places: self.places,
            keys: best.map(|(_, keys)| keys),
            free: self.at.and_then(|place| place.free),
        }
    }

    /// Where the items of a list stand.
    pub(super) fn items(self) -> Self {
        self.to(self.at.and_then(|place| place.items))
    }

    fn to(self, id: Option<PlaceId>) -> Self {
        Self { at: id.and_then(|id| self.places.0.get(id)), ..self }
    }
}

/// Where the entries of a map stand in a schema.
#[derive(Clone, Copy, Debug)]
pub(super) struct MapShape<'a> {
    places: &'a Places,
    keys: Option<&'a IndexMap<String, PlaceId>>,
    free: Option<PlaceId>,
}

impl<'a> MapShape<'a> {
    /// Whether the order of the keys is that of the schema; else it is the author's.
    pub(super) fn is_fixed(&self) -> bool {
        self.keys.is_some()
    }

    /// The place of a key among those of the schema; unknown ones come last.
    pub(super) fn place(&self, key: &str) -> usize {
        self.keys.and_then(|keys| keys.get_index_of(key)).unwrap_or(usize::MAX)
    }

    /// Where the value of a key stands.
    pub(super) fn value(&self, key: &str) -> Shape<'a> {
        let at = match self.keys {
            Some(keys) => keys.get(key).copied(),
            None => self.free,
        };
        Shape { places: self.places, at: None }.to(at)
    }
}

#[cfg(test)]
mod tests {
    use crate::format::Kind;

    fn order(kind: Kind, route: &[&str], present: &[&str]) -> Option<Vec<String>> {
        let shape = route.iter().fold(kind.shape(), |shape, step| match *step {
            "[]" => shape.items(),
            step => shape.map(&[step].into_iter()).value(step),
        });
        let keys = shape.map(&present.iter().copied()).keys?;
        Some(keys.keys().cloned().collect())
    }

    #[test]
    fn fixed_keys_have_the_order_of_the_schema() {
        let message = order(Kind::Prompt, &["messages", "[]"], &["content", "role"]);
        assert_eq!(message.unwrap(), ["role", "when", "content"]);
        let insert = order(Kind::Prompt, &["messages", "[]"], &["max", "insert"]);
        assert_eq!(insert.unwrap(), ["insert", "max"]);
        let example = order(Kind::Prompt, &["examples", "[]"], &["output"]);
        assert_eq!(example.unwrap(), ["variables", "output", "tags"]);
        let provider = order(Kind::Config, &["providers", "x"], &["base_url"]);
        assert_eq!(provider.unwrap()[..2], ["protocol", "base_url"]);
        let assertion = order(Kind::Suite, &["cases", "[]", "assert", "[]"], &["value", "type"]);
        assert_eq!(assertion.unwrap()[..3], ["type", "value", "threshold"]);
        let variable = order(Kind::Prompt, &["variables", "x"], &["default", "type"]);
        assert_eq!(variable.unwrap()[..2], ["type", "default"]);
    }

    #[test]
    fn names_and_what_the_model_reads_keep_the_order_of_the_author() {
        for (kind, route) in [
            (Kind::Prompt, &["variables"][..]),
            (Kind::Prompt, &["metadata"]),
            (Kind::Prompt, &["output", "schema"]),
            (Kind::Prompt, &["output", "schema", "properties", "type"]),
            (Kind::Prompt, &["tools", "[]", "parameters"]),
            (Kind::Prompt, &["examples", "[]", "output"]),
            (Kind::Prompt, &["examples", "[]", "variables"]),
            (Kind::Prompt, &["variables", "x", "properties"]),
            (Kind::Prompt, &["variables", "x", "items"]),
            (Kind::Prompt, &["model", "extra"]),
            (Kind::Config, &["models"]),
            (Kind::Config, &["providers"]),
            (Kind::Config, &["providers", "x", "headers"]),
            (Kind::Config, &["metadata_schema"]),
            (Kind::Suite, &["gates", "metrics"]),
            (Kind::Suite, &["cases", "[]", "variables"]),
            (Kind::Suite, &["assert", "[]", "value"]),
        ] {
            assert_eq!(order(kind, route, &["type", "properties", "name"]), None, "{route:?}");
        }
    }
}
