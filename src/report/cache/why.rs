//! What `pf cache why` says: where the answer of each cell is, and what differs from the one that comes nearest.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::SHOWN;
use crate::change::text::{Sign, TextDiff};
use crate::report::foreign::{excerpt, line};
use crate::report::json::VERSION;
use crate::store::nearest::{Candidate, Parts, Said};

/// Lines of a difference that people are shown.
const SHOWN_LINES: usize = 12;

/// `pf cache why --format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pf cache why")]
pub struct Why {
    version: u32,
    kind: &'static str,
    cells: Vec<WhyCell>,
}

/// A cell, and whether its answer is there.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WhyCell {
    /// The suite.
    pub suite: String,
    /// The prompt, as the suite names it.
    pub prompt: String,
    /// The model, as the suite or prompt names it.
    pub model: String,
    /// The case.
    pub case: String,
    /// Which repeat, from 1.
    pub repeat: u32,
    /// Where its answer is.
    pub state: WhyState,
    /// What its answer is known by.
    pub key: String,
    /// What the key is made of.
    pub parts: WhyParts,
    /// The answer that comes nearest, where its own is not there.
    pub nearest: Option<Nearest>,
}

/// Where the answer of a cell is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(
    missing_docs,
    reason = "the words say it; a doc comment would turn the schema's enum into a oneOf"
)]
pub enum WhyState {
    Given,
    Echo,
    Recorded,
    Stored,
    Expired,
    Damaged,
    Missing,
}

impl WhyState {
    fn text(self) -> &'static str {
        match self {
            Self::Given => "given in the dataset",
            Self::Echo => "echoed, and never stored",
            Self::Recorded => "recorded",
            Self::Stored => "stored",
            Self::Expired => "stored, but older than `cache.max_age` in pf.yaml",
            Self::Damaged => "stored, but damaged",
            Self::Missing => "neither recorded nor stored",
        }
    }
}

/// What an answer key is made of.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WhyParts {
    /// PROVIDER/NAME.
    pub model: String,
    /// Which repeat, from 1.
    pub repeat: u32,
    /// The version of the key format.
    pub key_format: u32,
    /// Where it would be asked; not part of the key, but the local store matches it.
    pub endpoint: Option<String>,
    /// Parameters of the model.
    pub parameters: BTreeMap<String, serde_json::Value>,
    /// The messages.
    pub messages: Vec<WhyMessage>,
    /// The tools.
    pub tools: serde_json::Value,
    /// The form of the answer.
    pub response: serde_json::Value,
}

/// A message.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WhyMessage {
    /// Who speaks.
    pub role: String,
    /// What is said.
    pub text: String,
}

/// The answer that comes nearest.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Nearest {
    /// Its key.
    pub key: String,
    /// When it came.
    pub at: Option<String>,
    /// Whether it is in the recordings; else it is in the local store.
    pub recorded: bool,
    /// Parts that are the same.
    pub same: Vec<&'static str>,
    /// Parts that are not.
    pub differs: Vec<Difference>,
}

/// A part of the key that differs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Difference {
    /// The part.
    pub part: &'static str,
    /// What of it: a parameter's name, a message's place and role.
    pub what: Option<String>,
    /// In the answer that is there; null when it is not in that.
    pub before: Option<String>,
    /// In the cell; null when it is not in that.
    pub after: Option<String>,
}

impl Why {
    /// These cells.
    pub fn new(cells: Vec<WhyCell>) -> Self {
        Self { version: VERSION, kind: "cache-why", cells }
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for cell in &self.cells {
            let repeat = match cell.repeat {
                1 => String::new(),
                repeat => format!(" #{repeat}"),
            };
            let _ = writeln!(
                text,
                "{} / {} on {} / {}{repeat}: {} ({})",
                line(&cell.suite),
                line(&cell.prompt),
                line(&cell.model),
                line(&cell.case),
                cell.state.text(),
                cell.key.get(..12).unwrap_or(&cell.key)
            );
            match &cell.nearest {
                Some(nearest) => text += &nearest.text(),
                None if cell.state == WhyState::Missing => {
                    text += "  nothing is there to compare with\n";
                }
                None => {}
            }
        }
        text
    }
}

impl WhyParts {
    /// The parts of a request.
    pub fn new(parts: &Parts) -> Self {
        let message = |said: &Said| WhyMessage { role: said.role.clone(), text: said.text.clone() };
        Self {
            model: parts.model.clone(),
            repeat: parts.repeat,
            key_format: parts.key_format,
            endpoint: parts.endpoint.clone(),
            parameters: parts.parameters.clone(),
            messages: parts.messages.iter().map(message).collect(),
            tools: parts.tools.clone(),
            response: parts.response.clone(),
        }
    }
}

impl Nearest {
    /// How an answer that is there differs from what a cell wants.
    pub fn new(candidate: &Candidate, wanted: &Parts) -> Self {
        let have = &candidate.parts;
        let mut nearest = Self {
            key: candidate.key.clone(),
            at: candidate.at.clone(),
            recorded: have.endpoint.is_none(),
            same: Vec::new(),
            differs: Vec::new(),
        };
        let text = |value: &dyn std::fmt::Display| Some(value.to_string());
        nearest.part("model", None, text(&have.model), text(&wanted.model));
        nearest.part("repeat", None, text(&have.repeat), text(&wanted.repeat));
        nearest.part("key_format", None, text(&have.key_format), text(&wanted.key_format));
        if have.endpoint.is_some() {
            nearest.part("endpoint", None, have.endpoint.clone(), wanted.endpoint.clone());
        }
        let names: BTreeSet<&String> =
            have.parameters.keys().chain(wanted.parameters.keys()).collect();
        let different = names
            .iter()
            .filter(|name| have.parameters.get(**name) != wanted.parameters.get(**name));
        let different: Vec<&&String> = different.collect();
        if different.is_empty() {
            nearest.same.push("parameters");
        }
        for name in different {
            let of = |parts: &Parts| parts.parameters.get(*name).map(ToString::to_string);
            nearest.part("parameters", Some((*name).clone()), of(have), of(wanted));
        }
        nearest.messages(&have.messages, &wanted.messages);
        nearest.part("tools", None, text(&have.tools), text(&wanted.tools));
        nearest.part("response", None, text(&have.response), text(&wanted.response));
        nearest
    }

    fn messages(&mut self, have: &[Said], wanted: &[Said]) {
        if have == wanted {
            self.same.push("messages");
            return;
        }
        for index in 0..have.len().max(wanted.len()) {
            let (before, after) = (have.get(index), wanted.get(index));
            if before == after {
                continue;
            }
            let role = after.or(before).map_or("", |said| said.role.as_str());
            let said = |said: Option<&Said>| {
                said.map(|said| match said.role == role {
                    true => said.text.clone(),
                    false => format!("({}) {}", said.role, said.text),
                })
            };
            let what = Some(format!("{}: {role}", index + 1));
            self.differs.push(Difference {
                part: "messages",
                what,
                before: said(before),
                after: said(after),
            });
        }
    }

    fn part(
        &mut self,
        part: &'static str,
        what: Option<String>,
        before: Option<String>,
        after: Option<String>,
    ) {
        match before == after {
            true => self.same.push(part),
            false => self.differs.push(Difference { part, what, before, after }),
        }
    }

    fn text(&self) -> String {
        let place = if self.recorded { "recorded" } else { "stored" };
        let at = self.at.as_ref().map(|at| format!(", of {}", line(at))).unwrap_or_default();
        let mut text = format!(
            "  the nearest that is {place}: {}{at}\n    same: {}\n",
            self.key.get(..12).unwrap_or(&self.key),
            self.same.join(", ")
        );
        for difference in &self.differs {
            text += &difference.text();
        }
        text
    }
}

impl Difference {
    fn text(&self) -> String {
        let what = self.what.as_ref().map(|what| format!(" {}", line(what))).unwrap_or_default();
        let mut text = format!("    differs: {}{what}", self.part);
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => match self.part {
                "messages" | "tools" | "response" => {
                    text.push('\n');
                    text += &word_diff(before, after);
                    return text;
                }
                _ => {
                    let _ = write!(text, " {} → {}", excerpt(before, SHOWN), excerpt(after, SHOWN));
                }
            },
            (Some(before), None) => {
                let _ = write!(text, " is gone; it was {}", excerpt(before, SHOWN));
            }
            (None, Some(after)) => {
                let _ = write!(text, " is new: {}", excerpt(after, SHOWN));
            }
            (None, None) => {}
        }
        text + "\n"
    }
}

/// The lines that differ, what is gone in `[-…-]` and what is new in `{+…+}`.
fn word_diff(before: &str, after: &str) -> String {
    let diff = TextDiff::of(before, after);
    let lines: Vec<String> = diff
        .hunks
        .iter()
        .flat_map(|hunk| &hunk.lines)
        .filter(|line| line.sign != Sign::Equal)
        .map(|changed| {
            let (sign, open, close) = match changed.sign {
                Sign::Deleted => ('-', "[-", "-]"),
                _ => ('+', "{+", "+}"),
            };
            let whole = changed.segments.iter().all(|segment| segment.sign != Sign::Equal);
            let text: String = changed
                .segments
                .iter()
                .map(|segment| match segment.sign == Sign::Equal || whole {
                    true => segment.text.clone(),
                    false => format!("{open}{}{close}", segment.text),
                })
                .collect();
            format!("      {sign} {}\n", excerpt(&text, SHOWN))
        })
        .collect();
    let mut text: String = lines.iter().take(SHOWN_LINES).map(String::as_str).collect();
    if lines.is_empty() {
        text += "      only the final line break differs\n";
    }
    if lines.len() > SHOWN_LINES {
        let _ = writeln!(text, "      and {} more lines", lines.len() - SHOWN_LINES);
    }
    text
}
