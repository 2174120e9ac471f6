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
}

words! {
    /// What a user may do.
    pub enum Role "role" {
        /// Show and change everything.
        Admin = "admin",
        /// Show everything but secrets.
        Operator = "operator",
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Interfaces {
    /// The interfaces, by index.
    pub interfaces: Vec<Interface>,
}

/// An interface of the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// The host's interfaces.
    INTERFACES: Get<crate::query::InterfacesQuery, Interfaces> = Get "/v1/interfaces";
    /// Names that complete a command line.
    NAMES: Get<NamesQuery, Names> = Get "/v1/names";
    /// The last lines of the log, or those after one that was seen before.
    LOG: Get<LogQuery, LogLines> = Get "/v1/log";
}
