//! The primary metric in parts of the cases: by group, tag and expected label. A guide to where a difference comes from;
//! nothing is decided by it.

use indexmap::IndexMap;

use super::metric::Means;
use super::pairing::{Metric, PairedCase, Pairs, Values};
use crate::stats::{self, Interval};

/// Slices of one kind that are kept, those with the most cases first.
pub const MOST_SLICES: usize = 50;

/// By what cases are put together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SliceKind {
    /// The `group` of the dataset.
    Group,
    /// A tag.
    Tag,
    /// The label that is expected.
    Label,
}

impl SliceKind {
    /// The word for it in outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Tag => "tag",
            Self::Label => "label",
        }
    }
}

/// The primary metric in a part of the cases.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice {
    /// By what they are put together.
    pub kind: SliceKind,
    /// What they share.
    pub name: String,
    /// Cases with a value on both sides.
    pub n: u64,
    /// The means of both sides.
    pub means: Means,
    /// Student's t interval of the difference, which cannot lie outside [-1, 1]; none for a single case.
    pub interval: Option<Interval>,
    /// Cases where the second side is better.
    pub wins: u64,
    /// Cases where it is worse.
    pub losses: u64,
}

/// The slices of each kind that the cases fall into, and how many more there are. A kind is left out where all of its
/// slices hold a single case.
pub(super) fn slices(pairs: &Pairs<'_>, metric: &Metric, confidence: f64) -> (Vec<Slice>, usize) {
    let mut kept = Vec::new();
    let mut more = 0;
    for kind in [SliceKind::Group, SliceKind::Tag, SliceKind::Label] {
        let mut parts: IndexMap<&str, Vec<usize>> = IndexMap::new();
        for (index, case) in pairs.cases.iter().enumerate() {
            for name in names(case, kind) {
                let part = parts.entry(name).or_default();
                if part.last() != Some(&index) {
                    part.push(index);
                }
            }
        }
        if parts.values().all(|part| part.len() < 2) {
            continue;
        }
        let mut slices: Vec<Slice> = parts
            .into_iter()
            .filter_map(|(name, part)| slice(pairs, metric, kind, name, &part, confidence))
            .collect();
        slices.sort_by(|one, other| other.n.cmp(&one.n).then_with(|| one.name.cmp(&other.name)));
        more += slices.len().saturating_sub(MOST_SLICES);
        slices.truncate(MOST_SLICES);
        kept.append(&mut slices);
    }
    (kept, more)
}

fn names<'a>(case: &PairedCase<'a>, kind: SliceKind) -> Vec<&'a str> {
    let mut outcomes = case.b.iter().chain(&case.a);
    match kind {
        SliceKind::Group => case.group().into_iter().collect(),
        SliceKind::Tag => {
            outcomes.next().map_or_else(Vec::new, |it| it.tags.iter().map(String::as_str).collect())
        }
        SliceKind::Label => outcomes.find_map(|it| it.class.as_deref()).into_iter().collect(),
    }
}

fn slice(
    pairs: &Pairs<'_>,
    metric: &Metric,
    kind: SliceKind,
    name: &str,
    part: &[usize],
    confidence: f64,
) -> Option<Slice> {
    let values = Values::of(part.iter().map(|index| &pairs.cases[*index]), metric);
    let differences = values.differences();
    let found = stats::student_t_mean(&differences, confidence)?;
    let n = differences.len() as f64;
    Some(Slice {
        kind,
        name: name.to_owned(),
        n: found.n as u64,
        means: Means {
            before: values.a.iter().sum::<f64>() / n,
            after: values.b.iter().sum::<f64>() / n,
            delta: found.mean,
        },
        interval: found
            .interval
            .map(|it| Interval { low: it.low.max(-1.0), high: it.high.min(1.0) }),
        wins: differences.iter().filter(|difference| **difference > 0.0).count() as u64,
        losses: differences.iter().filter(|difference| **difference < 0.0).count() as u64,
    })
}
