//! A captured packet on its way through the monitors of an interface.

use wire::{Header, SkipReason};

use crate::index::Guess;
use crate::key::Hash;
use crate::wanted_routes::RouteValues;

/// A packet whose headers were read once for all monitors.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The headers; unspecified if they could not be read.
    pub header: Header,
    /// Whether the headers could be read, and if not, why.
    pub parsed: Result<(), SkipReason>,
    /// Time of capture, nanoseconds since 1970.
    pub time_ns: u64,
    /// Octets on the wire.
    pub wire_len: u32,
    /// Whether this host sent the packet.
    pub outgoing: bool,
    /// Whether the header is that of a packet inside a tunnel.
    pub inside: bool,
    /// Destination MAC address of the frame, if it has one and routes are looked up.
    pub(crate) to: Option<[u8; 6]>,
    /// The route values that have been looked up so far.
    pub(crate) routed: RouteValues,
    /// Whether the current monitor meters the packet.
    pub(crate) taken: bool,
    /// Hash of the key in the current monitor.
    pub(crate) hash: Hash,
    pub(crate) guess: Guess,
}

impl Observed {
    /// Creates an observed packet from a header that has been read.
    pub(crate) fn new(header: Header, time_ns: u64) -> Observed {
        Observed {
            wire_len: header.octets,
            header,
            parsed: Ok(()),
            time_ns,
            outgoing: false,
            inside: false,
            to: None,
            routed: RouteValues::default(),
            taken: false,
            hash: Hash::default(),
            guess: Guess::NONE,
        }
    }
}
