//! T210

use crate::diagnostic::Diagnostic;
use crate::document::Route;
use crate::lint::context::PromptContext;
use crate::lint::renders::{Inputs, Rendered, texts};
use crate::lint::rule::{Check, rule};
use crate::lint::tags::{TagKind, tags};
use crate::message::{Content, Message, Part};
use crate::project::prompt::{ContentTemplate, Entry, MessageTemplate, PartTemplate};
use crate::template::closure::TemplateKind;

use super::render_failed::undeclared;

rule! {
    /// A message has no text: never, or with one of the prompt's own examples.
    ///
    /// ## Why is this bad?
    ///
    /// Providers refuse a message without text, or the model answers something that nobody asked.
    ///
    /// ## What it does
    ///
    /// A message with `when` that is left out is no message, and a message with an image is not empty. Messages whose text
    /// stands there for all values are not rendered.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: system, content: "{# to be written #}"}
    ///   - {role: user, content: Hello}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: Hello}
    /// ```
    EMPTY_MESSAGE: "T210" "empty-message" Error, Check::prompt(check)
}

fn check(context: &PromptContext<'_>, findings: &mut Vec<Diagnostic>) {
    let prompt = context.prompt;
    let suspects = suspects(context);
    if suspects.is_empty() {
        return;
    }
    let document = &prompt.document;
    let mut rest = Vec::new();
    for (index, message) in suspects {
        if always_empty(message) {
            let route = Route::root().key("messages").index(index).key("content");
            findings.push(
                EMPTY_MESSAGE
                    .at(&document.file, document.span(&route), "the message has no text")
                    .help("write it, or drop the message"),
            );
        } else {
            rest.push(index);
        }
    }
    if rest.is_empty() || prompt.file.examples.is_empty() || undeclared(context) {
        return;
    }
    let Some(renders) = context.renders() else { return };
    for index in rest {
        let Some(rendered) = renders.examples().iter().find(|rendered| is_empty(rendered, index))
        else {
            continue;
        };
        let Inputs::Example(example) = rendered.inputs else { continue };
        let example = document.span(&Route::root().key("examples").index(example));
        findings.push(
            EMPTY_MESSAGE
                .at(
                    &document.file,
                    place(context, index),
                    "the message has no text with one of the examples",
                )
                .related(&document.file, example, "with this example")
                .help("leave the message out with `when`, or give it a text that is always there"),
        );
    }
}

/// The messages that may be empty: no piece of text in them is printed for all values.
pub(super) fn suspects<'a>(context: &PromptContext<'a>) -> Vec<(usize, &'a MessageTemplate)> {
    let entries = context.prompt.file.messages.iter().enumerate();
    let messages = entries.filter_map(|(index, entry)| match entry {
        Entry::Message(message) => Some((index, message)),
        Entry::Examples(_) | Entry::Insert(_) => None,
    });
    let mut suspects: Vec<(usize, &MessageTemplate)> = Vec::new();
    for (index, message) in messages {
        let image = |part: &PartTemplate| matches!(part, PartTemplate::Image(_));
        let never = match &message.content {
            ContentTemplate::Parts(parts) => parts.iter().any(image),
            // Most messages begin with their text.
            ContentTemplate::Text(text) => text.starts_with(|c: char| c.is_alphanumeric()),
        };
        if !never {
            suspects.push((index, message));
        }
    }
    if suspects.is_empty() {
        return suspects;
    }
    let certain = |index: usize| {
        let start = Route::root().key("messages").index(index).key("content");
        context.closure.templates.iter().any(|template| {
            template.kind == TemplateKind::Text
                && template.route.segments().starts_with(start.segments())
                && match &template.analysis {
                    Ok(analysis) => analysis.literals.iter().any(|literal| {
                        literal.certain && !template.text[literal.span.range()].trim().is_empty()
                    }),
                    // It is not known what it prints.
                    Err(_) => true,
                }
        })
    };
    suspects.retain(|(index, _)| !certain(*index));
    suspects
}

/// Whether nothing but white space and comments stands there.
fn always_empty(message: &MessageTemplate) -> bool {
    let blank = |text: &str| {
        let mut at = 0;
        for tag in tags(text) {
            if tag.kind != TagKind::Comment || !text[at..tag.span.start].trim().is_empty() {
                return false;
            }
            at = tag.span.end;
        }
        text[at..].trim().is_empty()
    };
    match &message.content {
        ContentTemplate::Text(text) => blank(text),
        ContentTemplate::Parts(parts) => parts.iter().all(|part| match part {
            PartTemplate::Text(text) => blank(text),
            PartTemplate::Image(_) => false,
        }),
    }
}

/// Whether an entry of `messages` became a message without text.
pub(super) fn is_empty(rendered: &Rendered, entry: usize) -> bool {
    let Some(Ok(messages)) = rendered.entries.get(entry) else { return false };
    messages
        .iter()
        .any(|message| !has_image(message) && texts(message).all(|t| t.trim().is_empty()))
}

fn has_image(message: &Message) -> bool {
    match &message.content {
        Content::Text(_) => false,
        Content::Parts(parts) => parts.iter().any(|part| matches!(part, Part::Image(_))),
    }
}

/// The text of a message.
pub(super) fn place(context: &PromptContext<'_>, entry: usize) -> crate::span::Span {
    let route = Route::root().key("messages").index(entry).key("content");
    context.prompt.document.span(&route)
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings;

    fn found(code: &str, messages: &str) -> Vec<String> {
        let prompt = format!(
            "variables:\n  name: string\n  note: {{type: string, default: ''}}\nmessages:\n{messages}examples: [{{variables: {{name: ' '}}, output: x}}]\n"
        );
        findings(code, &[("prompts/a.yaml", prompt.as_str())])
    }

    #[test]
    fn only_messages_that_are_sent_without_text_are_found() {
        let never = "prompts/a.yaml:5:27 T210 the message has no text";
        let example = "prompts/a.yaml:5:27 T210 the message has no text with one of the examples";
        for (content, expected) in [
            ("\"\"", Some(never)),
            ("\" {# x #}\\n\"", Some(never)),
            ("[{text: \" \"}, {text: \"\"}]", Some(never)),
            ("\"{{ name }}\"", Some(example)),
            ("\"{% if note %}Note it.{% endif %}\"", Some(example)),
            ("\"{{ name }}!\"", None),
            ("[{text: \"\"}, {image: \"{{ name }}\"}]", None),
            ("\"{% if name %}Hi{% endif %}\"", None),
            ("\"{% raw %}{{ x }}{% endraw %}\"", None),
        ] {
            let messages = format!("  - {{role: user, content: {content}}}\n");
            let expected: Vec<&str> = expected.into_iter().collect();
            assert_eq!(found("T210", &messages), expected, "{content}");
        }
        let left_out = "  - {role: user, when: note, content: \"{{ note }}\"}\n";
        assert_eq!(found("T210", left_out), [""; 0]);
        assert_eq!(found("T213", left_out), [""; 0]);
    }

    #[test]
    fn a_message_of_optional_values_may_be_empty_and_one_of_a_required_value_is_not_said_to_be() {
        let prompt = |content: &str| {
            let prompt = format!(
                "variables: {{name: string, note: {{type: string, default: ''}}}}\nmessages:\n  - {{role: user, content: \"{content}\"}}\n"
            );
            findings("T213", &[("prompts/a.yaml", prompt.as_str())])
        };
        assert_eq!(
            prompt("{{ note }}"),
            [
                "prompts/a.yaml:3:27 T213 the message has no text when only the required variables are given"
            ]
        );
        assert_eq!(prompt("{{ name }}"), [""; 0]);
        assert_eq!(prompt("{{ note or name }}"), [""; 0]);
    }
}
