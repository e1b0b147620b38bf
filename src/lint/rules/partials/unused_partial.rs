//! P213

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Diagnostic;
use crate::lint::context::ProjectContext;
use crate::lint::rule::{Check, rule};
use crate::path::RepoPath;
use crate::span::Span;
use crate::template::Partials;

rule! {
    /// No prompt reaches a partial.
    ///
    /// ## Why is this bad?
    ///
    /// Whoever edits it changes nothing, and takes it for the text that models read. Often the prompt that included it has
    /// a copy by now.
    ///
    /// ## What it does
    ///
    /// It follows includes through partials: one that only unused partials include is unused too. Files for readers
    /// (`README.md`, `CHANGELOG.md`, any Markdown file whose name is in capitals) are left alone, and the rule is quiet
    /// while a prompt or partial cannot be read, since that may include anything.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: Greet warmly.}
    /// ```
    ///
    /// ```text prompts/shared/tone.md
    /// Be brief.
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: 'Greet warmly. {% include "shared/tone.md" %}'}
    /// ```
    UNUSED_PARTIAL: "P213" "unused-partial" Warning, Check::project(check)
}

fn check(context: &ProjectContext<'_>, findings: &mut Vec<Diagnostic>) {
    let project = context.project;
    if project.partials.is_empty() || !project.unusable.is_empty() {
        return;
    }
    if context.prompts.iter().any(|prompt| !prompt.includes_are_known) {
        return;
    }
    let reached: BTreeSet<&str> =
        context.prompts.iter().flat_map(|facts| &facts.partials).map(String::as_str).collect();
    let folder = project.folder(&project.config.paths.prompts);
    let below = |path: &RepoPath| path.below(&folder).map(str::to_owned);
    let unused: BTreeMap<String, &RepoPath> = project
        .partials
        .iter()
        .filter_map(|path| Some((below(path)?, path)))
        .filter(|(name, path)| !reached.contains(name.as_str()) && !for_readers(path))
        .collect();
    if unused.is_empty() {
        return;
    }
    // Who includes whom among the unused.
    let partials = Partials::of(project);
    let mut included_by: BTreeMap<String, &str> = BTreeMap::new();
    for (name, path) in &unused {
        let Ok(Some(partial)) = partials.at(path) else { continue };
        for include in partial.analysis.iter().flat_map(|analysis| &analysis.includes) {
            if let Some(target) = &include.name
                && target != name
            {
                included_by.entry(target.clone()).or_insert(name);
            }
        }
    }
    for (name, path) in &unused {
        let Ok(Some(file)) = project.source(path) else { continue };
        let finding = UNUSED_PARTIAL.at(&file, Span::at(0), format!("no prompt reaches `{name}`"));
        findings.push(match included_by.get(name) {
            Some(by) => {
                finding.help(format!("only `{by}` includes it, which no prompt reaches either"))
            }
            None => finding.help("include it, or remove the file"),
        });
    }
}

/// Whether a file is there for people: its name is a word in capitals, as `README.md`.
fn for_readers(path: &RepoPath) -> bool {
    let name = path.as_str().rsplit('/').next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let word = stem.to_ascii_lowercase();
    let known = ["readme", "changelog", "license", "licence", "contributing", "notice", "authors"];
    let capitals = stem.len() >= 3 && !stem.contains(|c: char| c.is_lowercase());
    known.contains(&word.as_str()) || (capitals && name.ends_with(".md"))
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    #[test]
    fn partials_that_only_unused_ones_include_are_unused() {
        let prompt = (
            "prompts/a.yaml",
            "messages: [{role: user, content: 'Hi {% include \"x/used.md\" %}'}]\n",
        );
        let partials = [
            ("prompts/x/used.md", "one {% include 'deep.txt' %}"),
            ("prompts/deep.txt", "two"),
            ("prompts/old.md", "{% include 'older.md' %}{% include 'deep.txt' %}"),
            ("prompts/older.md", "{% include 'old.md' %}"),
            ("prompts/README.md", "How we write prompts."),
            ("prompts/x/STYLE_GUIDE.md", "How we write."),
        ];
        let all = [&[prompt][..], &partials[..]].concat();
        assert_eq!(
            findings("P213", &all),
            [
                "prompts/old.md:1:1 P213 no prompt reaches `old.md`",
                "prompts/older.md:1:1 P213 no prompt reaches `older.md`",
            ]
        );
        let broken =
            ("prompts/b.yaml", "messages: [{role: user, content: '{% include \"old.md\" %}{{'}]\n");
        assert_eq!(findings("P213", &[&[broken][..], &all[..]].concat()), [""; 0]);
        let unreadable = ("prompts/b.yaml", "messages: [");
        assert_eq!(findings("P213", &[&[unreadable][..], &all[..]].concat()), [""; 0]);
    }
}
