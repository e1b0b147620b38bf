//! Progress of a run: a bar on a terminal, a line now and then elsewhere, nothing when there is nothing to wait for.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::ui::Ui;
use crate::eval::cell::{CellRecord, Origin, State};
use crate::eval::runner::Prepared;

/// Between two plain lines.
const EVERY: Duration = Duration::from_secs(10);

/// What a run has come to so far.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    plain: bool,
    total: usize,
    done: usize,
    failed: usize,
    troubled: usize,
    cost_usd: f64,
    started: Instant,
    said: Instant,
}

impl Progress {
    /// The progress of these cells; silent when no call is needed.
    pub(super) fn new(ui: &Ui, cells: &[Prepared]) -> Self {
        let waits = cells.iter().any(Prepared::calls);
        let bar = (waits && ui.watched()).then(|| {
            let bar = ProgressBar::new(cells.len() as u64);
            let style =
                ProgressStyle::with_template("{bar:30} {pos}/{len} {per_sec} {msg} ({eta} left)");
            bar.set_style(style.expect("a constant template").progress_chars("=> "));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        let now = Instant::now();
        Self {
            plain: waits && bar.is_none() && !ui.quiet(),
            bar,
            total: cells.len(),
            done: 0,
            failed: 0,
            troubled: 0,
            cost_usd: 0.0,
            started: now,
            said: now,
        }
    }

    /// Counts a cell.
    pub(super) fn cell(&mut self, cell: &CellRecord) {
        self.done += 1;
        match cell.state {
            State::Pass => {}
            State::Fail => self.failed += 1,
            _ => self.troubled += 1,
        }
        if cell.origin == Some(Origin::Called) {
            self.cost_usd += cell.cost_usd.unwrap_or(0.0);
        }
        if let Some(bill) = cell.bill.filter(|bill| bill.attempts > 0) {
            self.cost_usd += bill.cost_usd.unwrap_or(0.0);
        }
        if let Some(bar) = &self.bar {
            bar.set_position(self.done as u64);
            bar.set_message(self.words());
        } else if self.plain && self.said.elapsed() >= EVERY {
            self.said = Instant::now();
            let rate = self.done as f64 / self.started.elapsed().as_secs_f64().max(0.001);
            let left = (self.total - self.done) as f64 / rate.max(0.001);
            Ui::progress_line(&format!(
                "{}/{} {} ({left:.0} s left)",
                self.done,
                self.total,
                self.words()
            ));
        }
    }

    fn words(&self) -> String {
        let cost =
            if self.cost_usd > 0.0 { format!(", ${:.4}", self.cost_usd) } else { String::new() };
        format!("{} failed, {} not decided{cost}", self.failed, self.troubled)
    }

    /// Clears the bar.
    pub(super) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
