//! M209

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::rule::{Check, rule};
use crate::price::models;
use crate::project::model;
use crate::project::prompt::{ContentTemplate, Entry, PartTemplate};
use crate::span::Span;

rule! {
    /// A prompt wants something of its model that the model cannot do.
    ///
    /// ## Why is this bad?
    ///
    /// The vendor refuses the request: images for a model that reads text alone, tools for one that calls none, or a
    /// schema for one whose answers cannot be held to it.
    ///
    /// ## What it does
    ///
    /// Only what a source says plainly counts; a model of which nothing is known is left alone.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/describe.yaml
    /// model: deepseek/deepseek-v4-pro
    /// variables: {photo: string}
    /// messages:
    ///   - role: user
    ///     content: [{text: What is this?}, {image: "{{ photo }}"}]
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/describe.yaml
    /// model: deepseek/deepseek-v4-flash
    /// variables: {photo: string}
    /// messages:
    ///   - role: user
    ///     content: [{text: What is this?}, {image: "{{ photo }}"}]
    /// ```
    CAPABILITY_MISMATCH: "M209" "capability-mismatch" Error, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let prompt = &context.prompt.file;
    let schema = prompt.output.as_ref().is_some_and(|output| output.schema.is_some());
    let image = first_image(&prompt.messages);
    if !schema && image.is_none() && prompt.tools.is_empty() {
        return;
    }
    let Ok(resolved) = context.model() else { return };
    let Some(vendor) = model::vendor(&context.project.config, &resolved.settings) else { return };
    let Some(facts) = models::find_by_name(vendor.name, &resolved.settings.name) else { return };
    let document = &context.prompt.document;
    let root = Route::root();
    let mut report = |span: Span, what: &str| {
        let message = format!("`{}` {what}", facts.id);
        findings.push(
            CAPABILITY_MISMATCH
                .at(&document.file, span, message)
                .related(
                    &document.file,
                    document.span(&root.key("model")),
                    "the model is named here",
                )
                .help("ask another model, or do without"),
        );
    };
    if let Some((message, part)) = image
        && facts.images == Some(false)
    {
        let parts = root.key("messages").index(message).key("content");
        report(document.span(&parts.index(part).key("image")), "sees no images");
    }
    if !prompt.tools.is_empty() && facts.tools == Some(false) {
        report(document.key_span(&root.key("tools")), "calls no tools");
    }
    if schema && facts.schema == Some(false) {
        report(document.key_span(&root.key("output").key("schema")), "cannot be held to a schema");
    }
}

/// The message and the part in it of the first image.
fn first_image(messages: &[Entry]) -> Option<(usize, usize)> {
    messages.iter().enumerate().find_map(|(index, entry)| {
        let Entry::Message(message) = entry else { return None };
        let ContentTemplate::Parts(parts) = &message.content else { return None };
        let part = parts.iter().position(|part| matches!(part, PartTemplate::Image(_)))?;
        Some((index, part))
    })
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    #[test]
    fn a_profile_has_abilities_too() {
        let prompt = "model: big\nmessages:\n  - {role: user, content: Hi}\noutput:\n  format: json\n  schema: {type: object}\n";
        let config = "models: {big: {provider: openai, name: gpt-5.5-pro}}\n";
        assert_eq!(
            findings("M209", &[("pf.yaml", config), ("prompts/a.yaml", prompt)]),
            ["prompts/a.yaml:6:3 M209 `openai/gpt-5.5-pro` cannot be held to a schema"]
        );
        let unknown = "models: {big: {provider: openai, name: gpt-99}}\n";
        assert_eq!(findings("M209", &[("pf.yaml", unknown), ("prompts/a.yaml", prompt)]), [""; 0]);
    }
}
