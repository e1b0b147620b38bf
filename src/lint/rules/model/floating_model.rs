//! M202

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::SuiteContext;
use crate::lint::rule::{Check, rule};
use crate::message::ModelSettings;
use crate::price::models::{self, Model};
use crate::project::config::Config;
use crate::project::model;
use crate::span::{SourceFile, Span};

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
    /// A name without a date moves where the vendor also has dated names for it; pf has a table of those. A name that
    /// ends in `latest` moves everywhere. Other names are taken as they are.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// model: openai/gpt-5.4
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
    /// model: openai/gpt-5.4-2026-03-05
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
            && let Some(floats) = Floats::of(config, &resolved.settings)
        {
            let span = suite.span(&Route::root().key("models").index(index));
            findings.push(floats.at(&suite.file, span));
        }
    }
    if !context.suite.file.models.is_empty() {
        return;
    }
    let mut said = BTreeSet::new();
    for prompt in &context.prompts {
        if let Ok(resolved) = model::resolve(config, prompt.file.model.as_ref(), None)
            && let Some(floats) = Floats::of(config, &resolved.settings)
            && said.insert(&prompt.name)
        {
            let document = Arc::clone(&prompt.document);
            findings.push(
                floats.at(&document.file, document.span(&Route::root().key("model"))).related(
                    &suite.file,
                    suite.key_span(&Route::root().key("gates")),
                    "gated here",
                ),
            );
        }
    }
}

/// Why the name of a model moves.
enum Floats {
    /// It ends in `latest`.
    Latest(String),
    /// It stands for one of these dated names, the last of which is the newest.
    Alias(&'static Model, &'static Model),
}

impl Floats {
    fn of(config: &Config, settings: &ModelSettings) -> Option<Self> {
        if settings.name.ends_with("latest") {
            return Some(Self::Latest(settings.id()));
        }
        let model = models::find_by_name(model::vendor(config, settings)?.name, &settings.name)?;
        let newest = model.snapshots().filter(|_| !model.pinned).last()?;
        Some(Self::Alias(model, newest))
    }

    fn at(&self, file: &Arc<SourceFile>, span: Span) -> Diagnostic {
        let (message, advice) = match self {
            Self::Latest(id) => (
                format!("`{id}` is a name that moves: `latest` is another model tomorrow"),
                "name the dated version".to_owned(),
            ),
            Self::Alias(model, newest) => (
                format!("`{}` is a name that moves: it has no date", model.id),
                format!("name the dated version, such as `{}`", newest.id),
            ),
        };
        let advice = format!("{advice}, so that a gate compares like with like");
        FLOATING_MODEL.at(file, span, message).help(advice)
    }
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
            Floats::of(&Config::default(), &settings).is_some()
        };
        for id in [
            "openai/gpt-4o",
            "openai/gpt-4o-mini",
            "openai/o3",
            "anthropic/claude-sonnet-4-5",
            "local/qwen-latest",
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
            "anthropic/claude-opus-4-6",
            "openai/gpt-5.6-sol",
            "openai/gpt-99",
        ] {
            assert!(!floating(id), "{id}");
        }
    }
}
