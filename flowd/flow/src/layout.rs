//! The layout of one flow in memory: the header lines of its first packet, masked.
//!
//! A flow keeps the first packet's [`Header::bytes`], with every octet zeroed that its record does not use. So no
//! key has to be assembled: two packets belong to one flow if their lines agree under the key mask, and a field has
//! the same offset in a packet and in a flow.

use std::ops::Range;
use std::sync::Arc;

use registry::{Aggregate, Field, Source};
use wire::{Family, Header, LINE, Lines, Span, at};

use crate::biflow;
use crate::record::Record;

/// Where a flow keeps a field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At this offset of the flow's octets. Of a single octet, only the field's bits.
    Octets(usize),
    /// In the low octet of the totals' TCP flags, of which only the field's bits.
    TcpFlags,
    /// In another counter of the totals.
    Totals,
}

/// A field of a record and its place in a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The field.
    pub field: &'static Field,
    /// Whether it is a key field.
    pub key: bool,
    /// Where its value is.
    pub place: Place,
}

/// A collected value that further packets of the flow change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Merge {
    from: Span,
    /// Offset of its first octet in the merged values.
    to: usize,
    how: Aggregate,
}

/// The layout of a record's flows of one address family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The record's name.
    pub record: String,
    /// IP version of the flows.
    pub family: Family,
    /// All fields, key fields first, both in the order they were configured.
    pub slots: Vec<Slot>,
    key_mask: [u8; Header::LEN],
    keep_mask: [u8; Header::LEN],
    /// The header lines a flow keeps, ascending; always the first.
    kept: Vec<usize>,
    merges: Vec<Merge>,
    merged_len: usize,
    /// Whether the flows are bidirectional.
    bidirectional: bool,
}

impl Layout {
    /// Lays out the fields of `record` that exist in `family`.
    pub fn new(record: &Record, family: Family) -> Layout {
        let mut layout = Layout {
            record: record.name.clone(),
            family,
            slots: Vec::new(),
            key_mask: [0; Header::LEN],
            keep_mask: [0; Header::LEN],
            kept: Vec::new(),
            merges: Vec::new(),
            merged_len: 0,
            bidirectional: false,
        };
        let keys = record.keys.iter().map(|field| (*field, true));
        let fields = keys.chain(record.collects.iter().map(|field| (*field, false)));
        for (field, key) in
            fields.filter(|(field, _)| field.family.is_none_or(|only| only == family))
        {
            let place = layout.place(field, key);
            layout.slots.push(Slot { field, key, place });
        }
        let spoken = |line: &usize| {
            let mut mask = layout.keep_mask.chunks_exact(LINE).skip(*line);
            *line == 0
                || mask
                    .next()
                    .is_some_and(|mask| mask.iter().any(|octet| *octet != 0))
        };
        layout.kept = (0..Header::LINES).filter(spoken).collect();
        // The biflow counters come after everything else.
        let biflow = layout.biflow_range().map_or(0, |range| range.start);
        for slot in &mut layout.slots {
            if let Source::Reverse(what) = slot.field.source {
                slot.place = Place::Octets(biflow + biflow::offset(what));
            }
        }
        // The kept lines are adjacent in a flow, and the merged values follow them.
        for slot in &mut layout.slots {
            if let (Place::Octets(octet), Source::Header(..)) = (&mut slot.place, slot.field.source)
            {
                let line = *octet / LINE;
                let before = layout.kept.iter().filter(|kept| **kept < line).count();
                *octet = *octet - line.min(Header::LINES) * LINE + before * LINE;
            }
        }
        layout
    }

    /// Assigns a field its place by the offsets of a header; merged values are placed behind the header until it is
    /// known which lines are kept.
    fn place(&mut self, field: &'static Field, key: bool) -> Place {
        self.bidirectional |= matches!(field.source, Source::Reverse(_));
        let Source::Header(span, aggregate) = field.source else {
            return Place::Totals;
        };
        let range = span.range();
        if key || aggregate == Aggregate::First {
            let keep = |mask: &mut [u8; Header::LEN]| {
                mask[range.clone()]
                    .iter_mut()
                    .for_each(|octet| *octet |= field.bits);
            };
            keep(&mut self.keep_mask);
            if key {
                keep(&mut self.key_mask);
            }
            return Place::Octets(range.start);
        }
        if span == at::TCP_FLAGS_8 && aggregate == Aggregate::Or {
            return Place::TcpFlags;
        }
        let same = |merge: &&Merge| (merge.from, merge.how) == (span, aggregate);
        if let Some(known) = self.merges.iter().find(same) {
            return Place::Octets(Header::LEN + known.to);
        }
        let to = self.merged_len;
        self.merges.push(Merge {
            from: span,
            to,
            how: aggregate,
        });
        self.merged_len += range.len();
        Place::Octets(Header::LEN + to)
    }

    /// The numbers of the header lines a flow keeps, ascending; always the first.
    pub fn kept_lines(&self) -> &[usize] {
        &self.kept
    }

    /// The header lines that have to be read of a packet for this layout.
    pub fn wanted_lines(&self) -> Lines {
        let merged = self.merges.iter().map(|merge| merge.from.line());
        let kept = self.kept.iter().copied();
        kept.chain(merged).fold(Lines::COMMON, Lines::with)
    }

    /// Octets of the merged values.
    pub fn merged_len(&self) -> usize {
        self.merged_len
    }

    /// Octets of a flow: its header lines, the merged values, then the biflow counters.
    pub fn len(&self) -> usize {
        let biflow = if self.bidirectional { biflow::LEN } else { 0 };
        self.kept.len() * LINE + self.merged_len + biflow
    }

    /// The range of a flow's octets with its [`biflow::BiflowCounters`] counters; `None` if flows are unidirectional.
    #[inline]
    pub fn biflow_range(&self) -> Option<Range<usize>> {
        let len = self.len();
        self.bidirectional.then(|| len - biflow::LEN..len)
    }

    /// Always false: a flow has at least one line.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// A mask over [`Header::bytes`] with one bits where the key has its bits.
    pub fn key_mask(&self) -> &[u8; Header::LEN] {
        &self.key_mask
    }

    /// A mask over [`Header::bytes`] with one bits where a flow keeps the bits of its first packet, including those
    /// of the key.
    pub fn keep_mask(&self) -> &[u8; Header::LEN] {
        &self.keep_mask
    }

    /// Writes the flow of a first packet to `octets`, which has [`Layout::len`] octets.
    pub fn write_first(&self, header: &Header, octets: &mut [u8]) {
        let (lines, merged) = octets.split_at_mut(self.kept.len() * LINE);
        for (out, line) in lines.chunks_exact_mut(LINE).zip(&self.kept) {
            let range = line * LINE..(line + 1) * LINE;
            let octets = header.bytes[range.clone()]
                .iter()
                .zip(&self.keep_mask[range]);
            for (out, (octet, mask)) in out.iter_mut().zip(octets) {
                *out = octet & mask;
            }
        }
        self.write_merged(header, merged);
    }

    /// Writes the merged values of a flow's first packet.
    pub fn write_merged(&self, header: &Header, merged: &mut [u8]) {
        for Merge { from, to, .. } in &self.merges {
            let new = header.get(*from);
            merged[*to..to + new.len()].copy_from_slice(new);
        }
    }

    /// Merges a further packet into the merged values.
    #[inline]
    pub fn merge(&self, header: &Header, merged: &mut [u8]) {
        for Merge { from, to, how } in &self.merges {
            let new = header.get(*from);
            let old = &mut merged[*to..to + new.len()];
            match how {
                Aggregate::First => {}
                Aggregate::Or => old.iter_mut().zip(new).for_each(|(old, new)| *old |= new),
                // Numbers in network byte order compare as octet strings.
                Aggregate::Min if new < &*old => old.copy_from_slice(new),
                Aggregate::Max if new > &*old => old.copy_from_slice(new),
                Aggregate::Min | Aggregate::Max => {}
            }
        }
    }
}

impl Record {
    /// Returns the layout of flows of `family`, or `None` if the record has only fields of the other family.
    ///
    /// A record with fields of one family meters that family, one without such fields meters both, and one with
    /// fields of both families has a layout for each.
    pub fn layout(&self, family: Family) -> Option<Arc<Layout>> {
        let named = |family| {
            self.keys
                .iter()
                .chain(&self.collects)
                .any(|field| field.family == Some(family))
        };
        let other = if family == Family::V4 {
            Family::V6
        } else {
            Family::V4
        };
        if named(other) && !named(family) {
            return None;
        }
        Some(Arc::new(Layout::new(self, family)))
    }

    /// Returns the layouts of IPv4 and of IPv6 flows, in this order; see [`Record::layout`].
    pub fn layouts(&self) -> [Option<Arc<Layout>>; 2] {
        [Family::V4, Family::V6].map(|family| self.layout(family))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(ttl: u8, flags: u8, length: u32) -> Header {
        let mut header = Header::empty();
        header.set(at::SOURCE_IPV4, &[10, 0, 0, 1]);
        header.set(at::DESTINATION_IPV4, &[10, 0, 0, 2]);
        header.set(at::SOURCE_PORT, &[0x12, 0x34]);
        header.set(at::DESTINATION_PORT, &[0, 22]);
        header.set(at::PROTOCOL, &[6]);
        header.set(at::TTL, &[ttl]);
        header.set(at::TCP_FLAGS_8, &[flags]);
        header.set(at::IP_TOTAL_LENGTH, &length.to_be_bytes());
        header
    }

    fn record(keys: &[&str], collects: &[&str]) -> Record {
        Record {
            name: "R".into(),
            keys: keys
                .iter()
                .map(|words| Record::key_field(words).unwrap())
                .collect(),
            collects: collects
                .iter()
                .map(|words| Record::collect_field(words).unwrap())
                .collect(),
        }
    }

    #[test]
    fn a_flow_keeps_its_fields_where_the_packet_has_them_and_blanks_the_rest() {
        let layout = Layout::new(
            &record(
                &["ipv4 source address", "transport destination-port"],
                &["ipv4 ttl", "transport tcp flags"],
            ),
            Family::V4,
        );
        assert_eq!((layout.kept_lines(), layout.len()), (&[0][..], LINE));
        let mut octets = vec![0xee; layout.len()];
        layout.write_first(&header(64, 2, 40), &mut octets);
        let mut expected = vec![0; LINE];
        expected[0..4].copy_from_slice(&[10, 0, 0, 1]);
        expected[34..36].copy_from_slice(&[0, 22]);
        expected[38] = 64;
        assert_eq!(octets, expected);
        assert_eq!(layout.key_mask()[38], 0, "collected, not matched");
        assert_eq!(layout.slots[3].place, Place::TcpFlags);
    }

    #[test]
    fn fields_of_the_second_line_bring_it_in() {
        let layout = Layout::new(&record(&["transport tcp flags"], &[]), Family::V4);
        assert_eq!(
            (layout.kept_lines(), layout.slots[0].place),
            (&[0, 1][..], Place::Octets(at::TCP_FLAGS_8.at.into()))
        );
    }

    #[test]
    fn a_flag_is_a_key_by_itself() {
        let layout = Layout::new(
            &record(&["transport tcp flags syn"], &["transport tcp flags"]),
            Family::V4,
        );
        assert_eq!(layout.key_mask()[at::TCP_FLAGS_8.range()], [2]);
        assert_eq!(layout.keep_mask()[at::TCP_FLAGS_8.range()], [2]);
        let mut octets = vec![0; layout.len()];
        layout.write_first(&header(64, 0x12, 40), &mut octets);
        let totals = crate::Totals {
            tcp_flags: 0x112,
            ..crate::Totals::default()
        };
        let flow = crate::Flow {
            layout: &layout,
            totals: &totals,
            octets: &octets,
        };
        let values: Vec<_> = layout.slots.iter().map(|slot| flow.value(slot)).collect();
        assert_eq!(values, [2, 0x12].map(crate::Value::Number));
    }

    #[test]
    fn values_merge_by_their_rule() {
        let layout = Layout::new(
            &record(
                &[],
                &[
                    "ipv4 ttl",
                    "ipv4 ttl minimum",
                    "ipv4 ttl maximum",
                    "ipv4 total-length maximum",
                ],
            ),
            Family::V4,
        );
        let mut octets = vec![0; layout.len()];
        layout.write_first(&header(64, 2, 40), &mut octets);
        layout.merge(&header(63, 0x10, 1500), &mut octets[LINE..]);
        layout.merge(&header(65, 0x18, 576), &mut octets[LINE..]);
        assert_eq!(octets[LINE..], [63, 65, 0, 0, 0x05, 0xdc]);
        let place = layout
            .slots
            .iter()
            .find(|slot| slot.field.words == "ipv4 ttl maximum")
            .map(|slot| slot.place);
        assert_eq!(place, Some(Place::Octets(LINE + 1)));
    }
}
