//! Names of values: protocols, DSCPs, directions, end reasons.

use crate::field::Kind;

/// IP protocols with a name, as in `/etc/protocols`.
#[rustfmt::skip]
pub static PROTOCOLS: &[(&str, u8)] = &[
    ("icmp", 1), ("igmp", 2), ("ipencap", 4), ("tcp", 6), ("udp", 17), ("dccp", 33), ("ipv6", 41), ("gre", 47),
    ("esp", 50), ("ah", 51), ("icmp6", 58), ("eigrp", 88), ("ospf", 89), ("pim", 103), ("vrrp", 112), ("l2tp", 115),
    ("sctp", 132), ("udplite", 136),
];

/// DSCPs with a name (RFC 2474, 2597, 3246, 5865, 8622).
#[rustfmt::skip]
pub static DSCPS: &[(&str, u8)] = &[
    ("default", 0), ("le", 1), ("cs1", 8), ("af11", 10), ("af12", 12), ("af13", 14), ("cs2", 16), ("af21", 18), ("af22", 20),
    ("af23", 22), ("cs3", 24), ("af31", 26), ("af32", 28), ("af33", 30), ("cs4", 32), ("af41", 34), ("af42", 36),
    ("af43", 38), ("cs5", 40), ("voice-admit", 44), ("ef", 46), ("cs6", 48), ("cs7", 56),
];

/// Values of `flowDirection` (element 61).
pub static DIRECTIONS: &[(&str, u8)] = &[("input", 0), ("output", 1)];

/// Values of `flowEndReason` (element 136), and 0 for a flow that has not ended.
pub static END_REASONS: &[(&str, u8)] = &[
    ("running", 0),
    ("inactive", 1),
    ("active", 2),
    ("end-of-flow", 3),
    ("forced", 4),
    ("lack-of-room", 5),
];

impl Kind {
    /// Returns the names that values of this kind have.
    pub fn names(self) -> &'static [(&'static str, u8)] {
        match self {
            Kind::Protocol => PROTOCOLS,
            Kind::Dscp => DSCPS,
            Kind::Direction => DIRECTIONS,
            Kind::EndReason => END_REASONS,
            _ => &[],
        }
    }
}
