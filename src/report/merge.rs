//! Saved runs, merged: the file of one run that holds the cells of all.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::diagnostic::counted;
use crate::eval::gate::GateResult;
use crate::eval::merge::{self, Totals};
use crate::eval::saved::{self, SavedError};
use crate::eval::shard::Shard;
use crate::report::run::{Gate, Names, ResultEntry};

/// A file of a run and what it is called.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// As the user writes it.
    pub label: &'a str,
    /// What it holds.
    pub bytes: &'a [u8],
}

/// One run made of several.
#[derive(Debug)]
pub struct Merged {
    /// The file of the run.
    pub run: Value,
    /// How many files it is made of.
    pub parts: usize,
    /// Shards that none of them is.
    pub missing: Vec<Shard>,
    /// Cells that stand in several of them, the same in each.
    pub shared: u64,
    /// Prompt and model with their gates.
    pub gates: Vec<(String, GateResult)>,
}

/// Why runs cannot be merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// A file that is no run.
    #[error("cannot use `{label}`: {error}")]
    Unusable {
        /// The file.
        label: String,
        /// Why.
        error: Box<SavedError>,
    },
    /// A file of cells alone.
    #[error(
        "`{label}` holds cells alone, and merging needs what the suites ask for: `pf eval -o run.json` writes it"
    )]
    Cells {
        /// The file.
        label: String,
    },
    /// Not parts of one run.
    #[error("`{first}` and `{other}` are not parts of one run: they differ in {what}")]
    Differ {
        /// A file.
        first: String,
        /// Another.
        other: String,
        /// In what.
        what: String,
    },
    /// A cell that is in two files and not the same.
    #[error(
        "case `{case}` of {column}, repeat {repeat}, is in `{first}` and in `{other}`, with different results"
    )]
    Overlap {
        /// The case.
        case: String,
        /// Its prompt and model.
        column: String,
        /// From 1.
        repeat: u64,
        /// A file.
        first: String,
        /// Another.
        other: String,
    },
    /// A case that the shard cannot hold.
    #[error("`{label}` says that it is shard {shard}, and case `{case}` is in shard {is}")]
    Misplaced {
        /// The file.
        label: String,
        /// What it says.
        shard: Shard,
        /// The case.
        case: String,
        /// Where the case belongs.
        is: Shard,
    },
}

/// One file, read.
struct Read<'a> {
    label: &'a str,
    shard: Option<Shard>,
    run: Map<String, Value>,
    cells: Vec<Value>,
}

type Key = (usize, String, u64);

/// Merges runs. Their order does not matter.
pub fn merge(parts: &[Part<'_>]) -> Result<Merged, MergeError> {
    let mut reads = Vec::new();
    for part in parts {
        reads.push(read(part)?);
    }
    reads.sort_by(|one, other| (one.shard, one.label).cmp(&(other.shard, other.label)));
    let Some(first) = reads.first() else {
        return Ok(Merged { run: json!({}), parts: 0, missing: vec![], shared: 0, gates: vec![] });
    };
    for other in &reads[1..] {
        alike(first, other)?;
    }
    let columns: IndexMap<String, &Value> =
        results(&first.run).map(|it| (column(it), it)).collect();
    let (cells, shared) = cells(&reads, &columns)?;
    let shards: Vec<Shard> = reads.iter().filter_map(|read| read.shard).collect();
    let missing = merge::missing(&shards);

    let wanted: Vec<merge::Column> = columns.values().map(|it| wanted(&reads, it)).collect();
    let mut totals = Totals::default();
    for ((at, ..), cell) in &cells {
        // Each was read as a cell before.
        if let Ok(cell) = serde_json::from_value::<merge::Cell>((*cell).clone()) {
            totals.add(*at, &wanted[*at], cell);
        }
    }
    let (mut entries, mut gates, mut named_gates) = (Vec::new(), Vec::new(), Vec::new());
    for (at, (name, entry)) in columns.iter().enumerate() {
        let found = totals.finish(at, &wanted[at]);
        let names = serde_json::from_value::<Names>((*entry).clone());
        let names = names.map_err(|error| unusable(first.label, error.into()))?;
        let case = |case: usize| totals.case(&wanted[at].suite, case).to_owned();
        gates.extend(found.gates.iter().map(|gate| json!(Gate::new(names.gate(gate)))));
        entries.push(json!(ResultEntry::new(names, &found, &case)));
        named_gates.extend(found.gates.into_iter().map(|gate| (name.clone(), gate)));
    }
    let all = |key: &str| {
        reads
            .iter()
            .map(|read| read.run.get(key).cloned().unwrap_or(Value::Null))
            .collect::<Vec<_>>()
    };
    let complete = missing.is_empty() && all("status").iter().all(|status| status == "complete");
    let passed = complete && named_gates.iter().all(|(_, gate)| gate.passed);
    let texts = |key: &str| all(key).into_iter().filter_map(|it| it.as_str().map(str::to_owned));
    let commits: Vec<Value> = all("commit");
    let same_commit = commits.iter().all(|commit| *commit == commits[0]);
    let run = json!({
        "version": super::json::VERSION,
        "kind": "run",
        "id": texts("id").min(),
        "started_at": texts("started_at").min(),
        "finished_at": texts("finished_at").max(),
        "status": if complete { "complete" } else { "aborted" },
        "commit": if same_commit { commits[0].clone() } else { Value::Null },
        "dirty": if same_commit { dirty(&all("dirty")) } else { json!(true) },
        "filtered": all("filtered").iter().any(|filtered| *filtered == json!(true)),
        "passed": passed,
        "suites": first.run.get("suites"),
        "gates": gates,
        "results": entries,
        "cells": cells.into_values().collect::<Vec<_>>(),
    });
    Ok(Merged { run, parts: parts.len(), missing, shared, gates: named_gates })
}

impl Merged {
    /// Whether all shards are there, all ran to their end, and all gates hold.
    pub fn passed(&self) -> bool {
        self.run["passed"] == json!(true)
    }

    /// Without the cells, as `pf eval --format json` prints a run.
    pub fn summary(&self) -> Value {
        let mut summary = self.run.clone();
        if let Value::Object(map) = &mut summary {
            map.shift_remove("cells");
            map.insert("kind".to_owned(), json!("eval"));
        }
        summary
    }

    /// What was merged, in a line.
    pub fn text(&self) -> String {
        let cells = self.run["cells"].as_array().map_or(0, Vec::len);
        let shared = match self.shared {
            0 => String::new(),
            shared => format!(", {} of them in several files", counted(shared, "cell")),
        };
        format!("{} merged: {}{shared}", counted(self.parts, "run"), counted(cells, "cell"))
    }
}

fn unusable(label: &str, error: SavedError) -> MergeError {
    MergeError::Unusable { label: label.to_owned(), error: Box::new(error) }
}

fn read<'a>(part: &Part<'a>) -> Result<Read<'a>, MergeError> {
    let unusable = |error| unusable(part.label, error);
    let saved = saved::read(part.bytes, part.label).map_err(unusable)?;
    if saved.id.is_none() {
        return Err(MergeError::Cells { label: part.label.to_owned() });
    }
    let mut run: Map<String, Value> =
        serde_json::from_slice(part.bytes).map_err(|error| unusable(SavedError::from(error)))?;
    let cells = match run.shift_remove("cells") {
        Some(Value::Array(cells)) => cells,
        _ => Vec::new(),
    };
    if let Some(shard) = saved.shard {
        let cases = saved.side.columns.iter().flat_map(|column| &column.outcomes);
        if let Some(outcome) = cases.into_iter().find(|outcome| !shard.holds(&outcome.case)) {
            return Err(MergeError::Misplaced {
                label: part.label.to_owned(),
                shard,
                case: outcome.case.clone(),
                is: shard.beside(&outcome.case),
            });
        }
    }
    Ok(Read { label: part.label, shard: saved.shard, run, cells })
}

/// Refuses what is of another run.
fn alike(first: &Read<'_>, other: &Read<'_>) -> Result<(), MergeError> {
    let identity = |read: &Read<'_>| -> Vec<Value> {
        let keys = ["suite", "suite_digest", "prompt", "digest", "dataset_digest", "model"];
        let each = |it: &Value| keys.iter().map(|key| it[*key].clone()).collect::<Value>();
        results(&read.run).map(each).collect()
    };
    let what = match () {
        () if first.shard.map(Shard::of) != other.shard.map(Shard::of) => {
            match (first.shard, other.shard) {
                (Some(one), Some(another)) => format!("the number of shards: {one} and {another}"),
                _ => "that only one of them is a shard".to_owned(),
            }
        }
        () if first.run.get("suites") != other.run.get("suites") => {
            "what the suites ask for".to_owned()
        }
        () if identity(first) != identity(other) => {
            "their prompts, models or data, by name or by digest".to_owned()
        }
        () => return Ok(()),
    };
    Err(MergeError::Differ { first: first.label.to_owned(), other: other.label.to_owned(), what })
}

/// All cells, by column, case and repeat, and how many are in several files.
fn cells<'a>(
    reads: &'a [Read<'_>],
    columns: &IndexMap<String, &Value>,
) -> Result<(BTreeMap<Key, &'a Value>, u64), MergeError> {
    let mut cells: BTreeMap<Key, (&Value, &str)> = BTreeMap::new();
    let mut shared = 0;
    for read in reads {
        for cell in &read.cells {
            let at = columns.get_index_of(&column(cell)).unwrap_or(columns.len());
            let case = cell["case"].as_str().unwrap_or_default().to_owned();
            let repeat = cell["repeat"].as_u64().unwrap_or(1);
            if at == columns.len() {
                return Err(MergeError::Differ {
                    first: read.label.to_owned(),
                    other: read.label.to_owned(),
                    what: format!("its results and its cells: nothing is said of {}", column(cell)),
                });
            }
            let key = (at, case.clone(), repeat);
            match cells.get(&key) {
                None => {
                    cells.insert(key, (cell, read.label));
                }
                Some((there, _)) if *there == cell => shared += 1,
                Some((_, label)) => {
                    return Err(MergeError::Overlap {
                        case,
                        column: column(cell),
                        repeat,
                        first: (*label).to_owned(),
                        other: read.label.to_owned(),
                    });
                }
            }
        }
    }
    Ok((cells.into_iter().map(|(key, (cell, _))| (key, cell)).collect(), shared))
}

fn results(run: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    run.get("results").and_then(Value::as_array).into_iter().flatten()
}

/// `SUITE: PROMPT on MODEL` of a result or a cell.
fn column(of: &Value) -> String {
    let text = |key: &str| of[key].as_str().unwrap_or_default().to_owned();
    format!("{}: {} on {}", text("suite"), text("prompt"), text("model"))
}

/// What is asked of a column. Its lists of labels stand where cells with labels are.
fn wanted(reads: &[Read<'_>], entry: &Value) -> merge::Column {
    let suites = reads.iter().filter_map(|read| read.run.get("suites")?.as_array()).flatten();
    let found = suites.into_iter().find(|suite| suite["name"] == entry["suite"]);
    let repeat = found.and_then(|suite| suite["repeat"].as_u64()).unwrap_or(1);
    let gates = found.and_then(|suite| serde_json::from_value(suite["gates"].clone()).ok());
    let same = column(entry);
    let mut listed = BTreeMap::new();
    for other in reads.iter().flat_map(|read| results(&read.run)).filter(|it| column(it) == same) {
        for (metric, found) in other["classification"].as_object().into_iter().flatten() {
            let labels = serde_json::from_value(found["listed"].clone()).unwrap_or_default();
            listed.entry(metric.clone()).or_insert(labels);
        }
    }
    merge::Column {
        suite: entry["suite"].as_str().unwrap_or_default().to_owned(),
        repeat: u32::try_from(repeat).unwrap_or(1),
        gates: gates.unwrap_or_default(),
        listed,
    }
}

fn dirty(all: &[Value]) -> Value {
    match all.iter().find(|dirty| **dirty == json!(true)) {
        Some(dirty) => dirty.clone(),
        None => all[0].clone(),
    }
}
