//! What a run will ask and cost, told before it starts.
//!
//! The calls are counted exactly. Their tokens are counted in a sample of the requests, at most [`SAMPLE`] of each
//! column, and multiplied: the estimate of ten thousand cases takes no longer than that of a few hundred. The sample
//! is drawn by the answer keys, which are hashes, so it is a random one, and the same each time.

use rayon::prelude::*;
use serde_json::{Map, Value};

use super::cell::Origin;
use super::plan::Plan;
use super::runner::{Answers, Cells, Prepared};
use crate::digest::AnswerKey;
use crate::message::{Content, ModelSettings, Part, Request, ResponseFormat, Usage};
use crate::price::{Price, models, tokens};

/// Most requests of a column that are rendered and counted, and most answers that are looked at.
pub const SAMPLE: usize = 256;

/// Answers that it takes to say how long others will be.
const ENOUGH: usize = 5;

/// Tokens around a message, and behind the last one: <https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken_cookbook>.
/// Other vendors do not say; it is of that order.
const AROUND_A_MESSAGE: u64 = 4;
const BEFORE_THE_ANSWER: u64 = 3;

/// Most that vendors put before a request with tools: <https://platform.claude.com/docs/en/about-claude/pricing>.
const AROUND_TOOLS: u64 = 1000;

/// What an image costs at most vendors, within a factor of two.
const IMAGE: u64 = 1000;

/// What each pair of prompt and model will ask.
#[derive(Clone, PartialEq, Debug)]
pub struct Estimate {
    /// In the order of the plan.
    pub columns: Vec<ColumnEstimate>,
}

/// What a pair of prompt and model will ask.
#[derive(Clone, PartialEq, Debug)]
pub struct ColumnEstimate {
    /// The suite in the plan.
    pub suite: usize,
    /// The pair of prompt and model in the suite.
    pub column: usize,
    /// Cells by where their answer will come from.
    pub origins: Origins,
    /// Calls: equal requests are asked once, and counted where they first stand.
    pub calls: u64,
    /// How many of them the tokens were counted in.
    pub sampled: u64,
    /// Tokens read.
    pub input_tokens: u64,
    /// Whether these were counted with the vocabulary of the model and nothing in the requests was guessed.
    pub counted: bool,
    /// Tokens written.
    pub output: Output,
    /// US dollars; none where the price is not known.
    pub cost: Option<Dollars>,
}

/// Cells by where their answer comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[expect(missing_docs, reason = "the variants of `Origin` say it")]
pub struct Origins {
    pub given: u64,
    pub recorded: u64,
    pub stored: u64,
    pub echo: u64,
    pub called: u64,
}

impl Origins {
    fn add(&mut self, origin: Origin) {
        *match origin {
            Origin::Given => &mut self.given,
            Origin::Recorded => &mut self.recorded,
            Origin::Stored => &mut self.stored,
            Origin::Echo => &mut self.echo,
            Origin::Called => &mut self.called,
        } += 1;
    }

    /// Cells whose answer is there.
    pub fn ready(&self) -> u64 {
        self.given + self.recorded + self.stored + self.echo
    }
}

/// Tokens that will be written.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Output {
    /// At least so many.
    pub low: u64,
    /// At most so many; none where nothing bounds them.
    pub high: Option<u64>,
    /// What they are drawn from.
    pub basis: Basis,
}

/// What the length of answers is drawn from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Basis {
    /// So many answers of the same prompt and model that are there.
    Answers(usize),
    /// The longest answer that the request, or else the model, allows.
    Bound(Bound),
    /// Nothing.
    Nothing,
}

/// What bounds the length of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bound {
    /// `max_output_tokens`, or the same under a provider's own name in `extra`.
    Request,
    /// What the model can write.
    Model,
}

/// A range of US dollars.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Dollars {
    /// At least so much.
    pub low: f64,
    /// At most so much; none where nothing bounds it.
    pub high: Option<f64>,
}

impl Estimate {
    /// Calls of all.
    pub fn calls(&self) -> u64 {
        self.columns.iter().map(|column| column.calls).sum()
    }

    /// Tokens read by all.
    pub fn input_tokens(&self) -> u64 {
        self.columns.iter().map(|column| column.input_tokens).sum()
    }

    /// Tokens written by all.
    pub fn output_tokens(&self) -> (u64, Option<u64>) {
        let low = self.columns.iter().map(|column| column.output.low).sum();
        (low, self.columns.iter().map(|column| column.output.high).sum())
    }

    /// US dollars of all whose price is known.
    pub fn cost(&self) -> Dollars {
        let known = || self.columns.iter().filter_map(|column| column.cost);
        Dollars {
            low: known().map(|cost| cost.low).sum(),
            high: known().map(|cost| cost.high).sum(),
        }
    }

    /// The models, as `provider/name`, that are to be asked and whose price is not known.
    pub fn unpriced(&self, plan: &Plan) -> Vec<String> {
        let unpriced = self.columns.iter().filter(|column| column.cost.is_none());
        let mut names: Vec<String> = unpriced
            .map(|at| plan.suites[at.suite].columns[at.column].model.settings.id())
            .collect();
        names.sort();
        names.dedup();
        names
    }
}

/// What the cells will ask.
pub fn estimate(plan: &Plan, cells: &Cells, answers: &Answers<'_>) -> Estimate {
    let mut places = Vec::new();
    for (suite, planned) in plan.suites.iter().enumerate() {
        places.extend((0..planned.columns.len()).map(|column| (suite, column)));
    }
    let place = |cell: &Prepared| {
        let at = (cell.index.suite, cell.index.column);
        places.binary_search(&at).expect("cells are of the plan that they were prepared from")
    };
    // By key, and of equal keys the first in the plan.
    let mut calls: Vec<(AnswerKey, usize)> = cells
        .iter()
        .enumerate()
        .filter(|(_, cell)| cell.origin == Origin::Called)
        .filter_map(|(at, cell)| Some((cell.key?, at)))
        .collect();
    calls.sort_unstable();
    calls.dedup_by_key(|(key, _)| *key);

    let mut drafts: Vec<Draft> = places.iter().map(|_| Draft::default()).collect();
    for (_, at) in calls {
        let cell = cells.get(at);
        let draft = &mut drafts[place(&cell)];
        draft.calls += 1;
        if draft.sample.len() < SAMPLE {
            draft.sample.push(cell);
        }
    }
    for cell in cells.iter() {
        let draft = &mut drafts[place(&cell)];
        draft.origins.add(cell.origin);
        // Also what is asked again may be there.
        if draft.known.len() < SAMPLE && !matches!(cell.origin, Origin::Given | Origin::Echo) {
            draft.known.extend(known_length(plan, &cell, answers));
        }
    }
    let columns = places
        .iter()
        .zip(drafts)
        .map(|(&(suite, column), draft)| draft.finish(plan, suite, column))
        .collect();
    Estimate { columns }
}

#[derive(Default)]
struct Draft {
    origins: Origins,
    calls: u64,
    sample: Vec<Prepared>,
    /// Tokens of answers that are there.
    known: Vec<u64>,
}

impl Draft {
    fn finish(self, plan: &Plan, suite: usize, column: usize) -> ColumnEstimate {
        let planned = &plan.suites[suite];
        let model = &planned.columns[column].model.settings;
        let counts: Vec<(u64, bool)> = self
            .sample
            .par_iter()
            .filter_map(|cell| {
                let asked =
                    planned.columns[column].ask(&planned.cases.get(cell.index.case)).ok()?;
                Some(input_tokens(&asked.request))
            })
            .collect();
        let sampled = counts.len() as u64;
        let sum: u64 = counts.iter().map(|(tokens, _)| tokens).sum();
        let each = if sampled == 0 { 0.0 } else { sum as f64 / sampled as f64 };
        let output = output(model, self.calls, &self.known);
        let cost = match plan.prices.of(model) {
            _ if self.calls == 0 => Some(Dollars { low: 0.0, high: Some(0.0) }),
            Some(price) => Some(Dollars {
                low: dollars(&price, self.calls, each, output.low),
                high: output.high.map(|high| dollars(&price, self.calls, each, high)),
            }),
            None => None,
        };
        ColumnEstimate {
            suite,
            column,
            origins: self.origins,
            calls: self.calls,
            sampled,
            input_tokens: (each * self.calls as f64).round() as u64,
            counted: counts.iter().all(|(_, counted)| *counted),
            output,
            cost,
        }
    }
}

/// What `calls` requests of `input` tokens each cost that write `output` tokens together. Discounts for what is cached
/// are left out: whether something will be cached, nobody knows.
fn dollars(price: &Price, calls: u64, input: f64, output: u64) -> f64 {
    let mean = Usage { input_tokens: input.round() as u64, output_tokens: 0, ..Usage::default() };
    let one = |output_tokens| price.cost(Usage { output_tokens, ..mean });
    // A million tokens at a time, for the price of one answer's length is not that of a whole number of tokens.
    let written = (one(1_000_000) - one(0)) * (output as f64 / 1e6);
    calls as f64 * one(0) + written
}

/// How long an answer was that is there.
fn known_length(plan: &Plan, cell: &Prepared, answers: &Answers<'_>) -> Option<u64> {
    let key = cell.key?;
    let recorded = answers.recordings.get(cell.index.suite).and_then(|replay| replay.get(key));
    if let Some(answer) = recorded {
        return Some(answer.usage?.output_tokens);
    }
    let column = &plan.suites[cell.index.suite].columns[cell.index.column];
    let model = &column.model.settings;
    let endpoint = answers.endpoints.get(&model.provider)?.as_ref()?;
    Some(answers.store?.get(key, endpoint).ok()??.usage?.output_tokens)
}

/// The tokens of `calls` answers: where there are others of the same prompt and model, their mean, and two standard
/// errors of the mean of so many new ones to either side; else anything up to the bound.
fn output(model: &ModelSettings, calls: u64, known: &[u64]) -> Output {
    if calls == 0 {
        return Output { low: 0, high: Some(0), basis: Basis::Nothing };
    }
    let bound = longest_answer(model);
    let most = bound.map(|(tokens, _)| tokens.saturating_mul(calls));
    if known.len() < ENOUGH {
        let basis = bound.map_or(Basis::Nothing, |(_, bound)| Basis::Bound(bound));
        return Output { low: 0, high: most, basis };
    }
    let (n, calls) = (known.len() as f64, calls as f64);
    let mean = known.iter().map(|tokens| *tokens as f64).sum::<f64>() / n;
    let squares = known.iter().map(|tokens| (*tokens as f64 - mean).powi(2)).sum::<f64>();
    let error = 2.0 * (squares / (n - 1.0) * (1.0 / n + 1.0 / calls)).sqrt();
    let low = (calls * (mean - error)).max(0.0).round() as u64;
    let high = (calls * (mean + error)).round() as u64;
    let most = most.unwrap_or(u64::MAX);
    Output { low: low.min(most), high: Some(high.min(most)), basis: Basis::Answers(known.len()) }
}

/// How many tokens a request has, and whether none of them is a guess.
pub fn input_tokens(request: &Request) -> (u64, bool) {
    let (texts, images) = texts(request);
    let plain = texts.len() == request.messages.len() && images == 0;
    let (count, counted) = tokens::count(Some(&request.model), &texts);
    let around = AROUND_A_MESSAGE * request.messages.len() as u64 + BEFORE_THE_ANSWER;
    (count + around + images * IMAGE, counted && plain)
}

/// Tokens that a request cannot have more of: no vocabulary makes more tokens of a text than it has bytes. Of images,
/// the size of which only the vendor knows, a guess.
pub fn most_input_tokens(request: &Request) -> u64 {
    let (texts, images) = texts(request);
    let (count, counted) = tokens::count(Some(&request.model), &texts);
    let count = match counted {
        true => count,
        false => texts.iter().map(|text| text.len() as u64).sum(),
    };
    let tools = if request.tools.is_empty() { 0 } else { AROUND_TOOLS };
    count
        + 2 * (AROUND_A_MESSAGE * request.messages.len() as u64 + BEFORE_THE_ANSWER)
        + 2 * images * IMAGE
        + tools
}

/// All that a model reads: the text of each message, then what else there is as JSON; and the number of images.
fn texts(request: &Request) -> (Vec<String>, u64) {
    let mut texts: Vec<String> =
        request.messages.iter().map(|message| message.content.text()).collect();
    let parts = request.messages.iter().filter_map(|message| match &message.content {
        Content::Text(_) => None,
        Content::Parts(parts) => Some(parts),
    });
    let images = parts.flatten().filter(|part| matches!(part, Part::Image(_))).count() as u64;
    let calls = request.messages.iter().flat_map(|message| &message.tool_calls);
    let json = |value: serde_json::Result<String>| value.unwrap_or_default();
    texts.extend(calls.map(|call| json(serde_json::to_string(call))));
    texts.extend(request.tools.iter().map(|tool| json(serde_json::to_string(tool))));
    if let ResponseFormat::Schema(schema) = &request.response {
        texts.push(schema.to_string());
    }
    (texts, images)
}

/// The most tokens that an answer may have, and what bounds it.
pub fn longest_answer(model: &ModelSettings) -> Option<(u64, Bound)> {
    let asked = model.max_output_tokens.into_iter().chain(bound_in(&model.extra)).max();
    let listed = || Some((models::find(model)?.max_output?, Bound::Model));
    let (tokens, bound) = asked.map(|tokens| (tokens, Bound::Request)).or_else(listed)?;
    let answers = model.extra.get("n").and_then(Value::as_u64).unwrap_or(1).max(1);
    Some((tokens.saturating_mul(answers), bound))
}

/// The same as providers call it, at any depth of `extra`.
fn bound_in(extra: &Map<String, Value>) -> Option<u64> {
    const NAMES: [&str; 6] = [
        "max_tokens",
        "max_completion_tokens",
        "max_output_tokens",
        "maxOutputTokens",
        "maxTokens",
        "num_predict",
    ];
    let bounds = extra.iter().filter_map(|(key, value)| match value {
        Value::Object(inner) => bound_in(inner),
        value if NAMES.contains(&key.as_str()) => value.as_u64(),
        _ => None,
    });
    bounds.max()
}
