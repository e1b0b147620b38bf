//! Fenced code blocks of Markdown.

/// A fenced block.
pub(super) struct Block<'a> {
    /// The first word behind the opening fence.
    pub(super) language: &'a str,
    /// What stands between the fences.
    pub(super) content: &'a str,
    /// Whether there is a closing fence; without one the block reaches to the end.
    pub(super) closed: bool,
}

/// The blocks of a text in order, as CommonMark delimits them at the top level.
pub(super) fn blocks(text: &str) -> impl Iterator<Item = Block<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let (line, behind) = first_line(rest);
            rest = behind;
            if let Some(fence) = Fence::open(line) {
                let block = fence.read(behind);
                rest = &behind[block.content.len()..];
                if block.closed {
                    rest = first_line(rest).1;
                }
                return Some(block);
            }
        }
        None
    })
}

struct Fence<'a> {
    mark: char,
    length: usize,
    language: &'a str,
}

impl<'a> Fence<'a> {
    fn open(line: &'a str) -> Option<Self> {
        let (mark, length, info) = marks(line)?;
        // Backticks behind the fence make it inline code.
        let valid = mark == '~' || !info.contains('`');
        valid.then(|| Self {
            mark,
            length,
            language: info.split_whitespace().next().unwrap_or_default(),
        })
    }

    fn read(&self, text: &'a str) -> Block<'a> {
        let mut rest = text;
        while !rest.is_empty() {
            let (line, behind) = first_line(rest);
            let closes = marks(line).is_some_and(|(mark, length, info)| {
                mark == self.mark && length >= self.length && info.trim().is_empty()
            });
            if closes {
                let content = &text[..text.len() - rest.len()];
                return Block { language: self.language, content, closed: true };
            }
            rest = behind;
        }
        Block { language: self.language, content: text, closed: false }
    }
}

/// The fence that a line begins with: its character, its length, and what follows.
fn marks(line: &str) -> Option<(char, usize, &str)> {
    let inner = line.trim_start_matches(' ');
    let mark = inner.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let info = inner.trim_start_matches(mark);
    let length = inner.len() - info.len();
    (length >= 3).then_some((mark, length, info))
}

/// The first line without its break, and what follows.
fn first_line(text: &str) -> (&str, &str) {
    match text.find('\n') {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (text, ""),
    }
}
