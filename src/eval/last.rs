//! What did not pass in the last run of each suite, so that it alone can be run again.
//!
//! A run of a part of a suite changes what is known of that part only. Repeats of a case are run again together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::cell::{CellIndex, State};
use super::plan::{Column, Plan, PlannedCase, SuitePlan};

/// The version of the file.
const VERSION: u32 = 1;

/// What did not pass, by suite. A suite that is not in it was not run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LastRuns(BTreeMap<String, BTreeMap<Place, String>>);

/// A case of a prompt on a model.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Place {
    prompt: String,
    model: String,
    case: String,
}

impl Place {
    fn of(column: &Column, case: &PlannedCase) -> Self {
        Self {
            prompt: column.prompt.clone(),
            model: column.model.label.clone(),
            case: case.id.clone(),
        }
    }
}

/// The file.
#[derive(Serialize, Deserialize)]
struct File {
    v: u32,
    suites: BTreeMap<String, Vec<Entry>>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    prompt: String,
    model: String,
    case: String,
    state: String,
}

/// The worst that became of a case, by its place in the plan; those that passed are not in it.
#[derive(Clone, Debug, Default)]
pub struct Troubles(BTreeMap<(usize, usize), BTreeMap<usize, State>>);

impl Troubles {
    /// Whether everything passed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes what became of a cell.
    pub fn add(&mut self, index: CellIndex, state: State) {
        if state != State::Pass {
            let column = self.0.entry((index.suite, index.column)).or_default();
            let worst = column.entry(index.case).or_insert(state);
            *worst = state.max(*worst);
        }
    }
}

impl LastRuns {
    /// Reads the file; none where it is damaged or of another version.
    pub fn parse(text: &str) -> Option<Self> {
        let file: File = serde_json::from_str(text).ok()?;
        let suites = file.suites.into_iter().map(|(suite, entries)| {
            let entries = entries
                .into_iter()
                .map(|Entry { prompt, model, case, state }| (Place { prompt, model, case }, state));
            (suite, entries.collect())
        });
        (file.v == VERSION).then(|| Self(suites.collect()))
    }

    /// The text of the file.
    pub fn write(&self) -> String {
        let suites = self.0.iter().map(|(suite, entries)| {
            let entries = entries.iter().map(|(place, state)| Entry {
                prompt: place.prompt.clone(),
                model: place.model.clone(),
                case: place.case.clone(),
                state: state.clone(),
            });
            (suite.clone(), entries.collect())
        });
        let file = File { v: VERSION, suites: suites.collect() };
        let mut text = serde_json::to_string(&file).expect("texts and numbers print");
        text.push('\n');
        text
    }

    /// Whether a suite was run.
    pub fn knows(&self, suite: &str) -> bool {
        self.0.contains_key(suite)
    }

    /// What became of a case in the last run, where it did not pass.
    pub fn state(&self, suite: &SuitePlan, column: &Column, case: &PlannedCase) -> Option<&str> {
        let places = self.0.get(&suite.name)?;
        places.get(&Place::of(column, case)).map(String::as_str)
    }

    /// Takes over what a run found. `whole`: it ran the suites as their files say, so that nothing else is left of them.
    pub fn update(&mut self, plan: &Plan, troubles: &Troubles, whole: bool) {
        for (s, suite) in plan.suites.iter().enumerate() {
            let known = self.0.entry(suite.name.clone()).or_default();
            if whole {
                known.clear();
            }
            for (c, column) in suite.columns.iter().enumerate() {
                // What was run and is no trouble any more. There is nothing to look for where nothing was known.
                if !known.is_empty() && !whole {
                    for (k, case) in suite.cases.iter().enumerate() {
                        if suite.runs(c, k) {
                            known.remove(&Place::of(column, &case));
                        }
                    }
                }
                for (k, state) in troubles.0.get(&(s, c)).into_iter().flatten() {
                    let place = Place::of(column, &suite.cases.get(*k));
                    known.insert(place, state.as_str().to_owned());
                }
            }
        }
    }
}

impl Plan {
    /// Leaves the cases in columns that are wanted; cases, columns and suites of which nothing is left go.
    pub fn keep(&mut self, wanted: &mut dyn FnMut(&SuitePlan, &Column, &PlannedCase) -> bool) {
        self.filtered = true;
        for suite in &mut self.suites {
            let suite = Arc::get_mut(suite).expect("a plan is not shared while it is made");
            let mut left: Vec<(usize, usize)> = Vec::new();
            for (c, column) in suite.columns.iter().enumerate() {
                for (k, case) in suite.cases.iter().enumerate() {
                    if suite.runs(c, k) && wanted(suite, column, &case) {
                        left.push((c, k));
                    }
                }
            }
            let columns: BTreeSet<usize> = left.iter().map(|(column, _)| *column).collect();
            let cases: BTreeSet<usize> = left.iter().map(|(_, case)| *case).collect();
            retain(&mut suite.columns, &columns);
            suite.cases.retain(&cases);
            let left: BTreeSet<(usize, usize)> = left.into_iter().collect();
            suite.left_out.clear();
            for (c, old_column) in columns.iter().enumerate() {
                for (k, old_case) in cases.iter().enumerate() {
                    if !left.contains(&(*old_column, *old_case)) {
                        suite.left_out.insert((c, k));
                    }
                }
            }
        }
        self.suites.retain(|suite| !suite.cases.is_empty());
    }
}

/// Keeps the items at these places.
fn retain<T>(items: &mut Vec<T>, places: &BTreeSet<usize>) {
    let mut place = 0;
    items.retain(|_| {
        place += 1;
        places.contains(&(place - 1))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::plan::{Selection, plan};
    use crate::path::RepoPath;
    use crate::project::Project;
    use crate::snapshot::Snapshot;

    fn planned(models: &[&str], ids: &[&str]) -> Plan {
        let files = [
            ("prompts/p.yaml", "model: echo/a\nmessages: [{role: user, content: hi}]\n"),
            (
                "evals/s.yaml",
                "prompts: [p]\nassert: [{type: equals, value: hi}]\ncases: [{id: x}, {id: y}, {id: z}]\n",
            ),
        ];
        let files = files.map(|(path, text)| (RepoPath::new(path).unwrap(), text.into()));
        let project = Project::load(&Snapshot::memory(files)).unwrap();
        let owned =
            |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let (models, ids) = (owned(models), owned(ids));
        let selection = Selection { models: &models, cases: &ids, ..Selection::default() };
        plan(&project, selection, &mut |_| unreachable!("no other version is named")).unwrap()
    }

    /// Marks the cells of column 0 at these places of the plan.
    fn troubles(cells: &[(usize, State)]) -> Troubles {
        let mut troubles = Troubles::default();
        for (case, state) in cells {
            let index = CellIndex { suite: 0, column: 0, case: *case, repeat: 1 };
            troubles.add(index, *state);
        }
        troubles
    }

    fn failed(runs: &LastRuns, plan: &Plan) -> Vec<String> {
        let suite = &plan.suites[0];
        let cases = suite.cases.iter().filter_map(|case| {
            let state = runs.state(suite, &suite.columns[0], &case)?;
            Some(format!("{} {state}", case.id))
        });
        cases.collect()
    }

    #[test]
    fn a_part_of_a_run_changes_that_part_only() {
        let all = planned(&[], &[]);
        let mut runs = LastRuns::default();
        assert!(!runs.knows("s"));
        runs.update(
            &all,
            &troubles(&[(0, State::Pass), (1, State::Fail), (2, State::NotRun)]),
            true,
        );
        assert!(runs.knows("s"));
        assert_eq!(failed(&runs, &all), ["y fail", "z not_run"]);
        runs.update(&planned(&[], &["z"]), &troubles(&[]), false);
        assert_eq!(failed(&runs, &all), ["y fail"]);
        let other = planned(&["echo/b"], &[]);
        runs.update(&other, &troubles(&[(0, State::Error)]), false);
        assert_eq!(failed(&runs, &all), ["y fail"]);
        assert_eq!(failed(&runs, &other), ["x error"]);
        runs.update(&all, &troubles(&[]), true);
        assert_eq!(failed(&runs, &all), [""; 0]);
        assert!(runs.knows("s"));
    }

    #[test]
    fn the_worst_of_repeats_counts() {
        let troubles = troubles(&[(1, State::Fail), (1, State::Pass), (1, State::Error)]);
        assert_eq!(troubles.0, BTreeMap::from([((0, 0), BTreeMap::from([(1, State::Error)]))]));
    }

    #[test]
    fn the_file_is_read_as_it_was_written() {
        let mut runs = LastRuns::default();
        runs.update(&planned(&[], &[]), &troubles(&[(1, State::Fail)]), true);
        assert_eq!(LastRuns::parse(&runs.write()), Some(runs));
        for text in ["", "{}", "{\"v\": 2, \"suites\": {}}", "{\"v\": 1, \"suites\": 3}"] {
            assert_eq!(LastRuns::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_plan_keeps_the_cells_that_are_wanted() {
        let mut plan = planned(&["echo/a", "echo/b", "echo/c"], &[]);
        plan.keep(&mut |_, column, case| {
            matches!(
                (column.model.label.as_str(), case.id.as_str()),
                ("echo/a", "x") | ("echo/c", "x" | "z")
            )
        });
        let suite = &plan.suites[0];
        let models: Vec<&str> =
            suite.columns.iter().map(|column| column.model.label.as_str()).collect();
        let cases: Vec<String> = suite.cases.iter().map(|case| case.id.clone()).collect();
        assert_eq!(models, ["echo/a", "echo/c"]);
        assert_eq!(cases, ["x", "z"]);
        let runs = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(column, case)| suite.runs(column, case));
        assert_eq!(runs, [true, false, true, true]);
        assert!(plan.filtered);
        plan.keep(&mut |_, _, _| false);
        assert!(plan.suites.is_empty());
    }
}
