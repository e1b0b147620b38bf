//! The cells of a run as they are prepared: many of them, so a byte or two each, and a key where one is looked up.

use super::prepare::Prepared;
use crate::digest::AnswerKey;
use crate::eval::cell::{CellIndex, Origin};

/// All cells of a run, in the order of the plan.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    groups: Vec<Group>,
    /// Where each group ends.
    ends: Vec<usize>,
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
    pub(super) fn push(&mut self, group: Group) {
        self.ends.push(self.len() + group.marks.len());
        self.groups.push(group);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The group of a place, and the place in it.
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
        let each = |group: &'_ Group| 0..group.marks.len();
        self.groups.iter().flat_map(move |group| each(group).map(|place| group.get(place)))
    }

    /// How many have an answer from there.
    pub fn count(&self, origin: Origin) -> usize {
        let marks = self.groups.iter().flat_map(|group| &group.marks);
        marks.filter(|mark| mark.origin == origin).count()
    }

    /// How many take a call.
    pub fn calls(&self) -> usize {
        let marks = self.groups.iter().flat_map(|group| &group.marks);
        marks.filter(|mark| mark.origin == Origin::Called || mark.judging).count()
    }

    pub(super) fn set(&mut self, place: usize, mark: Mark) {
        let (group, place) = self.find(place);
        self.groups[group].marks[place] = mark;
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
            all.push(group);
        }
        all
    }
}
