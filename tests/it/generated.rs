//! Files of the repository that are made from the code; `UPDATE=1 cargo test` writes them anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap::Command;
use pf::lint::rules::{RULES, page};
use pf::report::schemas;

use crate::support::{compare_or_update, files_below};

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
        "{NOTE}# Rules\n\nWhat `pf lint` checks. `pf rule CODE` prints the same text.\n\n\
         | code | name | severity | what it finds |\n|---|---|---|---|\n"
    );
    for rule in RULES.iter() {
        let anchor = format!("{}-{}", rule.name, rule.code.to_string().to_lowercase());
        let _ = writeln!(
            text,
            "| [{}](#{anchor}) | {} | {} | {} |",
            rule.code,
            rule.name,
            rule.severity.as_str(),
            rule.summary()
        );
    }
    for rule in RULES.iter() {
        text.push('\n');
        text += &deeper(&page(rule));
    }
    compare_or_update("docs/rules.md", &text);
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
