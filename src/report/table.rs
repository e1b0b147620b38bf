//! Tables for people: aligned columns without lines, the last one as long as it needs.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};

use super::foreign::excerpt;

/// Characters of a cell that are shown.
const LONGEST: usize = 70;

/// A table with a header, cells cut to one line, as text that ends with a line break.
pub fn plain(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    aligned(header, &[], rows)
}

/// The same, with the columns of numbers set to the right.
pub fn aligned(
    header: &[&str],
    right: &[usize],
    rows: impl Iterator<Item = Vec<String>>,
) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(header.iter().copied());
    for row in rows {
        table.add_row(row.iter().map(|cell| excerpt(cell, LONGEST)));
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if right.contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let text: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    text.join("\n") + "\n"
}
