//! Live captures by both engines, in network namespaces of their own.

mod lab;
mod promiscuous;

use std::net::UdpSocket;
use std::os::fd::AsFd;
use std::time::Duration;

use capture::{Config, Engine, Error, Fanout, LinkState, Ready, Source, Statistics};
use lab::Lab;
use nix::sys::eventfd::{EfdFlags, EventFd};
use wire::{Header, Packet, SkipReason, at};

const ENGINES: [Engine; 2] = [Engine::AfPacket, Engine::Pcap];

/// What the tests compare of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    outgoing: bool,
    vlans: (u16, u16),
    port: u16,
    octets: u32,
    captured: usize,
    time_ns: u64,
}

fn seen(packet: &Packet) -> Result<Seen, SkipReason> {
    let mut header = Header::empty();
    wire::parse(packet, &mut header)?;
    let number = |span| u16::from_be_bytes(header.get(span).try_into().unwrap());
    Ok(Seen {
        outgoing: packet.outgoing,
        vlans: (number(at::VLAN), number(at::CUSTOMER_VLAN)),
        port: number(at::DESTINATION_PORT),
        octets: header.octets,
        captured: packet.data.len(),
        time_ns: packet.time_ns,
    })
}

fn wake() -> EventFd {
    EventFd::from_value_and_flags(0, EfdFlags::EFD_NONBLOCK).unwrap()
}

/// Reads until `want` packets were delivered and no more follow for a moment.
fn collect(source: &mut Source, want: usize) -> Vec<Seen> {
    let wake = wake();
    let mut packets = Vec::new();
    for _ in 0..200 {
        source
            .wait(wake.as_fd(), Duration::from_millis(50))
            .unwrap();
        let count = source
            .read(|packet| packets.push(seen(packet).unwrap()))
            .unwrap();
        if count == 0 && packets.len() >= want {
            break;
        }
    }
    assert_eq!(packets.len(), want, "{source:?} {packets:?}");
    packets
}

fn both_ways(interface: &str) -> Config {
    Config {
        outgoing: true,
        snaplen: 200,
        ..Config::new(interface)
    }
}

#[test]
fn each_direction_is_counted_once() {
    let Some(lab) = Lab::new() else { return };
    for engine in ENGINES {
        for (incoming, outgoing) in [(true, true), (true, false), (false, true)] {
            let config = Config {
                incoming,
                outgoing,
                ..both_ways("east")
            };
            let mut source = Source::open(engine, &config).unwrap();
            for port in 0..10 {
                lab.send("east", &lab::udp(port, 100, &[]));
            }
            for port in 0..7 {
                lab.send("west", &lab::udp(port, 100, &[]));
            }
            let want = 10 * usize::from(outgoing) + 7 * usize::from(incoming);
            let packets = collect(&mut source, want);
            assert_eq!(
                packets.iter().filter(|packet| packet.outgoing).count(),
                10 * usize::from(outgoing)
            );
            assert!(
                packets.iter().all(
                    |packet| packet.octets == 100 && packet.time_ns > 1_700_000_000_000_000_000
                )
            );
            let want = want as u64;
            assert_eq!(
                source.statistics().unwrap(),
                Statistics {
                    captured: want,
                    delivered: want,
                    dropped: 0
                }
            );
        }
    }
}

#[test]
fn a_packet_on_the_loopback_interface_is_counted_once() {
    let Some(_lab) = Lab::new() else { return };
    for engine in ENGINES {
        for (incoming, outgoing) in [(true, true), (true, false), (false, true)] {
            let mut source = Source::open(
                engine,
                &Config {
                    incoming,
                    outgoing,
                    ..Config::new("lo")
                },
            )
            .unwrap();
            let to = UdpSocket::bind("127.0.0.1:0").unwrap();
            let from = UdpSocket::bind("127.0.0.1:0").unwrap();
            for _ in 0..5 {
                from.send_to(&[0; 72], to.local_addr().unwrap()).unwrap();
            }
            let packets = collect(&mut source, 5);
            assert!(
                packets
                    .iter()
                    .all(|packet| packet.octets == 100 && packet.outgoing != incoming)
            );
        }
    }
}

#[test]
fn tags_are_seen_in_the_frame_and_out_of_it() {
    let Some(lab) = Lab::new() else { return };
    for engine in ENGINES {
        // The kernel removes the outer tag from what it receives, and leaves it in what is sent.
        for interface in ["east", "west"] {
            let mut source = Source::open(engine, &both_ways(interface)).unwrap();
            lab.send("east", &lab::udp(1, 100, &[]));
            lab.send("east", &lab::udp(2, 100, &[(0x8100, 100)]));
            lab.send("east", &lab::udp(3, 100, &[(0x88a8, 200), (0x8100, 300)]));
            let packets = collect(&mut source, 3);
            let vlans: Vec<_> = packets
                .iter()
                .map(|packet| (packet.port, packet.vlans, packet.octets))
                .collect();
            assert_eq!(
                vlans,
                [(1, (0, 0), 100), (2, (100, 0), 100), (3, (200, 300), 100)],
                "{engine:?} {interface}"
            );
        }
    }
}

#[test]
fn a_snaplen_cuts_the_capture_and_not_the_count() {
    let Some(lab) = Lab::new() else { return };
    for engine in ENGINES {
        let mut source = Source::open(
            engine,
            &Config {
                snaplen: 96,
                ..Config::new("west")
            },
        )
        .unwrap();
        lab.send("east", &lab::udp(1, 1400, &[]));
        lab.send("east", &lab::udp(2, 50, &[]));
        let packets = collect(&mut source, 2);
        assert_eq!((packets[0].octets, packets[0].captured), (1400, 96));
        assert_eq!((packets[1].octets, packets[1].captured), (50, 64));
    }
}

#[test]
fn filters_apply_in_the_kernel() {
    let Some(lab) = Lab::new() else { return };
    for engine in ENGINES {
        for (text, ports) in [
            ("udp port 53", &[53][..]),
            ("vlan", &[80]),
            ("vlan 100 and udp port 80", &[80]),
            ("vlan 101", &[]),
            ("greater 300", &[443]),
            // As everywhere on Linux, the frame is IP once its tag was removed.
            ("not ip", &[]),
            ("", &[53, 80, 443]),
        ] {
            let config = Config {
                filter: Some(text.into()),
                ..both_ways("west")
            };
            let mut source = Source::open(engine, &config).unwrap();
            lab.send("east", &lab::udp(53, 100, &[]));
            lab.send("east", &lab::udp(80, 100, &[(0x8100, 100)]));
            lab.send("east", &lab::udp(443, 400, &[]));
            let packets = collect(&mut source, ports.len());
            assert_eq!(
                packets.iter().map(|packet| packet.port).collect::<Vec<_>>(),
                ports,
                "{engine:?} {text}"
            );
            let statistics = source.statistics().unwrap();
            assert_eq!(
                (statistics.captured, statistics.dropped),
                (ports.len() as u64, 0),
                "{engine:?} {text}"
            );
        }
        // Only outgoing packets, with an expression that ends in more than a single return.
        let config = Config {
            incoming: false,
            filter: Some("port 53 or port 80".into()),
            ..both_ways("east")
        };
        let mut source = Source::open(engine, &config).unwrap();
        for (from, port) in [("east", 53), ("west", 53), ("east", 80), ("east", 81)] {
            lab.send(from, &lab::udp(port, 100, &[]));
        }
        let packets = collect(&mut source, 2);
        assert!(packets.iter().all(|packet| packet.outgoing));
        for text in ["udp prot 53", "port 53) or (port 80"] {
            let config = Config {
                filter: Some(text.into()),
                ..Config::new("east")
            };
            let error = Source::open(engine, &config).unwrap_err();
            assert!(matches!(error, Error::Filter { .. }), "{error}");
        }
    }
}

#[test]
fn a_full_ring_counts_what_it_drops() {
    let Some(lab) = Lab::new() else { return };
    let config = Config {
        snaplen: 2000,
        ring_bytes: 0,
        ..Config::new("west")
    };
    let mut source = Source::open(Engine::AfPacket, &config).unwrap();
    const SENT: u64 = 2000;
    lab.send_many("east", &lab::udp(1, 1400, &[]), SENT);
    let wake = wake();
    let mut statistics = Statistics::default();
    for _ in 0..100 {
        source
            .wait(wake.as_fd(), Duration::from_millis(20))
            .unwrap();
        statistics = source.statistics().unwrap();
        if statistics.captured >= SENT {
            break;
        }
    }
    assert_eq!((statistics.captured, statistics.delivered), (SENT, 0));
    assert!(
        (SENT - 400..SENT).contains(&statistics.dropped),
        "{statistics:?}"
    );
    // Whatever fits is delivered whole, and the ring continues to work afterwards.
    let fitted = usize::try_from(statistics.waiting()).unwrap();
    assert!(
        collect(&mut source, fitted)
            .iter()
            .all(|packet| packet.octets == 1400)
    );
    assert_eq!(source.statistics().unwrap().waiting(), 0);
    lab.send("east", &lab::udp(2, 100, &[]));
    assert_eq!(collect(&mut source, 1)[0].port, 2);

    let mut source = Source::open(
        Engine::Pcap,
        &Config {
            snaplen: 2000,
            ring_bytes: 0,
            ..Config::new("west")
        },
    )
    .unwrap();
    lab.send_many("east", &lab::udp(1, 1400, &[]), SENT);
    let mut delivered = 0;
    for _ in 0..100 {
        source
            .wait(wake.as_fd(), Duration::from_millis(20))
            .unwrap();
        delivered += source.read(|_| {}).unwrap() as u64;
        statistics = source.statistics().unwrap();
        if statistics.captured >= SENT {
            break;
        }
    }
    assert_eq!(
        statistics,
        Statistics {
            captured: SENT,
            delivered,
            dropped: SENT - delivered
        }
    );
    assert!(statistics.dropped > 0);
}

#[test]
fn a_stopped_source_gives_what_it_has_and_no_more() {
    let Some(lab) = Lab::new() else { return };
    for engine in ENGINES {
        let mut source = Source::open(engine, &Config::new("west")).unwrap();
        lab.send("east", &lab::udp(1, 100, &[]));
        // Until it is in a block or buffer that can be read.
        let wake = wake();
        while !source
            .wait(wake.as_fd(), Duration::from_millis(100))
            .unwrap()
            .packets
        {}
        source.stop().unwrap();
        if engine == Engine::AfPacket {
            lab.send("east", &lab::udp(2, 100, &[]));
        }
        assert_eq!(collect(&mut source, 1)[0].port, 1);
        lab.send("east", &lab::udp(3, 100, &[]));
        collect(&mut source, 0);
        assert_eq!(
            source.statistics().unwrap(),
            Statistics {
                captured: 1,
                delivered: 1,
                dropped: 0
            }
        );
    }
}

#[test]
fn a_wake_descriptor_ends_the_wait() {
    let Some(lab) = Lab::new() else { return };
    for engine in ENGINES {
        let mut source = Source::open(engine, &Config::new("west")).unwrap();
        let wake = wake();
        assert!(
            !source
                .wait(wake.as_fd(), Duration::from_millis(1))
                .unwrap()
                .woken
        );
        wake.write(1).unwrap();
        let ready = source.wait(wake.as_fd(), Duration::from_secs(600)).unwrap();
        assert!(ready.woken && !ready.packets);
        // Also while packets wait: traffic must not starve a wake-up.
        lab.send("east", &lab::udp(1, 100, &[]));
        while !source.wait(wake.as_fd(), Duration::ZERO).unwrap().packets {}
        assert!(source.wait(wake.as_fd(), Duration::ZERO).unwrap().woken);
        wake.read().unwrap();
        assert!(!source.wait(wake.as_fd(), Duration::ZERO).unwrap().woken);
        assert_eq!(collect(&mut source, 1)[0].port, 1);
    }
}

#[test]
fn an_interface_that_goes_down_and_away_is_told_once() {
    for engine in ENGINES {
        let Some(lab) = Lab::new() else { return };
        let mut source = Source::open(engine, &Config::new("west")).unwrap();
        let wake = wake();
        let next = |source: &mut Source, traffic: bool| {
            for _ in 0..100 {
                // Several times, because a link that has just come up loses frames.
                if traffic {
                    lab.send("east", &lab::udp(1, 100, &[]));
                }
                let ready = source
                    .wait(wake.as_fd(), Duration::from_millis(50))
                    .unwrap();
                if ready.packets {
                    source.read(|_| {}).unwrap();
                }
                if let Some(state) = ready.link {
                    assert_eq!(source.link_state(), state);
                    return Some(state);
                }
            }
            None
        };
        lab.ip("link set west down");
        assert_eq!(
            next(&mut source, false),
            Some(LinkState::Down),
            "{engine:?}"
        );
        lab.ip("link set west up");
        assert_eq!(next(&mut source, true), Some(LinkState::Up), "{engine:?}");
        lab.remove();
        let mut state = next(&mut source, false);
        if state == Some(LinkState::Down) {
            state = next(&mut source, false);
        }
        assert_eq!(state, Some(LinkState::Gone), "{engine:?}");
        // From now on it waits: a loop polling a removed interface would use a whole CPU.
        let before = lab::now();
        for _ in 0..5 {
            let ready = source
                .wait(wake.as_fd(), Duration::from_millis(40))
                .unwrap();
            assert!(ready.link.is_none() && !ready.packets, "{engine:?}");
        }
        assert!(before.elapsed() >= Duration::from_millis(200));
        // A new interface of the same name is a different one.
        lab.connect();
        let mut again = Source::open(engine, &Config::new("west")).unwrap();
        assert_ne!(again.interface_index(), source.interface_index());
        lab.send("east", &lab::udp(9, 100, &[]));
        assert_eq!(collect(&mut again, 1)[0].port, 9);
        collect(&mut source, 0);
    }
}

#[test]
fn an_interface_that_is_down_is_captured_when_it_comes_up() {
    let Some(lab) = Lab::new() else { return };
    for fanout in [None, Some(Fanout { group: 9 })] {
        lab.ip("link set west down");
        let config = Config {
            fanout,
            ..Config::new("west")
        };
        let mut source = Source::open(Engine::AfPacket, &config).unwrap();
        let wake = wake();
        let ready = source.wait(wake.as_fd(), Duration::from_secs(10)).unwrap();
        assert_eq!(ready.link, Some(LinkState::Down));
        // The change is reported once; after that it waits.
        let before = lab::now();
        let ready = source
            .wait(wake.as_fd(), Duration::from_millis(50))
            .unwrap();
        assert_eq!(ready, Ready::default());
        assert!(before.elapsed() >= Duration::from_millis(50));
        lab.ip("link set west up");
        let mut ready = Ready::default();
        for _ in 0..100 {
            // Several times, because a link that has just come up loses frames.
            lab.send("east", &lab::udp(5, 100, &[]));
            ready = source
                .wait(wake.as_fd(), Duration::from_millis(100))
                .unwrap();
            if ready.packets {
                break;
            }
        }
        assert_eq!(ready.link, Some(LinkState::Up));
        let mut ports = vec![];
        source
            .read(|packet| ports.push(seen(packet).unwrap().port))
            .unwrap();
        assert!(
            !ports.is_empty() && ports.iter().all(|port| *port == 5),
            "{ports:?}"
        );
    }
}

#[test]
fn a_fanout_group_shares_packets_by_flow() {
    let Some(lab) = Lab::new() else { return };
    let config = Config {
        fanout: Some(Fanout { group: 7 }),
        ..Config::new("west")
    };
    let mut sources = [(); 2].map(|()| Source::open(Engine::AfPacket, &config).unwrap());
    for _ in 0..3 {
        for port in 0..64 {
            lab.send("east", &lab::udp(port, 100, &[]));
        }
    }
    let wake = wake();
    let mut ports = [vec![], vec![]];
    for _ in 0..100 {
        for (source, ports) in sources.iter_mut().zip(&mut ports) {
            source
                .wait(wake.as_fd(), Duration::from_millis(10))
                .unwrap();
            source
                .read(|packet| ports.push(seen(packet).unwrap().port))
                .unwrap();
        }
        if ports.iter().map(Vec::len).sum::<usize>() >= 192 {
            break;
        }
    }
    for ports in &mut ports {
        ports.sort();
        assert!(
            ports.chunks(3).all(|chunk| chunk == [chunk[0]; 3]),
            "a flow is in one of the two: {ports:?}"
        );
    }
    assert_eq!(ports[0].len() + ports[1].len(), 192);
    assert!(
        ports.iter().all(|ports| ports.len() > 30),
        "both have a share"
    );
}

#[test]
fn what_cannot_be_opened_says_why() {
    let Some(_lab) = Lab::new() else { return };
    for engine in ENGINES {
        for name in ["nothere", "", "a/b", "averyveryverylongname", "a\0b"] {
            let error = Source::open(engine, &Config::new(name)).unwrap_err();
            assert!(matches!(error, Error::NoInterface { .. }), "{error}");
        }
    }
    let config = Config {
        ring_bytes: usize::MAX,
        ..Config::new("west")
    };
    let error = Source::open(Engine::AfPacket, &config)
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("west: cannot make "), "{error}");
}

/// Runs in an unprivileged child process, see below.
#[test]
#[ignore = "run by a_missing_capability_is_named"]
fn without_privileges() {
    for engine in ENGINES {
        let error = Source::open(engine, &Config::new("lo"))
            .unwrap_err()
            .to_string();
        assert_eq!(error, "capturing on lo needs the capability CAP_NET_RAW");
    }
}

#[test]
fn a_missing_capability_is_named() {
    use std::os::unix::process::CommandExt;
    let Some(_lab) = Lab::new() else { return };
    // At a place from where another user may execute it.
    let folder = std::env::temp_dir().join(format!("flowd-capture-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let program = folder.join("live");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let output = std::process::Command::new(&program)
        .args(["--exact", "without_privileges", "--ignored"])
        .current_dir(&folder)
        .uid(65_534)
        .gid(65_534)
        .output();
    std::fs::remove_dir_all(&folder).unwrap();
    let output = output.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}
