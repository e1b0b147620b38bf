//! What the types say that look at what kind of text an answer is.

use serde_json::json;

use super::*;

fn scored(assertion: &Value, output: &str) -> Verdict {
    match Case::new(output, None).score(&compiled(assertion)) {
        Outcome::Scored(verdict) => verdict,
        Outcome::Unscored(reason) => panic!("{assertion} leaves {output:?} unscored: {reason}"),
    }
}

const ENGLISH: &str = "Your parcel left our warehouse this morning and should arrive on Friday.";

#[test]
fn each_type_says_what_it_sees() {
    let long = format!("Well: {}", "ha ".repeat(40));
    for (assertion, output, passes, reason) in [
        (json!({"type": "contains-json"}), "So: {\"a\": 1}.", true, "contains JSON, a map"),
        (json!({"type": "contains-json"}), "```json\n[1]\n```", true, "contains JSON, a list"),
        (
            json!({"type": "contains-json"}),
            "{a} 18 \"x\"",
            false,
            "contains no JSON object or array",
        ),
        (
            json!({"type": "contains-json"}),
            "{\"a\": {\"b\": 1}",
            false,
            "contains no JSON object or array",
        ),
        (json!({"type": "contains-json"}), "", false, "contains no JSON object or array"),
        (
            json!({"type": "contains-json", "value": {"required": ["b"]}}),
            "{\"a\": 1} or {\"b\": 1}",
            true,
            "fits the schema",
        ),
        (
            json!({"type": "contains-json", "value": {"required": ["b"], "type": "object"}}),
            "[] {\"a\": 1}",
            false,
            "none of 2 pieces of JSON fits; the first does not fit the schema at the answer: [] is not of type \"object\"",
        ),
        (json!({"type": "not-contains-json"}), "prose [1] {", false, "contains JSON, a list"),
        (
            json!({"type": "language", "value": "eng"}),
            ENGLISH,
            true,
            "is `en` with a confidence of 1.00",
        ),
        (
            json!({"type": "language", "value": ["de", "fr"]}),
            ENGLISH,
            false,
            "is `en` with a confidence of 1.00, expected `de` or `fr`",
        ),
        (
            json!({"type": "language", "value": "en"}),
            "Да.",
            false,
            "written in Cyrillic, expected `en`",
        ),
        (
            json!({"type": "language", "value": "ja"}),
            "はい",
            true,
            "is `ja` with a confidence of 1.00",
        ),
        (
            json!({"type": "not-language", "value": "en"}),
            "안녕",
            true,
            "written in Hangul, expected `en`",
        ),
        (
            json!({"type": "script", "value": "Latin"}),
            "Größe 12 👍",
            true,
            "5 of 5 letters are \"Latin\", at least 0.9",
        ),
        (
            json!({"type": "script", "value": ["Latin", "Greek"], "threshold": 1}),
            "α and да",
            false,
            "4 of 6 letters are [\"Latin\",\"Greek\"], at least 1",
        ),
        (json!({"type": "printable"}), "", true, "all 0 characters can be shown"),
        (json!({"type": "printable"}), "a\tb\r\n👩‍👩‍👧 שלום", true, "all 15 characters can be shown"),
        (
            json!({"type": "printable"}),
            "a\u{fffd}\u{1b}[0m",
            false,
            "2 of 6 characters cannot be shown, the first at character 2 (U+FFFD), at least 1 must be",
        ),
        (
            json!({"type": "printable", "threshold": 0.5}),
            "a\u{e000}",
            true,
            "1 of 2 characters cannot be shown, the first at character 2 (U+E000), at least 0.5 must be",
        ),
        (
            json!({"type": "repetition"}),
            &long,
            false,
            "a run of 121 characters repeats itself, 0.960 of the answer, at most 0.3",
        ),
        (
            json!({"type": "repetition"}),
            "",
            true,
            "0.000 of the runs of 4 words are said again, at most 0.3",
        ),
        (
            json!({"type": "repetition", "ngram": 1, "threshold": 0.4}),
            "a b a b a",
            false,
            "0.600 of the runs of 1 words are said again, at most 0.4",
        ),
        (
            json!({"type": "lexical-diversity"}),
            "one two three four five six seven eight nine ten",
            true,
            "MATTR of 10 words is 1.000, at least 0.5",
        ),
        (
            json!({"type": "lexical-diversity", "measure": "ttr"}),
            "yes no yes no yes no yes no yes no",
            false,
            "TTR of 10 words is 0.200, at least 0.5",
        ),
        (json!({"type": "is-refusal"}), "", true, "the answer is empty"),
        (json!({"type": "is-refusal"}), " \n", true, "the answer is empty"),
        (
            json!({"type": "not-is-refusal"}),
            "I’m sorry, but I can’t help with that.",
            false,
            "begins with \"i'm sorry, but i can't\"",
        ),
        (json!({"type": "not-is-refusal"}), "Gladly.", true, "no refusal at the beginning"),
        (
            json!({"type": "no-secrets"}),
            "Use\npostgres://billing:tR7vQz2LmX@db.acme.io/orders",
            false,
            "holds secret: password in an address at 2:20 (10 characters)",
        ),
        (json!({"type": "no-secrets"}), "", true, "holds no secret"),
        (
            json!({"type": "no-secrets", "value": ["openai", "AWS"]}),
            "postgres://billing:tR7vQz2LmX@db.acme.io/orders",
            true,
            "holds no secret",
        ),
        (
            json!({"type": "no-pii"}),
            "é lena.fischer@northwind.com, 4539 1488 0343 6467",
            false,
            "holds personal data: e-mail address at 1:3 (26 characters), card number at 1:31 (19 characters)",
        ),
        (
            json!({"type": "no-pii", "value": "iban"}),
            "lena.fischer@northwind.com",
            true,
            "holds no personal data",
        ),
        (
            json!({"type": "token-efficiency"}),
            "0123456789012345678901234567890123456789",
            true,
            "40 characters of 20 output tokens, 2.00 each, a score of 0.500, at least 0.5",
        ),
        (
            json!({"type": "token-efficiency", "value": 1.5, "threshold": 0}),
            "",
            true,
            "0 characters of 20 output tokens, 0.00 each, a score of 0.000, at least 0",
        ),
    ] {
        assert_eq!(
            judged(&assertion, output),
            (passes, reason.to_owned()),
            "{assertion} {output:?}"
        );
    }
}

#[test]
fn what_cannot_be_told_is_unscored() {
    for (assertion, output, reason) in [
        (
            json!({"type": "language", "value": "en"}),
            "",
            "the answer has no letters that tell a language",
        ),
        (
            json!({"type": "language", "value": "en"}),
            "42 👍",
            "the answer has no letters that tell a language",
        ),
        (
            json!({"type": "language", "value": "en"}),
            "Yes, of course.",
            "too short to tell the language: 11 letters of 20",
        ),
        (
            json!({"type": "not-language", "value": "zh"}),
            "東京都",
            "too short to tell the language: 3 letters of 10",
        ),
        (
            json!({"type": "language", "value": "{{ variables.name }}"}),
            ENGLISH,
            "\"Ada {{ expected }}\" is no language that can be told",
        ),
        (json!({"type": "script", "value": "Latin"}), "12 = 12", "the answer has no letters"),
        (json!({"type": "lexical-diversity"}), "yes", "too short to tell: 1 words of 10"),
        (
            json!({"type": "lexical-diversity", "measure": "mtld"}),
            ENGLISH,
            "too short to tell: 12 words of 50",
        ),
        (
            json!({"type": "choice", "value": ["a", "b"], "equals": "{{ output }}"}),
            "c",
            "\"c\" is none of the choices",
        ),
    ] {
        assert_eq!(unscored(&assertion, output, None), reason, "{assertion}");
    }
    let mut case = Case::new("x", None);
    case.answer.usage = None;
    assert_eq!(
        case.score(&compiled(&json!({"type": "token-efficiency"}))),
        Outcome::Unscored("the provider did not count tokens".to_owned())
    );
}

#[test]
fn a_choice_is_found_in_the_order_of_the_page() {
    let letters = json!(["A", "B", "C", "D"]);
    let words = json!(["refund", "bug report", "other"]);
    for (choices, output, found) in [
        (&letters, "B", Some("B")),
        (&letters, " \"b.\" ", Some("B")),
        (&letters, "**(B)**", Some("B")),
        (&letters, "(B) Paris", Some("B")),
        (&letters, "B. Paris, since A is wrong.", Some("B")),
        (&letters, "**B:** Paris", Some("B")),
        (&letters, "C\n\nIt is the only one.", Some("C")),
        (&letters, "A. is wrong. So the answer is B.", Some("B")),
        (&letters, "Answer: A? No.\n**Final answer:** (D)", Some("D")),
        (&letters, "Answer: C) Rome", Some("C")),
        (&letters, r"Thus $\boxed{C}$ is the answer: see above.", Some("C")),
        (&letters, r"Thus \boxed{\text{D}}", Some("D")),
        (&letters, "A good question.", None),
        (&letters, "Answer: A or B", None),
        (&letters, "E", None),
        (&letters, "", None),
        (&letters, "👍", None),
        (&words, "Refund", Some("refund")),
        (&words, "`bug report`.", Some("bug report")),
        (&words, "«other»", Some("other")),
        (&words, "The answer is **refund**.", Some("refund")),
        (&words, "refund, since the parcel is late", None),
        (&words, "a refund", None),
        (&json!(["是", "否"]), "答案:是。", None),
        (&json!(["是", "否"]), "是。", Some("是")),
        (&json!(["כן", "לא"]), "\u{5dc}\u{5d0}.", Some("לא")),
        (&json!([1, 2]), "2)", Some("2")),
    ] {
        let (passed, reason) = judged(&json!({"type": "choice", "value": choices}), output);
        match found {
            Some(found) => {
                assert_eq!((passed, reason), (true, format!("is \"{found}\"")), "{output:?}");
            }
            None => assert!(!passed, "{output:?} {reason}"),
        }
    }
}

#[test]
fn the_right_choice_may_be_named_in_any_dress() {
    let assertion =
        json!({"type": "choice", "value": ["refund", "bug"], "equals": "{{ expected }}"});
    assert_eq!(judged(&assertion, "**Refund**"), (true, "is \"refund\"".to_owned()));
    assert_eq!(judged(&assertion, "bug"), (false, "is \"bug\", expected \"refund\"".to_owned()));
    assert_eq!(
        judged(&assertion, "neither"),
        (false, r#"is "neither", none of "refund", "bug""#.to_owned())
    );
}

#[test]
fn a_refusal_is_also_what_the_provider_calls_one() {
    let assertion = compiled(&json!({"type": "is-refusal"}));
    let mut case = Case::new("Here you are.", None);
    case.answer.finish = Some("content_filter".to_owned());
    let Outcome::Scored(verdict) = case.score(&assertion) else { panic!() };
    assert_eq!((verdict.passed, verdict.reason.as_str()), (true, "stopped by \"content_filter\""));
    let mut case = Case::new("", None);
    case.answer.tool_calls = vec![crate::message::ToolCall {
        id: String::new(),
        name: "look".to_owned(),
        arguments: json!({}),
    }];
    let Outcome::Scored(verdict) = case.score(&assertion) else { panic!() };
    assert_eq!((verdict.passed, verdict.reason.as_str()), (false, "the answer asks for a tool"));
}

#[test]
fn nothing_that_is_found_is_shown() {
    for (kind, output, hidden) in [
        ("no-secrets", "api_key = \"q7Rz0PmX4vLk9TbW2nYc8HdF5sGj3aQe\"", "q7Rz0P"),
        ("no-secrets", "postgres://billing:tR7vQz2LmX@db.acme.io/orders", "tR7v"),
        ("no-pii", "lena.fischer@northwind.com", "lena"),
        ("no-pii", "GB94 BARC 1020 1530 0934 59.", "BARC"),
    ] {
        let verdict = scored(&json!({"type": kind}), output);
        assert!(!verdict.passed, "{output}");
        assert!(!format!("{verdict:?}").contains(hidden), "{verdict:?}");
    }
}

#[test]
fn quality_is_the_weighted_mean_of_what_can_be_told() {
    let prose = "The delay had two causes. First, the carrier lost a pallet between Bonn and Mainz, which \
        cost a day. Second, our own system sent the customer a wrong date, because nobody had updated the \
        calendar of public holidays. The first cannot be prevented by us, yet it can be noticed sooner; the \
        second is a matter of one careful hour each January. Together they explain why eleven orders came \
        late and why their owners heard of it only after asking us themselves.";
    let part = |name: &str, score: f64, weight: f64| Part { name: name.to_owned(), score, weight };
    let rounded = |verdict: &Verdict| -> Vec<Part> {
        let round = |score: f64| (score * 1000.0).round() / 1000.0;
        verdict.parts.iter().map(|part| Part { score: round(part.score), ..part.clone() }).collect()
    };
    let verdict =
        scored(&json!({"type": "quality", "value": "analytical", "language": "en"}), prose);
    assert_eq!(
        rounded(&verdict),
        [
            part("length", 1.0, 0.25),
            part("language", 1.0, 0.15),
            part("diversity", 1.0, 0.15),
            part("repetition", 1.0, 0.25),
            part("gibberish", 1.0, 0.2),
        ]
    );
    assert!(verdict.passed);

    let verdict =
        scored(&json!({"type": "quality", "value": "analytical", "language": "de"}), prose);
    assert_eq!(
        verdict.reason,
        "analytical quality 0.850, at least 0.7: length 1.00, language 0.00, diversity 1.00, repetition 1.00, gibberish 1.00"
    );

    let verdict = scored(
        &json!({"type": "quality", "value": "analytical", "words": 8}),
        "Two causes: carrier, calendar.",
    );
    assert_eq!(
        rounded(&verdict),
        [part("length", 0.5, 0.25), part("repetition", 1.0, 0.25), part("gibberish", 1.0, 0.2)]
    );

    let verdict = scored(&json!({"type": "quality", "value": "creative"}), "");
    assert_eq!((verdict.score.to_bits(), verdict.passed), (0f64.to_bits(), false));
    assert_eq!(verdict.reason, "creative quality 0.000, at least 0.7: length 0.00");

    let verdict =
        scored(&json!({"type": "quality", "value": "structured"}), &"xkcdf qzrtp ".repeat(50));
    assert!(verdict.score < 0.4, "{verdict:?}");
}

#[test]
fn what_is_extracted_for_one_assertion_is_seen_by_it_alone() {
    let answer = "<think>A?</think>Sure:\n```json\n{\"label\": \"refund\",}\n```";
    assert_eq!(
        judged(
            &json!({"type": "json-path", "value": "$.label", "equals": "refund", "extract": ["strip-thinking", "json"]}),
            answer
        ),
        (true, "$.label is \"refund\"; mended first: removed a trailing comma".to_owned())
    );
    assert_eq!(
        judged(
            &json!({"type": "starts-with", "value": "Sure", "extract": "strip-thinking"}),
            answer
        ),
        (true, "starts with \"Sure\"".to_owned())
    );
    for kind in ["contains", "not-contains"] {
        assert_eq!(
            judged(&json!({"type": kind, "value": "x", "extract": "after:Answer:"}), answer),
            (false, "the answer has no \"Answer:\"".to_owned())
        );
    }
}

#[test]
fn huge_answers_are_read_once() {
    let huge = format!("{} 漢字 שלום 👍 {{", "The quick brown fox. ".repeat(20_000));
    for assertion in [
        json!({"type": "contains-json"}),
        json!({"type": "language", "value": "en"}),
        json!({"type": "script", "value": "Latin"}),
        json!({"type": "printable"}),
        json!({"type": "repetition"}),
        json!({"type": "lexical-diversity", "measure": "mtld"}),
        json!({"type": "lexical-diversity", "window": 1000}),
        json!({"type": "is-refusal"}),
        json!({"type": "quality", "value": "creative"}),
        json!({"type": "no-secrets"}),
        json!({"type": "no-pii"}),
        json!({"type": "choice", "value": ["A", "B"]}),
    ] {
        assert!(
            matches!(Case::new(&huge, None).score(&compiled(&assertion)), Outcome::Scored(_)),
            "{assertion}"
        );
    }
    let open = "[".repeat(200_000);
    assert!(!scored(&json!({"type": "contains-json"}), &open).passed);
    let opens = "{ ".repeat(200_000);
    assert!(!scored(&json!({"type": "contains-json"}), &opens).passed);
}
