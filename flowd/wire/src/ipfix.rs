//! IPFIX messages (RFC 7011): Sets of templates, options templates and data records.

use crate::reader::{DecodeError, Problem, Reader};
pub use crate::sets::{FieldSpec, VARIABLE};
use crate::sets::{Packing, SetFormat};
use crate::unpack::Sets;
use crate::writer::{Fill, Full};

/// The version number in the header (RFC 7011 §3.1).
pub(crate) const VERSION: u16 = SetFormat::Ipfix.version();
/// Offset of the message length (RFC 7011 §3.1).
pub(crate) const LENGTH_AT: usize = 2;
/// Offset of the sequence number (RFC 7011 §3.1).
pub(crate) const SEQUENCE_AT: usize = 8;
/// Offset of the observation domain (RFC 7011 §3.1).
pub(crate) const DOMAIN_AT: usize = 12;
/// Octets of the message header (RFC 7011 §3.1).
pub const HEADER_LEN: usize = 16;
/// Set identifier of templates (RFC 7011 §3.3.2).
pub const TEMPLATE_SET: u16 = SetFormat::Ipfix.template_set();
/// Set identifier of options templates (RFC 7011 §3.3.2).
pub const OPTIONS_TEMPLATE_SET: u16 = SetFormat::Ipfix.options_template_set();

/// Header of a message (RFC 7011 §3.1), without its length, which the content determines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Export time in seconds since 1970.
    pub export_time_secs: u32,
    /// Data Records sent before this message in the same observation domain, modulo 2³².
    pub sequence: u32,
    /// Observation domain identifier.
    pub domain: u32,
}

/// Packs Sets into IPFIX messages.
///
/// Templates and records may be added in any order: when another Set than the open one is asked for, the open one
/// is padded and closed. The caller makes sure that a template is in the same or an earlier message than its
/// records.
#[derive(Clone, Debug)]
pub struct Packer {
    sets: Packing,
    records: u32,
}

impl Packer {
    /// Creates a packer of messages of at most `limit` octets.
    pub fn new(limit: usize) -> Packer {
        Packer {
            sets: Packing::new(limit, HEADER_LEN),
            records: 0,
        }
    }

    /// Whether the message has no Set yet.
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// Octets the message would have if it ended now.
    pub fn len(&self) -> usize {
        self.sets.len()
    }

    /// Data and options records in the message, without templates: what the next [`Header::sequence`] grows by.
    pub fn count(&self) -> u32 {
        self.records
    }

    /// Number of records of `len` octets described by template `id` that still fit.
    #[inline]
    pub fn room(&self, id: u16, len: usize) -> usize {
        self.sets.room(id, len)
    }

    /// Adds a template (RFC 7011 §3.4.1). Without fields it withdraws the template (§8.1; not over UDP).
    ///
    /// # Errors
    /// [`Full`]: finish the message and add it again.
    pub fn template<F: Copy + Into<FieldSpec>>(
        &mut self,
        id: u16,
        fields: &[F],
    ) -> Result<(), Full> {
        let count = u16::try_from(fields.len()).map_err(|_| Full)?;
        let mut out = Fill(
            self.sets
                .records(TEMPLATE_SET, 4 + spec_octets(fields), 1)?,
        );
        out.u16(id);
        out.u16(count);
        put_specs(&mut out, fields);
        Ok(())
    }

    /// Adds an options template (RFC 7011 §3.4.2.2): its first fields are the scope, of which there is at least one.
    ///
    /// # Errors
    /// [`Full`]: finish the message and add it again.
    pub fn options_template<F: Copy + Into<FieldSpec>>(
        &mut self,
        id: u16,
        scopes: &[F],
        fields: &[F],
    ) -> Result<(), Full> {
        let scope_count = u16::try_from(scopes.len()).map_err(|_| Full)?;
        let count = u16::try_from(scopes.len() + fields.len()).map_err(|_| Full)?;
        let octets = 6 + spec_octets(scopes) + spec_octets(fields);
        let mut out = Fill(self.sets.records(OPTIONS_TEMPLATE_SET, octets, 1)?);
        out.u16(id);
        out.u16(count);
        out.u16(scope_count);
        put_specs(&mut out, scopes);
        put_specs(&mut out, fields);
        Ok(())
    }

    /// Reserves room for one data or options record of `len` octets described by template `id`, which the caller
    /// fills.
    ///
    /// A Set is padded to four octets unless its records are so short that a collector would take the padding for
    /// one more record (RFC 7011 §3.3.1). A template with fields of variable length must therefore make records of
    /// at least four octets.
    ///
    /// # Errors
    /// [`Full`]: finish the message and ask again.
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
    /// [`Full`]: finish the message and ask again.
    #[inline]
    pub fn records(&mut self, id: u16, len: usize, want: usize) -> Result<&mut [u8], Full> {
        let place = self.sets.records(id, len, want)?;
        self.records += u32::try_from(place.len().checked_div(len).unwrap_or(0)).unwrap_or(0);
        Ok(place)
    }

    /// Ends the message and returns its octets. Whatever is added next starts a new message.
    pub fn finish(&mut self, header: &Header) -> &[u8] {
        self.records = 0;
        self.sets.finish(|len| {
            let mut bytes = [0; HEADER_LEN];
            let mut out = Fill(&mut bytes);
            out.u16(VERSION);
            out.u16(len);
            out.u32(header.export_time_secs);
            out.u32(header.sequence);
            out.u32(header.domain);
            bytes
        })
    }
}

fn spec_octets<F: Copy + Into<FieldSpec>>(fields: &[F]) -> usize {
    fields.iter().map(|&field| field.into().octets()).sum()
}

fn put_specs<F: Copy + Into<FieldSpec>>(out: &mut Fill, fields: &[F]) {
    fields.iter().for_each(|&field| field.into().put(out));
}

/// Octets of a variable-length value in a record: a length of one or three octets, then the value (RFC 7011 §7).
pub fn variable_len(value: &[u8]) -> usize {
    value.len() + if value.len() < 255 { 1 } else { 3 }
}

/// Writes a variable-length value to the front of `out` (RFC 7011 §7) and returns the octets written.
///
/// # Errors
/// [`Full`] when `out` has fewer than [`variable_len`] octets, or when the value has more than 65,535.
pub fn put_variable(value: &[u8], out: &mut [u8]) -> Result<usize, Full> {
    let len = u16::try_from(value.len()).map_err(|_| Full)?;
    let total = variable_len(value);
    let mut out = Fill(out.get_mut(..total).ok_or(Full)?);
    match u8::try_from(len) {
        Ok(short) if short < 255 => out.put([short]),
        _ => {
            out.put([255]);
            out.u16(len);
        }
    }
    out.0.copy_from_slice(value);
    Ok(total)
}

/// Writes a variable-length value (RFC 7011 §7) behind `out`.
///
/// # Errors
/// [`Full`] when the value has more than 65,535 octets; nothing was written.
pub fn append_variable(value: &[u8], out: &mut Vec<u8>) -> Result<(), Full> {
    let start = out.len();
    out.resize(start + variable_len(value), 0);
    let written = put_variable(value, out.get_mut(start..).unwrap_or_default());
    if written.is_err() {
        out.truncate(start);
    }
    written.map(|_| ())
}

/// Overwrites the sequence number of a packed message.
pub fn set_sequence(message: &mut [u8], sequence: u32) {
    if let Some(place) = message.get_mut(SEQUENCE_AT..SEQUENCE_AT + 4) {
        place.copy_from_slice(&sequence.to_be_bytes());
    }
}

/// An IPFIX message whose header has been read.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// The message header.
    pub header: Header,
    /// What follows the message: nothing in a datagram, the next message in a file (RFC 5655) or stream.
    pub rest: &'a [u8],
    body: Reader<'a>,
    error: Option<DecodeError>,
}

impl<'a> Message<'a> {
    /// Reads the header of a message. If the message is cut off, what is there of its Sets is read, and an error
    /// follows them.
    ///
    /// # Errors
    /// The message is too short, or of another version.
    pub fn parse(bytes: &'a [u8]) -> Result<Message<'a>, DecodeError> {
        let mut reader = Reader::new(bytes);
        let start = reader;
        match reader.u16()? {
            VERSION => {}
            version => return Err(start.error(Problem::Version(version))),
        }
        let length_field = reader;
        let announced = reader.u16()?;
        let header = Header {
            export_time_secs: reader.u32()?,
            sequence: reader.u32()?,
            domain: reader.u32()?,
        };
        let Some(octets) = usize::from(announced).checked_sub(HEADER_LEN) else {
            return Err(length_field.error(Problem::MessageLength(announced)));
        };
        let too_long = Problem::MessageTooLong {
            announced,
            octets: bytes.len(),
        };
        let error = (octets > reader.left()).then_some(length_field.error(too_long));
        let body = reader.part(octets.min(reader.left()))?;
        Ok(Message {
            header,
            rest: reader.rest(),
            body,
            error,
        })
    }

    /// The Sets of the message.
    pub fn sets(&self) -> Sets<'a> {
        Sets::new(SetFormat::Ipfix, self.body, self.error)
    }
}

/// Returns the octets of the message at the start of `bytes`, its header included, as soon as they can be told. A stream
/// (RFC 7011 §10.4.2) is cut into messages by it.
///
/// # Errors
/// What starts there is no IPFIX message, so it cannot be told where the next one starts.
pub fn message_len(bytes: &[u8]) -> Result<Option<usize>, DecodeError> {
    let mut reader = Reader::new(bytes);
    let start = reader;
    let Ok(version) = reader.u16() else {
        return Ok(None);
    };
    if version != VERSION {
        return Err(start.error(Problem::Version(version)));
    }
    let length_field = reader;
    match reader.u16() {
        Ok(length) if usize::from(length) < HEADER_LEN => {
            Err(length_field.error(Problem::MessageLength(length)))
        }
        Ok(length) => Ok(Some(length.into())),
        Err(_) => Ok(None),
    }
}

/// Iterates over the messages of a file, which stand one after the other (RFC 5655 §6).
///
/// It ends at the first octets that are no message header, with an error whose place is that in the file. A last message
/// that is cut off is returned with what there is of it.
#[derive(Clone, Debug)]
pub struct Messages<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Messages<'a> {
    /// The messages in the octets of a file.
    pub fn new(file: &'a [u8]) -> Messages<'a> {
        Messages {
            rest: file,
            offset: 0,
        }
    }

    /// Octets from the start of the file to the next message.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let message = Message::parse(self.rest).map_err(|error| DecodeError {
            offset: error.offset + self.offset,
            ..error
        });
        let rest = message.as_ref().map_or(&[][..], |message| message.rest);
        self.offset += self.rest.len() - rest.len();
        self.rest = rest;
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_of_section_3() {
        let mut packer = Packer::new(1400);
        packer.template(256, &[(8, 4), (4, 1)]).unwrap();
        packer
            .template(
                257,
                &[FieldSpec {
                    id: 1,
                    len: VARIABLE,
                    enterprise: 0x0001_0203,
                }],
            )
            .unwrap();
        packer
            .options_template(258, &[(302, 4)], &[(305, 4)])
            .unwrap();
        packer
            .record(256, 5)
            .unwrap()
            .copy_from_slice(&[192, 0, 2, 1, 6]);
        assert_eq!(put_variable(b"abc", packer.record(257, 4).unwrap()), Ok(4));
        assert_eq!(packer.count(), 2);
        let header = Header {
            export_time_secs: 0x6000_0000,
            sequence: 7,
            domain: 0x0102_0304,
        };
        #[rustfmt::skip]
        let expected: &[u8] = &[
            0, 10, 0, 84, 0x60, 0, 0, 0, 0, 0, 0, 7, 1, 2, 3, 4,
            0, 2, 0, 28, 1, 0, 0, 2, 0, 8, 0, 4, 0, 4, 0, 1, 1, 1, 0, 1, 0x80, 1, 0xff, 0xff, 0, 1, 2, 3,
            0, 3, 0, 20, 1, 2, 0, 2, 0, 1, 1, 46, 0, 4, 1, 49, 0, 4, 0, 0,
            1, 0, 0, 12, 192, 0, 2, 1, 6, 0, 0, 0,
            1, 1, 0, 8, 3, b'a', b'b', b'c',
        ];
        let mut message = packer.finish(&header).to_vec();
        assert_eq!(message, expected);
        set_sequence(&mut message, 0x0203_0405);
        assert_eq!(
            Message::parse(&message).unwrap().header,
            Header {
                sequence: 0x0203_0405,
                ..header
            }
        );
        assert!(packer.is_empty() && packer.count() == 0);
    }
}
