//! F005

use crate::diagnostic::{Diagnostic, Severity};
use crate::document::{Route, Style};
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::project::prompt::Entry;

rule! {
    /// Some messages of a prompt end in a line break and others do not, or one ends in blank lines.
    ///
    /// ## Why is this bad?
    ///
    /// `content: |` ends in a line break, `|-` does not, and `|+` keeps all blank lines up to the next key. The model gets
    /// them, a reviewer cannot see them, and adding a blank line to the file changes the prompt.
    ///
    /// ## What it does
    ///
    /// It compares messages that are written as blocks. Those on one line, or in quotes, say themselves how they end.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - role: system
    ///     content: |
    ///       Be kind.
    ///       Be brief.
    ///   - role: user
    ///     content: |-
    ///       Say hello.
    ///       Ask for the name.
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - role: system
    ///     content: |
    ///       Be kind.
    ///       Be brief.
    ///   - role: user
    ///     content: |
    ///       Say hello.
    ///       Ask for the name.
    /// ```
    FINAL_LINE_BREAK: "F005" "final-line-break" Info, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let document = &context.prompt.document;
    let mut first = None;
    let mut said = false;
    for (index, entry) in context.prompt.file.messages.iter().enumerate() {
        let Entry::Message(_) = entry else { continue };
        let route = Route::root().key("messages").index(index).key("content");
        let Some(scalar) = document.scalar(&route) else { continue };
        if !matches!(scalar.style, Style::Literal | Style::Folded) || scalar.text.is_empty() {
            continue;
        }
        let key = document.key_span(&route);
        let breaks = scalar.text.len() - scalar.text.trim_end_matches('\n').len();
        if breaks > 1 {
            let lines = if breaks == 2 { "a blank line" } else { "blank lines" };
            findings.push(
                FINAL_LINE_BREAK
                    .at(&document.file, key, format!("this message ends in {lines}"))
                    .severity(Severity::Warning)
                    .help("write `|` or `|-` in the place of `|+`"),
            );
            continue;
        }
        let (ends, before) = *first.get_or_insert((breaks == 1, key));
        if ends != (breaks == 1) && !said {
            said = true;
            let (own, other) = match ends {
                true => ("without a line break", "this one ends in a line break"),
                false => ("in a line break", "this one ends without a line break"),
            };
            findings.push(
                FINAL_LINE_BREAK
                    .at(&document.file, key, format!("this message ends {own}, unlike the first"))
                    .related(&document.file, before, other)
                    .help("write `|` for both, or `|-`"),
            );
        }
    }
}
