//! Reads the values of fields from a flow.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use registry::{Kind, Source};

use crate::batch::Flow;
use crate::layout::{Place, Slot};

/// A value with its type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// A number, a time in the unit of its field, an `ifIndex`, or an end reason.
    Number(u64),
    /// An address.
    Address(IpAddr),
    /// A MAC address.
    Mac([u8; 6]),
    /// An MPLS label stack entry without its time to live, shown as label, traffic class and bottom-of-stack bit.
    Label([u8; 3]),
    /// Octets of the packet, shown in hexadecimal.
    Octets(Box<[u8]>),
}

impl Value {
    /// The number, if the value is one.
    pub fn number(&self) -> Option<u64> {
        match self {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(number) => number.fmt(f),
            Value::Address(address) => address.fmt(f),
            Value::Mac([a, b, c, d, e, g]) => {
                write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
            }
            Value::Label([a, b, c]) => {
                let entry = u32::from_be_bytes([0, *a, *b, *c]);
                write!(f, "{}-{}-{}", entry >> 4, entry >> 1 & 7, entry & 1)
            }
            Value::Octets(octets) => octets.iter().try_for_each(|octet| write!(f, "{octet:02x}")),
        }
    }
}

impl Flow<'_> {
    /// The value of a field of this flow's layout. All times are since 1970, including those that are exported
    /// relative to the exporter's start, which are in milliseconds.
    pub fn value(&self, slot: &Slot) -> Value {
        let time = |ns: u64| match slot.field.kind {
            Kind::Nanos => Value::Number(ns),
            Kind::Micros => Value::Number(ns / 1_000),
            _ => Value::Number(ns / 1_000_000),
        };
        let totals = &self.forward();
        match slot.field.source {
            Source::Octets => Value::Number(totals.octets),
            Source::Packets => Value::Number(totals.packets),
            Source::Flows => Value::Number(1),
            Source::First => time(totals.first_ns),
            Source::Last => time(totals.last_ns),
            Source::EndReason => Value::Number(totals.end as u64),
            Source::Header(..) | Source::Reverse(_) => match slot.place {
                Place::Octets(from) => {
                    let octets = self.octets.get(from..from + usize::from(slot.field.len));
                    match (slot.field.kind, octets.unwrap_or_default()) {
                        (Kind::Octets, octets) => Value::Octets(octets.into()),
                        (_, [octet]) => Value::Number((octet & slot.field.bits).into()),
                        (kind, octets) => read(kind, octets),
                    }
                }
                Place::TcpFlags | Place::Totals => {
                    Value::Number((totals.tcp_flags & u16::from(slot.field.bits)).into())
                }
            },
        }
    }
}

fn read(kind: Kind, bytes: &[u8]) -> Value {
    match kind {
        Kind::Ipv4 => Value::Address(
            <[u8; 4]>::try_from(bytes)
                .map_or(Ipv4Addr::UNSPECIFIED, Ipv4Addr::from)
                .into(),
        ),
        Kind::Ipv6 => Value::Address(
            <[u8; 16]>::try_from(bytes)
                .map_or(Ipv6Addr::UNSPECIFIED, Ipv6Addr::from)
                .into(),
        ),
        Kind::Mac => Value::Mac(bytes.try_into().unwrap_or_default()),
        Kind::Label => Value::Label(bytes.try_into().unwrap_or_default()),
        _ => Value::Number(
            bytes
                .iter()
                .fold(0, |number, octet| number << 8 | u64::from(*octet)),
        ),
    }
}
