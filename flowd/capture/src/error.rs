//! Errors of captures and savefiles.

use std::io;

use thiserror::Error;

/// Why a capture cannot be opened or cannot continue.
#[derive(Debug, Error)]
pub enum Error {
    /// There is no interface of this name.
    #[error("no such interface: {interface}")]
    NoInterface {
        /// Name of the interface.
        interface: String,
    },
    /// The process lacks the permission to open packet sockets.
    #[error("capturing on {interface} needs the capability CAP_NET_RAW")]
    Permission {
        /// Name of the interface.
        interface: String,
    },
    /// The filter expression is invalid.
    #[error("filter `{text}`: {message}")]
    Filter {
        /// The expression.
        text: String,
        /// libpcap's message.
        message: String,
    },
    /// A system call failed.
    #[error("{interface}: cannot {step}: {source}")]
    System {
        /// Name of the interface.
        interface: String,
        /// What was being done.
        step: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// libpcap failed.
    #[error("{interface}: {message}")]
    Pcap {
        /// Name of the interface.
        interface: String,
        /// libpcap's message.
        message: String,
    },
    /// A savefile cannot be opened.
    #[error("{path}: {message}")]
    Open {
        /// Path of the file.
        path: String,
        /// The reason.
        message: String,
    },
    /// A savefile is truncated or damaged. The packets before have been read.
    #[error("{path}: after {packets} packets: {message}")]
    Savefile {
        /// Path of the file.
        path: String,
        /// Number of packets read before.
        packets: u64,
        /// What is wrong.
        message: String,
    },
}

/// The message of a libpcap error without its prefix.
pub(crate) fn libpcap_message(error: &pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(message) => message.clone(),
        pcap::Error::InvalidInputString => "contains a NUL character".into(),
        other => other.to_string(),
    }
}
