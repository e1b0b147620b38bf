//! What changed between versions of prompts: for reviewers, and for tools.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::foreign::{escape, excerpt};
use super::json::VERSION;
use crate::change::text::{FinalBreak, Hunk, Line, Sign, TextDiff};
use crate::change::{Breaking, Change, Class, PromptChange, Status};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const BAD: Style = AnsiColor::Red.on_default().bold();
const DOUBTFUL: Style = AnsiColor::Yellow.on_default();
const REMOVED: Style = AnsiColor::Red.on_default();
const ADDED: Style = AnsiColor::Green.on_default();
/// Characters of a place or a phrase that are shown.
const LONGEST_PHRASE: usize = 400;
/// Lines of one text's difference that are shown.
const MOST_LINES: usize = 400;

/// Draws changes for people: for each prompt what breaks first, then the rest, then a line that sums up. Writes nothing
/// when nothing changed.
///
/// Lines begin with `-` and `+`, so the picture reads without the styles, which `anstream` drops where they are unwanted.
pub fn write_human(out: &mut dyn Write, prompts: &[PromptChange]) -> io::Result<()> {
    for prompt in prompts {
        header(out, prompt)?;
        let mut changes: Vec<&Change> = prompt.changes.iter().collect();
        changes.sort_by_key(|change| std::cmp::Reverse(weight(change)));
        for change in changes {
            write_change(out, change)?;
        }
        writeln!(out)?;
    }
    if !prompts.is_empty() {
        writeln!(out, "{}", summary(prompts))?;
    }
    Ok(())
}

fn header(out: &mut dyn Write, prompt: &PromptChange) -> io::Result<()> {
    let name = excerpt(prompt.name.as_str(), LONGEST_PHRASE);
    let status = match &prompt.status {
        Status::Renamed { from } => {
            format!("renamed from {}", excerpt(from.as_str(), LONGEST_PHRASE))
        }
        status => word(status).to_owned(),
    };
    let digests = match (prompt.before, prompt.after) {
        (Some(before), Some(after)) if before == after => format!("  {}", after.short()),
        (Some(before), Some(after)) => format!("  {} → {}", before.short(), after.short()),
        (Some(one), None) | (None, Some(one)) => format!("  {}", one.short()),
        (None, None) => String::new(),
    };
    writeln!(out, "{BOLD}{name}{BOLD:#}  {status}{DIM}{digests}{DIM:#}")
}

fn word(status: &Status) -> &'static str {
    match status {
        Status::Added => "added",
        Status::Removed => "removed",
        Status::Renamed { .. } => "renamed",
        Status::Changed => "changed",
    }
}

/// Whether code outside the prompt notices: for the model alone, "it may break" would be said of every edit.
fn concerns_code(change: &Change) -> bool {
    change.classes.iter().any(|class| matches!(class, Class::Caller | Class::Consumer))
}

/// In which order changes are shown, and under which word.
fn weight(change: &Change) -> Breaking {
    match change.breaking {
        Breaking::Unknown if !concerns_code(change) => Breaking::No,
        breaking => breaking,
    }
}

fn write_change(out: &mut dyn Write, change: &Change) -> io::Result<()> {
    let classes: Vec<&str> = change.classes.iter().map(|class| class.as_str()).collect();
    let classes = classes.join(", ");
    let place = excerpt(&change.location, LONGEST_PHRASE);
    let message = excerpt(&change.message, LONGEST_PHRASE);
    write!(out, "  ")?;
    match weight(change) {
        Breaking::Yes => write!(out, "{BAD}BREAKING {classes}{BAD:#}")?,
        Breaking::Unknown => write!(out, "{DOUBTFUL}may break {classes}{DOUBTFUL:#}")?,
        Breaking::No => write!(out, "{DIM}{classes}{DIM:#}")?,
    }
    writeln!(out, "  {BOLD}{place}{BOLD:#}: {message}")?;
    change.text.as_ref().map_or(Ok(()), |text| write_text(out, text))
}

/// Draws the difference of two texts, line by line with its words.
pub(super) fn write_text(out: &mut dyn Write, text: &TextDiff) -> io::Result<()> {
    let total: usize = text.hunks.iter().map(|hunk| hunk.lines.len()).sum();
    let mut left = MOST_LINES;
    for (index, hunk) in text.hunks.iter().enumerate() {
        if left == 0 {
            break;
        }
        if index > 0 || hunk.before_line > 1 || hunk.after_line > 1 {
            writeln!(out, "    {DIM}@ line {}{DIM:#}", first_line(hunk))?;
        }
        for line in hunk.lines.iter().take(left) {
            write_line(out, line)?;
        }
        left = left.saturating_sub(hunk.lines.len());
    }
    if total > MOST_LINES {
        writeln!(out, "    {DIM}… {} more lines{DIM:#}", total - MOST_LINES)?;
    }
    match text.line_break {
        FinalBreak::Same => Ok(()),
        FinalBreak::Gained => writeln!(out, "    {DIM}(ends with a line break now){DIM:#}"),
        FinalBreak::Lost => writeln!(out, "    {DIM}(no longer ends with a line break){DIM:#}"),
    }
}

/// The line after the change, except where nothing is left there.
fn first_line(hunk: &Hunk) -> usize {
    match hunk.lines.iter().all(|line| line.sign == Sign::Deleted) {
        true => hunk.before_line,
        false => hunk.after_line,
    }
}

fn write_line(out: &mut dyn Write, line: &Line) -> io::Result<()> {
    let (mark, style) = match line.sign {
        Sign::Equal => (' ', Style::new()),
        Sign::Deleted => ('-', REMOVED),
        Sign::Inserted => ('+', ADDED),
    };
    let strong = style.bold().underline();
    // Where all of a line is new or gone, no word of it stands out.
    let emphasised = line.segments.iter().any(|segment| segment.sign == Sign::Equal);
    write!(out, "    {style}{mark}{style:#}")?;
    if !line.segments.is_empty() {
        write!(out, " ")?;
    }
    for segment in &line.segments {
        let style = if emphasised && segment.sign != Sign::Equal { strong } else { style };
        // Only the break between lines may break a line.
        let text = segment.text.replace('\t', "    ");
        write!(out, "{style}{}{style:#}", escape(&text))?;
    }
    writeln!(out)
}

/// `2 prompts changed, 1 removed; breaking: 1 for callers, 1 for consumers`.
fn summary(prompts: &[PromptChange]) -> String {
    let count = |wanted: &str| prompts.iter().filter(|p| word(&p.status) == wanted).count();
    let mut parts: Vec<String> = Vec::new();
    for status in ["changed", "renamed", "added", "removed"] {
        match (count(status), parts.is_empty()) {
            (0, _) => {}
            (1, true) => parts.push(format!("1 prompt {status}")),
            (n, true) => parts.push(format!("{n} prompts {status}")),
            (n, false) => parts.push(format!("{n} {status}")),
        }
    }
    for (class, whom) in [(Class::Caller, "callers"), (Class::Consumer, "consumers")] {
        let worst = |prompt: &PromptChange| {
            let own = prompt.changes.iter().filter(|change| change.classes.contains(&class));
            own.map(|change| change.breaking).max()
        };
        let of = |breaking| prompts.iter().filter(|p| worst(p) == Some(breaking)).count();
        match of(Breaking::Yes) {
            0 => {}
            n => parts.push(format!("{n} breaking for {whom}")),
        }
        match of(Breaking::Unknown) {
            0 => {}
            n => parts.push(format!("{n} perhaps breaking for {whom}")),
        }
    }
    parts.join(", ")
}

/// `pf diff --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf diff")]
pub struct DiffJson {
    /// The version of this output.
    pub version: u32,
    /// `diff`.
    pub kind: &'static str,
    /// The prompts that differ, by name.
    pub prompts: Vec<PromptJson>,
}

/// A prompt that differs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PromptJson {
    /// Its name; after the change, where it has one.
    pub name: String,
    /// What happened to it.
    pub status: StatusJson,
    /// The name before, of a renamed prompt.
    pub from: Option<String>,
    /// What changed in it.
    pub changes: Vec<ChangeJson>,
}

/// What happened to a prompt.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(
    missing_docs,
    reason = "the words say it; a doc comment would turn the schema's enum into a oneOf"
)]
pub enum StatusJson {
    Added,
    Removed,
    Renamed,
    Changed,
}

/// One change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangeJson {
    /// What changed: a stable word such as `variable-added`.
    pub code: &'static str,
    /// Who notices: `caller`, `consumer`, `model`, `cost`, `docs`.
    pub classes: Vec<&'static str>,
    /// Whether it breaks them; `"unknown"` where that is not decided.
    pub breaking: BreakingJson,
    /// Where: `messages[1]`, `variables.tier`, the path of a file.
    #[serde(rename = "where")]
    pub place: String,
    /// What happened there.
    pub message: String,
    /// What was there.
    pub before: Option<Value>,
    /// What is there now.
    pub after: Option<Value>,
}

/// `true`, `false`, or `"unknown"`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum BreakingJson {
    /// Decided.
    Decided(bool),
    /// Not decided.
    Undecided(Undecided),
}

/// The word for what is not decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(
    missing_docs,
    reason = "the word says it; a doc comment would turn the schema's enum into a oneOf"
)]
pub enum Undecided {
    Unknown,
}

/// Changes for tools.
pub fn json(prompts: &[PromptChange]) -> DiffJson {
    DiffJson {
        version: VERSION,
        kind: "diff",
        prompts: prompts.iter().map(PromptJson::from).collect(),
    }
}

impl From<&PromptChange> for PromptJson {
    fn from(prompt: &PromptChange) -> Self {
        let (status, from) = match &prompt.status {
            Status::Added => (StatusJson::Added, None),
            Status::Removed => (StatusJson::Removed, None),
            Status::Renamed { from } => (StatusJson::Renamed, Some(from.to_string())),
            Status::Changed => (StatusJson::Changed, None),
        };
        let changes = prompt.changes.iter().map(ChangeJson::from).collect();
        Self { name: prompt.name.to_string(), status, from, changes }
    }
}

impl From<&Change> for ChangeJson {
    fn from(change: &Change) -> Self {
        Self {
            code: change.kind.code(),
            classes: change.classes.iter().map(|class| class.as_str()).collect(),
            breaking: change.breaking.into(),
            place: change.location.clone(),
            message: change.message.clone(),
            before: change.before.clone(),
            after: change.after.clone(),
        }
    }
}

impl From<Breaking> for BreakingJson {
    fn from(breaking: Breaking) -> Self {
        match breaking {
            Breaking::Yes => Self::Decided(true),
            Breaking::No => Self::Decided(false),
            Breaking::Unknown => Self::Undecided(Undecided::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::change::ChangeKind;
    use crate::digest::sha256;
    use crate::project::prompt::PromptName;

    fn change(
        kind: ChangeKind,
        classes: &[Class],
        breaking: Breaking,
        place: &str,
        message: &str,
    ) -> Change {
        Change {
            kind,
            classes: classes.to_vec(),
            breaking,
            location: place.to_owned(),
            message: message.to_owned(),
            before: None,
            after: None,
            text: None,
        }
    }

    fn prompts() -> Vec<PromptChange> {
        let text = TextDiff::of(
            "You sort tickets.\nBe kind.\nBe brief.\nEnd.\n",
            "You sort tickets.\nBe very kind.\nBe brief.\nEnd.",
        );
        vec![
            PromptChange {
                name: PromptName("support/old".into()),
                status: Status::Removed,
                changes: vec![change(
                    ChangeKind::PromptRemoved,
                    &[Class::Caller],
                    Breaking::Yes,
                    "prompts/support/old.yaml",
                    "the prompt is gone",
                )],
                before: None,
                after: None,
            },
            PromptChange {
                name: PromptName("support/triage".into()),
                status: Status::Renamed { from: PromptName("triage".into()) },
                changes: vec![
                    Change {
                        text: Some(text),
                        ..change(
                            ChangeKind::MessageText,
                            &[Class::Model],
                            Breaking::Unknown,
                            "messages[0]",
                            "the text changes",
                        )
                    },
                    change(
                        ChangeKind::OutputExtract,
                        &[Class::Consumer],
                        Breaking::Unknown,
                        "output.extract",
                        "none → json",
                    ),
                    Change {
                        before: Some(value!(1)),
                        ..change(
                            ChangeKind::VariableRemoved,
                            &[Class::Caller],
                            Breaking::Yes,
                            "variables.a\u{1b}[31m",
                            "gone\nnow",
                        )
                    },
                ],
                before: Some(sha256("a")),
                after: Some(sha256("b")),
            },
        ]
    }

    fn human(prompts: &[PromptChange]) -> String {
        let mut out = anstream::StripStream::new(Vec::new());
        write_human(&mut out, prompts).unwrap();
        String::from_utf8(out.into_inner()).unwrap()
    }

    #[test]
    fn what_breaks_comes_first_and_words_read_without_colour() {
        assert_eq!(
            human(&prompts()),
            "\
support/old  removed
  BREAKING caller  prompts/support/old.yaml: the prompt is gone

support/triage  renamed from triage  ca978112ca1b → 3e23e8160039
  BREAKING caller  variables.a\\u{1b}[31m: gone now
  may break consumer  output.extract: none → json
  model  messages[0]: the text changes
      You sort tickets.
    - Be kind.
    + Be very kind.
      Be brief.
      End.
    (no longer ends with a line break)

1 prompt renamed, 1 removed, 2 breaking for callers, 1 perhaps breaking for consumers
"
        );
        assert_eq!(human(&[]), "");
    }

    #[test]
    fn changed_words_are_emphasised() {
        let mut out = Vec::new();
        write_text(&mut out, &TextDiff::of("a b c\n", "a x c\n")).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "    \u{1b}[31m-\u{1b}[0m \u{1b}[31ma \u{1b}[0m\u{1b}[1m\u{1b}[4m\u{1b}[31mb\u{1b}[0m\u{1b}[31m c\u{1b}[0m\n    \
                 \u{1b}[32m+\u{1b}[0m \u{1b}[32ma \u{1b}[0m\u{1b}[1m\u{1b}[4m\u{1b}[32mx\u{1b}[0m\u{1b}[32m c\u{1b}[0m\n"
        );
    }

    #[test]
    fn tools_get_the_documented_shape() {
        assert_eq!(
            serde_json::to_value(json(&prompts())).unwrap(),
            value!({"version": 1, "kind": "diff", "prompts": [
                {"name": "support/old", "status": "removed", "from": null, "changes": [
                    {"code": "prompt-removed", "classes": ["caller"], "breaking": true, "where": "prompts/support/old.yaml",
                     "message": "the prompt is gone", "before": null, "after": null},
                ]},
                {"name": "support/triage", "status": "renamed", "from": "triage", "changes": [
                    {"code": "message-text", "classes": ["model"], "breaking": "unknown", "where": "messages[0]",
                     "message": "the text changes", "before": null, "after": null},
                    {"code": "output-extract", "classes": ["consumer"], "breaking": "unknown", "where": "output.extract",
                     "message": "none → json", "before": null, "after": null},
                    {"code": "variable-removed", "classes": ["caller"], "breaking": true, "where": "variables.a\u{1b}[31m",
                     "message": "gone\nnow", "before": 1, "after": null},
                ]},
            ]})
        );
    }

    #[test]
    fn the_published_schema_accepts_the_output() {
        let schema = schemars::schema_for!(DiffJson).to_value();
        let validator = crate::schema::compile(&schema).unwrap();
        let output = serde_json::to_value(json(&prompts())).unwrap();
        assert_eq!(crate::schema::violations(&validator, &output), vec![]);
    }
}
