//! Datasets: cases in CSV, JSONL, JSON or YAML, read row by row, each row with its place in the file.

use std::sync::Arc;

use csv::StringRecord;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::suite::InlineCase;
use crate::diagnostic::{Diagnostic, RuleId};
use crate::document::{self, Document, NodeKind, Route};
use crate::path::RepoPath;
use crate::span::{SourceFile, Span};

/// The rule that a dataset can be read.
pub const UNREADABLE_DATASET: RuleId = RuleId("D550");

/// How the cases are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// RFC 4180: a header line, quoted cells may hold commas, quotes and line breaks. All values are text.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// A list of objects.
    Json,
    /// A list of mappings.
    Yaml,
}

impl Format {
    /// By the ending of the file's name.
    pub fn of(path: &RepoPath) -> Option<Self> {
        Some(match path.extension()? {
            "csv" => Self::Csv,
            "jsonl" | "ndjson" => Self::Jsonl,
            "json" => Self::Json,
            "yaml" | "yml" => Self::Yaml,
            _ => return None,
        })
    }
}

/// One row: its cells in the order of the file.
#[derive(Clone, Debug)]
pub struct Row {
    /// The row's place.
    pub span: Span,
    /// Column to value.
    pub cells: IndexMap<String, Value>,
}

/// One case: variables, what is expected, metadata.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// The id that the dataset gives it.
    pub id: Option<String>,
    /// The inputs.
    pub variables: Map<String, Value>,
    /// Whether the inputs are texts of a CSV file, to be converted to the declared types.
    pub textual: bool,
    /// What a right answer is compared with.
    pub expected: Option<Value>,
    /// An answer already in hand.
    pub output: Option<String>,
    /// Cases of one group are not independent.
    pub group: Option<String>,
    /// Words to select it by.
    pub tags: Vec<String>,
    /// How much it counts in the means of metrics and in the figures of labels. The pass rate counts each case once.
    pub weight: Option<f64>,
    /// A person's score of `output`.
    pub human: Option<f64>,
    /// Free data.
    pub metadata: Map<String, Value>,
    /// Assertions of this case alone.
    pub assert: Vec<crate::assertion::Syntax>,
}

/// A case and where it stands. Suites that share a dataset share its cases.
#[derive(Clone, Debug)]
pub struct PlacedCase {
    /// The case.
    pub case: Arc<Case>,
    /// The file.
    pub file: Arc<SourceFile>,
    /// The row.
    pub span: Span,
}

impl PlacedCase {
    /// The line on which the row begins.
    pub fn line(&self) -> usize {
        self.file.position(self.span.start).line
    }
}

/// The columns that mean something; each other column is a variable.
pub const RESERVED: [&str; 7] = ["id", "expected", "output", "group", "tags", "weight", "human"];

/// Calls `visit` with each row of a file, in order. What cannot be read is a diagnostic; the rows before it are visited.
pub fn for_each_row(
    file: &Arc<SourceFile>,
    format: Format,
    visit: &mut dyn FnMut(Row),
) -> Vec<Diagnostic> {
    match format {
        Format::Csv => for_each_separated_row(file, b',', visit),
        Format::Jsonl => jsonl_rows(file, visit),
        // JSON is YAML 1.2; reading it as such gives each row its place.
        Format::Json | Format::Yaml => list_rows(file, visit),
    }
}

pub(super) fn problem(
    file: &Arc<SourceFile>,
    span: Span,
    message: impl Into<String>,
) -> Diagnostic {
    Diagnostic::new(UNREADABLE_DATASET, file, span, message)
}

/// The same for a table whose cells stand between separators: commas, or the tabs of a spreadsheet.
pub fn for_each_separated_row(
    file: &Arc<SourceFile>,
    separator: u8,
    visit: &mut dyn FnMut(Row),
) -> Vec<Diagnostic> {
    match header(file, separator) {
        Ok(header) => separated_rows(file, separator, &Table { header, part: Part::WHOLE }, visit),
        Err(found) => found,
    }
}

/// What is known of a table before its rows are read.
pub(super) struct Table {
    /// The names of its columns.
    pub(super) header: StringRecord,
    /// Which part of the file the text is.
    pub(super) part: Part,
}

/// Which part of a file a text is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// Whether it begins with the header.
    pub(super) first: bool,
    /// Whether nothing follows.
    pub(super) last: bool,
}

impl Part {
    const WHOLE: Self = Self { first: true, last: true };
}

fn reader(file: &SourceFile, separator: u8, has_headers: bool) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(has_headers)
        .flexible(true)
        .delimiter(separator)
        .from_reader(file.text().as_bytes())
}

/// The names of the columns of a table, which are its first row.
pub(super) fn header(
    file: &Arc<SourceFile>,
    separator: u8,
) -> Result<StringRecord, Vec<Diagnostic>> {
    let mut reader = reader(file, separator, true);
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => {
            return Err(vec![problem(
                file,
                Span::at(0),
                format!("the header is unreadable: {error}"),
            )]);
        }
    };
    let mut found = Vec::new();
    let first_line = file.line(1).unwrap_or_default();
    for (index, name) in header.iter().enumerate() {
        if name.is_empty() {
            found.push(problem(file, first_line, format!("column {} has no name", index + 1)));
        }
        if header.iter().take(index).any(|before| before == name) {
            found.push(problem(file, first_line, format!("the column `{name}` stands here twice")));
        }
    }
    if found.is_empty() { Ok(header) } else { Err(found) }
}

/// The rows of a part of a table.
pub(super) fn separated_rows(
    file: &Arc<SourceFile>,
    separator: u8,
    table: &Table,
    visit: &mut dyn FnMut(Row),
) -> Vec<Diagnostic> {
    let Table { header, part } = table;
    let text = file.text();
    let mut found = Vec::new();
    let mut reader = reader(file, separator, part.first);
    if part.first && reader.headers().is_err() {
        // Whoever has the header has read this line.
        return found;
    }
    let mut record = StringRecord::new();
    loop {
        let start = reader.position().byte() as usize;
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => {
                found.push(problem(
                    file,
                    row_span(file, start),
                    format!("the row is unreadable: {error}"),
                ));
                break;
            }
        }
        let end = reader.position().byte() as usize;
        let body = &text[start..end];
        let lead = body.len() - body.trim_start_matches(['\n', '\r']).len();
        let span = Span::new(start + lead, start + body.trim_end_matches(['\n', '\r']).len());
        if record.len() != header.len() {
            let json = record.iter().any(|cell| cell.trim_start().starts_with(['{', '[']));
            found.push(
                problem(
                    file,
                    first_line_of(file, span),
                    format!("the row has {} cells, the header has {}", record.len(), header.len()),
                )
                .help(match json {
                    true => {
                        "a cell of JSON must be quoted, and each quote inside written twice: \"{\"\"a\"\": 1, \"\"b\"\": 2}\""
                    }
                    false => {
                        "a cell with a comma, a quote or a line break must be quoted: \"like, this\""
                    }
                }),
            );
            continue;
        }
        if part.last && end == text.len() && unclosed_quote(body) {
            found.push(
                problem(
                    file,
                    first_line_of(file, span),
                    "the quotation mark of a cell of this row is never closed",
                )
                .help("close it; a quote inside a quoted cell is written twice"),
            );
            break;
        }
        let cells = header
            .iter()
            .zip(record.iter())
            .map(|(name, cell)| (name.to_owned(), Value::String(cell.to_owned())))
            .collect();
        visit(Row { span, cells });
    }
    found
}

/// Whether the last record ends inside quotes: the reader takes the rest of the file for its last cell then.
fn unclosed_quote(record: &str) -> bool {
    record.bytes().filter(|b| *b == b'"').count() % 2 == 1
}

fn row_span(file: &SourceFile, start: usize) -> Span {
    file.line(file.position(start).line).unwrap_or(Span::at(start))
}

fn first_line_of(file: &SourceFile, span: Span) -> Span {
    let line = row_span(file, span.start);
    Span::new(span.start, line.end.min(span.end))
}

pub(super) fn jsonl_rows(file: &Arc<SourceFile>, visit: &mut dyn FnMut(Row)) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in file.text().split('\n') {
        let span = Span::new(start, start + line.len());
        start += line.len() + 1;
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str::<Value>(line) {
            Ok(Value::Object(map)) => visit(Row { span, cells: map.into_iter().collect() }),
            Ok(other) => found.push(problem(
                file,
                span,
                format!(
                    "a line holds one JSON object, and this is {}",
                    crate::schema::type_of(&other)
                ),
            )),
            Err(error) => {
                // A column of serde_json counts bytes, and may lie inside a character.
                let column = line.floor_char_boundary(error.column().saturating_sub(1));
                found.push(problem(
                    file,
                    Span::new(span.start + column, span.end),
                    format!("the line is no JSON: {}", without_place(&error)),
                ));
            }
        }
    }
    found
}

/// The message of a JSON error without "at line 1 column 7", which the diagnostic shows itself.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

fn list_rows(file: &Arc<SourceFile>, visit: &mut dyn FnMut(Row)) -> Vec<Diagnostic> {
    let (document, mut found) = document::parse(file);
    let Some(Document { root, .. }) = document else { return found };
    let NodeKind::Sequence(items) = root.kind else {
        found.push(
            problem(file, Span::at(root.span.start), "a dataset is a list of cases")
                .help("start each case with `- `, or use JSONL with one case a line"),
        );
        return found;
    };
    for item in items {
        let NodeKind::Mapping(_) = item.kind else {
            found.push(problem(
                file,
                first_line_of(file, item.span),
                "a case is a map from column to value",
            ));
            continue;
        };
        let span = first_line_of(file, item.span);
        if let Value::Object(map) = item.to_json() {
            visit(Row { span, cells: map.into_iter().collect() });
        }
    }
    found
}

/// Makes a case of a row. `columns` names the column of a variable, or of a reserved name, that is called otherwise.
pub fn case(
    file: &Arc<SourceFile>,
    row: Row,
    textual: bool,
    columns: &IndexMap<String, String>,
) -> Result<Case, Box<Diagnostic>> {
    let span = first_line_of(file, row.span);
    let mut case = Case { textual, ..Case::default() };
    for (column, value) in row.cells {
        let name = columns
            .iter()
            .find(|(_, source)| **source == column)
            .map_or(column.as_str(), |(variable, _)| variable.as_str());
        let wrong = |wanted: &str| {
            Box::new(problem(
                file,
                span,
                format!(
                    "the column `{column}` must be {wanted}, not {}",
                    crate::schema::type_of(&value)
                ),
            ))
        };
        let empty = value.is_null() || (textual && value.as_str() == Some(""));
        match name {
            // An empty cell of a text file is a value only where text is compared: not given, otherwise.
            _ if empty && (textual || RESERVED.contains(&name)) && name != "expected" => {}
            "expected" if value.is_null() => {}
            "id" => case.id = Some(text(&value).ok_or_else(|| wrong("a text or a number"))?),
            "group" => case.group = Some(text(&value).ok_or_else(|| wrong("a text or a number"))?),
            "expected" => case.expected = Some(value),
            "output" => {
                case.output = Some(match value {
                    Value::String(output) => output,
                    value => value.to_string(),
                });
            }
            "tags" => case.tags = tags(&value).ok_or_else(|| wrong("a list of texts"))?,
            "weight" => {
                case.weight = Some(
                    number(&value)
                        .filter(|w| *w >= 0.0)
                        .ok_or_else(|| wrong("a number of 0 or more"))?,
                );
            }
            "human" => {
                case.human = Some(
                    number(&value)
                        .filter(|score| (0.0..=1.0).contains(score))
                        .ok_or_else(|| wrong("a score from 0 to 1"))?,
                );
            }
            "metadata" if value.is_object() => {
                case.metadata.extend(value.as_object().cloned().unwrap_or_default());
            }
            name => match name.strip_prefix("metadata.") {
                Some(key) => drop(case.metadata.insert(key.to_owned(), value)),
                None => drop(case.variables.insert(name.to_owned(), value)),
            },
        }
    }
    Ok(case)
}

impl From<&InlineCase> for Case {
    fn from(inline: &InlineCase) -> Self {
        Self {
            id: inline.id.clone(),
            variables: inline.variables.clone(),
            textual: false,
            expected: inline.expected.clone(),
            output: inline.output.clone(),
            group: inline.group.clone(),
            tags: inline.tags.clone(),
            weight: inline.weight,
            human: inline.human,
            metadata: inline.metadata.clone(),
            assert: inline.assert.clone(),
        }
    }
}

/// Where an inline case of a suite stands.
pub fn inline_span(document: &Document, index: usize) -> Span {
    first_line_of(&document.file, document.span(&Route::root().key("cases").index(index)))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    }
}

fn tags(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(
            text.split(',')
                .map(|tag| tag.trim().to_owned())
                .filter(|tag| !tag.is_empty())
                .collect(),
        ),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> (Vec<Value>, Vec<String>) {
        let path = RepoPath::new(name).unwrap();
        let format = Format::of(&path).unwrap();
        let file = SourceFile::decode(path, text.as_bytes().to_vec()).unwrap();
        let mut rows = Vec::new();
        let found = for_each_row(&file, format, &mut |row| {
            let mut json: Map<String, Value> = row.cells.into_iter().collect();
            json.insert("@".into(), file.position(row.span.start).line.into());
            rows.push(Value::Object(json));
        });
        (rows, found.iter().map(|d| format!("{} {}", d.start(), d.message)).collect())
    }

    #[test]
    fn csv_cells_may_hold_commas_quotes_and_line_breaks() {
        let (rows, found) = read("a.csv", "\u{feff}id,q\r\n1,\"a, \"\"b\"\"\r\nc\"\r\n\r\n2,\r\n");
        assert_eq!(found, Vec::<String>::new());
        assert_eq!(
            rows,
            [
                serde_json::json!({"id": "1", "q": "a, \"b\"\nc", "@": 2}),
                serde_json::json!({"id": "2", "q": "", "@": 5}),
            ]
        );
    }

    #[test]
    fn ragged_and_unclosed_csv_rows_are_named() {
        let (rows, found) = read("a.csv", "id,q\n1,x,y\n2,ok\n3,\"open\n4,x\n");
        assert_eq!(rows, [serde_json::json!({"id": "2", "q": "ok", "@": 3})]);
        assert_eq!(
            found,
            [
                "2:1 the row has 3 cells, the header has 2",
                "4:1 the quotation mark of a cell of this row is never closed"
            ]
        );
        assert_eq!(read("a.csv", "id,id\n1,2\n").1, ["1:1 the column `id` stands here twice"]);
        assert_eq!(read("a.csv", "").1, Vec::<String>::new());
    }

    #[test]
    fn jsonl_errors_point_into_the_line() {
        let (rows, found) = read("a.jsonl", "{\"a\": 1}\n\n[1]\n{\"a\": }\n");
        assert_eq!(rows, [serde_json::json!({"a": 1, "@": 1})]);
        assert_eq!(
            found,
            [
                "3:1 a line holds one JSON object, and this is a list",
                "4:7 the line is no JSON: expected value"
            ]
        );
    }

    #[test]
    fn json_and_yaml_lists_have_places() {
        for (name, text) in
            [("a.json", "[\n {\"a\": 1},\n {\"a\": 2}\n]"), ("a.yaml", "# c\n- a: 1\n- a: 2\n")]
        {
            let (rows, found) = read(name, text);
            assert_eq!(found, Vec::<String>::new());
            assert_eq!(
                rows,
                [serde_json::json!({"a": 1, "@": 2}), serde_json::json!({"a": 2, "@": 3})]
            );
        }
        assert_eq!(read("a.yaml", "a: 1\n").1, ["1:1 a dataset is a list of cases"]);
    }

    #[test]
    fn reserved_columns_and_renames() {
        let path = RepoPath::new("a.csv").unwrap();
        let file = SourceFile::new(path, "x");
        let cells = [
            ("question", "why?"),
            ("id", "7"),
            ("tags", "a, b"),
            ("weight", "2"),
            ("metadata.src", "web"),
            ("note", ""),
        ];
        let row = Row {
            span: Span::at(0),
            cells: cells.iter().map(|(k, v)| ((*k).to_owned(), Value::from(*v))).collect(),
        };
        let columns = IndexMap::from([("text".to_owned(), "question".to_owned())]);
        let case = case(&file, row, true, &columns).unwrap();
        assert_eq!(case.id.as_deref(), Some("7"));
        assert_eq!(
            case.variables,
            serde_json::json!({"text": "why?"}).as_object().unwrap().clone()
        );
        assert_eq!(case.tags, ["a", "b"]);
        assert_eq!(case.weight, Some(2.0));
        assert_eq!(case.metadata["src"], "web");
    }
}
