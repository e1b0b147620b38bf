//! What YAML comes to, where each piece of it stands, and what is refused.

use super::*;
use crate::path::RepoPath;
use proptest::prelude::*;

fn read(text: &str) -> (Option<Document>, Vec<String>) {
    let file = SourceFile::new(RepoPath::new("a.yaml").unwrap(), text);
    let (document, diagnostics) = parse(&file);
    let said =
        diagnostics.iter().map(|d| format!("{} {} {}", d.start(), d.code, d.message)).collect();
    (document, said)
}

fn valid(text: &str) -> Document {
    let (document, said) = read(text);
    assert_eq!(said, Vec::<String>::new(), "{text}");
    document.unwrap()
}

#[test]
fn core_schema_values() {
    let document = valid(
        "a: no\nb: 0o17\nc: 0x1F\nd: 1.50\ne: 1e3\nf: ~\ng: True\nh: 2026-01-01\ni: '1'\nj: .5\nk: 1_000\nl: -0\nm: 1.2.3\n",
    );
    assert_eq!(
        document.to_json().to_string(),
        r#"{"a":"no","b":15,"c":31,"d":1.5,"e":1000.0,"f":null,"g":true,"h":"2026-01-01","i":"1","j":0.5,"k":"1_000","l":0,"m":"1.2.3"}"#
    );
}

#[test]
fn keys_and_values_have_places() {
    let document = valid("name: é # c\nlist:\n  - a\n  - b: [1, 2]\n");
    let file = &document.file;
    let route = Route::root().key("list").index(1).key("b");
    assert_eq!(file.slice(document.key_span(&route)), "b");
    assert_eq!(file.slice(document.span(&route)), "[1, 2]");
    assert_eq!(file.slice(document.span(&route.index(1))), "2");
    assert_eq!(file.slice(document.span(&route.index(7))), "[1, 2]");
    assert_eq!(route.to_string(), "list[1].b");
    assert_eq!(document.comments.len(), 1);
    assert_eq!(document.comments[0].text, " c");
}

#[test]
fn syntax_errors_say_where_and_what() {
    for (text, expected) in [
        ("a: 1\na: 2\n", "2:1 F002 the key `a` stands here twice"),
        ("a:\n\tb: 1\n", "2:1 F001 a tab cannot indent YAML"),
        ("a: {{ x }}\n", "1:4 F001 `{{` opens a YAML mapping here, not a template"),
        ("a: {{ x }} y\n", "1:4 F001 `{{` opens a YAML mapping here, not a template"),
        ("a: 1\n---\nb: 2\n", "2:1 F001 a second document starts here; a file holds one"),
        (
            "a: !python/object x\n",
            "1:19 F001 tags other than those of YAML's core schema mean nothing here; drop it",
        ),
        (
            "a: 99999999999999999999\n",
            "1:4 F001 this integer does not fit 64 bits; quote it to keep it as text",
        ),
        (
            "a: .nan\n",
            "1:4 F001 infinity and NaN have no place in JSON; quote them to keep them as text",
        ),
        ("? [a]\n: b\n", "1:3 F001 a key is a text here, not a collection"),
        ("a: &x [*x]\n", "1:8 F001 this alias stands inside the value that it names"),
    ] {
        assert_eq!(read(text).1, [expected], "{text:?}");
    }
}

#[test]
fn merge_keys_fill_in_what_is_not_there() {
    let document =
        valid("base: &b {x: 1, y: 2}\nmore: &m {z: 3, x: 9}\nown:\n  <<: [*b, *m]\n  y: 5\n");
    let own = document.node(&Route::root().key("own")).unwrap().to_json();
    assert_eq!(own, serde_json::json!({"y": 5, "x": 1, "z": 3}));
}

#[test]
fn alias_bombs_and_depth_are_bounded() {
    let mut bomb = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n".to_owned();
    for (name, before) in ["b", "c", "d", "e", "f", "g", "h", "i"]
        .iter()
        .zip(["a", "b", "c", "d", "e", "f", "g", "h"])
    {
        bomb += &format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 9].join(", "));
    }
    let (document, said) = read(&bomb);
    assert!(document.is_none());
    assert!(said[0].contains("stand for more than 10000 values"), "{said:?}");
    for text in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000)] {
        let (document, said) = read(&text);
        assert!(document.is_none() && said.len() == 1, "{said:?}");
    }
}

#[test]
fn the_empty_file_is_null() {
    for text in ["", "\n", "# only a comment\n", "---\n"] {
        assert_eq!(valid(text).to_json(), Value::Null, "{text:?}");
    }
}

#[test]
fn places_in_block_scalars_are_exact() {
    let text = "body: |2- # header\n\n\n    indented {{ a }}\n  wörd {{ b }}\n\n  last\nnext: 1\n";
    let document = valid(text);
    let route = Route::root().key("body");
    let scalar = document.scalar(&route).unwrap();
    for needle in ["a }}", "b }}", "last", "indented"] {
        let at = scalar.text.find(needle).unwrap();
        let span = document.span_in_scalar(&route, Span::new(at, at + needle.len()));
        assert_eq!(document.file.slice(span), needle);
    }
}

#[test]
fn a_lone_carriage_return_breaks_a_line_of_a_block() {
    let document = valid("k: |\n  a\r  éé {{ x }}\r  ab\r\n\n  aééé {{ y }}\n");
    let route = Route::root().key("k");
    let scalar = document.scalar(&route).unwrap();
    assert_eq!(&*scalar.text, "a\néé {{ x }}\nab\n\naééé {{ y }}\n");
    for needle in ["éé {", "{{ x }}", "ab", "ééé", "{{ y }}"] {
        let at = scalar.text.find(needle).unwrap();
        let span = document.span_in_scalar(&route, Span::new(at, at + needle.len()));
        assert_eq!(document.file.slice(span), needle);
    }
}

#[test]
fn places_in_folded_and_quoted_scalars_are_exact() {
    let text = "a: >\n  one two\n  three {{ x }}\n\n  four\nb: \"q \\\"x\\\" \\u00e9\\t{{ y }}\\\n   end\"\nc: 'it''s {{ z }}'\nd: plain {{ w }}\n  more {{ v }}\n";
    let document = valid(text);
    for (key, needle) in [
        ("a", "{{ x }}"),
        ("a", "four"),
        ("b", "{{ y }}"),
        ("b", "end"),
        ("c", "{{ z }}"),
        ("d", "{{ v }}"),
        ("d", "{{ w }}"),
    ] {
        let route = Route::root().key(key);
        let at = document.scalar(&route).unwrap().text.find(needle).unwrap();
        let span = document.span_in_scalar(&route, Span::new(at, at + needle.len()));
        assert_eq!(document.file.slice(span), needle, "{key}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Each word of a literal block is found at its own place, whatever the indentation, header and blank lines.
    #[test]
    fn words_of_literal_blocks_are_found(
        indent in 1usize..6,
        chomp in prop::sample::select(vec!["", "-", "+"]),
        explicit in any::<bool>(),
        lines in prop::collection::vec(prop::option::of("[a-zé]{1,5}( [a-zü]{1,4}){0,3}"), 1..7),
    ) {
        prop_assume!(lines.iter().any(Option::is_some));
        let header = if explicit { indent.to_string() } else { String::new() };
        let pad = " ".repeat(indent);
        let mut text = format!("k: |{header}{chomp}\n");
        for (number, line) in lines.iter().enumerate() {
            match line {
                Some(line) => text += &format!("{pad}{line} {{{{ v{number} }}}}\n"),
                None => text += "\n",
            }
        }
        text += "z: 1\n";
        let document = valid(&text);
        let route = Route::root().key("k");
        let scalar = document.scalar(&route).unwrap();
        for (number, _) in lines.iter().enumerate().filter(|(_, line)| line.is_some()) {
            let needle = format!("{{{{ v{number} }}}}");
            let at = scalar.text.find(&needle).unwrap();
            let span = document.span_in_scalar(&route, Span::new(at, at + needle.len()));
            prop_assert_eq!(document.file.slice(span), needle);
        }
    }

    /// No text makes the parser panic, and each place lies inside the file.
    #[test]
    fn arbitrary_text_is_answered(text in "[ -~\n\té{}\\[\\]:|>&*!#'\"%-]{0,80}") {
        let file = SourceFile::new(RepoPath::new("a.yaml").unwrap(), text.clone());
        let (document, diagnostics) = parse(&file);
        prop_assert!(document.is_some() || !diagnostics.is_empty());
        for diagnostic in diagnostics {
            prop_assert!(diagnostic.span.end <= text.len());
        }
    }
}

#[test]
fn nodes_are_small() {
    // A large project holds a million of them.
    assert_eq!(size_of::<Key>(), 16);
    assert_eq!(size_of::<NodeKind>(), 24);
    assert_eq!(size_of::<Entry>(), 72);
}
