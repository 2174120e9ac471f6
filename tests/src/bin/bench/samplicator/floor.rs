//! Bare loops: read what waits, send it to each receiver, nothing else. No source is known but by the last one, nothing is
//! counted, no rule, no template. What a samplicator costs above them is its own.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;

use super::net::{Mailbox, connected, listening, transparent};

/// Runs one as this program's own child, until it is killed: `gso|plain own|spoofed PORT RECEIVER…`.
///
/// # Errors
/// What the kernel says.
pub(crate) fn run(words: impl Iterator<Item = String>) -> io::Result<()> {
    let words: Vec<String> = words.collect();
    let [gso, source, port, receivers @ ..] = &words[..] else {
        return Err(io::Error::other("too few words"));
    };
    let number = |word: &String| word.parse::<u16>().map_err(io::Error::other);
    let receivers: Vec<u16> = receivers.iter().map(number).collect::<io::Result<_>>()?;
    let socket = listening(number(port)?)?;
    let mut mailbox = Mailbox::new(gso == "gso");
    if source == "own" {
        let receivers = receivers
            .iter()
            .map(|port| connected(*port))
            .collect::<io::Result<Vec<_>>>()?;
        loop {
            let count = mailbox.receive(&socket)?;
            for receiver in &receivers {
                mailbox.send(receiver, None, 0..count);
            }
        }
    }
    let mut sockets = HashMap::new();
    loop {
        let count = mailbox.receive(&socket)?;
        let mut at = 0;
        while at < count {
            let from: SocketAddr = mailbox.from(at);
            let end = (at..count)
                .find(|next| mailbox.from(*next) != from)
                .unwrap_or(count);
            let socket = match sockets.entry(from.port()) {
                std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::hash_map::Entry::Vacant(new) => {
                    new.insert(transparent(from.port())?)
                }
            };
            for receiver in &receivers {
                mailbox.send(socket, Some((from, *receiver)), at..end);
            }
            at = end;
        }
    }
}
