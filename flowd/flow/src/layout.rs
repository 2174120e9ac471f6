//! How one flow lies in memory: the packet's own header lines, masked.
//!
//! A flow keeps the first packet's [`Header::bytes`] with every octet blank that its record does not speak
//! of. So there is nothing to gather for a key: two packets are of one flow when their lines agree under the key's mask,
//! and a field is found at the same place in a packet and in a flow.

use std::ops::Range;

use registry::{Aggregate, Field, Source};
use wire::{Family, Header, LINE, Lines, Span, at};

use crate::record::Record;
use crate::reverse;

/// Where a field's value lies in a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the flow's octets, from here; of one octet only the field's bits.
    Octets(usize),
    /// The low octet of the totals' TCP flags, of it only the field's bits.
    TcpFlags,
    /// Another of the totals.
    Totals,
}

/// One field's place in a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The field.
    pub field: &'static Field,
    /// It is part of the key.
    pub key: bool,
    /// Where its value lies.
    pub place: Place,
}

/// A value that changes with further packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Merge {
    from: Span,
    /// First octet in the merged values.
    to: usize,
    how: Aggregate,
}

/// One family of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The record's name.
    pub record: String,
    /// IPv4 or IPv6.
    pub family: Family,
    /// Every field, keys first, each part in the order it was written.
    pub slots: Vec<Slot>,
    key_mask: [u8; Header::LEN],
    keep_mask: [u8; Header::LEN],
    /// The header lines a flow keeps, ascending; the first always.
    kept: Vec<usize>,
    merges: Vec<Merge>,
    merged_len: usize,
    /// Its flows are bidirectional.
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
        // What came back lies behind everything else.
        let ways = layout.ways().map_or(0, |range| range.start);
        for slot in &mut layout.slots {
            if let Source::Reverse(what) = slot.field.source {
                slot.place = Place::Octets(ways + reverse::offset(what));
            }
        }
        // Kept lines follow one another; merged values come after them.
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

    /// Reserves the place of a field, in the header's octets; merged values come behind those until the lines are known.
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

    /// Header lines a flow keeps, by number; the first always, in ascending order.
    pub fn kept(&self) -> &[usize] {
        &self.kept
    }

    /// Header lines a packet must have for this layout.
    pub fn wanted(&self) -> Lines {
        let merged = self.merges.iter().map(|merge| merge.from.line());
        let kept = self.kept.iter().copied();
        kept.chain(merged).fold(Lines::COMMON, Lines::with)
    }

    /// Octets of the merged values.
    pub fn merged_len(&self) -> usize {
        self.merged_len
    }

    /// Octets of a flow: its lines, then the merged values, then what it has of both directions.
    pub fn len(&self) -> usize {
        let ways = if self.bidirectional { reverse::LEN } else { 0 };
        self.kept.len() * LINE + self.merged_len + ways
    }

    /// Where a flow has what it keeps of both directions ([`reverse::Ways`]); `None` when flows are of one.
    #[inline]
    pub fn ways(&self) -> Option<Range<usize>> {
        let len = self.len();
        self.bidirectional.then(|| len - reverse::LEN..len)
    }

    /// Never: a flow has a line at least.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// One where the key has a bit, by octet of [`Header::bytes`].
    pub fn key_mask(&self) -> &[u8; Header::LEN] {
        &self.key_mask
    }

    /// One where a flow keeps its first packet's bit, by octet of [`Header::bytes`]; the key's are among them.
    pub fn keep_mask(&self) -> &[u8; Header::LEN] {
        &self.keep_mask
    }

    /// Writes a flow of one packet; `octets` has [`Layout::len`] of them.
    pub fn first(&self, header: &Header, octets: &mut [u8]) {
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
        self.first_merged(header, merged);
    }

    /// Writes the merged values of a flow's first packet.
    pub fn first_merged(&self, header: &Header, merged: &mut [u8]) {
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
                // Network byte order compares as numbers do.
                Aggregate::Min if new < &*old => old.copy_from_slice(new),
                Aggregate::Max if new > &*old => old.copy_from_slice(new),
                Aggregate::Min | Aggregate::Max => {}
            }
        }
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
        assert_eq!((layout.kept(), layout.len()), (&[0][..], LINE));
        let mut octets = vec![0xee; layout.len()];
        layout.first(&header(64, 2, 40), &mut octets);
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
            (layout.kept(), layout.slots[0].place),
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
        layout.first(&header(64, 0x12, 40), &mut octets);
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
        layout.first(&header(64, 2, 40), &mut octets);
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
