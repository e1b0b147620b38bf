//! What is wrong with a project, before anything runs.
//!
//! Rules look at one prompt with its partials, one suite with its cases, or one text; a rule of the first two kinds sees
//! everything that its subject is made of, so a finding can lie in a partial or a dataset.

pub mod context;
pub mod rule;
pub mod rules;

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use self::context::{PromptContext, SuiteContext, TextContext};
use self::rule::Check;
use self::rules::RULES;
use crate::diagnostic::{self, Diagnostic, RuleId};
use crate::document;
use crate::path::RepoPath;
use crate::project::cases;
use crate::project::config::LintConfig;
use crate::project::{FileKind, Project};
use crate::snapshot::SnapshotError;
use crate::span::SourceFile;
use crate::template::Partials;

/// Which rules run: codes or their beginnings, `ALL` for every rule.
#[derive(Clone, Debug, Default)]
pub struct RuleSelection {
    /// The rules that run; every rule when absent.
    pub select: Option<Vec<String>>,
    /// The rules that do not run after all.
    pub ignore: Vec<String>,
}

/// The outcome of a check.
#[derive(Debug)]
pub struct Checked {
    /// What was found, in order.
    pub findings: Vec<Diagnostic>,
    /// The files that were checked.
    pub files: BTreeSet<RepoPath>,
}

impl RuleSelection {
    /// The selection of a project's configuration, overridden by that of the command line.
    pub fn of(config: &LintConfig, select: &[String], ignore: &[String]) -> Self {
        let select = match select {
            [] => config.select.clone(),
            given => Some(given.to_vec()),
        };
        Self { select, ignore: config.ignore.iter().chain(ignore).cloned().collect() }
    }

    /// Entries that are no beginning of any code.
    pub fn unknown(&self) -> Vec<&str> {
        self.select
            .iter()
            .flatten()
            .chain(&self.ignore)
            .map(String::as_str)
            .filter(|entry| {
                *entry != "ALL" && !RULES.iter().any(|rule| rule.code.0.starts_with(entry))
            })
            .collect()
    }

    fn runs(&self, code: RuleId) -> bool {
        let named = |entries: &[String]| {
            entries.iter().any(|entry| entry == "ALL" || code.0.starts_with(entry.as_str()))
        };
        self.select.as_deref().is_none_or(named) && !named(&self.ignore)
    }
}

/// Checks a project, or the given files of it with what depends on them.
pub fn check(
    project: &Project,
    paths: Option<&BTreeSet<RepoPath>>,
    selection: &RuleSelection,
) -> Result<Checked, SnapshotError> {
    let wanted = |path: &RepoPath| paths.is_none_or(|paths| paths.contains(path));
    let mut findings: Vec<Diagnostic> =
        project.diagnostics.iter().filter(|d| wanted(d.file.path())).cloned().collect();

    let partials = Partials::of(project);
    let prompts: Vec<_> = project.prompts.values().collect();
    let of_prompts: Vec<Vec<Diagnostic>> = prompts
        .par_iter()
        .map(|prompt| {
            let context = PromptContext::load(project, prompt, &partials)?;
            let touched = context.files().any(|file| wanted(file.path()));
            Ok(if touched { check_prompt(&context) } else { Vec::new() })
        })
        .collect::<Result<_, SnapshotError>>()?;
    findings.extend(of_prompts.into_iter().flatten());

    let mut files: BTreeSet<RepoPath> = all_files(project);
    for suite in project.suites.values() {
        let context = SuiteContext::load(project, suite)?;
        if wanted(&suite.path) || context.cases.files.iter().any(wanted) {
            findings.extend(suite_rules(&context));
        }
        files.extend(context.cases.files);
    }
    files.retain(wanted);

    let paths: Vec<&RepoPath> = files.iter().collect();
    let of_texts: Vec<Vec<Diagnostic>> = paths
        .par_iter()
        .map(|path| {
            let (Some(kind), Some(file)) = (project.kind(path), project.source(path)?) else {
                return Ok(Vec::new());
            };
            Ok(check_text(project, &file, &kind))
        })
        .collect::<Result<_, SnapshotError>>()?;
    findings.extend(of_texts.into_iter().flatten());

    findings.retain(|finding| {
        selection.runs(finding.code) && !ignored_here(&project.config.lint, finding)
    });
    diagnostic::sort(&mut findings);
    Ok(Checked { findings, files })
}

/// Checks one suite and everything that an evaluation of it uses: its prompts, their partials, its datasets.
pub fn check_suite(context: &SuiteContext<'_>) -> Result<Vec<Diagnostic>, SnapshotError> {
    let project = context.project;
    let mut findings = suite_rules(context);
    let mut used: Vec<Arc<SourceFile>> = vec![Arc::clone(&context.suite.document.file)];
    let partials = Partials::of(project);
    for prompt in &context.prompts {
        let context = PromptContext::load(project, prompt, &partials)?;
        used.extend(context.files().cloned());
        findings.extend(check_prompt(&context));
    }
    for file in used {
        findings
            .extend(project.diagnostics.iter().filter(|d| d.file.path() == file.path()).cloned());
        if let Some(kind) = project.kind(file.path()) {
            findings.extend(check_text(project, &file, &kind));
        }
    }
    diagnostic::sort(&mut findings);
    Ok(findings)
}

/// Checks one prompt with its partials.
pub fn check_prompt(context: &PromptContext<'_>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for rule in RULES {
        if let Check::Prompt(check)
        | Check::PromptAndText(check, _)
        | Check::SuiteAndPrompt(_, check) = rule.check
        {
            check(context, &mut findings);
        }
    }
    findings
}

fn suite_rules(context: &SuiteContext<'_>) -> Vec<Diagnostic> {
    let mut findings = context.cases.diagnostics.clone();
    for rule in RULES {
        if let Check::Suite(check) | Check::SuiteAndPrompt(check, _) = rule.check {
            check(context, &mut findings);
        }
    }
    findings
}

fn check_text(project: &Project, file: &Arc<SourceFile>, kind: &FileKind) -> Vec<Diagnostic> {
    let context = TextContext { project, file, kind };
    let mut findings = Vec::new();
    // Whoever reads the other kinds says so: they cannot be read at all.
    if *kind == FileKind::Partial {
        findings.extend(document::not_utf8(file));
    }
    for rule in RULES {
        if let Check::Text(check) | Check::PromptAndText(_, check) = rule.check {
            check(&context, &mut findings);
        }
    }
    findings
}

fn all_files(project: &Project) -> BTreeSet<RepoPath> {
    let config = project.config_document.iter().map(|document| document.file.path().clone());
    let prompts = project.prompts.values().map(|prompt| prompt.path.clone());
    let suites = project.suites.values().map(|suite| suite.path.clone());
    let broken = project.diagnostics.iter().map(|finding| finding.file.path().clone());
    config
        .chain(prompts)
        .chain(suites)
        .chain(project.partials.iter().cloned())
        .chain(project.unusable.values().cloned())
        .chain(broken)
        .collect()
}

fn ignored_here(config: &LintConfig, finding: &Diagnostic) -> bool {
    config.per_path.iter().any(|(pattern, codes)| {
        codes.iter().any(|code| code == "ALL" || finding.code.0.starts_with(code.as_str()))
            && cases::glob(pattern).is_ok_and(|glob| glob.is_match(finding.file.path().as_str()))
    })
}

#[cfg(test)]
mod tests;
