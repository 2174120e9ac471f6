//! Fuzzes the management API: the real routes behind the real HTTP, in one process with a daemon on a state folder of its
//! own. It is the body of `flowd`'s binary when that is built with the feature `fuzz`; see `Cargo.toml` here.
//!
//! The input's first character says who asks: `!` sends what follows as it is, `o` is an operator, anything else an
//! administrator. Then come requests, each a line `METHOD TARGET`, with its body up to the next empty line. `@` in a target
//! is a session of the asker.

use std::io;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use api::host::Role;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;

use crate::api::router;
use crate::control::Control;
use crate::peer::Peer;
use config::access::Connection;
use service::clock;

/// What runs between two inputs.
const BASE: &str = "set system host-name fuzzed
set flow exporter E destination 127.0.0.1
set flow record R match ipv4 protocol
set flow record R collect counter bytes
set flow monitor M record R
set flow monitor M exporter E
set interfaces ethernet lo flow monitor M direction both
set system flow-accounting interface lo
set system flow-accounting netflow server 127.0.0.1
set flow samplicator X listen-address 127.0.0.1
set flow samplicator X receiver A address 127.0.0.1
set flow samplicator X receiver A port 9
set flow samplicator X source 10.0.0.0/8 receiver A
";

/// Leaves that take as much memory or as many threads as they say. A candidate that has one is not committed: what is
/// fuzzed is the API, and the machine has other users.
const LARGE: &[&str] = &[
    " capture ",
    " threads ",
    " entries ",
    " max-flows ",
    "-size ",
    "-buffer ",
];

/// Requests of one input.
const MOST: usize = 12;

/// An answer that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(100);

/// What a server that waits for the rest of a request is given.
const MOMENT: Duration = Duration::from_millis(5);

/// The other ends of connections, handed to the server.
struct Pipes(mpsc::Receiver<(DuplexStream, Peer)>);

impl Listener for Pipes {
    type Io = DuplexStream;
    type Addr = Peer;

    async fn accept(&mut self) -> (DuplexStream, Peer) {
        match self.0.recv().await {
            Some(guest) => guest,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Peer> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Connected<IncomingStream<'_, Pipes>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Pipes>) -> Self {
        stream.remote_addr().clone()
    }
}

/// The daemon of this process.
struct Daemon {
    control: Arc<Control>,
    runtime: tokio::runtime::Runtime,
    connect: mpsc::Sender<(DuplexStream, Peer)>,
}

static DAEMON: LazyLock<Mutex<Daemon>> = LazyLock::new(|| Mutex::new(Daemon::start()));

/// The folder of its state is new for each process and stays behind.
fn state() -> std::path::PathBuf {
    let base = std::env::var_os("FLOWD_FUZZ_STATE").map_or_else(std::env::temp_dir, Into::into);
    let state = base.join(format!("flowd-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&state).expect("a folder for the state");
    state
}

impl Daemon {
    fn start() -> Daemon {
        let (now, now_ms) = (clock::monotonic(), clock::unix_ms());
        let control = Control::open(&state(), now, now_ms).expect("the state opens");
        let control = Arc::new(control);
        control
            .engine
            .boot(now, now_ms)
            .expect("nothing to boot from");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let (connect, pipes) = mpsc::channel(1);
        let service = router(control.clone()).into_make_service_with_connect_info::<Peer>();
        runtime.spawn(async move { axum::serve(Pipes(pipes), service).await });
        let daemon = Daemon {
            control,
            runtime,
            connect,
        };
        daemon.reset();
        daemon
    }

    /// Sends octets on a connection of their own and returns what comes back until the server hangs up. A server that waits
    /// for more is hung up on after `moment`, or it hangs.
    fn exchange(&self, peer: &Peer, octets: &[u8], moment: Option<Duration>) -> Vec<u8> {
        self.runtime.block_on(async {
            let (mut here, there) = tokio::io::duplex(1 << 16);
            let guest = (there, peer.clone());
            self.connect.send(guest).await.expect("the server runs");
            let mut answer = Vec::new();
            let (mut read, mut write) = tokio::io::split(&mut here);
            let talk = async {
                // A server that has heard enough hangs up.
                let send = write.write_all(octets);
                let _ = tokio::join!(send, read.read_to_end(&mut answer));
            };
            let over = tokio::time::timeout(moment.unwrap_or(PATIENCE), talk).await;
            assert!(
                over.is_ok() || moment.is_some(),
                "no answer to {}",
                octets.escape_ascii()
            );
            answer
        })
    }

    /// One request and its answer: the status and the object.
    fn ask(&self, peer: &Peer, method: &str, target: &str, body: &[u8]) -> (u16, Value) {
        let length = body.len();
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: flowd\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        let answer = self.exchange(peer, &[head.as_bytes(), body].concat(), None);
        let text = String::from_utf8_lossy(&answer);
        let status: u16 = text
            .get(9..12)
            .and_then(|status| status.parse().ok())
            .unwrap_or_else(|| panic!("{method} {target}: {text}"));
        let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    fn post(&self, target: &str, body: &Value) -> Value {
        let (status, answer) = self.ask(&admin(), "POST", target, body.to_string().as_bytes());
        assert_eq!(status, 200, "{target}: {answer}");
        answer
    }

    fn begin(&self) -> String {
        let begun = self.post("/v1/sessions", &json!({"via": "fuzz"}));
        begun["session"].as_str().unwrap_or_default().to_owned()
    }

    /// Ends every session, and puts the first configuration back when another one runs.
    fn reset(&self) {
        let (_, answer) = self.ask(&admin(), "GET", "/v1/sessions", b"");
        for session in answer["sessions"].as_array().into_iter().flatten() {
            let id = session["session"].as_str().unwrap_or_default();
            self.ask(&admin(), "DELETE", &format!("/v1/sessions/{id}"), b"");
        }
        if self
            .control
            .engine
            .confirm_left(clock::monotonic())
            .is_some()
        {
            self.post("/v1/confirm", &json!({}));
        }
        let session = format!("/v1/sessions/{}", self.begin());
        let edit = json!({"text": BASE, "dialect": "set", "mode": "override"});
        let changes = self.post(&format!("{session}/edit"), &edit);
        if changes["changes"] != 0 {
            self.post(&format!("{session}/commit"), &json!({}));
        }
        self.ask(&admin(), "DELETE", &session, b"");
    }

    /// Whether the session's candidate would take much of the machine.
    fn large(&self, session: &str) -> bool {
        let target = format!("/v1/configuration?source=candidate&session={session}&format=set");
        let (_, answer) = self.ask(&admin(), "GET", &target, b"");
        let text = answer["text"].as_str().unwrap_or_default();
        LARGE.iter().any(|word| text.contains(word))
    }
}

fn peer(role: Role) -> Peer {
    Peer {
        uid: if role == Role::Admin { 0 } else { 65_534 },
        user: role.word().to_owned(),
        role: Some(role),
        process: "fuzz".to_owned(),
        connection: Connection::default(),
    }
}

fn admin() -> Peer {
    peer(Role::Admin)
}

/// A target as a URI can have it.
fn target(text: &str, session: &str) -> String {
    let text = text.replace('@', session);
    let mut target = String::from(if text.starts_with('/') { "" } else { "/" });
    for octet in text.bytes() {
        match octet {
            b'!'..=b'~' => target.push(octet.into()),
            _ => target.push_str(&format!("%{octet:02x}")),
        }
    }
    target
}

fn requests(daemon: &Daemon, peer: &Peer, text: &str) {
    let before = daemon.control.engine.running();
    let session = daemon.begin();
    let mut changed = false;
    for request in text.split("\n\n").take(MOST) {
        let (line, body) = request.split_once('\n').unwrap_or((request, ""));
        let (method, to) = line.split_once(' ').unwrap_or(("GET", line));
        let token = |method: &str| {
            let letters = method.bytes().all(|octet| octet.is_ascii_alphabetic());
            letters && (1..=16).contains(&method.len())
        };
        let method = if token(method) { method } else { "GET" };
        let to = target(to, &session);
        changed |= !matches!(method, "GET" | "HEAD");
        if (to.contains("/commit") || to.contains("/check")) && daemon.large(&session) {
            continue;
        }
        let (status, answer) = daemon.ask(peer, method, &to, body.as_bytes());
        let told = || format!("{method} {to} {body:?}: {status} {answer}");
        match status {
            200 => assert!(answer.is_object() || method == "HEAD", "{}", told()),
            // What neither the route nor flowd answers, but HTTP.
            400.. if answer.is_null() => assert!(matches!(status, 400..500), "{}", told()),
            400.. => {
                assert!(status < 500 || status == 507, "{}", told());
                let errors = answer["errors"].as_array();
                let message =
                    |error: &Value| error["message"].as_str().is_some_and(|m| !m.is_empty());
                assert!(
                    errors.is_some_and(|errors| !errors.is_empty() && errors.iter().all(message)),
                    "{}",
                    told()
                );
            }
            _ => panic!("{}", told()),
        }
        if peer.role == Some(Role::Operator) && !matches!(method, "GET" | "HEAD") {
            assert_ne!(status, 200, "{}", told());
        }
    }
    if peer.role == Some(Role::Operator) {
        assert_eq!(daemon.control.engine.running().id, before.id);
    }
    if changed {
        daemon.reset();
    } else {
        daemon.ask(&admin(), "DELETE", &format!("/v1/sessions/{session}"), b"");
    }
}

/// One input of the fuzzer.
pub fn run(data: &[u8]) {
    let daemon = DAEMON.lock();
    match data.split_first() {
        Some((b'!', octets)) => {
            let answer = daemon.exchange(&admin(), octets, Some(MOMENT));
            assert!(
                answer.is_empty() || answer.starts_with(b"HTTP/1."),
                "{}",
                answer.escape_ascii()
            );
        }
        Some((who, rest)) => {
            let role = if *who == b'o' {
                Role::Operator
            } else {
                Role::Admin
            };
            requests(&daemon, &peer(role), &String::from_utf8_lossy(rest));
        }
        None => {}
    }
}
