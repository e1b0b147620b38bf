//! Which keys have an order of their own: those that the schema of the file lists.

use serde_json::{Map, Value};

/// Where a value stands in a schema.
///
/// A map with a fixed set of keys has the order in which its schema lists them. In any other map the names are the
/// author's, and so is their order: variables, profiles and headers, and what the model reads as it is written, such as
/// the schema of the answer, the parameters of tools and the outputs of examples.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape<'a> {
    root: &'a Value,
    at: Option<&'a Value>,
}

impl<'a> Shape<'a> {
    /// The root of a schema.
    pub(super) fn of(schema: &'a Value) -> Self {
        Self { root: schema, at: Some(schema) }
    }

    /// The keys and values of a map that stands here and has these keys.
    pub(super) fn map<'k>(self, present: &(impl Iterator<Item = &'k str> + Clone)) -> MapShape<'a> {
        let mut best = None;
        for schema in self.alternatives() {
            let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
                continue;
            };
            let known = present.clone().filter(|key| properties.contains_key(*key)).count();
            if known > best.map_or(0, |(most, _)| most) {
                best = Some((known, properties));
            }
        }
        let free = |schema: &'a Value| {
            schema.get("additionalProperties").filter(|values| values.is_object())
        };
        MapShape {
            root: self.root,
            keys: best.map(|(_, properties)| properties),
            free: self.alternatives().find_map(free),
        }
    }

    /// Where the items of a list stand.
    pub(super) fn items(self) -> Self {
        Self { at: self.alternatives().find_map(|schema| schema.get("items")), ..self }
    }

    /// The schemas that a value here may follow, references resolved.
    fn alternatives(self) -> impl Iterator<Item = &'a Value> {
        let mut found = Vec::new();
        let mut open: Vec<&Value> = self.at.into_iter().collect();
        // The schemas are our own and refer to no schema that is still open; the bound is for those of a later day.
        while let Some(schema) = open.pop().filter(|_| found.len() < 64) {
            found.push(schema);
            if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
                open.extend(
                    target.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer)),
                );
            }
            for choice in ["oneOf", "anyOf"] {
                open.extend(
                    schema.get(choice).and_then(Value::as_array).into_iter().flatten().rev(),
                );
            }
        }
        found.into_iter()
    }
}

/// Where the entries of a map stand in a schema.
#[derive(Clone, Copy, Debug)]
pub(super) struct MapShape<'a> {
    root: &'a Value,
    keys: Option<&'a Map<String, Value>>,
    free: Option<&'a Value>,
}

impl<'a> MapShape<'a> {
    /// Whether the order of the keys is that of the schema; else it is the author's.
    pub(super) fn is_fixed(&self) -> bool {
        self.keys.is_some()
    }

    /// The place of a key among those of the schema; unknown ones come last.
    pub(super) fn place(&self, key: &str) -> usize {
        let known = self.keys.and_then(|keys| keys.keys().position(|known| known == key));
        known.unwrap_or(usize::MAX)
    }

    /// Where the value of a key stands.
    pub(super) fn value(&self, key: &str) -> Shape<'a> {
        let at = match self.keys {
            Some(keys) => keys.get(key),
            None => self.free,
        };
        Shape { root: self.root, at }
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
