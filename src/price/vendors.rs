//! What vendors say about the requests that they take, whatever the model.

/// A vendor with an API of its own.
#[derive(Debug)]
pub struct Vendor {
    /// The name of its provider.
    pub name: &'static str,
    /// The host of its API.
    pub host: &'static str,
    /// The highest temperature that it takes, and where it says so.
    pub temperature: Option<(f64, &'static str)>,
    /// Most entries of `stop`.
    pub stops: Option<usize>,
    /// Whether it answers only where the request bounds the length of the answer.
    pub wants_limit: bool,
    /// Keys of a request that it refuses or passes over, and what to know about that.
    pub unknown: &'static [(&'static str, &'static str)],
    /// Whether the table is complete enough for a limit in it to count as an error.
    pub limits: bool,
}

/// Parameters of other engines. OpenAI answers `Unrecognized request argument` with status 400.
const NOT_OPENAI: [(&str, &str); 4] = [
    ("top_k", "OpenAI has no such parameter and refuses the request"),
    ("min_p", "OpenAI has no such parameter and refuses the request"),
    ("repetition_penalty", "OpenAI has no such parameter and refuses the request"),
    ("random_seed", "OpenAI has no such parameter and refuses the request; it calls it `seed`"),
];

/// <https://docs.anthropic.com/en/api/openai-sdk>, the table of fields, read on 2026-11-20: passed over there, refused by
/// its own API.
const NOT_ANTHROPIC: [(&str, &str); 6] = [
    ("seed", "Anthropic has no seed"),
    ("logprobs", "Anthropic has no such parameter"),
    ("top_logprobs", "Anthropic has no such parameter"),
    ("presence_penalty", "Anthropic has no such parameter"),
    ("frequency_penalty", "Anthropic has no such parameter"),
    ("logit_bias", "Anthropic has no such parameter"),
];

/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html>; what single models
/// take besides goes into `additionalModelRequestFields`.
const NOT_CONVERSE: [(&str, &str); 1] = [("seed", "Bedrock's Converse has no seed")];

/// <https://platform.openai.com/docs/api-reference/responses/create>, whose fields are fewer than those of chat completions.
const NOT_RESPONSES: [(&str, &str); 4] = [
    ("seed", "OpenAI's responses have no seed; its chat completions do"),
    ("stop", "OpenAI's responses have no stop texts; its chat completions do"),
    ("presence_penalty", "OpenAI's responses have no such parameter"),
    ("frequency_penalty", "OpenAI's responses have no such parameter"),
];

/// Why the wire protocol `protocol` cannot say `key` of a request, whoever speaks it.
pub fn lacking(protocol: &str, key: &str) -> Option<&'static str> {
    let lacks: &[(&str, &str)] = match protocol {
        "anthropic" => &NOT_ANTHROPIC,
        "bedrock" => &NOT_CONVERSE,
        "openai-responses" => &NOT_RESPONSES,
        _ => &[],
    };
    lacks.iter().find(|(name, _)| *name == key).map(|(_, why)| *why)
}

/// The vendors whose models the table lists.
static VENDORS: [Vendor; 7] = [
    Vendor {
        name: "openai",
        host: "api.openai.com",
        temperature: Some((2.0, "https://platform.openai.com/docs/api-reference/chat/create")),
        stops: Some(4),
        wants_limit: false,
        unknown: &NOT_OPENAI,
        limits: true,
    },
    Vendor {
        name: "anthropic",
        host: "api.anthropic.com",
        temperature: Some((1.0, "https://docs.anthropic.com/en/api/messages")),
        stops: None,
        wants_limit: true,
        unknown: &NOT_ANTHROPIC,
        limits: true,
    },
    Vendor {
        name: "gemini",
        host: "generativelanguage.googleapis.com",
        temperature: Some((2.0, "https://ai.google.dev/api/generate-content#generationconfig")),
        stops: None,
        wants_limit: false,
        unknown: &[],
        limits: true,
    },
    Vendor {
        name: "groq",
        host: "api.groq.com",
        temperature: Some((2.0, "https://console.groq.com/docs/api-reference#chat-create")),
        stops: Some(4),
        wants_limit: false,
        unknown: &[],
        limits: false,
    },
    Vendor {
        name: "deepseek",
        host: "api.deepseek.com",
        temperature: Some((2.0, "https://api-docs.deepseek.com/api/create-chat-completion")),
        stops: Some(16),
        wants_limit: false,
        unknown: &[],
        limits: false,
    },
    Vendor {
        name: "mistral",
        host: "api.mistral.ai",
        temperature: None,
        stops: None,
        wants_limit: false,
        unknown: &[],
        limits: false,
    },
    Vendor {
        name: "xai",
        host: "api.x.ai",
        temperature: None,
        stops: None,
        wants_limit: false,
        unknown: &[],
        limits: false,
    },
];

/// The vendor behind a provider: by the address where it has one of its own, else by its name. A gateway is no vendor:
/// what it takes and which models it serves, it alone knows.
pub fn vendor(provider: &str, base_url: Option<&str>) -> Option<&'static Vendor> {
    let Some(url) = base_url else {
        return VENDORS.iter().find(|vendor| vendor.name == provider);
    };
    let host = url.split_once("://")?.1.split(['/', ':', '?', '#']).next()?;
    VENDORS.iter().find(|vendor| vendor.host.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_more_than_a_name() {
        let name =
            |provider: &str, url: Option<&str>| vendor(provider, url).map(|found| found.name);
        assert_eq!(name("openai", None), Some("openai"));
        assert_eq!(name("openai", Some("http://127.0.0.1:8080/v1")), None);
        assert_eq!(name("claude", Some("https://api.anthropic.com/v1")), Some("anthropic"));
        assert_eq!(name("gw", Some("https://API.openai.com:443/v1")), Some("openai"));
        assert_eq!(name("evil", Some("https://x@api.openai.com.example/v1")), None);
        assert_eq!(name("openrouter", None), None);
        assert_eq!(name("openai", Some("nonsense")), None);
    }
}
