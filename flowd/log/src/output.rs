//! Outputs of the log. Each has a thread of its own, so that a slow one delays neither flowd nor other outputs.

use std::io::{self, BufWriter, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use syslog::{Facility, Formatter3164, LogFormat, Logger, LoggerBackend, Severity};

use super::store::Store;
use super::{Level, Line, Remote};
use service::clock;

/// Most lines that wait for an output; it loses further ones.
const QUEUE: usize = 4096;
/// How long one write or connect may take.
const IO_TIMEOUT: Duration = Duration::from_secs(3);
/// How long after a failure an output is tried again.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);
/// How long the end of the process waits for each output.
const END_TIMEOUT: Duration = Duration::from_secs(1);

/// The destination of an output.
pub(super) enum Target {
    /// Standard error.
    Stderr,
    /// The file that survives the process.
    File(Store),
    /// The local syslog socket, RFC 3164 as `/dev/log` expects it.
    Local(Logger<LoggerBackend, Formatter3164>, Facility),
    /// A remote syslog server, by RFC 5424, because the older form has no time zone.
    Remote {
        /// The server.
        remote: Remote,
        /// The facility of its messages.
        facility: Facility,
        /// The host's name, as messages have it.
        host_name: String,
        /// The connection, if there is one.
        backend: Option<LoggerBackend>,
        /// After a failure, when to try again.
        retry_at: Option<Instant>,
    },
}

/// An output: its queue, whose other end a thread has.
pub(super) struct Output {
    level: Level,
    queue: Sender<Arc<Line>>,
    lost: Arc<AtomicU64>,
    ended: Receiver<()>,
}

impl Output {
    pub(super) fn start(level: Level, mut target: Target) -> Output {
        let (queue, lines) = bounded::<Arc<Line>>(QUEUE);
        let (end, ended) = bounded(1);
        let lost = Arc::new(AtomicU64::new(0));
        let counter = lost.clone();
        let thread = thread::Builder::new().name("log".into()).spawn(move || {
            for line in lines {
                let lost = counter.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    target.write(&Line {
                        message: format!("{lost} log lines lost here"),
                        ..(*line).clone()
                    });
                }
                target.write(&line);
            }
            let _ = end.send(());
        });
        if thread.is_err() {
            lost.store(1, Ordering::Relaxed);
        }
        Output {
            level,
            queue,
            lost,
            ended,
        }
    }

    pub(super) fn level(&self) -> Level {
        self.level
    }

    pub(super) fn offer(&self, line: &Arc<Line>) {
        if line.level <= self.level
            && let Err(TrySendError::Full(_)) = self.queue.try_send(line.clone())
        {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn finish(self) {
        drop(self.queue);
        let _ = self.ended.recv_timeout(END_TIMEOUT);
    }
}

/// Connects to the local syslog.
pub(super) fn local(facility: Facility) -> Result<Target, io::Error> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for path in ["/dev/log", "/var/run/syslog", "/var/run/log"] {
        match connect_local(path) {
            Ok(backend) => {
                return Ok(Target::Local(
                    Logger::new(backend, formatter3164(facility)),
                    facility,
                ));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn connect_local(path: &str) -> io::Result<LoggerBackend> {
    let socket = UnixDatagram::unbound()?;
    socket.connect(path)?;
    socket.set_write_timeout(Some(IO_TIMEOUT))?;
    Ok(LoggerBackend::Unix(socket))
}

fn formatter3164(facility: Facility) -> Formatter3164 {
    Formatter3164 {
        facility,
        hostname: None,
        process: "flowd".into(),
        pid: std::process::id(),
    }
}

impl Target {
    pub(super) fn remote(remote: Remote, facility: Facility) -> Target {
        let hostname = nix::unistd::gethostname()
            .ok()
            .and_then(|name| name.into_string().ok());
        Target::Remote {
            remote,
            facility,
            host_name: hostname.unwrap_or_else(|| "-".into()),
            backend: None,
            retry_at: None,
        }
    }

    /// Writes a line. After a failure the line is lost and the output tried again later. It is not reported, since other
    /// outputs and the ring have the line.
    fn write(&mut self, line: &Line) {
        match self {
            Target::Stderr => {
                let time = service::clock::rfc3339_millis(line.time_ms);
                let _ = writeln!(
                    io::stderr(),
                    "{time} {:7} {}: {}",
                    line.level.word(),
                    line.target,
                    line.message
                );
            }
            // A full disk loses lines here, which the ring still has.
            Target::File(store) => drop(store.write(line)),
            Target::Local(logger, facility) => {
                if send3164(logger, line).is_err()
                    // A syslog daemon that was restarted has a new socket.
                    && let Ok(Target::Local(new, _)) = local(*facility)
                {
                    *logger = new;
                    let _ = send3164(logger, line);
                }
            }
            Target::Remote {
                remote,
                facility,
                host_name,
                backend,
                retry_at,
            } => {
                if retry_at.is_some_and(|until| clock::monotonic() < until) {
                    return;
                }
                let sent = send5424(remote, *facility, host_name, backend, line);
                *retry_at = None;
                if sent.is_err() {
                    *backend = None;
                    *retry_at = Some(clock::monotonic() + RETRY_INTERVAL);
                }
            }
        }
    }
}

fn send3164(
    logger: &mut Logger<LoggerBackend, Formatter3164>,
    line: &Line,
) -> Result<(), syslog::Error> {
    logger
        .formatter
        .format(&mut logger.backend, severity(line.level), &line.message)
}

/// Sends a line in the form of RFC 5424 §6.
fn send5424(
    remote: &Remote,
    facility: Facility,
    host_name: &str,
    backend: &mut Option<LoggerBackend>,
    line: &Line,
) -> io::Result<()> {
    let backend = match backend {
        Some(backend) => backend,
        None => backend.insert(connect(remote)?),
    };
    let priority = facility as u8 | line.level.0;
    let time = clock::rfc3339_millis(line.time_ms);
    let (id, target, message) = (&line.id, &line.target, &line.message);
    let process = std::process::id();
    // RFC 6587 §3.4.2: on TCP a line feed ends a message.
    let end = if remote.tcp { "\n" } else { "" };
    let text =
        format!("<{priority}>1 {time} {host_name} flowd {process} {id} - {target}: {message}{end}");
    // In one piece, since each is a datagram of its own.
    backend.write_all(text.as_bytes())?;
    backend.flush()
}

fn connect(remote: &Remote) -> io::Result<LoggerBackend> {
    let address: SocketAddr = (remote.host.as_str(), remote.port)
        .to_socket_addrs()?
        .next()
        .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
    if remote.tcp {
        let stream = TcpStream::connect_timeout(&address, IO_TIMEOUT)?;
        stream.set_write_timeout(Some(IO_TIMEOUT))?;
        return Ok(LoggerBackend::Tcp(BufWriter::new(stream)));
    }
    let local: SocketAddr = if address.is_ipv4() {
        ([0; 4], 0).into()
    } else {
        ([0u16; 8], 0).into()
    };
    Ok(LoggerBackend::Udp(UdpSocket::bind(local)?, address))
}

fn severity(level: Level) -> Severity {
    match level.0 {
        0 => Severity::LOG_EMERG,
        1 => Severity::LOG_ALERT,
        2 => Severity::LOG_CRIT,
        3 => Severity::LOG_ERR,
        4 => Severity::LOG_WARNING,
        5 => Severity::LOG_NOTICE,
        6 => Severity::LOG_INFO,
        _ => Severity::LOG_DEBUG,
    }
}

#[cfg(test)]
impl Output {
    pub(super) fn for_test(queue: Sender<Arc<Line>>, ended: Receiver<()>) -> Output {
        Output {
            level: Level::INFO,
            queue,
            lost: Arc::default(),
            ended,
        }
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}
