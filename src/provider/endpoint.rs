//! Where a provider is: the address under which answers are stored, and which addresses are refused.
//!
//! A program has an address as well, so that its answers are kept like those of a server.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

use super::error::printable;

/// Scheme, host, port and path of a provider; no credentials, no query. Where more than the request shapes an answer,
/// the template of a body or the arguments of a program, a hash of that as well.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    scheme: &'static str,
    host: String,
    port: u16,
    path: String,
    variant: Option<String>,
}

/// Why an address cannot be a provider's.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EndpointError {
    /// It is no URL.
    #[error("`{0}` is no URL; write something like `https://host/v1`")]
    NotAUrl(String),
    /// Neither `http` nor `https`.
    #[error("`{0}` is neither https nor http")]
    Scheme(String),
    /// It has a user name or a password.
    #[error(
        "it holds a user name or password; name the variable that holds the key in `api_key_env` instead"
    )]
    Credentials,
    /// It has a query or a fragment.
    #[error(
        "it has a `?` or `#` part; give the address up to and including the version, such as `https://host/v1`"
    )]
    Query,
    /// Addresses that only the machine itself answers: cloud metadata services hand out credentials there.
    #[error("`{0}` is a link-local or metadata address, which is never a model")]
    Refused(String),
}

/// The scheme of programs.
const PROGRAM: &str = "exec";

impl Endpoint {
    /// Reads a base URL: everything up to and including the version, such as `https://host/v1`.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let shown = || printable(text, 200);
        let url = Url::parse(text.trim())
            .map_err(|_| EndpointError::NotAUrl(without_credentials(&shown())))?;
        let scheme = match url.scheme() {
            "https" => "https",
            "http" => "http",
            other => return Err(EndpointError::Scheme(printable(other, 40))),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(EndpointError::Query);
        }
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(EndpointError::NotAUrl(shown()));
        };
        let endpoint = Self {
            scheme,
            host: host.to_owned(),
            port,
            path: url.path().trim_end_matches('/').to_owned(),
            variant: None,
        };
        if endpoint.address().is_some_and(is_refused) {
            return Err(EndpointError::Refused(endpoint.host));
        }
        Ok(endpoint)
    }

    /// The address of a program: that of the provider's name, and what it is made of.
    pub(super) fn of_program(provider: &str, variant: String) -> Self {
        let (host, path) = (provider.to_owned(), String::new());
        Self { scheme: PROGRAM, host, port: 0, path, variant: Some(variant) }
    }

    /// The same address, for what else shapes its answers.
    pub(super) fn with_variant(self, variant: String) -> Self {
        Self { variant: Some(variant), ..self }
    }

    /// `http`, `https`, or `exec` for a program.
    pub fn scheme(&self) -> &str {
        self.scheme
    }

    /// The host's name or address, in lower case; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, also where it is the scheme's own.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path without a final `/`; empty for the root.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The host, with the port where it is not the scheme's own: what people know a server by.
    pub fn authority(&self) -> String {
        match (self.scheme, self.port) {
            ("https", 443) | ("http", 80) | (PROGRAM, _) => self.host.clone(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }

    /// Whether requests stay on this machine.
    pub fn is_loopback(&self) -> bool {
        match self.address() {
            Some(address) => address.is_loopback(),
            None => self.host == "localhost" || self.host.ends_with(".localhost"),
        }
    }

    /// Whether nobody on the way can read what is sent.
    pub fn is_private(&self) -> bool {
        self.scheme == "https" || self.is_loopback()
    }

    /// Whether the host is `domain` or lies below it.
    pub fn is_within(&self, domain: &str) -> bool {
        self.host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    /// The URL of `path` below this one; its own where that is empty.
    pub(super) fn join(&self, path: &str) -> String {
        let Self { scheme, path: own, .. } = self;
        let between = if path.is_empty() { "" } else { "/" };
        format!("{scheme}://{}{own}{between}{path}", self.authority())
    }

    fn address(&self) -> Option<IpAddr> {
        self.host.trim_start_matches('[').trim_end_matches(']').parse().ok()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority(), self.path)?;
        match &self.variant {
            Some(variant) => write!(f, "#{variant}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whether nothing may ever be sent to `address`: link-local addresses, among them the metadata services of the
/// clouds, and the one metadata address that is not link-local (AWS over IPv6).
pub(super) fn is_refused(address: IpAddr) -> bool {
    const AWS_METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    let v4: Option<Ipv4Addr> = match address {
        IpAddr::V4(v4) => Some(v4),
        IpAddr::V6(v6) => v6.to_ipv4_mapped(),
    };
    match (v4, address) {
        (Some(v4), _) => v4.is_link_local(),
        (None, IpAddr::V6(v6)) => v6.is_unicast_link_local() || v6 == AWS_METADATA,
        (None, IpAddr::V4(_)) => false,
    }
}

/// A broken URL may still hold a password.
fn without_credentials(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("****@{rest}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_one_text() {
        for (text, expected) in [
            ("https://API.openai.com/v1/", "https://api.openai.com/v1"),
            ("https://api.openai.com:443/v1", "https://api.openai.com/v1"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
            ("http://host:80/a/b", "http://host/a/b"),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().to_string(), expected);
        }
    }

    #[test]
    fn refuses_what_is_no_address_of_a_model() {
        let refused = |text: &str| Endpoint::parse(text).unwrap_err();
        assert!(matches!(refused("localhost/v1"), EndpointError::NotAUrl(_)));
        assert_eq!(refused("ftp://host"), EndpointError::Scheme("ftp".into()));
        assert_eq!(refused("https://me:secret@host/v1"), EndpointError::Credentials);
        assert_eq!(refused("https://host/v1?key=1"), EndpointError::Query);
        for text in [
            "http://169.254.169.254/latest",
            "http://2852039166/latest",
            "http://[fe80::1]/v1",
            "http://[fd00:ec2::254]/v1",
            "http://[::ffff:169.254.169.254]/v1",
        ] {
            assert!(matches!(refused(text), EndpointError::Refused(_)), "{text}");
        }
    }

    #[test]
    fn an_error_shows_no_password() {
        let message = Endpoint::parse("https://me:secret@ho st/v1").unwrap_err().to_string();
        assert!(!message.contains("secret"), "{message}");
    }

    #[test]
    fn knows_what_stays_private() {
        for (text, private) in [
            ("http://127.0.0.1:8080/v1", true),
            ("http://127.8.8.8/v1", true),
            ("http://localhost:4000", true),
            ("http://[::1]:4000", true),
            ("https://gateway.example", true),
            ("http://gateway.example", false),
            ("http://localhost.example", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().is_private(), private, "{text}");
        }
    }

    #[test]
    fn a_domain_holds_its_subdomains_only() {
        let within = |url: &str| Endpoint::parse(url).unwrap().is_within("openai.com");
        assert!(within("https://openai.com"));
        assert!(within("https://eu.api.openai.com"));
        assert!(!within("https://evilopenai.com"));
        assert!(!within("https://openai.com.evil.example"));
    }
}
