//! The HTTP server: who asks for `/metrics` gets what is measured at that moment.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::{Mutex, RwLock};
use service::metric::Family;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::exposition::{self, Format};
use crate::settings::Settings;

/// Connections at a time; further ones wait until one ends.
const CONNECTIONS: usize = 32;
/// How long a client may take for the head of a request, and be silent between two.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// Octets of the head of a request.
const HEAD_OCTETS: usize = 16 << 10;
/// Connections that wait for `accept`.
const BACKLOG: i32 = 64;

/// Collects everything that is measured.
pub(crate) type Collect = Arc<dyn Fn() -> Vec<Family> + Send + Sync>;

/// What the server counts.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Requests that were answered.
    pub(crate) scrapes: AtomicU64,
    /// Connections of hosts that no `allow` has.
    pub(crate) denied: AtomicU64,
}

/// What the tasks share.
struct Shared {
    settings: RwLock<Settings>,
    collect: RwLock<Option<Collect>>,
    counts: Counts,
    connections: Arc<Semaphore>,
}

/// A server for any number of addresses.
pub(crate) struct Server {
    shared: Arc<Shared>,
    /// `None` once it is stopped.
    state: Mutex<Option<State>>,
}

struct State {
    runtime: Runtime,
    listening: BTreeMap<SocketAddr, JoinHandle<()>>,
    /// Why nothing listens at an address and port.
    down: BTreeMap<SocketAddr, String>,
}

/// Listening sockets that no task accepts from yet, and why there are none at other addresses.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    pub(crate) sockets: Vec<(SocketAddr, TcpListener)>,
    pub(crate) down: BTreeMap<SocketAddr, String>,
}

impl Server {
    /// Starts the thread; nothing listens yet.
    ///
    /// # Errors
    /// If the system refuses a thread or a descriptor.
    pub(crate) fn start() -> io::Result<Server> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("metrics")
            .enable_all()
            .build()?;
        Ok(Server {
            shared: Arc::new(Shared {
                settings: RwLock::default(),
                collect: RwLock::default(),
                counts: Counts::default(),
                connections: Arc::new(Semaphore::new(CONNECTIONS)),
            }),
            state: Mutex::new(Some(State {
                runtime,
                listening: BTreeMap::new(),
                down: BTreeMap::new(),
            })),
        })
    }

    /// Says how everything that is measured is collected.
    pub(crate) fn collect_by(&self, collect: Collect) {
        *self.shared.collect.write() = Some(collect);
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.shared.counts
    }

    /// Returns where the server listens, and why it does not at other addresses.
    pub(crate) fn listeners(&self) -> BTreeMap<SocketAddr, Option<String>> {
        let state = self.state.lock();
        let state = state.iter();
        let up = state.clone().flat_map(|state| state.listening.keys());
        let up = up.map(|at| (*at, None));
        let down = state.flat_map(|state| &state.down);
        up.chain(down.map(|(at, why)| (*at, Some(why.clone()))))
            .collect()
    }

    /// Returns the prefixes whose hosts may ask.
    pub(crate) fn allowed(&self) -> Vec<String> {
        let settings = self.shared.settings.read();
        settings.allow.iter().map(ToString::to_string).collect()
    }

    /// Opens the sockets that the server lacks for these settings.
    pub(crate) fn open(&self, settings: &Settings) -> Opened {
        let state = self.state.lock();
        let has = |at: &&SocketAddr| {
            state
                .as_ref()
                .is_some_and(|state| state.listening.contains_key(at))
        };
        let mut opened = Opened::default();
        for at in settings.endpoints.iter().filter(|at| !has(at)) {
            match listen(*at) {
                Ok(socket) => opened.sockets.push((*at, socket)),
                Err(error) => drop(opened.down.insert(*at, loss::describe(&error))),
            }
        }
        opened
    }

    /// Puts settings into force, with the sockets that were opened for them.
    pub(crate) fn apply(&self, settings: Settings, opened: Opened) {
        let mut state = self.state.lock();
        let Some(state) = &mut *state else {
            return;
        };
        state.listening.retain(|at, task| {
            let stays = settings.endpoints.contains(at);
            if !stays {
                task.abort();
            }
            stays
        });
        state.down = opened.down;
        *self.shared.settings.write() = settings;
        for (at, socket) in opened.sockets {
            let task = serve(socket, self.shared.clone());
            state.listening.insert(at, state.runtime.spawn(task));
        }
    }

    /// Tries again to listen where that was not possible. Returns the addresses where it is now.
    pub(crate) fn retry(&self) -> Vec<SocketAddr> {
        // Under the lock, so that what a commit puts into force meanwhile stays.
        let mut state = self.state.lock();
        let Some(state) = &mut *state else {
            return Vec::new();
        };
        let mut up = Vec::new();
        for (at, why) in &mut state.down {
            match listen(*at) {
                Ok(socket) => {
                    let task = state.runtime.spawn(serve(socket, self.shared.clone()));
                    state.listening.insert(*at, task);
                    up.push(*at);
                }
                Err(error) => *why = loss::describe(&error),
            }
        }
        state.down.retain(|at, _| !up.contains(at));
        up
    }

    /// Closes every socket and ends the thread.
    pub(crate) fn stop(&self) {
        let state = self.state.lock().take();
        if let Some(state) = state {
            state.runtime.shutdown_background();
        }
    }
}

/// Opens a listening socket. The host need not have the address yet.
fn listen(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(at), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    // The socket of another address of the same port is closed only when this one is in force.
    socket.set_reuse_port(true)?;
    match at {
        SocketAddr::V4(_) => socket.set_freebind_v4(true)?,
        SocketAddr::V6(_) => {
            socket.set_only_v6(true)?;
            socket.set_freebind_v6(true)?;
        }
    }
    socket.bind(&at.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Accepts connections until the task is aborted.
async fn serve(socket: TcpListener, shared: Arc<Shared>) {
    let Ok(socket) = tokio::net::TcpListener::from_std(socket) else {
        return;
    };
    loop {
        let Ok(slot) = shared.connections.clone().acquire_owned().await else {
            return;
        };
        let Ok((stream, peer)) = socket.accept().await else {
            // Without descriptors, for one: they may come back.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        if !shared.settings.read().allows(peer.ip()) {
            shared.counts.denied.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        let shared = shared.clone();
        tokio::spawn(async move {
            let answer = service_fn(|request| {
                let answer = answer(&request, &shared);
                async { Ok::<_, std::convert::Infallible>(answer) }
            });
            let mut connection = http1::Builder::new();
            connection
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT)
                .max_buf_size(HEAD_OCTETS);
            // What a client does wrong is its own matter.
            let _ = connection
                .serve_connection(TokioIo::new(stream), answer)
                .await;
            drop(slot);
        });
    }
}

fn answer(request: &Request<Incoming>, shared: &Shared) -> Response<Full<Bytes>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return text(
            StatusCode::METHOD_NOT_ALLOWED,
            "only GET is possible here\n",
        );
    }
    match request.uri().path() {
        "/metrics" => {}
        "/" => return text(StatusCode::OK, "The metrics of flowd are at /metrics.\n"),
        _ => return text(StatusCode::NOT_FOUND, "the metrics are at /metrics\n"),
    }
    let accept = request.headers().get(ACCEPT);
    let format = Format::accepted(
        accept
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default(),
    );
    let collect = shared.collect.read().clone();
    // Other services may keep this waiting for milliseconds.
    let written = tokio::task::block_in_place(|| {
        exposition::write(collect.map(|collect| collect()).unwrap_or_default(), format)
    });
    let Ok(body) = written else {
        return text(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the metrics cannot be written\n",
        );
    };
    shared.counts.scrapes.fetch_add(1, Ordering::Relaxed);
    let mut response = Response::new(Full::new(body.into()));
    let kind = HeaderValue::from_static(format.content_type());
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

fn text(status: StatusCode, body: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
