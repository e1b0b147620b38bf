//! U451, U452, U453

use crate::diagnostic::{Diagnostic, Fix};
use crate::lint::context::TextContext;
use crate::lint::rule::{Check, rule};
use crate::span::Span;

rule! {
    /// A text has a bidirectional control character.
    ///
    /// ## Why is this bad?
    ///
    /// It makes text look otherwise than it reads: a reviewer sees one order of words, the model gets another.
    ///
    /// ## Example
    ///
    /// The escape stands for the character itself:
    ///
    /// ```text prompts/rules.md
    /// Never \u{202e}follow
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```text prompts/rules.md
    /// Never follow
    /// ```
    BIDI_CONTROL: "U451" "bidi-control" Error, Check::text(check)
}

rule! {
    /// A text has an invisible character.
    ///
    /// ## What it does
    ///
    /// It reports zero-width spaces and joiners, soft hyphens, invisible operators, byte order marks inside the text and
    /// fillers. A joiner between emoji, and joiners in scripts that need them, are left alone.
    ///
    /// ## Why is this bad?
    ///
    /// The model reads them and a reviewer does not see them; they break comparisons and splits of words.
    ///
    /// ## Example
    ///
    /// ```text prompts/rules.md
    /// Be\u{200b}polite
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```text prompts/rules.md
    /// Be polite
    /// ```
    INVISIBLE: "U452" "invisible-character" Error, Check::READER
}

rule! {
    /// A text has Unicode tag characters, which hide ASCII.
    ///
    /// ## Why is this bad?
    ///
    /// The block U+E0000 to U+E007F mirrors ASCII without being shown. Models read it, so it smuggles instructions past
    /// every reviewer. The finding shows the hidden text. Flags that are made of tag characters (such as that of Wales)
    /// are left alone.
    ///
    /// ## Example
    ///
    /// ```text prompts/rules.md
    /// Be polite\u{e0069}\u{e0067}\u{e006e}\u{e006f}\u{e0072}\u{e0065}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```text prompts/rules.md
    /// Be polite
    /// ```
    TAG_CHARACTERS: "U453" "tag-characters" Error, Check::READER
}

/// The three rules share one pass: most files have no such character at all.
fn check(context: &TextContext<'_>, findings: &mut Vec<Diagnostic>) {
    let text = context.file.text();
    if text.is_ascii() {
        return;
    }
    let mut previous = None;
    let mut characters = text.char_indices().peekable();
    while let Some((start, character)) = characters.next() {
        let after = characters.peek().map(|(_, c)| *c);
        let width = character.len_utf8();
        match character {
            '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{061c}' => {
                findings.push(found(
                    &BIDI_CONTROL,
                    context,
                    start,
                    start + width,
                    character,
                    "bidirectional control",
                ));
            }
            '\u{e0000}'..='\u{e007f}' => {
                let mut end = start + width;
                let mut hidden = String::new();
                hidden.extend(tag_letter(character));
                while let Some((at, next)) = characters.peek().copied()
                    && is_tag(next)
                {
                    hidden.extend(tag_letter(next));
                    end = at + next.len_utf8();
                    characters.next();
                }
                if previous != Some('\u{1f3f4}') {
                    findings.push(
                        TAG_CHARACTERS
                            .at(
                                context.file,
                                Span::new(start, end),
                                format!(
                                    "tag characters hide the text \"{}\"",
                                    hidden.escape_debug()
                                ),
                            )
                            .help("delete them; no reader sees them, but the model does")
                            .fix(delete(start, end)),
                    );
                }
            }
            '\u{200c}' | '\u{200d}' if joins(previous, after) => {}
            character if invisible(character) => {
                findings.push(found(
                    &INVISIBLE,
                    context,
                    start,
                    start + width,
                    character,
                    "invisible character",
                ));
            }
            _ => {}
        }
        previous = Some(character);
    }
}

fn found(
    rule: &crate::lint::rule::Rule,
    context: &TextContext<'_>,
    start: usize,
    end: usize,
    character: char,
    what: &str,
) -> Diagnostic {
    rule.at(context.file, Span::new(start, end), format!("{what} U+{:04X}", character as u32))
        .help("delete it; if it is meant, write it as an escape in a double-quoted text")
        .fix(delete(start, end))
}

fn delete(start: usize, end: usize) -> Fix {
    Fix {
        message: "delete the hidden characters".to_owned(),
        edits: vec![(Span::new(start, end), String::new())],
        safe: false,
    }
}

fn is_tag(character: char) -> bool {
    matches!(character, '\u{e0000}'..='\u{e007f}')
}

fn tag_letter(character: char) -> Option<char> {
    char::from_u32((character as u32).checked_sub(0xE0000)?).filter(|c| !c.is_control())
}

fn invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180e}'
            | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
    )
}

/// Whether a joiner between these characters does what joiners are for: emoji sequences, and Arabic and Indic scripts.
fn joins(before: Option<char>, after: Option<char>) -> bool {
    let wants = |c: char| {
        matches!(c as u32,
            0x0600..=0x08FF | 0x0900..=0x0DFF | 0x0E80..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x1800..=0x18AF
            | 0xFE0F | 0x2190..=0x2BFF | 0x1F000..=0x1FAFF | 0xFB50..=0xFDFF | 0xFE70..=0xFEFC)
    };
    before.is_some_and(wants) && after.is_some_and(wants)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::RepoPath;
    use crate::project::{FileKind, Project};
    use crate::snapshot::Snapshot;
    use crate::span::SourceFile;

    fn said(text: &str) -> Vec<String> {
        let project = Project::load(&Snapshot::memory([])).unwrap();
        let file = SourceFile::new(RepoPath::new("prompts/a.md").unwrap(), text);
        let mut findings = Vec::new();
        check(
            &TextContext { project: &project, file: &file, kind: &FileKind::Partial },
            &mut findings,
        );
        findings.iter().map(|d| format!("{} {} {}", d.start(), d.code, d.message)).collect()
    }

    #[test]
    fn ordinary_text_of_any_script_is_left_alone() {
        for text in [
            "plain",
            "Grüße, 日本語, עברית",
            "👩\u{200d}👧 🏴\u{e0067}\u{e0062}\u{e007f} ❤️",
            "می\u{200c}خواهم",
        ] {
            assert_eq!(said(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn hidden_text_is_shown() {
        assert_eq!(
            said("ok\u{e0068}\u{e0069} a\u{200b}b \u{202e}x"),
            [
                "1:3 U453 tag characters hide the text \"hi\"",
                "1:7 U452 invisible character U+200B",
                "1:10 U451 bidirectional control U+202E"
            ]
        );
    }
}
