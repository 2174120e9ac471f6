//! Reads pcapng (draft-ietf-opsawg-pcapng): sections in either byte order, whose interfaces may differ in link type,
//! snapshot length and resolution of time.

mod interface;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use thiserror::Error;
use wire::{LinkType, Packet};

use super::records::Records;
use super::view::View;
use interface::Interface;

/// Kinds of blocks (§11.1).
mod kind {
    pub(super) const SECTION: u32 = 0x0a0d_0d0a;
    pub(super) const INTERFACE: u32 = 1;
    /// The packet block of older files.
    pub(super) const PACKET: u32 = 2;
    pub(super) const SIMPLE: u32 = 3;
    pub(super) const ENHANCED: u32 = 6;
}

/// The byte-order magic of a section, in the order of its writer.
const MAGIC: u32 = 0x1a2b_3c4d;
/// Octets of a block's kind and length.
const HEADER: usize = 8;
/// Octets of the length that ends a block.
const TRAILER: usize = 4;
/// Octets of a section header that are looked at: kind, length, magic, version.
const SECTION_START: usize = 16;
/// Octets of the longest block with a packet or an interface.
const LONGEST: u32 = 16 << 20;
/// Interfaces a section may have.
const MAX_INTERFACES: usize = 65_536;

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
enum Fault {
    #[error("the file is cut in a block's header, {0} of {HEADER} octets are there")]
    CutHeader(usize),
    #[error("the file is cut in a block, {got} of {len} octets are there")]
    Cut { got: u64, len: u32 },
    #[error("a block claims {0} octets, which no block has")]
    Length(u32),
    #[error(
        "a block of a packet or interface claims {0} octets, more than the {LONGEST} there may be"
    )]
    TooLong(u32),
    #[error("a block begins with a length of {0} octets and ends with one of {1}")]
    Lengths(u32, u32),
    #[error("a section has the byte-order magic {0:#010x}, which is none")]
    Magic(u32),
    #[error("a section is of version {0}, of which nothing is known")]
    Version(u16),
    #[error("a section has more than {MAX_INTERFACES} interfaces")]
    Interfaces,
    #[error("a packet is of interface {0}, and the section has {1}")]
    Interface(u32, usize),
    #[error("a packet claims {claimed} octets, and its block has {room}")]
    Packet { claimed: u32, room: usize },
}

/// A packet in its block.
struct Found {
    interface: usize,
    /// `None`: the block has no time.
    time_ns: Option<u64>,
    /// Place of its first octet in the block.
    at: usize,
    captured: usize,
    wire_len: u32,
    /// Octets of the block.
    len: usize,
}

/// A pcapng file.
pub(super) struct PcapNg {
    view: View,
    big_endian: bool,
    /// The interfaces of the section.
    interfaces: Vec<Interface>,
    /// Packets of the sections before, by link type.
    before: BTreeMap<LinkType, u64>,
    /// The time of the last packet, for those without.
    last_ns: u64,
}

impl PcapNg {
    /// Whether a file that begins with these octets is of this format.
    pub(super) fn begins(start: &[u8]) -> bool {
        start.starts_with(&kind::SECTION.to_be_bytes())
    }

    /// Begins to read a file.
    pub(super) fn new(view: View) -> PcapNg {
        PcapNg {
            view,
            big_endian: false,
            interfaces: Vec::new(),
            before: BTreeMap::new(),
            last_ns: 0,
        }
    }

    /// Octets of the file read so far.
    pub(super) fn position(&self) -> u64 {
        self.view.position()
    }

    /// Packets read so far, by link type.
    pub(super) fn links(&self) -> BTreeMap<LinkType, u64> {
        let mut links = self.before.clone();
        for interface in &self.interfaces {
            *links.entry(interface.link).or_default() += interface.packets;
        }
        links
    }

    /// The words of four octets at the start of a block.
    #[inline(always)]
    fn words<const N: usize>(&self, octets: &[u8]) -> Option<[u32; N]> {
        let words = octets.as_chunks::<4>().0.first_chunk::<N>()?;
        Some(match self.big_endian {
            true => words.map(u32::from_be_bytes),
            false => words.map(u32::from_le_bytes),
        })
    }

    /// Finds the packet of the next block. `None` if not all of it is in view, or it is of another kind.
    #[inline(always)]
    fn packet(&self) -> Option<Result<Found, Fault>> {
        let octets = self.view.rest();
        let [kind, len] = self.words(octets)?;
        if !matches!(kind, kind::ENHANCED | kind::SIMPLE | kind::PACKET) {
            return None;
        }
        let body = octets.get(HEADER..(len as usize).checked_sub(TRAILER)?)?;
        let [last] = self.words(octets.get(HEADER + body.len()..)?)?;
        Some(match last == len {
            true => self.found(kind, body, len),
            false => Err(Fault::Lengths(len, last)),
        })
    }

    #[inline(always)]
    fn found(&self, kind: u32, body: &[u8], len: u32) -> Result<Found, Fault> {
        /// Octets in front of the packet in a block with a time, and in one without.
        const FRONT: usize = 20;
        const SIMPLE_FRONT: usize = 4;
        let found = |number: u32, units: Option<u64>, front: usize, claimed: u32, wire_len| {
            let there = self.interfaces.len();
            let interface = self.interfaces.get(number as usize);
            let interface = interface.ok_or(Fault::Interface(number, there))?;
            let captured = match units {
                Some(_) => claimed,
                // The block says how long the packet was, and the interface how much of it was kept.
                None => claimed.min(interface.snaplen),
            };
            let room = body.len().saturating_sub(front);
            if captured as usize > room {
                let claimed = captured;
                return Err(Fault::Packet { claimed, room });
            }
            Ok(Found {
                interface: number as usize,
                time_ns: units.map(|units| interface.time_ns(units)),
                at: HEADER + front,
                captured: captured as usize,
                wire_len,
                len: len as usize,
            })
        };
        if kind == kind::SIMPLE {
            let [wire_len] = self.words(body).ok_or(Fault::Length(len))?;
            return found(0, None, SIMPLE_FRONT, wire_len, wire_len);
        }
        let [id, high, low, captured, wire_len] = self.words(body).ok_or(Fault::Length(len))?;
        let number = match (kind, self.big_endian) {
            (kind::ENHANCED, _) => id,
            // A number of 16 bits, and the number of packets lost.
            (_, true) => id >> 16,
            (_, false) => id & 0xffff,
        };
        let units = u64::from(high) << 32 | u64::from(low);
        found(number, Some(units), FRONT, captured, wire_len)
    }

    /// Reads blocks until one with a packet is in view. Returns false at the end of the file.
    fn blocks(&mut self) -> Result<bool, Failure> {
        loop {
            match self.view.fill(HEADER)? {
                0 => return Ok(false),
                got @ ..HEADER => return Err(Fault::CutHeader(got).into()),
                _ => {}
            }
            if self.view.rest().starts_with(&kind::SECTION.to_be_bytes()) {
                self.section()?;
            }
            let [kind, len] = self.words(self.view.rest()).unwrap_or_default();
            if len < (HEADER + TRAILER) as u32 || len % 4 != 0 {
                return Err(Fault::Length(len).into());
            }
            match kind {
                kind::ENHANCED | kind::SIMPLE | kind::PACKET => {
                    self.whole(len)?;
                    return match self.packet() {
                        Some(Ok(_)) => Ok(true),
                        Some(Err(fault)) => Err(fault.into()),
                        None => Err(Fault::Length(len).into()),
                    };
                }
                kind::INTERFACE => {
                    self.whole(len)?;
                    let body = self.view.rest().get(HEADER..len as usize - TRAILER);
                    let interface = Interface::read(body.unwrap_or_default(), self.big_endian);
                    if self.interfaces.len() == MAX_INTERFACES {
                        return Err(Fault::Interfaces.into());
                    }
                    self.interfaces.push(interface.ok_or(Fault::Length(len))?);
                }
                _ => {}
            }
            self.over(len)?;
        }
    }

    /// Begins the section whose header is next.
    fn section(&mut self) -> Result<(), Failure> {
        let got = self.view.fill(SECTION_START)?;
        let Some([_, _, magic, version]) = self.words(self.view.rest()) else {
            let len = SECTION_START as u32;
            return Err(Fault::Cut {
                got: got as u64,
                len,
            }
            .into());
        };
        if magic == MAGIC.swap_bytes() {
            self.big_endian = !self.big_endian;
            return self.section();
        }
        if magic != MAGIC {
            return Err(Fault::Magic(magic).into());
        }
        let major = match self.big_endian {
            true => version >> 16,
            false => version & 0xffff,
        } as u16;
        if major != 1 {
            return Err(Fault::Version(major).into());
        }
        self.before = self.links();
        self.interfaces.clear();
        Ok(())
    }

    /// Brings a block of `len` octets into view.
    fn whole(&mut self, len: u32) -> Result<(), Failure> {
        if len > LONGEST {
            return Err(Fault::TooLong(len).into());
        }
        let got = self.view.fill(len as usize)?;
        match got < len as usize {
            true => Err(Fault::Cut {
                got: got as u64,
                len,
            }
            .into()),
            false => Ok(()),
        }
    }

    /// Goes behind the block of `len` octets that is next.
    fn over(&mut self, len: u32) -> Result<(), Failure> {
        let body = u64::from(len) - TRAILER as u64;
        let got = self.view.skip(body)?;
        if got < body {
            return Err(Fault::Cut { got, len }.into());
        }
        let more = self.view.fill(TRAILER)?.min(TRAILER);
        let Some([last]) = self.words(self.view.rest()) else {
            let got = got + more as u64;
            return Err(Fault::Cut { got, len }.into());
        };
        if last != len {
            return Err(Fault::Lengths(len, last).into());
        }
        self.view.consume(TRAILER);
        Ok(())
    }
}

/// Why a file cannot be read on, in words.
struct Failure(String);

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Failure {
        Failure(fault.to_string())
    }
}

impl From<String> for Failure {
    fn from(system: String) -> Failure {
        Failure(system)
    }
}

impl Records for PcapNg {
    #[inline(always)]
    fn next(&mut self) -> Option<Packet<'_>> {
        self.view.prefetch();
        let found = self.packet()?.ok()?;
        let interface = self.interfaces.get_mut(found.interface)?;
        interface.packets += 1;
        let time_ns = found.time_ns.unwrap_or(self.last_ns);
        self.last_ns = time_ns;
        let block = self.view.consume(found.len);
        Some(Packet {
            time_ns,
            data: block.get(found.at..found.at + found.captured)?,
            wire_len: found.wire_len,
            link: interface.link,
            tag: None,
            outgoing: false,
        })
    }

    #[cold]
    fn advance(&mut self) -> Result<bool, String> {
        self.view.check_intact()?;
        self.blocks().map_err(|Failure(why)| why)
    }

    fn check_intact(&self) -> Result<(), String> {
        self.view.check_intact()
    }
}
