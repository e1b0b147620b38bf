//! The cases of a suite in a plan: held in memory, or made of the rows of a file on disk whenever they are needed.
//!
//! Whoever looks at a case holds it for as long as that takes. Of cases on disk a few hundred kilobytes are kept for
//! those who come soon after; what a run remembers of each of them is a place and a few bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::plan::PlannedCase;
use crate::assertion::Assertion;
use crate::digest;
use crate::project::Recent;
use crate::project::cases::CaseList;
use crate::project::dataset::PlacedCase;

/// Cases that are made together.
const BLOCK: usize = 1024;

/// Cases that are handed out at a time where all are looked at.
const BATCH: usize = 8 * BLOCK;

/// The cases of a suite that run, in the order of the files.
#[derive(Clone)]
pub struct PlannedCases {
    cases: Cases,
    /// Those that have assertions of their own, by place. They are written in the suite, so they are few.
    asserting: BTreeMap<usize, Arc<PlannedCase>>,
}

#[derive(Clone)]
enum Cases {
    Held(Vec<Arc<PlannedCase>>),
    OnDisk(OnDisk),
}

struct OnDisk {
    rows: CaseList,
    identity: Identity,
    /// The places in `rows` of those that run; all where none is left out.
    kept: Option<Vec<usize>>,
    recent: Recent<Arc<PlannedCase>>,
}

/// What makes the identity of a case that has no id: the variables that the prompts declare, or all.
#[derive(Clone, Debug, Default)]
pub(super) struct Identity {
    /// The variables; all when empty.
    pub(super) declared: BTreeSet<String>,
}

impl Identity {
    /// What a case is known by.
    pub(super) fn of(&self, placed: &PlacedCase) -> String {
        digest::case_id(&placed.case, |name| {
            self.declared.is_empty() || self.declared.contains(name)
        })
    }

    fn plan(&self, placed: PlacedCase) -> Arc<PlannedCase> {
        // The rules have refused what does not compile.
        let assertions: Vec<Assertion> =
            placed.case.assert.iter().filter_map(|syntax| syntax.compile().ok()).collect();
        Arc::new(PlannedCase { id: self.of(&placed), assertions, placed })
    }
}

impl Clone for OnDisk {
    /// With nothing at hand yet.
    fn clone(&self) -> Self {
        let (rows, identity, kept) = (self.rows.clone(), self.identity.clone(), self.kept.clone());
        Self { rows, identity, kept, recent: Recent::default() }
    }
}

impl OnDisk {
    fn len(&self) -> usize {
        self.kept.as_ref().map_or(self.rows.len(), Vec::len)
    }

    fn make(&self, block: usize) -> Vec<Arc<PlannedCase>> {
        let end = ((block + 1) * BLOCK).min(self.len());
        let places = block * BLOCK..end;
        places
            .filter_map(|place| {
                let row = self.kept.as_ref().map_or(place, |kept| kept[place]);
                Some(self.identity.plan(self.rows.get(row)?))
            })
            .collect()
    }
}

impl PlannedCases {
    /// The cases at these places of a list, or all.
    pub(super) fn new(rows: &CaseList, kept: Option<Vec<usize>>, identity: Identity) -> Self {
        let cases = match rows.is_chunked() {
            false => Cases::Held(match kept {
                None => rows.iter().map(|placed| identity.plan(placed)).collect(),
                Some(kept) => kept
                    .into_iter()
                    .filter_map(|place| Some(identity.plan(rows.get(place)?)))
                    .collect(),
            }),
            true => {
                let (rows, recent) = (rows.clone(), Recent::default());
                Cases::OnDisk(OnDisk { rows, identity, kept, recent })
            }
        };
        let mut all = Self { cases, asserting: BTreeMap::new() };
        all.find_asserting();
        all
    }

    fn find_asserting(&mut self) {
        // Rows have no assertions: only those that the suite itself holds may, and they stand behind all others.
        let held: Vec<usize> = match &self.cases {
            Cases::Held(cases) => (0..cases.len()).collect(),
            Cases::OnDisk(cases) => {
                let first = cases.rows.behind_datasets();
                let places = cases.kept.as_ref().map_or(first..cases.rows.len(), |kept| {
                    kept.partition_point(|row| *row < first)..kept.len()
                });
                places.collect()
            }
        };
        let cases = held.into_iter().map(|place| (place, self.get(place)));
        self.asserting = cases.filter(|(_, case)| !case.assertions.is_empty()).collect();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match &self.cases {
            Cases::Held(cases) => cases.len(),
            Cases::OnDisk(cases) => cases.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A case by its place, which must be one of this plan. Quick for places near those of the last few calls.
    pub fn get(&self, place: usize) -> Arc<PlannedCase> {
        match &self.cases {
            Cases::Held(cases) => Arc::clone(&cases[place]),
            Cases::OnDisk(cases) => {
                let block = place / BLOCK;
                Arc::clone(&cases.recent.get(block, || cases.make(block))[place % BLOCK])
            }
        }
    }

    /// All cases in order, some at a time, so that they can be worked on side by side.
    pub fn batches(&self) -> impl Iterator<Item = Vec<Arc<PlannedCase>>> + '_ {
        (0..self.len()).step_by(BATCH).map(|start| {
            let end = (start + BATCH).min(self.len());
            match &self.cases {
                Cases::Held(cases) => cases[start..end].to_vec(),
                Cases::OnDisk(cases) => {
                    let blocks = start / BLOCK..end.div_ceil(BLOCK);
                    let made: Vec<Vec<_>> =
                        blocks.into_par_iter().map(|block| cases.make(block)).collect();
                    made.into_iter().flatten().collect()
                }
            }
        })
    }

    /// All cases in order.
    pub fn iter(&self) -> impl Iterator<Item = Arc<PlannedCase>> + '_ {
        self.batches().flatten()
    }

    /// The assertions of single cases.
    pub fn assertions(&self) -> impl Iterator<Item = &Assertion> {
        self.asserting().flat_map(|case| &case.assertions)
    }

    /// The cases that have assertions of their own.
    pub(super) fn asserting(&self) -> impl Iterator<Item = &PlannedCase> {
        self.asserting.values().map(|case| &**case)
    }

    /// Leaves the cases at these places.
    pub(super) fn retain(&mut self, places: &BTreeSet<usize>) {
        match &mut self.cases {
            Cases::Held(cases) => {
                *cases = places.iter().map(|place| Arc::clone(&cases[*place])).collect();
            }
            Cases::OnDisk(cases) => {
                let row = |place: &usize| cases.kept.as_ref().map_or(*place, |kept| kept[*place]);
                cases.kept = Some(places.iter().map(row).collect());
                cases.recent = Recent::default();
            }
        }
        self.find_asserting();
    }

    /// Why cases on disk are no longer what they were when they were planned, if that is so. Those that are handed out
    /// from then on mean nothing.
    pub fn lost(&self) -> Option<&str> {
        match &self.cases {
            Cases::Held(_) => None,
            Cases::OnDisk(cases) => cases.rows.lost(),
        }
    }
}

#[cfg(test)]
mod tests;
