//! sFlow version 5: the places of a datagram's header.
//!
//! Source: sFlow.org, "sFlow Version 5", the structure `sample_datagram_v5`. Everything is in words of four octets (XDR).

/// The version number, four octets where the formats of NetFlow have two.
pub(crate) const VERSION: u32 = 5;
/// Where the type of the agent's address is.
pub(crate) const AGENT_TYPE_AT: usize = 4;
/// The agent's address has four octets.
pub(crate) const AGENT_IPV4: u32 = 1;
/// The agent's address has sixteen octets.
pub(crate) const AGENT_IPV6: u32 = 2;
/// Where the agent's address is. The sub-agent follows it.
pub(crate) const AGENT_AT: usize = 8;
