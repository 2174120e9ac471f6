//! NetFlow version 9 (RFC 3954): FlowSets of templates, options templates and data.

use crate::reader::{DecodeError, Problem, Reader};
use crate::sets::{Packing, SetFormat};
use crate::unpack::Sets;
use crate::writer::{Fill, Full};

/// The version number in the header.
pub(crate) const VERSION: u16 = 9;
/// Where the sequence number is (RFC 3954 §5.1).
const SEQUENCE_AT: usize = 12;
/// Where the source identifier is (RFC 3954 §5.1).
pub(crate) const SOURCE_ID_AT: usize = 16;
/// Octets of the header (RFC 3954 §5.1).
pub const HEADER_LEN: usize = 20;
/// FlowSet identifier of templates (RFC 3954 §5.2).
pub const TEMPLATE_SET: u16 = 0;
/// FlowSet identifier of options templates (RFC 3954 §6.1).
pub const OPTIONS_TEMPLATE_SET: u16 = 1;

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

/// The header of a datagram (RFC 3954 §5.1). The count of records is not part of it: it says what follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Milliseconds since the exporter started.
    pub sys_uptime_ms: u32,
    /// Time of export, seconds since 1970.
    pub unix_secs: u32,
    /// Datagrams sent before this one.
    pub sequence: u32,
    /// Which of the exporter's observation domains this is.
    pub source_id: u32,
}

/// Packs FlowSets into datagrams.
///
/// Templates and records are added in any order; a FlowSet is opened when the one being filled is another,
/// padded and closed by itself. A template must be in the same or an earlier datagram than its records:
/// that is the caller's.
#[derive(Clone, Debug)]
pub struct Packer {
    sets: Packing,
    count: u16,
}

impl Packer {
    /// Datagrams of at most `limit` octets of UDP payload.
    pub fn new(limit: usize) -> Packer {
        Packer {
            sets: Packing::new(limit, HEADER_LEN),
            count: 0,
        }
    }

    /// Nothing is waiting.
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// Octets of the datagram if it ended now.
    pub fn len(&self) -> usize {
        self.sets.len()
    }

    /// Records in the datagram: templates, options templates, data (the header's count).
    pub fn count(&self) -> u16 {
        self.count
    }

    /// How many records of `len` octets described by template `id` still fit.
    #[inline]
    pub fn room(&self, id: u16, len: usize) -> usize {
        self.sets
            .room(id, len)
            .min(usize::from(u16::MAX - self.count))
    }

    /// Adds a template: `fields` are type and length (RFC 3954 §5.2).
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

    /// Adds an options template: scope fields ([`scope`]) and option fields, type and length (RFC 3954 §6.1).
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

    /// Room for one data or options record of `len` octets described by template `id`, for the caller to fill.
    ///
    /// # Errors
    /// [`Full`]: finish the datagram and ask again.
    #[inline]
    pub fn record(&mut self, id: u16, len: usize) -> Result<&mut [u8], Full> {
        self.records(id, len, 1)
    }

    /// Room for at least one and at most `want` records of `len` octets each, for the caller to fill whole
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

    /// Ends the datagram and returns its octets. What is added next starts a new one.
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

/// Gives a datagram that was packed another sequence number.
pub fn set_sequence(datagram: &mut [u8], sequence: u32) {
    if let Some(place) = datagram.get_mut(SEQUENCE_AT..SEQUENCE_AT + 4) {
        place.copy_from_slice(&sequence.to_be_bytes());
    }
}

/// A datagram whose header was read.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// Its header.
    pub header: Header,
    /// Records that the header announces. Exporters disagree about what counts; the sets say how many there are.
    pub count: u16,
    body: Reader<'a>,
}

impl<'a> Message<'a> {
    /// Reads the header of a datagram.
    ///
    /// # Errors
    /// It is too short, or of another version.
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

    /// The FlowSets.
    pub fn sets(&self) -> Sets<'a> {
        Sets::new(SetFormat::V9, self.body, 0)
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
