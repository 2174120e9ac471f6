//! Compares the packets found inside tunnels of real traffic with what tshark finds.
//!
//! The captures are not part of the project: they are expected beside the checkout (`../shared/corpora/pcaps`).

#[allow(
    unreachable_pub,
    reason = "a file of another crate, where it is public"
)]
#[path = "../../../tests/src/note.rs"]
mod note;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, iter};

use capture::Savefile;
use wire::{Family, Header, Lines, LinkType, Packet, Tunnel, Tunnels, at, parse, parse_innermost};

/// The packet inside: addresses, ports where tshark has them, octets (0 where the header has 0), and the number of
/// tunnels around it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    source: IpAddr,
    destination: IpAddr,
    ports: Option<(u16, u16)>,
    octets: u32,
    tunnels: u8,
}

fn number(header: &Header, span: wire::Span) -> u16 {
    u16::from_be_bytes(header.get(span).try_into().unwrap())
}

fn address(header: &Header, v4: wire::Span, v6: wire::Span) -> IpAddr {
    match header.family {
        Family::V4 => Ipv4Addr::from(<[u8; 4]>::try_from(header.get(v4)).unwrap()).into(),
        Family::V6 => Ipv6Addr::from(<[u8; 16]>::try_from(header.get(v6)).unwrap()).into(),
    }
}

/// Frames recognisable as tunnels from their outer headers, each with its length on the wire.
fn tunnelled(folder: &Path) -> Vec<(Vec<u8>, u32)> {
    let mut frames = Vec::new();
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind != "json"))
        .collect();
    paths.sort();
    for path in paths {
        let mut savefile = Savefile::open(&path).unwrap_or_else(|error| panic!("{error}"));
        let mut header = Header::empty();
        let whole = savefile.read(|packet| {
            if packet.link == LinkType::Ethernet && parse(packet, &mut header).is_ok() {
                let port = number(&header, at::DESTINATION_PORT);
                let tunnel = matches!(
                    (header.protocol, port),
                    (4 | 41 | 47, _) | (17, 2152 | 4789 | 6081)
                );
                frames.extend(tunnel.then(|| (packet.data.to_vec(), packet.wire_len)));
            }
            ControlFlow::Continue(())
        });
        whole.unwrap_or_else(|error| panic!("{error}"));
    }
    frames
}

fn write(path: &Path, frames: &[(Vec<u8>, u32)]) {
    let mut file = Vec::new();
    file.extend(0xa1b2_3c4du32.to_be_bytes());
    file.extend([0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 1]);
    for (second, (data, wire_len)) in (1u32..).zip(frames) {
        for word in [second, 0, data.len() as u32, *wire_len] {
            file.extend(word.to_be_bytes());
        }
        file.extend(data);
    }
    fs::write(path, file).unwrap();
}

const FIELDS: [&str; 11] = [
    "frame.protocols",
    "ip.src",
    "ip.dst",
    "ip.len",
    "ipv6.src",
    "ipv6.dst",
    "ipv6.plen",
    "udp.srcport",
    "udp.dstport",
    "tcp.srcport",
    "tcp.dstport",
];

/// The layers between two IP headers if the second one is in a tunnel that we enter.
const BETWEEN: [&str; 9] = [
    "gre",
    "erspan",
    "cmd",
    "udp",
    "vxlan",
    "geneve",
    "gtp",
    "eth",
    "ethertype",
];

/// Interprets tshark's line, which has every occurrence of every field: the innermost packet that a chain of known
/// tunnels leads to.
fn innermost(line: &str) -> Option<Inner> {
    let columns: Vec<Vec<&str>> = line
        .split('\t')
        .map(|column| column.split(',').collect())
        .collect();
    let protocols: Vec<&str> = columns[0][0].split(':').collect();
    let (mut v4, mut v6, mut udp, mut tcp) = (0, 0, 0, 0);
    let mut found: Option<Inner> = None;
    for protocol in protocols {
        let text = |column: usize, at: usize| columns[column].get(at).copied().unwrap_or_default();
        let port = |column: usize, at: usize| text(column, at).parse::<u16>().unwrap_or(0);
        let tunnels = found.as_ref().map_or(0, |it| it.tunnels + 1);
        match protocol {
            "ip" => {
                found = Some(Inner {
                    source: text(1, v4).parse().ok()?,
                    destination: text(2, v4).parse().ok()?,
                    ports: None,
                    octets: text(3, v4).parse().ok()?,
                    tunnels,
                });
                v4 += 1;
            }
            "ipv6" => {
                let payload: u32 = text(6, v6).parse().ok()?;
                found = Some(Inner {
                    source: text(4, v6).parse().ok()?,
                    destination: text(5, v6).parse().ok()?,
                    ports: None,
                    octets: if payload == 0 { 0 } else { payload + 40 },
                    tunnels,
                });
                v6 += 1;
            }
            "udp" | "tcp" => {
                let (at, column) = match protocol {
                    "udp" => (&mut udp, 7),
                    _ => (&mut tcp, 9),
                };
                if let Some(inner) = &mut found {
                    inner.ports = Some((port(column, *at), port(column + 1, *at)));
                }
                *at += 1;
                if protocol == "tcp" {
                    return found;
                }
            }
            "vlan" | "mpls" => {}
            word if BETWEEN.contains(&word) || word.starts_with("ipv6.") => {}
            _ => return found,
        }
    }
    found
}

#[test]
fn what_is_inside_is_what_tshark_finds() {
    let folder = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/corpora/pcaps"
    ));
    if !folder.is_dir() {
        note::note(
            "capture: tunnels in real captures",
            "../shared/corpora/pcaps is absent; tunnels made by the tests are read",
        );
        return;
    }
    let frames = tunnelled(&folder);
    let path = std::env::temp_dir().join(format!("flowd-tunnels-{}.pcap", std::process::id()));
    write(&path, &frames);
    let output = Command::new("tshark")
        .args(["-n", "-T", "fields", "-E", "occurrence=a", "-r"])
        .arg(&path)
        .args(
            iter::repeat_n("-e", FIELDS.len())
                .zip(FIELDS)
                .flat_map(|(flag, field)| [flag, field]),
        )
        .output();
    fs::remove_file(&path).unwrap();
    let Ok(output) = output else {
        note::note(
            "capture: tunnels in real captures",
            "tshark is not installed",
        );
        return;
    };
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), frames.len());

    let every = Tunnels::new(Tunnel::ALL, &[]);
    let (mut wrong, mut kinds) = (Vec::new(), BTreeSet::new());
    let (mut entered, mut with_ports, mut stops) = (0, 0, 0);
    for (line, (data, wire_len)) in text.lines().zip(&frames) {
        let packet = Packet {
            time_ns: 0,
            data,
            wire_len: *wire_len,
            link: LinkType::Ethernet,
            tag: None,
            outgoing: false,
        };
        let mut header = Header::empty();
        let result = parse_innermost(&packet, &every, Lines::ALL, &mut header);
        let Some(theirs) = innermost(line) else {
            wrong.push(format!("{result:?}, tshark: {line}"));
            continue;
        };
        let ours = Inner {
            source: address(&header, at::SOURCE_IPV4, at::SOURCE_IPV6),
            destination: address(&header, at::DESTINATION_IPV4, at::DESTINATION_IPV6),
            ports: theirs.ports.map(|_| {
                (
                    number(&header, at::SOURCE_PORT),
                    number(&header, at::DESTINATION_PORT),
                )
            }),
            octets: if theirs.octets == 0 { 0 } else { header.octets },
            tunnels: result.map_or(u8::MAX, |it| it.tunnels),
        };
        // Segmentation offload leaves a UDP length of 0 in packets above 65,535 octets, where tshark stops.
        let mut outer = Header::empty();
        parse(&packet, &mut outer).unwrap();
        let offloaded = outer.protocol == 17 && number(&outer, at::UDP_LENGTH) == 0;
        if offloaded && theirs.tunnels == 0 {
            stops += 1;
            assert_eq!(ours.tunnels, 1, "{line}");
            continue;
        }
        entered += u32::from(ours.tunnels > 0);
        with_ports += u32::from(ours.tunnels > 0 && ours.ports.is_some());
        for kind in ["gre", "erspan", "vxlan", "geneve", "gtp"] {
            if ours.tunnels > 0 && line.contains(kind) {
                kinds.insert(kind);
            }
        }
        if ours != theirs {
            wrong.push(format!("{ours:?}\n  tshark {theirs:?}\n  {line}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        frames.len(),
        wrong.join("\n")
    );
    println!(
        "{} frames, {entered} entered, {with_ports} with ports, {stops} where tshark stops",
        frames.len()
    );
    assert!(entered > 400 && with_ports > 200 && kinds.len() == 5);
}
