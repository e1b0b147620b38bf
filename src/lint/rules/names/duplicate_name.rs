//! N106

use crate::diagnostic::Diagnostic;
use crate::lint::context::ProjectContext;
use crate::lint::rule::{Check, rule};
use crate::path::RepoPath;
use crate::project::CONFIG_FILE;
use crate::span::{SourceFile, Span};

rule! {
    /// A file ends in `.yml` where one that ends in `.yaml` is read.
    ///
    /// ## What it does
    ///
    /// `a.yaml` and `a.yml` in one folder are two files for one prompt, or one suite: the first is read. And a `pf.yml` at the root is not
    /// read at all.
    ///
    /// ## Why is this bad?
    ///
    /// Only one of them has an effect. Whoever edits the other sees no change, and no error either.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    ///
    /// ```yaml prompts/greet.yml
    /// messages:
    ///   - {role: user, content: Good morning}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: Good morning}
    /// ```
    ///
    /// ```yaml -prompts/greet.yml
    /// ```
    DUPLICATE_NAME: "N106" "duplicate-name" Error, Check::project(check)
}

fn check(context: &ProjectContext<'_>, findings: &mut Vec<Diagnostic>) {
    let project = context.project;
    let source = |path: &str| project.source(&RepoPath::new(path).ok()?).ok()?;
    for path in &project.hidden {
        let name = path.without_extension();
        if let (Some(file), Some(other)) = (source(path.as_str()), source(&format!("{name}.yaml")))
        {
            findings.push(
                DUPLICATE_NAME
                    .at(&file, Span::at(0), format!("`{name}.yaml` has the same name"))
                    .related(&other, Span::at(0), "this is the other file, which is read")
                    .help("keep one of the two"),
            );
        }
    }
    let unread = CONFIG_FILE.replace(".yaml", ".yml");
    if let Some(file) = source(&unread) {
        findings.push(config(&file, &unread));
    }
}

fn config(file: &std::sync::Arc<SourceFile>, name: &str) -> Diagnostic {
    DUPLICATE_NAME
        .at(file, Span::at(0), format!("`{name}` is not read"))
        .help(format!("rename it to `{CONFIG_FILE}`"))
}
