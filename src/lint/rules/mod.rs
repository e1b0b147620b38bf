//! The rules, one file each, in families: the first letter of a code is its family.

mod content;
mod cost;
mod data;
mod examples;
mod file;
mod model;
mod names;
mod output;
mod partials;
mod repository;
mod safety;
mod templates;
mod unicode;
mod variables;

use std::sync::LazyLock;

use super::rule::{FixKind, Rule};

pub(crate) use self::data::DATASET_ROW;
pub(crate) use self::repository::{BAD_SUPPRESSION, UNEXPLAINED_SUPPRESSION, UNUSED_SUPPRESSION};

/// Rules about one subject.
#[derive(Debug)]
pub struct Family {
    /// The first letter of their codes.
    pub letter: char,
    /// The subject.
    pub title: &'static str,
    /// The rules, by code.
    pub rules: &'static [&'static Rule],
}

/// All families, in the order in which they are documented.
pub static FAMILIES: [Family; 14] = [
    Family { letter: 'F', title: "files", rules: file::RULES },
    Family { letter: 'V', title: "variables", rules: variables::RULES },
    Family { letter: 'T', title: "templates", rules: templates::RULES },
    Family { letter: 'P', title: "partials", rules: partials::RULES },
    Family { letter: 'M', title: "models", rules: model::RULES },
    Family { letter: 'O', title: "output", rules: output::RULES },
    Family { letter: 'X', title: "examples", rules: examples::RULES },
    Family { letter: 'S', title: "safety", rules: safety::RULES },
    Family { letter: 'U', title: "Unicode", rules: unicode::RULES },
    Family { letter: 'K', title: "cost", rules: cost::RULES },
    Family { letter: 'N', title: "names", rules: names::RULES },
    Family { letter: 'C', title: "content", rules: content::RULES },
    Family { letter: 'D', title: "data and suites", rules: data::RULES },
    Family { letter: 'R', title: "repository", rules: repository::RULES },
];

/// All rules, by code.
pub static RULES: LazyLock<Vec<&'static Rule>> = LazyLock::new(|| {
    let mut rules: Vec<&Rule> =
        FAMILIES.iter().flat_map(|family| family.rules.iter().copied()).collect();
    rules.sort_by_key(|rule| rule.code);
    rules
});

/// The documentation of a rule: its title, severity and text.
pub fn page(rule: &Rule) -> String {
    // A doc comment's lines start with the blank that follows `///`.
    let text: Vec<&str> =
        rule.docs.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    let fix = match rule.fix {
        FixKind::None => "",
        FixKind::Safe => " `--fix` mends it.",
        FixKind::Unsafe => " `--unsafe-fixes` mends it.",
    };
    let off = if rule.on { "" } else { " Off by default." };
    format!(
        "# {} ({})\n\nSeverity: {}.{fix}{off}\n\n{}\n",
        rule.name,
        rule.code,
        rule.severity.as_str(),
        text.join("\n").trim()
    )
}
