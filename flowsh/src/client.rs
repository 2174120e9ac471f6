//! The management API over the Unix socket: one connection, opened again when the daemon restarts.

use std::path::PathBuf;
use std::time::Duration;

use api::routes::{self, Delete, Get, Method, Post, Route};
use api::{Code, Errors, Nothing, Refusal};
use commands::Ask;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::json::JsonText;
use crate::progress::Progress;

/// The longest answer that is read, in octets.
const LONGEST_ANSWER: usize = 512 << 20;
/// How long connecting may take. The socket is local: a daemon that takes longer hangs.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// An answer of the daemon, read and as text.
#[derive(Clone, Debug)]
pub(crate) struct Received<A> {
    /// What the answer says.
    pub(crate) answer: A,
    /// The answer's text as it came, with members that this shell does not know.
    pub(crate) json: JsonText,
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("no answer from flowd on {socket}: {why}")]
    NoDaemon { socket: String, why: String },
    #[error("{}", .0.first().map_or("refused", |refusal| &refusal.message))]
    Refused(Vec<Refusal>),
    #[error(
        "the connection to flowd was lost before its answer; the request may or may not have been carried out ({0})"
    )]
    Lost(String),
    #[error("interrupted")]
    Interrupted,
    #[error("cannot parse flowd's answer: {0}")]
    Answer(String),
}

impl Error {
    /// Whether the daemon says that what was asked for is not there.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Error::Refused(refusals) if refusals.iter().any(|one| one.code == Code::NotFound))
    }
}

/// A client of the daemon.
pub(crate) struct Client {
    socket: PathBuf,
    runtime: Runtime,
    sender: Option<SendRequest<Full<Bytes>>>,
    /// The connection that a session ends with. It carries no other requests, since giving one up closes its connection.
    held: Option<SendRequest<Full<Bytes>>>,
    /// Signals of Ctrl-C, also those between requests; `None` where Ctrl-C ends the program.
    interrupts: Option<Signal>,
    /// Signals that the terminal is gone. The reader of keys notices that, too, and ends the session.
    hang_ups: Option<Signal>,
}

impl Client {
    /// Makes a client that connects with its first request. With `interruptible`, Ctrl-C gives up a request instead of
    /// ending the shell.
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
            held: None,
            interrupts,
            hang_ups,
        })
    }

    /// Makes another client of the same daemon; Ctrl-C does not give up its requests.
    pub(crate) fn another(&self) -> std::io::Result<Client> {
        Client::new(self.socket.clone(), false)
    }

    /// Returns whether Ctrl-C was typed since the last request or since this was asked last.
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

    /// Asks what a route shows. `names` stand in the places of the route's path.
    pub(crate) fn get<Q: Serialize, A: DeserializeOwned>(
        &mut self,
        route: Get<Q, A>,
        names: &[&str],
        query: &Q,
    ) -> Result<Received<A>, Error> {
        self.ask(route, names, query, Bytes::new())
    }

    /// Does what a route is for. `names` stand in the places of the route's path.
    pub(crate) fn post<B: Serialize, A: DeserializeOwned>(
        &mut self,
        route: Post<B, A>,
        names: &[&str],
        body: &B,
    ) -> Result<Received<A>, Error> {
        let body = serde_json::to_vec(body).map_err(|error| Error::Answer(error.to_string()))?;
        self.ask(route, names, &Nothing {}, body.into())
    }

    /// Does what a route is for on a connection of its own, which stays open until this is called again or the client is
    /// dropped.
    pub(crate) fn post_and_hold<B: Serialize, A: DeserializeOwned>(
        &mut self,
        route: Post<B, A>,
        names: &[&str],
        body: &B,
    ) -> Result<Received<A>, Error> {
        let usual = self.sender.take();
        let received = self.post(route, names, body);
        self.held = std::mem::replace(&mut self.sender, usual);
        received
    }

    /// Removes what a route is for.
    pub(crate) fn delete(&mut self, route: Delete, names: &[&str]) -> Result<(), Error> {
        self.ask(route, names, &Nothing {}, Bytes::new()).map(drop)
    }

    /// Asks what the route of a request shows, and returns the text of the answer.
    pub(crate) fn show(&mut self, ask: &Ask) -> Result<JsonText, Error> {
        self.request(Method::Get, ask.route, &ask.target, Bytes::new())
            .map(JsonText::received)
    }

    fn ask<Q: Serialize, B, A: DeserializeOwned>(
        &mut self,
        route: Route<Q, B, A>,
        names: &[&str],
        query: &Q,
        body: Bytes,
    ) -> Result<Received<A>, Error> {
        let target = route.target(names, query);
        let text = self.request(route.method, route.name, &target, body)?;
        let answer =
            serde_json::from_str(&text).map_err(|error| Error::Answer(error.to_string()))?;
        let json = JsonText::received(text);
        Ok(Received { answer, json })
    }

    /// Sends a request of the route of that name and returns the text of its answer.
    fn request(
        &mut self,
        method: Method,
        route: &str,
        target: &str,
        body: Bytes,
    ) -> Result<String, Error> {
        let Client {
            socket,
            runtime,
            sender,
            interrupts,
            hang_ups,
            ..
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
                    () = second => progress.say(&format!("{} {seconds} s, Ctrl-C gives up", doing(route))),
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
            return match bytes.is_empty() {
                true => Ok("{}".to_owned()),
                false => String::from_utf8(bytes.into())
                    .map_err(|error| Error::Answer(error.to_string())),
            };
        }
        let errors: Errors = serde_json::from_slice(&bytes).unwrap_or_default();
        let mut refusals = errors.errors;
        if refusals.is_empty() {
            let message = format!("flowd refused {target}: {status}");
            refusals.push(Refusal::new(Code::Invalid, message));
        }
        Err(Error::Refused(refusals))
    }
}

/// Says what flowd does while a request of this route takes long.
fn doing(route: &str) -> &'static str {
    match route {
        _ if route == routes::EDIT.name => "flowd reads the text:",
        _ if route == routes::COMMIT.name => "flowd commits:",
        _ if route == routes::CHECK.name => "flowd checks:",
        _ if route.starts_with("CLEAR_") => "flowd clears:",
        _ => "flowd answers:",
    }
}

/// Sends a request and reads its answer. A connection that the daemon closed meanwhile is opened again, once, as
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
            .method(method.name())
            .uri(target)
            .header("host", "flowd")
            .header("content-type", "application/json")
            .body(Full::new(body.clone()))
            .map_err(|error| Error::Answer(error.to_string()))?;
        let response = match sender.try_send_request(request).await {
            Ok(response) => response,
            Err(mut error) => {
                // Not sent, or harmless to send twice.
                if attempt == 0 && (error.take_message().is_some() || method == Method::Get) {
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
        .map_err(|_| none("it does not accept the connection".into()))?
        .map_err(|error| none(plain(&error)))?;
    let (sender, connection) = handshake(TokioIo::new(stream))
        .await
        .map_err(|error| none(error.to_string()))?;
    tokio::spawn(connection);
    Ok(sender)
}

/// Writes an error of the operating system in words that say what to do.
fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such socket; is flowd running?".into(),
        std::io::ErrorKind::ConnectionRefused => "nothing listens on it; is flowd running?".into(),
        std::io::ErrorKind::PermissionDenied => {
            "permission denied; are you in the group flowd or flowd-admin?".into()
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_socket_is_no_daemon() {
        let dir = tempfile::tempdir().unwrap();
        let mut client = Client::new(dir.path().join("none.sock"), false).unwrap();
        let error = client.get(routes::VERSION, &[], &Nothing {}).unwrap_err();
        assert!(
            matches!(&error, Error::NoDaemon { why, .. } if why.contains("is flowd running")),
            "{error}"
        );
    }
}
