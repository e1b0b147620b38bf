//! Both readers of YAML held against each other.

use proptest::prelude::*;

use crate::document::parse::{parse_fully, parse_quickly};
use crate::path::RepoPath;
use crate::span::SourceFile;

/// Whether the file is of the simple kind; if so, both readers must see the same in it.
fn agrees(text: &str) -> bool {
    let file = SourceFile::new(RepoPath::new("a.yaml").unwrap(), text);
    let Some((quick, findings)) = parse_quickly(&file) else {
        return false;
    };
    let (full, full_findings) = parse_fully(&file);
    let shown = |findings: &[crate::diagnostic::Diagnostic]| format!("{findings:#?}");
    assert_eq!(shown(&findings), shown(&full_findings), "{text:?}");
    let (quick, full) = (quick.unwrap(), full.expect(text));
    let (quick_tree, full_tree) = (format!("{:#?}", quick.root), format!("{:#?}", full.root));
    let differs = quick_tree.lines().zip(full_tree.lines()).position(|(a, b)| a != b);
    if let Some(line) = differs {
        let around = |tree: &str| {
            tree.lines().skip(line.saturating_sub(8)).take(12).collect::<Vec<_>>().join("\n")
        };
        panic!("{text}\nquick:\n{}\nfull:\n{}", around(&quick_tree), around(&full_tree));
    }
    assert_eq!(quick.comments, full.comments, "{text:?}");
    true
}

/// All that is read here, once.
const ORDINARY: &str = "# a
description: What it does, No#c # c

model: {provider: local, 'name': \"q\", t: [1,
  -2.5, {}]}
messages:
- role: system
  content: |
    Hi {{ a }}

      # no comment

  # c
- {role: user}
-   role: user
    content: |-
        é: 1
  # d
tags:
  - a
  - - b
    - c: true
      \"d\": .5
text: |+
   x

at: http://a.b/c?d=e
";

#[test]
fn files_as_people_write_them_are_read_here() {
    assert!(agrees(ORDINARY));
    for other in [
        "",
        "a:\n",
        "a: b: c\n",
        "a: >\n  b\n",
        "a: b\n  c\n",
        "- a\n---\n",
        "a: &b c\n",
        "a\n",
        "a: |\n",
    ] {
        assert!(!agrees(other), "{other}");
    }
}

/// Pieces of lines, right and wrong, of which files are made.
const PIECES: [&str; 44] = [
    "a: b",
    "b: 1",
    "key:",
    "- x",
    "- a: 1",
    "-",
    "- - y",
    "c: |",
    "d: |-",
    "e: |+",
    "- |",
    "text",
    "# c",
    "x: y # c",
    "f: [1, two, {a: b}]",
    "g: {a: 1, b: [x]}",
    "h: {a: 1,",
    "i: [1,",
    "}",
    "]",
    "j: 'q'",
    "k: \"q\"",
    "\"l\": m",
    "'n': o",
    "p: 'it''s'",
    "q: \"\\n\"",
    "r: >",
    "s: *a",
    "t: &a b",
    "u: !!str 1",
    "? v",
    "---",
    "...",
    "w: a: b",
    "x:y",
    "é: ü",
    "y: http://a.b/c#d",
    "z: -1",
    "aa: - b",
    "<<: {a: 1}",
    "bb: a,b]",
    "cc: [a#b, c:d, -]",
    "dd: \t",
    "- {}",
];

const CHARACTERS: [&str; 28] = [
    "", ":", ": ", " ", "  ", "-", "- ", "#", " #", "|", ">", "[", "]", "{", "}", "\"", "'", "\n",
    "\t", "\r", "&", "*", "!", "?", ",", "a", "\u{85}", "\u{feff}",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn what_is_read_here_is_what_the_full_parser_reads(
        lines in proptest::collection::vec((0..4_usize, 0..PIECES.len(), 0..8_usize), 1..14),
        last_break in any::<bool>(),
    ) {
        let mut text = String::new();
        for (indent, piece, blank) in lines {
            text.push_str(&"  ".repeat(indent));
            text.push_str(PIECES[piece]);
            // Now and then trailing spaces, blank lines, lines of spaces.
            text.push_str(["\n", "\n", "\n", "\n", " \n", "\n\n", "\n   \n", " # d\n"][blank]);
        }
        if !last_break {
            text.pop();
        }
        agrees(&text);
    }

    #[test]
    fn a_changed_character_is_seen_by_both(
        edits in proptest::collection::vec((0..ORDINARY.len(), 0..2_usize, 0..CHARACTERS.len()), 1..4),
    ) {
        let mut text = ORDINARY.to_owned();
        for (at, replaced, with) in edits {
            let at = text.floor_char_boundary(at.min(text.len()));
            let end = text.ceil_char_boundary((at + replaced).min(text.len()));
            text.replace_range(at..end, CHARACTERS[with]);
        }
        agrees(&text);
    }
}
