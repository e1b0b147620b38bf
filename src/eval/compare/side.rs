//! What a comparison compares: columns of outcomes, wherever they come from, and which column stands against which.

use crate::digest::Digest;
use crate::eval::cell::State;
use crate::project::suite::Gates;

/// One of the two things that are compared: a saved run, a revision, a version of a prompt.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Side {
    /// What it is called in reports.
    pub label: String,
    /// Its pairs of prompt and model, in the order of its plan.
    pub columns: Vec<Column>,
}

/// A prompt on a model in a suite, and what became of its cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Column {
    /// Where it stands and in which version.
    pub name: ColumnName,
    /// Of the suite's assertions, pass mark and repeats, where it is known.
    pub suite_digest: Option<Digest>,
    /// Of the suite's cases, where it is known.
    pub dataset_digest: Option<Digest>,
    /// The metric that decides a comparison; `pass_rate` where the suite names none.
    pub primary: Option<String>,
    /// What the suite wants of a comparison.
    pub gates: ComparisonGates,
    /// What became of its cells, in the order of the plan.
    pub outcomes: Vec<Outcome>,
}

/// What a column is known by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnName {
    /// The suite.
    pub suite: String,
    /// The prompt.
    pub prompt: String,
    /// The model, as suite or prompt write it.
    pub model: String,
    /// The content digest of the prompt, where it is known.
    pub digest: Option<Digest>,
}

/// What became of one cell. Answers are not here: only those of flipped cases are ever shown, see
/// [`Comparison::wanted`](super::Comparison::wanted).
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The identity of the case.
    pub case: String,
    /// From 1.
    pub repeat: u32,
    /// Cases of one group are not independent.
    pub group: Option<String>,
    /// The words that the case is selected by.
    pub tags: Vec<String>,
    /// The label that is expected, where labels are compared.
    pub class: Option<String>,
    /// Of the variables and of what is expected, to notice that a case has changed under its id.
    pub inputs: Option<Digest>,
    /// What became of it.
    pub state: State,
    /// The weighted mean of its assertions, in [0, 1].
    pub score: Option<f64>,
    /// The mean score of each metric, in [0, 1].
    pub metrics: Vec<(String, f64)>,
    /// In milliseconds.
    pub latency_ms: Option<f64>,
    /// In US dollars.
    pub cost_usd: Option<f64>,
}

impl Outcome {
    /// An outcome of which nothing but this is known.
    pub fn new(case: impl Into<String>, repeat: u32, state: State) -> Self {
        Self {
            case: case.into(),
            repeat,
            group: None,
            tags: Vec::new(),
            class: None,
            inputs: None,
            state,
            score: None,
            metrics: Vec::new(),
            latency_ms: None,
            cost_usd: None,
        }
    }

    /// Whether it passed; `None` where that was not decided.
    pub fn passed(&self) -> Option<bool> {
        match self.state {
            State::Pass => Some(true),
            State::Fail => Some(false),
            State::Error | State::Unscored | State::Skipped | State::NotRun => None,
        }
    }
}

/// The gates of a suite that only a comparison can decide.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ComparisonGates {
    /// Most cases that passed before and fail now.
    pub regressions: Option<u64>,
    /// Least difference of the primary metric, after less before.
    pub min_delta: Option<f64>,
    /// How much worse the primary metric may be: the interval of its difference must lie above the negative of it.
    pub margin: Option<f64>,
    /// The confidence of the intervals on which `min_delta` and `margin` gate.
    pub confidence: Option<f64>,
}

impl ComparisonGates {
    /// Those that are asked for.
    pub fn names(&self) -> Vec<&'static str> {
        let regressions = self.regressions.map(|_| "`regressions`");
        let min_delta = self.min_delta.map(|_| "`min_delta`");
        regressions.into_iter().chain(min_delta).chain(self.margin.map(|_| "`margin`")).collect()
    }
}

impl From<&Gates> for ComparisonGates {
    fn from(gates: &Gates) -> Self {
        Self {
            regressions: gates.regressions,
            min_delta: gates.min_delta,
            margin: gates.margin,
            confidence: gates.confidence,
        }
    }
}

/// Which part of the names of two columns must agree for them to stand against each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Matching {
    /// It must be the same.
    #[default]
    Same,
    /// The caller has chosen one for each side.
    Chosen,
}

impl Matching {
    /// Whether the caller has chosen.
    pub fn chosen(chosen: bool) -> Self {
        if chosen { Self::Chosen } else { Self::Same }
    }
}

/// How columns are brought together. The suite must always be the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// The names of the prompts.
    pub prompts: Matching,
    /// The names of the models.
    pub models: Matching,
}

/// Which column stands against which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alignment {
    /// Columns of the first and of the second side, in the order of the second.
    pub pairs: Vec<(usize, usize)>,
    /// Columns of the first side that have no counterpart.
    pub only_a: Vec<usize>,
    /// Columns of the second side that have no counterpart.
    pub only_b: Vec<usize>,
}

/// Brings the columns of two sides together: by suite, prompt and model; then a prompt whose only column has another
/// model than before, since a new model is a change of the prompt.
pub fn align(a: &Side, b: &Side, by: Columns) -> Alignment {
    let agree = |how: Matching, one: &str, other: &str| how == Matching::Chosen || one == other;
    let mut free: Vec<bool> = vec![true; a.columns.len()];
    let mut found: Vec<Option<usize>> = vec![None; b.columns.len()];
    for (column, slot) in b.columns.iter().zip(&mut found) {
        *slot = a.columns.iter().enumerate().position(|(at, other)| {
            free[at]
                && other.name.suite == column.name.suite
                && agree(by.prompts, &other.name.prompt, &column.name.prompt)
                && agree(by.models, &other.name.model, &column.name.model)
        });
        if let Some(at) = *slot {
            free[at] = false;
        }
    }
    let left: Vec<usize> = (0..b.columns.len()).filter(|at| found[*at].is_none()).collect();
    for &at in &left {
        let same = |other: &Column| {
            let (one, other) = (&b.columns[at].name, &other.name);
            one.suite == other.suite && one.prompt == other.prompt
        };
        let alone = left.iter().filter(|other| same(&b.columns[**other])).count() == 1;
        let mut free_there = (0..a.columns.len()).filter(|at| free[*at] && same(&a.columns[*at]));
        if let (true, Some(there), None) = (alone, free_there.next(), free_there.next()) {
            found[at] = Some(there);
            free[there] = false;
        }
    }
    let paired = found.iter().enumerate().filter_map(|(b, a)| Some(((*a)?, b)));
    Alignment {
        pairs: paired.collect(),
        only_a: (0..a.columns.len()).filter(|at| free[*at]).collect(),
        only_b: (0..b.columns.len()).filter(|at| found[*at].is_none()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(names: &[(&str, &str, &str)]) -> Side {
        let column = |(suite, prompt, model): &(&str, &str, &str)| Column {
            name: ColumnName {
                suite: (*suite).to_owned(),
                prompt: (*prompt).to_owned(),
                model: (*model).to_owned(),
                digest: None,
            },
            ..Column::default()
        };
        Side { label: String::new(), columns: names.iter().map(column).collect() }
    }

    #[test]
    fn columns_are_found_by_name_wherever_they_stand() {
        let a = side(&[("s", "p", "x"), ("s", "p", "y"), ("s", "gone", "x")]);
        let b = side(&[("s", "p", "y"), ("t", "p", "x"), ("s", "p", "x")]);
        assert_eq!(
            align(&a, &b, Columns::default()),
            Alignment { pairs: vec![(1, 0), (0, 2)], only_a: vec![2], only_b: vec![1] }
        );
    }

    #[test]
    fn a_prompt_on_another_model_is_still_that_prompt() {
        let (a, b) = (side(&[("s", "p", "old"), ("s", "q", "x")]), side(&[("s", "p", "new")]));
        assert_eq!(
            align(&a, &b, Columns::default()),
            Alignment { pairs: vec![(0, 0)], only_a: vec![1], only_b: vec![] }
        );
        // With two to choose from nothing is guessed.
        let two = side(&[("s", "p", "new"), ("s", "p", "newer")]);
        assert_eq!(align(&a, &two, Columns::default()).pairs, []);
    }

    #[test]
    fn what_was_chosen_need_not_agree() {
        let (a, b) = (side(&[("s", "p", "x"), ("t", "p", "x")]), side(&[("t", "p", "y")]));
        let by = Columns { models: Matching::Chosen, ..Columns::default() };
        assert_eq!(align(&a, &b, by).pairs, [(1, 0)]);
    }
}
