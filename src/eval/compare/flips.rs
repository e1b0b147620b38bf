//! The cases that a reviewer looks at first: those whose verdict is another one now.

use super::pairing::{PairedCase, Pairs};
use super::side::Outcome;
use crate::eval::cell::State;

/// The cases of two columns whose verdicts differ, in the order of the second column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flips {
    /// Passed each time before, and fail each time now.
    pub regressed: Vec<Flip>,
    /// Failed each time before, and pass each time now.
    pub mended: Vec<Flip>,
    /// Both passed and failed on one of the sides.
    pub flaky: Vec<FlakyCase>,
    /// Not decided on one of the sides: not in any figure.
    pub undecided: Vec<Undecided>,
}

/// A case whose verdict is another one.
#[derive(Clone, Debug, PartialEq)]
pub struct Flip {
    /// The case.
    pub case: String,
    /// The repeat whose answers are shown, before and after.
    pub repeats: (u32, u32),
    /// The answers, once they have been looked up: see [`Comparison::wanted`](super::Comparison::wanted).
    pub answers: Option<Answers>,
}

/// Both answers of a flipped case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// What was answered before.
    pub before: Option<String>,
    /// What was answered after.
    pub after: Option<String>,
    /// Why the side that fails does.
    pub why: String,
    /// What was expected.
    pub expected: Option<String>,
}

/// A case that does not always come to the same verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlakyCase {
    /// The case.
    pub case: String,
    /// Passes, and tries that passed or failed, before.
    pub before: (u32, u32),
    /// The same after.
    pub after: (u32, u32),
}

impl FlakyCase {
    /// Whether most tries passed before, and not so now.
    pub fn lost_its_majority(&self) -> bool {
        let most = |(passes, of): (u32, u32)| passes * 2 > of;
        most(self.before) && !most(self.after)
    }
}

/// A case without a verdict on one of the sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecided {
    /// The case.
    pub case: String,
    /// What became of it before.
    pub before: State,
    /// What became of it after.
    pub after: State,
}

/// The verdicts of the tries of a case on one side.
enum Standing {
    Pass,
    Fail,
    Flaky,
    /// None of them was decided.
    Open,
}

impl Flips {
    pub(super) fn of(pairs: &Pairs<'_>) -> Self {
        let mut flips = Self::default();
        for case in &pairs.cases {
            flips.add(case);
        }
        flips
    }

    fn add(&mut self, case: &PairedCase<'_>) {
        let id = || case.id.to_owned();
        let flip = |before: bool| Flip {
            case: id(),
            repeats: (first(&case.a, before), first(&case.b, !before)),
            answers: None,
        };
        match (standing(&case.a), standing(&case.b)) {
            (Standing::Pass, Standing::Fail) => self.regressed.push(flip(true)),
            (Standing::Fail, Standing::Pass) => self.mended.push(flip(false)),
            (Standing::Pass, Standing::Pass) | (Standing::Fail, Standing::Fail) => {}
            (Standing::Open, _) | (_, Standing::Open) => self.undecided.push(Undecided {
                case: id(),
                before: state(&case.a),
                after: state(&case.b),
            }),
            (Standing::Flaky, _) | (_, Standing::Flaky) => self.flaky.push(FlakyCase {
                case: id(),
                before: tries(&case.a),
                after: tries(&case.b),
            }),
        }
    }
}

fn standing(outcomes: &[&Outcome]) -> Standing {
    match tries(outcomes) {
        (_, 0) => Standing::Open,
        (0, _) => Standing::Fail,
        (passes, of) if passes == of => Standing::Pass,
        _ => Standing::Flaky,
    }
}

/// Passes, and tries that passed or failed.
fn tries(outcomes: &[&Outcome]) -> (u32, u32) {
    let decided = outcomes.iter().filter_map(|outcome| outcome.passed());
    decided.fold((0, 0), |(passes, of), passed| (passes + u32::from(passed), of + 1))
}

/// What says most of a case: a verdict where there is one, else the first thing that kept it from one.
fn state(outcomes: &[&Outcome]) -> State {
    let decided = outcomes.iter().find(|outcome| outcome.passed().is_some());
    decided.or(outcomes.first()).map_or(State::NotRun, |outcome| outcome.state)
}

/// The first repeat with this verdict.
fn first(outcomes: &[&Outcome], passed: bool) -> u32 {
    let found = outcomes.iter().find(|outcome| outcome.passed() == Some(passed));
    found.map_or(1, |outcome| outcome.repeat)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::cell::State::{Error, Fail, Pass, Unscored};
    use crate::eval::compare::side::Column;

    fn column(cases: &[(&str, &[State])]) -> Column {
        let outcomes = cases.iter().flat_map(|(case, states)| {
            (1..).zip(states.iter()).map(|(repeat, state)| Outcome::new(*case, repeat, *state))
        });
        Column { outcomes: outcomes.collect(), ..Column::default() }
    }

    #[test]
    fn each_case_stands_in_one_list() {
        let a = column(&[
            ("same", &[Pass]),
            ("worse", &[Error, Pass]),
            ("mended", &[Fail, Fail]),
            ("flaky", &[Pass, Pass, Pass]),
            ("open", &[Pass]),
        ]);
        let b = column(&[
            ("same", &[Pass]),
            ("worse", &[Fail]),
            ("mended", &[Pass, Pass]),
            ("flaky", &[Pass, Fail, Fail]),
            ("open", &[Unscored, Error]),
        ]);
        let flip = |case: &str, repeats| Flip { case: case.to_owned(), repeats, answers: None };
        let flips = Flips::of(&Pairs::of(&a, &b));
        assert_eq!(
            flips,
            Flips {
                regressed: vec![flip("worse", (2, 1))],
                mended: vec![flip("mended", (1, 1))],
                flaky: vec![FlakyCase { case: "flaky".to_owned(), before: (3, 3), after: (1, 3) }],
                undecided: vec![Undecided {
                    case: "open".to_owned(),
                    before: Pass,
                    after: Unscored
                }],
            }
        );
        assert!(flips.flaky[0].lost_its_majority());
    }
}
