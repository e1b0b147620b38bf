//! Files of the repository that are made from the code; `UPDATE=1 cargo test` writes them anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap::Command;
use pf::lint::rule::FixKind;
use pf::lint::rules::{FAMILIES, RULES, page};
use pf::report::schemas;

use crate::support::{compare_or_update, files_below, project};

const NOTE: &str = "<!-- Made by `UPDATE=1 cargo test`; do not edit. -->\n\n";

#[test]
fn the_schemas_are_those_of_the_types() {
    let mut wanted = BTreeSet::new();
    for (name, schema) in schemas::all() {
        let path = format!("schemas/{name}.schema.json");
        compare_or_update(&path, &schemas::text(&schema));
        wanted.insert(path);
    }
    let found: BTreeSet<String> = files_below("schemas").into_iter().collect();
    assert_eq!(found, wanted, "a schema that nothing makes any more is to be deleted");
}

#[test]
fn the_page_of_rules_has_every_rule() {
    let mut text = format!(
        "{NOTE}# Rules\n\nWhat `pf lint` checks: {} rules, {} of them by default. `pf rule CODE` prints the same text. \
         A star marks what `--fix` mends, `(*)` what `--unsafe-fixes` mends.\n",
        RULES.len(),
        RULES.iter().filter(|rule| rule.on).count()
    );
    for family in &FAMILIES {
        let title = format!("{}: {}", family.letter, family.title);
        let _ = write!(
            text,
            "\n## {title}\n\n| code | name | severity | fix | what it finds |\n|---|---|---|---|---|\n"
        );
        for rule in family.rules {
            let anchor = format!("{}-{}", rule.name, rule.code.to_string().to_lowercase());
            let fix = match rule.fix {
                FixKind::None => "",
                FixKind::Safe => "\\*",
                FixKind::Unsafe => "(\\*)",
            };
            let off = if rule.on { "" } else { ", off" };
            let _ = writeln!(
                text,
                "| [{}](#{anchor}) | {} | {}{off} | {fix} | {} |",
                rule.code,
                rule.name,
                rule.severity.as_str(),
                rule.summary()
            );
        }
    }
    text += &rates();
    for rule in RULES.iter() {
        text.push('\n');
        text += &deeper(&page(rule));
    }
    compare_or_update("docs/rules.md", &text);
}

/// How often each rule speaks on a corpus of real prompts, and how often it is right: docs/corpus/rates.csv.
fn rates() -> String {
    let file = project().join("docs/corpus/rates.csv");
    let table = std::fs::read_to_string(file).expect("the rates are part of the project");
    let mut rows = table.lines().filter(|line| !line.starts_with('#'));
    let header = rows.next().expect("a header");
    assert_eq!(header, "code,findings,per 100 prompts,checked,right");
    let mut text = "\n## How often they speak\n\n\
        On the prompts of awesome-chatgpt-prompts (CC0; `docs/corpus/import.sh`, `docs/corpus/rates.sh`), every rule selected. \
        A sample of the findings was read as the prompt's author would; *right* says how many of it were. Rules that \
        are not listed found nothing there: those prompts have no suites, no types and few variables.\n\n\
        | code | findings | per 100 prompts | read | right |\n|---|---|---|---|---|\n"
        .to_owned();
    for row in rows {
        let code = row.split(',').next().unwrap_or_default();
        assert!(RULES.iter().any(|rule| rule.code.0 == code), "{code} is no rule");
        let _ = writeln!(text, "| {} |", row.replace(',', " | "));
    }
    text
}

/// A page with its headings one level lower, so that it can be a part of another.
fn deeper(page: &str) -> String {
    let mut inside = false;
    let mut text = String::new();
    for line in page.lines() {
        if line.starts_with("```") {
            inside = !inside;
        }
        if line.starts_with('#') && !inside {
            text.push('#');
        }
        text += line;
        text.push('\n');
    }
    text
}

#[test]
fn the_page_of_commands_is_their_help() {
    let mut text = format!(
        "{NOTE}# Commands\n\nWhat `pf --help` and `pf COMMAND --help` print, at a width of 100 columns.\n"
    );
    let mut root = pf::cli::command();
    root.build();
    describe(&root, "pf", &mut text);
    compare_or_update("docs/cli.md", &text);
}

fn describe(command: &Command, name: &str, text: &mut String) {
    let help = command.clone().term_width(100).render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    let _ = write!(text, "\n## {name}\n\n```text\n{}\n```\n", lines.join("\n").trim_end());
    for below in command.get_subcommands() {
        if below.get_name() != "help" {
            describe(below, &format!("{name} {}", below.get_name()), text);
        }
    }
}

#[test]
fn the_page_of_assertions_has_every_assertion() {
    compare_or_update("docs/assertions.md", &format!("{NOTE}{}", pf::assertion::table_markdown()));
}
