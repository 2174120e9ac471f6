//! What NetFlow v9 FlowSets and IPFIX Sets have in common: identifier, length, records, padding.

use crate::reader::{DecodeError, Reader};
use crate::writer::{Full, Writer};

/// Octets of a set header, which consists of identifier and length (RFC 3954 §5.2, RFC 7011 §3.3.2).
pub(crate) const SET_HEADER_LEN: usize = 4;
/// The smallest identifier of templates and of the data sets they describe (RFC 7011 §3.4.1).
pub const MIN_TEMPLATE_ID: u16 = 256;
/// Length of a variable-length field in a template (RFC 7011 §7).
pub const VARIABLE: u16 = 65_535;

/// The formats whose datagrams are made of sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetFormat {
    /// NetFlow version 9 (RFC 3954).
    V9,
    /// IPFIX (RFC 7011).
    Ipfix,
}

impl SetFormat {
    /// The version number in the header: 9 or 10.
    pub const fn version(self) -> u16 {
        match self {
            SetFormat::V9 => 9,
            SetFormat::Ipfix => 10,
        }
    }

    /// The identifier of template sets (RFC 3954 §5.2, RFC 7011 §3.3.2).
    pub const fn template_set(self) -> u16 {
        match self {
            SetFormat::V9 => 0,
            SetFormat::Ipfix => 2,
        }
    }

    /// The identifier of options template sets (RFC 3954 §6.1, RFC 7011 §3.3.2).
    pub const fn options_template_set(self) -> u16 {
        match self {
            SetFormat::V9 => 1,
            SetFormat::Ipfix => 3,
        }
    }
}

/// One field of a template: a field specifier (RFC 7011 §3.2, RFC 3954 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FieldSpec {
    /// Information element or field type; 15 bits if there is an enterprise number.
    pub id: u16,
    /// Octets of the values, or [`VARIABLE`] if each record has its own length.
    pub len: u16,
    /// Private enterprise number (IPFIX only); 0 for IANA's elements.
    pub enterprise: u32,
}

/// The bit of an identifier that says an enterprise number follows (RFC 7011 §3.2).
const ENTERPRISE: u16 = 0x8000;

impl FieldSpec {
    /// Reads a field specifier of IPFIX (RFC 7011 §3.2).
    pub(crate) fn read(reader: &mut Reader) -> Result<FieldSpec, DecodeError> {
        let (id, len) = (reader.u16()?, reader.u16()?);
        let enterprise = if id & ENTERPRISE == 0 {
            0
        } else {
            reader.u32()?
        };
        Ok(FieldSpec {
            id: id & !ENTERPRISE,
            len,
            enterprise,
        })
    }

    /// Octets of its field specifier in IPFIX.
    pub(crate) const fn octets(self) -> usize {
        if self.enterprise == 0 { 4 } else { 8 }
    }

    /// Writes the field specifier of IPFIX behind `out`.
    pub(crate) fn put(self, out: &mut impl Extend<u8>) {
        let FieldSpec {
            id,
            len,
            enterprise,
        } = self;
        if enterprise == 0 {
            out.extend((id & !ENTERPRISE).to_be_bytes());
            out.extend(len.to_be_bytes());
        } else {
            out.extend((id | ENTERPRISE).to_be_bytes());
            out.extend(len.to_be_bytes());
            out.extend(enterprise.to_be_bytes());
        }
    }
}

impl From<(u16, u16)> for FieldSpec {
    /// Takes an IANA element and its length in octets.
    fn from((id, len): (u16, u16)) -> Self {
        FieldSpec {
            id,
            len,
            enterprise: 0,
        }
    }
}

/// The set to which records are being added.
#[derive(Clone, Copy, Debug)]
struct Open {
    id: u16,
    /// Offset of its header.
    at: usize,
    /// Octets of its shortest record.
    shortest: usize,
}

/// Packs sets behind the space reserved for a message header.
#[derive(Clone, Debug)]
pub(crate) struct Packing {
    out: Writer,
    header_len: usize,
    open: Option<Open>,
}

impl Packing {
    /// Creates a packer of messages of at most `limit` octets, rounded down to a multiple of four so that padding
    /// always fits.
    pub(crate) fn new(limit: usize, header_len: usize) -> Packing {
        let mut out = Writer::new(limit & !3);
        if out.put_zeros(header_len).is_err() {
            // The limit has no room for a header: such a packer refuses every record.
            out = Writer::new(0);
        }
        Packing {
            out,
            header_len,
            open: None,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.out.len() <= self.header_len
    }

    pub(crate) fn len(&self) -> usize {
        self.out.len() + self.padding()
    }

    /// Octets of padding the open set needs (RFC 7011 §3.3.1); none if a collector could take them for a record.
    fn padding(&self) -> usize {
        let padding = self.out.len().wrapping_neg() & 3;
        match self.open {
            Some(open) if padding < open.shortest => padding,
            _ => 0,
        }
    }

    /// Number of records of `len` octets that still fit into set `id`.
    #[inline]
    pub(crate) fn room(&self, id: u16, len: usize) -> usize {
        let overhead = match self.open {
            Some(open) if open.id == id => 0,
            _ => self.padding() + SET_HEADER_LEN,
        };
        self.out
            .room()
            .saturating_sub(overhead)
            .checked_div(len)
            .unwrap_or(0)
    }

    /// Reserves room for at least one and at most `want` records of `len` octets in set `id`, opening the set if
    /// needed.
    #[inline]
    pub(crate) fn records(&mut self, id: u16, len: usize, want: usize) -> Result<&mut [u8], Full> {
        let count = self.room(id, len).min(want);
        if count == 0 {
            return Err(Full);
        }
        match &mut self.open {
            Some(open) if open.id == id => open.shortest = open.shortest.min(len),
            _ => self.open(id, len)?,
        }
        self.out.take(count * len)
    }

    fn open(&mut self, id: u16, len: usize) -> Result<(), Full> {
        self.close();
        let at = self.out.len();
        self.out.put_u16(id)?;
        self.out.put_u16(0)?;
        self.open = Some(Open {
            id,
            at,
            shortest: len,
        });
        Ok(())
    }

    /// Pads the open set and fills in its length. The next record starts another set, also under the same identifier.
    pub(crate) fn close(&mut self) {
        let padding = self.padding();
        if let Some(open) = self.open.take()
            // Cannot fail: the capacity is a multiple of four.
            && self.out.put_zeros(padding).is_ok()
            && let Ok(len) = u16::try_from(self.out.len() - open.at)
        {
            self.out.patch(open.at + 2, &len.to_be_bytes());
        }
    }

    /// Ends the message and returns its octets. `header` makes the message header from the message length. The next
    /// record starts a new message.
    pub(crate) fn finish<const N: usize>(&mut self, header: impl FnOnce(u16) -> [u8; N]) -> &[u8] {
        self.close();
        let len = self.out.len();
        self.out
            .patch(0, &header(u16::try_from(len).unwrap_or(u16::MAX)));
        self.out.truncate(self.header_len);
        self.out.up_to(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finish(sets: &mut Packing) -> Vec<u8> {
        sets.finish(|len| [0, len.to_be_bytes()[1], 0, 0]).to_vec()
    }

    #[test]
    fn messages_fill_up_to_the_limit_and_no_further() {
        for limit in 0..64 {
            for len in 1..12 {
                let mut sets = Packing::new(limit, 4);
                let room = sets.room(300, len);
                let got = sets.records(300, len, 1000).map(|place| place.len() / len);
                assert_eq!(got, if room == 0 { Err(Full) } else { Ok(room) });
                assert_eq!(sets.records(300, len, 1).map(|_| ()), Err(Full));
                let told = sets.len();
                let message = finish(&mut sets);
                assert!(message.len() <= limit && message.len() == told && sets.is_empty());
                assert!((limit & !3) < 8 + len || room > 0);
            }
        }
    }

    #[test]
    fn padding_is_zero_and_never_looks_like_a_record() {
        let mut sets = Packing::new(100, 4);
        sets.records(300, 30, 1).unwrap().fill(0xff);
        finish(&mut sets);
        sets.records(300, 5, 1).unwrap().fill(0xff);
        assert_eq!(
            finish(&mut sets),
            [0, 16, 0, 0, 1, 44, 0, 12, 255, 255, 255, 255, 255, 0, 0, 0][..].to_vec()
        );
        // Three octets of padding would be three records of one octet.
        sets.records(300, 1, 1).unwrap().fill(0xff);
        assert_eq!(finish(&mut sets).len(), 9);
        // Records of no octets cannot be counted by a reader.
        assert_eq!(sets.records(300, 0, 1).map(|_| ()), Err(Full));
    }
}
