//! What can go wrong when packets are fetched.

use std::io;

use thiserror::Error;

/// A capture that cannot be opened or cannot go on.
#[derive(Debug, Error)]
pub enum Error {
    /// There is no interface of that name.
    #[error("no such interface: {interface}")]
    NoInterface {
        /// The name.
        interface: String,
    },
    /// The process may not open packet sockets.
    #[error("capturing on {interface} needs the capability CAP_NET_RAW")]
    Permission {
        /// The interface.
        interface: String,
    },
    /// The filter expression is not one.
    #[error("filter `{text}`: {message}")]
    Filter {
        /// The expression.
        text: String,
        /// libpcap's words.
        message: String,
    },
    /// The system refused a step.
    #[error("{interface}: cannot {step}: {source}")]
    System {
        /// The interface.
        interface: String,
        /// The step.
        step: &'static str,
        /// Why.
        source: io::Error,
    },
    /// libpcap refused.
    #[error("{interface}: {message}")]
    Pcap {
        /// The interface.
        interface: String,
        /// libpcap's words.
        message: String,
    },
    /// A savefile cannot be opened.
    #[error("{path}: {message}")]
    Open {
        /// The file.
        path: String,
        /// Why.
        message: String,
    },
    /// A savefile is cut or damaged. Everything before was read.
    #[error("{path}: after {packets} packets: {message}")]
    Savefile {
        /// The file.
        path: String,
        /// Packets read whole.
        packets: u64,
        /// libpcap's words.
        message: String,
    },
}

/// libpcap's own words.
pub(crate) fn words(error: &pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(words) => words.clone(),
        pcap::Error::InvalidInputString => "contains a NUL character".into(),
        other => other.to_string(),
    }
}
