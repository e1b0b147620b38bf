//! Keys are put together here from pieces, so that no scanner takes these sources for a leak.

use super::*;

/// A text of `length` characters of `alphabet` that looks drawn and is always the same.
fn drawn(alphabet: &str, length: usize) -> String {
    let letters: Vec<char> = alphabet.chars().collect();
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            letters[(state >> 33) as usize % letters.len()]
        })
        .collect()
}

const HEX: &str = "0123456789abcdef";
const ALL: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CAPITALS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const DIGITS: &str = "0123456789";

fn found(text: &str) -> Vec<(&str, &'static str)> {
    find(text).into_iter().map(|secret| (&text[secret.span.range()], secret.vendor)).collect()
}

fn github(prefix: &str) -> String {
    format!("{prefix}_{}", ["zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ", "0mLq17"].concat())
}

#[test]
fn keys_of_vendors_are_found_whole_wherever_they_stand() {
    let a = |prefix: &str, alphabet: &str, length: usize| {
        format!("{prefix}{}", drawn(alphabet, length))
    };
    let uuid = format!("{}-{}-{}-{}-{}", drawn(HEX, 8), "4c1d", "8b2e", "a9f0", drawn(HEX, 12));
    let keys = [
        ("Anthropic", a("sk-ant-api03-", ALL, 93) + "AA"),
        ("OpenAI", a("sk-proj-", ALL, 74) + "T3BlbkFJ" + &drawn(ALL, 74)),
        ("OpenAI", a("sk-", ALL, 20) + "T3BlbkFJ" + &drawn(ALL, 20)),
        ("OpenRouter", a("sk-or-v1-", HEX, 64)),
        ("Langfuse", format!("sk-lf-{uuid}")),
        ("DeepSeek or DashScope", a("sk-", HEX, 32)),
        ("Google", a("AIza", ALL, 35)),
        ("AWS", a("AKIA", CAPITALS, 16)),
        ("Azure", a("AccountKey=", ALL, 86) + "=="),
        ("Groq", a("gsk_", ALL, 52)),
        ("xAI", a("xai-", ALL, 80)),
        ("Perplexity", a("pplx-", ALL, 48)),
        ("Fireworks AI", a("fw_", ALL, 24)),
        ("Together AI", a("tgp_v1_", ALL, 43)),
        ("Replicate", a("r8_", ALL, 37)),
        ("Hugging Face", a("hf_", LETTERS, 34)),
        ("LangSmith", a("lsv2_pt_", HEX, 32) + "_" + &drawn(HEX, 10)),
        ("Pinecone", a("pcsk_", ALL, 6) + "_" + &drawn(ALL, 63)),
        ("GitHub", github("ghp")),
        ("GitHub", a("github_pat_", ALL, 22) + "_" + &drawn(ALL, 59)),
        ("npm", github("npm")),
        ("GitLab", a("glpat-", ALL, 20)),
        ("Slack", a("xoxb-", DIGITS, 12) + "-" + &drawn(ALL, 24)),
        ("Stripe", a("sk_live_", ALL, 24)),
        ("Shopify", a("shpat_", HEX, 32)),
        ("SendGrid", a("SG.", ALL, 22) + "." + &drawn(ALL, 43)),
        ("DigitalOcean", a("dop_v1_", HEX, 64)),
        ("Telegram", drawn(DIGITS, 9) + ":AA" + &drawn(ALL, 33)),
        // The number 123456780123456780 in base64.
        ("Discord", ["MTIzNDU2NzgwMTIzNDU2Nzgw", ".Gx3kQz.", &drawn(ALL, 38)].concat()),
        (
            "JSON Web Token",
            ["eyJhbGciOiJIUzI1NiJ9", ".eyJzdWIiOiJ1LTgxIiwicm9sZSI6ImFkbWluIn0.", &drawn(ALL, 43)]
                .concat(),
        ),
    ];
    for (vendor, key) in &keys {
        for text in [
            key.clone(),
            format!("use {key}."),
            format!("key: {key}\n"),
            format!("{{\"a\": \"{key}\"}}"),
            format!("KEY={key} x"),
            format!("\"a\\n{key}\\nb\""),
            format!("é{key}é"),
            format!("https://acme.io/?key={key}&x=1"),
        ] {
            assert_eq!(found(&text), [(key.as_str(), *vendor)], "{vendor}: {text}");
        }
        assert!(vendors().contains(vendor), "{vendor}");
    }
}

#[test]
fn placeholders_and_wrong_checksums_are_left_alone() {
    for text in [
        "AKIAIOSFODNN7EXAMPLE".to_owned(),
        format!("sk-{}", "x".repeat(48)),
        "sk-proj-your-key-goes-here-your-key-goes-here-0123".to_owned(),
        format!("sk-ant-api03-{}", "abc".repeat(31)),
        github("ghp").replace("0mLq17", "0mLq18"),
        format!("ghp_{}", "a".repeat(36)),
        format!("task-{}", drawn(ALL, 48)),
        "sk-learn-is-a-library-for-machine-learning".to_owned(),
        format!("sk_test_{}", drawn(ALL, 24)),
        // Digests, ids and versions.
        format!("sha256:{}", drawn(HEX, 64)),
        format!("commit {}", drawn(HEX, 40)),
        "0b8e5ed5-6e1a-4a6b-9d5c-0a8f4b2c1d3e".to_owned(),
        format!("integrity=sha512-{}", drawn(ALL, 86)),
        "https://platform.openai.com/docs/api-reference/chat/create#chat-create-messages"
            .to_owned(),
    ] {
        assert_eq!(found(&text), [], "{text}");
    }
}

#[test]
fn the_secret_that_goes_with_an_aws_id_is_found_beside_it_only() {
    let id = ["AK", "IAQ3EGRT7JXKL2MZ5P"].concat();
    let secret = drawn(ALL, 40);
    assert_eq!(found(&format!("{secret} alone")), []);
    assert_eq!(
        found(&format!("{id}\nand {secret}\n")),
        [(id.as_str(), "AWS"), (secret.as_str(), "AWS")]
    );
    assert_eq!(found(&format!("{id} {}{secret}", "far ".repeat(100))), [(id.as_str(), "AWS")]);
}

#[test]
fn private_keys_are_found_with_line_breaks_and_with_escapes() {
    let line = drawn(ALL, 64);
    let (head, tail) = (["-----BEGIN ", "PRIVATE KEY-----"].concat(), "-----END PRIVATE KEY-----");
    for (break_, indent) in [("\n", ""), ("\n", "    "), ("\\n", "")] {
        let text = format!(
            "key: {head}{break_}{indent}{line}{break_}{indent}{line}{break_}{indent}{tail}"
        );
        let found = find(&text);
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!((found[0].vendor, found[0].span.start), ("private key", 5));
    }
    assert_eq!(find(&format!("{head}\n...\n{tail}")), []);
    assert_eq!(find(&format!("{}\n{line}\n", head.replace("PRIVATE", "PUBLIC"))), []);
}

#[test]
fn runs_are_found_at_every_offset() {
    for before in 0..40 {
        for length in 14..40 {
            let text = format!("{} {} a bc", "a ".repeat(before), "k".repeat(length));
            let expected: Vec<Span> = (length >= SHORTEST)
                .then(|| Span::new(before * 2 + 1, before * 2 + 1 + length))
                .into_iter()
                .collect();
            assert_eq!(runs(&text).collect::<Vec<_>>(), expected, "{text}");
        }
    }
}

#[test]
fn no_text_makes_it_panic_or_report_twice() {
    use proptest::prelude::*;
    let piece = prop_oneof![
        Just("sk-".to_owned()),
        Just("eyJ".to_owned()),
        Just(":AA".to_owned()),
        Just("-----BEGIN PRIVATE KEY-----\n".to_owned()),
        Just("postgres://a:".to_owned()),
        Just("password=".to_owned()),
        Just("é🙂".to_owned()),
        "[A-Za-z0-9+/=._@:-]{0,60}",
        ".{0,10}",
    ];
    proptest!(|(pieces in prop::collection::vec(piece, 0..12))| {
        let text = pieces.concat();
        let found = find(&text);
        for secret in &found {
            prop_assert!(text.get(secret.span.range()).is_some_and(|key| !key.is_empty()));
        }
        prop_assert!(found.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start));
    });
}
