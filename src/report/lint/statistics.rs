//! How often each rule was broken: where to begin, in a project that has much to mend.

use std::collections::BTreeMap;
use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::{Report, is_safely_fixable, rule};
use crate::diagnostic::RuleId;
use crate::report::json::{LintSummary, VERSION};

/// `pf lint --statistics --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf lint --statistics")]
pub struct Statistics {
    /// The version of this output.
    pub version: u32,
    /// `lint-statistics`.
    pub kind: &'static str,
    /// The rules that were broken: the most frequent first, then by code.
    pub rules: Vec<RuleCount>,
    /// Counts over all rules.
    pub summary: LintSummary,
}

/// How often a rule was broken.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RuleCount {
    /// The code of the rule.
    pub code: String,
    /// Its name.
    pub name: String,
    /// `error`, `warning` or `info`.
    pub severity: String,
    /// Its findings.
    pub count: usize,
    /// How many of them can be fixed.
    pub fixable: usize,
    /// How many of them `--fix` mends without `--unsafe-fixes`.
    pub safely_fixable: usize,
}

impl Statistics {
    /// Counts.
    pub fn new(report: &Report<'_>) -> Self {
        let mut rules: BTreeMap<RuleId, RuleCount> = BTreeMap::new();
        for finding in report.findings {
            let entry = rules.entry(finding.code).or_insert_with(|| RuleCount {
                code: finding.code.to_string(),
                name: rule(finding.code).map_or_else(String::new, |rule| rule.name.to_owned()),
                severity: finding.severity.as_str().to_owned(),
                count: 0,
                fixable: 0,
                safely_fixable: 0,
            });
            entry.count += 1;
            entry.fixable += usize::from(finding.fix.is_some());
            entry.safely_fixable += usize::from(is_safely_fixable(finding));
        }
        let mut rules: Vec<RuleCount> = rules.into_values().collect();
        // Stable, so that equal counts stay in the order of codes.
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.count));
        let summary = LintSummary::new(report.findings, report.files.len());
        Self { version: VERSION, kind: "lint-statistics", rules, summary }
    }

    /// Writes a line for each rule: count, code, `[*]` where `--fix` helps, and name.
    pub fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let width = self.rules.first().map_or(0, |rule| rule.count.to_string().len());
        let fixable = self.rules.iter().any(|rule| rule.safely_fixable > 0);
        for rule in &self.rules {
            let mark = match (fixable, rule.safely_fixable) {
                (false, _) => "",
                (true, 0) => "     ",
                (true, _) => "  [*]",
            };
            writeln!(out, "{:>width$}  {}{mark}  {}", rule.count, rule.code, rule.name)?;
        }
        Ok(())
    }
}
