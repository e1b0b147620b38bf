//! The formatter on every YAML text of this repository: the examples, the fixtures, the pages and the sessions.

use std::fs;

use pf::format::{Kind, Refused, format};
use pf::path::RepoPath;
use pf::span::SourceFile;

use crate::support::{files_below, project};

/// The YAML files below a folder, and the YAML blocks of its pages.
fn texts(folder: &str) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for path in files_below(folder) {
        let Ok(text) = fs::read_to_string(project().join(&path)) else { continue };
        if path.ends_with(".yaml") || path.ends_with(".yml") {
            texts.push((path, text));
        } else if path.ends_with(".md") {
            let blocks = text.split("\n```yaml").skip(1).filter_map(|rest| {
                let (_, block) = rest.split_once('\n')?;
                Some(block.split_once("\n```")?.0.to_owned() + "\n")
            });
            texts.extend(blocks.map(|block| (path.clone(), block)));
        }
    }
    texts
}

#[test]
fn what_is_read_is_formatted_once_and_for_all() {
    let mut formatted = 0;
    for (path, text) in ["examples", "tests", "docs", "prompts"].into_iter().flat_map(texts) {
        let file = |text: &str| SourceFile::new(RepoPath::new("x.yaml").expect("a name"), text);
        for kind in [Kind::Prompt, Kind::Suite, Kind::Config] {
            match format(&file(&text), kind) {
                Ok(once) => {
                    let twice =
                        format(&file(once.text()), kind).expect("what was formatted is read");
                    assert_eq!(twice.text(), once.text(), "{path}");
                    formatted += 1;
                }
                Err(Refused::Unreadable(_) | Refused::Unsupported { .. }) => {}
                Err(refused @ Refused::Changed(_)) => panic!("{path}: {refused}\n{text}"),
            }
        }
    }
    assert!(formatted > 150, "{formatted}");
}
