//! `--shard`: a run in parts on several machines, which `pf merge` puts together.

use crate::cli::error::Error;
use crate::cli::ui::Ui;
use crate::diagnostic::counted;
use crate::eval::plan::Plan;
use crate::eval::run::Run;
use crate::eval::shard::{Shard, ShardError};

/// Which part runs.
#[derive(Clone, Copy, Debug)]
pub(super) enum ShardArg {
    /// The one that the job's environment names.
    Auto,
    /// This one.
    Given(Shard),
}

impl ShardArg {
    pub(super) fn parse(text: &str) -> Result<Self, ShardError> {
        match text {
            "auto" => Ok(Self::Auto),
            text => text.parse().map(Self::Given),
        }
    }

    pub(super) fn shard(self) -> Result<Shard, Error> {
        match self {
            Self::Given(shard) => Ok(shard),
            Self::Auto => Shard::from_environment(environment)
                .map_err(|error| Error::usage(format!("--shard auto: {error}"))),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "where CI systems say which of its jobs this is")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Says which part of the cases runs.
pub(super) fn announce(plan: &Plan, ui: &mut Ui) {
    let Some(shard) = plan.shard else { return };
    let here: usize = plan.suites.iter().map(|suite| suite.cases.len()).sum();
    let all: usize = plan.suites.iter().map(|suite| suite.selected).sum();
    ui.note(format!(
        "shard {shard}: {here} of {}; `pf merge` checks the gates when all shards are there",
        counted(all, "case")
    ));
}

/// Leaves the gates to those who see all shards, but for those that a part can break for the whole: numbers of errors and
/// of cells that did not run only grow.
pub(super) fn leave_gates(run: &mut Run) {
    for result in &mut run.results {
        result.gates.retain(|gate| matches!(gate.name.as_str(), "errors" | "not_run"));
    }
}
