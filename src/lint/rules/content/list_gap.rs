//! C158

use super::markdown::Fences;
use crate::diagnostic::Diagnostic;
use crate::lint::context::ProseContext;
use crate::lint::rule::{Check, rule};
use crate::span::Span;

rule! {
    /// A numbered list leaves out a number or has one twice.
    ///
    /// ## Why is this bad?
    ///
    /// An instruction was dropped, or the numbers no longer fit what the rest of the prompt says: "see rule 3" means
    /// another rule to the model than to the author.
    ///
    /// ## What it does
    ///
    /// It compares items of one indentation, or headings of one level, as far as no branch or loop stands between them.
    /// Lists of `1.` throughout, which Markdown numbers itself, and jumps of more than two numbers are left alone.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - role: user
    ///     content: |
    ///       1. Say hello.
    ///       2. Ask for the name.
    ///       4. Say goodbye.
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - role: user
    ///     content: |
    ///       1. Say hello.
    ///       2. Ask for the name.
    ///       3. Say goodbye.
    /// ```
    LIST_GAP: "C158" "list-gap" Info, Check::prose(check)
}

/// How many numbers may be missing: further jumps are meant.
const LARGEST_GAP: u32 = 2;

/// An item of a list.
#[derive(Clone, Copy)]
struct Item<'a> {
    /// What stands before its number: blanks, or the signs of a heading.
    prefix: &'a str,
    /// What stands behind it.
    sign: u8,
    number: u32,
    /// The bytes of the number.
    place: Span,
    /// How many items before it count up one by one, itself included.
    run: u32,
}

fn check(context: &ProseContext<'_>, findings: &mut Vec<Diagnostic>) {
    let text = context.text;
    if !text.contains("2.") && !text.contains("2)") {
        return;
    }
    let mut fences: Option<Fences> = None;
    // The last item of each depth.
    let mut lists: Vec<Item<'_>> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let Some(mut item) = item(line, start) else { continue };
        if fences.get_or_insert_with(|| Fences::of(text)).contain(start) {
            continue;
        }
        let known =
            lists.iter().position(|last| last.prefix == item.prefix && last.sign == item.sign);
        let Some(known) = known else {
            lists.push(item);
            continue;
        };
        let last = lists[known];
        // A list inside of an item ends where the next one begins.
        let deeper = |other: &Item<'_>| {
            other.prefix.starts_with(' ') && other.prefix.len() > item.prefix.len()
        };
        if item.number == last.number + 1 {
            item.run = last.run + 1;
        } else if last.run > 1 || (last.number == 1 && item.number > 1) {
            let between = &text[last.place.end..item.place.start];
            report(context, last, item, between, findings);
        }
        lists[known] = item;
        lists.retain(|other| !deeper(other));
    }
}

fn report(
    context: &ProseContext<'_>,
    last: Item<'_>,
    item: Item<'_>,
    between: &str,
    findings: &mut Vec<Diagnostic>,
) {
    let message = match item.number.checked_sub(last.number) {
        // A list that starts anew.
        _ if item.number <= 1 => return,
        Some(0) => format!("the list has two items of the number {}", item.number),
        Some(step) if step <= LARGEST_GAP + 1 => {
            format!("{} follows {} in this list", item.number, last.number)
        }
        _ => return,
    };
    if between.contains("{%") || between.contains("{{ loop") {
        return;
    }
    let place = context.place(item.place);
    findings.push(
        LIST_GAP
            .at(context.file, place, message)
            .help("renumber the items, and look for places that name them by number"),
    );
}

/// The numbered item that a line is; `start` is the line's first byte.
fn item(line: &str, start: usize) -> Option<Item<'_>> {
    let body = line.trim_start_matches([' ', '\t', '#', '*']);
    let prefix = &line[..line.len() - body.len()];
    let digits = body.bytes().take_while(u8::is_ascii_digit).count();
    let number = body[..digits].parse().ok().filter(|_| digits < 4)?;
    let rest = &body.as_bytes()[digits..];
    let sign = *rest.first().filter(|sign| matches!(sign, b'.' | b')'))?;
    let place = Span::new(start + prefix.len(), start + prefix.len() + digits);
    matches!(rest.get(1), Some(b' ' | b'\t' | b'*')).then_some(Item {
        prefix,
        sign,
        number,
        place,
        run: 1,
    })
}
