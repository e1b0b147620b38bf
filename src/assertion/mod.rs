//! Assertions: scorers with a value and a threshold.
//!
//! A file's [`Syntax`] is compiled once into an [`Assertion`], which then scores any number of answers. Everything that can
//! be wrong with it is a [`Problem`] found while compiling, before a call is paid for. What can only go wrong with
//! a particular answer leaves it [`Outcome::Unscored`]: never passed, never failed.

mod characters;
mod choice;
mod command;
mod consult;
mod cosine;
mod distance;
mod excerpt;
mod expression;
mod extract;
mod json;
mod json_path;
mod judge;
mod label;
mod language;
mod number;
mod overlap;
mod pattern;
mod program;
mod quality;
mod refusal;
mod run;
mod safety;
mod size;
mod spec;
mod syntax;
mod template;
mod text;
mod tool_call;
mod variety;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

pub use consult::{
    CommandQuestion, Criterion, Exhibit, JudgeQuestion, Needs, Opinion, Question, Replies, Reply,
    Step, Told, Yardstick,
};
pub use extract::{Extract, Extracted};
pub use json_path::JsonPath;
pub use label::{Labelled, clean_label, fold_label};
pub use spec::{Family, Parameter, SPECS, Spec, Threshold, ValueRule, table_markdown};
pub use syntax::Syntax;

use crate::message::{Answer, Message, Tool};

/// What is wrong with an assertion as it is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Where: keys and indices from the top of the assertion, such as `["value", "0"]`.
    pub route: Vec<String>,
    /// What is wrong: a lower-case sentence fragment.
    pub message: String,
    /// What to do next, one advice each.
    pub help: Vec<String>,
}

impl Problem {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { route: Vec::new(), message: message.into(), help: Vec::new() }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    fn under(mut self, key: &str) -> Self {
        self.route.insert(0, key.to_owned());
        self
    }
}

/// An answer with all that an assertion may look at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The answer's text, after `output.extract`.
    pub output: &'a str,
    /// The answer as it came.
    pub answer: &'a Answer,
    /// What a right answer is compared with.
    pub expected: Option<&'a Value>,
    /// The inputs of the case.
    pub variables: &'a Map<String, Value>,
    /// Free data of the case.
    pub metadata: &'a Map<String, Value>,
    /// What the answer cost, in US dollars, where the price is known.
    pub cost_usd: Option<f64>,
    /// The tools that the model could ask for.
    pub tools: &'a [Tool],
    /// What the model was asked.
    pub messages: &'a [Message],
}

/// What an assertion found.
#[derive(Clone, PartialEq, Debug)]
pub struct Verdict {
    /// How good the answer is, in [0, 1].
    pub score: f64,
    /// Whether it is good enough.
    pub passed: bool,
    /// What was seen, in one line.
    pub reason: String,
    /// The measured quantity in its own unit (see [`Spec::raw`]), where there is one.
    pub raw: Option<f64>,
    /// The value that the answer was compared with, after templating.
    pub value: Option<Value>,
    /// What the score is made of, where it is a weighted mean.
    pub parts: Vec<Part>,
    /// What was expected and found, where labels are compared.
    pub label: Option<Labelled>,
}

/// One part of a score.
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
pub struct Part {
    /// What it measures.
    pub name: String,
    /// How good the answer is there, in [0, 1].
    pub score: f64,
    /// How much it counts beside the others.
    pub weight: f64,
}

impl Verdict {
    /// 1 when `passed`, else 0.
    fn decided(passed: bool, reason: String) -> Self {
        Self {
            score: f64::from(u8::from(passed)),
            passed,
            reason,
            raw: None,
            value: None,
            parts: Vec::new(),
            label: None,
        }
    }

    fn raw(mut self, raw: f64) -> Self {
        self.raw = Some(raw).filter(|raw| raw.is_finite());
        self
    }

    fn value(mut self, value: Value) -> Self {
        self.value = Some(value);
        self
    }

    fn inverted(mut self) -> Self {
        self.score = 1.0 - self.score;
        self.passed = !self.passed;
        // That an answer is anything but a label classifies nothing.
        self.label = None;
        self
    }
}

/// What came of scoring an answer.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// The answer was judged.
    Scored(Verdict),
    /// It could not be judged, and why. Neither a pass nor a fail.
    Unscored(String),
}

/// An assertion that is ready to score: values are compiled, and computed where they are constant.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// What it is, in the table of types.
    pub spec: &'static Spec,
    /// What it does.
    pub kind: Kind,
    /// Whether it is the `not-` form.
    pub negated: bool,
    /// How much it counts in the score of a cell; with 0 it is only measured.
    pub weight: f64,
    /// The name under which its scores are averaged.
    pub metric: Option<String>,
    /// What is taken out of the answer before it is judged.
    pub extract: Option<Extract>,
    /// The threshold in force: the given one, else the type's default.
    pub threshold: Option<f64>,
    uses_expected: bool,
    variables: BTreeSet<String>,
}

/// What an assertion does, by family.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Kind {
    /// Compares texts.
    Text(text::Text),
    /// Matches a regular expression.
    Pattern(pattern::Pattern),
    /// Reads the answer as JSON.
    Json(json::Json),
    /// Measures how far the answer is from a text.
    Distance(distance::Distance),
    /// Measures how much of a reference is in the answer.
    Overlap(overlap::Overlap),
    /// Compares the last number of the answer.
    Number(number::LastNumber),
    /// Compares labels.
    Label(label::Label),
    /// Evaluates an expression.
    Expression(expression::Computed),
    /// Counts words or characters.
    Size(size::Size),
    /// Finds which of several choices the answer is.
    Choice(choice::Choice),
    /// Tells the language.
    Language(language::Language),
    /// Looks at the characters.
    Characters(characters::Characters),
    /// Measures repetition and the variety of words.
    Variety(variety::Variety),
    /// Looks for a refusal.
    Refusal(refusal::Refusal),
    /// Sums up signs of quality.
    Quality(quality::Quality),
    /// Looks for secrets and personal data.
    Safety(safety::Safety),
    /// Looks at the call instead of the text: cost, latency, tokens, why the model stopped.
    Run(run::Run),
    /// Looks at the tools that the model asked for.
    ToolCalls(tool_call::ToolCalls),
    /// Asks models what they think of it.
    Judge(judge::Judge),
    /// Compares embeddings.
    Cosine(cosine::Cosine),
    /// Asks a command.
    Exec(command::Exec),
}

impl Assertion {
    /// The type as it is written, `not-` included.
    pub fn type_name(&self) -> String {
        format!("{}{}", if self.negated { "not-" } else { "" }, self.spec.name)
    }

    /// Whether its value depends on the case's `expected`, which must then be there.
    pub fn uses_expected(&self) -> bool {
        self.uses_expected
    }

    /// The variables of the case that its value names.
    pub fn variables_used(&self) -> BTreeSet<String> {
        self.variables.clone()
    }

    /// The name under which its scores are averaged: `metric`, else the type.
    pub fn metric_name(&self) -> String {
        self.metric.clone().unwrap_or_else(|| self.type_name())
    }

    /// The closed list of labels that it compares, empty where any label may be; `None` unless it feeds a classification.
    pub fn labels(&self) -> Option<&[String]> {
        match &self.kind {
            Kind::Label(label) if !self.negated => Some(label.labels()),
            _ => None,
        }
    }

    /// What it asks of others; `None` for one that decides by itself.
    pub fn needs(&self) -> Option<Needs<'_>> {
        match &self.kind {
            Kind::Judge(judge) => Some(judge.needs()),
            Kind::Cosine(cosine) => Some(cosine.needs()),
            Kind::Exec(exec) => Some(exec.needs()),
            _ => None,
        }
    }

    /// Judges an answer without asking anyone: what needs a judge, an embedding or a command stays unscored.
    pub fn score(&self, subject: &Subject<'_>) -> Outcome {
        match self.consult(subject, &Replies::default()) {
            Step::Decided(outcome) => outcome,
            Step::Asks(_) => Outcome::Unscored(format!("`{}` was not asked", self.type_name())),
            Step::Failed(reason) => Outcome::Unscored(reason),
        }
    }

    /// Judges an answer as far as the replies allow. The `not-` form gives 1 − score and passes where the other fails;
    /// what is unscored stays so. Where `extract` finds nothing, both forms fail.
    pub fn consult(&self, subject: &Subject<'_>, replies: &Replies) -> Step {
        let Some(extract) = &self.extract else { return self.judge(subject, replies) };
        let Extracted { text, repaired, failed } = extract.apply(subject.output);
        if let Some(failed) = failed {
            return Step::Decided(Outcome::Scored(Verdict::decided(false, failed)));
        }
        match (self.judge(&Subject { output: &text, ..*subject }, replies), repaired) {
            (Step::Decided(Outcome::Scored(verdict)), Some(repaired)) => {
                let reason = format!("{}; mended first: {repaired}", verdict.reason);
                Step::Decided(Outcome::Scored(Verdict { reason, ..verdict }))
            }
            (step, _) => step,
        }
    }

    fn judge(&self, subject: &Subject<'_>, replies: &Replies) -> Step {
        let threshold = self.threshold;
        let verdict = match &self.kind {
            Kind::Text(text) => text.score(subject),
            Kind::Pattern(pattern) => pattern.score(subject),
            Kind::Json(json) => json.score(subject),
            Kind::Distance(distance) => distance.score(subject, threshold),
            Kind::Overlap(overlap) => overlap.score(subject, threshold),
            Kind::Number(number) => number.score(subject),
            Kind::Label(label) => label.score(subject),
            Kind::Expression(computed) => computed.score(subject, threshold),
            Kind::Size(size) => size.score(subject),
            Kind::Choice(choice) => choice.score(subject),
            Kind::Language(language) => language.score(subject),
            Kind::Characters(characters) => characters.score(subject, threshold),
            Kind::Variety(variety) => variety.score(subject, threshold),
            Kind::Refusal(refusal) => Ok(refusal.score(subject)),
            Kind::Quality(quality) => quality.score(subject, threshold),
            Kind::Safety(safety) => safety.score(subject),
            Kind::Run(run) => run.score(subject, threshold),
            Kind::ToolCalls(calls) => calls.score(subject),
            Kind::Judge(judge) => return self.asked(judge.score(subject, threshold, replies)),
            Kind::Cosine(cosine) => return self.asked(cosine.score(subject, threshold, replies)),
            Kind::Exec(exec) => return self.asked(exec.score(subject, threshold, replies)),
        };
        self.asked(verdict.map_err(consult::Halt::Unscored))
    }

    fn asked(&self, verdict: Result<Verdict, consult::Halt>) -> Step {
        match verdict {
            Ok(verdict) if self.negated => Step::Decided(Outcome::Scored(verdict.inverted())),
            Ok(verdict) => Step::Decided(Outcome::Scored(verdict)),
            Err(consult::Halt::Unscored(reason)) => Step::Decided(Outcome::Unscored(reason)),
            Err(consult::Halt::Asks(questions)) => Step::Asks(questions),
            Err(consult::Halt::Failed(reason)) => Step::Failed(reason),
        }
    }
}

/// How far rounding may push a mean of scores below the threshold that it equals.
const ROUNDING: f64 = 1e-12;

/// The score of a cell and whether it passes: the weighted mean of its verdicts, each with its weight.
///
/// It passes when each verdict passes, or with a `threshold` when the mean reaches it. A weight of 0 never decides;
/// `None` when nothing does, since that must not count as a pass.
pub fn combine<'a>(
    verdicts: impl IntoIterator<Item = (f64, &'a Verdict)>,
    threshold: Option<f64>,
) -> Option<(f64, bool)> {
    let (mut sum, mut total, mut all) = (0.0, 0.0, true);
    for (weight, verdict) in verdicts.into_iter().filter(|(weight, _)| *weight > 0.0) {
        sum += weight * verdict.score;
        total += weight;
        all &= verdict.passed;
    }
    if total <= 0.0 {
        return None;
    }
    let score = (sum / total).clamp(0.0, 1.0);
    Some((score, threshold.map_or(all, |threshold| score + ROUNDING >= threshold)))
}

#[cfg(test)]
mod tests;
