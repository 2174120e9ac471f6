//! samplicate's command line: options in the manner of getopt, with receivers between and after them.

use super::super::Remark;
use super::super::report::{HERE, Options, Remarks, behind};

/// A parsed command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// Configuration files, in order.
    pub files: Vec<Given>,
    /// `-s`
    pub(super) listen: Option<String>,
    /// `-p`
    pub(super) port: Option<String>,
    /// `-b`
    pub(super) buffer: Option<String>,
    /// `-x`, microseconds.
    pub(super) delay_us: Option<u32>,
    /// `-S`
    pub(super) spoof: bool,
    /// `-n`
    pub(super) no_checksum: bool,
    /// `-4` (true) or `-6`.
    pub(super) only_ipv4: Option<bool>,
    /// Receivers, as written.
    pub(super) receivers: Vec<String>,
    /// Remarks about it.
    pub(super) remarks: Vec<Remark>,
}

/// A `-c FILE`, with the options before it, which apply to its receivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The file, as written.
    pub path: String,
    /// Whether `-S` came before it.
    pub spoof: bool,
    /// Whether `-n` came before it.
    pub no_checksum: bool,
}

/// Options for which flowd needs no counterpart, with the reason.
const NOT_NEEDED: &[(char, &str)] = &[
    ('f', "flowd is a service already"),
    (
        'm',
        "flowd is a service; there is no file of its process id",
    ),
    ('d', "`show samplicator` and `show log` tell what it does"),
    ('u', "datagrams of every size are taken"),
    (
        't',
        "flowd does not end when it hears nothing; it logs that a source is silent",
    ),
    ('h', "it asks for samplicate's help only"),
];

impl Arguments {
    /// Parses a command line, with or without the program's name (and `sudo`) at its beginning.
    pub fn parse(line: &str) -> Arguments {
        let mut arguments = Arguments::default();
        let mut remarks = Remarks::default();
        let mut words = behind("samplicate", line, &mut remarks).into_iter();
        let mut only_receivers = false;
        while let Some(word) = words.next() {
            match word.strip_prefix('-') {
                _ if only_receivers => arguments.receivers.push(word),
                Some("-") => only_receivers = true,
                Some(options) if !options.is_empty() => {
                    arguments.options(options, &mut words, &mut remarks);
                }
                _ if word == "&" => remarks.lost(HERE, &word, "flowd is a service already"),
                _ => arguments.receivers.push(word),
            }
        }
        arguments.remarks = remarks.0;
        arguments
    }
}

impl Options for Arguments {
    const WITH_VALUE: &'static str = "budtmpsxc";

    fn flag(&mut self, option: char, remarks: &mut Remarks) {
        let shown = &format!("-{option}");
        match option {
            'S' => self.spoof = true,
            'n' => self.no_checksum = true,
            '4' => self.only_ipv4 = Some(true),
            '6' => self.only_ipv4 = Some(false),
            _ => match not_needed(option) {
                Some(why) => remarks.lost(HERE, shown, why),
                None => remarks.lost(HERE, shown, "samplicate has no such option"),
            },
        }
    }

    fn value(&mut self, option: char, value: String, remarks: &mut Remarks) {
        let shown = &format!("-{option}");
        let both = format!("{shown} {value}");
        match option {
            's' => self.listen = Some(value),
            'p' => self.port = Some(value),
            'b' => self.buffer = Some(value),
            'x' => match value.parse() {
                Ok(0) => self.delay_us = None,
                Ok(delay @ 1..=1_000_000) => self.delay_us = Some(delay),
                _ => remarks.lost(
                    HERE,
                    &both,
                    "a delay from 1 to 1000000 microseconds is expected",
                ),
            },
            'c' => self.files.push(Given {
                path: value,
                spoof: self.spoof,
                no_checksum: self.no_checksum,
            }),
            _ => {
                let why = not_needed(option).unwrap_or_default();
                // Many command lines have -d without its level; the next word is then the first receiver.
                if option == 'd' && !value.bytes().all(|octet| octet.is_ascii_digit()) {
                    remarks.lost(HERE, shown, why);
                    remarks.differs(
                        HERE,
                        &value,
                        "samplicate takes it for the level of -d; here it is a receiver",
                    );
                    self.receivers.push(value);
                } else {
                    remarks.lost(HERE, &both, why);
                }
            }
        }
    }
}

fn not_needed(option: char) -> Option<&'static str> {
    NOT_NEEDED
        .iter()
        .find(|(known, _)| *known == option)
        .map(|(_, why)| *why)
}
