//! Progress of a run: a bar on a terminal, a line every few seconds elsewhere, nothing when there is nothing to wait for.
//!
//! Always on standard error: results alone go to standard output.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::ui::Ui;
use crate::eval::budget::Spent;
use crate::eval::cell::{CellRecord, Origin, State};
use crate::eval::runner::Cells;
use crate::report::estimate::dollars;

/// Between two plain lines.
const EVERY: Duration = Duration::from_secs(5);

/// What a run has come to so far.
pub(in crate::cli) struct Progress {
    shown: Shown,
    counts: Arc<Mutex<Counts>>,
}

enum Shown {
    Nothing,
    Bar(ProgressBar),
    /// A thread writes the lines, also while every call hangs. It ends when the sender is gone.
    Lines(Sender<()>, JoinHandle<()>),
}

/// Cells and money.
#[derive(Clone, Copy, Debug)]
struct Counts {
    total: usize,
    /// Cells that wait for a call.
    calls: usize,
    done: usize,
    called: usize,
    pass: usize,
    fail: usize,
    error: usize,
    undecided: usize,
    spent: Spent,
    started: Instant,
}

impl Progress {
    /// The progress of these cells; silent when no call is needed.
    pub(in crate::cli) fn new(ui: &Ui, cells: &Cells) -> Self {
        let calls = cells.calls();
        let counts = Arc::new(Mutex::new(Counts::new(cells.len(), calls)));
        let shown = match (calls > 0, ui.watched(), ui.quiet()) {
            (true, true, _) => Shown::bar(cells.len()),
            (true, false, false) => Shown::lines(&counts),
            _ => Shown::Nothing,
        };
        Self { shown, counts }
    }

    /// Counts a cell.
    pub(in crate::cli) fn cell(&mut self, cell: &CellRecord, spent: Spent) {
        if matches!(self.shown, Shown::Nothing) {
            return;
        }
        let mut counts = lock(&self.counts);
        counts.add(cell, spent);
        if let Shown::Bar(bar) = &self.shown {
            bar.set_position(counts.done as u64);
            bar.set_message(counts.words(counts.started.elapsed()));
        }
    }

    /// Clears the bar.
    pub(in crate::cli) fn finish(self) {
        match self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => bar.finish_and_clear(),
            Shown::Lines(end, thread) => {
                drop(end);
                // It panics on nothing; and if it did, the results matter more.
                let _ = thread.join();
            }
        }
    }
}

impl Shown {
    fn bar(total: usize) -> Self {
        let bar = ProgressBar::new(total as u64);
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len}: {msg}");
        bar.set_style(style.expect("a constant template").progress_chars("=> "));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self::Bar(bar)
    }

    fn lines(counts: &Arc<Mutex<Counts>>) -> Self {
        let (end, ended) = mpsc::channel();
        let counts = Arc::clone(counts);
        let thread = thread::spawn(move || {
            while ended.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                let counts = *lock(&counts);
                let words = counts.words(counts.started.elapsed());
                Ui::progress_line(&format!("{}/{}: {words}", counts.done, counts.total));
            }
        });
        Self::Lines(end, thread)
    }
}

fn lock(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Counts {
    fn new(total: usize, calls: usize) -> Self {
        Self {
            total,
            calls,
            done: 0,
            called: 0,
            pass: 0,
            fail: 0,
            error: 0,
            undecided: 0,
            spent: Spent::default(),
            started: Instant::now(),
        }
    }

    fn add(&mut self, cell: &CellRecord, spent: Spent) {
        self.done += 1;
        // What is there already takes no time, so the rate and the time left are those of calls.
        let is_there = cell.origin.is_some_and(|origin| origin != Origin::Called);
        self.called += usize::from(!is_there);
        self.spent = spent;
        *match cell.state {
            State::Pass => &mut self.pass,
            State::Fail => &mut self.fail,
            State::Error => &mut self.error,
            State::Unscored | State::Skipped | State::NotRun => &mut self.undecided,
        } += 1;
    }

    /// Cells by state, calls a second, money, and the time left.
    fn words(&self, elapsed: Duration) -> String {
        let states: Vec<String> = [
            (self.pass, "passed"),
            (self.fail, "failed"),
            (self.error, "in error"),
            (self.undecided, "undecided"),
        ]
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
        let mut words = if states.is_empty() { vec!["waiting".to_owned()] } else { states };
        let rate = self.called as f64 / elapsed.as_secs_f64().max(0.001);
        if self.called > 0 {
            words.push(format!("{rate:.1}/s"));
        }
        if self.spent.cost_usd > 0.0 {
            words.push(format!("{} spent", dollars(self.spent.cost_usd)));
        }
        if self.called > 0 {
            let left = self.calls.saturating_sub(self.called) as f64 / rate;
            words.push(format!("{} left", time(left)));
        }
        words.join(", ")
    }
}

/// Seconds as people say them.
fn time(seconds: f64) -> String {
    let seconds = seconds.ceil() as u64;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_is_there_and_nothing_else() {
        let mut counts = Counts::new(100, 80);
        assert_eq!(counts.words(Duration::from_secs(5)), "waiting");
        counts = Counts { done: 30, called: 10, pass: 27, fail: 2, error: 1, ..counts };
        counts.spent.cost_usd = 0.25;
        assert_eq!(
            counts.words(Duration::from_secs(5)),
            "27 passed, 2 failed, 1 in error, 2.0/s, $0.2500 spent, 35 s left"
        );
        counts = Counts { called: 80, undecided: 3, ..counts };
        assert!(
            counts
                .words(Duration::from_mins(1))
                .ends_with("3 undecided, 1.3/s, $0.2500 spent, 0 s left")
        );
    }

    #[test]
    fn long_times_are_rounded_up() {
        assert_eq!([0.2, 119.0, 121.0, 7300.0].map(time), ["1 s", "119 s", "3 min", "3 h"]);
    }
}
