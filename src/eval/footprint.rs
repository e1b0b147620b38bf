//! What a column of a run leaves behind besides its results, so that runs can be seen beside each other later: what was
//! asked in this run and how that went, and why cells did not pass.

use std::collections::BTreeMap;

use super::cell::{CellRecord, State};
use crate::detect::secret;
use crate::stats::Sketch;

/// Different reasons that are counted; of more, only how many cells have one.
const MOST_REASONS: usize = 64;
/// Reasons that are left at the end, the most frequent.
const KEPT_REASONS: usize = 8;
/// Characters of a reason.
const LONGEST_REASON: usize = 200;

/// What the cells of a column leave behind.
#[derive(Clone, Debug, Default)]
pub struct Footprint {
    /// Cells that were asked for in this run.
    pub asked: u64,
    /// Their latencies in milliseconds.
    pub latencies: Sketch,
    /// US dollars of their answers; see [`Self::cost_usd`].
    cost_usd: f64,
    unpriced: bool,
    reasons: BTreeMap<String, u64>,
    other_reasons: u64,
}

impl Footprint {
    /// Counts a cell.
    pub(super) fn add(&mut self, cell: &CellRecord) {
        if cell.attempts > 0 {
            self.asked += 1;
            if let Some(latency) = cell.latency_ms {
                self.latencies.add(latency);
            }
            self.cost_usd += cell.cost_usd.unwrap_or(0.0);
            self.unpriced |= cell.usage.is_some() && cell.cost_usd.is_none();
        }
        if let Some(reason) = reason(cell) {
            if self.reasons.len() < MOST_REASONS || self.reasons.contains_key(&reason) {
                *self.reasons.entry(reason).or_insert(0) += 1;
            } else {
                self.other_reasons += 1;
            }
        }
    }

    /// What was asked cost so much, in US dollars; none where a price is not known.
    pub fn cost_usd(&self) -> Option<f64> {
        (!self.unpriced).then_some(self.cost_usd)
    }

    /// The most frequent reasons with how many cells have them, and how many cells have another one.
    pub fn reasons(&self) -> (Vec<(String, u64)>, u64) {
        let mut reasons: Vec<(String, u64)> =
            self.reasons.iter().map(|(reason, count)| (reason.clone(), *count)).collect();
        reasons.sort_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)));
        let rest = reasons.split_off(reasons.len().min(KEPT_REASONS));
        (reasons, self.other_reasons + rest.iter().map(|(_, count)| count).sum::<u64>())
    }
}

/// Why a cell did not pass, in words that other cells may share: what failed, else which assertions do not hold. What
/// the answer says is not among them.
fn reason(cell: &CellRecord) -> Option<String> {
    if matches!(cell.state, State::Pass | State::Skipped) {
        return None;
    }
    let text = match &cell.error {
        Some(error) => error.clone(),
        None => {
            let mut names: Vec<String> = Vec::new();
            for judgement in cell.judgements.iter().filter(|judgement| !judgement.passed) {
                let name = match judgement.metric == judgement.kind {
                    true => judgement.kind.clone(),
                    false => format!("{} ({})", judgement.kind, judgement.metric),
                };
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            match names.is_empty() {
                true => "score below the threshold".to_owned(),
                false => names.join(", "),
            }
        }
    };
    Some(shortened(&without_secrets(&text)))
}

/// The text without what looks like a secret. The keys of the run are out of it already; this is for those that a
/// provider or a dataset brings in.
fn without_secrets(text: &str) -> String {
    let mut safe = String::new();
    let mut end = 0;
    for secret in secret::find(text) {
        safe.push_str(text.get(end..secret.span.start).unwrap_or_default());
        safe.push_str("****");
        end = secret.span.end;
    }
    safe.push_str(text.get(end..).unwrap_or_default());
    safe
}

fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(LONGEST_REASON) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::cell::{CellIndex, Judgement};

    fn cell(state: State, error: Option<&str>) -> CellRecord {
        let index = CellIndex { suite: 0, column: 0, case: 0, repeat: 1 };
        CellRecord { error: error.map(str::to_owned), ..CellRecord::unanswered(index, state) }
    }

    fn judged(kinds: &[(&str, &str, bool)]) -> CellRecord {
        let judgements = kinds.iter().map(|(kind, metric, passed)| Judgement {
            kind: (*kind).to_owned(),
            metric: (*metric).to_owned(),
            value: None,
            score: Some(0.0),
            raw: None,
            parts: Vec::new(),
            passed: *passed,
            reason: "is \"what the answer says\"".to_owned(),
            label: None,
        });
        CellRecord { judgements: judgements.collect(), ..cell(State::Fail, None) }
    }

    #[test]
    fn a_reason_names_what_failed_and_not_the_answer() {
        let kinds =
            [("equals", "equals", false), ("rouge-l", "overlap", false), ("json", "json", true)];
        assert_eq!(reason(&judged(&kinds)).as_deref(), Some("equals, rouge-l (overlap)"));
        assert_eq!(reason(&judged(&[])).as_deref(), Some("score below the threshold"));
        assert_eq!(reason(&cell(State::Pass, None)), None);
        let error = cell(State::Error, Some("429: slow down\nmore"));
        assert_eq!(reason(&error).as_deref(), Some("429: slow down"));
    }

    #[test]
    fn secrets_are_no_reason() {
        let key = ["AKIA", "Q3EGRZ7XW2MBTC5K"].concat();
        let error = cell(State::Error, Some(&format!("401: the key {key} is not valid")));
        let found = reason(&error).unwrap();
        assert_eq!(found, "401: the key **** is not valid");
        let long = cell(State::Error, Some(&"é".repeat(1000)));
        assert_eq!(reason(&long).unwrap().chars().count(), LONGEST_REASON + 1);
    }

    #[test]
    fn reasons_are_bounded_and_none_is_lost() {
        let mut footprint = Footprint::default();
        for count in 0..1000 {
            footprint.add(&cell(State::Error, Some(&format!("error {}", count % 100))));
        }
        let (reasons, others) = footprint.reasons();
        assert_eq!(reasons.len(), KEPT_REASONS);
        assert_eq!(reasons[0], ("error 0".to_owned(), 10));
        assert_eq!(reasons.iter().map(|(_, count)| count).sum::<u64>() + others, 1000);
    }

    #[test]
    fn only_what_was_asked_in_this_run_counts_as_asked() {
        let usage = Some(crate::message::Usage::default());
        let called = |cost_usd, attempts| CellRecord {
            attempts,
            latency_ms: Some(100.0),
            usage,
            cost_usd,
            ..cell(State::Pass, None)
        };
        let mut footprint = Footprint::default();
        footprint.add(&called(Some(0.5), 2));
        footprint.add(&called(None, 0));
        assert_eq!((footprint.asked, footprint.latencies.len()), (1, 1));
        assert_eq!(footprint.cost_usd(), Some(0.5));
        footprint.add(&called(None, 1));
        assert_eq!(footprint.cost_usd(), None);
    }
}
