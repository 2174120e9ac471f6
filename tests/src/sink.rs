//! A UDP receiver that keeps every datagram, to be handed to tshark's decoder.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};

use crate::clock;
use crate::frame::{Frame, Payload};
use crate::netns::Namespace;
use crate::pcapfile;

/// A received datagram.
#[derive(Clone, Debug)]
pub struct Datagram {
    /// Time of receipt, nanoseconds since 1970.
    pub time_ns: u64,
    /// Address and port of the sender.
    pub from: SocketAddr,
    /// The payload.
    pub bytes: Vec<u8>,
}

/// A running receiver.
pub struct Sink {
    local: SocketAddr,
    datagrams: Arc<Mutex<Vec<Datagram>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Sink {
    /// Starts a receiver on an address of the namespace.
    ///
    /// # Panics
    /// When the address cannot be bound.
    pub fn start(namespace: &Namespace, address: &str, port: u16) -> Sink {
        let address: IpAddr = address.parse().expect("an address");
        let socket = namespace
            .enter(|| UdpSocket::bind((address, port)).expect("the sink's address is free"));
        setsockopt(&socket, sockopt::RcvBufForce, &(64 << 20)).expect("SO_RCVBUFFORCE");
        socket
            .set_read_timeout(Some(Duration::from_millis(50)))
            .expect("a timeout");
        let local = socket.local_addr().expect("it is bound");
        let datagrams = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let thread = {
            let (datagrams, stop) = (datagrams.clone(), stop.clone());
            std::thread::spawn(move || {
                let mut buffer = vec![0u8; 65_536];
                while !stop.load(Ordering::Relaxed) {
                    if let Ok((len, from)) = socket.recv_from(&mut buffer) {
                        let datagram = Datagram {
                            time_ns: clock::wall_ns(),
                            from,
                            bytes: buffer[..len].to_vec(),
                        };
                        datagrams.lock().expect("no reader panicked").push(datagram);
                    }
                }
            })
        };
        Sink {
            local,
            datagrams,
            stop,
            thread: Some(thread),
        }
    }

    /// Returns the datagrams received so far.
    pub fn datagrams(&self) -> Vec<Datagram> {
        self.datagrams
            .lock()
            .expect("the listener did not panic")
            .clone()
    }

    /// Writes the datagrams received so far to a savefile, with Ethernet, IP and UDP headers.
    pub fn write(&self, path: &Path) {
        let frames: Vec<(u64, Vec<u8>)> = self
            .datagrams()
            .iter()
            .map(|datagram| (datagram.time_ns, self.frame(datagram)))
            .collect();
        pcapfile::write(
            path,
            frames.iter().map(|(time, bytes)| (*time, bytes.as_slice())),
        );
    }

    fn frame(&self, datagram: &Datagram) -> Vec<u8> {
        let len = u16::try_from(datagram.bytes.len()).expect("a UDP payload");
        let payload = Payload::Udp {
            sport: datagram.from.port(),
            dport: self.local.port(),
            len,
        };
        let mut bytes = Frame::new(datagram.from.ip(), self.local.ip(), payload).bytes();
        let at = bytes.len() - datagram.bytes.len();
        bytes[at..].copy_from_slice(&datagram.bytes);
        bytes
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
