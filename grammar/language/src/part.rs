//! Which parts of a router's configuration are this product's. The others are left out where a text is read for its flow parts only.

use crate::resolve::Cursor;
use crate::schema::{Place, lookup};
pub use crate::source::Select;
use crate::walk::walk;
use crate::{Dialect, Mode, Tree};

/// Lines that were not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The first line, from 1.
    pub line: u32,
    /// The number of lines.
    pub lines: u32,
    /// The part of the configuration that they are of: `router bgp`, `firewall`.
    pub section: String,
}

/// Lines that were not read, in one line: `142 lines of 9 sections left out: crypto, router bgp, …`.
pub fn left_out(parts: &[LeftOut]) -> String {
    const NAMED: usize = 8;
    let lines: u32 = parts.iter().map(|part| part.lines).sum();
    let mut sections: Vec<&str> = Vec::new();
    for part in parts {
        if !sections.contains(&part.section.as_str()) {
            sections.push(&part.section);
        }
    }
    let count = |number: usize, what: &str| match number {
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    };
    let more = if sections.len() > NAMED { ", …" } else { "" };
    let named = &sections[..sections.len().min(NAMED)];
    format!(
        "{} of {} left out: {}{more}",
        count(lines as usize, "line"),
        count(sections.len(), "section"),
        named.join(", ")
    )
}

/// Lines that were not read, as they are found.
#[derive(Debug, Default)]
pub(crate) struct Left {
    pub(crate) parts: Vec<LeftOut>,
}

impl Left {
    /// Adds lines; those that follow others of the same section are added to them.
    pub(crate) fn add(&mut self, line: u32, lines: u32, section: &str) {
        if let Some(last) = self.parts.last_mut()
            && last.section == section
            && line <= last.line + last.lines
        {
            last.lines = last.lines.max(line + lines - last.line);
            return;
        }
        self.parts.push(LeftOut {
            line,
            lines,
            section: section.to_owned(),
        });
    }
}

/// Nodes of the flow parts; `*` is any name. What is below them belongs to them.
const FLOW: &[&str] = &[
    "flow",
    "system flow-accounting",
    "system sflow",
    "system syslog host",
    "interfaces ethernet * flow",
    "interfaces ethernet * capture",
    "interfaces ethernet * promiscuous",
    "interfaces ethernet * alias",
];

/// Nodes of the host.
const HOST: &[&str] = &[
    "system host-name",
    "system login user",
    "interfaces ethernet * address",
    "interfaces ethernet * description",
    "interfaces ethernet * disable",
    "interfaces ethernet * mtu",
    "interfaces loopback * address",
];

/// Nodes that a part is made of, each of which is named and replaced by itself.
const UNITS: &[&str] = &[
    "flow record *",
    "flow exporter *",
    "flow monitor *",
    "flow sampler *",
    "flow samplicator *",
    "system flow-accounting",
    "system sflow",
    "system syslog host *",
    "system login user *",
    "interfaces ethernet * flow",
    "interfaces ethernet * capture",
    "interfaces ethernet * address",
    "interfaces loopback * address",
];

/// `base` with the parts of another tree: added to what it has, or else in place of what it has of the same name.
pub(crate) fn joined(base: &Tree, parts: &Tree, mode: Mode) -> Tree {
    let mut tree = base.clone();
    if mode != Mode::Merge {
        for unit in UNITS {
            let words: Vec<&str> = unit.split(' ').collect();
            walk(parts, &words, &mut Vec::new(), &mut |path, _| {
                tree.remove(path);
            });
        }
    }
    let lines = crate::render(parts, Dialect::Set);
    crate::read(&tree, &[], &lines, Some(Dialect::Set), Mode::Merge).tree
}

/// How a node is related to the parts that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// It is of a flow part.
    Flow,
    /// It is of the host's part.
    Host,
    /// A part that is read is below it.
    Above,
    /// It is of another part.
    Other,
}

impl Select {
    /// How the node of a path is related to what is read.
    pub(crate) fn relation(self, path: &[&str]) -> Relation {
        if self == Select::All {
            return Relation::Flow;
        }
        let (flow, host) = (against(FLOW, path), against(HOST, path));
        match (flow, host) {
            (Relation::Flow, _) => Relation::Flow,
            (_, Relation::Flow) if self == Select::FlowAndHost => Relation::Host,
            (Relation::Above, _) => Relation::Above,
            (_, Relation::Above) if self == Select::FlowAndHost => Relation::Above,
            _ => Relation::Other,
        }
    }

    /// The same for words as they are written below a cursor. Also the first words of the path, which name its section.
    pub(crate) fn relation_of(self, at: &Cursor, words: &[&str]) -> (Relation, String) {
        let mut path = at.path.clone();
        let mut place = Some(at.place);
        for word in words {
            place = match place {
                Some(Place::Words(node)) => match node.old(word) {
                    Some(new) => {
                        path = new.split(' ').map(str::to_owned).collect();
                        lookup(new.split(' '))
                    }
                    None => {
                        path.push((*word).to_owned());
                        node.child(word).map(crate::schema::Node::place)
                    }
                },
                Some(Place::Name(node)) => {
                    path.push((*word).to_owned());
                    Some(Place::Words(node))
                }
                _ => break,
            };
        }
        let words: Vec<&str> = path.iter().map(String::as_str).collect();
        (self.relation(&words), section(&words))
    }
}

fn against(patterns: &[&str], path: &[&str]) -> Relation {
    let mut above = false;
    for pattern in patterns {
        let words: Vec<&str> = pattern.split(' ').collect();
        let agree = words
            .iter()
            .zip(path)
            .all(|(wanted, word)| *wanted == "*" || wanted == word);
        match agree {
            true if path.len() >= words.len() => return Relation::Flow,
            agree => above |= agree,
        }
    }
    match above {
        true => Relation::Above,
        false => Relation::Other,
    }
}

/// The name of the section that a path is of.
fn section(path: &[&str]) -> String {
    let words = match path {
        [
            "system" | "service" | "interfaces" | "protocols" | "vpn",
            ..,
        ] => 2,
        _ => 1,
    };
    path[..path.len().min(words)].join(" ")
}
