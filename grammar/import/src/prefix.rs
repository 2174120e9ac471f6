//! Prefixes of IP addresses.

use std::net::{IpAddr, Ipv4Addr};

/// A prefix: family (true for IPv4), network left-aligned in 128 bits, length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Prefix {
    pub(super) ipv4: bool,
    bits: u128,
    length: u8,
}

fn mask_bits(length: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0)
}

impl Prefix {
    pub(super) fn of(address: IpAddr, length: u8) -> Prefix {
        Prefix {
            ipv4: address.is_ipv4(),
            bits: match address {
                IpAddr::V4(address) => u128::from(u32::from(address)) << 96,
                IpAddr::V6(address) => address.into(),
            },
            length,
        }
    }

    /// Reads `ADDRESS` or `ADDRESS/LENGTH`. Bits behind the length do not count.
    pub(super) fn parse(text: &str) -> Option<Prefix> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            Some(length) => length.parse().ok().filter(|length| *length <= most)?,
            None => most,
        };
        let prefix = Prefix::of(address, length);
        Some(Prefix {
            bits: prefix.bits & mask_bits(length),
            ..prefix
        })
    }

    /// Returns whether bits behind the length are set.
    pub(super) fn has_host_bits(self) -> bool {
        self.bits & !mask_bits(self.length) != 0
    }

    /// Returns the prefix of all addresses of a family.
    pub(super) fn any(ipv4: bool) -> Prefix {
        Prefix {
            ipv4,
            bits: 0,
            length: 0,
        }
    }

    /// Returns whether every address of the other prefix is in this one.
    pub(super) fn contains(self, other: Prefix) -> bool {
        self.ipv4 == other.ipv4
            && self.length <= other.length
            && (self.bits ^ other.bits) & mask_bits(self.length) == 0
    }
}

impl std::fmt::Display for Prefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let address: IpAddr = match self.ipv4 {
            true => Ipv4Addr::from((self.bits >> 96) as u32).into(),
            false => std::net::Ipv6Addr::from(self.bits).into(),
        };
        write!(f, "{address}/{}", self.length)
    }
}
