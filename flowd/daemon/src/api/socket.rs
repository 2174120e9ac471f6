//! The management socket: who may connect, and how often.
//!
//! The permissions of the socket's file let everyone connect, and users are told apart here: two groups may connect, with
//! different rights, while a file has one group; and a user who is refused reads why.

use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

use super::error::ApiError;
use crate::connections::{Connections, MOST};
use crate::control::Control;
use crate::peer::{GROUPS, Groups, Peer};
use config::access::Connection;
use service::clock;

/// The connections that are refused with an answer at the same time; others are closed without one.
const REFUSALS: usize = 16;
/// How long a user who is refused may take to send a request.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(2);
/// How long to wait before accepting again when the process has no file descriptor left.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// The listening socket. Dropping it removes its file.
pub(crate) struct ManagementSocket {
    listener: UnixListener,
    path: PathBuf,
    refusals: Arc<Semaphore>,
    groups: Groups,
    control: Arc<Control>,
}

impl ManagementSocket {
    /// Listens at `path`. The socket of a flowd that was killed is replaced; that of a running one is not.
    ///
    /// # Errors
    /// Where and why it cannot listen.
    pub(crate) fn open(path: &Path, control: Arc<Control>) -> io::Result<ManagementSocket> {
        ManagementSocket::open_for(path, GROUPS, control)
    }

    /// As [`ManagementSocket::open`], for groups of other names.
    pub(super) fn open_for(
        path: &Path,
        groups: Groups,
        control: Arc<Control>,
    ) -> io::Result<ManagementSocket> {
        let place =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        clear_path(path)?;
        let listener = UnixListener::bind(path).map_err(place)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666)).map_err(place)?;
        Ok(ManagementSocket {
            listener,
            path: path.to_owned(),
            refusals: Arc::new(Semaphore::new(REFUSALS)),
            groups,
            control,
        })
    }

    fn admit(&self, stream: UnixStream, peer: Peer) -> Option<(CountedConnection, Peer)> {
        let (open, connection) = Connection::open();
        let peer = Peer { connection, ..peer };
        let connections = self.control.connections.clone();
        let id = connections.add(peer.clone(), clock::unix_ms())?;
        let counted = CountedConnection {
            stream,
            id,
            connections,
            _open: open,
        };
        Some((counted, peer))
    }

    fn refuse(&self, stream: UnixStream, refusal: ApiError) {
        let Ok(permit) = self.refusals.clone().try_acquire_owned() else {
            return;
        };
        tokio::spawn(async move {
            let _ = tokio::time::timeout(REFUSAL_TIMEOUT, refuse(stream, refusal)).await;
            drop(permit);
        });
    }
}

impl Drop for ManagementSocket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Makes the socket's directory, and removes a socket there on which nobody answers.
///
/// # Errors
/// When a flowd answers there, or the file is something else.
pub(crate) fn clear_path(path: &Path) -> io::Result<()> {
    let place =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    if let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        std::fs::create_dir_all(parent).map_err(place)?;
    }
    let kind = match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(place(error)),
        Ok(metadata) => metadata.file_type(),
    };
    if !kind.is_socket() {
        return Err(place(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "there is something that is not a socket",
        )));
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            format!("another flowd answers on {}", path.display()),
        )),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path).map_err(place)
        }
        Err(error) => Err(place(error)),
    }
}

/// Reads a request's head, since a client reads its answer only then, and refuses the request.
async fn refuse(mut stream: UnixStream, refusal: ApiError) -> io::Result<()> {
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while head.len() < 16 << 10 && !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut buffer).await? {
            0 => break,
            read => head.extend_from_slice(&buffer[..read]),
        }
    }
    let status = refusal.status();
    let body = serde_json::to_string(refusal.body())?;
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

impl Listener for ManagementSocket {
    type Io = CountedConnection;
    type Addr = Peer;

    async fn accept(&mut self) -> (CountedConnection, Peer) {
        loop {
            let stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::error!("management socket: {error}");
                    tokio::time::sleep(RETRY_DELAY).await;
                    continue;
                }
            };
            // The peer has closed the connection already.
            let Ok(peer) = Peer::of(&stream, &self.groups) else {
                continue;
            };
            if peer
                .allowed(self.control.engine.configured_role(&peer.user))
                .is_none()
            {
                self.refuse(stream, ApiError::forbidden(&peer.user));
                continue;
            }
            let user = peer.user.clone();
            match self.admit(stream, peer) {
                Some(admitted) => return admitted,
                None => tracing::warn!("{user} has {MOST} connections open; no more are accepted"),
            }
        }
    }

    fn local_addr(&self) -> io::Result<Peer> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Connected<IncomingStream<'_, ManagementSocket>> for Peer {
    fn connect_info(stream: IncomingStream<'_, ManagementSocket>) -> Self {
        stream.remote_addr().clone()
    }
}

/// A client's connection, which counts as one of its user's while it is open.
pub(crate) struct CountedConnection {
    stream: UnixStream,
    id: u64,
    connections: Arc<Connections>,
    /// Tells [`Peer::connection`] that the connection is open.
    _open: Arc<()>,
}

impl Drop for CountedConnection {
    fn drop(&mut self) {
        self.connections.remove(self.id);
    }
}

impl AsyncRead for CountedConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for CountedConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
