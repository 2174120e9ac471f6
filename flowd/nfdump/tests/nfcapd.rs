//! Files that Debian's nfcapd writes are read as its own nfdump reads them, in each of its compressions.

#[allow(
    unreachable_pub,
    reason = "a file of another crate, where it is public"
)]
#[path = "../../../tests/src/note.rs"]
mod note;

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use nfdump::{Compression, File, Flow, Record};
use wire::v9;

/// When the exporter says its flows were.
const SECONDS: u32 = 1_700_000_000;
/// The exporter's uptime then.
const UPTIME_MS: u32 = 10_000_000;
/// How long is waited for nfcapd, at most.
const PATIENCE: Duration = Duration::from_secs(20);

/// A flow as the exporter sends it.
struct Sent {
    packets: u32,
    octets: u32,
    protocol: u8,
    ports: [u16; 2],
    addresses: Addresses,
}

enum Addresses {
    V4(Ipv4Addr, Ipv4Addr),
    V6(Ipv6Addr, Ipv6Addr),
}

fn flows() -> Vec<Sent> {
    (0..60u16)
        .map(|n| {
            let octet = n.to_be_bytes()[1];
            let icmp = n % 10 == 3;
            Sent {
                packets: 1 + u32::from(n),
                octets: 100 + u32::from(n) * 1_000_003,
                protocol: if icmp { 1 } else { 6 },
                ports: if icmp { [0, 0x0301] } else { [40_000 + n, 443] },
                addresses: if n % 3 == 1 {
                    let source = Ipv6Addr::new(0x2001, 0xdb8, 1, 2, 3, 4, 5, n);
                    Addresses::V6(source, Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))
                } else {
                    Addresses::V4(
                        Ipv4Addr::new(192, 0, 2, octet),
                        Ipv4Addr::new(198, 51, 100, 7),
                    )
                },
            }
        })
        .collect()
}

/// Octets, packets, protocol, TCP flags, ports, ICMP type and code, interfaces, first and last, then addresses of a version.
const COMMON: [(u16, u16); 11] = [
    (1, 4),
    (2, 4),
    (4, 1),
    (6, 1),
    (7, 2),
    (11, 2),
    (32, 2),
    (10, 4),
    (14, 4),
    (22, 4),
    (21, 4),
];

fn datagrams() -> Vec<Vec<u8>> {
    let mut packer = v9::Packer::new(1400);
    let mut sent = Vec::new();
    let mut sequence = 0;
    let mut finish = |packer: &mut v9::Packer| {
        let header = v9::Header {
            sys_uptime_ms: UPTIME_MS,
            unix_secs: SECONDS,
            sequence,
            source_id: 77,
        };
        sequence += 1;
        sent.push(packer.finish(&header).to_vec());
    };
    // nfcapd 1.7.1 reads the first options template of a set only.
    packer
        .options_template(258, &[(1, 4)], &[(10, 4), (82, 16)])
        .unwrap();
    packer
        .template(256, &[&COMMON[..], &[(8, 4), (12, 4)]].concat())
        .unwrap();
    packer
        .template(257, &[&COMMON[..], &[(27, 16), (28, 16)]].concat())
        .unwrap();
    packer
        .options_template(259, &[(1, 4)], &[(95, 4), (96, 16), (94, 24)])
        .unwrap();
    finish(&mut packer);
    for (index, name) in [(5u32, "GigabitEth0/5"), (6, "TenGigE0/0/6")] {
        let mut record = vec![0; 4];
        record.extend(index.to_be_bytes());
        record.extend(name.bytes());
        record.resize(24, 0);
        packer.record(258, 24).unwrap().copy_from_slice(&record);
    }
    let mut record = vec![0, 0, 0, 0, 3, 0, 0, 80];
    record.extend(b"http");
    record.resize(24, 0);
    record.extend(b"World Wide Web");
    record.resize(48, 0);
    packer.record(259, 48).unwrap().copy_from_slice(&record);
    finish(&mut packer);
    for flow in flows() {
        let mut record = Vec::new();
        record.extend(flow.octets.to_be_bytes());
        record.extend(flow.packets.to_be_bytes());
        record.extend([flow.protocol, 0x1b]);
        record.extend(flow.ports.iter().flat_map(|port| port.to_be_bytes()));
        // nfcapd takes ICMP's type and code from here.
        let icmp = if flow.protocol == 1 { flow.ports[1] } else { 0 };
        record.extend(icmp.to_be_bytes());
        record.extend([0, 0, 0, 5, 0, 0, 0, 6]);
        record.extend((UPTIME_MS - 5_000).to_be_bytes());
        record.extend((UPTIME_MS - 1_234).to_be_bytes());
        let id = match flow.addresses {
            Addresses::V4(source, destination) => {
                record.extend(source.octets());
                record.extend(destination.octets());
                256
            }
            Addresses::V6(source, destination) => {
                record.extend(source.octets());
                record.extend(destination.octets());
                257
            }
        };
        if packer.room(id, record.len()) == 0 {
            finish(&mut packer);
        }
        packer
            .record(id, record.len())
            .unwrap()
            .copy_from_slice(&record);
    }
    finish(&mut packer);
    sent
}

/// Ends the program even when a test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Octets that wait in the receive queue of a UDP port, if it is open.
fn queue(port: u16) -> Option<u64> {
    let table = fs::read_to_string("/proc/net/udp").unwrap();
    let local = format!(":{port:04X}");
    let line = table.lines().find(|line| {
        let address = line.split_whitespace().nth(1);
        address.is_some_and(|address| address.ends_with(&local))
    })?;
    let queues = line.split_whitespace().nth(4)?;
    u64::from_str_radix(queues.split(':').nth(1)?, 16).ok()
}

fn wait(what: &str, mut done: impl FnMut() -> bool) {
    let step = Duration::from_millis(20);
    for _ in 0..PATIENCE.as_millis() / step.as_millis() {
        if done() {
            return;
        }
        thread::sleep(step);
    }
    panic!("{what}: not within {PATIENCE:?}");
}

/// Lets nfcapd write what the exporter sends, and returns the file.
fn written(folder: &Path, options: &[&str]) -> PathBuf {
    // A port that is free now.
    let port = UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let child = Command::new("nfcapd")
        .args([
            "-b",
            "127.0.0.1",
            "-p",
            &port.to_string(),
            "-I",
            "core",
            "-w",
        ])
        .arg(folder)
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut running = Running(child);
    wait("nfcapd listens", || queue(port).is_some());
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for datagram in datagrams() {
        socket.send_to(&datagram, ("127.0.0.1", port)).unwrap();
    }
    wait("nfcapd has read all", || queue(port) == Some(0));
    // What was read last is in its memory at most one system call later; it writes all of it when it is told to end.
    Command::new("kill")
        .arg(running.0.id().to_string())
        .status()
        .unwrap();
    wait("nfcapd ends", || running.0.try_wait().unwrap().is_some());
    let mut files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .find(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with("nfcapd.") && !name.contains("current")
        })
        .expect("nfcapd wrote a file")
}

/// The values of a flow by element, as text.
fn values(flow: &Flow) -> BTreeMap<u16, String> {
    let mut values = BTreeMap::new();
    flow.each(
        &mut |(enterprise, element), value| {
            if enterprise != 0 {
                return;
            }
            let octets = value.as_slice();
            let text = match (element, octets.len()) {
                (8 | 12 | 130, 4) => {
                    Ipv4Addr::from(<[u8; 4]>::try_from(octets).unwrap()).to_string()
                }
                (27 | 28, 16) => Ipv6Addr::from(<[u8; 16]>::try_from(octets).unwrap()).to_string(),
                _ => octets
                    .iter()
                    .fold(0u128, |number, octet| number << 8 | u128::from(*octet))
                    .to_string(),
            };
            values.insert(element, text);
        },
        &mut |_| {},
    );
    values
}

/// What nfdump says of the same file: one flow a line.
fn by_nfdump(path: &Path) -> Vec<String> {
    let output = Command::new("nfdump")
        .arg("-r")
        .arg(path)
        .args([
            "-q",
            "-6",
            "-N",
            "-o",
            "fmt:%sa|%da|%sp|%pr|%pkt|%byt|%in|%out",
        ])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines()
        .filter(|line| line.contains('|'))
        .map(|line| line.replace(' ', ""))
        .collect()
}

#[test]
fn what_nfcapd_writes_is_read_as_nfdump_reads_it() {
    if Command::new("nfcapd").arg("-V").output().is_err() {
        note::note(
            "nfdump: nfcapd",
            "nfcapd is absent; only files made by hand are read",
        );
        return;
    }
    for (options, compression) in [
        (&[][..], Compression::None),
        (&["-z"], Compression::Lzo),
        (&["-y"], Compression::Lz4),
        (&["-j"], Compression::Bzip2),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path(), options);
        let octets = fs::read(&path).unwrap();
        let file = File::parse(&octets).unwrap();
        assert_eq!(file.compression, compression);
        assert_eq!(file.version >> 16, 0x0107, "nfdump 1.7");
        let mut buffer = Vec::new();
        let (mut found, mut lines, mut names, mut applications) =
            (0, Vec::new(), Vec::new(), Vec::new());
        let (mut exporters, mut totals, mut ident) = (Vec::new(), None, Vec::new());
        for block in file.blocks() {
            let block = block.unwrap();
            let mut records = 0;
            for record in block.records(&mut buffer).unwrap() {
                records += 1;
                match record.unwrap() {
                    Record::Flow(flow) => {
                        check(&flow, &flows()[found]);
                        lines.push(line(&values(&flow)));
                        found += 1;
                    }
                    Record::Exporter(exporter) => exporters.push(exporter),
                    Record::Interfaces(it) => {
                        names.extend(it.iter().map(|it| it.id));
                    }
                    Record::Applications(it) => applications.extend(
                        it.iter()
                            .map(|it| (it.id.to_vec(), it.name.to_vec(), it.description.to_vec())),
                    ),
                    Record::Statistics(it) => totals = Some(it),
                    Record::Identification(it) => ident = it.to_vec(),
                    Record::ExporterStatistics(it) => {
                        let all: Vec<_> = it.iter().map(|(_, failures, ..)| failures).collect();
                        assert_eq!(all, [0]);
                    }
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(records, block.count);
        }
        assert_eq!(found, flows().len(), "{options:?}");
        assert_eq!(exporters.len(), 1, "{exporters:?}");
        assert_eq!(exporters[0].address.to_string(), "127.0.0.1");
        assert_eq!((exporters[0].version, exporters[0].domain), (9, 77));
        // nfcapd 1.7.1 spoils the names of interfaces, of which it says that there are six words.
        assert_eq!(names.len(), 6);
        assert_eq!(applications.len(), 1);
        let (id, name, description) = &applications[0];
        assert_eq!(
            (&id[..], &name[..], &description[..]),
            (&[3, 0, 0, 80][..], &b"http"[..], &b"World Wide Web"[..])
        );
        let totals = totals.expect("the file's totals");
        let octets: u64 = flows().iter().map(|flow| u64::from(flow.octets)).sum();
        assert_eq!((totals.flows, totals.octets), (60, octets));
        assert_eq!(ident, b"core");
        assert_eq!(lines, by_nfdump(&path), "{options:?}");
    }
}

fn check(flow: &Flow, sent: &Sent) {
    let values = values(flow);
    let addresses = match sent.addresses {
        Addresses::V4(source, destination) => {
            [(8, source.to_string()), (12, destination.to_string())]
        }
        Addresses::V6(source, destination) => {
            [(27, source.to_string()), (28, destination.to_string())]
        }
    };
    let end = u64::from(SECONDS) * 1000;
    let expected = [
        (1, sent.octets.to_string()),
        (2, sent.packets.to_string()),
        (4, sent.protocol.to_string()),
        (6, 0x1b.to_string()),
        (7, sent.ports[0].to_string()),
        (11, sent.ports[1].to_string()),
        (10, "5".into()),
        (14, "6".into()),
        (152, (end - 5_000).to_string()),
        (153, (end - 1_234).to_string()),
    ];
    for (element, value) in expected.iter().chain(&addresses) {
        assert_eq!(
            values.get(element),
            Some(value),
            "element {element} of {values:?}"
        );
    }
    // When nfcapd received it.
    assert!(values[&258].parse::<u64>().unwrap() > end);
    assert_eq!((flow.version, flow.is_scaled()), (9, false));
}

/// A flow as [`by_nfdump`] has it.
fn line(values: &BTreeMap<u16, String>) -> String {
    let address = |v4: u16, v6: u16| values.get(&v4).or_else(|| values.get(&v6)).unwrap().clone();
    let of = |element: u16| values[&element].clone();
    [
        address(8, 27),
        address(12, 28),
        of(7),
        of(4),
        of(2),
        of(1),
        of(10),
        of(14),
    ]
    .join("|")
}
