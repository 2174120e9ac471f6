//! NetFlow version 9 (RFC 3954): FlowSets of templates, options templates and data records.

use crate::reader::{DecodeError, Problem, Reader};
use crate::sets::{Packing, SetFormat};
use crate::unpack::Sets;
use crate::writer::{Fill, Full};

/// The version number in the header.
pub(crate) const VERSION: u16 = SetFormat::V9.version();
/// Offset of the sequence number (RFC 3954 §5.1).
pub(crate) const SEQUENCE_AT: usize = 12;
/// Offset of the source identifier (RFC 3954 §5.1).
pub(crate) const SOURCE_ID_AT: usize = 16;
/// Octets of the header (RFC 3954 §5.1).
pub const HEADER_LEN: usize = 20;
/// FlowSet identifier of templates (RFC 3954 §5.2).
pub const TEMPLATE_SET: u16 = SetFormat::V9.template_set();
/// FlowSet identifier of options templates (RFC 3954 §6.1).
pub const OPTIONS_TEMPLATE_SET: u16 = SetFormat::V9.options_template_set();

/// Scope field types of options templates (RFC 3954 §6.1).
pub mod scope {
    /// The exporter as a whole.
    pub const SYSTEM: u16 = 1;
    /// An interface.
    pub const INTERFACE: u16 = 2;
    /// A line card.
    pub const LINE_CARD: u16 = 3;
    /// A flow cache.
    pub const CACHE: u16 = 4;
    /// A template.
    pub const TEMPLATE: u16 = 5;
}

/// Header of a datagram (RFC 3954 §5.1), without the record count, which the content determines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Milliseconds since the exporter started.
    pub sys_uptime_ms: u32,
    /// Export time, seconds since 1970.
    pub unix_secs: u32,
    /// Datagrams sent before this one.
    pub sequence: u32,
    /// Source identifier, which IPFIX calls the observation domain.
    pub source_id: u32,
}

/// Packs FlowSets into datagrams.
///
/// Templates and records may be added in any order: when another FlowSet than the open one is asked for, the open
/// one is padded and closed. The caller makes sure that a template is in the same or an earlier datagram than its
/// records.
#[derive(Clone, Debug)]
pub struct Packer {
    sets: Packing,
    count: u16,
}

impl Packer {
    /// Creates a packer of datagrams of at most `limit` octets of UDP payload.
    pub fn new(limit: usize) -> Packer {
        Packer {
            sets: Packing::new(limit, HEADER_LEN),
            count: 0,
        }
    }

    /// Whether the datagram has no FlowSet yet.
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// Octets the datagram would have if it ended now.
    pub fn len(&self) -> usize {
        self.sets.len()
    }

    /// Records in the datagram, counting templates, options templates and data: the count of the header.
    pub fn count(&self) -> u16 {
        self.count
    }

    /// Number of records of `len` octets described by template `id` that still fit.
    #[inline]
    pub fn room(&self, id: u16, len: usize) -> usize {
        self.sets
            .room(id, len)
            .min(usize::from(u16::MAX - self.count))
    }

    /// Adds a template; `fields` are pairs of type and length (RFC 3954 §5.2).
    ///
    /// # Errors
    /// [`Full`]: finish the datagram and add it again.
    pub fn template(&mut self, id: u16, fields: &[(u16, u16)]) -> Result<(), Full> {
        let count = u16::try_from(fields.len()).map_err(|_| Full)?;
        let mut out = Fill(self.record(TEMPLATE_SET, 4 + 4 * fields.len())?);
        out.u16(id);
        out.u16(count);
        put_fields(&mut out, fields);
        Ok(())
    }

    /// Adds an options template of scope fields ([`scope`]) and option fields, both pairs of type and length (RFC
    /// 3954 §6.1).
    ///
    /// # Errors
    /// [`Full`]: finish the datagram and add it again.
    pub fn options_template(
        &mut self,
        id: u16,
        scopes: &[(u16, u16)],
        fields: &[(u16, u16)],
    ) -> Result<(), Full> {
        let octets = |fields: &[(u16, u16)]| u16::try_from(4 * fields.len()).map_err(|_| Full);
        let (scope_octets, field_octets) = (octets(scopes)?, octets(fields)?);
        let mut out =
            Fill(self.record(OPTIONS_TEMPLATE_SET, 6 + 4 * (scopes.len() + fields.len()))?);
        out.u16(id);
        out.u16(scope_octets);
        out.u16(field_octets);
        put_fields(&mut out, scopes);
        put_fields(&mut out, fields);
        Ok(())
    }

    /// Reserves room for one data or options record of `len` octets described by template `id`, which the caller
    /// fills.
    ///
    /// # Errors
    /// [`Full`]: finish the datagram and ask again.
    #[inline]
    pub fn record(&mut self, id: u16, len: usize) -> Result<&mut [u8], Full> {
        self.records(id, len, 1)
    }

    /// Ends the set that records are added to: the next record starts another, also of the same template.
    pub fn end_set(&mut self) {
        self.sets.close();
    }

    /// Reserves room for at least one and at most `want` records of `len` octets each, which the caller fills
    /// (`chunks_exact_mut(len)`).
    ///
    /// # Errors
    /// [`Full`]: finish the datagram and ask again.
    #[inline]
    pub fn records(&mut self, id: u16, len: usize, want: usize) -> Result<&mut [u8], Full> {
        let want = want.min(usize::from(u16::MAX - self.count));
        let place = self.sets.records(id, len, want)?;
        self.count += u16::try_from(place.len().checked_div(len).unwrap_or(0)).unwrap_or(0);
        Ok(place)
    }

    /// Ends the datagram and returns its octets. Whatever is added next starts a new datagram.
    pub fn finish(&mut self, header: &Header) -> &[u8] {
        let count = std::mem::take(&mut self.count);
        self.sets.finish(|_| {
            let mut bytes = [0; HEADER_LEN];
            let mut out = Fill(&mut bytes);
            out.u16(VERSION);
            out.u16(count);
            out.u32(header.sys_uptime_ms);
            out.u32(header.unix_secs);
            out.u32(header.sequence);
            out.u32(header.source_id);
            bytes
        })
    }
}

fn put_fields(out: &mut Fill, fields: &[(u16, u16)]) {
    for &(kind, len) in fields {
        out.u16(kind);
        out.u16(len);
    }
}

/// Overwrites the sequence number of a packed datagram.
pub fn set_sequence(datagram: &mut [u8], sequence: u32) {
    if let Some(place) = datagram.get_mut(SEQUENCE_AT..SEQUENCE_AT + 4) {
        place.copy_from_slice(&sequence.to_be_bytes());
    }
}

/// A datagram whose header has been read.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// The datagram header.
    pub header: Header,
    /// Record count of the header. Exporters disagree about what it counts; the number of records follows from the
    /// sets.
    pub count: u16,
    body: Reader<'a>,
}

impl<'a> Message<'a> {
    /// Reads the header of a datagram.
    ///
    /// # Errors
    /// The datagram is too short, or of another version.
    pub fn parse(datagram: &'a [u8]) -> Result<Message<'a>, DecodeError> {
        let mut reader = Reader::new(datagram);
        let start = reader;
        match reader.u16()? {
            VERSION => {}
            version => return Err(start.error(Problem::Version(version))),
        }
        let count = reader.u16()?;
        let header = Header {
            sys_uptime_ms: reader.u32()?,
            unix_secs: reader.u32()?,
            sequence: reader.u32()?,
            source_id: reader.u32()?,
        };
        Ok(Message {
            header,
            count,
            body: reader,
        })
    }

    /// The FlowSets of the datagram.
    pub fn sets(&self) -> Sets<'a> {
        Sets::new(SetFormat::V9, self.body, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_of_sections_5_and_6() {
        let mut packer = Packer::new(1400);
        packer.template(256, &[(8, 4), (4, 1)]).unwrap();
        packer.template(257, &[(1, 4)]).unwrap();
        packer
            .options_template(258, &[(scope::SYSTEM, 4)], &[(34, 4), (35, 1)])
            .unwrap();
        packer
            .record(256, 5)
            .unwrap()
            .copy_from_slice(&[192, 0, 2, 1, 6]);
        packer
            .records(256, 5, 1)
            .unwrap()
            .copy_from_slice(&[192, 0, 2, 2, 17]);
        packer
            .record(257, 4)
            .unwrap()
            .copy_from_slice(&[0, 0, 0, 99]);
        assert_eq!(
            (packer.count(), packer.len(), packer.is_empty()),
            (6, 92, false)
        );
        let header = Header {
            sys_uptime_ms: 1000,
            unix_secs: 0x6000_0000,
            sequence: 7,
            source_id: 0x0102_0304,
        };
        #[rustfmt::skip]
        let expected: &[u8] = &[
            0, 9, 0, 6, 0, 0, 3, 0xe8, 0x60, 0, 0, 0, 0, 0, 0, 7, 1, 2, 3, 4,
            0, 0, 0, 24, 1, 0, 0, 2, 0, 8, 0, 4, 0, 4, 0, 1, 1, 1, 0, 1, 0, 1, 0, 4,
            0, 1, 0, 24, 1, 2, 0, 4, 0, 8, 0, 1, 0, 4, 0, 34, 0, 4, 0, 35, 0, 1, 0, 0,
            1, 0, 0, 16, 192, 0, 2, 1, 6, 192, 0, 2, 2, 17, 0, 0,
            1, 1, 0, 8, 0, 0, 0, 99,
        ];
        assert_eq!(expected.len(), 92);
        let mut datagram = packer.finish(&header).to_vec();
        assert_eq!(datagram, expected);
        set_sequence(&mut datagram, 0x0203_0405);
        let message = Message::parse(&datagram).unwrap();
        assert_eq!(
            message.header,
            Header {
                sequence: 0x0203_0405,
                ..header
            }
        );
        assert!(packer.is_empty() && packer.count() == 0);
    }
}
