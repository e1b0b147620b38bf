//! What no case of any suite tries: prompts without a suite, values of variables, branches of templates, answers.
//!
//! It is counted in points. A prompt has one for each variable that may be left out (some case gives it), each value of
//! an enumerated or boolean variable (some case has it, as a default too), each branch of its templates (some case takes
//! it) and each value that an `enum` of its output schema lists (some case expects it). No model is asked.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde_json::{Map, Value};

use super::cases::PlannedCases;
use super::plan::{Column, Plan, PlanError, PlannedCase};
use crate::diagnostic::Diagnostic;
use crate::path::RepoPath;
use crate::project::Project;
use crate::project::prompt::Prompt;
use crate::project::variable::Variable;
use crate::template::{self, branches::Branch, branches::Branches};

/// How deep schemas are searched for enumerations.
const MAX_DEPTH: usize = 16;

/// What the cases of some suites try of a prompt.
#[derive(Clone, PartialEq, Debug)]
pub struct PromptCoverage {
    /// The prompt.
    pub name: String,
    /// Its file.
    pub path: RepoPath,
    /// The suites that ask it.
    pub suites: Vec<String>,
    /// Their cases.
    pub cases: usize,
    /// What there is to try.
    pub points: usize,
    /// Variables that no case gives: only their defaults are tried.
    pub never_given: Vec<String>,
    /// Values that no case has, by variable.
    pub values: Vec<Untried>,
    /// Branches that no case takes.
    pub branches: Vec<Branch>,
    /// Values that no case expects, by their place in the answer.
    pub answers: Vec<Untried>,
}

/// Values that are not tried.
#[derive(Clone, PartialEq, Debug)]
pub struct Untried {
    /// The variable, or the place in the answer; empty for the answer itself.
    pub of: String,
    /// The values.
    pub values: Vec<Value>,
}

impl PromptCoverage {
    /// The points that are covered.
    pub fn covered(&self) -> usize {
        let untried = |list: &[Untried]| list.iter().map(|one| one.values.len()).sum::<usize>();
        let left = self.never_given.len()
            + untried(&self.values)
            + self.branches.len()
            + untried(&self.answers);
        self.points.saturating_sub(left)
    }

    /// The share of its points that is covered: 0 without a case, 1 where there is nothing to vary.
    pub fn share(&self) -> f64 {
        match (self.cases, self.points) {
            (0, _) => 0.0,
            (_, 0) => 1.0,
            (_, points) => self.covered() as f64 / points as f64,
        }
    }
}

/// What the planned cases try of the prompts of this version. Prompts that no planned suite asks are among them where
/// `others` says so, unless they say `active: false`.
pub fn coverage(
    project: &Project,
    plan: Option<&Plan>,
    others: bool,
) -> Result<Vec<PromptCoverage>, PlanError> {
    let mut all = Vec::new();
    for prompt in project.prompts.values() {
        let mut suites = Vec::new();
        let mut asked: Vec<(&Column, &PlannedCases)> = Vec::new();
        for suite in plan.iter().flat_map(|plan| &plan.suites) {
            // On another model the same is asked; in another version, another prompt is.
            let column = suite.columns.iter().find(|column| column.prompt == prompt.name.as_str());
            if let Some(column) = column {
                suites.push(suite.name.clone());
                asked.push((column, &suite.cases));
            }
        }
        if suites.is_empty() && (!others || !prompt.file.active) {
            continue;
        }
        all.push(of_prompt(project, prompt, suites, &asked)?);
    }
    Ok(all)
}

fn of_prompt(
    project: &Project,
    prompt: &Prompt,
    suites: Vec<String>,
    asked: &[(&Column, &PlannedCases)],
) -> Result<PromptCoverage, PlanError> {
    let mut coverage = PromptCoverage {
        name: prompt.name.to_string(),
        path: prompt.path.clone(),
        suites,
        cases: asked.iter().map(|(_, cases)| cases.len()).sum(),
        points: 0,
        never_given: Vec::new(),
        values: Vec::new(),
        branches: Vec::new(),
        answers: Vec::new(),
    };
    if coverage.cases == 0 {
        return Ok(coverage);
    }
    let closure = template::closure_of(project, prompt)?;
    let branches = Branches::new(prompt, &closure).map_err(PlanError::Findings)?;
    let mut lists = Vec::new();
    if let Some(schema) = prompt.file.output.as_ref().and_then(|output| output.schema.as_ref()) {
        find_lists(schema, &mut Vec::new(), &mut lists);
    }
    let mut seen = Seen::default();
    for (column, cases) in asked {
        for batch in cases.batches() {
            let of_batch = batch
                .par_iter()
                .map(|case| Seen::of(prompt, &branches, &lists, column, case))
                .try_reduce(Seen::default, |all, one| Ok(all.with(one)))
                .map_err(PlanError::Findings)?;
            seen = seen.with(of_batch);
        }
    }

    for (name, variable) in &prompt.file.variables {
        if !variable.required() {
            coverage.points += 1;
            if !seen.given.contains(name) {
                coverage.never_given.push(name.clone());
            }
        }
        let tried = seen.values.get(name);
        let untried = choices(variable);
        coverage.points += untried.len();
        coverage.values.extend(left(name.clone(), untried, tried));
    }
    let all = branches.all();
    coverage.points += all.len();
    let missed = all.into_iter().enumerate().filter(|(index, _)| !seen.branches.contains(index));
    coverage.branches = missed.map(|(_, branch)| branch).collect();
    // Where no case says what it expects there, expectations say nothing about the list.
    for (index, list) in lists.into_iter().enumerate() {
        if let Some(expected) = seen.expected.get(&index) {
            coverage.points += list.values.len();
            coverage.answers.extend(left(list.name(), list.values, Some(expected)));
        }
    }
    Ok(coverage)
}

/// The values that were not tried, where there are such.
fn left(of: String, values: Vec<Value>, tried: Option<&BTreeSet<String>>) -> Option<Untried> {
    let mut values = values;
    values.retain(|value| !tried.is_some_and(|tried| tried.contains(&text(value))));
    (!values.is_empty()).then_some(Untried { of, values })
}

/// The values that a variable may have, where they are few and known.
fn choices(variable: &Variable) -> Vec<Value> {
    match (variable.choices(), variable.type_name()) {
        (Some(choices), _) => choices.clone(),
        (None, Some("boolean")) => vec![Value::Bool(true), Value::Bool(false)],
        _ => Vec::new(),
    }
}

/// A value as text, by which values of data sets are compared: those of CSV have no types.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What some cases try.
#[derive(Debug, Default)]
struct Seen {
    given: BTreeSet<String>,
    values: BTreeMap<String, BTreeSet<String>>,
    branches: BTreeSet<usize>,
    /// By the place of the list.
    expected: BTreeMap<usize, BTreeSet<String>>,
}

impl Seen {
    fn of(
        prompt: &Prompt,
        branches: &Branches,
        lists: &[List],
        column: &Column,
        case: &PlannedCase,
    ) -> Result<Self, Vec<Diagnostic>> {
        let values = column.values(case)?;
        let own = &case.placed.case;
        let given = own.variables.iter();
        // An empty cell of a CSV file means that the variable is not given.
        let given = given.filter(|(_, value)| !own.textual || value.as_str() != Some(""));
        let tried = prompt.file.variables.iter().filter_map(|(name, variable)| {
            let value = values.get(name).filter(|_| !choices(variable).is_empty())?;
            Some((name.clone(), BTreeSet::from([text(value)])))
        });
        Ok(Self {
            given: given.map(|(name, _)| name.clone()).collect(),
            values: tried.collect(),
            branches: branches.reached(&values)?,
            expected: own.expected.as_ref().map(|value| expected(value, lists)).unwrap_or_default(),
        })
    }

    fn with(mut self, other: Self) -> Self {
        self.given.extend(other.given);
        self.branches.extend(other.branches);
        for (name, values) in other.values {
            self.values.entry(name).or_default().extend(values);
        }
        for (list, values) in other.expected {
            self.expected.entry(list).or_default().extend(values);
        }
        self
    }
}

/// An `enum` of an output schema.
#[derive(Debug)]
struct List {
    /// Keys on the way to it; `None` for the items of an array.
    way: Vec<Option<String>>,
    values: Vec<Value>,
}

impl List {
    fn name(&self) -> String {
        let mut name = String::new();
        for step in &self.way {
            match step {
                None => name.push_str("[]"),
                Some(key) if name.is_empty() => name.push_str(key),
                Some(key) => name.extend([".", key]),
            }
        }
        name
    }
}

fn find_lists(schema: &Map<String, Value>, way: &mut Vec<Option<String>>, lists: &mut Vec<List>) {
    if way.len() > MAX_DEPTH {
        return;
    }
    if let Some(Value::Array(values)) = schema.get("enum") {
        lists.push(List { way: way.clone(), values: values.clone() });
    }
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let below = properties.map(|(key, below)| (Some(key.clone()), below));
    for (step, below) in below.chain(schema.get("items").map(|below| (None, below))) {
        if let Value::Object(below) = below {
            way.push(step);
            find_lists(below, way, lists);
            way.pop();
        }
    }
}

/// What a case expects where the lists stand. A single value is that of the only list.
fn expected(value: &Value, lists: &[List]) -> BTreeMap<usize, BTreeSet<String>> {
    let parsed = match value {
        Value::String(written) => serde_json::from_str(written).ok().filter(Value::is_object),
        _ => None,
    };
    let value = parsed.as_ref().unwrap_or(value);
    if let ([list], false) = (lists, value.is_object() || value.is_array()) {
        let known = list.values.iter().any(|one| text(one) == text(value));
        return known.then(|| (0, BTreeSet::from([text(value)]))).into_iter().collect();
    }
    let mut found: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for (index, list) in lists.iter().enumerate() {
        let mut here = vec![value];
        for step in &list.way {
            here = here
                .into_iter()
                .flat_map(|value| match step {
                    Some(key) => value.get(key).into_iter().collect::<Vec<_>>(),
                    None => value.as_array().into_iter().flatten().collect(),
                })
                .collect();
        }
        if !here.is_empty() {
            found.entry(index).or_default().extend(here.into_iter().map(text));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::eval::plan::{Selection, plan};
    use crate::snapshot::Snapshot;

    fn covered(files: &[(&str, &str)]) -> Vec<PromptCoverage> {
        let files = files.iter();
        let files: Vec<(RepoPath, Vec<u8>)> =
            files.map(|(path, text)| (RepoPath::new(path).unwrap(), (*text).into())).collect();
        let project = Project::load(&Snapshot::memory(files)).unwrap();
        let plan = plan(&project, Selection::default(), &mut |_| unreachable!()).unwrap();
        coverage(&project, Some(&plan), true).unwrap()
    }

    const PROMPT: &str = "
model: echo/echo
variables:
  text: string
  tier: {enum: [free, pro], default: free}
  loud: {type: boolean, default: false}
messages:
  - role: user
    content: |
      {{ text }}{% if loud %}!{% endif %}
output:
  format: json
  schema: {type: object, properties: {label: {enum: [bug, other]}, deep: {items: {enum: [1, 2]}}}}
";

    #[test]
    fn what_no_case_tries_is_found() {
        let suite = "
prompts: [p]
cases:
  - {id: a, variables: {text: x}, expected: {label: bug}}
  - {id: b, variables: {text: y, loud: true}, expected: '{\"label\": \"bug\"}'}
assert: [{type: is-json}]
";
        let found = covered(&[
            ("prompts/p.yaml", PROMPT),
            ("prompts/q.yaml", "model: echo/echo\nmessages: [{role: user, content: hi}]\n"),
            ("prompts/off.yaml", "active: false\nmessages: [{role: user, content: hi}]\n"),
            ("evals/s.yaml", suite),
        ]);
        let [p, q] = &found[..] else { panic!("two prompts: {found:?}") };
        assert_eq!((p.cases, p.points, p.covered()), (2, 2 + 4 + 2 + 2, 10 - 3));
        assert_eq!(p.never_given, ["tier"]);
        assert_eq!(p.values, [Untried { of: "tier".into(), values: vec![json!("pro")] }]);
        assert_eq!(p.branches, []);
        // No case says what it expects of `deep`.
        assert_eq!(p.answers, [Untried { of: "label".into(), values: vec![json!("other")] }]);
        assert_eq!((q.suites.len(), q.cases, q.share()), (0, 0, 0.0));
    }

    #[test]
    fn a_table_gives_what_its_cells_hold() {
        let suite = "prompts: [p]\ndataset: datasets/d.csv\nassert: [{type: is-json}]\n";
        let [p] = &covered(&[
            ("prompts/p.yaml", PROMPT),
            ("evals/s.yaml", suite),
            ("datasets/d.csv", "id,text,tier,loud\n1,x,pro,\n2,y,,\n"),
        ])[..] else {
            panic!("one prompt")
        };
        assert_eq!(p.never_given, ["loud"]);
        assert_eq!(p.values, [Untried { of: "loud".into(), values: vec![json!(true)] }]);
        assert_eq!(p.branches.len(), 1);
        assert_eq!((p.branches[0].line, p.branches[0].text.as_str()), (10, "loud"));
    }

    #[test]
    fn a_single_value_is_of_the_only_list() {
        let lists = |schema: Value| {
            let mut lists = Vec::new();
            find_lists(schema.as_object().unwrap(), &mut Vec::new(), &mut lists);
            lists
        };
        let one = lists(json!({"enum": ["a", "b"]}));
        assert_eq!(one[0].name(), "");
        assert_eq!(expected(&json!("a"), &one)[&0], BTreeSet::from(["a".to_owned()]));
        assert!(expected(&json!("some text"), &one).is_empty());
        let two = lists(json!({"properties": {
            "x": {"enum": ["a"]},
            "y": {"items": {"properties": {"z": {"enum": ["a"]}}}},
        }}));
        assert_eq!(two.iter().map(List::name).collect::<Vec<_>>(), ["x", "y[].z"]);
        assert!(expected(&json!("a"), &two).is_empty());
        let found = expected(&json!({"y": [{"z": "a"}, {"z": "c"}]}), &two);
        assert_eq!(found, BTreeMap::from([(1, ["a", "c"].map(str::to_owned).into())]));
    }
}
