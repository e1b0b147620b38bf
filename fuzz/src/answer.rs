//! Whatever a model writes, and whatever stands in a file of answers.

use std::sync::LazyLock;

use pf::assertion::{
    Assertion, Extract, JsonPath, Outcome, SPECS, Subject, Syntax, Threshold, ValueRule,
    clean_label, fold_label,
};
use pf::message::Answer;
use pf::report::foreign;
use pf::store::{exchange as lines, recordings};
use serde_json::{Map, Value, json};

use super::split;

/// Longer answers are cut: what is looked for is a piece that means something, not bulk.
const LONGEST: usize = 64 << 10;

/// One assertion of each type.
static ASSERTIONS: LazyLock<Vec<Assertion>> = LazyLock::new(|| {
    let compiled = |keys: Value| {
        let syntax: Syntax = serde_json::from_value(keys).expect("a map of keys");
        syntax.compile().ok()
    };
    SPECS
        .iter()
        .filter_map(|spec| {
            let mut keys = json!({"type": spec.name});
            if spec.value != ValueRule::None {
                keys["value"] = match spec.name {
                    "is-json" | "json-schema" => json!({"type": "object"}),
                    "expression" => json!("json == expected or output in expected"),
                    "json-path" => json!("$..a"),
                    "contains-json" => json!({"type": "array"}),
                    "choice" => json!(["A", "B", "3"]),
                    "language" => json!(["en", "ja"]),
                    "script" => json!(["Latin", "Japanese"]),
                    "quality" => json!("analytical"),
                    "no-secrets" => json!(["OpenAI", "AWS"]),
                    "no-pii" => json!(["email", "iban"]),
                    "token-efficiency" => json!(3),
                    "tool-call" => json!(["look", {"name": "look", "equals": 1}]),
                    _ => json!("{{ expected }}"),
                };
            }
            if spec.threshold == (Threshold::Ceiling { default: None }) {
                keys["threshold"] = json!(1);
            }
            compiled(keys)
        })
        .collect()
});

fn text(data: &[u8]) -> String {
    String::from_utf8_lossy(&data[..data.len().min(LONGEST)]).into_owned()
}

/// An answer, what was expected, and a path into it, with the border between them. The answer is judged by every type of
/// assertion, with a score in [0, 1] and a reason on one line, and is shown without acting on the terminal.
pub fn answer(data: &[u8]) {
    let mut pieces = split(data).map(text);
    let output = pieces.next().unwrap_or_default();
    let expected = pieces.next().unwrap_or_default();
    let expected =
        serde_json::from_str(&expected).unwrap_or_else(|_| Value::String(expected.clone()));
    let came = Answer { output: output.clone(), ..Answer::default() };
    let (variables, metadata) = (Map::new(), Map::new());
    for assertion in &*ASSERTIONS {
        let name = assertion.spec.name;
        match assertion.score(&Subject {
            output: &output,
            answer: &came,
            expected: Some(&expected),
            variables: &variables,
            metadata: &metadata,
            cost_usd: Some(0.1),
            tools: &[],
            messages: &[],
        }) {
            Outcome::Scored(verdict) => {
                assert!((0.0..=1.0).contains(&verdict.score), "{name}: {verdict:?}");
                assert!(!verdict.reason.chars().any(char::is_control), "{name}: {verdict:?}");
                assert!(verdict.reason.len() < 3000, "{name}: {verdict:?}");
            }
            Outcome::Unscored(reason) => assert!(!reason.is_empty(), "{name} says nothing"),
        }
    }
    for step in ["strip-thinking", "json", "code", "after:a", "regex:(?s)b(.*)c"] {
        let extract = Extract::compile(&[step.to_owned()]).expect("a step");
        let extracted = extract.apply(&output);
        assert!(extracted.repaired.is_none() || extracted.failed.is_none(), "{step}: {output:?}");
        let found = extracted.failed.is_none() && step == "json";
        assert!(
            !found || serde_json::from_str::<serde::de::IgnoredAny>(&extracted.text).is_ok(),
            "{output:?} holds {extracted:?}"
        );
    }
    if let Some(label) = clean_label(&output) {
        assert_eq!(fold_label(&fold_label(&label)), fold_label(&label), "{output:?}");
    }
    if let Some(Ok(path)) = pieces.next().map(|path| JsonPath::parse(&path)) {
        let value = serde_json::from_str(&output).unwrap_or(expected);
        let _ = path.find(&value);
    }
    let shown = foreign::escape(&output);
    assert_eq!(foreign::escape(&shown), shown, "what is escaped is safe");
    assert!(!foreign::line(&output).contains('\n'));
    assert!(foreign::excerpt(&output, 10).chars().count() <= 11);
}

/// A file of answers: of an export, and of recordings. What is read can be written, and then says the same.
pub fn exchange(data: &[u8]) {
    let _ = lines::check(&mut &*data);
    let text = String::from_utf8_lossy(data);
    let replay = recordings::Replay::parse(&text);
    if let Ok(read) = recordings::parse(&text) {
        let written = recordings::write(&read);
        let again = recordings::parse(&written).expect("what was written can be read");
        assert_eq!(recordings::write(&again), written, "{text:?}");
        assert_eq!(replay, recordings::Replay::parse(&written), "{text:?}");
    }
}
