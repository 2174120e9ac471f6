//! The sources in a configuration file, and the equivalent rules if only the longest prefix counts.

use std::collections::{BTreeMap, HashSet};
use std::net::{IpAddr, Ipv4Addr};

use language::schema::mask_length;

/// The sources of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Every source of both families.
    All,
    Prefix(Prefix),
}

/// A prefix: family (true for IPv4), network left-aligned in 128 bits, length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Prefix {
    pub(super) ipv4: bool,
    bits: u128,
    length: u8,
}

/// A line with its sources and receivers.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) scope: Scope,
    pub(super) receivers: Vec<usize>,
}

/// Splits a line into source and receivers.
pub(super) fn parts(line: &str) -> Option<(&str, &str)> {
    let from = match line.starts_with('[') {
        true => line.find(']')?,
        false => 0,
    };
    let colon = from + line.get(from..)?.find(':')?;
    Some((line[..colon].trim(), &line[colon + 1..]))
}

/// Returns the sources that samplicate takes `ADDR[/MASK]` or `ADDR[/LENGTH]` for.
///
/// # Errors
/// If it matches no source, with the reason.
pub(super) fn scope(source: &str) -> Result<Scope, String> {
    let (address, mask) = match source.split_once('/') {
        Some((address, mask)) => (address.trim(), Some(mask.trim())),
        None => (source, None),
    };
    let bare = match address.strip_prefix('[') {
        Some(inside) => inside
            .strip_suffix(']')
            .ok_or("the bracket is not closed")?,
        None => address,
    };
    let address: IpAddr = bare.parse().map_err(|_| {
        format!(
            "{bare:?} is no address; a prefix such as 192.0.2.0/24 or [2001:db8::]/32 is wanted"
        )
    })?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let wrong = |mask: &str| format!("{mask:?} is neither a length from 0 to {most} nor a mask");
    let length = match mask {
        None => most,
        Some(mask) if address.is_ipv4() && mask.contains('.') => {
            if mask.parse::<Ipv4Addr>().is_err() {
                return Err(wrong(mask));
            }
            mask_length(mask).ok_or_else(|| format!("the mask {mask} is not a prefix's"))? as u8
        }
        Some(mask) if mask.bytes().all(|octet| octet.is_ascii_digit()) => mask
            .parse::<u8>()
            .ok()
            .filter(|length| *length <= most)
            .ok_or_else(|| wrong(mask))?,
        Some(mask) => return Err(wrong(mask)),
    };
    // samplicate ignores the mask here.
    if address == IpAddr::V4(Ipv4Addr::UNSPECIFIED) || (address.is_ipv6() && length == 0) {
        return Ok(Scope::All);
    }
    let prefix = Prefix::of(address, length);
    if prefix.bits & !mask_bits(length) != 0 {
        return Err(format!(
            "{address} has bits behind its length {length}, so samplicate never matches it"
        ));
    }
    Ok(Scope::Prefix(prefix))
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

    /// Returns the prefix of all addresses of a family.
    pub(super) fn any(ipv4: bool) -> Prefix {
        Prefix {
            ipv4,
            bits: 0,
            length: 0,
        }
    }

    fn contains(self, other: Prefix) -> bool {
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

/// Returns for each prefix the receivers of all rules that contain it, those of wider ones first; both families have an
/// entry of length 0. Also returns the receivers that a prefix has more than once, to which samplicate sends repeatedly.
pub(super) fn longest(rules: &[Rule]) -> (BTreeMap<Prefix, Vec<usize>>, HashSet<usize>) {
    let mut own: BTreeMap<Prefix, Vec<usize>> = BTreeMap::new();
    let mut twice = HashSet::new();
    for ipv4 in [true, false] {
        own.insert(Prefix::any(ipv4), Vec::new());
    }
    for rule in rules {
        let prefixes = match rule.scope {
            Scope::All => vec![Prefix::any(true), Prefix::any(false)],
            Scope::Prefix(prefix) => vec![prefix],
        };
        for prefix in prefixes {
            add(own.entry(prefix).or_default(), &rule.receivers, &mut twice);
        }
    }
    // In this order a prefix follows those that contain it, which are kept on a stack.
    let mut around: Vec<(Prefix, Vec<usize>)> = Vec::new();
    let mut all = BTreeMap::new();
    for (prefix, receivers) in own {
        while around.last().is_some_and(|(top, _)| !top.contains(prefix)) {
            around.pop();
        }
        let mut sum = around
            .last()
            .map(|(_, sum)| sum.clone())
            .unwrap_or_default();
        add(&mut sum, &receivers, &mut twice);
        around.push((prefix, sum.clone()));
        all.insert(prefix, sum);
    }
    (all, twice)
}

fn add(to: &mut Vec<usize>, receivers: &[usize], twice: &mut HashSet<usize>) {
    for receiver in receivers {
        match to.contains(receiver) {
            true => drop(twice.insert(*receiver)),
            false => to.push(*receiver),
        }
    }
}
