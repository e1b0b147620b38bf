//! The published schemas: of the files that people write, and of the JSON that pf prints.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::Value;

use super::{
    answer, cache, compare, coverage, diff, estimate, fmt, history, import, json, lint, models,
    notes, run, spot_check, trends,
};
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
        ("compare", of::<compare::CompareJson>("compare")),
        ("answer", of::<answer::AnswerJson>("answer")),
        ("coverage", of::<coverage::CoverageJson>("coverage")),
        ("eval", of::<run::Eval>("eval")),
        ("eval-estimate", of::<estimate::EvalEstimate>("eval-estimate")),
        ("spot-check", of::<spot_check::SpotCheck>("spot-check")),
        ("run", of::<run::RunFile>("run")),
        ("import", of::<import::Import>("import")),
        ("cache-stats", of::<cache::Stats>("cache-stats")),
        ("cache-why", of::<cache::Why>("cache-why")),
        ("cache-prune", of::<cache::Prune>("cache-prune")),
        ("cache-export", of::<cache::Export>("cache-export")),
        ("cache-import", of::<cache::Import>("cache-import")),
        ("cache-verify", of::<cache::Verify>("cache-verify")),
        ("notes", of::<notes::NotesList>("notes")),
        ("notes-prune", of::<notes::NotesPrune>("notes-prune")),
        ("notes-sync", of::<notes::NotesSync>("notes-sync")),
        ("models", of::<models::Models>("models")),
        ("history", of::<history::History>("history")),
        ("stats", of::<trends::Stats>("stats")),
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
