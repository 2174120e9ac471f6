//! The settings of another probe, written as statements.
//!
//! They become `system flow-accounting` if that can express all of them, since its timeouts and their defaults are those of
//! softflowd and of pmacct's nfprobe. What only Flexible NetFlow can express (other fields, a time to live, bidirectional
//! flows) becomes a monitor, which has fewer timeouts.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::net::IpAddr;

use super::report::{Place, Remarks};
use language::schema::Type;

/// Address and port of a collector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Collector {
    pub(super) host: String,
    pub(super) port: u16,
}

/// Timeouts in seconds; `None` for the default, which is the same in both programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Timeouts {
    general: Option<u32>,
    tcp: Option<u32>,
    tcp_rst: Option<u32>,
    tcp_fin: Option<u32>,
    udp: Option<u32>,
    icmp: Option<u32>,
    maxlife: Option<u32>,
    expint: Option<u32>,
}

/// Longest timeout of a monitor.
const MONITOR_TIMEOUT: u32 = 604_800;
/// Default idle timeout of both programs.
const GENERAL: u32 = 3600;

impl Timeouts {
    /// Sets the timeout that has this name in both programs. Returns false if there is none.
    pub(super) fn set(&mut self, name: &str, seconds: u32) -> bool {
        let timeout = match name {
            "general" => &mut self.general,
            "tcp" => &mut self.tcp,
            "tcp.rst" => &mut self.tcp_rst,
            "tcp.fin" => &mut self.tcp_fin,
            "udp" => &mut self.udp,
            "icmp" => &mut self.icmp,
            "maxlife" => &mut self.maxlife,
            "expint" => &mut self.expint,
            _ => return false,
        };
        *timeout = Some(seconds);
        true
    }

    /// Returns the statements below `netflow timeout`.
    fn accounting(&self) -> [(&'static str, Option<u32>); 8] {
        [
            ("expiry-interval", self.expint),
            ("flow-generic", self.general),
            ("icmp", self.icmp),
            ("max-active-life", self.maxlife),
            ("tcp-fin", self.tcp_fin),
            ("tcp-generic", self.tcp),
            ("tcp-rst", self.tcp_rst),
            ("udp", self.udp),
        ]
    }
}

/// The settings of another probe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Probe {
    pub(super) interface: String,
    pub(super) promiscuous: bool,
    pub(super) filter: Option<String>,
    pub(super) snaplen: Option<u64>,
    /// Capture buffer, octets.
    pub(super) buffer: Option<u64>,
    pub(super) fragment_ports: bool,
    /// The metered direction; `None` for both.
    pub(super) direction: Option<&'static str>,
    /// The NetFlow version: 5, 9 or 10.
    pub(super) version: u8,
    pub(super) collectors: Vec<Collector>,
    pub(super) timeouts: Timeouts,
    pub(super) max_flows: Option<u64>,
    /// Mode and rate.
    pub(super) sampling: Option<(&'static str, u64)>,
    pub(super) engine: Option<String>,
    pub(super) source: Option<String>,
    pub(super) ttl: Option<u8>,
    pub(super) dscp: Option<u8>,
    /// Fields to match; `None` for those of traditional NetFlow.
    pub(super) keys: Option<Vec<String>>,
    /// Fields to collect beside the counters and times.
    pub(super) collects: Vec<String>,
    /// The word after `timestamp absolute first` and `last`.
    pub(super) times: &'static str,
    pub(super) bidirectional: bool,
    /// Whether every packet is a flow.
    pub(super) immediate: bool,
}

impl Probe {
    /// Whether `system flow-accounting` can express all settings.
    fn is_accounting(&self) -> bool {
        let mut hosts = HashSet::new();
        let address = |one: &Collector| one.host.parse::<IpAddr>().is_ok();
        let source = |source: &String| source.parse::<IpAddr>().is_ok();
        !self.collectors.is_empty()
            && self
                .collectors
                .iter()
                .all(|one| address(one) && hosts.insert(&one.host))
            && self.source.as_ref().is_none_or(source)
            && self.direction.is_none_or(|direction| direction == "input")
            && (self.ttl, self.dscp) == (None, None)
            && self.keys.is_none()
            && self.collects.is_empty()
            && self.times.is_empty()
            && !self.bidirectional
            && !self.immediate
            && !self.fragment_ports
    }

    /// Removes settings that exclude each other.
    fn settled(&self, place: Place, remarks: &mut Remarks) -> Probe {
        let mut probe = self.clone();
        let source = |probe: &Probe| probe.source.as_ref()?.parse::<IpAddr>().ok();
        if let Some(address) = source(&probe) {
            let other = |one: &Collector| {
                let host = one.host.parse::<IpAddr>();
                host.is_ok_and(|host| host.is_ipv4() != address.is_ipv4())
            };
            if probe.collectors.iter().any(other) {
                let why = "it is not of the family of the collector";
                remarks.lost(place, &format!("source {address}"), why);
                probe.source = None;
            }
        }
        if let Some(engine) = &probe.engine {
            let fits = match (probe.version, engine.contains(':')) {
                (5, false) => engine.parse::<u8>().is_ok(),
                (version, typed) => (version == 5) == typed,
            };
            if !fits {
                let why = format!("version {} has no such engine id", probe.version);
                remarks.lost(place, &format!("engine id {engine}"), why);
                probe.engine = None;
            }
        }
        probe
    }

    /// Returns the `set` lines. `name` is the name of the monitor and of its objects. `accounting` may be used only once.
    pub(super) fn statements(
        &self,
        name: &str,
        accounting: bool,
        place: Place,
        remarks: &mut Remarks,
    ) -> String {
        let probe = self.settled(place, remarks);
        let accounting = accounting && probe.is_accounting();
        let mut out = String::new();
        for leaf in probe.capture(!accounting) {
            let statement = format!("interfaces ethernet {} {leaf}", probe.interface);
            line(&mut out, &statement);
        }
        match accounting {
            true => probe.accounting(&mut out),
            false => probe.monitor(name, &mut out, place, remarks),
        }
        out
    }

    fn capture(&self, monitor: bool) -> Vec<String> {
        let mut leaves = Vec::new();
        if self.promiscuous {
            leaves.push("promiscuous".to_owned());
        }
        if let Some(filter) = &self.filter {
            leaves.push(format!(
                "capture filter {}",
                language::quoted_always(filter)
            ));
        }
        if self.fragment_ports {
            leaves.push("capture fragment-ports".to_owned());
        }
        if monitor {
            if let Some(octets) = self.snaplen {
                leaves.push(format!("capture snaplen {}", octets.clamp(64, 65535)));
            }
            if let Some(octets) = self.buffer {
                leaves.push(format!("capture ring-size {}", mebibytes(octets, 4096)));
            }
        }
        leaves
    }

    fn accounting(&self, out: &mut String) {
        let mut set = |leaf: String| line(out, &format!("system flow-accounting {leaf}"));
        set(format!("interface {}", self.interface));
        if self.direction.is_none() {
            set("enable-egress".into());
        }
        if let Some(octets) = self.snaplen {
            set(format!("packet-length {}", octets.clamp(128, 750)));
        }
        if let Some(octets) = self.buffer {
            set(format!("buffer-size {}", mebibytes(octets, 65535)));
        }
        set(format!("netflow version {}", self.version));
        for one in &self.collectors {
            set(format!("netflow server {} port {}", one.host, one.port));
        }
        if let Some((_, rate)) = self.sampling {
            set(format!("netflow sampling-rate {rate}"));
        }
        if let Some(engine) = &self.engine {
            set(format!("netflow engine-id {engine}"));
        }
        if let Some(flows) = self.max_flows {
            set(format!("netflow max-flows {flows}"));
        }
        if let Some(source) = &self.source {
            set(format!("netflow source-address {source}"));
        }
        for (word, seconds) in self.timeouts.accounting() {
            if let Some(seconds) = seconds {
                set(format!("netflow timeout {word} {seconds}"));
            }
        }
    }

    fn monitor(&self, name: &str, out: &mut String, place: Place, remarks: &mut Remarks) {
        let mut set = |leaf: String| line(out, &leaf);
        let mut record = "netflow-original";
        if self.keys.is_some()
            || self.bidirectional
            || !self.times.is_empty()
            || !self.collects.is_empty()
        {
            record = name;
            let keys = self.keys.clone().unwrap_or_else(five_tuple);
            for field in keys {
                set(format!("flow record {name} match {field}"));
            }
            let counters = ["counter bytes long", "counter packets long"].map(str::to_owned);
            let times = match self.times {
                "" => [
                    "timestamp absolute first".to_owned(),
                    "timestamp absolute last".to_owned(),
                ],
                unit => ["first", "last"].map(|end| format!("timestamp absolute {end} {unit}")),
            };
            for field in counters.iter().chain(&times).chain(&self.collects) {
                set(format!("flow record {name} collect {field}"));
            }
        }
        set(format!("flow monitor {name} record {record}"));
        for (index, one) in self.collectors.iter().enumerate() {
            let exporter = match index {
                0 => name.to_owned(),
                index => format!("{name}-{}", index + 1),
            };
            set(format!("flow monitor {name} exporter {exporter}"));
            let mut set = |leaf: String| set(format!("flow exporter {exporter} {leaf}"));
            set(format!("destination {}", one.host));
            set(format!("transport udp {}", one.port));
            set(format!(
                "export-protocol {}",
                match self.version {
                    5 => "netflow-v5",
                    9 => "netflow-v9",
                    _ => "ipfix",
                }
            ));
            if let Some(source) = &self.source {
                set(format!("source {source}"));
            }
            if let Some(ttl) = self.ttl {
                set(format!("ttl {ttl}"));
            }
            if let Some(dscp) = self.dscp {
                set(format!("dscp {dscp}"));
            }
        }
        if self.immediate {
            set(format!("flow monitor {name} cache type immediate"));
        } else {
            self.cache(name, &mut set, place, remarks);
        }
        if self.bidirectional {
            set(format!("flow monitor {name} cache bidirectional"));
        }
        if let Some((mode, rate)) = self.sampling {
            set(format!("flow sampler {name} mode {mode}"));
            set(format!("flow sampler {name} rate {rate}"));
        }
        let attached = format!("interfaces ethernet {} flow monitor {name}", self.interface);
        set(format!(
            "{attached} direction {}",
            self.direction.unwrap_or("both")
        ));
        if self.sampling.is_some() {
            set(format!("{attached} sampler {name}"));
        }
        if let Some(engine) = &self.engine {
            remarks.lost(
                place,
                &format!("engine id {engine}"),
                "an exporter of a monitor has a number of its own",
            );
        }
    }

    fn cache(&self, name: &str, set: &mut impl FnMut(String), place: Place, remarks: &mut Remarks) {
        if let Some(flows) = self.max_flows {
            set(format!("flow monitor {name} cache entries {flows}"));
        }
        let Timeouts {
            general,
            tcp,
            tcp_rst,
            tcp_fin,
            udp,
            icmp,
            maxlife,
            expint,
        } = self.timeouts;
        let fits = |seconds: u32| seconds.clamp(1, MONITOR_TIMEOUT);
        // Of a record for both directions each flow is a connection; TCP is most of what lasts.
        let idle = general.or(tcp).unwrap_or(GENERAL);
        set(format!(
            "flow monitor {name} cache timeout inactive {}",
            fits(idle)
        ));
        let active = maxlife.unwrap_or(MONITOR_TIMEOUT);
        set(format!(
            "flow monitor {name} cache timeout active {}",
            fits(active)
        ));
        for (word, seconds) in [
            ("general", general),
            ("tcp", tcp),
            ("tcp.rst", tcp_rst),
            ("tcp.fin", tcp_fin),
            ("udp", udp),
            ("icmp", icmp),
        ] {
            if let Some(seconds) = seconds
                && fits(seconds) != fits(idle)
            {
                let why = format!(
                    "a monitor has one timeout for silence, {} s here",
                    fits(idle)
                );
                remarks.lost(place, &format!("{word}={seconds}"), why);
            }
        }
        if let Some(seconds) = expint {
            remarks.lost(
                place,
                &format!("expint={seconds}"),
                "flows end when their time is over, not at intervals",
            );
        }
    }
}

/// Returns the fields of addresses, protocol and ports, for both families.
pub(super) fn five_tuple() -> Vec<String> {
    [
        "ipv4 source address",
        "ipv4 destination address",
        "ipv4 protocol",
        "ipv6 source address",
        "ipv6 destination address",
        "ipv6 protocol",
        "transport source-port",
        "transport destination-port",
    ]
    .map(str::to_owned)
    .into()
}

fn line(out: &mut String, statement: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "set {statement}");
}

fn mebibytes(octets: u64, most: u64) -> u64 {
    octets.div_ceil(1 << 20).clamp(1, most)
}

/// Parses `HOST:PORT` or `[ADDRESS]:PORT`.
pub(super) fn collector(text: &str) -> Result<Collector, String> {
    let Some((host, port)) = text.rsplit_once(':') else {
        return Err("HOST:PORT is expected".into());
    };
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').unwrap_or_default(),
        None if host.contains(':') => return Err("an IPv6 address goes in brackets".into()),
        None => host,
    };
    let host = Type::Host
        .accept(host, false)
        .map_err(|refusal| refusal.message)?;
    match port.parse() {
        Ok(port @ 1..) => Ok(Collector { host, port }),
        _ => Err(format!("{port} is not the number of a port")),
    }
}

/// Checks the name of an interface.
pub(super) fn interface(text: &str) -> Result<String, String> {
    Type::Interface
        .accept(text, false)
        .map_err(|refusal| refusal.message)
}

/// Parses a number. One out of range is replaced by the nearest in range, which the second value tells.
pub(super) fn number(text: &str, least: u64, most: u64) -> Option<(u64, bool)> {
    let number: u64 = text.parse().ok()?;
    let fits = number.clamp(least, most);
    Some((fits, fits != number))
}

/// Checks a filter expression.
pub(super) fn filter(text: &str) -> Result<String, String> {
    (Type::Text { max: 4096 })
        .accept(text, false)
        .map_err(|refusal| refusal.message)
}
