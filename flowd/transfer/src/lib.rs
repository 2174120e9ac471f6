//! Downloads texts from URLs and uploads them: `http`, `https` and `sftp`, limited in size and time. Calls block.
//!
//! HTTP uses ureq with rustls and the certificates of the host; downloads are GET requests, uploads PUT, and
//! redirections are followed. SFTP uses the host's `sftp` program with its keys, known hosts and configuration,
//! without prompts.

mod sftp;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

/// Limits of a transfer.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most octets to download.
    pub octets: u64,
    /// Most time from name resolution to the last octet.
    pub time: Duration,
}

/// Why a transfer failed. No message contains the password of a URL.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is not a URL of these schemes.
    #[error("{0}")]
    Url(String),
    /// The server refused the request.
    #[error("the server answers {status}{}", reason(*status))]
    Refused {
        /// HTTP status code.
        status: u16,
    },
    /// The content has more octets than allowed.
    #[error("it has more than {} MiB", .0 >> 20)]
    TooLong(u64),
    /// The transfer took longer than allowed.
    #[error("it takes longer than {} s", .0.as_secs())]
    TooSlow(Duration),
    /// Any other reason, in the words of the system or of the `sftp` program.
    #[error("{0}")]
    Failed(String),
}

/// A short description of common status codes.
fn reason(status: u16) -> &'static str {
    match status {
        401 => ": unauthorized; USER:PASSWORD@ goes before the host",
        403 => ": forbidden",
        404 => ": not found",
        405 => ": it takes no PUT",
        _ => "",
    }
}

/// Whether a text is a URL, as opposed to a file name.
pub fn is_url(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|octet| octet.is_ascii_alphanumeric())
    })
}

/// The URL without user name and password.
pub fn shown(url: &str) -> String {
    match parts(url) {
        Some(parts) => format!("{}://{}{}", parts.scheme, parts.host, parts.path),
        None => url.to_owned(),
    }
}

/// Downloads the content.
///
/// # Errors
/// The transfer failed, see [`Error`].
pub fn fetch(url: &str, limits: Limits) -> Result<Vec<u8>, Error> {
    let parts = known(url)?;
    if parts.scheme == "sftp" {
        return sftp::fetch(&parts, limits);
    }
    let mut request = agent(limits).get(parts.http());
    if let Some(authorization) = parts.authorization() {
        request = request.header("authorization", authorization);
    }
    let mut answer = request.call().map_err(|error| failed(error, limits))?;
    let body = answer.body_mut().with_config().limit(limits.octets);
    body.read_to_vec().map_err(|error| failed(error, limits))
}

/// Uploads content, replacing what is there.
///
/// # Errors
/// The transfer failed, see [`Error`].
pub fn store(url: &str, content: &[u8], limits: Limits) -> Result<(), Error> {
    let parts = known(url)?;
    if parts.scheme == "sftp" {
        return sftp::store(&parts, content, limits);
    }
    let mut request = agent(limits).put(parts.http());
    if let Some(authorization) = parts.authorization() {
        request = request.header("authorization", authorization);
    }
    let request = request.header("content-type", "text/plain; charset=utf-8");
    request
        .send(content)
        .map(drop)
        .map_err(|error| failed(error, limits))
}

fn agent(limits: Limits) -> Agent {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    Agent::config_builder()
        .timeout_global(Some(limits.time))
        .tls_config(tls)
        .user_agent("flowd")
        .build()
        .into()
}

fn failed(error: ureq::Error, limits: Limits) -> Error {
    match error {
        ureq::Error::StatusCode(status) => Error::Refused { status },
        ureq::Error::BodyExceedsLimit(_) => Error::TooLong(limits.octets),
        ureq::Error::Timeout(_) => Error::TooSlow(limits.time),
        other => Error::Failed(other.to_string()),
    }
}

/// The parts of a URL.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parts<'a> {
    pub(crate) scheme: &'a str,
    /// `USER` or `USER:PASSWORD`.
    user: Option<&'a str>,
    /// Host, with the port if given.
    pub(crate) host: &'a str,
    /// Path with its leading slash; empty if there is none.
    pub(crate) path: &'a str,
}

fn parts(url: &str) -> Option<Parts<'_>> {
    let (scheme, rest) = url.split_once("://")?;
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    Some(Parts {
        scheme,
        user,
        host,
        path,
    })
}

/// The parts of a URL with a supported scheme.
fn known(url: &str) -> Result<Parts<'_>, Error> {
    let wrong = |why: &str| Err(Error::Url(why.to_owned()));
    let Some(parts) = parts(url) else {
        return wrong("it is not a URL");
    };
    if !["http", "https", "sftp"].contains(&parts.scheme) {
        return wrong("http, https and sftp are possible");
    }
    if parts.host.is_empty() || parts.host.starts_with('-') {
        return wrong("the host is missing");
    }
    if url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return wrong("a blank cannot stand in a URL");
    }
    Ok(parts)
}

impl Parts<'_> {
    fn http(&self) -> String {
        format!("{}://{}{}", self.scheme, self.host, self.path)
    }

    /// The value of the Authorization header (RFC 7617).
    fn authorization(&self) -> Option<String> {
        let user = self.user.filter(|user| !user.is_empty())?;
        Some(format!("Basic {}", STANDARD.encode(user)))
    }

    pub(crate) fn user(&self) -> Option<&str> {
        self.user
    }
}

#[cfg(test)]
mod tests;
