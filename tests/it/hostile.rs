//! Files that mean harm or make no sense: what the fuzz targets assert, for their seeds, for what once broke, for random
//! texts and for bombs.

use std::fs;

use proptest::prelude::*;

use crate::support::{files_below, project};

#[path = "../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "the crate of the fuzzer exports them")]
mod properties;

/// What the fuzzer calls with bytes.
type Target = fn(&[u8]);

/// By name.
const TARGETS: [(&str, Target); 9] = [
    ("document", properties::document),
    ("quick", properties::quick),
    ("template", properties::template),
    ("dataset", properties::dataset),
    ("lint", properties::lint),
    ("fix", properties::fix),
    ("format", properties::format),
    ("answer", properties::answer),
    ("exchange", properties::exchange),
];

#[test]
fn seeds_and_former_crashes_are_answered() {
    for (name, target) in TARGETS {
        let mut inputs = files_below(&format!("fuzz/seeds/{name}"));
        assert!(!inputs.is_empty(), "{name} has no seeds");
        if project().join(format!("fuzz/crashes/{name}")).is_dir() {
            inputs.extend(files_below(&format!("fuzz/crashes/{name}")));
        }
        for path in inputs {
            target(&fs::read(project().join(&path)).expect("a file of the project"));
        }
    }
}

/// A few kilobytes that stand for much more, or that nest.
fn bombs() -> Vec<(&'static str, String)> {
    let deep = 100_000;
    let mut laughs = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, before) in "bcdefghi".chars().zip("abcdefgh".chars()) {
        laughs += &format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 9].join(", "));
    }
    let mut merges = "a0: &a0 {k: v}\n".to_owned();
    for number in 1..60 {
        let before = number - 1;
        merges += &format!(
            "a{number}: &a{number} {{<<: [*a{before}, *a{before}], k{number}: *a{before}}}\n"
        );
    }
    vec![
        ("brackets", "[".repeat(deep)),
        ("braces", "{".repeat(deep)),
        ("dashes", "- ".repeat(deep)),
        ("keys", "a:\n ".repeat(2000)),
        ("question marks", "? ".repeat(deep)),
        ("anchors", "&a ".repeat(deep)),
        ("tags", "!!str ".repeat(deep)),
        ("comments", "#\n".repeat(deep)),
        ("laughs", laughs),
        ("merges", merges),
        ("a line of 10 MB", "x".repeat(10 << 20)),
        ("a quoted line of 10 MB", format!("a: \"{}\"", "\\u00e9".repeat((10 << 20) / 6))),
        (
            "a block of many lines",
            format!(
                "messages: [{{role: user, content: x}}]\ndescription: |\n{}",
                "  é\n".repeat(deep)
            ),
        ),
        ("many duplicate keys", "a: 1\n".repeat(deep / 10)),
        ("many unknown keys", (0..deep / 10).map(|n| format!("k{n}: 1\n")).collect()),
        ("quotes", "\"".repeat(deep)),
        ("expressions", format!("{{{{ {}1{} }}}}", "(".repeat(deep), ")".repeat(deep))),
        ("openings", "{{".repeat(deep)),
        ("ifs", "{% if a %}".repeat(deep)),
        (
            "loops",
            format!("{}x{}", "{% for a in [1, 2] %}".repeat(100), "{% endfor %}".repeat(100)),
        ),
        ("nots", format!("{{{{ {}1 }}}}", "not ".repeat(deep))),
        ("lists", format!("{{{{ {} }}}}", "[".repeat(deep))),
    ]
}

#[test]
fn bombs_are_bounded() {
    // What is not bounded takes hours or all memory.
    for (_, text) in bombs() {
        for (name, target) in TARGETS {
            target(text.as_bytes());
            if name == "lint" {
                let indented = text.replace('\n', "\n      ");
                let inside = format!("messages:\n  - role: user\n    content: |\n      {indented}");
                target(inside.as_bytes());
                target(format!("messages: [{{role: user, content: x}}]\n=====\n{text}").as_bytes());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        for (_, target) in TARGETS {
            target(&bytes);
        }
    }

    /// Pieces that mean something, in an order that does not.
    #[test]
    fn any_arrangement_is_answered(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "a", "é", "😀", " ", "  ", "\n", "\n\n", "\n  ", "\n    ", "\t", "\r", "\u{85}", "\u{a0}", "\u{2028}", "\u{feff}",
                ": ", "- ", "? ", "# c", "|\n", "|2-\n", ">\n", ">+\n", "\"", "'", "\\u00e9", "\\ud83d\\ude00", "\\\n", "&a ", "*a",
                "<<: ", "!!str ", "[", "]", "{", "}", ", ", "---\n", "...\n", "%", "{{ ", " }}", "{% if x %}", "{% endif %}", "{# ",
                " #}", "messages:\n", "- role: user\n", "  content: ", "variables: ", "examples: ", "output: ", "x | upper", "1",
                "\n=====\n", "prompts: [p]\n", "cases: ", "assert: ", "type: ", "equals", "id,q\n", "\u{0}", "sk-", "$.a",
            ]),
            0..24,
        ),
    ) {
        let text = pieces.concat();
        for (_, target) in TARGETS {
            target(text.as_bytes());
        }
    }
}
