//! Frames to other hosts, and the mode in which an interface takes them in.

use capture::{Config, Source};

use super::lab::{self, Lab};
use super::{ENGINES, both_ways, collect};

#[test]
fn promiscuous_mode_ends_with_the_capture() {
    let Some(lab) = Lab::new() else { return };
    for engine in ENGINES {
        let promiscuity = || lab.ip("-d link show west").contains("promiscuity 1");
        let source = Source::open(
            engine,
            &Config {
                promiscuous: true,
                ..Config::new("west")
            },
        )
        .unwrap();
        assert!(promiscuity());
        drop(source);
        assert!(!promiscuity());
        let _source = Source::open(engine, &Config::new("west")).unwrap();
        assert!(!promiscuity());
    }
}

#[test]
fn frames_to_other_hosts_are_captured_on_a_promiscuous_port_only() {
    let Some(lab) = Lab::new() else { return };
    // As if another program, or a bridge, had made it promiscuous: a veth delivers every frame anyway.
    lab.ip("link set west promisc on");
    let to = |first: u8, port| {
        let mut frame = lab::udp(port, 100, &[]);
        (frame[0], frame[5]) = (first, 0x77);
        frame
    };
    for engine in ENGINES {
        for (promiscuous, filter, expected) in [
            (false, None, vec![1, 3, 4]),
            (true, None, vec![1, 2, 3, 4]),
            (false, Some("udp and not dst port 3".to_owned()), vec![1, 4]),
            (
                true,
                Some("udp and not dst port 3".to_owned()),
                vec![1, 2, 4],
            ),
        ] {
            let config = Config {
                promiscuous,
                filter,
                ..both_ways("west")
            };
            let mut source = Source::open(engine, &config).unwrap();
            lab.send("east", &lab::udp(1, 100, &[]));
            lab.send("east", &to(2, 2));
            // To a multicast group.
            lab.send("east", &to(3, 3));
            // What this host sends is never another's.
            lab.send("west", &to(2, 4));
            let seen = collect(&mut source, expected.len());
            let mut ports: Vec<u16> = seen.iter().map(|seen| seen.port).collect();
            ports.sort_unstable();
            assert_eq!(ports, expected, "{engine:?} {config:?}");
        }
    }
    // Sent packets alone need no such filter.
    for engine in ENGINES {
        let config = Config {
            incoming: false,
            ..both_ways("west")
        };
        let mut source = Source::open(engine, &config).unwrap();
        lab.send("east", &lab::udp(1, 100, &[]));
        lab.send("west", &to(2, 4));
        assert_eq!(collect(&mut source, 1)[0].port, 4);
    }
}
