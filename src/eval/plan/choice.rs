//! Which cases of a suite run: its sample of them, and of that what the user selects.
//!
//! All cases are gone through once, for their hashes make the digest of the dataset.

use std::collections::BinaryHeap;

use rayon::prelude::*;

use super::{PlanError, Selection};
use crate::digest::{self, Digest};
use crate::eval::cases::Identity;
use crate::lint::context::SuiteContext;
use crate::project::cases;
use crate::project::dataset::PlacedCase;
use crate::project::suite::{DatasetChoice, Suite};

/// Which cases of a suite run.
pub(super) struct Chosen {
    /// Their places; none where all do.
    pub(super) kept: Option<Vec<usize>>,
    /// How many there are in all shards together.
    pub(super) selected: usize,
    /// The ids of all cases, as many as suggestions look at; empty unless some were asked for by id.
    pub(super) all_ids: Vec<String>,
    /// Hash of all cases, chosen or not.
    pub(super) dataset_digest: Digest,
}

/// Cases that are identified at a time.
const BATCH: usize = 8192;

/// Ids that are kept for suggestions.
const MOST_IDS: usize = 100_000;

/// Goes once through the cases of a suite.
pub(super) fn choose(
    context: &SuiteContext<'_>,
    selection: Selection<'_>,
    identity: &Identity,
) -> Result<Chosen, PlanError> {
    let matchers = globs(selection.cases)?;
    let wanted = |id: &String, placed: &PlacedCase| {
        let by_id = selection.cases.is_empty()
            || selection.cases.contains(id)
            || matchers.iter().any(|glob| glob.is_match(id));
        let by_tag = selection.tags.is_empty()
            || placed.case.tags.iter().any(|tag| selection.tags.contains(tag));
        by_id && by_tag
    };
    let partial = selection.filters_cases() || selection.shard.is_some();
    let here = |id: &str| selection.shard.is_none_or(|shard| shard.holds(id));
    let rows = &context.cases.cases;
    let mut sample = Sample::of(context.suite, rows.len());
    let mut digests = Vec::with_capacity(rows.len());
    let mut all_ids = Vec::new();
    let mut kept = Vec::new();
    let mut selected = 0;
    let mut rest = rows.iter();
    loop {
        let batch: Vec<PlacedCase> = rest.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        let batch: Vec<(String, Digest, Wanted)> = batch
            .par_iter()
            .map(|placed| {
                let id = identity.of(placed);
                let wanted = match (wanted(&id, placed), here(&id)) {
                    (false, _) => Wanted::No,
                    (true, false) => Wanted::Elsewhere,
                    (true, true) => Wanted::Here,
                };
                let digest = digest::case(&id, &placed.case);
                (id, digest, wanted)
            })
            .collect();
        for (id, digest, wanted) in batch {
            let place = digests.len();
            digests.push(digest);
            match &mut sample {
                Some(sample) => sample.add(&id, place, wanted),
                None => {
                    selected += usize::from(wanted != Wanted::No);
                    if partial && wanted == Wanted::Here {
                        kept.push(place);
                    }
                }
            }
            if !selection.cases.is_empty() && all_ids.len() < MOST_IDS {
                all_ids.push(id);
            }
        }
    }
    let kept = match sample {
        Some(sample) => {
            (kept, selected) = sample.finish();
            Some(kept)
        }
        None => partial.then_some(kept),
    };
    Ok(Chosen { kept, selected, all_ids, dataset_digest: digest::dataset(digests) })
}

/// Whether the user wants a case, and this shard holds it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    No,
    Elsewhere,
    Here,
}

/// The cases with the smallest hashes of (seed, identity): the same ones whatever else the dataset holds.
struct Sample {
    seed: u64,
    size: usize,
    /// With the place of the case.
    smallest: BinaryHeap<(Digest, usize, Wanted)>,
}

impl Sample {
    /// The sample that a suite wants of so many cases, where that is not all of them.
    fn of(suite: &Suite, cases: usize) -> Option<Self> {
        let Some(DatasetChoice::Full(map)) = &suite.file.dataset else { return None };
        let size = map.sample.filter(|size| *size < cases)?;
        Some(Self { seed: map.seed, size, smallest: BinaryHeap::new() })
    }

    fn add(&mut self, id: &str, place: usize, wanted: Wanted) {
        let rank = digest::sha256(format!("{}\0{id}", self.seed).as_bytes());
        self.smallest.push((rank, place, wanted));
        if self.smallest.len() > self.size {
            self.smallest.pop();
        }
    }

    /// The places of those that are wanted here, and how many are wanted anywhere.
    fn finish(self) -> (Vec<usize>, usize) {
        let all = || self.smallest.iter();
        let here = all().filter(|(.., wanted)| *wanted == Wanted::Here);
        let mut places: Vec<usize> = here.map(|(_, place, _)| *place).collect();
        places.sort_unstable();
        (places, all().filter(|(.., wanted)| *wanted != Wanted::No).count())
    }
}

fn globs(ids: &[String]) -> Result<Vec<globset::GlobMatcher>, PlanError> {
    ids.iter()
        .filter(|id| cases::is_glob(id))
        .map(|id| {
            cases::glob(id).map_err(|error| PlanError::Usage {
                message: format!("`{id}` is no valid glob: {error}"),
                help: None,
            })
        })
        .collect()
}
