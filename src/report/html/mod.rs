//! An evaluation or a comparison as one page: it needs no network, and a browser is all that it needs.
//!
//! The page is the files of this folder put together: the frame, the style and the script in parts. The data stand in
//! it as JSON.
//! Cells come one at a time and go straight into the file, two lines each: what the table of the page shows, and the
//! whole cell, which the script parses when it is looked at. Where two versions are compared, the cells of the other side
//! stand among them, in columns that say which one they are against; the script brings them together. The summary is known
//! last and stands last.
//!
//! What a model wrote cannot act in the page: in the JSON no `<` is left, the script makes text of it and never markup,
//! and the page's policy runs this script alone and fetches nothing.

mod columns;
mod row;
mod saved;

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter};
use sha2::{Digest, Sha256};

pub use self::columns::{Columns, Standing};
use self::row::Row;
pub use self::saved::{write_cells as write_saved_cells, write_comparison};
use super::compare::{CompareJson, Said, said};
use super::run::{Cell, Eval};
use crate::eval::cell::CellRecord;
use crate::eval::plan::Plan;
use crate::eval::run::Run;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = concat!(
    include_str!("data.js"),
    include_str!("summary.js"),
    include_str!("comparison.js"),
    include_str!("charts.js"),
    include_str!("table.js"),
    include_str!("words.js"),
    include_str!("case.js"),
    include_str!("page.js"),
);

/// Writes the page up to its cells.
pub fn begin(out: &mut dyn Write) -> io::Result<()> {
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; img-src data:; base-uri 'none'; form-action 'none'",
        source_hash(SCRIPT),
        source_hash(STYLE)
    );
    let (head, _) = around("<!--cells-->");
    write!(out, "{}", head.replacen("<!--policy-->", &policy, 1).replacen("<!--style-->", STYLE, 1))
}

/// Writes a cell. One of the other side of a comparison is of the plan that holds both.
pub fn cell(out: &mut dyn Write, plan: &Plan, cell: &CellRecord) -> io::Result<()> {
    let case = cell.index.place(plan).case;
    write_cell(out, &Row::new(plan, &case, cell), &Cell::new(plan, cell))
}

fn write_cell(out: &mut dyn Write, row: &Row<'_>, whole: &impl Serialize) -> io::Result<()> {
    writeln!(out)?;
    write_json(out, row)?;
    writeln!(out)?;
    write_json(out, whole)
}

/// Writes what comes after the cells of a run.
pub fn end(out: &mut dyn Write, columns: &Columns, run: &Run, summary: &Eval) -> io::Result<()> {
    let compared = run.versus.as_ref().and_then(|versus| versus.comparison.as_ref());
    let said = compared.map(|comparison| comparison.columns.iter().map(said).collect());
    let said = said.unwrap_or_default();
    write_end(out, &Summary { run: Some(summary), comparison: None, said, columns })
}

fn write_end(out: &mut dyn Write, summary: &Summary<'_>) -> io::Result<()> {
    let (_, tail) = around("<!--cells-->");
    let (before, after) = tail.split_once("<!--run-->").expect("the page has a place for the run");
    writeln!(out)?;
    out.write_all(before.as_bytes())?;
    write_json(out, summary)?;
    write!(out, "{}", after.replacen("<!--script-->", SCRIPT, 1))
}

fn around(mark: &str) -> (&'static str, &'static str) {
    PAGE.split_once(mark).expect("the page has a place for the cells")
}

/// What a policy knows an inline script or style by.
fn source_hash(text: &str) -> String {
    format!("sha256-{}", base64(&Sha256::digest(text.as_bytes())))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - group.len()));
        for place in 0..4 {
            match place <= group.len() {
                true => text.push(DIGITS[(bits >> (18 - 6 * place) & 63) as usize] as char),
                false => text.push('='),
            }
        }
    }
    text
}

/// What belongs to no single cell.
#[derive(Serialize)]
struct Summary<'a> {
    /// The run, which holds its comparison where there is one; none on the page of two saved runs.
    run: Option<&'a Eval>,
    /// The comparison of two saved runs.
    comparison: Option<CompareJson>,
    /// Each column of the comparison in words.
    said: Vec<Said>,
    columns: &'a Columns,
}

fn write_json(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(out, Inert(CompactFormatter));
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// JSON that cannot end the script element that it stands in, nor begin a comment there: without `<`, and without the
/// line separators that are none to JSON.
struct Inert(CompactFormatter);

impl Formatter for Inert {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(['<', '\u{2028}', '\u{2029}']) {
            let (before, from) = rest.split_at(at);
            let mut characters = from.chars();
            let acting = characters.next().map_or(0, u32::from);
            write!(out, "{before}\\u{acting:04x}")?;
            rest = characters.as_str();
        }
        self.0.write_string_fragment(out, rest)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::report::testing;

    fn page() -> String {
        let plan = testing::plan();
        testing::text(|out| {
            begin(out).unwrap();
            for record in &testing::cells() {
                cell(out, &plan, record).unwrap();
            }
            end(out, &Columns::of_plan(&plan), &testing::run(&plan), &testing::summary(&plan))
                .unwrap();
        })
    }

    /// What stands in the script element of this opening tag.
    fn data<'a>(page: &'a str, open: &str) -> &'a str {
        let (_, after) = page.split_once(open).unwrap();
        after.split_once("</script>").unwrap().0
    }

    #[test]
    fn the_page_is_its_files_and_its_data() {
        let page = page();
        assert_eq!(data(&page, "<script>"), SCRIPT);
        assert!(page.contains(&format!("<style>{STYLE}</style>")));
        assert!(!page.contains("<!--"), "no place is left open");
        assert!(page.ends_with("</html>\n"));
        // What the sources must not contain, since they stand inside these elements.
        assert!(!SCRIPT.contains("</script") && !SCRIPT.contains("<!--"));
        assert!(!STYLE.contains("</style"));
        assert!(
            !SCRIPT.contains('\r') && !STYLE.contains('\r'),
            "a browser would hash other bytes"
        );
    }

    #[test]
    fn a_cell_is_a_row_and_all_that_is_known_of_it() {
        let page = page();
        let plan = testing::plan();
        let lines: Vec<Value> = data(&page, "id=\"cells\">")
            .trim()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let whole: Vec<Value> = testing::cells()
            .iter()
            .map(|record| serde_json::to_value(Cell::new(&plan, record)).unwrap())
            .collect();
        assert_eq!(lines.iter().skip(1).step_by(2).cloned().collect::<Vec<_>>(), whole);
        assert_eq!(
            lines[0],
            json!({
                "column": 0, "case": "ada", "repeat": 1, "state": "pass", "score": 1.0, "latency_ms": 1250.5,
                "cost_usd": 0.000_12, "tags": ["kind", "@all"], "failed": [], "said": "Hello Ada",
                "file": "evals/greet.yaml", "line": 4
            })
        );
        assert_eq!(lines[2]["failed"], json!(["equals", "=has a"]));
        assert_eq!(lines[10]["column"], json!(2));
        assert_eq!(lines[10]["said"], json!("interrupted"));
    }

    #[test]
    fn the_summary_is_that_of_the_json_report() {
        let page = page();
        let plan = testing::plan();
        let run: Value = serde_json::from_str(data(&page, "id=\"run\">")).unwrap();
        assert_eq!(run["run"], serde_json::to_value(testing::summary(&plan)).unwrap());
        assert_eq!(
            run["columns"],
            json!([
                {"suite": "greet", "prompt": "greet", "model": "echo/a"},
                {"suite": "greet", "prompt": "greet", "model": "echo/b"},
                {"suite": "other", "prompt": "greet", "model": "echo/echo"},
            ])
        );
    }

    #[test]
    fn an_answer_cannot_leave_the_data() {
        let page = page();
        let cells = data(&page, "id=\"cells\">");
        assert!(
            cells.contains("\\u003c/script>\\u003cimg src=x onerror=alert(1)>\\u003c!--"),
            "{cells}"
        );
        assert!(!cells.contains(['<', '\u{2028}', '\u{2029}']));
        assert_eq!(page.matches("</script>").count(), 3);
        let json = |text: &str| testing::text(|out| write_json(out, &text).unwrap());
        assert_eq!(json("<\u{2028}a\u{2029}<"), r#""\u003c\u2028a\u2029\u003c""#);
    }

    #[test]
    fn the_policy_lets_this_script_run_and_fetches_nothing() {
        let page = page();
        let policy = page.split_once("Content-Security-Policy\" content=\"").unwrap().1;
        let policy = policy.split_once('"').unwrap().0;
        let hashed = |text: &str| format!("'sha256-{}'", base64(&Sha256::digest(text)));
        assert_eq!(
            policy,
            format!(
                "default-src 'none'; script-src {}; style-src {}; img-src data:; base-uri 'none'; form-action 'none'",
                hashed(data(&page, "<script>")),
                hashed(STYLE)
            )
        );
    }

    #[test]
    fn base64_is_that_of_rfc_4648() {
        let pairs = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("\u{fb}\u{ff}", "w7vDvw=="),
        ];
        for (plain, encoded) in pairs {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }
}
