//! What of a run is noted beside its commit.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::cell::State;
use super::plan::{Column, Plan, SuitePlan};
use super::run::{ColumnResult, Estimate, Run};
use crate::history::notes::{Counted, Figure, Measured, Note};

/// What the result of a column is a result of.
pub fn measured(suite: &SuitePlan, column: &Column) -> Measured {
    Measured {
        suite_digest: suite.digest,
        digest: column.digest,
        dataset_digest: suite.dataset_digest,
        model: column.model.label.clone(),
    }
}

/// Why nothing is noted: how many cells of the run neither passed nor failed, and what became of them.
pub fn undecided(run: &Run) -> Option<String> {
    let mut states: BTreeMap<State, u64> = BTreeMap::new();
    for (state, count) in run.results.iter().flat_map(|result| &result.states) {
        if !matches!(state, State::Pass | State::Fail) {
            *states.entry(*state).or_default() += count;
        }
    }
    states.retain(|_, count| *count > 0);
    let parts: Vec<String> = states
        .iter()
        .map(|(state, count)| format!("{count} {}", state.as_str().replace('_', " ")))
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// A note for each pair of prompt and model that was run.
pub fn notes(plan: &Plan, run: &Run, at: Timestamp) -> Vec<Note> {
    run.results.iter().filter_map(|result| note(plan, result, at)).collect()
}

fn note(plan: &Plan, result: &ColumnResult, at: Timestamp) -> Option<Note> {
    let suite = &plan.suites[result.suite];
    let column = &suite.columns[result.column];
    let (pass, fail) = (result.count(State::Pass), result.count(State::Fail));
    let rate = result.pass_rate.map(|rate| ("pass_rate", rate));
    let metrics = result.metrics.iter().map(|(name, estimate)| (name.as_str(), *estimate));
    let metrics = rate.into_iter().chain(metrics);
    let metrics: BTreeMap<String, Figure> = metrics
        .filter(|(_, estimate)| estimate.value.is_finite())
        .map(|(name, estimate)| (name.to_owned(), figure(estimate)))
        .collect();
    let counted = Counted { pass, fail, independent: result.independent };
    (pass + fail > 0).then(|| {
        let name = column.name.as_str();
        Note::new(&suite.name, name, measured(suite, column), column.version, counted, metrics, at)
    })
}

fn figure(estimate: Estimate) -> Figure {
    let interval = estimate.interval.filter(|(low, high)| low.is_finite() && high.is_finite());
    let (low, high) = interval.unzip();
    Figure { value: estimate.value, low, high, n: estimate.n }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::digest::{Digest, sha256};
    use crate::eval::cell::{CellIndex, CellRecord};
    use crate::eval::plan::{self, Selection};
    use crate::eval::run::Tally;
    use crate::path::RepoPath;
    use crate::project::Project;
    use crate::snapshot::Snapshot;
    use crate::template;

    const SUITE: &str = "prompts: [greet]\nmodels: [echo/a, echo/b]\nrepeat: 2\ncases:\n  \
        - {id: one, variables: {name: Ada}}\n  - {id: two, variables: {name: Bob}}\n\
        assert: [{type: contains, value: A}]\n";

    fn project() -> Project {
        let files = [
            (
                "prompts/greet.yaml",
                "model: echo/a\nvariables: {name: string}\nmessages: [{role: user, content: \"{{ name }}\"}]\n",
            ),
            ("evals/greet.yaml", SUITE),
        ];
        let files = files.map(|(path, text)| (RepoPath::new(path).unwrap(), text.into()));
        Project::load(&Snapshot::memory(files)).unwrap()
    }

    fn run(plan: &Plan, state: impl Fn(CellIndex) -> State) -> Run {
        let mut tally = Tally::default();
        for column in 0..2 {
            for case in 0..2 {
                for repeat in 1..=2 {
                    let index = CellIndex { suite: 0, column, case, repeat };
                    tally.add(plan, &CellRecord::unanswered(index, state(index)));
                }
            }
        }
        tally.finish(plan)
    }

    #[test]
    fn a_note_for_each_model_knows_the_version_on_the_prompts_own_model() {
        let project = project();
        let mut version = |_: &str| -> Result<Arc<Project>, _> { unreachable!("no selector") };
        let plan = plan::plan(&project, Selection::default(), &mut version).unwrap();
        let state = |index: CellIndex| match (index.column, index.case, index.repeat) {
            (0, 0, _) | (1, _, _) => State::Pass,
            _ => State::Fail,
        };
        let at: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let run = run(&plan, state);
        let notes = notes(&plan, &run, at);
        let prompt = project.prompts.values().next().unwrap();
        let closure = template::closure_of(&project, prompt).unwrap();
        let model =
            crate::project::model::resolve(&project.config, prompt.file.model.as_ref(), None)
                .unwrap();
        let own: Digest = crate::digest::content(prompt, &closure, Some(&model));
        assert_eq!(notes.iter().map(Note::version).collect::<Vec<_>>(), [own, own]);
        assert_eq!(notes[0].measured.digest, own);
        assert_ne!(notes[1].measured.digest, own);
        assert_eq!(notes[1].measured.model, "echo/b");
        let counts = |note: &Note| (note.n, note.pass, note.fail, note.independent());
        assert_eq!(notes.iter().map(counts).collect::<Vec<_>>(), [(4, 2, 2, 2), (4, 4, 0, 2)]);
        let rate = &notes[0].metrics["pass_rate"];
        assert_eq!(serde_json::json!(rate)["value"], 0.5);
        assert_eq!(notes[0], Note::parse(&notes[0].line()).unwrap());
        assert_ne!(notes[0].measured.suite_digest, sha256(""));
        assert_eq!(undecided(&run), None);
    }

    #[test]
    fn a_cell_that_is_not_decided_is_named() {
        let project = project();
        let mut version = |_: &str| -> Result<Arc<Project>, _> { unreachable!("no selector") };
        let plan = plan::plan(&project, Selection::default(), &mut version).unwrap();
        let state = |index: CellIndex| match (index.column, index.case) {
            (0, 0) => State::Error,
            (0, 1) => State::NotRun,
            (1, 0) if index.repeat == 1 => State::Unscored,
            _ => State::Pass,
        };
        let run = run(&plan, state);
        assert_eq!(undecided(&run).unwrap(), "2 error, 1 unscored, 2 not run");
    }
}
