//! The published schemas: of the files that people write, and of the JSON that pf prints.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::Value;

use super::{diff, fmt, import, json, lint, run};
use crate::project;
use crate::schema::published;

/// All schemas by name.
pub fn all() -> BTreeMap<&'static str, Value> {
    let files = project::schemas().map(|(name, schema)| (name, published(schema.value(), name)));
    let outputs = [
        ("lint", of::<json::Lint>("lint")),
        ("lint-statistics", of::<lint::statistics::Statistics>("lint-statistics")),
        ("fmt", of::<fmt::Fmt>("fmt")),
        ("rule", of::<json::Rules>("rule")),
        ("list", of::<json::List>("list")),
        ("show", of::<json::Show>("show")),
        ("render", of::<json::Render>("render")),
        ("log", of::<json::Log>("log")),
        ("diff", of::<diff::DiffJson>("diff")),
        ("eval", of::<run::Eval>("eval")),
        ("run", of::<run::RunFile>("run")),
        ("import", of::<import::Import>("import")),
        ("cell", of::<run::Cell>("cell")),
    ];
    files.into_iter().chain(outputs).collect()
}

fn of<T: JsonSchema>(name: &str) -> Value {
    published(&schemars::schema_for!(T).to_value(), name)
}

/// A schema as its file holds it.
pub fn text(schema: &Value) -> String {
    let mut text = serde_json::to_string_pretty(schema).expect("a JSON value prints");
    text.push('\n');
    text
}
