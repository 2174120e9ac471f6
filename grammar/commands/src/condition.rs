//! Conditions on flows: a field and its value, such as `10.0.0.0/8`, `443,8000-8999`, `tcp` or `eth1`.
//!
//! A value of any kind is read as a list of ranges of numbers (an address is its number in network byte order), so
//! that a filter compares numbers only. The shell reads values to check what is typed, the daemon to filter.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use language::{Code, near};
use registry::{FIELDS, Field, Kind};

use super::words::Tail;

/// A condition on the flows of a cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The field: its name or its IANA name.
    pub field: String,
    /// Whether the value is a regular expression.
    pub regexp: bool,
    /// What the field must be; [`ValueKind::read`] reads it.
    pub value: Tail,
}

/// The largest number of ranges in one value; longer lists are refused.
pub const MAX_RANGES: usize = 256;

/// The kind of a field's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// Numbers; the largest is in it.
    Number(u64),
    /// IPv4 addresses and prefixes.
    Ipv4,
    /// IPv6 addresses and prefixes.
    Ipv6,
    /// MAC addresses.
    Mac,
    /// Protocol numbers and names.
    Protocol,
    /// DSCP numbers and names.
    Dscp,
    /// Names and indices of interfaces.
    Interface,
    /// Directions: `input` and `output`.
    Direction,
    /// Reasons for the end of a flow.
    EndReason,
}

/// One of the alternatives that a value lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The numbers from the first to the second, both included.
    Range(u128, u128),
    /// The interface of this name.
    Name(String),
}

/// The error of a value that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}; {hint}")]
pub struct BadValue {
    /// What is wrong.
    pub message: String,
    /// The kind of error.
    pub code: Code,
    /// What would be right.
    pub hint: String,
}

impl ValueKind {
    /// Returns the kind of a field's values.
    pub fn of(field: &Field) -> ValueKind {
        match field.kind {
            Kind::Number | Kind::Hex | Kind::Label => ValueKind::Number(field.largest()),
            Kind::Protocol => ValueKind::Protocol,
            Kind::Dscp => ValueKind::Dscp,
            Kind::Ipv4 => ValueKind::Ipv4,
            Kind::Ipv6 => ValueKind::Ipv6,
            Kind::Mac => ValueKind::Mac,
            Kind::Interface => ValueKind::Interface,
            Kind::Direction => ValueKind::Direction,
            Kind::EndReason => ValueKind::EndReason,
            // All times count from 1970, also those that are exported as uptimes. Octets are compared by the first
            // sixteen.
            Kind::Uptime | Kind::Millis | Kind::Micros | Kind::Nanos | Kind::Octets => {
                ValueKind::Number(u64::MAX)
            }
        }
    }

    /// Returns the kind of the values of the field with this name or IANA name.
    pub fn of_name(name: &str) -> ValueKind {
        let field = Field::by_words(name);
        let field = field.or_else(|| FIELDS.iter().find(|field| field.name() == name));
        field.map_or(ValueKind::Number(u64::MAX), ValueKind::of)
    }

    /// Returns what help and errors say a value looks like.
    pub fn expected(self) -> String {
        match self {
            ValueKind::Number(u64::MAX) => "a number, 1000-2000, 1000- or 80,443".into(),
            ValueKind::Number(most) => format!("0 to {most}, a range or a list: 1,4-7"),
            ValueKind::Ipv4 => "an IPv4 address or prefix: 10.1.1.1 or 10.0.0.0/8".into(),
            ValueKind::Ipv6 => "an IPv6 address or prefix: 2001:db8::1 or 2001:db8::/32".into(),
            ValueKind::Mac => "a MAC address: 00:11:22:33:44:55 or 0011.2233.4455".into(),
            ValueKind::Protocol => "a protocol, number or name: 6, tcp or tcp,udp".into(),
            ValueKind::Dscp => "a DSCP, number or name: 46 or ef".into(),
            ValueKind::Interface => "an interface".into(),
            ValueKind::Direction => "input or output".into(),
            ValueKind::EndReason => {
                "running, inactive, active, end-of-flow, forced or lack-of-room".into()
            }
        }
    }

    /// Returns the names that values of this kind have, with their numbers.
    pub fn names(self) -> &'static [(&'static str, u8)] {
        match self {
            ValueKind::Protocol => Kind::Protocol.names(),
            ValueKind::Dscp => Kind::Dscp.names(),
            ValueKind::Direction => Kind::Direction.names(),
            ValueKind::EndReason => Kind::EndReason.names(),
            _ => &[],
        }
    }

    /// Reads a value: alternatives separated by commas, each a single value, a range `A-B`, `A-` or `-B`, or a prefix.
    ///
    /// # Errors
    /// The alternative that is not of this kind, and what would be right.
    pub fn read(self, text: &str) -> Result<Vec<Wanted>, BadValue> {
        let parts: Vec<&str> = text.split(',').collect();
        if parts.len() > MAX_RANGES {
            return Err(BadValue {
                message: format!("{} values are too many", parts.len()),
                code: Code::OutOfRange,
                hint: format!("{MAX_RANGES} at most"),
            });
        }
        parts.into_iter().map(|part| self.one(part)).collect()
    }

    fn one(self, text: &str) -> Result<Wanted, BadValue> {
        let wrong = |code, what: &str| BadValue {
            message: format!("{} is {what}", language::schema::shown(text)),
            code,
            hint: self.expected(),
        };
        if let Some(number) = self.single(text) {
            let (low, high) = number.ok_or_else(|| wrong(Code::OutOfRange, "out of range"))?;
            return Ok(Wanted::Range(low, high));
        }
        if self == ValueKind::Interface {
            let name = !text.is_empty() && !text.contains(char::is_whitespace);
            return match name {
                true => Ok(Wanted::Name(text.into())),
                false => Err(wrong(Code::InvalidValue, "not an interface")),
            };
        }
        let Some((from, to)) = text.split_once('-').filter(|_| text != "-") else {
            let names = self.names().iter().map(|(name, _)| *name);
            let mut bad = wrong(Code::InvalidValue, self.wrong());
            if let Some(meant) = near(text, names) {
                bad.hint = format!("did you mean {meant}?");
            }
            return Err(bad);
        };
        let end = |text: &str, open: u128| match text {
            "" => Ok((open, open)),
            text => match self.single(text) {
                Some(Some(range)) => Ok(range),
                Some(None) => Err(wrong(Code::OutOfRange, "out of range")),
                None => Err(wrong(Code::InvalidValue, self.wrong())),
            },
        };
        let ((low, _), (_, high)) = (end(from, 0)?, end(to, self.most())?);
        match low <= high {
            true => Ok(Wanted::Range(low, high)),
            false => Err(wrong(
                Code::InvalidValue,
                "not a range: its end is before its beginning",
            )),
        }
    }

    fn wrong(self) -> &'static str {
        match self {
            ValueKind::Number(_) => "not a number",
            ValueKind::Ipv4 => "not an IPv4 address or prefix",
            ValueKind::Ipv6 => "not an IPv6 address or prefix",
            ValueKind::Mac => "not a MAC address",
            ValueKind::Protocol => "not a protocol",
            ValueKind::Dscp => "not a DSCP",
            ValueKind::Interface => "not an interface",
            ValueKind::Direction => "not a direction",
            ValueKind::EndReason => "not an end reason",
        }
    }

    /// Returns the largest value of this kind.
    fn most(self) -> u128 {
        match self {
            ValueKind::Number(most) => most.into(),
            ValueKind::Ipv4 | ValueKind::Interface => u32::MAX.into(),
            ValueKind::Ipv6 => u128::MAX,
            ValueKind::Mac => (1 << 48) - 1,
            ValueKind::Protocol => 255,
            ValueKind::Dscp => 63,
            ValueKind::Direction => 1,
            ValueKind::EndReason => 255,
        }
    }

    /// Reads a single value or a prefix as a range. The outer `None`: it is no value of this kind; the inner `None`: it
    /// is a number, but too large.
    fn single(self, text: &str) -> Option<Option<(u128, u128)>> {
        let only = |number: u128| Some((number, number));
        match self {
            ValueKind::Ipv4 | ValueKind::Ipv6 => self.prefix(text).map(Some),
            ValueKind::Mac => mac(text).map(only),
            _ => {
                let named = self.names().iter().find(|(name, _)| *name == text);
                let number = match named {
                    Some((_, number)) => Some(u128::from(*number)),
                    None => match text.strip_prefix("0x") {
                        Some(digits) => u128::from_str_radix(digits, 16).ok(),
                        None if text.starts_with('+') => None,
                        None => text.parse().ok(),
                    },
                }?;
                Some(only(number).filter(|_| number <= self.most()))
            }
        }
    }

    fn prefix(self, text: &str) -> Option<(u128, u128)> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let (number, bits) = match self {
            ValueKind::Ipv4 => (u32::from(address.parse::<Ipv4Addr>().ok()?).into(), 32),
            _ => (u128::from(address.parse::<Ipv6Addr>().ok()?), 128),
        };
        let length = length.unwrap_or(bits);
        let hosts = bits.checked_sub(length)?;
        let host_mask = 1u128.checked_shl(hosts).map_or(u128::MAX, |bit| bit - 1);
        Some((number & !host_mask, number | host_mask))
    }
}

/// Returns an address as a number.
pub fn address_number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

/// Reads a MAC address: `00:11:22:33:44:55`, `00-11-22-33-44-55` or `0011.2233.4455`.
fn mac(text: &str) -> Option<u128> {
    let (separator, digits) = match text.len() {
        17 if text.contains(':') => (':', 2),
        17 => ('-', 2),
        14 => ('.', 4),
        _ => return None,
    };
    text.split(separator).try_fold(0, |number: u128, part| {
        let whole = part.len() == digits && part.bytes().all(|octet| octet.is_ascii_hexdigit());
        let part = u128::from_str_radix(part, 16).ok().filter(|_| whole)?;
        Some(number << (4 * digits) | part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(words: &str, text: &str) -> Vec<(u128, u128)> {
        let read = ValueKind::of_name(words).read(text);
        let range = |wanted: Wanted| match wanted {
            Wanted::Range(low, high) => (low, high),
            Wanted::Name(name) => panic!("{name}"),
        };
        read.unwrap_or_else(|error| panic!("{words} {text}: {error}"))
            .into_iter()
            .map(range)
            .collect()
    }

    #[test]
    fn values_are_ranges_of_numbers() {
        let ten = u128::from(10u32 << 24);
        for (words, text, expected) in [
            ("ipv4 source address", "10.0.0.1", vec![(ten + 1, ten + 1)]),
            (
                "ipv4 source address",
                "10.0.0.77/8",
                vec![(ten, ten + 0xff_ffff)],
            ),
            (
                "ipv4 source address",
                "0.0.0.0/0",
                vec![(0, u32::MAX.into())],
            ),
            (
                "ipv4 source address",
                "10.0.0.1-10.0.0.9",
                vec![(ten + 1, ten + 9)],
            ),
            ("ipv6 source address", "::/0", vec![(0, u128::MAX)]),
            (
                "ipv6 source address",
                "::1:0/112",
                vec![(0x1_0000, 0x1_ffff)],
            ),
            ("transport destination-port", "443", vec![(443, 443)]),
            (
                "transport destination-port",
                "80,443,8000-8999",
                vec![(80, 80), (443, 443), (8000, 8999)],
            ),
            ("counter bytes", "1000-", vec![(1000, u64::MAX.into())]),
            ("counter bytes", "-1000", vec![(0, 1000)]),
            (
                "ipv4 protocol",
                "tcp,17,icmp",
                vec![(6, 6), (17, 17), (1, 1)],
            ),
            ("ipv4 tos", "0xC0", vec![(192, 192)]),
            ("ipv4 dscp", "ef,cs6", vec![(46, 46), (48, 48)]),
            ("flow direction", "output", vec![(1, 1)]),
            (
                "datalink mac source address input",
                "00:11:22:33:44:55",
                vec![(0x0011_2233_4455, 0x0011_2233_4455)],
            ),
            (
                "datalink mac source address input",
                "0011.2233.4455",
                vec![(0x0011_2233_4455, 0x0011_2233_4455)],
            ),
            ("interface input", "3", vec![(3, 3)]),
        ] {
            assert_eq!(ranges(words, text), expected, "{words} {text}");
        }
        assert_eq!(
            ValueKind::Interface.read("eth1,wan-0"),
            Ok(vec![
                Wanted::Name("eth1".into()),
                Wanted::Name("wan-0".into())
            ])
        );
    }

    #[test]
    fn wrong_values_say_what_would_be_right() {
        for (words, text, message) in [
            ("ipv4 source address", "10.0.0", "not an IPv4 address"),
            ("ipv4 source address", "10.0.0.0/33", "not an IPv4 address"),
            ("ipv4 source address", "2001:db8::1", "not an IPv4 address"),
            ("ipv6 source address", "10.0.0.1", "not an IPv6 address"),
            ("transport destination-port", "70000", "out of range"),
            (
                "transport destination-port",
                "90-80",
                "before its beginning",
            ),
            ("transport destination-port", "80,", "not a number"),
            ("transport destination-port", "http", "not a number"),
            ("transport destination-port", "-", "not a number"),
            ("transport destination-port", "+80", "not a number"),
            ("ipv4 protocol", "tpc", "not a protocol"),
            ("ipv4 protocol", "256", "out of range"),
            ("flow direction", "in", "not a direction"),
            (
                "datalink mac source address input",
                "00:11:22:33:44",
                "not a MAC",
            ),
            (
                "datalink mac source address input",
                "00:11:22:33:44:5é",
                "not a MAC",
            ),
            ("interface input", "", "not an interface"),
            (
                "counter bytes",
                "99999999999999999999999999999999999999999999",
                "not a number",
            ),
        ] {
            let error = ValueKind::of_name(words).read(text).expect_err(text);
            assert!(error.message.contains(message), "{words} {text}: {error}");
            assert!(!error.hint.is_empty());
        }
        let many = vec!["1"; MAX_RANGES + 1].join(",");
        assert!(ValueKind::of_name("counter bytes").read(&many).is_err());
    }

    proptest::proptest! {
        #[test]
        fn nothing_typed_panics(text in "[0-9a-fx:./,*-]{0,30}", which in 0..FIELDS.len()) {
            let _ = ValueKind::of(&FIELDS[which]).read(&text);
        }
    }
}
