//! sFlow version 5: datagrams of flow samples, counter samples and discarded packets.
//!
//! Source: sFlow.org, "sFlow Version 5" (`sflow_version_5.txt`), and "sFlow Dropped Packet Notification Structures"
//! (`sflow_drops.txt`) for discarded packets. Everything is XDR (RFC 4506): words of four octets, network byte order. A
//! sample and each record in it say their length, so what is not known, or is damaged, is stepped over.
//!
//! Records are in [`FlowRecord`] and [`CounterRecord`]; unknown ones are kept as [`Structure`].

mod counters;
mod drops;
mod flows;
mod packer;
mod xdr;

pub use counters::*;
pub use drops::{UNKNOWN_REASON, drop_reason, drop_reason_code};
pub use flows::*;
pub use packer::Packer;
pub use xdr::{Adapter, Adapters, Address, AsPath, AsSegment, Uuid, Value, Words};

use crate::reader::{DecodeError, Problem, Reader};
use xdr::Xdr;

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

/// Sample formats of enterprise 0.
mod sample {
    pub(super) const FLOW: u32 = 1;
    pub(super) const COUNTERS: u32 = 2;
    pub(super) const EXPANDED_FLOW: u32 = 3;
    pub(super) const EXPANDED_COUNTERS: u32 = 4;
    pub(super) const DISCARDED_PACKET: u32 = 5;
}

/// Bits of the format in the number of a structure; the enterprise is above them.
const FORMAT_BITS: u32 = 12;
/// Bits of the index in a compact data source; its class is above them.
const INDEX_BITS: u32 = 24;
/// Bits of the value in a compact interface; its format is above them.
const INTERFACE_BITS: u32 = 30;

/// Header of a datagram (`sample_datagram_v5`), without the number of samples, which the content determines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Address of the agent.
    pub agent: Address,
    /// Sub-agent, which has sequence numbers of its own.
    pub sub_agent: u32,
    /// Datagrams that the sub-agent sent before this one.
    pub sequence: u32,
    /// Milliseconds since the agent started.
    pub uptime_ms: u32,
}

/// A datagram whose header has been read.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// The datagram header.
    pub header: Header,
    /// Sample count of the header.
    pub count: u32,
    body: Reader<'a>,
}

impl<'a> Message<'a> {
    /// Reads the header of a datagram.
    ///
    /// # Errors
    /// The datagram is too short, of another version, or its agent has an address of an unknown kind.
    pub fn parse(datagram: &'a [u8]) -> Result<Message<'a>, DecodeError> {
        let mut reader = Reader::new(datagram);
        let start = reader;
        let version = reader.u32()?;
        if version != VERSION {
            // The other formats have the version in the first two octets.
            let high = u16::try_from(version >> 16).unwrap_or_default();
            let low = u16::try_from(version & 0xffff).unwrap_or_default();
            let version = if high == 0 { low } else { high };
            return Err(start.error(Problem::Version(version)));
        }
        let header = Header {
            agent: Address::read(&mut reader)?,
            sub_agent: reader.u32()?,
            sequence: reader.u32()?,
            uptime_ms: reader.u32()?,
        };
        Ok(Message {
            header,
            count: reader.u32()?,
            body: reader,
        })
    }

    /// The samples of the datagram. What is there of one that the datagram cuts off is returned; the error follows it.
    pub fn samples(&self) -> Samples<'a> {
        Samples {
            structures: Structures {
                left: self.count,
                reader: self.body,
                error: None,
            },
        }
    }
}

/// A structure by its number: a sample, or a record of one.
#[derive(Clone, Copy, Debug)]
pub struct Structure<'a> {
    /// Enterprise number; 0 for the structures of sFlow.org.
    pub enterprise: u32,
    /// Format number (12 bits).
    pub format: u32,
    body: Reader<'a>,
}

impl PartialEq for Structure<'_> {
    fn eq(&self, other: &Self) -> bool {
        let key = |it: &Self| (it.enterprise, it.format);
        key(self) == key(other) && self.octets() == other.octets()
    }
}

impl<'a> Structure<'a> {
    /// A structure of any number with these octets.
    pub fn new(enterprise: u32, format: u32, octets: &'a [u8]) -> Structure<'a> {
        Structure {
            enterprise,
            format,
            body: Reader::new(octets),
        }
    }

    /// The octets of the structure.
    pub fn octets(&self) -> &'a [u8] {
        self.body.rest()
    }
}

/// Iterator over the structures of a sample, or the samples of a datagram.
///
/// What is there of a structure that is cut off is returned; the error follows it.
#[derive(Clone, Copy, Debug)]
pub struct Structures<'a> {
    left: u32,
    reader: Reader<'a>,
    error: Option<DecodeError>,
}

impl<'a> Structures<'a> {
    fn read(&mut self) -> Result<Structure<'a>, DecodeError> {
        let number = self.reader.u32()?;
        let len = usize::try_from(self.reader.u32()?).unwrap_or(usize::MAX);
        let left = self.reader.left();
        if len > left {
            let needed = len;
            self.error = Some(self.reader.error(Problem::Truncated { needed, left }));
        }
        Ok(Structure {
            enterprise: number >> FORMAT_BITS,
            format: number & ((1 << FORMAT_BITS) - 1),
            body: self.reader.part(len.min(left))?,
        })
    }
}

impl<'a> Iterator for Structures<'a> {
    type Item = Result<Structure<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.error.take() {
            self.left = 0;
            return Some(Err(error));
        }
        self.left = self.left.checked_sub(1)?;
        let read = self.read();
        if read.is_err() {
            self.left = 0;
        }
        Some(read)
    }
}

/// Iterator over the samples of a datagram.
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a> {
    structures: Structures<'a>,
}

impl<'a> Iterator for Samples<'a> {
    type Item = Result<Sample<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let structure = self.structures.next()?;
        Some(structure.and_then(Sample::read))
    }
}

/// One sample of a datagram.
#[derive(Clone, Copy, Debug)]
pub enum Sample<'a> {
    /// A packet that was sampled (formats 1 and 3).
    Flow(FlowSample<'a>),
    /// Counters of a data source (formats 2 and 4).
    Counters(CounterSample<'a>),
    /// A packet that was dropped (format 5).
    Discarded(DiscardedPacket<'a>),
    /// A sample of another format, as it came.
    Other(Structure<'a>),
}

impl<'a> Sample<'a> {
    fn read(structure: Structure<'a>) -> Result<Sample<'a>, DecodeError> {
        if structure.enterprise != 0 {
            return Ok(Sample::Other(structure));
        }
        let body = &mut structure.body.clone();
        let sample = match structure.format {
            sample::FLOW => FlowSample::read(body, false).map(Sample::Flow),
            sample::EXPANDED_FLOW => FlowSample::read(body, true).map(Sample::Flow),
            sample::COUNTERS => CounterSample::read(body, false).map(Sample::Counters),
            sample::EXPANDED_COUNTERS => CounterSample::read(body, true).map(Sample::Counters),
            sample::DISCARDED_PACKET => DiscardedPacket::read(body).map(Sample::Discarded),
            _ => Ok(Sample::Other(structure)),
        };
        sample.map_err(in_sample)
    }
}

/// The error of a sample, which costs that sample or the rest of its records only.
fn in_sample(error: DecodeError) -> DecodeError {
    let problem = match error.problem {
        Problem::Truncated { needed, left } => Problem::Sample { needed, left },
        problem => problem,
    };
    DecodeError { problem, ..error }
}

/// What a sample is about: an interface, a VLAN, an entity of the device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DataSource {
    /// Class: 0 `ifIndex`, 1 VLAN, 2 physical entity, 3 logical entity.
    pub class: u32,
    /// Index in the class.
    pub index: u32,
}

impl DataSource {
    /// The interface with this `ifIndex`.
    pub const fn interface(index: u32) -> DataSource {
        DataSource { class: 0, index }
    }

    fn read(reader: &mut Reader, expanded: bool) -> Result<DataSource, DecodeError> {
        let word = reader.u32()?;
        Ok(if expanded {
            DataSource {
                class: word,
                index: reader.u32()?,
            }
        } else {
            DataSource {
                class: word >> INDEX_BITS,
                index: word & ((1 << INDEX_BITS) - 1),
            }
        })
    }

    /// The compact form, if there is one.
    const fn compact(self) -> Option<u32> {
        if self.class >> (32 - INDEX_BITS) == 0 && self.index >> INDEX_BITS == 0 {
            Some(self.class << INDEX_BITS | self.index)
        } else {
            None
        }
    }
}

/// Where a sampled packet came in or went out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Interface {
    /// Kind of the value: [`Interface::SINGLE`], [`Interface::DISCARDED`] or [`Interface::MULTIPLE`].
    pub format: u32,
    /// `ifIndex`, reason or number of interfaces.
    pub value: u32,
}

impl Interface {
    /// The value is an `ifIndex`, or 0 if that is not known.
    pub const SINGLE: u32 = 0;
    /// The packet was dropped; the value is the reason.
    pub const DISCARDED: u32 = 1;
    /// The packet went to several interfaces; the value is their number, or 0 if that is not known.
    pub const MULTIPLE: u32 = 2;
    /// The device itself, for which there is no `ifIndex`.
    pub const INTERNAL: Interface = Interface {
        format: Interface::SINGLE,
        value: 0x3fff_ffff,
    };

    /// The interface with this `ifIndex`; 0 is unknown.
    pub const fn single(index: u32) -> Interface {
        Interface {
            format: Interface::SINGLE,
            value: index,
        }
    }

    /// The `ifIndex`, if this is one interface that is known.
    pub fn index(self) -> Option<u32> {
        let single = self.format == Interface::SINGLE && self.value != 0;
        (single && self != Interface::INTERNAL).then_some(self.value)
    }

    fn read(reader: &mut Reader, expanded: bool) -> Result<Interface, DecodeError> {
        let word = reader.u32()?;
        Ok(if expanded {
            Interface {
                format: word,
                value: reader.u32()?,
            }
        } else {
            Interface {
                format: word >> INTERFACE_BITS,
                value: word & ((1 << INTERFACE_BITS) - 1),
            }
        })
    }

    /// The compact form, if there is one.
    const fn compact(self) -> Option<u32> {
        if self.format >> (32 - INTERFACE_BITS) == 0 && self.value >> INTERFACE_BITS == 0 {
            Some(self.format << INTERFACE_BITS | self.value)
        } else {
            None
        }
    }
}

/// What a flow sample says of the sampled packet, apart from its records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlowHeader {
    /// Flow samples of this data source before this one.
    pub sequence: u32,
    /// Where the packet was sampled.
    pub source: DataSource,
    /// One packet in this many is sampled.
    pub rate: u32,
    /// Packets that could have been sampled.
    pub pool: u32,
    /// Samples lost for want of resources.
    pub drops: u32,
    /// Where the packet came in.
    pub input: Interface,
    /// Where it went out.
    pub output: Interface,
}

/// A sampled packet (`flow_sample` and `flow_sample_expanded`).
#[derive(Clone, Copy, Debug)]
pub struct FlowSample<'a> {
    /// What is said of the packet.
    pub header: FlowHeader,
    /// Whether it came in the expanded form.
    pub expanded: bool,
    records: Structures<'a>,
}

impl<'a> FlowSample<'a> {
    fn read(reader: &mut Reader<'a>, expanded: bool) -> Result<FlowSample<'a>, DecodeError> {
        let header = FlowHeader {
            sequence: reader.u32()?,
            source: DataSource::read(reader, expanded)?,
            rate: reader.u32()?,
            pool: reader.u32()?,
            drops: reader.u32()?,
            input: Interface::read(reader, expanded)?,
            output: Interface::read(reader, expanded)?,
        };
        Ok(FlowSample {
            header,
            expanded,
            records: Structures::read_count(reader)?,
        })
    }

    /// The records of the sample. An error ends them.
    pub fn records(&self) -> impl Iterator<Item = Result<FlowRecord<'a>, DecodeError>> + use<'a> {
        flow_records(self.records)
    }

    /// The records of the sample by number and octets.
    pub fn structures(&self) -> Structures<'a> {
        self.records
    }
}

impl<'a> Structures<'a> {
    fn read_count(reader: &mut Reader<'a>) -> Result<Structures<'a>, DecodeError> {
        Ok(Structures {
            left: reader.u32()?,
            reader: *reader,
            error: None,
        })
    }
}

/// The records of a sample. One that is cut off is an error only, not what there is of it.
fn whole_records<'a>(
    records: Structures<'a>,
) -> impl Iterator<Item = Result<Structure<'a>, DecodeError>> {
    let mut records = records;
    std::iter::from_fn(move || {
        let record = records.next()?;
        Some(records.error.take().map_or(record, |error| {
            records.left = 0;
            Err(error)
        }))
        .map(|record| record.map_err(in_sample))
    })
}

fn flow_records<'a>(
    records: Structures<'a>,
) -> impl Iterator<Item = Result<FlowRecord<'a>, DecodeError>> {
    whole_records(records).map(|record| record.and_then(FlowRecord::read))
}

/// Counters of a data source (`counters_sample` and `counters_sample_expanded`).
#[derive(Clone, Copy, Debug)]
pub struct CounterSample<'a> {
    /// Counter samples of this data source before this one.
    pub sequence: u32,
    /// Whose counters they are.
    pub source: DataSource,
    /// Whether it came in the expanded form.
    pub expanded: bool,
    records: Structures<'a>,
}

impl<'a> CounterSample<'a> {
    fn read(reader: &mut Reader<'a>, expanded: bool) -> Result<CounterSample<'a>, DecodeError> {
        Ok(CounterSample {
            sequence: reader.u32()?,
            source: DataSource::read(reader, expanded)?,
            expanded,
            records: Structures::read_count(reader)?,
        })
    }

    /// The records of the sample. An error ends them.
    pub fn records(
        &self,
    ) -> impl Iterator<Item = Result<CounterRecord<'a>, DecodeError>> + use<'a> {
        whole_records(self.records).map(|record| record.and_then(CounterRecord::read))
    }

    /// The records of the sample by number and octets.
    pub fn structures(&self) -> Structures<'a> {
        self.records
    }
}

/// What a discarded packet's sample says of it, apart from its records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiscardedHeader {
    /// Discarded packets of this data source before this one.
    pub sequence: u32,
    /// Where the packet was dropped.
    pub source: DataSource,
    /// Discarded packets that were not sent because of a limit, or for want of resources.
    pub drops: u32,
    /// `ifIndex` of the interface it came in by; 0 when unknown.
    pub input: u32,
    /// `ifIndex` of the interface it was to leave by; 0 when unknown.
    pub output: u32,
    /// Why it was dropped: see [`drop_reason`].
    pub reason: u32,
}

/// A packet that was dropped (`discarded_packet`).
#[derive(Clone, Copy, Debug)]
pub struct DiscardedPacket<'a> {
    /// What is said of the packet.
    pub header: DiscardedHeader,
    records: Structures<'a>,
}

impl<'a> DiscardedPacket<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<DiscardedPacket<'a>, DecodeError> {
        let header = DiscardedHeader {
            sequence: reader.u32()?,
            source: DataSource::read(reader, true)?,
            drops: reader.u32()?,
            input: reader.u32()?,
            output: reader.u32()?,
            reason: reader.u32()?,
        };
        Ok(DiscardedPacket {
            header,
            records: Structures::read_count(reader)?,
        })
    }

    /// The records of the sample. An error ends them.
    pub fn records(&self) -> impl Iterator<Item = Result<FlowRecord<'a>, DecodeError>> + use<'a> {
        flow_records(self.records)
    }

    /// The records of the sample by number and octets.
    pub fn structures(&self) -> Structures<'a> {
        self.records
    }
}

#[cfg(test)]
mod tests;
