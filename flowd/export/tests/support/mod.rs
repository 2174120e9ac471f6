//! Collectors as child processes, and flows whose sums are known.
#![allow(unreachable_pub)] // a module of one test

use std::fs;
use std::io::Read;
use std::net::{IpAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use export::{Interface, Monitor, Sampler, SamplerMode, Sampling, Worker};
use flow::{Batch, EndReason, Layout, Record, Totals};
use registry::FIELDS;
use serde_json::Value as Json;
use tempfile::TempDir;
use wire::{Family, Header, at};

/// 2026-01-02 03:04:05.678901234 UTC.
pub const BOOT_NS: u64 = 1_767_323_045_678_901_234;
const MS: u64 = 1_000_000;

/// When the flows are exported: a minute and a bit after boot.
const NOW_NS: u64 = BOOT_NS + 61_234 * MS;

/// A worker at a clock that stands, on a host with [`interfaces`].
pub fn worker() -> Worker {
    Worker::start(Arc::new(|| NOW_NS.into()), Arc::new(interfaces), 16).unwrap()
}

pub fn sampler(id: u8, mode: SamplerMode, rate: u32) -> Sampler {
    Sampler {
        id,
        name: format!("sampler-{id}"),
        mode,
        rate,
    }
}

pub fn monitor(name: &str, layouts: &[&Arc<Layout>], sampling: Sampling) -> Monitor {
    let layouts = layouts.iter().map(|layout| Arc::clone(layout)).collect();
    Monitor {
        name: name.into(),
        exporters: vec!["E".into()],
        layouts,
        sampling,
    }
}

pub fn interfaces() -> Vec<Interface> {
    ["lo", "eth0"]
        .iter()
        .zip(1..)
        .map(|(name, index)| Interface {
            index,
            name: (*name).into(),
            description: "uplink".into(),
        })
        .collect()
}

/// Every field there is in that family.
pub fn everything(family: Family) -> Arc<Layout> {
    let fields = || {
        FIELDS
            .iter()
            .filter(move |field| field.family.is_none_or(|only| only == family))
    };
    let record = Record {
        name: "EVERYTHING".into(),
        keys: fields().filter(|field| field.key).collect(),
        collects: fields().filter(|field| !field.key).collect(),
    };
    Arc::new(Layout::new(&record, family))
}

pub fn first_ns(i: u64) -> u64 {
    BOOT_NS + (1 + i * 997) * MS
}

pub fn last_ns(i: u64) -> u64 {
    first_ns(i) + i * 333 * MS
}

/// `2026-01-02T03:04:05.678`, of that very day.
pub fn iso(ns: u64) -> String {
    let ms = ns / MS;
    let (ms, s) = (ms % 1000, ms / 1000 % 86_400);
    format!(
        "2026-01-02T{:02}:{:02}:{:02}.{ms:03}",
        s / 3600,
        s / 60 % 60,
        s % 60
    )
}

/// TCP to port 22 from ports 1000, 1001, …; flow `i` has `i + 1` packets of 40 octets.
pub fn flows(layout: &Arc<Layout>, count: u64) -> Arc<Batch> {
    let mut batch = Batch::with_capacity(Arc::clone(layout), count as usize);
    for i in 0..count {
        let mut header = Header::empty();
        let (source, destination) = match layout.family {
            Family::V4 => (vec![172, 16, 1, i as u8], vec![172, 16, 2, 1]),
            Family::V6 => {
                let address = |last: u8| {
                    let mut address = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
                    address[15] = last;
                    address.to_vec()
                };
                (address(i as u8), address(255))
            }
        };
        let spans = match layout.family {
            Family::V4 => (at::SOURCE_IPV4, at::DESTINATION_IPV4),
            Family::V6 => (at::SOURCE_IPV6, at::DESTINATION_IPV6),
        };
        header.set(spans.0, &source);
        header.set(spans.1, &destination);
        header.set(at::SOURCE_PORT, &(1000 + i as u16).to_be_bytes());
        header.set(at::DESTINATION_PORT, &22_u16.to_be_bytes());
        header.set(at::PROTOCOL, &[6]);
        header.set(at::INPUT, &1_u32.to_be_bytes());
        header.set(at::OUTPUT, &2_u32.to_be_bytes());
        header.set(at::TCP_FLAGS_8, &[0x12]);
        let mut octets = vec![0; layout.len()];
        layout.write_first(&header, &mut octets);
        let totals = Totals {
            first_ns: first_ns(i),
            last_ns: last_ns(i),
            packets: i + 1,
            octets: (i + 1) * 40,
            tcp_flags: 0x12,
            end: EndReason::Idle,
        };
        batch.push(totals, &octets);
    }
    Arc::new(batch)
}

fn installed(program: &str) -> bool {
    let paths = std::env::var("PATH").unwrap_or_default();
    let found = paths
        .split(':')
        .chain(["/usr/sbin"])
        .any(|path| PathBuf::from(path).join(program).exists());
    if !found {
        println!("skipped: {program} is not installed");
    }
    found
}

fn free_port(host: &str) -> u16 {
    UdpSocket::bind((host, 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// The receive queue of the socket bound to a port, octets; `None` while nobody is bound.
fn receive_queue(host: &str, port: u16) -> Option<u64> {
    let address: IpAddr = host.parse().unwrap();
    let table = fs::read_to_string(if address.is_ipv4() {
        "/proc/net/udp"
    } else {
        "/proc/net/udp6"
    })
    .unwrap();
    let port = format!(":{port:04X}");
    let line = table.lines().find(|line| {
        line.split_whitespace()
            .nth(1)
            .is_some_and(|local| local.ends_with(&port))
    })?;
    let queues = line.split_whitespace().nth(4)?;
    u64::from_str_radix(queues.split(':').nth(1)?, 16).ok()
}

/// Polls a condition of another process, for at most twenty seconds.
fn wait(what: &str, mut condition: impl FnMut() -> bool) {
    for _ in 0..2000 {
        if condition() {
            return;
        }
        sleep(Duration::from_millis(10));
    }
    panic!("{what} did not happen");
}

fn signal(child: &Child, signal: nix::sys::signal::Signal) {
    let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(child.id() as i32), signal);
}

/// A child that does not outlive its test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub struct Nfcapd {
    process: Process,
    host: String,
    pub port: u16,
    directory: TempDir,
}

impl Nfcapd {
    pub fn start(host: &str) -> Option<Nfcapd> {
        if !installed("nfcapd") || !installed("nfdump") {
            return None;
        }
        let (directory, port) = (tempfile::tempdir().unwrap(), free_port(host));
        let log = fs::File::create(directory.path().join("log")).unwrap();
        let flows = directory.path().join("flows");
        fs::create_dir(&flows).unwrap();
        let child = Command::new("nfcapd")
            .args(["-b", host, "-p", &port.to_string(), "-w"])
            .arg(&flows)
            .arg(if host.contains(':') { "-6" } else { "-4" })
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        wait("nfcapd listening", || receive_queue(host, port).is_some());
        Some(Nfcapd {
            process: Process(child),
            host: host.into(),
            port,
            directory,
        })
    }

    /// What it stored, as nfdump shows it, and what it logged.
    pub fn stop(mut self) -> (Vec<Json>, String) {
        wait("nfcapd reading", || {
            receive_queue(&self.host, self.port).is_none_or(|octets| octets == 0)
        });
        signal(&self.process.0, nix::sys::signal::Signal::SIGTERM);
        self.process.0.wait().unwrap();
        let shown = Command::new("nfdump")
            .args(["-o", "json", "-R"])
            .arg(self.directory.path().join("flows"))
            .env("TZ", "UTC")
            .output()
            .unwrap();
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        let records =
            serde_json::from_str(&shown).unwrap_or_else(|error| panic!("{error}: {shown}"));
        (
            records,
            fs::read_to_string(self.directory.path().join("log")).unwrap(),
        )
    }
}

/// Nothing in nfcapd's log speaks of errors or lost datagrams. Of IPFIX it does not count options records,
/// which RFC 7011 §3.1 does, and takes them for one lost record each time.
pub fn quiet_nfcapd(log: &str, ipfix: bool) {
    for line in log.lines() {
        let bad = [
            "error",
            "Sequence Errors: ",
            "unknown",
            "Unable",
            "sampling ==",
        ];
        let told = line.replace(
            if ipfix {
                "Sequence Errors: 1,"
            } else {
                "Sequence Errors: 0,"
            },
            "",
        );
        assert!(!bad.iter().any(|bad| told.contains(bad)), "{log}");
    }
}

pub struct Nfacctd {
    process: Process,
    host: String,
    pub port: u16,
    directory: TempDir,
}

impl Nfacctd {
    pub fn start(host: &str) -> Option<Nfacctd> {
        if !installed("nfacctd") {
            return None;
        }
        let (directory, port) = (tempfile::tempdir().unwrap(), free_port(host));
        let output = directory.path().join("flows.json");
        let settings = format!(
            "daemonize: false\nnfacctd_ip: {host}\nnfacctd_port: {port}\nnfacctd_renormalize: true\n\
             plugins: print\nprint_output: json\nprint_output_file: {}\nprint_refresh_time: 3600\n\
             plugin_buffer_size: 102400\nplugin_pipe_size: 10240000\n\
             aggregate: src_host, dst_host, src_port, dst_port, proto\n",
            output.display()
        );
        let file = directory.path().join("nfacctd.conf");
        fs::write(&file, settings).unwrap();
        let log = fs::File::create(directory.path().join("log")).unwrap();
        let child = Command::new("/usr/sbin/nfacctd")
            .arg("-f")
            .arg(&file)
            .current_dir(directory.path())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let ready = || fs::read_to_string(directory.path().join("log")).unwrap_or_default();
        // What comes before its plugin is ready is lost when it ends soon.
        wait("nfacctd starting", || {
            ready().contains("JSON: setting object handlers")
        });
        wait("nfacctd listening", || receive_queue(host, port).is_some());
        Some(Nfacctd {
            process: Process(child),
            host: host.into(),
            port,
            directory,
        })
    }

    /// What it counted.
    pub fn stop(mut self) -> Vec<Json> {
        wait("nfacctd reading", || {
            receive_queue(&self.host, self.port).is_none_or(|octets| octets == 0)
        });
        signal(&self.process.0, nix::sys::signal::Signal::SIGINT);
        self.process.0.wait().unwrap();
        let read =
            |name: &str| fs::read_to_string(self.directory.path().join(name)).unwrap_or_default();
        // Its plugin, a process of its own, writes after it.
        wait("nfacctd writing", || {
            read("log").contains("Purging cache - END")
        });
        read("flows.json")
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// Every datagram that has come.
pub fn receive_all(socket: &UdpSocket) -> Vec<Vec<u8>> {
    let mut buffer = [0; 65_536];
    let mut all = Vec::new();
    while let Ok(len) = socket.recv(&mut buffer) {
        all.push(buffer[..len].to_vec());
    }
    assert!(!all.is_empty());
    all
}

pub struct Tshark;

impl Tshark {
    /// What it shows of datagrams to port 2055, every field of every record.
    pub fn decode(datagrams: &[Vec<u8>]) -> Option<String> {
        if !installed("tshark") {
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("datagrams.pcap");
        fs::write(&file, savefile(datagrams)).unwrap();
        let mut child = Command::new("tshark")
            // Its own limit is 60 fields a template.
            .args(["-n", "-V", "-o", "cflow.max_template_fields:255"])
            .args(["-d", "udp.port==2055,cflow", "-r"])
            .arg(&file)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut shown = String::new();
        child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut shown)
            .unwrap();
        child.wait().unwrap();
        Some(shown)
    }
}

/// A savefile of raw IPv4 (link type 228) with a UDP datagram each.
fn savefile(datagrams: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 228] {
        file.extend_from_slice(&word.to_le_bytes());
    }
    for datagram in datagrams {
        let len = datagram.len() as u32 + 28;
        for word in [(NOW_NS / 1_000_000_000) as u32, 0, len, len] {
            file.extend_from_slice(&word.to_le_bytes());
        }
        let total = (len as u16).to_be_bytes();
        let udp = (len as u16 - 20).to_be_bytes();
        file.extend_from_slice(&[0x45, 0, total[0], total[1], 0, 0, 0, 0, 64, 17, 0, 0]);
        file.extend_from_slice(&[
            192, 0, 2, 1, 192, 0, 2, 9, 0x27, 0x0f, 0x08, 0x07, udp[0], udp[1], 0, 0,
        ]);
        file.extend_from_slice(datagram);
    }
    file
}

/// Nothing in tshark's output that it could not name, read or believe.
pub fn nothing_odd(shown: &str) {
    for line in shown.lines() {
        let lower = line.to_lowercase();
        let odd = [
            "malformed",
            "unknown",
            "no template",
            "expert info",
            "unreassembled",
            "enterprise private",
        ];
        assert!(
            !odd.iter().any(|odd| lower.contains(odd)),
            "{line}\nin\n{shown}"
        );
    }
}
