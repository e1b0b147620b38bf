//! M207

use super::asked::{Asked, each_model};
use crate::diagnostic::Diagnostic;
use crate::lint::rule::rule;

rule! {
    /// A model may write as long an answer as it likes.
    ///
    /// ## Why is this bad?
    ///
    /// A model that repeats itself writes until its own limit, which may be 100,000 tokens: slow, and paid for. Anthropic's
    /// API answers only where a limit is given. A gate on cost has to reserve for the longest answer there may be.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// model: {provider: anthropic, name: claude-sonnet-4-6}
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// model: {provider: anthropic, name: claude-sonnet-4-6, max_output_tokens: 600}
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    NO_OUTPUT_LIMIT: "M207" "no-output-limit" Info off, each_model!(check)
}

const KEYS: [&str; 2] = ["max_tokens", "max_completion_tokens"];

fn check(asked: &Asked<'_>) -> Option<Diagnostic> {
    let settings = &asked.settings;
    let limited = settings.max_output_tokens.is_some()
        || KEYS.iter().any(|key| settings.extra.contains_key(*key));
    if limited || settings.provider == "echo" {
        return None;
    }
    let message = format!("nothing bounds the length of the answers of `{}`", settings.id());
    let finding = NO_OUTPUT_LIMIT.at(asked.file(), asked.span(&["name"]), message);
    let most = asked.facts().and_then(|facts| facts.max_output);
    let finding = match most {
        Some(most) => finding.label(format!("up to {most} tokens")),
        None => finding,
    };
    Some(match asked.vendor.is_some_and(|vendor| vendor.wants_limit) {
        true => finding.help("set `max_output_tokens`; the vendor's own API demands it"),
        false => finding.help("set `max_output_tokens`"),
    })
}
