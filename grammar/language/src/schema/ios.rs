//! How IOS lines write a row.

use super::value::address::is_ipv6;
use super::{Kind, Node, Row, Type, lookup};

/// The IOS configuration mode that a statement stands in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Submode {
    /// Global configuration.
    #[default]
    Global,
    /// After `flow record NAME`.
    Record,
    /// After `flow exporter NAME`.
    Exporter,
    /// After `flow monitor NAME`.
    Monitor,
    /// After `sampler NAME`.
    Sampler,
    /// After `interface NAME`.
    Interface,
    /// After `flow samplicator NAME`.
    Samplicator,
}

impl Submode {
    /// Every one.
    pub const ALL: [Submode; 7] = [
        Submode::Global,
        Submode::Record,
        Submode::Exporter,
        Submode::Monitor,
        Submode::Sampler,
        Submode::Interface,
        Submode::Samplicator,
    ];

    /// The one whose prompt has this after `config`.
    pub fn by_suffix(suffix: &str) -> Option<Submode> {
        Submode::ALL
            .into_iter()
            .find(|submode| submode.suffix() == suffix)
    }

    /// What the prompt shows after `config`: `-flow-record`, say.
    pub const fn suffix(self) -> &'static str {
        match self {
            Submode::Global => "",
            Submode::Record => "-flow-record",
            Submode::Exporter => "-flow-exporter",
            Submode::Monitor => "-flow-monitor",
            Submode::Sampler => "-sampler",
            Submode::Interface => "-if",
            Submode::Samplicator => "-flow-samplicator",
        }
    }
}

/// How IOS lines write a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ios {
    /// By its path: below the node whose submode it stands in, or else from the root.
    Path,
    /// By these statements; its path is understood, too.
    Also(&'static [Statement]),
    /// By these statements or those of what is below it. Its path would be taken for another statement.
    Instead(&'static [Statement]),
    /// By its path, and the words before the name open the submode.
    Opens(Submode, Statement),
}

/// A statement in words that IOS has and the tree has not. Reading, writing, `?` and completion are made of its pattern.
///
/// The pattern has words as they are written, and what stands for a row of the tree: `<leaf>` is the value of a leaf beside the row
/// (below it, for a tag), `{leaf}` one of its choices, `<>` and `{}` the row's own value or name. `[…]` around words that begin with
/// a fixed one may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The pattern.
    pub pattern: &'static str,
    /// What is said of its value in place of the row's help; empty: nothing else.
    pub help: &'static str,
    /// The only values of its row that it speaks of.
    pub family: Option<Family>,
    /// Whether it is only understood: neither offered nor written.
    pub understood: bool,
}

/// The address family that a statement is about, where a row has the addresses of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Whether an interface's address, or `dhcp` or `dhcpv6`, is of this family.
    pub(crate) fn has(self, value: &str) -> bool {
        let v6 = is_ipv6(value) || value == "dhcpv6";
        v6 == (self == Family::V6)
    }
}

/// One word of a [`Statement`].
#[derive(Clone, Debug)]
pub enum Piece {
    /// The word itself.
    Word(&'static str),
    /// A value or a name of the node.
    Value(&'static Node),
    /// One of the choices that the values of the node are, but for the one that stands for all others.
    Choice(&'static Node),
    /// Words that may be left out; the first is fixed.
    Optional(Vec<Piece>),
}

/// A statement with help of its own.
pub(super) const fn said(pattern: &'static str, help: &'static str) -> Statement {
    Statement {
        pattern,
        help,
        family: None,
        understood: false,
    }
}

/// A statement with its row's help.
pub(super) const fn plain(pattern: &'static str) -> Statement {
    said(pattern, "")
}

impl Statement {
    /// The statement, which is understood, but neither offered nor written.
    pub(super) const fn understood(mut self) -> Statement {
        self.understood = true;
        self
    }

    /// The statement, of one family of addresses only.
    pub(super) const fn of(mut self, family: Family) -> Statement {
        self.family = Some(family);
        self
    }
}

/// What the words of statements are for, where neither a row of the tree nor the value behind them says it.
#[rustfmt::skip]
pub static IOS_WORDS: &[(&str, &str)] = &[
    ("1", "One"),
    ("flow", "Flexible NetFlow"),
    ("interface", "An interface of this host"),
    ("ip", "IPv4"),
    ("ipv4", "IPv4"),
    ("ipv6", "IPv6"),
    ("logging", "Where log messages go"),
];

impl Statement {
    /// The words it can begin with.
    pub fn first_words(&self, of: &'static Node) -> Vec<&'static str> {
        match self.pieces(of).first() {
            Some(Piece::Word(word)) => vec![word],
            Some(Piece::Choice(node)) => node.row.choices(),
            _ => Vec::new(),
        }
    }

    /// Its words. What names no row stays a word, which a test of the table finds.
    pub fn pieces(&self, of: &'static Node) -> Vec<Piece> {
        let mut open = vec![Vec::new()];
        for word in self.pattern.split(' ') {
            let bare = word.trim_start_matches('[').trim_end_matches(']');
            open.extend((0..word.len() - word.trim_start_matches('[').len()).map(|_| Vec::new()));
            if let Some(last) = open.last_mut() {
                last.push(piece(bare, of));
            }
            for _ in 0..word.len() - word.trim_end_matches(']').len() {
                if let (Some(closed), Some(last)) = (open.pop(), open.last_mut()) {
                    last.push(Piece::Optional(closed));
                }
            }
        }
        open.into_iter().flatten().collect()
    }

    /// The ways to write it: without and with each part that may be left out.
    pub fn variants(&self, of: &'static Node) -> Vec<Vec<Piece>> {
        variants(&self.pieces(of))
    }

    /// The statement as a usage line: `mode random|deterministic 1 out-of N`.
    pub(crate) fn usage(&self, of: &'static Node) -> String {
        let mut words = Vec::new();
        usage(&self.pieces(of), &mut words);
        words.join(" ")
    }

    /// The statement with the values that the tree has, as many of its parts as the tree fills; `None` when it lacks one that must be
    /// there. Also the leaves it speaks of.
    pub(crate) fn fill(
        &self,
        of: &'static Node,
        value: impl Fn(&str) -> Option<String>,
    ) -> Option<(String, Vec<&'static str>)> {
        let mut filled = Filled::default();
        fill(&self.pieces(of), &value, &mut filled)?;
        Some((filled.words.join(" "), filled.leaves))
    }
}

/// The words of a statement with values in their places, and the leaves whose values they are.
#[derive(Clone, Default)]
struct Filled {
    words: Vec<String>,
    leaves: Vec<&'static str>,
}

fn fill(
    pieces: &[Piece],
    value: &impl Fn(&str) -> Option<String>,
    filled: &mut Filled,
) -> Option<()> {
    for piece in pieces {
        match piece {
            Piece::Word(word) => filled.words.push((*word).to_owned()),
            Piece::Value(node) | Piece::Choice(node) => {
                filled.words.push(value(node.word())?);
                filled.leaves.push(node.word());
            }
            Piece::Optional(inner) => {
                let mut more = filled.clone();
                if fill(inner, value, &mut more).is_some() {
                    *filled = more;
                }
            }
        }
    }
    Some(())
}

fn variants(pieces: &[Piece]) -> Vec<Vec<Piece>> {
    let mut begun = vec![Vec::new()];
    for piece in pieces {
        let Piece::Optional(inner) = piece else {
            begun.iter_mut().for_each(|one| one.push(piece.clone()));
            continue;
        };
        let inner = variants(inner);
        let with = begun.iter().flat_map(|one| {
            inner
                .iter()
                .map(|inner| one.iter().chain(inner).cloned().collect())
        });
        let with: Vec<Vec<Piece>> = with.collect();
        begun.extend(with);
    }
    begun
}

fn usage(pieces: &[Piece], words: &mut Vec<String>) {
    for piece in pieces {
        match piece {
            Piece::Word(word) => words.push((*word).to_owned()),
            Piece::Choice(node) => words.push(node.row.choices().join("|")),
            Piece::Value(node) => words.push(node.row.value.stand_in().to_owned()),
            Piece::Optional(inner) => {
                let mut optional = Vec::new();
                usage(inner, &mut optional);
                words.push(format!("[{}]", optional.join(" ")));
            }
        }
    }
}

fn piece(word: &'static str, of: &'static Node) -> Piece {
    let inside = |open, close| word.strip_prefix(open)?.strip_suffix(close);
    let (name, choice) = match (inside('<', '>'), inside('{', '}')) {
        (Some(name), _) => (name, false),
        (_, Some(name)) => (name, true),
        _ => return Piece::Word(word),
    };
    let node = match name {
        "" => Some(of),
        name => beside(of, name),
    };
    match node {
        Some(node) if choice => Piece::Choice(node),
        Some(node) => Piece::Value(node),
        None => Piece::Word(word),
    }
}

/// The node of a leaf below a tag, or beside another node.
fn beside(of: &Node, leaf: &str) -> Option<&'static Node> {
    let parent = match of.kind() {
        Kind::Tag => format!("{} *", of.row.path),
        _ => of.row.path.rsplit_once(' ')?.0.to_owned(),
    };
    let place = lookup(parent.split(' ').chain([leaf]))?;
    Some(place.node())
}

impl Row {
    /// The words that a value can be, but for the one that stands for all others.
    pub(crate) fn choices(&self) -> Vec<&'static str> {
        let Type::Choice(choices) = self.value else {
            return Vec::new();
        };
        let words = choices.iter().map(|(word, _)| *word);
        words.filter(|word| *word != self.all).collect()
    }
}

impl Node {
    /// The statements that only IOS has for this node and what is below it, each with its node.
    pub fn statements(&'static self) -> Vec<(&'static Node, &'static Statement)> {
        let own: &'static [Statement] = match self.row.ios {
            Ios::Also(own) | Ios::Instead(own) => own,
            Ios::Path | Ios::Opens(..) => &[],
        };
        let own = own.iter().map(|statement| (self, statement));
        let below = self.children().iter().flat_map(Node::statements);
        own.chain(below).collect()
    }
}
