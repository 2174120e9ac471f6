//! IEEE 802.11 frames, and the headers that drivers put in front of them.
//!
//! Data that is not encrypted leads to its IP header. Of an aggregate (A-MSDU) the first packet is read.

use super::{Network, llc};
use crate::header::{Header, SkipReason, at};

/// Bits of the first octet of frame control (IEEE 802.11 §9.2.4.1).
mod kind {
    pub(super) const MASK: u8 = 0x0c;
    pub(super) const DATA: u8 = 0x08;
    /// The subtype has no data.
    pub(super) const NO_DATA: u8 = 0x40;
    /// The header has a QoS control field.
    pub(super) const QOS: u8 = 0x80;
}

/// Bits of the second octet of frame control.
mod flag {
    pub(super) const TO_DS: u8 = 0x01;
    pub(super) const FROM_DS: u8 = 0x02;
    pub(super) const PROTECTED: u8 = 0x40;
    /// In QoS data: the header has an HT control field.
    pub(super) const ORDER: u8 = 0x80;
}

/// Bit of QoS control: the frame is an aggregate of packets, each with a header of its own.
const AGGREGATE: u8 = 0x80;

/// Reads a data frame. `padded` says that the driver put zeros behind the header, up to a whole word.
pub(super) fn ieee80211<'a>(
    data: &'a [u8],
    padded: bool,
    header: &mut Header,
) -> Result<Network<'a>, SkipReason> {
    let cut = SkipReason::LinkTruncated;
    let (&[control, flags, ..], _) = data.split_first_chunk::<2>().ok_or(cut)?;
    if control & kind::MASK != kind::DATA
        || control & kind::NO_DATA != 0
        || flags & flag::PROTECTED != 0
    {
        return Err(SkipReason::NotIp);
    }
    let (fixed, mut rest) = data.split_first_chunk::<24>().ok_or(cut)?;
    let (addresses, _) = fixed.get(4..22).map(<[u8]>::as_chunks::<6>).ok_or(cut)?;
    let [first, second, third] = addresses else {
        return Err(cut);
    };
    let sequence = fixed.last_chunk::<2>().ok_or(cut)?;
    // Only the first fragment has headers.
    if u16::from_le_bytes(*sequence) & 0x0f != 0 {
        return Err(SkipReason::NotIp);
    }
    let mut destination = third;
    let mut source = second;
    match (flags & flag::TO_DS != 0, flags & flag::FROM_DS != 0) {
        (true, true) => (source, rest) = rest.split_first_chunk::<6>().ok_or(cut)?,
        (true, false) => {}
        (false, true) => (destination, source) = (first, third),
        (false, false) => destination = first,
    }
    let mut aggregate = false;
    if control & kind::QOS != 0 {
        let (qos, after) = rest.split_first_chunk::<2>().ok_or(cut)?;
        aggregate = qos[0] & AGGREGATE != 0;
        rest = after;
        if flags & flag::ORDER != 0 {
            (_, rest) = rest.split_first_chunk::<4>().ok_or(cut)?;
        }
    }
    if padded {
        let padding = (data.len() - rest.len()).next_multiple_of(4) - (data.len() - rest.len());
        rest = rest.get(padding..).ok_or(cut)?;
    }
    if aggregate {
        let (inner, after) = rest.split_first_chunk::<14>().ok_or(cut)?;
        if let [to, from] = inner.as_chunks::<6>().0 {
            (destination, source) = (to, from);
        }
        rest = after;
    }
    header.set(at::DESTINATION_MAC, destination);
    header.set(at::SOURCE_MAC, source);
    llc(rest, header)
}

/// Reads a radiotap header: version, padding, its length, and words that say which fields follow.
pub(super) fn radiotap<'a>(data: &'a [u8], header: &mut Header) -> Result<Network<'a>, SkipReason> {
    let (&[_, _, l0, l1], _) = data
        .split_first_chunk::<4>()
        .ok_or(SkipReason::LinkTruncated)?;
    let len = usize::from(u16::from_le_bytes([l0, l1]));
    let (fields, frame) = data
        .split_at_checked(len)
        .ok_or(SkipReason::LinkTruncated)?;
    ieee80211(frame, is_padded(fields), header)
}

/// Whether the flags of a radiotap header say that there is padding behind the IEEE 802.11 header.
fn is_padded(fields: &[u8]) -> bool {
    /// Bits of the first word: the time comes first if it is there, then the flags; another word follows.
    const TIME: u32 = 1;
    const FLAGS: u32 = 2;
    const MORE: u32 = 1 << 31;
    /// Bit of the flags.
    const PADDED: u8 = 0x20;
    let words = fields.get(4..).unwrap_or_default().as_chunks::<4>().0;
    let words = words.iter().map(|word| u32::from_le_bytes(*word));
    let first = words.clone().next().unwrap_or(0);
    let count = 1 + words.take_while(|word| word & MORE != 0).count();
    let mut place = 4 + 4 * count;
    if first & TIME != 0 {
        place = place.next_multiple_of(8) + 8;
    }
    let flags = fields.get(place).copied().unwrap_or(0);
    first & FLAGS != 0 && flags & PADDED != 0
}

/// Reads a Prism header, which has a fixed length, or an AVS header in its place.
pub(super) fn prism<'a>(data: &'a [u8], header: &mut Header) -> Result<Network<'a>, SkipReason> {
    /// Octets of the header.
    const LEN: usize = 144;
    if data.starts_with(&[0x80, 0x21, 0x10]) {
        return avs(data, header);
    }
    let frame = data.get(LEN..).ok_or(SkipReason::LinkTruncated)?;
    ieee80211(frame, false, header)
}

/// Reads an AVS header: version, then its length.
pub(super) fn avs<'a>(data: &'a [u8], header: &mut Header) -> Result<Network<'a>, SkipReason> {
    let (&[_, _, _, _, l0, l1, l2, l3], _) = data
        .split_first_chunk::<8>()
        .ok_or(SkipReason::LinkTruncated)?;
    let len = usize::try_from(u32::from_be_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
    let frame = data.get(len..).ok_or(SkipReason::LinkTruncated)?;
    ieee80211(frame, false, header)
}
