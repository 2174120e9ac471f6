//! Addresses, prefixes, masks and hosts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::name::{INTERFACE_HINT, host_name, interface};
use super::number::number;
use crate::schema::refusal::{Refusal, refuse, shown};

pub(super) fn host(value: &str) -> Result<String, Refusal> {
    let text = value.split_once('%').map_or(value, |(address, _)| address);
    if text
        .parse()
        .is_ok_and(|address: Ipv6Addr| address.is_unicast_link_local())
    {
        return refuse(
            format!("{} is of one link only", shown(value)),
            "an address that is routed, or a host name is expected",
        );
    }
    if value.parse::<IpAddr>().is_ok() {
        return address(value);
    }
    // Names of the DNS may have underscores, which names of this host may not.
    match host_name(&value.replace('_', "x")) {
        true => Ok(value.to_owned()),
        false => refuse(
            format!("{} is neither an address nor a host name", shown(value)),
            "an address such as 192.0.2.1 or 2001:db8::1, or a host name is expected",
        ),
    }
}

pub(super) fn address(value: &str) -> Result<String, Refusal> {
    match value.parse::<IpAddr>() {
        Ok(address) if address.is_unspecified() => refuse(
            format!("{} is not the address of a host", shown(value)),
            "an address of one host is expected",
        ),
        Ok(address) => Ok(address.to_string()),
        Err(_) => refuse(
            format!("{} is not an address", shown(value)),
            "an IPv4 or IPv6 address such as 192.0.2.1 or 2001:db8::1 is expected",
        ),
    }
}

pub(super) fn interface_address(value: &str) -> Result<String, Refusal> {
    if matches!(value, "dhcp" | "dhcpv6") {
        return Ok(value.to_owned());
    }
    let wanted =
        "an address with its prefix length is expected, such as 192.0.2.1/24 or 2001:db8::1/64";
    let Some((address, length)) = value.split_once('/') else {
        return match value.parse::<IpAddr>() {
            Ok(_) => refuse(format!("{} has no prefix length", shown(value)), wanted),
            Err(_) => refuse(format!("{} is not an address", shown(value)), wanted),
        };
    };
    let Ok(parsed) = address.parse::<IpAddr>() else {
        return refuse(format!("{} is not an address", shown(value)), wanted);
    };
    let most = if parsed.is_ipv4() { 32 } else { 128 };
    match number(length, 0, most, None) {
        Ok(_) if parsed.is_unspecified() || parsed.is_multicast() => refuse(
            format!("{} is not the address of a host", shown(value)),
            wanted,
        ),
        Ok(length) => Ok(format!("{parsed}/{length}")),
        Err(_) => refuse(
            format!("{} has a wrong prefix length", shown(value)),
            format!("a length from 0 to {most} is expected"),
        ),
    }
}

pub(super) fn listen_address(value: &str) -> Result<String, Refusal> {
    let (text, zone) = match value.split_once('%') {
        Some((text, zone)) => (text, Some(zone)),
        None => (value, None),
    };
    let Ok(parsed) = text.parse::<IpAddr>() else {
        return address(text);
    };
    let Some(zone) = zone else {
        return Ok(parsed.to_string());
    };
    let local = matches!(parsed, IpAddr::V6(address) if address.is_unicast_link_local());
    if !interface(zone) {
        return refuse(
            format!("{} is not an interface name", shown(zone)),
            INTERFACE_HINT,
        );
    }
    match local || parsed.is_multicast() {
        true => Ok(format!("{parsed}%{zone}")),
        false => refuse(
            format!("{parsed} has no interface"),
            "an interface belongs to a multicast group or a link-local address",
        ),
    }
}

/// A prefix in its canonical form; an address alone is a prefix of its whole length.
pub(super) fn prefix(value: &str) -> Result<String, Refusal> {
    let wanted = "a prefix such as 192.0.2.0/24 or 2001:db8::/32 is expected";
    let (address, length) = match value.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (value, None),
    };
    let Ok(parsed) = address.parse::<IpAddr>() else {
        return refuse(format!("{} is not a prefix", shown(value)), wanted);
    };
    let most: u32 = if parsed.is_ipv4() { 32 } else { 128 };
    let Ok(length) = length.map_or(Ok(most.into()), |text| number(text, 0, most.into(), None))
    else {
        return refuse(
            format!("{} has a wrong prefix length", shown(value)),
            format!("a length from 0 to {most} is expected"),
        );
    };
    let network = network(parsed, length as u32);
    if network != parsed {
        return refuse(
            format!("{} has bits set beyond its prefix length", shown(value)),
            format!("did you mean {network}/{length}?"),
        );
    }
    Ok(format!("{network}/{length}"))
}

/// The address with the bits behind a prefix length taken out.
fn network(address: IpAddr, length: u32) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            Ipv4Addr::from(u32::from(address) & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
            Ipv6Addr::from(u128::from(address) & mask).into()
        }
    }
}

/// The prefix length that an IPv4 mask stands for; `None` when its bits are not contiguous.
pub fn mask_length(mask: &str) -> Option<u32> {
    let bits = u32::from(mask.parse::<Ipv4Addr>().ok()?);
    (bits.leading_ones() + bits.trailing_zeros() == 32 || bits == 0).then_some(bits.leading_ones())
}

/// Whether the value is an address of IPv6, with or without a prefix length.
pub(crate) fn is_ipv6(value: &str) -> bool {
    value
        .split('/')
        .next()
        .is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
}
