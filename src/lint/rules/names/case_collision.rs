//! N107

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::lint::context::ProjectContext;
use crate::lint::rule::{Check, rule};
use crate::path::RepoPath;
use crate::span::Span;

rule! {
    /// The paths of two files differ by upper and lower case only.
    ///
    /// ## Why is this bad?
    ///
    /// On macOS and Windows they are one file: a checkout there has only one of them, and every prompt that needs the
    /// other quietly gets the wrong text.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    ///
    /// ```yaml prompts/Greet.yaml
    /// messages:
    ///   - {role: user, content: Good morning}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet-in-the-morning.yaml
    /// messages:
    ///   - {role: user, content: Good morning}
    /// ```
    ///
    /// ```yaml -prompts/Greet.yaml
    /// ```
    CASE_COLLISION: "N107" "case-collision" Error, Check::project(check)
}

fn check(context: &ProjectContext<'_>, findings: &mut Vec<Diagnostic>) {
    let project = context.project;
    let prompts = project.prompts.values().map(|prompt| &prompt.path);
    let suites = project.suites.values().map(|suite| &suite.path);
    let all = || {
        prompts
            .clone()
            .chain(suites.clone())
            .chain(&project.partials)
            .chain(project.unusable.values())
    };
    // Of two that collide at least one has a letter that is not in lower case, and most projects have none.
    let mixed =
        |path: &&RepoPath| path.as_str().chars().any(|c| c.is_ascii_uppercase() || !c.is_ascii());
    let mut seen: BTreeMap<String, Vec<&RepoPath>> =
        all().filter(mixed).map(|path| (path.as_str().to_lowercase(), Vec::new())).collect();
    if seen.is_empty() {
        return;
    }
    for path in all() {
        let same = match mixed(&path) {
            true => seen.get_mut(&path.as_str().to_lowercase()),
            false => seen.get_mut(path.as_str()),
        };
        if let Some(same) = same {
            same.push(path);
        }
    }
    for mut paths in seen.into_values() {
        paths.sort();
        for pair in paths.windows(2) {
            let (Ok(Some(other)), Ok(Some(file))) =
                (project.source(pair[0]), project.source(pair[1]))
            else {
                continue;
            };
            let message = format!("`{}` differs by upper and lower case only", pair[0]);
            findings.push(
                CASE_COLLISION
                    .at(&file, Span::at(0), message)
                    .related(&other, Span::at(0), "this is the other file")
                    .help("give one of them another name"),
            );
        }
    }
}
