//! A samplicator on loopback, exporters and receivers.
#![allow(dead_code)] // not every test file needs everything
#![allow(clippy::disallowed_methods)] // tests wait by the real clock

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crossbeam_channel::Receiver as EventReceiver;
use relay::{Context, Event, Receiver, Samplicator, SamplicatorSettings, Statistics};

pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A running samplicator on a free port of an address.
pub(crate) struct Lab {
    pub(crate) samplicator: Samplicator,
    pub(crate) context: Context,
    pub(crate) events: EventReceiver<Event>,
    pub(crate) to: SocketAddr,
}

pub(crate) fn clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_nanos() as u64
}

pub(crate) fn context() -> (Context, EventReceiver<Event>) {
    let (sender, events) = crossbeam_channel::bounded(1000);
    let context = Context {
        clock: Arc::new(clock),
        events: sender,
    };
    (context, events)
}

/// SamplicatorSettings that listen on a free port of an address.
pub(crate) fn settings(address: &str) -> SamplicatorSettings {
    let free = UdpSocket::bind((address, 0)).unwrap();
    let local = free.local_addr().unwrap();
    SamplicatorSettings {
        listen: vec![local.ip().into()],
        ports: vec![local.port()],
        ..SamplicatorSettings::new("s")
    }
}

impl Lab {
    pub(crate) fn start(settings: &SamplicatorSettings) -> Lab {
        let (context, events) = context();
        let prepared = Samplicator::prepare(None, settings, &context);
        let samplicator = prepared.unwrap_or_else(|error| panic!("{error}")).apply();
        Lab {
            samplicator,
            context,
            events,
            to: SocketAddr::new(settings.listen[0].address, settings.ports[0]),
        }
    }

    pub(crate) fn apply(&mut self, settings: &SamplicatorSettings) {
        let prepared = Samplicator::prepare(Some(&self.samplicator), settings, &self.context);
        self.samplicator = prepared.unwrap_or_else(|error| panic!("{error}")).apply();
    }

    /// The statistics as soon as they are as wanted.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, wanted: impl Fn(&Statistics) -> bool) -> Statistics {
        let deadline = Instant::now() + SOON;
        loop {
            let statistics = self.samplicator.statistics();
            assert!(statistics.balanced(), "{statistics:#?}");
            if wanted(&statistics) {
                return statistics;
            }
            assert!(Instant::now() < deadline, "not {what}: {statistics:#?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits for an event.
    #[track_caller]
    pub(crate) fn event(&self, what: &str, wanted: impl Fn(&relay::What) -> bool) {
        let deadline = Instant::now() + SOON;
        while Instant::now() < deadline {
            if let Ok(event) = self.events.recv_timeout(Duration::from_millis(100))
                && wanted(&event.what)
            {
                return;
            }
        }
        panic!("no event: {what}");
    }
}

/// A receiver's socket, and what the configuration says of it.
pub(crate) struct Sink {
    pub(crate) socket: UdpSocket,
}

impl Sink {
    pub(crate) fn new(address: &str) -> Sink {
        let socket = UdpSocket::bind((address, 0)).unwrap();
        use nix::sys::socket::{setsockopt, sockopt};
        setsockopt(&socket, sockopt::RcvBufForce, &(32 << 20))
            .or_else(|_| setsockopt(&socket, sockopt::RcvBuf, &(4 << 20)))
            .unwrap();
        socket.set_read_timeout(Some(SOON)).unwrap();
        Sink { socket }
    }

    pub(crate) fn receiver(&self, name: &str) -> Receiver {
        let local = self.socket.local_addr().unwrap();
        Receiver {
            port: local.port(),
            ..Receiver::new(name, &local.ip().to_string())
        }
    }

    /// The next datagram and who it is from.
    #[track_caller]
    pub(crate) fn next(&self) -> (Vec<u8>, SocketAddr) {
        let mut buffer = vec![0; 65_536];
        let (len, from) = self.socket.recv_from(&mut buffer).expect("a datagram");
        buffer.truncate(len);
        (buffer, from)
    }

    /// What waits.
    pub(crate) fn waiting(&self) -> usize {
        self.socket.set_nonblocking(true).unwrap();
        let mut count = 0;
        while self.socket.recv(&mut [0; 65_536]).is_ok() {
            count += 1;
        }
        self.socket.set_nonblocking(false).unwrap();
        count
    }
}

/// Root: spoofing can be tried.
pub(crate) fn privileged() -> bool {
    nix::unistd::geteuid().is_root()
}
