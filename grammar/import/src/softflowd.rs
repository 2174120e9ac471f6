//! Importer for softflowd's command line (softflowd(8), releases 0.9.9 to 1.1.0) and for the files that systems start it
//! from, which become the metering of an interface.

mod file;
#[cfg(test)]
mod tests;

pub use file::file;

use super::Imported;
use super::probe::{Probe, collector, filter, five_tuple, interface, number};
use super::report::{HERE, Options, Remarks, behind};
use language::schema::Type;

/// The name of the imported monitor.
pub const NAME: &str = "softflowd";

/// Options of softflowd for which flowd needs no counterpart, with the reason.
const NOT_NEEDED: &[(char, &str)] = &[
    ('d', "flowd is a service already"),
    ('D', "`show flow …` and `show log` tell what flowd does"),
    ('h', "it asks for softflowd's help only"),
    (
        'p',
        "flowd is a service; there is no file of its process id",
    ),
    ('c', "flowsh does what softflowctl does"),
    ('6', "IPv6 is always metered"),
    (
        'a',
        "savefiles have their own times: flowd meter --read FILE",
    ),
];

/// Imports a command line.
pub fn arguments(line: &str) -> Imported {
    let mut remarks = Remarks::default();
    let words = behind(NAME, line, &mut remarks);
    let mut read = Read::default();
    read.command(words, &mut remarks);
    let text = read.statements(NAME, true, &mut remarks);
    Imported {
        text,
        remarks: remarks.0,
        ..Imported::default()
    }
}

struct Read {
    probe: Probe,
    /// `-T`
    track: Option<String>,
    /// `-x`
    labels: Option<u64>,
    /// `-A`
    times: Option<String>,
}

impl Default for Read {
    /// The defaults of softflowd.
    fn default() -> Read {
        Read {
            probe: Probe {
                promiscuous: true,
                version: 5,
                ..Probe::default()
            },
            track: None,
            labels: None,
            times: None,
        }
    }
}

impl Options for Read {
    const WITH_VALUE: &'static str = "LTirtnmpcvsPABCRSx";

    fn flag(&mut self, option: char, remarks: &mut Remarks) {
        let shown = &format!("-{option}");
        match option {
            'N' => self.probe.promiscuous = false,
            'b' => self.probe.bidirectional = true,
            'l' => remarks.lost(HERE, shown, "each collector gets every record"),
            _ => match not_needed(option) {
                Some(why) => remarks.lost(HERE, shown, why),
                None => remarks.lost(HERE, shown, "softflowd has no such option"),
            },
        }
    }

    fn value(&mut self, option: char, value: String, remarks: &mut Remarks) {
        let value = &*value;
        let shown = format!("-{option} {value}");
        let mut lost = |why: String| remarks.lost(HERE, &shown, why);
        match option {
            'i' => {
                let name = value.split_once(':').map_or(value, |(_, name)| name);
                match interface(name) {
                    _ if matches!(name, "any" | "all") => {
                        lost(
                            "it is every interface of the host; load it once for each, by name"
                                .into(),
                        );
                    }
                    Ok(name) => self.probe.interface = name,
                    Err(why) => lost(why),
                }
                if name != value {
                    remarks.differs(HERE, &shown, "exported is the index that the host gives it");
                }
            }
            'n' => {
                for one in value.split(',') {
                    match collector(one) {
                        Ok(one) if self.probe.collectors.contains(&one) => {
                            lost("it is there twice".into());
                        }
                        Ok(one) => self.probe.collectors.push(one),
                        Err(why) => lost(why),
                    }
                }
            }
            'm' => match number(value, 16, 16_777_216) {
                Some((flows, aside)) => {
                    self.probe.max_flows = Some(flows);
                    if aside {
                        remarks.differs(HERE, &shown, "16 to 16777216 flows are possible");
                    }
                }
                None => lost("a number of flows is expected".into()),
            },
            't' => match self.timeout(value) {
                Ok(()) => {}
                Err(why) => lost(why),
            },
            'v' => match value {
                "5" | "9" | "10" => self.probe.version = value.parse().unwrap_or(5),
                "1" => lost("version 1 has no sequence numbers; version 5 is used".into()),
                "psamp" => {
                    self.probe.version = 10;
                    lost("packets are not exported singly; IPFIX flows are".into());
                }
                _ => lost("versions 5, 9 and 10 are possible; 5 is used".into()),
            },
            'P' if value == "udp" => {}
            'P' => lost("records are exported by UDP".into()),
            's' => match number(value, 1, 32_768) {
                Some((0 | 1, _)) => self.probe.sampling = None,
                Some((rate, aside)) => {
                    self.probe.sampling = Some(("deterministic", rate));
                    if aside {
                        remarks.differs(HERE, &shown, "one packet in 32768 is the least");
                    }
                }
                None => lost("a number of packets is expected".into()),
            },
            'C' | 'B' => match value.parse::<u64>() {
                Ok(octets) if option == 'C' => self.probe.snaplen = Some(octets),
                Ok(octets) => self.probe.buffer = Some(octets),
                Err(_) => lost("a number of octets is expected".into()),
            },
            'L' => match value.parse() {
                Ok(ttl @ 1..) => self.probe.ttl = Some(ttl),
                _ => lost("a number from 1 to 255 is expected".into()),
            },
            'S' => match interface(value) {
                Ok(name) => self.probe.source = Some(name),
                Err(why) => lost(why),
            },
            'T' => self.track = Some(value.to_owned()),
            'x' => match number(value, 1, 10) {
                Some((labels, aside)) => {
                    self.labels = Some(labels);
                    if aside {
                        remarks.differs(HERE, &shown, "1 to 10 labels are possible");
                    }
                }
                None => lost("a number of labels is expected".into()),
            },
            'A' => self.times = Some(value.to_owned()),
            'r' => lost("a savefile is metered by `flowd meter --read FILE`".into()),
            'R' => lost("packets of another probe are not received".into()),
            _ => lost(
                not_needed(option)
                    .unwrap_or("it has no meaning here")
                    .into(),
            ),
        }
    }
}

impl Read {
    /// Reads the words of a command line.
    fn command(&mut self, words: Vec<String>, remarks: &mut Remarks) {
        let mut words = words.into_iter();
        let mut expression = Vec::new();
        while let Some(word) = words.next() {
            match word.strip_prefix('-') {
                // As getopt does, options end with the first word that is none.
                _ if !expression.is_empty() => expression.push(word),
                Some("-") => expression.extend(words.next()),
                Some(options) if !options.is_empty() => {
                    self.options(options, &mut words, remarks);
                }
                _ => expression.push(word),
            }
        }
        if expression.last().is_some_and(|word| word == "&") {
            expression.pop();
            remarks.lost(HERE, "&", "flowd is a service already");
        }
        if !expression.is_empty() {
            self.filter(&expression.join(" "), remarks);
        }
    }

    fn filter(&mut self, text: &str, remarks: &mut Remarks) {
        match filter(text) {
            Ok(filter) => self.probe.filter = Some(filter),
            Err(why) => remarks.lost(HERE, text, why),
        }
    }

    fn timeout(&mut self, value: &str) -> Result<(), String> {
        let Some((name, time)) = value.split_once('=') else {
            return Err("NAME=TIME is expected".into());
        };
        let Some(seconds) = seconds(time) else {
            return Err(format!("{time} is not a time such as 600, 10m or 1h30m"));
        };
        if (name, seconds) == ("maxlife", 0) {
            return Err("flows have a longest life; it is 604800 s".into());
        }
        match self.probe.timeouts.set(name, seconds) {
            true => Ok(()),
            false => Err(format!("softflowd has no timeout {name}")),
        }
    }

    /// The `set` lines; `name` is that of the monitor. `alone` says that there is no other.
    fn statements(mut self, name: &str, alone: bool, remarks: &mut Remarks) -> String {
        if self.probe.interface.is_empty() {
            remarks.lost(HERE, "softflowd", "no interface is named (-i)");
            return String::new();
        }
        let fixed = self.probe.version == 5;
        if let Some(track) = self.track.take() {
            let shown = format!("-T {track}");
            match keys(&track) {
                None => remarks.lost(HERE, &shown, "ether, vlan, full, proto and ip are possible"),
                Some(_) if track == "full" => {}
                Some(_) if fixed => {
                    remarks.lost(HERE, &shown, "NetFlow version 5 has one record only");
                }
                Some(keys) => self.probe.keys = Some(keys),
            }
        }
        if let Some(labels) = self.labels {
            match fixed {
                true => remarks.lost(
                    HERE,
                    &format!("-x {labels}"),
                    "NetFlow version 5 has no labels",
                ),
                false => {
                    let fields = (1..=labels).map(|label| format!("mpls label {label} details"));
                    self.probe.collects.extend(fields);
                }
            }
        }
        if let Some(times) = self.times.take() {
            let shown = format!("-A {times}");
            match (times.as_str(), fixed) {
                (_, true) => remarks.lost(
                    HERE,
                    &shown,
                    "NetFlow version 5 has times since the start only",
                ),
                ("sec", _) => remarks.differs(HERE, &shown, "times are in milliseconds"),
                ("milli", _) => {}
                ("micro", _) => self.probe.times = "microseconds",
                ("nano", _) => self.probe.times = "nanoseconds",
                _ => remarks.lost(HERE, &shown, "sec, milli, micro and nano are possible"),
            }
            if self.probe.keys.is_none() && !fixed {
                self.probe.keys = Some(five_tuple());
            }
        }
        if self.probe.bidirectional && self.probe.version != 10 {
            self.probe.bidirectional = false;
            remarks.lost(
                HERE,
                "-b",
                "only IPFIX (-v 10) has both directions in a record",
            );
        }
        if self.probe.collectors.is_empty() {
            remarks.differs(
                HERE,
                "softflowd",
                "no collector is named (-n): flows are metered only",
            );
        }
        self.probe.statements(name, alone, HERE, remarks)
    }
}

/// Returns the key fields of a track level.
fn keys(track: &str) -> Option<Vec<String>> {
    let ports = |field: &String| !field.starts_with("transport");
    let protocol = |field: &String| !field.ends_with("protocol");
    let mut keys = five_tuple();
    match track {
        "full" => {}
        "proto" => keys.retain(ports),
        "ip" => keys.retain(|field| ports(field) && protocol(field)),
        "vlan" | "ether" => {
            keys.push("datalink dot1q vlan input".into());
            if track == "ether" {
                keys.push("datalink mac source address input".into());
                keys.push("datalink mac destination address input".into());
            }
        }
        _ => return None,
    }
    Some(keys)
}

/// Parses softflowd's times: `600`, `10m`, `1h30m`.
fn seconds(text: &str) -> Option<u32> {
    let mut sum = 0u32;
    let mut number = None;
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            let so_far: u32 = number.unwrap_or(0);
            number = Some(so_far.checked_mul(10)?.checked_add(digit)?);
            continue;
        }
        let unit = match c.to_ascii_lowercase() {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        sum = sum.checked_add(number.take()?.checked_mul(unit)?)?;
    }
    let sum = sum.checked_add(number.unwrap_or(0))?;
    let most = Type::Number {
        min: 0,
        max: 2_147_483_647,
    };
    (!text.is_empty() && most.accept(&sum.to_string(), false).is_ok()).then_some(sum)
}

fn not_needed(option: char) -> Option<&'static str> {
    let found = NOT_NEEDED.iter().find(|(known, _)| *known == option);
    found.map(|(_, why)| *why)
}
