//! M204

use serde_json::Value;

use super::asked::{Asked, each_model};
use crate::diagnostic::Diagnostic;
use crate::lint::rule::rule;
use crate::price::models::Model;
use crate::price::vendors;

rule! {
    /// A model is given a parameter that it does not take.
    ///
    /// ## Why is this bad?
    ///
    /// Some vendors refuse the request. Others pass over the parameter without a word, and the answers vary although
    /// `seed` or `temperature` says that they should not.
    ///
    /// ## What it does
    ///
    /// It knows the parameters that vendors name as unsupported and those that a wire protocol has no place for, and models
    /// that reason: those take no `temperature` but 1 while they do. Keys of `extra` count too; with `reasoning_effort: none`
    /// there, sampling is free.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// model: {provider: openai, name: gpt-5.5-2026-04-23, temperature: 0}
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// model: {provider: openai, name: gpt-5.5-2026-04-23}
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    UNSUPPORTED_PARAMETER: "M204" "unsupported-parameter" Warning,
    each_model!(check)
}

fn check(asked: &Asked<'_>) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let unknown = asked.vendor.map_or(&[][..], |vendor| vendor.unknown);
    let settings = &asked.settings;
    let facts = asked.facts();
    let reasons = settings.extra.get("reasoning_effort").is_none_or(|effort| effort != "none");
    let fixed = reasons && facts.is_some_and(|facts| facts.fixed_sampling);
    let mut report = |keys: &[&str], why: String| {
        let key = keys.last().copied().unwrap_or_default();
        let message = format!("`{}` takes no `{key}`: {why}", settings.id());
        findings.push(
            UNSUPPORTED_PARAMETER
                .at(asked.file(), asked.span(keys), message)
                .help(format!("leave `{key}` out")),
        );
    };
    let why = |key: &str| {
        let lacking = vendors::lacking(asked.protocol, key).map(str::to_owned);
        lacking.or_else(|| why_not(key, facts, unknown))
    };

    let other_than_one = |value: Option<f64>| value.is_some_and(|value| (value - 1.0).abs() > 1e-9);
    for (key, value) in [("temperature", settings.temperature), ("top_p", settings.top_p)] {
        if fixed && other_than_one(value) {
            report(&[key], "it reasons, and then only 1 is allowed".to_owned());
        }
    }
    if settings.seed.is_some()
        && let Some(why) = why("seed")
    {
        report(&["seed"], why);
    }
    if !settings.stop.is_empty()
        && let Some(why) = why("stop")
    {
        report(&["stop"], why);
    }
    for (key, value) in &settings.extra {
        let probabilities =
            key == "top_logprobs" || (key == "logprobs" && *value == Value::Bool(true));
        if fixed && probabilities {
            report(&["extra", key], "it gives none while it reasons".to_owned());
        } else if let Some(why) = why(key) {
            report(&["extra", key], why);
        }
    }
    findings
}

/// Why a model takes no parameter of this name, as far as its vendor says so.
fn why_not(
    key: &str,
    facts: Option<&Model>,
    unknown: &'static [(&'static str, &'static str)],
) -> Option<String> {
    if let Some((_, why)) = unknown.iter().find(|(name, _)| *name == key) {
        return Some((*why).to_owned());
    }
    let refused = facts?.refuses.iter().any(|name| name == key);
    refused.then(|| "its vendor refuses it for this model".to_owned())
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    fn of(model: &str) -> Vec<String> {
        let prompt = format!("model: {model}\nmessages:\n  - {{role: user, content: Hello}}\n");
        findings("M204", &[("prompts/a.yaml", prompt.as_str())])
    }

    #[test]
    fn what_a_vendor_does_not_know_is_named() {
        assert_eq!(
            of("{provider: anthropic, name: claude-haiku-4-5-20251001, temperature: 0.2, seed: 7}"),
            [
                "prompts/a.yaml:1:81 M204 `anthropic/claude-haiku-4-5-20251001` takes no `seed`: Anthropic has no seed"
            ]
        );
        assert_eq!(
            of("{provider: openai, name: gpt-7, extra: {top_k: 40}}"),
            [
                "prompts/a.yaml:1:48 M204 `openai/gpt-7` takes no `top_k`: OpenAI has no such parameter and refuses the request"
            ]
        );
    }

    #[test]
    fn what_a_protocol_cannot_say_is_named_for_any_server() {
        let prompt = "model: {provider: gw, name: m, seed: 7, stop: [END]}\nmessages:\n  - {role: user, content: Hi}\n";
        let config = |protocol: &str| {
            let address = "base_url: \"https://gw.example/v1\"";
            format!("providers: {{gw: {{protocol: {protocol}, {address}}}}}\n")
        };
        let of = |protocol: &str| {
            findings("M204", &[("pf.yaml", config(protocol).as_str()), ("prompts/a.yaml", prompt)])
        };
        assert_eq!(of("openai"), [""; 0]);
        assert_eq!(of("ollama"), [""; 0]);
        assert_eq!(
            of("bedrock"),
            ["prompts/a.yaml:1:32 M204 `gw/m` takes no `seed`: Bedrock's Converse has no seed"]
        );
        assert_eq!(of("openai-responses").len(), 2);
    }

    #[test]
    fn sampling_is_free_where_a_model_does_not_reason() {
        for free in [
            "{provider: openai, name: gpt-5.5, temperature: 0, extra: {reasoning_effort: none}}",
            "{provider: openai, name: gpt-5.4, temperature: 0}",
            "{provider: openai, name: gpt-5.5, temperature: 1, top_p: 1}",
            "{provider: openai, name: gpt-4o, temperature: 0, seed: 1, stop: [END]}",
            "{provider: openai, name: gpt-9, temperature: 0}",
            "{provider: local, name: o3, temperature: 0}",
        ] {
            assert_eq!(of(free), [""; 0], "{free}");
        }
        let messages = of("{provider: openai, name: o3, temperature: 0, top_p: 0.5}");
        assert_eq!(messages.len(), 2, "{messages:?}");
    }
}
