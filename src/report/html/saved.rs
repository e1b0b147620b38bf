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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::eval::compare::{Options, compare as compare_sides};
    use crate::report::testing;

    /// A cell a line: of the prompt `p`, which both runs have, and of another that only this one has.
    fn run(other: &str, output: &str, state: &str) -> String {
        let cell = |prompt: &str, case: &str| {
            json!({
                "suite": "s", "prompt": prompt, "model": "x", "case": case, "repeat": 1, "tags": ["t"], "state": state,
                "score": if state == "pass" { 1.0 } else { 0.0 }, "output": output, "expected": "yes", "variables": {},
                "latency_ms": 5.0, "usage": {"input_tokens": 1, "output_tokens": 1, "cost_usd": 0.5}, "error": null,
                "assertions": [{
                    "type": "label", "metric": "label", "score": 0.0, "passed": state == "pass", "reason": "is no label",
                    "label": {"expected": "yes", "predicted": null}
                }],
            })
        };
        format!("{}\n{}\n{}\n", cell("p", "a"), cell("p", "b"), cell(other, "a"))
    }

    fn page() -> (String, [String; 2]) {
        let runs =
            [run("only-before", "fine", "pass"), run("only-after", testing::HOSTILE, "fail")];
        let [before, after] = [("A", 0), ("B", 1)].map(|(label, at): (&str, usize)| {
            saved::read(runs[at].as_bytes(), label).unwrap().side
        });
        let comparison = compare_sides(&before, &after, &Options::default()).unwrap();
        let page = testing::text(|out| {
            let bytes = [runs[0].as_bytes(), runs[1].as_bytes()];
            write_comparison(out, &comparison, &after, bytes).unwrap();
        });
        (page, runs)
    }

    fn data<'a>(page: &'a str, open: &str) -> &'a str {
        page.split_once(open).unwrap().1.split_once("</script>").unwrap().0
    }

    #[test]
    fn both_runs_are_in_the_page_as_far_as_they_are_compared() {
        let (page, runs) = page();
        let lines: Vec<Value> = data(&page, "id=\"cells\">")
            .trim()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let rows: Vec<(u64, &str, &str)> = lines
            .iter()
            .step_by(2)
            .map(|row| {
                let text = |key: &str| row[key].as_str().unwrap();
                (row["column"].as_u64().unwrap(), text("case"), text("state"))
            })
            .collect();
        assert_eq!(
            rows,
            [
                (0, "a", "fail"),
                (0, "b", "fail"),
                (1, "a", "fail"),
                (2, "a", "pass"),
                (2, "b", "pass")
            ]
        );
        assert_eq!(
            lines[0],
            json!({
                "column": 0, "case": "a", "repeat": 1, "state": "fail", "score": 0.0, "latency_ms": 5.0, "cost_usd": 0.5,
                "tags": ["t"], "failed": ["label"], "said": "label: is no label", "labels": [["label", "yes", null]]
            })
        );
        assert_eq!(lines[6]["said"], json!("fine"));
        let first: Value = serde_json::from_str(runs[1].lines().next().unwrap()).unwrap();
        assert_eq!(lines[1], first);
        let summary: Value = serde_json::from_str(data(&page, "id=\"run\">")).unwrap();
        assert_eq!(
            summary["columns"],
            json!([
                {"suite": "s", "prompt": "p", "model": "x"},
                {"suite": "s", "prompt": "only-after", "model": "x"},
                {"suite": "s", "prompt": "p", "model": "x", "against": 0},
            ])
        );
        assert_eq!(summary["run"], Value::Null);
        assert_eq!(summary["comparison"]["kind"], json!("compare"));
        assert_eq!(summary["said"].as_array().map(Vec::len), Some(1));
    }

    #[test]
    fn an_answer_of_a_saved_run_cannot_leave_the_data() {
        let (page, _) = page();
        assert!(!data(&page, "id=\"cells\">").contains(['<', '\u{2028}']));
        assert!(!data(&page, "id=\"run\">").contains(['<', '\u{2028}']));
        assert_eq!(page.matches("</script>").count(), 3);
    }
}
