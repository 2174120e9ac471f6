//! A field's value, read out of a flow.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::batch::Flow;
use crate::field::{Kind, Source};
use crate::layout::{Place, Slot};

/// A value with its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// A number, a time in milliseconds, an `ifIndex`, a reason.
    Number(u64),
    /// An address.
    Address(IpAddr),
    /// A MAC address.
    Mac([u8; 6]),
}

impl Value {
    /// The number, when it is one.
    pub fn number(self) -> Option<u64> {
        match self {
            Value::Number(number) => Some(number),
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
        }
    }
}

impl Flow<'_> {
    /// The value of a field of this flow's layout. Times are milliseconds since 1970, boot-relative ones too.
    pub fn value(&self, slot: &Slot) -> Value {
        match slot.field.source {
            Source::Octets => Value::Number(self.totals.octets),
            Source::Packets => Value::Number(self.totals.packets),
            Source::First => Value::Number(self.totals.first_ns / 1_000_000),
            Source::Last => Value::Number(self.totals.last_ns / 1_000_000),
            Source::EndReason => Value::Number(self.totals.end as u64),
            Source::Header(span, _) => match slot.place {
                Place::Octets(from) => {
                    let octets = self.octets.get(from..from + usize::from(span.len));
                    read(slot.field.kind, octets.unwrap_or_default())
                }
                Place::TcpFlags | Place::Totals => {
                    Value::Number(u64::from(self.totals.tcp_flags & 0xff))
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
        _ => Value::Number(
            bytes
                .iter()
                .fold(0, |number, octet| number << 8 | u64::from(*octet)),
        ),
    }
}
