//! A name server of a namespace, which answers as a test wants.

use std::fs;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::netns::Namespace;

/// `/etc/resolv.conf` of a namespace, as `ip netns exec` puts it in place.
pub struct Resolv(PathBuf);

impl Resolv {
    /// Writes it; it is removed when the value is dropped.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn write(namespace: &Namespace, text: &str) -> Resolv {
        let dir = PathBuf::from("/etc/netns").join(namespace.name());
        fs::create_dir_all(&dir).expect("/etc/netns");
        fs::write(dir.join("resolv.conf"), text).expect("/etc/netns");
        Resolv(dir)
    }
}

impl Drop for Resolv {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A name server that answers every question for an IPv4 address with one address and a TTL of a second, or says that
/// there is no such name.
pub struct NameServer {
    answer: Arc<Mutex<Option<Ipv4Addr>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl NameServer {
    /// Listens on port 53 of the namespace's loopback address.
    ///
    /// # Panics
    /// When the port is taken.
    pub fn start(namespace: &Namespace, answer: Option<Ipv4Addr>) -> NameServer {
        let socket = namespace.enter(|| UdpSocket::bind("127.0.0.1:53").expect("the port is free"));
        socket
            .set_read_timeout(Some(Duration::from_millis(50)))
            .expect("a timeout");
        let answer = Arc::new(Mutex::new(answer));
        let stop = Arc::new(AtomicBool::new(false));
        let thread = {
            let (answer, stop) = (answer.clone(), stop.clone());
            std::thread::spawn(move || {
                let mut buffer = [0; 1500];
                while !stop.load(Ordering::Relaxed) {
                    let Ok((len, from)) = socket.recv_from(&mut buffer) else {
                        continue;
                    };
                    let address = *answer.lock().expect("nobody panicked");
                    if let Some(reply) = reply(&buffer[..len], address) {
                        let _ = socket.send_to(&reply, from);
                    }
                }
            })
        };
        NameServer {
            answer,
            stop,
            thread: Some(thread),
        }
    }

    /// Gives another answer from now on.
    ///
    /// # Panics
    /// When its thread has panicked.
    pub fn now(&self, answer: Option<Ipv4Addr>) {
        *self.answer.lock().expect("nobody panicked") = answer;
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The answer to a question (RFC 1035 §4.1).
fn reply(question: &[u8], address: Option<Ipv4Addr>) -> Option<Vec<u8>> {
    let name = question.get(12..)?.iter().position(|octet| *octet == 0)? + 13;
    let section = question.get(12..name + 4)?;
    let of_ipv4 = section.get(section.len() - 4..section.len() - 2)? == [0, 1];
    let mut reply = question.get(..2)?.to_vec();
    let code = if address.is_some() { 0 } else { 3 };
    let answers = u8::from(of_ipv4 && address.is_some());
    reply.extend([0x81, 0x80 | code, 0, 1, 0, answers, 0, 0, 0, 0]);
    reply.extend(section);
    if let Some(address) = address.filter(|_| of_ipv4) {
        reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4]);
        reply.extend(address.octets());
    }
    Some(reply)
}
