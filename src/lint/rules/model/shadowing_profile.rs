//! M212

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::TextContext;
use crate::lint::rule::{Check, rule};
use crate::project::FileKind;

rule! {
    /// A profile of `pf.yaml` is named like a model.
    ///
    /// ## Why is this bad?
    ///
    /// `model: openai/gpt-4o` then asks whatever the profile says, which nobody sees who reads the prompt.
    ///
    /// ## Example
    ///
    /// ```yaml pf.yaml
    /// models:
    ///   openai/gpt-4o: {provider: local, name: qwen3}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml pf.yaml
    /// models:
    ///   fast: {provider: local, name: qwen3}
    /// ```
    SHADOWING_PROFILE: "M212" "shadowing-profile" Warning, Check::READER.and_text(check)
}

fn check(context: &TextContext<'_>, findings: &mut Vec<Diagnostic>) {
    if *context.kind != FileKind::Config {
        return;
    }
    let Some(document) = &context.project.config_document else { return };
    for (name, profile) in &context.project.config.models {
        let as_model = match name.split_once('/') {
            Some((provider, model)) => !provider.is_empty() && !model.is_empty(),
            None => name == "echo",
        };
        // A profile that adds parameters to the model of its name hides nothing.
        let own = name.split_once('/') == Some((profile.provider.as_str(), profile.name.as_str()));
        if as_model && !own {
            let message = format!("the profile `{name}` hides the model of that name");
            let span = document.key_span(&Route::root().key("models").key(name));
            findings.push(
                SHADOWING_PROFILE
                    .at(&document.file, span, message)
                    .help("give it a name without `/`, which says what it is for"),
            );
        }
    }
}
