//! No answer, however odd, breaks anything.

use proptest::prelude::*;

use serde_json::json;

use super::*;

proptest! {
    /// Whatever a model writes: a verdict, in one bounded line, with a score in [0, 1].
    #[test]
    fn is_judged_without_a_panic(
        output in r#"(\PC|[\x00-\x1f]|[0-9.,$e−^×-]|[{}\[\]",:`~]|</?think>|```json\n){0,40}"#,
        expected in r#"(\PC|[0-9.,]|"|\{){0,10}"#,
    ) {
        for spec in SPECS {
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
                    "exec" => json!(["check"]),
                    _ => json!("{{ expected }}"),
                };
            }
            if spec.name == "cosine" {
                keys["model"] = json!("openai/text-embedding-3-small");
            }
            if spec.threshold == (Threshold::Ceiling { default: None }) {
                keys["threshold"] = json!(1);
            }
            match Case::new(&output, Some(json!(expected))).score(&compiled(&keys)) {
                Outcome::Scored(verdict) => {
                    prop_assert!((0.0..=1.0).contains(&verdict.score), "{} {verdict:?}", spec.name);
                    prop_assert!(verdict.reason.chars().all(|c| !c.is_control()), "{verdict:?}");
                    prop_assert!(verdict.reason.len() < 3000, "{verdict:?}");
                }
                Outcome::Unscored(reason) => prop_assert!(!reason.is_empty()),
            }
        }
        let steps = ["strip-thinking", "json", "code", "after:a", "regex:b"].map(str::to_owned);
        let extracted = Extract::compile(&steps).unwrap().apply(&output);
        prop_assert!(extracted.repaired.is_none() || extracted.failed.is_none());
    }

    #[test]
    fn is_a_number_at_most_once(output in r"[0-9.,$%eE×x^⁻³ −-]{0,30}") {
        if let Some(number) = super::super::number::last_number(&output) {
            let again = super::super::number::last_number(&number.to_string());
            prop_assert_eq!(again, Some(number));
        }
    }

    #[test]
    fn is_a_path_or_a_problem(path in r#"\$([.\[\]'"*:,?a1\\u-]|\.\.|\[1\]|é){0,12}"#) {
        if let Ok(path) = JsonPath::parse(&path) {
            let value = json!({"a": [[1], {"a": 2}]});
            prop_assert!(path.find(&value).is_ok());
        }
    }
}
