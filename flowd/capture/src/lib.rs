//! Interface or savefile → packets.
//!
//! A [`Source`] is a live capture, by an AF_PACKET ring ([`Ring`]) or by libpcap ([`Live`]); a [`Savefile`] is a
//! recorded one. All give [`wire::Packet`]s, borrowed for the length of a call.
//!
//! What a packet is: what the kernel hands to packet sockets. With generic segmentation and receive offload that
//! may be a superpacket of many segments, which counts as one packet with the octets of its one IP header.

pub mod config;
pub mod error;
pub mod filter;
pub mod pcap_live;
pub mod ring;
pub mod savefile;
mod socket;

use std::os::fd::BorrowedFd;
use std::time::Duration;

use wire::Packet;

pub use config::{Config, Engine, Fanout, LinkState, Ready, Statistics};
pub use error::Error;
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
    /// Starts to capture: packets from this moment on, of this interface only.
    ///
    /// # Errors
    /// No such interface, no permission, a filter that does not compile, or what the system says.
    pub fn open(engine: Engine, config: &Config) -> Result<Source, Error> {
        match engine {
            Engine::AfPacket => Ring::open(config).map(Source::Ring),
            Engine::Pcap => Live::open(config).map(Source::Live),
        }
    }

    /// Waits until there are packets, `wake` is readable, the link changes, or `timeout` is over.
    ///
    /// # Errors
    /// What the system says; the capture may be closed and opened again.
    pub fn wait(&mut self, wake: BorrowedFd<'_>, timeout: Duration) -> Result<Ready, Error> {
        match self {
            Source::Ring(ring) => ring.wait(wake, timeout),
            Source::Live(live) => live.wait(wake, timeout),
        }
    }

    /// Hands the packets that are there to `each`, a bounded number of them, and returns how many.
    ///
    /// # Errors
    /// What libpcap says; a ring has none.
    pub fn read(&mut self, each: impl FnMut(&Packet<'_>)) -> Result<usize, Error> {
        match self {
            Source::Ring(ring) => Ok(ring.read(each)),
            Source::Live(live) => live.read(each),
        }
    }

    /// Takes no new packets from now on; those captured already can still be read.
    ///
    /// # Errors
    /// What the system says.
    pub fn stop(&mut self) -> Result<(), Error> {
        match self {
            Source::Ring(ring) => ring.stop(),
            Source::Live(live) => {
                live.stop();
                Ok(())
            }
        }
    }

    /// Packets since [`Source::open`].
    ///
    /// # Errors
    /// What the system says.
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

    /// Whether the interface is there and up, as far as the capture has been told.
    pub fn link_state(&self) -> LinkState {
        match self {
            Source::Ring(ring) => ring.link_state(),
            Source::Live(live) => live.link_state(),
        }
    }
}
