//! Random packets in random tunnels: they are read as they are read outside a tunnel, and a damaged tunnel loses no
//! packet.

#[allow(dead_code, reason = "shared with other tests")]
mod frames;

use frames::{damaged, link, packet};
use proptest::collection::vec;
use proptest::prelude::*;
use wire::{Header, Innermost, Lines, LinkType, Packet, Tunnel, Tunnels, parse, parse_innermost};

/// Content of a tunnel.
#[derive(Clone, Debug)]
enum Content {
    Ip(u16, Vec<u8>),
    Frame(Vec<u8>),
}

/// A tunnel to build around some content.
#[derive(Clone, Debug)]
struct Wrap {
    kind: usize,
    /// Flags, options, fillers.
    choices: [u8; 24],
    /// Link headers of the frame inside and of the frame around the tunnel.
    links: [Vec<u8>; 2],
    framed: bool,
}

fn wrap() -> impl Strategy<Value = Wrap> {
    (0usize..10, any::<[u8; 24]>(), link(), link(), any::<bool>()).prop_map(
        |(kind, choices, inner, outer, framed)| Wrap {
            kind,
            choices,
            links: [inner, outer],
            framed,
        },
    )
}

fn framed(link: &[u8], content: Content) -> Vec<u8> {
    match content {
        Content::Frame(frame) => frame,
        Content::Ip(kind, packet) => [link, &kind.to_be_bytes(), &packet].concat(),
    }
}

/// EtherType and octets as GRE and GENEVE carry them.
fn typed(content: Content) -> (u16, Vec<u8>) {
    match content {
        Content::Frame(frame) => (0x6558, frame),
        Content::Ip(kind, packet) => (kind, packet),
    }
}

impl Wrap {
    /// Wraps a payload in an IP header of either version.
    fn ip(&self, protocol: u8, payload: &[u8]) -> Content {
        let mut fill = self.choices.to_vec();
        if self.choices[0] & 1 == 0 {
            let mut ip = vec![0x45; 20];
            ip[2..4].copy_from_slice(&(20 + payload.len() as u16).to_be_bytes());
            // Not fragmented, or a first fragment.
            ip[6..8].copy_from_slice(&[self.choices[1] & 0x60, 0]);
            ip[9] = protocol;
            ip[12..20].copy_from_slice(&self.choices[2..10]);
            return Content::Ip(0x0800, [&ip, payload].concat());
        }
        let mut next = protocol;
        let mut rest = payload.to_vec();
        if self.choices[1] & 1 == 1 {
            let options = [next, 0, 1, 4, 0, 0, 0, 0];
            rest.splice(..0, options);
            next = 60;
        }
        fill.resize(32, 7);
        let mut ip = [0x60, 0, 0, 0, 0, 0, next, 64];
        ip[4..6].copy_from_slice(&(rest.len() as u16).to_be_bytes());
        Content::Ip(0x86dd, [&ip[..], &fill, &rest].concat())
    }

    fn udp(&self, port: u16, header: &[u8], payload: &[u8]) -> Content {
        let mut udp = vec![self.choices[10], self.choices[11]];
        udp.extend(port.to_be_bytes());
        udp.extend((8 + header.len() as u16 + payload.len() as u16).to_be_bytes());
        udp.extend([0, 0]);
        self.ip(17, &[&udp, header, payload].concat())
    }

    fn gre(&self, flags: u16, kind: u16, payload: &[u8]) -> Content {
        let words = (flags & 0xb000).count_ones() as usize;
        let header = [
            &flags.to_be_bytes()[..],
            &kind.to_be_bytes(),
            &self.choices[12..12 + 4 * words],
        ];
        self.ip(47, &[&header.concat(), payload].concat())
    }

    /// Wraps `content` in the tunnel; returns how many tunnels that adds.
    fn around(&self, content: Content) -> (Content, u8) {
        let [inner, outer] = &self.links;
        let any = u16::from(self.choices[2]) << 8;
        let outside = match self.kind {
            0 | 1 => match content {
                Content::Ip(0x0800, packet) => self.ip(4, &packet),
                Content::Ip(_, packet) => self.ip(41, &packet),
                frame => {
                    let (kind, data) = typed(frame);
                    self.gre(0, kind, &data)
                }
            },
            2 => {
                let (kind, data) = typed(content);
                self.gre(any & 0xb000, kind, &data)
            }
            3 => self.gre(0, 0x88be, &framed(inner, content)),
            4 => {
                let header = [&[0x10][..], &self.choices[5..12]].concat();
                let data = [&header, &framed(inner, content)[..]].concat();
                self.gre(0x1000 | any & 0x2000, 0x88be, &data)
            }
            5 => {
                let mut header = [&[0x20][..], &self.choices[..11]].concat();
                // Ethernet, or IP where there is IP.
                header[10] &= 0x83;
                let data = match content {
                    Content::Ip(_, packet) if self.framed => {
                        header[10] |= 2 << 2;
                        packet
                    }
                    content => framed(inner, content),
                };
                if header[11] & 1 == 1 {
                    header.extend(&self.choices[12..20]);
                }
                self.gre(0x1000, 0x22eb, &[header, data].concat())
            }
            6 => {
                let next = match content {
                    Content::Ip(0x0800, _) => 1,
                    Content::Ip(..) => 2,
                    Content::Frame(_) => 3,
                };
                let (_, data) = typed(content);
                self.udp(4789, &[0x0c, 0, 0, next, 1, 2, 3, 0], &data)
            }
            7 => self.udp(4789, &[8, 0, 0, 0, 1, 2, 3, 0], &framed(inner, content)),
            8 => {
                let words = self.choices[4] & 3;
                let (kind, data) = typed(content);
                let [high, low] = kind.to_be_bytes();
                let mut header = vec![words, self.choices[5] & 0x40, high, low, 1, 2, 3, 0];
                header.extend(&self.choices[6..6 + 4 * usize::from(words)]);
                self.udp(6081, &header, &data)
            }
            _ => match content {
                Content::Ip(_, packet) => {
                    let flags = self.choices[3] & 7;
                    let mut header = vec![0x30 | flags, 255, 0, 0, 1, 2, 3, 4];
                    match flags {
                        0 => {}
                        4.. => {
                            header.extend([0, 1, 2, 0x85, 1, 9, 9, 0xc0, 2, 1, 1, 1, 1, 1, 1, 0])
                        }
                        _ => header.extend([0, 1, 2, 0x85]),
                    }
                    self.udp(2152, &header, &packet)
                }
                Content::Frame(frame) => {
                    // Ethernet behind labels, with a control word, in a frame.
                    let labels = [0, 1, 0, 64, 0, 2, 1, 64, 0, 0, 0, 0];
                    let data = [&outer[..], &[0x88, 0x47], &labels, &frame].concat();
                    return (Content::Frame(data), 1);
                }
            },
        };
        match outside {
            Content::Ip(..) if self.framed => (Content::Frame(framed(outer, outside)), 1),
            outside => (outside, 1),
        }
    }
}

/// A frame with tunnels, their number, and the innermost frame.
fn tunnelled() -> impl Strategy<Value = (Vec<u8>, u8, Vec<u8>)> {
    (link(), packet(), any::<bool>(), vec(wrap(), 1..4)).prop_map(
        |(mac, (kind, ip), bare, wraps)| {
            let mut content = Content::Ip(kind, ip.clone());
            // The innermost Ethernet frame, once there is one.
            let mut plain = None;
            if !bare {
                let frame = framed(&mac, content);
                plain = Some(frame.clone());
                content = Content::Frame(frame);
            }
            let mut depth = 0;
            for wrap in &wraps {
                let of_ip = matches!(content, Content::Ip(..));
                let makes_frame = matches!(wrap.kind, 3 | 4 | 7) || wrap.kind == 5 && !wrap.framed;
                if plain.is_none() && of_ip && makes_frame {
                    plain = Some([&wrap.links[0][..], &kind.to_be_bytes(), &ip].concat());
                }
                let added;
                (content, added) = wrap.around(content);
                depth += added;
                if plain.is_none() && matches!(content, Content::Frame(_)) {
                    plain = Some([&wrap.links[1][..], &kind.to_be_bytes(), &ip].concat());
                }
            }
            let plain = plain.unwrap_or_else(|| [&mac[..], &kind.to_be_bytes(), &ip].concat());
            (framed(&mac, content), depth, plain)
        },
    )
}

fn ethernet(data: &[u8]) -> Packet<'_> {
    Packet {
        time_ns: 0,
        data,
        wire_len: data.len() as u32,
        link: LinkType::Ethernet,
        tag: None,
        outgoing: false,
    }
}

fn rest(header: &Header) -> (u32, u16, u8, wire::Family) {
    (
        header.octets,
        header.tcp_flags,
        header.protocol,
        header.family,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn inside_is_as_outside((data, depth, plain) in tunnelled()) {
        let every = Tunnels::new(Tunnel::ALL, &[]);
        let (mut inner, mut alone) = (Header::empty(), Header::empty());
        let result = parse_innermost(&ethernet(&data), &every, Lines::ALL, &mut inner);
        // The random content may look like a tunnel itself.
        let expected = parse_innermost(&ethernet(&plain), &every, Lines::ALL, &mut alone);
        let expected = expected.map(|it| Innermost { tunnels: it.tunnels + depth, ..it });
        prop_assert_eq!(result, expected, "{:02x?}", data);
        prop_assert_eq!(rest(&inner), rest(&alone), "{:02x?}", data);
        for (at, octets) in inner.bytes.iter().zip(alone.bytes).enumerate() {
            prop_assert_eq!(*octets.0, octets.1, "octet {} of the header, {:02x?}", at, data);
        }
    }

    #[test]
    fn damage_to_a_tunnel_loses_no_packet(
        data in damaged(tunnelled().prop_map(|(data, _, _)| data)),
        kinds in vec(prop::sample::select(&Tunnel::ALL[..]), 0..7),
    ) {
        let tunnels = Tunnels::new(kinds, &[]);
        let (mut plain, mut fresh, mut stale) = (Header::empty(), Header::empty(), Header::empty());
        stale.bytes.fill(0xff);
        (stale.octets, stale.tcp_flags, stale.protocol) = (u32::MAX, u16::MAX, u8::MAX);
        let outside = parse(&ethernet(&data), &mut plain);
        let result = parse_innermost(&ethernet(&data), &tunnels, Lines::ALL, &mut fresh);
        prop_assert_eq!(result, parse_innermost(&ethernet(&data), &tunnels, Lines::ALL, &mut stale));
        match result {
            Ok(entered) => {
                prop_assert_eq!(fresh.bytes, stale.bytes);
                prop_assert_eq!(rest(&fresh), rest(&stale));
                if entered.tunnels == 0 {
                    prop_assert!(outside.is_ok());
                    prop_assert_eq!(fresh.bytes, plain.bytes);
                }
            }
            Err(why) => prop_assert_eq!(outside, Err(why)),
        }
    }
}
