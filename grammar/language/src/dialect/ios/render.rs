//! The tree as IOS lines, in the order a router shows them: what is referred to comes first.

use std::fmt::Write;

use crate::Tree;
use crate::order::{entries, natural};
use crate::schema::{Ios, Node, Place, Type, lookup};
use crate::word::{quoted, quoted_always};

/// Writes the tree.
pub(crate) fn render(tree: &Tree) -> String {
    let mut out = String::new();
    if let Some(name) = tree.value(&["system", "host-name"]) {
        let _ = writeln!(out, "hostname {name}");
    }
    end(&mut out);
    system(tree, &mut out);
    end(&mut out);
    for tag in ["record", "exporter", "sampler", "monitor", "samplicator"] {
        instances(tree, tag, &mut out);
    }
    interfaces(tree, &mut out);
    if let (Some(place), Some(comments)) = (lookup(["comment"]), tree.get(&["comment"])) {
        lines(place, comments, "comment", &mut out);
        end(&mut out);
    }
    out
}

/// Ends a block, if there is one to end.
fn end(out: &mut String) {
    if !out.is_empty() && !out.ends_with("!\n") {
        out.push_str("!\n");
    }
}

/// `system …` but the host name: `logging` where IOS has it, paths for the rest.
fn system(tree: &Tree, out: &mut String) {
    let Some(place) = lookup(["system"]) else {
        return;
    };
    let Some(system) = tree.get(&["system"]) else {
        return;
    };
    for (word, place, tree) in entries(place, system) {
        match word {
            "host-name" => {}
            "syslog" => syslog(place, tree, out),
            _ => lines(place, tree, &format!("system {word}"), out),
        }
    }
}

fn syslog(place: Place, tree: &Tree, out: &mut String) {
    for (word, place, tree) in entries(place, tree) {
        if word != "host" {
            lines(place, tree, &format!("system syslog {word}"), out);
            continue;
        }
        for (host, place, tree) in entries(place, tree) {
            match (tree.value(&["protocol"]), tree.value(&["port"])) {
                (Some(protocol), Some(port)) => {
                    let _ = writeln!(out, "logging host {host} transport {protocol} port {port}");
                }
                (Some(protocol), None) => {
                    let _ = writeln!(out, "logging host {host} transport {protocol}");
                }
                (None, Some(port)) => {
                    let _ = writeln!(out, "system syslog host {host} port {port}");
                }
                (None, None) => {
                    let _ = writeln!(out, "logging host {host}");
                }
            }
            for (word, place, tree) in entries(place, tree) {
                if word == "facility" {
                    lines(
                        place,
                        tree,
                        &format!("system syslog host {host} facility"),
                        out,
                    );
                }
            }
        }
    }
}

/// The statement that opens the submode of each name of a tag, with its lines below it.
fn instances(tree: &Tree, tag: &str, out: &mut String) {
    let Some(Place::Name(node)) = lookup(["flow", tag]) else {
        return;
    };
    let Some(instances) = tree.get(&["flow", tag]) else {
        return;
    };
    for (name, place, tree) in entries(Place::Name(node), instances) {
        let opener = match &node.row.ios {
            Ios::Opens(_, statement) => statement.fill(node, |_| Some(name.to_owned())),
            _ => None,
        };
        let Some((opener, _)) = opener else { continue };
        let _ = writeln!(out, "{opener}");
        let statements = node.statements().into_iter();
        let filled = statements.filter_map(|(of, statement)| {
            statement.fill(of, |leaf| tree.value(&[leaf]).map(str::to_owned))
        });
        let mut said: Vec<&str> = Vec::new();
        for (line, leaves) in filled {
            let _ = writeln!(out, " {line}");
            said.extend(leaves);
        }
        for (word, place, tree) in entries(place, tree) {
            if !said.contains(&word) {
                lines(place, tree, &format!(" {word}"), out);
            }
        }
        end(out);
    }
}

fn interfaces(tree: &Tree, out: &mut String) {
    for tag in ["loopback", "ethernet"] {
        let Some(Place::Name(node)) = lookup(["interfaces", tag]) else {
            continue;
        };
        let Some(instances) = tree.get(&["interfaces", tag]) else {
            continue;
        };
        for (name, place, tree) in entries(Place::Name(node), instances) {
            // `interface lo` is `interfaces loopback lo`, whatever else the tree calls so.
            if tag == "ethernet" && super::names::loopback(name, None).is_some() {
                lines(place, tree, &format!("interfaces ethernet {name}"), out);
                end(out);
                continue;
            }
            let _ = writeln!(out, "interface {name}");
            interface(place, tree, name, out);
            end(out);
        }
    }
}

fn interface(place: Place, tree: &Tree, name: &str, out: &mut String) {
    for (word, place, tree) in entries(place, tree) {
        match (word, tree) {
            ("address", Tree::Leaf(values)) => {
                for value in values {
                    let v6 = crate::schema::is_ipv6(value) || value == "dhcpv6";
                    let _ = writeln!(out, " {} address {value}", if v6 { "ipv6" } else { "ip" });
                }
            }
            (_, Tree::Leaf(values)) if values.is_empty() => {
                let _ = writeln!(out, " {}", flag(place));
            }
            ("flow", _) => {}
            _ => lines(place, tree, &format!(" {word}"), out),
        }
    }
    let Some(Tree::Branch(monitors)) = tree.get(&["flow", "monitor"]) else {
        return;
    };
    for (monitor, tree) in natural(monitors) {
        let families = tree.values(&["family"]);
        let Some(direction) = tree.value(&["direction"]).filter(|_| !families.is_empty()) else {
            continue;
        };
        let sampler = tree
            .value(&["sampler"])
            .map(|name| format!(" sampler {name}"))
            .unwrap_or_default();
        for family in families {
            for one in ["input", "output"] {
                if direction == one || direction == "both" {
                    let _ = writeln!(out, " {family} flow monitor {monitor}{sampler} {one}");
                }
            }
        }
    }
    // What IOS has no words for is written as a path, which leaves the submode; so it comes last.
    for (monitor, tree) in natural(monitors) {
        if tree.value(&["direction"]).is_some() && !tree.values(&["family"]).is_empty() {
            continue;
        }
        let Some(place) = lookup([
            "interfaces",
            "ethernet",
            name,
            "flow",
            "monitor",
            monitor.as_str(),
        ]) else {
            continue;
        };
        lines(
            place,
            tree,
            &format!("interfaces ethernet {name} flow monitor {monitor}"),
            out,
        );
    }
}

/// The words of a flag: a statement that only IOS has (`shutdown`), or the tree's word.
fn flag(place: Place) -> &'static str {
    match place.node().row.ios {
        Ios::Also([statement, ..]) => statement.pattern,
        _ => place.node().word(),
    }
}

/// A line for every value, flag and name without content.
fn lines(place: Place, tree: &Tree, prefix: &str, out: &mut String) {
    match (place, tree) {
        (Place::Value(node), Tree::Leaf(values)) => {
            for value in values {
                let _ = writeln!(out, "{prefix} {}", written(node, value));
            }
        }
        (_, Tree::Branch(children)) if !children.is_empty() => {
            for (word, place, tree) in entries(place, tree) {
                lines(place, tree, &format!("{prefix} {}", quoted(word)), out);
            }
        }
        _ => {
            let _ = writeln!(out, "{prefix}");
        }
    }
}

/// A value: texts run to the end of the line, in quotes only when their ends would be lost.
fn written(node: &Node, value: &str) -> String {
    match node.row.value {
        Type::Text { .. } if value.trim() != value || value.starts_with('"') => {
            quoted_always(value)
        }
        Type::Text { .. } => value.to_owned(),
        kind if kind.many_words() => value.to_owned(),
        _ => quoted(value).into_owned(),
    }
}
