//! Debian's collectors: nfcapd of nfdump and nfacctd of pmacct. A test stops them, then reads what they stored.

use std::fs;
use std::net::IpAddr;

use nix::sys::signal::Signal;
use serde_json::Value as Json;

use crate::key::{Flows, Key, Sum};
use crate::netns::Namespace;
use crate::process::Process;
use crate::skip::command;
use crate::tshark::iso_ms;
use crate::wait::{SOON, until};

/// A running nfcapd.
pub struct Nfcapd {
    process: Process,
    dir: tempfile::TempDir,
}

impl Nfcapd {
    /// Starts nfcapd on an address of the namespace.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(namespace: &Namespace, address: &str, port: u16) -> Nfcapd {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().to_str().expect("a path in UTF-8").to_owned();
        let mut process = namespace.spawn(&[
            "nfcapd",
            "-w",
            &path,
            "-b",
            address,
            "-p",
            &port.to_string(),
            "-t",
            "3600",
            "-B",
            "8000000",
        ]);
        listening(namespace, &mut process, port);
        Nfcapd { process, dir }
    }

    /// Stops nfcapd and returns the sums of the flow records that it stored. Times are exact to the millisecond.
    ///
    /// # Panics
    /// When it does not end or nfdump cannot read its files.
    pub fn stop(self) -> Flows {
        let mut flows = Flows::default();
        for record in &self.records() {
            let (key, sum) = nfdump_flow(record);
            flows.add(key, sum);
        }
        flows
    }

    /// Stops nfcapd and returns each flow record that it stored, as nfdump prints it in JSON.
    ///
    /// # Panics
    /// When it does not end or nfdump cannot read its files.
    pub fn records(mut self) -> Vec<Json> {
        self.process.end(Signal::SIGTERM);
        let output = command("nfdump")
            .args([
                "-N",
                "-R",
                self.dir.path().to_str().expect("a path in UTF-8"),
                "-o",
                "json",
            ])
            .output()
            .expect("nfdump runs");
        assert!(
            output.status.success(),
            "nfdump: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8_lossy(&output.stdout);
        // Without a single flow it prints no array at all.
        let records: Vec<Json> = match text.find('[') {
            Some(start) => serde_json::from_str(&text[start..])
                .unwrap_or_else(|error| panic!("nfdump: {error}: {text}")),
            None => Vec::new(),
        };
        records
            .into_iter()
            .filter(|record| record["type"] == "FLOW")
            .collect()
    }

    /// Stops nfcapd and returns those of `tags` that nfdump's `-o fmt:%TAG` does not know.
    ///
    /// # Panics
    /// When it does not end or nfdump does not run.
    pub fn unknown_tags<'a>(mut self, tags: &[&'a str]) -> Vec<&'a str> {
        self.process.end(Signal::SIGTERM);
        let refused = |tag: &&&str| {
            let output = command("nfdump")
                .arg("-R")
                .arg(self.dir.path())
                .args(["-o", &format!("fmt:%{tag}")])
                .output()
                .expect("nfdump runs");
            !output.status.success()
        };
        tags.iter().filter(refused).copied().collect()
    }

    /// Returns what nfcapd has printed, which is complaints about what it received.
    pub fn output(&self) -> String {
        self.process.output()
    }
}

/// Reads a flow record of nfdump's JSON.
fn nfdump_flow(record: &Json) -> (Key, Sum) {
    let number = |name: &str| record[name].as_u64().unwrap_or(0);
    let port = |name: &str| u16::try_from(number(name)).unwrap_or(0);
    let address = |v4: &str, v6: &str| -> Option<IpAddr> {
        record[v4].as_str().or(record[v6].as_str())?.parse().ok()
    };
    let proto = number("proto") as u8;
    let dport = if matches!(proto, 1 | 58) {
        port("icmp_type") << 8 | port("icmp_code")
    } else {
        port("dst_port")
    };
    let (Some(src), Some(dst)) = (
        address("src4_addr", "src6_addr"),
        address("dst4_addr", "dst6_addr"),
    ) else {
        panic!("nfdump: a record without addresses: {record}");
    };
    let time = |name: &str| {
        record[name]
            .as_str()
            .and_then(iso_ms)
            .and_then(|ms| u64::try_from(ms).ok())
            .unwrap_or(0)
            * 1_000_000
    };
    let sum = Sum {
        packets: number("in_packets"),
        octets: number("in_bytes"),
        first_ns: time("first"),
        last_ns: time("last"),
        flags: nfdump_flags(record["tcp_flags"].as_str().unwrap_or_default()),
        records: 1,
    };
    let key = Key {
        src,
        dst,
        proto,
        sport: port("src_port"),
        dport,
    };
    (key, sum)
}

/// Reads TCP flags as nfdump prints them (`...AP.SF`).
fn nfdump_flags(text: &str) -> u16 {
    let bit = |letter| match letter {
        'C' => 0x80,
        'E' => 0x40,
        'U' => 0x20,
        'A' => 0x10,
        'P' => 0x08,
        'R' => 0x04,
        'S' => 0x02,
        'F' => 0x01,
        _ => 0,
    };
    text.chars().fold(0, |flags, letter| flags | bit(letter))
}

/// A running nfacctd.
pub struct Nfacctd {
    process: Process,
    dir: tempfile::TempDir,
}

impl Nfacctd {
    /// Starts nfacctd on an address of the namespace.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(namespace: &Namespace, address: &str, port: u16) -> Nfacctd {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| {
            dir.path()
                .join(name)
                .to_str()
                .expect("a path in UTF-8")
                .to_owned()
        };
        let (config, output) = (path("nfacctd.conf"), path("flows.json"));
        let text = format!(
            "daemonize: false\nnfacctd_ip: {address}\nnfacctd_port: {port}\nplugins: print\n\
             aggregate: src_host,dst_host,proto,src_port,dst_port,tcpflags,timestamp_start,timestamp_end\n\
             print_output: json\nprint_output_file: {output}\nprint_output_file_append: true\nprint_refresh_time: 3600\n\
             print_cache_entries: 4093\nplugin_buffer_size: 102400\nplugin_pipe_size: 10240000\n\
             nfacctd_pipe_size: 8000000\ntimestamps_since_epoch: true\n"
        );
        fs::write(&config, text).expect("the temporary folder");
        let mut process = namespace.spawn(&["nfacctd", "-f", &config]);
        listening(namespace, &mut process, port);
        Nfacctd { process, dir }
    }

    /// Stops nfacctd and returns the sums of the flow records that it stored.
    ///
    /// # Panics
    /// When it does not end or its file cannot be read.
    pub fn stop(mut self) -> Flows {
        // On SIGINT the core process hands its buffer to the plugin, which then writes all it has.
        self.process.end(Signal::SIGINT);
        let output = self.dir.path().join("flows.json");
        let started = self.process.output().matches("START (PID").count();
        until("nfacctd's last write", SOON, || {
            let printed = self.process.output();
            (printed.matches("END (PID").count() >= started.max(1)).then_some(())
        });
        let mut flows = Flows::default();
        for line in fs::read_to_string(output).unwrap_or_default().lines() {
            let record: Json = serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("nfacctd: {error}: {line}"));
            let number = |name: &str| match &record[name] {
                Json::String(text) => text.parse().unwrap_or(0),
                other => other.as_u64().unwrap_or(0),
            };
            let port = |name: &str| u16::try_from(number(name)).unwrap_or(0);
            let address = |name: &str| -> Option<IpAddr> { record[name].as_str()?.parse().ok() };
            let (Some(src), Some(dst)) = (address("ip_src"), address("ip_dst")) else {
                continue;
            };
            let time = |name: &str| record[name].as_str().and_then(epoch_ns).unwrap_or(0);
            let sum = Sum {
                packets: number("packets"),
                octets: number("bytes"),
                first_ns: time("timestamp_start"),
                last_ns: time("timestamp_end"),
                flags: number("tcp_flags") as u16,
                records: 1,
            };
            let key = Key {
                src,
                dst,
                proto: protocol(&record["ip_proto"]),
                sport: port("port_src"),
                dport: port("port_dst"),
            };
            flows.add(key, sum);
        }
        flows
    }
}

/// Reads a protocol, which pmacct gives as a number or a name.
fn protocol(value: &Json) -> u8 {
    let names = [
        ("icmp", 1),
        ("igmp", 2),
        ("ipencap", 4),
        ("tcp", 6),
        ("udp", 17),
        ("dccp", 33),
        ("ipv6", 41),
        ("gre", 47),
        ("esp", 50),
        ("ah", 51),
        ("ipv6-icmp", 58),
        ("ospf", 89),
        ("pim", 103),
        ("vrrp", 112),
        ("sctp", 132),
    ];
    match value {
        Json::String(name) => {
            let named = names
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, number)| *number);
            named
                .or(name.parse().ok())
                .unwrap_or_else(|| panic!("nfacctd: protocol {name}"))
        }
        other => other
            .as_u64()
            .and_then(|number| u8::try_from(number).ok())
            .unwrap_or_else(|| panic!("nfacctd: protocol {other}")),
    }
}

/// Reads seconds since 1970 (`1791206635.000000`) as nanoseconds.
fn epoch_ns(text: &str) -> Option<u64> {
    let (seconds, micros) = text.split_once('.').unwrap_or((text, "0"));
    Some(
        seconds.parse::<u64>().ok()? * 1_000_000_000
            + format!("{micros:0<6}").get(..6)?.parse::<u64>().ok()? * 1_000,
    )
}

/// Waits until the collector listens on its port.
#[track_caller]
fn listening(namespace: &Namespace, process: &mut Process, port: u16) {
    let hex = format!(":{port:04X} ");
    until("the collector to listen", SOON, || {
        assert!(
            process.running(),
            "the collector ended: {}",
            process.output()
        );
        let tables = namespace.enter(|| {
            ["udp", "udp6"]
                .map(|name| {
                    fs::read_to_string(format!("/proc/thread-self/net/{name}")).unwrap_or_default()
                })
                .concat()
        });
        tables
            .lines()
            .any(|line| {
                line.split_whitespace()
                    .nth(1)
                    .is_some_and(|local| format!("{local} ").ends_with(&hex))
            })
            .then_some(())
    });
}
