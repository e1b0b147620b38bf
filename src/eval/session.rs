//! One answer while it is judged: what its assertions ask, what came back, and what that cost.

use std::sync::Arc;

use super::bench::{Bench, Next};
use super::plan::{Asked, Column, PlannedCase, SuitePlan};
use super::score::{self, Scored};
use crate::assertion::{CommandQuestion, Question, Replies, Reply};
use crate::message::{Answer, Request, Usage};
use crate::price::Prices;

/// An answer that is being judged.
pub(super) struct Session<'a> {
    place: (&'a SuitePlan, &'a Column, Arc<PlannedCase>),
    pub(super) asked: Asked,
    pub(super) answer: Answer,
    pub(super) cost_usd: Option<f64>,
    replies: Replies,
    /// Questions that are not answered yet, with what was said to them so far.
    open: Vec<(Question, Vec<String>)>,
    pub(super) bill: Bill,
}

/// What judging one answer took.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Bill {
    /// Answers of judges and embedding models, those that were there already among them.
    pub answers: u32,
    /// Requests of this run.
    pub attempts: u32,
    /// Tokens of all these answers, where they were counted.
    pub usage: Option<Usage>,
    /// US dollars of all these answers; none where a price is not known.
    pub cost_usd: Option<f64>,
    /// Whether some of it has no known price.
    pub unpriced: bool,
}

impl Bill {
    /// Adds another bill.
    pub fn include(&mut self, other: &Self) {
        self.answers += other.answers;
        self.attempts += other.attempts;
        if let Some(usage) = other.usage {
            self.count(usage);
        }
        self.unpriced |= other.unpriced;
        self.cost_usd = match (self.cost_usd, other.cost_usd) {
            _ if self.unpriced => None,
            (None, None) => None,
            (a, b) => Some(a.unwrap_or(0.0) + b.unwrap_or(0.0)),
        };
    }

    fn count(&mut self, usage: Usage) {
        let sum = self.usage.get_or_insert_default();
        sum.input_tokens += usage.input_tokens;
        sum.output_tokens += usage.output_tokens;
        sum.cached_tokens += usage.cached_tokens;
        sum.reasoning_tokens += usage.reasoning_tokens;
    }

    fn add(&mut self, prices: &Prices, request: &Request, answer: &Answer, attempts: u32) {
        self.answers += 1;
        self.attempts += attempts;
        let Some(usage) = answer.usage else { return };
        self.count(usage);
        match prices.cost(&request.model, usage) {
            Some(cost) if !self.unpriced => *self.cost_usd.get_or_insert(0.0) += cost,
            Some(_) => {}
            None => (self.unpriced, self.cost_usd) = (true, None),
        }
    }
}

/// What a session needs to go on.
pub(super) enum Turn {
    /// Nothing: it is decided.
    Decided(Scored),
    /// These, each with the place of its question.
    Wants(Vec<(usize, Want)>),
}

/// Something that only others can say.
pub(super) enum Want {
    Answer(Box<Request>),
    Command(CommandQuestion),
}

impl<'a> Session<'a> {
    pub(super) fn new(
        place: (&'a SuitePlan, &'a Column, Arc<PlannedCase>),
        asked: Asked,
        answer: Answer,
        cost_usd: Option<f64>,
    ) -> Self {
        Self {
            place,
            asked,
            answer,
            cost_usd,
            replies: Replies::default(),
            open: Vec::new(),
            bill: Bill::default(),
        }
    }

    /// Judges as far as the replies allow.
    pub(super) fn turn(&mut self, bench: &Bench) -> Turn {
        loop {
            let (suite, column, ref case) = self.place;
            let text = score::extracted(column, &self.answer);
            let subject =
                score::subject(column, case, &self.asked, &self.answer, self.cost_usd, &text);
            let questions = match score::score(suite, column, case, &subject, &text, &self.replies)
            {
                Ok(scored) => return Turn::Decided(scored),
                Err(questions) => questions,
            };
            for question in questions {
                if self.open.iter().all(|(open, _)| *open != question) {
                    self.open.push((question, Vec::new()));
                }
            }
            let mut wants = Vec::new();
            let mut done = Vec::new();
            for (index, (question, said)) in self.open.iter().enumerate() {
                if self.replies.get(question).is_some() {
                    continue;
                }
                match bench.next(question, &subject, said) {
                    Next::Ask(request) => wants.push((index, Want::Answer(request))),
                    Next::Run(command) => wants.push((index, Want::Command(command))),
                    Next::Done(reply) => done.push((question.clone(), reply)),
                }
            }
            let stuck = done.is_empty();
            for (question, reply) in done {
                self.replies.push(question, reply);
            }
            if !wants.is_empty() || stuck {
                return Turn::Wants(wants);
            }
        }
    }

    /// Takes what a model said to a question.
    pub(super) fn said(
        &mut self,
        prices: &Prices,
        index: usize,
        request: &Request,
        answer: &Answer,
        attempts: u32,
    ) {
        self.bill.add(prices, request, answer, attempts);
        self.open[index].1.push(answer.output.clone());
    }

    /// Takes a reply to a question.
    pub(super) fn replied(&mut self, index: usize, reply: Reply) {
        let question = self.open[index].0.clone();
        self.replies.push(question, reply);
    }
}
