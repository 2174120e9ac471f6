//! The records of a block: flows, and what is told of exporters, samplers, interfaces, VRFs and applications.

use std::net::IpAddr;

use crate::Error;
use crate::fields::Fields;

/// Octets of type and length before every record.
const HEADER_LEN: usize = 4;
/// Octets before a flow's extensions.
const FLOW_HEADER_LEN: usize = 12;
/// Octets before the elements of an array.
const ARRAY_HEADER_LEN: usize = 8;
/// Octets of type and length before every extension.
const EXTENSION_HEADER_LEN: usize = 4;
/// Octets of the statistics of one exporter.
const EXPORTER_STATISTICS_LEN: usize = 24;
/// Where the lengths of an application's texts are, in an array of applications.
const APPLICATION_LENGTHS_AT: usize = ARRAY_HEADER_LEN;

/// Types of records (`id.h`).
mod kind {
    pub(super) const EXPORTER: u16 = 7;
    pub(super) const EXPORTER_STATISTICS: u16 = 8;
    pub(super) const OLD_SAMPLER: u16 = 9;
    pub(super) const FLOW: u16 = 11;
    pub(super) const APPLICATIONS: u16 = 12;
    pub(super) const INTERFACES: u16 = 13;
    pub(super) const VRFS: u16 = 14;
    pub(super) const SAMPLER: u16 = 15;
    /// The last that nfdump 1.7 has.
    pub(super) const LAST: u16 = SAMPLER;
    /// Records of the file itself have this bit.
    pub(super) const OF_FILE: u16 = 0x8000;
    pub(super) const IDENTIFICATION: u16 = 0x8001;
    pub(super) const STATISTICS: u16 = 0x8002;
}

/// A record.
#[derive(Clone, Copy, Debug)]
pub enum Record<'a> {
    /// A flow (type 11).
    Flow(Flow<'a>),
    /// An exporter (type 7).
    Exporter(Exporter),
    /// How many datagrams and flows each exporter sent (type 8).
    ExporterStatistics(ExporterStatistics<'a>),
    /// A sampler of an exporter (types 9 and 15).
    Sampler(Sampler),
    /// Names of applications (type 12).
    Applications(Applications<'a>),
    /// Names of interfaces (type 13).
    Interfaces(Names<'a>),
    /// Names of VRFs (type 14).
    Vrfs(Names<'a>),
    /// The name of the file's source (type 0x8001).
    Identification(&'a [u8]),
    /// Totals of the file (type 0x8002).
    Statistics(Statistics),
    /// A record of another type, as it came.
    Other(u16, &'a [u8]),
}

impl<'a> Record<'a> {
    /// Splits off a record: its type and its octets, header included.
    pub(crate) fn split(rest: Fields<'a>) -> Result<(u16, &'a [u8]), Error> {
        let header = rest.u16(0).zip(rest.u16(2));
        let (kind, len) = header.ok_or_else(|| rest.short(HEADER_LEN))?;
        if usize::from(len) < HEADER_LEN {
            let offset = rest.offset;
            return Err(Error::RecordLength { offset, len });
        }
        Ok((kind, rest.first(len.into())?.octets))
    }

    /// Reads a record of a type from its octets, header included.
    pub(crate) fn read(kind: u16, octets: &'a [u8]) -> Result<Record<'a>, Error> {
        let fields = Fields::new(octets);
        let content = octets.get(HEADER_LEN..).unwrap_or_default();
        let read = match kind {
            kind::FLOW => Flow::read(fields).map(Record::Flow),
            kind::EXPORTER => Exporter::read(fields).map(Record::Exporter),
            kind::EXPORTER_STATISTICS => {
                let octets = octets.get(ARRAY_HEADER_LEN..);
                octets.map(|octets| Record::ExporterStatistics(ExporterStatistics { octets }))
            }
            kind::OLD_SAMPLER => Sampler::read_old(fields).map(Record::Sampler),
            kind::SAMPLER => Sampler::read(fields).map(Record::Sampler),
            kind::APPLICATIONS => Applications::read(fields).map(Record::Applications),
            kind::INTERFACES => Array::read(fields).map(|it| Record::Interfaces(Names(it))),
            kind::VRFS => Array::read(fields).map(|it| Record::Vrfs(Names(it))),
            kind::IDENTIFICATION => Some(Record::Identification(text(content))),
            kind::STATISTICS => Statistics::read(fields.from(HEADER_LEN)).map(Record::Statistics),
            other if other > kind::LAST && other & kind::OF_FILE == 0 => {
                return Err(Error::NewRecord(other));
            }
            other => Some(Record::Other(other, content)),
        };
        read.ok_or_else(|| fields.short(fields.len() + 1))
    }
}

/// The octets before the first zero.
pub(crate) fn text(octets: &[u8]) -> &[u8] {
    octets.split(|octet| *octet == 0).next().unwrap_or_default()
}

/// A flow.
#[derive(Clone, Copy, Debug)]
pub struct Flow<'a> {
    /// Type of the exporter's engine.
    pub engine_type: u8,
    /// Number of the exporter's engine.
    pub engine_id: u8,
    /// The exporter, by [`Exporter::id`].
    pub exporter: u16,
    /// Version of the datagram it came in: 1, 5, 7, 9, 10; the low octet of 9999 is sFlow.
    pub version: u8,
    flags: u8,
    extensions: Fields<'a>,
}

/// An extension of a flow: values that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// The number of the extension ([`crate::extension`]).
    pub id: u16,
    /// Its octets, without number and length.
    pub octets: &'a [u8],
}

impl<'a> Flow<'a> {
    /// The flag of an event.
    const EVENT: u8 = 1;
    /// The flag of counters that were multiplied by the sampling rate.
    const SAMPLED: u8 = 2;
    /// The flag of addresses that were made anonymous.
    const ANONYMOUS: u8 = 4;

    fn read(fields: Fields<'a>) -> Option<Flow<'a>> {
        Some(Flow {
            engine_type: fields.u8(6)?,
            engine_id: fields.u8(7)?,
            exporter: fields.u16(8)?,
            flags: fields.u8(10)?,
            version: fields.u8(11)?,
            extensions: fields.from(FLOW_HEADER_LEN),
        })
    }

    /// Whether it is an event, such as of a firewall, and no flow with counters.
    pub fn is_event(&self) -> bool {
        self.flags & Flow::EVENT != 0
    }

    /// Whether its counters were multiplied by the sampling rate already.
    pub fn is_scaled(&self) -> bool {
        self.flags & Flow::SAMPLED != 0
    }

    /// Whether its addresses were made anonymous.
    pub fn is_anonymous(&self) -> bool {
        self.flags & Flow::ANONYMOUS != 0
    }

    /// The extensions of the flow. One that runs out of the record ends them.
    #[inline]
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'a>> + use<'a> {
        let mut rest = self.extensions;
        std::iter::from_fn(move || {
            let (id, len) = (rest.u16(0)?, rest.u16(2)?);
            let octets = rest.octets.get(EXTENSION_HEADER_LEN..len.into())?;
            rest = rest.from(len.into());
            Some(Extension { id, octets })
        })
    }
}

/// An exporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exporter {
    /// The number by which flows and samplers name it in this file.
    pub id: u16,
    /// Its address.
    pub address: IpAddr,
    /// Version of its datagrams: 1, 5, 7, 9, 10, or 9999 for sFlow.
    pub version: u32,
    /// Its observation domain or engine.
    pub domain: u32,
}

/// How an address's family is written: Linux' numbers, 0 where IPv4 addresses are mapped to IPv6.
mod family {
    pub(super) const INET: u16 = 2;
    pub(super) const INET6: u16 = 10;
}

impl Exporter {
    fn read(fields: Fields) -> Option<Exporter> {
        let address = match fields.u16(24)? {
            family::INET => IpAddr::from(fields.u32(16)?.to_be_bytes()),
            family::INET6 => {
                let halves = [fields.u64(8)?, fields.u64(16)?];
                IpAddr::from((u128::from(halves[0]) << 64 | u128::from(halves[1])).to_be_bytes())
            }
            _ => IpAddr::from(*fields.octets.get(8..)?.first_chunk::<16>()?).to_canonical(),
        };
        Some(Exporter {
            id: fields.u16(26)?,
            address,
            version: fields.u32(4)?,
            domain: fields.u32(28)?,
        })
    }
}

/// How many datagrams and flows exporters sent.
#[derive(Clone, Copy, Debug)]
pub struct ExporterStatistics<'a> {
    octets: &'a [u8],
}

impl<'a> ExporterStatistics<'a> {
    /// Exporter, sequence failures, datagrams, flows.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u32, u64, u64)> + use<'a> {
        let (chunks, _) = self.octets.as_chunks::<EXPORTER_STATISTICS_LEN>();
        chunks.iter().filter_map(|chunk| {
            let fields = Fields::new(chunk);
            Some((
                fields.u32(0)?,
                fields.u32(4)?,
                fields.u64(8)?,
                fields.u64(16)?,
            ))
        })
    }
}

/// A sampler of an exporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampler {
    /// The exporter, by [`Exporter::id`].
    pub exporter: u16,
    /// The sampler's number (element 302); -1 if the exporter gave none, -2 and -3 if nfcapd's `-s` did.
    pub id: i64,
    /// Algorithm (element 304).
    pub algorithm: u16,
    /// Packets sampled in a row (element 305).
    pub packet_interval: u32,
    /// Packets left out after them (element 306).
    pub space_interval: u32,
}

impl Sampler {
    fn read(fields: Fields) -> Option<Sampler> {
        Some(Sampler {
            exporter: fields.u16(4)?,
            algorithm: fields.u16(6)?,
            id: i64::from_le_bytes(fields.u64(8)?.to_le_bytes()),
            packet_interval: fields.u32(16)?,
            space_interval: fields.u32(20)?,
        })
    }

    /// One packet in `interval`, as elements 34 and 35 have it.
    fn read_old(fields: Fields) -> Option<Sampler> {
        Some(Sampler {
            id: i32::from_le_bytes(fields.u32(4)?.to_le_bytes()).into(),
            packet_interval: 1,
            space_interval: fields.u32(8)?.saturating_sub(1),
            algorithm: fields.u16(12)?,
            exporter: fields.u16(14)?,
        })
    }
}

/// Elements of one length, which are the last octets of their record.
#[derive(Clone, Copy, Debug)]
struct Array<'a> {
    len: usize,
    elements: &'a [u8],
}

impl<'a> Array<'a> {
    fn read(fields: Fields<'a>) -> Option<Array<'a>> {
        let (count, len) = (usize::from(fields.u16(4)?), usize::from(fields.u16(6)?));
        let start = fields.len().checked_sub(count.checked_mul(len)?)?;
        let elements = fields.octets.get(start..)?;
        (start >= ARRAY_HEADER_LEN).then_some(Array { len, elements })
    }

    fn iter(self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        // An element has octets, or else there are none of them.
        self.elements.chunks_exact(self.len.max(1))
    }
}

/// Names of interfaces or VRFs.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a>(Array<'a>);

/// The name of an interface or VRF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// The index of the interface, or the identifier of the VRF.
    pub id: u32,
    /// The name.
    pub name: &'a [u8],
}

impl<'a> Names<'a> {
    /// The names.
    pub fn iter(&self) -> impl Iterator<Item = Name<'a>> + use<'a> {
        self.0.iter().filter_map(|element| {
            let id = Fields::new(element).u32(0)?;
            let name = text(element.get(4..)?);
            Some(Name { id, name })
        })
    }
}

/// Names of applications.
#[derive(Clone, Copy, Debug)]
pub struct Applications<'a> {
    array: Array<'a>,
    /// Octets of identifier, name and description in each element.
    lens: [usize; 3],
}

/// The name of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Application<'a> {
    /// Its identifier (element 95).
    pub id: &'a [u8],
    /// Its name (element 96).
    pub name: &'a [u8],
    /// What it is (element 94).
    pub description: &'a [u8],
}

impl<'a> Applications<'a> {
    fn read(fields: Fields<'a>) -> Option<Applications<'a>> {
        let len = |number: usize| {
            fields
                .u16(APPLICATION_LENGTHS_AT + number * 2)
                .map(usize::from)
        };
        Some(Applications {
            array: Array::read(fields)?,
            lens: [len(0)?, len(1)?, len(2)?],
        })
    }

    /// The applications.
    pub fn iter(&self) -> impl Iterator<Item = Application<'a>> + use<'a> {
        let [id, name, description] = self.lens;
        self.array.iter().filter_map(move |element| {
            let (id, texts) = element.split_at_checked(id)?;
            let (name, texts) = texts.split_at_checked(name)?;
            Some(Application {
                id,
                name: text(name),
                description: text(texts.get(..description)?),
            })
        })
    }
}

/// Totals of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// Number of flows.
    pub flows: u64,
    /// Number of octets.
    pub octets: u64,
    /// Number of packets.
    pub packets: u64,
    /// The first packet, in milliseconds since 1970.
    pub first_ms: u64,
    /// The last packet, in milliseconds since 1970.
    pub last_ms: u64,
    /// Number of sequence failures.
    pub sequence_failures: u64,
}

impl Statistics {
    fn read(fields: Fields) -> Option<Statistics> {
        let number = |at: usize| fields.u64(at * 8);
        Some(Statistics {
            flows: number(0)?,
            octets: number(1)?,
            packets: number(2)?,
            // In between are the same of TCP, UDP, ICMP and others.
            first_ms: number(15)?,
            last_ms: number(16)?,
            sequence_failures: number(17)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn record(kind: u16, content: &[u8]) -> Vec<u8> {
        let len = (HEADER_LEN + content.len()) as u16;
        [&kind.to_le_bytes()[..], &len.to_le_bytes(), content].concat()
    }

    fn read(octets: &[u8]) -> Result<Record<'_>, Error> {
        let (kind, whole) = Record::split(Fields::new(octets))?;
        Record::read(kind, whole)
    }

    #[test]
    fn exporters_by_their_octets() {
        let exporter = |address: [u8; 16], family: u16| {
            let mut content = 10u32.to_le_bytes().to_vec();
            content.extend(address);
            content.extend(family.to_le_bytes());
            content.extend([3, 0, 7, 0, 0, 0]);
            match read(&record(7, &content)) {
                Ok(Record::Exporter(it)) => it,
                other => panic!("{other:?}"),
            }
        };
        let mut v4 = [0; 16];
        v4[8..12].copy_from_slice(&[1, 2, 0, 192]);
        let found = exporter(v4, family::INET);
        assert_eq!((found.id, found.version, found.domain), (3, 10, 7));
        assert_eq!(found.address.to_string(), "192.0.2.1");
        // Two halves, each little-endian.
        let v6 = [0, 0, 0, 0, 0xb8, 0x0d, 1, 0x20, 1, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(
            exporter(v6, family::INET6).address.to_string(),
            "2001:db8::1"
        );
        let mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 9];
        assert_eq!(exporter(mapped, 0).address.to_string(), "192.0.2.9");
    }

    #[test]
    fn samplers_names_and_applications_by_their_octets() {
        let mut content = vec![3, 0, 2, 0];
        content.extend((-2i64).to_le_bytes());
        content.extend([1, 0, 0, 0, 99, 0, 0, 0]);
        let Ok(Record::Sampler(sampler)) = read(&record(15, &content)) else {
            panic!("a sampler");
        };
        let expected = Sampler {
            exporter: 3,
            id: -2,
            algorithm: 2,
            packet_interval: 1,
            space_interval: 99,
        };
        assert_eq!(sampler, expected);
        let old = [254, 255, 255, 255, 100, 0, 0, 0, 2, 0, 3, 0];
        assert!(matches!(read(&record(9, &old)), Ok(Record::Sampler(it)) if it == expected));

        let names = [
            &[2, 0, 12, 0][..],
            &[5, 0, 0, 0],
            b"eth0\0\0\0\0",
            &[6, 0, 0, 0],
            b"ethernet",
        ]
        .concat();
        let names = record(13, &names);
        let Ok(Record::Interfaces(names)) = read(&names) else {
            panic!("names");
        };
        let names: Vec<_> = names.iter().map(|it| (it.id, it.name)).collect();
        assert_eq!(names, [(5, &b"eth0"[..]), (6, b"ethernet")]);

        let applications = [
            &[1, 0, 12, 0][..],
            &[4, 0, 5, 0, 3, 0, 0, 0],
            &[3, 0, 0, 80],
            b"http\0web",
        ]
        .concat();
        let applications = record(12, &applications);
        let Ok(Record::Applications(applications)) = read(&applications) else {
            panic!("applications");
        };
        let application = applications.iter().next().unwrap();
        assert_eq!(
            (application.id, application.name),
            (&[3, 0, 0, 80][..], &b"http"[..])
        );
        assert_eq!(application.description, b"web");
    }

    #[test]
    fn records_that_cannot_be_are_errors() {
        let error = |octets: &[u8]| read(octets).unwrap_err().to_string();
        assert_eq!(error(&[11, 0, 3, 0]), "offset 0: record length 3");
        assert_eq!(error(&[11, 0]), "offset 0: 4 octets expected, 2 left");
        assert_eq!(error(&[11, 0, 9, 0]), "offset 0: 9 octets expected, 4 left");
        assert_eq!(
            error(&record(11, &[0; 4])),
            "offset 0: 9 octets expected, 8 left"
        );
        assert!(error(&record(16, &[0; 40])).contains("nfdump 1.8"));
        // An array beyond its record.
        assert!(read(&record(13, &[2, 0, 12, 0, 0, 0])).is_err());
        assert!(matches!(
            read(&record(10, &[1])),
            Ok(Record::Other(10, [1]))
        ));
    }

    proptest! {
        #[test]
        fn no_octets_panic(kind in 0u16..17, content in vec(any::<u8>(), 0..120)) {
            let octets = record(kind, &content);
            match read(&octets) {
                Ok(Record::Flow(it)) => {
                    let total: usize = it.extensions().map(|it| it.octets.len()).sum();
                    prop_assert!(total <= content.len());
                }
                Ok(Record::Applications(it)) => drop(it.iter().count()),
                Ok(Record::Interfaces(it) | Record::Vrfs(it)) => drop(it.iter().count()),
                Ok(Record::ExporterStatistics(it)) => drop(it.iter().count()),
                _ => {}
            }
        }
    }
}
