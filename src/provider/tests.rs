//! Calls against servers on this machine: every way in which one can fail.

mod protocols;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};
use wiremock::matchers::{body_partial_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::message::{Message, ModelSettings, ResponseFormat, Role};

const KEY: &str = "sk-very-secret-value";

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Waits that are short enough for tests; the bounds stay in proportion.
fn quick(attempts: u32) -> Backoff {
    let millisecond = Duration::from_millis(1);
    Backoff {
        attempts,
        first: millisecond,
        first_when_limited: millisecond,
        longest: 4 * millisecond,
        longest_unreachable: 4 * millisecond,
        budget: Duration::from_secs(20),
    }
}

fn provider_with(url: &str, more: Value) -> Result<Provider, ProviderError> {
    let mut config =
        json!({"protocol": "openai", "base_url": format!("{url}/v1"), "api_key_env": "LOCAL_KEY"});
    let (Value::Object(config), Value::Object(more)) = (&mut config, more) else { panic!() };
    config.extend(more);
    let providers = serde_json::from_value(json!({"local": config})).unwrap();
    let access = Access {
        environment: &|_| Some(KEY.into()),
        file: &|_| Ok(b"no certificate".to_vec()),
        trust: &[],
        exec: Exec::refused(),
    };
    Ok(Provider::resolve("local", &providers, &access)?.with_backoff(quick(4)))
}

fn provider(url: &str) -> Provider {
    provider_with(url, json!({})).unwrap()
}

fn request() -> Request {
    Request {
        model: ModelSettings { provider: "local".into(), name: "m".into(), ..Default::default() },
        messages: vec![Message::text(Role::User, "hi")],
        tools: Vec::new(),
        response: ResponseFormat::Text,
    }
}

fn good() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}]
    }))
}

fn error(status: u16, body: Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(BTreeMap::from([("error", body)]))
}

/// Asks a server that gives these answers in turn, the last one for ever.
fn asked(answers: Vec<ResponseTemplate>) -> Asked {
    run(async {
        let server = MockServer::start().await;
        let last = answers.len() - 1;
        for (index, answer) in answers.into_iter().enumerate() {
            let mock = Mock::given(path("/v1/chat/completions")).respond_with(answer);
            let mock = if index == last { mock } else { mock.up_to_n_times(1) };
            mock.mount(&server).await;
        }
        provider(&server.uri()).ask(&request(), &Traffic::default()).await
    })
}

/// Asks a server that writes these bytes to every connection and closes it.
fn asked_raw(bytes: Vec<u8>) -> Asked {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(&bytes);
        }
    });
    run(async { provider(&url).ask(&request(), &Traffic::default()).await })
}

#[test]
fn sends_the_request_and_reads_the_answer() {
    run(async {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .and(path("/v1/chat/completions"))
            .and(header("authorization", format!("Bearer {KEY}").as_str()))
            .and(header("content-type", "application/json"))
            .and(header("x-team", "search"))
            .and(body_partial_json(
                json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]}),
            ))
            .respond_with(good())
            .expect(1)
            .mount(&server)
            .await;
        let provider =
            provider_with(&server.uri(), json!({"headers": {"x-team": "search"}})).unwrap();
        let asked = provider.ask(&request(), &Traffic::default()).await;
        let answer = asked.result.unwrap();
        assert_eq!((answer.output.as_str(), answer.finish.as_deref()), ("hello", Some("stop")));
        assert!(answer.latency_ms.unwrap() > 0.0);
        assert_eq!(asked.attempts, 1);
        assert_eq!(provider.endpoint().unwrap().to_string(), format!("{}/v1", server.uri()));
    });
}

#[test]
fn echo_answers_with_the_last_user_message() {
    let echo = Provider::resolve(
        "echo",
        &IndexMap::new(),
        &Access { environment: &|_| None, file: &|_| panic!(), trust: &[], exec: Exec::refused() },
    )
    .unwrap();
    let mut request = request();
    request.messages.push(Message::text(Role::Assistant, "no"));
    let asked = run(echo.ask(&request, &Traffic::default()));
    assert_eq!(asked.result.unwrap().output, "hi");
    assert_eq!(echo.endpoint(), None);
}

#[test]
fn a_refused_key_names_its_variable_and_is_not_shown() {
    let asked = asked(vec![error(
        401,
        json!({"message": format!("Incorrect API key provided: {KEY}."), "code": "invalid_api_key"}),
    )]);
    let error = asked.result.unwrap_err();
    assert!(error.stops_model() && !error.retryable());
    assert_eq!(asked.attempts, 1);
    let message = error.to_string();
    assert!(
        message.ends_with("answered 401: Incorrect API key provided: ****; check the key in the environment variable LOCAL_KEY"),
        "{message}"
    );
    assert!(!format!("{error:?}").contains(KEY));
}

#[test]
fn a_missing_model_is_named() {
    let asked = asked(vec![error(404, json!({"message": "The model `m` does not exist"}))]);
    let error = asked.result.unwrap_err();
    assert!(matches!(&error, ProviderError::NotFound { model, .. } if model == "m"));
    assert!(error.stops_model());
}

#[test]
fn a_limit_is_waited_for() {
    let limited = error(429, json!({"message": "slow down", "type": "rate_limit_error"}))
        .insert_header("retry-after", "0.05");
    let started = Instant::now();
    let asked = asked(vec![limited, good()]);
    assert!(asked.result.is_ok());
    assert_eq!(asked.attempts, 2);
    assert!(started.elapsed() >= Duration::from_millis(50));
}

#[test]
fn a_limit_that_outlasts_the_budget_fails_at_once() {
    let asked = asked(vec![error(429, json!({})).insert_header("retry-after", "3600")]);
    let error = asked.result.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_hours(1)));
    assert_eq!(asked.attempts, 1);
    assert!(!error.stops_model());
}

#[test]
fn an_exhausted_quota_is_final() {
    let asked = asked(vec![error(
        429,
        json!({"message": "You exceeded your current quota", "type": "insufficient_quota", "code": "insufficient_quota"}),
    )]);
    let error = asked.result.unwrap_err();
    assert!(matches!(error, ProviderError::QuotaExhausted { .. }), "{error}");
    assert!(error.stops_model());
    assert_eq!(asked.attempts, 1);
}

#[test]
fn a_server_error_is_asked_again() {
    let asked = asked(vec![ResponseTemplate::new(500), ResponseTemplate::new(408), good()]);
    assert!(asked.result.is_ok());
    assert_eq!(asked.attempts, 3);
}

#[test]
fn attempts_are_counted() {
    let asked = asked(vec![ResponseTemplate::new(502).set_body_string("<html>Bad Gateway</html>")]);
    assert_eq!(asked.result.unwrap_err().status(), Some(502));
    assert_eq!(asked.attempts, 4);
}

#[test]
fn a_server_that_loads_its_model_is_waited_for() {
    let loading = || {
        error(503, json!({"code": 503, "message": "Loading model", "type": "unavailable_error"}))
    };
    let mut answers: Vec<_> = (0..7).map(|_| loading()).collect();
    answers.push(good());
    let asked = asked(answers);
    assert!(asked.result.is_ok());
    assert_eq!(asked.attempts, 8);
}

#[test]
fn a_bad_request_is_final_and_in_the_servers_words() {
    let asked = asked(vec![error(400, json!({"message": "bad \u{1b}[31m temperature"}))]);
    let error = asked.result.unwrap_err();
    assert!(error.to_string().ends_with(r"answered 400: bad \u{1b}[31m temperature"), "{error}");
    assert!(!error.stops_model());
    assert_eq!(asked.attempts, 1);
}

#[test]
fn a_redirect_is_not_followed() {
    let moved = ResponseTemplate::new(307).insert_header("location", "https://evil.example/v1");
    let asked = asked(vec![moved]);
    let message = asked.result.unwrap_err().to_string();
    assert!(
        message.contains(
            "answered 307: redirect to https://evil.example/v1; redirects are not followed"
        ),
        "{message}"
    );
}

#[test]
fn broken_json_is_asked_again() {
    let asked = asked(vec![ResponseTemplate::new(200).set_body_string("{\"choices\": ["), good()]);
    assert!(asked.result.is_ok());
    assert_eq!(asked.attempts, 2);
}

#[test]
fn a_cut_body_is_no_answer() {
    let body = r#"{"choices": [{"message": {"content": "hello"}}]}"#;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len() + 10);
    let asked = asked_raw(format!("{head}{body}").into_bytes());
    let error = asked.result.unwrap_err();
    assert!(error.to_string().contains("it was cut"), "{error}");
    assert_eq!(asked.attempts, 4);
}

#[test]
fn a_connection_that_is_closed_without_a_word_counts_as_an_attempt() {
    let asked = asked_raw(Vec::new());
    assert!(matches!(asked.result.unwrap_err(), ProviderError::Body { .. }));
    assert_eq!(asked.attempts, 4);
}

#[test]
fn a_huge_body_is_refused() {
    let asked = asked(vec![ResponseTemplate::new(200).set_body_bytes(vec![b' '; (16 << 20) + 1])]);
    let message = asked.result.unwrap_err().to_string();
    assert!(message.contains("larger than 16 MiB"), "{message}");
}

#[test]
fn a_slow_server_runs_out_of_time() {
    run(async {
        let server = MockServer::start().await;
        let slow = good().set_delay(Duration::from_secs(30));
        Mock::given(method("POST")).respond_with(slow).mount(&server).await;
        let config = json!({"timeout": "40ms", "attempts": 1});
        let provider = provider_with(&server.uri(), config).unwrap().with_backoff(quick(2));
        let asked = provider.ask(&request(), &Traffic::default()).await;
        let error = asked.result.unwrap_err();
        assert!(matches!(error, ProviderError::Timeout { phase: Phase::FirstByte, .. }), "{error}");
        assert_eq!(asked.attempts, 2);
    });
}

#[test]
fn a_body_that_drips_runs_out_of_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{").unwrap();
        // Holds the connection until the client has gone.
        let _ = stream.read(&mut [0; 1]);
    });
    let provider = provider_with(&url, json!({"timeout": "60ms"})).unwrap().with_backoff(quick(1));
    let asked = run(provider.ask(&request(), &Traffic::default()));
    let error = asked.result.unwrap_err();
    assert!(matches!(error, ProviderError::Timeout { phase: Phase::Total, .. }), "{error}");
    drop(provider);
    server.join().unwrap();
}

#[test]
fn an_absent_server_is_given_up_for_everyone() {
    // Bound and dropped, so that nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let backoff = Backoff { budget: Duration::from_millis(80), ..quick(1) };
    let provider = provider(&format!("http://127.0.0.1:{port}")).with_backoff(backoff);
    let traffic = Traffic::default();
    run(async {
        let first = provider.ask(&request(), &traffic).await;
        let error = first.result.unwrap_err();
        assert!(matches!(error, ProviderError::Connect { .. }), "{error}");
        assert!(first.attempts > 1, "a refused connection does not count as an attempt");
        let second = provider.ask(&request(), &traffic).await;
        assert_eq!(second.attempts, 0);
        let error = second.result.unwrap_err();
        assert!(matches!(error, ProviderError::GivenUp { .. }), "{error}");
    });
}

#[test]
fn a_server_that_dies_and_comes_back_is_survived() {
    fn serve(listener: &TcpListener, answers: usize) {
        let body = r#"{"choices": [{"message": {"content": "hello"}}]}"#;
        for _ in 0..answers {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            )
            .unwrap();
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let provider = provider(&format!("http://{address}")).with_backoff(quick(1));
    let traffic = Traffic::default();
    let first_life = std::thread::spawn(move || serve(&listener, 1));
    run(async { assert!(provider.ask(&request(), &traffic).await.result.is_ok()) });
    first_life.join().unwrap();
    let second_life = std::thread::spawn(move || {
        std::thread::park_timeout(Duration::from_millis(100));
        serve(&TcpListener::bind(address).unwrap(), 1);
    });
    let asked = run(provider.ask(&request(), &traffic));
    assert!(asked.result.is_ok(), "{:?}", asked.result);
    assert!(asked.attempts > 4, "{} attempts", asked.attempts);
    second_life.join().unwrap();
}

#[test]
fn a_metadata_address_is_refused() {
    let resolved = provider_with("http://169.254.169.254", json!({}));
    assert!(matches!(
        resolved.err(),
        Some(ProviderError::Configuration(ConfigurationError::BaseUrl { .. }))
    ));
}

#[test]
fn a_server_without_tls_is_not_trusted_for_https() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        }
    });
    let asked = run(provider(&url).ask(&request(), &Traffic::default()));
    let error = asked.result.unwrap_err();
    // The second on a machine that has no certificates at all.
    assert!(
        matches!(
            error,
            ProviderError::Tls { .. }
                | ProviderError::Configuration(ConfigurationError::NoCertificates { .. })
        ),
        "{error}"
    );
    assert!(error.stops_model());
}

#[test]
fn a_broken_ca_file_is_reported_at_the_first_call() {
    let provider =
        provider_with("https://127.0.0.1:1", json!({"ca_file": "certs/ca.pem"})).unwrap();
    let asked = run(provider.ask(&request(), &Traffic::default()));
    let message = asked.result.unwrap_err().to_string();
    assert!(
        message.starts_with("`ca_file` of provider `local`, `certs/ca.pem`: holds no certificate"),
        "{message}"
    );
}

#[test]
fn parallel_calls_stay_below_the_ceiling() {
    run(async {
        let server = MockServer::start().await;
        Mock::given(method("POST")).respond_with(good()).expect(40).mount(&server).await;
        let provider = provider_with(&server.uri(), json!({"concurrency": 2})).unwrap();
        let traffic = Traffic::new(8);
        let request = request();
        let calls = (0..40).map(|_| provider.ask(&request, &traffic));
        let all = futures_util::future::join_all(calls).await;
        assert!(all.iter().all(|asked| asked.result.is_ok()));
        assert_eq!(traffic.lane(provider.endpoint().unwrap(), "m", None).limit(), 2);
    });
}

#[test]
fn reads_how_long_a_quota_is_used_up() {
    assert_eq!(reset_time("6m0s"), Some(Duration::from_mins(6)));
    assert_eq!(reset_time("1.5s"), Some(Duration::from_millis(1500)));
    assert_eq!(reset_time("120ms"), Some(Duration::from_millis(120)));
    for text in ["", "soon", "5", "s", "-1s", "1e9h", "9999999999999999999999999h"] {
        assert_eq!(reset_time(text), None, "{text}");
    }
}
