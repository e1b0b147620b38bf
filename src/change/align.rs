//! Which items of a list became which of another, so that one that is put in between is one change and not many.

use std::collections::BTreeMap;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::text::{RELATED, SAME};

/// Pairs of items whose similarity is computed; beyond, only equal items are found.
const MOST_PAIRS: usize = 40_000;

/// What became of an item. Indexes are those before, then those after.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// It is there on both sides, in the same order as the others.
    Kept(usize, usize),
    /// It is there on both sides, before or after others.
    Moved(usize, usize),
    /// It is gone.
    Removed(usize),
    /// It is new.
    Added(usize),
}

/// Aligns two lists whose items have a text that equal ones share.
///
/// `similarity` is in millionths. `heir` says whether an item may be the new form of one that it does not resemble, when
/// it stands in its place.
pub(super) fn align(
    before: &[String],
    after: &[String],
    similarity: impl Fn(usize, usize) -> u32,
    heir: impl Fn(usize, usize) -> bool,
) -> Vec<Fate> {
    let pairs = in_order(before, after, similarity);
    let mut removed: Vec<usize> = Vec::new();
    let mut added: Vec<usize> = Vec::new();
    let mut next = (0, 0);
    for &(old, new) in pairs.iter().chain(&[(before.len(), after.len())]) {
        removed.extend(next.0..old);
        added.extend(next.1..new);
        next = (old + 1, new + 1);
    }
    let moved = moves(before, after, &removed, &added);
    let gone = |old: usize| !moved.contains_key(&old);
    let came: BTreeMap<usize, usize> = moved.iter().map(|(old, new)| (*new, *old)).collect();

    let mut fates = Vec::new();
    let mut next = (0, 0);
    for &(old, new) in pairs.iter().chain(&[(before.len(), after.len())]) {
        let mut old_gap: Vec<usize> = (next.0..old).filter(|old| gone(*old)).collect();
        for index in next.1..new {
            if let Some(from) = came.get(&index) {
                fates.push(Fate::Moved(*from, index));
                continue;
            }
            match old_gap.iter().position(|old| heir(*old, index)) {
                Some(position) => {
                    let skipped = old_gap.drain(..=position).collect::<Vec<_>>();
                    let (last, skipped) = skipped.split_last().expect("the range is inclusive");
                    fates.extend(skipped.iter().map(|old| Fate::Removed(*old)));
                    fates.push(Fate::Kept(*last, index));
                }
                None => fates.push(Fate::Added(index)),
            }
        }
        fates.extend(old_gap.into_iter().map(Fate::Removed));
        if old < before.len() {
            fates.push(Fate::Kept(old, new));
        }
        next = (old + 1, new + 1);
    }
    fates
}

/// The pairs, rising on both sides, with the greatest sum of similarities.
fn in_order(
    before: &[String],
    after: &[String],
    similarity: impl Fn(usize, usize) -> u32,
) -> Vec<(usize, usize)> {
    let start = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let (old, new) = (&before[start..], &after[start..]);
    let end = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[..old.len() - end], &new[..new.len() - end]);

    let mut pairs: Vec<(usize, usize)> = (0..start).map(|index| (index, index)).collect();
    let settled = Settled::of(old, new);
    let middle = match old.len().saturating_mul(new.len()) <= MOST_PAIRS {
        true => best_sum(old.len(), new.len(), |a, b| match old[a] == new[b] {
            true => SAME,
            false if settled.has(&old[a]) || settled.has(&new[b]) => 0,
            // Below what equal items have, so that an equal one is preferred.
            false => similarity(start + a, start + b).min(SAME - 1),
        }),
        false => equal(old, new),
    };
    pairs.extend(middle.into_iter().map(|(a, b)| (start + a, start + b)));
    let (old, new) = (before.len() - end, after.len() - end);
    pairs.extend((0..end).map(|index| (old + index, new + index)));
    pairs
}

/// Items that are there as often before as after. One that is equal elsewhere has moved, and is no other one's new form.
struct Settled<'a>(BTreeMap<&'a str, isize>);

impl<'a> Settled<'a> {
    fn of(old: &'a [String], new: &'a [String]) -> Self {
        let mut surplus: BTreeMap<&str, isize> = BTreeMap::new();
        for (items, step) in [(old, 1), (new, -1)] {
            for item in items {
                *surplus.entry(item).or_default() += step;
            }
        }
        Self(surplus)
    }

    fn has(&self, item: &str) -> bool {
        self.0.get(item) == Some(&0)
    }
}

fn best_sum(
    rows: usize,
    columns: usize,
    score: impl Fn(usize, usize) -> u32,
) -> Vec<(usize, usize)> {
    let scores: Vec<Vec<u64>> = (0..rows)
        .map(|row| (0..columns).map(|column| u64::from(score(row, column))).collect())
        .collect();
    let usable = |row: usize, column: usize| {
        Some(scores[row][column]).filter(|score| *score >= u64::from(RELATED))
    };
    let mut best = vec![vec![0_u64; columns + 1]; rows + 1];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            let paired = usable(row, column).map_or(0, |score| score + best[row + 1][column + 1]);
            best[row][column] = paired.max(best[row + 1][column]).max(best[row][column + 1]);
        }
    }
    let mut pairs = Vec::new();
    let (mut row, mut column) = (0, 0);
    while row < rows && column < columns {
        let paired = usable(row, column).map(|score| score + best[row + 1][column + 1]);
        if paired == Some(best[row][column]) {
            pairs.push((row, column));
            row += 1;
            column += 1;
        } else if best[row + 1][column] >= best[row][column + 1] {
            row += 1;
        } else {
            column += 1;
        }
    }
    pairs
}

fn equal(old: &[String], new: &[String]) -> Vec<(usize, usize)> {
    capture_diff_slices(Algorithm::Myers, old, new)
        .into_iter()
        .filter(|op| matches!(op, DiffOp::Equal { .. }))
        .flat_map(|op| op.old_range().zip(op.new_range()))
        .collect()
}

/// Of the items without a partner, those that are equal: from where to where each went.
fn moves(
    before: &[String],
    after: &[String],
    removed: &[usize],
    added: &[usize],
) -> BTreeMap<usize, usize> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for &new in added.iter().rev() {
        places.entry(&after[new]).or_default().push(new);
    }
    removed
        .iter()
        .filter_map(|&old| Some((old, places.get_mut(before[old].as_str())?.pop()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Fate::{Added, Kept, Moved, Removed};
    use super::*;

    fn fates(before: &[&str], after: &[&str]) -> Vec<Fate> {
        let own = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
        let near = |a: usize, b: usize| match before[a][..1] == after[b][..1] {
            true => RELATED,
            false => 0,
        };
        align(&own(before), &own(after), near, |_, _| false)
    }

    #[test]
    fn an_item_in_between_is_one_change() {
        assert_eq!(fates(&["a", "b"], &["a", "x", "b"]), [Kept(0, 0), Added(1), Kept(1, 2)]);
        assert_eq!(fates(&["a", "x", "b"], &["a", "b"]), [Kept(0, 0), Removed(1), Kept(2, 1)]);
        assert_eq!(fates(&["x", "a1"], &["a2", "y"]), [Removed(0), Kept(1, 0), Added(1)]);
    }

    #[test]
    fn an_equal_item_is_preferred_to_a_similar_one() {
        assert_eq!(fates(&["a1"], &["a2", "a1"]), [Added(0), Kept(0, 1)]);
    }

    #[test]
    fn what_is_elsewhere_has_moved() {
        assert_eq!(
            fates(&["a", "b", "c"], &["c", "a", "b"]),
            [Moved(2, 0), Kept(0, 1), Kept(1, 2)]
        );
    }

    #[test]
    fn an_heir_takes_the_place() {
        let own = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
        let fates = align(&own(&["a", "b"]), &own(&["a", "x"]), |_, _| 0, |_, _| true);
        assert_eq!(fates, [Kept(0, 0), Kept(1, 1)]);
    }

    #[test]
    fn long_lists_are_aligned_by_equality() {
        let before: Vec<String> = (0..3000).map(|n| format!("a{n}")).collect();
        let after: Vec<String> = (0..3000).rev().map(|n| format!("a{n}")).collect();
        let fates = align(&before, &after, |_, _| panic!("too many pairs"), |_, _| false);
        assert_eq!(fates.len(), 3000);
    }
}
