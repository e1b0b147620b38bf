//! Tables: one prompt per row, columns named by the caller.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use serde_json::Value;

use super::name::Names;
use super::placeholder::Placeholders;
use super::{Expected, Imported, Skip, Source, literal, name, yaml};
use crate::diagnostic::Diagnostic;
use crate::document::MAX_BYTES;
use crate::message::Role;
use crate::project::dataset::{self, Row, UNREADABLE_DATASET};
use crate::project::prompt::PromptName;
use crate::span::{SourceFile, Span};
use crate::template::analysis::analyze;

/// The most rows of a table: each becomes a file, and all are held in memory until the last is proven.
pub const MAX_ROWS: usize = 100_000;

/// Which column says what.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// The title, of which the name is made.
    pub name: String,
    /// The text of a system message.
    pub system: Option<String>,
    /// The text of a user message.
    pub user: Option<String>,
    /// What the prompt is for.
    pub description: Option<String>,
    /// Tags, separated by commas.
    pub tags: Option<String>,
    /// The person or team to ask.
    pub owner: Option<String>,
    /// Kept as metadata under the column's own name.
    pub metadata: Vec<String>,
}

/// What the texts are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Texts {
    /// Text: what Jinja would read is made literal.
    #[default]
    Literal,
    /// Text with `${Name:Default}` for a variable.
    Dollar,
    /// Jinja templates.
    Template,
}

/// How a table is read.
#[derive(Clone, Debug)]
pub struct Options {
    /// What stands between two cells: `,` or a tab.
    pub separator: u8,
    /// Which column says what.
    pub columns: Columns,
    /// What the texts are.
    pub texts: Texts,
    /// The model that every prompt asks.
    pub model: Option<String>,
    /// A folder below the prompts folder, as part of every name.
    pub folder: Option<String>,
}

/// What a table comes to.
#[derive(Clone, Debug, Default)]
pub struct Import {
    /// The prompts, in the order of the rows.
    pub prompts: Vec<Imported>,
    /// Rows that make no prompt, although nothing is wrong with them.
    pub skipped: Vec<(Span, Skip)>,
    /// Rows that cannot be prompts.
    pub problems: Vec<Diagnostic>,
}

/// Makes a prompt of each row. An error when the table cannot be read or has not the columns.
pub fn convert(file: &Arc<SourceFile>, options: &Options) -> Result<Import, Vec<Diagnostic>> {
    let mut rows = Vec::new();
    let mut more = None;
    let mut found = dataset::for_each_separated_row(file, options.separator, &mut |row| match rows
        .len()
        < MAX_ROWS
    {
        true => rows.push(row),
        false => more = more.or(Some(row.span)),
    });
    if let Some(span) = more {
        let message = format!("the table has more than {MAX_ROWS} rows");
        found.push(problem(file, span, message).help("split it"));
    }
    if let Some(row) = rows.first() {
        found.extend(options.columns.missing(file, row));
    }
    if !found.is_empty() {
        return Err(found);
    }
    let mut import = Import::default();
    let mut names = Names::default();
    let mut seen: BTreeMap<(String, Vec<(Role, String)>), usize> = BTreeMap::new();
    for row in rows {
        let line = file.position(row.span.start).line;
        let title = cell(&row, Some(&options.columns.name)).unwrap_or_default();
        let texts = options.columns.texts(&row);
        if texts.is_empty() {
            import.skipped.push((row.span, Skip::Empty));
            continue;
        }
        if let Some(first) = seen.get(&(title.clone(), texts.clone())) {
            import.skipped.push((row.span, Skip::Repeats(*first)));
            continue;
        }
        seen.insert((title.clone(), texts.clone()), line);
        let stem = match name::slug(&title) {
            empty if empty.is_empty() => format!("line-{line}"),
            stem => stem,
        };
        let mut name = names.unique(&stem, '-');
        if let Some(folder) = &options.folder {
            name = format!("{folder}/{name}");
        }
        match prompt(&row, texts, options) {
            Ok((source, yaml)) if yaml.len() <= MAX_BYTES => import.prompts.push(Imported {
                name: PromptName(name),
                span: row.span,
                yaml,
                source,
            }),
            Ok((_, yaml)) => import.problems.push(problem(
                file,
                row.span,
                format!(
                    "the prompt would have {} bytes, more than the {MAX_BYTES} that a YAML file may have",
                    yaml.len()
                ),
            )),
            Err(message) => import.problems.push(
                problem(file, row.span, format!("the text is no template: {message}"))
                    .help("without `--template`, texts are taken as they are"),
            ),
        }
    }
    Ok(import)
}

impl Columns {
    /// The columns that the table does not have.
    fn missing(&self, file: &Arc<SourceFile>, row: &Row) -> Vec<Diagnostic> {
        let optional = [&self.system, &self.user, &self.description, &self.tags, &self.owner];
        let wanted: IndexSet<&String> = std::iter::once(&self.name)
            .chain(optional.into_iter().flatten())
            .chain(&self.metadata)
            .collect();
        let header = file.line(1).unwrap_or_default();
        let known = || row.cells.keys().map(String::as_str);
        wanted
            .into_iter()
            .filter(|column| !row.cells.contains_key(*column))
            .map(|column| {
                let message = format!("there is no column `{column}`");
                let all: Vec<String> = known().map(|name| format!("`{name}`")).collect();
                Diagnostic::new(UNREADABLE_DATASET, file, header, message)
                    .did_you_mean(column, known())
                    .help(format!("columns: {}", all.join(", ")))
            })
            .collect()
    }

    fn texts(&self, row: &Row) -> Vec<(Role, String)> {
        [(Role::System, &self.system), (Role::User, &self.user)]
            .into_iter()
            .filter_map(|(role, column)| Some((role, cell(row, column.as_deref())?)))
            .collect()
    }
}

/// A cell that says something.
fn cell(row: &Row, column: Option<&str>) -> Option<String> {
    let text = row.cells.get(column?).and_then(Value::as_str)?;
    (!text.trim().is_empty()).then(|| text.to_owned())
}

/// Something that is wrong with a row, shown at its first line.
fn problem(file: &Arc<SourceFile>, row: Span, message: String) -> Diagnostic {
    let line = file.line(file.position(row.start).line).unwrap_or(row);
    Diagnostic::new(UNREADABLE_DATASET, file, Span::new(row.start, line.end.min(row.end)), message)
}

/// What a row says, and the file that says it.
fn prompt(
    row: &Row,
    texts: Vec<(Role, String)>,
    options: &Options,
) -> Result<(Source, String), String> {
    let columns = &options.columns;
    let mut source = Source {
        description: cell(row, columns.description.as_deref()),
        owner: cell(row, columns.owner.as_deref()),
        tags: tags(&cell(row, columns.tags.as_deref()).unwrap_or_default()),
        ..Source::default()
    };
    for column in &columns.metadata {
        if let Some(text) = cell(row, Some(column)) {
            source.metadata.insert(column.clone(), text);
        }
    }
    let mut templates = Vec::new();
    let mut placeholders = Placeholders::default();
    for (role, text) in texts {
        let (template, expected) = match options.texts {
            Texts::Literal => {
                let mut template = String::new();
                literal::push(&mut template, &text);
                (template, Expected::Render(text))
            }
            Texts::Dollar => {
                let (template, rendered) = placeholders.read(&text);
                (template, Expected::Render(rendered))
            }
            Texts::Template => {
                let used = analyze(&text).map_err(|problem| problem.message)?;
                for used in used.variables {
                    source.variables.entry(used.path[0].clone()).or_default();
                }
                (text.clone(), Expected::Template(text))
            }
        };
        templates.push((role, template));
        source.messages.push((role, expected));
    }
    source.variables.extend(placeholders.variables);
    source.given = placeholders.given;
    let yaml = file_text(&source, &templates, options.model.as_deref());
    Ok((source, yaml))
}

/// Tags between commas, each once.
fn tags(text: &str) -> Vec<String> {
    let tags = text.split(',').map(str::trim).filter(|tag| !tag.is_empty());
    tags.map(str::to_owned).collect::<IndexSet<_>>().into_iter().collect()
}

fn file_text(source: &Source, templates: &[(Role, String)], model: Option<&str>) -> String {
    let mut text = String::new();
    let short = |key: &str, value: Option<&str>, text: &mut String| match value {
        Some(value) if value.contains('\n') => {
            text.push_str(key);
            text.push(':');
            yaml::push_text(text, value, 0);
        }
        Some(value) => text.push_str(&format!("{key}: {}\n", yaml::inline(value))),
        None => {}
    };
    short("description", source.description.as_deref(), &mut text);
    short("owner", source.owner.as_deref(), &mut text);
    if !source.tags.is_empty() {
        let tags: Vec<String> = source.tags.iter().map(|tag| yaml::inline(tag)).collect();
        text.push_str(&format!("tags: [{}]\n", tags.join(", ")));
    }
    map("metadata", &source.metadata, &mut text, |_, value| yaml::inline(value));
    short("model", model, &mut text);
    map("variables", &source.variables, &mut text, |name, default| {
        match default {
            Some(default) => format!("{{type: string, default: {}}}", yaml::inline(default)),
            None if source.given.contains_key(name) => "string".to_owned(),
            // The type of what a foreign template reads is not known; anything goes.
            None => "{}".to_owned(),
        }
    });
    text.push_str("messages:\n");
    for (role, template) in templates {
        let _ = write!(text, "  - role: {role}\n    content:");
        yaml::push_text(&mut text, template, 4);
    }
    text
}

fn map<T>(
    key: &str,
    entries: &IndexMap<String, T>,
    text: &mut String,
    value: impl Fn(&str, &T) -> String,
) {
    if !entries.is_empty() {
        text.push_str(&format!("{key}:\n"));
    }
    for (name, entry) in entries {
        text.push_str(&format!("  {}: {}\n", yaml::inline(name), value(name, entry)));
    }
}

#[cfg(test)]
mod tests;
