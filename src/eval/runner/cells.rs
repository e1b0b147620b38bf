//! The cells of a run as they are prepared: many of them, so a byte or two each, and a key where one is looked up.

use std::collections::BTreeSet;

use super::prepare::Prepared;
use crate::digest::AnswerKey;
use crate::eval::cell::{CellIndex, Origin};

/// All cells of a run, in the order of the plan. Cells of columns that stand against each other take turns, so that
/// what drifts while they are asked hits both alike.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    groups: Vec<Turns>,
    /// Where each entry ends.
    ends: Vec<usize>,
}

/// The cells of a column, and of the one that stands against it.
#[derive(Clone, Debug)]
struct Turns {
    own: Group,
    rival: Option<Group>,
}

impl Turns {
    fn len(&self) -> usize {
        self.own.marks.len() + self.rival.as_ref().map_or(0, |rival| rival.marks.len())
    }

    /// Whose turn a place is, and which of their cells it is: one of each, then what is left of the longer.
    fn find(&self, place: usize) -> (bool, usize) {
        let Some(rival) = &self.rival else { return (false, place) };
        let (own, rival) = (self.own.marks.len(), rival.marks.len());
        let both = own.min(rival);
        match place.checked_sub(2 * both) {
            None => (place % 2 == 1, place / 2),
            Some(rest) => (rival > own, both + rest),
        }
    }

    fn group(&self, rival: bool) -> &Group {
        match &self.rival {
            Some(group) if rival => group,
            _ => &self.own,
        }
    }

    fn get(&self, place: usize) -> Prepared {
        let (rival, place) = self.find(place);
        self.group(rival).get(place)
    }

    fn set(&mut self, place: usize, mark: Mark) {
        let (rival, place) = self.find(place);
        let group = match &mut self.rival {
            Some(group) if rival => group,
            _ => &mut self.own,
        };
        group.marks[place] = mark;
    }

    fn marks(&self) -> impl Iterator<Item = &Mark> {
        self.own.marks.iter().chain(self.rival.iter().flat_map(|rival| &rival.marks))
    }
}

/// The cells of a pair of prompt and model.
#[derive(Clone, Debug)]
pub(super) struct Group {
    suite: usize,
    column: usize,
    /// How often each case is asked.
    repeats: u32,
    /// The number of the first time.
    first_repeat: u32,
    /// The places of its cases; none where they are all, one after the other.
    cases: Option<Vec<usize>>,
    marks: Vec<Mark>,
    /// Empty as long as no cell has one.
    keys: Vec<Option<AnswerKey>>,
}

/// What is known of a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Mark {
    pub(super) origin: Origin,
    /// Whether judging it takes calls.
    pub(super) judging: bool,
}

impl Group {
    pub(super) fn new(
        (suite, column): (usize, usize),
        repeats: u32,
        cases: Option<Vec<usize>>,
    ) -> Self {
        Self { suite, column, repeats, first_repeat: 1, cases, marks: Vec::new(), keys: Vec::new() }
    }

    /// Leaves out cases of which no cell was added.
    pub(super) fn leave_out(&mut self, unfit: &BTreeSet<usize>, cases: usize) {
        if !unfit.is_empty() {
            let cases = self.cases.take().unwrap_or_else(|| (0..cases).collect());
            self.cases = Some(cases.into_iter().filter(|case| !unfit.contains(case)).collect());
        }
    }

    /// Brings the cases into another order, by what stands for each.
    pub(super) fn reorder<K: Ord>(&mut self, cases: usize, rank: impl Fn(usize) -> K) {
        let repeats = self.repeats.max(1) as usize;
        let old = self.cases.take().unwrap_or_else(|| (0..cases).collect());
        let mut order: Vec<usize> = (0..old.len()).collect();
        order.sort_by_cached_key(|place| rank(old[*place]));
        let cells = || order.iter().flat_map(|place| place * repeats..(place + 1) * repeats);
        self.marks = cells().map(|cell| self.marks[cell]).collect();
        if !self.keys.is_empty() {
            self.keys = cells().map(|cell| self.keys[cell]).collect();
        }
        self.cases = Some(order.into_iter().map(|place| old[place]).collect());
    }

    /// Adds the next cell.
    pub(super) fn push(&mut self, origin: Origin, key: Option<AnswerKey>) {
        if key.is_some() && self.keys.is_empty() {
            self.keys = vec![None; self.marks.len()];
        }
        self.marks.push(Mark { origin, judging: false });
        if key.is_some() || !self.keys.is_empty() {
            self.keys.push(key);
        }
    }

    fn get(&self, place: usize) -> Prepared {
        let repeats = self.repeats.max(1) as usize;
        let case = place / repeats;
        let repeat = self.first_repeat + (place % repeats) as u32;
        let case = self.cases.as_ref().map_or(case, |cases| cases[case]);
        let Mark { origin, judging } = self.marks[place];
        Prepared {
            index: CellIndex { suite: self.suite, column: self.column, case, repeat },
            key: self.keys.get(place).copied().flatten(),
            origin,
            judging,
        }
    }
}

impl Cells {
    pub(super) fn push(&mut self, own: Group, rival: Option<Group>) {
        let turns = Turns { own, rival };
        self.ends.push(self.len() + turns.len());
        self.groups.push(turns);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entry of a place, and the place in it.
    fn find(&self, place: usize) -> (usize, usize) {
        let group = self.ends.partition_point(|end| *end <= place);
        let before = group.checked_sub(1).map_or(0, |before| self.ends[before]);
        (group, place - before)
    }

    /// The cell at a place, counted from 0.
    pub fn get(&self, place: usize) -> Prepared {
        let (group, place) = self.find(place);
        self.groups[group].get(place)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Prepared> + '_ {
        self.groups.iter().flat_map(|turns| (0..turns.len()).map(|place| turns.get(place)))
    }

    /// How many have an answer from there.
    pub fn count(&self, origin: Origin) -> usize {
        let marks = self.groups.iter().flat_map(Turns::marks);
        marks.filter(|mark| mark.origin == origin).count()
    }

    /// How many take a call.
    pub fn calls(&self) -> usize {
        let marks = self.groups.iter().flat_map(Turns::marks);
        marks.filter(|mark| mark.origin == Origin::Called || mark.judging).count()
    }

    pub(super) fn set(&mut self, place: usize, mark: Mark) {
        let (group, place) = self.find(place);
        self.groups[group].set(place, mark);
    }
}

impl FromIterator<Prepared> for Cells {
    fn from_iter<T: IntoIterator<Item = Prepared>>(cells: T) -> Self {
        let mut all = Self::default();
        for cell in cells {
            let CellIndex { suite, column, case, repeat } = cell.index;
            // A group of one: those that are chosen one by one are few.
            let mut group = Group::new((suite, column), 1, Some(vec![case]));
            group.first_repeat = repeat;
            group.push(cell.origin, cell.key);
            group.marks[0].judging = cell.judging;
            all.push(group, None);
        }
        all
    }
}
