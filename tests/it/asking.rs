//! `pf run` against a model server on this machine: what is asked, asked again, stored, streamed and never shown.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::server::{KEY, Model, completion, project};
use crate::support::{Fixture, Outcome};

/// `pf run` with the key at hand.
fn run(fixture: &Fixture, arguments: &[&str]) -> Outcome {
    let mut command = fixture.pf_command(&[&["run"], arguments].concat());
    fixture.outcome(&command.env("LAB_KEY", KEY).output().expect("the binary runs"))
}

/// A prompt that wants a label, and asks again twice.
fn wants_a_label(model: &Model) -> Fixture {
    let fixture = project(model, 0);
    fixture.write(
        "prompts/say.yaml",
        "model: lab/one\n\
         variables: {word: string}\n\
         messages: [{role: user, content: \"{{ word }}\"}]\n\
         output:\n  \
           format: json\n  \
           schema: {type: object, required: [label], properties: {label: {enum: [bug, other]}}}\n  \
           on_invalid: {retry: 2}\n",
    );
    fixture
}

#[test]
fn an_answer_is_paid_for_once_and_shared_with_evaluations() {
    let model = Model::repeating();
    let fixture = project(&model, 1);
    let first = run(&fixture, &["say", "--var", "word=w0"]).exits(0);
    assert_eq!(first.stdout, "w0\n");
    assert!(first.stderr.contains("11 tokens in, 3 out"), "{}", first.stderr);
    let again = run(&fixture, &["say", "--var", "word=w0"]).exits(0).says("from the local store");
    assert_eq!((again.stdout.as_str(), model.asked()), ("w0\n", 1));
    let mut eval = fixture.pf_command(&["eval"]);
    let _ = fixture.outcome(&eval.env("LAB_KEY", KEY).output().expect("it runs")).exits(0);
    assert_eq!(model.asked(), 1);

    let _ = run(&fixture, &["say", "--var", "word=w0", "--refresh"]).exits(0);
    let _ = run(&fixture, &["say", "--var", "word=w0", "--no-cache"]).exits(0);
    assert_eq!(model.asked(), 3);
}

#[test]
fn the_model_is_told_what_was_wrong() {
    let answers = [r#"{"lable": "bug"}"#, "It is a bug.", r#"{"label": "bug"}"#];
    let count = AtomicUsize::new(0);
    let model =
        Model::start(move |_| completion(answers[count.fetch_add(1, Ordering::SeqCst) % 3]));
    let fixture = wants_a_label(&model);
    let answer = run(&fixture, &["say", "--var", "word=x", "--format", "json"]).exits(0).json();
    assert_eq!((&answer["valid"], &answer["value"]), (&json!(true), &json!({"label": "bug"})));
    let attempts = answer["attempts"].as_array().expect("a list");
    let valid: Vec<&Value> = attempts.iter().map(|attempt| &attempt["valid"]).collect();
    assert_eq!(valid, [false, false, true]);

    let requests = model.requests();
    let last = requests[2]["messages"].as_array().expect("a conversation");
    let said: Vec<(&str, &str)> = last
        .iter()
        .map(|message| {
            (message["role"].as_str().unwrap_or(""), message["content"].as_str().unwrap_or(""))
        })
        .collect();
    assert_eq!(said.len(), 5);
    assert_eq!((said[1], said[3]), (("assistant", answers[0]), ("assistant", answers[1])));
    assert!(said[2].1.contains("the key `label` is missing"), "{}", said[2].1);
    assert!(said[4].1.contains("the answer is no JSON"), "{}", said[4].1);

    // The whole conversation is in the store.
    let _ = run(&fixture, &["say", "--var", "word=x"]).exits(0).says("from the local store");
    assert_eq!(model.asked(), 3);
}

#[test]
fn no_valid_answer_leaves_standard_output_empty() {
    let model = Model::start(|_| completion("never"));
    let fixture = wants_a_label(&model);
    let outcome = run(&fixture, &["say", "--var", "word=x"])
        .exits(1)
        .says("not valid after 3 attempts")
        .says("the answer is no JSON")
        .says("the last answer:\nnever");
    assert_eq!((outcome.stdout.as_str(), model.asked()), ("", 3));
    let answer = run(&fixture, &["say", "--var", "word=x", "--format", "json"]).exits(1).json();
    assert_eq!((&answer["valid"], &answer["output"]), (&json!(false), &json!("never")));
}

#[test]
fn a_failure_of_the_provider_is_told_without_the_key() {
    let model = Model::start(|_| {
        ResponseTemplate::new(401)
            .set_body_json(json!({"error": {"message": format!("bad {KEY}")}}))
    });
    let fixture = project(&model, 0);
    let outcome = run(&fixture, &["say", "--var", "word=x"]).exits(4).says("401").hides(KEY);
    assert_eq!((outcome.stdout.as_str(), model.asked()), ("", 1));
    let _ = fixture.pf(&["run", "say", "--var", "word=x"]).exits(2).says("LAB_KEY");
}

#[test]
fn a_key_in_an_answer_is_hidden_also_when_it_streams_in_pieces() {
    let piece = |text: &str| {
        format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": {"content": text}}]}))
    };
    let (first, second) = KEY.split_at(9);
    let body = [&format!("a {first}"), second, " b"].map(piece).concat()
        + "data: {\"choices\": [{\"index\": 0, \"delta\": {}, \"finish_reason\": \"stop\"}]}\n\ndata: [DONE]\n\n";
    let model = Model::start(move |_| {
        ResponseTemplate::new(200).set_body_raw(body.clone(), "text/event-stream")
    });
    let fixture = project(&model, 0);
    let streamed = run(&fixture, &["say", "--var", "word=x", "--stream"]).exits(0).hides(KEY);
    assert_eq!(streamed.stdout, "a **** b\n");
    assert_eq!(model.requests()[0]["stream"], json!(true));
    // It is the same answer as one that is not streamed.
    let stored = run(&fixture, &["say", "--var", "word=x"]).exits(0);
    assert_eq!((stored.stdout.as_str(), model.asked()), ("a **** b\n", 1));
}

#[test]
fn what_must_be_checked_streams_aside() {
    let model = Model::start(|_| completion(r#"{"label": "bug"}"#));
    let fixture = wants_a_label(&model);
    let outcome = run(&fixture, &["say", "--var", "word=x", "--stream"]).exits(0);
    assert_eq!(outcome.stdout, "{\"label\": \"bug\"}\n");
    assert!(outcome.stderr.starts_with("{\"label\": \"bug\"}\n"), "{}", outcome.stderr);
    let quiet = run(&fixture, &["say", "--var", "word=x", "--stream", "--quiet"]).exits(0);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("{\"label\": \"bug\"}\n", ""));
}

#[test]
fn a_wish_for_a_tool_is_printed_as_json() {
    let model = Model::start(|_| {
        let call = json!({"id": "c1", "type": "function",
            "function": {"name": "look", "arguments": "{\"order\": 7}"}});
        ResponseTemplate::new(200).set_body_json(json!({"choices": [{
            "message": {"role": "assistant", "content": null, "tool_calls": [call]},
            "finish_reason": "tool_calls",
        }]}))
    });
    let fixture = wants_a_label(&model);
    let outcome = run(&fixture, &["say", "--var", "word=x"]).exits(0);
    assert_eq!(outcome.json(), json!({"id": "c1", "name": "look", "arguments": {"order": 7}}));
}

/// `pf eval` with the key at hand.
fn eval(fixture: &Fixture, arguments: &[&str]) -> Outcome {
    let mut command = fixture.pf_command(&[&["eval"], arguments].concat());
    fixture.outcome(&command.env("LAB_KEY", KEY).output().expect("the binary runs"))
}

#[test]
fn only_what_failed_is_asked_again() {
    let broken = AtomicUsize::new(2);
    let model = Model::start(move |word| {
        let fails = word == "w1" && broken.load(Ordering::SeqCst) > 0;
        match fails && broken.fetch_sub(1, Ordering::SeqCst) > 0 {
            true => ResponseTemplate::new(422).set_body_string("no such thing"),
            false => completion(word),
        }
    });
    let fixture = project(&model, 4);
    let _ = eval(&fixture, &[]).exits(4);
    let asked = model.asked();
    let _ = eval(&fixture, &["--failed"]).exits(4).says("1 of 4 did not pass last time: 1 error");
    let _ = eval(&fixture, &["--failed", "--refresh"]).exits(0).says("1 answer");
    assert_eq!(model.asked(), asked + 2);
    let _ = eval(&fixture, &["--failed"]).exits(3).says("nothing that was selected failed");
}

#[cfg(unix)]
#[test]
fn what_an_interruption_left_is_not_passed() {
    let (model, fixture, outcome) = crate::server::interrupted(crate::server::Then::Answered);
    let _ = outcome.exits(130);
    let before = model.asked();
    let _ = eval(&fixture, &["--failed"]).exits(0).says("2 of 6 did not pass last time: 2 not run");
    assert_eq!(model.asked() - before, 2);
}

#[test]
fn coverage_asks_nobody() {
    let model = Model::repeating();
    let fixture = project(&model, 2);
    let coverage = fixture.pf(&["eval", "--coverage", "--format", "json"]).exits(0).json();
    assert_eq!(
        (&coverage["kind"], &coverage["prompts"][0]["cases"]),
        (&json!("coverage"), &json!(2))
    );
    assert_eq!(model.asked(), 0);
    assert!(!fixture.has(".pf"));
}

#[cfg(unix)]
#[test]
fn an_interruption_ends_the_waiting() {
    use std::process::Stdio;
    use std::sync::Mutex;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    let (asked, asks) = channel();
    let (go, wait) = channel::<()>();
    let (asked, wait) = (Mutex::new(asked), Mutex::new(wait));
    let model = Model::start(move |word| {
        asked.lock().expect("one thread").send(()).expect("the test waits");
        // It answers once the test is over.
        let _ = wait.lock().expect("one thread").recv_timeout(Duration::from_mins(1));
        completion(word)
    });
    let fixture = project(&model, 0);
    let child = fixture
        .pf_command(&["run", "say", "--var", "word=x"])
        .env("LAB_KEY", KEY)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    asks.recv_timeout(Duration::from_mins(1)).expect("there is a request");
    let killed = fixture.command("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.expect("`kill` is there").success());
    let outcome = fixture.outcome(&child.wait_with_output().expect("it ends")).exits(130);
    drop(go);
    assert_eq!(outcome.stdout, "");
}
