//! The schema: one declared table, compiled once into a trie that the dialects, the checks and completion
//! walk.

mod default;
mod field;
mod follow;
mod ios;
mod pick;
mod refusal;
mod secret;
mod table;
#[cfg(test)]
mod tests;
mod value;

use std::sync::LazyLock;

pub use default::{
    default_seconds, default_u8, default_u16, default_u32, default_u64, default_usize,
    default_word, row_at,
};
pub(crate) use field::{find as find_field, named as named_field};
pub use follow::{Candidate, Follow, follow, secret_at};
pub use ios::{Family, IOS_WORDS, Ios, Piece, Statement, Submode};
pub(crate) use pick::{Pick, list, pick, suggest};
pub use refusal::{Refusal, shown};
pub(crate) use secret::known as known_secrets;
pub use secret::{MASK, is_secret, masked, masked_both, masked_url, masked_values};
pub use table::{BY_CACHE_TYPE, FOREIGN, OLD, TABLE, UNAPPLIED};
pub use value::address::mask_length;
pub(crate) use value::record::is_predefined;
pub use value::{Choices, Type};

use crate::Code;

/// Most receivers of one samplicator, disabled ones included.
pub const MAX_RECEIVERS: usize = 256;

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Holds words.
    Container,
    /// Holds names, each of which holds words.
    Tag,
    /// Has one value.
    Leaf,
    /// Has values, in an order.
    Multi,
    /// Is there or not.
    Flag,
}

/// One word of the language.
#[derive(Debug)]
pub struct Row {
    /// The words from the root; `*` stands for a name.
    pub path: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Type of the value, or of the names of a tag.
    pub value: Type,
    /// Unit of a number; empty without one.
    pub unit: &'static str,
    /// The value when the leaf is not there; empty without one.
    pub default: &'static str,
    /// What a check says where its parent is there without it, behind the parent's name; empty: it may be left out.
    pub required: &'static str,
    /// One line of help.
    pub help: &'static str,
    /// How IOS lines write it.
    pub ios: Ios,
    /// Tags of whose names the value is one. A `*` in them is the name that this row's own path has there.
    pub refers: &'static [&'static str],
    /// The choice that stands for all others together; empty without one.
    pub all: &'static str,
    /// Values that other systems have, and why they are refused here.
    pub refused: &'static [(&'static str, &'static str)],
    /// Values that other systems have, and what they are here.
    pub old: &'static [(&'static str, &'static str)],
    /// Whether a leaf that is set without a value gets its default.
    pub bare: bool,
}

const fn row(path: &'static str, kind: Kind, value: Type, help: &'static str) -> Row {
    Row {
        path,
        kind,
        value,
        unit: "",
        default: "",
        required: "",
        help,
        ios: Ios::Path,
        refers: &[],
        all: "",
        refused: &[],
        old: &[],
        bare: false,
    }
}
const fn container(path: &'static str, help: &'static str) -> Row {
    row(path, Kind::Container, Type::None, help)
}
const fn flag(path: &'static str, help: &'static str) -> Row {
    row(path, Kind::Flag, Type::None, help)
}
const fn tag(path: &'static str, value: Type, help: &'static str) -> Row {
    row(path, Kind::Tag, value, help)
}
const fn leaf(path: &'static str, value: Type, help: &'static str) -> Row {
    row(path, Kind::Leaf, value, help)
}
const fn multi(path: &'static str, value: Type, help: &'static str) -> Row {
    row(path, Kind::Multi, value, help)
}

impl Row {
    const fn unit(mut self, unit: &'static str) -> Row {
        self.unit = unit;
        self
    }
    const fn default(mut self, default: &'static str) -> Row {
        self.default = default;
        self
    }
    const fn required(mut self, missing: &'static str) -> Row {
        self.required = missing;
        self
    }
    const fn ios(mut self, ios: Ios) -> Row {
        self.ios = ios;
        self
    }
    const fn refers(mut self, tags: &'static [&'static str]) -> Row {
        self.refers = tags;
        self
    }
    const fn all(mut self, choice: &'static str) -> Row {
        self.all = choice;
        self
    }
    const fn refuses(mut self, refused: &'static [(&'static str, &'static str)]) -> Row {
        self.refused = refused;
        self
    }

    const fn was(mut self, old: &'static [(&'static str, &'static str)]) -> Row {
        self.old = old;
        self
    }

    const fn bare(mut self) -> Row {
        self.bare = true;
        self
    }

    /// The last word of the path.
    pub fn word(&self) -> &'static str {
        self.path.rsplit(' ').next().unwrap_or("")
    }

    /// The help with the unit and the default behind it, as `?` shows it. A unit that the help names is not
    /// said twice.
    pub fn help_line(&self) -> String {
        let unit = self.unit.trim_end_matches('s');
        let unit = if self.help.to_lowercase().contains(unit) {
            ""
        } else {
            self.unit
        };
        match (self.default, unit) {
            ("", "") => self.help.to_owned(),
            ("", unit) => format!("{} ({unit})", self.help),
            (default, "") => format!("{} (default {default})", self.help),
            (default, unit) => format!("{} (default {default} {unit})", self.help),
        }
    }
}

/// A row with what is below it. Below a tag are the words of each of its names.
#[derive(Debug)]
pub struct Node {
    /// Its row.
    pub row: &'static Row,
    children: Vec<Node>,
    /// Old words: the word, and the path it stands for.
    old: Vec<(&'static str, &'static str)>,
    /// Words of other systems: the word, and why it is not here.
    foreign: Vec<(&'static str, &'static str)>,
}

static ROOT_ROW: Row = container("", "The configuration");

static ROOT: LazyLock<Node> = LazyLock::new(|| {
    let mut root = Node {
        row: &ROOT_ROW,
        children: Vec::new(),
        old: Vec::new(),
        foreign: Vec::new(),
    };
    for row in TABLE {
        let parent = row.path.rsplit_once(' ').map_or("", |(parent, _)| parent);
        // A row whose parent is missing stays out; the test of the table finds it.
        if let Some(parent) = root.find_mut(parent) {
            parent.children.push(Node {
                row,
                children: Vec::new(),
                old: Vec::new(),
                foreign: Vec::new(),
            });
        }
    }
    for (old, new) in OLD {
        let (parent, word) = old.rsplit_once(' ').unwrap_or(("", old));
        if let Some(parent) = root.find_mut(parent) {
            parent.old.push((word, new));
        }
    }
    for (path, why) in FOREIGN {
        let (parent, word) = path.rsplit_once(' ').unwrap_or(("", path));
        if let Some(parent) = root.find_mut(parent) {
            parent.foreign.push((word, why));
        }
    }
    root
});

/// The top of the schema.
pub fn root() -> &'static Node {
    &ROOT
}

impl Node {
    fn find_mut(&mut self, path: &str) -> Option<&mut Node> {
        let words = path.split(' ').filter(|word| !matches!(*word, "*" | ""));
        words.into_iter().try_fold(self, |node, word| {
            node.children
                .iter_mut()
                .find(|child| child.row.word() == word)
        })
    }

    /// Its word.
    pub fn word(&self) -> &'static str {
        self.row.word()
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.row.kind
    }

    /// What can stand below it (below each name, for a tag), in the schema's order.
    pub fn children(&self) -> &[Node] {
        &self.children
    }

    /// The child of that word.
    pub fn child(&self, word: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.word() == word)
    }

    /// What an old word stands for.
    pub(crate) fn old(&self, word: &str) -> Option<&'static str> {
        self.old
            .iter()
            .find(|(old, _)| *old == word)
            .map(|(_, new)| *new)
    }

    /// Why a word that other systems have below it is not here.
    pub(crate) fn foreign(&self, word: &str) -> Option<&'static str> {
        let found = self.foreign.iter().find(|(foreign, _)| *foreign == word);
        found.map(|(_, why)| *why)
    }

    /// What is to be written after its word.
    pub fn place(&'static self) -> Place {
        match self.kind() {
            Kind::Container => Place::Words(self),
            Kind::Tag => Place::Name(self),
            Kind::Leaf | Kind::Multi => Place::Value(self),
            Kind::Flag => Place::End(self),
        }
    }

    /// Checks a value or a name and returns its canonical form.
    pub(crate) fn accept(&self, value: &str, abbreviate: bool) -> Result<String, Refusal> {
        if let Some((refused, why)) = self
            .row
            .refused
            .iter()
            .find(|(refused, _)| *refused == value)
        {
            let message = format!("{} {refused} is not possible: {why}", self.word());
            let hint = match self.row.value {
                Type::Choice(choices) => {
                    Some(list("possible", choices.iter().map(|(word, _)| *word)))
                }
                _ => None,
            };
            return Err(Refusal {
                message,
                code: Code::InvalidValue,
                hint,
            });
        }
        let old = self.row.old.iter().find(|(old, _)| *old == value);
        let value = old.map_or(value, |(_, new)| new);
        // `microseconds` and `MiB` count something; `code point` does not.
        let unit = self.row.unit;
        let unit = Some(unit).filter(|unit| unit.ends_with('s') || unit.ends_with('B'));
        self.row.value.accept_in(value, abbreviate, unit)
    }
}

/// What follows at a point of a path.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// A word of the node's children; the node is a container, or a tag of which a name is already given.
    Words(&'static Node),
    /// A name of the tag.
    Name(&'static Node),
    /// A value of the leaf.
    Value(&'static Node),
    /// Nothing.
    End(&'static Node),
}

impl Place {
    /// The node it is about.
    pub fn node(self) -> &'static Node {
        match self {
            Place::Words(node) | Place::Name(node) | Place::Value(node) | Place::End(node) => node,
        }
    }
}

/// What follows after `path`, whose words are written out and whose names and values are any.
pub fn lookup<'a>(path: impl IntoIterator<Item = &'a str>) -> Option<Place> {
    let mut place = Place::Words(root());
    for word in path {
        place = match place {
            Place::Words(node) => match node.old(word) {
                Some(new) => lookup(new.split(' '))?,
                None => node.child(word)?.place(),
            },
            Place::Name(node) => Place::Words(node),
            Place::Value(node) => Place::End(node),
            Place::End(_) => return None,
        };
    }
    Some(place)
}

/// The path of the tag whose names a value at `path` refers to: each `*` of `tag` is the name that `path` has there.
pub fn referred<'a>(tag: &'static str, path: &[&'a str]) -> Vec<&'a str> {
    tag.split(' ')
        .enumerate()
        .map(|(at, word)| match word {
            "*" => path.get(at).copied().unwrap_or(word),
            word => word,
        })
        .collect()
}
