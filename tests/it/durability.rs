//! What was paid for is never paid for again: `pf eval` is killed at random moments and run again, and two run at once.
//!
//! The server counts who asked for what. After each kill the store is exported: what is in it was durable, and from then
//! on must not be asked for. `tests/real/kill` does the same a hundred times.

use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::server::{KEY, Model, completion, project};
use crate::support::Fixture;

/// How often the run is killed.
const KILLS: u64 = 20;

/// Cases of the suite: more than all the runs that are killed can answer.
const CASES: usize = 2000;

/// How often each word was asked for.
type Asked = Arc<Mutex<BTreeMap<String, u32>>>;

/// A server that counts, and says when it is asked.
fn counting() -> (Model, Asked, Receiver<()>) {
    let asked = Asked::default();
    let (tell, told) = channel();
    let tell = Mutex::new(tell);
    let counts = Arc::clone(&asked);
    let model = Model::start(move |word| {
        let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(word.to_owned()).or_default() += 1;
        let _ = tell.lock().unwrap_or_else(PoisonError::into_inner).send(());
        completion(word)
    });
    (model, asked, told)
}

fn counts(asked: &Asked) -> BTreeMap<String, u32> {
    asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn start(fixture: &Fixture) -> Child {
    fixture
        .pf_command(&["eval", "--format", "json"])
        .env("LAB_KEY", KEY)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs")
}

fn end(child: Child) -> Value {
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The words whose answers are in the store.
fn durable(fixture: &Fixture) -> Vec<String> {
    let output = fixture.pf(&["cache", "export", "-"]);
    let line = |line: &str| {
        let cell: Value = serde_json::from_str(line).expect("a line of JSON");
        let asked = cell["request"]["messages"][0]["content"].as_str().expect("a word");
        assert_eq!(cell["answer"]["output"], asked);
        asked.to_owned()
    };
    output.stdout.lines().map(line).collect()
}

/// Numbers that look random and are the same in each run: splitmix64.
fn random(seed: u64) -> u64 {
    let z = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[test]
fn a_run_that_is_killed_again_and_again_asks_for_nothing_twice() {
    let (model, asked, told) = counting();
    let fixture = project(&model, CASES);
    let mut kept = Vec::new();
    for kill in 1..=KILLS {
        let before = counts(&asked);
        while told.try_recv().is_ok() {}
        let mut run = start(&fixture);
        // After so many requests and a little more, so that every moment of a run has its turn.
        for _ in 0..random(kill) % 60 {
            told.recv_timeout(Duration::from_mins(1)).expect("the run goes on");
        }
        let more = Duration::from_micros(random(kill + KILLS) % 4000);
        let quiet = std::time::Instant::now();
        while quiet.elapsed() < more {
            std::thread::yield_now();
        }
        run.kill().expect("it runs");
        run.wait().expect("it was started here");

        let after = counts(&asked);
        for word in &kept {
            assert_eq!(
                before.get(word),
                after.get(word),
                "`{word}` was durable before kill {kill}"
            );
        }
        let now = durable(&fixture);
        assert!(kept.iter().all(|word| now.contains(word)), "kill {kill} lost something");
        kept = now;
    }
    let before = counts(&asked);
    assert!(kept.len() < CASES && !kept.is_empty(), "{} are durable", kept.len());
    let run = end(start(&fixture));
    let cells = &run["results"][0]["cells"];
    assert_eq!((&cells["pass"], &cells["cached"]), (&json!(CASES), &json!(kept.len())));
    let after = counts(&asked);
    for word in &kept {
        assert_eq!(before.get(word), after.get(word), "`{word}` was durable");
    }
    assert_eq!(after.len(), CASES);
    // Only what was on its way when a run was killed is asked for again: at most the ceiling of calls each time.
    let twice: u32 = after.values().map(|count| count - 1).sum();
    assert!(u64::from(twice) <= KILLS * 32, "{twice} were asked for again");
    let _ = fixture.pf(&["cache", "verify"]).exits(0);

    let all = model.asked();
    let cells = end(start(&fixture))["results"][0]["cells"].take();
    assert_eq!((&cells["cached"], model.asked()), (&json!(CASES), all));
}

#[test]
fn two_runs_at_once_share_one_store() {
    let (model, asked, _told) = counting();
    let fixture = project(&model, 300);
    let runs = [start(&fixture), start(&fixture), start(&fixture)];
    for run in runs {
        let cells = end(run)["results"][0]["cells"].take();
        assert_eq!(cells["pass"], 300, "{cells}");
    }
    assert_eq!(counts(&asked).len(), 300);
    assert_eq!(durable(&fixture).len(), 300);
    let before = model.asked();
    let cells = end(start(&fixture))["results"][0]["cells"].take();
    assert_eq!((&cells["cached"], model.asked()), (&json!(300), before));
    let _ = fixture.pf(&["cache", "verify"]).exits(0).says("300 answers, 0 damaged");
}

#[test]
fn a_rotten_answer_is_asked_for_again_and_said() {
    let (model, _asked, _told) = counting();
    let fixture = project(&model, 3);
    let _ = end(start(&fixture));
    let place = fixture.root().join(".pf/cells.db");
    let mut bytes = std::fs::read(&place).expect("the store");
    let wanted = b"{\"output\":\"w1\"";
    let at = bytes.windows(wanted.len()).position(|window| window == wanted).expect("an answer");
    bytes[at + wanted.len() - 2] = b'7';
    std::fs::write(&place, bytes).expect("the store");
    let _ = fixture.pf(&["cache", "verify"]).exits(1).says("its checksum does not fit");
    let mut again = fixture.pf_command(&["eval"]);
    let outcome = fixture.outcome(&again.env("LAB_KEY", KEY).output().expect("the binary runs"));
    let _ =
        outcome.exits(0).says("is damaged (its checksum does not fit)").says("1 to ask, 2 stored");
    assert_eq!(model.asked(), 4);
    let _ = fixture.pf(&["cache", "verify"]).exits(0);
}
