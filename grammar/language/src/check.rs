//! What is wrong with a whole tree: one finding for each wrong thing, without looking at the host.

mod samplicator;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use registry::field::Family;
use registry::record::MAX_FIELDS;
use registry::{Field, Predefined};

use crate::near::which;
use crate::order::natural;
use crate::router_name;
use crate::schema::{Kind, Row, TABLE, default_word, is_predefined, named_field, referred};
use crate::tree::unlike;
use crate::walk::walk_new;
use crate::word::MAX_PROBLEMS;
use crate::{Code, Finding, Tree};

/// Depth below which every node is looked at though it has not changed.
type Depth = usize;

/// A node that has not changed is sound wherever it is.
const LOCAL: Depth = usize::MAX;

/// A node is looked at whether it has changed or not.
const ALWAYS: Depth = 0;

/// `sound` is a tree that nothing is wrong with.
pub(crate) fn check(tree: &Tree, sound: Option<&Tree>) -> Vec<Finding> {
    let mut found = Found {
        tree,
        sound,
        findings: Vec::new(),
    };
    found.references();
    found.required();
    found.accounting();
    found.interfaces();
    found.records();
    found.exporters();
    found.attachments();
    found.samplicators();
    found.findings
}

const V4: &str = "an IPv4 address is expected";
const V6: &str = "an IPv6 address is expected";

/// What an address of the same family as another is.
fn family_of(address: &str) -> &'static str {
    if address.contains(':') { V6 } else { V4 }
}

struct Found<'a> {
    tree: &'a Tree,
    sound: Option<&'a Tree>,
    findings: Vec<Finding>,
}

fn words(path: &str) -> Vec<&str> {
    path.split(' ').collect()
}

impl Found<'_> {
    /// Reports two parts of the configuration that exclude each other.
    fn conflict(&mut self, path: &[&str], message: impl Into<String>) {
        self.report(Code::Conflict, path, message);
    }

    fn report(&mut self, code: Code, path: &[&str], message: impl Into<String>) {
        let path = path.iter().map(|word| (*word).to_owned()).collect();
        self.findings.push(Finding {
            path,
            message: message.into(),
            code,
        });
    }

    /// Calls `visit` for every node at `path`, but for those that are the same in the sound tree, or are below a node
    /// that is, at most `depth` words from the root.
    fn each(&mut self, path: &str, depth: Depth, mut visit: impl FnMut(&mut Self, &[&str], &Tree)) {
        let (tree, sound) = (self.tree, self.sound.filter(|_| depth > ALWAYS));
        let path = words(path);
        walk_new(
            tree,
            sound,
            &path,
            depth,
            &mut Vec::new(),
            &mut |path, node| {
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                visit(self, &path, node);
            },
        );
    }

    /// Whether the nodes at these paths are the same in the sound tree.
    fn same(&self, paths: &[&[&str]]) -> bool {
        let Some(sound) = self.sound else {
            return false;
        };
        paths
            .iter()
            .all(|path| match (sound.get(path), self.tree.get(path)) {
                (Some(old), Some(new)) => old.is(new),
                (None, None) => true,
                _ => false,
            })
    }

    /// Whether every name that the tag has in the sound tree is there.
    fn keeps_names(&self, tag: &[&str]) -> bool {
        let Some(sound) = self.sound else {
            return false;
        };
        match (sound.get(tag), self.tree.get(tag)) {
            (Some(Tree::Branch(old)), Some(Tree::Branch(new))) => {
                unlike(old, new).all(|(_, _, new)| new.is_some())
            }
            (None, _) => true,
            _ => false,
        }
    }

    /// Down to which depth of the row's nodes a reference that has not changed still finds what it found: the names of
    /// a tag at the top stay, those of a tag in the same branch stay with that branch.
    fn depth(&self, row: &Row) -> Depth {
        let depth = |tag: &&'static str| {
            let tag = words(tag);
            match tag.iter().rposition(|word| *word == "*") {
                Some(last) => last + 1,
                None if self.keeps_names(&tag) => LOCAL,
                None => ALWAYS,
            }
        };
        row.refers.iter().map(depth).min().unwrap_or(LOCAL)
    }

    /// Every name that refers to another must find it.
    fn references(&mut self) {
        for row in TABLE {
            let Some(first) = row.refers.first() else {
                continue;
            };
            self.each(row.path, self.depth(row), |found, path, node| {
                let names: Vec<&str> = match node {
                    Tree::Leaf(values) => values.iter().map(String::as_str).collect(),
                    Tree::Branch(children) => children.keys().map(String::as_str).collect(),
                };
                for name in names {
                    let predefined = *first == "flow record" && is_predefined(name);
                    let there = |tag: &&'static str| {
                        let target: Vec<&str> =
                            referred(tag, path).into_iter().chain([name]).collect();
                        found.tree.has(&target)
                    };
                    if predefined || row.refers.iter().any(there) {
                        continue;
                    }
                    let tag = referred(first, path);
                    let path: Vec<&str> = path.iter().copied().chain([name]).collect();
                    let (known, tag) = (found.known(&tag, name), tag.join(" "));
                    found.report(
                        Code::DanglingReference,
                        &path,
                        format!("{tag} {name} does not exist; {known}"),
                    );
                }
            });
        }
    }

    /// What a row requires must be there wherever its parent is.
    fn required(&mut self) {
        for row in TABLE.iter().filter(|row| !row.required.is_empty()) {
            let Some((parent, word)) = row.path.rsplit_once(' ') else {
                continue;
            };
            self.each(parent, LOCAL, |found, path, node| {
                let there = match row.kind {
                    Kind::Container | Kind::Tag => node.children(&[word]).next().is_some(),
                    Kind::Leaf | Kind::Multi | Kind::Flag => node.has(&[word]),
                };
                if !there {
                    let subject = match (parent.ends_with('*'), path) {
                        // A name of a tag inside another name is called by its own tag: `receiver A`.
                        (true, [_, _, .., tag, name]) if path.len() > 3 => format!("{tag} {name}"),
                        (true, path) => path.join(" "),
                        (false, path) => path.last().copied().unwrap_or_default().to_owned(),
                    };
                    let message = format!("{subject}: {}", row.required);
                    found.report(Code::MissingLeaf, path, message);
                }
            });
        }
    }

    /// What would have been right in place of a name, as a finding tells it. There may be many names and many findings: the
    /// first ones tell.
    fn known(&self, tag: &[&str], typed: &str) -> String {
        match self.tree.get(tag) {
            Some(Tree::Branch(children)) if self.findings.len() < MAX_PROBLEMS => {
                let names = natural(children).into_iter();
                which(typed, names.map(|(name, _)| name.as_str()))
            }
            Some(Tree::Branch(children)) => format!("there are {} others", children.len()),
            _ => which(typed, []),
        }
    }

    /// The refusals of VyOS at commit time.
    fn accounting(&mut self) {
        const AT: &str = "system flow-accounting";
        let at = words(AT);
        let tree = self.tree;
        let Some(accounting) = tree.get(&at) else {
            return;
        };
        let (netflow, sflow) = (accounting.has(&["netflow"]), accounting.has(&["sflow"]));
        if accounting.has(&["disable-imt"]) && !netflow && !sflow {
            let path = words("system flow-accounting disable-imt");
            self.conflict(
                &path,
                "disable-imt without netflow or sflow would account for nothing; set a server, or delete it",
            );
        }
        self.engine(accounting);
        self.server_sources();
        self.sflow_families(accounting);
    }

    /// VyOS: `TYPE:ID` belongs to version 5, a number to 9 and 10.
    fn engine(&mut self, accounting: &Tree) {
        let Some(engine) = accounting.value(&["netflow", "engine-id"]) else {
            return;
        };
        let version = accounting
            .value(&["netflow", "version"])
            .unwrap_or(default_word("system flow-accounting netflow version"));
        let message = match (version, engine.contains(':'), engine.parse::<u32>()) {
            ("5", false, Ok(256..)) => {
                format!(
                    "engine-id {engine} does not fit version 5; TYPE:ID or a number from 0 to 255 is expected"
                )
            }
            ("9" | "10", true, _) => {
                format!("engine-id {engine} is of version 5, not {version}; a number is expected")
            }
            _ => return,
        };
        self.conflict(&words("system flow-accounting netflow engine-id"), message);
    }

    fn server_sources(&mut self) {
        self.each(
            "system flow-accounting netflow server *",
            LOCAL,
            |found, path, node| {
                if node.has(&["source-address"]) && node.has(&["source-interface"]) {
                    found.conflict(
                        path,
                        "source-address and source-interface exclude each other; delete one",
                    );
                }
                let server = path[path.len() - 1];
                if let Some(source) = node.value(&["source-address"])
                    && server.contains(':') != source.contains(':')
                {
                    let message = format!(
                        "source-address {source} is not of the family of server {server}; {}",
                        family_of(server)
                    );
                    found.conflict(path, message);
                }
            },
        );
    }

    fn sflow_families(&mut self, accounting: &Tree) {
        let servers: Vec<bool> = accounting
            .children(&["sflow", "server"])
            .map(|(name, _)| name.contains(':'))
            .collect();
        let at = words("system flow-accounting sflow");
        if servers.iter().any(|v6| *v6 != servers[0]) {
            self.conflict(&at, "sflow: servers are of both families; one is possible");
            return;
        }
        for leaf in ["agent-address", "source-address"] {
            let address = accounting
                .value(&["sflow", leaf])
                .filter(|address| *address != "auto");
            if let (Some(address), Some(v6)) = (address, servers.first())
                && address.contains(':') != *v6
            {
                let path: Vec<&str> = at.iter().copied().chain([leaf]).collect();
                self.conflict(
                    &path,
                    format!(
                        "{leaf} {address} is not of the servers' family; {}",
                        if *v6 { V6 } else { V4 }
                    ),
                );
            }
        }
    }

    fn interfaces(&mut self) {
        // Short and long forms of a router's name are one alias.
        let same = |alias: &str| match router_name::canonical(alias) {
            Some((kind, number)) => format!("{kind}{number}"),
            None => alias.to_owned(),
        };
        let mut aliases: HashMap<String, String> = HashMap::new();
        if self.same(&[&["interfaces", "ethernet"]]) {
            return;
        }
        self.each("interfaces ethernet *", ALWAYS, |found, path, node| {
            let name = path[path.len() - 1];
            if let Some(alias) = node.value(&["alias"])
                && let Some(other) = aliases.insert(same(alias), name.to_owned())
            {
                let path: Vec<&str> = path.iter().copied().chain(["alias"]).collect();
                found.conflict(
                    &path,
                    format!("alias {alias} is already that of {other}; give it another"),
                );
            }
            for direction in ["ingress", "egress"] {
                if node.value(&["mirror", direction]) == Some(name) {
                    let path: Vec<&str> =
                        path.iter().copied().chain(["mirror", direction]).collect();
                    found.conflict(
                        &path,
                        format!("{name} cannot be mirrored to itself; name another interface"),
                    );
                }
            }
        });
    }

    fn records(&mut self) {
        self.each("flow record *", LOCAL, |found, path, node| {
            let name = path[path.len() - 1];
            let (matched, collected) = (node.values(&["match"]), node.values(&["collect"]));
            if is_predefined(name) {
                found.conflict(
                    path,
                    format!("record {name} is predefined; choose another name"),
                );
            }
            if matched.len() + collected.len() > MAX_FIELDS {
                found.report(
                    Code::OutOfRange,
                    path,
                    format!("flow record {name} has more than {MAX_FIELDS} fields; leave some out"),
                );
            }
            for field in collected.iter().filter(|field| matched.contains(field)) {
                let path: Vec<&str> = path.iter().copied().chain(["collect", field]).collect();
                found.conflict(
                    &path,
                    format!("{field} is matched already; delete it from collect"),
                );
            }
        });
    }

    fn exporters(&mut self) {
        self.each("flow exporter *", LOCAL, |found, path, node| {
            let Some(destination) = node.value(&["destination"]) else {
                return;
            };
            found.transport(path, node);
            let family = |text: &str| {
                text.parse::<std::net::IpAddr>()
                    .map(|address| address.is_ipv4())
                    .ok()
            };
            if let Some(source) = node.value(&["source"])
                && let (Some(from), Some(to)) = (family(source), family(destination))
                && from != to
            {
                let path: Vec<&str> = path.iter().copied().chain(["source"]).collect();
                found.conflict(
                    &path,
                    format!(
                        "source {source} is not of the family of destination {destination}; {}",
                        family_of(destination)
                    ),
                );
            }
        });
        for option in ["application-table", "application-attributes"] {
            self.each(
                &format!("flow exporter * option {option}"),
                LOCAL,
                |found, path, _| {
                    found.report(
                        Code::NotHere,
                        path,
                        format!(
                            "option {option}: there is no application recognition on this host; delete it"
                        ),
                    );
                },
            );
        }
    }

    /// TCP carries IPFIX only, and has the place of UDP (RFC 7011 §10).
    fn transport(&mut self, path: &[&str], node: &Tree) {
        let name = path[path.len() - 1];
        let transport = |word| [path, &["transport", word]].concat();
        let Some(port) = node.value(&["transport", "tcp"]) else {
            if node.has(&["transport", "buffer"]) {
                let message = format!("exporter {name}: it has no effect without `transport tcp`");
                self.conflict(&transport("buffer"), message);
            }
            return;
        };
        if node.has(&["transport", "udp"]) {
            let message = format!("exporter {name}: udp and tcp exclude each other; delete one");
            self.conflict(&transport("tcp"), message);
        }
        if node.value(&["export-protocol"]) != Some("ipfix") {
            let message = format!(
                "exporter {name}: TCP (port {port}) carries IPFIX only; set export-protocol ipfix"
            );
            self.conflict(&transport("tcp"), message);
        }
    }

    /// A monitor attached for a family must have a record that speaks of it.
    fn attachments(&mut self) {
        let depth = match self.same(&[&["flow", "monitor"], &["flow", "record"]]) {
            true => LOCAL,
            false => ALWAYS,
        };
        self.each(
            "interfaces ethernet * flow monitor *",
            depth,
            |found, path, node| {
                let monitor = path[path.len() - 1];
                let Some(record) = found.tree.value(&["flow", "monitor", monitor, "record"]) else {
                    return;
                };
                for family in node.values(&["family"]) {
                    let wanted = match family.as_str() {
                        "ip" => Family::V4,
                        "ipv6" => Family::V6,
                        _ => continue,
                    };
                    if !found.speaks(record, wanted) {
                        let path: Vec<&str> =
                            path.iter().copied().chain(["family", family]).collect();
                        let message = format!(
                            "family {family} has no fields in record {record} of monitor {monitor}; leave the family out, or have the record match some"
                        );
                        found.conflict(&path, message);
                    }
                }
            },
        );
    }

    /// Whether a record meters a family: it names fields of it, or of none.
    fn speaks(&self, record: &str, family: Family) -> bool {
        if let Some(predefined) = Predefined::by_name(record) {
            return predefined.family.is_none_or(|only| only == family);
        }
        let fields: Vec<&Field> = ["match", "collect"]
            .into_iter()
            .flat_map(|leaf| self.tree.values(&["flow", "record", record, leaf]))
            .filter_map(|words| named_field(words))
            .collect();
        let mut families = fields.iter().filter_map(|field| field.family).peekable();
        families.peek().is_none() || families.any(|named| named == family)
    }
}
