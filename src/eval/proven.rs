//! What a note proves already, so that it need not be run: today's gates are held against the noted numbers.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::gate::{self, GateResult, Observed, ObservedMean, SHOWN_CONFIDENCE};
use super::noted::measured;
use super::plan::Plan;
use super::run::Estimate;
use crate::history::notes::{Figure, Note, Noted, Notes};
use crate::project::suite::Gates;

/// A prompt on a model that a note speaks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Proven {
    /// The suite.
    pub suite: String,
    /// The prompt, as the suite names it.
    pub prompt: String,
    /// The note and its commit.
    pub noted: Noted,
    /// What has to hold today, and whether it did.
    pub gates: Vec<GateResult>,
}

/// Takes out of a plan what notes prove. A note that leaves a gate of today open proves nothing.
pub fn take(plan: &mut Plan, notes: &Notes) -> Vec<Proven> {
    let mut proven = Vec::new();
    for suite in &mut plan.suites {
        let mut gone: BTreeSet<usize> = BTreeSet::new();
        for (c, column) in suite.columns.iter().enumerate() {
            let found = notes.on(&measured(suite, column));
            let Some(noted) = found else { continue };
            let Some(gates) = gates(&suite.gates, &noted.note) else { continue };
            gone.insert(c);
            proven.push(Proven {
                suite: suite.name.clone(),
                prompt: column.prompt.clone(),
                noted: noted.clone(),
                gates,
            });
        }
        let suite = Arc::get_mut(suite).expect("a plan is not shared while it is made");
        let mut index = 0;
        suite.columns.retain(|_| {
            index += 1;
            !gone.contains(&(index - 1))
        });
    }
    plan.suites.retain(|suite| !suite.columns.is_empty());
    proven
}

/// The gates of a suite on the numbers of a note; none where they cannot be told from it.
fn gates(gates: &Gates, note: &Note) -> Option<Vec<GateResult>> {
    // What the answers cost is not noted.
    if gates.cost_usd.is_some() {
        return None;
    }
    let other_intervals = gates.confidence.is_some_and(|wanted| wanted != SHOWN_CONFIDENCE);
    if other_intervals && !gates.metrics.is_empty() {
        return None;
    }
    let metrics: Option<Vec<ObservedMean>> = gates
        .metrics
        .keys()
        .map(|name| Some(ObservedMean::new(name, estimate(*note.metrics.get(name)?))))
        .collect();
    let observed = Observed {
        pass: note.pass,
        fail: note.fail,
        independent: note.independent(),
        metrics: metrics?,
        ..Observed::default()
    };
    Some(gate::check(gates, None, &observed))
}

fn estimate(figure: Figure) -> Estimate {
    Estimate { value: figure.value, interval: figure.low.zip(figure.high), n: figure.n }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::digest::sha256;
    use crate::history::notes::{Counted, Measured};

    fn note() -> Note {
        let measured = Measured {
            suite_digest: sha256("suite"),
            digest: sha256("prompt"),
            dataset_digest: sha256("cases"),
            model: "echo/a".to_owned(),
        };
        let counted = Counted { pass: 9, fail: 1, independent: 10 };
        let overlap = Figure { value: 0.5, low: Some(0.3), high: Some(0.7), n: 10 };
        let metrics: BTreeMap<String, Figure> = [("overlap".to_owned(), overlap)].into();
        let at = "2026-01-01T00:00:00Z".parse().unwrap();
        Note::new("s", "p", measured, sha256("prompt"), counted, metrics, at)
    }

    fn failed(wanted: &Gates) -> Option<Vec<String>> {
        let failed = gates(wanted, &note())?.into_iter().filter(|gate| !gate.passed);
        Some(failed.map(|gate| gate.name).collect())
    }

    fn of_metric(name: &str, bound: f64) -> Gates {
        let metrics = [(name.to_owned(), bound)].into_iter().collect();
        Gates { pass_rate: Some(0.9), metrics, ..Gates::default() }
    }

    #[test]
    fn the_gates_of_today_hold_or_fail_on_the_noted_numbers() {
        assert_eq!(failed(&Gates::default()).unwrap(), ["pass_rate"]);
        assert_eq!(failed(&of_metric("overlap", 0.4)).unwrap(), Vec::<String>::new());
        assert_eq!(failed(&of_metric("overlap", 0.6)).unwrap(), ["metrics.overlap"]);
        let sure = Gates { confidence: Some(0.95), ..of_metric("overlap", 0.4) };
        assert_eq!(failed(&sure).unwrap(), ["pass_rate", "metrics.overlap"]);
    }

    #[test]
    fn a_note_that_leaves_a_gate_open_proves_nothing() {
        assert_eq!(failed(&of_metric("other", 0.1)), None);
        assert_eq!(failed(&Gates { cost_usd: Some(1.0), ..Gates::default() }), None);
        let other = Gates { confidence: Some(0.99), ..of_metric("overlap", 0.1) };
        assert_eq!(failed(&other), None);
        assert!(failed(&Gates { confidence: Some(0.99), ..Gates::default() }).is_some());
    }
}
