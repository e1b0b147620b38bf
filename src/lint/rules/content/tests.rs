//! What the examples of the rules do not show.

use crate::lint::tests::diagnostics;

/// What one rule finds in messages of a user.
fn found(code: &str, messages: &[&str]) -> Vec<String> {
    let messages: Vec<_> =
        messages.iter().map(|text| serde_json::json!({"role": "user", "content": text})).collect();
    let variables = serde_json::json!({"x": "string", "y": "string"});
    let file = serde_json::json!({"variables": variables, "messages": messages}).to_string();
    let files = [("prompts/a.yaml", file.as_str()), ("prompts/end.md", "</doc>\n")];
    diagnostics(code, &files).into_iter().map(|finding| finding.message).collect()
}

#[track_caller]
fn assert_found(code: &str, text: &str, expected: &[&str]) {
    assert_eq!(found(code, &[text]), expected, "{text:?}");
}

#[test]
fn line_breaks_of_markdown_are_no_trailing_white_space() {
    assert_found("C151", "a  \nb", &[]);
    assert_found("C151", "a  \n\nb", &["white space at the end of a line"]);
    assert_found("C151", "a \n \nb\t", &["white space at the end of 3 lines; this is the first"]);
    assert_found("C151", "{{ x }} \n", &["white space at the end of a line"]);
    assert_found("C151", "a {{ x }}\n", &[]);
}

#[test]
fn blank_lines_in_code_are_left_alone() {
    assert_found("C152", "a\n\nb", &[]);
    assert_found("C152", "a\n\n\n\nb", &["3 blank lines in a row"]);
    assert_found("C152", "```\na\n\n\nb\n```\n", &[]);
}

#[test]
fn tabs_alone_are_no_mixture() {
    let mixed = ["a line indented by a tab in a text that indents by blanks"];
    assert_found("C153", "a\n\tb\n\tc", &[]);
    assert_found("C153", "a\n  b\n\tc", &mixed);
    assert_found("C153", "a\n \tb", &mixed);
    assert_found("C153", "a\n  b\tc\n```\n\tcode\n```", &[]);
}

#[test]
fn gaps_of_the_author_are_told_from_those_of_the_answer() {
    let of = |gap: &str| format!("`{gap}` is a gap that nobody filled");
    for (text, gap) in [
        ("You work for [your company] as a clerk.", "[your company]"),
        ("You work at [insert the company here] now.", "[insert the company here]"),
        ("Write a biography that highlights my experience in [your field].", "[your field]"),
        ("TODO: say what to do with refunds", "TODO"),
    ] {
        assert_found("C155", text, &[&of(gap)]);
    }
    for text in [
        "Never write [your name] into the letter.",
        "Use placeholders.\nSincerely yours, says [your name] then.",
        "Sincerely,\n[Your Name]",
        "None of your responses should include [insert x], but instead, make up the information.",
        "Read [your guide](https://a.b) first of all.",
        "End the letter and write [your name] below.",
        "Sign as [your name], e.g. as Ann.",
        "Collect the TODO: comments.",
        "TODO:\n- one",
        "```\nTODO: x\n```",
        "`[your name]` is what you see there.",
    ] {
        assert_found("C155", text, &[]);
    }
}

#[test]
fn tags_must_be_closed_where_the_prompt_uses_tags() {
    let open = |name: &str| format!("nothing closes the tag `<{name}>`");
    assert_found("C157", "<a>\n{{ x }}\n</a>\n<b>\n{{ y }}\n", &[&open("b")]);
    assert_found("C157", "<doc>\n{{ x }}\n</dok>", &[&open("doc")]);
    assert_found(
        "C157",
        "<e>\n1\n<e>\n<e>\n2\n</e>",
        &["the tag `<e>` is opened 3 times and closed once"],
    );
    for text in [
        "Write:\n<title>\n<body>\n",
        "<a>\n{{ x }}\n</a>\nBegin with:\n<answer>",
        "<a>\n{{ x }}\n</a>\nUse the <b> tag.",
        "<a>\n{{ x }}\n</a>\n<br>\n<li>\none",
        "<a>\n{{ x }}\n</a>\n```html\n<b>\n```",
        "<a>\n{{ x }}\n</a>\n`\n<b/>\nVec<T>\n",
        "{% if x %}\n<a>\n{% else %}\n<a>\n{% endif %}\n{{ y }}\n</a>",
        "<doc>\n{{ x }}\n{% include 'end.md' %}\n",
    ] {
        assert_found("C157", text, &[]);
    }
    assert_eq!(found("C157", &["<a>\n{{ x }}", "</a>\n<b>\n</b>"]), Vec::<String>::new());
}

#[test]
fn blocks_of_code_must_end() {
    assert_found("C157", "```\n{{ x }}\nSay why.", &["this block of code does not end"]);
    for text in [
        "```\n{{ x }}\n```\nSay why.",
        "```\n{{ x }}```\nSay why.",
        "Answer:\n```json\n",
        "Between three backticks (```).",
    ] {
        assert_found("C157", text, &[]);
    }
}

#[test]
fn numbers_may_start_anew_and_stand_in_branches() {
    assert_found("C158", "1. a\n2. b\n2. c\n3. d", &["the list has two items of the number 2"]);
    assert_found("C158", "## 1. a\ntext\n## 3. b\n2.", &["3 follows 1 in this list"]);
    for text in [
        "1. a\n1. b\n1. c\n2.",
        "1. a\n2. b\n\n1. c\n2. d",
        "1. a\n   1. b\n   2. c\n2. d\n   1. e\n   2. f",
        "1. a\n{% if x %}2. b\n{% endif %}3. c",
        "{% if x %}1. a\n{% endif %}2. b",
        "1. a\n2. b\n{% if x %}\n3. c\n{% else %}\n3. d\n{% endif %}",
        "2. b\n4. d",
        "1. a\n2. b\n1999. c",
        "```\n1. a\n2. b\n4. c\n```",
    ] {
        assert_found("C158", text, &[]);
    }
}

#[test]
fn words_are_doubled_by_accident_only_in_one_sentence() {
    assert_found("C159", "go to the the end", &["`the` stands twice in a row"]);
    assert_found("C159", "go with\nwith them", &["`with` stands twice in a row"]);
    for text in [
        "I know that that is so",
        "very very good",
        "what he is\n\nis it",
        "the then",
        "aye aye",
        "Run\nmake\nmake check",
        "$ cd\nmake\n  make",
    ] {
        assert_found("C159", text, &[]);
    }
}
