//! The types that sFlow's structures are made of (XDR, RFC 4506), and the macros that make the structures of them.

use std::net::IpAddr;

use super::{AGENT_IPV4, AGENT_IPV6};
use crate::reader::{DecodeError, Problem, Reader};
use crate::writer::{Full, Writer};

/// A type that can be read and written.
pub(super) trait Xdr<'a>: Sized {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError>;
    fn put(&self, out: &mut Writer) -> Result<(), Full>;
}

/// The value of a structure's field, for screens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// A number.
    Unsigned(u64),
    /// A floating point number.
    Float(f32),
    /// A MAC address.
    Mac([u8; 6]),
    /// An address, if there is one.
    Address(Option<IpAddr>),
    /// A universally unique identifier.
    Uuid([u8; 16]),
    /// A text or other octets.
    Octets(&'a [u8]),
    /// A list of numbers.
    Words(Words<'a>),
    /// An AS path.
    Path(AsPath<'a>),
    /// A list of adapters.
    Adapters(Adapters<'a>),
}

macro_rules! value {
    ($($kind:ty, |$it:ident| $value:expr;)*) => {
        $(impl<'a> From<$kind> for Value<'a> {
            fn from($it: $kind) -> Value<'a> {
                $value
            }
        })*
    };
}

value! {
    u32, |it| Value::Unsigned(it.into());
    u64, |it| Value::Unsigned(it);
    f32, |it| Value::Float(it);
    [u8; 4], |it| Value::Address(Some(it.into()));
    [u8; 16], |it| Value::Address(Some(it.into()));
    [u8; 6], |it| Value::Mac(it);
    Uuid, |it| Value::Uuid(it.0);
    Address, |it| Value::Address(it.ip());
    &'a [u8], |it| Value::Octets(it);
    Words<'a>, |it| Value::Words(it);
    AsPath<'a>, |it| Value::Path(it);
    Adapters<'a>, |it| Value::Adapters(it);
}

impl Xdr<'_> for u32 {
    #[inline]
    fn read(reader: &mut Reader) -> Result<u32, DecodeError> {
        reader.u32()
    }

    fn put(&self, out: &mut Writer) -> Result<(), Full> {
        out.put_u32(*self)
    }
}

impl Xdr<'_> for u64 {
    #[inline]
    fn read(reader: &mut Reader) -> Result<u64, DecodeError> {
        reader.array().map(|bytes| u64::from_be_bytes(*bytes))
    }

    fn put(&self, out: &mut Writer) -> Result<(), Full> {
        out.put(&self.to_be_bytes())
    }
}

impl Xdr<'_> for f32 {
    fn read(reader: &mut Reader) -> Result<f32, DecodeError> {
        reader.u32().map(f32::from_bits)
    }

    fn put(&self, out: &mut Writer) -> Result<(), Full> {
        out.put_u32(self.to_bits())
    }
}

impl Xdr<'_> for [u8; 4] {
    fn read(reader: &mut Reader) -> Result<[u8; 4], DecodeError> {
        reader.array().copied()
    }

    fn put(&self, out: &mut Writer) -> Result<(), Full> {
        out.put(self)
    }
}

impl Xdr<'_> for [u8; 16] {
    fn read(reader: &mut Reader) -> Result<[u8; 16], DecodeError> {
        reader.array().copied()
    }

    fn put(&self, out: &mut Writer) -> Result<(), Full> {
        out.put(self)
    }
}

/// A universally unique identifier; zero when unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uuid(pub [u8; 16]);

impl Xdr<'_> for Uuid {
    fn read(reader: &mut Reader) -> Result<Uuid, DecodeError> {
        reader.array().copied().map(Uuid)
    }

    fn put(&self, out: &mut Writer) -> Result<(), Full> {
        out.put(&self.0)
    }
}

/// A MAC address is padded to two words.
impl Xdr<'_> for [u8; 6] {
    fn read(reader: &mut Reader) -> Result<[u8; 6], DecodeError> {
        let [a, b, c, d, e, f, _, _] = *reader.array()?;
        Ok([a, b, c, d, e, f])
    }

    fn put(&self, out: &mut Writer) -> Result<(), Full> {
        out.put(self)?;
        out.put_zeros(2)
    }
}

/// A string or other octets of variable length, padded to a whole word. Some agents forget the padding at a record's end.
impl<'a> Xdr<'a> for &'a [u8] {
    fn read(reader: &mut Reader<'a>) -> Result<&'a [u8], DecodeError> {
        let len = usize::try_from(reader.u32()?).unwrap_or(usize::MAX);
        let octets = reader.take(len)?;
        reader.take(padding(len).min(reader.left()))?;
        Ok(octets)
    }

    fn put(&self, out: &mut Writer) -> Result<(), Full> {
        out.put_u32(u32::try_from(self.len()).map_err(|_| Full)?)?;
        out.put(self)?;
        out.put_zeros(padding(self.len()))
    }
}

fn padding(len: usize) -> usize {
    len.wrapping_neg() & 3
}

/// An address of either family, or none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Address {
    /// The address is not known.
    #[default]
    Unknown,
    /// An IPv4 address.
    V4([u8; 4]),
    /// An IPv6 address.
    V6([u8; 16]),
}

/// The address type without an address.
const UNKNOWN: u32 = 0;

impl Address {
    /// The address, if there is one.
    pub fn ip(self) -> Option<IpAddr> {
        match self {
            Address::Unknown => None,
            Address::V4(octets) => Some(octets.into()),
            Address::V6(octets) => Some(octets.into()),
        }
    }
}

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Address {
        match address {
            IpAddr::V4(address) => Address::V4(address.octets()),
            IpAddr::V6(address) => Address::V6(address.octets()),
        }
    }
}

impl Xdr<'_> for Address {
    fn read(reader: &mut Reader) -> Result<Address, DecodeError> {
        let start = *reader;
        match reader.u32()? {
            UNKNOWN => Ok(Address::Unknown),
            AGENT_IPV4 => reader.array().copied().map(Address::V4),
            AGENT_IPV6 => reader.array().copied().map(Address::V6),
            other => Err(start.error(Problem::AddressType(other))),
        }
    }

    fn put(&self, out: &mut Writer) -> Result<(), Full> {
        match self {
            Address::Unknown => out.put_u32(UNKNOWN),
            Address::V4(octets) => {
                out.put_u32(AGENT_IPV4)?;
                out.put(octets)
            }
            Address::V6(octets) => {
                out.put_u32(AGENT_IPV6)?;
                out.put(octets)
            }
        }
    }
}

/// A list of numbers, in network byte order: labels, tags, communities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words<'a>(pub &'a [[u8; 4]]);

impl<'a> Words<'a> {
    /// The numbers.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = u32> + ExactSizeIterator + use<'a> {
        self.0.iter().map(|word| u32::from_be_bytes(*word))
    }
}

impl<'a> Xdr<'a> for Words<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Words<'a>, DecodeError> {
        let count = usize::try_from(reader.u32()?).unwrap_or(usize::MAX);
        let octets = reader.take(count.saturating_mul(4))?;
        Ok(Words(octets.as_chunks().0))
    }

    fn put(&self, out: &mut Writer) -> Result<(), Full> {
        out.put_u32(u32::try_from(self.0.len()).map_err(|_| Full)?)?;
        out.put(self.0.as_flattened())
    }
}

/// An AS path: segments, of which each is a set or a sequence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AsPath<'a> {
    count: u32,
    octets: &'a [u8],
}

/// A segment of an AS path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsSegment<'a> {
    /// Whether the order of its autonomous systems means something (AS_SEQUENCE); otherwise it is an AS_SET.
    pub ordered: bool,
    /// The autonomous systems.
    pub systems: Words<'a>,
}

/// The segment type of an AS_SET.
const AS_SET: u32 = 1;
/// The segment type of an AS_SEQUENCE.
const AS_SEQUENCE: u32 = 2;

impl<'a> AsPath<'a> {
    /// The segments.
    pub fn segments(self) -> impl Iterator<Item = AsSegment<'a>> + use<'a> {
        let mut reader = Reader::new(self.octets);
        (0..self.count).map_while(move |_| AsSegment::read(&mut reader).ok())
    }

    /// All autonomous systems in order; the first is the destination's peer, the last its origin.
    pub fn systems(self) -> impl Iterator<Item = u32> + use<'a> {
        self.segments().flat_map(|segment| segment.systems.iter())
    }
}

impl<'a> Xdr<'a> for AsSegment<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<AsSegment<'a>, DecodeError> {
        Ok(AsSegment {
            ordered: reader.u32()? != AS_SET,
            systems: Words::read(reader)?,
        })
    }

    fn put(&self, out: &mut Writer) -> Result<(), Full> {
        out.put_u32(if self.ordered { AS_SEQUENCE } else { AS_SET })?;
        self.systems.put(out)
    }
}

impl<'a> Xdr<'a> for AsPath<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<AsPath<'a>, DecodeError> {
        let count = reader.u32()?;
        let octets = list(reader, count, |reader| AsSegment::read(reader).map(|_| ()))?;
        Ok(AsPath { count, octets })
    }

    fn put(&self, out: &mut Writer) -> Result<(), Full> {
        out.put_u32(self.count)?;
        out.put(self.octets)
    }
}

/// The octets of `count` items, of which each has at least one word.
fn list<'a>(
    reader: &mut Reader<'a>,
    count: u32,
    item: fn(&mut Reader<'a>) -> Result<(), DecodeError>,
) -> Result<&'a [u8], DecodeError> {
    let start = *reader;
    for _ in 0..count {
        item(reader)?;
    }
    let len = start.left() - reader.left();
    Ok(start.rest().get(..len).unwrap_or_default())
}

/// The network adapters of a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Adapters<'a> {
    count: u32,
    octets: &'a [u8],
}

/// A network adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adapter<'a> {
    /// `ifIndex` of the adapter.
    pub if_index: u32,
    /// Each MAC address with two octets of padding.
    macs: &'a [[u8; 8]],
}

impl<'a> Adapter<'a> {
    /// The MAC addresses of the adapter.
    pub fn macs(self) -> impl ExactSizeIterator<Item = [u8; 6]> + use<'a> {
        self.macs
            .iter()
            .map(|&[a, b, c, d, e, f, _, _]| [a, b, c, d, e, f])
    }
}

impl<'a> Adapters<'a> {
    /// Makes the list of these adapters, of which each has one MAC address, in `buffer`.
    pub fn pack(adapters: &[(u32, [u8; 6])], buffer: &'a mut Vec<u8>) -> Adapters<'a> {
        buffer.clear();
        for (if_index, mac) in adapters {
            buffer.extend(if_index.to_be_bytes());
            buffer.extend(1u32.to_be_bytes());
            buffer.extend(mac);
            buffer.extend([0; 2]);
        }
        Adapters {
            count: u32::try_from(adapters.len()).unwrap_or(0),
            octets: buffer,
        }
    }

    /// The adapters.
    pub fn iter(self) -> impl Iterator<Item = Adapter<'a>> + use<'a> {
        let mut reader = Reader::new(self.octets);
        (0..self.count).map_while(move |_| Adapters::adapter(&mut reader).ok())
    }

    fn adapter(reader: &mut Reader<'a>) -> Result<Adapter<'a>, DecodeError> {
        let if_index = reader.u32()?;
        let count = usize::try_from(reader.u32()?).unwrap_or(usize::MAX);
        let macs = reader.take(count.saturating_mul(8))?.as_chunks().0;
        Ok(Adapter { if_index, macs })
    }
}

impl<'a> Xdr<'a> for Adapters<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Adapters<'a>, DecodeError> {
        let count = reader.u32()?;
        let octets = list(reader, count, |reader| {
            Adapters::adapter(reader).map(|_| ())
        })?;
        Ok(Adapters { count, octets })
    }

    fn put(&self, out: &mut Writer) -> Result<(), Full> {
        out.put_u32(self.count)?;
        out.put(self.octets)
    }
}

/// Declares structures: fields in order with their types and their names in sFlow's documents. Reading, writing and listing
/// follow. Fields behind `later` were added to the structure later: an older agent's record ends before them, and they read
/// as all ones, which is sFlow's "unknown".
macro_rules! structures {
    ($($(#[$doc:meta])* $name:ident $(<$life:lifetime>)? {
        $($field:ident: $kind:ty = $label:literal,)*
        $(; later $($late:ident = $late_label:literal,)*)?
    })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Default, PartialEq)]
            pub struct $name $(<$life>)? {
                $(#[doc = concat!("The field `", $label, "`.")] pub $field: $kind,)*
                $($(#[doc = concat!("The field `", $late_label, "`; all ones if the agent does not have it.")]
                pub $late: u32,)*)?
            }

            impl<'a> $crate::sflow::xdr::Xdr<'a> for $name $(<$life>)? {
                fn read(reader: &mut $crate::reader::Reader<'a>) -> Result<Self, $crate::reader::DecodeError> {
                    Ok($name {
                        $($field: $crate::sflow::xdr::Xdr::read(reader)?,)*
                        $($($late: if reader.left() == 0 { u32::MAX } else { reader.u32()? },)*)?
                    })
                }

                fn put(&self, out: &mut $crate::writer::Writer) -> Result<(), $crate::writer::Full> {
                    $($crate::sflow::xdr::Xdr::put(&self.$field, out)?;)*
                    $($(out.put_u32(self.$late)?;)*)?
                    Ok(())
                }
            }

            impl $(<$life>)? $name $(<$life>)? {
                /// Calls `see` with the name and the value of each field, in order.
                pub fn each<'v>(&'v self, see: &mut dyn FnMut(&'static str, $crate::sflow::Value<'v>)) {
                    $(see($label, self.$field.into());)*
                    $($(see($late_label, self.$late.into());)*)?
                }
            }
        )*
    };
}

/// Declares an enumeration of records by format and the name of their structure in sFlow's documents.
macro_rules! records {
    ($(#[$doc:meta])* $name:ident { $($format:literal $label:literal => $variant:ident($kind:ty),)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum $name<'a> {
            $(#[doc = concat!("The structure `", $label, "` (format ", stringify!($format), ").")] $variant($kind),)*
            /// A structure of any other number, as it came.
            Other($crate::sflow::Structure<'a>),
        }

        impl<'a> $name<'a> {
            /// Reads a record. What is behind the fields that are known is left out.
            ///
            /// # Errors
            /// It ends before its fields do.
            #[inline]
            pub fn read(structure: $crate::sflow::Structure<'a>) -> Result<$name<'a>, $crate::reader::DecodeError> {
                if structure.enterprise != 0 {
                    return Ok($name::Other(structure));
                }
                let body = &mut structure.body.clone();
                match structure.format {
                    $($format => $crate::sflow::xdr::Xdr::read(body)
                        .map($name::$variant)
                        .map_err($crate::sflow::in_sample),)*
                    _ => Ok($name::Other(structure)),
                }
            }

            /// Enterprise and format.
            pub fn number(&self) -> (u32, u32) {
                match self {
                    $($name::$variant(_) => (0, $format),)*
                    $name::Other(it) => (it.enterprise, it.format),
                }
            }

            /// The name of the structure in sFlow's documents, if it is known.
            pub fn name(&self) -> Option<&'static str> {
                match self {
                    $($name::$variant(_) => Some($label),)*
                    $name::Other(_) => None,
                }
            }

            /// Calls `see` with the name and the value of each field, in order; of an unknown structure nothing.
            pub fn each<'v>(&'v self, see: &mut dyn FnMut(&'static str, $crate::sflow::Value<'v>)) {
                match self {
                    $($name::$variant(it) => it.each(see),)*
                    $name::Other(_) => {}
                }
            }

            /// Writes the content of the record, without number and length.
            pub(super) fn put(&self, out: &mut $crate::writer::Writer) -> Result<(), $crate::writer::Full> {
                match self {
                    $($name::$variant(it) => $crate::sflow::xdr::Xdr::put(it, out),)*
                    $name::Other(it) => out.put(it.octets()),
                }
            }
        }
    };
}

pub(super) use {records, structures};
