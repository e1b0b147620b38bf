//! The metrics of a comparison as CSV, a line each.

use std::io::{self, Write};

use super::json::CompareJson;
use crate::report::csv::{Formulas, defused};

/// Writes it, with a line of names.
pub fn write(out: &mut dyn Write, comparison: &CompareJson, formulas: Formulas) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    let value = serde_json::to_value(comparison)?;
    let rows = value["metrics"].as_array().map(Vec::as_slice).unwrap_or_default();
    let columns = [
        "suite",
        "prompt",
        "model",
        "metric",
        "primary",
        "n",
        "a",
        "b",
        "delta",
        "relative",
        "low",
        "high",
        "interval",
        "p",
        "p_unadjusted",
        "test",
        "wilcoxon_p",
        "dz",
        "wins",
        "losses",
        "ties",
        "verdict",
        "smallest_difference",
        "needed_n",
    ];
    writer.write_record(columns)?;
    for row in rows {
        let cell = |name: &&str| match &row[*name] {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => match formulas {
                Formulas::Defused => defused(text.clone()),
                Formulas::Kept => text.clone(),
            },
            other => other.to_string(),
        };
        writer.write_record(columns.iter().map(cell))?;
    }
    writer.flush()
}
