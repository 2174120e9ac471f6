//! Receivers: `ADDR[/PORT[/FREQ[,TTL]]]`, with an IPv6 address in brackets.

use std::collections::HashMap;

use super::super::report::{Place, Remarks};
use language::schema::{MAX_RECEIVERS, Type};

/// The default port of a receiver.
const PORT: u16 = 2000;

/// A receiver.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Receiver {
    /// Canonical address, or host name.
    pub(super) host: String,
    pub(super) port: u16,
    /// The N of "one datagram in N".
    pub(super) sampling: u32,
    pub(super) ttl: Option<u8>,
    pub(super) spoof: bool,
    pub(super) no_checksum: bool,
    pub(super) delay_us: Option<u32>,
}

impl Receiver {
    /// Returns true for an IPv4 address, false for IPv6, `None` for a name.
    pub(super) fn family(&self) -> Option<bool> {
        let address = self.host.parse::<std::net::IpAddr>().ok()?;
        Some(address.is_ipv4())
    }
}

/// The receivers, each once.
#[derive(Debug, Default)]
pub(super) struct Receivers {
    pub(super) all: Vec<Receiver>,
    known: HashMap<Receiver, usize>,
}

impl Receivers {
    /// Reads receivers with the options in `how`: spoofing, checksums, delay in microseconds. Returns their indices. Words
    /// that are no receiver or repeat one are reported.
    pub(super) fn read<'w>(
        &mut self,
        words: impl Iterator<Item = &'w str>,
        how: (bool, bool, Option<u32>),
        place: Place,
        remarks: &mut Remarks,
    ) -> Vec<usize> {
        let mut own = Vec::new();
        for word in words {
            let (receiver, aside) = match parse(word, how) {
                Ok(parsed) => parsed,
                Err(why) => {
                    remarks.lost(place, word, why);
                    continue;
                }
            };
            for why in aside {
                remarks.differs(place, word, why);
            }
            match self.add(receiver) {
                Some(index) if own.contains(&index) => {
                    remarks.lost(place, word, "it is there twice; each datagram is sent once");
                }
                Some(index) => own.push(index),
                None => {
                    remarks.lost(place, word, format!("more than {MAX_RECEIVERS} receivers"));
                }
            }
        }
        own
    }

    /// Returns the receiver's index; `None` if there are too many.
    fn add(&mut self, receiver: Receiver) -> Option<usize> {
        if let Some(index) = self.known.get(&receiver) {
            return Some(*index);
        }
        let index = Some(self.all.len()).filter(|index| *index < MAX_RECEIVERS)?;
        self.known.insert(receiver.clone(), index);
        self.all.push(receiver);
        Some(index)
    }
}

/// Parses a receiver. Returns remarks about it, too.
///
/// # Errors
/// If it is no receiver, with the reason.
fn parse(
    word: &str,
    (spoof, no_checksum, delay_us): (bool, bool, Option<u32>),
) -> Result<(Receiver, Vec<String>), String> {
    let mut aside = Vec::new();
    let (host, rest) = match word.strip_prefix('[') {
        Some(inside) => inside.split_once(']').ok_or("the bracket is not closed")?,
        None => word.split_at(word.find('/').unwrap_or(word.len())),
    };
    let host = Type::Host.accept(host, false).map_err(|refusal| {
        let hint = refusal.hint.unwrap_or_default();
        format!("{}; {hint}", refusal.message)
    })?;
    let rest = match rest.strip_prefix('/') {
        Some(rest) => rest,
        None if rest.is_empty() => "",
        None => {
            aside.push(format!(
                "samplicate does not read {rest:?} behind the bracket, a port comes after a slash; port {PORT} is used"
            ));
            ""
        }
    };
    let (port, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let (sampling, ttl) = match rest.split_once(',') {
        Some((sampling, ttl)) => (sampling, Some(ttl)),
        None => (rest, None),
    };
    let port = match port {
        "" => PORT,
        text => match text.parse::<u16>() {
            Ok(port @ 1..) => port,
            _ => return Err(format!("{text:?} is not a port number")),
        },
    };
    let sampling = match sampling {
        "" => 1,
        text => match text.parse::<u32>() {
            Ok(number @ 1..=1_000_000) => number,
            _ => return Err(format!("{text:?} is no frequency from 1 to 1000000")),
        },
    };
    let ttl = match ttl.map(str::parse::<u8>) {
        None => None,
        Some(Ok(ttl @ 1..)) => Some(ttl),
        Some(_) => return Err("the TTL is not from 1 to 255".to_owned()),
    };
    if sampling > 1 {
        aside.push("templates are sent beside the sampled datagrams".to_owned());
    }
    let mut receiver = Receiver {
        host,
        port,
        sampling,
        ttl,
        spoof,
        // Without -S the kernel fills the checksum in, there as here.
        no_checksum: no_checksum && spoof,
        delay_us,
    };
    if receiver.no_checksum && receiver.family() == Some(false) {
        receiver.no_checksum = false;
        aside.push("-n: UDP over IPv6 has a checksum".to_owned());
    }
    Ok((receiver, aside))
}
