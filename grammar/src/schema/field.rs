//! The words of `match` and `collect`. The elements behind them are the `flow` crate's; a test of the
//! whole system holds the two tables together.

/// One field of a flow record, as the language knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldWords {
    /// The words after `match` or `collect`, single-spaced.
    pub words: &'static str,
    /// IP version the field exists in, 4 or 6; `None` for both.
    pub family: Option<u8>,
    /// May be matched.
    pub key: bool,
    /// May be collected.
    pub collect: bool,
    /// One line of help.
    pub help: &'static str,
}

/// May be matched and collected.
const fn both(words: &'static str, family: Option<u8>, help: &'static str) -> FieldWords {
    FieldWords {
        words,
        family,
        key: true,
        collect: true,
        help,
    }
}

/// May only be collected.
const fn collect(words: &'static str, family: Option<u8>, help: &'static str) -> FieldWords {
    FieldWords {
        words,
        family,
        key: false,
        collect: true,
        help,
    }
}

const V4: Option<u8> = Some(4);
const V6: Option<u8> = Some(6);
const ANY: Option<u8> = None;

/// Every field, in the order `?` lists them.
#[rustfmt::skip]
pub static FIELDS: &[FieldWords] = &[
    both("ipv4 source address", V4, "IPv4 source address"),
    both("ipv4 destination address", V4, "IPv4 destination address"),
    both("ipv4 protocol", V4, "IPv4 protocol"),
    both("ipv4 tos", V4, "IPv4 type of service"),
    both("ipv4 dscp", V4, "IPv4 DSCP"),
    both("ipv4 precedence", V4, "IPv4 precedence"),
    both("ipv4 ttl", V4, "IPv4 time to live"),
    collect("ipv4 ttl minimum", V4, "Smallest IPv4 time to live of the flow"),
    collect("ipv4 ttl maximum", V4, "Largest IPv4 time to live of the flow"),
    both("ipv4 version", V4, "IP version, 4"),
    both("ipv4 id", V4, "IPv4 identification"),
    both("ipv4 header-length", V4, "IPv4 header length in octets"),
    both("ipv4 total-length", V4, "IPv4 total length in octets"),
    collect("ipv4 total-length minimum", V4, "Smallest IPv4 total length of the flow"),
    collect("ipv4 total-length maximum", V4, "Largest IPv4 total length of the flow"),
    both("ipv4 fragmentation flags", V4, "IPv4 fragmentation flags"),
    both("ipv4 fragmentation offset", V4, "IPv4 fragment offset in units of eight octets"),
    both("ipv6 source address", V6, "IPv6 source address"),
    both("ipv6 destination address", V6, "IPv6 destination address"),
    both("ipv6 protocol", V6, "Protocol after the IPv6 extension headers"),
    both("ipv6 next-header", V6, "Next header of the fixed IPv6 header"),
    both("ipv6 traffic-class", V6, "IPv6 traffic class"),
    both("ipv6 dscp", V6, "IPv6 DSCP"),
    both("ipv6 precedence", V6, "IPv6 precedence"),
    both("ipv6 flow-label", V6, "IPv6 flow label"),
    both("ipv6 hop-limit", V6, "IPv6 hop limit"),
    collect("ipv6 hop-limit minimum", V6, "Smallest IPv6 hop limit of the flow"),
    collect("ipv6 hop-limit maximum", V6, "Largest IPv6 hop limit of the flow"),
    both("ipv6 version", V6, "IP version, 6"),
    both("ipv6 payload-length", V6, "IPv6 payload length in octets"),
    collect("ipv6 total-length minimum", V6, "Smallest IPv6 length of the flow, header included"),
    collect("ipv6 total-length maximum", V6, "Largest IPv6 length of the flow, header included"),
    both("ipv6 fragmentation id", V6, "Identification of the IPv6 fragment header"),
    both("ipv6 fragmentation offset", V6, "IPv6 fragment offset in units of eight octets"),
    both("transport source-port", ANY, "Source port"),
    both("transport destination-port", ANY, "Destination port; ICMP type × 256 + code"),
    both("transport icmp ipv4 type", V4, "ICMP type"),
    both("transport icmp ipv4 code", V4, "ICMP code"),
    both("transport icmp ipv6 type", V6, "ICMPv6 type"),
    both("transport icmp ipv6 code", V6, "ICMPv6 code"),
    both("transport igmp type", V4, "IGMP type"),
    both("transport tcp flags", ANY, "TCP flags, or-ed over the flow when collected"),
    both("transport tcp window-size", ANY, "TCP window"),
    both("transport tcp sequence-number", ANY, "TCP sequence number"),
    both("transport tcp acknowledgement-number", ANY, "TCP acknowledgement number"),
    both("transport tcp header-length", ANY, "TCP header length in octets"),
    both("transport udp message-length", ANY, "UDP length"),
    both("datalink mac source address input", ANY, "Source MAC address"),
    both("datalink mac destination address input", ANY, "Destination MAC address"),
    both("datalink dot1q vlan input", ANY, "VLAN of the outermost tag"),
    both("datalink dot1q priority", ANY, "Priority of the outermost tag"),
    both("datalink vlan input", ANY, "VLAN of the outermost tag"),
    both("datalink ethertype", ANY, "EtherType after the tags"),
    both("interface input", ANY, "Input interface"),
    both("interface output", ANY, "Output interface"),
    both("flow direction", ANY, "Input or output"),
    both("flow sampler", ANY, "Sampler that took the packet"),
    collect("flow end-reason", ANY, "Why the flow ended"),
    collect("counter bytes", ANY, "IP octets"),
    collect("counter bytes long", ANY, "IP octets"),
    collect("counter packets", ANY, "Packets"),
    collect("counter packets long", ANY, "Packets"),
    collect("timestamp sys-uptime first", ANY, "First packet, time since flowd started"),
    collect("timestamp sys-uptime last", ANY, "Last packet, time since flowd started"),
    collect("timestamp absolute first", ANY, "First packet, time of day"),
    collect("timestamp absolute last", ANY, "Last packet, time of day"),
];

/// Fields of Flexible NetFlow that cannot be filled here, and why. They are refused, not left zero.
#[rustfmt::skip]
pub static REFUSED_FIELDS: &[(&str, &str)] = &[
    ("application name", "this host does not recognise applications (NBAR)"),
    ("routing source as", "this host has no AS numbers"),
    ("routing destination as", "this host has no AS numbers"),
    ("routing next-hop address", "next hops are not looked up"),
    ("routing vrf input", "VRFs are not told apart"),
    ("ipv4 source mask", "routes are not looked up"),
    ("ipv4 source prefix", "routes are not looked up"),
    ("ipv4 destination mask", "routes are not looked up"),
    ("ipv4 destination prefix", "routes are not looked up"),
    ("ipv6 source mask", "routes are not looked up"),
    ("ipv6 source prefix", "routes are not looked up"),
    ("ipv6 destination mask", "routes are not looked up"),
    ("ipv6 destination prefix", "routes are not looked up"),
    ("ipv4 section", "packet sections are not kept"),
    ("ipv6 extension map", "extension headers are not recorded"),
    ("counter flows", "a record is one flow"),
];

/// Why words name no field: which of them is wrong, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoField {
    /// Index of the wrong word; the number of words when one is missing.
    pub(crate) at: usize,
    /// What is wrong.
    pub(crate) message: String,
    /// What would be right.
    pub(crate) hint: Option<String>,
}

/// Finds a field by its words; `key`: it is to be matched, else collected. With `abbreviate` a unique
/// beginning of a word will do.
pub(crate) fn find(
    words: &[&str],
    key: bool,
    abbreviate: bool,
) -> Result<&'static FieldWords, NoField> {
    for (refused, why) in REFUSED_FIELDS {
        if refused.split(' ').count() <= words.len()
            && refused.split(' ').zip(words).all(|(a, b)| a == *b)
        {
            return Err(NoField {
                at: 0,
                message: format!("{refused} cannot be recorded: {why}"),
                hint: None,
            });
        }
    }
    let mut left: Vec<&FieldWords> = FIELDS.iter().collect();
    for (at, word) in words.iter().enumerate() {
        let options = next_words(&left, at);
        let picked = match super::pick(word, options.iter().copied(), abbreviate) {
            super::Pick::One(picked) => picked,
            super::Pick::None => {
                let message = format!("unknown word {}", super::shown(word));
                let hint = if options.is_empty() {
                    Some("the field ends before it".into())
                } else {
                    Some(super::suggest(word, options.iter().copied()))
                };
                return Err(NoField { at, message, hint });
            }
            super::Pick::Many(many) => {
                let message = format!("{} is ambiguous", super::shown(word));
                return Err(NoField {
                    at,
                    message,
                    hint: Some(super::list("possible", many)),
                });
            }
        };
        left.retain(|field| field.words.split(' ').nth(at) == Some(picked));
    }
    let Some(field) = left
        .iter()
        .find(|field| field.words.split(' ').count() == words.len())
    else {
        let message = "the field is not complete".to_owned();
        let hint = Some(super::list("possible", next_words(&left, words.len())));
        return Err(NoField {
            at: words.len(),
            message,
            hint,
        });
    };
    match (key, field.key, field.collect) {
        (true, false, _) => Err(NoField {
            at: 0,
            message: format!("{} can be collected, not matched", field.words),
            hint: None,
        }),
        (false, _, false) => Err(NoField {
            at: 0,
            message: format!("{} can be matched, not collected", field.words),
            hint: None,
        }),
        _ => Ok(field),
    }
}

/// The words that can stand at position `at` of `fields`, each once, in table order.
fn next_words(fields: &[&'static FieldWords], at: usize) -> Vec<&'static str> {
    let mut words: Vec<&'static str> = Vec::new();
    for field in fields {
        if let Some(word) = field.words.split(' ').nth(at)
            && !words.contains(&word)
        {
            words.push(word);
        }
    }
    words
}

/// What can follow `words` in a field: each next word with its help, and whether the field may end here.
pub(crate) fn follow(words: &[&str], key: bool) -> (Vec<(&'static str, &'static str)>, bool) {
    let mut left: Vec<&FieldWords> = FIELDS
        .iter()
        .filter(|field| if key { field.key } else { field.collect })
        .collect();
    for (at, word) in words.iter().enumerate() {
        let options = next_words(&left, at);
        let super::Pick::One(picked) = super::pick(word, options.iter().copied(), true) else {
            return (Vec::new(), false);
        };
        left.retain(|field| field.words.split(' ').nth(at) == Some(picked));
    }
    let whole = left
        .iter()
        .any(|field| field.words.split(' ').count() == words.len());
    let next = next_words(&left, words.len())
        .into_iter()
        .map(|word| {
            let mut under = left
                .iter()
                .filter(|field| field.words.split(' ').nth(words.len()) == Some(word));
            let first = under.next().map_or("", |field| field.help);
            let help = if under.next().is_none() {
                first
            } else {
                group_help(word)
            };
            (word, help)
        })
        .collect();
    (next, whole)
}

/// Help of a word that several fields share.
fn group_help(word: &str) -> &'static str {
    GROUPS
        .iter()
        .find(|(group, _)| *group == word)
        .map_or("Fields of that name", |(_, help)| help)
}

#[rustfmt::skip]
const GROUPS: &[(&str, &str)] = &[
    ("ipv4", "IPv4 header"),
    ("ipv6", "IPv6 header"),
    ("transport", "Transport header"),
    ("datalink", "Link layer header"),
    ("interface", "Interfaces the packet crosses"),
    ("flow", "The flow itself"),
    ("counter", "Packets and octets"),
    ("timestamp", "First and last packet"),
    ("sys-uptime", "Time since flowd started"),
    ("absolute", "Time of day"),
    ("source", "Where it comes from"),
    ("destination", "Where it goes to"),
    ("ttl", "Time to live"),
    ("hop-limit", "Hop limit"),
    ("total-length", "Length with the IP header"),
    ("fragmentation", "Fragment header"),
    ("icmp", "ICMP header"),
    ("tcp", "TCP header"),
    ("udp", "UDP header"),
    ("igmp", "IGMP header"),
    ("mac", "MAC addresses"),
    ("dot1q", "IEEE 802.1Q tag"),
    ("vlan", "VLAN"),
    ("bytes", "IP octets"),
    ("packets", "Packets"),
];
