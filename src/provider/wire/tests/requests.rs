//! Requests to bodies.

use super::*;

fn schema() -> Value {
    json!({"type": "object", "properties": {"label": {"type": "string", "minLength": 1}}, "required": ["label"], "additionalProperties": false})
}

fn refused(wire: &Wire, request: &Request) -> String {
    wire.request_body(request).unwrap_err().to_string()
}

#[test]
fn anthropic() {
    assert_eq!(
        Wire::Anthropic.request_body(&full("anthropic", "claude-x")).unwrap(),
        json!({
            "model": "claude-x",
            "max_tokens": 100,
            "system": [{"type": "text", "text": "Be brief."}, {"type": "text", "text": "Be kind."}],
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "What is up?"}]},
                {"role": "assistant", "content": [
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "c1", "name": "look", "input": {"at": "sky"}}
                ]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "{\"seen\": \"stars\"}"}]},
                    {"type": "text", "text": "And here?"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}}
                ]}
            ],
            "temperature": 0.5,
            "top_p": 0.9,
            "tools": [{"name": "look", "description": "Looks.", "input_schema": {"type": "object", "properties": {"at": {"type": "string"}}}}]
        })
    );
}

#[test]
fn anthropic_is_told_the_longest_answer() {
    let mut request = plain("gateway", "claude-haiku-4-5");
    request.model.max_output_tokens = None;
    assert_eq!(Wire::Anthropic.request_body(&request).unwrap()["max_tokens"], 64_000);
    request.model.name = "unheard-of".into();
    assert_eq!(
        refused(&Wire::Anthropic, &request),
        "model `gateway/unheard-of` cannot be given a request without `max_output_tokens`: Anthropic demands a bound, and the longest answer of this model is not known; set it in the prompt's `model` or in the profile"
    );
}

#[test]
fn anthropic_holds_an_answer_to_what_it_can_enforce() {
    let mut request = plain("anthropic", "claude-x");
    request.response = ResponseFormat::Schema(schema());
    request.model.stop = vec!["END".into()];
    let Value::Object(extra) = json!({"output_config": {"effort": "low"}}) else { panic!() };
    request.model.extra = extra;
    let body = Wire::Anthropic.request_body(&request).unwrap();
    assert_eq!(body["stop_sequences"], json!(["END"]));
    assert_eq!(
        body["output_config"],
        json!({
            "format": {"type": "json_schema", "schema": {
                "type": "object",
                "properties": {"label": {"type": "string", "description": "(minLength: 1)"}},
                "required": ["label"],
                "additionalProperties": false
            }},
            "effort": "low"
        })
    );
}

#[test]
fn gemini() {
    let mut request = full("gemini", "gemini-2.5-flash");
    request.model.seed = Some(7);
    request.model.stop = vec!["END".into()];
    request.response = ResponseFormat::Schema(schema());
    assert_eq!(
        Wire::Gemini.request_body(&request).unwrap(),
        json!({
            "systemInstruction": {"parts": [{"text": "Be brief."}, {"text": "Be kind."}]},
            "contents": [
                {"role": "user", "parts": [{"text": "What is up?"}]},
                {"role": "model", "parts": [
                    {"text": "I look."},
                    {"functionCall": {"name": "look", "args": {"at": "sky"}, "id": "c1"}}
                ]},
                {"role": "user", "parts": [
                    {"functionResponse": {"name": "look", "response": {"seen": "stars"}, "id": "c1"}},
                    {"text": "And here?"},
                    {"inlineData": {"mimeType": "image/png", "data": "AA=="}}
                ]}
            ],
            "tools": [{"functionDeclarations": [{"name": "look", "description": "Looks.", "parametersJsonSchema": {"type": "object", "properties": {"at": {"type": "string"}}}}]}],
            "generationConfig": {
                "temperature": 0.5,
                "topP": 0.9,
                "maxOutputTokens": 100,
                "seed": 7,
                "stopSequences": ["END"],
                "responseMimeType": "application/json",
                "responseJsonSchema": schema()
            }
        })
    );
}

#[test]
fn later_models_of_google_want_a_signature_of_earlier_calls() {
    let signature = |name: &str| {
        let body = Wire::Gemini.request_body(&full("gemini", name)).unwrap();
        body["contents"][1]["parts"][1]["thoughtSignature"].clone()
    };
    for name in ["gemini-3-pro-preview", "gemini-3.1-pro", "models/gemini-3-flash", "gemini-4-x"] {
        assert_eq!(signature(name), "skip_thought_signature_validator", "{name}");
    }
    for name in ["gemini-2.5-flash", "gemma-3-27b-it", "gemini-flash-latest"] {
        assert_eq!(signature(name), Value::Null, "{name}");
    }
}

#[test]
fn google_fetches_images_of_known_type() {
    let mut request = plain("gemini", "m");
    let image = |url: &str| Content::Parts(vec![Part::Image(url.into())]);
    request.messages[0].content = image("https://x.example/a.JPG?w=1");
    assert_eq!(
        Wire::Gemini.request_body(&request).unwrap()["contents"][0]["parts"],
        json!([{"fileData": {"mimeType": "image/jpeg", "fileUri": "https://x.example/a.JPG?w=1"}}])
    );
    request.messages[0].content = image("https://x.example/a");
    assert!(refused(&Wire::Gemini, &request).contains("media type"));
}

#[test]
fn bedrock() {
    assert_eq!(
        Wire::Bedrock.request_body(&full("bedrock", "us.amazon.nova-lite-v1:0")).unwrap(),
        json!({
            "system": [{"text": "Be brief."}, {"text": "Be kind."}],
            "messages": [
                {"role": "user", "content": [{"text": "What is up?"}]},
                {"role": "assistant", "content": [
                    {"text": "I look."},
                    {"toolUse": {"toolUseId": "c1", "name": "look", "input": {"at": "sky"}}}
                ]},
                {"role": "user", "content": [
                    {"toolResult": {"toolUseId": "c1", "content": [{"text": "{\"seen\": \"stars\"}"}]}},
                    {"text": "And here?"},
                    {"image": {"format": "png", "source": {"bytes": "AA=="}}}
                ]}
            ],
            "inferenceConfig": {"maxTokens": 100, "temperature": 0.5, "topP": 0.9},
            "toolConfig": {"tools": [{"toolSpec": {"name": "look", "description": "Looks.", "inputSchema": {"json": {"type": "object", "properties": {"at": {"type": "string"}}}}}}]}
        })
    );
}

#[test]
fn bedrock_gives_an_answer_of_a_schema_through_a_tool() {
    let mut request = plain("bedrock", "m");
    request.response = ResponseFormat::Schema(schema());
    assert_eq!(
        Wire::Bedrock.request_body(&request).unwrap()["toolConfig"],
        json!({
            "tools": [{"toolSpec": {"name": "answer", "description": "Gives the answer.", "inputSchema": {"json": schema()}}}],
            "toolChoice": {"tool": {"name": "answer"}}
        })
    );
}

#[test]
fn ollama() {
    let mut request = full("ollama", "qwen3");
    request.model.seed = Some(7);
    request.model.stop = vec!["END".into()];
    request.response = ResponseFormat::Json;
    assert_eq!(
        Wire::Ollama.request_body(&request).unwrap(),
        json!({
            "model": "qwen3",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": "What is up?"},
                {"role": "assistant", "content": "I look.", "tool_calls": [{"function": {"name": "look", "arguments": {"at": "sky"}}}]},
                {"role": "tool", "content": "{\"seen\": \"stars\"}", "tool_name": "look"},
                {"role": "user", "content": "And here?", "images": ["AA=="]}
            ],
            "tools": [{"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {"at": {"type": "string"}}}, "description": "Looks."}}],
            "format": "json",
            "options": {"temperature": 0.5, "top_p": 0.9, "num_predict": 100, "seed": 7, "stop": ["END"]},
            "stream": false
        })
    );
}

#[test]
fn responses() {
    let mut request = full("openai", "gpt-x");
    request.response = ResponseFormat::Schema(schema());
    assert_eq!(
        Wire::Responses.request_body(&request).unwrap(),
        json!({
            "model": "gpt-x",
            "input": [
                {"role": "system", "content": "Be brief."},
                {"role": "developer", "content": "Be kind."},
                {"role": "user", "content": "What is up?"},
                {"role": "assistant", "content": "I look."},
                {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{\"at\":\"sky\"}"},
                {"type": "function_call_output", "call_id": "c1", "output": "{\"seen\": \"stars\"}"},
                {"role": "user", "content": [
                    {"type": "input_text", "text": "And here?"},
                    {"type": "input_image", "image_url": "data:image/png;base64,AA=="}
                ]}
            ],
            "temperature": 0.5,
            "top_p": 0.9,
            "max_output_tokens": 100,
            "tools": [{"type": "function", "name": "look", "description": "Looks.", "parameters": {"type": "object", "properties": {"at": {"type": "string"}}}, "strict": false}],
            "text": {"format": {"type": "json_schema", "name": "answer", "strict": false, "schema": schema()}},
            "store": false
        })
    );
}

#[test]
fn what_has_no_place_is_an_error() {
    let seeded = |provider: &str| {
        let mut request = plain(provider, "m");
        request.model.seed = Some(7);
        request
    };
    assert_eq!(
        refused(&Wire::Anthropic, &seeded("anthropic")),
        "model `anthropic/m` cannot be given `seed`: Anthropic has no seed; leave it out"
    );
    assert!(refused(&Wire::Bedrock, &seeded("bedrock")).contains("`seed`"));
    assert!(refused(&Wire::Responses, &seeded("openai")).contains("`seed`"));

    let mut stopped = plain("openai", "m");
    stopped.model.stop = vec!["END".into()];
    assert!(refused(&Wire::Responses, &stopped).contains("`stop`"));

    let mut json = plain("p", "m");
    json.response = ResponseFormat::Json;
    for wire in [Wire::Anthropic, Wire::Bedrock] {
        assert!(refused(&wire, &json).ends_with("add `output.schema`"));
    }

    let mut both = full("bedrock", "m");
    both.response = ResponseFormat::Schema(schema());
    assert!(refused(&Wire::Bedrock, &both).contains("tools beside a schema"));

    let mut late = plain("p", "m");
    late.messages.push(Message::text(Role::System, "Now stop."));
    let mut alone = plain("p", "m");
    alone.messages[0].role = Role::System;
    let mut lost = plain("p", "m");
    lost.messages.push(Message::text(Role::Tool, "42"));
    for wire in [Wire::Anthropic, Wire::Gemini, Wire::Bedrock] {
        assert!(refused(&wire, &late).contains("after the conversation has begun"));
        assert!(refused(&wire, &alone).contains("system messages alone"));
        assert!(refused(&wire, &lost).contains("`tool_call_id`"));
    }

    let mut linked = plain("p", "m");
    let image = |uri: &str| Content::Parts(vec![Part::Image(uri.into())]);
    linked.messages[0].content = image("https://x.example/a.png");
    for wire in [Wire::Bedrock, Wire::Ollama] {
        assert!(refused(&wire, &linked).contains("the address of an image"));
    }
    linked.messages[0].content = image("data:image/png,raw");
    for wire in [Wire::Anthropic, Wire::Gemini, Wire::Bedrock, Wire::Ollama] {
        assert!(refused(&wire, &linked).contains("base64"));
    }

    let mut broken = full("p", "m");
    broken.messages[3].tool_calls[0].arguments = json!("{\"at");
    for wire in [Wire::Anthropic, Wire::Gemini, Wire::Bedrock, Wire::Ollama] {
        assert!(refused(&wire, &broken).contains("the arguments of the call of `look`"));
    }
}

#[test]
fn mistral_has_its_own_word_for_the_seed() {
    let endpoint = Endpoint::parse("https://api.mistral.ai/v1").unwrap();
    let wire = Wire::new(Protocol::Openai, &endpoint).unwrap();
    let mut request = plain("mistral", "m");
    request.model.seed = Some(7);
    let body = wire.body(&request, Delivery::Streamed).unwrap();
    assert_eq!(
        body,
        json!({
            "model": "m", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 100,
            "random_seed": 7, "stream": true
        })
    );
}

#[test]
fn a_stream_is_asked_for() {
    let request = plain("p", "m");
    for wire in [Wire::Anthropic, Wire::Responses, Wire::Ollama] {
        assert_eq!(wire.body(&request, Delivery::Streamed).unwrap()["stream"], true, "{wire:?}");
    }
    let openai = Wire::Openai(Quirks::OPENAI).body(&request, Delivery::Streamed).unwrap();
    assert_eq!(openai["stream_options"], json!({"include_usage": true}));
    assert_eq!(Wire::Bedrock.at_best(Delivery::Streamed), Delivery::Whole);
}
