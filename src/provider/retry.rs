//! When to ask again, and when to give a host up. The only layer that retries.
//!
//! Two bounds for two kinds of failure. Where a server answered, if only with an error, the number of attempts
//! counts: each may cost money. Where nobody answered, only time counts, because a server that is being restarted
//! refuses many connections in a short time, and none of them costs anything.

use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::error::{ProviderError, Retry};

/// Longest time from the first failure of a call to its last attempt.
const BUDGET: Duration = Duration::from_mins(1);

/// The same for a host that has not answered once: more likely a wrong address than a restart.
const BUDGET_BEFORE_FIRST_ANSWER: Duration = Duration::from_secs(10);

/// How the waits between attempts grow.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// Most attempts that the server answered.
    pub attempts: u32,
    /// The upper bound of the first wait; it doubles.
    pub first: Duration,
    /// The upper bound of the first wait after a 429 that does not say how long.
    pub first_when_limited: Duration,
    /// The upper bound of all waits where a server answered.
    pub longest: Duration,
    /// The upper bound of all waits where nobody answered: short, to notice soon that it is back.
    pub longest_unreachable: Duration,
    /// The time that all attempts of a call have.
    pub budget: Duration,
}

impl Backoff {
    /// The waits that suit public services, with at most `attempts`.
    pub fn new(attempts: u32) -> Self {
        Self {
            attempts,
            first: Duration::from_millis(500),
            first_when_limited: Duration::from_secs(2),
            longest: Duration::from_secs(16),
            longest_unreachable: Duration::from_secs(2),
            budget: BUDGET,
        }
    }
}

/// The attempts of one call.
#[derive(Debug)]
pub(super) struct Attempts {
    backoff: Backoff,
    first_failure: Option<Instant>,
    answered: u32,
    unreachable: u32,
}

impl Attempts {
    pub(super) fn new(backoff: Backoff) -> Self {
        Self { backoff, first_failure: None, answered: 0, unreachable: 0 }
    }

    /// All attempts that failed.
    pub(super) fn failed(&self) -> u32 {
        self.answered.saturating_add(self.unreachable)
    }

    /// How long to wait before the next attempt after `error` at `now`; none when it was the last.
    ///
    /// `jitter` in [0, 1) spreads calls that failed together over the whole wait ("full jitter"):
    /// <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>
    pub(super) fn after(
        &mut self,
        error: &ProviderError,
        now: Instant,
        jitter: f64,
    ) -> Option<Duration> {
        let first_failure = *self.first_failure.get_or_insert(now);
        let Backoff { first, first_when_limited, longest, longest_unreachable, .. } = self.backoff;
        let bound = match error.retry() {
            Retry::No => {
                self.answered += 1;
                return None;
            }
            Retry::Attempts => {
                self.answered += 1;
                if self.answered >= self.backoff.attempts {
                    return None;
                }
                let limited = matches!(error, ProviderError::RateLimited { .. });
                doubled(
                    if limited { first_when_limited } else { first },
                    self.answered - 1,
                    longest,
                )
            }
            Retry::Time => {
                self.unreachable += 1;
                doubled(first, self.unreachable - 1, longest_unreachable)
            }
        };
        let wait = match error.retry_after() {
            // The server's own word, and a little more so that not all come back in the same instant.
            Some(asked) => asked + first.mul_f64(jitter),
            None => bound.mul_f64(jitter),
        };
        let spent = now.saturating_duration_since(first_failure);
        (spent + wait < self.backoff.budget).then_some(wait)
    }
}

fn doubled(first: Duration, times: u32, longest: Duration) -> Duration {
    first.saturating_mul(1_u32.checked_shl(times).unwrap_or(u32::MAX)).min(longest)
}

/// What a run knows about a host: the circuit breaker that all calls to it share.
///
/// A host that nobody has reached for the whole budget is given up for the rest of the run; otherwise each of
/// thousands of calls would wait for itself.
#[derive(Debug, Default)]
pub struct Host {
    state: Mutex<HostState>,
}

#[derive(Debug, Default)]
struct HostState {
    answered: bool,
    silent_since: Option<Instant>,
    given_up: Option<(Duration, String)>,
}

impl Host {
    /// Takes note of the outcome of an attempt.
    pub(super) fn note(&self, outcome: Result<(), &ProviderError>, now: Instant, budget: Duration) {
        let mut state = self.state.lock().expect("no code panics while it holds this lock");
        match outcome {
            Err(ProviderError::Connect { reason, .. }) => state.is_silent(reason, now, budget),
            Err(error @ ProviderError::Timeout { .. }) => {
                state.is_silent(&error.to_string(), now, budget);
            }
            // An error of any other kind, even a cut answer or a wrong certificate, proves that someone is there.
            Ok(()) | Err(_) => state.answers(),
        }
    }

    /// For how long nobody has reached it, and why, once it is given up.
    pub(super) fn given_up(&self) -> Option<(Duration, String)> {
        self.state.lock().expect("no code panics while it holds this lock").given_up.clone()
    }
}

impl HostState {
    fn answers(&mut self) {
        self.answered = true;
        self.silent_since = None;
    }

    fn is_silent(&mut self, reason: &str, now: Instant, budget: Duration) {
        let since = *self.silent_since.get_or_insert(now);
        let silent = now.saturating_duration_since(since);
        let budget = if self.answered { budget } else { budget.min(BUDGET_BEFORE_FIRST_ANSWER) };
        // The last wait of a call ends a little before its budget does.
        if silent + Duration::from_secs(2).min(budget / 4) >= budget {
            self.given_up = Some((silent, reason.to_owned()));
        }
    }
}

/// How long a server asks to wait, in any of the three ways in which servers say it.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(milliseconds) = text("retry-after-ms").and_then(seconds) {
        return Some(milliseconds / 1000);
    }
    let text = text(RETRY_AFTER.as_str())?;
    if let Some(wait) = seconds(text) {
        return Some(wait);
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(SystemTime::from(date).duration_since(now).unwrap_or_default())
}

/// Seconds with or without a fraction; nothing negative, infinite or absurd.
fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// A number in [0, 1) that differs between calls and processes; no more is asked of it.
pub(super) fn jitter() -> f64 {
    use std::hash::{BuildHasher, RandomState};
    (RandomState::new().hash_one(0) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::super::error::Reply;
    use super::*;

    fn reply(status: u16) -> Reply {
        Reply { host: "h".into(), status, message: None }
    }

    fn server() -> ProviderError {
        ProviderError::Server { reply: reply(500), retry_after: None, starting: false }
    }

    fn connect() -> ProviderError {
        ProviderError::Connect { host: "h".into(), reason: "refused".into() }
    }

    fn limited(seconds: u64) -> ProviderError {
        let retry_after = Some(Duration::from_secs(seconds));
        ProviderError::RateLimited { reply: reply(429), retry_after }
    }

    #[test]
    fn answers_are_bounded_by_their_number() {
        let now = Instant::now();
        let mut attempts = Attempts::new(Backoff::new(4));
        let waits: Vec<_> = (0..4).map(|_| attempts.after(&server(), now, 1.0)).collect();
        let milliseconds = |ms| Some(Duration::from_millis(ms));
        assert_eq!(waits, [milliseconds(500), milliseconds(1000), milliseconds(2000), None]);
        assert_eq!(attempts.failed(), 4);
    }

    #[test]
    fn connections_are_bounded_by_time() {
        let start = Instant::now();
        let mut attempts = Attempts::new(Backoff::new(1));
        let mut now = start;
        while let Some(wait) = attempts.after(&connect(), now, 0.5) {
            assert!(wait <= Duration::from_secs(2));
            now += wait;
        }
        let spent = now - start;
        assert!(spent > Duration::from_secs(57) && spent < BUDGET, "{spent:?}");
        assert!(attempts.failed() > 50);
    }

    #[test]
    fn a_server_says_how_long_to_wait() {
        let now = Instant::now();
        let mut attempts = Attempts::new(Backoff::new(4));
        assert_eq!(attempts.after(&limited(7), now, 0.0), Some(Duration::from_secs(7)));
        assert_eq!(attempts.after(&limited(3600), now, 0.0), None, "longer than the budget");
    }

    #[test]
    fn what_is_final_is_not_asked_again() {
        let mut attempts = Attempts::new(Backoff::new(4));
        let rejected = ProviderError::Rejected { reply: reply(400) };
        assert_eq!(attempts.after(&rejected, Instant::now(), 0.5), None);
    }

    #[test]
    fn many_attempts_do_not_overflow() {
        assert_eq!(
            doubled(Duration::from_secs(1), 200, Duration::from_secs(9)),
            Duration::from_secs(9)
        );
    }

    #[test]
    fn a_host_that_never_answered_is_given_up_soon() {
        let host = Host::default();
        let start = Instant::now();
        host.note(Err(&connect()), start, BUDGET);
        host.note(Err(&connect()), start + Duration::from_secs(7), BUDGET);
        assert_eq!(host.given_up(), None);
        host.note(Err(&connect()), start + Duration::from_secs(10), BUDGET);
        assert_eq!(host.given_up(), Some((Duration::from_secs(10), "refused".into())));
    }

    #[test]
    fn a_host_that_has_answered_is_waited_for() {
        let host = Host::default();
        let start = Instant::now();
        host.note(Err(&server()), start, BUDGET);
        host.note(Err(&connect()), start, BUDGET);
        host.note(Err(&connect()), start + Duration::from_secs(40), BUDGET);
        assert_eq!(host.given_up(), None);
        host.note(Ok(()), start + Duration::from_secs(41), BUDGET);
        host.note(Err(&connect()), start + Duration::from_secs(80), BUDGET);
        assert_eq!(host.given_up(), None, "an answer starts the clock anew");
        host.note(Err(&connect()), start + Duration::from_secs(140), BUDGET);
        assert!(host.given_up().is_some());
    }

    #[test]
    fn reads_every_way_to_say_how_long() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let wait = |name: &'static str, value: &str| {
            let headers =
                [(reqwest::header::HeaderName::from_static(name), value.parse().unwrap())];
            retry_after(&headers.into_iter().collect(), now)
        };
        assert_eq!(wait("retry-after", "7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("retry-after", "0.5"), Some(Duration::from_millis(500)));
        assert_eq!(wait("retry-after-ms", "250"), Some(Duration::from_millis(250)));
        assert_eq!(
            wait("retry-after", "Tue, 14 Nov 2023 22:13:50 GMT"),
            Some(Duration::from_secs(30))
        );
        assert_eq!(wait("retry-after", "Tue, 14 Nov 2023 22:13:00 GMT"), Some(Duration::ZERO));
        for value in ["", "soon", "-1", "NaN", "inf", "1e300"] {
            assert_eq!(wait("retry-after", value), None, "{value}");
        }
    }

    #[test]
    fn jitter_is_a_fraction() {
        assert!((0..100).map(|_| jitter()).all(|jitter| (0.0..1.0).contains(&jitter)));
    }
}
