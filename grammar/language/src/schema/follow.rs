//! What can follow the words of a path: completion and `?` ask this.

use registry::{PREDEFINED, Predefined};

use super::{Pick, Place, Row, Type, field, lookup, pick, root};

/// One thing that can be written next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The word, or a placeholder such as `<1-65535>`.
    pub text: String,
    /// One line of help.
    pub help: String,
    /// It is a word to be written as it stands, not a placeholder.
    pub literal: bool,
}

/// What can follow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Follow {
    /// What can be written next, in the schema's order.
    pub candidates: Vec<Candidate>,
    /// The statement may end here: a value is complete, a name given, or nothing more possible.
    pub complete: bool,
    /// The words so far with abbreviations written out.
    pub path: Vec<String>,
    /// The tags whose names can be written next: the tag itself for a new name, others for a reference.
    pub names: Vec<&'static str>,
    /// Type of the value or name that can be written next.
    pub value: Option<Type>,
}

fn literal(text: &str, help: &str) -> Candidate {
    Candidate {
        text: text.to_owned(),
        help: help.to_owned(),
        literal: true,
    }
}

impl Row {
    /// What can be written for its value or its names, as `?` shows it. A choice that is the default says so.
    pub fn hints(&self) -> Vec<Candidate> {
        let hints = self.value.hints().into_iter();
        let help = |text: &str, help: &str| match help {
            "" => self.help_line(),
            help if text == self.default => format!("{help} (default)"),
            help => help.to_owned(),
        };
        hints
            .map(|(text, said, literal)| Candidate {
                help: help(&text, said),
                text,
                literal,
            })
            .collect()
    }
}

/// What can follow `words` at the edit level `at`. Keywords may be abbreviated.
///
/// # Errors
/// The index of the first word that is wrong or ambiguous.
pub fn follow(at: &[String], words: &[&str]) -> Result<Follow, usize> {
    let mut place = lookup(at.iter().map(String::as_str)).ok_or(0usize)?;
    let mut path = Vec::new();
    for (index, word) in words.iter().enumerate() {
        place = match place {
            Place::Words(node) => {
                if let Some(new) = node.old(word) {
                    path.push((*word).to_owned());
                    lookup(new.split(' ')).ok_or(index)?
                } else {
                    let Pick::One(picked) =
                        pick(word, node.children().iter().map(|child| child.word()), true)
                    else {
                        return Err(index);
                    };
                    path.push(picked.to_owned());
                    node.child(picked).ok_or(index)?.place()
                }
            }
            Place::Name(node) => {
                path.push(node.accept(word, true).map_err(|_| index)?);
                Place::Words(node)
            }
            Place::Value(node) if node.row.value.many_words() => {
                let words = &words[index..];
                path.extend(words.iter().map(|word| (*word).to_owned()));
                return value_words(node.row.value, words, path).ok_or(index);
            }
            Place::Value(node) => {
                path.push(node.accept(word, true).map_err(|_| index)?);
                Place::End(node)
            }
            Place::End(_) => return Err(index),
        };
    }
    Ok(at_place(place, path))
}

/// Returns the index of the first of the words behind the edit level `at` that is a secret, a password say. Keywords may be
/// abbreviated.
pub fn secret_at(at: &[String], words: &[&str]) -> Option<usize> {
    for index in 0..words.len() {
        let value = follow(at, &words[..index]).ok()?.value;
        if matches!(value, Some(Type::Password | Type::PasswordHash)) {
            return Some(index);
        }
    }
    None
}

fn at_place(place: Place, path: Vec<String>) -> Follow {
    let row = place.node().row;
    match place {
        Place::Words(node) => Follow {
            candidates: node
                .children()
                .iter()
                .map(|child| literal(child.word(), &child.row.help_line()))
                .collect(),
            complete: !std::ptr::eq(node, root()),
            path,
            ..Follow::default()
        },
        Place::Name(_) | Place::Value(_) => {
            let candidates = match row.value {
                Type::Match | Type::Collect => fields(&[], row.value).0,
                _ => row.hints(),
            };
            let names = match place {
                Place::Name(_) if row.refers.is_empty() => vec![row.path],
                _ => row.refers.to_vec(),
            };
            Follow {
                candidates,
                complete: false,
                path,
                names,
                value: Some(row.value),
            }
        }
        Place::End(_) => Follow {
            complete: true,
            path,
            ..Follow::default()
        },
    }
}

fn fields(words: &[&str], value: Type) -> (Vec<Candidate>, bool) {
    let (next, whole) = field::follow(words, matches!(value, Type::Match));
    (
        next.into_iter()
            .map(|next| Candidate {
                text: next.word.to_owned(),
                help: next.help.to_owned(),
                literal: next.literal,
            })
            .collect(),
        whole,
    )
}

/// What follows inside a value of several words.
fn value_words(value: Type, words: &[&str], path: Vec<String>) -> Option<Follow> {
    let (candidates, complete) = match value {
        Type::Match | Type::Collect => fields(words, value),
        _ => match words {
            ["netflow"] => (
                vec![literal("ipv4", "IPv4"), literal("ipv6", "IPv6")],
                false,
            ),
            ["netflow", family @ ("ipv4" | "ipv6")] => {
                let of = |record: &Predefined| {
                    let scheme = record.name.strip_prefix("netflow ")?.strip_prefix(family)?;
                    Some(literal(scheme.trim_start(), record.help))
                };
                (PREDEFINED.iter().filter_map(of).collect(), false)
            }
            _ => (Vec::new(), value.accept(&words.join(" "), false).is_ok()),
        },
    };
    (complete || !candidates.is_empty()).then_some(Follow {
        candidates,
        complete,
        path,
        ..Follow::default()
    })
}
