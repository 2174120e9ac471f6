//! The predefined records of the registry as records.

use registry::Field;
use registry::record::{FLOW_ACCOUNTING, NETFLOW_ORIGINAL, Predefined};

use super::Record;

impl Record {
    /// The predefined record `netflow-original`, for IPv4 and IPv6.
    pub fn netflow_original() -> Record {
        record(&NETFLOW_ORIGINAL)
    }

    /// The record behind `system flow-accounting`: `netflow-original` and the direction.
    pub fn flow_accounting() -> Record {
        record(&FLOW_ACCOUNTING)
    }

    /// The predefined record of that name, one of [`registry::PREDEFINED`].
    pub fn by_name(name: &str) -> Option<Record> {
        Predefined::by_name(name).map(record)
    }
}

fn record(predefined: &Predefined) -> Record {
    Record {
        name: predefined.name.into(),
        keys: fields(predefined.keys.iter().copied()),
        collects: fields(predefined.collects()),
    }
}

/// The fields of these words; the registry's test finds every one.
fn fields(words: impl Iterator<Item = &'static str>) -> Vec<&'static Field> {
    words.filter_map(Field::by_words).collect()
}

#[cfg(test)]
mod tests {
    use registry::PREDEFINED;

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
            .map(|known| words(&Record::by_name(known.name).unwrap()))
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
