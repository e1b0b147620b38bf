//! S401

use crate::detect::secret;
use crate::diagnostic::Diagnostic;
use crate::lint::context::TextContext;
use crate::lint::rule::{Check, rule};

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
    /// It knows the shapes of the keys of well-known vendors, private keys, signed JSON Web Tokens, passwords in addresses
    /// such as `postgres://user:…@host`, and long random values with a name such as `api_key` or `password`. A candidate
    /// must look random, and where a kind of key has a checksum (GitHub, npm), it must be right. The keys that vendors
    /// print in their documentation, and placeholders such as `sk-xxxx`, are left alone. The message never shows the key.
    ///
    /// | subject | vendors |
    /// |---|---|
    /// | models | Anthropic, AssemblyAI, Azure, Cerebras, Cohere, Deepgram, DeepSeek or DashScope, ElevenLabs, Fireworks AI, Google, Groq, Hugging Face, Mistral, NVIDIA, OpenAI, OpenRouter, Perplexity, Replicate, Together AI, xAI |
    /// | around models | LangSmith, Langfuse, Pinecone, SerpApi, Tavily, Weights & Biases |
    /// | clouds and data | Algolia, AWS, Cloudflare, Databricks, Datadog, DigitalOcean, Grafana, HashiCorp Vault, Supabase |
    /// | code and packages | Docker, GitHub, GitLab, npm, Postman, PyPI |
    /// | messages and work | Discord, Linear, Notion, SendGrid, Slack, Telegram, Twilio |
    /// | shops | Shopify, Stripe (live keys) |
    /// | any | JSON Web Token, password in an address, private key, a value that is called a secret |
    ///
    /// ## Example
    ///
    /// ```yaml prompts/orders.yaml
    /// messages:
    ///   - {role: system, content: "The orders are in postgres://billing:tR7vQz2LmX@db.acme.io/orders"}
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```yaml prompts/orders.yaml
    /// messages:
    ///   - {role: system, content: "The orders are in the database that the tool `orders` asks."}
    /// ```
    SECRET: "S401" "secret" Error, Check::text(check)
}

fn check(context: &TextContext<'_>, findings: &mut Vec<Diagnostic>) {
    for secret in secret::find(context.file.text()) {
        let message = format!("this looks like a real secret ({})", secret.vendor);
        findings.push(
            SECRET
                .at(context.file, secret.span, message)
                .secret()
                .help("revoke it where it was issued: it must be taken as known")
                .help(
                    "read keys from the environment: name the variable as `api_key_env` in pf.yaml",
                ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_each_vendor() {
        for vendor in secret::vendors() {
            assert!(SECRET.docs.contains(vendor), "{vendor}");
        }
    }
}
