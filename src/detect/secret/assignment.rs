//! Values that are called secrets: `api_key: …`, `"password": "…"`, `Authorization: Bearer …`.

use super::{Certainty, Secret, random};
use crate::span::Span;

/// Words of which a name must have one. Names are compared in lower case and without `_`, `-` and `.`.
const SECRETS: [&str; 19] = [
    "apikey",
    "secret",
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "token",
    "accesskey",
    "authkey",
    "privatekey",
    "credential",
    "accountkey",
    "servicekey",
    "encryptionkey",
    "signingkey",
    "bearer",
    "subscriptionkey",
    "masterkey",
    "sharedkey",
];
/// Names that only speak of secrets.
const NOT_SECRETS: [&str; 8] =
    ["public", "publishable", "tokenizer", "tokens", "hash", "digest", "checksum", "nexttoken"];
/// Ends of names of what goes with a secret and is none.
const NOT_SECRET_ENDS: [&str; 20] = [
    "id",
    "name",
    "url",
    "uri",
    "path",
    "file",
    "type",
    "count",
    "arn",
    "env",
    "ref",
    "hint",
    "length",
    "limit",
    "version",
    "label",
    "format",
    "prefix",
    "pattern",
    "description",
];
/// Vendors whose keys have no shape of their own, by a word of the name.
const VENDORS: [(&str, &str); 16] = [
    ("cohere", "Cohere"),
    ("mistral", "Mistral"),
    ("together", "Together AI"),
    ("fireworks", "Fireworks AI"),
    ("wandb", "Weights & Biases"),
    ("azure", "Azure"),
    ("aws", "AWS"),
    ("twilio", "Twilio"),
    ("assemblyai", "AssemblyAI"),
    ("deepgram", "Deepgram"),
    ("elevenlabs", "ElevenLabs"),
    ("serpapi", "SerpApi"),
    ("datadog", "Datadog"),
    ("algolia", "Algolia"),
    ("cloudflare", "Cloudflare"),
    ("openai", "OpenAI"),
];
/// What a value is called whose name names no vendor.
const NAMED: &str = "a value that is called a secret";

/// The vendors that this module knows.
pub(super) fn vendors() -> impl Iterator<Item = &'static str> {
    VENDORS.iter().map(|(_, vendor)| *vendor).chain([NAMED])
}

/// The secret that a run is, or ends with.
pub(super) fn find(text: &str, run: Span) -> Option<Secret> {
    let (name, value) = match value_in(text, run) {
        Some(value) => (name_before(&text[..value.start])?, value),
        None => (name_before(&text[..run.start])?, run),
    };
    let name: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let called_secret = SECRETS.iter().any(|word| name.contains(word))
        && !NOT_SECRETS.iter().any(|word| name.contains(word))
        && !NOT_SECRET_ENDS.iter().any(|end| name.ends_with(end));
    let drawn = text[value.range()].trim_end_matches(['.', ':', '!', '?']);
    let value = Span::new(value.start, value.start + drawn.len());
    // Addresses and paths hold many kinds of characters and say where, not what.
    let place = drawn.contains("://") || drawn.starts_with('/') || drawn.starts_with("./");
    if !called_secret || place || drawn.len() > 512 || !random::looks_random(drawn) {
        return None;
    }
    let vendor = VENDORS.iter().find(|(word, _)| name.contains(word));
    let vendor = vendor.map_or(NAMED, |(_, vendor)| vendor);
    Some(Secret { span: value, vendor, certainty: Certainty::Likely })
}

/// The value in a run that is an assignment without blanks, such as `API_KEY=…`.
pub(super) fn value_in(text: &str, run: Span) -> Option<Span> {
    let whole = &text[run.range()];
    let sign = whole.find(['=', ':'])?;
    let name = &whole[..sign];
    let value = whole[sign..].trim_start_matches(['=', ':']);
    let named = name.len() >= 3
        && name.bytes().all(of_name)
        && name.bytes().any(|b| b.is_ascii_alphabetic());
    (named && value.len() >= super::SHORTEST).then(|| Span::new(run.end - value.len(), run.end))
}

fn of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// The name to which what follows is assigned: what stands before `:`, `=`, `:=`, `=>`, or the word `Bearer`.
fn name_before(before: &str) -> Option<&str> {
    const BEARER: &str = "bearer";
    const QUOTES: [char; 3] = ['"', '\'', '`'];
    let before = before.trim_end_matches('\\').strip_suffix(QUOTES).unwrap_or(before);
    let before = before.trim_end_matches([' ', '\t', '\\']);
    let word = before.len().checked_sub(BEARER.len()).and_then(|start| before.get(start..));
    if word.is_some_and(|word| word.eq_ignore_ascii_case(BEARER)) {
        return word;
    }
    let name = before.trim_end_matches(['=', ':', '>']);
    if name.len() == before.len() {
        return None;
    }
    let name = name.trim_end_matches([' ', '\t']).trim_end_matches(QUOTES).trim_end_matches('\\');
    let length = name.bytes().rev().take(64).take_while(|byte| of_name(*byte)).count();
    (length >= 3).then(|| &name[name.len() - length..])
}

#[cfg(test)]
mod tests {
    use super::super::find;

    fn found(text: &str) -> Vec<(&str, &'static str)> {
        find(text).into_iter().map(|secret| (&text[secret.span.range()], secret.vendor)).collect()
    }

    const DRAWN: &str = "q8Zt3LmK0vXw5RbN2sHd";

    #[test]
    fn values_with_the_name_of_a_secret_are_found_however_they_are_written() {
        for (before, after) in [
            ("api_key: ", "\n"),
            ("\"apiKey\": \"", "\","),
            ("API_KEY=", " next"),
            ("export DB_PASSWORD='", "'"),
            ("client-secret := ", ""),
            ("{\\\"token\\\": \\\"", "\\\"}"),
            ("Authorization: Bearer ", ""),
            ("the password: ", "."),
        ] {
            let text = format!("{before}{DRAWN}{after}");
            assert_eq!(found(&text), [(DRAWN, super::NAMED)], "{text}");
        }
        let text = format!("COHERE_API_KEY={DRAWN}");
        assert_eq!(found(&text), [(DRAWN, "Cohere")]);
    }

    #[test]
    fn names_that_only_speak_of_secrets_and_values_that_are_none_are_left_alone() {
        for text in [
            format!("digest: {DRAWN}"),
            format!("public_key: {DRAWN}"),
            format!("secret_name: {DRAWN}"),
            format!("token_id={DRAWN}"),
            format!("password_hash: {DRAWN}"),
            DRAWN.to_owned(),
            "api_key: ${OPENAI_API_KEY_2024}".to_owned(),
            "api_key_env: OPENAI_API_KEY_FOR_EVAL_2".to_owned(),
            "token: your-token-a1b2c3d4e5f6a7b8".to_owned(),
            "password: correct-horse-battery-staple-2024".to_owned(),
            "secret: https://acme.io/a1b2c3d4e5f6a7b8?x=1".to_owned(),
        ] {
            assert_eq!(found(&text), [], "{text}");
        }
    }
}
