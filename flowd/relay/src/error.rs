//! Errors: why a samplicator's configuration cannot be put into force, and its wrong place.

use std::fmt;
use std::io;
use std::net::IpAddr;

use ipnet::IpNet;
use thiserror::Error;

use crate::settings::{Endpoint, MAX_RECEIVERS, MAX_THREADS};

/// A problem of a samplicator's configuration, and its place.
#[derive(Debug, Error)]
#[error("{place}: {problem}")]
pub struct Error {
    /// The part of the configuration that is wrong.
    pub place: Place,
    /// What is wrong with it.
    pub problem: Problem,
}

/// The part of a configuration that an error is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `port`.
    Port,
    /// `threads`.
    Threads,
    /// The receivers as a whole.
    Receivers,
    /// A listening address.
    Listen(Endpoint),
    /// `receiver NAME`.
    Receiver(String),
    /// `source PREFIX`.
    Rule(IpNet),
    /// `balance group NAME`.
    Group(String),
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Port => write!(out, "port"),
            Place::Threads => write!(out, "threads"),
            Place::Receivers => write!(out, "receiver"),
            Place::Listen(Endpoint { listen, port }) => {
                write!(out, "listen-address {} port {port}", listen.address)
            }
            Place::Receiver(name) => write!(out, "receiver {name}"),
            Place::Rule(prefix) => write!(out, "source {prefix}"),
            Place::Group(name) => write!(out, "balance group {name}"),
        }
    }
}

/// What is wrong with a part of a samplicator's configuration.
#[derive(Debug, Error)]
pub enum Problem {
    /// A port is 0 or missing.
    #[error("a port is 1 to 65535")]
    PortRange,
    /// Too few or many threads.
    #[error("{0} threads; 1 to {MAX_THREADS} are possible")]
    Threads(usize),
    /// Too many receivers.
    #[error("more than {MAX_RECEIVERS} receivers")]
    TooManyReceivers,
    /// Two receivers or groups of one name.
    #[error("another receiver or group has this name")]
    NameTwice,
    /// Two rules of one prefix.
    #[error("another rule has this prefix")]
    PrefixTwice,
    /// A rule or group names a receiver that is not there.
    #[error("there is no receiver `{0}`")]
    UnknownReceiver(String),
    /// A group without members.
    #[error("the group has no receivers")]
    EmptyGroup,
    /// A rule with neither receiver nor `deny`.
    #[error("the rule has neither a receiver nor `deny`")]
    EmptyRule,
    /// A receiver without address.
    #[error("no address")]
    NoDestination,
    /// Sampling of one out of zero.
    #[error("sampling is one out of 1 or more")]
    SamplingZero,
    /// A time to live of zero.
    #[error("ttl is 1 to 255")]
    TtlZero,
    /// A code point out of range.
    #[error("dscp {0}; it is 0 to 63")]
    Dscp(u8),
    /// A rate limit of zero.
    #[error("a rate limit of 0 lets nothing through; `disable` does that")]
    RateZero,
    /// An IPv6 receiver without checksum.
    #[error("no-checksum is for IPv4: UDP over IPv6 needs its checksum (RFC 8200 section 8.1)")]
    ChecksumV6,
    /// A spoofed receiver of a family that the samplicator does not listen on.
    #[error(
        "the source cannot be kept towards {0}: no listening address is of its family, and an address of one family cannot send to another"
    )]
    SpoofFamily(IpAddr),
    /// The receiver is the samplicator itself.
    #[error(
        "this is the samplicator's own listening address: each datagram would come back for ever"
    )]
    Loop,
    /// The process lacks a privilege that spoofing needs.
    #[error("spoof-source needs the capability CAP_NET_RAW or CAP_NET_ADMIN: {0}")]
    Privilege(io::Error),
    /// An interface that is not there.
    #[error("there is no interface `{0}`")]
    NoInterface(String),
    /// A listening address that is not this host's.
    #[error("{0} is not an address of this host")]
    NotLocal(IpAddr),
    /// Another program listens on the address and port.
    #[error("the address is in use by another program")]
    InUse,
    /// A system call failed.
    #[error("{call}: {error}")]
    System {
        /// The call, or what it was for.
        call: &'static str,
        /// The kernel's error.
        error: io::Error,
    },
}
