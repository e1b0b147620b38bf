//! One call whose answer must be valid: asked, checked, and asked again with what was wrong.
//!
//! Answers come from the local store where it has them, by the same key as in an evaluation, and are durable before they
//! count. What follows an invalid answer is a conversation of its own, with a key of its own: the same command again finds
//! each step of it in the store.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::cell::Origin;
use super::contract::{self, Checked, Contract};
use super::runner::Mode;
use crate::digest;
use crate::message::{Answer, Request};
use crate::price::Prices;
use crate::provider::{ApiKey, Endpoint, Provider, Shown, Traffic};
use crate::store::{self, Store};

/// Who is asked, and where answers are remembered.
pub struct Sources<'a> {
    /// The provider.
    pub provider: &'a Provider,
    /// The local store, where it is used.
    pub store: Option<&'a Store>,
    /// Whether the store is read and written; recordings belong to suites and play no part.
    pub mode: Mode,
    /// What models cost.
    pub prices: &'a Prices,
}

/// What is asked for.
pub struct Wanted<'a> {
    /// The first request.
    pub request: Request,
    /// The inputs, which assertions may look at.
    pub variables: &'a Map<String, Value>,
    /// What the answer must be.
    pub contract: &'a Contract,
    /// How often an invalid answer is asked for again.
    pub retries: u32,
}

/// What is told while it happens.
pub struct Watch<'a> {
    /// Takes the text of answers as it comes, where that is wanted.
    pub shown: Option<Box<Shown<'a>>>,
    /// Takes each answer that was checked, and how often at most it will be asked for again.
    pub tried: &'a mut dyn FnMut(&Attempt, u32),
}

/// One answer with what came of it.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The answer as it came, without any key in it.
    pub answer: Answer,
    /// What the contract says of it.
    pub checked: Checked,
    /// Where it came from: [`Origin::Stored`], [`Origin::Called`] or [`Origin::Echo`].
    pub origin: Origin,
    /// Requests that it took now.
    pub requests: u32,
    /// US dollars, where the model's price is known.
    pub cost_usd: Option<f64>,
}

/// How it ended.
#[derive(Debug)]
pub enum End {
    /// The last answer is valid, or is not and there was no way on; [`Checked::is_valid`] says which.
    Answered,
    /// The provider gave no answer.
    Failed(String),
    /// The user interrupted it.
    Interrupted,
}

/// All answers in order, and how it ended.
#[derive(Debug)]
pub struct Done {
    /// The answers; at least one where it ended with [`End::Answered`].
    pub attempts: Vec<Attempt>,
    /// How it ended.
    pub end: End,
    /// Why an answer could not be kept in the store.
    pub unkept: Option<String>,
}

/// Asks until an answer is valid, the retries are used up, or nothing more can come of asking.
pub fn run(
    sources: &Sources<'_>,
    wanted: &Wanted<'_>,
    watch: &mut Watch<'_>,
) -> std::io::Result<Done> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(ask_until_valid(sources, wanted, watch)))
}

async fn ask_until_valid(
    sources: &Sources<'_>,
    wanted: &Wanted<'_>,
    watch: &mut Watch<'_>,
) -> Done {
    let traffic = Traffic::default();
    let mut done = Done { attempts: Vec::new(), end: End::Answered, unkept: None };
    let mut request = wanted.request.clone();
    let mut left = wanted.retries;
    loop {
        let given = tokio::select! {
            biased;
            // Whoever waits for one answer and interrupts wants it no more.
            signal = tokio::signal::ctrl_c() => {
                drop(signal);
                done.end = End::Interrupted;
                return done;
            }
            given = sources.ask(&request, &traffic, watch) => given,
        };
        let Given { answer, origin, requests, unkept } = match given {
            Ok(given) => given,
            Err(error) => {
                done.end = End::Failed(error);
                return done;
            }
        };
        done.unkept = done.unkept.take().or(unkept);
        let cost_usd = answer.usage.and_then(|usage| sources.prices.cost(&request.model, usage));
        let checked = wanted.contract.check(&answer, wanted.variables, cost_usd);
        // Another answer does not help where nothing is wrong with this one but that it could not be decided.
        let goes_on = !checked.broken.is_empty() && left > 0;
        let next = goes_on.then(|| contract::again(&request, &answer, &checked));
        let attempt = Attempt { answer, checked, origin, requests, cost_usd };
        (watch.tried)(&attempt, if goes_on { left } else { 0 });
        done.attempts.push(attempt);
        match next {
            Some(next) => request = next,
            None => return done,
        }
        left -= 1;
    }
}

/// An answer and where it came from.
struct Given {
    answer: Answer,
    origin: Origin,
    requests: u32,
    unkept: Option<String>,
}

impl Sources<'_> {
    async fn ask(
        &self,
        request: &Request,
        traffic: &Traffic,
        watch: &mut Watch<'_>,
    ) -> Result<Given, String> {
        let place = self.store.zip(self.provider.endpoint());
        if let Some((store, endpoint)) = place
            && self.mode == Mode::Cached
            // What is damaged is asked for again; `pf cache verify` shows it.
            && let Ok(Some(answer)) = store.get(digest::answer_key(request, 1), endpoint)
        {
            if let Some(shown) = &mut watch.shown {
                shown(&answer.output);
            }
            return Ok(Given { answer, origin: Origin::Stored, requests: 0, unkept: None });
        }
        let asked = match &mut watch.shown {
            Some(shown) => {
                let mut held =
                    Held { keys: self.provider.keys().collect(), pending: String::new(), shown };
                let asked = self
                    .provider
                    .ask_streaming(request, traffic, &mut |text| held.push(text))
                    .await;
                held.finish();
                asked
            }
            None => self.provider.ask(request, traffic).await,
        };
        let answer = asked.result.map_err(|error| self.redact(&error.to_string()))?;
        let unkept = match place {
            Some((store, endpoint)) => self.keep(store, endpoint, request, &answer).await,
            None => None,
        };
        let origin = match self.provider {
            Provider::Echo => Origin::Echo,
            _ => Origin::Called,
        };
        let answer = answer.redacted(&|text| self.redact(text));
        Ok(Given { answer, origin, requests: asked.attempts, unkept })
    }

    /// Waits until the answer is durable; says why it could not be kept.
    async fn keep(
        &self,
        store: &Store,
        endpoint: &Endpoint,
        request: &Request,
        answer: &Answer,
    ) -> Option<String> {
        let cell = store::Cell::new(request, 1, endpoint, answer.clone(), Timestamp::now());
        let cell = cell.redacted(&|text| self.redact(text));
        store.put(cell).durable().await.err().map(|error| error.to_string())
    }

    fn redact(&self, text: &str) -> String {
        self.provider.keys().fold(text.to_owned(), |text, key| key.redact(&text))
    }
}

/// Text that streams, without a key in it: what may be the beginning of one waits for what comes next.
struct Held<'a, 'k> {
    keys: Vec<&'a ApiKey>,
    pending: String,
    shown: &'a mut Shown<'k>,
}

impl Held<'_, '_> {
    fn push(&mut self, text: &str) {
        self.pending.push_str(text);
        let mut waits = 0;
        for key in &self.keys {
            self.pending = key.redact(&self.pending);
            waits = waits.max(key.begun_at_end_of(&self.pending));
        }
        let rest = self.pending.split_off(self.pending.len() - waits);
        (self.shown)(&std::mem::replace(&mut self.pending, rest));
    }

    fn finish(self) {
        if !self.pending.is_empty() {
            (self.shown)(&self.pending);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assertion::Syntax;
    use crate::message::{Message, ModelSettings, ResponseFormat, Role};

    #[test]
    fn a_key_does_not_show_in_pieces() {
        let key = ApiKey::new("sk-secret").unwrap();
        for pieces in
            [&["a sk-secret b"][..], &["a s", "k-sec", "ret b"], &["a sk-secre", "t", " b"]]
        {
            let mut seen = String::new();
            let mut shown = |text: &str| seen.push_str(text);
            let mut held = Held { keys: vec![&key], pending: String::new(), shown: &mut shown };
            for piece in pieces {
                held.push(piece);
            }
            held.finish();
            assert_eq!(seen, "a **** b", "{pieces:?}");
        }
        let mut seen = String::new();
        let mut shown = |text: &str| seen.push_str(text);
        let mut held = Held { keys: vec![&key], pending: String::new(), shown: &mut shown };
        held.push("ends with sk-se");
        held.finish();
        assert_eq!(seen, "ends with sk-se");
    }

    /// Asks `echo`, which answers with the last user message: after a first answer, with what was wrong.
    fn echo(contract: &Contract, retries: u32) -> Done {
        let request = Request {
            model: ModelSettings {
                provider: "echo".into(),
                name: "echo".into(),
                ..Default::default()
            },
            messages: vec![Message::text(Role::User, "hi")],
            tools: Vec::new(),
            response: ResponseFormat::Text,
        };
        let sources = Sources {
            provider: &Provider::Echo,
            store: None,
            mode: Mode::Cached,
            prices: &Prices::default(),
        };
        let variables = Map::new();
        let wanted = Wanted { request, variables: &variables, contract, retries };
        let mut tried = |_: &Attempt, _: u32| {};
        run(&sources, &wanted, &mut Watch { shown: None, tried: &mut tried }).unwrap()
    }

    fn contract(assertion: Value) -> Contract {
        let syntax: Syntax = serde_json::from_value(assertion).unwrap();
        Contract::of_assertions(vec![syntax.compile().unwrap()])
    }

    #[test]
    fn an_invalid_answer_is_asked_for_again_until_it_is_valid() {
        let contract = contract(serde_json::json!({"type": "contains", "value": "not valid"}));
        let done = echo(&contract, 5);
        let valid: Vec<bool> =
            done.attempts.iter().map(|attempt| attempt.checked.is_valid()).collect();
        assert_eq!(valid, [false, true]);
        assert!(matches!(done.end, End::Answered));
    }

    #[test]
    fn the_retries_end() {
        let contract = contract(serde_json::json!({"type": "contains", "value": "\u{0}"}));
        for retries in [0, 2] {
            let done = echo(&contract, retries);
            assert_eq!(done.attempts.len(), retries as usize + 1);
            assert!(done.attempts.iter().all(|attempt| !attempt.checked.is_valid()));
        }
    }

    #[test]
    fn what_cannot_be_decided_is_not_asked_for_again() {
        let done = echo(&contract(serde_json::json!({"type": "cost", "threshold": 1})), 5);
        assert_eq!(done.attempts.len(), 1);
        assert!(!done.attempts[0].checked.is_valid());
    }
}
