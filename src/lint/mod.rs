//! What is wrong with a project, before anything runs.
//!
//! Rules look at one prompt with its partials, one suite with its cases, or one text; a rule of the first two kinds sees
//! everything that its subject is made of, so a finding can lie in a partial or a dataset.

pub mod adopt;
pub mod context;
pub mod copies;
pub mod fix;
pub(crate) mod proof;
pub mod renders;
pub mod rule;
pub mod rules;
mod suppress;
pub mod tags;

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use globset::GlobMatcher;
use rayon::prelude::*;

use self::context::{
    Change, ProjectContext, PromptContext, PromptFacts, ProseContext, SuiteContext, SuiteNames,
    TextContext,
};
use self::copies::Said;
use self::rule::{Check, Rule};
use self::rules::RULES;
use crate::diagnostic::{self, Diagnostic, RuleId};
use crate::document;
use crate::path::RepoPath;
use crate::project::cases;
use crate::project::config::LintConfig;
use crate::project::suite::Suite;
use crate::project::{self, CONFIG_FILE, FileKind, Project};
use crate::snapshot::SnapshotError;
use crate::span::SourceFile;
use crate::template::Partials;

/// Which rules run: codes or their beginnings, `ALL` for every rule.
#[derive(Clone, Debug, Default)]
pub struct RuleSelection {
    /// The rules that run; when absent, all that are on by default.
    pub select: Option<Vec<String>>,
    /// More rules that run.
    pub extend: Vec<String>,
    /// The rules that do not run after all.
    pub ignore: Vec<String>,
}

/// What is checked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// The files to report on, with what depends on them; all when absent. Files that are gone may be among them: what
    /// names them is checked. Everything depends on `pf.yaml`.
    pub paths: Option<&'a BTreeSet<RepoPath>>,
    /// Whether the rules about the project as a whole run although only some files are reported on.
    pub whole: bool,
    /// The files of the change that is looked at, where it is one.
    pub change: Option<&'a BTreeSet<RepoPath>>,
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
    pub fn of(
        config: &LintConfig,
        select: &[String],
        extend: &[String],
        ignore: &[String],
    ) -> Self {
        let select = match select {
            [] => config.select.clone(),
            given => Some(given.to_vec()),
        };
        let both = |a: &[String], b: &[String]| a.iter().chain(b).cloned().collect();
        Self {
            select,
            extend: both(&config.extend_select, extend),
            ignore: both(&config.ignore, ignore),
        }
    }

    /// Entries that are no beginning of any code.
    pub fn unknown(&self) -> Vec<&str> {
        self.select
            .iter()
            .flatten()
            .chain(&self.extend)
            .chain(&self.ignore)
            .map(String::as_str)
            .filter(|entry| {
                *entry != "ALL" && !RULES.iter().any(|rule| rule.code.0.starts_with(entry))
            })
            .collect()
    }

    /// Whether a rule runs. The longest entry that names it decides, so that `--select V --ignore V102` and
    /// `--select V102 --ignore V` both do what they say.
    pub fn runs(&self, rule: &Rule) -> bool {
        let named = |entries: &[String]| {
            let fits = entries.iter().filter_map(|entry| match entry.as_str() {
                "ALL" => Some(0),
                prefix => rule.code.0.starts_with(prefix).then_some(prefix.len()),
            });
            fits.max()
        };
        let selected = match &self.select {
            None => rule.on.then_some(0),
            Some(entries) => named(entries),
        };
        selected
            .max(named(&self.extend))
            .is_some_and(|yes| named(&self.ignore).is_none_or(|no| yes > no))
    }
}

/// What came of a prompt.
#[derive(Default)]
struct CheckedPrompt<'a> {
    /// Whether one of its files is reported on.
    touched: bool,
    /// Whether one of its files belongs to the change.
    changed: bool,
    findings: Vec<Diagnostic>,
    /// None where it cannot be read.
    facts: Option<PromptFacts<'a>>,
}

/// What came of a suite.
#[derive(Default)]
struct CheckedSuite<'a> {
    datasets: Vec<RepoPath>,
    findings: Vec<Diagnostic>,
    /// None where it cannot be read, or need not be.
    context: Option<SuiteContext<'a>>,
}

/// Checks a project, or the given files of it with what depends on them.
pub fn check(
    project: &Project,
    options: Options<'_>,
    selection: &RuleSelection,
) -> Result<Checked, SnapshotError> {
    let Options { paths, whole, change } = options;
    let paths = paths.filter(|paths| !paths.iter().any(|path| path.as_str() == CONFIG_FILE));
    let wanted = |path: &RepoPath| paths.is_none_or(|paths| paths.contains(path));
    let rules: Vec<&Rule> = RULES.iter().copied().filter(|rule| selection.runs(rule)).collect();
    let mut findings: Vec<Diagnostic> =
        project.diagnostics.iter().filter(|d| wanted(d.file.path())).cloned().collect();

    let whole = whole || paths.is_none();
    let remembers = whole && rules.iter().any(|rule| rules::COPIES.contains(&rule.code));
    let partials = Partials::of(project);
    let prompts: Vec<_> = project.prompts.values().collect();
    let of_prompts: Vec<CheckedPrompt<'_>> = prompts
        .par_iter()
        .map(|prompt| {
            let context = match PromptContext::load(project, prompt, &partials) {
                Ok(context) => context,
                Err(error) => {
                    let finding = project::unreadable(error)?;
                    let touched = wanted(&prompt.path) || wanted(finding.file.path());
                    let found = touched.then_some(finding).into_iter().collect();
                    return Ok(CheckedPrompt { findings: found, ..CheckedPrompt::default() });
                }
            };
            let touched = context.files().any(|file| wanted(file.path()))
                || context.missing().any(|path| wanted(&path));
            let findings = if touched { check_prompt(&rules, &context) } else { Vec::new() };
            let changed = change
                .is_some_and(|change| context.files().any(|file| change.contains(file.path())));
            let mut facts = PromptFacts::of(&context);
            facts.said = remembers.then(|| Said::of(prompt));
            Ok(CheckedPrompt { touched, changed, findings, facts: Some(facts) })
        })
        // Of several errors the first in the order of the files, whichever thread met one first.
        .collect::<Vec<_>>()
        .into_iter()
        .collect::<Result<_, SnapshotError>>()?;
    let mut facts = Vec::with_capacity(of_prompts.len());
    let (mut touched, mut changed) = (BTreeSet::new(), BTreeSet::new());
    for prompt in of_prompts {
        let name = prompt.facts.as_ref().map(|facts| &facts.prompt.name);
        touched.extend(name.filter(|_| prompt.touched));
        changed.extend(name.filter(|_| prompt.changed));
        findings.extend(prompt.findings);
        facts.extend(prompt.facts);
    }
    let change = change.map(|files| Change { files, prompts: &changed });

    let mut files: BTreeSet<RepoPath> = all_files(project);
    let suites: Vec<&Suite> = project.suites.values().collect();
    let of_suites: Vec<CheckedSuite<'_>> = suites
        .par_iter()
        .map(|suite| {
            let names = SuiteNames::of(project, suite)?;
            let is_touched = wanted(&suite.path)
                || paths.is_some_and(|paths| names.any_of(project, paths))
                || names.prompts.iter().any(|prompt| touched.contains(&prompt.name));
            // A dataset may be large: it is read only where somebody looks at it.
            if !is_touched && !whole {
                let datasets = names.datasets;
                return Ok(CheckedSuite { datasets, ..CheckedSuite::default() });
            }
            let mut context = SuiteContext::load(project, suite)?;
            context.change = change;
            let findings =
                if is_touched { check_suite_rules(&rules, &context) } else { Vec::new() };
            Ok(CheckedSuite { datasets: names.datasets, findings, context: Some(context) })
        })
        .zip(&suites)
        .map(|(checked, suite)| {
            checked.or_else(|error| {
                let finding = project::unreadable(error)?;
                let touched = wanted(&suite.path) || wanted(finding.file.path());
                let findings = touched.then_some(finding).into_iter().collect();
                Ok(CheckedSuite { findings, ..CheckedSuite::default() })
            })
        })
        // Of several errors the first in the order of the files, whichever thread met one first.
        .collect::<Vec<_>>()
        .into_iter()
        .collect::<Result<_, SnapshotError>>()?;
    let mut suites = Vec::new();
    for suite in of_suites {
        files.extend(suite.datasets);
        findings.extend(suite.findings);
        suites.extend(suite.context);
    }

    if whole {
        let copies = OnceCell::new();
        let context = ProjectContext { project, prompts: &facts, suites: &suites, copies };
        let mut found = Vec::new();
        for check in rules.iter().filter_map(|rule| rule.check.project) {
            check(&context, &mut found);
        }
        findings.extend(found.into_iter().filter(|finding| wanted(finding.file.path())));
    }

    files.retain(wanted);
    let paths: Vec<&RepoPath> = files.iter().collect();
    let of_texts: Vec<Vec<Diagnostic>> = paths
        .par_iter()
        .map(|path| {
            let Some(kind) = project.kind(path) else { return Ok(Vec::new()) };
            match project.source(path) {
                Ok(Some(file)) => check_text(&rules, project, &partials, &file, &kind),
                Ok(None) => Ok(Vec::new()),
                Err(error) => Ok(vec![project::unreadable(error)?]),
            }
        })
        // Of several errors the first in the order of the files, whichever thread met one first.
        .collect::<Vec<_>>()
        .into_iter()
        .collect::<Result<_, SnapshotError>>()?;
    findings.extend(of_texts.into_iter().flatten());

    let elsewhere: BTreeSet<RepoPath> = findings
        .iter()
        .map(|finding| finding.file.path())
        .filter(|path| !files.contains(path))
        .cloned()
        .collect();
    let mut suppressions = suppress::read(project, files.iter().chain(&elsewhere))?;
    suppress::apply(&mut suppressions, &mut findings);
    let limited = options.paths.is_some() && !whole;
    findings.extend(suppress::problems(&suppressions, |rule| {
        let Check { suite, project, .. } = rule.check;
        selection.runs(rule) && !(limited && (suite.is_some() || project.is_some()))
    }));
    let running: BTreeSet<RuleId> = rules.iter().map(|rule| rule.code).collect();
    let ignored = Ignored::of(&project.config.lint);
    findings.retain(|finding| running.contains(&finding.code) && !ignored.covers(finding));
    diagnostic::sort(&mut findings);
    Ok(Checked { findings, files })
}

/// Checks one suite and everything that an evaluation of it uses: its prompts, their partials, its datasets.
pub fn check_suite(context: &SuiteContext<'_>) -> Result<Vec<Diagnostic>, SnapshotError> {
    let project = context.project;
    let rules: Vec<&Rule> = RULES.iter().copied().filter(|rule| rule.on).collect();
    let rules = rules.as_slice();
    let mut findings = check_suite_rules(rules, context);
    let mut used: Vec<Arc<SourceFile>> = vec![Arc::clone(&context.suite.document.file)];
    let partials = Partials::of(project);
    for prompt in &context.prompts {
        let context = PromptContext::load(project, prompt, &partials)?;
        used.extend(context.files().cloned());
        findings.extend(check_prompt(rules, &context));
    }
    for file in used {
        findings
            .extend(project.diagnostics.iter().filter(|d| d.file.path() == file.path()).cloned());
        if let Some(kind) = project.kind(file.path()) {
            findings.extend(check_text(rules, project, &partials, &file, &kind)?);
        }
    }
    // What the author of a file accepts does not stop an evaluation; what makes its numbers worth nothing does.
    let paths: BTreeSet<RepoPath> =
        findings.iter().map(|finding| finding.file.path().clone()).collect();
    let mut suppressions = suppress::read(project, &paths)?;
    let (mut acceptable, mut findings): (Vec<_>, Vec<_>) =
        findings.into_iter().partition(|finding| !finding.code.0.starts_with(['D', 'F']));
    suppress::apply(&mut suppressions, &mut acceptable);
    findings.extend(acceptable);
    diagnostic::sort(&mut findings);
    Ok(findings)
}

fn check_prompt(rules: &[&Rule], context: &PromptContext<'_>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for check in rules.iter().filter_map(|rule| rule.check.prompt) {
        check(context, &mut findings);
    }
    for prose in context.prose() {
        check_prose(rules, &prose, &mut findings);
    }
    findings
}

fn check_prose(rules: &[&Rule], context: &ProseContext<'_>, findings: &mut Vec<Diagnostic>) {
    for check in rules.iter().filter_map(|rule| rule.check.prose) {
        check(context, findings);
    }
}

fn check_suite_rules(rules: &[&Rule], context: &SuiteContext<'_>) -> Vec<Diagnostic> {
    let mut findings = context.cases.diagnostics.clone();
    for check in rules.iter().filter_map(|rule| rule.check.suite) {
        check(context, &mut findings);
    }
    findings
}

fn check_text(
    rules: &[&Rule],
    project: &Project,
    partials: &Partials<'_>,
    file: &Arc<SourceFile>,
    kind: &FileKind,
) -> Result<Vec<Diagnostic>, SnapshotError> {
    let context = TextContext::new(project, file, kind);
    let mut findings = Vec::new();
    // Whoever reads the other kinds says so: they cannot be read at all.
    if *kind == FileKind::Partial {
        findings.extend(document::not_utf8(file));
        if let Some(partial) = partials.at(file.path())?
            && let Ok(analysis) = &partial.analysis
        {
            let prose = ProseContext::of_partial(project, &partial, analysis);
            check_prose(rules, &prose, &mut findings);
        }
    }
    for check in rules.iter().filter_map(|rule| rule.check.text) {
        check(&context, &mut findings);
    }
    Ok(findings)
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

/// What `lint.per_path` of the configuration ignores.
struct Ignored<'a>(Vec<(GlobMatcher, &'a [String])>);

impl<'a> Ignored<'a> {
    fn of(config: &'a LintConfig) -> Self {
        let entries = config.per_path.iter();
        let entries = entries.filter_map(|(glob, codes)| Some((cases::glob(glob).ok()?, &**codes)));
        Self(entries.collect())
    }

    fn covers(&self, finding: &Diagnostic) -> bool {
        self.0.iter().any(|(glob, codes)| {
            codes.iter().any(|code| code == "ALL" || finding.code.0.starts_with(code.as_str()))
                && glob.is_match(finding.file.path().as_str())
        })
    }
}

#[cfg(test)]
mod tests;
