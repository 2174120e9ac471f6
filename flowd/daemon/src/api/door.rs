//! The management socket: who may come in, and how often.
//!
//! The socket file is open to everyone and the door is kept here. Two groups may connect, with different
//! rights, and a file has only one group; and so a refused user reads why.

use std::collections::HashMap;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

use super::error::ApiError;
use crate::control::Control;
use config::access::Connection;

use crate::peer::{GROUPS, Groups, Peer};

/// Connections one user may have open; without a bound one of them could shut all others out.
const CONNECTIONS: usize = 64;
/// Strangers that are told so at the same time; more are just hung up on.
const STRANGERS: usize = 16;
/// How long a stranger may take to ask.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long to wait when the process has no file descriptor left.
const REST: Duration = Duration::from_millis(100);

/// The listening socket; its file goes when it is dropped.
pub(crate) struct Door {
    listener: UnixListener,
    path: PathBuf,
    guests: Arc<Mutex<HashMap<u32, usize>>>,
    strangers: Arc<Semaphore>,
    groups: Groups,
    control: Arc<Control>,
}

impl Door {
    /// Listens at `path`. A file that a killed flowd left is replaced, one that a living flowd answers on is not.
    ///
    /// # Errors
    /// Where and why it cannot listen.
    pub(crate) fn open(path: &Path, control: Arc<Control>) -> io::Result<Door> {
        Door::open_for(path, GROUPS, control)
    }

    /// As [`Door::open`], for groups of other names.
    pub(super) fn open_for(path: &Path, groups: Groups, control: Arc<Control>) -> io::Result<Door> {
        let place =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        make_way(path)?;
        let listener = UnixListener::bind(path).map_err(place)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666)).map_err(place)?;
        Ok(Door {
            listener,
            path: path.to_owned(),
            guests: Arc::default(),
            strangers: Arc::new(Semaphore::new(STRANGERS)),
            groups,
            control,
        })
    }

    fn enter(&self, stream: UnixStream, peer: &Peer) -> Option<(Guest, Connection)> {
        let mut guests = self.guests.lock();
        let count = guests.entry(peer.uid).or_default();
        if *count >= CONNECTIONS {
            return None;
        }
        *count += 1;
        let (open, connection) = Connection::open();
        let guest = Guest {
            stream,
            uid: peer.uid,
            guests: self.guests.clone(),
            _open: open,
        };
        Some((guest, connection))
    }

    fn refuse(&self, stream: UnixStream, refusal: ApiError) {
        let Ok(permit) = self.strangers.clone().try_acquire_owned() else {
            return;
        };
        tokio::spawn(async move {
            let _ = tokio::time::timeout(PATIENCE, refuse(stream, refusal)).await;
            drop(permit);
        });
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Makes the directory, and removes a socket nobody answers on.
///
/// # Errors
/// When a flowd answers there, or the file is something else.
pub(crate) fn make_way(path: &Path) -> io::Result<()> {
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

/// Reads a request's head, so that the peer is reading when the answer comes, and refuses it.
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

impl Listener for Door {
    type Io = Guest;
    type Addr = Peer;

    async fn accept(&mut self) -> (Guest, Peer) {
        loop {
            let stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::error!("management socket: {error}");
                    tokio::time::sleep(REST).await;
                    continue;
                }
            };
            // A peer that is gone again has nothing to ask.
            let Ok(peer) = Peer::of(&stream, &self.groups) else {
                continue;
            };
            if peer
                .allowed(self.control.engine.level(&peer.user))
                .is_none()
            {
                self.refuse(stream, ApiError::forbidden(&peer.user));
                continue;
            }
            match self.enter(stream, &peer) {
                Some((guest, connection)) => return (guest, Peer { connection, ..peer }),
                None => tracing::warn!(
                    "{} has {CONNECTIONS} connections open; no more are taken",
                    peer.user
                ),
            }
        }
    }

    fn local_addr(&self) -> io::Result<Peer> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Connected<IncomingStream<'_, Door>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.remote_addr().clone()
    }
}

/// A connection that is counted while it is open.
pub(crate) struct Guest {
    stream: UnixStream,
    uid: u32,
    guests: Arc<Mutex<HashMap<u32, usize>>>,
    /// What [`Peer::connection`] goes by.
    _open: Arc<()>,
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut guests = self.guests.lock();
        if let Some(count) = guests.get_mut(&self.uid) {
            *count -= 1;
            if *count == 0 {
                guests.remove(&self.uid);
            }
        }
    }
}

impl AsyncRead for Guest {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Guest {
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
