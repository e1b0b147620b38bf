//! What rows come to.

use proptest::prelude::*;

use super::*;
use crate::import::prove;
use crate::path::RepoPath;

fn options(texts: Texts) -> Options {
    Options {
        separator: b',',
        columns: Columns { name: "act".into(), user: Some("prompt".into()), ..Columns::default() },
        texts,
        model: None,
        folder: None,
    }
}

fn file(text: &str) -> Arc<SourceFile> {
    SourceFile::decode(RepoPath::new("a.csv").unwrap(), text.as_bytes().to_vec()).unwrap()
}

fn said(findings: &[Diagnostic]) -> Vec<String> {
    findings.iter().map(|finding| format!("{} {}", finding.start(), finding.message)).collect()
}

#[test]
fn a_row_becomes_a_file() {
    let text = "act,sys,prompt,about,tags,by,kind\n\
        Linux Terminal,You are a shell.,\"Run ${command:ls -l}\nin ${Folder}\",\"Runs: things\",\"dev, shell,dev\",f,TEXT\n";
    let options = Options {
        columns: Columns {
            name: "act".into(),
            system: Some("sys".into()),
            user: Some("prompt".into()),
            description: Some("about".into()),
            tags: Some("tags".into()),
            owner: Some("by".into()),
            metadata: vec!["kind".into()],
        },
        model: Some("openai/gpt-4o-mini-2024-07-18".into()),
        folder: Some("cc0".into()),
        ..options(Texts::Dollar)
    };
    let file = file(text);
    let import = convert(&file, &options).unwrap();
    assert_eq!(import.prompts[0].name.as_str(), "cc0/linux-terminal");
    assert_eq!(
        import.prompts[0].yaml,
        "description: \"Runs: things\"
owner: f
tags: [dev, shell]
metadata:
  kind: TEXT
model: openai/gpt-4o-mini-2024-07-18
variables:
  command: {type: string, default: ls -l}
  folder: string
messages:
  - role: system
    content: |-
      You are a shell.
  - role: user
    content: |-
      Run {{ command }}
      in {{ folder }}
"
    );
    assert_eq!(
        said(&prove(&file, &import.prompts).unwrap().into_iter().map(|d| d.1).collect::<Vec<_>>()),
        Vec::<String>::new()
    );
}

#[test]
fn rows_without_text_and_repeated_rows_are_skipped() {
    let file = file("act,prompt\nA,one\nB, \nA,one\nA,two\na!,one\n,three\n");
    let import = convert(&file, &options(Texts::Literal)).unwrap();
    let names: Vec<&str> = import.prompts.iter().map(|prompt| prompt.name.as_str()).collect();
    assert_eq!(names, ["a", "a-2", "a-3", "line-7"]);
    let skipped: Vec<_> = import
        .skipped
        .iter()
        .map(|(span, reason)| (file.position(span.start).line, *reason))
        .collect();
    assert_eq!(skipped, [(3, Skip::Empty), (4, Skip::Repeats(2))]);
}

#[test]
fn a_column_that_is_not_there_is_named_with_a_suggestion() {
    let mut options = options(Texts::Literal);
    options.columns.user = Some("promt".into());
    let found = convert(&file("act,prompt\nA,x\n"), &options).unwrap_err();
    assert_eq!(said(&found), ["1:1 there is no column `promt`"]);
    assert_eq!(found[0].help, ["did you mean `prompt`?", "columns: `act`, `prompt`"]);
}

#[test]
fn templates_keep_their_tags_and_declare_what_they_read() {
    let file = file("act,prompt\nA,Hello {{ name }}{% if formal %}.{% endif %}\nB,{{ open\n");
    let import = convert(&file, &options(Texts::Template)).unwrap();
    assert_eq!(
        import.prompts[0].yaml,
        "variables:\n  name: {}\n  formal: {}\nmessages:\n  - role: user\n    content: |-\n      Hello {{ name }}{% if formal %}.{% endif %}\n"
    );
    assert!(prove(&file, &import.prompts).unwrap().is_empty());
    let said = said(&import.problems);
    assert!(said.len() == 1 && said[0].starts_with("3:1 the text is no template: "), "{said:?}");
}

#[test]
fn a_cell_that_no_yaml_file_can_hold_is_named() {
    let file = file(&format!("act,prompt\nA,{}\nB,x\n", "x".repeat(MAX_BYTES)));
    let import = convert(&file, &options(Texts::Literal)).unwrap();
    assert_eq!(import.prompts.len(), 1);
    assert!(said(&import.problems)[0].starts_with("2:1 the prompt would have 4194"));
}

#[test]
fn too_many_rows_are_refused() {
    let text = format!("act,prompt\n{}", "A,x\n".repeat(MAX_ROWS + 1));
    let found = convert(&file(&text), &options(Texts::Literal)).unwrap_err();
    assert_eq!(said(&found), ["100002:1 the table has more than 100000 rows"]);
}

#[test]
fn tabs_separate_cells_too() {
    let options = Options { separator: b'\t', ..options(Texts::Literal) };
    let import = convert(&file("act\tprompt\nA\tone, two\n"), &options).unwrap();
    assert_eq!(
        import.prompts[0].yaml,
        "messages:\n  - role: user\n    content: |-\n      one, two\n"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever stands in a cell comes out of the render.
    #[test]
    fn each_cell_is_rendered_as_it_is(
        cells in prop::collection::vec(
            prop::collection::vec(
                prop::sample::select(vec![
                    "{{", "}}", "{%", "%}", "{#", "{", "}", "${A:b}", "${A}", "${A:c}", "\"", "\n", "\r", " ", "\t", "x", "é",
                    "\u{a0}", "\u{feff}", "\0", "- ", "#", ": ", "endraw", "\u{2028}",
                ]),
                0..10,
            ),
            1..4,
        ),
        texts in prop::sample::select(vec![Texts::Literal, Texts::Dollar]),
    ) {
        let mut text = "act,prompt\n".to_owned();
        for pieces in &cells {
            text += &format!("A,\"{}\"\n", pieces.concat().replace('"', "\"\""));
        }
        let file = file(&text);
        let import = convert(&file, &options(texts)).unwrap();
        prop_assert_eq!(said(&import.problems), Vec::<String>::new());
        prop_assert_eq!(import.prompts.len() + import.skipped.len(), cells.len());
        let differences: Vec<Diagnostic> =
            prove(&file, &import.prompts).unwrap().into_iter().map(|(_, finding)| finding).collect();
        prop_assert_eq!(said(&differences), Vec::<String>::new());
    }
}
