//! M202

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::SuiteContext;
use crate::lint::rule::{Check, rule};
use crate::message::ModelSettings;
use crate::project::model;

rule! {
    /// A suite with gates asks a model by a name that moves.
    ///
    /// ## Why is this bad?
    ///
    /// `gpt-4o` or `claude-3-5-sonnet-latest` is another model tomorrow. A gate that fails then says nothing about the
    /// change under review, and answers that were recorded before no longer belong to the model of that name.
    ///
    /// ## What it does
    ///
    /// It knows the families of the large vendors and asks for the dated name; a name that ends in `latest` moves
    /// everywhere. Models of other providers are taken as they are.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// model: openai/gpt-4o
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    ///
    /// ```yaml evals/greet.yaml
    /// prompts: [greet]
    /// cases: [{id: one}]
    /// assert: [{type: contains, value: Hello}]
    /// gates: {pass_rate: 0.9}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// model: openai/gpt-4o-2024-11-20
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    FLOATING_MODEL: "M202" "floating-model" Warning, Check::suite(check)
}

fn check(context: &SuiteContext<'_>, findings: &mut Vec<Diagnostic>) {
    let suite = &context.suite.document;
    let gated = suite.node(&Route::root().key("gates")).is_some();
    if !gated {
        return;
    }
    let config = &context.project.config;
    for (index, name) in context.suite.file.models.iter().enumerate() {
        if let Ok(resolved) = model::resolve(config, None, Some(name))
            && let Some(message) = floats(&resolved.settings)
        {
            let span = suite.span(&Route::root().key("models").index(index));
            findings.push(FLOATING_MODEL.at(&suite.file, span, message).help(ADVICE));
        }
    }
    if !context.suite.file.models.is_empty() {
        return;
    }
    let mut said = BTreeSet::new();
    for prompt in &context.prompts {
        if let Ok(resolved) = model::resolve(config, prompt.file.model.as_ref(), None)
            && let Some(message) = floats(&resolved.settings)
            && said.insert(&prompt.name)
        {
            let document = Arc::clone(&prompt.document);
            findings.push(
                FLOATING_MODEL
                    .at(&document.file, document.span(&Route::root().key("model")), message)
                    .related(&suite.file, suite.key_span(&Route::root().key("gates")), "gated here")
                    .help(ADVICE),
            );
        }
    }
}

const ADVICE: &str = "name the dated version, so that a gate compares like with like";

/// Why the name of a model moves, if it does.
fn floats(settings: &ModelSettings) -> Option<String> {
    let name = settings.name.as_str();
    let says = |why: &str| Some(format!("`{}` is a name that moves: {why}", settings.id()));
    if name.ends_with("latest") {
        return says("`latest` is another model tomorrow");
    }
    let digits = |text: &str| text.bytes().rev().take_while(u8::is_ascii_digit).count();
    let dated = match settings.provider.as_str() {
        "openai"
            if ["gpt-", "chatgpt-", "o1", "o3", "o4"]
                .iter()
                .any(|family| name.starts_with(family)) =>
        {
            let parts: Vec<&str> = name.rsplit('-').take(3).collect();
            let date = matches!(parts.as_slice(), [day, month, year]
                if (day.len(), month.len(), year.len()) == (2, 2, 4) && [day, month, year].iter().all(|p| digits(p) == p.len()));
            date || (digits(name) == 4
                && name.as_bytes().get(name.len().wrapping_sub(5)) == Some(&b'-'))
        }
        "anthropic" if name.starts_with("claude-") => digits(name) == 8,
        "gemini" if name.starts_with("gemini-") => digits(name) >= 3,
        _ => true,
    };
    if dated { None } else { says("it has no date") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dated_names_stand_still() {
        let floating = |id: &str| {
            let (provider, name) = id.split_once('/').unwrap();
            let settings = ModelSettings {
                provider: provider.into(),
                name: name.into(),
                ..ModelSettings::default()
            };
            floats(&settings).is_some()
        };
        for id in [
            "openai/gpt-4o",
            "openai/gpt-4o-mini",
            "openai/o3",
            "anthropic/claude-sonnet-4-5",
            "local/qwen-latest",
            "gemini/gemini-2.0-flash",
        ] {
            assert!(floating(id), "{id}");
        }
        for id in [
            "openai/gpt-4o-2024-11-20",
            "openai/gpt-4-0613",
            "openai/o3-mini-2025-01-31",
            "anthropic/claude-sonnet-4-5-20250929",
            "local/qwen3",
            "gsm8k/6b-finetuning",
            "gemini/gemini-2.0-flash-001",
        ] {
            assert!(!floating(id), "{id}");
        }
    }
}
