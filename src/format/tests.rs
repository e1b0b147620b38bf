//! What formatting does to texts of every shape, and that it settles.

use proptest::prelude::*;

use super::*;
use crate::path::RepoPath;

fn file(text: &str) -> Arc<SourceFile> {
    SourceFile::new(RepoPath::new("prompts/x.yaml").unwrap(), text)
}

fn format(file: &Arc<SourceFile>, kind: Kind) -> Result<String, Refused> {
    super::format(file, kind).map(|formatted| formatted.text().to_owned())
}

fn formatted(kind: Kind, text: &str) -> String {
    let once = match format(&file(text), kind) {
        Ok(text) => text,
        Err(refused) => panic!("{refused}\n{text}"),
    };
    assert_eq!(format(&file(&once), kind).unwrap(), once, "formatted twice");
    once
}

fn stays(text: &str) {
    assert_eq!(formatted(Kind::Prompt, text), text);
}

#[test]
fn keys_follow_the_schema_and_take_their_comments_along() {
    let text = "\
# yaml-language-server: $schema=prompt.schema.json
# what is said
messages:
- content:  Hi   # to all
  # who speaks
  when: x
  role: user
- max: 3
  insert: history


# what goes in
variables:
    z:   {type: string}
    a:
        default: 1
        # a number
        type: integer
description: Greets.
# the end
";
    let expected = "\
# yaml-language-server: $schema=prompt.schema.json
description: Greets.

# what goes in
variables:
  z: {type: string}
  a:
    # a number
    type: integer
    default: 1

# what is said
messages:
  - role: user
    # who speaks
    when: x
    content: Hi # to all
  - insert: history
    max: 3
  # the end
";
    assert_eq!(formatted(Kind::Prompt, text), expected);
}

#[test]
fn a_blank_line_goes_where_the_first_entry_goes() {
    let text = "# file\n\nmessages: []\n\n# d\ndescription: x\n";
    let expected = "# file\n\n# d\ndescription: x\n\nmessages: []\n";
    assert_eq!(formatted(Kind::Prompt, text), expected);
}

#[test]
fn a_map_stays_as_it_is_where_a_comment_would_come_between_dash_and_key() {
    stays("messages:\n  - content: x\n    # who\n    role: user\n");
}

#[test]
fn comments_that_are_indented_deeper_stay_with_what_is_above() {
    let text = "messages:\n  - role: user\n    content: x\n  # - role: user\n  #   content: y\ndescription: x\n";
    let expected = "description: x\nmessages:\n  - role: user\n    content: x\n  # - role: user\n  #   content: y\n";
    assert_eq!(formatted(Kind::Prompt, text), expected);
}

#[test]
fn blocks_keep_every_character_of_their_text() {
    let text = "\
messages:
      - role: system
        content: |+   # kept
           A line with spaces at its end.  \n\n             deeper \n           \t tab
             \n\n
      - role: user
        content: >-

           folded
           text
            - more

           end
      - role: user
        content: |2-
           two spaces
          none
      - {role: user, content: x}
output:
  format: text
";
    let expected = "\
messages:
  - role: system
    content: |+ # kept
      A line with spaces at its end.  \n\n        deeper \n      \t tab
        \n\n
  - role: user
    content: >-

      folded
      text
       - more

      end
  - role: user
    content: |2-
       two spaces
      none
  - {role: user, content: x}
output:
  format: text
";
    assert_eq!(formatted(Kind::Prompt, text), expected);
}

#[test]
fn blocks_stand_anywhere() {
    for text in [
        "tags:\n  - |\n    a\n  - - >\n      b\n",
        "metadata:\n  a: !!str |\n    b\n  c: &x |\n    d\n",
        "metadata:\n  a: |\n  b: >+\n",
        "metadata: |\n  a\n  # no comment\n\n# comment\ntools: []\n",
        "metadata:\n  a: |-\n    pf_text_0_\n  pf_text_1_: |-\n    pf_text__0_\n",
        "metadata:\n  ä: |-\n    ü\n",
    ] {
        stays(text);
    }
    assert_eq!(formatted(Kind::Prompt, "description: |\n    a"), "description: |\n  a\n");
}

#[test]
fn texts_are_never_wrapped_or_joined() {
    let long = "word ".repeat(200);
    stays(&format!("description: {long}end\n"));
    stays(&format!("description: \"{long}\"\n"));
    stays("description: one\n  two\n  three\n");
    stays("description: \"one\n  two\n\n  three\"\n");
    let list = vec!["word"; 100].join(", ");
    stays(&format!("tags: [{list}]\n"));
}

#[test]
fn quotes_become_double_where_that_needs_no_escape() {
    let text = "metadata: {a: 'x', b: 'it''s', c: 'say \"x\"', d: 'a\\b', e: \"it's\"}\n";
    let expected = "metadata: {a: \"x\", b: 'it''s', c: 'say \"x\"', d: 'a\\b', e: \"it's\"}\n";
    assert_eq!(formatted(Kind::Prompt, text), expected);
}

#[test]
fn layout_is_that_of_the_author_where_it_is_a_choice() {
    for text in [
        "tags: []\n...\n",
        "description: a#b c:d http://x {{ y }} [z]\n",
        "metadata: {\"a\": [{b: c}, \"{{ d }}\"], e: a-b}\n",
        "metadata:\n  \"a b\": 1\n  'it''s': 2\n  äöü: 🙂\n",
        "variables:\n  a: {default: 1, type: integer}\n",
        "metadata: {\n  a: 1,\n  b: [1, 2]\n}\n",
        "tags: [\n  a, # first\n  b\n]\n",
        "tags: [] # none\nmetadata: {}\n",
        "--- # start\ntags: []\n",
        "metadata:\n  a: &x {b: 1}\n  c: *x\n  d: {<<: *x, e: 2}\n",
        "",
        "# nothing but a comment\n",
    ] {
        stays(text);
    }
}

#[test]
fn aliases_keep_the_order_of_the_file() {
    stays("owner: &a x\ndescription: *a\n");
    stays("tools: &a []\nmessages:\n  - content: x\n    role: user\ntags: *a\n");
    stays(
        "model: {provider: openai, name: x}\nmetadata:\n  <<: &a {b: 1}\n  c: 1\ndescription: x\n",
    );
}

#[test]
fn what_the_model_reads_keeps_its_order() {
    stays(
        "output:\n  format: json\n  schema:\n    type: object\n    properties:\n      type: {type: string}\n      name: {type: string}\n    description: x\n",
    );
}

#[test]
fn unknown_keys_come_last_in_the_order_of_the_author() {
    let text = "zzz: 1\naaa: 2\nprompts: [x]\ndescription: y\n";
    let expected = "description: y\nprompts: [x]\nzzz: 1\naaa: 2\n";
    assert_eq!(formatted(Kind::Suite, text), expected);
}

#[test]
fn what_cannot_be_formatted_says_why() {
    let refused = |text: &str| format(&file(text), Kind::Prompt).unwrap_err().to_string();
    assert_eq!(refused("a: 1\na: 2\n"), "2:1: the key `a` stands here twice");
    assert!(refused("a: [1\n").starts_with("1:4: invalid YAML"), "{}", refused("a: [1\n"));
    assert_eq!(
        refused("? a\n: b\n"),
        "there is a key after `?` at line 1, which the formatter does not write"
    );
}

#[test]
fn deep_and_long_files_neither_overflow_nor_take_long() {
    let names: String = (0..2_000).map(|name| format!("  v{name}: string\n")).collect();
    stays(&format!("variables:\n{names}"));
    let flow = format!("metadata: {}1{}\n", "[".repeat(120), "]".repeat(120));
    stays(&flow);
    let block: String = (0..120).map(|depth| format!("{}a:\n", "  ".repeat(depth))).collect();
    let _ = format(&file(&block), Kind::Prompt);
    let cases: String = (0..1000).map(|id| format!("  - expected: x\n    id: c{id}\n")).collect();
    let result = formatted(Kind::Suite, &format!("cases:\n{cases}"));
    assert!(result.starts_with("cases:\n  - id: c0\n    expected: x\n"));
}

/// A document of any layout: keys in any order, comments, blank lines, blocks, quotes, deep and shallow indentation.
fn any_prompt() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("plain".to_owned()),
        Just("'single ''quoted'''".to_owned()),
        Just("'single'".to_owned()),
        Just("\"double \\n\"".to_owned()),
        Just("{b:  1,a: [x,y ] }".to_owned()),
        Just("[ a,\n       {x: 1,\n       y: 2}]".to_owned()),
        Just("12.50".to_owned()),
        Just(String::new()),
        Just("~   # none".to_owned()),
        ("[|>]", "[+-]?", prop::collection::vec("(|[a-z#:-]{1,4} {0,2}| {1,3}[a-z{%]{1,3})", 1..5))
            .prop_map(|(style, chomping, lines)| {
                let lines: String =
                    lines.iter().map(|line| format!("\n           {line}")).collect();
                format!("{style}{chomping}{lines}")
            }),
    ];
    let comment = prop_oneof![
        6 => Just(String::new()),
        1 => Just("\n".to_owned()),
        1 => Just("# left\n".to_owned()),
        1 => Just("\n# section\n\n".to_owned()),
        1 => Just("      # deep\n".to_owned()),
    ];
    let messages = prop::collection::vec(
        (Just(["role: user", "when: x", "content: y"]).prop_shuffle(), 1..4usize, comment.clone()),
        0..4,
    )
    .prop_map(|items| {
        let mut text = "messages:\n".to_owned();
        for (keys, count, comment) in items {
            for (index, key) in keys[..count].iter().enumerate() {
                let dash = if index == 0 { "  -   " } else { "      " };
                text += &format!("{dash}{key}\n");
            }
            text += &comment;
        }
        text
    });
    let keys = Just(vec!["description", "owner", "tags", "metadata", "output", "context", "zzz"]);
    let entries = keys.prop_shuffle().prop_flat_map(move |keys| {
        let each: Vec<_> = keys
            .into_iter()
            .map(|key| {
                (comment.clone(), scalar.clone(), 0..3usize)
                    .prop_map(move |(comment, value, spaces)| {
                        format!("{comment}{key}:{}{value}\n", " ".repeat(spaces + 1))
                    })
                    .boxed()
            })
            .collect();
        (each, messages.clone(), 0..7usize)
    });
    entries.prop_map(|(mut entries, messages, at)| {
        entries.insert(at, messages);
        entries.concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn formatting_keeps_the_meaning_and_settles(text in any_prompt()) {
        let source = file(&text);
        let Ok(before) = read(&source) else { return Ok(()) };
        match format(&source, Kind::Prompt) {
            Ok(once) => {
                let after = read(&file(&once)).unwrap();
                prop_assert!(proof::same(&before, &after, Kind::Prompt.shape()).is_ok());
                prop_assert_eq!(format(&file(&once), Kind::Prompt).unwrap(), once);
            }
            // A block of nothing but kept blank lines.
            Err(Refused::Unsupported { .. }) if text.contains('+') => {}
            Err(refused) => prop_assert!(false, "{}\n{}", refused, text),
        }
    }

    #[test]
    fn no_text_makes_it_fall(text in "[-a: \\[\\]{}|>'\"#&*!?%,\n\t]{0,40}") {
        let _ = format(&file(&text), Kind::Prompt);
    }
}
