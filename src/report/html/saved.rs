//! Cells of saved runs, and the page that compares two of them.

use std::io::{self, Write};

use super::columns::{Columns, Standing};
use super::row::SavedCell;
use super::{Summary, begin, said, write_cell, write_end};
use crate::eval::compare::{ColumnName, Comparison, Side};
use crate::eval::saved;
use crate::report::compare;

/// Writes the cells of a saved run that stand in the columns of a side; others are left out.
pub fn write_cells(
    out: &mut dyn Write,
    columns: &Columns,
    standing: Standing,
    run: &[u8],
) -> io::Result<()> {
    saved::each_cell(run, &mut |whole| {
        let cell = SavedCell::of(&whole)?;
        let name = ColumnName {
            suite: cell.suite.to_owned(),
            prompt: cell.prompt.to_owned(),
            model: cell.model.to_owned(),
            digest: None,
        };
        match columns.number(standing, &name) {
            Some(column) => write_cell(out, &cell.row(column), &whole),
            None => Ok(()),
        }
    })
    .map_err(io::Error::other)?
}

/// Writes the page of two saved runs: what became of their comparison, `after` as it was compared, and the files of both.
pub fn write_comparison(
    out: &mut dyn Write,
    comparison: &Comparison,
    after: &Side,
    [run_before, run_after]: [&[u8]; 2],
) -> io::Result<()> {
    let columns = after.columns.iter().map(|column| &column.name);
    let columns = Columns::of_names(columns).beside(comparison);
    begin(out)?;
    write_cells(out, &columns, Standing::After, run_after)?;
    write_cells(out, &columns, Standing::Before, run_before)?;
    let said = comparison.columns.iter().map(said).collect();
    let comparison = Some(compare::json(comparison));
    write_end(out, &Summary { run: None, comparison, said, columns: &columns })
}
