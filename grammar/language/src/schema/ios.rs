//! How IOS lines write a row.

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

/// A statement in words that IOS has and the tree has not: words, and what stands for a row of the tree. `<leaf>` is the value of a leaf
/// beside the row (below it, for a tag), `{leaf}` each of its choices; `<>` and `{}` are the row's own value or name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The pattern.
    pub pattern: &'static str,
    /// What is said of its value in place of the row's help; empty: nothing else.
    pub help: &'static str,
}

/// One word of a [`Statement`].
#[derive(Clone, Copy, Debug)]
pub enum Piece {
    /// The word itself.
    Word(&'static str),
    /// A value or a name of the row.
    Value(&'static Row),
    /// One of the choices that the values of the row are.
    Choice(&'static Row),
}

/// A statement with help of its own.
pub(super) const fn said(pattern: &'static str, help: &'static str) -> Statement {
    Statement { pattern, help }
}

/// A statement with its row's help.
pub(super) const fn plain(pattern: &'static str) -> Statement {
    said(pattern, "")
}

/// What the words of statements are for, where neither a row of the tree nor the value behind them says it.
#[rustfmt::skip]
pub static IOS_WORDS: &[(&str, &str)] = &[
    ("1", "One"),
    ("flow", "Flexible NetFlow"),
    ("input", "Packets that come in"),
    ("interface", "An interface of this host"),
    ("ip", "IPv4"),
    ("ipv4", "IPv4"),
    ("ipv6", "IPv6"),
    ("logging", "Where log messages go"),
    ("output", "Packets that go out"),
];

impl Statement {
    /// The words it can begin with.
    pub fn first_words(&self, of: &Node) -> Vec<&'static str> {
        match self.pieces(of).first() {
            Some(Piece::Word(word)) => vec![word],
            Some(Piece::Choice(row)) => match row.value {
                Type::Choice(choices) => choices.iter().map(|(word, _)| *word).collect(),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// Its words. What names no row stays a word, which a test of the table finds.
    pub fn pieces(&self, of: &Node) -> Vec<Piece> {
        self.pattern
            .split(' ')
            .map(|word| piece(word, of))
            .collect()
    }

    /// The statement with the values that the tree has; `None` when it lacks one. Also the leaves it speaks of.
    pub(crate) fn fill(
        &self,
        of: &Node,
        value: impl Fn(&str) -> Option<String>,
    ) -> Option<(String, Vec<&'static str>)> {
        let mut leaves = Vec::new();
        let mut words = Vec::new();
        for piece in self.pieces(of) {
            match piece {
                Piece::Word(word) => words.push(word.to_owned()),
                Piece::Value(row) | Piece::Choice(row) => {
                    words.push(value(row.word())?);
                    leaves.push(row.word());
                }
            }
        }
        Some((words.join(" "), leaves))
    }
}

fn piece(word: &'static str, of: &Node) -> Piece {
    let inside = |open, close| word.strip_prefix(open)?.strip_suffix(close);
    let (name, choice) = match (inside('<', '>'), inside('{', '}')) {
        (Some(name), _) => (name, false),
        (_, Some(name)) => (name, true),
        _ => return Piece::Word(word),
    };
    let row = match name {
        "" => Some(of.row),
        name => beside(of, name),
    };
    match row {
        Some(row) if choice => Piece::Choice(row),
        Some(row) => Piece::Value(row),
        None => Piece::Word(word),
    }
}

/// The row of a leaf below a tag, or beside another row.
fn beside(of: &Node, leaf: &str) -> Option<&'static Row> {
    let parent = match of.kind() {
        Kind::Tag => format!("{} *", of.row.path),
        _ => of.row.path.rsplit_once(' ')?.0.to_owned(),
    };
    let place = lookup(parent.split(' ').chain([leaf]))?;
    Some(place.node().row)
}

impl Node {
    /// The statements that only IOS has for this node and what is below it, each with its node.
    pub fn statements(&self) -> Vec<(&Node, &'static Statement)> {
        let own: &[Statement] = match self.row.ios {
            Ios::Also(own) | Ios::Instead(own) => own,
            Ios::Path | Ios::Opens(..) => &[],
        };
        let own = own.iter().map(|statement| (self, statement));
        let below = self.children().iter().flat_map(Node::statements);
        own.chain(below).collect()
    }
}
