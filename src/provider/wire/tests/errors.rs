//! What servers say when they refuse.

use super::answers::fixture;
use super::*;

fn failure(wire: &Wire, status: u16, body: &Value) -> Failure {
    wire.failure(status, &HeaderMap::new(), body.to_string().as_bytes())
}

fn failed(message: &str, kind: Option<Kind>) -> Failure {
    Failure { message: Some(message.into()), kind, retry_after: None }
}

#[test]
fn anthropic_tells_an_empty_account_by_its_words() {
    let error = |kind: &str, message: &str| json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"});
    let low = "Your credit balance is too low to access the Anthropic API.";
    for (status, body, expected) in [
        (400, error("invalid_request_error", low), failed(low, Some(Kind::Quota))),
        (402, error("billing_error", "Pay."), failed("Pay.", Some(Kind::Quota))),
        (400, error("invalid_request_error", "Bad."), failed("Bad.", None)),
        (529, error("overloaded_error", "Overloaded"), failed("Overloaded", None)),
    ] {
        assert_eq!(failure(&Wire::Anthropic, status, &body), expected);
    }
}

#[test]
fn google_says_in_the_body_how_long_to_wait() {
    let limited = fixture!("gemini-limited.json");
    let limited: Value = serde_json::from_slice(limited).unwrap();
    assert_eq!(
        failure(&Wire::Gemini, 429, &limited),
        Failure {
            message: Some("You exceeded your current quota. Please retry in 0.05s.".into()),
            kind: None,
            retry_after: Some(Duration::from_millis(50)),
        }
    );
    let mut today = limited;
    today["error"]["details"][0]["violations"][0]["quotaId"] =
        json!("GenerateRequestsPerDayPerProjectPerModel-FreeTier");
    assert_eq!(failure(&Wire::Gemini, 429, &json!([today])).kind, Some(Kind::Quota));
    let key = json!({"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT", "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]}});
    assert_eq!(
        failure(&Wire::Gemini, 400, &key),
        failed("API key not valid.", Some(Kind::Unauthorized))
    );
}

#[test]
fn bedrock_names_its_errors_in_a_header() {
    let failure = |name: &str, message: &str| {
        let headers = [(HeaderName::from_static("x-amzn-errortype"), name.parse().unwrap())];
        let body = json!({"message": message}).to_string();
        Wire::Bedrock.failure(400, &headers.into_iter().collect(), body.as_bytes())
    };
    for (name, message, kind) in [
        ("ThrottlingException:http://internal.amazon.com/", "Too many", Some(Kind::Limited)),
        ("ServiceQuotaExceededException", "No more", Some(Kind::Quota)),
        ("AccessDeniedException", "No", Some(Kind::Unauthorized)),
        ("ValidationException", "The provided model identifier is invalid.", Some(Kind::NotFound)),
        ("ValidationException", "Malformed input", None),
        ("ModelErrorException", "It broke", Some(Kind::Server)),
    ] {
        assert_eq!(failure(name, message), failed(message, kind), "{name}");
    }
    let typed =
        json!({"__type": "com.amazon.coral.availability#ThrottlingException", "message": "x"});
    assert_eq!(super::super::bedrock::kind(&HeaderMap::new(), &typed), Some(Kind::Limited));
}

#[test]
fn openai_tells_an_empty_account_by_a_code() {
    let wire = Wire::Openai(Quirks::OPENAI);
    let error = |code: &str| json!({"error": {"message": "no", "code": code}});
    assert_eq!(failure(&wire, 429, &error("insufficient_quota")).kind, Some(Kind::Quota));
    assert_eq!(failure(&wire, 429, &error("rate_limit_exceeded")).kind, None);
    let loading =
        json!({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}});
    assert_eq!(failure(&wire, 503, &loading).kind, Some(Kind::Starting));
}
