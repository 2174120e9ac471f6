//! NetFlow version 5: a header of 24 octets and up to 30 records of 48 octets, IPv4 only.
//!
//! Source: Cisco, "NetFlow Export Datagram Format", tables B-3 (header) and B-4 (record).

use crate::fixed::{self, Packing};
use crate::reader::{DecodeError, Reader};
use crate::writer::{Fill, Full};

/// The version number in the header.
pub(crate) const VERSION: u16 = 5;
/// Where the sequence number is (table B-3).
pub(crate) const SEQUENCE_AT: usize = 16;
/// Where the engine type and the engine identifier behind it are (table B-3).
pub(crate) const ENGINE_AT: usize = 20;
/// Octets of the header.
pub const HEADER_LEN: usize = 24;
/// Octets of a record.
pub const RECORD_LEN: usize = 48;
/// Most records in one datagram.
pub const MAX_RECORDS: usize = 30;

/// Sampling mode of the exporter: the high two bits of the header's sampling field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SamplingMode {
    /// 0: every packet is metered.
    #[default]
    None,
    /// 1: one packet in every N, at a fixed distance.
    Deterministic,
    /// 2: one packet in N, at random.
    Random,
    /// 3: unassigned.
    Reserved,
}

/// Header of a datagram (table B-3), without the record count, which the content determines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Milliseconds since the exporter started.
    pub sys_uptime_ms: u32,
    /// Export time, whole seconds since 1970.
    pub unix_secs: u32,
    /// Nanoseconds of the export time beyond its whole seconds.
    pub unix_nsecs: u32,
    /// Flow records sent before this datagram.
    pub flow_sequence: u32,
    /// Type of the switching engine.
    pub engine_type: u8,
    /// Slot of the switching engine.
    pub engine_id: u8,
    /// Sampling mode.
    pub sampling_mode: SamplingMode,
    /// Sampling interval: one packet in N. The field has 14 bits, a larger value is written as 16,383.
    pub sampling_interval: u16,
}

impl Header {
    fn to_bytes(self, count: u16) -> [u8; HEADER_LEN] {
        let mode: u16 = match self.sampling_mode {
            SamplingMode::None => 0,
            SamplingMode::Deterministic => 1,
            SamplingMode::Random => 2,
            SamplingMode::Reserved => 3,
        };
        let mut bytes = [0; HEADER_LEN];
        let mut out = Fill(&mut bytes);
        out.u16(VERSION);
        out.u16(count);
        out.u32(self.sys_uptime_ms);
        out.u32(self.unix_secs);
        out.u32(self.unix_nsecs);
        out.u32(self.flow_sequence);
        out.put([self.engine_type, self.engine_id]);
        out.u16(mode << 14 | self.sampling_interval.min(0x3fff));
        bytes
    }
}

/// A flow record (table B-4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Source address.
    pub source: [u8; 4],
    /// Destination address.
    pub destination: [u8; 4],
    /// Next hop router, zero when unknown.
    pub next_hop: [u8; 4],
    /// SNMP index of the input interface.
    pub input: u16,
    /// SNMP index of the output interface.
    pub output: u16,
    /// Packets of the flow.
    pub packets: u32,
    /// IP octets of the flow.
    pub octets: u32,
    /// Time of the first packet, milliseconds since the exporter started.
    pub first_ms: u32,
    /// Time of the last packet, milliseconds since the exporter started.
    pub last_ms: u32,
    /// Source port.
    pub source_port: u16,
    /// Destination port, or ICMP type × 256 + code.
    pub destination_port: u16,
    /// The low eight bits of the TCP flags of all packets.
    pub tcp_flags: u8,
    /// IP protocol.
    pub protocol: u8,
    /// IP type of service.
    pub tos: u8,
    /// Autonomous system of the source.
    pub source_as: u16,
    /// Autonomous system of the destination.
    pub destination_as: u16,
    /// Prefix length of the source's route.
    pub source_mask: u8,
    /// Prefix length of the destination's route.
    pub destination_mask: u8,
}

impl Record {
    /// Encodes the record.
    #[inline]
    pub fn to_bytes(&self) -> [u8; RECORD_LEN] {
        let mut bytes = [0; RECORD_LEN];
        let mut out = Fill(&mut bytes);
        out.put(self.source);
        out.put(self.destination);
        out.put(self.next_hop);
        out.u16(self.input);
        out.u16(self.output);
        out.u32(self.packets);
        out.u32(self.octets);
        out.u32(self.first_ms);
        out.u32(self.last_ms);
        out.u16(self.source_port);
        out.u16(self.destination_port);
        // Octet 36 is unused.
        out.put([0, self.tcp_flags, self.protocol, self.tos]);
        out.u16(self.source_as);
        out.u16(self.destination_as);
        // Octets 46 and 47 are unused.
        out.put([self.source_mask, self.destination_mask, 0, 0]);
        bytes
    }
}

impl Record {
    /// Decodes a record.
    pub fn from_bytes(bytes: &[u8; RECORD_LEN]) -> Record {
        // The array has exactly the octets read, so there cannot be an error.
        Record::read(&mut Reader::new(bytes)).unwrap_or_default()
    }

    pub(crate) fn read(reader: &mut Reader) -> Result<Record, DecodeError> {
        let mut record = Record {
            source: *reader.array()?,
            destination: *reader.array()?,
            next_hop: *reader.array()?,
            input: reader.u16()?,
            output: reader.u16()?,
            packets: reader.u32()?,
            octets: reader.u32()?,
            first_ms: reader.u32()?,
            last_ms: reader.u32()?,
            source_port: reader.u16()?,
            destination_port: reader.u16()?,
            ..Record::default()
        };
        [_, record.tcp_flags, record.protocol, record.tos] = *reader.array()?;
        record.source_as = reader.u16()?;
        record.destination_as = reader.u16()?;
        [record.source_mask, record.destination_mask, _, _] = *reader.array()?;
        Ok(record)
    }
}

/// A datagram whose header has been read.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// The datagram header.
    pub header: Header,
    /// Record count of the header.
    pub count: u16,
    body: Reader<'a>,
}

impl<'a> Message<'a> {
    /// Reads the header of a datagram.
    ///
    /// # Errors
    /// The datagram is too short, or of another version.
    pub fn parse(datagram: &'a [u8]) -> Result<Message<'a>, DecodeError> {
        let mut reader = Reader::new(datagram);
        let count = fixed::start(&mut reader, VERSION)?;
        let mut header = Header {
            sys_uptime_ms: reader.u32()?,
            unix_secs: reader.u32()?,
            unix_nsecs: reader.u32()?,
            flow_sequence: reader.u32()?,
            ..Header::default()
        };
        [header.engine_type, header.engine_id] = *reader.array()?;
        let sampling = reader.u16()?;
        header.sampling_interval = sampling & 0x3fff;
        header.sampling_mode = match sampling >> 14 {
            0 => SamplingMode::None,
            1 => SamplingMode::Deterministic,
            2 => SamplingMode::Random,
            _ => SamplingMode::Reserved,
        };
        Ok(Message {
            header,
            count,
            body: reader,
        })
    }

    /// The records of the datagram, at most as many as the header announces, followed by an error if that count
    /// contradicts the datagram's length.
    pub fn records(&self) -> impl Iterator<Item = Result<Record, DecodeError>> + use<'a> {
        fixed::records(self.body, self.count, Record::from_bytes)
    }
}

/// Packs records into datagrams.
#[derive(Clone, Debug)]
pub struct Packer(Packing<HEADER_LEN, RECORD_LEN>);

impl Packer {
    /// Creates a packer of datagrams of at most `limit` octets of UDP payload and at most [`MAX_RECORDS`] records.
    pub fn new(limit: usize) -> Packer {
        Packer(Packing::new(limit, MAX_RECORDS))
    }

    /// Whether the datagram has no record yet.
    pub fn is_empty(&self) -> bool {
        self.0.count() == 0
    }

    /// Octets the datagram would have if it ended now.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Number of records in the datagram.
    pub fn count(&self) -> u16 {
        self.0.count()
    }

    /// Number of records that still fit.
    pub fn room(&self) -> usize {
        self.0.room()
    }

    /// Adds a record.
    ///
    /// # Errors
    /// [`Full`]: [`Packer::finish`] the datagram and add the record again.
    #[inline]
    pub fn record(&mut self, record: &Record) -> Result<(), Full> {
        self.0.record(&record.to_bytes())
    }

    /// Ends the datagram and returns its octets. The next record starts a new datagram.
    pub fn finish(&mut self, header: &Header) -> &[u8] {
        self.0.finish(|count| header.to_bytes(count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_of_tables_b3_and_b4() {
        let mut packer = Packer::new(1500);
        packer
            .record(&Record {
                source: [192, 0, 2, 1],
                destination: [198, 51, 100, 2],
                next_hop: [203, 0, 113, 3],
                input: 0x0102,
                output: 0x0304,
                packets: 0x0506_0708,
                octets: 0x090a_0b0c,
                first_ms: 0x0d0e_0f10,
                last_ms: 0x1112_1314,
                source_port: 0x1516,
                destination_port: 0x1718,
                tcp_flags: 0x19,
                protocol: 0x1a,
                tos: 0x1b,
                source_as: 0x1c1d,
                destination_as: 0x1e1f,
                source_mask: 0x20,
                destination_mask: 0x21,
            })
            .unwrap();
        let header = Header {
            sys_uptime_ms: 0x0102_0304,
            unix_secs: 0x0506_0708,
            unix_nsecs: 0x090a_0b0c,
            flow_sequence: 0x0d0e_0f10,
            engine_type: 0x11,
            engine_id: 0x12,
            sampling_mode: SamplingMode::Random,
            sampling_interval: 100,
        };
        let mut expected = vec![0, 5, 0, 1];
        expected.extend(0x01..=0x12);
        expected.extend([0x80, 100]);
        expected.extend([192, 0, 2, 1, 198, 51, 100, 2, 203, 0, 113, 3]);
        expected.extend(0x01..=0x18);
        expected.extend([
            0, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x21, 0, 0,
        ]);
        assert_eq!(packer.finish(&header), expected);
    }

    #[test]
    fn thirty_records_at_most_and_no_more_than_fit() {
        for (limit, fits) in [(9000, 30), (1464, 30), (1463, 29), (72, 1), (71, 0), (3, 0)] {
            let mut packer = Packer::new(limit);
            for round in 0..2 {
                for n in 0..fits {
                    assert_eq!(packer.room(), fits - n, "limit {limit} round {round}");
                    packer.record(&Record::default()).unwrap();
                }
                assert_eq!(
                    (packer.record(&Record::default()), packer.room()),
                    (Err(Full), 0)
                );
                let octets = packer.finish(&Header::default());
                assert_eq!(octets.get(3).copied(), (limit > 24).then_some(fits as u8));
            }
        }
    }
}
