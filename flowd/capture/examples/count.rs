//! How fast packets are read and their headers parsed: `count FILE [ROUNDS]`, or `count -i INTERFACE PACKETS`.
//!
//! A file is read once with libpcap, then its packets are parsed from memory so many rounds.

use std::error::Error;
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use capture::{Config, Engine, Savefile, Source};
use nix::sys::eventfd::EventFd;
use nix::time::{ClockId, clock_gettime};
use wire::{Header, Packet, parse};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["-i", interface, packets] => live(interface, packets.parse()?),
        [file] => savefile(file, 10),
        [file, rounds] => savefile(file, rounds.parse()?),
        _ => Err("count FILE [ROUNDS] | count -i INTERFACE PACKETS".into()),
    }
}

#[allow(clippy::disallowed_methods, reason = "a measurement")]
fn now() -> Instant {
    Instant::now()
}

fn savefile(file: &str, rounds: u32) -> Result<(), Box<dyn Error>> {
    let start = now();
    let mut savefile = Savefile::open(file)?;
    let mut packets = Vec::new();
    savefile.read(|packet| {
        packets.push((packet.wire_len, packet.link, packet.data.to_vec()));
        ControlFlow::Continue(())
    })?;
    let read = start.elapsed();
    let mut header = Header::empty();
    let (mut octets, mut skipped) = (0u64, 0u64);
    let start = now();
    for _ in 0..rounds {
        for (wire_len, link, data) in &packets {
            let packet = Packet {
                time_ns: 0,
                data,
                wire_len: *wire_len,
                link: *link,
                tag: None,
                outgoing: false,
            };
            match parse(&packet, &mut header) {
                Ok(()) => octets += u64::from(header.octets),
                Err(_) => skipped += 1,
            }
        }
    }
    let parsed = start.elapsed();
    let count = packets.len() as u128;
    println!(
        "{count} packets: {} ns each to read and keep, {} ns to parse ({octets} octets, {skipped} skipped)",
        read.as_nanos() / count.max(1),
        parsed.as_nanos() / (count * u128::from(rounds)).max(1),
    );
    Ok(())
}

fn live(interface: &str, want: u64) -> Result<(), Box<dyn Error>> {
    let mut source = Source::open(Engine::AfPacket, &Config::new(interface))?;
    let wake = EventFd::new()?;
    let mut header = Header::empty();
    let (mut octets, mut skipped) = (0u64, 0u64);
    let cpu = || clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map(Duration::from);
    let mut statistics = source.statistics()?;
    let start = cpu()?;
    while statistics.delivered + statistics.dropped < want {
        source.wait(wake.as_fd(), Duration::from_secs(1))?;
        source.read(|packet| match parse(packet, &mut header) {
            Ok(()) => octets += u64::from(header.octets),
            Err(_) => skipped += 1,
        })?;
        statistics = source.statistics()?;
    }
    println!(
        "{statistics:?}: {} ns of processor each ({octets} octets, {skipped} skipped)",
        (cpu()? - start).as_nanos() / u128::from(statistics.delivered.max(1)),
    );
    Ok(())
}
