//! Statements of classic NetFlow as what they mean here: a monitor of `netflow-original` with an exporter for each destination, on
//! the interfaces that had NetFlow.

use super::super::attachment;
use super::super::line::Line;
use crate::attachment::Cell;
use crate::load::Loader;
use crate::resolve::{Cursor, Target, ios_value};
use crate::schema::{Place, Type, lookup};
use crate::word::{Span, Word};
use crate::{Code, Problem};

/// The name of the monitor, and what the names of its exporters begin with.
const NAME: &str = "classic";

/// What the statements said so far.
#[derive(Debug, Default)]
pub(in super::super) struct Translation {
    /// Destination with its port and VRF.
    destinations: Vec<Destination>,
    /// Leaves of every exporter, with their values.
    exporters: Vec<Value>,
    /// Leaves of the monitor, with their values.
    monitor: Vec<Value>,
    version: Option<Span>,
    /// Interfaces with the direction that is metered.
    attached: Vec<(Vec<String>, &'static str, Span)>,
    /// Interfaces with their samplers, and the direction that each is for.
    samplers: Vec<(Vec<String>, String, &'static str, Span)>,
    /// The first statement.
    first: Option<Span>,
}

#[derive(Debug)]
struct Destination {
    host: String,
    port: Option<String>,
    vrf: Option<String>,
    place: Span,
}

#[derive(Debug)]
struct Value {
    leaf: &'static str,
    value: String,
    place: Span,
}

/// What a statement came to.
pub(in super::super) type Read = Result<(), Problem>;

impl Translation {
    /// Reads a statement of the global mode; `None` when it is not one of classic NetFlow.
    pub(in super::super) fn global(&mut self, loader: &mut Loader, line: &Line) -> Option<Read> {
        let texts: Vec<String> = line
            .spoken()
            .iter()
            .map(|word| word.text.to_ascii_lowercase())
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let place = line.words[0].place.to(line.last().place);
        match texts[..] {
            _ if line.no => return None,
            ["ip", "flow-export", "destination", ..] => {
                self.begun(place);
                return Some(self.destination(&line.spoken()[3..], place));
            }
            ["ip", "flow-export", "source", _, ..] => {
                let source = ios_value(
                    Type::InterfaceOrAddress,
                    &line.spoken()[3..],
                    loader.names(),
                );
                match source {
                    Ok((source, _)) => self.exporter("source", &source, place),
                    Err(problem) => return Some(Err(problem)),
                }
            }
            ["ip", "flow-export", "version", version, ref more @ ..] => {
                self.version(loader, version, more, place);
            }
            ["ip", "flow-export", "template", "timeout-rate", minutes] => {
                self.exporter("template data timeout", &seconds(minutes), place);
            }
            ["ip", "flow-export", "template", "options", "export-stats"] => {
                self.exporter("option", "exporter-stats", place);
            }
            ["ip", "flow-export", "template", "options", "sampler"] => {
                self.exporter("option", "sampler-table", place);
            }
            ["ip", "flow-export", "template", ..] => {
                note(loader, place, "templates go by time here, not by packets");
            }
            ["ip", "flow-export", "interface-names"] => {
                self.exporter("option", "interface-table", place);
            }
            ["ip", "flow-cache", "entries", entries] => {
                self.monitor("cache entries", entries, place);
            }
            ["ip", "flow-cache", "timeout", "active", minutes] => {
                self.monitor("cache timeout active", &seconds(minutes), place);
            }
            ["ip", "flow-cache", "timeout", "inactive", seconds] => {
                self.monitor("cache timeout inactive", seconds, place);
            }
            ["flow", "timeout", "active", value] | ["flow", "timeout", value] => {
                self.timeout("cache timeout active", value, place);
                return Some(Ok(()));
            }
            ["flow", "timeout", "inactive" | "session", value] => {
                self.timeout("cache timeout inactive", value, place);
                return Some(Ok(()));
            }
            ["feature", "netflow"] => {}
            ["ip", first, ..] if first.starts_with("flow-") => {
                let (_, hint) = super::GLOBAL
                    .iter()
                    .find(|(begin, _)| super::starts(&line.words, begin))?;
                note(loader, place, hint);
            }
            _ => return None,
        }
        Some(Ok(()))
    }

    /// Reads a statement of an interface; `None` when it is not one of classic NetFlow.
    pub(in super::super) fn in_interface(
        &mut self,
        interface: &Cursor,
        line: &Line,
    ) -> Option<Read> {
        let texts: Vec<String> = line
            .spoken()
            .iter()
            .map(|word| word.text.to_ascii_lowercase())
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let place = line.words[0].place.to(line.last().place);
        let path = interface.path.clone();
        match texts[..] {
            ["ip", "flow", "ingress" | "egress"] | ["ip", "route-cache", "flow"] if line.no => {}
            ["ip", "flow", "ingress"] | ["ip", "route-cache", "flow"] => {
                self.attached.push((path, "input", place));
            }
            ["ip", "flow", "egress"] => self.attached.push((path, "output", place)),
            ["flow-sampler", _, ref direction @ ..] if !line.no => {
                let direction = match direction {
                    ["egress"] => "output",
                    _ => "input",
                };
                let name = line.words[1].text.to_string();
                self.samplers.push((path, name, direction, place));
            }
            _ => return None,
        }
        self.begun(place);
        Some(Ok(()))
    }

    fn begun(&mut self, place: Span) {
        self.first.get_or_insert(place);
    }

    fn exporter(&mut self, leaf: &'static str, value: &str, place: Span) {
        self.begun(place);
        self.exporters.push(Value {
            leaf,
            value: value.to_owned(),
            place,
        });
    }

    fn monitor(&mut self, leaf: &'static str, value: &str, place: Span) {
        self.begun(place);
        self.timeout(leaf, value, place);
    }

    /// A leaf of the monitor that is there only if something else asks for one.
    fn timeout(&mut self, leaf: &'static str, value: &str, place: Span) {
        self.monitor.push(Value {
            leaf,
            value: value.to_owned(),
            place,
        });
    }

    /// `HOST PORT [vrf NAME] [udp]`, the VRF also before the port.
    fn destination(&mut self, words: &[Word], place: Span) -> Read {
        let Some((host, mut rest)) = words.split_first() else {
            return Err(place.after().problem(
                Code::MissingValue,
                "a host is missing",
                Some("ip flow-export destination HOST PORT [vrf NAME]".into()),
            ));
        };
        let mut destination = Destination {
            host: host.text.to_string(),
            port: None,
            vrf: None,
            place: host.place,
        };
        while let Some((word, more)) = rest.split_first() {
            rest = more;
            match (&*word.text, more.first()) {
                ("vrf", Some(name)) => {
                    destination.vrf = Some(name.text.to_string());
                    rest = &more[1..];
                }
                ("udp", _) => {}
                (port, _) if destination.port.is_none() => {
                    destination.port = Some(port.to_owned());
                }
                (other, _) => {
                    return Err(word.place.problem(
                        Code::NotHere,
                        format!("{other} is not possible: flows are exported over UDP"),
                        None,
                    ));
                }
            }
        }
        self.destinations.push(destination);
        Ok(())
    }

    fn version(&mut self, loader: &mut Loader, version: &str, more: &[&str], place: Span) {
        self.version = Some(place);
        let protocol = match version {
            "9" => "netflow-v9",
            "10" | "ipfix" => "ipfix",
            "1" => {
                note(loader, place, "version 1 is not exported; version 5 is");
                "netflow-v5"
            }
            "5" => "netflow-v5",
            other => other,
        };
        self.exporter("export-protocol", protocol, place);
        for word in more {
            let why = "AS numbers and next hops are BGP's, and this host does not speak it";
            note(loader, place, &format!("{word} is left out: {why}"));
        }
    }

    /// Puts what the statements mean into the tree.
    pub(in super::super) fn finish(mut self, loader: &mut Loader) {
        let Some(first) = self.first else {
            return self.for_every_monitor(loader);
        };
        for (path, _, direction, place) in &self.samplers {
            let known = self
                .attached
                .iter()
                .any(|(other, own, _)| other == path && own == direction);
            if !known {
                self.attached.push((path.clone(), direction, *place));
            }
        }
        if self.version.is_none() && !self.destinations.is_empty() {
            note(loader, first, "without a version, version 5 is exported");
            self.exporter("export-protocol", "netflow-v5", first);
        }
        let mut put = |path: String, value: &str, place: Span| put(loader, &path, value, place);
        let mut names = Vec::new();
        for (destination, number) in self.destinations.iter().zip(1..) {
            let name = format!("{NAME}-{number}");
            let leaf = |leaf: &str| format!("flow exporter {name} {leaf}");
            let place = destination.place;
            put(leaf("destination"), &destination.host, place);
            if let Some(port) = &destination.port {
                put(leaf("transport udp"), port, place);
            }
            if let Some(vrf) = &destination.vrf {
                put(leaf("vrf"), vrf, place);
            }
            for value in &self.exporters {
                put(leaf(value.leaf), &value.value, value.place);
            }
            names.push(name);
        }
        let leaf = |leaf: &str| format!("flow monitor {NAME} {leaf}");
        put(leaf("record"), "netflow-original", first);
        for name in names {
            put(leaf("exporter"), &name, first);
        }
        for value in &self.monitor {
            put(leaf(value.leaf), &value.value, value.place);
        }
        self.attach(loader);
    }

    fn attach(&self, loader: &mut Loader) {
        for (interface, direction, place) in &self.attached {
            let own = |(path, ..): &&(Vec<String>, String, &str, Span)| path == interface;
            let samplers = || self.samplers.iter().filter(own);
            let sampler = samplers()
                .find(|(_, _, of, _)| of == direction)
                .or_else(|| samplers().next());
            if let Some((_, name, of, _)) = sampler.filter(|(_, _, of, _)| of != direction) {
                let what = format!(
                    "{name} samples {direction}, too, not {of} only: a monitor has one sampler on an interface"
                );
                note(loader, *place, &what);
            }
            let cell = Cell {
                family: "ip".to_owned(),
                direction,
                sampler: sampler.map(|(_, name, ..)| name.clone()),
            };
            attachment::attach(loader, interface, NAME, cell, *place);
        }
    }

    /// Timeouts of NX-OS are those of every monitor that has none of its own.
    fn for_every_monitor(&self, loader: &mut Loader) {
        let monitors = loader.tree.children(&["flow", "monitor"]);
        let names: Vec<String> = monitors.map(|(name, _)| name.to_owned()).collect();
        for value in &self.monitor {
            for name in &names {
                let path = format!("flow monitor {name} {}", value.leaf);
                let words: Vec<&str> = path.split(' ').collect();
                if loader.tree.value(&words).is_none() {
                    put(loader, &path, &value.value, value.place);
                }
            }
        }
    }
}

/// Minutes as seconds; what is no number is refused as a value.
fn seconds(minutes: &str) -> String {
    let number = minutes.parse::<u32>().ok();
    let seconds = number.and_then(|minutes| minutes.checked_mul(60));
    seconds.map_or_else(|| minutes.to_owned(), |seconds| seconds.to_string())
}

fn note(loader: &mut Loader, place: Span, what: &str) {
    loader.note(place.problem(Code::Translated, what, None));
}

/// Sets a leaf, or adds a name or a value, and reports a value that is wrong.
fn put(loader: &mut Loader, path: &str, value: &str, place: Span) {
    let path: Vec<String> = path.split(' ').map(str::to_owned).collect();
    let found = lookup(path.iter().map(String::as_str));
    let Some(Place::Value(node) | Place::Name(node)) = found else {
        return;
    };
    let result = node
        .accept(value, false)
        .map_err(|no| place.problem(no.code, no.message, no.hint))
        .and_then(|value| {
            let target = match found {
                Some(Place::Name(_)) => Target::Branch(Cursor {
                    place: Place::Words(node),
                    path: path.iter().cloned().chain([value]).collect(),
                }),
                _ => Target::Values(path, node, vec![value]),
            };
            loader.set(target, place)
        });
    if let Err(problem) = result {
        loader.report(problem);
    }
}
