//! Whether the answer says things once: repetition, and how varied its words are.

use serde_json::Value;

use super::spec::{Family, Parameter, Spec, Threshold, ValueRule};
use super::syntax::Fields;
use super::{Kind, Problem, ROUNDING, Subject, Verdict};
use crate::metric::{self, Words};

pub(super) const REPETITION: Spec = Spec {
    name: "repetition",
    family: Family::Property,
    passes: "little of the answer is said again: the raw value is the greater of 1 − different n-grams of words / n-grams (seq-rep-n, Welleck et al. 2020), and the share of characters in the longest run of three or more copies of up to 64 characters (runs of less than 20 characters aside). Prose stays below 0.1. An empty answer passes",
    value: ValueRule::None,
    parameters: &[Parameter {
        name: "ngram",
        doc: "n, the words of an n-gram, from 1 to 20; default 4",
    }],
    raw: Some("the share that is repeated"),
    score: "1 − raw",
    threshold: Threshold::Ceiling { default: Some(0.3) },
    compile: repetition,
};

pub(super) const LEXICAL_DIVERSITY: Spec = Spec {
    name: "lexical-diversity",
    family: Family::Property,
    passes: "the words are varied enough. Words are those of UAX #29 without regard to case; unscored below 10 words, with `mtld` below 50",
    value: ValueRule::None,
    parameters: &[
        Parameter {
            name: "measure",
            doc: "`mattr` (default): the mean share of different words in each run of `window` words (Covington and McFall 2010), of all words where there are fewer; `ttr`: different words / words, which falls with length; `mtld`: how many words it takes until that share has fallen to 0.72 (McCarthy and Jarvis 2010)",
        },
        Parameter { name: "window", doc: "for `mattr`: words, from 2; default 50" },
    ],
    raw: Some("the measure"),
    score: "the measure; for `mtld` the measure / 100, at most 1",
    threshold: Threshold::Floor { default: 0.5 },
    compile: lexical_diversity,
};

/// A measure of variety.
#[derive(Clone, Debug)]
pub struct Variety(Measure);

#[derive(Clone, Copy, PartialEq, Debug)]
enum Measure {
    Repetition { ngram: usize },
    MovingAverage { window: usize },
    TypeToken,
    Mtld,
}

/// The words of an n-gram unless said otherwise.
pub(super) const NGRAM: usize = 4;

/// The words of a window unless said otherwise.
pub(super) const WINDOW: usize = 50;

/// Fewer words are always varied.
pub(super) const FEWEST_WORDS: usize = 10;

/// Below it, MTLD is that of an unfinished factor.
const FEWEST_WORDS_OF_MTLD: usize = 50;

/// An MTLD that is as good as any: English prose for adults has 70 to 120.
const FULL_MTLD: f64 = 100.0;

fn repetition(fields: &mut Fields<'_>) -> Option<Kind> {
    let ngram = whole(fields, "ngram", 1, 20, NGRAM)?;
    Some(Kind::Variety(Variety(Measure::Repetition { ngram })))
}

fn lexical_diversity(fields: &mut Fields<'_>) -> Option<Kind> {
    let window = whole(fields, "window", 2, 1_000_000, WINDOW);
    let measure = match fields.get("measure").map(Value::as_str) {
        None | Some(Some("mattr")) => Measure::MovingAverage { window: window? },
        Some(Some("ttr")) => Measure::TypeToken,
        Some(Some("mtld")) => Measure::Mtld,
        Some(_) => {
            fields.report(Problem::new("is none of `mattr`, `ttr`, `mtld`").under("measure"));
            return None;
        }
    };
    if fields.has("window") && !matches!(measure, Measure::MovingAverage { .. }) {
        fields.report(Problem::new("only `mattr` has a `window`").under("window"));
    }
    Some(Kind::Variety(Variety(measure)))
}

/// A whole number within bounds; `None` after a problem.
pub(super) fn whole(
    fields: &mut Fields<'_>,
    key: &str,
    least: usize,
    most: usize,
    default: usize,
) -> Option<usize> {
    let Some(value) = fields.get(key) else { return Some(default) };
    let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
    let number = number.filter(|number| (least..=most).contains(number));
    if number.is_none() {
        let message = format!("`{key}` must be a whole number from {least} to {most}");
        fields.report(Problem::new(message).under(key));
    }
    number
}

/// The share that is repeated, and what it is.
pub(super) fn repeated(text: &str, words: &Words, ngram: usize) -> (f64, String) {
    let again = words.duplicate_ngrams(ngram);
    let run = metric::longest_run(text);
    let share = if run == 0 { 0.0 } else { run as f64 / text.chars().count() as f64 };
    if share > again {
        (share, format!("a run of {run} characters repeats itself, {share:.3} of the answer"))
    } else {
        (again, format!("{again:.3} of the runs of {ngram} words are said again"))
    }
}

/// The mean share of different words in a window, or of all words where there are fewer.
pub(super) fn moving_average(words: &Words, window: usize) -> Option<f64> {
    words.moving_average_ratio(window).or_else(|| words.type_token_ratio())
}

impl Variety {
    pub(super) fn score(
        &self,
        subject: &Subject<'_>,
        threshold: Option<f64>,
    ) -> Result<Verdict, String> {
        let threshold = threshold.ok_or("the assertion has no threshold")?;
        let words = Words::of(subject.output);
        let (value, score, name) = match self.0 {
            Measure::Repetition { ngram } => {
                let (share, what) = repeated(subject.output, &words, ngram);
                let reason = format!("{what}, at most {threshold}");
                let verdict = Verdict::decided(share <= threshold + ROUNDING, reason);
                return Ok(Verdict { score: 1.0 - share, ..verdict }.raw(share));
            }
            Measure::MovingAverage { window } => {
                let value = enough(&words, FEWEST_WORDS, moving_average(&words, window))?;
                (value, value, "MATTR")
            }
            Measure::TypeToken => {
                let value = enough(&words, FEWEST_WORDS, words.type_token_ratio())?;
                (value, value, "TTR")
            }
            Measure::Mtld => {
                let value = enough(&words, FEWEST_WORDS_OF_MTLD, words.mtld())?;
                (value, (value / FULL_MTLD).min(1.0), "MTLD")
            }
        };
        let counted = words.len();
        let reason = match self.0 {
            Measure::Mtld => format!(
                "{name} of {counted} words is {value:.1}, a score of {score:.3}, at least {threshold}"
            ),
            _ => format!("{name} of {counted} words is {value:.3}, at least {threshold}"),
        };
        let verdict = Verdict::decided(score + ROUNDING >= threshold, reason);
        Ok(Verdict { score, ..verdict }.raw(value))
    }
}

fn enough(words: &Words, fewest: usize, measure: Option<f64>) -> Result<f64, String> {
    measure
        .filter(|_| words.len() >= fewest)
        .ok_or_else(|| format!("too short to tell: {} words of {fewest}", words.len()))
}
