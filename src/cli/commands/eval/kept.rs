//! Leaving a run in the local store, for `pf history` and `pf stats`.

use super::inputs;
use crate::cli::ui::Ui;
use crate::eval::runner::Mode;
use crate::snapshot::Home;
use crate::store::runs::RunRecord;
use crate::store::{Archive, StoreError, Warning};

/// Remembers a run. That it cannot be remembered costs nobody its results.
///
/// A replayed run is remembered only where others are: a fresh clone that replays, as CI does, stays as it is.
pub(super) fn keep(home: &Home, mode: Mode, run: &RunRecord, ui: &mut Ui) {
    let folder = inputs::store_folder(home);
    let kept = match mode {
        Mode::NoCache => return,
        _ if inputs::is_tracked(home) => return,
        Mode::Replay => {
            // Whoever replays has asked for nothing to be written, so nobody misses it.
            let _ = Archive::open(&folder).and_then(|(archive, _)| match archive {
                Some(mut archive) => archive.remember(run),
                None => Ok(()),
            });
            return;
        }
        Mode::Cached | Mode::Record | Mode::Refresh => {
            Archive::create(&folder).and_then(|(mut archive, _)| archive.remember(run))
        }
    };
    if let Err(error) = kept {
        let reason = match error {
            StoreError::Unopened(
                Warning::Unusable { reason, .. } | Warning::ReadOnly { reason, .. },
            ) => reason,
            error => error.to_string(),
        };
        ui.note(format!("this run is not kept for `pf history`: {reason}"));
    }
}
