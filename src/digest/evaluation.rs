//! The digests that say whether two evaluations measured the same thing: of the cases, and of how they are judged.

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{Digest, canonical_json, sha256};
use crate::project::dataset::Case;

/// The hash of the cases that a suite has, whatever their order, of the hashes of each.
pub fn dataset(mut cases: Vec<Digest>) -> Digest {
    cases.sort_unstable();
    let mut whole = Sha256::new();
    for case in cases {
        whole.update(case.to_string());
    }
    Digest(whole.finalize().into())
}

/// The hash of one case: identity, inputs and what is expected.
pub fn case(id: &str, case: &Case) -> Digest {
    let whole = json!({
        "id": id,
        "variables": case.variables,
        "expected": case.expected,
        "output": case.output,
        "group": case.group,
        "weight": case.weight,
    });
    sha256(canonical_json(&whole).as_bytes())
}

/// What a case is known by: its id, else the hash of the variables that its suite's prompts declare.
pub fn case_id(case: &Case, declared: impl Fn(&str) -> bool) -> String {
    if let Some(id) = &case.id {
        return id.clone();
    }
    let inputs: Map<String, Value> = case
        .variables
        .iter()
        .filter(|(name, _)| declared(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    sha256(canonical_json(&Value::Object(inputs)).as_bytes()).short()
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
