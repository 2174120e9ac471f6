//! How one flow lies in memory: its key octets and its collected octets.

use wire::{Family, Header};

use crate::field::{Aggregate, Field, Source};
use crate::record::Record;

/// One field's place in a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The field.
    pub field: &'static Field,
    /// It is part of the key.
    pub key: bool,
    /// First octet, in the key or in the values; meaningless for counters and times, which are in the totals.
    pub at: usize,
}

/// A copy from [`Header::bytes`] to a key or to values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Copy {
    from: usize,
    to: usize,
    len: usize,
}

/// Key and values of one family of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The record's name.
    pub record: String,
    /// IPv4 or IPv6.
    pub family: Family,
    /// Every field, keys first, each part in the order it was written.
    pub slots: Vec<Slot>,
    key_len: usize,
    value_len: usize,
    key_copies: Vec<Copy>,
    value_copies: Vec<Copy>,
    /// Values that change with further packets: (from, to, len, how).
    merges: Vec<(Copy, Aggregate)>,
}

impl Layout {
    /// Lays out the fields of `record` that exist in `family`.
    pub fn new(record: &Record, family: Family) -> Layout {
        let applies = |field: &&&'static Field| field.family.is_none_or(|only| only == family);
        let mut layout = Layout {
            record: record.name.clone(),
            family,
            slots: Vec::new(),
            key_len: 0,
            value_len: 0,
            key_copies: Vec::new(),
            value_copies: Vec::new(),
            merges: Vec::new(),
        };
        for field in record.keys.iter().filter(applies) {
            layout.slots.push(Slot {
                field,
                key: true,
                at: layout.key_len,
            });
            if let Some(span) = field.span() {
                let copy = Copy {
                    from: span.at.into(),
                    to: layout.key_len,
                    len: span.len.into(),
                };
                push_copy(&mut layout.key_copies, copy);
                layout.key_len += copy.len;
            }
        }
        for field in record.collects.iter().filter(applies) {
            layout.slots.push(Slot {
                field,
                key: false,
                at: layout.value_len,
            });
            if let Source::Header(span, aggregate) = field.source {
                let copy = Copy {
                    from: span.at.into(),
                    to: layout.value_len,
                    len: span.len.into(),
                };
                push_copy(&mut layout.value_copies, copy);
                if aggregate != Aggregate::First {
                    layout.merges.push((copy, aggregate));
                }
                layout.value_len += copy.len;
            }
        }
        layout
    }

    /// Octets of a key.
    pub fn key_len(&self) -> usize {
        self.key_len
    }

    /// Octets of the collected values.
    pub fn value_len(&self) -> usize {
        self.value_len
    }

    /// Writes the packet's key; `key` has [`Layout::key_len`] octets.
    #[inline]
    pub fn key(&self, header: &Header, key: &mut [u8]) {
        gather(&self.key_copies, header, key);
    }

    /// Writes the collected values of a flow's first packet.
    #[inline]
    pub fn first(&self, header: &Header, values: &mut [u8]) {
        gather(&self.value_copies, header, values);
    }

    /// Merges a further packet into the collected values.
    #[inline]
    pub fn merge(&self, header: &Header, values: &mut [u8]) {
        for (copy, aggregate) in &self.merges {
            let new = &header.bytes[copy.from..copy.from + copy.len];
            let old = &mut values[copy.to..copy.to + copy.len];
            match aggregate {
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

/// Adds a copy, joining it to the one before when both sides continue it.
fn push_copy(copies: &mut Vec<Copy>, copy: Copy) {
    if let Some(last) = copies.last_mut()
        && last.from + last.len == copy.from
        && last.to + last.len == copy.to
    {
        last.len += copy.len;
        return;
    }
    copies.push(copy);
}

#[inline]
fn gather(copies: &[Copy], header: &Header, out: &mut [u8]) {
    for copy in copies {
        out[copy.to..copy.to + copy.len]
            .copy_from_slice(&header.bytes[copy.from..copy.from + copy.len]);
    }
}

#[cfg(test)]
mod tests {
    use wire::at;

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
    fn keys_are_gathered_in_order_and_adjacent_spans_joined() {
        let layout = Layout::new(
            &record(
                &[
                    "transport source-port",
                    "transport destination-port",
                    "ipv4 protocol",
                    "ipv4 source address",
                ],
                &[],
            ),
            Family::V4,
        );
        let mut key = vec![0; layout.key_len()];
        layout.key(&header(64, 2, 40), &mut key);
        assert_eq!(key, [0x12, 0x34, 0, 22, 6, 10, 0, 0, 1]);
        assert_eq!(layout.key_copies.len(), 2);
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
                    "transport tcp flags",
                    "ipv4 total-length maximum",
                ],
            ),
            Family::V4,
        );
        let mut values = vec![0; layout.value_len()];
        layout.first(&header(64, 2, 40), &mut values);
        layout.merge(&header(63, 0x10, 1500), &mut values);
        layout.merge(&header(65, 0x18, 576), &mut values);
        assert_eq!(values, [64, 63, 65, 0x1a, 0, 0, 0x05, 0xdc]);
    }
}
