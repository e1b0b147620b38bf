//! What tokens cost and what models can do: a dated table, and the project's own prices over it.

pub mod models;
pub mod resembling;
pub mod tokens;
pub mod vendors;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::message::{ModelSettings, Usage};

/// The price of a model, in US dollars per million tokens.
#[derive(Clone, Copy, PartialEq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Tokens read.
    #[schemars(range(min = 0.0))]
    pub input: f64,
    /// Tokens written.
    #[schemars(range(min = 0.0))]
    pub output: f64,
    /// Tokens read that the provider had cached; as `input` when absent.
    #[schemars(range(min = 0.0))]
    pub cached_input: Option<f64>,
    /// Tokens read that the provider wrote to its cache; as `input` when absent.
    #[schemars(range(min = 0.0))]
    pub cache_write: Option<f64>,
    /// Tokens read in a batch, which pf does not send; shown only.
    #[schemars(range(min = 0.0))]
    pub batch_input: Option<f64>,
    /// Tokens written in a batch, which pf does not send; shown only.
    #[schemars(range(min = 0.0))]
    pub batch_output: Option<f64>,
    /// What requests with a long input cost.
    pub long: Option<LongPrice>,
}

/// The price of a request whose input is longer than a bound, in US dollars per million tokens. All of the request is
/// counted at it, not only what lies beyond the bound.
#[derive(Clone, Copy, PartialEq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LongPrice {
    /// The most tokens of input that cost the ordinary price.
    pub over: u64,
    /// Tokens read.
    #[schemars(range(min = 0.0))]
    pub input: f64,
    /// Tokens written.
    #[schemars(range(min = 0.0))]
    pub output: f64,
    /// Tokens read that the provider had cached; as `input` when absent.
    #[schemars(range(min = 0.0))]
    pub cached_input: Option<f64>,
    /// Tokens read that the provider wrote to its cache; as `input` when absent.
    #[schemars(range(min = 0.0))]
    pub cache_write: Option<f64>,
}

impl Price {
    /// A price without discounts.
    pub fn new(input: f64, output: f64) -> Self {
        Self {
            input,
            output,
            cached_input: None,
            cache_write: None,
            batch_input: None,
            batch_output: None,
            long: None,
        }
    }

    /// What an exchange cost, in US dollars. Cached tokens, and those written to the cache, are part of the input.
    ///
    /// Tokens that are kept in a cache for an hour or longer are counted as those that are kept for minutes: no
    /// provider is asked for the former unless `extra` says so.
    pub fn cost(&self, usage: Usage) -> f64 {
        let price = self.at(usage.input_tokens);
        let cached = usage.cached_tokens.min(usage.input_tokens);
        let written = usage.cache_write_tokens.min(usage.input_tokens - cached);
        let fresh = usage.input_tokens - cached - written;
        let read = fresh as f64 * price.input
            + cached as f64 * price.cached_input.unwrap_or(price.input)
            + written as f64 * price.cache_write.unwrap_or(price.input);
        (read + usage.output_tokens as f64 * price.output) / 1e6
    }

    /// The most that an exchange of so many tokens can cost, in US dollars: nothing is cached, and all of the input may
    /// have to be written to the cache.
    pub fn at_most(&self, input_tokens: u64, output_tokens: u64) -> f64 {
        let price = self.at(input_tokens);
        let input = price.input.max(price.cache_write.unwrap_or(0.0));
        (input_tokens as f64 * input + output_tokens as f64 * price.output) / 1e6
    }

    /// Whether each number in it is one that a price can be.
    pub fn is_sound(&self) -> bool {
        let long = self
            .long
            .map(|long| [Some(long.input), Some(long.output), long.cached_input, long.cache_write]);
        [Some(self.input), Some(self.output), self.cached_input, self.cache_write]
            .into_iter()
            .chain([self.batch_input, self.batch_output])
            .chain(long.into_iter().flatten())
            .flatten()
            .all(|price| price.is_finite() && price >= 0.0)
    }

    /// The price of a request with so many tokens of input.
    fn at(&self, input_tokens: u64) -> Self {
        match self.long {
            Some(long) if input_tokens > long.over => Self {
                cached_input: long.cached_input,
                cache_write: long.cache_write,
                ..Self::new(long.input, long.output)
            },
            _ => *self,
        }
    }
}

/// Prices by `PROVIDER/NAME`.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Prices(pub IndexMap<String, Price>);

impl Prices {
    /// The price of a model: the project's own, else the list price.
    pub fn of(&self, model: &ModelSettings) -> Option<Price> {
        let own = if self.0.is_empty() { None } else { self.0.get(&model.id()).copied() };
        own.or_else(|| models::find(model)?.price())
    }

    /// What an exchange cost, in US dollars.
    pub fn cost(&self, model: &ModelSettings, usage: Usage) -> Option<f64> {
        Some(self.of(model)?.cost(usage))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(id: &str) -> Price {
        models::find_by_id(id).unwrap().price().unwrap()
    }

    fn close(cost: f64, dollars: f64) {
        assert!((cost - dollars).abs() < 1e-12, "{cost} instead of {dollars}");
    }

    #[test]
    fn own_prices_go_before_list_prices() {
        let model = ModelSettings {
            provider: "openai".into(),
            name: "gpt-4o-mini-2024-07-18".into(),
            ..ModelSettings::default()
        };
        let list = Price {
            cached_input: Some(0.075),
            batch_input: Some(0.075),
            batch_output: Some(0.3),
            ..Price::new(0.15, 0.6)
        };
        assert_eq!(Prices::default().of(&model), Some(list));
        let own = Price::new(1.0, 2.0);
        let prices = Prices(IndexMap::from([(model.id(), own)]));
        assert_eq!(prices.of(&model), Some(own));
    }

    #[test]
    fn cached_tokens_are_part_of_the_input() {
        let model = ModelSettings {
            provider: "local".into(),
            name: "m".into(),
            ..ModelSettings::default()
        };
        let prices: Prices = serde_json::from_value(
            serde_json::json!({"local/m": {"input": 2.0, "output": 10.0, "cached_input": 1.0}}),
        )
        .unwrap();
        let usage = Usage {
            input_tokens: 1_000_000,
            output_tokens: 100_000,
            cached_tokens: 500_000,
            ..Usage::default()
        };
        assert_eq!(prices.cost(&model, usage), Some(1.0 + 0.5 + 1.0));
        assert_eq!(Prices::default().cost(&model, usage), None);
    }

    /// Computed by hand from the price lists: 3 in, 15 out, 0.30 from the cache, 3.75 to the cache.
    #[test]
    fn anthropic_charges_for_writing_to_its_cache() {
        let price = listed("anthropic/claude-sonnet-4-5-20250929");
        let usage = Usage {
            input_tokens: 50 + 248 + 1800,
            output_tokens: 89,
            cached_tokens: 1800,
            cache_write_tokens: 248,
            ..Usage::default()
        };
        close(price.cost(usage), 0.000_15 + 0.000_93 + 0.000_54 + 0.001_335);
    }

    /// 0.15 in, 0.60 out, 0.075 from the cache; reasoning is part of the output.
    #[test]
    fn openai_counts_reasoning_as_output() {
        let price = listed("openai/gpt-4o-mini-2024-07-18");
        let usage = Usage {
            input_tokens: 2006,
            output_tokens: 300,
            cached_tokens: 1920,
            reasoning_tokens: 256,
            ..Usage::default()
        };
        close(price.cost(usage), 0.000_012_9 + 0.000_144 + 0.000_18);
    }

    /// 1.25 in and 10 out up to 200,000 tokens, 2.50 and 15 beyond, for the whole request.
    #[test]
    fn gemini_charges_more_for_a_long_input() {
        let price = listed("gemini/gemini-2.5-pro");
        let usage = |input_tokens| Usage { input_tokens, output_tokens: 1000, ..Usage::default() };
        close(price.cost(usage(200_000)), 0.25 + 0.01);
        close(price.cost(usage(200_001)), 0.500_002_5 + 0.015);
        let cached = Usage { cached_tokens: 100_000, ..usage(300_000) };
        close(price.cost(cached), 0.5 + 0.025 + 0.015);
    }

    #[test]
    fn counts_that_cannot_be_do_not_make_a_price_negative() {
        let price = Price { cached_input: Some(0.0), ..Price::new(1.0, 1.0) };
        let usage = Usage {
            input_tokens: 10,
            cached_tokens: 20,
            cache_write_tokens: u64::MAX,
            ..Usage::default()
        };
        close(price.cost(usage), 0.0);
    }

    #[test]
    fn no_cost_is_above_the_most_that_it_can_be() {
        let counts = [0, 1, 99_999, 200_000, 200_001, 900_000];
        for (provider, name) in models::names() {
            let Some(price) = models::find_by_name(provider, name).and_then(models::Model::price)
            else {
                continue;
            };
            assert!(price.is_sound(), "{provider}/{name}");
            for input in counts {
                for (cached, written) in [(0, 0), (input / 2, input / 3), (0, input), (input, 0)] {
                    let usage = Usage {
                        input_tokens: input,
                        output_tokens: 1000,
                        cached_tokens: cached,
                        cache_write_tokens: written,
                        ..Usage::default()
                    };
                    let most = price.at_most(input, 1000);
                    assert!(
                        price.cost(usage) <= most * (1.0 + 1e-12),
                        "{provider}/{name} {usage:?}"
                    );
                }
            }
        }
    }
}
