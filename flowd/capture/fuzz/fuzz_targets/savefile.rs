//! Any octets as a savefile: no panic, an end, no more packets than the octets have room for, and the same packets as by
//! libpcap, if libpcap reads the file to its end.
#![no_main]

use std::ops::ControlFlow;
use std::os::fd::AsRawFd;

use capture::Savefile;
use libfuzzer_sys::fuzz_target;
use nix::sys::memfd::{MFdFlags, memfd_create};

/// Octets on the wire, captured octets.
type Read = Vec<(u32, Vec<u8>)>;

fuzz_target!(|octets: &[u8]| {
    let file = memfd_create(c"savefile", MFdFlags::MFD_CLOEXEC).expect("a file in memory");
    nix::unistd::write(&file, octets).expect("it has room");
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let theirs = by_libpcap(&path);
    let Ok(mut savefile) = Savefile::open(&path) else {
        assert!(theirs.is_none_or(|theirs| theirs.is_empty()));
        return;
    };
    let mut ours = Read::new();
    let whole = savefile.read(|packet| {
        ours.push((packet.wire_len, packet.data.to_vec()));
        ControlFlow::Continue(())
    });
    // The smallest record has 16 octets.
    let captured: usize = ours.iter().map(|(_, data)| data.len()).sum();
    assert!(captured + 16 * ours.len() <= octets.len());
    assert_eq!(savefile.packets(), ours.len() as u64);
    assert_eq!(savefile.links().values().sum::<u64>(), savefile.packets());
    assert!(savefile.position() <= octets.len() as u64);
    if let Some(theirs) = theirs {
        assert!(whole.is_ok(), "{whole:?}");
        assert_eq!(ours, theirs);
    }
});

/// What libpcap reads, if it reads all of the file.
fn by_libpcap(path: &str) -> Option<Read> {
    let mut capture = pcap::Capture::from_file(path).ok()?;
    let mut packets = Read::new();
    loop {
        match capture.next_packet() {
            Ok(packet) => packets.push((packet.header.len, packet.data.to_vec())),
            Err(pcap::Error::NoMorePackets) => return Some(packets),
            Err(_) => return None,
        }
    }
}
