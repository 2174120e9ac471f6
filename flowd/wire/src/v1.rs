//! NetFlow version 1: a header of 16 octets and up to 24 records of 48 octets, IPv4 only, without sequence numbers.
//!
//! Source: Cisco, "NetFlow Export Datagram Format", tables B-1 (header) and B-2 (record). Some exporters' records have four
//! more unused octets, which the datagram's length tells.

use crate::fixed::{self, Packing};
use crate::reader::{DecodeError, Reader};
use crate::writer::{Fill, Full};

/// The version number in the header.
pub(crate) const VERSION: u16 = 1;
/// Octets of the header.
pub const HEADER_LEN: usize = 16;
/// Octets of a record.
pub const RECORD_LEN: usize = 48;
/// Octets of a record with more unused ones at its end.
const LONG_RECORD_LEN: usize = 52;
/// Most records in one datagram.
pub const MAX_RECORDS: usize = 24;

/// Header of a datagram (table B-1), without the record count, which the content determines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Milliseconds since the exporter started.
    pub sys_uptime_ms: u32,
    /// Export time, whole seconds since 1970.
    pub unix_secs: u32,
    /// Nanoseconds of the export time beyond its whole seconds.
    pub unix_nsecs: u32,
}

/// A flow record (table B-2).
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
    /// IP protocol.
    pub protocol: u8,
    /// IP type of service.
    pub tos: u8,
    /// The low eight bits of the TCP flags of all packets.
    pub tcp_flags: u8,
}

impl Record {
    /// Encodes the record.
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
        // Octets 36 and 37 are unused, and those from 41 on.
        out.u16(0);
        out.put([self.protocol, self.tos, self.tcp_flags]);
        bytes
    }

    /// Decodes a record.
    pub fn from_bytes(bytes: &[u8; RECORD_LEN]) -> Record {
        // The array has more octets than are read, so there cannot be an error.
        Record::read(&mut Reader::new(bytes)).unwrap_or_default()
    }

    fn from_long_bytes(bytes: &[u8; LONG_RECORD_LEN]) -> Record {
        Record::read(&mut Reader::new(bytes)).unwrap_or_default()
    }

    fn read(reader: &mut Reader) -> Result<Record, DecodeError> {
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
        let _unused = reader.u16()?;
        [record.protocol, record.tos, record.tcp_flags] = *reader.array()?;
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
        let header = Header {
            sys_uptime_ms: reader.u32()?,
            unix_secs: reader.u32()?,
            unix_nsecs: reader.u32()?,
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
        let is_long = usize::from(self.count) * LONG_RECORD_LEN == self.body.left();
        let (plain, long) = if is_long {
            (
                None,
                Some(fixed::records(
                    self.body,
                    self.count,
                    Record::from_long_bytes,
                )),
            )
        } else {
            (
                Some(fixed::records(self.body, self.count, Record::from_bytes)),
                None,
            )
        };
        plain
            .into_iter()
            .flatten()
            .chain(long.into_iter().flatten())
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

    /// Number of records in the datagram.
    pub fn count(&self) -> u16 {
        self.0.count()
    }

    /// Adds a record.
    ///
    /// # Errors
    /// [`Full`]: [`Packer::finish`] the datagram and add the record again.
    pub fn record(&mut self, record: &Record) -> Result<(), Full> {
        self.0.record(&record.to_bytes())
    }

    /// Ends the datagram and returns its octets. The next record starts a new datagram.
    pub fn finish(&mut self, header: &Header) -> &[u8] {
        self.0.finish(|count| {
            let mut bytes = [0; HEADER_LEN];
            let mut out = Fill(&mut bytes);
            out.u16(VERSION);
            out.u16(count);
            out.u32(header.sys_uptime_ms);
            out.u32(header.unix_secs);
            out.u32(header.unix_nsecs);
            bytes
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn datagram() -> Vec<u8> {
        let mut datagram = vec![0, 1, 0, 1];
        datagram.extend(0x01..=0x0c);
        datagram.extend([192, 0, 2, 1, 198, 51, 100, 2, 203, 0, 113, 3]);
        datagram.extend(0x01..=0x18);
        datagram.extend([0, 0, 6, 0x10, 0x1b, 0, 0, 0, 0, 0, 0, 0]);
        datagram
    }

    #[test]
    fn octets_of_tables_b1_and_b2() {
        let mut datagram = datagram();
        let message = Message::parse(&datagram).unwrap();
        assert_eq!((message.header.unix_nsecs, message.count), (0x090a_0b0c, 1));
        let records: Vec<_> = message.records().collect::<Result<_, _>>().unwrap();
        let [record] = records[..] else {
            panic!("one record");
        };
        assert_eq!(
            (record.source, record.next_hop),
            ([192, 0, 2, 1], [203, 0, 113, 3])
        );
        assert_eq!((record.output, record.last_ms), (0x0304, 0x1112_1314));
        assert_eq!(
            (record.protocol, record.tos, record.tcp_flags),
            (6, 0x10, 0x1b)
        );
        let mut packer = Packer::new(1500);
        packer.record(&record).unwrap();
        assert_eq!(packer.count(), 1);
        assert_eq!(packer.finish(&message.header), datagram);
        // Records with four more octets, and a wrong count.
        let header = message.header;
        datagram.extend([0; 4]);
        let message = Message::parse(&datagram).unwrap();
        assert_eq!(message.records().collect::<Vec<_>>(), [Ok(record)]);
        assert_eq!(message.header, header);
        datagram[3] = 2;
        let records: Vec<_> = Message::parse(&datagram).unwrap().records().collect();
        assert_eq!((records.len(), records[0]), (2, Ok(record)));
        assert_eq!(records[1].unwrap_err().problem.reason(), "count");
    }

    proptest! {
        #[test]
        fn records_come_back(octets in vec(any::<[u8; RECORD_LEN]>(), 0..=MAX_RECORDS), header in any::<[u8; 12]>()) {
            let mut octets = octets;
            for record in &mut octets {
                // Unused octets are written as zero.
                record[36..38].fill(0);
                record[41..].fill(0);
            }
            let mut datagram = vec![0, 1, 0, octets.len() as u8];
            datagram.extend(header);
            datagram.extend(octets.concat());
            let message = Message::parse(&datagram).unwrap();
            let mut packer = Packer::new(datagram.len());
            for record in message.records() {
                packer.record(&record.unwrap()).unwrap();
            }
            prop_assert_eq!(packer.finish(&message.header), datagram);
        }

        #[test]
        fn no_octets_panic(octets in vec(any::<u8>(), 0..200)) {
            let datagram = [&[0, 1][..], &octets].concat();
            if let Ok(message) = Message::parse(&datagram) {
                prop_assert!(message.records().count() <= octets.len() / RECORD_LEN + 1);
            }
        }
    }
}
