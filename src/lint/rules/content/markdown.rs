//! What rules about prose know of Markdown: blocks of code, and what stands before the words of a line.

use crate::span::Span;

/// The fenced blocks of code of a text, as in `CommonMark` 0.31, 4.5.
#[derive(Default)]
pub(super) struct Fences {
    blocks: Vec<Span>,
    open: Option<Span>,
}

/// The fence that a block began with.
struct Opening {
    place: Span,
    mark: char,
    width: usize,
}

impl Fences {
    pub(super) fn of(text: &str) -> Self {
        let mut fences = Self::default();
        if !text.contains("```") && !text.contains("~~~") {
            return fences;
        }
        let mut inside: Option<Opening> = None;
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let body = without_marker(line);
            let start = at + line.len() - body.len();
            at += line.len();
            let body = body.trim_end();
            let Some(mark) = body.chars().next().filter(|c| matches!(c, '`' | '~')) else {
                continue;
            };
            let info = body.trim_start_matches(mark);
            let width = body.len() - info.len();
            if width < 3 {
                continue;
            }
            match &inside {
                None if !info.contains('`') => {
                    inside = Some(Opening { place: Span::new(start, start + width), mark, width });
                }
                Some(open) if mark == open.mark && width >= open.width && info.is_empty() => {
                    fences.blocks.push(Span::new(open.place.start, at));
                    inside = None;
                }
                _ => {}
            }
        }
        if let Some(open) = inside {
            fences.blocks.push(Span::new(open.place.start, text.len()));
            fences.open = Some(open.place);
        }
        fences
    }

    /// Whether a byte lies in a block.
    pub(super) fn contain(&self, offset: usize) -> bool {
        let next = self.blocks.partition_point(|block| block.start <= offset);
        next > 0 && self.blocks[next - 1].contains(offset)
    }

    /// The fence of a block that does not end.
    pub(super) fn open(&self) -> Option<Span> {
        self.open
    }
}

/// A line without its indentation and the signs of lists, headings and quotations before its words.
pub(super) fn without_marker(line: &str) -> &str {
    let mut rest = line.trim_start_matches([' ', '\t']);
    loop {
        let numbered = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let after = match numbered.len() < rest.len() {
            true => numbered.strip_prefix(['.', ')']),
            false => rest.strip_prefix(['-', '*', '+', '>', '#']),
        };
        match after {
            Some(after) if after.starts_with(['#', '>', ' ', '\t']) => {
                rest = after.trim_start_matches([' ', '\t']);
            }
            _ => return rest,
        }
    }
}

/// The line around a byte, without its line break.
pub(super) fn line_around(text: &str, offset: usize) -> Span {
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let end = text[offset..].find('\n').map_or(text.len(), |at| offset + at);
    Span::new(start, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(text: &str) -> (Vec<&str>, bool) {
        let fences = Fences::of(text);
        let blocks = fences.blocks.iter().map(|block| &text[block.range()]).collect();
        (blocks, fences.open().is_some())
    }

    #[test]
    fn fences_end_with_one_of_their_kind() {
        assert_eq!(blocks("a\n```json\n{}\n```\nb"), (vec!["```json\n{}\n```\n"], false));
        assert_eq!(blocks("````\n```\nx\n```\n````"), (vec!["````\n```\nx\n```\n````"], false));
        assert_eq!(blocks("1. ```sh\n   ls\n   ```\n"), (vec!["```sh\n   ls\n   ```\n"], false));
        assert_eq!(blocks("~~~\n```\n"), (vec!["~~~\n```\n"], true));
        assert_eq!(blocks("```inline``` and more\n"), (vec![], false));
    }

    #[test]
    fn bytes_lie_in_blocks_or_outside() {
        let text = "a\n```\nb\n```\nc";
        let fences = Fences::of(text);
        let inside = |what: &str| fences.contain(text.find(what).unwrap());
        assert_eq!((inside("a"), inside("b"), inside("c")), (false, true, false));
    }

    #[test]
    fn markers_are_no_words() {
        assert_eq!(without_marker("  - 1. x"), "x");
        assert_eq!(without_marker("## y"), "y");
        assert_eq!(without_marker("-z"), "-z");
        assert_eq!(without_marker("12 monkeys"), "12 monkeys");
    }
}
