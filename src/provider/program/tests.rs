//! Programs in place of servers: what they are given, what they may say, and how they end.

use std::path::Path;

use indexmap::IndexMap;

use super::*;
use crate::message::{Message, ModelSettings, ResponseFormat, Role};
use crate::provider::{Exec, Provider};

fn resolve(config: Value, allowed: bool) -> Result<Provider, ProviderError> {
    let mut whole = json!({"protocol": "exec"});
    let (Value::Object(whole), Value::Object(config)) = (&mut whole, config) else { panic!() };
    whole.extend(config);
    let providers: IndexMap<String, ProviderConfig> =
        serde_json::from_value(json!({"tool": whole})).unwrap();
    let access = Access {
        environment: &|name| match name {
            "PATH" => Some("/usr/local/bin:/usr/bin:/bin".into()),
            "TOOL_KEY" => Some("sk-tool-secret".into()),
            _ => None,
        },
        file: &|_| panic!("no file is read"),
        trust: &[],
        exec: Exec { allowed, root: Path::new("/"), trust_file: None },
    };
    Provider::resolve("tool", &providers, &access)
}

fn asked(config: Value) -> Asked {
    let request = Request {
        model: ModelSettings {
            provider: "tool".into(),
            name: "m".into(),
            seed: Some(7),
            ..ModelSettings::default()
        },
        messages: vec![Message::text(Role::User, "hi")],
        tools: Vec::new(),
        response: ResponseFormat::Text,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let provider = resolve(config, true).unwrap();
    runtime.block_on(provider.ask(&request, &Traffic::default()))
}

fn script(text: &str) -> Value {
    json!({"command": ["sh", "-c", text]})
}

fn error(text: &str) -> String {
    asked(script(text)).result.unwrap_err().to_string()
}

#[test]
fn reads_the_request_and_answers() {
    let asked = asked(script(
        r#"read line; escaped=$(printf %s "$line" | sed 's/"/\\"/g'); printf '{"output": "%s", "usage": {"input_tokens": 3, "output_tokens": 2}, "finish": "stop"}' "$escaped""#,
    ));
    let answer = asked.result.unwrap();
    assert_eq!(
        answer.output,
        r#"{"version":1,"model":{"provider":"tool","name":"m","seed":7},"messages":[{"role":"user","content":"hi"}]}"#
    );
    assert_eq!(answer.usage.unwrap().input_tokens, 3);
    assert_eq!((answer.finish.as_deref(), asked.attempts), (Some("stop"), 1));
}

#[test]
fn runs_only_where_the_user_allows_it() {
    let error = resolve(script("true"), false).err().unwrap().to_string();
    assert_eq!(
        error,
        "provider `tool` would run the program `sh` on this machine; if that is meant, allow it with `--allow-exec`, or for this project with `exec: [\"/\"]` in your own trust.yaml"
    );
}

#[test]
fn only_json_is_an_answer() {
    for (text, expected) in [
        ("echo hello", "is no answer"),
        ("", "wrote nothing"),
        (r#"echo '{"text": "x"}'"#, "unknown field `text`"),
        (r#"echo '{"output": 3}'"#, "invalid type"),
        (r#"echo '{"output": "a"} {"output": "b"}'"#, "trailing characters"),
    ] {
        let message = error(text);
        assert!(message.contains(expected), "{text}: {message}");
        assert!(message.ends_with("expected JSON such as {\"output\": \"…\"}"), "{message}");
    }
}

#[test]
fn a_failure_is_told_without_keys_and_in_short() {
    let config = json!({
        "command": ["sh", "-c", "echo \"key $TOOL_KEY is wrong\" >&2; exit 3"],
        "api_key_env": "TOOL_KEY",
    });
    assert_eq!(
        asked(config).result.unwrap_err().to_string(),
        "provider `tool`: `sh` ended with exit status: 3: key **** is wrong"
    );
    let long = error("seq 100000 >&2; echo the end >&2; exit 1");
    assert!(long.chars().count() < 400 && long.ends_with("the end"), "{long}");
}

#[test]
fn a_program_that_is_not_there_stops_the_model() {
    let error = asked(json!({"command": ["no-such-program-anywhere"]})).result.unwrap_err();
    assert!(error.stops_model());
    assert_eq!(
        error.to_string(),
        "provider `tool` cannot be asked: cannot run `no-such-program-anywhere`: there is no such program"
    );
}

#[test]
fn a_program_that_hangs_is_killed() {
    let asked = asked(json!({"command": ["sleep", "60"], "timeout": "100ms"}));
    let message = asked.result.unwrap_err().to_string();
    assert!(message.contains("did not end within 100ms; raise `timeout`"), "{message}");
}

#[test]
fn is_asked_again_only_where_the_configuration_says_so() {
    assert_eq!(asked(script("exit 1")).attempts, 1);
    let config = json!({"command": ["sh", "-c", "exit 1"], "attempts": 2});
    assert_eq!(asked(config).attempts, 2);
}

#[test]
fn another_command_has_another_address() {
    let address = |text: &str| {
        let provider = resolve(script(text), true).unwrap();
        provider.endpoint().unwrap().to_string()
    };
    assert_eq!(address("a"), address("a"));
    assert_ne!(address("a"), address("b"));
    assert!(address("a").starts_with("exec://tool#"), "{}", address("a"));
}
