//! Cells as JSON, written as they come: a line each, or the list in the file of a run.

use std::io::{self, Read, Write};

use super::run::{Cell, Eval};
use crate::eval::cell::CellRecord;
use crate::eval::plan::Plan;

/// Writes one cell as one line.
pub fn write(out: &mut dyn Write, plan: &Plan, cell: &CellRecord) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &Cell::new(plan, cell))?;
    writeln!(out)
}

/// Writes one cell as an element of the list that [`write_run`] puts into its place.
pub fn write_element(
    out: &mut dyn Write,
    plan: &Plan,
    cell: &CellRecord,
    first: bool,
) -> io::Result<()> {
    let text = serde_json::to_string_pretty(&Cell::new(plan, cell))?;
    let comma = if first { "" } else { "," };
    write!(out, "{comma}\n    {}", text.replace('\n', "\n    "))
}

/// Writes the file of a run: the summary, then the elements of its list of cells.
pub fn write_run(out: &mut dyn Write, summary: Eval, elements: &mut dyn Read) -> io::Result<()> {
    let text = serde_json::to_string_pretty(&summary.of_run_file())?;
    let open = text.strip_suffix("\n}").expect("a summary has fields");
    write!(out, "{open},\n  \"cells\": [")?;
    let close = if io::copy(elements, out)? == 0 { "]" } else { "\n  ]" };
    writeln!(out, "{close}\n}}")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::report::testing;

    fn run_file(cells: &[CellRecord]) -> String {
        let plan = testing::plan();
        let elements = testing::text(|out| {
            for (number, cell) in cells.iter().enumerate() {
                write_element(out, &plan, cell, number == 0).unwrap();
            }
        });
        testing::text(|out| {
            write_run(out, testing::summary(&plan), &mut elements.as_bytes()).unwrap();
        })
    }

    #[test]
    fn the_file_of_a_run_is_laid_out_as_one_value() {
        let plan = testing::plan();
        let all = testing::cells();
        for cells in [&all[..], &all[..1], &[]] {
            let mut whole = serde_json::to_value(testing::summary(&plan).of_run_file()).unwrap();
            whole["cells"] = cells
                .iter()
                .map(|cell| serde_json::to_value(Cell::new(&plan, cell)).unwrap())
                .collect::<Value>();
            assert_eq!(whole["kind"], json!("run"));
            assert_eq!(run_file(cells), serde_json::to_string_pretty(&whole).unwrap() + "\n");
        }
    }
}
