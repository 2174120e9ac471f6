//! Names of interfaces as routers have them: `GigabitEthernet0/1`, `Gi0/1`, `gigabitethernet 0/1`.

use std::borrow::Cow;
use std::cell::RefCell;

use crate::schema::shown;
use crate::word::{Span, Word};
use crate::{Code, Problem, Tree};

/// What names of interfaces in a text stand for.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a> {
    /// The configuration, whose interfaces may have aliases.
    pub(crate) tree: &'a Tree,
    /// The configuration before the text, which may have them, too.
    pub(crate) before: &'a Tree,
    /// The guesses so far.
    pub(crate) guesses: &'a RefCell<Guesses>,
}

/// Names that no alias explains, with the interfaces they were taken as.
#[derive(Debug, Default)]
pub(crate) struct Guesses {
    /// The host's name, and the router's name as it was written first.
    known: Vec<(String, String)>,
    /// What is to be told of them.
    pub(crate) notes: Vec<Problem>,
}

impl Names<'_> {
    fn aliases(&self) -> impl Iterator<Item = (&str, &str)> {
        let trees = [self.tree, self.before].into_iter();
        trees.flat_map(|tree| {
            let interfaces = tree.children(&["interfaces", "ethernet"]);
            interfaces.filter_map(|(name, node)| Some((name, node.value(&["alias"])?)))
        })
    }

    /// Takes a router's name as an interface, unless another name was taken as the same one.
    fn guess(&self, name: &str, host: String, place: Span) -> Result<String, Problem> {
        let alias = self.aliases().find(|(interface, _)| *interface == host);
        let mut guesses = self.guesses.borrow_mut();
        let known = guesses.known.iter().find(|(known, _)| *known == host);
        let other = alias
            .map(|(_, alias)| alias)
            .or(known.map(|(_, name)| name.as_str()));
        match other {
            Some(other) if canonical(other) == canonical(name) => return Ok(host),
            Some(other) => {
                return Err(place.problem(
                    Code::Conflict,
                    format!("{} and {} would both be {host}", shown(other), shown(name)),
                    Some("set interfaces ethernet ethN alias for one of them first".into()),
                ));
            }
            None => {}
        }
        let what = format!("{} is taken as {host}; an alias would say so", shown(name));
        guesses.notes.push(place.problem(Code::Guessed, what, None));
        guesses.known.push((host.clone(), name.to_owned()));
        Ok(host)
    }
}

/// Types of router interfaces that are Ethernet.
const TYPES: &[&str] = &[
    "GigabitEthernet",
    "TenGigabitEthernet",
    "FastEthernet",
    "Ethernet",
    "TwoGigabitEthernet",
    "TwentyFiveGigE",
    "FortyGigabitEthernet",
    "HundredGigE",
];

/// Longest name Linux gives an interface.
const LINUX: usize = 15;

/// The interface that the words name, and how many words that took.
///
/// A name that Linux could have stands for itself. Another is the alias of an interface in the tree, or else
/// `TYPE0/N` is `ethN`, so that a pasted router configuration finds the interface of the same number.
pub(crate) fn interface<'a>(
    words: &'a [Word],
    names: Names,
) -> Result<(Cow<'a, str>, usize), Problem> {
    let first = &words[0];
    let two = words.get(1);
    // One word may be what Linux calls an interface.
    if let Some(2) = loopback(&first.text, two.map(|word| &*word.text)) {
        return Ok((Cow::Borrowed("lo"), 2));
    }
    let (name, used) =
        match two.and_then(|number| interface_of_two_words(&first.text, &number.text)) {
            Some(name) => (Cow::Owned(name), 2),
            None => (Cow::Borrowed(&*first.text), 1),
        };
    if used == 1 && !name.contains('/') && name.len() <= LINUX {
        return Ok((name, 1));
    }
    let wanted = canonical(&name);
    let alias = names
        .aliases()
        .find(|(_, alias)| *alias == name || (wanted.is_some() && canonical(alias) == wanted));
    if let Some((interface, _)) = alias {
        return Ok((Cow::Owned(interface.to_owned()), used));
    }
    let place = first.place.to(words[used - 1].place);
    let Some((_, number)) = wanted else {
        // Not a router's name: an address, or a wrong name that the value's type refuses.
        return Ok((name, used));
    };
    let (numbers, vlan) = match number.split_once('.') {
        Some((numbers, vlan)) => (numbers, Some(vlan)),
        None => (number.as_str(), None),
    };
    let (slots, port) = numbers.rsplit_once('/').unwrap_or(("", numbers));
    let plain = |number: &str| {
        !number.is_empty() && number.len() <= 4 && number.bytes().all(|b| b.is_ascii_digit())
    };
    if slots.split('/').all(|slot| slot.bytes().all(|b| b == b'0'))
        && plain(port)
        && vlan.is_none_or(plain)
    {
        let port: u16 = port.parse().unwrap_or_default();
        let vlan = vlan.map(|vlan| format!(".{vlan}")).unwrap_or_default();
        let host = names.guess(&name, format!("eth{port}{vlan}"), place)?;
        return Ok((Cow::Owned(host), used));
    }
    Err(place.problem(
        Code::NotFound,
        format!("no interface has the alias {}", shown(&name)),
        Some(
            "only slot 0 stands for ethN without one; set interfaces ethernet ethN alias first"
                .into(),
        ),
    ))
}

/// How many words name a router's only loopback that there is here: `Loopback0`, `loopback 0`.
pub(crate) fn loopback(first: &str, second: Option<&str>) -> Option<usize> {
    match (&*first.to_ascii_lowercase(), second) {
        ("loopback", Some("0")) => Some(2),
        ("lo" | "loopback" | "loopback0", _) => Some(1),
        _ => None,
    }
}

/// The interface name that two words make together: `GigabitEthernet 0/1` is `GigabitEthernet0/1`.
pub fn interface_of_two_words(first: &str, second: &str) -> Option<String> {
    let number = second.starts_with(|c: char| c.is_ascii_digit())
        && second
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '/' | '.'));
    (number && kind(first).is_some()).then(|| format!("{first}{second}"))
}

/// What this host calls the interface that a router's name stands for: the one with that alias, or else `ethN` of `TYPE0/N`.
/// Another name stands for itself.
pub fn host_interface(name: &str, tree: &Tree) -> String {
    let word = Word {
        shape: crate::word::Shape::Bare,
        text: name.into(),
        place: crate::word::Span::default(),
        start: 0,
        end: name.len(),
    };
    let guesses = RefCell::default();
    let names = Names {
        tree,
        before: tree,
        guesses: &guesses,
    };
    let found = interface(std::slice::from_ref(&word), names);
    found.map_or_else(|_| name.to_owned(), |(found, _)| found.into_owned())
}

/// The type that a name begins with, written out, for any unique beginning of two letters or more.
fn kind(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    let mut found = TYPES
        .iter()
        .filter(|kind| lower.len() >= 2 && kind.to_ascii_lowercase().starts_with(&lower));
    match (found.next(), found.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

/// Type and number of a router's name, so that `Gi0/1` and `gigabitethernet0/1` are the same.
pub(crate) fn canonical(name: &str) -> Option<(&'static str, String)> {
    let digits = name.find(|c: char| c.is_ascii_digit())?;
    let (letters, number) = name.split_at(digits);
    let well = number
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '/' | '.'));
    Some((kind(letters)?, number.to_owned())).filter(|_| well)
}
