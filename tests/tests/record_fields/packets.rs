//! Crafted packets in groups. The packets of a group are one flow for a record that matches only the protocol.

/// Time of the first packet of every group, nanoseconds since 1970. It is no whole number of any larger unit.
pub(crate) const FIRST_NS: u64 = 1_700_000_000_123_456_789;
/// Time of the second packet.
pub(crate) const SECOND_NS: u64 = FIRST_NS + 2_345_678_901;

const MACS: [u8; 12] = [2, 0, 0, 0, 1, 1, 2, 0, 0, 0, 9, 9];

/// Makes the frames of a group.
///
/// # Panics
/// When there is no such group.
pub(crate) fn frames(group: &str) -> Vec<Vec<u8>> {
    let tagged = |packet: Vec<u8>| {
        ethernet(
            &[0x88, 0xa8, 0xa0, 0x64, 0x81, 0x00, 0x60, 0xc8, 8, 0],
            packet,
        )
    };
    match group {
        "tcp4" => vec![
            tagged(ipv4(
                6,
                63,
                [0x40, 0],
                &[0x94, 4, 0, 0],
                &tcp(0x62, b"hello"),
            )),
            tagged(ipv4(6, 61, [0x40, 0], &[7, 3, 4, 0], &tcp(0x19, b""))),
        ],
        "udp4" => vec![
            ethernet(&[8, 0], ipv4(17, 64, [0, 0], &[], &udp(b"some octets"))),
            ethernet(&[8, 0], ipv4(17, 64, [0, 0], &[], &udp(b""))),
        ],
        // The sampler selects one of the two.
        "sampled" => vec![ethernet(&[8, 0], ipv4(17, 64, [0, 0], &[], &udp(b""))); 2],
        "fragment4" => vec![ethernet(&[8, 0], ipv4(17, 64, [0x20, 0xb9], &[], &[1; 16]))],
        "icmp4" => vec![ethernet(
            &[8, 0],
            ipv4(1, 64, [0, 0], &[], &[3, 13, 0, 0, 0, 0, 0, 0]),
        )],
        "igmp4" => vec![ethernet(
            &[8, 0],
            ipv4(2, 1, [0, 0], &[], &[0x16, 0, 0, 0, 224, 0, 0, 9]),
        )],
        "mpls" => {
            // Ten labels with ten classes and times to live, the last one at the bottom.
            let label = |i: u32| {
                ((0x12340 + i) << 12 | (i & 7) << 9 | u32::from(i == 9) << 8 | (200 + i))
                    .to_be_bytes()
            };
            let labels: Vec<u8> = (0..10).flat_map(label).collect();
            vec![ethernet(
                &[0x88, 0x47],
                [labels, ipv4(17, 64, [0, 0], &[], &udp(b"x"))].concat(),
            )]
        }
        "udp6" => {
            let behind = |data: &[u8]| {
                // Hop-by-hop options, then destination options, each padded to eight octets.
                let options = [60, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0];
                [&options[..], &udp(data)].concat()
            };
            vec![
                ethernet(&[0x86, 0xdd], ipv6(0, 62, &behind(b"some octets"))),
                ethernet(&[0x86, 0xdd], ipv6(0, 60, &behind(b""))),
            ]
        }
        "tcp6" => vec![ethernet(&[0x86, 0xdd], ipv6(6, 62, &tcp(0x62, b"hello")))],
        "fragment6" => vec![ethernet(
            &[0x86, 0xdd],
            ipv6(
                44,
                62,
                &[
                    17,
                    0,
                    0,
                    5 << 3 | 1,
                    0xde,
                    0xad,
                    0xbe,
                    0xef,
                    1,
                    1,
                    1,
                    1,
                    1,
                    1,
                    1,
                    1,
                ],
            ),
        )],
        "icmp6" => vec![ethernet(
            &[0x86, 0xdd],
            ipv6(58, 62, &[1, 4, 0, 0, 0, 0, 0, 0]),
        )],
        _ => panic!("no packets {group}"),
    }
}

/// Makes a frame; `kinds` are its VLAN tags and EtherType.
fn ethernet(kinds: &[u8], packet: Vec<u8>) -> Vec<u8> {
    [&MACS[..], kinds, &packet].concat()
}

fn ipv4(protocol: u8, ttl: u8, fragment: [u8; 2], options: &[u8], behind: &[u8]) -> Vec<u8> {
    let words = 5 + options.len() / 4;
    let total = (words * 4 + behind.len()) as u16;
    let mut packet = vec![0x40 | words as u8, 0xb8];
    packet.extend(total.to_be_bytes());
    packet.extend([0x12, 0x34]);
    packet.extend(fragment);
    packet.extend([ttl, protocol, 0, 0]);
    packet.extend([192, 0, 2, 1, 198, 51, 100, 2]);
    packet.extend(options);
    packet.extend(behind);
    packet
}

fn ipv6(next: u8, hop_limit: u8, behind: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x6b, 0x85, 0x43, 0x21];
    packet.extend((behind.len() as u16).to_be_bytes());
    packet.extend([next, hop_limit]);
    packet.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    packet.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    packet.extend(behind);
    packet
}

/// Makes a TCP segment with ports 4660 and 443, window 64240 and urgent pointer 7.
fn tcp(flags: u8, data: &[u8]) -> Vec<u8> {
    let header = [
        0x12, 0x34, 1, 0xbb, 1, 2, 3, 4, 5, 6, 7, 8, 0x50, flags, 0xfa, 0xf0, 0, 0, 0, 7,
    ];
    [&header[..], data].concat()
}

/// Makes a UDP datagram with ports 53 and 33333.
fn udp(data: &[u8]) -> Vec<u8> {
    let mut header = vec![0, 53, 0x82, 0x35];
    header.extend((8 + data.len() as u16).to_be_bytes());
    header.extend([0, 0]);
    header.extend(data);
    header
}
