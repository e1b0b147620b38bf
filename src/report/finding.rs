//! Diagnostics for people: the place in the file, what is wrong with it, and what to do.

use std::collections::BTreeMap;
use std::io::{self, Write};

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::foreign::line as one_line;
use crate::diagnostic::{Diagnostic, Severity};
use crate::path::RepoPath;
use crate::span::{SourceFile, Span};

/// Lines that an annotated range may cover before it is cut to its first line.
const MAX_LINES: usize = 6;
/// Lines between two places of one file up to which they share a picture.
const NEAR_LINES: usize = 8;

/// How findings are drawn.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Columns of the terminal.
    pub width: usize,
}

/// Draws findings one below the other, with styles that `anstream` drops where they are not wanted.
pub fn write_all(out: &mut dyn Write, findings: &[Diagnostic], style: Style) -> io::Result<()> {
    let mut secrets = Secrets::new();
    for finding in findings.iter().filter(|finding| finding.secret) {
        secrets.entry(finding.file.path()).or_default().push(finding.span);
    }
    for finding in findings {
        writeln!(out, "{}\n", draw(finding, &secrets, style))?;
    }
    Ok(())
}

/// What no picture may show, by file: a line can have other findings beside.
type Secrets<'a> = BTreeMap<&'a RepoPath, Vec<Span>>;

fn draw(finding: &Diagnostic, secrets: &Secrets<'_>, style: Style) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let main = shorten(&finding.file, finding.span);
    let line = |offset| finding.file.position(offset).line;
    let (beside, apart): (Vec<_>, Vec<_>) = finding.related.iter().partition(|label| {
        label.file.path() == finding.file.path()
            && line(label.span.start).abs_diff(line(main.start)) <= NEAR_LINES
    });

    let mut spans = vec![main];
    spans.extend(beside.iter().map(|label| shorten(&label.file, label.span)));
    let window = Window::around(&finding.file, &spans);
    let label = finding.label.as_deref().map(|label| one_line(label).into_owned());
    let mut snippet = window
        .snippet(&finding.file, secrets)
        .annotation(AnnotationKind::Primary.span(window.shift(main)).label(label));
    for (label, span) in beside.iter().zip(&spans[1..]) {
        snippet = snippet.annotation(context(&label.message, window.shift(*span)));
    }
    let title = level.primary_title(one_line(&finding.message).into_owned()).id(finding.code.0);
    let mut group = title.element(snippet);
    for label in apart {
        let span = shorten(&label.file, label.span);
        let window = Window::around(&label.file, &[span]);
        let snippet = window.snippet(&label.file, secrets);
        group = group.element(snippet.annotation(context(&label.message, window.shift(span))));
    }
    for help in &finding.help {
        group = group.element(Level::HELP.message(one_line(help).into_owned()));
    }
    if let Some(fix) = &finding.fix {
        let name = if fix.safe { "fix [*]" } else { "unsafe fix" };
        let message = one_line(&fix.message).into_owned();
        group = group.element(Level::HELP.with_name(name).message(message));
    }
    let renderer = Renderer::styled().decor_style(DecorStyle::Ascii).term_width(style.width);
    renderer.render(&[group])
}

fn context(message: &str, span: std::ops::Range<usize>) -> annotate_snippets::Annotation<'static> {
    AnnotationKind::Context.span(span).label(one_line(message).into_owned())
}

/// The lines of a file that a picture shows: the renderer would otherwise scan the whole of a large dataset.
struct Window {
    span: Span,
    first_line: usize,
}

impl Window {
    fn around(file: &SourceFile, spans: &[Span]) -> Self {
        let start = spans.iter().map(|span| span.start).min().unwrap_or(0);
        let end = spans.iter().map(|span| span.end).max().unwrap_or(start);
        let first_line = file.position(start).line;
        let last_line = file.position(end).line;
        let start = file.line(first_line).map_or(start, |line| line.start);
        let end = file.line(last_line).map_or(end, |line| line.end);
        Self { span: Span::new(start, end), first_line }
    }

    fn shift(&self, span: Span) -> std::ops::Range<usize> {
        span.start - self.span.start..span.end - self.span.start
    }

    fn snippet(
        &self,
        file: &SourceFile,
        secrets: &Secrets<'_>,
    ) -> Snippet<'static, annotate_snippets::Annotation<'static>> {
        let hidden = |at: usize| {
            let spans = secrets.get(file.path());
            spans.is_some_and(|spans| spans.iter().any(|span| span.contains(at)))
        };
        let shown = file.slice(self.span);
        let text = match secrets.contains_key(file.path()) {
            false => shown.to_owned(),
            // A star for each byte, so that all places stay where they are.
            true => shown
                .char_indices()
                .map(|(at, c)| match c != '\n' && hidden(self.span.start + at) {
                    true => "*".repeat(c.len_utf8()),
                    false => c.to_string(),
                })
                .collect(),
        };
        Snippet::source(text)
            .line_start(self.first_line)
            .path(one_line(&file.path().to_string()).into_owned())
    }
}

/// A range over many lines, cut to its first line.
fn shorten(file: &SourceFile, span: Span) -> Span {
    let (first, last) = (file.position(span.start).line, file.position(span.end).line);
    let end = match last - first < MAX_LINES {
        true => span.end,
        false => file.line(first).map_or(span.end, |line| line.end),
    };
    Span::new(span.start.min(file.text().len()), end.min(file.text().len()))
}
