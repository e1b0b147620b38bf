//! What the sources promise of themselves: the layer order, a reason at the top of each file, files of a length to be read.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use regex::Regex;

use crate::support::{files_below, project};

/// Lines, apart from tests, from which on a file must say in its module comment why it is one.
const LONG: usize = 600;

/// A source file with its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The top-level module that it belongs to; `None` for the roots of the two crates.
    fn module(&self) -> Option<&str> {
        let below = self.path.strip_prefix("src/")?;
        let name = below.split('/').next()?.trim_end_matches(".rs");
        (!["lib", "main"].contains(&name)).then_some(name)
    }

    /// The lines at the top that begin with `//!`.
    fn head(&self) -> String {
        self.text.lines().take_while(|line| line.starts_with("//!")).collect()
    }

    /// Whether it holds nothing but tests.
    fn is_test(&self) -> bool {
        ["/tests/", "/tests.rs", "/testing.rs"].iter().any(|part| self.path.contains(part))
    }
}

fn sources(folder: &str) -> Vec<Source> {
    files_below(folder)
        .into_iter()
        .filter(|path| Path::new(path).extension() == Some(OsStr::new("rs")))
        .map(|path| {
            let text = fs::read_to_string(project().join(&path)).expect("a source file");
            Source { path, text }
        })
        .collect()
}

/// The modules of the library from the ground up, as `src/lib.rs` declares them.
fn layers() -> Vec<String> {
    let lib = fs::read_to_string(project().join("src/lib.rs")).expect("the library");
    let module = Regex::new(r"(?m)^pub mod (\w+);").expect("a pattern");
    module.captures_iter(&lib).map(|found| found[1].to_owned()).collect()
}

fn list(violations: &[String], what: &str) {
    assert!(violations.is_empty(), "{what}:\n  {}", violations.join("\n  "));
}

/// The modules of this crate that a text names, each with its line: `crate::name` and `crate::{name, …}`.
fn named_modules(text: &str) -> Vec<(usize, String)> {
    let path = Regex::new(r"\bcrate::(\w+|\{[^;]*?\}\s*;)").expect("a pattern");
    let first = Regex::new(r"^\s*(\w+)").expect("a pattern");
    let mut found = Vec::new();
    for capture in path.captures_iter(text) {
        let target = capture.get(1).expect("the pattern has a group");
        let line = text[..target.start()].lines().count().max(1);
        match target.as_str().strip_prefix('{') {
            None => found.push((line, target.as_str().to_owned())),
            Some(group) => {
                let names = top_level_parts(group);
                let names = names.iter().filter_map(|part| first.captures(part));
                found.extend(names.map(|name| (line, name[1].to_owned())));
            }
        }
    }
    found
}

/// The parts of `a::{b, c}, d}` between the commas that stand in no inner braces.
fn top_level_parts(group: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for character in group.chars() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().expect("it begins with one").push(character);
    }
    parts
}

#[test]
fn a_module_uses_only_modules_declared_above_it() {
    let layers = layers();
    let place = |name: &str| layers.iter().position(|layer| layer == name);
    let mut violations = Vec::new();
    let mut arrows = 0;
    for source in sources("src") {
        let Some(module) = source.module() else { continue };
        let Some(own) = place(module) else {
            violations.push(format!("{}: `{module}` is not declared in src/lib.rs", source.path));
            continue;
        };
        for (line, target) in named_modules(&source.text) {
            // What is no module of the list is an item of the crate's root, such as a macro.
            let Some(other) = place(&target) else { continue };
            arrows += 1;
            if other > own {
                violations.push(format!(
                    "{}:{line}: `{module}` uses `{target}`, which is declared below it",
                    source.path
                ));
            }
        }
    }
    list(&violations, "arrows that point down");
    assert!(layers.len() > 10 && arrows > 100, "{} layers and {arrows} arrows", layers.len());
}

#[test]
fn modules_are_found_in_paths_and_groups() {
    let text = "use crate::one;\n\nuse crate::{two::{a, b}, three::c,\n    four};\nfn f() { crate::five::g() }\n";
    let expected = [(1, "one"), (3, "two"), (3, "three"), (3, "four"), (5, "five")];
    assert_eq!(named_modules(text), expected.map(|(line, name)| (line, name.to_owned())));
}

#[test]
fn every_file_says_at_its_top_why_it_exists() {
    let silent: Vec<String> = ["src", "tests/it", "benches"]
        .iter()
        .filter(|folder| project().join(folder).is_dir())
        .flat_map(|folder| sources(folder))
        .filter(|source| source.head().is_empty())
        .map(|source| source.path)
        .collect();
    list(&silent, "files that do not begin with `//!`");
}

#[test]
fn a_long_file_says_why_it_is_one() {
    let long: Vec<String> = sources("src")
        .iter()
        .filter(|source| !source.is_test() && !source.head().contains("one file"))
        .filter_map(|source| {
            let lines = source.text.lines().take_while(|line| *line != "#[cfg(test)]").count();
            (lines > LONG).then(|| format!("{}: {lines} lines", source.path))
        })
        .collect();
    list(&long, "files that are too long; split them by meaning, or say why each is `one file`");
}

#[test]
fn nothing_is_left_open_or_silenced() {
    let open = Regex::new(r"\b(todo|unimplemented)!|#!?\[allow\(|#\[ignore").expect("a pattern");
    let found: Vec<String> = sources("src")
        .iter()
        .chain(&sources("tests/it"))
        .filter(|source| source.path != "tests/it/tidy.rs")
        .flat_map(|source| {
            let lines = source.text.lines().enumerate();
            let found = lines.filter(|(_, line)| open.is_match(line));
            found
                .map(|(index, line)| format!("{}:{}: {}", source.path, index + 1, line.trim()))
                .collect::<Vec<_>>()
        })
        .collect();
    list(&found, "use `#[expect(…, reason = …)]`, and leave nothing undone");
}

#[test]
fn no_test_file_is_forgotten() {
    let main = fs::read_to_string(project().join("tests/it/main.rs")).expect("the tests");
    let module = Regex::new(r"(?m)^mod (\w+);").expect("a pattern");
    let declared: BTreeSet<String> =
        module.captures_iter(&main).map(|found| format!("tests/it/{}.rs", &found[1])).collect();
    let mut files: BTreeSet<String> = files_below("tests/it").into_iter().collect();
    files.remove("tests/it/main.rs");
    assert_eq!(files, declared);
}
