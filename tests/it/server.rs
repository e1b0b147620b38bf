//! `pf eval` against a model server on this machine: keys, retries, what is asked once and what is asked again.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
#[cfg(unix)]
use std::sync::mpsc::channel;
#[cfg(unix)]
use std::time::Duration;

use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::support::{Fixture, Outcome};

pub(crate) const KEY: &str = "sk-lab-0123456789abcdef";

/// Longest wait for something that happens at once on an idle machine.
#[cfg(unix)]
const PATIENCE: Duration = Duration::from_mins(1);

/// A server that speaks the protocol of OpenAI.
pub(crate) struct Model {
    server: MockServer,
    runtime: tokio::runtime::Runtime,
}

impl Model {
    /// A server that answers with what the function makes of the last message.
    pub(crate) fn start(answer: impl Fn(&str) -> ResponseTemplate + Send + Sync + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let server = runtime.block_on(async {
            let server = MockServer::start().await;
            let chat = Mock::given(method("POST")).and(path("/v1/chat/completions"));
            chat.respond_with(Answering(answer)).mount(&server).await;
            server
        });
        Self { server, runtime }
    }

    /// A server that repeats what it is told.
    pub(crate) fn repeating() -> Self {
        Self::start(completion)
    }

    /// The bodies of the requests so far.
    pub(crate) fn requests(&self) -> Vec<Value> {
        let requests = self.runtime.block_on(self.server.received_requests());
        let requests = requests.expect("the server remembers what it is asked");
        requests.iter().map(|request| request.body_json().expect("JSON")).collect()
    }

    /// The number of requests so far.
    pub(crate) fn asked(&self) -> usize {
        self.requests().len()
    }

    /// Host and port.
    fn host(&self) -> String {
        self.server.address().to_string()
    }
}

struct Answering<F>(F);

impl<F: Fn(&str) -> ResponseTemplate + Send + Sync> Respond for Answering<F> {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let body: Value = request.body_json().expect("a JSON body");
        let last = body["messages"].as_array().and_then(|messages| messages.last());
        (self.0)(last.and_then(|message| message["content"].as_str()).expect("a message"))
    }
}

/// An answer with this text.
pub(crate) fn completion(text: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": 11, "completion_tokens": 3,
            "prompt_tokens_details": {"cached_tokens": 4},
        },
    }))
}

/// A project whose suite asks the server for `cases` words, `w0`, `w1`, …
pub(crate) fn project(model: &Model, cases: usize) -> Fixture {
    let fixture = Fixture::new();
    let url = model.server.uri();
    fixture.write(
        "pf.yaml",
        format!(
            "providers:\n  lab: {{protocol: openai, base_url: \"{url}/v1\", api_key_env: LAB_KEY}}\n"
        ),
    );
    fixture.write(
        "prompts/say.yaml",
        "model: lab/one\nvariables: {word: string}\nmessages: [{role: user, content: \"{{ word }}\"}]\n",
    );
    fixture.write(
        "evals/say.yaml",
        "prompts: [say]\ndataset: datasets/say.jsonl\nassert: [{type: equals, value: \"{{ expected }}\"}]\n",
    );
    fixture.write("datasets/say.jsonl", rows((0..cases).map(|n| format!("w{n}"))));
    fixture
}

/// Cases `c0`, `c1`, … in which the model is to say these words.
fn rows(words: impl Iterator<Item = String>) -> String {
    let rows = words.enumerate().map(|(n, word)| {
        json!({"id": format!("c{n}"), "word": word, "expected": word}).to_string() + "\n"
    });
    rows.collect()
}

/// `pf eval` with the key at hand.
pub(crate) fn eval(fixture: &Fixture, arguments: &[&str]) -> Outcome {
    let arguments = [&["eval"], arguments].concat();
    let mut command = fixture.pf_command(&arguments);
    fixture.outcome(&command.env("LAB_KEY", KEY).output().expect("the binary runs"))
}

/// `pf eval` with the key at hand, as JSON, which must end well.
fn passes(fixture: &Fixture, arguments: &[&str]) -> Value {
    eval(fixture, &[&["--format", "json"], arguments].concat()).exits(0).json()["results"][0].take()
}

/// The files below a folder that hold a text, in UTF-8 or not.
fn files_with(folder: &std::path::Path, text: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if fs::read(&path).expect("a file").windows(text.len()).any(|w| w == text.as_bytes())
        {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_wrong_key_stops_the_run_and_is_never_shown() {
    let model = Model::start(|_| {
        ResponseTemplate::new(401).set_body_json(json!({
            "error": {"message": format!("Incorrect API key provided: {KEY}.")}
        }))
    });
    let fixture = project(&model, 200);
    let outcome = eval(&fixture, &["-o", "run.json", "-o", "cells.jsonl", "-o", "run.junit.xml"])
        .exits(4)
        .says("LAB_KEY")
        .says(&model.host())
        .says("401")
        .hides(KEY);
    assert!(!outcome.stderr.contains("sk-lab"), "{}", outcome.stderr);
    assert!(model.asked() <= 16, "{} requests for one wrong key", model.asked());

    let run: Value = serde_json::from_str(&fixture.read("run.json")).expect("JSON");
    assert_eq!(run["passed"], false);
    let cells = &run["results"][0]["cells"];
    let count = |state: &str| cells[state].as_u64().expect("a count");
    assert_eq!(count("pass") + count("fail"), 0);
    assert_eq!(count("error") + count("not_run"), 200);
    assert!(count("not_run") >= 184, "{cells}");
    assert_eq!(files_with(&fixture.root(), KEY), [] as [std::path::PathBuf; 0]);
}

#[test]
fn a_key_that_is_not_set_is_an_error_before_any_call() {
    let model = Model::repeating();
    let fixture = project(&model, 1);
    let _ = fixture.pf(&["eval"]).exits(2).says("LAB_KEY").says("`lab`");
    let mut empty = fixture.pf_command(&["eval"]);
    let output = empty.env("LAB_KEY", "").output().expect("the binary runs");
    let _ = fixture.outcome(&output).exits(2).says("LAB_KEY is not set");
    assert_eq!(model.asked(), 0);
}

#[test]
fn usage_is_what_the_server_reports() {
    let model = Model::repeating();
    let fixture = project(&model, 5);
    let result = passes(&fixture, &["-o", "cells.jsonl"]);
    assert_eq!(result["usage"]["input_tokens"], 55);
    assert_eq!(result["usage"]["output_tokens"], 15);
    assert_eq!(result["latency_ms"].as_object().map(serde_json::Map::len), Some(3));
    for line in fixture.read("cells.jsonl").lines() {
        let cell: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(cell["usage"]["input_tokens"], 11);
        assert_eq!(cell["usage"]["cached_tokens"], 4);
        assert_eq!((&cell["attempts"], &cell["cached"]), (&json!(1), &json!(false)));
    }
    let sent = &model.requests()[0];
    assert_eq!(sent["model"], "one");
    assert_eq!(sent["messages"].as_array().map(Vec::len), Some(1));
}

#[test]
fn an_answer_is_asked_for_once_unless_the_user_wants_it_again() {
    let model = Model::repeating();
    let fixture = project(&model, 4);
    let first = passes(&fixture, &[]);
    assert_eq!((model.asked(), &first["cells"]["cached"]), (4, &json!(0)));
    let second = passes(&fixture, &[]);
    assert_eq!((model.asked(), &second["cells"]["cached"]), (4, &json!(4)));
    assert_eq!(fixture.read(".pf/.gitignore"), "*\n");

    let _ = passes(&fixture, &["--refresh"]);
    assert_eq!(model.asked(), 8);
    let _ = passes(&fixture, &["--no-cache"]);
    assert_eq!(model.asked(), 12);
    let _ = eval(&fixture, &["--dry-run"]).exits(0).says("4 stored");
    assert_eq!(model.asked(), 12);
}

#[test]
fn without_a_cache_nothing_is_kept() {
    let model = Model::repeating();
    let fixture = project(&model, 2);
    let _ = passes(&fixture, &["--no-cache"]);
    assert!(!fixture.has(".pf"));
    let _ = passes(&fixture, &[]);
    assert_eq!(model.asked(), 4);
}

#[test]
fn what_is_recorded_is_replayed_without_server_or_key() {
    // The model says the key that it was called with, as one that logs its headers might.
    let model = Model::start(|word| completion(&format!("{word} {KEY}")));
    let fixture = project(&model, 3);
    fixture.write(
        "evals/say.yaml",
        "prompts: [say]\ndataset: datasets/say.jsonl\nassert: [{type: contains, value: \"{{ expected }}\"}]\n",
    );
    let _ = eval(&fixture, &["--record"]).exits(0).says("recorded 3 answers").hides(KEY);
    assert_eq!(fixture.read("recordings/say.jsonl").lines().count(), 3);
    assert_eq!(files_with(&fixture.root(), KEY), [] as [std::path::PathBuf; 0]);
    drop(model);

    fs::remove_dir_all(fixture.root().join(".pf")).expect("the local store");
    let replayed = fixture.pf(&["eval", "--replay", "--format", "json"]).exits(0).json();
    assert_eq!(replayed["results"][0]["cells"]["pass"], 3);
    assert!(!fixture.has(".pf"));
}

#[test]
fn recording_again_changes_no_byte() {
    let model = Model::repeating();
    let fixture = project(&model, 3);
    let _ = eval(&fixture, &["--record"]).exits(0);
    let before = fixture.read("recordings/say.jsonl");
    let _ = eval(&fixture, &["--record"]).exits(0);
    assert_eq!(fixture.read("recordings/say.jsonl"), before);
    assert_eq!(model.asked(), 3);
}

#[test]
fn a_failure_that_passes_is_survived() {
    let failures = AtomicUsize::new(0);
    let model = Model::start(move |word| match failures.fetch_add(1, Ordering::SeqCst) {
        0 => ResponseTemplate::new(500),
        _ => completion(word),
    });
    let fixture = project(&model, 1);
    let _ = passes(&fixture, &["-o", "cells.jsonl"]);
    let cell: Value = serde_json::from_str(&fixture.read("cells.jsonl")).expect("JSON");
    assert_eq!((&cell["state"], &cell["attempts"]), (&json!("pass"), &json!(2)));
    assert_eq!(model.asked(), 2);
}

#[test]
fn an_answer_that_is_none_is_an_error_and_never_a_pass() {
    let model = Model::start(|_| ResponseTemplate::new(422).set_body_string("no such thing"));
    let fixture = project(&model, 2);
    let _ = eval(&fixture, &[]).exits(4).says("422").says(&model.host());
    assert!(model.asked() <= 2);
}

#[test]
fn equal_requests_of_a_run_are_asked_once() {
    let model = Model::repeating();
    let fixture = project(&model, 0);
    fixture.write("datasets/say.jsonl", rows((0..10).map(|_| "same".to_owned())));
    let result = passes(&fixture, &[]);
    assert_eq!((&result["cells"]["pass"], model.asked()), (&json!(10), 1));
    // Repeats are there to be different.
    let _ = passes(&fixture, &["--repeat", "3"]);
    assert_eq!(model.asked(), 3);
}

#[test]
fn another_address_is_another_model() {
    let (one, two) = (Model::repeating(), Model::repeating());
    let fixture = project(&one, 2);
    let _ = passes(&fixture, &[]);
    let config = fixture.read("pf.yaml").replace(&one.host(), &two.host());
    fixture.write("pf.yaml", config);
    let _ = passes(&fixture, &[]);
    assert_eq!((one.asked(), two.asked()), (2, 2));
}

/// Where the run of [`interrupted`] is when it is interrupted.
#[cfg(unix)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// The call under way is answered.
    Answered,
    /// It is not, and the user interrupts again.
    InterruptedAgain,
}

/// Runs six cases one at a time, in any order, and interrupts while the fourth request is being answered.
#[cfg(unix)]
pub(crate) fn interrupted(then: Then) -> (Model, Fixture, Outcome) {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    use std::sync::Mutex;

    let (asked, asks) = channel();
    let (go, wait) = channel();
    let (asked, wait) = (Mutex::new(asked), Mutex::new(wait));
    let requests = AtomicUsize::new(0);
    let model = Model::start(move |word| {
        if requests.fetch_add(1, Ordering::SeqCst) == 3 {
            asked.lock().expect("one thread").send(()).expect("the test waits");
            // Whoever interrupted says when to answer, or has left.
            let _ = wait.lock().expect("one thread").recv_timeout(PATIENCE);
        }
        completion(word)
    });
    let fixture = project(&model, 6);
    let arguments = ["eval", "--concurrency", "1", "--format", "json", "-o", "cells.jsonl"];
    let mut child = fixture
        .pf_command(&arguments)
        .env("LAB_KEY", KEY)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    asks.recv_timeout(PATIENCE).expect("there is a fourth request");
    let id = child.id().to_string();
    let interrupt = || {
        let killed = fixture.command("kill").args(["-INT", &id]).status();
        assert!(killed.expect("`kill` is there").success());
    };
    interrupt();
    let mut notes = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut note = String::new();
    while !note.contains("interrupted") {
        note.clear();
        assert_ne!(notes.read_line(&mut note).expect("a line"), 0, "nothing was said");
    }
    match then {
        Then::Answered => go.send(()).expect("the server waits"),
        Then::InterruptedAgain => interrupt(),
    }
    let outcome = fixture.outcome(&child.wait_with_output().expect("it ends"));
    drop(go);
    (model, fixture, outcome)
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_keeps_what_was_paid_for_and_goes_on_later() {
    for (then, kept) in [(Then::Answered, 4), (Then::InterruptedAgain, 3)] {
        let (model, fixture, outcome) = interrupted(then);
        let run = outcome.exits(130).json();
        assert_eq!((&run["status"], &run["passed"]), (&json!("interrupted"), &json!(false)));
        let cells = &run["results"][0]["cells"];
        let count = |state: &str| cells[state].as_u64().expect("a count");
        assert_eq!(count("pass") + count("not_run"), 6, "{cells}");
        match then {
            Then::Answered => assert_eq!(count("pass"), kept),
            // Whoever is in such a hurry does not wait for answers to be scored.
            Then::InterruptedAgain => assert!(count("pass") <= kept, "{cells}"),
        }
        assert_eq!(fixture.read("cells.jsonl").lines().count(), 6);

        let before = model.asked() as u64;
        let result = passes(&fixture, &[]);
        assert_eq!(
            (&result["cells"]["pass"], &result["cells"]["cached"]),
            (&json!(6), &json!(kept))
        );
        assert_eq!(model.asked() as u64 - before, 6 - kept);
    }
}

#[test]
fn a_remembered_run_says_how_asking_went() {
    let requests = AtomicUsize::new(0);
    let model = Model::start(move |word| match requests.fetch_add(1, Ordering::SeqCst) {
        0 => ResponseTemplate::new(503),
        _ => completion(word),
    });
    let fixture = project(&model, 3);
    let _ = eval(&fixture, &[]).exits(0);
    let _ = eval(&fixture, &[]).exits(0);
    let stats = fixture.pf(&["stats", "--format", "json"]).exits(0).json();
    let group = &stats["groups"][0];
    let counts = ["runs", "asked", "cached", "attempts", "retries"].map(|key| group[key].clone());
    assert_eq!(counts, [2, 3, 3, 4, 1].map(Value::from));
    assert_eq!(group["cached_share"], json!(0.5));
    assert!(group["latency_ms"]["p99"].as_f64().is_some_and(|p99| p99 > 0.0), "{group}");
    // No price is known for the model of the lab.
    assert_eq!(group["cost_usd"], Value::Null);
    let table = fixture.pf(&["stats"]).exits(0);
    assert!(table.stdout.contains(" ms ") && table.stdout.contains("50.0 %"), "{}", table.stdout);
}

#[test]
fn a_remembered_run_holds_no_key() {
    let other = ["AKIA", "Q3EGRZ7XW2MBTC5K"].concat();
    let said = format!("Incorrect API key provided: {KEY}, not {other}.");
    let model = Model::start(move |_| {
        ResponseTemplate::new(400).set_body_json(json!({"error": {"message": said}}))
    });
    let fixture = project(&model, 2);
    let _ = eval(&fixture, &[]).exits(4).hides(KEY);
    let history = fixture.pf(&["history", "--format", "json"]).exits(0).hides(KEY).json();
    let reasons = &history["runs"][0]["results"][0]["reasons"];
    let reason = reasons[0]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("400") && reason.contains("****"), "{history}");
    assert!(!reason.contains(&other), "{reason}");
    assert_eq!(files_with(&fixture.root().join(".pf"), KEY), Vec::<std::path::PathBuf>::new());
    assert_eq!(files_with(&fixture.root().join(".pf"), &other), Vec::<std::path::PathBuf>::new());
}

#[cfg(unix)]
#[test]
fn a_place_that_cannot_be_written_costs_no_run() {
    let fixture = Fixture::new();
    fixture.write(
        "prompts/say.yaml",
        "model: echo/echo\nvariables: {word: string}\nmessages: [{role: user, content: \"{{ word }}\"}]\n",
    );
    fixture.write(
        "evals/say.yaml",
        "prompts: [say]\ncases: [{id: a, variables: {word: hi}}]\nassert: [{type: equals, value: hi}]\n",
    );
    fixture.write(".pf", "a file where the folder would be");
    let outcome = fixture.pf(&["eval"]).exits(0).says("this run is not kept for `pf history`");
    assert!(!outcome.stderr.contains("warning"), "{}", outcome.stderr);
    let replayed = fixture.pf(&["eval", "--replay"]).exits(0);
    assert!(!replayed.stderr.contains("history"), "{}", replayed.stderr);
}
