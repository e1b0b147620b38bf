//! What can be wrong with the configuration of a provider, said so that it can be mended.

use super::endpoint::EndpointError;
use super::key::KeyError;

/// Why a provider cannot be used as it is configured.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// Neither built in nor in `pf.yaml`.
    #[error("unknown provider `{name}`{}; to add it, write `providers: {{{name}: {{protocol: openai, base_url: \"https://…/v1\"}}}}` into pf.yaml", did_you_mean(.suggestion.as_deref()))]
    Unknown {
        /// The name as it was written.
        name: String,
        /// The nearest known name.
        suggestion: Option<String>,
    },
    /// A key of `pf.yaml` is missing.
    #[error(
        "provider `{name}` has no `{key}`; write it into `providers: {{{name}: …}}` of pf.yaml"
    )]
    Missing {
        /// The provider.
        name: String,
        /// The key that it needs.
        key: &'static str,
    },
    /// The base URL cannot be used.
    #[error("`base_url` of provider `{name}`: {source}")]
    BaseUrl {
        /// The provider.
        name: String,
        /// What is wrong with it.
        source: EndpointError,
    },
    /// A key that was named is not there.
    #[error("environment variable {variable} is not set; it holds the key of provider `{name}`")]
    KeyNotSet {
        /// The provider.
        name: String,
        /// The variable.
        variable: String,
    },
    /// A key is there but cannot be one.
    #[error("environment variable {variable}, the key of provider `{name}`, {source}")]
    BadKey {
        /// The provider.
        name: String,
        /// The variable.
        variable: String,
        /// What is wrong with it.
        source: KeyError,
    },
    /// A key would travel in the clear.
    #[error(
        "provider `{name}` would send the key in {variable} unencrypted to `{host}`; use https, or a server on this machine"
    )]
    Unencrypted {
        /// The provider.
        name: String,
        /// The variable.
        variable: String,
        /// The host.
        host: String,
    },
    /// A variable looks like someone else's secret.
    #[error(
        "provider `{name}` would send {variable}, which looks like a secret of {owner}, to `{host}`; if that is meant, trust it with `--trust {variable}={host}`"
    )]
    Untrusted {
        /// The provider.
        name: String,
        /// The variable.
        variable: String,
        /// Whose secret it seems to be.
        owner: String,
        /// The host.
        host: String,
    },
    /// A header cannot be sent.
    #[error("header `{header}` of provider `{name}` {reason}")]
    Header {
        /// The provider.
        name: String,
        /// The header.
        header: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A number or duration cannot be used.
    #[error("`{key}` of provider `{name}` is {found}; expected {expected}")]
    Value {
        /// The provider.
        name: String,
        /// The key.
        key: &'static str,
        /// What stands there.
        found: String,
        /// What should.
        expected: &'static str,
    },
    /// The file with a certificate authority cannot be used.
    #[error("`ca_file` of provider `{name}`, `{path}`: {reason}")]
    CaFile {
        /// The provider.
        name: String,
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The system has no certificates, so no host can be trusted.
    #[error(
        "no trusted certificates were found on this machine ({reason}); install the package `ca-certificates`, or set SSL_CERT_FILE to a PEM file"
    )]
    NoCertificates {
        /// What the system said.
        reason: String,
    },
    /// A program may not be run.
    #[error(
        "provider `{name}` would run the program `{program}` on this machine; if that is meant, allow it with `--allow-exec`, or for this project with `exec: [\"{root}\"]` in {}", .trust_file.as_deref().unwrap_or("your own trust.yaml"))]
    ExecNotAllowed {
        /// The provider.
        name: String,
        /// The program.
        program: String,
        /// The root of the project.
        root: String,
        /// Where the user says what is trusted.
        trust_file: Option<String>,
    },
    /// A program cannot be run.
    #[error("provider `{name}` {reason}")]
    Program {
        /// The provider.
        name: String,
        /// Why not.
        reason: String,
    },
    /// The template of a body gives none.
    #[error("the `body` of provider `{name}` cannot be made: {reason}")]
    Body {
        /// The provider.
        name: String,
        /// Why not.
        reason: String,
    },
    /// What `pf.yaml` says about requests and answers of an in-house endpoint is wrong.
    #[error("`{key}` of provider `{name}`: {reason}")]
    Exchange {
        /// The provider.
        name: String,
        /// The key.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// The protocol has no place for a part of the request.
    #[error("model `{model}` cannot be given {what}: {why}; {help}")]
    Unsupported {
        /// The model.
        model: String,
        /// The part of the request.
        what: String,
        /// Why there is no place for it.
        why: String,
        /// What to do instead.
        help: String,
    },
    /// `extra` sets what a request sets itself.
    #[error("`extra.{key}` of model `{model}` would replace the request's own `{key}`; remove it")]
    ExtraKey {
        /// The model.
        model: String,
        /// The key.
        key: &'static str,
    },
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map(|known| format!(" (did you mean `{known}`?)")).unwrap_or_default()
}
