//! Link headers of local networks with MAC addresses: Ethernet, FDDI, Fibre Channel, IEEE 1394.

use super::{Network, ethernet, llc};
use crate::header::{Header, SkipReason, Tag, at};

/// Reads an Ethernet frame that stands behind another header.
pub(super) fn ethernet_frame<'a>(
    data: &'a [u8],
    tag: Option<Tag>,
    header: &mut Header,
) -> Result<Network<'a>, SkipReason> {
    let (addresses, rest) = addresses::<6>(data)?;
    note(addresses, header);
    let (kind, rest) = rest
        .split_first_chunk::<2>()
        .ok_or(SkipReason::LinkTruncated)?;
    ethernet(u16::from_be_bytes(*kind), rest, tag, header)
}

/// Reads FDDI's frame control and addresses, and the IEEE 802.2 header behind them.
pub(super) fn fddi<'a>(data: &'a [u8], header: &mut Header) -> Result<Network<'a>, SkipReason> {
    let (_, data) = data
        .split_first_chunk::<1>()
        .ok_or(SkipReason::LinkTruncated)?;
    let (addresses, rest) = addresses::<6>(data)?;
    note(addresses, header);
    llc(rest, header)
}

/// Reads the network header of IP over Fibre Channel (RFC 4338 §4), whose addresses have a MAC address at their end,
/// and the IEEE 802.2 header behind it.
pub(super) fn fibre_channel<'a>(
    data: &'a [u8],
    header: &mut Header,
) -> Result<Network<'a>, SkipReason> {
    let (addresses, rest) = addresses::<8>(data)?;
    note(addresses, header);
    llc(rest, header)
}

/// Reads addresses of eight octets and an EtherType.
pub(super) fn firewire<'a>(data: &'a [u8], header: &mut Header) -> Result<Network<'a>, SkipReason> {
    let (_, rest) = addresses::<8>(data)?;
    let (kind, rest) = rest
        .split_first_chunk::<2>()
        .ok_or(SkipReason::LinkTruncated)?;
    ethernet(u16::from_be_bytes(*kind), rest, None, header)
}

/// Splits off the addresses of destination and source.
fn addresses<const N: usize>(data: &[u8]) -> Result<([&[u8; N]; 2], &[u8]), SkipReason> {
    let (destination, rest) = data
        .split_first_chunk::<N>()
        .ok_or(SkipReason::LinkTruncated)?;
    let (source, rest) = rest
        .split_first_chunk::<N>()
        .ok_or(SkipReason::LinkTruncated)?;
    Ok(([destination, source], rest))
}

/// Stores the MAC addresses, which are the last six octets of longer ones.
fn note<const N: usize>([destination, source]: [&[u8; N]; 2], header: &mut Header) {
    for (span, address) in [(at::DESTINATION_MAC, destination), (at::SOURCE_MAC, source)] {
        if let Some(mac) = address.last_chunk::<6>() {
            header.set(span, mac);
        }
    }
}
