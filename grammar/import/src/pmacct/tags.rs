//! Tags: a pre_tag_map gives them to exporters, and pools take the ones they want. Here they are prefixes of exporters and
//! the receivers of each.

use super::super::prefix::Prefix;
use super::super::report::{Place, Remarks};
use super::Origin;
use super::map::entries;

/// Tags that a pool wants, in the order in which they are tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted(Vec<Range>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Range {
    first: u64,
    last: u64,
    negated: bool,
}

impl Wanted {
    /// Reads `100,110-120,-150`.
    pub(super) fn parse(text: &str) -> Option<Wanted> {
        let ranges = text.split(',').filter(|part| !part.is_empty()).map(|part| {
            let (negated, part) = match part.strip_prefix('-') {
                Some(rest) => (true, rest),
                None => (false, part),
            };
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            Some(Range {
                first: first.parse().ok()?,
                last: last.parse().ok()?,
                negated,
            })
        });
        let ranges: Vec<Range> = ranges.collect::<Option<_>>()?;
        (!ranges.is_empty()).then_some(Wanted(ranges))
    }

    /// Whether datagrams with the tag are wanted; 0 is that of datagrams without one.
    pub(super) fn takes(&self, tag: u64) -> bool {
        let decided = self.0.iter().find_map(|range| {
            let inside = (range.first..=range.last).contains(&tag);
            // A range that is negated takes whatever is outside.
            (inside || range.negated).then_some(inside != range.negated)
        });
        decided.unwrap_or(false)
    }
}

/// Which tag the datagrams of an exporter get.
#[derive(Clone, Debug, Default)]
pub(super) struct TagMap(Vec<(Option<Prefix>, u64)>);

impl TagMap {
    /// Reads a pre_tag_map. Entries that look into datagrams are left out and told.
    pub(super) fn read(text: &str, origin: Origin, remarks: &mut Remarks) -> TagMap {
        let mut map = TagMap::default();
        for (line, whole, pairs) in entries(text) {
            let place = Place { origin, line };
            let (mut tag, mut prefix, mut wrong) = (None, None, None);
            for (key, value) in &pairs {
                match *key {
                    "set_tag" | "id" => match value.parse::<u64>() {
                        Ok(number) => tag = Some(number),
                        Err(_) => wrong = Some("a number is expected as tag"),
                    },
                    "ip" => match Prefix::parse(value) {
                        Some(one) => prefix = Some(one),
                        None => wrong = Some("an address or a prefix of exporters is expected"),
                    },
                    _ => {
                        wrong = Some(
                            "only exporters (ip=) and their tag (set_tag=) are possible: datagrams are copied whole",
                        )
                    }
                }
            }
            match (tag, wrong) {
                (Some(tag), None) => map.0.push((prefix, tag)),
                (_, why) => remarks.lost(place, whole, why.unwrap_or("it sets no tag (set_tag=)")),
            }
        }
        map
    }

    /// The prefixes it names.
    pub(super) fn prefixes(&self) -> impl Iterator<Item = Prefix> {
        self.0.iter().filter_map(|(prefix, _)| *prefix)
    }

    /// The tag of the exporters of a prefix that no other prefix of the map divides: the first entry decides.
    pub(super) fn tag(&self, exporters: Prefix) -> u64 {
        let around = |prefix: &Option<Prefix>| prefix.is_none_or(|one| one.contains(exporters));
        let found = self.0.iter().find(|(prefix, _)| around(prefix));
        found.map_or(0, |(_, tag)| *tag)
    }
}

/// Reads the prefixes of `nfacctd_allow_file`, one a line.
pub(super) fn allowed(text: &str, origin: Origin, remarks: &mut Remarks) -> Vec<Prefix> {
    let mut prefixes = Vec::new();
    for (line, whole, _) in entries(text) {
        match Prefix::parse(whole) {
            Some(prefix) => prefixes.push(prefix),
            None => {
                let why = "an address or a prefix of exporters is expected";
                remarks.lost(Place { origin, line }, whole, why);
            }
        }
    }
    prefixes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_tried_in_their_order() {
        for (text, taken, left) in [
            ("100", &[100][..], &[0, 99, 101][..]),
            ("0", &[0], &[1]),
            ("100,150", &[100, 150], &[0, 125]),
            ("105,110-120,", &[105, 110, 115, 120], &[0, 109, 121]),
            ("-150", &[0, 149, 151], &[150]),
            ("-10-20", &[0, 9, 21], &[10, 20]),
            ("150,-150", &[150, 0, 7], &[]),
        ] {
            let wanted = Wanted::parse(text).unwrap();
            for tag in taken {
                assert!(wanted.takes(*tag), "{text}: {tag}");
            }
            for tag in left {
                assert!(!wanted.takes(*tag), "{text}: {tag}");
            }
        }
        for text in ["", ",", "x", "1-", "--1", "1-2-3"] {
            assert_eq!(Wanted::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_first_entry_that_has_an_exporter_decides_its_tag() {
        let mut remarks = Remarks::default();
        let text = "! exporters\nset_tag=1 ip=192.0.2.0/25\nset_tag=2 ip=192.0.2.1\nid=3\tip=192.0.2.0/24\nset_tag=4\n\
                    set_tag=5 ip=192.0.2.9 vlan=7\nip=192.0.2.9\nset_tag=x\nset_tag=6 ip=elsewhere\n";
        let map = TagMap::read(text, Origin::File(1), &mut remarks);
        for (exporters, tag) in [
            ("192.0.2.1", 1),
            ("192.0.2.200", 3),
            ("198.51.100.1", 4),
            ("2001:db8::1", 4),
        ] {
            assert_eq!(
                map.tag(Prefix::parse(exporters).unwrap()),
                tag,
                "{exporters}"
            );
        }
        let lines: Vec<u32> = remarks.0.iter().map(|remark| remark.line).collect();
        assert_eq!(lines, [6, 7, 8, 9]);
    }
}
