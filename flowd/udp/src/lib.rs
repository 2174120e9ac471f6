//! Sends and receives UDP datagrams in as few system calls as the kernel allows: many datagrams in one call, and
//! datagrams of equal length in one message. Chooses source addresses, and reads notices that datagrams did not arrive.
//!
//! ```text
//! datagrams --Sender--> messages (UDP GSO) --Outbox: sendmmsg--> kernel
//! kernel --Inbox: recvmmsg, UDP GRO--> messages
//! ```
//!
//! A capture on the sending host shows such a message as a single packet if the interface does the splitting (with
//! `ethtool -K IF tx-udp-segmentation off` the kernel splits it before the capture).

mod notices;
mod send;
mod source;
mod sys;

pub use notices::{Notice, Unreachable, keep_notices, take_notices};
pub use send::{SendOptions, Sender};
pub use source::{Source, SourceError, bind_source, local_addresses};
pub use sys::{Control, Inbox, MAX_MESSAGES, Message, Outbox, Run, get_option, set_option};

/// Most octets of UDP payload in an IPv4 packet.
pub const MAX_PAYLOAD: usize = 65_507;
