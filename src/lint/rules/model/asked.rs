//! A model with its parameters and the place that asks for it: what the rules of this family look at.

use std::borrow::Cow;
use std::sync::Arc;

use crate::document::{Document, Route};
use crate::lint::context::{PromptContext, SuiteContext, TextContext};
use crate::message::ModelSettings;
use crate::price::models::{self, Model};
use crate::price::vendors::Vendor;
use crate::project::FileKind;
use crate::project::config::{Config, Protocol};
use crate::project::model;
use crate::project::prompt::ModelChoice;
use crate::span::{SourceFile, Span};

/// A model that a file asks for.
pub(super) struct Asked<'a> {
    /// The model and its parameters.
    pub(super) settings: Cow<'a, ModelSettings>,
    /// Whose model it is; none where a gateway or an own server answers.
    pub(super) vendor: Option<&'static Vendor>,
    /// The word for the wire protocol that its provider speaks.
    pub(super) protocol: &'static str,
    document: &'a Document,
    place: Place<'a>,
}

/// What asks.
enum Place<'a> {
    Prompt,
    Profile(&'a str),
    Suite(usize),
}

impl<'a> Asked<'a> {
    /// The model that a prompt names itself. A profile is looked at in `pf.yaml`, once for all prompts that use it.
    pub(super) fn of_prompt(context: &'a PromptContext<'_>) -> Option<Self> {
        let config = &context.project.config;
        if let Some(ModelChoice::Name(name)) = &context.prompt.file.model
            && config.models.contains_key(name)
        {
            return None;
        }
        let settings = Cow::Borrowed(&context.model().ok()?.settings);
        let vendor = model::vendor(config, &settings);
        let protocol = protocol_of(config, &settings);
        let document = &context.prompt.document;
        Some(Self { settings, vendor, protocol, document, place: Place::Prompt })
    }

    /// The profiles of `pf.yaml`, when the text is that file.
    pub(super) fn of_profiles(context: &TextContext<'a>) -> impl Iterator<Item = Self> {
        let project = context.project;
        let document =
            project.config_document.as_deref().filter(|_| *context.kind == FileKind::Config);
        document.into_iter().flat_map(move |document| {
            project.config.models.keys().filter_map(move |name| {
                let resolved = model::resolve(&project.config, None, Some(name)).ok()?;
                let vendor = model::vendor(&project.config, &resolved.settings);
                let protocol = protocol_of(&project.config, &resolved.settings);
                let settings = Cow::Owned(resolved.settings);
                Some(Self { settings, vendor, protocol, document, place: Place::Profile(name) })
            })
        })
    }

    /// The models that a suite names itself.
    pub(super) fn of_suite(context: &'a SuiteContext<'_>) -> impl Iterator<Item = Self> {
        let config = &context.project.config;
        let names = context.suite.file.models.iter().enumerate();
        names.filter(|(_, name)| !config.models.contains_key(*name)).filter_map(|(index, name)| {
            let resolved = model::resolve(config, None, Some(name)).ok()?;
            let vendor = model::vendor(config, &resolved.settings);
            let protocol = protocol_of(config, &resolved.settings);
            Some(Self {
                settings: Cow::Owned(resolved.settings),
                vendor,
                protocol,
                document: &context.suite.document,
                place: Place::Suite(index),
            })
        })
    }

    /// What the table knows of it.
    pub(super) fn facts(&self) -> Option<&'static Model> {
        models::find_by_name(self.vendor?.name, &self.settings.name)
    }

    /// The file that asks.
    pub(super) fn file(&self) -> &Arc<SourceFile> {
        &self.document.file
    }

    /// Where a key of the model stands; where the model is only a name, that.
    pub(super) fn span(&self, keys: &[&str]) -> Span {
        let route = match self.place {
            Place::Prompt => Route::root().key("model"),
            Place::Profile(name) => Route::root().key("models").key(name),
            Place::Suite(index) => Route::root().key("models").index(index),
        };
        let route = keys.iter().fold(route, |route, key| route.key(*key));
        match keys {
            ["name"] => self.document.span(&route),
            _ => self.document.key_span(&route),
        }
    }
}

/// The word for the wire protocol by which a model is asked. Nothing is known against that of OpenAI, which most speak.
fn protocol_of(config: &Config, settings: &ModelSettings) -> &'static str {
    let own = config.providers.get(&settings.provider).and_then(|provider| provider.protocol);
    match (own, settings.provider.as_str()) {
        (Some(protocol), _) => protocol.name(),
        (None, "anthropic") => Protocol::Anthropic.name(),
        (None, "bedrock") => Protocol::Bedrock.name(),
        (None, _) => Protocol::Openai.name(),
    }
}

/// The checks of a rule with a function of one model: it is called for those of prompts and profiles, and where the rule
/// asks for it, for those that suites name. The checks of a rule are plain functions, so no function can make them.
macro_rules! each_model {
    ($check:ident) => {
        $crate::lint::rule::Check::prompt(|context, findings| {
            findings.extend(Asked::of_prompt(context).iter().flat_map($check));
        })
        .and_text(|context, findings| {
            findings.extend(Asked::of_profiles(context).flat_map(|asked| $check(&asked)));
        })
    };
    ($check:ident and suites) => {
        $crate::lint::rule::Check {
            suite: Some(|context, findings| {
                findings.extend(Asked::of_suite(context).flat_map(|asked| $check(&asked)));
            }),
            ..each_model!($check)
        }
    };
}
pub(super) use each_model;
