//! The predefined flow records. Their fields are those of Flexible NetFlow's predefined records, in the same order, without
//! AS numbers, which only BGP knows. Records whose purpose are AS numbers, such as `as`, are refused.

use wire::Family;

/// Most fields that one flow record may have.
pub const MAX_FIELDS: usize = 64;

/// A predefined flow record.
#[derive(Debug, PartialEq, Eq)]
pub struct Predefined {
    /// Its name.
    pub name: &'static str,
    /// One line of help.
    pub help: &'static str,
    /// The IP version it meters; `None` for both.
    pub family: Option<Family>,
    /// The words of its key fields, in order.
    pub keys: &'static [&'static str],
    /// The words of the fields it collects before those of [`COUNTED`].
    collects: &'static [&'static str],
}

/// The counters and times that every predefined record collects.
pub const COUNTED: [&str; 4] = [
    "counter bytes",
    "counter packets",
    "timestamp sys-uptime first",
    "timestamp sys-uptime last",
];

const V4: Option<Family> = Some(Family::V4);
const V6: Option<Family> = Some(Family::V6);

const fn record(
    name: &'static str,
    help: &'static str,
    family: Option<Family>,
    keys: &'static [&'static str],
    collects: &'static [&'static str],
) -> Predefined {
    Predefined {
        name,
        help,
        family,
        keys,
        collects,
    }
}

/// Traditional NetFlow for IPv4 and IPv6.
#[rustfmt::skip]
pub const NETFLOW_ORIGINAL: Predefined = record(
    "netflow-original", "Traditional NetFlow, IPv4 and IPv6", None,
    &[
        "ipv4 source address", "ipv4 destination address", "ipv6 source address", "ipv6 destination address",
        "ipv4 protocol", "ipv6 protocol", "transport source-port", "transport destination-port",
        "ipv4 tos", "ipv6 traffic-class", "interface input",
    ],
    &["interface output", "transport tcp flags"],
);

/// The predefined records, in the order `?` lists them.
///
/// Their times are boot-relative in NetFlow v9 and absolute in IPFIX: an exporter sends the elements (22 and 21, or 152 and 153)
/// that its protocol has.
#[rustfmt::skip]
pub static PREDEFINED: &[Predefined] = &[
    NETFLOW_ORIGINAL,
    record(
        "netflow ipv4 original-input", "Traditional IPv4 NetFlow of packets that come in", V4,
        &[
            "ipv4 tos", "ipv4 protocol", "ipv4 source address", "ipv4 destination address",
            "transport source-port", "transport destination-port", "interface input", "flow sampler",
        ],
        &[
            "routing next-hop address ipv4", "ipv4 source mask", "ipv4 destination mask", "transport tcp flags",
            "interface output",
        ],
    ),
    record(
        "netflow ipv4 original-output", "Traditional IPv4 NetFlow of packets that leave", V4,
        &[
            "ipv4 tos", "ipv4 protocol", "ipv4 source address", "ipv4 destination address",
            "transport source-port", "transport destination-port", "interface output", "flow sampler",
        ],
        &[
            "routing next-hop address ipv4", "ipv4 source mask", "ipv4 destination mask", "transport tcp flags",
            "interface input",
        ],
    ),
    record(
        "netflow ipv4 protocol-port", "IPv4 protocol and ports", V4,
        &["ipv4 protocol", "transport source-port", "transport destination-port", "flow direction"], &[],
    ),
    record(
        "netflow ipv4 source-prefix", "IPv4 source prefixes", V4,
        &["ipv4 source prefix", "ipv4 source mask", "interface input", "flow direction"], &[],
    ),
    record(
        "netflow ipv4 destination-prefix", "IPv4 destination prefixes", V4,
        &["ipv4 destination prefix", "ipv4 destination mask", "interface output", "flow direction"], &[],
    ),
    record(
        "netflow ipv4 prefix", "IPv4 source and destination prefixes", V4,
        &[
            "ipv4 source prefix", "ipv4 source mask", "ipv4 destination prefix", "ipv4 destination mask",
            "interface input", "interface output", "flow direction",
        ],
        &[],
    ),
    record(
        "netflow ipv6 original-input", "Traditional IPv6 NetFlow of packets that come in", V6,
        &[
            "ipv6 traffic-class", "ipv6 flow-label", "ipv6 protocol", "ipv6 extension map", "ipv6 source address",
            "ipv6 destination address", "transport source-port", "transport destination-port", "interface input",
            "flow direction", "flow sampler",
        ],
        &[
            "routing next-hop address ipv6", "ipv6 source mask", "ipv6 destination mask", "transport tcp flags",
            "interface output",
        ],
    ),
    record(
        "netflow ipv6 original-output", "Traditional IPv6 NetFlow of packets that leave", V6,
        &[
            "ipv6 traffic-class", "ipv6 flow-label", "ipv6 protocol", "ipv6 extension map", "ipv6 source address",
            "ipv6 destination address", "transport source-port", "transport destination-port", "interface output",
            "flow direction", "flow sampler",
        ],
        &[
            "routing next-hop address ipv6", "ipv6 source mask", "ipv6 destination mask", "transport tcp flags",
            "interface input",
        ],
    ),
    record(
        "netflow ipv6 protocol-port", "IPv6 protocol and ports", V6,
        &["ipv6 protocol", "transport source-port", "transport destination-port", "flow direction"], &[],
    ),
    record(
        "netflow ipv6 source-prefix", "IPv6 source prefixes", V6,
        &["ipv6 source prefix", "ipv6 source mask", "interface input", "flow direction"], &[],
    ),
    record(
        "netflow ipv6 destination-prefix", "IPv6 destination prefixes", V6,
        &["ipv6 destination prefix", "ipv6 destination mask", "interface output", "flow direction"], &[],
    ),
    record(
        "netflow ipv6 prefix", "IPv6 source and destination prefixes", V6,
        &[
            "ipv6 source prefix", "ipv6 source mask", "ipv6 destination prefix", "ipv6 destination mask",
            "interface input", "interface output", "flow direction",
        ],
        &[],
    ),
];

/// The record of `system flow-accounting`: `netflow-original` and the direction. No monitor can name it.
#[rustfmt::skip]
pub const FLOW_ACCOUNTING: Predefined = record(
    "flow-accounting", "Traditional NetFlow by direction", None,
    &[
        "ipv4 source address", "ipv4 destination address", "ipv6 source address", "ipv6 destination address",
        "ipv4 protocol", "ipv6 protocol", "transport source-port", "transport destination-port",
        "ipv4 tos", "ipv6 traffic-class", "interface input", "flow direction",
    ],
    &["interface output", "transport tcp flags"],
);

const AS: &str = "AS numbers are BGP's, and this host does not speak it";

/// Schemes of Flexible NetFlow's predefined records (`netflow ipv4 as`) that are not possible here, with the reason.
#[rustfmt::skip]
pub static REFUSED: &[(&str, &str)] = &[
    ("as", AS),
    ("as-tos", AS),
    ("bgp-nexthop", AS),
    ("bgp-nexthop-tos", AS),
    ("assurance", "this host does not recognise applications (NBAR)"),
];

/// The last word of a predefined record's name that asks for the neighbours' AS numbers (`netflow ipv4 as peer`), with the
/// reason why it is not possible.
pub const PEER: (&str, &str) = ("peer", AS);

impl Predefined {
    /// The predefined record of that name, one of [`PREDEFINED`].
    pub fn by_name(name: &str) -> Option<&'static Predefined> {
        PREDEFINED.iter().find(|record| record.name == name)
    }

    /// The words of the fields it collects, in order.
    pub fn collects(&self) -> impl Iterator<Item = &'static str> {
        self.collects.iter().chain(&COUNTED).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Field;

    #[test]
    fn records_are_made_of_fields_of_their_family() {
        for record in PREDEFINED.iter().chain([&FLOW_ACCOUNTING]) {
            let keys = record.keys.iter().map(|words| (*words, true));
            for (words, key) in keys.chain(record.collects().map(|words| (words, false))) {
                let field = Field::by_words(words)
                    .unwrap_or_else(|| panic!("{}: there is no field {words}", record.name));
                assert!(if key { field.key } else { field.collect }, "{words}");
                if record.family.is_some() {
                    assert!(
                        field.family.is_none() || field.family == record.family,
                        "{}: {words}",
                        record.name
                    );
                }
            }
            let (names, help) = (record.name.split(' ').nth(1), record.help);
            assert!(!help.is_empty());
            match names {
                Some("ipv4") => assert_eq!(record.family, V4),
                Some("ipv6") => assert_eq!(record.family, V6),
                _ => assert_eq!(record.family, None),
            }
        }
        let accounting: Vec<&str> = Predefined::by_name("netflow-original")
            .unwrap()
            .keys
            .iter()
            .copied()
            .chain(["flow direction"])
            .collect();
        assert_eq!(accounting, FLOW_ACCOUNTING.keys);
    }

    #[test]
    fn no_record_is_there_twice_or_refused() {
        for (at, record) in PREDEFINED.iter().enumerate() {
            let same = |other: &Predefined| {
                other.name == record.name
                    || (other.keys, other.collects) == (record.keys, record.collects)
            };
            assert!(!PREDEFINED[at + 1..].iter().any(same), "{}", record.name);
            let last = record.name.split(' ').next_back().unwrap_or_default();
            assert!(REFUSED.iter().all(|(scheme, _)| *scheme != last));
            assert_ne!(last, PEER.0);
        }
    }
}
