//! The providers that need no configuration: where vendors are, what they speak, and which variable holds their key.

use crate::project::config::Protocol;

/// A provider that needs no configuration, or little.
pub(super) struct BuiltIn {
    pub(super) name: &'static str,
    pub(super) protocol: Protocol,
    /// Its address, `{region}` in it as it stands in the configuration.
    pub(super) base_url: &'static str,
    /// The variable that holds its key.
    pub(super) key: Option<&'static str>,
}

/// The built-in providers. Only what a vendor's own documentation says belongs here: a key is sent to these addresses.
const BUILT_IN: [BuiltIn; 11] = [
    built_in("echo", Protocol::Echo, "", None),
    built_in("openai", Protocol::Openai, "https://api.openai.com/v1", Some("OPENAI_API_KEY")),
    built_in(
        "anthropic",
        Protocol::Anthropic,
        "https://api.anthropic.com/v1",
        Some("ANTHROPIC_API_KEY"),
    ),
    built_in(
        "gemini",
        Protocol::Gemini,
        "https://generativelanguage.googleapis.com/v1beta",
        Some("GEMINI_API_KEY"),
    ),
    built_in(
        "bedrock",
        Protocol::Bedrock,
        "https://bedrock-runtime.{region}.amazonaws.com",
        Some("AWS_BEARER_TOKEN_BEDROCK"),
    ),
    built_in("ollama", Protocol::Ollama, "http://127.0.0.1:11434", None),
    built_in(
        "openrouter",
        Protocol::Openai,
        "https://openrouter.ai/api/v1",
        Some("OPENROUTER_API_KEY"),
    ),
    built_in("groq", Protocol::Openai, "https://api.groq.com/openai/v1", Some("GROQ_API_KEY")),
    built_in("mistral", Protocol::Openai, "https://api.mistral.ai/v1", Some("MISTRAL_API_KEY")),
    built_in("deepseek", Protocol::Openai, "https://api.deepseek.com", Some("DEEPSEEK_API_KEY")),
    built_in("xai", Protocol::Openai, "https://api.x.ai/v1", Some("XAI_API_KEY")),
];

const fn built_in(
    name: &'static str,
    protocol: Protocol,
    base_url: &'static str,
    key: Option<&'static str>,
) -> BuiltIn {
    BuiltIn { name, protocol, base_url, key }
}

/// The built-in provider of this name.
pub(super) fn find(name: &str) -> Option<&'static BuiltIn> {
    BUILT_IN.iter().find(|provider| provider.name == name)
}

/// Names of the providers that are built in.
pub fn built_in_names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|provider| provider.name)
}
