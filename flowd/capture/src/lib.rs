//! Captures packets from an interface, or reads them from a savefile.
//!
//! A [`Source`] is a live capture, by an AF_PACKET ring ([`Ring`]) or by libpcap ([`Live`]). A [`Savefile`] is a
//! recorded one. Both return [`wire::Packet`]s that are borrowed for the length of a call.
//!
//! A packet is what the kernel delivers to packet sockets. With generic segmentation or receive offload that may be
//! a superpacket of many segments, which counts as one packet with the octets of its only IP header.

pub mod config;
pub mod error;
pub mod filter;
mod link_name;
pub mod pcap_live;
pub mod ring;
pub mod savefile;
mod socket;

use std::os::fd::BorrowedFd;
use std::time::Duration;

use wire::Packet;

pub use config::{Config, Engine, Fanout, LinkState, Ready, Statistics};
pub use error::Error;
pub use link_name::link_name;
pub use pcap_live::Live;
pub use ring::Ring;
pub use savefile::Savefile;

/// A live capture of one interface.
#[derive(Debug)]
pub enum Source {
    /// `capture engine afpacket`
    Ring(Ring),
    /// `capture engine pcap`
    Live(Live),
}

impl Source {
    /// Opens a capture of the packets of this interface from this moment on.
    ///
    /// # Errors
    /// There is no such interface, permission is missing, the filter does not compile, or a system call fails.
    pub fn open(engine: Engine, config: &Config) -> Result<Source, Error> {
        match engine {
            Engine::AfPacket => Ring::open(config).map(Source::Ring),
            Engine::Pcap => Live::open(config).map(Source::Live),
        }
    }

    /// Waits until there are packets, `wake` is readable, the link state changes, or `timeout` has passed.
    ///
    /// # Errors
    /// A system call failed. The capture may be closed and opened again.
    pub fn wait(&mut self, wake: BorrowedFd<'_>, timeout: Duration) -> Result<Ready, Error> {
        match self {
            Source::Ring(ring) => ring.wait(wake, timeout),
            Source::Live(live) => live.wait(wake, timeout),
        }
    }

    /// Calls `each` with the available packets, a bounded number of them, and returns how many there were.
    ///
    /// # Errors
    /// libpcap failed. A ring has no errors.
    pub fn read(&mut self, each: impl FnMut(&Packet<'_>)) -> Result<usize, Error> {
        match self {
            Source::Ring(ring) => Ok(ring.read(each)),
            Source::Live(live) => live.read(each),
        }
    }

    /// Stops accepting packets; those captured before can still be read.
    ///
    /// # Errors
    /// A system call failed.
    pub fn stop(&mut self) -> Result<(), Error> {
        match self {
            Source::Ring(ring) => ring.stop(),
            Source::Live(live) => {
                live.stop();
                Ok(())
            }
        }
    }

    /// Packet counts since [`Source::open`].
    ///
    /// # Errors
    /// A system call failed.
    pub fn statistics(&mut self) -> Result<Statistics, Error> {
        match self {
            Source::Ring(ring) => ring.statistics(),
            Source::Live(live) => live.statistics(),
        }
    }

    /// `ifIndex` of the interface.
    pub fn interface_index(&self) -> u32 {
        match self {
            Source::Ring(ring) => ring.interface_index(),
            Source::Live(live) => live.interface_index(),
        }
    }

    /// Whether the interface exists and is up, as far as the capture knows.
    pub fn link_state(&self) -> LinkState {
        match self {
            Source::Ring(ring) => ring.link_state(),
            Source::Live(live) => live.link_state(),
        }
    }
}
