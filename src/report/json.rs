//! The machine-readable outputs: structs of their own, so that a change inside pf cannot change what others rely on.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::foreign::excerpt;
use super::lint;
use super::notes::Score;
use crate::diagnostic::{Diagnostic, Severity};
use crate::digest::{self, Digest};
use crate::history::Version;
use crate::history::notes::Notes;
use crate::lint::rule::Rule;
use crate::message::Tool;
use crate::project::Project;
use crate::project::model;
use crate::project::prompt::{ContentTemplate, Entry, ModelChoice, Prompt};
use crate::project::variable::Variable;
use crate::snapshot::SnapshotError;
use crate::span::Position;
use crate::template;

/// The version of all JSON outputs; it grows when a key changes its meaning or goes away.
pub const VERSION: u32 = 1;

/// `pf lint --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf lint")]
pub struct Lint {
    /// The version of this output.
    pub version: u32,
    /// `lint`.
    pub kind: &'static str,
    /// What was found, by file and place.
    pub findings: Vec<Finding>,
    /// Counts.
    pub summary: LintSummary,
}

/// One finding.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Finding {
    /// The code of the rule.
    pub code: String,
    /// Its name.
    pub name: String,
    /// `error`, `warning` or `info`.
    pub severity: String,
    /// What is wrong.
    pub message: String,
    /// The file, relative to the root of the project.
    pub path: String,
    /// The first character.
    pub start: Place,
    /// One past the last character.
    pub end: Place,
    /// What to do, one advice a line.
    pub help: Option<String>,
    /// Whether `pf lint --fix` can mend it, where `fix` is not `safe` only with `--unsafe-fixes`.
    pub fixable: bool,
    /// The change that would mend it.
    pub fix: Option<FindingFix>,
}

/// A change of a finding's file that would mend it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FindingFix {
    /// What it does.
    pub message: String,
    /// Whether it can never change what a prompt renders to.
    pub safe: bool,
    /// Replacements that do not overlap.
    pub edits: Vec<Edit>,
}

/// A replacement.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Edit {
    /// The first character that goes.
    pub start: Place,
    /// One past the last character that goes.
    pub end: Place,
    /// What stands there afterwards.
    pub content: String,
}

/// A line and a column, both counted from 1, the column in characters.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl From<Position> for Place {
    fn from(position: Position) -> Self {
        Self { line: position.line, column: position.column }
    }
}

/// How much was found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LintSummary {
    /// Files that were checked.
    pub files: usize,
    /// Findings of severity error.
    pub errors: usize,
    /// Findings of severity warning.
    pub warnings: usize,
    /// Findings of severity info.
    pub infos: usize,
    /// Findings that `pf lint --fix` can mend, those that need `--unsafe-fixes` included.
    pub fixable: usize,
}

impl From<&Diagnostic> for Finding {
    fn from(diagnostic: &Diagnostic) -> Self {
        let help = (!diagnostic.help.is_empty()).then(|| diagnostic.help.join("\n"));
        let place = |offset| diagnostic.file.position(offset).into();
        let fix = diagnostic.fix.as_ref().map(|fix| FindingFix {
            message: fix.message.clone(),
            safe: fix.safe,
            edits: fix
                .edits
                .iter()
                .map(|(span, content)| Edit {
                    start: place(span.start),
                    end: place(span.end),
                    content: content.clone(),
                })
                .collect(),
        });
        Self {
            code: diagnostic.code.to_string(),
            name: lint::rule(diagnostic.code).map_or_else(String::new, |rule| rule.name.to_owned()),
            severity: diagnostic.severity.as_str().to_owned(),
            message: diagnostic.message.clone(),
            path: diagnostic.file.path().to_string(),
            start: diagnostic.start().into(),
            end: diagnostic.end().into(),
            help,
            fixable: fix.is_some(),
            fix,
        }
    }
}

impl Lint {
    /// The findings of a run over so many files.
    pub fn new(findings: &[Diagnostic], files: usize) -> Self {
        Self {
            version: VERSION,
            kind: "lint",
            findings: findings.iter().map(Finding::from).collect(),
            summary: LintSummary::new(findings, files),
        }
    }
}

impl LintSummary {
    /// Counts.
    pub fn new(findings: &[Diagnostic], files: usize) -> Self {
        let count = |severity| findings.iter().filter(|d| d.severity == severity).count();
        Self {
            files,
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            infos: count(Severity::Info),
            fixable: findings.iter().filter(|d| d.fix.is_some()).count(),
        }
    }
}

/// Writes a value as indented JSON with a final line break.
pub fn write(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}

/// `pf rule --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "the names of the output")]
#[schemars(title = "pf rule")]
pub struct Rules {
    version: u32,
    kind: &'static str,
    rules: Vec<RuleEntry>,
}

/// A rule.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RuleEntry {
    /// One letter and three digits.
    code: String,
    /// Words joined by `-`.
    name: String,
    /// `error`, `warning` or `info`.
    severity: String,
    /// Whether some findings can be fixed.
    fix: bool,
    /// The documentation, as Markdown.
    doc: String,
}

impl Rules {
    /// These rules.
    pub fn new(rules: &[&Rule]) -> Self {
        let rules = rules
            .iter()
            .map(|rule| RuleEntry {
                code: rule.code.to_string(),
                name: rule.name.to_owned(),
                severity: rule.severity.as_str().to_owned(),
                fix: false,
                doc: crate::lint::rules::page(rule),
            })
            .collect();
        Self { version: VERSION, kind: "rule", rules }
    }
}

/// `pf list --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf list")]
pub struct List {
    version: u32,
    kind: &'static str,
    prompts: Vec<ListedPrompt>,
}

/// A prompt in a list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ListedPrompt {
    /// Its name.
    pub name: String,
    /// Its file.
    pub path: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its model, as the file writes it.
    pub model: Option<String>,
    /// The names of its variables.
    pub variables: Vec<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Whom to ask.
    pub owner: Option<String>,
    /// The content digest.
    pub digest: String,
}

impl List {
    /// These prompts.
    pub fn new(prompts: Vec<ListedPrompt>) -> Self {
        Self { version: VERSION, kind: "list", prompts }
    }
}

impl ListedPrompt {
    /// A prompt of a project.
    pub fn new(project: &Project, prompt: &Prompt) -> Result<Self, SnapshotError> {
        let file = &prompt.file;
        Ok(Self {
            name: prompt.name.to_string(),
            path: prompt.path.to_string(),
            description: file.description.clone(),
            model: model_text(prompt),
            variables: file.variables.keys().cloned().collect(),
            tags: file.tags.clone(),
            owner: file.owner.clone(),
            digest: digest_of(project, prompt, &template::closure_of(project, prompt)?).to_string(),
        })
    }
}

/// The content digest of a prompt on its own model.
pub fn digest_of(project: &Project, prompt: &Prompt, closure: &template::Closure) -> Digest {
    let model = model::resolve(&project.config, prompt.file.model.as_ref(), None).ok();
    digest::content(prompt, closure, model.as_ref())
}

fn model_text(prompt: &Prompt) -> Option<String> {
    prompt.file.model.as_ref().map(|model| match model {
        ModelChoice::Name(name) => name.clone(),
        ModelChoice::Settings(map) => format!("{}/{}", map.provider, map.name),
    })
}

/// `pf show --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf show")]
pub struct Show {
    /// The version of this output.
    pub version: u32,
    /// `show`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its file.
    pub path: String,
    /// The content digest.
    pub digest: String,
    /// The contract digest.
    pub contract: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whom to ask.
    pub owner: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its model, as the file writes it.
    pub model: Option<String>,
    /// Its inputs.
    pub variables: Vec<ShownVariable>,
    /// Its messages, a line each.
    pub messages: Vec<String>,
    /// The files that it is made of: its own first.
    pub files: Vec<String>,
}

/// A variable of a prompt.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ShownVariable {
    /// Its name.
    pub name: String,
    /// Its type, or the values that it may have.
    pub r#type: String,
    /// Whether a caller must give it.
    pub required: bool,
    /// The value when none is given.
    pub default: Option<serde_json::Value>,
    /// What it is for.
    pub description: Option<String>,
}

impl Show {
    /// A prompt of a project.
    pub fn new(project: &Project, prompt: &Prompt) -> Result<Self, SnapshotError> {
        let closure = template::closure_of(project, prompt)?;
        let file = &prompt.file;
        let variables = file.variables.iter().map(|(name, variable)| ShownVariable {
            name: name.clone(),
            r#type: type_text(variable),
            required: variable.required(),
            default: variable.default().cloned(),
            description: variable.description().map(str::to_owned),
        });
        let partials = closure.partials.values().map(|partial| partial.file.path().to_string());
        Ok(Self {
            version: VERSION,
            kind: "show",
            name: prompt.name.to_string(),
            path: prompt.path.to_string(),
            digest: digest_of(project, prompt, &closure).to_string(),
            contract: digest::contract(prompt).to_string(),
            description: file.description.clone(),
            owner: file.owner.clone(),
            tags: file.tags.clone(),
            model: model_text(prompt),
            variables: variables.collect(),
            messages: file.messages.iter().map(entry_text).collect(),
            files: std::iter::once(prompt.path.to_string()).chain(partials).collect(),
        })
    }
}

fn type_text(variable: &Variable) -> String {
    if let Some(choices) = variable.choices() {
        return choices.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ");
    }
    match variable.keys().get("type") {
        Some(serde_json::Value::String(name)) => name.clone(),
        Some(names) => names.to_string(),
        None => "any".to_owned(),
    }
}

fn entry_text(entry: &Entry) -> String {
    match entry {
        Entry::Message(message) => {
            let text = match &message.content {
                ContentTemplate::Text(text) => excerpt(text, 80),
                ContentTemplate::Parts(parts) => format!("{} parts", parts.len()),
            };
            let when =
                message.when.as_ref().map(|when| format!(" when {when}")).unwrap_or_default();
            format!("{}{when}: {text}", message.role)
        }
        Entry::Examples(entry) => match entry.examples.max {
            Some(max) => format!("(examples, at most {max})"),
            None => "(examples)".to_owned(),
        },
        Entry::Insert(insert) => format!("(the conversation in {})", insert.insert),
    }
}

/// `pf show PARTIAL --deps --format json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PartialUsers {
    version: u32,
    kind: &'static str,
    partial: String,
    prompts: Vec<String>,
}

impl PartialUsers {
    /// The prompts that include a partial.
    pub fn new(partial: &str, prompts: Vec<String>) -> Self {
        Self { version: VERSION, kind: "show", partial: partial.to_owned(), prompts }
    }
}

/// `pf render --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf render")]
pub struct Render {
    /// The version of this output.
    pub version: u32,
    /// `render`.
    pub kind: &'static str,
    /// The prompt.
    pub name: String,
    /// The content digest.
    pub digest: String,
    /// The model with its parameters; null when the prompt names none.
    pub model: Option<serde_json::Value>,
    /// The messages: role and content each.
    pub messages: Vec<serde_json::Value>,
    /// Tools that the model may ask for.
    pub tools: Vec<Tool>,
    /// How many tokens the messages have.
    pub tokens: Tokens,
    /// Where each piece of each message comes from; only with `--trace`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Vec<TracedMessage>>,
}

/// A count of tokens.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Tokens {
    /// The count.
    pub count: u64,
    /// Whether the model's own vocabulary was used; otherwise the count is an estimate.
    pub exact: bool,
}

/// Where the pieces of a message come from.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TracedMessage {
    /// Who speaks.
    pub role: String,
    /// The pieces, whose texts together are the message.
    pub pieces: Vec<TracedPiece>,
}

/// A piece of a message.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TracedPiece {
    /// The text.
    pub text: String,
    /// `literal`, `variable`, `partial`, `example` or `inserted`.
    pub source: String,
    /// The expression, example or variable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The line in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}

/// `pf log --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf log")]
pub struct Log {
    version: u32,
    kind: &'static str,
    versions: Vec<LoggedVersion>,
}

/// A version of a prompt.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LoggedVersion {
    /// The name that it had then.
    name: String,
    /// From 1, oldest first; null in a shallow clone.
    number: Option<usize>,
    /// The commit.
    commit: String,
    /// The content digest.
    digest: String,
    /// The contract digest.
    contract: String,
    /// When the author wrote the commit.
    date: String,
    /// The author's name.
    author: String,
    /// The first line of the message.
    summary: String,
    /// The file that it stood in then.
    path: String,
    /// The number of an older version that it goes back to.
    same_as: Option<usize>,
    /// Names that point at it.
    labels: Vec<String>,
    /// Results that were noted for it, wherever the notes stand: the newest of each suite and model.
    scores: Vec<Score>,
}

impl Log {
    /// These versions, and what is noted of them.
    pub fn new<'a>(versions: impl Iterator<Item = &'a Version>, notes: &Notes) -> Self {
        let versions = versions
            .map(|version| LoggedVersion {
                name: version.name.to_string(),
                number: version.number,
                commit: version.commit.id.clone(),
                digest: version.digest.to_string(),
                contract: version.contract.to_string(),
                date: version.commit.date.to_string(),
                author: version.commit.author.clone(),
                summary: version.commit.summary.clone(),
                path: version.path.to_string(),
                same_as: version.same_as,
                labels: Vec::new(),
                scores: notes.of_version(version.digest).into_iter().map(Score::from).collect(),
            })
            .collect();
        Self { version: VERSION, kind: "log", versions }
    }
}
