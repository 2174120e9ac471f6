//! Random frames, whole and damaged.

use proptest::collection::vec;
use proptest::prelude::*;

fn transport() -> impl Strategy<Value = (u8, Vec<u8>)> {
    let kind = prop_oneof![
        Just(6),
        Just(17),
        Just(1),
        Just(58),
        Just(2),
        Just(132),
        any::<u8>()
    ];
    (kind, vec(any::<u8>(), 0..60)).prop_map(|(kind, mut octets)| {
        // In most cases a data offset that fits.
        if kind == 6 && octets.len() >= 20 && octets[12] & 3 != 0 {
            octets[12] = octets[12] & 0x0f | 0x50;
        }
        if kind == 17 && octets.len() >= 8 && octets[4] & 3 != 0 {
            let len = octets.len() as u16;
            octets[4..6].copy_from_slice(&len.to_be_bytes());
        }
        (kind, octets)
    })
}

fn ipv4() -> impl Strategy<Value = (u16, Vec<u8>)> {
    let fragment = prop_oneof![4 => Just(0x4000u16), 1 => any::<u16>()];
    (
        transport(),
        any::<[u8; 20]>(),
        vec(any::<[u8; 4]>(), 0..=10),
        fragment,
    )
        .prop_map(|((protocol, payload), mut ip, options, fragment)| {
            let options = options.concat();
            ip[0] = 0x45 + (options.len() / 4) as u8;
            ip[2..4].copy_from_slice(&((20 + options.len() + payload.len()) as u16).to_be_bytes());
            ip[6..8].copy_from_slice(&fragment.to_be_bytes());
            ip[9] = protocol;
            (0x0800, [&ip[..], &options, &payload].concat())
        })
}

fn ipv6() -> impl Strategy<Value = (u16, Vec<u8>)> {
    let extension = (
        prop_oneof![Just(0u8), Just(43), Just(44), Just(60), Just(51)],
        0usize..3,
        any::<[u8; 24]>(),
    );
    (transport(), any::<[u8; 40]>(), vec(extension, 0..4)).prop_map(
        |((protocol, payload), mut ip, extensions)| {
            let mut next = protocol;
            let mut rest = payload;
            for (kind, units, mut octets) in extensions.into_iter().rev() {
                octets[0] = next;
                let len = match kind {
                    44 => {
                        // In most cases an atomic fragment.
                        if octets[1] & 3 != 0 {
                            octets[2..4].fill(0);
                        }
                        8
                    }
                    51 => {
                        octets[1] = units as u8 + 1;
                        12 + 4 * units
                    }
                    _ => {
                        octets[1] = units as u8;
                        8 + 8 * units
                    }
                };
                rest.splice(..0, octets[..len].to_vec());
                next = kind;
            }
            ip[0] = 0x60 | ip[0] & 0x0f;
            ip[4..6].copy_from_slice(&(rest.len() as u16).to_be_bytes());
            ip[6] = next;
            (0x86dd, [&ip[..], &rest].concat())
        },
    )
}

/// MAC addresses and VLAN tags, up to the EtherType.
pub(crate) fn link() -> impl Strategy<Value = Vec<u8>> {
    let tag = (
        prop_oneof![Just(0x8100u16), Just(0x88a8), Just(0x9100), Just(0x9200)],
        any::<u16>(),
    );
    (any::<[u8; 12]>(), vec(tag, 0..4)).prop_map(|(macs, tags)| {
        let mut link = macs.to_vec();
        for (protocol, id) in tags {
            link.extend(protocol.to_be_bytes());
            link.extend(id.to_be_bytes());
        }
        link
    })
}

/// An EtherType and the IPv4 or IPv6 packet behind it.
pub(crate) fn packet() -> impl Strategy<Value = (u16, Vec<u8>)> {
    prop_oneof![ipv4(), ipv6()]
}

/// Ethernet frames with tags, and padding behind.
pub(crate) fn frame() -> impl Strategy<Value = Vec<u8>> {
    (link(), packet(), 0usize..20).prop_map(|(mut frame, (kind, packet), padding)| {
        frame.extend(kind.to_be_bytes());
        frame.extend(packet);
        frame.resize(frame.len() + padding, 0);
        frame
    })
}

/// Frames with a few octets changed and the end cut off.
pub(crate) fn damaged(frames: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), any::<u8>());
    (
        frames,
        vec(change, 0..4),
        prop::option::of(any::<prop::sample::Index>()),
    )
        .prop_map(|(mut frame, changes, cut)| {
            for (place, octet) in changes {
                let place = place.index(frame.len());
                frame[place] = octet;
            }
            if let Some(cut) = cut {
                frame.truncate(cut.index(frame.len()));
            }
            frame
        })
}
