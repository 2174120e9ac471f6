use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;

use pcap::Precision;

use super::*;

struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str, bytes: &[u8]) -> Temporary {
        let path =
            std::env::temp_dir().join(format!("flowd-capture-{}-{name}", std::process::id()));
        fs::File::create(&path).unwrap().write_all(bytes).unwrap();
        Temporary(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// A savefile of link type RAW with these packets: seconds, fraction, octets on the wire, captured octets.
fn pcap(magic: u32, packets: &[(u32, u32, u32, &[u8])]) -> Vec<u8> {
    let mut file = Vec::new();
    file.extend(magic.to_le_bytes());
    file.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    file.extend(65_535u32.to_le_bytes());
    file.extend(101u32.to_le_bytes());
    for (seconds, fraction, wire_len, data) in packets {
        for word in [*seconds, *fraction, data.len() as u32, *wire_len] {
            file.extend(word.to_le_bytes());
        }
        file.extend(*data);
    }
    file
}

const MICRO: u32 = 0xa1b2_c3d4;
const NANO: u32 = 0xa1b2_3c4d;

/// Time, octets on the wire, captured octets.
type Read = (u64, u32, Vec<u8>);

fn all(path: &Path) -> (Vec<Read>, Option<String>) {
    let mut savefile = Savefile::open(path).unwrap();
    let mut packets = Vec::new();
    let result = savefile.read(|packet| {
        packets.push((packet.time_ns, packet.wire_len, packet.data.to_vec()));
        ControlFlow::Continue(())
    });
    assert_eq!(savefile.packets(), packets.len() as u64);
    let links = BTreeMap::from([(LinkType::Raw, savefile.packets())]);
    assert_eq!(savefile.links(), links);
    match result {
        Ok(more) => {
            assert!(!more);
            (packets, None)
        }
        Err(error) => (packets, Some(error.to_string())),
    }
}

#[test]
fn both_precisions_give_nanoseconds() {
    let packets: &[(u32, u32, u32, &[u8])] =
        &[(1, 2, 100, b"abc"), (4_000_000_000, 999_999, 0x10000, b"")];
    let expected = |unit: u64| {
        vec![
            (1_000_000_000 + 2 * unit, 100, b"abc".to_vec()),
            (4_000_000_000_000_000_000 + 999_999 * unit, 0x10000, vec![]),
        ]
    };
    let micro = Temporary::new("micro", &pcap(MICRO, packets));
    assert_eq!(all(&micro.0), (expected(1000), None));
    let nano = Temporary::new("nano", &pcap(NANO, packets));
    assert_eq!(all(&nano.0), (expected(1), None));
}

#[test]
fn a_cut_file_gives_every_whole_packet_and_then_the_reason() {
    let whole = pcap(MICRO, &[(1, 0, 3, b"abc"), (2, 0, 3, b"def")]);
    for len in 24..whole.len() {
        let cut = Temporary::new(&format!("cut{len}"), &whole[..len]);
        let (packets, error) = all(&cut.0);
        assert_eq!(packets.len(), (len - 24) / 19, "{len} octets");
        // Truncation between packets cannot be told from the end of the file.
        assert_eq!(
            error.is_none(),
            (len - 24) % 19 == 0,
            "{len} octets: {error:?}"
        );
        if let Some(error) = error {
            assert!(
                error.contains(&format!("after {} packets: ", packets.len())),
                "{error}"
            );
        }
    }
}

#[test]
fn progress_reaches_the_size() {
    let file = Temporary::new(
        "progress",
        &pcap(MICRO, &[(1, 0, 9000, &[0; 9000][..]); 20]),
    );
    let mut savefile = Savefile::open(&file.0).unwrap();
    assert_eq!(savefile.size(), Some(24 + 20 * 9016));
    let mut last = savefile.position();
    while savefile.read(|_| ControlFlow::Break(())).unwrap() {
        assert!(savefile.position() >= last);
        last = savefile.position();
    }
    assert_eq!(Some(last), savefile.size());
}

#[test]
fn what_is_no_savefile_is_refused_with_its_name() {
    let text = Temporary::new(
        "text",
        b"This is not a savefile, though it is long enough to be one.",
    );
    for (path, word) in [
        (text.0.clone(), "unknown file format"),
        (PathBuf::from("/nonexistent/file.pcap"), "No such file"),
        (PathBuf::from("/"), "is a directory"),
        (PathBuf::from("/dev/null"), "truncated"),
    ] {
        let error = Savefile::open(&path).unwrap_err().to_string();
        assert!(
            error.starts_with(path.to_str().unwrap()) && error.contains(word),
            "{error}"
        );
    }
}

/// What libpcap reads, without our own reader.
fn by_libpcap(path: &Path) -> Vec<Read> {
    let mut capture = pcap::Capture::from_file_with_precision(path, Precision::Nano).unwrap();
    let mut packets = Vec::new();
    while let Ok(packet) = capture.next_packet() {
        packets.push((
            time_ns(packet.header),
            packet.header.len,
            packet.data.to_vec(),
        ));
    }
    packets
}

#[test]
fn our_reader_and_libpcap_read_the_same() {
    let long = vec![7; 200_000];
    let packets: &[(u32, u32, u32, &[u8])] = &[
        (1, 2, 100, b"abc"),
        (2, 3, 200_000, &long),
        (3, 4, 9, b""),
        (u32::MAX, 5, 3, b"xyz"),
    ];
    for magic in [MICRO, NANO] {
        let little = pcap(magic, packets);
        let mut short = little.clone();
        short[16..20].copy_from_slice(&50_u32.to_le_bytes());
        // The same file in the other byte order, with every word of the headers reversed.
        let mut big = Vec::new();
        big.extend(magic.to_be_bytes());
        big.extend([0, 2, 0, 4]);
        little[8..24]
            .chunks(4)
            .for_each(|word| big.extend(word.iter().rev()));
        for (seconds, fraction, wire_len, data) in packets {
            for word in [*seconds, *fraction, data.len() as u32, *wire_len] {
                big.extend(word.to_be_bytes());
            }
            big.extend(*data);
        }
        for (name, file) in [("little", little), ("short", short), ("big", big)] {
            let file = Temporary::new(&format!("same-{magic:x}-{name}"), &file);
            assert!(matches!(
                Savefile::open(&file.0).unwrap().reader,
                Reader::Classic(_)
            ));
            let (ours, error) = all(&file.0);
            assert_eq!((ours.len(), error), (4, None), "{name}");
            assert!(ours == by_libpcap(&file.0), "{name}");
        }
    }
}

#[test]
fn variants_that_only_libpcap_knows_are_read_from_files() {
    let packets: &[(u32, u32, u32, &[u8])] = &[(1, 2, 3, b"abc"), (2, 3, 4, b"de")];
    let mut old = pcap(MICRO, packets);
    // Version 2.3.
    old[6] = 3;
    let file = Temporary::new("old", &old);
    assert!(matches!(
        Savefile::open(&file.0).unwrap().reader,
        Reader::Foreign(_)
    ));
    let (read, error) = all(&file.0);
    assert_eq!((read.len(), error), (2, None));
    assert!(read == by_libpcap(&file.0));
}

#[test]
fn a_pipe_is_read_as_a_file_is() {
    let packets: &[(u32, u32, u32, &[u8])] = &[(1, 2, 3, &[7; 200_000]), (2, 3, 4, b"de")];
    let file = Temporary::new("as-a-file", &pcap(MICRO, packets));
    let fifo = Temporary::new("fifo", b"");
    fs::remove_file(&fifo.0).unwrap();
    nix::unistd::mkfifo(&fifo.0, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let feeder = std::thread::spawn({
        let (from, to) = (file.0.clone(), fifo.0.clone());
        move || fs::write(to, fs::read(from).unwrap()).unwrap()
    });
    assert!(all(&fifo.0) == all(&file.0));
    feeder.join().unwrap();
}
