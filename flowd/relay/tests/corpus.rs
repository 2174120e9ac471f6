//! Real exporters' datagrams come out byte for byte. The captures are not part of the project: they are looked for beside
//! the checkout (`../shared/corpora/exports`).

#[path = "../../../tests/src/note.rs"]
#[allow(unreachable_pub)] // also a module of the end-to-end tests
mod note;
mod support;

use std::net::UdpSocket;
use std::path::Path;

use support::{Lab, Sink, privileged, settings};

/// UDP payloads of a savefile: classic, little-endian, Ethernet, a whole datagram in each frame.
fn payloads(file: &[u8]) -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    let mut rest = &file[24..];
    while let Some((header, next)) = rest.split_at_checked(16) {
        let captured = u32::from_le_bytes(header[8..12].try_into().unwrap()) as usize;
        let (frame, next) = next.split_at(captured.min(next.len()));
        rest = next;
        let udp = match frame[12..14] {
            [8, 0] if frame[23] == 17 => 14 + 4 * usize::from(frame[14] & 15),
            [0x86, 0xdd] if frame[20] == 17 => 54,
            _ => continue,
        };
        let len = usize::from(u16::from_be_bytes([frame[udp + 4], frame[udp + 5]]));
        payloads.push(frame[udp + 8..udp + len].to_vec());
    }
    payloads
}

#[test]
fn datagrams_of_real_exporters_come_out_as_they_went_in() {
    let folder = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/corpora/exports"
    ));
    let Ok(entries) = std::fs::read_dir(folder) else {
        note::note(
            "datagrams of real exporters",
            "../shared/corpora/exports is absent; only datagrams made by the tests are relayed",
        );
        return;
    };
    let [own, spoofed] = [Sink::new("127.0.0.1"), Sink::new("127.0.0.1")];
    let mut settings = settings("127.0.0.1");
    settings.receivers = vec![own.receiver("own")];
    if privileged() {
        let mut receiver = spoofed.receiver("spoofed");
        receiver.spoof_source = true;
        settings.receivers.push(receiver);
    }
    let lab = Lab::start(&settings);
    let mut count = 0;
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.extension().is_none_or(|extension| extension != "pcap") {
            continue;
        }
        let exporter = UdpSocket::bind("127.0.0.1:0").unwrap();
        let payloads = payloads(&std::fs::read(&path).unwrap());
        for part in payloads.chunks(64) {
            for payload in part {
                exporter.send_to(payload, lab.to).unwrap();
            }
            for sink in [&own, &spoofed].iter().take(settings.receivers.len()) {
                for payload in part {
                    assert!(sink.next().0 == *payload, "{}", path.display());
                }
            }
        }
        count += payloads.len();
    }
    assert!(count > 0);
    let statistics = lab.until("all there", |all| all.received.datagrams == count as u64);
    assert!(statistics.templates.templates > 0);
    assert!(
        statistics
            .receivers
            .iter()
            .all(|one| one.replayed.datagrams == 0)
    );
}
