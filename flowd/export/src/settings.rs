//! The settings of exporters, and of the monitors that use them as far as exporting is concerned.

use std::sync::Arc;
use std::time::Duration;

use flow::Layout;
use udp::Source;

/// An export protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// NetFlow version 5: IPv4, fixed records.
    NetflowV5,
    /// NetFlow version 9 (RFC 3954).
    NetflowV9,
    /// IPFIX (RFC 7011) over UDP.
    Ipfix,
}

/// What carries an exporter's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A TCP connection (RFC 7011 §10.4). `buffer` octets of messages may wait for the collector.
    Tcp {
        /// Most octets that may wait.
        buffer: usize,
    },
}

/// Options tables an exporter sends (`option TABLE timeout S`); `None`: not configured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Names of interfaces by `ifIndex`.
    pub interface_table: Option<Duration>,
    /// Counts of what this exporter has sent.
    pub exporter_stats: Option<Duration>,
    /// Samplers by identifier. They are sent with the templates in any case as soon as a monitor samples; this is how often they are
    /// sent in addition.
    pub sampler_table: Option<Duration>,
}

/// One exporter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Its name, by which monitors refer to it.
    pub name: String,
    /// Address or host name of the collector.
    pub destination: String,
    /// Port of the collector.
    pub port: u16,
    /// What carries the messages.
    pub transport: Transport,
    /// Source of the datagrams.
    pub source: Source,
    /// VRF device that the socket is bound to.
    pub vrf: Option<String>,
    /// Differentiated services code point, 0–63.
    pub dscp: u8,
    /// Time to live or hop limit, 1–255.
    pub ttl: u8,
    /// The export protocol.
    pub protocol: Protocol,
    /// Longest time for which the templates are not repeated.
    pub template_timeout: Duration,
    /// Options tables.
    pub options: Options,
    /// NetFlow v5 engine type and engine identifier.
    pub engine: (u8, u8),
    /// NetFlow v9 source identifier, IPFIX observation domain.
    pub source_id: u32,
    /// The moment that uptimes count from, nanoseconds since 1970. It should not be after any flow's start: an earlier start is sent
    /// as 0.
    pub boot_ns: u64,
    /// Largest IP packet to send, also when the path takes more.
    pub mtu: u16,
}

impl Settings {
    /// Whether the transport is a stream: what is sent arrives, in order.
    pub(crate) fn is_stream(&self) -> bool {
        matches!(self.transport, Transport::Tcp { .. })
    }

    /// Whether datagrams under `other` leave by the same socket, so that it need not be replaced.
    pub fn same_socket(&self, other: &Settings) -> bool {
        let stream = |settings: &Settings| settings.is_stream();
        (
            &self.destination,
            self.port,
            &self.source,
            &self.vrf,
            stream(self),
        ) == (
            &other.destination,
            other.port,
            &other.source,
            &other.vrf,
            stream(other),
        )
    }

    /// Whether datagrams under `other` continue this one's sequence numbers and templates, as long as the process runs.
    pub fn same_protocol(&self, other: &Settings) -> bool {
        (self.protocol, self.engine, self.source_id)
            == (other.protocol, other.engine, other.source_id)
    }

    /// Whether datagrams under `other` continue this one's sequence numbers, templates and uptimes.
    pub(crate) fn same_stream(&self, other: &Settings) -> bool {
        (self.protocol, self.engine, self.source_id, self.boot_ns)
            == (other.protocol, other.engine, other.source_id, other.boot_ns)
    }
}

/// How a sampler chooses packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SamplerMode {
    /// Every Nth packet.
    Deterministic,
    /// One at random of every N packets.
    Random,
}

/// A packet sampler, one out of `rate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampler {
    /// Identifier (element 48), from 1; collectors join records and samplers by it.
    pub id: u8,
    /// Its name.
    pub name: String,
    /// How it chooses.
    pub mode: SamplerMode,
    /// The N of one packet out of N.
    pub rate: u32,
}

/// How a monitor's packets were sampled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Sampling {
    /// They were not sampled.
    #[default]
    None,
    /// By one sampler wherever the monitor is attached.
    One(Sampler),
    /// By different samplers, or none, at different attachments. Collectors can tell them apart only when the record has `flow
    /// sampler`.
    Mixed(Vec<Sampler>),
}

impl Sampling {
    /// Returns every sampler.
    pub fn samplers(&self) -> &[Sampler] {
        match self {
            Sampling::None => &[],
            Sampling::One(sampler) => std::slice::from_ref(sampler),
            Sampling::Mixed(samplers) => samplers,
        }
    }
}

/// A monitor, as far as exporting is concerned.
#[derive(Clone, Debug)]
pub struct Monitor {
    /// Its name.
    pub name: String,
    /// Names of the exporters that get its flows.
    pub exporters: Vec<String>,
    /// Layouts of its flows. A template for another layout is made when flows of it come.
    pub layouts: Vec<Arc<Layout>>,
    /// How its packets were sampled.
    pub sampling: Sampling,
}

/// An interface, for the options table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// `ifIndex`.
    pub index: u32,
    /// Name.
    pub name: String,
    /// Description, or empty.
    pub description: String,
}
