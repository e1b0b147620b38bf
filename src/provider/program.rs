//! Programs that answer in place of a server: the request as JSON on standard input, the answer as JSON on standard output.
//!
//! What a program is given and what it may say is written down in docs/providers.md. It runs only where the user allowed it,
//! because whoever can change `pf.yaml` could run anything otherwise.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use super::configuration::ConfigurationError;
use super::endpoint::Endpoint;
use super::error::{ProviderError, printable};
use super::key::ApiKey;
use super::limit::Outcome;
use super::resolve::{self, Access};
use super::retry::{self, Attempts, Backoff};
use super::{Asked, Traffic};
use crate::message::{Answer, Request, ResponseFormat, ToolCall, Usage};
use crate::process::{self, Cancel, Environment, Job, ProcessError};
use crate::project::config::ProviderConfig;

/// Most bytes of an answer, as for servers.
const LARGEST_ANSWER: usize = 16 << 20;

/// Most characters of a program's complaint that are shown.
const LONGEST_COMPLAINT: usize = 300;

/// The version of what a program is given.
const VERSION: u32 = 1;

/// Once: a program that fails most often fails again, and knows best itself what to try again.
const DEFAULT_ATTEMPTS: u32 = 1;

/// Words in the names of variables that hold secrets.
const SECRET_WORDS: [&str; 5] = ["KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL"];

/// A program, and all that a call to it needs.
pub struct Program {
    name: String,
    pub(super) endpoint: Endpoint,
    command: Vec<String>,
    folder: PathBuf,
    environment: Vec<(OsString, OsString)>,
    pub(super) keys: Vec<ApiKey>,
    timeout: Duration,
    pub(super) backoff: Backoff,
    concurrency: usize,
}

/// What a program answers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    output: String,
    #[serde(default)]
    tool_calls: Vec<ToolCall>,
    finish: Option<String>,
    usage: Option<Usage>,
}

impl Program {
    /// The program of provider `name`. Its keys are read here, and nothing is run.
    pub(super) fn resolve(
        name: &str,
        endpoint: Endpoint,
        config: &ProviderConfig,
        access: &Access<'_>,
    ) -> Result<Self, ConfigurationError> {
        let wrong = |reason: &str| ConfigurationError::Program {
            name: name.to_owned(),
            reason: reason.into(),
        };
        let command = config.command.clone().unwrap_or_default();
        let Some(program) = command.first().filter(|program| !program.trim().is_empty()) else {
            return Err(wrong(
                "has an empty `command`; write a list of the program and its arguments",
            ));
        };
        if command.iter().any(|word| word.contains('\0')) {
            return Err(wrong("has a `command` with a null character"));
        }
        if !access.exec.allowed {
            return Err(ConfigurationError::ExecNotAllowed {
                name: name.to_owned(),
                program: printable(program, 200),
                root: access.exec.root.display().to_string(),
                trust_file: access.exec.trust_file.map(|path| path.display().to_string()),
            });
        }
        let mut allowed = config.env.clone();
        let mut keys = Vec::new();
        if let Some(variable) = &config.api_key_env {
            keys.push(resolve::read_key(name, variable, access)?);
            allowed.push(variable.clone());
        }
        for variable in &config.env {
            let upper = variable.to_ascii_uppercase();
            if SECRET_WORDS.iter().any(|word| upper.contains(word)) {
                keys.extend((access.environment)(variable).and_then(|key| ApiKey::new(&key).ok()));
            }
        }
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Self {
            name: name.to_owned(),
            endpoint,
            folder: resolve::folder(name, config, access.exec.root)?,
            environment: process::environment(&allowed, access.environment),
            keys,
            timeout: resolve::timeout(name, config)?,
            backoff: Backoff::new(resolve::attempts(name, config, DEFAULT_ATTEMPTS)?),
            concurrency: config.concurrency.unwrap_or(cores),
            command,
        })
    }

    pub(super) async fn ask(self: &Arc<Self>, request: &Request, traffic: &Traffic) -> Asked {
        let lane = traffic.lane(&self.endpoint, &request.model.name, Some(self.concurrency));
        let place = (self.endpoint.authority(), request.model.name.clone());
        let mut attempts = Attempts::new(self.backoff);
        if request.response == ResponseFormat::Embedding {
            let error = ConfigurationError::Unsupported {
                model: request.model.id(),
                what: "an embedding".to_owned(),
                why: "programs are asked for answers alone".to_owned(),
                help: "name a model of another provider, such as `openai/text-embedding-3-small`"
                    .to_owned(),
            };
            return Asked { result: Err(error.into()), attempts: 0 };
        }
        let input = input(request);
        loop {
            let permit = lane.acquire().await;
            if let Some(error) = traffic.refusal(&place) {
                return Asked { result: Err(error), attempts: attempts.failed() };
            }
            let error = match self.attempt(input.clone()).await {
                Ok(answer) => {
                    permit.finish(Outcome::Success);
                    return Asked { result: Ok(answer), attempts: attempts.failed() + 1 };
                }
                Err(error) => error,
            };
            permit.finish(Outcome::Failure);
            if error.stops_model() {
                traffic.refuse(&place, &error);
            }
            match attempts.after(&error, Instant::now(), retry::jitter()) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Asked { result: Err(error), attempts: attempts.failed() },
            }
        }
    }

    async fn attempt(self: &Arc<Self>, input: Vec<u8>) -> Result<Answer, ProviderError> {
        let program = Arc::clone(self);
        let stop = Stop::default();
        let cancel = stop.0.clone();
        let running = tokio::task::spawn_blocking(move || {
            let job = Job {
                command: &program.command,
                folder: &program.folder,
                environment: Environment::Only(&program.environment),
                input,
                timeout: program.timeout,
                largest_output: LARGEST_ANSWER,
            };
            process::run(job, &cancel)
        });
        let done = match running.await {
            Ok(Ok(done)) => done,
            Ok(Err(error @ ProcessError::Start { .. })) => {
                let reason = format!("cannot be asked: {error}");
                return Err(ConfigurationError::Program { name: self.name.clone(), reason }.into());
            }
            Ok(Err(ProcessError::Cancelled { .. })) => return Err(ProviderError::Stopped),
            Ok(Err(error @ ProcessError::Timeout { .. })) => {
                return Err(
                    self.failed(format!("{error}; raise `timeout` of the provider in pf.yaml"))
                );
            }
            Ok(Err(error)) => return Err(self.failed(error.to_string())),
            Err(_) => return Err(self.failed("its thread ended".to_owned())),
        };
        let program = &self.command[0];
        if !done.status.success() {
            let complaint = done.complaint.trim();
            let complaint = if complaint.is_empty() { "it said nothing" } else { complaint };
            return Err(self.failed(format!("`{program}` ended with {}: {complaint}", done.status)));
        }
        let said: Said = serde_json::from_slice(&done.output).map_err(|error| {
            let what = if done.output.iter().all(u8::is_ascii_whitespace) {
                "it wrote nothing to its standard output".to_owned()
            } else {
                format!("what it wrote to its standard output is no answer ({error})")
            };
            self.failed(format!("`{program}`: {what}; expected JSON such as {{\"output\": \"…\"}}"))
        })?;
        Ok(Answer {
            output: said.output,
            tool_calls: said.tool_calls,
            finish: said.finish,
            usage: said.usage,
            latency_ms: Some(super::milliseconds(done.took)),
            ..Answer::default()
        })
    }

    fn failed(&self, reason: String) -> ProviderError {
        let reason = self.keys.iter().fold(reason, |reason, key| key.redact(&reason));
        // The last words of a long complaint say most.
        let surplus = reason.chars().count().saturating_sub(LONGEST_COMPLAINT);
        let shown = if surplus == 0 {
            printable(&reason, LONGEST_COMPLAINT)
        } else {
            let head: String = reason.chars().take(LONGEST_COMPLAINT / 3).collect();
            let tail: String = reason.chars().skip(surplus + LONGEST_COMPLAINT / 3).collect();
            format!(
                "{} … {}",
                printable(&head, LONGEST_COMPLAINT),
                printable(&tail, LONGEST_COMPLAINT)
            )
        };
        ProviderError::Program { name: self.name.clone(), reason: shown }
    }
}

/// Kills the program when nobody waits for it any more.
#[derive(Default)]
struct Stop(Cancel);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// The request as a program reads it, on one line.
fn input(request: &Request) -> Vec<u8> {
    let mut input = json!({"version": VERSION});
    if let (Value::Object(input), Ok(Value::Object(request))) =
        (&mut input, serde_json::to_value(request))
    {
        input.extend(request);
    }
    let mut line = input.to_string().into_bytes();
    line.push(b'\n');
    line
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
