//! Types of values: what they accept, the canonical form they keep, and how they are described.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::secret::MASK;
use super::{field, predefined};
use crate::Code;
use crate::near::near;

/// Words a leaf may have, each with its help.
pub type Choices = &'static [(&'static str, &'static str)];

/// Type of a value or of a tag's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// No value.
    None,
    /// A decimal number.
    Number {
        /// Smallest.
        min: u64,
        /// Largest.
        max: u64,
    },
    /// One of a few words.
    Choice(Choices),
    /// Name of this host (RFC 1123).
    HostName,
    /// An address or a host name.
    Host,
    /// An IPv4 or IPv6 address.
    Address,
    /// An address to receive on: one of this host, a multicast group, or `0.0.0.0` and `::` for any; behind a `%`
    /// the interface, for a group or a link-local address.
    ListenAddress,
    /// An IPv4 or IPv6 prefix.
    Prefix,
    /// A UDP port, or `preserve`.
    SourcePort,
    /// An address, or `auto`.
    AgentAddress,
    /// An address with its prefix length, `dhcp` or `dhcpv6`.
    InterfaceAddress,
    /// Name of an interface.
    Interface,
    /// An interface or an address.
    InterfaceOrAddress,
    /// A name the operator gives.
    Name,
    /// A router's name of an interface.
    Alias,
    /// A terminal device.
    Device,
    /// Free text.
    Text {
        /// Most characters.
        max: usize,
    },
    /// A field to match.
    Match,
    /// A field to collect.
    Collect,
    /// A record's name, or a predefined record.
    Record,
    /// `TYPE:ID` or a number.
    EngineId,
    /// Name of a user (useradd(8)).
    UserName,
    /// A password.
    Password,
    /// A password as crypt(5) has it, or `*` and `!` for none that fits.
    PasswordHash,
    /// A directory, or a URL to write to.
    Location,
    /// The words of a node, from the root.
    NodePath,
}

/// Why a value is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong.
    pub message: String,
    /// What kind of thing is wrong.
    pub code: Code,
    /// What would be right.
    pub hint: Option<String>,
}

/// A value that is not of its type.
pub(super) fn refuse<T>(message: String, hint: impl Into<String>) -> Result<T, Refusal> {
    refuse_as(Code::InvalidValue, message, hint)
}

fn refuse_as<T>(code: Code, message: String, hint: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal {
        message,
        code,
        hint: Some(hint.into()),
    })
}

impl Type {
    /// Whether a value may be several words, up to the end of the statement.
    pub fn many_words(self) -> bool {
        matches!(self, Type::Match | Type::Collect | Type::Record)
    }

    /// Checks a value of this type and returns the form that the tree keeps. `abbreviate` takes the beginning of a choice
    /// for the whole word.
    ///
    /// # Errors
    /// What is wrong with the value, and what would be right.
    pub fn accept(self, value: &str, abbreviate: bool) -> Result<String, Refusal> {
        self.accept_in(value, abbreviate, None)
    }

    /// As [`Type::accept`]; the hint of a number names the unit it counts.
    pub(super) fn accept_in(
        self,
        value: &str,
        abbreviate: bool,
        unit: Option<&str>,
    ) -> Result<String, Refusal> {
        if let Some(control) = value.chars().find(|c| c.is_control() || *c == '\u{feff}') {
            return refuse(
                format!("the value has the character U+{:04X}", u32::from(control)),
                "printable characters are wanted",
            );
        }
        match self {
            Type::None => refuse("no value can stand here".into(), "leave it out"),
            Type::Number { min, max } => {
                number(value, min, max, unit).map(|number| number.to_string())
            }
            Type::Choice(choices) => choice(value, choices, abbreviate),
            Type::HostName => match host_name(value) && value.len() <= 64 {
                true => Ok(value.to_owned()),
                false => refuse(
                    format!("{} is not a host name", shown(value)),
                    "letters, digits and hyphens in parts joined by dots, 64 characters at most",
                ),
            },
            Type::Host => host(value),
            Type::Address => address(value),
            Type::ListenAddress => listen_address(value),
            Type::Prefix => prefix(value),
            Type::SourcePort if value == "preserve" => Ok(value.to_owned()),
            Type::SourcePort => match number(value, 1, 65535, None) {
                Ok(port) => Ok(port.to_string()),
                Err(refusal) => refuse_as(
                    refusal.code,
                    refusal.message,
                    "preserve, or a port from 1 to 65535 is wanted",
                ),
            },
            Type::AgentAddress if value == "auto" => Ok("auto".into()),
            Type::AgentAddress => address(value),
            Type::InterfaceAddress => interface_address(value),
            Type::Interface => match interface(value) {
                true => Ok(value.to_owned()),
                false => refuse(
                    format!("{} is not an interface name", shown(value)),
                    INTERFACE_HINT,
                ),
            },
            Type::InterfaceOrAddress => match value.parse::<IpAddr>() {
                Ok(_) => address(value),
                // What a router calls the loopback.
                Err(_) if value.eq_ignore_ascii_case("loopback0") => Ok("lo".to_owned()),
                Err(_) if interface(value) => Ok(value.to_owned()),
                Err(_) => refuse(
                    format!(
                        "{} is neither an address nor an interface name",
                        shown(value)
                    ),
                    "an address such as 192.0.2.1 or an interface such as eth0 is wanted",
                ),
            },
            Type::Name => match name(value) {
                true => Ok(value.to_owned()),
                false => refuse(format!("{} is not a name", shown(value)), NAME_HINT),
            },
            Type::Alias => match pattern(value, 64, "./_-:") {
                true => Ok(value.to_owned()),
                false => refuse(
                    format!("{} is not an interface alias", shown(value)),
                    "letters, digits and any of . / _ - : are possible, as in GigabitEthernet0/1",
                ),
            },
            Type::Device => match pattern(value, 32, "._-") {
                true => Ok(value.to_owned()),
                false => refuse(
                    format!("{} is not a terminal device", shown(value)),
                    "a name such as ttyS0 is wanted",
                ),
            },
            Type::Text { max } => match value.chars().count() {
                0 => refuse("the text is empty".into(), "delete the leaf to have none"),
                long if long > max => refuse_as(
                    Code::OutOfRange,
                    format!("the text has {long} characters"),
                    format!("{max} are possible"),
                ),
                _ => Ok(value.to_owned()),
            },
            Type::Match | Type::Collect => {
                let words: Vec<&str> = value.split_whitespace().collect();
                match field::find(&words, matches!(self, Type::Match), abbreviate) {
                    Ok(found) => Ok(found.words),
                    Err(no) => Err(Refusal {
                        message: no.message,
                        code: no.code,
                        hint: no.hint,
                    }),
                }
            }
            Type::Record => predefined::record(value),
            Type::EngineId => engine_id(value),
            Type::UserName => match user_name(value) {
                true => Ok(value.to_owned()),
                false => refuse(
                    format!("{} is not a user name", shown(value)),
                    "lower-case letters, digits, _ and - are possible, 32 characters at most",
                ),
            },
            // Neither message repeats the value.
            Type::Password | Type::PasswordHash if value == MASK => Ok(value.to_owned()),
            Type::Password => match value.chars().count() {
                1..=128 => Ok(value.to_owned()),
                _ => refuse(
                    "this is no password".into(),
                    "1 to 128 characters are possible",
                ),
            },
            Type::PasswordHash => match password_hash(value) {
                true => Ok(value.to_owned()),
                false => refuse(
                    "this is no encrypted password".into(),
                    "$ID$SALT$HASH is wanted, as in /etc/shadow; plaintext-password encrypts one",
                ),
            },
            Type::Location => location(value),
            Type::NodePath => {
                let words: Vec<&str> = value.split_whitespace().collect();
                let place = super::lookup(words.iter().copied());
                match !words.is_empty() && words[0] != "comment" && place.is_some() {
                    true => Ok(words.join(" ")),
                    false => refuse(
                        format!("{} is no part of the configuration", shown(value)),
                        "words from the root are wanted, such as \"flow monitor M\"",
                    ),
                }
            }
        }
    }

    /// What can be written, as `?` shows it: a placeholder or a word, with its help (empty: the row's), and
    /// whether it is a word to be written as it stands.
    pub fn hints(self) -> Vec<(String, &'static str, bool)> {
        let placeholder = |text: &str| vec![(text.to_owned(), "", false)];
        match self {
            Type::None => Vec::new(),
            Type::Number { min, max } => vec![(format!("<{min}-{max}>"), "", false)],
            Type::Choice(choices) => choices
                .iter()
                .map(|(word, help)| ((*word).to_owned(), *help, true))
                .collect(),
            Type::HostName => placeholder("<host-name>"),
            Type::Host => placeholder("<address|host-name>"),
            Type::Address | Type::ListenAddress => placeholder("<address>"),
            Type::Prefix => placeholder("<prefix>"),
            Type::SourcePort => vec![
                ("<1-65535>".into(), "A port of this host", false),
                ("preserve".into(), "That of the exporter", true),
            ],
            Type::AgentAddress => {
                vec![
                    ("<address>".into(), "", false),
                    ("auto".into(), "An address of this host", true),
                ]
            }
            Type::InterfaceAddress => vec![
                ("<address/length>".into(), "", false),
                ("dhcp".into(), "Address by DHCP", true),
                ("dhcpv6".into(), "Address by DHCPv6", true),
            ],
            Type::Interface => placeholder("<interface>"),
            Type::InterfaceOrAddress => placeholder("<interface|address>"),
            Type::Name => placeholder("<name>"),
            Type::Alias => placeholder("<alias>"),
            Type::Device => placeholder("<device>"),
            Type::Text { .. } => placeholder("<text>"),
            Type::Match | Type::Collect => placeholder("<field>"),
            Type::Record => vec![
                ("<name>".into(), "", false),
                (
                    "netflow-original".into(),
                    "The predefined record of traditional NetFlow, IPv4 and IPv6",
                    true,
                ),
                ("netflow".into(), "Predefined records", true),
            ],
            Type::NodePath => placeholder("<path>"),
            Type::UserName => placeholder("<user>"),
            Type::Password => placeholder("<password>"),
            Type::PasswordHash => placeholder("<hash>"),
            Type::Location => vec![
                ("<directory>".into(), "A directory of this host", false),
                (
                    "<url>".into(),
                    "http:// or https://, written by PUT, or sftp://USER@HOST/DIRECTORY",
                    false,
                ),
            ],
            Type::EngineId => vec![
                (
                    "<0-4294967295>".into(),
                    "Engine id of version 9 and 10",
                    false,
                ),
                (
                    "<0-255>:<0-255>".into(),
                    "Engine type and id of version 5",
                    false,
                ),
            ],
        }
    }
}

pub(super) const NAME_HINT: &str =
    "letters, digits and any of . _ - : are possible, 64 characters at most";
const INTERFACE_HINT: &str = "a name such as eth0 or eth0.100 is wanted, 15 characters at most";

/// useradd(8): what every system takes.
fn user_name(value: &str) -> bool {
    (1..=32).contains(&value.len())
        && value.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && value
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c))
}

/// crypt(5): parts behind `$`; `!` and `*` match nothing.
fn password_hash(value: &str) -> bool {
    let hash = value.strip_prefix('!').unwrap_or(value);
    let plain = |c: char| c.is_ascii_alphanumeric() || "./$=,-_+".contains(c);
    matches!(value, "!" | "*")
        || (hash.starts_with('$')
            && hash.matches('$').count() >= 3
            && value.len() <= 384
            && hash.chars().all(plain))
}

fn location(value: &str) -> Result<String, Refusal> {
    let wanted = "a directory such as /var/archive, or a URL: http, https or sftp";
    let safe = value.len() <= 1024
        && value
            .chars()
            .all(|c| c.is_ascii_graphic() || (!c.is_ascii() && c.is_alphanumeric()));
    let good = match value.split_once("://") {
        None => value.starts_with('/'),
        Some(("http" | "https" | "sftp", rest)) => {
            let authority = rest.split('/').next().unwrap_or_default();
            let host = authority.rsplit('@').next().unwrap_or_default();
            !host.is_empty() && !host.starts_with('-') && !authority.starts_with('-')
        }
        Some(_) => false,
    };
    match good && safe {
        true => Ok(value.to_owned()),
        // A URL may have a password in it.
        false if value.contains("://") => refuse("no such URL can be written to".into(), wanted),
        false => refuse(format!("{} is no place for copies", shown(value)), wanted),
    }
}

fn number(value: &str, min: u64, max: u64, unit: Option<&str>) -> Result<u64, Refusal> {
    let unit = unit.map(|unit| format!(" of {unit}")).unwrap_or_default();
    let wanted = format!("a number{unit} from {min} to {max} is wanted");
    if value.is_empty() || !value.bytes().all(|b| b.is_ascii_digit()) {
        return refuse(format!("{} is not a number", shown(value)), wanted);
    }
    match value.parse::<u64>() {
        Ok(number) if (min..=max).contains(&number) => Ok(number),
        _ => refuse_as(
            Code::OutOfRange,
            format!("{} is out of range", shown(value)),
            wanted,
        ),
    }
}

fn choice(value: &str, choices: Choices, abbreviate: bool) -> Result<String, Refusal> {
    // The beginning of a number is another number.
    let abbreviate = abbreviate && !value.bytes().all(|b| b.is_ascii_digit());
    let words = choices.iter().map(|(word, _)| *word);
    match pick(value, words.clone(), abbreviate) {
        Pick::One(word) => Ok(word.to_owned()),
        Pick::Many(many) => refuse_as(
            Code::Ambiguous,
            format!("{} is ambiguous", shown(value)),
            list("possible", many),
        ),
        // Among a few words all are told; the near one may be the wrong guess.
        Pick::None if choices.len() <= 10 => {
            let meant = near(value, words.clone());
            let meant = meant.map(|meant| format!("did you mean {meant}? "));
            refuse(
                format!("{} is not possible here", shown(value)),
                meant.unwrap_or_default() + &list("possible", words),
            )
        }
        Pick::None => refuse(
            format!("{} is not possible here", shown(value)),
            suggest(value, words),
        ),
    }
}

/// ASCII letters, digits and `also`, beginning with a letter, digit or underscore.
fn pattern(value: &str, max: usize, also: &str) -> bool {
    value.len() <= max
        && value.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || also.contains(c))
}

pub(super) fn name(value: &str) -> bool {
    pattern(value, 64, "._-:")
}

/// A name Linux can give to an interface (IFNAMSIZ less one), kept to the characters people use.
pub(crate) fn interface(value: &str) -> bool {
    pattern(value, 15, "._-")
}

/// RFC 1123 §2.1; the last part is not all digits, so that no mistyped address is one.
fn host_name(value: &str) -> bool {
    let part = |part: &str| {
        (1..=63).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    value.len() <= 253
        && value.split('.').all(part)
        && value
            .rsplit('.')
            .next()
            .is_some_and(|last| !last.bytes().all(|b| b.is_ascii_digit()))
}

fn host(value: &str) -> Result<String, Refusal> {
    let text = value.split_once('%').map_or(value, |(address, _)| address);
    if text
        .parse()
        .is_ok_and(|address: Ipv6Addr| address.is_unicast_link_local())
    {
        return refuse(
            format!("{} is of one link only", shown(value)),
            "an address that is routed, or a host name is wanted",
        );
    }
    if value.parse::<IpAddr>().is_ok() {
        return address(value);
    }
    match host_name(value) {
        true => Ok(value.to_owned()),
        false => refuse(
            format!("{} is neither an address nor a host name", shown(value)),
            "an address such as 192.0.2.1 or 2001:db8::1, or a host name is wanted",
        ),
    }
}

fn address(value: &str) -> Result<String, Refusal> {
    match value.parse::<IpAddr>() {
        Ok(address) if address.is_unspecified() => refuse(
            format!("{} is no host's address", shown(value)),
            "an address of one host is wanted",
        ),
        Ok(address) => Ok(address.to_string()),
        Err(_) => refuse(
            format!("{} is not an address", shown(value)),
            "an IPv4 or IPv6 address such as 192.0.2.1 or 2001:db8::1 is wanted",
        ),
    }
}

fn interface_address(value: &str) -> Result<String, Refusal> {
    if matches!(value, "dhcp" | "dhcpv6") {
        return Ok(value.to_owned());
    }
    let wanted =
        "an address with its prefix length is wanted, such as 192.0.2.1/24 or 2001:db8::1/64";
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
        Ok(_) if parsed.is_unspecified() || parsed.is_multicast() => {
            refuse(format!("{} is no host's address", shown(value)), wanted)
        }
        Ok(length) => Ok(format!("{parsed}/{length}")),
        Err(_) => refuse(
            format!("{} has a wrong prefix length", shown(value)),
            format!("a length from 0 to {most} is wanted"),
        ),
    }
}

fn listen_address(value: &str) -> Result<String, Refusal> {
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
fn prefix(value: &str) -> Result<String, Refusal> {
    let wanted = "a prefix such as 192.0.2.0/24 or 2001:db8::/32 is wanted";
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
            format!("a length from 0 to {most} is wanted"),
        );
    };
    let network = network(parsed, length as u32);
    if network != parsed {
        return refuse(
            format!("{} has bits behind its length", shown(value)),
            format!("{network}/{length} is the prefix with it in"),
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

fn engine_id(value: &str) -> Result<String, Refusal> {
    let octet = |text: &str| number(text, 0, 255, None).ok();
    match value.split_once(':') {
        Some((kind, id)) => match (octet(kind), octet(id)) {
            (Some(kind), Some(id)) => Ok(format!("{kind}:{id}")),
            _ => refuse(
                format!("{} is not an engine id", shown(value)),
                "TYPE:ID is wanted, each from 0 to 255",
            ),
        },
        None => number(value, 0, u32::MAX.into(), None).map(|id| id.to_string()),
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

/// A word as messages quote it; a long one is cut.
pub fn shown(word: &str) -> String {
    const MOST: usize = 40;
    match word.char_indices().nth(MOST) {
        Some((end, _)) => format!("\"{}…\"", &word[..end]),
        None => format!("\"{word}\""),
    }
}

/// What a word picks among others.
pub(crate) enum Pick {
    One(&'static str),
    None,
    Many(Vec<&'static str>),
}

/// Finds `word` in `words`, or the only one it is the beginning of.
pub(crate) fn pick(
    word: &str,
    words: impl Iterator<Item = &'static str> + Clone,
    abbreviate: bool,
) -> Pick {
    if let Some(exact) = words.clone().find(|candidate| *candidate == word) {
        return Pick::One(exact);
    }
    if !abbreviate || word.is_empty() {
        return Pick::None;
    }
    let many: Vec<&str> = words
        .filter(|candidate| candidate.starts_with(word))
        .collect();
    match many[..] {
        [] => Pick::None,
        [one] => Pick::One(one),
        _ => Pick::Many(many),
    }
}

/// The word nearest to a wrong one, or all that are possible.
pub(crate) fn suggest(word: &str, words: impl Iterator<Item = &'static str> + Clone) -> String {
    match near(word, words.clone()) {
        Some(near) => format!("did you mean {near}?"),
        None => list("possible", words),
    }
}

/// `title: a, b, c`; a long list ends in an ellipsis.
pub(crate) fn list(title: &str, words: impl IntoIterator<Item = &'static str>) -> String {
    const MOST: usize = 24;
    let words: Vec<&str> = words.into_iter().collect();
    match words.len() {
        0 => "nothing can follow".to_owned(),
        1..=MOST => format!("{title}: {}", words.join(", ")),
        _ => format!("{title}: {}, …", words[..MOST].join(", ")),
    }
}
