//! `--failed`: what did not pass last time, kept in a small file beside the local store.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::inputs::store_folder;
use crate::cli::error::Error;
use crate::cli::ui::Ui;
use crate::cli::write;
use crate::eval::last::{LastRuns, Troubles};
use crate::eval::plan::Plan;
use crate::snapshot::Home;
use crate::store;

fn file(home: &Home) -> PathBuf {
    store_folder(home).join("last-run.json")
}

/// What is known of the last runs; nothing where there were none, or where the file says nothing that can be read.
#[expect(
    clippy::disallowed_methods,
    reason = "local state beside the store, no file of the project"
)]
fn read(home: &Home) -> LastRuns {
    let text = std::fs::read_to_string(file(home)).unwrap_or_default();
    LastRuns::parse(&text).unwrap_or_default()
}

/// Leaves of a plan what did not pass last time.
pub(super) fn select(mut plan: Plan, home: &Home, ui: &mut Ui) -> Result<Plan, Error> {
    let runs = read(home);
    let (known, unknown): (Vec<String>, Vec<String>) =
        plan.suites.iter().map(|suite| suite.name.clone()).partition(|name| runs.knows(name));
    if known.is_empty() {
        return Err(Error::nothing(format!("there is no last run of {}", unknown.join(", ")))
            .hint("`pf eval` makes one; runs with --replay or --no-cache leave nothing behind"));
    }
    if !unknown.is_empty() {
        ui.warn(format!("left out, for there is no last run: {}", unknown.join(", ")));
    }
    let mut states: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = 0_usize;
    plan.keep(&mut |suite, column, case| {
        all += usize::from(runs.knows(&suite.name));
        let state = runs.state(suite, column, case);
        if let Some(state) = state {
            *states.entry(state.replace('_', " ")).or_default() += 1;
        }
        state.is_some()
    });
    if plan.suites.is_empty() {
        return Err(Error::nothing(format!(
            "nothing that was selected failed in the last run of {}",
            known.join(", ")
        )));
    }
    let parts: Vec<String> =
        states.iter().map(|(state, count)| format!("{count} {state}")).collect();
    let selected: usize = states.values().sum();
    ui.note(format!("{selected} of {all} did not pass last time: {}", parts.join(", ")));
    Ok(plan)
}

/// Keeps what did not pass for the next time. That it cannot be kept costs nobody the results of a run.
pub(super) fn keep(home: &Home, plan: &Plan, troubles: &Troubles, whole: bool, ui: &mut Ui) {
    if troubles.is_empty() && !file(home).is_file() {
        return;
    }
    let mut runs = read(home);
    runs.update(plan, troubles, whole);
    let folder = store_folder(home);
    let kept = store::make_folder(&folder).map_err(Error::from);
    let kept = kept.and_then(|()| write::replace(&file(home), runs.write().as_bytes()));
    if let Err(error) = kept {
        ui.note(format!("what failed is not kept for --failed: {}", error.message()));
    }
}
