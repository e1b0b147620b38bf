//! What no case tries, for people and as JSON.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::evaluation::percent;
use super::foreign::excerpt;
use super::json::VERSION;
use crate::diagnostic::counted;
use crate::eval::coverage::{PromptCoverage, Untried};
use crate::template::branches::{Branch, BranchKind};

/// Characters of an expression or a value that are shown.
const SHOWN: usize = 80;

/// Writes what is not tried, prompt by prompt.
pub fn write(out: &mut dyn Write, prompts: &[PromptCoverage]) -> io::Result<()> {
    for prompt in prompts {
        if prompt.cases == 0 {
            writeln!(out, "{}: no suite", prompt.name)?;
            continue;
        }
        let points = match prompt.points {
            0 => "nothing to vary".to_owned(),
            points => {
                let share = percent(prompt.share());
                format!("{} of {} covered, {share}", prompt.covered(), counted(points, "point"))
            }
        };
        let cases = counted(prompt.cases, "case");
        writeln!(out, "{}: {points}, by {cases} of {}", prompt.name, prompt.suites.join(", "))?;
        for name in &prompt.never_given {
            writeln!(out, "  no case gives the variable `{name}`")?;
        }
        for untried in &prompt.values {
            writeln!(out, "  no case has the variable `{}` as {}", untried.of, values(untried))?;
        }
        for branch in &prompt.branches {
            writeln!(out, "  {}:{}:{}: {}", branch.file, branch.line, branch.column, said(branch))?;
        }
        for untried in &prompt.answers {
            let of = match untried.of.as_str() {
                "" => "the answer".to_owned(),
                place => format!("`{place}` of the answer"),
            };
            writeln!(out, "  no case expects {of} to be {}", values(untried))?;
        }
    }
    let without = prompts.iter().filter(|prompt| prompt.cases == 0).count();
    let points: usize = prompts.iter().map(|prompt| prompt.points).sum();
    let covered: usize = prompts.iter().map(PromptCoverage::covered).sum();
    writeln!(
        out,
        "{}, {without} without a suite; {covered} of {} covered",
        counted(prompts.len(), "prompt"),
        counted(points, "point")
    )
}

fn values(untried: &Untried) -> String {
    let values: Vec<String> = untried
        .values
        .iter()
        .map(|value| match value {
            Value::String(text) => format!("`{}`", excerpt(text, SHOWN)),
            other => format!("`{}`", excerpt(&other.to_string(), SHOWN)),
        })
        .collect();
    values.join(" or ")
}

fn said(branch: &Branch) -> String {
    let text = excerpt(&branch.text, SHOWN);
    match branch.kind {
        BranchKind::Holds => format!("`{text}` never holds"),
        BranchKind::Fails => format!("`{text}` never fails"),
        BranchKind::Runs => format!("the loop over `{text}` never runs"),
        BranchKind::Empty => format!("the loop over `{text}` always runs"),
    }
}

/// `pf eval --coverage --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf coverage")]
pub struct CoverageJson {
    version: u32,
    kind: &'static str,
    prompts: Vec<PromptJson>,
    summary: Summary,
}

/// What the cases try of a prompt.
#[derive(Debug, Serialize, JsonSchema)]
struct PromptJson {
    name: String,
    path: String,
    /// The suites that ask it; empty for a prompt that nothing tries.
    suites: Vec<String>,
    cases: usize,
    /// What there is to try.
    points: usize,
    covered: usize,
    /// Covered points of all; 0 without a case, 1 where there is nothing to vary.
    share: f64,
    /// Variables that no case gives.
    never_given: Vec<String>,
    /// Values that no case has, of enumerated and boolean variables.
    untried_values: Vec<UntriedJson>,
    /// Branches of templates that no case takes.
    untaken_branches: Vec<BranchJson>,
    /// Values of enumerations of the output schema that no case expects.
    unexpected_answers: Vec<UntriedJson>,
}

/// Values that are not tried.
#[derive(Debug, Serialize, JsonSchema)]
struct UntriedJson {
    /// The variable, or the place in the answer; empty for the answer itself.
    name: String,
    values: Vec<Value>,
}

/// A branch that is not taken.
#[derive(Debug, Serialize, JsonSchema)]
struct BranchJson {
    path: String,
    line: usize,
    column: usize,
    /// The condition, or what a loop runs over.
    expression: String,
    /// When it would be taken: the condition `holds` or `fails`, the loop `runs` or is `empty`.
    when: &'static str,
}

/// Counts over all prompts.
#[derive(Debug, Serialize, JsonSchema)]
struct Summary {
    prompts: usize,
    without_suite: usize,
    points: usize,
    covered: usize,
}

impl CoverageJson {
    /// The coverage of these prompts.
    pub fn new(prompts: &[PromptCoverage]) -> Self {
        Self {
            version: VERSION,
            kind: "coverage",
            summary: Summary {
                prompts: prompts.len(),
                without_suite: prompts.iter().filter(|prompt| prompt.cases == 0).count(),
                points: prompts.iter().map(|prompt| prompt.points).sum(),
                covered: prompts.iter().map(PromptCoverage::covered).sum(),
            },
            prompts: prompts.iter().map(PromptJson::new).collect(),
        }
    }
}

impl PromptJson {
    fn new(prompt: &PromptCoverage) -> Self {
        Self {
            name: prompt.name.clone(),
            path: prompt.path.to_string(),
            suites: prompt.suites.clone(),
            cases: prompt.cases,
            points: prompt.points,
            covered: prompt.covered(),
            share: prompt.share(),
            never_given: prompt.never_given.clone(),
            untried_values: prompt.values.iter().map(UntriedJson::new).collect(),
            untaken_branches: prompt.branches.iter().map(BranchJson::new).collect(),
            unexpected_answers: prompt.answers.iter().map(UntriedJson::new).collect(),
        }
    }
}

impl UntriedJson {
    fn new(untried: &Untried) -> Self {
        Self { name: untried.of.clone(), values: untried.values.clone() }
    }
}

impl BranchJson {
    fn new(branch: &Branch) -> Self {
        Self {
            path: branch.file.to_string(),
            line: branch.line,
            column: branch.column,
            expression: branch.text.clone(),
            when: match branch.kind {
                BranchKind::Holds => "holds",
                BranchKind::Fails => "fails",
                BranchKind::Runs => "runs",
                BranchKind::Empty => "empty",
            },
        }
    }
}
