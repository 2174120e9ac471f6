//! What commands carry: which part of something, in which form, with which options.

use std::net::IpAddr;

use super::condition::Condition;
use super::words::Tail;

/// The form that a configuration is shown in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Braces.
    #[default]
    Curly,
    /// `set` lines.
    Commands,
    /// IOS lines.
    Ios,
    /// JSON.
    Json,
}

/// The parts of the probe that `show flow` lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Flow records.
    Record,
    /// Flow monitors.
    Monitor,
    /// Flow exporters.
    Exporter,
    /// Interfaces with a flow monitor.
    Interface,
    /// Samplers.
    Sampler,
}

/// What `show samplicator` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayPart {
    /// Samplicators, each with its receivers.
    Samplicator,
    /// Receivers with every counter.
    Receivers,
    /// The exporters that send to a samplicator.
    Sources,
    /// The templates that a samplicator keeps.
    Templates,
}

/// What `clear flow monitor` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cleared {
    /// The flows in the cache are discarded.
    Cache,
    /// The counters start again at 0.
    Statistics,
    /// The flows in the cache end and are exported.
    ForceExport,
}

/// How the flows of a cache are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Columns.
    Table,
    /// Comma-separated values.
    Csv,
    /// One field a line.
    Record,
}

/// Which flows of a cache are shown, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheView {
    /// Conditions that a flow must fulfil, all of them.
    pub filter: Vec<Condition>,
    /// Fields to aggregate by: flows that agree in them are one row.
    pub aggregate: Vec<String>,
    /// Fields that an aggregated row shows beside the counters.
    pub collect: Vec<String>,
    /// The field to sort by: its name or its IANA name.
    pub sort: Option<String>,
    /// Whether the lowest values come first.
    pub lowest: bool,
    /// The largest number of flows to show.
    pub top: Option<u32>,
    /// The layout, if one was asked for.
    pub layout: Option<Layout>,
}

/// Which flows of the flow-accounting table are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountingView {
    /// Only flows of this interface.
    pub interface: Option<String>,
    /// Only flows from or to this address.
    pub host: Option<IpAddr>,
    /// Only flows from or to these ports: `22`, `80-89`, `53,123`.
    pub port: Option<String>,
    /// Only so many flows, those with most octets.
    pub top: Option<u32>,
    /// The largest number of flows to show.
    pub count: Option<u32>,
    /// What was counted, not multiplied by the sampling rate.
    pub unscaled: bool,
}

/// The echo requests that `ping` sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ping {
    /// Name or address of the host.
    pub host: Tail,
    /// The number of requests.
    pub count: Option<u32>,
    /// Octets of data in each request.
    pub size: Option<u32>,
    /// The interface to send from.
    pub interface: Option<String>,
    /// The address to send from.
    pub source: Option<IpAddr>,
}

/// What `traceroute` looks for, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Name or address of the host.
    pub host: Tail,
    /// The interface to send from.
    pub interface: Option<String>,
    /// The address to send from.
    pub source: Option<IpAddr>,
}

/// The flow whose way `test flow path` looks up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowPath {
    /// Source address.
    pub source: IpAddr,
    /// Destination address, of the same family.
    pub destination: IpAddr,
    /// IP protocol.
    pub protocol: u8,
    /// Source and destination port.
    pub ports: (u16, u16),
    /// The interface it comes in at; `None`: the one that the route to its source leads to.
    pub interface: Option<String>,
}

/// What becomes of the candidate when a text is loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoadMode {
    /// The text replaces the whole candidate.
    #[default]
    Override,
    /// The text is added.
    Merge,
    /// Each node that the text has replaces the candidate's.
    Replace,
    /// The text's `set` and `delete` lines are done in their order.
    Set,
}

/// Where a text to load comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadFrom {
    /// It is typed or pasted until Ctrl-D.
    Terminal,
    /// It is in a file of the shell's host, or at a URL.
    File(Tail),
}

/// A configuration that `compare` compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// The revision of this number; 0 is the newest.
    Revision(u32),
    /// The running configuration.
    Running,
    /// The configuration in the file that `save` writes.
    Saved,
}

/// A request for what a route of the management API shows. Whoever runs the command sends it, and shows the answer in the
/// screen of that route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The route's name.
    pub route: &'static str,
    /// The request's path and query.
    pub target: String,
    /// Which of the route's screens is meant; empty for the first one.
    pub view: &'static str,
}
