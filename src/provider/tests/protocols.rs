//! Calls in every protocol: where they go, which header holds the key, what comes back, and how each vendor refuses.

use std::sync::Arc as Shared;
use std::sync::Mutex as Lock;

use super::*;
use crate::message::Usage;

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/fixtures/provider/", $name))
    };
}

/// A provider of this protocol at `url`.
fn speaking(protocol: &str, url: &str) -> Provider {
    let config = json!({"protocol": protocol, "base_url": url, "api_key_env": "LOCAL_KEY"});
    let providers = serde_json::from_value(json!({"local": config})).unwrap();
    let access = Access {
        environment: &|_| Some(KEY.into()),
        file: &|_| Ok(Vec::new()),
        trust: &[],
        exec: Exec::refused(),
    };
    Provider::resolve("local", &providers, &access).unwrap().with_backoff(quick(3))
}

fn bounded() -> Request {
    let mut request = request();
    request.model.max_output_tokens = Some(50);
    request
}

/// Each protocol: its word, where a call goes, the header of the key and its value.
const PROTOCOLS: [(&str, &str, &str, &str); 6] = [
    ("openai", "/v1/chat/completions", "authorization", "Bearer sk-very-secret-value"),
    ("openai-responses", "/v1/responses", "authorization", "Bearer sk-very-secret-value"),
    ("anthropic", "/v1/messages", "x-api-key", KEY),
    ("gemini", "/v1/models/m:generateContent", "x-goog-api-key", KEY),
    ("bedrock", "/v1/model/m/converse", "authorization", "Bearer sk-very-secret-value"),
    ("ollama", "/v1/api/chat", "authorization", "Bearer sk-very-secret-value"),
];

fn good_body(protocol: &str) -> &'static [u8] {
    match protocol {
        "openai" => fixture!("openai.json"),
        "openai-responses" => fixture!("openai-responses.json"),
        "anthropic" => fixture!("anthropic.json"),
        "gemini" => fixture!("gemini.json"),
        "bedrock" => fixture!("bedrock.json"),
        "ollama" => fixture!("ollama.json"),
        other => panic!("{other}"),
    }
}

fn good_answer(protocol: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(good_body(protocol), "application/json")
}

/// Asks a server of this protocol that gives these answers in turn, the last one for ever.
fn asked_in(protocol: &str, answers: Vec<ResponseTemplate>) -> Asked {
    run(async {
        let server = MockServer::start().await;
        let last = answers.len() - 1;
        for (index, answer) in answers.into_iter().enumerate() {
            let mock = Mock::given(method("POST")).respond_with(answer);
            let mock = if index == last { mock } else { mock.up_to_n_times(1) };
            mock.mount(&server).await;
        }
        let provider = speaking(protocol, &format!("{}/v1", server.uri()));
        provider.ask(&bounded(), &Traffic::default()).await
    })
}

#[test]
fn each_protocol_asks_at_its_place_with_its_header() {
    for (protocol, place, name, value) in PROTOCOLS {
        run(async {
            let server = MockServer::start().await;
            Mock::given(method("POST"))
                .and(path(place))
                .and(header(name, value))
                .respond_with(good_answer(protocol))
                .expect(1)
                .mount(&server)
                .await;
            let provider = speaking(protocol, &format!("{}/v1", server.uri()));
            let asked = provider.ask(&bounded(), &Traffic::default()).await;
            let answer = asked.result.unwrap();
            assert!(answer.usage.is_some() && answer.finish.is_some(), "{protocol}");
            assert_eq!(answer.first_token_ms, None);
            let sent = &server.received_requests().await.unwrap()[0];
            let version =
                sent.headers.get("anthropic-version").map(|value| value.to_str().unwrap());
            assert_eq!(version, (protocol == "anthropic").then_some("2023-06-01"));
            let others = sent
                .headers
                .iter()
                .filter(|(_, sent)| sent.to_str().is_ok_and(|sent| sent.contains(KEY)));
            assert_eq!(others.count(), 1, "{protocol}: the key stands in one header");
        });
    }
}

#[test]
fn each_protocol_refuses_in_its_own_shape_and_the_key_is_not_shown() {
    let wrong = format!("invalid key {KEY}");
    for (protocol, status, body) in [
        ("openai", 401, json!({"error": {"message": wrong, "code": "invalid_api_key"}})),
        ("openai-responses", 401, json!({"error": {"message": wrong}})),
        (
            "anthropic",
            401,
            json!({"type": "error", "error": {"type": "authentication_error", "message": wrong}}),
        ),
        (
            "gemini",
            400,
            json!({"error": {"code": 400, "message": wrong, "status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]}}),
        ),
        ("bedrock", 403, json!({"Message": wrong})),
        ("ollama", 401, json!({"error": wrong})),
    ] {
        let asked = asked_in(protocol, vec![ResponseTemplate::new(status).set_body_json(body)]);
        let error = asked.result.unwrap_err();
        assert!(matches!(error, ProviderError::Unauthorized { .. }), "{protocol}: {error}");
        assert!(error.to_string().contains("invalid key ****; check the key"), "{error}");
        assert!(!format!("{error:?}").contains(KEY));
        assert_eq!(asked.attempts, 1);
    }
}

#[test]
fn each_protocol_names_a_missing_model() {
    for (protocol, body) in [
        (
            "anthropic",
            json!({"type": "error", "error": {"type": "not_found_error", "message": "model: m"}}),
        ),
        (
            "gemini",
            json!({"error": {"code": 404, "message": "models/m is not found", "status": "NOT_FOUND"}}),
        ),
        ("bedrock", json!({"message": "The model returned no match: m"})),
        ("ollama", json!({"error": "model 'm' not found"})),
        ("openai-responses", json!({"error": {"message": "The model `m` does not exist"}})),
    ] {
        let asked = asked_in(protocol, vec![ResponseTemplate::new(404).set_body_json(body)]);
        let error = asked.result.unwrap_err();
        assert!(
            matches!(&error, ProviderError::NotFound { model, .. } if model == "m"),
            "{protocol}: {error}"
        );
    }
}

#[test]
fn each_protocol_waits_where_it_is_told_to() {
    let limited = |body: Value| ResponseTemplate::new(429).set_body_json(body);
    let named =
        |name: &str| limited(json!({"message": "slow"})).insert_header("x-amzn-errortype", name);
    let google: Value = serde_json::from_slice(fixture!("gemini-limited.json")).unwrap();
    for (protocol, refused) in [
        (
            "anthropic",
            limited(
                json!({"type": "error", "error": {"type": "rate_limit_error", "message": "slow"}}),
            )
            .insert_header("retry-after", "0.05"),
        ),
        ("gemini", limited(google)),
        ("bedrock", named("ThrottlingException").insert_header("retry-after", "0.05")),
    ] {
        let started = Instant::now();
        let asked = asked_in(protocol, vec![refused, good_answer(protocol)]);
        assert!(asked.result.is_ok(), "{protocol}");
        assert_eq!(asked.attempts, 2);
        assert!(started.elapsed() >= Duration::from_millis(50), "{protocol}");
    }
}

#[test]
fn each_protocol_asks_again_when_the_server_is_busy() {
    for (protocol, status, body) in [
        (
            "anthropic",
            529,
            json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
        ),
        (
            "gemini",
            503,
            json!({"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}),
        ),
        ("bedrock", 503, json!({"message": "busy"})),
        ("ollama", 503, json!({"error": "server busy, please try again"})),
        ("openai-responses", 500, json!({"error": {"message": "sorry"}})),
    ] {
        let busy = ResponseTemplate::new(status).set_body_json(body);
        let asked = asked_in(protocol, vec![busy, good_answer(protocol)]);
        assert!(asked.result.is_ok(), "{protocol}: {:?}", asked.result);
        assert_eq!(asked.attempts, 2);
    }
}

#[test]
fn no_protocol_follows_a_redirect_or_takes_junk() {
    for (protocol, ..) in PROTOCOLS {
        let moved = ResponseTemplate::new(308).insert_header("location", "https://evil.example");
        let error = asked_in(protocol, vec![moved]).result.unwrap_err();
        assert!(error.to_string().contains("redirects are not followed"), "{protocol}: {error}");
        for junk in ["", "{}", "<html></html>", "{\"a\":"] {
            let junk = ResponseTemplate::new(200).set_body_raw(junk, "application/json");
            let asked = asked_in(protocol, vec![junk]);
            assert!(matches!(asked.result, Err(ProviderError::Body { .. })), "{protocol}");
            assert_eq!(asked.attempts, 3);
        }
    }
}

#[test]
fn what_cannot_be_said_is_never_sent() {
    run(async {
        let server = MockServer::start().await;
        let mut request = bounded();
        request.model.seed = Some(1);
        let asked = speaking("anthropic", &server.uri()).ask(&request, &Traffic::default()).await;
        assert!(matches!(
            asked.result,
            Err(ProviderError::Configuration(ConfigurationError::Unsupported { .. }))
        ));
        assert_eq!(asked.attempts, 0);
        assert_eq!(server.received_requests().await.unwrap().len(), 0);
    });
}

/// The text that a stream shows, and what comes of the call.
fn streamed(protocol: &str, answers: Vec<ResponseTemplate>) -> (String, Asked) {
    run(async {
        let server = MockServer::start().await;
        let last = answers.len() - 1;
        for (index, answer) in answers.into_iter().enumerate() {
            let mock = Mock::given(method("POST")).respond_with(answer);
            let mock = if index == last { mock } else { mock.up_to_n_times(1) };
            mock.mount(&server).await;
        }
        let provider = speaking(protocol, &server.uri());
        let mut shown = String::new();
        let mut show = |text: &str| shown.push_str(text);
        let asked = provider.ask_streaming(&bounded(), &Traffic::default(), &mut show).await;
        (shown, asked)
    })
}

fn events(body: &'static [u8]) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body, "text/event-stream")
}

#[test]
fn a_stream_shows_its_text_and_tells_when_it_began() {
    for (protocol, body) in [
        ("openai", events(fixture!("openai-stream.txt"))),
        ("openai-responses", events(fixture!("openai-responses-stream.txt"))),
        ("anthropic", events(fixture!("anthropic-stream.txt"))),
        ("gemini", events(fixture!("gemini-stream.txt"))),
        (
            "ollama",
            ResponseTemplate::new(200)
                .set_body_raw(&fixture!("ollama-stream.txt")[..], "application/x-ndjson"),
        ),
    ] {
        let (shown, asked) = streamed(protocol, vec![body]);
        let answer = asked.result.unwrap();
        assert_eq!((shown.as_str(), answer.output.as_str()), ("Grüß dich!", "Grüß dich!"));
        let (first, all) = (answer.first_token_ms.unwrap(), answer.latency_ms.unwrap());
        assert!(0.0 < first && first <= all + 1.0, "{protocol}: {first} of {all}");
        assert!(answer.usage.is_some_and(|usage: Usage| usage.output_tokens > 0), "{protocol}");
    }
}

#[test]
fn what_comes_in_one_piece_is_shown_in_one_piece() {
    for (protocol, ..) in PROTOCOLS {
        let (shown, asked) = streamed(protocol, vec![good_answer(protocol)]);
        let answer = asked.result.unwrap();
        assert_eq!((shown, answer.first_token_ms), (answer.output, None), "{protocol}");
    }
}

#[test]
fn a_stream_that_breaks_off_after_its_first_text_is_not_asked_again() {
    let body = fixture!("anthropic-stream.txt");
    let end = body.windows(12).position(|bytes| bytes == b"message_stop").unwrap();
    let cut = events(&body[..end]);
    let (shown, asked) = streamed("anthropic", vec![cut, events(body)]);
    assert_eq!(shown, "Grüß dich!");
    let error = asked.result.unwrap_err();
    assert!(error.to_string().contains("its stream was cut before the end"), "{error}");
    assert_eq!(asked.attempts, 1);
}

#[test]
fn a_stream_that_showed_nothing_is_asked_again() {
    let cut = events(b"event: ping\ndata: {\"type\": \"ping\"}\n\n");
    let (shown, asked) = streamed("anthropic", vec![cut, events(fixture!("anthropic-stream.txt"))]);
    assert_eq!((shown.as_str(), asked.attempts), ("Grüß dich!", 2));
    assert!(asked.result.is_ok());
}

#[test]
fn a_stream_is_bounded() {
    let endless = vec![b'x'; (16 << 20) + 1];
    let (_, asked) = streamed(
        "openai",
        vec![ResponseTemplate::new(200).set_body_raw(endless, "text/event-stream")],
    );
    let message = asked.result.unwrap_err().to_string();
    assert!(message.contains("larger than 16 MiB"), "{message}");
}

#[test]
fn echo_shows_what_it_answers() {
    let shown = Shared::new(Lock::new(String::new()));
    let taken = Shared::clone(&shown);
    let mut show = move |text: &str| taken.lock().unwrap().push_str(text);
    let asked = run(Provider::Echo.ask_streaming(&request(), &Traffic::default(), &mut show));
    assert_eq!(asked.result.unwrap().output, *shown.lock().unwrap());
}

#[test]
fn azure_wants_the_key_in_a_header_of_its_own() {
    let endpoint = Endpoint::parse("https://mine.openai.azure.com/openai/v1").unwrap();
    let header = |wire: Wire| wire.key_header(&endpoint).0;
    assert_eq!(header(Wire::Openai(Quirks::OPENAI)), "api-key");
    assert_eq!(header(Wire::Responses), "api-key");
}

#[test]
fn anthropic_tells_when_a_quota_is_used_up() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let header = |name: &'static str, value: &str| {
        (reqwest::header::HeaderName::from_static(name), value.parse().unwrap())
    };
    let received = |remaining: &str| Received {
        status: 200,
        headers: [
            header("anthropic-ratelimit-input-tokens-remaining", remaining),
            header("anthropic-ratelimit-input-tokens-reset", "2023-11-14T22:13:50Z"),
        ]
        .into_iter()
        .collect(),
        body: Vec::new(),
        took: Duration::ZERO,
    };
    assert_eq!(exhausted_for(&received("0"), now), Some(Duration::from_secs(30)));
    assert_eq!(exhausted_for(&received("5"), now), None);
}
