//! What a run spends, and the most that it may.
//!
//! Before a call is made, the most that it can cost is set aside; when its answer is there, what it did cost takes the
//! place of that. A call whose reservation does not fit any more waits for those under way, which mostly turn out
//! cheaper. When nothing is under way and it still does not fit, the limit is reached: nothing is asked from then on.
//!
//! So a limit is never overshot, save by what no answer tells: attempts that a provider failed and charged for all the
//! same, images, and answers of a model for which neither the request nor the table bounds their length.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::estimate;
use crate::message::{Answer, Request};
use crate::price::Prices;
use crate::provider::ProviderError;

/// Tokens that an answer is assumed to have at most where nothing bounds it.
pub const ASSUMED_OUTPUT: u64 = 8192;

/// The money of a run. Calls of all tasks go through one of these.
#[derive(Debug)]
pub struct Budget<'a> {
    prices: &'a Prices,
    limit: Option<f64>,
    ledger: Mutex<Ledger>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct Ledger {
    spent: Spent,
    /// Set aside for calls under way, in US dollars.
    reserved: f64,
    under_way: usize,
    reached: Option<Reached>,
}

/// What the calls of a run came to.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Spent {
    /// Calls that were answered, or may have been.
    pub calls: u64,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// US dollars, as far as prices are known. Of a call that may have been charged without saying what, the most that
    /// it can have cost, where there is a limit.
    pub cost_usd: f64,
    /// Calls whose price is not known.
    pub unpriced: u64,
}

impl Spent {
    /// US dollars; none where a price is not known.
    pub fn known_cost(&self) -> Option<f64> {
        (self.unpriced == 0).then_some(self.cost_usd)
    }
}

/// Why a call was not made.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum Reached {
    /// It might have cost more than is left.
    #[error("the limit of ${limit} is reached: ${spent:.4} are spent, and the next call may cost ${next:.4}{}", hint(*.bounded))]
    Limit {
        /// US dollars.
        limit: f64,
        /// What had been spent by then.
        spent: f64,
        /// The most that the call can cost.
        next: f64,
        /// Whether the request itself bounds the length of the answer.
        bounded: bool,
    },
    /// Nobody knows what it costs.
    #[error("the price of {model} is not known, and the run has a limit")]
    Unpriced {
        /// `provider/name`.
        model: String,
    },
}

fn hint(bounded: bool) -> &'static str {
    match bounded {
        true => "",
        false => "; `max_output_tokens` of the model would make that less",
    }
}

/// Money that is set aside for one call. Dropped unsettled, it goes back: the call was not made.
#[derive(Debug)]
#[must_use = "what is set aside stays so until the call is settled"]
pub struct Reservation<'b> {
    budget: &'b Budget<'b>,
    dollars: f64,
}

impl<'a> Budget<'a> {
    /// A budget of at most `limit` US dollars; without a limit, spending is only counted.
    pub fn new(prices: &'a Prices, limit: Option<f64>) -> Self {
        Self { prices, limit, ledger: Mutex::default(), freed: Notify::new() }
    }

    /// The most that may be spent, in US dollars.
    pub fn limit(&self) -> Option<f64> {
        self.limit
    }

    /// What has been spent so far.
    pub fn spent(&self) -> Spent {
        self.ledger().spent
    }

    /// Why calls are not made any more.
    pub fn reached(&self) -> Option<Reached> {
        self.ledger().reached.clone()
    }

    /// Sets aside what a call can cost at most, as soon as there is room for it.
    pub async fn reserve(&self, request: &Request) -> Result<Reservation<'_>, Reached> {
        let Some(limit) = self.limit else {
            return Ok(Reservation { budget: self, dollars: 0.0 });
        };
        let model = &request.model;
        let Some(price) = self.prices.of(model) else {
            let reached = Reached::Unpriced { model: model.id() };
            return Err(self.ledger().reached.get_or_insert(reached).clone());
        };
        let output = estimate::longest_answer(model);
        let tokens = output.map_or(ASSUMED_OUTPUT, |(tokens, _)| tokens);
        let next = price.at_most(estimate::most_input_tokens(request), tokens);
        loop {
            // Made before the ledger is looked at, so that no release between the two is missed.
            let freed = self.freed.notified();
            {
                let mut ledger = self.ledger();
                if let Some(reached) = &ledger.reached {
                    return Err(reached.clone());
                }
                if ledger.spent.cost_usd + ledger.reserved + next <= limit {
                    ledger.reserved += next;
                    ledger.under_way += 1;
                    return Ok(Reservation { budget: self, dollars: next });
                }
                if ledger.under_way == 0 {
                    let bounded = matches!(output, Some((_, estimate::Bound::Request)));
                    let spent = ledger.spent.cost_usd;
                    let reached = Reached::Limit { limit, spent, next, bounded };
                    ledger.reached = Some(reached.clone());
                    drop(ledger);
                    self.freed.notify_waiters();
                    return Err(reached);
                }
            }
            freed.await;
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reservation<'_> {
    /// Counts what the call came to.
    pub fn settle(self, request: &Request, result: Result<&Answer, &ProviderError>) {
        let price = self.budget.prices.of(&request.model);
        let mut ledger = self.budget.ledger();
        let spent = &mut ledger.spent;
        match result.map(|answer| answer.usage) {
            Ok(Some(usage)) => {
                spent.calls += 1;
                spent.input_tokens += usage.input_tokens;
                spent.output_tokens += usage.output_tokens;
                match price {
                    Some(price) => spent.cost_usd += price.cost(usage),
                    None => spent.unpriced += 1,
                }
            }
            Ok(None) => {
                spent.calls += 1;
                spent.cost_usd += self.dollars;
                spent.unpriced += u64::from(self.budget.limit.is_none());
            }
            Err(ProviderError::Timeout { .. } | ProviderError::Body { .. }) => {
                spent.calls += 1;
                spent.cost_usd += self.dollars;
            }
            Err(_) => {}
        }
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        if self.budget.limit.is_none() {
            return;
        }
        {
            let mut ledger = self.budget.ledger();
            ledger.under_way -= 1;
            // Sums of what was added and taken away again leave a rest.
            ledger.reserved = match ledger.under_way {
                0 => 0.0,
                _ => (ledger.reserved - self.dollars).max(0.0),
            };
        }
        self.budget.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;

    use super::*;
    use crate::message::{Message, ModelSettings, ResponseFormat, Role, Usage};
    use crate::price::Price;

    /// A dollar for a million tokens read, ten for a million written.
    fn prices() -> Prices {
        Prices(IndexMap::from([("p/m".to_owned(), Price::new(1.0, 10.0))]))
    }

    /// At most 100 tokens are written: a tenth of a cent, and a little for the input.
    fn request() -> Request {
        Request {
            model: ModelSettings {
                provider: "p".into(),
                name: "m".into(),
                max_output_tokens: Some(100),
                ..ModelSettings::default()
            },
            messages: vec![Message::text(Role::User, "hello")],
            tools: Vec::new(),
            response: ResponseFormat::Text,
        }
    }

    fn answer(output_tokens: u64) -> Answer {
        let usage = Usage { input_tokens: 5, output_tokens, ..Usage::default() };
        Answer { usage: Some(usage), ..Answer::default() }
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    #[test]
    fn any_number_of_calls_at_once_stays_below_the_limit() {
        use futures_util::StreamExt;

        for (limit, length) in [(0.0105, 100), (0.0105, 10), (0.002, 100), (0.02, 1)] {
            let prices = prices();
            let budget = Budget::new(&prices, Some(limit));
            let asked = run(async {
                let calls = futures_util::stream::iter(0..500).map(async |_| {
                    let request = request();
                    let Ok(reserved) = budget.reserve(&request).await else { return false };
                    tokio::task::yield_now().await;
                    reserved.settle(&request, Ok(&answer(length)));
                    true
                });
                calls.buffer_unordered(64).filter(|made| std::future::ready(*made)).count().await
            });
            let spent = budget.spent();
            assert!(spent.cost_usd <= limit, "{spent:?}");
            assert_eq!(spent.calls, asked as u64);
            // What is left would not have paid for one more call in the worst case.
            assert!(asked == 500 || spent.cost_usd + 0.001_1 > limit, "{spent:?}");
            assert_eq!(budget.reached().is_some(), asked < 500);
        }
    }

    #[test]
    fn a_call_waits_for_those_under_way() {
        let prices = prices();
        let budget = Budget::new(&prices, Some(0.001_5));
        run(async {
            let (first, second) = (request(), request());
            let reserved = budget.reserve(&first).await.unwrap();
            let waiting = budget.reserve(&second);
            tokio::pin!(waiting);
            assert!(futures_util::poll!(&mut waiting).is_pending());
            reserved.settle(&first, Ok(&answer(1)));
            assert!(waiting.await.is_ok());
        });
        assert_eq!(budget.reached(), None);
    }

    #[test]
    fn once_reached_nothing_is_asked_any_more() {
        let prices = prices();
        let budget = Budget::new(&prices, Some(0.000_5));
        let reached = run(budget.reserve(&request())).unwrap_err();
        assert!(
            reached.to_string().starts_with("the limit of $0.0005 is reached: $0.0000 are spent")
        );
        let mut cheap = request();
        cheap.model.max_output_tokens = Some(1);
        assert_eq!(run(budget.reserve(&cheap)).unwrap_err(), reached);
        assert_eq!(budget.spent(), Spent::default());
    }

    #[test]
    fn what_may_have_been_charged_counts_in_full() {
        let prices = prices();
        let request = request();
        let cost = |result: Result<&Answer, &ProviderError>| {
            let budget = Budget::new(&prices, Some(1.0));
            run(budget.reserve(&request)).unwrap().settle(&request, result);
            budget.spent().cost_usd
        };
        let cut = ProviderError::Body { host: "h".into(), reason: "cut".into() };
        let no_host = ProviderError::Connect { host: "h".into(), reason: "refused".into() };
        assert!(cost(Err(&cut)) > 0.001);
        assert!(cost(Ok(&Answer::default())) > 0.001);
        assert_eq!(Some(cost(Err(&no_host))), Some(0.0));
        assert_eq!(Some(cost(Ok(&answer(2)))), Some(25e-6));
    }

    #[test]
    fn without_a_limit_spending_is_counted_and_never_refused() {
        let prices = prices();
        let budget = Budget::new(&prices, None);
        let mut other = request();
        other.model.name = "unknown".into();
        for request in [request(), other] {
            run(budget.reserve(&request)).unwrap().settle(&request, Ok(&answer(10)));
        }
        let spent = budget.spent();
        assert_eq!((spent.calls, spent.output_tokens, spent.unpriced), (2, 20, 1));
        assert_eq!((spent.cost_usd, spent.known_cost()), (105e-6, None));
    }

    #[test]
    fn with_a_limit_a_model_without_a_price_is_not_asked() {
        let none = Prices::default();
        let budget = Budget::new(&none, Some(1.0));
        let reached = run(budget.reserve(&request())).unwrap_err();
        assert_eq!(reached, Reached::Unpriced { model: "p/m".to_owned() });
    }
}
