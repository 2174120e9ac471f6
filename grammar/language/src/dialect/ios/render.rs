//! The tree as IOS lines, in the order a router shows them: what is referred to comes first.

use std::fmt::Write;

use crate::Tree;
use crate::order::{entries, natural};
use crate::schema::{Ios, Node, Place, Statement, Type, lookup};
use crate::word::{quoted, quoted_always};

/// Writes the tree.
pub(crate) fn render(tree: &Tree) -> String {
    let mut out = String::new();
    let order = |word: &str| (word != "host-name") as u8;
    if let (Some(place), Some(system)) = (lookup(["system"]), tree.get(&["system"])) {
        let mut system = entries(place, system);
        system.sort_by_key(|(word, ..)| order(word));
        for (word, place, tree) in system {
            global(place, tree, &format!("system {word}"), &mut out);
            if word == "host-name" {
                end(&mut out);
            }
        }
    }
    end(&mut out);
    for tag in ["record", "exporter", "sampler", "monitor", "samplicator"] {
        let place = lookup(["flow", tag]);
        if let (Some(place), Some(instances)) = (place, tree.get(&["flow", tag])) {
            for (name, place, tree) in entries(place, instances) {
                instance(place, name, tree, &mut out);
            }
        }
    }
    for tag in ["loopback", "ethernet"] {
        let place = lookup(["interfaces", tag]);
        if let (Some(place), Some(instances)) = (place, tree.get(&["interfaces", tag])) {
            for (name, place, tree) in entries(place, instances) {
                interface(place, tag, name, tree, &mut out);
            }
        }
    }
    // What IOS has no statements for are paths.
    for word in ["service", "comment"] {
        if let (Some(place), Some(tree)) = (lookup([word]), tree.get(&[word])) {
            lines(place, tree, word, &mut out);
            end(&mut out);
        }
    }
    out
}

/// Ends a block, if there is one to end.
fn end(out: &mut String) {
    if !out.is_empty() && !out.ends_with("!\n") {
        out.push_str("!\n");
    }
}

/// Statements of the global mode for a node and what is below it: those of its row, paths for the rest.
fn global(place: Place, tree: &Tree, path: &str, out: &mut String) {
    let node = place.node();
    match (place, node.row.ios, tree) {
        (Place::Value(_), Ios::Also(_), Tree::Leaf(values)) => {
            for value in values {
                let value = |word: &str| (word == node.word()).then(|| value.clone());
                if let Some((line, _)) = written_as(node, value) {
                    let _ = writeln!(out, "{line}");
                }
            }
        }
        (Place::Name(_), Ios::Also(_), _) => {
            for (name, place, tree) in entries(place, tree) {
                let own = |word: &str| match word == node.word() {
                    true => Some(name.to_owned()),
                    false => tree.value(&[word]).map(str::to_owned),
                };
                let (line, said) = written_as(node, own).unwrap_or_default();
                if !line.is_empty() {
                    let _ = writeln!(out, "{line}");
                }
                for (word, place, tree) in entries(place, tree) {
                    if !said.contains(&word) {
                        lines(place, tree, &format!("{path} {name} {word}"), out);
                    }
                }
            }
        }
        (Place::Words(_), _, Tree::Branch(children)) if !children.is_empty() => {
            for (word, place, tree) in entries(place, tree) {
                global(place, tree, &format!("{path} {word}"), out);
            }
        }
        _ => lines(place, tree, path, out),
    }
}

/// The first of a node's statements that can be written with what the tree has, and the leaves that are in it.
fn written_as(
    node: &'static Node,
    value: impl Fn(&str) -> Option<String>,
) -> Option<(String, Vec<&'static str>)> {
    let Ios::Also(statements) = node.row.ios else {
        return None;
    };
    let mut statements = statements.iter().filter(|statement| !statement.understood);
    statements.find_map(|statement| statement.fill(node, &value))
}

/// The statement that opens the submode of a name, with its lines below it.
fn instance(place: Place, name: &str, tree: &Tree, out: &mut String) {
    let node = place.node();
    let Ios::Opens(_, statement) = &node.row.ios else {
        return;
    };
    let Some((opener, _)) = statement.fill(node, |_| Some(name.to_owned())) else {
        return;
    };
    let _ = writeln!(out, "{opener}");
    let mut said: Vec<&str> = Vec::new();
    for (word, place, tree_below) in entries(place, tree) {
        if said.contains(&word) {
            continue;
        }
        let value = |leaf: &str| tree.value(&[leaf]).map(str::to_owned);
        if let Some((line, leaves)) = written_as(place.node(), value) {
            let _ = writeln!(out, " {line}");
            said.extend(leaves);
            continue;
        }
        lines(place, tree_below, &format!(" {word}"), out);
    }
    end(out);
}

fn interface(place: Place, tag: &str, name: &str, tree: &Tree, out: &mut String) {
    // `interface lo` is `interfaces loopback lo`, whatever else the tree calls so.
    if tag == "ethernet" && crate::router_name::loopback(name, None).is_some() {
        lines(place, tree, &format!("interfaces ethernet {name}"), out);
        return end(out);
    }
    let _ = writeln!(out, "interface {name}");
    for (word, place, tree) in entries(place, tree) {
        match (place.node().row.ios, tree) {
            (Ios::Also(statements), Tree::Leaf(values)) => {
                in_interface(place.node(), statements, values, out);
            }
            (Ios::Instead(_), _) => {}
            _ => lines(place, tree, &format!(" {word}"), out),
        }
    }
    monitors(tree, name, out);
    end(out);
}

/// The statements of a leaf in an interface, each value by the one of its family.
fn in_interface(
    node: &'static Node,
    statements: &'static [Statement],
    values: &[String],
    out: &mut String,
) {
    let mut line = |value: Option<&String>| {
        let of_family = |statement: &&Statement| {
            let family = statement.family.zip(value);
            family.is_none_or(|(family, value)| family.has(value))
        };
        let statement = statements.iter().find(of_family);
        if let Some((line, _)) = statement.and_then(|one| one.fill(node, |_| value.cloned())) {
            let _ = writeln!(out, " {line}");
        }
    };
    match values {
        [] => line(None),
        values => values.iter().for_each(|value| line(Some(value))),
    }
}

/// The monitors of an interface: a line for each family and direction where both are named.
fn monitors(tree: &Tree, interface: &str, out: &mut String) {
    let Some(Tree::Branch(monitors)) = tree.get(&["flow", "monitor"]) else {
        return;
    };
    let tag = lookup(["interfaces", "ethernet", interface, "flow", "monitor"]);
    let (Some(Place::Name(node)), Ios::Instead([statement, ..])) =
        (tag, tag.map_or(Ios::Path, |tag| tag.node().row.ios))
    else {
        return;
    };
    let whole =
        |tree: &Tree| tree.value(&["direction"]).is_some() && !tree.values(&["family"]).is_empty();
    for (monitor, tree) in natural(monitors)
        .into_iter()
        .filter(|(_, tree)| whole(tree))
    {
        for family in tree.values(&["family"]) {
            for direction in directions(node, tree) {
                let value = |word: &str| match word {
                    "monitor" => Some(monitor.clone()),
                    "family" => Some(family.clone()),
                    "direction" => Some(direction.to_owned()),
                    leaf => tree.value(&[leaf]).map(str::to_owned),
                };
                if let Some((line, _)) = statement.fill(node, value) {
                    let _ = writeln!(out, " {line}");
                }
            }
        }
    }
    // What IOS has no words for is written as a path, which leaves the submode; so it comes last.
    for (monitor, tree) in natural(monitors)
        .into_iter()
        .filter(|(_, tree)| !whole(tree))
    {
        let path = format!("interfaces ethernet {interface} flow monitor {monitor}");
        lines(Place::Words(node), tree, &path, out);
    }
}

/// The directions of an attached monitor, one by one.
fn directions<'a>(monitor: &'static Node, tree: &'a Tree) -> Vec<&'a str> {
    let direction = tree.value(&["direction"]);
    let row = monitor.child("direction").map(|node| node.row);
    match (direction, row) {
        (Some(direction), Some(row)) if direction == row.all => row.choices(),
        _ => direction.into_iter().collect(),
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
