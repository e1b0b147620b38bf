//! What the examples of the rules do not show.

use crate::lint::tests::graded;

fn in_prompt(code: &str, text: &str) -> Vec<String> {
    graded(code, &[("prompts/a.yaml", text)])
}

#[test]
fn only_texts_without_quotes_are_ambiguous() {
    assert_eq!(
        in_prompt(
            "F004",
            "owner: on\nmetadata: {since: 2026-01-01, ok: no}\nmessages:\n  - {role: user, content: \"no\"}\n"
        ),
        [
            "prompts/a.yaml:1:8 warning `on` without quotes is a truth value to readers of YAML 1.1",
            "prompts/a.yaml:2:35 warning `no` without quotes is a truth value to readers of YAML 1.1",
        ]
    );
    let suite = "prompts: ['*']\ncases:\n  - {variables: {at: 12:30}, expected: true}\n";
    assert_eq!(
        graded("F004", &[("evals/s.yaml", suite)]),
        ["evals/s.yaml:3:22 warning `12:30` without quotes is a number to readers of YAML 1.1"]
    );
}

#[test]
fn blank_lines_that_are_kept_are_worse_than_a_mixture() {
    let with = |content: &str| {
        let text = format!(
            "messages:\n  - role: system\n    content: |\n      a\n  - role: user\n    content: {content}\ntags: [x]\n"
        );
        in_prompt("F005", &text)
    };
    assert_eq!(
        with("|+\n      b\n"),
        ["prompts/a.yaml:6:5 warning this message ends in a blank line"]
    );
    assert_eq!(
        with(">-\n      b\n"),
        ["prompts/a.yaml:6:5 info this message ends without a line break, unlike the first"]
    );
    for content in ["|\n      b\n\n", "b", "\"b\"", "\"b\\n\\n\""] {
        assert_eq!(with(content), Vec::<String>::new(), "{content}");
    }
}

#[test]
fn whole_messages_are_shared_too() {
    let text = "messages:\n  - &a {role: user, content: \"2 * 3\"}\n  - {role: assistant, content: '*a'}\n  - *a\n";
    assert_eq!(
        in_prompt("F006", text),
        ["prompts/a.yaml:1:1 info what belongs here stands elsewhere in the file"]
    );
    let outside = "metadata: {x: &x some text}\nmessages:\n  - role: user\n    content: *x\n";
    assert_eq!(
        in_prompt("F006", outside),
        ["prompts/a.yaml:4:5 info what belongs here stands elsewhere in the file"]
    );
}
