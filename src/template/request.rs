//! What a model is asked: the rendered messages with everything else of a prompt that shapes the answer.

use serde_json::Value;

use crate::message::{Content, Message, ModelSettings, Part, Request, ResponseFormat, Role};
use crate::project::prompt::{OutputFormat, Prompt};

/// The request for a prompt's messages. `prefix` is the model profile's, put before the text of the last user message.
pub fn request(
    prompt: &Prompt,
    model: ModelSettings,
    prefix: Option<&str>,
    mut messages: Vec<Message>,
) -> Request {
    if let Some(prefix) = prefix
        && let Some(last) = messages.iter_mut().rev().find(|message| message.role == Role::User)
    {
        put_before(prefix, &mut last.content);
    }
    let tools = prompt.file.tools.clone();
    Request { model, messages, tools, response: response_format(prompt) }
}

fn put_before(prefix: &str, content: &mut Content) {
    match content {
        Content::Text(text) => text.insert_str(0, prefix),
        Content::Parts(parts) => {
            let text = parts.iter_mut().find_map(|part| match part {
                Part::Text(text) => Some(text),
                Part::Image(_) => None,
            });
            match text {
                Some(text) => text.insert_str(0, prefix),
                None => parts.insert(0, Part::Text(prefix.to_owned())),
            }
        }
    }
}

/// The form of the answer that a prompt asks for.
fn response_format(prompt: &Prompt) -> ResponseFormat {
    match &prompt.file.output {
        Some(output) if output.format == OutputFormat::Json => match &output.schema {
            Some(schema) => ResponseFormat::Schema(Value::Object(schema.clone())),
            None => ResponseFormat::Json,
        },
        _ => ResponseFormat::Text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::template::tests::prompt;

    fn model() -> ModelSettings {
        ModelSettings { provider: "openai".into(), name: "m".into(), ..ModelSettings::default() }
    }

    #[test]
    fn tools_and_output_shape_the_request() {
        let text = "
output: {format: json, schema: {type: object, required: [b, a]}}
tools: [{name: look, description: Looks., parameters: {type: object}}]
messages: [{role: user, content: hi}]
";
        let made = request(&prompt(text), model(), None, vec![Message::text(Role::User, "hi")]);
        assert_eq!(
            serde_json::to_value(&made).unwrap(),
            json!({
                "model": {"provider": "openai", "name": "m"},
                "messages": [{"role": "user", "content": "hi"}],
                "tools": [{"name": "look", "description": "Looks.", "parameters": {"type": "object"}}],
                "response": {"schema": {"type": "object", "required": ["b", "a"]}},
            })
        );
    }

    #[test]
    fn a_schema_counts_only_for_json() {
        for (output, expected) in [
            ("", ResponseFormat::Text),
            ("output: {format: json}\n", ResponseFormat::Json),
            ("output: {schema: {type: object}}\n", ResponseFormat::Text),
        ] {
            let text = format!("{output}messages: [{{role: user, content: hi}}]\n");
            let made = request(&prompt(&text), model(), None, Vec::new());
            assert_eq!(made.response, expected, "{output}");
        }
    }

    #[test]
    fn a_prefix_goes_before_the_last_user_message() {
        let prompt = prompt("messages: [{role: user, content: hi}]\n");
        let parts = |parts: Vec<Part>| {
            vec![Message { content: Content::Parts(parts), ..Message::text(Role::User, "") }]
        };
        let image = || Part::Image("https://x/y.png".into());
        for (messages, expected) in [
            (
                vec![
                    Message::text(Role::User, "one"),
                    Message::text(Role::User, "two"),
                    Message::text(Role::Assistant, "three"),
                ],
                vec![
                    Message::text(Role::User, "one"),
                    Message::text(Role::User, "/no_think\ntwo"),
                    Message::text(Role::Assistant, "three"),
                ],
            ),
            (vec![Message::text(Role::System, "s")], vec![Message::text(Role::System, "s")]),
            (
                parts(vec![image(), Part::Text("t".into())]),
                parts(vec![image(), Part::Text("/no_think\nt".into())]),
            ),
            (parts(vec![image()]), parts(vec![Part::Text("/no_think\n".into()), image()])),
        ] {
            let made = request(&prompt, model(), Some("/no_think\n"), messages);
            assert_eq!(made.messages, expected);
        }
    }
}
