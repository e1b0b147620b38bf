//! Bodies to answers.

use super::*;

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../../../tests/fixtures/provider/", $name))
    };
}
pub(super) use fixture;

fn parse(wire: &Wire, body: &[u8]) -> Answer {
    wire.parse(body, &plain("p", "m")).unwrap()
}

fn usage(input: u64, output: u64, cached: u64, reasoning: u64) -> Usage {
    Usage {
        input_tokens: input,
        output_tokens: output,
        cached_tokens: cached,
        reasoning_tokens: reasoning,
        ..Usage::default()
    }
}

fn call(id: &str, name: &str, arguments: Value) -> Vec<ToolCall> {
    vec![ToolCall { id: id.into(), name: name.into(), arguments }]
}

#[test]
fn anthropic() {
    assert_eq!(
        parse(&Wire::Anthropic, fixture!("anthropic.json")),
        Answer {
            output: "Okay, let's check the weather for San Francisco, CA:".into(),
            tool_calls: call(
                "toolu_01T1x1fJ34qAmk2tNTrN7Up6",
                "get_weather",
                json!({"location": "San Francisco, CA", "unit": "fahrenheit"})
            ),
            finish: Some("tool_calls".into()),
            finish_raw: Some("tool_use".into()),
            usage: Some(Usage { cache_write_tokens: 248, ..usage(50 + 248 + 1800, 89, 1800, 0) }),
            ..Answer::default()
        }
    );
}

#[test]
fn gemini() {
    assert_eq!(
        parse(&Wire::Gemini, fixture!("gemini.json")),
        Answer {
            output: "The sum is four.".into(),
            tool_calls: call("fc_1", "note", json!({"sum": 4})),
            finish: Some("tool_calls".into()),
            finish_raw: Some("STOP".into()),
            usage: Some(usage(2152, 6 + 31, 2048, 31)),
            ..Answer::default()
        }
    );
}

#[test]
fn a_blocked_prompt_is_an_empty_answer_that_says_so() {
    assert_eq!(
        parse(&Wire::Gemini, fixture!("gemini-blocked.json")),
        Answer {
            finish: Some("content_filter".into()),
            finish_raw: Some("PROHIBITED_CONTENT".into()),
            usage: Some(usage(12, 0, 0, 0)),
            ..Answer::default()
        }
    );
}

#[test]
fn thoughts_that_are_part_of_the_answer_are_not_counted_twice() {
    let body = json!({"candidates": [{"finishReason": "MAX_TOKENS"}], "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 40, "thoughtsTokenCount": 30, "totalTokenCount": 45}});
    let answer = parse(&Wire::Gemini, body.to_string().as_bytes());
    assert_eq!(
        (answer.finish.as_deref(), answer.usage),
        (Some("length"), Some(usage(5, 40, 0, 30)))
    );
}

#[test]
fn bedrock() {
    assert_eq!(
        parse(&Wire::Bedrock, fixture!("bedrock.json")),
        Answer {
            output: "I look it up.".into(),
            tool_calls: call("tooluse_hbTgdi0CSLq_hM4P8csZJA", "top_song", json!({"sign": "WZPZ"})),
            finish: Some("tool_calls".into()),
            finish_raw: Some("tool_use".into()),
            usage: Some(Usage { cache_write_tokens: 100, ..usage(30 + 1024 + 100, 62, 1024, 0) }),
            ..Answer::default()
        }
    );
}

#[test]
fn what_bedrock_gives_through_a_tool_is_the_answer() {
    let mut request = plain("bedrock", "m");
    request.response = ResponseFormat::Schema(json!({"type": "object"}));
    assert_eq!(
        Wire::Bedrock.parse(fixture!("bedrock-held.json"), &request).unwrap(),
        Answer {
            output: r#"{"label":"refund"}"#.into(),
            finish: Some("stop".into()),
            finish_raw: Some("tool_use".into()),
            usage: Some(usage(30, 12, 0, 0)),
            ..Answer::default()
        }
    );
}

#[test]
fn ollama() {
    assert_eq!(
        parse(&Wire::Ollama, fixture!("ollama.json")),
        Answer {
            tool_calls: call("", "get_weather", json!({"city": "Tokyo"})),
            finish: Some("tool_calls".into()),
            finish_raw: Some("stop".into()),
            usage: Some(usage(122, 33, 0, 0)),
            ..Answer::default()
        }
    );
}

#[test]
fn responses() {
    assert_eq!(
        parse(&Wire::Responses, fixture!("openai-responses.json")),
        Answer {
            output: "A boardwalk.".into(),
            tool_calls: call("call_1", "note", json!({"place": "marsh"})),
            finish: Some("tool_calls".into()),
            finish_raw: Some("completed".into()),
            usage: Some(usage(328, 152, 128, 100)),
            ..Answer::default()
        }
    );
    let refused = json!({"status": "completed", "output": [{"type": "message", "content": [{"type": "refusal", "refusal": "I cannot."}]}]});
    let answer = parse(&Wire::Responses, refused.to_string().as_bytes());
    assert_eq!((answer.output.as_str(), answer.finish.as_deref()), ("I cannot.", Some("refusal")));
}

#[test]
fn reasoning_beside_the_content_is_no_output() {
    let body = json!({"choices": [{"message": {"role": "assistant", "content": "Four.", "reasoning_content": "2 + 2", "reasoning": "2 + 2"}, "finish_reason": "stop"}]});
    let parts = json!({"choices": [{"message": {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "2 + 2"}]}, {"type": "text", "text": "Four."}]}, "finish_reason": "stop"}]});
    for body in [body, parts] {
        let answer = parse(&Wire::Openai(Quirks::COMPATIBLE), body.to_string().as_bytes());
        assert_eq!(answer.output, "Four.");
    }
}

#[test]
fn what_is_no_answer_is_an_error() {
    let wires = [Wire::Responses, Wire::Anthropic, Wire::Gemini, Wire::Bedrock, Wire::Ollama];
    for wire in wires {
        let error = |body: &str| wire.parse(body.as_bytes(), &plain("p", "m")).unwrap_err();
        for junk in ["", "{\"cont", "<html>", "7", "[1]"] {
            assert!(matches!(error(junk), ParseError::Json(_)), "{wire:?} {junk}");
        }
        assert!(matches!(error("{}"), ParseError::NoAnswer(_)), "{wire:?}");
        if wire != Wire::Bedrock {
            let told = error(r#"{"type": "error", "error": {"message": "no"}}"#);
            assert_eq!(told, ParseError::Error("no".into()), "{wire:?}");
        }
    }
    let failed = br#"{"status": "failed", "output": []}"#;
    assert!(Wire::Responses.parse(failed, &plain("p", "m")).is_err());
}
