//! Writes the `set` lines of a samplicator.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;
use std::net::IpAddr;

use super::super::Origin;
use super::super::prefix::Prefix;
use super::super::report::{HERE, Place, Remarks};
use super::super::{MAX_PAIRS, names};
use super::receiver::{Receiver, Receivers};
use super::rules::{Rule, Scope, longest};
use super::{Arguments, NAME};
use language::schema::Type;

/// The port that samplicate listens on without `-p`.
const PORT: &str = "2000";

const WHOLE: Place = Place {
    origin: Origin::Whole,
    line: 0,
};

/// Writes the statements; none if there is no receiver.
pub(super) fn statements(
    arguments: &Arguments,
    receivers: &Receivers,
    rules: &[Rule],
    remarks: &mut Remarks,
) -> String {
    let listen = listen_address(arguments, remarks);
    let port = port(arguments, remarks);
    let family = listen.map(|address| address.is_ipv4());
    let usable = |receiver: &Receiver, remarks: &mut Remarks| {
        let here = receiver.host.parse().ok() == listen && receiver.port.to_string() == port;
        let foreign = family.zip(receiver.family()).is_some_and(|(a, b)| a != b);
        let why = match () {
            () if here && listen.is_some() => {
                "it is the samplicator itself; datagrams would go round"
            }
            () if receiver.spoof && foreign => {
                "-S: a datagram of one family cannot have a source of the other"
            }
            () => return true,
        };
        remarks.lost(WHOLE, &receiver.host, why);
        false
    };
    let used: BTreeSet<usize> = rules
        .iter()
        .flat_map(|rule| rule.receivers.iter().copied())
        .filter(|id| {
            receivers
                .all
                .get(*id)
                .is_some_and(|receiver| usable(receiver, remarks))
        })
        .collect();
    if used.is_empty() {
        remarks.lost(WHOLE, "samplicate", "there is no receiver to send to");
        return String::new();
    }
    let hosts = used.iter().map(|id| &receivers.all[*id]);
    let hosts: Vec<(&str, u16)> = hosts.map(|one| (one.host.as_str(), one.port)).collect();
    let names: HashMap<usize, String> = used.iter().copied().zip(names::of(&hosts)).collect();
    let mut out = String::new();
    let mut set = |statement: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "set flow samplicator {NAME} {statement}");
    };
    if let Some(address) = listen {
        set(format_args!("listen-address {address}"));
    }
    set(format_args!("port {port}"));
    if let Some(octets) = buffer(arguments, remarks) {
        set(format_args!("receive-buffer {octets}"));
    }
    for id in &used {
        receiver(&receivers.all[*id], &names[id], &mut set);
    }
    // Receivers of every source need no rule.
    if rules
        .iter()
        .any(|rule| matches!(rule.scope, Scope::Prefix(_)))
    {
        let longest = longest(rules);
        let pairs: usize = longest.0.values().map(Vec::len).sum();
        if pairs > MAX_PAIRS {
            let why = format!("{pairs} pairs of a source and a receiver; {MAX_PAIRS} are possible");
            remarks.lost(WHOLE, "samplicate", why);
            return String::new();
        }
        sources(receivers, longest, &names, remarks, &mut set);
    }
    out
}

fn sources(
    receivers: &Receivers,
    (longest, twice): (BTreeMap<Prefix, Vec<usize>>, HashSet<usize>),
    names: &HashMap<usize, String>,
    remarks: &mut Remarks,
    set: &mut impl FnMut(std::fmt::Arguments<'_>),
) {
    let mut twice: Vec<usize> = twice.into_iter().collect();
    twice.sort_unstable();
    for id in &twice {
        if let Some(receiver) = receivers.all.get(*id) {
            let text = format!("{}/{}", receiver.host, receiver.port);
            remarks.differs(
                WHOLE,
                &text,
                "several lines send it the same datagrams; it gets each once",
            );
        }
    }
    for (prefix, ids) in longest {
        let mut denied = true;
        for id in &ids {
            let (Some(name), Some(receiver)) = (names.get(id), receivers.all.get(*id)) else {
                continue;
            };
            if receiver.spoof && receiver.family().is_some_and(|ipv4| ipv4 != prefix.ipv4) {
                let text = format!("{prefix}: {}/{}", receiver.host, receiver.port);
                remarks.lost(
                    WHOLE,
                    &text,
                    "-S: a datagram of one family cannot have a source of the other",
                );
                continue;
            }
            set(format_args!("source {prefix} receiver {name}"));
            denied = false;
        }
        if denied {
            set(format_args!("source {prefix} deny"));
        }
    }
}

fn receiver(receiver: &Receiver, name: &str, set: &mut impl FnMut(std::fmt::Arguments<'_>)) {
    let mut set = |leaf: std::fmt::Arguments<'_>| set(format_args!("receiver {name} {leaf}"));
    set(format_args!("address {}", receiver.host));
    set(format_args!("port {}", receiver.port));
    if receiver.spoof {
        set(format_args!("spoof-source"));
    }
    if receiver.sampling > 1 {
        set(format_args!("sampling {}", receiver.sampling));
    }
    if let Some(ttl) = receiver.ttl {
        set(format_args!("ttl {ttl}"));
    }
    if receiver.no_checksum {
        set(format_args!("no-checksum"));
    }
    if let Some(delay) = receiver.delay_us {
        set(format_args!("delay {delay}"));
    }
}

fn listen_address(arguments: &Arguments, remarks: &mut Remarks) -> Option<IpAddr> {
    let any = || {
        arguments.only_ipv4.map(|ipv4| match ipv4 {
            true => IpAddr::from([0; 4]),
            false => IpAddr::from([0; 16]),
        })
    };
    let Some(text) = &arguments.listen else {
        return any();
    };
    match text.parse::<IpAddr>() {
        Ok(address) => Some(address),
        Err(_) => {
            let shown = format!("-s {text}");
            remarks.lost(HERE, &shown, "an address is expected to receive on");
            any()
        }
    }
}

fn port(arguments: &Arguments, remarks: &mut Remarks) -> String {
    let Some(text) = &arguments.port else {
        return PORT.to_owned();
    };
    let number = Type::Number { min: 1, max: 65535 };
    number.accept(text, false).unwrap_or_else(|_| {
        let shown = format!("-p {text}");
        remarks.lost(
            HERE,
            &shown,
            format!("it is not a port number; {PORT} is used"),
        );
        PORT.to_owned()
    })
}

/// Returns the octets of `-b`, raised to the smallest possible number.
fn buffer(arguments: &Arguments, remarks: &mut Remarks) -> Option<u64> {
    let text = arguments.buffer.as_ref()?;
    let octets = text.parse::<u64>().ok();
    let possible = octets.map(|octets| octets.clamp(4096, 1 << 30));
    let shown = format!("-b {text}");
    match possible {
        None => remarks.lost(HERE, &shown, "a number of octets is expected"),
        possible if possible != octets => {
            remarks.differs(HERE, &shown, "4096 to 1073741824 octets are possible");
        }
        _ => {}
    }
    possible
}
