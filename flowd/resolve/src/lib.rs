//! Host names to addresses, with the time for which the answer holds: exporters and receivers follow a name by its TTL.

use std::net::IpAddr;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::net::{DnsError, NetError};
use tokio::time;

/// How long a name may take to resolve.
const PATIENCE: Duration = Duration::from_secs(10);
/// Shortest time between two queries for a name, whatever its TTL.
const LEAST_TTL: Duration = Duration::from_secs(1);
/// Longest time between two queries for a name, because nobody waits for a TTL of days, or for that of `/etc/hosts`.
const MOST_TTL: Duration = Duration::from_secs(300);
/// The first wait after a name did not resolve; it doubles up to [`MOST_RETRY`].
const RETRY: Duration = Duration::from_secs(1);
/// Longest wait after a name did not resolve: what waits for a name works again soon after the name does.
const MOST_RETRY: Duration = Duration::from_secs(5);

/// The addresses of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The addresses, at least one; those of IPv4 come first.
    pub addresses: Vec<IpAddr>,
    /// How long they hold.
    pub ttl: Duration,
}

/// How long to wait before a name that did not resolve is tried again.
#[derive(Clone, Copy, Debug)]
pub struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Backoff(RETRY)
    }
}

impl Backoff {
    /// Returns the wait after another failure.
    pub fn wait(&mut self) -> Duration {
        let wait = self.0;
        self.0 = (2 * wait).min(MOST_RETRY);
        wait
    }
}

/// Resolves a name. Reads the resolver's configuration and `/etc/hosts` each time, because they change.
///
/// # Errors
/// Why there is no address, in words.
pub async fn resolve(name: &str) -> Result<Resolved, String> {
    match time::timeout(PATIENCE, lookup(name)).await {
        Ok(result) => result,
        Err(_) => Err(format!("no answer in {} s", PATIENCE.as_secs())),
    }
}

/// Resolves a name for a caller that waits, for `patience` at most.
///
/// # Errors
/// Those of [`resolve`].
pub fn resolve_within(name: &str, patience: Duration) -> Result<Resolved, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| loss::describe(&error))?;
    let result = runtime.block_on(async { time::timeout(patience, resolve(name)).await });
    result.unwrap_or_else(|_| Err(format!("no answer in {} s", patience.as_secs())))
}

async fn lookup(name: &str) -> Result<Resolved, String> {
    let mut builder = TokioResolver::builder_tokio().map_err(|error| describe(&error))?;
    builder.options_mut().cache_size = 0;
    let resolver = builder.build().map_err(|error| describe(&error))?;
    let answer = resolver
        .lookup_ip(name)
        .await
        .map_err(|error| describe(&error))?;
    let mut addresses: Vec<IpAddr> = answer.iter().collect();
    addresses.sort_by_key(IpAddr::is_ipv6);
    if addresses.is_empty() {
        return Err("it has no address".into());
    }
    let answers = answer.as_lookup().answers().iter();
    let ttl = answers.map(|record| record.ttl).min().unwrap_or(0);
    let ttl = Duration::from_secs(ttl.into()).clamp(LEAST_TTL, MOST_TTL);
    Ok(Resolved { addresses, ttl })
}

/// Says in words why a name has no address.
fn describe(error: &NetError) -> String {
    match error {
        error if error.is_nx_domain() => "there is no such name".into(),
        error if error.is_no_records_found() => "it has no address".into(),
        NetError::Dns(DnsError::ResponseCode(code)) => {
            format!("the name server refuses: {code}")
        }
        NetError::Timeout => "no name server answers".into(),
        NetError::NoConnections => "no name server can be reached".into(),
        NetError::Io(error) => loss::describe(error),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_hosts_file_resolve() {
        let resolved = resolve_within("localhost", PATIENCE).unwrap();
        assert!(resolved.addresses[0].is_loopback());
        assert!((LEAST_TTL..=MOST_TTL).contains(&resolved.ttl));
    }

    #[test]
    fn what_cannot_be_a_name_is_said_in_words() {
        let why = resolve_within("no such host.invalid", PATIENCE).unwrap_err();
        assert!(!why.is_empty() && !why.contains("os error"), "{why}");
    }

    #[test]
    fn a_name_that_does_not_resolve_is_tried_again_within_seconds() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..5).map(|_| backoff.wait().as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 5, 5]);
    }
}
