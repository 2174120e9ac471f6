//! Reads the header values that few records ask for, in a second pass over the packet.

use crate::header::{Family, Header, Lines, Span, at};
use crate::ip::{Parts, note_extension};
use crate::transport::protocol;

/// Fills in the values of the `wanted` lines that the parser does not read for every packet. `outgoing` says that
/// the packet was captured on its way out.
pub(crate) fn fill(parts: &Parts, wanted: Lines, outgoing: bool, header: &mut Header) {
    if wanted.has(at::IPV4_IHL.line()) {
        if header.family == Family::V4 {
            put(
                at::IPV4_IHL,
                parts
                    .packet
                    .first_chunk::<1>()
                    .map(|[octet]| [octet & 0x0f]),
                header,
            );
        }
        if header.protocol == protocol::TCP {
            put(at::TCP_URGENT, parts.transport.get(18..20), header);
        }
        if outgoing {
            copy(at::VLAN, at::POST_VLAN, header);
        }
    }
    if wanted.has(at::IP_PAYLOAD_LENGTH.line()) {
        let header_len = u32::try_from(parts.header_len).unwrap_or(0);
        let payload = header.octets.saturating_sub(header_len);
        header.set(at::IP_PAYLOAD_LENGTH, &payload.to_be_bytes());
        match header.protocol {
            protocol::TCP => {
                copy(at::SOURCE_PORT, at::TCP_SOURCE_PORT, header);
                copy(at::DESTINATION_PORT, at::TCP_DESTINATION_PORT, header);
            }
            protocol::UDP => {
                copy(at::SOURCE_PORT, at::UDP_SOURCE_PORT, header);
                copy(at::DESTINATION_PORT, at::UDP_DESTINATION_PORT, header);
            }
            _ => {}
        }
        match header.family {
            Family::V4 => {
                let options = parts.packet.get(20..parts.header_len);
                header.set(at::IPV4_OPTIONS, &ipv4_options(options.unwrap_or_default()));
            }
            // The header behind a later fragment is that of the first fragment's payload, so it is not known here.
            Family::V6 if header.get(at::FRAGMENT_OFFSET) != [0, 0] => {}
            Family::V6 => note_extension(header.protocol, false, header),
        }
        if outgoing {
            copy(at::SOURCE_MAC, at::POST_SOURCE_MAC, header);
            copy(at::DESTINATION_MAC, at::POST_DESTINATION_MAC, header);
        }
    }
    if wanted.has(at::IP_SECTION.line()) {
        section(parts.packet, at::IP_SECTION, header);
    }
    if wanted.has(at::PAYLOAD_SECTION.line()) {
        let payload = parts.packet.get(parts.header_len..);
        section(payload.unwrap_or_default(), at::PAYLOAD_SECTION, header);
    }
}

/// Option types that element 208 has a bit for, as its description lists them. The whole type octet counts, not
/// only the option number in its low five bits.
const OPTIONS: [u8; 30] = [
    0, 1, 7, 10, 11, 12, 15, 25, 30, 68, 82, 94, 130, 131, 133, 134, 136, 137, 142, 144, 145, 147,
    148, 149, 150, 151, 152, 158, 205, 222,
];

/// Returns the options (RFC 791 §3.1) in the form of element 208.
fn ipv4_options(mut options: &[u8]) -> [u8; 4] {
    let mut seen = 0u32;
    while let [kind, rest @ ..] = options {
        if OPTIONS.contains(kind) {
            seen |= 1 << (kind & 0x1f);
        }
        options = match kind {
            0 => &[],
            1 => rest,
            // The length includes type and length octets; a smaller one ends the list.
            _ => match rest.first() {
                Some(len @ 2..) => options.get(usize::from(*len)..).unwrap_or_default(),
                _ => &[],
            },
        };
    }
    // Option X is bit X modulo 8, counted from the least significant one, of octet X / 8.
    seen.to_le_bytes()
}

fn section(octets: &[u8], to: Span, header: &mut Header) {
    let len = octets.len().min(to.len.into());
    if let (Some(place), Some(octets)) = (
        header
            .bytes
            .get_mut(to.range())
            .and_then(|place| place.get_mut(..len)),
        octets.get(..len),
    ) {
        place.copy_from_slice(octets);
    }
}

fn put(to: Span, value: Option<impl AsRef<[u8]>>, header: &mut Header) {
    if let Some(value) = value {
        header.set(to, value.as_ref());
    }
}

fn copy(from: Span, to: Span, header: &mut Header) {
    if to.range().len() == from.range().len() && to.range().end <= Header::LEN {
        header.bytes.copy_within(from.range(), to.range().start);
    }
}
