//! The difference of two texts: lines for orientation, words for what changed in them.

use serde_json::Value;
use similar::{Algorithm, DiffOp, DiffableStr, capture_diff_slices, group_diff_ops};

/// Unchanged lines that are kept around changed ones.
const CONTEXT: usize = 2;

/// What differs between two texts, in groups of lines.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TextDiff {
    /// The groups, from the top.
    pub hunks: Vec<Hunk>,
    /// Whether only one of the texts ends with a line break, which lines do not show.
    pub line_break: FinalBreak,
}

/// Changed lines with unchanged ones around them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hunk {
    /// The first of the lines in the text before, counted from 1.
    pub before_line: usize,
    /// The same in the text after.
    pub after_line: usize,
    /// The lines; of changed ones, first those that are gone.
    pub lines: Vec<Line>,
}

/// One line, without its line break.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Whether it is gone, new or there on both sides.
    pub sign: Sign,
    /// Its text in pieces.
    pub segments: Vec<Segment>,
}

/// A piece of a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Segment {
    /// Whether it is gone, new or there on both sides.
    pub sign: Sign,
    /// Its text.
    pub text: String,
}

/// Which side something is on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Sign {
    /// Both.
    Equal,
    /// Before only.
    Deleted,
    /// After only.
    Inserted,
}

/// What happened to the line break at the end of a text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FinalBreak {
    /// Nothing.
    Same,
    /// The text ends with one now.
    Gained,
    /// The text ends without one now.
    Lost,
}

impl TextDiff {
    /// The difference of two texts.
    pub fn of(before: &str, after: &str) -> Self {
        let old: Vec<&str> = before.lines().collect();
        let new: Vec<&str> = after.lines().collect();
        let ops = capture_diff_slices(Algorithm::Myers, &old, &new);
        let hunks = group_diff_ops(ops, CONTEXT)
            .into_iter()
            .filter_map(|ops| hunk(&ops, &old, &new))
            .collect();
        let line_break = match (before.ends_with('\n'), after.ends_with('\n')) {
            // An empty text has no line that could end.
            _ if before.is_empty() || after.is_empty() => FinalBreak::Same,
            (true, false) => FinalBreak::Lost,
            (false, true) => FinalBreak::Gained,
            _ => FinalBreak::Same,
        };
        Self { hunks, line_break }
    }
}

fn hunk(ops: &[DiffOp], old: &[&str], new: &[&str]) -> Option<Hunk> {
    let first = ops.first()?;
    let mut lines = Vec::new();
    for op in ops {
        let (old, new) = (&old[op.old_range()], &new[op.new_range()]);
        match op {
            DiffOp::Equal { .. } => lines.extend(new.iter().map(|line| whole(Sign::Equal, line))),
            DiffOp::Delete { .. } => {
                lines.extend(old.iter().map(|line| whole(Sign::Deleted, line)));
            }
            DiffOp::Insert { .. } => {
                lines.extend(new.iter().map(|line| whole(Sign::Inserted, line)));
            }
            DiffOp::Replace { .. } => replaced(old, new, &mut lines),
        }
    }
    Some(Hunk {
        before_line: first.old_range().start + 1,
        after_line: first.new_range().start + 1,
        lines,
    })
}

fn whole(sign: Sign, line: &str) -> Line {
    let mut segments = Vec::new();
    push(&mut segments, sign, line);
    Line { sign, segments }
}

fn push(segments: &mut Vec<Segment>, sign: Sign, text: &str) {
    if text.is_empty() {
        return;
    }
    match segments.last_mut() {
        Some(last) if last.sign == sign => last.text.push_str(text),
        _ => segments.push(Segment { sign, text: text.to_owned() }),
    }
}

/// Lines that take the place of others: compared word by word, with line breaks as any other white space, so that text
/// that only flows differently is not taken for new.
fn replaced(old: &[&str], new: &[&str], lines: &mut Vec<Line>) {
    let (old, new) = (old.join("\n"), new.join("\n"));
    let (old, new) = (old.tokenize_unicode_words(), new.tokenize_unicode_words());
    let compared = |words: &[&str]| -> Vec<String> {
        let key =
            |word: &&str| if word.trim().is_empty() { " ".to_owned() } else { (*word).to_owned() };
        words.iter().map(key).collect()
    };
    let ops = capture_diff_slices(Algorithm::Myers, &compared(&old), &compared(&new));
    let kept: usize = ops
        .iter()
        .filter(|op| matches!(op, DiffOp::Equal { .. }))
        .flat_map(|op| &old[op.old_range()])
        .map(|word| word.trim().len())
        .sum();
    let all: usize = old.iter().chain(&new).map(|word| word.trim().len()).sum();
    // Where little is left of a text, the words that it shares with the new one by chance only distract.
    let related = kept * 2 * 3 >= all;
    let mut removed = Vec::new();
    let mut added = Vec::new();
    for (index, op) in ops.iter().enumerate() {
        let (old, new) = (old[op.old_range()].concat(), new[op.new_range()].concat());
        let within = index > 0 && index + 1 < ops.len();
        let gap = within && old.chars().all(|c| c == ' ');
        let equal = matches!(op, DiffOp::Equal { .. }) && related && !gap;
        let (deleted, inserted) = match equal {
            true => (Sign::Equal, Sign::Equal),
            false => (Sign::Deleted, Sign::Inserted),
        };
        push(&mut removed, deleted, &old);
        push(&mut added, inserted, &new);
    }
    split(Sign::Deleted, removed, lines);
    split(Sign::Inserted, added, lines);
}

/// Cuts segments into lines.
fn split(sign: Sign, segments: Vec<Segment>, lines: &mut Vec<Line>) {
    let mut line = Line { sign, segments: Vec::new() };
    for segment in segments {
        for (index, text) in segment.text.split('\n').enumerate() {
            if index > 0 {
                lines.push(std::mem::replace(&mut line, Line { sign, segments: Vec::new() }));
            }
            push(&mut line.segments, segment.sign, text);
        }
    }
    lines.push(line);
}

/// Whether two texts differ in white space only.
pub(super) fn same_but_for_space(before: &str, after: &str) -> bool {
    before.split_whitespace().eq(after.split_whitespace())
}

/// The words of a text, ready to be compared with those of others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Words(Vec<String>);

/// The similarity of equal texts.
pub(super) const SAME: u32 = 1_000_000;
/// The similarity from which two texts count as versions of one: that from which git sees a rename.
pub(super) const RELATED: u32 = SAME / 2;

impl Words {
    pub(super) fn of(text: &str) -> Self {
        let mut words: Vec<String> = text
            .tokenize_unicode_words()
            .into_iter()
            .filter(|word| word.contains(char::is_alphanumeric))
            .map(str::to_owned)
            .collect();
        words.sort_unstable();
        Self(words)
    }

    /// The words of the scalars in a value, without its keys.
    pub(super) fn of_value(value: &Value) -> Self {
        let mut text = String::new();
        let mut next = vec![value];
        while let Some(value) = next.pop() {
            match value {
                Value::Array(items) => next.extend(items),
                Value::Object(entries) => next.extend(entries.values()),
                Value::String(scalar) => text.push_str(scalar),
                scalar => text.push_str(&scalar.to_string()),
            }
            text.push('\n');
        }
        Self::of(&text)
    }

    /// The share of words that two texts have in common (Dice's coefficient of the two multisets), in millionths.
    ///
    /// The order of words plays no part: that costs some precision, and makes the comparison linear.
    pub(super) fn similarity(&self, other: &Self) -> u32 {
        let (mut a, mut b) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut common: u64 = 0;
        while let (Some(left), Some(right)) = (a.peek(), b.peek()) {
            match left.cmp(right) {
                std::cmp::Ordering::Less => drop(a.next()),
                std::cmp::Ordering::Greater => drop(b.next()),
                std::cmp::Ordering::Equal => {
                    common += 1;
                    a.next();
                    b.next();
                }
            }
        }
        let all = (self.0.len() + other.0.len()) as u64;
        match all {
            0 => SAME,
            all => (common * 2 * u64::from(SAME) / all) as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;

    /// A hunk a block; deleted words as `[-…-]`, inserted ones as `{+…+}`.
    fn shown(before: &str, after: &str) -> String {
        let mut text = String::new();
        for hunk in TextDiff::of(before, after).hunks {
            let _ = writeln!(text, "@ {} {}", hunk.before_line, hunk.after_line);
            for line in hunk.lines {
                text.push(match line.sign {
                    Sign::Equal => ' ',
                    Sign::Deleted => '-',
                    Sign::Inserted => '+',
                });
                for segment in line.segments {
                    let _ = match segment.sign {
                        Sign::Equal => write!(text, "{}", segment.text),
                        Sign::Deleted => write!(text, "[-{}-]", segment.text),
                        Sign::Inserted => write!(text, "{{+{}+}}", segment.text),
                    };
                }
                text.push('\n');
            }
        }
        text
    }

    #[test]
    fn words_are_marked_in_lines() {
        assert_eq!(
            shown(
                "one\ntwo\nBe kind to users.\nfour\nfive\nsix",
                "one\ntwo\nBe very kind to customers.\nfour\nfive\nsix"
            ),
            "@ 1 1\n one\n two\n-Be kind to [-users-].\n+Be {+very +}kind to {+customers+}.\n four\n five\n"
        );
    }

    #[test]
    fn a_new_flow_of_lines_is_no_new_text() {
        assert_eq!(
            shown("Answer in one\nshort sentence.\n", "Answer in one short\nsentence.\n"),
            "@ 1 1\n-Answer in one\n-short sentence.\n+Answer in one short\n+sentence.\n"
        );
    }

    #[test]
    fn unrelated_lines_are_replaced_as_a_whole() {
        assert_eq!(
            shown("Sort the tickets.", "Never speak about a refund, ever, to anyone."),
            "@ 1 1\n-[-Sort the tickets.-]\n+{+Never speak about a refund, ever, to anyone.+}\n"
        );
    }

    #[test]
    fn edges() {
        assert_eq!(shown("", ""), "");
        assert_eq!(shown("", "a"), "@ 1 1\n+{+a+}\n");
        assert_eq!(shown("a\n\nb", "a\nb"), "@ 1 1\n a\n-\n b\n");
        assert_eq!(
            TextDiff::of("a", "a\n"),
            TextDiff { hunks: vec![], line_break: FinalBreak::Gained }
        );
        assert_eq!(TextDiff::of("a\n", "a").line_break, FinalBreak::Lost);
    }

    #[test]
    fn large_texts_without_anything_in_common_end() {
        let text = |seed: u64| {
            let words = (0..20_000_u64).map(|n| (n.wrapping_mul(seed) >> 7) % 9_973);
            let words = words.map(|n| n.to_string() + if n % 11 == 0 { "\n" } else { " " });
            words.collect::<Vec<_>>().concat()
        };
        assert!(
            !TextDiff::of(&text(6_364_136_223_846_793_005), &text(2_862_933_555_777_941_757))
                .hunks
                .is_empty()
        );
    }

    #[test]
    fn similarity_is_the_share_of_common_words() {
        let words = Words::of;
        assert_eq!(words("a b c").similarity(&words("c b a")), SAME);
        assert_eq!(words("a b c d").similarity(&words("a b x y")), RELATED);
        assert_eq!(words("a a").similarity(&words("a")), 666_666);
        assert_eq!(words("").similarity(&words("")), SAME);
        assert_eq!(words("").similarity(&words("a")), 0);
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_from_their_difference(before in "[ab \n]{0,24}", after in "[ab \n]{0,24}") {
            let diff = TextDiff::of(&before, &after);
            for (text, sign, start) in [
                (&before, Sign::Deleted, (|h: &Hunk| h.before_line) as fn(&Hunk) -> usize),
                (&after, Sign::Inserted, |h: &Hunk| h.after_line),
            ] {
                let lines: Vec<&str> = text.lines().collect();
                for hunk in &diff.hunks {
                    let own = hunk.lines.iter().filter(|line| line.sign == sign || line.sign == Sign::Equal);
                    for (offset, line) in own.enumerate() {
                        let read: String = line.segments.iter().map(|s| s.text.as_str()).collect();
                        prop_assert_eq!(read.as_str(), lines[start(hunk) - 1 + offset]);
                    }
                }
            }
            prop_assert_eq!(diff.hunks.is_empty(), before.lines().eq(after.lines()));
        }
    }
}
