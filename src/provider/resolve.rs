//! From the name of a provider to the means of reaching it, and the rules by which a key may leave.
//!
//! A repository can be changed by people who may not read the secrets of those who run it. So a key goes only where its
//! owner would send it: a built-in provider's to that vendor's hosts, any other over an encrypted or local
//! connection, and a name that looks like someone else's secret only with an explicit word of the user.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

use super::built_in::{self, built_in_names};
use super::configuration::ConfigurationError;
use super::endpoint::Endpoint;
use super::key::ApiKey;
use super::trust::{self, Trust};
use super::wire::Wire;
use crate::digest;
use crate::path::RepoPath;
use crate::project::config::{Protocol, ProviderConfig};
use crate::project::exchange::Exchange;

/// Most time for one request where `timeout` does not say: reasoning models think for minutes.
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(2);

/// Most attempts where `attempts` does not say.
const DEFAULT_ATTEMPTS: u32 = 4;

/// Headers that carry credentials, which belong into the environment, or that a request sets itself.
const RESERVED_HEADERS: [&str; 10] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "api-key",
    "x-api-key",
    "x-goog-api-key",
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
];

/// What the user's machine has to give, and what the user allows.
pub struct Access<'a> {
    /// Reads an environment variable.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
    /// Reads a file of the project, for `ca_file`.
    pub file: &'a dyn Fn(&str) -> io::Result<Vec<u8>>,
    /// Which variables may be sent to which hosts although they look like someone else's secret.
    pub trust: &'a [Trust],
    /// Whether programs may be run, and what an error says about it.
    pub exec: Exec<'a>,
}

/// What the user says about running programs that a repository names.
#[derive(Clone, Copy, Debug)]
pub struct Exec<'a> {
    /// Whether it is allowed.
    pub allowed: bool,
    /// The root of the project, where they run.
    pub root: &'a std::path::Path,
    /// The file in which the user can allow it, to be named in an error.
    pub trust_file: Option<&'a std::path::Path>,
}

impl Exec<'_> {
    /// No program may run.
    pub fn refused() -> Self {
        Self { allowed: false, root: std::path::Path::new(""), trust_file: None }
    }
}

/// Where a provider is, before anything secret is looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// Nowhere: it answers by itself.
    Echo,
    /// At an address, where this protocol is spoken.
    Remote(Wire, Endpoint),
    /// On this machine, as a program.
    Program(Endpoint),
}

/// How to reach a provider, secrets included.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) key: Option<(String, ApiKey)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) ca_pem: Option<(String, Vec<u8>)>,
    pub(super) timeout: Duration,
    pub(super) attempts: u32,
}

/// Finds the place of provider `name`.
pub(super) fn place(
    name: &str,
    providers: &IndexMap<String, ProviderConfig>,
) -> Result<Place, ConfigurationError> {
    let config = providers.get(name);
    let known = built_in::find(name);
    let missing = |key: &'static str| ConfigurationError::Missing { name: name.to_owned(), key };
    let own_protocol = config.and_then(|config| config.protocol);
    let protocol = match own_protocol.or_else(|| known.map(|known| known.protocol)) {
        Some(protocol) => protocol,
        None if config.is_none() => return Err(unknown(name, providers)),
        None => return Err(missing("protocol")),
    };
    if protocol == Protocol::Echo {
        return Ok(Place::Echo);
    }
    if protocol == Protocol::Exec {
        let command = config.and_then(|config| config.command.as_ref());
        let command = command.ok_or_else(|| missing("command"))?;
        let folder = config.and_then(|config| config.cwd.as_deref());
        let variant = serde_json::json!({"command": command, "cwd": folder});
        return Ok(Place::Program(Endpoint::of_program(name, hash(&variant))));
    }
    let text = match (config.and_then(|config| config.base_url.as_deref()), known) {
        (Some(url), _) => url.to_owned(),
        (None, Some(known)) if !known.base_url.is_empty() => {
            let region = config.and_then(|config| config.region.as_deref());
            if known.base_url.contains("{region}") {
                known.base_url.replace("{region}", region_of(name, region)?)
            } else {
                known.base_url.to_owned()
            }
        }
        (None, _) => return Err(missing("base_url")),
    };
    let endpoint = Endpoint::parse(&text)
        .map_err(|source| ConfigurationError::BaseUrl { name: name.to_owned(), source })?;
    if let (Protocol::Http, Some(config)) = (protocol, config) {
        let exchange = Exchange::compile(config).map_err(|problems| {
            let first = problems.into_iter().next();
            let (key, reason) = first
                .map(|problem| (problem.route.to_string(), problem.message))
                .unwrap_or_default();
            ConfigurationError::Exchange { name: name.to_owned(), key, reason }
        })?;
        let endpoint = endpoint.with_variant(hash(exchange.written()));
        return Ok(Place::Remote(Wire::House(Arc::new(exchange)), endpoint));
    }
    Ok(match Wire::new(protocol, &endpoint) {
        Some(wire) => Place::Remote(wire, endpoint),
        None => Place::Echo,
    })
}

/// Enough of a hash to tell the few variants of one provider apart.
fn hash(variant: &serde_json::Value) -> String {
    digest::sha256(digest::canonical_json(variant).as_bytes()).short()
}

/// The folder in which a program runs.
pub(super) fn folder(
    name: &str,
    config: &ProviderConfig,
    root: &std::path::Path,
) -> Result<PathBuf, ConfigurationError> {
    let Some(folder) = &config.cwd else { return Ok(root.to_owned()) };
    let inside = RepoPath::new(folder).map_err(|_| ConfigurationError::Value {
        name: name.to_owned(),
        key: "cwd",
        found: format!("`{}`", super::error::printable(folder, 80)),
        expected: "a folder of the project, such as `tools`",
    })?;
    Ok(root.join(inside.as_str()))
}

/// A region as it may stand inside a host's name.
fn region_of<'a>(name: &str, region: Option<&'a str>) -> Result<&'a str, ConfigurationError> {
    let region = region
        .ok_or_else(|| ConfigurationError::Missing { name: name.to_owned(), key: "region" })?;
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if region.is_empty() || !region.bytes().all(is_plain) {
        return Err(ConfigurationError::Value {
            name: name.to_owned(),
            key: "region",
            found: format!("`{}`", super::error::printable(region, 40)),
            expected: "the name of a region, such as `us-east-1`",
        });
    }
    Ok(region)
}

/// Reads everything that a call to `endpoint` needs.
pub(super) fn connection(
    name: &str,
    endpoint: &Endpoint,
    config: Option<&ProviderConfig>,
    access: &Access<'_>,
) -> Result<Connection, ConfigurationError> {
    let no_config = ProviderConfig::default();
    let config = config.unwrap_or(&no_config);
    let variable = match (&config.api_key_env, &config.base_url) {
        (Some(variable), _) => Some(variable.as_str()),
        // Only a built-in address has a default key: an address from a file could be anyone's.
        (None, None) => built_in::find(name).and_then(|known| known.key),
        (None, Some(_)) => None,
    };
    Ok(Connection {
        key: variable.map(|variable| key(name, variable, endpoint, access)).transpose()?,
        headers: headers(name, config)?,
        ca_pem: config.ca_file.as_deref().map(|path| ca_file(name, path, access)).transpose()?,
        timeout: timeout(name, config)?,
        attempts: attempts(name, config, DEFAULT_ATTEMPTS)?,
    })
}

/// A key as a variable holds it.
pub(super) fn read_key(
    name: &str,
    variable: &str,
    access: &Access<'_>,
) -> Result<ApiKey, ConfigurationError> {
    let (name, variable) = (name.to_owned(), variable.to_owned());
    // Empty is how CI systems pass a secret that a fork may not see.
    let value = (access.environment)(&variable).filter(|value| !value.trim().is_empty());
    let Some(value) = value else {
        return Err(ConfigurationError::KeyNotSet { name, variable });
    };
    ApiKey::new(&value).map_err(|source| ConfigurationError::BadKey { name, variable, source })
}

fn key(
    name: &str,
    variable: &str,
    endpoint: &Endpoint,
    access: &Access<'_>,
) -> Result<(String, ApiKey), ConfigurationError> {
    let (name, variable) = (name.to_owned(), variable.to_owned());
    let host = endpoint.authority();
    if !endpoint.is_private() {
        return Err(ConfigurationError::Unencrypted { name, variable, host });
    }
    let trusted = access.trust.iter().any(|trust| trust.covers(&variable, endpoint));
    if !trusted && let Some(owner) = trust::owner_elsewhere(&variable, endpoint) {
        return Err(ConfigurationError::Untrusted { name, variable, owner, host });
    }
    read_key(&name, &variable, access).map(|key| (variable, key))
}

fn headers(
    name: &str,
    config: &ProviderConfig,
) -> Result<Vec<(String, String)>, ConfigurationError> {
    for (header, value) in &config.headers {
        let reason = if RESERVED_HEADERS.contains(&header.to_ascii_lowercase().as_str()) {
            "is pf's own; a key is named in `api_key_env`, never written into a file"
        } else if reqwest::header::HeaderName::from_bytes(header.as_bytes()).is_err() {
            "has a name that no header can have"
        } else if reqwest::header::HeaderValue::from_str(value).is_err() {
            "has a value with control characters"
        } else {
            continue;
        };
        return Err(ConfigurationError::Header {
            name: name.to_owned(),
            header: super::error::printable(header, 80),
            reason,
        });
    }
    Ok(config.headers.iter().map(|(header, value)| (header.clone(), value.clone())).collect())
}

fn ca_file(
    name: &str,
    path: &str,
    access: &Access<'_>,
) -> Result<(String, Vec<u8>), ConfigurationError> {
    match (access.file)(path) {
        Ok(pem) => Ok((path.to_owned(), pem)),
        Err(error) => Err(ConfigurationError::CaFile {
            name: name.to_owned(),
            path: path.to_owned(),
            reason: error.to_string(),
        }),
    }
}

pub(super) fn timeout(name: &str, config: &ProviderConfig) -> Result<Duration, ConfigurationError> {
    let Some(text) = &config.timeout else {
        return Ok(DEFAULT_TIMEOUT);
    };
    let split = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (count, unit) = text.split_at(split);
    let unit_ms = match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        _ => None,
    };
    let count: Option<u64> = count.parse().ok();
    count
        .zip(unit_ms)
        .and_then(|(count, unit_ms)| count.checked_mul(unit_ms))
        // A day is longer than any call; more would only overflow clocks.
        .filter(|milliseconds| (1..=86_400_000).contains(milliseconds))
        .map(Duration::from_millis)
        .ok_or_else(|| ConfigurationError::Value {
            name: name.to_owned(),
            key: "timeout",
            found: format!("`{}`", super::error::printable(text, 40)),
            expected: "a duration up to a day, such as `60s` or `2m`",
        })
}

/// Most attempts for one request.
pub(super) fn attempts(
    name: &str,
    config: &ProviderConfig,
    default: u32,
) -> Result<u32, ConfigurationError> {
    match config.attempts.unwrap_or(default) {
        attempts @ 1..=20 => Ok(attempts),
        attempts => Err(ConfigurationError::Value {
            name: name.to_owned(),
            key: "attempts",
            found: attempts.to_string(),
            expected: "1 to 20",
        }),
    }
}

fn unknown(name: &str, providers: &IndexMap<String, ProviderConfig>) -> ConfigurationError {
    let built_in = built_in_names().map(|known| -> &str { known });
    let suggestion = built_in
        .chain(providers.keys().map(String::as_str))
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .min()
        .map(|(_, known)| known.to_owned());
    ConfigurationError::Unknown { name: super::error::printable(name, 80), suggestion }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn providers(value: serde_json::Value) -> IndexMap<String, ProviderConfig> {
        serde_json::from_value(value).unwrap()
    }

    fn connect(
        name: &str,
        config: serde_json::Value,
        trust: &[Trust],
    ) -> Result<Connection, String> {
        let providers = providers(serde_json::Map::from_iter([(name.to_owned(), config)]).into());
        let endpoint = match place(name, &providers) {
            Ok(Place::Remote(_, endpoint)) => endpoint,
            Ok(other) => panic!("{other:?} has no connection"),
            Err(error) => return Err(error.to_string()),
        };
        let environment =
            |variable: &str| (variable != "UNSET").then(|| format!("value-of-{variable}"));
        let file = |path: &str| match path {
            "ca.pem" => Ok(b"pem".to_vec()),
            _ => Err(io::Error::from(io::ErrorKind::NotFound)),
        };
        let exec = Exec::refused();
        let access = Access { environment: &environment, file: &file, trust, exec };
        connection(name, &endpoint, providers.get(name), &access).map_err(|error| error.to_string())
    }

    fn variable(result: Result<Connection, String>) -> Option<String> {
        result.unwrap().key.map(|(variable, _)| variable)
    }

    #[test]
    fn built_in_providers_need_no_configuration() {
        assert_eq!(place("echo", &IndexMap::new()), Ok(Place::Echo));
        let address = |name: &str| match place(name, &IndexMap::new()).unwrap() {
            Place::Remote(_, endpoint) => endpoint.to_string(),
            other => panic!("{name} is at {other:?}"),
        };
        assert_eq!(address("openai"), "https://api.openai.com/v1");
        assert_eq!(address("ollama"), "http://127.0.0.1:11434");
        for name in built_in_names().filter(|name| !["echo", "bedrock", "ollama"].contains(name)) {
            assert!(address(name).starts_with("https://"), "{name}");
            let key = variable(connect(name, json!({}), &[])).unwrap();
            assert_eq!(key, format!("{}_API_KEY", name.to_uppercase()));
        }
        assert_eq!(
            variable(connect("openai", json!({"concurrency": 4}), &[])).unwrap(),
            "OPENAI_API_KEY"
        );
    }

    #[test]
    fn bedrock_is_where_its_region_is() {
        let region = |region: &str| connect("bedrock", json!({"region": region}), &[]);
        assert_eq!(variable(region("eu-central-1")).unwrap(), "AWS_BEARER_TOKEN_BEDROCK");
        for other in ["", "us-east-1.evil.example/#", "US-EAST-1", "us east"] {
            assert!(region(other).unwrap_err().contains("such as `us-east-1`"), "{other}");
        }
        assert_eq!(
            connect("bedrock", json!({}), &[]).unwrap_err(),
            "provider `bedrock` has no `region`; write it into `providers: {bedrock: …}` of pf.yaml"
        );
    }

    #[test]
    fn a_built_in_provider_can_speak_another_protocol() {
        let providers = providers(json!({"openai": {"protocol": "openai-responses"}}));
        let place = place("openai", &providers).unwrap();
        let endpoint = Endpoint::parse("https://api.openai.com/v1").unwrap();
        assert_eq!(place, Place::Remote(Wire::Responses, endpoint));
    }

    #[test]
    fn an_unknown_provider_is_told_what_to_write() {
        let providers = providers(json!({"local": {}}));
        assert_eq!(
            place("locl", &providers).unwrap_err().to_string(),
            "unknown provider `locl` (did you mean `local`?); to add it, write `providers: {locl: {protocol: openai, base_url: \"https://…/v1\"}}` into pf.yaml"
        );
        assert_eq!(
            place("local", &providers).unwrap_err().to_string(),
            "provider `local` has no `protocol`; write it into `providers: {local: …}` of pf.yaml"
        );
    }

    #[test]
    fn an_own_address_has_no_default_key() {
        assert_eq!(
            variable(connect("openai", json!({"base_url": "https://evil.example/v1"}), &[])),
            None
        );
    }

    #[test]
    fn a_named_key_must_be_there() {
        let config = json!({"protocol": "openai", "base_url": "https://gw.example/v1", "api_key_env": "UNSET"});
        assert_eq!(
            connect("gw", config, &[]).unwrap_err(),
            "environment variable UNSET is not set; it holds the key of provider `gw`"
        );
    }

    #[test]
    fn a_key_travels_encrypted_or_not_at_all() {
        let config =
            |url: &str| json!({"protocol": "openai", "base_url": url, "api_key_env": "GW_KEY"});
        assert!(
            connect("gw", config("http://gw.example/v1"), &[]).unwrap_err().contains("unencrypted")
        );
        assert!(connect("gw", config("http://127.0.0.1:1/v1"), &[]).is_ok());
        assert!(connect("gw", config("https://gw.example/v1"), &[]).is_ok());
        let keyless = json!({"protocol": "openai", "base_url": "http://gw.example/v1"});
        assert_eq!(variable(connect("gw", keyless, &[])), None);
    }

    #[test]
    fn a_foreign_secret_needs_the_users_word() {
        let config = json!({"protocol": "openai", "base_url": "https://gw.example:8443/v1", "api_key_env": "GITHUB_TOKEN"});
        let refused = connect("gw", config.clone(), &[]).unwrap_err();
        assert!(
            refused.ends_with("trust it with `--trust GITHUB_TOKEN=gw.example:8443`"),
            "{refused}"
        );
        let trust = |host: &str| Trust { variable: "GITHUB_TOKEN".into(), host: host.into() };
        assert!(connect("gw", config.clone(), &[trust("gw.example")]).is_ok());
        assert!(connect("gw", config.clone(), &[trust("GW.example:8443")]).is_ok());
        assert!(connect("gw", config, &[trust("other.example")]).is_err());
    }

    #[test]
    fn credentials_do_not_stand_in_files() {
        let config = |header: &str| json!({"protocol": "openai", "base_url": "https://gw.example", "headers": {header: "x"}});
        assert!(connect("gw", config("Authorization"), &[]).unwrap_err().contains("api_key_env"));
        assert!(connect("gw", config("x team"), &[]).is_err());
        let sent = connect("gw", config("x-team"), &[]).unwrap().headers;
        assert_eq!(sent, [("x-team".to_owned(), "x".to_owned())]);
    }

    #[test]
    fn durations_have_a_unit_and_a_bound() {
        let config = |text: &str| json!({"protocol": "openai", "base_url": "https://gw.example", "timeout": text});
        let timeout =
            |text: &str| connect("gw", config(text), &[]).map(|connection| connection.timeout);
        assert_eq!(timeout("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(timeout("2m"), Ok(Duration::from_mins(2)));
        for text in ["", "s", "0s", "5", "-1s", "99999999999999999999s", "18446744073709551615m"] {
            assert!(timeout(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_missing_ca_file_is_named() {
        let config =
            json!({"protocol": "openai", "base_url": "https://gw.example", "ca_file": "no.pem"});
        let message = connect("gw", config, &[]).unwrap_err();
        assert!(message.starts_with("`ca_file` of provider `gw`, `no.pem`: "), "{message}");
    }
}
