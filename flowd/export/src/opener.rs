//! The thread that resolves the names of collectors and opens sockets. A name server may take seconds to answer, and the exporters
//! have datagrams to send meanwhile.

use std::io;
use std::net::IpAddr;
use std::thread::{self, JoinHandle};

use crossbeam_channel::Sender;
use resolve::Resolved;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::LocalSet;

use crate::connection::Connection;
use crate::open_error::OpenError;
use crate::settings::Settings;
use crate::socket::{Socket, unresolved};

/// What messages go out by.
#[derive(Debug)]
pub(crate) enum Path {
    /// Datagrams.
    Socket(Socket),
    /// A stream.
    Connection(Connection),
}

/// A socket to open.
#[derive(Clone, Debug)]
pub(crate) struct OpenRequest {
    pub(crate) settings: Settings,
    /// The addresses of the destination; `None`: its name has to be resolved.
    pub(crate) addresses: Option<Vec<IpAddr>>,
    /// The address that datagrams go to now. It stays as long as the name has it.
    pub(crate) current: Option<IpAddr>,
}

/// The result of a request.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) settings: Settings,
    /// What the name resolved to, if it was resolved.
    pub(crate) resolved: Option<Result<Resolved, String>>,
    pub(crate) path: Result<Path, OpenError>,
}

/// The handle to the thread. Dropping it ends the thread.
#[derive(Debug)]
pub(crate) struct Opener {
    requests: Option<UnboundedSender<OpenRequest>>,
    thread: Option<JoinHandle<()>>,
}

impl Opener {
    /// Starts the thread, which hands its results to `opened`.
    pub(crate) fn start(opened: Sender<Opened>) -> io::Result<Opener> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (requests, receiver) = unbounded_channel();
        let thread = thread::Builder::new()
            .name("export-open".into())
            .spawn(move || LocalSet::new().block_on(&runtime, serve(receiver, opened)))?;
        Ok(Opener {
            requests: Some(requests),
            thread: Some(thread),
        })
    }

    /// Has a socket opened.
    pub(crate) fn open(&self, request: OpenRequest) {
        if let Some(requests) = &self.requests {
            // Cannot fail: the thread ends only when this handle does.
            let _ = requests.send(request);
        }
    }
}

impl Drop for Opener {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(mut requests: UnboundedReceiver<OpenRequest>, opened: Sender<Opened>) {
    while let Some(request) = requests.recv().await {
        let opened = opened.clone();
        // The export thread may have ended.
        tokio::task::spawn_local(async move {
            let _ = opened.send(open(request).await);
        });
    }
}

async fn open(request: OpenRequest) -> Opened {
    let OpenRequest {
        settings,
        addresses,
        current,
    } = request;
    let (mut addresses, resolved) = match addresses {
        Some(addresses) => (addresses, None),
        None => match resolve::resolve(&settings.destination).await {
            Ok(resolved) => (resolved.addresses.clone(), Some(Ok(resolved))),
            Err(why) => {
                return Opened {
                    path: Err(unresolved(&settings, why.clone())),
                    resolved: Some(Err(why)),
                    settings,
                };
            }
        },
    };
    // The present one first.
    addresses.sort_by_key(|address| Some(*address) != current);
    Opened {
        path: match settings.is_stream() {
            true => Connection::open(&settings, &addresses)
                .await
                .map(Path::Connection),
            false => Socket::open(&settings, &addresses).map(Path::Socket),
        },
        resolved,
        settings,
    }
}
