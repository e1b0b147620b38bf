//! `pf eval` against servers that misbehave: every run ends, in the right state, with words that say why, and nothing of a
//! failure is kept.
//!
//! The server writes bytes of its own choice, because a server that keeps to HTTP cannot break it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};

use crate::support::{Fixture, Outcome};

/// Longest time that any of these runs may take; those that wait for a timeout take a few seconds.
const PATIENCE: Duration = Duration::from_mins(2);

/// Attempts that a call has.
const ATTEMPTS: usize = 2;

/// Cases of the suite.
const CASES: usize = 2;

/// What a server does with a connection.
#[derive(Clone)]
enum Act {
    /// Writes these bytes after the request, and closes.
    Say(Vec<u8>),
    /// Writes these bytes and resets the connection.
    Reset(Vec<u8>),
    /// Writes these bytes and nothing more.
    Hang(Vec<u8>),
    /// Writes these bytes, then a blank now and then.
    Drip(Vec<u8>),
    /// Announces this many bytes and writes them.
    Flood(usize),
}

/// A server that does as it is told.
struct Server {
    address: String,
    act: Arc<Mutex<Plan>>,
    asked: Arc<AtomicUsize>,
}

type Plan = Box<dyn Fn(usize) -> Act + Send>;

impl Server {
    fn start(plan: impl Fn(usize) -> Act + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let act: Arc<Mutex<Plan>> = Arc::new(Mutex::new(Box::new(plan)));
        let asked = Arc::new(AtomicUsize::new(0));
        let (plan, count) = (Arc::clone(&act), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let number = count.fetch_add(1, Ordering::SeqCst);
                let act = plan.lock().unwrap_or_else(PoisonError::into_inner)(number);
                std::thread::spawn(move || play(stream, act));
            }
        });
        Self { address, act, asked }
    }

    /// From now on it answers as it should.
    fn recover(&self) {
        *self.act.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(|_| good());
        self.asked.store(0, Ordering::SeqCst);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn play(mut stream: TcpStream, act: Act) {
    let wait = |time| std::thread::park_timeout(time);
    match act {
        Act::Say(bytes) => {
            read_request(&mut stream);
            let _ = stream.write_all(&bytes);
            let _ = stream.shutdown(Shutdown::Write);
            // Whoever closes with unread bytes resets; the client says when it has all.
            let _ = stream.read(&mut [0; 64]);
        }
        Act::Reset(bytes) => {
            // What was not read makes the system reset the connection.
            let _ = stream.peek(&mut [0; 1]);
            let _ = stream.write_all(&bytes);
        }
        Act::Hang(bytes) => {
            read_request(&mut stream);
            let _ = stream.write_all(&bytes);
            // Until the client has had enough.
            let _ = stream.read(&mut [0; 64]);
        }
        Act::Drip(bytes) => {
            read_request(&mut stream);
            let _ = stream.write_all(&bytes);
            while stream.write_all(b" ").is_ok() {
                wait(Duration::from_millis(20));
            }
        }
        Act::Flood(size) => {
            read_request(&mut stream);
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {size}\r\n\r\n\""
            );
            let _ = stream.write_all(head.as_bytes());
            let piece = vec![b'a'; 1 << 16];
            for _ in 0..size / piece.len() {
                if stream.write_all(&piece).is_err() {
                    return;
                }
            }
        }
    }
}

/// Reads a request with its body.
fn read_request(stream: &mut TcpStream) {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    let end = |request: &[u8]| request.windows(4).position(|four| four == b"\r\n\r\n");
    loop {
        match stream.read(&mut piece) {
            Ok(count @ 1..) => request.extend_from_slice(&piece[..count]),
            _ => return,
        }
        let Some(head) = end(&request) else { continue };
        let text = String::from_utf8_lossy(&request[..head]).to_ascii_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
        if request.len() >= head + 4 + length {
            return;
        }
    }
}

/// What a model says that has nothing to complain about.
const ANSWER: &str = r#"{"choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}]}"#;

fn reply(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

fn good() -> Act {
    Act::Say(reply("200 OK", "content-type: application/json\r\n", ANSWER))
}

fn says(status: &str, headers: &str, body: &str) -> Act {
    Act::Say(reply(status, headers, body))
}

fn raw(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

/// The moment so many seconds from now, as headers write it.
fn date(seconds: u64) -> String {
    let at = SystemTime::now() + Duration::from_secs(seconds);
    let at = jiff::Timestamp::try_from(at).expect("a time of this century");
    jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at).expect("a date")
}

fn project(scheme: &str, address: &str) -> Fixture {
    let fixture = Fixture::new();
    fixture.write(
        "pf.yaml",
        format!(
            "providers:\n  lab: {{protocol: openai, base_url: \"{scheme}://{address}/v1\", timeout: 2s, attempts: {ATTEMPTS}}}\n"
        ),
    );
    fixture.write(
        "prompts/say.yaml",
        "model: lab/one\nvariables: {word: string}\nmessages: [{role: user, content: \"{{ word }}\"}]\n",
    );
    fixture.write(
        "evals/say.yaml",
        "prompts: [say]\ncases: [{id: a, variables: {word: a}}, {id: b, variables: {word: b}}]\n\
         assert: [{type: equals, value: hello}]\n",
    );
    fixture
}

/// `pf eval`, which must end.
fn eval(fixture: &Fixture) -> Outcome {
    let mut child = fixture
        .pf_command(&["eval", "--format", "json", "-o", "cells.jsonl"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let started = Instant::now();
    while child.try_wait().expect("it was started here").is_none() {
        if started.elapsed() > PATIENCE {
            let _ = child.kill();
            panic!("the run hangs");
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
    fixture.outcome(&child.wait_with_output().expect("it has ended"))
}

fn cells(fixture: &Fixture) -> Vec<Value> {
    let line = |line: &str| serde_json::from_str(line).expect("a line of JSON");
    fixture.read("cells.jsonl").lines().map(line).collect()
}

/// A fault, and what pf makes of it.
struct Row {
    name: &'static str,
    act: Act,
    /// The words that an error holds.
    says: &'static str,
    /// Most requests for one case.
    attempts: usize,
}

fn rows() -> Vec<Row> {
    let row = |name, act, says| Row { name, act, says, attempts: ATTEMPTS };
    let once = |name, act, says| Row { name, act, says, attempts: 1 };
    let json = "content-type: application/json\r\n";
    let limit = |headers: &str| {
        says("429 Too Many Requests", headers, r#"{"error": {"message": "slow down"}}"#)
    };
    vec![
        row("429", limit(""), "answered 429: slow down"),
        row("429 that asks for seconds", limit("retry-after: 1\r\n"), "it asks to wait 1 s"),
        row(
            "429 that names a time",
            limit(&format!("retry-after: {}\r\n", date(1))),
            "answered 429",
        ),
        once("429 that asks for an hour", limit("retry-after: 3600\r\n"), "it asks to wait 3600 s"),
        once(
            "429 that names a time in an hour",
            limit(&format!("retry-after: {}\r\n", date(3600))),
            "it asks to wait 3",
        ),
        row(
            "500",
            says("500 Internal Server Error", json, r#"{"error": "it broke"}"#),
            "answered 500: it broke",
        ),
        row(
            "502 with a page",
            says("502 Bad Gateway", "content-type: text/html\r\n", "<html>nginx</html>"),
            "answered 502; the server failed",
        ),
        row("503", says("503 Service Unavailable", "", ""), "answered 503; the server failed"),
        row("a reset before the answer", Act::Reset(Vec::new()), "the connection broke"),
        row(
            "a reset in the answer",
            Act::Reset(raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"choi")),
            "the answer of",
        ),
        row(
            "a body cut short",
            Act::Say(raw(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{\"choices\": [",
            )),
            "it was cut",
        ),
        row(
            "a chunk cut short",
            Act::Say(raw(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{\"choices\": [",
            )),
            "it was cut",
        ),
        row(
            "chunks without the last",
            Act::Say(raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n")),
            "it was cut",
        ),
        row("junk for a body", says("200 OK", json, "\u{0}\u{1b}[31m{]"), "no valid JSON"),
        row("junk for HTTP", Act::Say(raw("hello, who is there?\r\n\r\n")), "the connection broke"),
        row("nothing at all", Act::Say(Vec::new()), "the connection broke"),
        row("no choices", says("200 OK", json, r#"{"choices": []}"#), "it has no `choices"),
        row(
            "an error with status 200",
            says("200 OK", json, r#"{"error": {"message": "overloaded"}}"#),
            "it holds an error: overloaded",
        ),
        row(
            "a page of a proxy",
            says("200 OK", "content-type: text/html\r\n", "<html>Please log in</html>"),
            "no valid JSON",
        ),
        row("an empty body", says("200 OK", json, ""), "no valid JSON"),
        row(
            "a hang before the answer",
            Act::Hang(Vec::new()),
            "gave no answer within 2s; raise `timeout`",
        ),
        row(
            "a hang in the answer",
            Act::Hang(raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")),
            "gave no complete answer within 2s",
        ),
        row(
            "a slow drip",
            Act::Drip(raw("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")),
            "gave no complete answer within 2s",
        ),
        row(
            "a drip of headers",
            Act::Drip(raw("HTTP/1.1 200 OK\r\nx-slow:")),
            "gave no answer within 2s",
        ),
        row("50 MB", Act::Flood(50 << 20), "it is larger than 16 MiB"),
        row(
            "headers of 1 MB",
            says("200 OK", &format!("x-long: {}\r\n", "a".repeat(1 << 20)), ANSWER),
            "the connection broke",
        ),
        once(
            "a redirect",
            says("307 Temporary Redirect", "location: http://127.0.0.1:1/v1\r\n", ""),
            "redirects are not followed",
        ),
        once(
            "400",
            says("400 Bad Request", json, r#"{"error": {"message": "no such parameter"}}"#),
            "answered 400: no such parameter",
        ),
        once(
            "204 without a body",
            Act::Say(raw("HTTP/1.1 204 No Content\r\n\r\n")),
            "answered 204",
        ),
    ]
}

#[test]
fn every_fault_ends_in_an_error_that_says_what_it_was_and_is_forgotten() {
    std::thread::scope(|scope| {
        for row in rows() {
            scope.spawn(move || survive(&row));
        }
    });
}

fn survive(row: &Row) {
    let act = row.act.clone();
    let server = Server::start(move |_| act.clone());
    let fixture = project("http", &server.address);
    let run = eval(&fixture).exits(4);
    let name = row.name;
    let counts = &run.json()["results"][0]["cells"];
    assert_eq!(counts["error"], CASES, "{name}: {counts}");
    for cell in cells(&fixture) {
        let error = cell["error"].as_str().unwrap_or_default();
        assert!(error.contains(row.says), "{name}: {error}");
        assert!(error.chars().count() < 600 && !error.contains('\u{1b}'), "{name}: {error}");
        assert_eq!(cell["attempts"], row.attempts, "{name}: {error}");
        assert_eq!((&cell["output"], &cell["score"]), (&Value::Null, &Value::Null), "{name}");
    }
    assert_eq!(server.asked(), CASES * row.attempts, "{name}");

    server.recover();
    let again = eval(&fixture).exits(0).json();
    let counts = &again["results"][0]["cells"];
    assert_eq!((&counts["pass"], &counts["cached"]), (&json!(CASES), &json!(0)), "{name}");
    assert_eq!(server.asked(), CASES, "{name}: nothing of a failure was kept");
}

#[test]
fn a_fault_that_passes_costs_an_attempt_and_nothing_else() {
    let cut = raw("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{");
    let limited = |headers: String| reply("429 Too Many Requests", &headers, "");
    let faults = [
        (Act::Reset(Vec::new()), 0),
        (Act::Say(cut), 0),
        (Act::Say(reply("503 Service Unavailable", "retry-after: 1\r\n", "")), 1),
        (Act::Say(limited("retry-after: 1\r\n".into())), 1),
        // A date has whole seconds, so that up to one of them is over already.
        (Act::Say(limited(format!("retry-after: {}\r\n", date(5)))), 2),
    ];
    std::thread::scope(|scope| {
        for (act, seconds) in faults {
            scope.spawn(move || {
                let server =
                    Server::start(move |number| if number < CASES { act.clone() } else { good() });
                let fixture = project("http", &server.address);
                let started = Instant::now();
                let _ = eval(&fixture).exits(0);
                assert!(started.elapsed() >= Duration::from_secs(seconds));
                let attempts: Vec<Value> =
                    cells(&fixture).iter().map(|cell| cell["attempts"].clone()).collect();
                assert_eq!(server.asked(), CASES + CASES, "{attempts:?}");
            });
        }
    });
}

#[test]
fn old_and_odd_ways_to_answer_are_answers() {
    let odd = [
        format!("HTTP/1.0 200 OK\r\n\r\n{ANSWER}"),
        format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n{ANSWER}"),
        format!(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{ANSWER}",
            ANSWER.len()
        ),
        format!(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{ANSWER}\r\n0\r\n\r\n",
            ANSWER.len()
        ),
        format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n\u{feff}{ANSWER}"),
    ];
    for text in odd {
        let bytes = raw(&text);
        let server = Server::start(move |_| Act::Say(bytes.clone()));
        let fixture = project("http", &server.address);
        let _ = eval(&fixture).exits(0);
        assert_eq!(server.asked(), CASES, "{text}");
    }
}

#[test]
fn a_plain_server_is_not_trusted_for_https() {
    let server = Server::start(|_| good());
    let fixture = project("https", &server.address);
    let _ = eval(&fixture).exits(4);
    for cell in cells(&fixture) {
        let error = cell["error"].as_str().unwrap_or_default();
        // Trust apart: a machine without any certificates, and a server that waits for a line that never comes.
        let known =
            ["cannot trust", "no trusted certificates", "gave no answer", "no connection within"];
        let known = known.iter().any(|words| error.contains(words));
        assert!(known, "{error}");
    }
}

#[test]
fn a_server_that_is_not_there_is_given_up_and_asked_again_by_the_next_run() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    drop(listener);
    let fixture = project("http", &address);
    let _ = eval(&fixture).exits(4);
    let errors: Vec<String> = cells(&fixture)
        .iter()
        .map(|cell| cell["error"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert!(errors.iter().any(|error| error.contains("check that it runs")), "{errors:?}");
    for error in &errors {
        assert!(error.contains("cannot connect") || error.contains("given it up"), "{error}");
    }
    let server = Server::start(|_| good());
    let config = fixture.read("pf.yaml").replace(&address, &server.address);
    fixture.write("pf.yaml", config);
    let _ = eval(&fixture).exits(0);
}
