//! What a regular expression says whatever the text is, as far as its structure proves it.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// A pattern whose outcome does not depend on the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fixed {
    /// It matches every text.
    Matches,
    /// It matches no text.
    Fails,
}

/// What the pattern says of every text; `None` when that depends on the text, or cannot be seen.
pub(super) fn fixed(pattern: &str) -> Option<Fixed> {
    let hir = regex_syntax::parse(pattern).ok()?;
    if fails(&hir) {
        Some(Fixed::Fails)
    } else if empty_at(&hir, &[Look::Start, Look::StartLF, Look::StartCRLF])
        || empty_at(&hir, &[Look::End, Look::EndLF, Look::EndCRLF])
        || takes_all(&hir)
    {
        Some(Fixed::Matches)
    } else {
        None
    }
}

/// Whether it matches the empty text at a place where each of `holding` holds: the beginning and the end of a text are
/// such places, and each text has them.
fn empty_at(hir: &Hir, holding: &[Look]) -> bool {
    match hir.kind() {
        HirKind::Empty => true,
        HirKind::Literal(_) | HirKind::Class(_) => false,
        HirKind::Look(look) => holding.contains(look),
        HirKind::Repetition(repetition) => {
            repetition.min == 0 || empty_at(&repetition.sub, holding)
        }
        HirKind::Capture(capture) => empty_at(&capture.sub, holding),
        HirKind::Concat(parts) => parts.iter().all(|part| empty_at(part, holding)),
        HirKind::Alternation(parts) => parts.iter().any(|part| empty_at(part, holding)),
    }
}

/// Whether it takes any text from the beginning to the end, such as `(?s)^.*$`.
fn takes_all(hir: &Hir) -> bool {
    let HirKind::Concat(parts) = hir.kind() else { return false };
    let parts = match parts.as_slice() {
        [first, rest @ ..] if *first.kind() == HirKind::Look(Look::Start) => rest,
        all => all,
    };
    let parts = match parts {
        [rest @ .., last] if *last.kind() == HirKind::Look(Look::End) => rest,
        all => all,
    };
    let [middle] = parts else { return false };
    let mut middle = middle;
    while let HirKind::Capture(capture) = middle.kind() {
        middle = &capture.sub;
    }
    let HirKind::Repetition(repetition) = middle.kind() else { return false };
    repetition.min == 0 && repetition.max.is_none() && is_any(&repetition.sub)
}

/// Whether it is one character, whichever.
fn is_any(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => match class.ranges() {
            [all] => all.start() == '\0' && all.end() == char::MAX,
            _ => false,
        },
        HirKind::Capture(capture) => is_any(&capture.sub),
        _ => false,
    }
}

/// Whether it cannot match: a class without characters, something before the beginning, or something behind the end.
fn fails(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Literal(_) => false,
        HirKind::Class(class) => class.maximum_len().is_none(),
        HirKind::Repetition(repetition) => repetition.min > 0 && fails(&repetition.sub),
        HirKind::Capture(capture) => fails(&capture.sub),
        HirKind::Alternation(parts) => !parts.is_empty() && parts.iter().all(fails),
        HirKind::Concat(parts) => {
            let consumes =
                |part: &Hir| part.properties().minimum_len().is_some_and(|least| least > 0);
            let look = |part: &Hir, look: Look| *part.kind() == HirKind::Look(look);
            let ended = parts.iter().position(|part| look(part, Look::End));
            let started = parts.iter().rposition(|part| look(part, Look::Start));
            parts.iter().any(fails)
                || ended.is_some_and(|end| parts[end..].iter().any(consumes))
                || started.is_some_and(|start| parts[..start].iter().any(consumes))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    #[test]
    fn patterns_that_match_everything() {
        for pattern in [
            ".*",
            "a*",
            "^.*",
            ".*$",
            "(?s)^.*$",
            r"^[\s\S]*$",
            "^",
            "$",
            "(foo)?",
            "x|",
            "(?m)^",
            r"(a|\d*)",
            "^(?s:.)*$",
            r"\A(?s:(.*))\z",
        ] {
            assert_eq!(fixed(pattern), Some(Fixed::Matches), "{pattern}");
        }
    }

    #[test]
    fn patterns_that_match_nothing() {
        for pattern in
            ["$a", "a^", r"[a&&b]", r"x[^\s\S]", "^$.", r"(a$)?$b", "(?:$a|b^)", "[a&&b]+"]
        {
            assert_eq!(fixed(pattern), Some(Fixed::Fails), "{pattern}");
        }
    }

    #[test]
    fn patterns_that_depend_on_the_text() {
        for pattern in [
            ".",
            ".+",
            "^$",
            "^.*$",
            "a",
            r"\b",
            r"\B",
            "(?m)$\n",
            "(?m)^a$",
            "^a*$",
            "[a&&b]*c",
            "$|a",
            r"^\w*\z",
            "(?s)^.*a$",
            "(?s)^.{0,100}$",
            "(?m)^.*$\n^",
            "[",
        ] {
            // `$|a` matches at the end of each text.
            let expected = (pattern == "$|a").then_some(Fixed::Matches);
            assert_eq!(fixed(pattern), expected, "{pattern}");
        }
    }

    proptest! {
        /// Whatever is proved holds for the engine that scores.
        #[test]
        fn what_is_proved_is_true(pattern in r"([ab.^$|*?()]|\\b|\[ab\]){1,8}", text in "[ab\n ]{0,6}") {
            if let (Some(fixed), Ok(regex)) = (fixed(&pattern), Regex::new(&pattern)) {
                prop_assert_eq!(regex.is_match(&text), fixed == Fixed::Matches, "{} {:?}", pattern, text);
            }
        }
    }
}
