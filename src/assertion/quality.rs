//! A composite of cheap signs of quality, for a first look where nothing better is asserted.

use std::fmt::Write as _;

use serde_json::Value;

use super::characters::Shown;
use super::language::{self, Languages};
use super::spec::{Family, Parameter, Spec, Threshold, ValueRule};
use super::syntax::Fields;
use super::template::Operand;
use super::variety::{self, FEWEST_WORDS, NGRAM, WINDOW};
use super::{Kind, Part, Problem, ROUNDING, Subject, Verdict, excerpt, text};
use crate::diagnostic::closest;
use crate::metric::{self, Words};

pub(super) const QUALITY: Spec = Spec {
    name: "quality",
    family: Family::Property,
    passes: "the answer has enough of what good answers have: length, one language, varied words, no repetition, no gibberish. See [Quality](#quality)",
    value: ValueRule::Required("`creative`, `analytical` or `structured`"),
    parameters: &[
        Parameter {
            name: "language",
            doc: "what `language` takes: the language that it must be in",
        },
        Parameter {
            name: "words",
            doc: "how many words are long enough; default that of the preset",
        },
    ],
    raw: Some("words"),
    score: "the weighted mean of its parts, each of which is in the reason and in the output",
    threshold: Threshold::Floor { default: 0.7 },
    compile: quality,
};

/// A composite.
#[derive(Clone, Debug)]
pub struct Quality {
    preset: Operand<&'static Preset>,
    language: Option<Operand<Languages>>,
    words: Option<usize>,
}

/// What a kind of task asks of an answer.
#[derive(Debug)]
pub(super) struct Preset {
    name: &'static str,
    /// From so many words on an answer is long enough.
    words: usize,
    length: f64,
    language: f64,
    diversity: f64,
    repetition: f64,
    gibberish: f64,
}

const PRESETS: [Preset; 3] = [
    Preset {
        name: "creative",
        words: 150,
        length: 0.2,
        language: 0.1,
        diversity: 0.3,
        repetition: 0.25,
        gibberish: 0.15,
    },
    Preset {
        name: "analytical",
        words: 80,
        length: 0.25,
        language: 0.15,
        diversity: 0.15,
        repetition: 0.25,
        gibberish: 0.2,
    },
    Preset {
        name: "structured",
        words: 10,
        length: 0.3,
        language: 0.05,
        diversity: 0.0,
        repetition: 0.25,
        gibberish: 0.4,
    },
];

/// A mean share of different words that is as good as any.
const FULL_DIVERSITY: f64 = 0.8;

/// A share of repetition at which nothing is left of the part.
const FULL_REPETITION: f64 = 0.5;

fn quality(fields: &mut Fields<'_>) -> Option<Kind> {
    let preset = fields.operand("value", preset);
    let language = if fields.has("language") {
        Some(fields.operand("language", language::prepare)?)
    } else {
        None
    };
    let words = match fields.has("words") {
        true => Some(variety::whole(fields, "words", 1, 1_000_000, 1)?),
        false => None,
    };
    Some(Kind::Quality(Quality { preset: preset?, language, words }))
}

fn preset(value: &Value) -> Result<&'static Preset, Problem> {
    let name = text::scalar(value)?;
    PRESETS.iter().find(|preset| preset.name == name).ok_or_else(|| {
        let names = PRESETS.iter().map(|preset| preset.name);
        let problem = Problem::new(format!("{} is no preset", excerpt::quote(&name)));
        let problem = match closest(&name, names) {
            Some(best) => problem.help(format!("did you mean `{best}`?")),
            None => problem,
        };
        problem.help("the presets are `creative`, `analytical` and `structured`")
    })
}

impl Quality {
    pub(super) fn score(
        &self,
        subject: &Subject<'_>,
        threshold: Option<f64>,
    ) -> Result<Verdict, String> {
        let least = threshold.ok_or("the assertion has no threshold")?;
        let preset = self.preset.resolve(subject)?;
        let wanted = self.language.as_ref().map(|wanted| wanted.resolve(subject)).transpose()?;
        let words = Words::of(subject.output);
        let parts = parts(subject.output, &words, &preset, self.words, wanted.as_deref());
        let weights: f64 = parts.iter().map(|part| part.weight).sum();
        let sum: f64 = parts.iter().map(|part| part.weight * part.score).sum();
        let score = (sum / weights).clamp(0.0, 1.0);
        let shown: Vec<String> =
            parts.iter().map(|part| format!("{} {:.2}", part.name, part.score)).collect();
        let reason =
            format!("{} quality {score:.3}, at least {least}: {}", preset.name, shown.join(", "));
        let verdict = Verdict::decided(score + ROUNDING >= least, reason);
        Ok(Verdict { score, parts, ..verdict }.raw(words.len() as f64).value(preset.into_value()))
    }
}

/// The parts that can be told of a text; the length always can.
fn parts(
    text: &str,
    words: &Words,
    preset: &Preset,
    enough: Option<usize>,
    wanted: Option<&Languages>,
) -> Vec<Part> {
    let enough = enough.unwrap_or(preset.words) as f64;
    let length = Some((words.len() as f64 / enough).min(1.0));
    let language = match wanted {
        Some(wanted) => wanted.judge(text).ok().map(|verdict| verdict.score),
        None => language::detect(text).ok().map(|found| found.confidence),
    };
    let varied = variety::moving_average(words, WINDOW).filter(|_| words.len() >= FEWEST_WORDS);
    let diversity = varied.map(|ratio| (ratio / FULL_DIVERSITY).min(1.0));
    let repetition = (!words.is_empty()).then(|| {
        let (share, _) = variety::repeated(text, words, NGRAM);
        (1.0 - share / FULL_REPETITION).max(0.0)
    });
    let gibberish = metric::plausible_share(text).map(|share| share * Shown::of(text).share());
    [
        ("length", preset.length, length),
        ("language", preset.language, language),
        ("diversity", preset.diversity, diversity),
        ("repetition", preset.repetition, repetition),
        ("gibberish", preset.gibberish, gibberish),
    ]
    .into_iter()
    .filter(|(_, weight, _)| *weight > 0.0)
    .filter_map(|(name, weight, score)| Some(Part { name: name.to_owned(), score: score?, weight }))
    .collect()
}

/// The formula, for the page of all types.
pub(super) fn section_markdown() -> String {
    let mut section = String::from(SECTION);
    for preset in &PRESETS {
        let Preset { name, words, length, language, diversity, repetition, gibberish } = preset;
        let _ = writeln!(
            section,
            "- `{name}`: {words} words are long enough; length {length}, language {language}, diversity {diversity}, repetition {repetition}, gibberish {gibberish}"
        );
    }
    section
}

const SECTION: &str = "
## Quality

`quality` is the weighted mean of parts in [0, 1]: Σ weight × part / Σ weight. A part that cannot be told, as the language of three words,
is left out with its weight; the length always counts, so that an empty answer has 0. The parts say whether an answer is in order, not
whether it is right.

- length: words / the words that are long enough, at most 1;
- language: with `language` 1 or 0 as that type decides, else how sure the language is;
- diversity: the mean share of different words in runs of 50 (as `lexical-diversity`) / 0.8, at most 1; from 10 words on;
- repetition: 1 − the raw value of `repetition` / 0.5, at least 0;
- gibberish: 1 for none: the share of words that look like words (at most 40 letters; in Latin letters a vowel among five and no more than
  eight consonants in a row) × the score of `printable`.

The presets and their weights:

";
