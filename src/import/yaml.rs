//! Writing YAML for people: long texts as literal blocks that keep each byte, short ones plain where that is safe.
//!
//! Not a general emitter: it knows texts, and the caller writes the few lines around them.

/// Columns by which a level is indented.
const STEP: usize = 2;

/// Appends ` |-` and the lines of a text below a key that stands at `indent`, or ` "…"` where a block cannot hold it; ends
/// with a line break.
pub fn push_text(out: &mut String, text: &str, indent: usize) {
    if !fits_block(text) {
        out.push(' ');
        push_quoted(out, text);
        out.push('\n');
        return;
    }
    out.push_str(" |");
    // The indentation is found from the first line that says something, unless that starts with a blank itself.
    let first = text.split('\n').find(|line| !line.is_empty()).unwrap_or_default();
    if first.starts_with([' ', '\t']) {
        out.push_str(&STEP.to_string());
    }
    let body = text.strip_suffix('\n');
    match body {
        None => out.push('-'),
        Some(body) if body.ends_with('\n') => out.push('+'),
        Some(_) => {}
    }
    out.push('\n');
    for line in body.unwrap_or(text).split('\n') {
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', indent + STEP));
            out.push_str(line);
        }
        out.push('\n');
    }
}

/// A text on one line: plain where no YAML reader takes it for something else, else in double quotes.
pub fn inline(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut quoted = String::new();
    push_quoted(&mut quoted, text);
    quoted
}

/// Whether a literal block gives back these bytes.
fn fits_block(text: &str) -> bool {
    // A text of blanks and line breaks alone has no line from which its indentation could be seen.
    text.lines().any(|line| !line.trim_matches([' ', '\t']).is_empty())
        && !text.chars().any(|c| c != '\n' && c != '\t' && must_escape(c))
}

/// What is not printable in YAML, and what some versions of it take for a line break.
fn must_escape(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    text.starts_with(char::is_alphabetic)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.contains([',', '[', ']', '{', '}', '"', '`'])
        && !text.chars().any(must_escape)
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if !must_escape(c) => out.push(c),
            c if (c as u32) < 0x100 => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push_str(&format!("\\u{:04x}", c as u32)),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::document;
    use crate::path::RepoPath;
    use crate::span::SourceFile;

    fn block(text: &str) -> String {
        let mut out = "k:".to_owned();
        push_text(&mut out, text, 0);
        out
    }

    /// What a reader makes of it, in the shape of a prompt, from bytes.
    fn read(text: &str) -> serde_json::Value {
        let mut out = format!("a: {}\nm:\n  - content:", inline(text));
        push_text(&mut out, text, 4);
        out += "    role:";
        push_text(&mut out, text, 4);
        out += &format!("l: [{}, x]\nz:", inline(text));
        push_text(&mut out, text, 0);
        let path = RepoPath::new("a.yaml").unwrap();
        let file = SourceFile::decode(path, out.clone().into_bytes()).unwrap();
        let (document, found) = document::parse(&file);
        assert!(found.is_empty(), "{:?}\n{out}", found[0].message);
        document.unwrap().to_json()
    }

    fn expected(text: &str) -> serde_json::Value {
        serde_json::json!({
            "a": text, "m": [{"content": text, "role": text}], "l": [text, "x"], "z": text,
        })
    }

    #[test]
    fn blocks_keep_their_line_breaks() {
        for (text, written) in [
            ("one", "k: |-\n  one\n"),
            ("one\n", "k: |\n  one\n"),
            ("one\n\ntwo\n\n", "k: |+\n  one\n\n  two\n\n"),
            ("  deep\n", "k: |2\n    deep\n"),
            ("\n\n x", "k: |2-\n\n\n   x\n"),
            ("# no comment", "k: |-\n  # no comment\n"),
            ("", "k: \"\"\n"),
            (" \n", "k: \" \\n\"\n"),
            ("a\u{85}b\rc\u{feff}", "k: \"a\\x85b\\rc\\ufeff\"\n"),
        ] {
            assert_eq!(block(text), written);
            assert_eq!(read(text), expected(text), "{text:?}");
        }
    }

    #[test]
    fn short_texts_are_plain_where_they_stay_texts() {
        for (text, written) in [
            ("Linux Terminal", "Linux Terminal"),
            ("a:b-c/d#e", "a:b-c/d#e"),
            ("é", "é"),
            ("no", "\"no\""),
            ("3", "\"3\""),
            ("a: b", "\"a: b\""),
            ("say \"x\"", "\"say \\\"x\\\"\""),
            ("trailing ", "\"trailing \""),
        ] {
            assert_eq!(inline(text), written);
            assert_eq!(read(text), expected(text), "{text:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(800))]

        #[test]
        fn any_text_reads_back(text in any::<String>()) {
            prop_assert_eq!(read(&text), expected(&text));
        }

        #[test]
        fn any_layout_reads_back(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    " ", "  ", "\t", "\n", "\n\n", "a", "# c", "- x", "---", "...", "k: v", "|", ">", "%", "\"", "'",
                    "\\", "{", "\r", "\u{a0}", "\u{85}", "\u{2028}", "\u{feff}", "\0", "\u{1b}", "\u{10ffff}", "é", "&a", "*a", "!t", "? ",
                ]),
                0..12,
            ),
        ) {
            let text = pieces.concat();
            prop_assert_eq!(read(&text), expected(&text));
        }
    }
}
