//! The sources in a configuration file, and the equivalent rules if only the longest prefix counts.

use std::collections::{BTreeMap, HashSet};
use std::net::{IpAddr, Ipv4Addr};

use super::super::prefix::Prefix;
use language::schema::mask_length;

/// The sources of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Every source of both families.
    All,
    Prefix(Prefix),
}

/// A line: its sources and its receivers.
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
            "{bare:?} is not an address; a prefix such as 192.0.2.0/24 or [2001:db8::]/32 is expected"
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
    if prefix.has_host_bits() {
        return Err(format!(
            "{address} has bits set beyond its length {length}, so samplicate never matches it"
        ));
    }
    Ok(Scope::Prefix(prefix))
}

/// For each prefix the receivers of all rules that have it in, those of wider ones first; both families have an entry
/// of length 0. Also the receivers that some prefix got more than once, which samplicate sends to more than once.
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
