//! The digests that say whether two evaluations measured the same thing: of the cases, and of how they are judged.

use serde_json::{Value, json};

use super::{Digest, canonical_json, sha256};
use crate::project::dataset::Case;

/// The hash of the cases that a suite has, whatever their order: identity, inputs and what is expected.
pub fn dataset<'a>(cases: impl Iterator<Item = (&'a str, &'a Case)>) -> Digest {
    let mut each: Vec<Digest> = cases
        .map(|(id, case)| {
            let whole = json!({
                "id": id,
                "variables": case.variables,
                "expected": case.expected,
                "output": case.output,
                "group": case.group,
                "weight": case.weight,
            });
            sha256(canonical_json(&whole).as_bytes())
        })
        .collect();
    each.sort();
    sha256(each.iter().map(Digest::to_string).collect::<String>().as_bytes())
}

/// The hash of how a suite judges: its assertions, its pass mark, and how often each case is asked. Gates are not part
/// of it: today's gates can be held against yesterday's numbers.
pub fn suite(document: &Value, repeat: u32) -> Digest {
    let judging = json!({
        "assert": document.get("assert"),
        "threshold": document.get("threshold"),
        "repeat": repeat,
    });
    sha256(canonical_json(&judging).as_bytes())
}

/// The hash of a suite whose assertions ask: another judge is another measure.
pub fn judged_by(suite: Digest, judges: &[Digest]) -> Digest {
    match judges {
        [] => suite,
        judges => {
            let each = std::iter::once(&suite).chain(judges).map(Digest::to_string);
            sha256(each.collect::<String>().as_bytes())
        }
    }
}
