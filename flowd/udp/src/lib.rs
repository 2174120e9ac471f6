//! UDP as the kernel takes and gives it fastest: many datagrams in one call, equal ones in one message.
//!
//! ```text
//! datagrams --Sender--> messages (UDP GSO) --Outbox: sendmmsg--> kernel
//! kernel --Inbox: recvmmsg, UDP GRO--> messages
//! ```
//!
//! A capture on the sending host shows a message as the one datagram it is to the kernel, if the interface cuts messages itself
//! (`ethtool -K IF tx-udp-segmentation off` has the kernel cut them before).

mod send;
mod sys;

pub use send::{SendOptions, Sender};
pub use sys::{Control, Inbox, MAX_MESSAGES, Message, Outbox, Run, get_option, set_option};

/// Octets of UDP payload that an IPv4 packet has room for.
pub const MAX_PAYLOAD: usize = 65_507;
