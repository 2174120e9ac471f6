//! What can follow in a path of the configuration: what the schema allows, or what the tree has.

use std::collections::{HashMap, HashSet};

use language::Tree;
use language::schema::{self, Follow, Kind, Place, Type};

use super::{Candidate, Completion, Context, NameKind, known};
use crate::words::Word;

/// Returns what the schema knows of `words` at the edit level, and the path from the root with abbreviations written
/// out; `None` where the words are no path.
fn spelled_out(level: &[String], words: &[Word]) -> Option<(Follow, Vec<String>)> {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let follow = schema::follow(level, &texts).ok()?;
    let path = level.iter().chain(&follow.path).cloned().collect();
    Some((follow, path))
}

/// Returns what the schema lets follow `words` at the edit level.
pub(super) fn follow(
    level: &[String],
    words: &[Word],
    begun: &str,
    context: &Context<'_>,
) -> Completion {
    let Some((follow, path)) = spelled_out(level, words) else {
        return Completion::default();
    };
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let below = match schema::lookup(path.iter().copied()) {
        Some(Place::Words(node)) => Some(node),
        _ => None,
    };
    let mut candidates: Vec<Candidate> = Vec::new();
    for tag in follow.names {
        candidates.extend(names_in(context.tree, &schema::referred(tag, &path), begun));
    }
    if let Some(Type::Interface | Type::InterfaceOrAddress | Type::Alias) = follow.value {
        candidates.extend(known(NameKind::Interface, begun, context));
    }
    let tree = context.tree.get(&path);
    for candidate in follow.candidates {
        let node = below.and_then(|node| node.child(&candidate.text));
        candidates.push(Candidate {
            current: node
                .and_then(|node| set_to(tree?.get(&[candidate.text.as_str()])?, node.row.value)),
            mark: node.map_or("", |node| mark(node.kind())).to_owned(),
            mandatory: node.is_some_and(|node| !node.row.required.is_empty()),
            text: candidate.text,
            help: candidate.help,
            literal: candidate.literal,
        });
    }
    Completion {
        start: 0,
        candidates,
        end: follow.complete,
        current: follow
            .value
            .zip(tree)
            .and_then(|(kind, node)| set_to(node, kind)),
    }
}

/// Adds to the candidates for an IOS statement what schema and tree know of the path with the same words. `level` is the
/// node that has the submode.
pub(super) fn annotate(
    found: &mut Completion,
    level: &[String],
    words: &[Word],
    begun: &str,
    context: &Context<'_>,
) {
    let known = follow(level, words, begun, context);
    let by_text: HashMap<&str, &Candidate> = known
        .candidates
        .iter()
        .map(|candidate| (candidate.text.as_str(), candidate))
        .collect();
    for candidate in &mut found.candidates {
        if let Some(same) = by_text.get(candidate.text.as_str()) {
            candidate.mandatory |= same.mandatory;
            candidate.current.clone_from(&same.current);
        }
    }
    // Names that the tree has, where only a placeholder stands.
    if found.candidates.iter().all(|candidate| !candidate.literal) && !found.candidates.is_empty() {
        let names = known.candidates.into_iter();
        found
            .candidates
            .extend(names.filter(|candidate| candidate.literal));
    }
    found.current = found.current.take().or(known.current);
}

/// Whether the words lead to a node that has neither a value nor a name.
pub(super) fn is_container(level: &[String], words: &[Word]) -> bool {
    let place = spelled_out(level, words)
        .and_then(|(_, path)| schema::lookup(path.iter().map(String::as_str)));
    matches!(place, Some(Place::Words(node)) if node.kind() == Kind::Container)
}

/// Returns a leaf's values, shortened to fit a line of help, secrets masked.
fn set_to(node: &Tree, kind: Type) -> Option<String> {
    const MOST: usize = 60;
    let Tree::Leaf(values) = node else {
        return None;
    };
    if values.is_empty() {
        return Some("set".into());
    }
    let all = schema::masked_values(kind, values).join(", ");
    Some(match all.chars().count() {
        ..=MOST => all,
        _ => all.chars().take(MOST).chain(['…']).collect(),
    })
}

/// Returns what the tree has below `words` at the edit level.
pub(super) fn existing(
    level: &[String],
    words: &[Word],
    begun: &str,
    context: &Context<'_>,
) -> Completion {
    let Some((allowed, path)) = spelled_out(level, words) else {
        return Completion::default();
    };
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let helps = follow(level, words, begun, context).candidates;
    let there: Vec<String> = match context.tree.get(&path) {
        Some(Tree::Branch(children)) => children.keys().cloned().collect(),
        _ => values_below(context.tree, &path),
    };
    let helps: HashMap<&str, &Candidate> = helps
        .iter()
        .filter(|known| known.literal)
        .map(|known| (known.text.as_str(), known))
        .collect();
    let candidates = there
        .into_iter()
        .filter(|text| text.starts_with(begun))
        .map(|text| match helps.get(text.as_str()) {
            Some(known) => Candidate {
                mandatory: false,
                ..(*known).clone()
            },
            None => Candidate::word(text, ""),
        })
        .collect();
    Completion {
        start: 0,
        candidates,
        end: context.tree.has(&path) || allowed.complete,
        current: None,
    }
}

/// Returns the values of the leaf that a path leads to. Where the path has the first words of such a value, it is the
/// next word of each value that begins with them.
fn values_below(tree: &Tree, path: &[&str]) -> Vec<String> {
    let leaf = (0..=path.len()).rev().find_map(|at| {
        let (leaf, begun) = path.split_at(at);
        match tree.get(leaf) {
            Some(Tree::Leaf(values)) => Some((schema::lookup(leaf.iter().copied()), values, begun)),
            _ => None,
        }
    });
    let Some((place, values, begun)) = leaf else {
        return Vec::new();
    };
    match place {
        Some(Place::Value(node)) if node.row.value.many_words() => {
            let next = |value: &String| {
                let mut words = value.split(' ');
                let begins = begun
                    .iter()
                    .all(|typed| words.next().is_some_and(|word| word.starts_with(typed)));
                begins.then(|| words.next())?.map(str::to_owned)
            };
            let mut words: Vec<String> = values.iter().filter_map(next).collect();
            let mut known = HashSet::new();
            words.retain(|word| known.insert(word.clone()));
            words
        }
        _ if begun.is_empty() => values.clone(),
        _ => Vec::new(),
    }
}

/// Returns the names below a node of the tree that begin with `begun`, with their descriptions.
pub(super) fn names_in(tree: &Tree, tag: &[&str], begun: &str) -> Vec<Candidate> {
    tree.children(tag)
        .filter(|(name, _)| name.starts_with(begun))
        .map(|(name, node)| {
            Candidate::word(name, node.value(&["description"]).unwrap_or("Configured"))
        })
        .collect()
}

/// Returns VyOS's mark for what can follow a node.
fn mark(kind: Kind) -> &'static str {
    match kind {
        Kind::Container => ">",
        Kind::Tag => "+>",
        Kind::Multi => "+",
        Kind::Leaf | Kind::Flag => "",
    }
}
