//! What an assertion cannot decide by itself: what it asks, and what came back.
//!
//! Scoring stays a pure function. An assertion that needs a judge, an embedding or a command says what it asks
//! ([`Step::Asks`]); whoever runs it puts the replies beside their questions and scores again, until it is decided.
//! Questions are values: two that are equal are asked once.

use serde_json::Value;

use super::Outcome;

/// What an assertion wants to know.
#[derive(Clone, PartialEq, Debug)]
pub enum Question {
    /// A verdict of a model.
    Judge(JudgeQuestion),
    /// The embedding of a text.
    Embedding {
        /// The model, as the assertion names it.
        model: String,
        /// The text.
        text: String,
    },
    /// What a command says.
    Command(CommandQuestion),
}

/// A verdict that a model is asked for.
#[derive(Clone, PartialEq, Debug)]
pub struct JudgeQuestion {
    /// The model, as the assertion names it; `None` for the profile `judge`.
    pub model: Option<String>,
    /// The name of the prompt.
    pub prompt: String,
    /// What is to be judged by.
    pub by: Yardstick,
    /// What is to be judged.
    pub exhibit: Exhibit,
}

/// What a judge judges by.
#[derive(Clone, PartialEq, Debug)]
pub enum Yardstick {
    /// What the prompt itself says.
    Prompt,
    /// A question.
    Question(String),
    /// Criteria, each to be scored.
    Criteria(Vec<Criterion>),
}

/// One thing to judge by.
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
pub struct Criterion {
    /// What it is called.
    pub name: String,
    /// What it asks for.
    pub description: String,
    /// How much it counts beside the others.
    pub weight: f64,
}

/// What is to be judged.
#[derive(Clone, PartialEq, Debug)]
pub enum Exhibit {
    /// One answer.
    One(String),
    /// Two answers: whether the first is better.
    Pair(String, String),
}

/// A command that is asked.
#[derive(Clone, PartialEq, Debug)]
pub struct CommandQuestion {
    /// The program and its arguments; no shell.
    pub argv: Vec<String>,
    /// The most seconds that it may take.
    pub timeout_s: f64,
    /// What it reads.
    pub input: Value,
}

/// What came back.
#[derive(Clone, PartialEq, Debug)]
pub enum Reply {
    /// A judge's opinion.
    Opinion(Opinion),
    /// An embedding.
    Vector(Vec<f64>),
    /// What a command printed.
    Printed(String),
    /// It answered, but not so that anything could be decided, and why.
    Undecided(String),
    /// It could not be asked, and why.
    Failed(String),
}

/// What a judge thinks of an answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Opinion {
    /// How good it is, in [0, 1].
    pub score: f64,
    /// Why.
    pub reason: String,
    /// What the score is made of, where there are criteria.
    pub parts: Vec<super::Part>,
}

/// Replies beside their questions.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Replies(Vec<(Question, Reply)>);

impl Replies {
    /// The reply to a question.
    pub fn get(&self, question: &Question) -> Option<&Reply> {
        // A cell asks a handful of questions.
        self.0.iter().find(|(asked, _)| asked == question).map(|(_, reply)| reply)
    }

    /// Keeps the reply to a question.
    pub fn push(&mut self, question: Question, reply: Reply) {
        self.0.push((question, reply));
    }
}

/// How far scoring came.
#[derive(Clone, PartialEq, Debug)]
pub enum Step {
    /// To the end.
    Decided(Outcome),
    /// It needs replies to these.
    Asks(Vec<Question>),
    /// One of those whom it asks could not be asked, and why.
    Failed(String),
}

/// What an assertion asks for, as far as that is known before there is an answer.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Needs<'a> {
    /// Verdicts of models.
    Judge {
        /// The models, as the assertion names them; none for the profile `judge`.
        models: &'a [String],
        /// The name of the prompt.
        prompt: &'a str,
        /// What it is told to judge by.
        told: Told,
        /// Whether it compares two answers, in both orders.
        pairs: bool,
    },
    /// Embeddings.
    Embedding {
        /// The model.
        model: &'a str,
    },
    /// A command.
    Command {
        /// The program and its arguments.
        argv: &'a [String],
    },
}

/// What a judge is told to judge by, as far as that can be seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Told {
    /// Nothing besides its prompt.
    Nothing,
    /// A question.
    Question,
    /// Criteria.
    Criteria,
}

impl Needs<'_> {
    /// How many calls it takes at least.
    pub fn calls(&self) -> usize {
        match self {
            Self::Judge { models, pairs, .. } => models.len().max(1) * if *pairs { 2 } else { 1 },
            Self::Embedding { .. } => 2,
            Self::Command { .. } => 0,
        }
    }
}

/// Why scoring did not come to a verdict.
pub(super) enum Halt {
    Unscored(String),
    Asks(Vec<Question>),
    Failed(String),
}

impl From<String> for Halt {
    fn from(reason: String) -> Self {
        Self::Unscored(reason)
    }
}

impl From<&str> for Halt {
    fn from(reason: &str) -> Self {
        Self::Unscored(reason.to_owned())
    }
}

/// The replies to all questions, in their order; those that have none are asked together.
pub(super) fn all(questions: Vec<Question>, replies: &Replies) -> Result<Vec<&Reply>, Halt> {
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for question in questions {
        match replies.get(&question) {
            Some(Reply::Failed(reason)) => return Err(Halt::Failed(reason.clone())),
            Some(reply) => found.push(reply),
            None if missing.contains(&question) => {}
            None => missing.push(question),
        }
    }
    if missing.is_empty() { Ok(found) } else { Err(Halt::Asks(missing)) }
}
