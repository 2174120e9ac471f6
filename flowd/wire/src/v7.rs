//! NetFlow version 7, of Catalyst switches: a header of 24 octets and up to 27 records of 52 octets, IPv4 only.
//!
//! Source: Cisco, "NetFlow Export Datagram Format", tables B-5 (header) and B-6 (record). A record is one of version 5 with
//! two octets of flags where that has none, and the router whose work the switch did.

use crate::fixed::{self, Packing};
use crate::reader::{DecodeError, Reader};
use crate::v5;
use crate::writer::{Fill, Full};

/// The version number in the header.
pub(crate) const VERSION: u16 = 7;
/// Octets of the header.
pub const HEADER_LEN: usize = 24;
/// Octets of a record.
pub const RECORD_LEN: usize = 52;
/// Most records in one datagram.
pub const MAX_RECORDS: usize = 27;
/// Where a record says which of its fields are invalid (table B-6).
const INVALID_AT: usize = 46;

/// Header of a datagram (table B-5), without the record count, which the content determines. Four octets behind the
/// sequence number are reserved.
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
}

/// A flow record (table B-6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// What version 5 has, too. Fields that the switch's flow mask leaves out are zero.
    pub flow: v5::Record,
    /// Flags, of which some say which fields are invalid.
    pub invalid: u16,
    /// Address of the router whose work the switch did.
    pub router: [u8; 4],
}

impl Record {
    /// Encodes the record.
    pub fn to_bytes(&self) -> [u8; RECORD_LEN] {
        let mut bytes = [0; RECORD_LEN];
        let mut out = Fill(&mut bytes);
        out.put(self.flow.to_bytes());
        out.put(self.router);
        if let Some(place) = bytes.get_mut(INVALID_AT..INVALID_AT + 2) {
            place.copy_from_slice(&self.invalid.to_be_bytes());
        }
        bytes
    }

    /// Decodes a record.
    pub fn from_bytes(bytes: &[u8; RECORD_LEN]) -> Record {
        // The array has exactly the octets read, so there cannot be an error.
        Record::read(&mut Reader::new(bytes)).unwrap_or_default()
    }

    fn read(reader: &mut Reader) -> Result<Record, DecodeError> {
        let flags = reader.rest().get(INVALID_AT..).unwrap_or_default();
        Ok(Record {
            flow: v5::Record::read(reader)?,
            invalid: Reader::new(flags).u16()?,
            router: *reader.array()?,
        })
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
            flow_sequence: reader.u32()?,
        };
        let _reserved = reader.u32()?;
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
            out.u32(header.flow_sequence);
            bytes
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn octets_of_tables_b5_and_b6() {
        let mut datagram = vec![0, 7, 0, 1];
        datagram.extend(0x01..=0x10);
        datagram.extend([0; 4]);
        datagram.extend([192, 0, 2, 1, 198, 51, 100, 2, 203, 0, 113, 3]);
        datagram.extend(0x01..=0x18);
        datagram.extend([
            0, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x21, 0x22, 0x23, 10, 0, 0, 1,
        ]);
        let message = Message::parse(&datagram).unwrap();
        assert_eq!(
            (message.header.flow_sequence, message.count),
            (0x0d0e_0f10, 1)
        );
        let records: Vec<_> = message.records().collect::<Result<_, _>>().unwrap();
        let [record] = records[..] else {
            panic!("one record");
        };
        assert_eq!((record.invalid, record.router), (0x2223, [10, 0, 0, 1]));
        assert_eq!(
            (record.flow.protocol, record.flow.destination_mask),
            (0x1a, 0x21)
        );
        let mut packer = Packer::new(1500);
        packer.record(&record).unwrap();
        assert_eq!(packer.count(), 1);
        assert_eq!(packer.finish(&message.header), datagram);
        datagram[3] = 2;
        let records: Vec<_> = Message::parse(&datagram).unwrap().records().collect();
        assert_eq!((records.len(), records[0].is_ok()), (2, true));
        assert_eq!(records[1].unwrap_err().problem.reason(), "count");
        datagram[1] = 5;
        assert_eq!(
            Message::parse(&datagram).unwrap_err().to_string(),
            "offset 0: version 5"
        );
    }

    proptest! {
        #[test]
        fn records_come_back(octets in vec(any::<[u8; RECORD_LEN]>(), 0..=MAX_RECORDS), header in any::<[u8; 16]>()) {
            let mut octets = octets;
            // An unused octet is written as zero.
            octets.iter_mut().for_each(|record| record[36] = 0);
            let mut datagram = vec![0, 7, 0, octets.len() as u8];
            datagram.extend(header);
            datagram.extend([0; 4]);
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
            let datagram = [&[0, 7][..], &octets].concat();
            if let Ok(message) = Message::parse(&datagram) {
                prop_assert!(message.records().count() <= octets.len() / RECORD_LEN + 1);
            }
        }
    }
}
