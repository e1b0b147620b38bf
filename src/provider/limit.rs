//! How much may be under way at once, and how much in a minute.
//!
//! A provider does not say how many requests it takes at a time, so that is found out: [`Limiter`] starts low, grows
//! while all goes well and gives way when the provider says 429. What the user knows about the account, requests and
//! tokens per minute, is a [`Budget`].

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Where slow start begins, if the ceiling allows.
const START: usize = 16;

/// Adaptive concurrency for one model of one host.
///
/// The limit doubles with every clean round (as many successes as the limit) until the first 429, as TCP does in its
/// slow start. Each episode of 429s takes a fifth off it, however many requests of that episode are refused; from then
/// on it grows by a tenth a round, because the place where it broke is known. Other failures only break the round.
#[derive(Debug)]
pub struct Limiter {
    permits: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    limit: usize,
    ceiling: usize,
    /// Permits that are out and will not come back.
    debt: usize,
    /// Successes since the limit or the round last changed.
    clean: usize,
    /// How many episodes of 429s there were.
    episode: usize,
    /// Nothing starts before this.
    paused_until: Option<Instant>,
}

/// What came of a request that had a permit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    /// An answer.
    Success,
    /// 429; the provider may have said how long to wait.
    Limited(Option<Duration>),
    /// Anything else.
    Failure,
}

/// The right to have one request under way. Dropped without [`Permit::finish`], it says nothing about the host.
pub(super) struct Permit {
    limiter: Arc<Limiter>,
    place: Option<OwnedSemaphorePermit>,
    episode: usize,
}

impl Limiter {
    /// At most `ceiling` requests at once.
    pub fn new(ceiling: usize) -> Self {
        let ceiling = ceiling.clamp(1, Semaphore::MAX_PERMITS);
        let limit = START.min(ceiling);
        Self {
            permits: Arc::new(Semaphore::new(limit)),
            state: Mutex::new(State {
                limit,
                ceiling,
                debt: 0,
                clean: 0,
                episode: 0,
                paused_until: None,
            }),
        }
    }

    /// How many requests may be under way now.
    pub fn limit(&self) -> usize {
        self.state().limit
    }

    /// Waits for a place, first come first served.
    pub(super) async fn acquire(self: &Arc<Self>) -> Permit {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.expect("the semaphore is never closed");
        loop {
            let (paused_until, episode) = {
                let state = self.state();
                (state.paused_until, state.episode)
            };
            match paused_until {
                Some(until) if until > Instant::now() => {
                    tokio::time::sleep_until(until).await;
                }
                _ => {
                    return Permit { limiter: Arc::clone(self), place: Some(permit), episode };
                }
            }
        }
    }

    /// Lets nothing start for `wait`.
    pub(super) fn pause(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut state = self.state();
        state.paused_until = Some(state.paused_until.map_or(until, |earlier| earlier.max(until)));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no code panics while it holds this lock")
    }

    fn succeeded(&self, episode: usize) {
        let mut state = self.state();
        if episode != state.episode {
            return;
        }
        state.clean += 1;
        if state.clean < state.limit {
            return;
        }
        state.clean = 0;
        let grown = match state.episode {
            0 => state.limit * 2,
            _ => state.limit + (state.limit / 10).max(1),
        };
        let more = grown.min(state.ceiling) - state.limit;
        state.limit += more;
        let forgiven = more.min(state.debt);
        state.debt -= forgiven;
        self.permits.add_permits(more - forgiven);
    }

    fn was_limited(&self, episode: usize) {
        let mut state = self.state();
        // While more is under way than the limit allows, a refusal says nothing against the limit.
        if episode != state.episode || state.debt > 0 {
            return;
        }
        state.episode += 1;
        state.clean = 0;
        let less = state.limit.div_ceil(5).min(state.limit - 1);
        state.limit -= less;
        let taken = self.permits.forget_permits(less);
        state.debt += less - taken;
    }
}

impl Permit {
    /// Gives the place back and learns from what happened.
    pub(super) fn finish(self, outcome: Outcome) {
        match outcome {
            Outcome::Success => self.limiter.succeeded(self.episode),
            Outcome::Limited(wait) => {
                self.limiter.was_limited(self.episode);
                if let Some(wait) = wait {
                    self.limiter.pause(wait);
                }
            }
            Outcome::Failure => self.limiter.state().clean = 0,
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.limiter.state();
        if state.debt > 0
            && let Some(permit) = self.place.take()
        {
            state.debt -= 1;
            permit.forget();
        }
    }
}

/// Requests and tokens that a provider may be asked for in a minute, as the user set them.
#[derive(Debug, Default)]
pub(super) struct Budget {
    requests: Option<Meter>,
    tokens: Option<Meter>,
}

#[derive(Debug)]
struct Meter {
    rate: DefaultDirectRateLimiter,
    /// Most that can be taken at once.
    burst: NonZeroU32,
}

impl Budget {
    pub(super) fn new(requests_per_minute: Option<u32>, tokens_per_minute: Option<u32>) -> Self {
        Self {
            requests: requests_per_minute.and_then(NonZeroU32::new).map(Meter::new),
            tokens: tokens_per_minute.and_then(NonZeroU32::new).map(Meter::new),
        }
    }

    /// Whether tokens are counted, so that an estimate is needed.
    pub(super) fn counts_tokens(&self) -> bool {
        self.tokens.is_some()
    }

    /// Waits until one request of about `tokens` tokens fits in.
    pub(super) async fn take(&self, tokens: u32) {
        if let Some(requests) = &self.requests {
            requests.take(1).await;
        }
        if let Some(meter) = &self.tokens {
            meter.take(tokens).await;
        }
    }
}

impl Meter {
    /// A whole minute's worth at once would be two in the first minute, so no more than two seconds' worth is saved up.
    fn new(per_minute: NonZeroU32) -> Self {
        let burst = NonZeroU32::new(per_minute.get() / 30).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_minute(per_minute).allow_burst(burst);
        Self { rate: RateLimiter::direct(quota), burst }
    }

    async fn take(&self, count: u32) {
        let mut left = count;
        while let Some(part) = NonZeroU32::new(left.min(self.burst.get())) {
            if self.rate.until_n_ready(part).await.is_err() {
                return;
            }
            left -= part.get();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::Future;

    use futures_util::future::join_all;

    use super::*;

    /// Runs in simulated time, which passes as soon as everyone waits.
    fn simulated<T>(future: impl Future<Output = T>) -> T {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_time().start_paused(true).build().unwrap().block_on(future)
    }

    /// What came of many calls to a simulated server.
    struct Simulated {
        took: Duration,
        refused: usize,
    }

    /// Makes `calls` calls of 100 ms each. `admit` says whether the server takes a request while so many others are
    /// under way, or how long it asks to wait.
    async fn traffic(
        limiter: &Arc<Limiter>,
        calls: usize,
        admit: impl Fn(usize) -> Result<(), Option<Duration>>,
    ) -> Simulated {
        let started = Instant::now();
        let (under_way, refused) = (Cell::new(0), Cell::new(0));
        let call = async |number: usize| {
            for attempt in 1_u32.. {
                let permit = limiter.acquire().await;
                match admit(under_way.get()) {
                    Ok(()) => {
                        under_way.set(under_way.get() + 1);
                        tokio::time::sleep(Duration::from_millis(100)).await;
                        under_way.set(under_way.get() - 1);
                        permit.finish(Outcome::Success);
                        return;
                    }
                    Err(wait) => {
                        refused.set(refused.get() + 1);
                        permit.finish(Outcome::Limited(wait));
                        // As `retry` spreads them, with numbers that are the same in each run.
                        let spread = (number as u32).wrapping_mul(2_654_435_761) ^ attempt;
                        let backoff = Duration::from_millis(u64::from(spread % 2000));
                        tokio::time::sleep(wait.unwrap_or(backoff)).await;
                    }
                }
            }
        };
        join_all((0..calls).map(call)).await;
        Simulated { took: started.elapsed(), refused: refused.get() }
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    async fn round(limiter: &Arc<Limiter>) {
        for _ in 0..limiter.limit() {
            limiter.acquire().await.finish(Outcome::Success);
        }
    }

    #[test]
    fn doubles_per_clean_round_up_to_the_ceiling() {
        run(async {
            let limiter = Arc::new(Limiter::new(50));
            let mut limits = vec![limiter.limit()];
            for _ in 0..3 {
                round(&limiter).await;
                limits.push(limiter.limit());
            }
            assert_eq!(limits, [16, 32, 50, 50]);
            assert_eq!(limiter.permits.available_permits(), 50);
        });
    }

    #[test]
    fn starts_at_a_low_ceiling() {
        assert_eq!(Limiter::new(3).limit(), 3);
        assert_eq!(Limiter::new(0).limit(), 1);
    }

    #[test]
    fn shrinks_once_per_episode() {
        run(async {
            let limiter = Arc::new(Limiter::new(16));
            let mut permits = Vec::new();
            for _ in 0..16 {
                permits.push(limiter.acquire().await);
            }
            for permit in permits {
                permit.finish(Outcome::Limited(None));
            }
            assert_eq!(limiter.limit(), 12);
            assert_eq!(limiter.permits.available_permits(), 12);
            limiter.acquire().await.finish(Outcome::Limited(None));
            assert_eq!(
                limiter.limit(),
                9,
                "a request that began after the shrink is a new episode"
            );
        });
    }

    #[test]
    fn grows_slowly_after_the_first_429() {
        run(async {
            let limiter = Arc::new(Limiter::new(100));
            limiter.acquire().await.finish(Outcome::Limited(None));
            assert_eq!(limiter.limit(), 12);
            round(&limiter).await;
            assert_eq!(limiter.limit(), 13);
            assert_eq!(limiter.permits.available_permits(), 13);
        });
    }

    #[test]
    fn never_shrinks_to_nothing() {
        run(async {
            let limiter = Arc::new(Limiter::new(2));
            for _ in 0..5 {
                limiter.acquire().await.finish(Outcome::Limited(None));
            }
            assert_eq!(limiter.limit(), 1);
            assert_eq!(limiter.permits.available_permits(), 1);
        });
    }

    #[test]
    fn a_failure_breaks_the_round_and_holds_the_limit() {
        run(async {
            let limiter = Arc::new(Limiter::new(32));
            for _ in 0..15 {
                limiter.acquire().await.finish(Outcome::Success);
            }
            limiter.acquire().await.finish(Outcome::Failure);
            for _ in 0..15 {
                limiter.acquire().await.finish(Outcome::Success);
            }
            assert_eq!(limiter.limit(), 16);
            limiter.acquire().await.finish(Outcome::Success);
            assert_eq!(limiter.limit(), 32);
        });
    }

    #[test]
    fn throughput_comes_close_to_what_a_server_takes_at_a_time() {
        for capacity in [3, 10, 40, 100, 150] {
            simulated(async {
                let limiter = Arc::new(Limiter::new(200));
                let calls = capacity * 200;
                let admit = |under_way| if under_way < capacity { Ok(()) } else { Err(None) };
                let seen = traffic(&limiter, calls, admit).await;
                let ideal = Duration::from_millis(100) * 200;
                let efficiency = ideal.as_secs_f64() / seen.took.as_secs_f64();
                assert!(efficiency > 0.8, "{capacity} at a time: {efficiency:.2} of what it could");
                let share = seen.refused as f64 / calls as f64;
                // One more at a time is a third more where three are taken: each probe costs more there.
                let most = if capacity < 10 { 0.25 } else { 0.05 };
                assert!(share < most, "{capacity} at a time: {share:.2} refused");
                let limit = limiter.limit();
                // Near its end a run has less under way than it may, and nothing refuses to grow.
                assert!(limit <= capacity + capacity / 4 + 2, "{capacity}: ends at {limit}");
            });
        }
    }

    #[test]
    fn throughput_comes_close_to_what_a_server_takes_in_a_second() {
        const RATE: usize = 50;
        simulated(async {
            let limiter = Arc::new(Limiter::new(200));
            let (second, taken) = (Cell::new(0), Cell::new(0));
            let started = Instant::now();
            let admit = |_| {
                let now = started.elapsed();
                if now.as_secs() != second.get() {
                    second.set(now.as_secs());
                    taken.set(0);
                }
                taken.set(taken.get() + 1);
                let next = Duration::from_secs(now.as_secs() + 1);
                if taken.get() <= RATE { Ok(()) } else { Err(next.checked_sub(now)) }
            };
            let seen = traffic(&limiter, RATE * 60, admit).await;
            assert!(seen.took < Duration::from_secs(75), "{:?} for 60 s of work", seen.took);
            assert!(seen.refused < RATE * 60 / 4, "{} refused", seen.refused);
        });
    }

    #[test]
    fn without_refusals_the_ceiling_is_reached_in_a_few_rounds() {
        simulated(async {
            let limiter = Arc::new(Limiter::new(128));
            let seen = traffic(&limiter, 1280, |_| Ok(())).await;
            assert_eq!((limiter.limit(), seen.refused), (128, 0));
            // Ten rounds at the ceiling; slow start costs less than three more.
            assert!(seen.took <= Duration::from_millis(1300), "{:?}", seen.took);
        });
    }

    #[test]
    fn a_pause_holds_everyone() {
        simulated(async {
            let limiter = Arc::new(Limiter::new(4));
            let pause = Duration::from_secs(30);
            let started = Instant::now();
            limiter.acquire().await.finish(Outcome::Limited(Some(pause)));
            drop(limiter.acquire().await);
            assert!(started.elapsed() >= pause);
        });
    }

    #[test]
    fn a_budget_spreads_requests_over_the_minute() {
        run(async {
            let budget = Budget::new(Some(1200), None);
            let started = Instant::now();
            for _ in 0..44 {
                budget.take(0).await;
            }
            // 40 are saved up; the other four come every 50 ms.
            assert!(started.elapsed() >= Duration::from_millis(190));
        });
    }

    #[test]
    fn a_request_larger_than_the_burst_still_passes() {
        run(async {
            let budget = Budget::new(None, Some(600_000));
            let started = Instant::now();
            budget.take(21_000).await;
            assert!(
                started.elapsed() >= Duration::from_millis(90),
                "20,000 at once, 10,000 a second"
            );
        });
    }
}
