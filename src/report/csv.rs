//! Cells as CSV (RFC 4180), for spreadsheets: a line of names, then a line a cell, written as they come.
//!
//! The columns are those of [`COLUMNS`], then `metric.NAME` with the score of each metric of the plan.

use std::io::{self, Write};

use indexmap::IndexSet;

use crate::eval::cell::{CellRecord, Origin, Place, State};
use crate::eval::plan::Plan;
use crate::template::render::output_text;

/// The columns that every file has.
pub const COLUMNS: [&str; 23] = [
    "suite",
    "prompt",
    "digest",
    "model",
    "case",
    "repeat",
    "state",
    "score",
    "why",
    "output",
    "expected",
    "variables",
    "tags",
    "cached",
    "attempts",
    "finish_reason",
    "latency_ms",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cost_usd",
    "file",
    "line",
];

/// How texts are written that a spreadsheet would take for a formula.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Formulas {
    /// With a `'` before them, so that they are texts there too.
    #[default]
    Defused,
    /// As they are, for programs.
    Kept,
}

/// A file while it is written.
pub struct Csv<W: Write> {
    writer: csv::Writer<W>,
    metrics: IndexSet<String>,
    formulas: Formulas,
}

impl<W: Write> Csv<W> {
    /// Writes the line of names.
    pub fn begin(out: W, plan: &Plan, formulas: Formulas) -> io::Result<Self> {
        let metrics: IndexSet<String> = plan
            .suites
            .iter()
            .flat_map(|suite| {
                let of_columns = suite.columns.iter().flat_map(|column| &column.assertions);
                of_columns.chain(suite.cases.assertions())
            })
            .map(crate::assertion::Assertion::metric_name)
            .collect();
        let mut writer =
            csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        let names = metrics.iter().map(|name| format!("metric.{name}"));
        writer.write_record(COLUMNS.map(str::to_owned).into_iter().chain(names))?;
        Ok(Self { writer, metrics, formulas })
    }

    /// Writes a cell.
    pub fn add(&mut self, plan: &Plan, cell: &CellRecord) -> io::Result<()> {
        let text = |text: String| match self.formulas {
            Formulas::Defused => defused(text),
            Formulas::Kept => text,
        };
        let Place { suite, column, case, .. } = cell.index.place(plan);
        let placed = &case.placed;
        let usage = cell.usage;
        let expected = placed.case.expected.as_ref().map(output_text).unwrap_or_default();
        let fixed: [String; COLUMNS.len()] = [
            text(suite.name.clone()),
            text(column.prompt.clone()),
            column.digest.to_string(),
            text(column.model.label.clone()),
            text(case.id.clone()),
            cell.index.repeat.to_string(),
            cell.state.as_str().to_owned(),
            number(cell.score),
            text(if cell.state == State::Pass { String::new() } else { cell.why() }),
            text(cell.output.clone().unwrap_or_default()),
            text(expected),
            text(serde_json::to_string(&cell.variables)?),
            text(placed.case.tags.join(" ")),
            cell.origin.is_some_and(Origin::cached).to_string(),
            cell.attempts.to_string(),
            text(cell.finish.clone().unwrap_or_default()),
            number(cell.latency_ms),
            number(usage.map(|usage| usage.input_tokens)),
            number(usage.map(|usage| usage.output_tokens)),
            number(usage.map(|usage| usage.cached_tokens)),
            number(cell.cost_usd),
            text(placed.file.path().to_string()),
            placed.line().to_string(),
        ];
        let metrics = self.metrics.iter().map(|name| number(mean(cell, name)));
        self.writer.write_record(fixed.into_iter().chain(metrics))?;
        Ok(())
    }

    /// Hands back what was written to.
    pub fn finish(self) -> io::Result<W> {
        self.writer.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

/// The mean of a cell's scores under one name, as the run counts them.
fn mean(cell: &CellRecord, metric: &str) -> Option<f64> {
    let of_metric = cell.judgements.iter().filter(|judgement| judgement.metric == metric);
    let scores: Vec<f64> = of_metric.filter_map(|judgement| judgement.score).collect();
    (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
}

fn number(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// The text with a `'` before it where a spreadsheet would compute it.
pub(super) fn defused(text: String) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing;

    fn written(formulas: Formulas) -> String {
        let plan = testing::plan();
        let mut csv = Csv::begin(Vec::new(), &plan, formulas).unwrap();
        for cell in &testing::cells() {
            csv.add(&plan, cell).unwrap();
        }
        String::from_utf8(csv.finish().unwrap()).unwrap()
    }

    /// The columns of one cell that are about its answer.
    fn answers(text: &str) -> Vec<(String, String)> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let names = reader.headers().unwrap().clone();
        let at = |name: &str| names.iter().position(|other| other == name).unwrap();
        let (state, output) = (at("state"), at("output"));
        reader
            .records()
            .map(|record| record.unwrap())
            .map(|record| (record[state].to_owned(), record[output].to_owned()))
            .collect()
    }

    #[test]
    fn a_cell_is_a_row_of_documented_columns() {
        let text = written(Formulas::Defused);
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(
            lines[0],
            format!("{},metric.equals,metric.=has a,metric.max-length", COLUMNS.join(","))
        );
        assert_eq!(
            lines[1],
            r#"greet,greet,5fc1e23ddd2f6daf5b8c72a448f64986a744e1ca53a8800f5f1cc812162b2f95,echo/a,ada,1,pass,1,,Hello Ada,Hello Ada,"{""name"":""Ada""}",kind @all,false,1,stop,1250.5,12,3,4,0.00012,evals/greet.yaml,4,1,,"#
        );
    }

    #[test]
    fn a_spreadsheet_computes_nothing_that_a_model_wrote() {
        let hostile = testing::HOSTILE;
        let states = |first: &str, fifth: &str| {
            vec![
                ("pass".to_owned(), "Hello Ada".to_owned()),
                ("fail".to_owned(), first.to_owned()),
                ("error".to_owned(), String::new()),
                ("unscored".to_owned(), fifth.to_owned()),
                ("pass".to_owned(), "Hello Ada".to_owned()),
                ("not_run".to_owned(), String::new()),
            ]
        };
        assert_eq!(answers(&written(Formulas::Defused)), states(&format!("'{hostile}"), "'-5"));
        assert_eq!(answers(&written(Formulas::Kept)), states(hostile, "-5"));
    }
}
