//! The program and its host: version, user, interfaces, names that complete a command line, the log.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::value::Time;
use crate::word::words;

/// The description of the API: an OpenAPI 3.1 document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    /// The version of OpenAPI.
    pub openapi: String,
    /// All other members.
    #[serde(flatten)]
    pub members: serde_json::Map<String, serde_json::Value>,
}

/// The program and its host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Version {
    /// The program's name, `flowd`.
    pub program: String,
    /// The program's version.
    pub version: String,
    /// The host's name.
    pub host_name: String,
    /// The process identifier.
    pub pid: u32,
    /// When the program was started.
    pub started: Time,
    /// Seconds since then.
    pub uptime_seconds: u64,
    /// The identifier of the running revision; null while nothing is committed.
    pub revision: Option<u64>,
    /// The number of alarms there are.
    #[serde(default)]
    pub alarms: u64,
    /// The machine and its operating system.
    pub machine: Machine,
}

/// The host's machine and operating system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Machine {
    /// The operating system's name and version; empty where it does not tell.
    pub operating_system: String,
    /// The kernel's release.
    pub kernel: String,
    /// The architecture, such as `x86_64`.
    pub architecture: String,
    /// Vendor and model of the machine; null where the firmware does not tell.
    pub hardware: Option<String>,
    /// Seconds since the host was started.
    pub uptime_seconds: u64,
}

/// The host's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Clock {
    /// The time.
    pub time: Time,
}

/// The users who are connected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Users {
    /// The users by the programs that they are connected with, oldest first.
    pub users: Vec<User>,
}

/// A user and the program that is connected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct User {
    /// The user's name, or number where it has none.
    pub user: String,
    /// The user's number.
    pub uid: u32,
    /// What the user may do; null where the configuration has taken all rights since it connected.
    pub role: Option<Role>,
    /// The program, with its process id.
    pub process: String,
    /// When the first connection that it has was opened.
    pub connected: Time,
    /// Whether it is the program that is asking.
    pub own: bool,
}

/// The processors' load, and flowd's threads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Processes {
    /// The number of processors that flowd may use.
    pub processors: u64,
    /// The host's average number of runnable threads over 1, 5 and 15 minutes.
    pub load: [f64; 3],
    /// flowd's threads, those with the most processor time first.
    pub threads: Vec<Thread>,
}

/// A thread of flowd.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Thread {
    /// The kernel's number of the thread.
    pub id: u32,
    /// The thread's name.
    pub name: String,
    /// The state as proc(5) writes it: R running, S waiting, D waiting for a device.
    pub state: String,
    /// Processor time in seconds, in user and kernel mode.
    pub cpu_seconds: f64,
    /// Processor time as a share of the time since the thread was started, in percent.
    pub cpu_percent: f64,
}

/// Memory of the host and of flowd, in octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Memory {
    /// The host's memory.
    pub total: u64,
    /// What of it nothing uses.
    pub free: u64,
    /// What of it programs can get without swapping.
    pub available: u64,
    /// The host's swap space.
    pub swap_total: u64,
    /// What of the swap space nothing uses.
    pub swap_free: u64,
    /// Memory that flowd has.
    pub resident: u64,
    /// The most memory that flowd had.
    pub resident_peak: u64,
    /// Address space of flowd.
    pub address_space: u64,
}

words! {
    /// What a user may do.
    pub enum Role "role" {
        /// Show and change everything.
        Admin = "admin",
        /// Show everything but secrets.
        Operator = "operator",
    }

    /// What kind of thing an alarm is about.
    pub enum AlarmKind "kind of alarm" {
        /// A metered interface is down or not there.
        InterfaceDown = "interface-down",
        /// A metered interface cannot be captured.
        CaptureDown = "capture-down",
        /// A capture ring has no room for packets.
        RingDrops = "ring-drops",
        /// Flows end early because a cache is full.
        EmergencyExpiry = "emergency-expiry",
        /// Packets of new flows are dropped because a permanent cache is full.
        CacheFull = "cache-full",
        /// A flow exporter cannot send, or its collector cannot be reached.
        ExporterDown = "exporter-down",
        /// A receiver of a samplicator cannot be reached.
        ReceiverFailed = "receiver-failed",
    }

    /// What kind of names to list.
    pub enum NameKind "kind" {
        /// Interfaces of the host.
        Interface = "interface",
        /// Flow records.
        Record = "record",
        /// Flow exporters.
        Exporter = "exporter",
        /// Flow monitors.
        Monitor = "monitor",
        /// Samplers.
        Sampler = "sampler",
        /// Samplicators.
        Samplicator = "samplicator",
        /// Receivers of samplicators.
        Receiver = "receiver",
        /// Numbers of revisions.
        Revision = "revision",
    }

    /// The severity of a log line, as syslog (RFC 5424) has it.
    pub enum LogLevel "level" {
        /// The system is unusable.
        Emergency = "emerg",
        /// Something has to be done at once.
        Alert = "alert",
        /// A critical condition.
        Critical = "crit",
        /// An error.
        Error = "err",
        /// A warning.
        Warning = "warning",
        /// Normal but significant.
        Notice = "notice",
        /// Information.
        Info = "info",
        /// For debugging.
        Debug = "debug",
    }
}

impl AlarmKind {
    /// The message id of the lines of the log that tell of it.
    pub fn msgid(self) -> &'static str {
        match self {
            AlarmKind::InterfaceDown => "LINK",
            AlarmKind::CaptureDown => "CAPTURE",
            AlarmKind::RingDrops => "RINGDROPS",
            AlarmKind::EmergencyExpiry => "EMERGENCY",
            AlarmKind::CacheFull => "CACHEFULL",
            AlarmKind::ExporterDown => "EXPORTER",
            AlarmKind::ReceiverFailed => "RECEIVER",
        }
    }
}

/// Who is asking, as the kernel tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// The user's name, or number where it has none.
    pub user: String,
    /// The user's number.
    pub uid: u32,
    /// What the user may do.
    pub role: Role,
}

/// The host's interfaces.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Interfaces {
    /// The interfaces, by index.
    pub interfaces: Vec<Interface>,
}

/// An interface of the host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Interface {
    /// The interface's name.
    pub name: String,
    /// The interface's index.
    pub index: u32,
    /// The MAC address; null where it has none.
    pub mac: Option<String>,
    /// The largest packet in octets.
    pub mtu: u32,
    /// Whether it is administratively up.
    pub up: bool,
    /// Whether it has a carrier.
    pub running: bool,
    /// Whether it takes frames for other stations, too.
    pub promiscuous: bool,
    /// Whether it is a loopback interface.
    pub loopback: bool,
    /// The interface's alias in the kernel.
    pub description: Option<String>,
    /// The addresses with their prefix lengths.
    pub addresses: Vec<String>,
    /// What it has received.
    #[serde(default)]
    pub received: Traffic,
    /// What it has sent.
    #[serde(default)]
    pub sent: Traffic,
}

/// What an interface has received or sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Traffic {
    /// The number of packets.
    pub packets: u64,
    /// Their octets, with link headers.
    pub octets: u64,
    /// Packets that were damaged, or could not be sent.
    pub errors: u64,
    /// Packets that there was no room for.
    pub dropped: u64,
    /// How many a second.
    pub rates: TrafficRates,
}

/// Averages a second over the last minute and the last five, or over as much of them as flowd has seen; null before it has
/// counted twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrafficRates {
    /// Packets a second over one minute.
    pub packets_1m: Option<f64>,
    /// Packets a second over five minutes.
    pub packets_5m: Option<f64>,
    /// Bits a second over one minute.
    pub bits_1m: Option<f64>,
    /// Bits a second over five minutes.
    pub bits_5m: Option<f64>,
}

/// What is wrong now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Alarms {
    /// The alarms, the oldest first.
    pub alarms: Vec<Alarm>,
}

/// Something that is wrong now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Alarm {
    /// What kind of thing is wrong.
    pub kind: AlarmKind,
    /// What it is wrong with, such as `interface eth1`.
    pub subject: String,
    /// Since when.
    pub since: Time,
    /// The alarm in a sentence.
    pub text: String,
}

/// Which names to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamesQuery {
    /// What kind of names.
    pub kind: NameKind,
}

/// Names that complete a command line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Names {
    /// The names.
    pub names: Vec<Name>,
}

/// A name that completes a command line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Name {
    /// The name.
    pub name: String,
    /// A line about it.
    pub help: String,
}

/// Which lines of the log to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogQuery {
    /// The number of last lines; default 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<u64>,
    /// Only lines after this one, the `next` of an answer before; not together with `lines`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
}

/// Lines of flowd's log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogLines {
    /// The lines, oldest first.
    pub lines: Vec<LogLine>,
    /// Lines that were gone before they were asked for.
    pub missed: u64,
    /// What `after` takes to go on from here.
    pub next: u64,
}

/// A line of flowd's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// When it was written.
    pub time: Time,
    /// How severe it is.
    pub level: LogLevel,
    /// What kind of event it tells, such as `COMMIT` (MSGID of RFC 5424).
    #[serde(default)]
    pub msgid: String,
    /// The part of the program that wrote it.
    pub target: String,
    /// What it says.
    pub message: String,
}

crate::route::routes! {
    /// This document.
    OPENAPI: Get<Nothing, Document> = Get "/v1/openapi.json";
    /// The program and its host.
    VERSION: Get<Nothing, Version> = Get "/v1/version";
    /// Who is asking, as the kernel tells it.
    WHOAMI: Get<Nothing, Identity> = Get "/v1/whoami";
    /// The host's clock.
    CLOCK: Get<Nothing, Clock> = Get "/v1/clock";
    /// The users who are connected.
    USERS: Get<Nothing, Users> = Get "/v1/users";
    /// The processors' load, and flowd's threads.
    PROCESSES: Get<Nothing, Processes> = Get "/v1/processes";
    /// Memory of the host and of flowd.
    MEMORY: Get<Nothing, Memory> = Get "/v1/memory";
    /// The host's interfaces.
    INTERFACES: Get<crate::query::InterfacesQuery, Interfaces> = Get "/v1/interfaces";
    /// What is wrong now, and since when.
    ALARMS: Get<Nothing, Alarms> = Get "/v1/alarms";
    /// Names that complete a command line.
    NAMES: Get<NamesQuery, Names> = Get "/v1/names";
    /// The last lines of the log, or those after one that was seen before.
    LOG: Get<LogQuery, LogLines> = Get "/v1/log";
}
