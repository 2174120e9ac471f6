//! The management API over the Unix socket: one connection, opened again when the daemon restarts.

use std::path::PathBuf;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use tokio::net::UnixStream;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::progress::Progress;

/// The longest answer that is read, in octets.
const LONGEST_ANSWER: usize = 512 << 20;
/// The daemon's queue of connections is local: longer means that it hangs.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// One reason for a refusal, as the API has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct Reason {
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) path: Vec<String>,
    pub(crate) line: Option<usize>,
    pub(crate) column: Option<usize>,
    pub(crate) length: Option<usize>,
    pub(crate) hint: Option<String>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("no answer from flowd on {socket}: {why}")]
    NoDaemon { socket: String, why: String },
    #[error("{}", .reasons.first().map_or("refused", |reason| &reason.message))]
    Refused { status: u16, reasons: Vec<Reason> },
    #[error(
        "flowd went away while it answered; it is not known whether it did what was asked ({0})"
    )]
    Lost(String),
    #[error("interrupted")]
    Interrupted,
    #[error("flowd's answer is not understood: {0}")]
    Answer(String),
}

/// A client of the daemon.
pub(crate) struct Client {
    socket: PathBuf,
    runtime: Runtime,
    sender: Option<SendRequest<Full<Bytes>>>,
    /// Ctrl-C, also while nothing is asked; `None`: it ends the program.
    interrupts: Option<Signal>,
    /// The terminal is gone. The one who reads keys notices that, and gives the session back.
    hang_ups: Option<Signal>,
}

impl Client {
    /// Nothing is opened yet. With `interruptible`, Ctrl-C gives up a request instead of ending the shell.
    pub(crate) fn new(socket: PathBuf, interruptible: bool) -> std::io::Result<Client> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let caught = |kind| {
            let _context = runtime.enter();
            interruptible.then(|| signal(kind)).transpose()
        };
        let interrupts = caught(SignalKind::interrupt())?;
        let hang_ups = caught(SignalKind::hangup())?;
        Ok(Client {
            socket,
            runtime,
            sender: None,
            interrupts,
            hang_ups,
        })
    }

    /// Another one of the same daemon, which Ctrl-C does not concern.
    pub(crate) fn another(&self) -> std::io::Result<Client> {
        Client::new(self.socket.clone(), false)
    }

    /// Whether Ctrl-C was typed since the last request or question.
    pub(crate) fn interrupted(&mut self) -> bool {
        let Some(interrupts) = &mut self.interrupts else {
            return false;
        };
        self.runtime.block_on(async {
            // The runtime looks for signals when a task waits.
            tokio::task::yield_now().await;
            tokio::select! {
                biased;
                _ = interrupts.recv() => true,
                () = std::future::ready(()) => false,
            }
        })
    }

    /// `GET path?query`
    pub(crate) fn get(&mut self, path: &str, query: &[(&str, &str)]) -> Result<Json, Error> {
        self.get_as(path, query)
    }

    /// `GET path?query`, read as what it is.
    pub(crate) fn get_as<T: DeserializeOwned>(
        &mut self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Error> {
        let mut target = path.to_owned();
        for (i, (key, value)) in query.iter().enumerate() {
            target.push(if i == 0 { '?' } else { '&' });
            target.push_str(key);
            target.push('=');
            target.push_str(&escaped(value));
        }
        self.ask(Method::GET, &target, None)
    }

    /// `POST path` with a JSON body.
    pub(crate) fn post(&mut self, path: &str, body: &Json) -> Result<Json, Error> {
        self.ask(Method::POST, path, Some(body))
    }

    /// `DELETE path`
    pub(crate) fn delete(&mut self, path: &str) -> Result<Json, Error> {
        self.ask(Method::DELETE, path, None)
    }

    fn ask<T: DeserializeOwned>(
        &mut self,
        method: Method,
        target: &str,
        body: Option<&Json>,
    ) -> Result<T, Error> {
        let body = Bytes::from(body.map(Json::to_string).unwrap_or_default());
        let Client {
            socket,
            runtime,
            sender,
            interrupts,
            hang_ups,
        } = self;
        let socket = &*socket;
        let result = runtime.block_on(async {
            let asked = exchange(socket, sender, method, target, body);
            let (Some(interrupts), Some(hang_ups)) = (interrupts, hang_ups) else {
                return asked.await;
            };
            tokio::pin!(asked);
            let mut progress = Progress::default();
            for seconds in 1.. {
                let second = tokio::time::sleep(Duration::from_secs(1));
                tokio::select! {
                    biased;
                    result = &mut asked => return result,
                    _ = interrupts.recv() => return Err(Error::Interrupted),
                    _ = hang_ups.recv() => return Err(Error::Interrupted),
                    () = second => progress.say(&format!("{} {seconds} s, Ctrl-C gives up", doing(target))),
                }
            }
            Err(Error::Interrupted)
        });
        if matches!(
            result,
            Err(Error::Lost(_) | Error::Interrupted | Error::Answer(_))
        ) {
            self.sender = None;
        }
        let (status, bytes) = result?;
        if status.is_success() {
            let body: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
            return serde_json::from_slice(body).map_err(|error| Error::Answer(error.to_string()));
        }
        let mut reasons: Vec<Reason> = serde_json::from_slice::<Json>(&bytes)
            .ok()
            .and_then(|mut answer| serde_json::from_value(answer["errors"].take()).ok())
            .unwrap_or_default();
        if reasons.is_empty() {
            let message = format!("flowd refused {target}: {status}");
            reasons.push(Reason {
                message,
                ..Reason::default()
            });
        }
        Err(Error::Refused {
            status: status.as_u16(),
            reasons,
        })
    }
}

/// What takes so long.
fn doing(target: &str) -> &'static str {
    match target.rsplit('/').next() {
        Some("edit") => "flowd reads the text:",
        Some("commit") => "flowd commits:",
        Some("check") => "flowd checks:",
        _ if target.contains("/clear/") => "flowd clears:",
        _ => "flowd answers:",
    }
}

/// One request and its answer. A connection that the daemon closed meanwhile is opened again, once, as
/// long as the request has not gone out.
async fn exchange(
    socket: &std::path::Path,
    kept: &mut Option<SendRequest<Full<Bytes>>>,
    method: Method,
    target: &str,
    body: Bytes,
) -> Result<(StatusCode, Bytes), Error> {
    for attempt in 0.. {
        let mut usable = None;
        if let Some(mut sender) = kept.take()
            && sender.ready().await.is_ok()
        {
            usable = Some(sender);
        }
        let mut sender = match usable {
            Some(sender) => sender,
            None => connect(socket).await?,
        };
        let request = Request::builder()
            .method(&method)
            .uri(target)
            .header("host", "flowd")
            .header("content-type", "application/json")
            .body(Full::new(body.clone()))
            .map_err(|error| Error::Answer(error.to_string()))?;
        let response = match sender.try_send_request(request).await {
            Ok(response) => response,
            Err(mut error) => {
                // Not sent, or harmless to send twice.
                if attempt == 0 && (error.take_message().is_some() || method == Method::GET) {
                    continue;
                }
                return Err(Error::Lost(error.into_error().to_string()));
            }
        };
        let status = response.status();
        let bytes = Limited::new(response.into_body(), LONGEST_ANSWER)
            .collect()
            .await
            .map_err(|error| Error::Lost(error.to_string()))?
            .to_bytes();
        *kept = Some(sender);
        return Ok((status, bytes));
    }
    Err(Error::Lost("the connection closed twice".into()))
}

async fn connect(socket: &std::path::Path) -> Result<SendRequest<Full<Bytes>>, Error> {
    let none = |why: String| Error::NoDaemon {
        socket: socket.display().to_string(),
        why,
    };
    let stream = tokio::time::timeout(CONNECT_TIMEOUT, UnixStream::connect(socket))
        .await
        .map_err(|_| none("it does not take the connection".into()))?
        .map_err(|error| none(plain(&error)))?;
    let (sender, connection) = handshake(TokioIo::new(stream))
        .await
        .map_err(|error| none(error.to_string()))?;
    tokio::spawn(connection);
    Ok(sender)
}

/// An operating system's error in words that say what to do.
fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such socket; is flowd running?".into(),
        std::io::ErrorKind::ConnectionRefused => "nobody listens; is flowd running?".into(),
        std::io::ErrorKind::PermissionDenied => {
            "permission denied; are you in the group flowd or flowd-admin?".into()
        }
        _ => error.to_string(),
    }
}

/// Percent-encoding of a path segment or a query value (RFC 3986 §2.3: the unreserved stay).
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for octet in text.bytes() {
        match octet {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(char::from(octet))
            }
            _ => escaped.push_str(&format!("%{octet:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_characters_are_escaped() {
        assert_eq!(escaped("eth0.100/a b?ü"), "eth0.100%2Fa%20b%3F%C3%BC");
    }

    #[test]
    fn no_socket_is_no_daemon() {
        let dir = tempfile::tempdir().unwrap();
        let mut client = Client::new(dir.path().join("none.sock"), false).unwrap();
        let error = client.get("/v1/version", &[]).unwrap_err();
        assert!(
            matches!(&error, Error::NoDaemon { why, .. } if why.contains("is flowd running")),
            "{error}"
        );
    }
}
