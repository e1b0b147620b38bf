//! What can go wrong between asking and an answer, and what to do about it.

use std::fmt::{self, Write as _};
use std::time::Duration;

use super::configuration::ConfigurationError;

/// Most characters of a server's own message that are shown.
const LONGEST_MESSAGE: usize = 300;

/// A call that gave no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProviderError {
    /// The configuration does not say how to make the call.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// 401 or 403.
    #[error("{reply}; {}", key_hint(.variable.as_deref()))]
    Unauthorized {
        /// What the server said.
        reply: Reply,
        /// The environment variable that holds the key.
        variable: Option<String>,
    },
    /// 404: no such model, or no such path.
    #[error("{reply}; check the model's name `{model}` and the `base_url` of the provider")]
    NotFound {
        /// What the server said.
        reply: Reply,
        /// The model that was asked for.
        model: String,
    },
    /// 429: too many requests or tokens in a time.
    #[error("{reply}; lower `requests_per_minute`, `tokens_per_minute` or `concurrency` of the provider in pf.yaml{}", retry_hint(*.retry_after))]
    RateLimited {
        /// What the server said.
        reply: Reply,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
    },
    /// 402, or 429 because the money or the plan is used up.
    #[error("{reply}; the quota of this account is used up: check its plan and billing")]
    QuotaExhausted {
        /// What the server said.
        reply: Reply,
    },
    /// 408 or 5xx.
    #[error("{reply}; the server failed: try again later")]
    Server {
        /// What the server said.
        reply: Reply,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
        /// Whether it said that it is still starting.
        starting: bool,
    },
    /// Any other status: asking again would give the same.
    #[error("{reply}{}", redirect_hint(.reply))]
    Rejected {
        /// What the server said.
        reply: Reply,
    },
    /// No answer within the time.
    #[error("`{host}` gave no {} within {limit:?}; raise `timeout` of the provider in pf.yaml", .phase)]
    Timeout {
        /// The host, with its port where it is not the usual one.
        host: String,
        /// What was waited for.
        phase: Phase,
        /// How long.
        limit: Duration,
    },
    /// No connection.
    #[error("cannot connect to `{host}`: {reason}; check that it runs, and `base_url` in pf.yaml")]
    Connect {
        /// The host, with its port where it is not the usual one.
        host: String,
        /// What the system said.
        reason: String,
    },
    /// A connection that cannot be trusted.
    #[error("cannot trust `{host}`: {reason}; {TLS_HINT}")]
    Tls {
        /// The host, with its port where it is not the usual one.
        host: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The answer was cut, too large, or not what the protocol says.
    #[error("the answer of `{host}` cannot be used: {reason}")]
    Body {
        /// The host, with its port where it is not the usual one.
        host: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A program gave no answer.
    #[error("provider `{name}`: {reason}")]
    Program {
        /// The provider.
        name: String,
        /// What went wrong: printable, of bounded length, without keys.
        reason: String,
    },
    /// Not asked, because the run was interrupted.
    #[error("not asked: the run was interrupted")]
    Stopped,
    /// Not asked, because the money that the run may spend does not reach for it.
    #[error("not asked: {reason}")]
    OverLimit {
        /// How much it may spend, has spent and would need.
        reason: String,
    },
    /// Not asked, because the host has not answered others for too long.
    #[error("not asked: `{host}` has not answered for {} s, so this run has given it up ({reason})", .silent.as_secs())]
    GivenUp {
        /// The host, with its port where it is not the usual one.
        host: String,
        /// For how long it had been silent.
        silent: Duration,
        /// The last thing that went wrong.
        reason: String,
    },
}

pub(super) const TLS_HINT: &str =
    "for a private certificate authority set `ca_file` of the provider in pf.yaml";

/// An answer that is none: the status and what the server said about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// The host, with its port where it is not the usual one.
    pub host: String,
    /// The HTTP status.
    pub status: u16,
    /// The server's own message: printable, of bounded length, without the key.
    pub message: Option<String>,
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` answered {}", self.host, self.status)?;
        match &self.message {
            Some(message) => write!(f, ": {}", message.trim_end_matches('.')),
            None => Ok(()),
        }
    }
}

/// What was waited for when the time was over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// The first byte of an answer.
    FirstByte,
    /// More of an answer that had begun.
    Body,
    /// The whole answer.
    Total,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FirstByte => "answer",
            Self::Body => "more of its answer",
            Self::Total => "complete answer",
        })
    }
}

/// What bounds the attempts after a failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Retry {
    /// Asking again would give the same.
    No,
    /// The server was there: the number of attempts counts.
    Attempts,
    /// The server was not there: only time counts, so that a restart is survived.
    Time,
}

impl ProviderError {
    /// What bounds the attempts after this failure.
    pub fn retry(&self) -> Retry {
        match self {
            Self::RateLimited { .. }
            | Self::Server { starting: false, .. }
            | Self::Timeout { .. }
            | Self::Body { .. }
            | Self::Program { .. } => Retry::Attempts,
            Self::Connect { .. } | Self::Server { starting: true, .. } => Retry::Time,
            Self::Configuration(_)
            | Self::Unauthorized { .. }
            | Self::NotFound { .. }
            | Self::QuotaExhausted { .. }
            | Self::Rejected { .. }
            | Self::Tls { .. }
            | Self::Stopped
            | Self::OverLimit { .. }
            | Self::GivenUp { .. } => Retry::No,
        }
    }

    /// Whether asking again may help.
    pub fn retryable(&self) -> bool {
        self.retry() != Retry::No
    }

    /// Whether every other call to the same model of the same host would fail in the same way.
    pub fn stops_model(&self) -> bool {
        matches!(
            self,
            Self::Configuration(_)
                | Self::Unauthorized { .. }
                | Self::NotFound { .. }
                | Self::QuotaExhausted { .. }
                | Self::Tls { .. }
                | Self::GivenUp { .. }
        )
    }

    /// The HTTP status, where the server answered with one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Unauthorized { reply, .. }
            | Self::NotFound { reply, .. }
            | Self::RateLimited { reply, .. }
            | Self::QuotaExhausted { reply }
            | Self::Server { reply, .. }
            | Self::Rejected { reply } => Some(reply.status),
            _ => None,
        }
    }

    /// How long the server asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Server { retry_after, .. } => {
                *retry_after
            }
            _ => None,
        }
    }
}

fn key_hint(variable: Option<&str>) -> String {
    match variable {
        Some(variable) => format!("check the key in the environment variable {variable}"),
        None => "it wants a key: name the variable that holds it in `api_key_env` of the provider in pf.yaml".into(),
    }
}

fn retry_hint(retry_after: Option<Duration>) -> String {
    retry_after.map(|wait| format!("; it asks to wait {} s", wait.as_secs())).unwrap_or_default()
}

fn redirect_hint(reply: &Reply) -> &'static str {
    if (300..400).contains(&reply.status) {
        "; redirects are not followed, because they could send the key elsewhere: correct `base_url` in pf.yaml"
    } else {
        ""
    }
}

/// `text` on one line with at most `longest` characters; control and bidi characters as escapes.
pub(super) fn printable(text: &str, longest: usize) -> String {
    let mut shown = String::new();
    for (count, character) in text.trim().chars().enumerate() {
        if count == longest {
            shown.push('…');
            break;
        }
        let acts = character.is_control()
            || matches!(character, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}' | '\u{2066}'..='\u{2069}');
        if acts {
            write!(shown, "{}", character.escape_default())
                .expect("writing to a string cannot fail");
        } else {
            shown.push(character);
        }
    }
    shown
}

/// A server's own message, fit to be shown.
pub(super) fn server_message(text: &str) -> Option<String> {
    let shown = printable(text, LONGEST_MESSAGE);
    (!shown.is_empty()).then_some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, message: &str) -> Reply {
        Reply { host: "api.example".into(), status, message: server_message(message) }
    }

    #[test]
    fn messages_say_where_what_and_what_to_do() {
        let refused = ProviderError::Unauthorized {
            reply: reply(401, "Incorrect API key provided."),
            variable: Some("OPENAI_API_KEY".into()),
        };
        assert_eq!(
            refused.to_string(),
            "`api.example` answered 401: Incorrect API key provided; check the key in the environment variable OPENAI_API_KEY"
        );
        let limited = ProviderError::RateLimited {
            reply: reply(429, ""),
            retry_after: Some(Duration::from_secs(20)),
        };
        assert_eq!(
            limited.to_string(),
            "`api.example` answered 429; lower `requests_per_minute`, `tokens_per_minute` or `concurrency` of the provider in pf.yaml; it asks to wait 20 s"
        );
        let moved = ProviderError::Rejected { reply: reply(301, "") };
        assert!(moved.to_string().contains("redirects are not followed"));
    }

    #[test]
    fn foreign_text_cannot_act() {
        assert_eq!(printable("a\u{1b}[31mb\nc\u{202e}d", 100), "a\\u{1b}[31mb\\nc\\u{202e}d");
        assert_eq!(printable(&"x".repeat(500), 3), "xxx…");
    }

    #[test]
    fn only_what_may_pass_is_asked_again() {
        let server =
            |starting| ProviderError::Server { reply: reply(503, ""), retry_after: None, starting };
        assert_eq!(server(false).retry(), Retry::Attempts);
        assert_eq!(server(true).retry(), Retry::Time);
        let rejected = ProviderError::Rejected { reply: reply(400, "") };
        assert!(!rejected.retryable() && !rejected.stops_model());
        let quota = ProviderError::QuotaExhausted { reply: reply(429, "") };
        assert!(!quota.retryable() && quota.stops_model());
    }
}
