//! The one place that opens connections to a provider.

use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, Client, Response, redirect, retry};
use tokio::time::timeout_at;

use super::configuration::ConfigurationError;
use super::endpoint::{Endpoint, is_refused};
use super::error::{Phase, ProviderError, printable};
use super::resolve::Connection;
use super::wire::Wire;

/// Most bytes of an answer. The longest answers of models are a few hundred kilobytes.
const LARGEST_ANSWER: usize = 16 << 20;

/// Most bytes that are read of an answer that is an error: enough for its message.
const LARGEST_ERROR: usize = 64 << 10;

/// Most time for name, connection and TLS together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Most time between two pieces of an answer that has begun.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// A client of one provider.
///
/// It is built at the first call, because building reads the certificates of the system: a run that finds all its
/// answers in recordings needs neither them nor their time.
pub(super) struct Http {
    provider: String,
    endpoint: Endpoint,
    headers: HeaderMap,
    ca_pem: Option<(String, Vec<u8>)>,
    method: reqwest::Method,
    timeout: Duration,
    client: OnceLock<Result<Client, ConfigurationError>>,
}

/// Takes the bytes of an answer as they come.
pub(super) type Live<'a> = dyn FnMut(&[u8]) + Send + 'a;

/// What came back, whatever its status.
pub(super) struct Received {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    pub(super) took: Duration,
}

impl Http {
    pub(super) fn new(
        provider: &str,
        wire: &Wire,
        endpoint: &Endpoint,
        connection: &Connection,
    ) -> Self {
        let mut headers: HeaderMap = connection
            .headers
            .iter()
            .filter_map(|(name, value)| {
                // `resolve` has refused what does not fit.
                Some((
                    HeaderName::from_bytes(name.as_bytes()).ok()?,
                    HeaderValue::from_str(value).ok()?,
                ))
            })
            .collect();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some((name, value)) = wire.version_header() {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
        if let Some((_, key)) = &connection.key {
            let (name, before) = wire.key_header(endpoint);
            let mut value = HeaderValue::from_str(&format!("{before}{}", key.expose()))
                .expect("a key holds printable ASCII only");
            // Keeps it out of the debug output of every library below.
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Self {
            provider: provider.to_owned(),
            endpoint: endpoint.clone(),
            headers,
            ca_pem: connection.ca_pem.clone(),
            method: wire.method(),
            timeout: connection.timeout,
            client: OnceLock::new(),
        }
    }

    /// Sends `body` to `path` below the endpoint and reads the whole answer.
    ///
    /// Where `live` is given, the bytes of a good answer go there as they come and not into the body, unless the server
    /// sends it in one piece all the same.
    pub(super) async fn post(
        &self,
        path: &str,
        body: Vec<u8>,
        live: Option<&mut Live<'_>>,
    ) -> Result<Received, ProviderError> {
        let client = self.client.get_or_init(|| self.build()).clone()?;
        let started = Instant::now();
        let deadline = tokio::time::Instant::from_std(started) + self.timeout;
        let request = client
            .request(self.method.clone(), self.endpoint.join(path))
            .headers(self.headers.clone())
            .body(body)
            .send();
        // Without streaming the first byte comes when the answer is complete, so it has all the time there is.
        let response = timeout_at(deadline, request)
            .await
            .map_err(|_| self.timed_out(Phase::FirstByte, self.timeout))?
            .map_err(|error| self.failed(&error))?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let is_whole = status != 200
            || headers.get(CONTENT_TYPE).is_some_and(|kind| {
                kind.to_str().is_ok_and(|kind| kind.trim_start().starts_with("application/json"))
            });
        let live = live.filter(|_| !is_whole);
        let largest = if status == 200 { LARGEST_ANSWER } else { LARGEST_ERROR };
        let body = timeout_at(deadline, self.read(response, largest, live))
            .await
            .map_err(|_| self.timed_out(Phase::Total, self.timeout))??;
        Ok(Received { status, headers, body, took: started.elapsed() })
    }

    async fn read(
        &self,
        mut response: Response,
        largest: usize,
        mut live: Option<&mut Live<'_>>,
    ) -> Result<Vec<u8>, ProviderError> {
        let is_error = largest < LARGEST_ANSWER;
        // A stream begins before the model does, and a model may think for long: only the total time bounds it.
        let idle = if live.is_some() { self.timeout } else { IDLE_TIMEOUT };
        let mut body = Vec::new();
        let mut size = 0;
        loop {
            let chunk = match tokio::time::timeout(idle, response.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => return Ok(body),
                // The status is known, and more important than the rest of the message.
                _ if is_error => return Ok(body),
                Ok(Err(error)) => return Err(self.body(format!("it was cut: {}", cause(&error)))),
                Err(_) => return Err(self.timed_out(Phase::Body, idle)),
            };
            size += chunk.len();
            if size > largest {
                if is_error {
                    return Ok(body);
                }
                return Err(self.body(format!("it is larger than {} MiB", LARGEST_ANSWER >> 20)));
            }
            match &mut live {
                Some(live) => live(&chunk),
                None => body.extend_from_slice(&chunk),
            }
        }
    }

    fn build(&self) -> Result<Client, ConfigurationError> {
        // reqwest is built without a default, so that ring is the only cryptography in the binary. A second call
        // finds the provider installed, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("pf/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .connect_timeout(CONNECT_TIMEOUT.min(self.timeout))
            .dns_resolver(Resolver { loopback_only: self.endpoint.is_loopback() });
        if self.endpoint.is_loopback() {
            // What stays on this machine does not go through a proxy, which would read it in the clear.
            builder = builder.no_proxy();
        }
        if self.endpoint.scheme() == "http" {
            // Without TLS no certificate is needed, and a machine without any can still ask a local model.
            builder = builder.tls_certs_only([]);
        } else if let Some((path, pem)) = &self.ca_pem {
            let refused = |reason: String| ConfigurationError::CaFile {
                name: self.provider.clone(),
                path: path.clone(),
                reason,
            };
            let certificates = Certificate::from_pem_bundle(pem)
                .map_err(|error| refused(format!("is no PEM file ({})", cause(&error))))?;
            if certificates.is_empty() {
                return Err(refused(
                    "holds no certificate; expected `-----BEGIN CERTIFICATE-----`".into(),
                ));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        builder
            .build()
            .map_err(|error| ConfigurationError::NoCertificates { reason: cause(&error) })
    }

    /// Sorts an error by what may help: nothing for TLS, time where nobody listens, another attempt otherwise.
    fn failed(&self, error: &reqwest::Error) -> ProviderError {
        let host = self.endpoint.authority();
        if let Some(reason) = tls_cause(error) {
            return ProviderError::Tls { host, reason };
        }
        if error.is_connect() && error.is_timeout() {
            let reason = format!("no connection within {:?}", CONNECT_TIMEOUT.min(self.timeout));
            return ProviderError::Connect { host, reason };
        }
        if error.is_connect() {
            return ProviderError::Connect { host, reason: cause(error) };
        }
        // The request was on its way: the server may have worked on it, so this counts as an attempt.
        self.body(format!("the connection broke: {}", cause(error)))
    }

    pub(super) fn body(&self, reason: String) -> ProviderError {
        ProviderError::Body { host: self.endpoint.authority(), reason }
    }

    fn timed_out(&self, phase: Phase, limit: Duration) -> ProviderError {
        ProviderError::Timeout { host: self.endpoint.authority(), phase, limit }
    }
}

/// The innermost reason: the outer ones only say that a request failed.
fn cause(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    printable(&innermost.to_string(), 200)
}

fn tls_cause(error: &reqwest::Error) -> Option<String> {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            return Some(printable(&error.to_string(), 200));
        }
        // An I/O error passes over what it wraps when it is asked for its source.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        source = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

/// The system's resolver, without the addresses to which nothing is ever sent: a name can point at them, too.
struct Resolver {
    loopback_only: bool,
}

impl reqwest::dns::Resolve for Resolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let loopback_only = self.loopback_only;
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed: Vec<SocketAddr> = found
                .iter()
                .copied()
                .filter(|address| !is_refused(address.ip()))
                .filter(|address| !loopback_only || address.ip().is_loopback())
                .collect();
            if allowed.is_empty() && !found.is_empty() {
                return Err("its name points at a link-local or metadata address, or one that is not on this machine".into());
            }
            Ok(Box::new(allowed.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use reqwest::dns::Resolve;

    use super::*;

    fn resolve(name: &str, loopback_only: bool) -> Result<Vec<SocketAddr>, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let resolving = Resolver { loopback_only }.resolve(name.parse().unwrap());
        runtime.block_on(resolving).map(Iterator::collect).map_err(|error| error.to_string())
    }

    #[test]
    fn a_name_cannot_hide_a_refused_address() {
        assert!(resolve("169.254.169.254", false).unwrap_err().contains("metadata"));
        assert!(resolve("198.51.100.7", true).unwrap_err().contains("not on this machine"));
        assert_eq!(resolve("198.51.100.7", false), Ok(vec!["198.51.100.7:0".parse().unwrap()]));
        assert!(!resolve("localhost", true).unwrap().is_empty());
    }
}
