//! Paths of the configuration: what the schema allows, and what the tree has.

use super::{Candidate, Completion, Context, NameKind};
use crate::Tree;
use crate::command::Word;
use crate::schema::{self, Kind, Place, Type};

/// Leaves without which their parent is refused.
const MANDATORY: &[&str] = &[
    "flow record * match",
    "flow exporter * destination",
    "flow monitor * record",
    "flow sampler * rate",
    "flow samplicator * receiver",
    "flow samplicator * receiver * address",
    "flow samplicator * balance group * receivers",
    "system flow-accounting interface",
];

/// What the schema lets follow `words` at the edit level.
pub(super) fn follow(
    level: &[String],
    words: &[Word],
    begun: &str,
    context: &Context<'_>,
) -> Completion {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let Ok(follow) = schema::follow(level, &texts) else {
        return Completion::default();
    };
    let path: Vec<&str> = level
        .iter()
        .chain(&follow.path)
        .map(String::as_str)
        .collect();
    let below = match schema::lookup(path.iter().copied()) {
        Some(Place::Words(node)) => Some(node),
        _ => None,
    };
    let mut candidates: Vec<Candidate> = Vec::new();
    for tag in follow.names {
        candidates.extend(names_in(context.tree, &schema::referred(tag, &path)));
    }
    if let Some(Type::Interface | Type::InterfaceOrAddress | Type::Alias) = follow.value {
        let live = context.names.names(NameKind::Interface, begun);
        candidates.extend(
            live.into_iter()
                .map(|(name, help)| Candidate::word(name, help)),
        );
    }
    for candidate in follow.candidates {
        let node = below.and_then(|node| node.child(&candidate.text));
        candidates.push(Candidate {
            text: candidate.text,
            help: candidate.help,
            literal: candidate.literal,
            mark: node.map_or("", |node| mark(node.kind())),
            mandatory: node.is_some_and(|node| MANDATORY.contains(&node.row.path)),
        });
    }
    Completion {
        start: 0,
        candidates,
        end: follow.complete,
    }
}

/// What the tree has below `words` at the edit level.
pub(super) fn existing(
    level: &[String],
    words: &[Word],
    begun: &str,
    context: &Context<'_>,
) -> Completion {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let Ok(allowed) = schema::follow(level, &texts) else {
        return Completion::default();
    };
    let path: Vec<&str> = level
        .iter()
        .chain(&allowed.path)
        .map(String::as_str)
        .collect();
    let helps = follow(level, words, begun, context).candidates;
    let there: Vec<String> = match context.tree.get(&path) {
        Some(Tree::Branch(children)) => children.keys().cloned().collect(),
        Some(Tree::Leaf(values)) => values.clone(),
        None => Vec::new(),
    };
    let candidates = there
        .into_iter()
        .map(|text| {
            match helps
                .iter()
                .find(|known| known.literal && known.text == text)
            {
                Some(known) => Candidate {
                    mandatory: false,
                    ..known.clone()
                },
                None => Candidate::word(text, ""),
            }
        })
        .collect();
    Completion {
        start: 0,
        candidates,
        end: context.tree.has(&path) || allowed.complete,
    }
}

/// The names a tag has in the tree, with their descriptions.
pub(super) fn names_in(tree: &Tree, tag: &[&str]) -> Vec<Candidate> {
    tree.children(tag)
        .map(|(name, node)| {
            Candidate::word(name, node.value(&["description"]).unwrap_or("Configured"))
        })
        .collect()
}

/// VyOS's marks.
fn mark(kind: Kind) -> &'static str {
    match kind {
        Kind::Container => ">",
        Kind::Tag => "+>",
        Kind::Multi => "+",
        Kind::Leaf | Kind::Flag => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mandatory_leaves_are_of_the_schema() {
        for path in MANDATORY {
            assert!(schema::TABLE.iter().any(|row| row.path == *path), "{path}");
        }
    }
}
