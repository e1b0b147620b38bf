//! Streams, cut at every place where the network may cut them.

use super::answers::fixture;
use super::*;

const OPENAI: Wire = Wire::Openai(Quirks::COMPATIBLE);

fn collect(wire: &Wire, pieces: &[&[u8]]) -> (String, Result<Answer, ParseError>) {
    let mut collector = Collector::new(wire.clone());
    let shown = pieces.iter().map(|piece| collector.push(piece)).collect();
    (shown, collector.finish(&plain("p", "m")))
}

fn all() -> [(Wire, &'static [u8]); 5] {
    [
        (OPENAI, fixture!("openai-stream.txt")),
        (Wire::Responses, fixture!("openai-responses-stream.txt")),
        (Wire::Anthropic, fixture!("anthropic-stream.txt")),
        (Wire::Gemini, fixture!("gemini-stream.txt")),
        (Wire::Ollama, fixture!("ollama-stream.txt")),
    ]
}

#[test]
fn the_text_comes_without_the_thoughts_wherever_the_bytes_are_cut() {
    for (wire, bytes) in all() {
        let (shown, answer) = collect(&wire, &[bytes]);
        assert_eq!(shown, "Grüß dich!", "{wire:?}");
        assert_eq!(answer.as_ref().unwrap().output, "Grüß dich!", "{wire:?}");
        for cut in 0..bytes.len() {
            let (head, tail) = bytes.split_at(cut);
            assert_eq!(collect(&wire, &[head, tail]), (shown.clone(), answer.clone()), "{wire:?}");
        }
    }
}

#[test]
fn the_streams_of_llama_cpp_are_answers() {
    for (wire, bytes) in [
        (OPENAI, &fixture!("llama-cpp-stream.txt")[..]),
        (Wire::Responses, fixture!("llama-cpp-responses-stream.txt")),
        (Wire::Anthropic, fixture!("llama-cpp-messages-stream.txt")),
    ] {
        let (shown, answer) = collect(&wire, &[bytes]);
        let answer = answer.unwrap();
        assert_eq!(answer.output, shown, "{wire:?}");
        assert!(!shown.is_empty() && answer.finish.is_some(), "{wire:?}: {answer:?}");
        let usage = answer.usage.unwrap();
        assert_eq!((usage.input_tokens, usage.cached_tokens), (30, 29), "{wire:?}");
    }
}

#[test]
fn lines_may_end_as_windows_ends_them() {
    for (wire, bytes) in all() {
        let lines = std::str::from_utf8(bytes).unwrap().replace('\n', "\r\n");
        assert_eq!(collect(&wire, &[lines.as_bytes()]), collect(&wire, &[bytes]), "{wire:?}");
    }
}

#[test]
fn a_stream_amounts_to_the_answer_in_one_piece() {
    let of = |wire: Wire| {
        let (_, bytes) = all().into_iter().find(|(of, _)| *of == wire).unwrap();
        collect(&wire, &[bytes]).1.unwrap()
    };
    let called = |arguments: Value, id: &str| {
        vec![ToolCall { id: id.into(), name: "get_weather".into(), arguments }]
    };
    let usage = |input_tokens, output_tokens, cached_tokens, reasoning_tokens| {
        Some(Usage {
            input_tokens,
            output_tokens,
            cached_tokens,
            reasoning_tokens,
            ..Usage::default()
        })
    };
    let answer = |finish: &str, raw: Option<&str>, usage| Answer {
        output: "Grüß dich!".into(),
        finish: Some(finish.into()),
        finish_raw: raw.map(str::to_owned),
        usage,
        ..Answer::default()
    };
    assert_eq!(
        of(OPENAI),
        Answer {
            tool_calls: called(json!({"city": "Bern"}), "call_1"),
            ..answer("tool_calls", None, usage(19, 10, 0, 0))
        }
    );
    assert_eq!(
        of(Wire::Anthropic),
        Answer {
            tool_calls: called(json!({"location": "Bern"}), "toolu_01T1x1fJ34qAmk2tNTrN7Up6"),
            ..answer("tool_calls", Some("tool_use"), usage(35, 15, 10, 0))
        }
    );
    assert_eq!(of(Wire::Gemini), answer("stop", Some("STOP"), usage(4, 9, 0, 5)));
    assert_eq!(of(Wire::Ollama), answer("length", None, usage(26, 282, 0, 0)));
    assert_eq!(
        of(Wire::Responses),
        answer("length", Some("max_output_tokens"), usage(37, 11, 0, 0))
    );
}

#[test]
fn a_cut_stream_is_no_answer() {
    // The last bytes that a protocol can lose without losing the end of the answer.
    for (wire, end) in [
        (OPENAI, "\"finish_reason\":\"tool_calls\""),
        (Wire::Responses, "event: response.incomplete"),
        (Wire::Anthropic, "event: message_stop"),
        (Wire::Gemini, "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \" dich!\""),
        (Wire::Ollama, "\"done\":true"),
    ] {
        let (_, bytes) = all().into_iter().find(|(of, _)| *of == wire).unwrap();
        let text = std::str::from_utf8(bytes).unwrap();
        let end = text.find(end).unwrap();
        let start = text[..end].rfind('\n').map_or(end, |newline| newline + 1);
        assert_eq!(collect(&wire, &[&bytes[..start]]).1, Err(ParseError::CutStream), "{wire:?}");
        assert!(collect(&wire, &[&bytes[..end]]).1.is_err(), "{wire:?}");
        assert_eq!(collect(&wire, &[]).1, Err(ParseError::CutStream), "{wire:?}");
    }
}

#[test]
fn an_error_inside_a_stream_is_an_error() {
    for (wire, event) in [
        (OPENAI, r#"data: {"error": {"message": "busy"}}"#),
        (Wire::Responses, r#"data: {"type": "error", "code": "x", "message": "busy"}"#),
        (
            Wire::Responses,
            r#"data: {"type": "response.failed", "response": {"status": "failed", "error": {"message": "busy"}}}"#,
        ),
        (
            Wire::Anthropic,
            r#"data: {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}"#,
        ),
        (Wire::Gemini, r#"data: {"error": {"code": 503, "message": "busy"}}"#),
        (Wire::Ollama, r#"{"error": "busy"}"#),
    ] {
        let event = format!("{event}\n\n");
        let result = collect(&wire, &[event.as_bytes()]).1;
        assert_eq!(result, Err(ParseError::Error("busy".into())), "{wire:?}");
    }
}

#[test]
fn junk_in_a_stream_is_an_error() {
    for wire in [OPENAI, Wire::Responses, Wire::Anthropic, Wire::Gemini, Wire::Ollama] {
        for junk in ["{\"a\":\n\n", "7\n\n", "\"x\"\n\n"] {
            let junk = if wire == Wire::Ollama { junk.to_owned() } else { format!("data: {junk}") };
            let result = collect(&wire, &[junk.as_bytes()]).1;
            assert!(matches!(result, Err(ParseError::Json(_))), "{wire:?} {junk}");
        }
        // Shapes that no server should send must not be a panic.
        for odd in [
            r#"{"type": "message_start"}"#,
            r#"{"type": "content_block_delta", "index": 99, "delta": {"text": "x"}}"#,
            r#"{"type": "message_delta", "delta": 7, "usage": 7}"#,
            r#"{"choices": [{"delta": {"tool_calls": [{"index": 99}, {"function": {}}, 7]}}]}"#,
            r#"{"candidates": [7]}"#,
            r#"{"candidates": [{"content": {"parts": [7, {"text": 7}]}}], "done": true}"#,
            r#"{"message": {"content": 7, "tool_calls": 7}, "done": true}"#,
        ] {
            let odd = if wire == Wire::Ollama { odd.to_owned() } else { format!("data: {odd}") };
            let _ = collect(&wire, &[format!("{odd}\n\n{odd}\n\n").as_bytes()]);
        }
    }
}
