//! The routes of a host of its own, while `ip` changes them.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use fib::{Fib, Packet};
use nix::sched::{CloneFlags, unshare};
use nix::time::{ClockId, clock_gettime};
use system::routes::Routes;

const PATIENCE: Duration = Duration::from_secs(20);

fn clock() -> u64 {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).unwrap();
    now.tv_sec() as u64 * 1_000_000_000 + now.tv_nsec() as u64
}

/// Runs `work` in a network namespace of its own with links `up1` (3) and `up2` (5); says so and passes where that is
/// not allowed.
fn on_a_new_host(work: impl FnOnce(Routes) + Send + 'static) {
    let thread = thread::spawn(|| {
        if let Err(errno) = unshare(CloneFlags::CLONE_NEWNET) {
            return eprintln!("no namespaces here ({errno}): not tested");
        }
        ip(&[
            "link set lo up",
            "link add up1 index 3 type veth peer name far1 index 4",
            "link add up2 index 5 type veth peer name far2 index 6",
            "link set up1 up",
            "link set far1 up",
            "link set up2 up",
            "link set far2 up",
            "addr add 10.1.0.1/24 dev up1",
            "addr add 10.2.0.1/24 dev up2",
            "addr add 2001:db8:1::1/64 dev up1 nodad",
            "addr add 2001:db8:2::1/64 dev up2 nodad",
            "route add default via 10.1.0.9",
            "route add 2001:db8::/32 via 2001:db8:1::9",
        ]);
        let routes = Routes::start(clock).unwrap();
        assert!(routes.wait(PATIENCE), "the routes are read");
        work(routes);
    });
    thread.join().unwrap();
}

#[track_caller]
fn ip<T: AsRef<str>>(lines: &[T]) {
    let mut child = Command::new("ip")
        .args(["-batch", "-"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("ip runs");
    let mut input = child.stdin.take().unwrap();
    for line in lines {
        writeln!(input, "{}", line.as_ref()).unwrap();
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

/// Bits of the prefix, output and gateway of what comes in by interface 5 for `destination`.
fn way(fib: &Fib, destination: &str) -> (u8, u32, Option<IpAddr>) {
    fn ask<A: fib::Address>(
        routes: &fib::Routes<A>,
        source: A,
        destination: A,
    ) -> (u8, u32, Option<IpAddr>) {
        let packet = Packet {
            source,
            destination,
            interface: 5,
            outgoing: false,
            tos: 0,
            protocol: 17,
            ports: (1, 2),
        };
        let found = routes.find(&packet);
        let hop = found.hop(&packet);
        (
            found.len,
            hop.map_or(0, |hop| hop.output),
            hop.and_then(|hop| hop.gateway),
        )
    }
    match destination.parse().unwrap() {
        IpAddr::V4(address) => ask(&fib.v4, Ipv4Addr::new(10, 2, 0, 7).into(), address.into()),
        IpAddr::V6(address) => ask(&fib.v6, Ipv6Addr::LOCALHOST.into(), address.into()),
    }
}

/// Waits until packets for `destination` go that way.
#[track_caller]
fn until(routes: &Routes, destination: &str, expected: (u8, u32, &str)) {
    let expected = (expected.0, expected.1, expected.2.parse::<IpAddr>().ok());
    let began = clock();
    loop {
        let found = way(&routes.reader().fib(), destination);
        if found == expected {
            return;
        }
        assert!(
            clock() - began < PATIENCE.as_nanos() as u64,
            "{destination}: {found:?}, not {expected:?}; {:?}",
            routes.statistics()
        );
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn what_was_there_at_the_start_is_known() {
    on_a_new_host(|routes| {
        let fib = routes.reader().fib();
        assert_eq!(way(&fib, "10.1.0.77"), (24, 3, None));
        assert_eq!(way(&fib, "10.1.0.1"), (32, 0, None), "for this host");
        let gateway = "10.1.0.9".parse().ok();
        assert_eq!(way(&fib, "198.51.100.1"), (0, 3, gateway));
        assert_eq!(way(&fib, "2003::1"), (0, 0, None), "no route");
        // A link's IPv6 addresses work when the kernel has found its carrier.
        until(&routes, "2001:db8:9::1", (32, 3, "2001:db8:1::9"));
        until(&routes, "2001:db8:2::5", (64, 5, ""));
        until(&routes, "2001:db8:2::1", (128, 0, ""));
    });
}

#[test]
fn changes_are_followed() {
    on_a_new_host(|routes| {
        ip(&["route replace default via 10.2.0.9"]);
        until(&routes, "198.51.100.1", (0, 5, "10.2.0.9"));
        ip(&["route add 198.51.100.0/24 via 10.1.0.9 metric 50"]);
        until(&routes, "198.51.100.1", (24, 3, "10.1.0.9"));
        ip(&["route add 198.51.100.0/24 via 10.2.0.8 metric 20"]);
        until(&routes, "198.51.100.1", (24, 5, "10.2.0.8"));
        ip(&["route del 198.51.100.0/24 metric 20"]);
        until(&routes, "198.51.100.1", (24, 3, "10.1.0.9"));
        ip(&["route add blackhole 203.0.113.0/24"]);
        until(&routes, "203.0.113.1", (24, 0, ""));
        ip(&["route replace 2001:db8::/32 via 2001:db8:2::9"]);
        until(&routes, "2001:db8:9::1", (32, 5, "2001:db8:2::9"));
        ip(&[
            "route append 2001:db8::/32 via 2001:db8:1::9",
            "route del 2001:db8::/32 via 2001:db8:2::9",
        ]);
        until(&routes, "2001:db8:9::1", (32, 3, "2001:db8:1::9"));
        // A second route of the same metric shows when the first goes.
        ip(&[
            "route append 198.51.100.0/24 via 10.2.0.7 metric 50",
            "route del 198.51.100.0/24 via 10.1.0.9",
        ]);
        until(&routes, "198.51.100.1", (24, 5, "10.2.0.7"));
    });
}

#[test]
fn rules_and_nexthop_objects_are_followed() {
    on_a_new_host(|routes| {
        ip(&[
            "route add default via 10.2.0.9 table 100",
            "rule add iif up2 lookup 100 priority 90",
        ]);
        until(&routes, "198.51.100.1", (0, 5, "10.2.0.9"));
        ip(&["rule del priority 90"]);
        until(&routes, "198.51.100.1", (0, 3, "10.1.0.9"));
        ip(&[
            "nexthop add id 7 via 10.2.0.6 dev up2",
            "route add 192.0.2.0/24 nhid 7",
        ]);
        until(&routes, "192.0.2.1", (24, 5, "10.2.0.6"));
        ip(&["nexthop replace id 7 via 10.1.0.6 dev up1"]);
        until(&routes, "192.0.2.1", (24, 3, "10.1.0.6"));
        ip(&["nexthop del id 7"]);
        until(&routes, "192.0.2.1", (0, 3, "10.1.0.9"));
    });
}

/// The kernel drops IPv4 routes of an interface without a word.
#[test]
fn routes_of_an_interface_that_goes_are_gone() {
    on_a_new_host(|routes| {
        ip(&[
            "route add 198.51.100.0/24 via 10.2.0.9",
            "route add 192.0.2.0/24 via 10.2.0.9",
        ]);
        until(&routes, "198.51.100.1", (24, 5, "10.2.0.9"));
        ip(&["link set up2 down"]);
        until(&routes, "198.51.100.1", (0, 3, "10.1.0.9"));
        ip(&["link set up2 up", "route add 198.51.100.0/24 via 10.2.0.9"]);
        until(&routes, "198.51.100.1", (24, 5, "10.2.0.9"));
        ip(&["link del up2"]);
        until(&routes, "198.51.100.1", (0, 3, "10.1.0.9"));
        until(&routes, "10.2.0.4", (0, 3, "10.1.0.9"));
        let statistics = routes.statistics();
        assert_eq!(
            (
                statistics.overruns,
                statistics.undecodable,
                statistics.error
            ),
            (0, 0, None)
        );
    });
}

#[test]
fn a_flood_of_routes_is_few_states_and_all_of_them_are_known() {
    on_a_new_host(|routes| {
        let before = routes.statistics();
        let prefixes: Vec<_> = (0..10_000)
            .map(|i| format!("100.{}.{}.0/24", 64 + i / 256, i % 256))
            .collect();
        let lines = |word: &str| -> Vec<String> {
            let line = |prefix| format!("route {word} {prefix} via 10.2.0.9");
            prefixes.iter().map(line).collect()
        };
        ip(&lines("add"));
        // The last is known, so all before it are.
        until(&routes, "100.103.15.1", (24, 5, "10.2.0.9"));
        let fib = routes.reader().fib();
        let gateway = "10.2.0.9".parse().ok();
        for i in 0..10_000 {
            let destination = format!("100.{}.{}.1", 64 + i / 256, i % 256);
            assert_eq!(way(&fib, &destination), (24, 5, gateway), "{destination}");
        }
        let after = routes.statistics();
        assert_eq!(after.ipv4_prefixes, before.ipv4_prefixes + 10_000);
        assert!(after.states < before.states + 1000, "{after:?}");
        ip(&lines("del"));
        until(&routes, "100.103.15.1", (0, 3, "10.1.0.9"));
        until(&routes, "100.64.0.1", (0, 3, "10.1.0.9"));
        assert_eq!(routes.statistics().ipv4_prefixes, before.ipv4_prefixes);
    });
}
