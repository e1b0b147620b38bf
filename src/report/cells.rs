//! Cells as JSON lines, written as they come.

use std::io::{self, Write};

use super::run::Cell;
use crate::eval::cell::CellRecord;
use crate::eval::plan::Plan;

/// Writes one cell as one line.
pub fn write(out: &mut dyn Write, plan: &Plan, cell: &CellRecord) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &Cell::new(plan, cell))?;
    writeln!(out)
}
