//! The shapes of the keys of vendors.
//!
//! Gathered from the vendors' own pages and from what secret scanners such as gitleaks look for. A shape is kept when a
//! prompt or a dataset may plausibly hold such a key, and its beginning or its inside tells it from other text.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use super::{Certainty, Secret, checksum, encoding, random};
use crate::span::Span;

/// The shape of a key.
struct Shape {
    vendor: &'static str,
    /// How each key begins.
    prefix: &'static str,
    /// What follows the prefix.
    rest: &'static str,
    proof: Proof,
    regex: LazyLock<Regex>,
}

/// What else must hold of a text of the shape.
#[derive(Clone, Copy)]
enum Proof {
    /// It looks drawn: so many bits of entropy per character.
    Entropy(f64),
    /// GitHub's checksum is right.
    GitHub,
    /// It is a signed JSON Web Token.
    JsonWebToken,
}

/// Bits per character that sixteen kinds of characters reach, with a margin for short keys.
const HEX: f64 = 2.8;
/// Bits per character that more kinds of characters reach, with a margin for short keys.
const ALL: f64 = 3.4;

macro_rules! shapes {
    ($($vendor:literal { $($prefix:literal $rest:literal $proof:expr;)+ })+) => {
        vec![$($(Shape {
            vendor: $vendor,
            prefix: $prefix,
            rest: $rest,
            proof: $proof,
            regex: LazyLock::new(|| {
                Regex::new(concat!("^(?:", $rest, ")")).expect("a constant pattern, which a test compiles")
            }),
        }),+),+]
    };
}

/// The vendor of access key ids, which come with a secret without a shape.
pub(super) const AWS: &str = "AWS";

use Proof::Entropy;

static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    shapes! {
        "Anthropic" {
            "sk-ant-" r"(?:api|admin|oat|sid)[0-9]{2}-[A-Za-z0-9_-]{40,130}" Entropy(ALL);
        }
        "OpenAI" {
            "sk-proj-" r"[A-Za-z0-9_-]{40,200}" Entropy(ALL);
            "sk-svcacct-" r"[A-Za-z0-9_-]{40,200}" Entropy(ALL);
            "sk-admin-" r"[A-Za-z0-9_-]{40,200}" Entropy(ALL);
            "sk-" r"[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}\b|[A-Za-z0-9]{48}\b" Entropy(ALL);
        }
        "OpenRouter" { "sk-or-v1-" r"[0-9a-f]{64}\b" Entropy(HEX); }
        "Langfuse" { "sk-lf-" r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b" Entropy(HEX); }
        "DeepSeek or DashScope" { "sk-" r"[0-9a-f]{32}\b" Entropy(HEX); }
        "Google" {
            "AIza" r"[A-Za-z0-9_-]{35}(?:[^A-Za-z0-9_-]|$)" Entropy(ALL);
            "GOCSPX-" r"[A-Za-z0-9_-]{28}(?:[^A-Za-z0-9_-]|$)" Entropy(ALL);
        }
        "AWS" {
            "AKIA" r"[A-Z2-7]{16}\b" Entropy(3.0);
            "ASIA" r"[A-Z2-7]{16}\b" Entropy(3.0);
            "ABSK" r"[A-Za-z0-9+/]{109,269}={0,2}" Entropy(ALL);
        }
        "Azure" {
            "AccountKey=" r"[A-Za-z0-9+/]{86}==" Entropy(ALL);
            "SharedAccessKey=" r"[A-Za-z0-9+/]{43}=" Entropy(ALL);
        }
        "Groq" { "gsk_" r"[A-Za-z0-9]{52}\b" Entropy(ALL); }
        "Cerebras" { "csk-" r"[a-z0-9]{48}\b" Entropy(ALL); }
        "xAI" { "xai-" r"[A-Za-z0-9]{80}\b" Entropy(ALL); }
        "Perplexity" { "pplx-" r"[A-Za-z0-9]{48}\b" Entropy(ALL); }
        "Fireworks AI" { "fw_" r"[A-Za-z0-9]{22,24}\b" Entropy(ALL); }
        "Together AI" { "tgp_v1_" r"[A-Za-z0-9_-]{43}" Entropy(ALL); }
        "NVIDIA" { "nvapi-" r"[A-Za-z0-9_-]{60,70}" Entropy(ALL); }
        "Replicate" { "r8_" r"[A-Za-z0-9]{37}\b" Entropy(ALL); }
        "Hugging Face" {
            "hf_" r"[A-Za-z]{34}\b" Entropy(ALL);
            "api_org_" r"[A-Za-z]{34}\b" Entropy(ALL);
        }
        "LangSmith" {
            "lsv2_pt_" r"[0-9a-f]{32}_[0-9a-f]{10}\b" Entropy(HEX);
            "lsv2_sk_" r"[0-9a-f]{32}_[0-9a-f]{10}\b" Entropy(HEX);
            "ls__" r"[0-9a-f]{32}\b" Entropy(HEX);
        }
        "Weights & Biases" { "wandb_v1_" r"[A-Za-z0-9_]{60,80}" Entropy(ALL); }
        "Pinecone" { "pcsk_" r"[A-Za-z0-9]{5,6}_[A-Za-z0-9]{63}\b" Entropy(ALL); }
        "Tavily" { "tvly-" r"(?:dev-|prod-)?[A-Za-z0-9]{32}\b" Entropy(ALL); }
        "ElevenLabs" { "sk_" r"[0-9a-f]{48}\b" Entropy(HEX); }
        "GitHub" {
            "ghp_" r"[A-Za-z0-9]{36}\b" Proof::GitHub;
            "gho_" r"[A-Za-z0-9]{36}\b" Proof::GitHub;
            "ghu_" r"[A-Za-z0-9]{36}\b" Proof::GitHub;
            "ghs_" r"[A-Za-z0-9]{36}\b" Proof::GitHub;
            "ghr_" r"[A-Za-z0-9]{36}\b" Proof::GitHub;
            "github_pat_" r"[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b" Entropy(ALL);
        }
        "GitLab" {
            "glpat-" r"[A-Za-z0-9_-]{20,300}(?:\.[0-9a-z]{2}\.[0-9a-z]{9})?" Entropy(ALL);
            "gldt-" r"[A-Za-z0-9_-]{20}" Entropy(ALL);
            "glrt-" r"[A-Za-z0-9_-]{20}" Entropy(ALL);
        }
        "npm" { "npm_" r"[A-Za-z0-9]{36}\b" Proof::GitHub; }
        "PyPI" { "pypi-AgEIcHlwaS5vcmc" r"[A-Za-z0-9_-]{50,1000}" Entropy(ALL); }
        "Docker" { "dckr_pat_" r"[A-Za-z0-9_-]{27}" Entropy(ALL); }
        "Slack" {
            "xoxb-" r"[0-9]{8,14}-[A-Za-z0-9-]{20,60}" Entropy(ALL);
            "xoxp-" r"[0-9]{8,14}-[A-Za-z0-9-]{20,90}" Entropy(ALL);
            "xoxa-" r"[0-9]{8,14}-[A-Za-z0-9-]{20,90}" Entropy(ALL);
            "xapp-" r"[0-9]-[A-Z0-9]{8,14}-[0-9]{8,14}-[0-9a-f]{64}\b" Entropy(HEX);
            "hooks.slack.com/services/" r"T[A-Z0-9]{8,11}/B[A-Z0-9]{8,11}/[A-Za-z0-9]{24}\b" Entropy(ALL);
        }
        "Discord" {
            "discord.com/api/webhooks/" r"[0-9]{17,20}/[A-Za-z0-9_-]{60,72}" Entropy(ALL);
            "discordapp.com/api/webhooks/" r"[0-9]{17,20}/[A-Za-z0-9_-]{60,72}" Entropy(ALL);
        }
        "Telegram" { ":AA" r"[A-Za-z0-9_-]{33}(?:[^A-Za-z0-9_-]|$)" Entropy(ALL); }
        "Stripe" {
            "sk_live_" r"[A-Za-z0-9]{24,99}\b" Entropy(ALL);
            "rk_live_" r"[A-Za-z0-9]{24,99}\b" Entropy(ALL);
        }
        "Shopify" {
            "shpat_" r"[0-9a-fA-F]{32}\b" Entropy(HEX);
            "shpca_" r"[0-9a-fA-F]{32}\b" Entropy(HEX);
            "shppa_" r"[0-9a-fA-F]{32}\b" Entropy(HEX);
            "shpss_" r"[0-9a-fA-F]{32}\b" Entropy(HEX);
        }
        "SendGrid" { "SG." r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}" Entropy(ALL); }
        "DigitalOcean" {
            "dop_v1_" r"[0-9a-f]{64}\b" Entropy(HEX);
            "doo_v1_" r"[0-9a-f]{64}\b" Entropy(HEX);
            "dor_v1_" r"[0-9a-f]{64}\b" Entropy(HEX);
        }
        "Databricks" { "dapi" r"[0-9a-f]{32}(?:-[0-9])?\b" Entropy(HEX); }
        "Supabase" {
            "sbp_" r"[0-9a-f]{40}\b" Entropy(HEX);
            "sb_secret_" r"[A-Za-z0-9_-]{31}" Entropy(ALL);
        }
        "Notion" { "ntn_" r"[0-9]{11}[A-Za-z0-9]{35}\b" Entropy(ALL); }
        "Linear" { "lin_api_" r"[A-Za-z0-9]{40}\b" Entropy(ALL); }
        "Grafana" { "glsa_" r"[A-Za-z0-9]{32}_[0-9A-Fa-f]{8}\b" Entropy(ALL); }
        "HashiCorp Vault" { "hvs." r"[A-Za-z0-9_-]{24,200}" Entropy(ALL); }
        "Postman" { "PMAK-" r"[0-9a-f]{24}-[0-9a-f]{34}\b" Entropy(HEX); }
        "JSON Web Token" {
            "eyJ" r"[A-Za-z0-9_-]{12,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{20,}" Proof::JsonWebToken;
        }
    }
});

/// The prefixes, the longest first where several fit.
static PREFIXES: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(SHAPES.iter().map(|shape| shape.prefix))
        .expect("a few constant words")
});

/// The vendors that this module knows.
pub(super) fn vendors() -> impl Iterator<Item = &'static str> {
    SHAPES.iter().map(|shape| shape.vendor)
}

/// How many prefixes in one run may begin no key: a run of prefixes alone must not cost the square of its length.
const MOST_FAILURES: usize = 100;

/// Adds the keys in a run.
pub(super) fn find(text: &str, run: Span, found: &mut Vec<Secret>) {
    let mut at = run.start;
    let mut failures = 0;
    while failures < MOST_FAILURES
        && let Some(prefix) = PREFIXES.find(&text[at..run.end])
    {
        let start = at + prefix.start();
        let word = SHAPES[prefix.pattern().as_usize()].prefix;
        let secret = (begins_here(text, start, word))
            .then(|| SHAPES.iter().find_map(|shape| shape.at(text, start, run.end, word)))
            .flatten();
        match secret {
            Some(secret) => {
                at = secret.span.end;
                found.push(secret);
            }
            None => {
                at = start + 1;
                failures += 1;
            }
        }
    }
    if found.last().is_none_or(|last| last.span.start < run.start) {
        found.extend(discord_token(text, run));
    }
}

/// Whether no word runs into the prefix: a letter before it must be the end of an escape such as `\n`.
fn begins_here(text: &str, start: usize, prefix: &str) -> bool {
    // The number before the colon of a Telegram token belongs to the token.
    if prefix.starts_with(':') {
        return true;
    }
    let before = &text.as_bytes()[..start];
    match before {
        [] | [.., b'\\', b'n' | b'r' | b't'] => true,
        [.., last] => !last.is_ascii_alphanumeric() && !matches!(last, b'_'),
    }
}

impl Shape {
    /// The key of this shape at `start`, where the text has `prefix`.
    fn at(&self, text: &str, start: usize, end: usize, prefix: &str) -> Option<Secret> {
        // `sk-proj-` may also begin a key that is known by `sk-`.
        if !prefix.starts_with(self.prefix) {
            return None;
        }
        let rest = &text[start + self.prefix.len()..end];
        let length =
            self.regex.find(rest)?.as_str().trim_end_matches(|c: char| !self.may_end_in(c)).len();
        let key = &text[start..start + self.prefix.len() + length];
        let certainty = match self.proof {
            Proof::Entropy(bits) => (random::entropy(&rest[..length]) >= bits
                && !random::is_placeholder(key))
            .then_some(Certainty::Shape),
            Proof::GitHub => {
                (checksum::github(key) && !random::is_placeholder(key)).then_some(Certainty::Proven)
            }
            Proof::JsonWebToken => encoding::json_web_token(key).then_some(Certainty::Proven),
        }?;
        let from =
            if self.prefix.starts_with(':') { start - digits_before(text, start)? } else { start };
        Some(Secret {
            span: Span::new(from, start + self.prefix.len() + length),
            vendor: self.vendor,
            certainty,
        })
    }

    /// What a pattern takes after a key to see its end is no part of the key.
    fn may_end_in(&self, last: char) -> bool {
        last.is_ascii_alphanumeric()
            || matches!(last, '_' | '-')
            || (last == '=' && self.rest.contains('='))
    }
}

/// The length of the id of a Telegram bot, which stands before the colon.
fn digits_before(text: &str, colon: usize) -> Option<usize> {
    let digits = text.as_bytes()[..colon].iter().rev().take(11).take_while(|b| b.is_ascii_digit());
    Some(digits.count()).filter(|count| (8..=10).contains(count))
}

/// The token of a Discord bot, which has no prefix: three parts, of which the first is a number in base64.
fn discord_token(text: &str, run: Span) -> Option<Secret> {
    static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"[MNO][A-Za-z0-9_-]{22,26}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}")
            .expect("a constant pattern")
    });
    let token = &text[run.range()];
    if token.len() < 55 || token.bytes().filter(|byte| *byte == b'.').count() < 2 {
        return None;
    }
    let place = TOKEN.find(token)?;
    let whole =
        begins_here(text, run.start + place.start(), "") && encoding::discord_bot(place.as_str());
    whole.then(|| Secret {
        span: Span::new(run.start + place.start(), run.start + place.end()),
        vendor: "Discord",
        certainty: Certainty::Proven,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shape_compiles_and_is_long_enough_to_be_looked_at() {
        for shape in SHAPES.iter() {
            assert!(shape.regex.as_str().starts_with('^'), "{}", shape.prefix);
            assert!(shape.prefix.len() >= 3 && shape.prefix.is_ascii(), "{}", shape.prefix);
        }
    }
}
