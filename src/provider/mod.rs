//! Asking models. Knows messages, not prompts.
//!
//! A [`Provider`] is resolved from its name, the project's configuration and the user's environment, and asked with
//! [`Provider::ask`]. What all calls of a run share, how much is under way and which hosts are silent, is [`Traffic`].
//! Each wire protocol has a file of pure functions; connections, retries and limits are the same for all.

mod built_in;
mod configuration;
mod echo;
mod endpoint;
mod error;
mod http;
mod key;
mod limit;
mod program;
mod resolve;
mod retry;
mod trust;
mod wire;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use indexmap::IndexMap;

pub use built_in::built_in_names;
pub use configuration::ConfigurationError;
pub use endpoint::{Endpoint, EndpointError};
pub use error::{Phase, ProviderError, Reply, Retry};
pub use key::{ApiKey, KeyError};
pub use limit::Limiter;
pub use program::Program;
pub use resolve::{Access, Exec};
pub use retry::{Backoff, Host};
pub use trust::{Trust, TrustFile};
pub use wire::{Quirks, Wire};

use crate::message::{Answer, Content, Part, Request};
use crate::project::config::ProviderConfig;
use http::{Http, Received};
use limit::{Budget, Outcome};
use resolve::Place;
use retry::Attempts;
use wire::{Collector, Delivery, Kind};

/// Most requests under way for one model where nothing else is set.
pub const DEFAULT_CONCURRENCY: usize = 32;

/// Someone who answers requests.
pub enum Provider {
    /// Answers with the last user message, at once and for nothing.
    Echo,
    /// A server.
    Remote(Box<Remote>),
    /// A program on this machine.
    Program(Arc<Program>),
}

/// A server, and all that a call to it needs.
pub struct Remote {
    endpoint: Endpoint,
    wire: Wire,
    http: Http,
    key: Option<(String, ApiKey)>,
    backoff: Backoff,
    concurrency: Option<usize>,
    budget: Budget,
}

/// What came of a call, with all its retries.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The answer, or the last failure.
    pub result: Result<Answer, ProviderError>,
    /// How many requests were sent; 0 where none was.
    pub attempts: u32,
}

/// What the calls of a run share: a limiter for each model of each host, and a circuit breaker for each host.
pub struct Traffic {
    ceiling: usize,
    hosts: Mutex<BTreeMap<String, Arc<Host>>>,
    lanes: Mutex<BTreeMap<(String, String), Arc<Limiter>>>,
    refusals: Mutex<BTreeMap<(String, String), ProviderError>>,
    stopped: AtomicBool,
}

impl Traffic {
    /// At most `ceiling` requests under way for each model of each host.
    pub fn new(ceiling: usize) -> Self {
        Self {
            ceiling,
            hosts: Mutex::default(),
            lanes: Mutex::default(),
            refusals: Mutex::default(),
            stopped: AtomicBool::new(false),
        }
    }

    /// Lets what is under way finish, and sends nothing more.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether [`Traffic::stop`] was called.
    pub fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Why nothing more is to be sent to a model of a host: a wrong key or an exhausted quota is the same for each call.
    fn refusal(&self, lane: &(String, String)) -> Option<ProviderError> {
        if self.stopped() {
            return Some(ProviderError::Stopped);
        }
        self.refusals.lock().expect("no code panics while it holds this lock").get(lane).cloned()
    }

    fn refuse(&self, lane: &(String, String), error: &ProviderError) {
        let mut refusals = self.refusals.lock().expect("no code panics while it holds this lock");
        refusals.entry(lane.clone()).or_insert_with(|| error.clone());
    }

    fn host(&self, endpoint: &Endpoint) -> Arc<Host> {
        let mut hosts = self.hosts.lock().expect("no code panics while it holds this lock");
        Arc::clone(hosts.entry(endpoint.authority()).or_default())
    }

    fn lane(&self, endpoint: &Endpoint, model: &str, own_ceiling: Option<usize>) -> Arc<Limiter> {
        let ceiling = own_ceiling.map_or(self.ceiling, |own| own.min(self.ceiling));
        let mut lanes = self.lanes.lock().expect("no code panics while it holds this lock");
        let lane = lanes
            .entry((endpoint.authority(), model.to_owned()))
            .or_insert_with(|| Arc::new(Limiter::new(ceiling)));
        Arc::clone(lane)
    }
}

impl Default for Traffic {
    fn default() -> Self {
        Self::new(DEFAULT_CONCURRENCY)
    }
}

/// Where provider `name` is, without looking at any key: all that reading stored answers needs. `None` for `echo`.
pub fn locate(
    name: &str,
    providers: &IndexMap<String, ProviderConfig>,
) -> Result<Option<Endpoint>, ProviderError> {
    Ok(match resolve::place(name, providers)? {
        Place::Echo => None,
        Place::Remote(_, endpoint) | Place::Program(endpoint) => Some(endpoint),
    })
}

/// The protocol that provider `name` speaks, without looking at any key. `None` for `echo` and programs.
pub fn wire(
    name: &str,
    providers: &IndexMap<String, ProviderConfig>,
) -> Result<Option<Wire>, ProviderError> {
    Ok(match resolve::place(name, providers)? {
        Place::Echo | Place::Program(_) => None,
        Place::Remote(wire, _) => Some(wire),
    })
}

impl Provider {
    /// The provider `name`: built in, or from `providers` of `pf.yaml`. Its key is read and checked here, and nothing
    /// is sent.
    pub fn resolve(
        name: &str,
        providers: &IndexMap<String, ProviderConfig>,
        access: &Access<'_>,
    ) -> Result<Self, ProviderError> {
        let (wire, endpoint) = match resolve::place(name, providers)? {
            Place::Echo => return Ok(Self::Echo),
            Place::Remote(wire, endpoint) => (wire, endpoint),
            Place::Program(endpoint) => {
                let none = ProviderConfig::default();
                let config = providers.get(name).unwrap_or(&none);
                let program = Program::resolve(name, endpoint, config, access)?;
                return Ok(Self::Program(Arc::new(program)));
            }
        };
        let config = providers.get(name);
        let connection = resolve::connection(name, &endpoint, config, access)?;
        Ok(Self::Remote(Box::new(Remote {
            http: Http::new(name, &wire, &endpoint, &connection),
            wire,
            key: connection.key,
            backoff: Backoff::new(connection.attempts),
            concurrency: config.and_then(|config| config.concurrency),
            budget: Budget::new(
                config.and_then(|config| config.requests_per_minute),
                config.and_then(|config| config.tokens_per_minute),
            ),
            endpoint,
        })))
    }

    /// Where it is; `None` for `echo`, whose answers are never stored.
    pub fn endpoint(&self) -> Option<&Endpoint> {
        match self {
            Self::Echo => None,
            Self::Remote(remote) => Some(&remote.endpoint),
            Self::Program(program) => Some(&program.endpoint),
        }
    }

    /// The keys that it sends or hands on, to be taken out of everything that is shown or stored.
    pub fn keys(&self) -> impl Iterator<Item = &ApiKey> {
        let (one, many) = match self {
            Self::Echo => (None, &[][..]),
            Self::Remote(remote) => (remote.key.as_ref().map(|(_, key)| key), &[][..]),
            Self::Program(program) => (None, program.keys.as_slice()),
        };
        one.into_iter().chain(many)
    }

    /// The provider with other waits between attempts.
    #[must_use]
    pub fn with_backoff(mut self, backoff: Backoff) -> Self {
        match &mut self {
            Self::Echo => {}
            Self::Remote(remote) => remote.backoff = backoff,
            Self::Program(program) => {
                if let Some(program) = Arc::get_mut(program) {
                    program.backoff = backoff;
                }
            }
        }
        self
    }

    /// Asks, and asks again where that may help.
    ///
    /// Takes at most the time for one request, the retry budget of a minute, and the time for the last request; and
    /// before that whatever the limits make it wait. Needs a tokio runtime with time and I/O.
    pub async fn ask(&self, request: &Request, traffic: &Traffic) -> Asked {
        match self {
            Self::Echo => Asked { result: Ok(echo::answer(request)), attempts: 1 },
            Self::Remote(remote) => remote.ask(request, traffic, None).await,
            Self::Program(program) => program.ask(request, traffic).await,
        }
    }

    /// As [`Provider::ask`], and gives each piece of the answer's text to `shown` as it comes.
    ///
    /// A stream that breaks off is an error. Once something was shown, it is not asked again: the beginning of another
    /// answer would stand behind that of the first. Where the protocol or the server does not stream, the text comes in one
    /// piece, and the answer has no time to its first token.
    pub async fn ask_streaming(
        &self,
        request: &Request,
        traffic: &Traffic,
        shown: &mut Shown<'_>,
    ) -> Asked {
        match self {
            Self::Echo => {
                let answer = echo::answer(request);
                shown(&answer.output);
                Asked { result: Ok(answer), attempts: 1 }
            }
            Self::Remote(remote) => remote.ask(request, traffic, Some(shown)).await,
            Self::Program(program) => {
                let asked = program.ask(request, traffic).await;
                if let Ok(answer) = &asked.result {
                    shown(&answer.output);
                }
                asked
            }
        }
    }
}

/// Takes the text of an answer as it comes.
pub type Shown<'a> = dyn FnMut(&str) + Send + 'a;

impl Remote {
    async fn ask(
        &self,
        request: &Request,
        traffic: &Traffic,
        mut shown: Option<&mut Shown<'_>>,
    ) -> Asked {
        let wanted = if shown.is_some() { Delivery::Streamed } else { Delivery::Whole };
        let delivery = self.wire.at_best(wanted);
        let body = match self.wire.body(request, delivery) {
            Ok(body) => body.to_string().into_bytes(),
            Err(error) => {
                return Asked { result: Err(error.into()), attempts: 0 };
            }
        };
        let host = traffic.host(&self.endpoint);
        let lane = traffic.lane(&self.endpoint, &request.model.name, self.concurrency);
        let tokens = if self.budget.counts_tokens() { estimated_tokens(request) } else { 0 };
        let mut attempts = Attempts::new(self.backoff);
        let place = (self.endpoint.authority(), request.model.name.clone());
        let path = self.wire.path_of(request, delivery);
        let mut has_shown = false;
        loop {
            let permit = lane.acquire().await;
            self.budget.take(tokens).await;
            if let Some(error) = traffic.refusal(&place) {
                return Asked { result: Err(error), attempts: attempts.failed() };
            }
            if let Some((silent, reason)) = host.given_up() {
                let error =
                    ProviderError::GivenUp { host: self.endpoint.authority(), silent, reason };
                return Asked { result: Err(error), attempts: attempts.failed() };
            }
            let call = Call { path: &path, body: &body, delivery };
            let result = self.attempt(call, request, &lane, &mut has_shown, &mut shown).await;
            let now = Instant::now();
            host.note(result.as_ref().map(|_| ()), now, self.backoff.budget);
            let error = match result {
                Ok(answer) => {
                    permit.finish(Outcome::Success);
                    return Asked { result: Ok(answer), attempts: attempts.failed() + 1 };
                }
                Err(error) => error,
            };
            if error.stops_model() {
                traffic.refuse(&place, &error);
            }
            let wait = attempts.after(&error, now, retry::jitter());
            permit.finish(match &error {
                // A wait that is longer than a call may take stops this call; others find out for themselves.
                ProviderError::RateLimited { retry_after, .. } => {
                    Outcome::Limited(retry_after.filter(|_| wait.is_some()))
                }
                _ => Outcome::Failure,
            });
            match wait.filter(|_| !has_shown) {
                Some(wait) if host.given_up().is_none() => tokio::time::sleep(wait).await,
                _ => {
                    return Asked { result: Err(error), attempts: attempts.failed() };
                }
            }
        }
    }

    async fn attempt(
        &self,
        call: Call<'_>,
        request: &Request,
        lane: &Limiter,
        has_shown: &mut bool,
        shown: &mut Option<&mut Shown<'_>>,
    ) -> Result<Answer, ProviderError> {
        let started = Instant::now();
        let mut collector = Collector::new(self.wire.clone());
        let mut first_token = None;
        let mut show = |text: &str| {
            if let Some(shown) = shown.as_mut().filter(|_| !text.is_empty()) {
                *has_shown = true;
                shown(text);
            }
        };
        let mut live = |bytes: &[u8]| {
            let text = collector.push(bytes);
            if !text.is_empty() {
                first_token.get_or_insert_with(|| started.elapsed());
                show(&text);
            }
        };
        let live: Option<&mut http::Live<'_>> = match call.delivery {
            Delivery::Whole => None,
            Delivery::Streamed => Some(&mut live),
        };
        let received = self.http.post(call.path, call.body.to_vec(), live).await?;
        if received.status != 200 {
            return Err(self.refused(&received, request));
        }
        let is_streamed = call.delivery == Delivery::Streamed && received.body.is_empty();
        let parsed = if is_streamed {
            collector.finish(request)
        } else {
            self.wire.parse(&received.body, request)
        };
        let mut answer = parsed.map_err(|error| self.http.body(self.redact(&error.to_string())))?;
        if !is_streamed {
            show(&answer.output);
        }
        if let Some(wait) = exhausted_for(&received, SystemTime::now()) {
            lane.pause(wait.min(self.backoff.budget));
        }
        answer.latency_ms = Some(milliseconds(received.took));
        answer.first_token_ms = first_token.map(milliseconds);
        Ok(answer)
    }

    /// The error that an answer with another status than 200 is.
    fn refused(&self, received: &Received, request: &Request) -> ProviderError {
        let location = (300..400)
            .contains(&received.status)
            .then(|| received.headers.get(reqwest::header::LOCATION)?.to_str().ok())
            .flatten()
            .map(|location| format!("redirect to {}", error::printable(location, 200)));
        let failure = self.wire.failure(received.status, &received.headers, &received.body);
        let message = location.or(failure.message);
        let reply = Reply {
            host: self.endpoint.authority(),
            status: received.status,
            message: message.map(|message| self.redact(&message)),
        };
        let retry_after =
            retry::retry_after(&received.headers, SystemTime::now()).or(failure.retry_after);
        let by_status = match received.status {
            401 | 403 => Some(Kind::Unauthorized),
            402 => Some(Kind::Quota),
            404 => Some(Kind::NotFound),
            429 => Some(Kind::Limited),
            408 | 500..=599 => Some(Kind::Server),
            _ => None,
        };
        match failure.kind.or(by_status) {
            Some(Kind::Unauthorized) => ProviderError::Unauthorized {
                reply,
                variable: self.key.as_ref().map(|(variable, _)| variable.clone()),
            },
            Some(Kind::NotFound) => {
                ProviderError::NotFound { reply, model: request.model.name.clone() }
            }
            Some(Kind::Quota) => ProviderError::QuotaExhausted { reply },
            Some(Kind::Limited) => ProviderError::RateLimited { reply, retry_after },
            Some(Kind::Starting) => ProviderError::Server { reply, retry_after, starting: true },
            Some(Kind::Server) => ProviderError::Server { reply, retry_after, starting: false },
            None => ProviderError::Rejected { reply },
        }
    }

    fn redact(&self, text: &str) -> String {
        self.key.as_ref().map_or_else(|| text.to_owned(), |(_, key)| key.redact(text))
    }
}

/// One request, as each attempt sends it.
#[derive(Clone, Copy)]
struct Call<'a> {
    path: &'a str,
    body: &'a [u8],
    delivery: Delivery,
}

/// To the microsecond.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

/// How long the provider says that nothing is left of a quota, told in the headers of a good answer.
///
/// <https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers>,
/// <https://platform.claude.com/docs/en/api/rate-limits#response-headers>
fn exhausted_for(received: &Received, now: SystemTime) -> Option<Duration> {
    let text = |name: String| received.headers.get(name).and_then(|value| value.to_str().ok());
    let by_openai = ["requests", "tokens"]
        .into_iter()
        .filter(|kind| text(format!("x-ratelimit-remaining-{kind}")) == Some("0"))
        .filter_map(|kind| reset_time(text(format!("x-ratelimit-reset-{kind}"))?));
    let by_anthropic = ["requests", "tokens", "input-tokens", "output-tokens"]
        .into_iter()
        .filter(|kind| text(format!("anthropic-ratelimit-{kind}-remaining")) == Some("0"))
        .filter_map(|kind| {
            let at: jiff::Timestamp =
                text(format!("anthropic-ratelimit-{kind}-reset"))?.parse().ok()?;
            SystemTime::from(at).duration_since(now).ok()
        });
    by_openai.chain(by_anthropic).max()
}

/// Reads a duration as Go writes it: `6m0s`, `1.5s`, `120ms`.
fn reset_time(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let count: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let units = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let seconds = match &rest[..units] {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            _ => return None,
        };
        total = total.checked_add(Duration::try_from_secs_f64(count * seconds).ok()?)?;
        rest = &rest[units..];
    }
    (!text.is_empty()).then_some(total)
}

/// About how many tokens a request will take, input and output together: four bytes of text a token, and the longest
/// answer that it allows. Only for the budget that the user set; exact counts need the model's own vocabulary.
fn estimated_tokens(request: &Request) -> u32 {
    /// What an image costs at most vendors, within a factor of two.
    const IMAGE: usize = 1000;
    let input: usize = request
        .messages
        .iter()
        .map(|message| match &message.content {
            Content::Text(text) => text.len() / 4,
            Content::Parts(parts) => parts
                .iter()
                .map(|part| match part {
                    Part::Text(text) => text.len() / 4,
                    Part::Image(_) => IMAGE,
                })
                .sum(),
        })
        .sum();
    let output = request.model.max_output_tokens.unwrap_or(256);
    u32::try_from(input as u64 + output).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests;
