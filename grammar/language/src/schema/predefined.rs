//! The records that need not be written. Their fields are the `flow` crate's.

use super::value::{NAME_HINT, name, refuse};
use super::{Refusal, shown};
use crate::near::near;

/// Predefined records with their help.
#[rustfmt::skip]
pub static PREDEFINED: &[(&str, &str)] = &[
    ("netflow-original", "Traditional NetFlow, IPv4 and IPv6"),
    ("netflow ipv4 original-input", "Traditional IPv4 NetFlow of packets that come in"),
    ("netflow ipv4 original-output", "Traditional IPv4 NetFlow of packets that leave"),
    ("netflow ipv4 protocol-port", "IPv4 protocol and ports"),
    ("netflow ipv4 source-prefix", "IPv4 source prefixes"),
    ("netflow ipv4 destination-prefix", "IPv4 destination prefixes"),
    ("netflow ipv4 prefix", "IPv4 source and destination prefixes"),
    ("netflow ipv6 original-input", "Traditional IPv6 NetFlow of packets that come in"),
    ("netflow ipv6 original-output", "Traditional IPv6 NetFlow of packets that leave"),
    ("netflow ipv6 protocol-port", "IPv6 protocol and ports"),
    ("netflow ipv6 source-prefix", "IPv6 source prefixes"),
    ("netflow ipv6 destination-prefix", "IPv6 destination prefixes"),
    ("netflow ipv6 prefix", "IPv6 source and destination prefixes"),
];

/// The same in few words.
const KNOWN: &str = "netflow-original, netflow ipv4|ipv6 \
    original-input|original-output|protocol-port|source-prefix|destination-prefix|prefix";

const AS: &str = "AS numbers are BGP's, and this host does not speak it";

/// Schemes of Flexible NetFlow's predefined records that cannot be had here, and why.
#[rustfmt::skip]
const REFUSED: &[(&str, &str)] = &[
    ("as", AS),
    ("as-tos", AS),
    ("bgp-nexthop", AS),
    ("bgp-nexthop-tos", AS),
    ("assurance", "this host does not recognise applications (NBAR)"),
];

/// The name is a predefined record's.
pub(crate) fn is_predefined(name: &str) -> bool {
    PREDEFINED.iter().any(|(known, _)| *known == name)
}

/// The IP version that a predefined record meters, 4 or 6; `None` for both.
pub(crate) fn family(name: &str) -> Option<u8> {
    match name.strip_prefix("netflow ")?.split(' ').next()? {
        "ipv4" => Some(4),
        "ipv6" => Some(6),
        _ => None,
    }
}

/// A record's name: an operator's, or a predefined one's.
pub(super) fn record(value: &str) -> Result<String, Refusal> {
    let words: Vec<&str> = value.split_whitespace().collect();
    let joined = words.join(" ");
    if is_predefined(&joined) {
        return Ok(joined);
    }
    match words[..] {
        [one] if one != "netflow" && name(one) => Ok(joined),
        ["netflow", "ipv4" | "ipv6", scheme, ..]
            if let Some(why) = refused(scheme, words.last().copied()) =>
        {
            refuse(
                format!("{joined} cannot be recorded: {why}"),
                format!("possible: {KNOWN}"),
            )
        }
        ["netflow", ..] => {
            let meant = near(&joined, PREDEFINED.iter().map(|(known, _)| *known));
            refuse(
                format!("{} is not a predefined record", shown(&joined)),
                match meant {
                    Some(meant) => format!("did you mean {meant}?"),
                    None => format!("possible: {KNOWN}"),
                },
            )
        }
        [_] => refuse(format!("{} is not a name", shown(value)), NAME_HINT),
        [] => refuse("the name is empty".into(), NAME_HINT),
        _ => refuse(
            format!("{} is not a record", shown(value)),
            format!("one name, or predefined: {KNOWN}"),
        ),
    }
}

fn refused(scheme: &str, last: Option<&str>) -> Option<&'static str> {
    let known = REFUSED.iter().find(|(refused, _)| *refused == scheme);
    // `peer` asks for the neighbour's AS numbers.
    known
        .map(|(_, why)| *why)
        .or((last == Some("peer")).then_some(AS))
}
