//! From what a prompt, suite or command line calls a model to the model and its parameters.

use super::config::{Config, Profile};
use super::prompt::{ModelChoice, ModelMap};
use crate::diagnostic::closest;
use crate::message::ModelSettings;
use crate::price::vendors::{self, Vendor};

/// A model with its parameters.
#[derive(Clone, PartialEq, Debug)]
pub struct ResolvedModel {
    /// The text by which files and reports call it.
    pub label: String,
    /// Provider, name and parameters.
    pub settings: ModelSettings,
    /// A text to put before the last user message.
    pub prefix: Option<String>,
}

/// Why a text names no model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// Neither a profile nor `PROVIDER/NAME`.
    #[error("`{name}` is neither a profile of pf.yaml nor of the form PROVIDER/NAME")]
    Unknown {
        /// The text.
        name: String,
        /// A profile that resembles it.
        suggestion: Option<String>,
    },
    /// The prompt names no model and none was given.
    #[error(
        "it names no model; give it one with `model:`, in the suite's `models:`, or with --model"
    )]
    Missing,
}

impl ModelError {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Unknown { suggestion: Some(suggestion), .. } => {
                Some(format!("did you mean `{suggestion}`?"))
            }
            Self::Unknown { name, .. } => Some(format!(
                "write `openai/{name}`, or define `{name}` under `models:` in pf.yaml"
            )),
            Self::Missing => None,
        }
    }
}

/// The model that a prompt asks, or `instead` when a suite or the command line names another.
///
/// Another model replaces provider and name; the prompt's parameters stay where the profile sets none.
pub fn resolve(
    config: &Config,
    choice: Option<&ModelChoice>,
    instead: Option<&str>,
) -> Result<ResolvedModel, ModelError> {
    let own = match (choice, instead) {
        (None, None) => return Err(ModelError::Missing),
        (None, Some(_)) => None,
        // A prompt whose own model is unknown can still be asked on another one.
        (Some(choice), Some(_)) => from_choice(config, choice).ok(),
        (Some(choice), None) => Some(from_choice(config, choice)?),
    };
    let Some(name) = instead else { return own.ok_or(ModelError::Missing) };
    let mut other = from_name(config, name)?;
    if let Some(own) = own {
        let profile = config.models.get(name);
        let settings = &mut other.settings;
        settings.temperature = settings.temperature.or(own.settings.temperature);
        settings.top_p = settings.top_p.or(own.settings.top_p);
        settings.max_output_tokens = settings.max_output_tokens.or(own.settings.max_output_tokens);
        settings.seed = settings.seed.or(own.settings.seed);
        if profile.is_none_or(|profile| profile.stop.is_none()) {
            settings.stop = own.settings.stop;
        }
        if profile.is_none_or(|profile| profile.extra.is_none()) {
            settings.extra = own.settings.extra;
        }
    }
    Ok(other)
}

fn from_choice(config: &Config, choice: &ModelChoice) -> Result<ResolvedModel, ModelError> {
    match choice {
        ModelChoice::Name(name) => from_name(config, name),
        ModelChoice::Settings(map) => {
            let settings = from_map(map);
            Ok(ResolvedModel { label: settings.id(), settings, prefix: None })
        }
    }
}

fn from_name(config: &Config, name: &str) -> Result<ResolvedModel, ModelError> {
    if let Some(profile) = config.models.get(name) {
        return Ok(ResolvedModel {
            label: name.to_owned(),
            settings: from_profile(profile),
            prefix: profile.prefix.clone(),
        });
    }
    match name.split_once('/') {
        Some((provider, model)) if !provider.is_empty() && !model.is_empty() => Ok(ResolvedModel {
            label: name.to_owned(),
            settings: ModelSettings {
                provider: provider.to_owned(),
                name: model.to_owned(),
                ..ModelSettings::default()
            },
            prefix: None,
        }),
        // `echo` has no models to choose from.
        None if name == "echo" => Ok(ResolvedModel {
            label: name.to_owned(),
            settings: ModelSettings {
                provider: "echo".to_owned(),
                name: "echo".to_owned(),
                ..ModelSettings::default()
            },
            prefix: None,
        }),
        _ => Err(ModelError::Unknown {
            name: name.to_owned(),
            suggestion: closest(name, config.models.keys().map(String::as_str)).map(str::to_owned),
        }),
    }
}

fn from_profile(profile: &Profile) -> ModelSettings {
    ModelSettings {
        provider: profile.provider.clone(),
        name: profile.name.clone(),
        temperature: profile.temperature,
        top_p: profile.top_p,
        max_output_tokens: profile.max_output_tokens,
        seed: profile.seed,
        stop: profile.stop.clone().unwrap_or_default(),
        extra: profile.extra.clone().unwrap_or_default(),
    }
}

fn from_map(map: &ModelMap) -> ModelSettings {
    ModelSettings {
        provider: map.provider.clone(),
        name: map.name.clone(),
        temperature: map.temperature,
        top_p: map.top_p,
        max_output_tokens: map.max_output_tokens,
        seed: map.seed,
        stop: map.stop.clone(),
        extra: map.extra.clone(),
    }
}

/// Whose API answers for a model; none where a gateway or an own server does.
pub fn vendor(config: &Config, settings: &ModelSettings) -> Option<&'static Vendor> {
    let own = config.providers.get(&settings.provider);
    vendors::vendor(&settings.provider, own.and_then(|provider| provider.base_url.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        serde_json::from_value(serde_json::json!({"models": {
            "fast": {"provider": "local", "name": "qwen3", "temperature": 0.0, "prefix": "/no_think\n"},
        }}))
        .unwrap()
    }

    fn choice(json: serde_json::Value) -> ModelChoice {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn splits_at_the_first_slash() {
        let own = choice(serde_json::json!("openrouter/meta/llama-3"));
        let model = resolve(&config(), Some(&own), None).unwrap();
        assert_eq!(
            (model.settings.provider.as_str(), model.settings.name.as_str()),
            ("openrouter", "meta/llama-3")
        );
    }

    #[test]
    fn another_model_keeps_the_parameters_that_its_profile_does_not_set() {
        let own = choice(
            serde_json::json!({"provider": "openai", "name": "x", "temperature": 0.7, "seed": 3, "stop": ["END"]}),
        );
        let model = resolve(&config(), Some(&own), Some("fast")).unwrap();
        assert_eq!(model.label, "fast");
        assert_eq!(model.settings.temperature, Some(0.0));
        assert_eq!(model.settings.seed, Some(3));
        assert_eq!(model.settings.stop, ["END"]);
        assert_eq!(model.prefix.as_deref(), Some("/no_think\n"));
    }

    #[test]
    fn unknown_names_suggest_a_profile() {
        let error = resolve(&config(), Some(&choice(serde_json::json!("fats"))), None).unwrap_err();
        assert_eq!(error.help().unwrap(), "did you mean `fast`?");
        assert_eq!(resolve(&config(), None, None), Err(ModelError::Missing));
    }
}
