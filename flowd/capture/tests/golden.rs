//! Reads savefiles of real traffic, sums packets by flow, and compares with golden files made by another program.
//!
//! The captures are not part of the project: they are expected beside the checkout (`../shared/corpora/pcaps`).

#[allow(
    unreachable_pub,
    reason = "a file of another crate, where it is public"
)]
#[path = "../../../tests/src/note.rs"]
mod note;
#[path = "../../wire/tests/oracle/mod.rs"]
mod oracle;

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use capture::Savefile;
use serde_json::Value;
use wire::{Family, Header, LINE, Lines, LinkType, SkipReason, at};

/// Source, destination, protocol, ports.
type Key = (IpAddr, IpAddr, u8, u16, u16);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    packets: u64,
    octets: u64,
    first_ns: u64,
    last_ns: u64,
    tcp_flags: u16,
}

#[derive(Default)]
struct Read {
    flows: BTreeMap<Key, Sum>,
    skipped: BTreeMap<SkipReason, u64>,
    packets: u64,
    /// Savefiles that etherparse reads differently.
    against: Vec<String>,
}

fn address(header: &Header, v4: wire::Span, v6: wire::Span) -> IpAddr {
    match header.family {
        Family::V4 => Ipv4Addr::from(<[u8; 4]>::try_from(header.get(v4)).unwrap()).into(),
        Family::V6 => Ipv6Addr::from(<[u8; 16]>::try_from(header.get(v6)).unwrap()).into(),
    }
}

fn number(header: &Header, span: wire::Span) -> u16 {
    u16::from_be_bytes(header.get(span).try_into().unwrap())
}

fn read(path: &Path) -> Read {
    let mut read = Read::default();
    let mut header = Header::empty();
    let mut savefile = match Savefile::open(path) {
        Ok(savefile) => savefile,
        Err(error) => panic!("{error}"),
    };
    let whole = savefile.read(|packet| {
        read.packets += 1;
        if packet.link == LinkType::Ethernet
            && let Err(why) = oracle::compare(packet.data)
        {
            read.against.push(format!(
                "{}: packet {}: {why}",
                path.display(),
                read.packets
            ));
        }
        if let Err(skip) = wire::parse(packet, &mut header) {
            *read.skipped.entry(skip).or_default() += 1;
            return ControlFlow::Continue(());
        }
        // The first line alone is read by the fast path.
        let mut common = Header::empty();
        let result = wire::parse_lines(packet, Lines::COMMON, &mut common);
        let same = result.is_ok()
            && common.bytes[..LINE] == header.bytes[..LINE]
            && common.octets == header.octets
            && common.tcp_flags == header.tcp_flags;
        if !same {
            let place = format!("{}: packet {}", path.display(), read.packets);
            read.against
                .push(format!("{place}: {common:?}, not {header:?}"));
        }
        let key = (
            address(&header, at::SOURCE_IPV4, at::SOURCE_IPV6),
            address(&header, at::DESTINATION_IPV4, at::DESTINATION_IPV6),
            header.protocol,
            number(&header, at::SOURCE_PORT),
            number(&header, at::DESTINATION_PORT),
        );
        let sum = read.flows.entry(key).or_insert(Sum {
            first_ns: packet.time_ns,
            ..Sum::default()
        });
        sum.packets += 1;
        sum.octets += u64::from(header.octets);
        sum.first_ns = sum.first_ns.min(packet.time_ns);
        sum.last_ns = sum.last_ns.max(packet.time_ns);
        sum.tcp_flags |= header.tcp_flags;
        ControlFlow::Continue(())
    });
    whole.unwrap_or_else(|error| panic!("{error}"));
    read
}

fn key(row: &[Value]) -> Option<Key> {
    let number = |at: usize| row[at].as_u64();
    Some((
        row[0].as_str()?.parse().unwrap(),
        row[1].as_str()?.parse().unwrap(),
        u8::try_from(number(2)?).unwrap(),
        u16::try_from(number(3)?).unwrap(),
        u16::try_from(number(4)?).unwrap(),
    ))
}

fn rows<'a>(golden: &'a Value, name: &str) -> Vec<&'a [Value]> {
    golden[name]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row.as_array().unwrap().as_slice())
        .collect()
}

/// The comparison rule of the captures: ambiguous packets may be counted or not, all others must agree exactly.
fn compare(name: &str, read: &Read, golden: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    if Some(read.packets) != golden["packets"].as_u64() {
        wrong.push(format!(
            "{name}: {} packets read, not {}",
            read.packets, golden["packets"]
        ));
    }
    if golden["flows_defined"] != true {
        return wrong;
    }
    let mut ambiguous: BTreeMap<Key, Sum> = BTreeMap::new();
    for row in rows(golden, "ambiguous") {
        if let Some(key) = key(&row[2..7]) {
            let sum = ambiguous.entry(key).or_default();
            sum.packets += 1;
            sum.octets += row[7].as_u64().unwrap();
        }
    }
    let doubts = rows(golden, "ambiguous").len() + rows(golden, "malformed").len();
    let mut left = read.flows.clone();
    for row in rows(golden, "flows") {
        let key = key(row).unwrap();
        let number = |at: usize| row[at].as_u64().unwrap();
        let got = left.remove(&key).unwrap_or_default();
        let more = ambiguous.get(&key).copied().unwrap_or_default();
        if !(number(5)..=number(5) + more.packets).contains(&got.packets)
            || !(number(6)..=number(6) + more.octets).contains(&got.octets)
        {
            wrong.push(format!(
                "{name}: {key:?}: {got:?}, not {row:?} and at most {more:?}"
            ));
        }
        let times_and_flags = (got.first_ns, got.last_ns, u64::from(got.tcp_flags));
        if more == Sum::default() && times_and_flags != (number(7), number(8), number(9)) {
            wrong.push(format!("{name}: {key:?}: {got:?}, not {row:?}"));
        }
    }
    if left.len() > doubts {
        wrong.push(format!(
            "{name}: {} flows too many: {left:?}",
            left.len() - doubts
        ));
    }
    // Stricter than the rule: those that are read at all are read as in the golden file.
    for (key, got) in left {
        let there = ambiguous.get(&key).copied().unwrap_or_default();
        if (got.packets, got.octets) != (there.packets, there.octets) {
            wrong.push(format!(
                "{name}: {key:?}: {got:?}, not {there:?} among the ambiguous"
            ));
        }
    }
    wrong
}

#[test]
fn real_captures_agree_with_their_golden_files() {
    let folder = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/corpora/pcaps"
    ));
    let Ok(entries) = fs::read_dir(&folder) else {
        note::note(
            "capture: real captures",
            "../shared/corpora/pcaps is absent; only captures made by the tests are read",
        );
        return;
    };
    let (mut files, mut packets, mut wrong) = (0, 0, Vec::new());
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for golden_path in paths {
        let Some(name) = golden_path
            .file_name()
            .and_then(|name| name.to_str()?.strip_suffix(".golden.json"))
        else {
            continue;
        };
        let golden: Value = serde_json::from_slice(&fs::read(&golden_path).unwrap()).unwrap();
        let read = read(&folder.join(name));
        wrong.extend(compare(name, &read, &golden));
        wrong.extend_from_slice(&read.against);
        files += 1;
        packets += read.packets;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{files} captures, {packets} packets");
    assert!(files > 0, "no golden files in {}", folder.display());
}

#[test]
fn a_capture_made_here_sums_up() {
    // On Ethernet: three UDP datagrams of a flow, one in the reverse direction, an ICMP echo, a later fragment, and
    // ARP.
    let udp = |from: u8, to: u8, sport: u16, dport: u16, len: u16| {
        let mut packet = ipv4(17, from, to, [0, 0], len);
        packet.splice(
            34..42,
            [
                sport.to_be_bytes(),
                dport.to_be_bytes(),
                (len - 20).to_be_bytes(),
                [0, 0],
            ]
            .concat(),
        );
        packet
    };
    let mut echo = ipv4(1, 1, 2, [0, 0], 84);
    echo[34] = 8;
    let mut arp = vec![0xff; 42];
    arp[12..14].copy_from_slice(&[8, 6]);
    let frames = [
        udp(1, 2, 1000, 53, 60),
        udp(2, 1, 53, 1000, 200),
        udp(1, 2, 1000, 53, 61),
        echo,
        ipv4(17, 1, 2, [0, 0xb9], 520),
        arp,
        udp(1, 2, 1000, 53, 62),
    ];
    let mut file = Vec::new();
    file.extend(0xa1b2_3c4du32.to_be_bytes());
    file.extend([0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 1]);
    for (second, frame) in (1u32..).zip(&frames) {
        // Only the first 64 octets of each packet.
        let kept = frame.get(..64).unwrap_or(frame);
        for word in [second, 5, kept.len() as u32, frame.len() as u32] {
            file.extend(word.to_be_bytes());
        }
        file.extend(kept);
    }
    let path =
        std::env::temp_dir().join(format!("flowd-capture-golden-{}.pcap", std::process::id()));
    fs::write(&path, file).unwrap();
    let read = read(&path);
    fs::remove_file(&path).unwrap();

    let flow = |from: u8, to: u8, protocol, sport, dport| {
        let address = |last| IpAddr::from([192, 0, 2, last]);
        read.flows
            .get(&(address(from), address(to), protocol, sport, dport))
            .copied()
    };
    let at = |second: u64| second * 1_000_000_000 + 5;
    let sum = |packets, octets, first, last| {
        Some(Sum {
            packets,
            octets,
            first_ns: at(first),
            last_ns: at(last),
            tcp_flags: 0,
        })
    };
    assert_eq!(flow(1, 2, 17, 1000, 53), sum(3, 183, 1, 7));
    assert_eq!(flow(2, 1, 17, 53, 1000), sum(1, 200, 2, 2));
    assert_eq!(flow(1, 2, 1, 0, 0x0800), sum(1, 84, 4, 4));
    assert_eq!(flow(1, 2, 17, 0, 0), sum(1, 520, 5, 5));
    assert_eq!((read.flows.len(), read.packets), (4, 7));
    assert_eq!(read.skipped, BTreeMap::from([(SkipReason::NotIp, 1)]));
}

/// An Ethernet frame with an IPv4 packet of `len` octets from 192.0.2.`from` to 192.0.2.`to`.
fn ipv4(protocol: u8, from: u8, to: u8, fragment: [u8; 2], len: u16) -> Vec<u8> {
    let mut frame = vec![0; 14 + usize::from(len)];
    frame[12..16].copy_from_slice(&[8, 0, 0x45, 0]);
    frame[16..18].copy_from_slice(&len.to_be_bytes());
    frame[20..22].copy_from_slice(&fragment);
    frame[22..24].copy_from_slice(&[64, protocol]);
    frame[26..30].copy_from_slice(&[192, 0, 2, from]);
    frame[30..34].copy_from_slice(&[192, 0, 2, to]);
    frame
}
