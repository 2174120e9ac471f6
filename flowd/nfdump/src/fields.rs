//! Numbers at places in octets, little-endian, and the errors of what is not there.

use crate::Error;

/// Octets with their place in the file or block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a> {
    pub(crate) octets: &'a [u8],
    pub(crate) offset: usize,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(octets: &'a [u8]) -> Fields<'a> {
        Fields { octets, offset: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.octets.len()
    }

    /// The error that there are fewer than `needed` octets.
    pub(crate) fn short(&self, needed: usize) -> Error {
        Error::Truncated {
            offset: self.offset,
            needed,
            left: self.octets.len(),
        }
    }

    /// The octets from `at` on.
    pub(crate) fn from(&self, at: usize) -> Fields<'a> {
        Fields {
            octets: self.octets.get(at..).unwrap_or_default(),
            offset: self.offset + at,
        }
    }

    /// The first `len` octets.
    pub(crate) fn first(&self, len: usize) -> Result<Fields<'a>, Error> {
        let octets = self.octets.get(..len).ok_or_else(|| self.short(len))?;
        Ok(Fields { octets, ..*self })
    }

    fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.octets.get(at..)?.first_chunk().copied()
    }

    pub(crate) fn u8(&self, at: usize) -> Option<u8> {
        self.octets.get(at).copied()
    }

    #[inline]
    pub(crate) fn u16(&self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&self, at: usize) -> Option<u64> {
        self.array(at).map(u64::from_le_bytes)
    }
}
