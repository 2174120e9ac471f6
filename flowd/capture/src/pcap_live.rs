//! Captures by libpcap, for interfaces that a packet socket does not reach.
//!
//! libpcap does not tell whether a packet was sent or received, so each direction has its own handle.

use std::fmt;
use std::mem;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use pcap::{Active, Capture, Direction, Precision};
use wire::{LinkType, Packet};

use crate::config::{Config, LinkState, Ready, Statistics};
use crate::error::{Error, libpcap_message};
use crate::filter::Program;
use crate::savefile::time_ns;
use crate::socket::{self, PacketSocket, link_state, system};

/// Packets are delivered after this time at the latest, in milliseconds.
const TIMEOUT_MS: i32 = 40;
/// Most packets of one direction delivered by one read.
const BATCH: usize = 4096;
/// Most packets of one direction read after [`Live::stop`].
const LAST_BATCH: usize = 1 << 20;

/// A libpcap capture of one interface.
pub struct Live {
    handles: Vec<Handle>,
    interface: String,
    index: u32,
    delivered: u64,
    stop: Stop,
    state: LinkState,
    reported: LinkState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    No,
    Asked,
    Done,
}

struct Handle {
    capture: Capture<Active>,
    outgoing: bool,
    link: LinkType,
    /// libpcap counts drops in 32 bits. This is its last count; `dropped` accumulates the increments.
    last_dropped: u32,
    dropped: u64,
}

impl Live {
    /// Opens a capture of the interface.
    ///
    /// # Errors
    /// There is no such interface, permission is missing, the filter does not compile, or libpcap fails.
    pub fn open(config: &Config) -> Result<Live, Error> {
        // Distinguishes a missing interface from missing permission, for which libpcap has only a message.
        let probe = PacketSocket::open(&config.interface)?;
        let loopback = probe.hardware() == libc::ARPHRD_LOOPBACK;
        let directions: &[_] = match (config.incoming, config.outgoing) {
            // Every packet on a loopback interface is sent and received; it is captured on reception.
            (incoming, _) if loopback => &[(Direction::In, !incoming)],
            (true, true) => &[(Direction::In, false), (Direction::Out, true)],
            (false, true) => &[(Direction::Out, true)],
            (_, false) => &[(Direction::In, false)],
        };
        let handles = directions
            .iter()
            .map(|&(direction, outgoing)| Handle::open(config, direction, outgoing))
            .collect::<Result<_, _>>()?;
        Ok(Live {
            handles,
            interface: config.interface.clone(),
            index: probe.index(),
            delivered: 0,
            stop: Stop::No,
            state: LinkState::Up,
            reported: LinkState::Up,
        })
    }

    /// Waits until there are packets, `wake` is readable, the link state changes, or `timeout` has passed.
    ///
    /// # Errors
    /// A system call failed.
    pub fn wait(&mut self, wake: BorrowedFd<'_>, timeout: Duration) -> Result<Ready, Error> {
        // The handle of a removed interface may stay in error, so that polling it would return at once.
        let inputs: Vec<_> = match self.state {
            LinkState::Gone => vec![],
            _ => self
                .handles
                .iter()
                .map(|handle| handle.capture.as_fd())
                .collect(),
        };
        let events = socket::wait(wake, &inputs, timeout)
            .map_err(|errno| system(&self.interface, "wait for packets", errno))?;
        if events.error {
            self.state = link_state(self.index);
        } else if events.input {
            self.state = LinkState::Up;
        } else if self.state == LinkState::Down {
            // The socket is not told when an interface that is down is removed.
            self.state = link_state(self.index);
        }
        let link =
            (mem::replace(&mut self.reported, self.state) != self.state).then_some(self.state);
        // An error is read, too: this is how libpcap clears it.
        Ok(Ready {
            packets: events.input || events.error,
            woken: events.woken,
            link,
        })
    }

    /// Calls `each` with the available packets, and returns how many there were.
    ///
    /// # Errors
    /// libpcap failed.
    pub fn read(&mut self, mut each: impl FnMut(&Packet<'_>)) -> Result<usize, Error> {
        let most = match self.stop {
            Stop::No => BATCH,
            Stop::Asked => LAST_BATCH,
            Stop::Done => return Ok(0),
        };
        if self.stop == Stop::Asked {
            self.stop = Stop::Done;
        }
        let mut count = 0;
        let mut failed = None;
        for handle in &mut self.handles {
            let (link, outgoing) = (handle.link, handle.outgoing);
            let result = handle.capture.dispatch(Some(most), |packet| {
                count += 1;
                each(&Packet {
                    time_ns: time_ns(packet.header),
                    data: packet.data,
                    wire_len: packet.header.len,
                    link,
                    tag: None,
                    outgoing,
                });
            });
            failed = failed.or(result.err());
        }
        self.delivered += count as u64;
        if let Some(error) = failed {
            self.state = link_state(self.index);
            if self.state != LinkState::Gone {
                return Err(Error::Pcap {
                    interface: self.interface.clone(),
                    message: libpcap_message(&error),
                });
            }
        }
        Ok(count)
    }

    /// Stops accepting packets after the next [`Live::read`], which delivers all that are there.
    pub fn stop(&mut self) {
        if self.stop == Stop::No {
            self.stop = Stop::Asked;
        }
    }

    /// Packet counts since the interface was opened. Packets waiting to be read are not included, because libpcap
    /// does not know their number.
    ///
    /// # Errors
    /// libpcap failed.
    pub fn statistics(&mut self) -> Result<Statistics, Error> {
        let mut dropped = 0;
        for handle in &mut self.handles {
            let new = handle
                .capture
                .stats()
                .map_err(|error| Error::Pcap {
                    interface: self.interface.clone(),
                    message: libpcap_message(&error),
                })?
                .dropped;
            handle.dropped +=
                u64::from(new.wrapping_sub(mem::replace(&mut handle.last_dropped, new)));
            dropped += handle.dropped;
        }
        Ok(Statistics {
            captured: self.delivered + dropped,
            delivered: self.delivered,
            dropped,
        })
    }

    /// `ifIndex` of the interface.
    pub fn interface_index(&self) -> u32 {
        self.index
    }

    /// Whether the interface exists and is up, as far as libpcap has reported.
    pub fn link_state(&self) -> LinkState {
        self.state
    }
}

impl Handle {
    fn open(config: &Config, direction: Direction, outgoing: bool) -> Result<Handle, Error> {
        let failed = |error: pcap::Error| Error::Pcap {
            interface: config.interface.clone(),
            message: libpcap_message(&error),
        };
        let buffer = i32::try_from(config.ring_bytes.max(1 << 20)).unwrap_or(i32::MAX);
        let snaplen = i32::try_from(config.snaplen()).unwrap_or(i32::MAX);
        let mut capture = Capture::from_device(config.interface.as_str())
            .map_err(failed)?
            .promisc(config.promiscuous)
            .snaplen(snaplen)
            .buffer_size(buffer)
            .timeout(TIMEOUT_MS)
            .precision(Precision::Nano)
            .open()
            .map_err(failed)?
            .setnonblock()
            .map_err(failed)?;
        if !outgoing {
            socket::ignore_outgoing(capture.as_fd())
                .map_err(|errno| system(&config.interface, "leave out sent packets", errno))?;
        }
        // Not by `inbound` in the filter: libpcap evaluates that itself in the first block, cannot, and loses those
        // packets.
        capture.direction(direction).map_err(failed)?;
        if let Some(text) = &config.filter {
            capture.filter(text, true).map_err(|error| Error::Filter {
                text: text.clone(),
                message: libpcap_message(&error),
            })?;
        }
        let link = LinkType::from(capture.get_datalink().0.cast_unsigned());
        if !config.promiscuous && link == LinkType::Ethernet {
            // libpcap's language has no word for it. Its own filter, in force so far, is part of this one.
            let text = config.filter.as_deref().unwrap_or_default();
            let program = Program::compile(text, true, Some(&config.interface), config.snaplen())?;
            socket::attach(capture.as_fd(), &program.without_other_hosts())
                .map_err(|errno| system(&config.interface, "attach the filter", errno))?;
        }
        let last_dropped = capture.stats().map_err(failed)?.dropped;
        Ok(Handle {
            capture,
            outgoing,
            link,
            last_dropped,
            dropped: 0,
        })
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live")
            .field("interface", &self.interface)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
