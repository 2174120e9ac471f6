//! A buffer of fixed capacity into which octets are packed. It cannot overflow or panic: what does not fit whole is
//! refused.

use thiserror::Error;

/// The datagram has no room left for this; nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no room left in the datagram")]
pub struct Full;

/// Most octets a [`Writer`] holds: the length fields of the formats here have 16 bits.
pub const MAX_DATAGRAM: usize = 65_535;

/// Octets packed one after the other into a buffer that never grows.
#[derive(Clone, Debug)]
pub struct Writer {
    bytes: Box<[u8]>,
    len: usize,
}

impl Writer {
    /// Creates a buffer of `capacity` octets, at most [`MAX_DATAGRAM`].
    pub fn new(capacity: usize) -> Writer {
        Writer {
            bytes: vec![0; capacity.min(MAX_DATAGRAM)].into_boxed_slice(),
            len: 0,
        }
    }

    /// Number of octets written.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was written yet.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of octets that still fit.
    #[inline]
    pub fn room(&self) -> usize {
        self.bytes.len() - self.len
    }

    /// The octets written.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// The first `len` octets of the buffer, including those that [`Writer::truncate`] removed since they were
    /// written.
    #[inline]
    pub(crate) fn up_to(&self, len: usize) -> &[u8] {
        self.bytes.get(..len).unwrap_or_default()
    }

    /// Shortens the written octets to `len`.
    #[inline]
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Reserves the next `count` octets for the caller to fill. They hold whatever the buffer had there.
    ///
    /// # Errors
    /// [`Full`] when fewer than `count` octets are left.
    #[inline]
    pub fn take(&mut self, count: usize) -> Result<&mut [u8], Full> {
        let end = self.len.checked_add(count).ok_or(Full)?;
        let place = self.bytes.get_mut(self.len..end).ok_or(Full)?;
        self.len = end;
        Ok(place)
    }

    /// Appends octets.
    ///
    /// # Errors
    /// [`Full`] when they do not fit.
    #[inline]
    pub fn put(&mut self, bytes: &[u8]) -> Result<(), Full> {
        self.take(bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }

    /// Appends a number of 16 bits in network byte order.
    ///
    /// # Errors
    /// [`Full`] when it does not fit.
    #[inline]
    pub fn put_u16(&mut self, value: u16) -> Result<(), Full> {
        self.put(&value.to_be_bytes())
    }

    /// Appends a number of 32 bits in network byte order.
    ///
    /// # Errors
    /// [`Full`] when it does not fit.
    #[inline]
    pub fn put_u32(&mut self, value: u32) -> Result<(), Full> {
        self.put(&value.to_be_bytes())
    }

    /// Appends `count` zero octets.
    ///
    /// # Errors
    /// [`Full`] when they do not fit.
    #[inline]
    pub fn put_zeros(&mut self, count: usize) -> Result<(), Full> {
        self.take(count)?.fill(0);
        Ok(())
    }

    /// Overwrites octets written earlier. Returns `false` and changes nothing unless all of that place has been
    /// written.
    #[inline]
    pub fn patch(&mut self, at: usize, bytes: &[u8]) -> bool {
        let written = self.bytes.get_mut(..self.len).unwrap_or_default();
        match at
            .checked_add(bytes.len())
            .and_then(|end| written.get_mut(at..end))
        {
            Some(place) => {
                place.copy_from_slice(bytes);
                true
            }
            None => false,
        }
    }
}

/// Fills octets from front to back. What does not fit is dropped, so the caller reserves the room first.
pub(crate) struct Fill<'a>(pub(crate) &'a mut [u8]);

impl Fill<'_> {
    #[inline(always)]
    pub(crate) fn put<const N: usize>(&mut self, value: [u8; N]) {
        if let Some((place, rest)) = std::mem::take(&mut self.0).split_first_chunk_mut::<N>() {
            *place = value;
            self.0 = rest;
        }
    }

    #[inline(always)]
    pub(crate) fn u16(&mut self, value: u16) {
        self.put(value.to_be_bytes());
    }

    #[inline(always)]
    pub(crate) fn u32(&mut self, value: u32) {
        self.put(value.to_be_bytes());
    }
}

impl Extend<u8> for Fill<'_> {
    fn extend<T: IntoIterator<Item = u8>>(&mut self, octets: T) {
        octets.into_iter().for_each(|octet| self.put([octet]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_whole() {
        let mut writer = Writer::new(5);
        writer.put_u32(0x0102_0304).unwrap();
        assert_eq!(writer.put_u16(0xffff), Err(Full));
        assert_eq!((writer.as_bytes(), writer.room()), (&[1, 2, 3, 4][..], 1));
        assert_eq!(writer.take(usize::MAX).map(|_| ()), Err(Full));
        writer.put(&[5]).unwrap();
        assert_eq!(writer.put(&[6]), Err(Full));
        assert!(
            writer.patch(1, &[9, 9])
                && !writer.patch(4, &[9, 9])
                && !writer.patch(usize::MAX, &[9])
        );
        assert_eq!(writer.as_bytes(), [1, 9, 9, 4, 5]);
        writer.truncate(2);
        assert!(!writer.patch(2, &[7]));
        assert_eq!(writer.as_bytes(), [1, 9]);
    }
}
