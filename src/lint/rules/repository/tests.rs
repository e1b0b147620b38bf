//! What the examples of the rules do not show.

use crate::lint::tests::findings;

/// A prompt of one message, with more keys before it.
fn prompt(name: &str, keys: &str, text: &str) -> (String, String) {
    let text = serde_json::to_string(text).unwrap();
    let file = format!("{keys}messages:\n  - {{role: user, content: {text}}}\n");
    (format!("prompts/{name}.yaml"), file)
}

/// Words of which none stands twice.
fn words(from: usize, count: usize) -> String {
    (from..from + count).map(|n| format!("word{n}")).collect::<Vec<_>>().join(" ")
}

#[test]
fn prompts_that_differ_in_what_is_sent_are_no_duplicates() {
    let same = ["prompts/b.yaml:2:1 R611 `a` is the same prompt"];
    let pair = |first: &str, second: &str| {
        findings("R611", &[prompt("a", first, "hello"), prompt("b", second, "hello")])
    };
    assert_eq!(pair("owner: x\n", "owner: y\n"), same);
    let none: [&str; 0] = [];
    assert_eq!(pair("model: openai/gpt-5\n", "model: openai/gpt-4o\n"), none);
    assert_eq!(pair("output: {format: json}\n", "output: {format: text}\n"), none);
    assert_eq!(pair("deprecated: {use: b}\n", "owner: y\n"), none);
    assert_eq!(pair("active: false\n", "owner: y\n"), none);
}

#[test]
fn near_duplicates_share_nine_in_ten_of_their_runs_of_words() {
    let base = words(0, 400);
    let changed = |many: usize| {
        let mut text = base.clone();
        for n in 0..many {
            text = text.replace(&format!("word{} ", 20 + n * 50), "other ");
        }
        text
    };
    let pair = |second: &str| findings("R612", &[prompt("a", "", &base), prompt("b", "", second)]);
    // One changed word changes five runs: here of 396 in each.
    assert_eq!(
        pair(&changed(1)),
        ["prompts/b.yaml:1:1 R612 the messages are 97 % the same as those of `a`"]
    );
    assert_eq!(
        pair(&changed(4)),
        ["prompts/b.yaml:1:1 R612 the messages are 90 % the same as those of `a`"]
    );
    assert_eq!(pair(&changed(5)), Vec::<String>::new());
    let again = findings("R612", &[prompt("a", "", &base), prompt("b", "tags: [x]\n", &base)]);
    assert_eq!(again, Vec::<String>::new());
    let short = words(0, 40);
    let other = format!("{short} more");
    assert_eq!(
        findings("R612", &[prompt("a", "", &short), prompt("b", "", &other)]),
        Vec::<String>::new()
    );
}

#[test]
fn a_family_of_near_duplicates_is_found_whole() {
    let files: Vec<_> = (0..30)
        .map(|n| prompt(&format!("p{n:02}"), "", &format!("{} end{n}", words(0, 300))))
        .collect();
    assert_eq!(findings("R612", &files).len(), 29);
}

#[test]
fn copied_paragraphs_are_said_once() {
    let (first, second) = (words(0, 40), words(100, 40));
    let file = |n: usize, between: &str| {
        prompt(
            &format!("p{n}"),
            "",
            &format!(
                "{}\n\n{first}\n\n{between}\n\n{}",
                words(1000 * n, 99),
                second.replace(' ', "\n")
            ),
        )
    };
    let three = [file(1, "x"), file(2, "y"), file(3, "z")];
    let said = findings("R613", &three);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].starts_with("prompts/p1.yaml:2:")
            && said[0].ends_with("3 prompts have this paragraph and 1 more"),
        "{said:?}"
    );
    assert_eq!(findings("R613", &three[..2]), Vec::<String>::new());
}

#[test]
fn paragraphs_of_copied_prompts_are_not_said_again() {
    let text = words(0, 200);
    let files: Vec<_> = (0..5)
        .map(|n| prompt(&format!("p{n}"), "", &format!("{n} {text}\n\n{}", words(300, 60))))
        .collect();
    assert_eq!(findings("R612", &files).len(), 4);
    assert_eq!(findings("R613", &files), Vec::<String>::new());
}
