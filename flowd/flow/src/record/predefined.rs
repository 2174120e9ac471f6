//! The records that need not be written. Their fields are those of Flexible NetFlow's predefined records in their order,
//! without the AS numbers, which are BGP's to know; `as` and its like would be nothing without.

use super::Record;
use crate::field::Field;

/// Names of the predefined records.
pub const PREDEFINED: [&str; 13] = [
    "netflow-original",
    "netflow ipv4 original-input",
    "netflow ipv4 original-output",
    "netflow ipv4 protocol-port",
    "netflow ipv4 source-prefix",
    "netflow ipv4 destination-prefix",
    "netflow ipv4 prefix",
    "netflow ipv6 original-input",
    "netflow ipv6 original-output",
    "netflow ipv6 protocol-port",
    "netflow ipv6 source-prefix",
    "netflow ipv6 destination-prefix",
    "netflow ipv6 prefix",
];

/// What every one of them counts.
const COUNTED: [&str; 4] = [
    "counter bytes",
    "counter packets",
    "timestamp sys-uptime first",
    "timestamp sys-uptime last",
];

impl Record {
    /// The predefined record `netflow-original`, for IPv4 and IPv6.
    ///
    /// Times are boot-relative for NetFlow v9 and absolute for IPFIX; the exporter picks the
    /// element (22/21 or 152/153) that its protocol has.
    pub fn netflow_original() -> Record {
        predefined(
            "netflow-original",
            &[
                "ipv4 source address",
                "ipv4 destination address",
                "ipv6 source address",
                "ipv6 destination address",
                "ipv4 protocol",
                "ipv6 protocol",
                "transport source-port",
                "transport destination-port",
                "ipv4 tos",
                "ipv6 traffic-class",
                "interface input",
            ],
            &["interface output", "transport tcp flags"],
        )
    }

    /// The record behind `system flow-accounting`: `netflow-original` and the direction.
    pub fn flow_accounting() -> Record {
        let mut record = Record::netflow_original();
        record.name = "flow-accounting".into();
        record.keys.extend(Field::by_words("flow direction"));
        record
    }

    /// The predefined record of that name, one of [`PREDEFINED`].
    pub fn by_name(name: &str) -> Option<Record> {
        if name == "netflow-original" {
            return Some(Record::netflow_original());
        }
        if !PREDEFINED.contains(&name) {
            return None;
        }
        let (family, scheme) = name.strip_prefix("netflow ")?.split_once(' ')?;
        Some(match scheme {
            "original-input" | "original-output" => original(name, family, scheme),
            "protocol-port" => predefined(
                name,
                &[
                    &format!("{family} protocol"),
                    "transport source-port",
                    "transport destination-port",
                    "flow direction",
                ],
                &[],
            ),
            _ => {
                let mut keys = Vec::new();
                if scheme != "destination-prefix" {
                    keys.extend(
                        ["source prefix", "source mask"].map(|of| format!("{family} {of}")),
                    );
                }
                if scheme != "source-prefix" {
                    keys.extend(
                        ["destination prefix", "destination mask"]
                            .map(|of| format!("{family} {of}")),
                    );
                }
                let mut keys: Vec<&str> = keys.iter().map(String::as_str).collect();
                if scheme != "destination-prefix" {
                    keys.push("interface input");
                }
                if scheme != "source-prefix" {
                    keys.push("interface output");
                }
                keys.push("flow direction");
                predefined(name, &keys, &[])
            }
        })
    }
}

/// Traditional NetFlow of packets that come in, or go out: the interface of that side is matched, the other collected.
fn original(name: &str, family: &str, scheme: &str) -> Record {
    let (matched, collected) = match scheme {
        "original-input" => ("interface input", "interface output"),
        _ => ("interface output", "interface input"),
    };
    let of = |words: &str| format!("{family} {words}");
    let (source, destination) = (of("source address"), of("destination address"));
    let protocol = of("protocol");
    let mut keys = match family {
        "ipv4" => vec!["ipv4 tos", &protocol],
        _ => vec![
            "ipv6 traffic-class",
            "ipv6 flow-label",
            &protocol,
            "ipv6 extension map",
        ],
    };
    keys.extend([
        &*source,
        &destination,
        "transport source-port",
        "transport destination-port",
        matched,
    ]);
    if family == "ipv6" {
        keys.push("flow direction");
    }
    keys.push("flow sampler");
    let next_hop = format!("routing next-hop address {family}");
    let masks = ["source mask", "destination mask"].map(of);
    predefined(
        name,
        &keys,
        &[
            &next_hop,
            &masks[0],
            &masks[1],
            "transport tcp flags",
            collected,
        ],
    )
}

fn predefined(name: &str, keys: &[&str], collects: &[&str]) -> Record {
    let fields = |words: &[&str]| {
        words
            .iter()
            .filter_map(|words| Field::by_words(words))
            .collect()
    };
    Record {
        name: name.into(),
        keys: fields(keys),
        collects: fields(&[collects, &COUNTED].concat()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(record: &Record) -> Vec<String> {
        let keys = record
            .keys
            .iter()
            .map(|field| format!("match {}", field.words));
        let collects = record
            .collects
            .iter()
            .map(|field| format!("collect {}", field.words));
        keys.chain(collects).collect()
    }

    #[test]
    fn every_name_is_a_record_of_its_own() {
        let mut all: Vec<Vec<String>> = PREDEFINED
            .iter()
            .map(|name| words(&Record::by_name(name).unwrap()))
            .collect();
        all.push(words(&Record::flow_accounting()));
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
        for name in [
            "netflow ipv4 as",
            "netflow ipv5 original-input",
            "netflow",
            "netflow ipv4",
        ] {
            assert_eq!(Record::by_name(name), None, "{name}");
        }
    }

    #[test]
    fn records_have_all_their_fields() {
        assert_eq!(words(&Record::netflow_original()).len(), 11 + 6);
        let record = Record::by_name("netflow ipv6 original-output").unwrap();
        assert_eq!(
            words(&record),
            [
                "match ipv6 traffic-class",
                "match ipv6 flow-label",
                "match ipv6 protocol",
                "match ipv6 extension map",
                "match ipv6 source address",
                "match ipv6 destination address",
                "match transport source-port",
                "match transport destination-port",
                "match interface output",
                "match flow direction",
                "match flow sampler",
                "collect routing next-hop address ipv6",
                "collect ipv6 source mask",
                "collect ipv6 destination mask",
                "collect transport tcp flags",
                "collect interface input",
                "collect counter bytes",
                "collect counter packets",
                "collect timestamp sys-uptime first",
                "collect timestamp sys-uptime last",
            ]
        );
        let record = Record::by_name("netflow ipv4 original-input").unwrap();
        assert_eq!((record.keys.len(), record.collects.len()), (8, 9));
        let record = Record::by_name("netflow ipv4 prefix").unwrap();
        assert_eq!((record.keys.len(), record.collects.len()), (7, 4));
        for scheme in ["source-prefix", "destination-prefix", "protocol-port"] {
            let record = Record::by_name(&format!("netflow ipv6 {scheme}")).unwrap();
            assert_eq!(
                (record.keys.len(), record.collects.len()),
                (4, 4),
                "{scheme}"
            );
        }
    }
}
