//! Types of values: what they accept, the canonical form they keep, and how they are described.

pub(super) mod address;
mod location;
mod name;
mod number;
pub(super) mod record;

use std::net::IpAddr;

use self::address::{address, host, interface_address, listen_address, prefix};
use self::location::location;
use self::name::{
    INTERFACE_HINT, NAME_HINT, host_name, interface, name, password_hash, pattern, user_name,
};
use self::number::{choice, engine_id, number};
use super::field;
use super::refusal::{Refusal, refuse, refuse_as, shown};
use super::secret::MASK;
use crate::Code;

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

impl Type {
    /// Whether a value may be several words, up to the end of the statement.
    pub fn many_words(self) -> bool {
        matches!(self, Type::Match | Type::Collect | Type::Record)
    }

    /// What stands for a value in a usage line.
    pub(crate) fn stand_in(self) -> &'static str {
        match self {
            Type::Number { .. } => "N",
            Type::Name => "NAME",
            Type::Host | Type::HostName => "HOST",
            Type::Interface => "INTERFACE",
            Type::Address | Type::InterfaceAddress => "ADDRESS",
            _ => "VALUE",
        }
    }

    /// How a message calls a value that is missing from a statement, and what it says is wanted; empty: the usage of the statement.
    pub(crate) fn missing(self) -> Option<(&'static str, &'static str)> {
        match self {
            Type::Number { .. } => Some(("a number", "")),
            Type::Name => Some(("a name", "")),
            Type::Host => Some(("a host", "")),
            Type::InterfaceAddress => {
                Some(("an address", "such as 192.0.2.1/24 or 2001:db8::1/64"))
            }
            _ => None,
        }
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
                "printable characters are expected",
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
                    "preserve, or a port from 1 to 65535 is expected",
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
                    "an address such as 192.0.2.1 or an interface such as eth0 is expected",
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
                    "a name such as ttyS0 is expected",
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
            Type::Record => record::record(value),
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
                    "this is not a valid password".into(),
                    "1 to 128 characters are possible",
                ),
            },
            Type::PasswordHash => match password_hash(value) {
                true => Ok(value.to_owned()),
                false => refuse(
                    "this is not an encrypted password".into(),
                    "$ID$SALT$HASH is expected, as in /etc/shadow; plaintext-password encrypts one",
                ),
            },
            Type::Location => location(value),
            Type::NodePath => {
                let words: Vec<&str> = value.split_whitespace().collect();
                let place = super::lookup(words.iter().copied());
                match !words.is_empty() && words[0] != "comment" && place.is_some() {
                    true => Ok(words.join(" ")),
                    false => refuse(
                        format!("{} is not a part of the configuration", shown(value)),
                        "words from the root are expected, such as \"flow monitor M\"",
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
