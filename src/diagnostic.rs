//! What pf has to say about a place in a file: one type for syntax, schema, lint, rendering and failed cases.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::span::{Position, SourceFile, Span};

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; never fails a run by itself.
    Info,
    /// Probably wrong.
    Warning,
    /// Certainly wrong: the file cannot be used as it is.
    Error,
}

impl Severity {
    /// The lower-case word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// The stable code of a rule: one capital letter and three digits, such as `V101`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub &'static str);

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for RuleId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

/// A second place that helps to understand the first.
#[derive(Clone, Debug)]
pub struct Label {
    /// The file it lies in.
    pub file: Arc<SourceFile>,
    /// The bytes meant.
    pub span: Span,
    /// What to see there.
    pub message: String,
}

/// A change of the text that would mend the finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What the change does, as an imperative: "replace `x` by `y`".
    pub message: String,
    /// Replacements in the diagnostic's own file; they do not overlap.
    pub edits: Vec<(Span, String)>,
    /// Whether it can never change a rendered byte.
    pub safe: bool,
}

/// A finding at a place.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// Which rule speaks.
    pub code: RuleId,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong: a lower-case sentence fragment without a full stop.
    pub message: String,
    /// The file it lies in.
    pub file: Arc<SourceFile>,
    /// The bytes meant.
    pub span: Span,
    /// What stands under the marked text; the message is above it.
    pub label: Option<String>,
    /// Other places that matter, in the order in which to read them.
    pub related: Vec<Label>,
    /// What to do next, one advice each.
    pub help: Vec<String>,
    /// A change that would mend it.
    pub fix: Option<Fix>,
    /// Whether the marked text must not be shown: reports go to logs that many can read.
    pub secret: bool,
}

impl Diagnostic {
    /// A finding of severity error; see [`Diagnostic::severity`] to soften it.
    pub fn new(
        code: RuleId,
        file: &Arc<SourceFile>,
        span: Span,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            file: Arc::clone(file),
            span,
            label: None,
            related: Vec::new(),
            help: Vec::new(),
            fix: None,
            secret: false,
        }
    }

    /// The same with another severity.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// The same with the marked text kept out of every report.
    pub fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Adds the words under the marked text.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds a second place.
    pub fn related(
        mut self,
        file: &Arc<SourceFile>,
        span: Span,
        message: impl Into<String>,
    ) -> Self {
        self.related.push(Label { file: Arc::clone(file), span, message: message.into() });
        self
    }

    /// Adds an advice.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Adds `did you mean` when one of `candidates` resembles `name`.
    pub fn did_you_mean<'a>(
        self,
        name: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        match closest(name, candidates) {
            Some(best) => self.help(format!("did you mean `{best}`?")),
            None => self,
        }
    }

    /// Adds `did you mean`, and the fix that writes what was meant where the file has `name` as it is, quoted or not.
    pub fn did_you_mean_fix<'a>(
        self,
        name: &str,
        candidates: impl IntoIterator<Item = &'a str>,
        safe: bool,
    ) -> Self {
        let Some(best) = closest(name, candidates) else { return self };
        let written = self.file.slice(self.span);
        let quotes = written.len() - written.trim_start_matches(['"', '\'']).len();
        let start = self.span.start + quotes;
        let span = Span::new(start, start + name.len());
        let plain = best.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'));
        let inside = written[quotes..].trim_end_matches(['"', '\'']) == name;
        let finding = self.help(format!("did you mean `{best}`?"));
        if !(plain && inside) {
            return finding;
        }
        let (message, edits) = (format!("write `{best}`"), vec![(span, best.to_owned())]);
        finding.fix(Fix { message, edits, safe })
    }

    /// Adds a fix.
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// Where it starts.
    pub fn start(&self) -> Position {
        self.file.position(self.span.start)
    }

    /// Where it ends.
    pub fn end(&self) -> Position {
        self.file.position(self.span.end)
    }

    /// The one total order in which findings are shown: by file, place, rule and message.
    pub fn order(&self, other: &Self) -> Ordering {
        let key = |d: &'_ Self| (d.file.first_line(), d.span.start, d.code, d.span.end);
        self.file
            .path()
            .cmp(other.file.path())
            .then_with(|| key(self).cmp(&key(other)))
            .then_with(|| self.message.cmp(&other.message))
    }
}

/// Sorts findings into their one order and drops those that say the same of the same place.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(Diagnostic::order);
    diagnostics.dedup_by(|a, b| a.order(b) == Ordering::Equal);
}

/// The candidate that a misspelt `name` most likely meant: an optimal-string-alignment distance of at most a third of
/// its length (1 for short names, 0 for a single letter), letter case aside, or a candidate of four characters and more
/// that `name` starts with.
pub fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = match name.chars().count() {
        0 | 1 => 0,
        length => (length / 3).max(1),
    };
    let lower = name.to_lowercase();
    candidates
        .into_iter()
        .filter(|candidate| !candidate.is_empty())
        .map(|candidate| (strsim::osa_distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| {
            let prefix = candidate.len() >= 4 && lower.starts_with(&candidate.to_lowercase());
            *distance <= limit || prefix
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// At most `longest` characters of a foreign text, on one line, control characters escaped.
pub fn excerpt(text: &str, longest: usize) -> String {
    let mut short: String = text
        .chars()
        .take(longest)
        .flat_map(|c| match c {
            '\'' | '"' => vec![c],
            c => c.escape_debug().collect(),
        })
        .collect();
    if text.chars().nth(longest).is_some() {
        short.push('…');
    }
    short
}

/// So many things of a kind whose plural ends in `s`: `1 file`, `2 files`.
pub fn counted<N: Copy + fmt::Display + PartialEq + From<u8>>(count: N, thing: &str) -> String {
    let ending = if count == N::from(1) { "" } else { "s" };
    format!("{count} {thing}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_alone_is_singular() {
        assert_eq!([0u64, 1, 2].map(|n| counted(n, "case")), ["0 cases", "1 case", "2 cases"]);
    }

    #[test]
    fn suggests_only_what_resembles() {
        let names = ["description", "messages", "model", "variables"];
        assert_eq!(closest("mesages", names), Some("messages"));
        assert_eq!(closest("Model", names), Some("model"));
        assert_eq!(closest("descripton", names), Some("description"));
        assert_eq!(closest("zebra", names), None);
        assert_eq!(closest("x", ["y"]), None);
        assert_eq!(closest("x", [""]), None);
    }
}
