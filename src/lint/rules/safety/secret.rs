//! S401

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use crate::diagnostic::Diagnostic;
use crate::lint::context::TextContext;
use crate::lint::rule::{Check, rule};
use crate::span::Span;

rule! {
    /// A file has what looks like a real key or password.
    ///
    /// ## Why is this bad?
    ///
    /// What is committed is copied to every clone and stays in the history; what is in a prompt is sent to the provider
    /// and stands in its logs. Keys come from environment variables that `pf.yaml` names.
    ///
    /// ## What it does
    ///
    /// It knows the shapes of the keys of well-known vendors. A candidate must look random; the keys that vendors print
    /// in their documentation, and placeholders such as `sk-xxxx`, are left alone. The finding never shows the key.
    ///
    /// ## Example
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: "Use ghp_16C7e42F292c6912E7710c838347Ae178B4a to log in."}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/greet.yaml
    /// messages:
    ///   - {role: user, content: "Use the token that you were given to log in."}
    /// ```
    SECRET: "S401" "secret" Error, Check::text(check)
}

/// The shape of a vendor's key: a word that each key has, which is looked for first, and the whole shape.
struct Shape {
    vendor: &'static str,
    keyword: &'static str,
    pattern: &'static str,
    regex: LazyLock<Regex>,
}

macro_rules! shapes {
    ($(($vendor:literal, $keyword:literal, $pattern:literal)),+ $(,)?) => {
        [$(Shape {
            vendor: $vendor,
            keyword: $keyword,
            pattern: $pattern,
            regex: LazyLock::new(|| Regex::new($pattern).expect("a constant pattern")),
        }),+]
    };
}

static SHAPES: [Shape; 18] = shapes![
    ("Anthropic", "sk-ant-", r"\bsk-ant-(?:api|admin)[0-9]{2}-[A-Za-z0-9_-]{40,}"),
    ("OpenRouter", "sk-or-v1-", r"\bsk-or-v1-[0-9a-f]{64}\b"),
    (
        "OpenAI",
        "sk-",
        r"\bsk-(?:proj-|svcacct-|admin-)[A-Za-z0-9_-]{40,}|\bsk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}\b|\bsk-[A-Za-z0-9]{48}\b"
    ),
    ("Google", "AIza", r"\bAIza[A-Za-z0-9_-]{35}\b"),
    ("AWS", "AKIA", r"\bAKIA[A-Z2-7]{16}\b"),
    ("AWS", "ASIA", r"\bASIA[A-Z2-7]{16}\b"),
    ("GitHub", "ghp_", r"\bghp_[A-Za-z0-9]{36}\b"),
    ("GitHub", "gho_", r"\bgho_[A-Za-z0-9]{36}\b"),
    ("GitHub", "ghs_", r"\bghs_[A-Za-z0-9]{36}\b"),
    ("GitHub", "github_pat_", r"\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b"),
    ("GitLab", "glpat-", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("Hugging Face", "hf_", r"\bhf_[A-Za-z]{34}\b"),
    ("Groq", "gsk_", r"\bgsk_[A-Za-z0-9]{52}\b"),
    ("Slack", "xox", r"\bxox[abprs]-[0-9]{8,}-[A-Za-z0-9-]{20,}"),
    ("Stripe", "_live_", r"\b[sr]k_live_[A-Za-z0-9]{24,}\b"),
    ("npm", "npm_", r"\bnpm_[A-Za-z0-9]{36}\b"),
    (
        "a private key",
        "PRIVATE KEY",
        r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+(?:[A-Za-z0-9+/=]{40,}\s*){2,}"
    ),
    (
        "JSON Web Token",
        "eyJ",
        r"\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{20,}"
    ),
];

/// Finds each of the words.
static KEYWORDS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::new(SHAPES.iter().map(|shape| shape.keyword)).expect("a few constant words")
});

/// Finds whether there is any of the words, many bytes at a time, which [`KEYWORDS`] cannot: it finds words in words.
static ANY_KEYWORD: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostFirst)
        .build(SHAPES.iter().map(|shape| shape.keyword))
        .expect("a few constant words")
});

/// Keys that vendors print in their own documentation.
const KNOWN_FAKE: [&str; 2] = ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"];

fn check(context: &TextContext<'_>, findings: &mut Vec<Diagnostic>) {
    for (span, vendor) in secrets(context.file.text()) {
        findings.push(
            SECRET
                .at(context.file, span, format!("this looks like a real key ({vendor})"))
                .help("revoke it where it was issued: it must be taken as known")
                .help(
                    "read keys from the environment: name the variable as `api_key_env` in pf.yaml",
                ),
        );
    }
}

/// Places of secrets in a text, with the vendor, in order and without overlaps.
fn secrets(text: &str) -> Vec<(Span, &'static str)> {
    if !ANY_KEYWORD.is_match(text) {
        return Vec::new();
    }
    let mut shapes: Vec<usize> =
        KEYWORDS.find_overlapping_iter(text).map(|found| found.pattern().as_usize()).collect();
    shapes.sort_unstable();
    shapes.dedup();
    let mut found: Vec<(Span, &'static str)> = Vec::new();
    for shape in shapes.into_iter().map(|index| &SHAPES[index]) {
        debug_assert!(!shape.pattern.is_empty());
        for candidate in shape.regex.find_iter(text) {
            let span = Span::from(candidate.range());
            let overlaps =
                found.iter().any(|(other, _)| other.start < span.end && span.start < other.end);
            if !overlaps && !known_fake(candidate.as_str()) {
                found.push((span, shape.vendor));
            }
        }
    }
    found.sort();
    found
}

/// Whether a candidate is a placeholder: printed in documentation, or too regular to be random.
fn known_fake(candidate: &str) -> bool {
    let lower = candidate.to_lowercase();
    KNOWN_FAKE.contains(&candidate)
        || ["example", "xxxx", "your", "placeholder", "1234567890", "abcdefgh"]
            .iter()
            .any(|word| lower.contains(word))
        || entropy(candidate) < 3.0
}

/// Shannon entropy of a text in bits per character.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let length = text.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / length)
        .map(|share| -share * share.log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shape_compiles_and_knows_its_keyword() {
        for shape in &SHAPES {
            assert!(
                shape.regex.as_str().contains(shape.keyword.trim_end_matches('-'))
                    || shape.keyword == "_live_",
                "{}",
                shape.pattern
            );
        }
    }

    #[test]
    fn real_shapes_are_found_and_placeholders_are_not() {
        let openai = format!("sk-{}T3BlbkFJ{}", "aB3dE5fG7hI9jK1lM2nO", "pQ4rS6tU8vW0xY2zA1bC");
        let anthropic = format!("sk-ant-api03-{}", "Zk3_q9Xw7Lr2Tf5Vn8Yb1Hc4Jd6Kg0Ps-Rm3Qe7Wt");
        for (text, vendor) in [
            (openai.as_str(), "OpenAI"),
            (&anthropic, "Anthropic"),
            ("AKIAQ3EGRT7JXKL2MZ5P", "AWS"),
        ] {
            let found = secrets(&format!("key: {text}\n"));
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!((found[0].0, found[0].1), (Span::new(5, 5 + text.len()), vendor));
        }
        for text in [
            "AKIAIOSFODNN7EXAMPLE",
            "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "ghp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "task-force",
            "sk-learn",
        ] {
            assert_eq!(secrets(text), [], "{text}");
        }
    }
}
