//! Statements against a tree: what `set` and `delete` do, in each mode.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use crate::attachment::Waiting;
use crate::near::near;
use crate::part::{Left, Select};
use crate::resolve::{Cursor, Target, too_many};
use crate::router_name::{Guesses, Names};
use crate::schema::{self, Kind, Place, shown};
use crate::word::{MAX_PROBLEMS, MAX_VALUES, Span, Word};
use crate::{Code, Mode, Problem, Reading, Tree};

/// What a comment can be.
const COMMENT: schema::Type = schema::row_at("comment * text").value;

/// A text being loaded.
pub(crate) struct Loader {
    /// The tree so far.
    pub(crate) tree: Tree,
    /// The tree as it was.
    before: Tree,
    /// The edit level.
    pub(crate) at: Cursor,
    /// What was wrong so far.
    pub(crate) problems: Vec<Problem>,
    /// How many more there were.
    more: u32,
    /// What words of other releases are here.
    pub(crate) notes: Vec<Problem>,
    /// In [`Mode::Replace`], the nodes that are already replaced.
    replaced: Option<HashSet<Vec<String>>>,
    /// The secrets of the tree as it was: a masked value stands for one of them.
    secrets: Vec<(Vec<String>, Vec<String>)>,
    /// A masked value is kept as it is.
    pub(crate) keep_masks: bool,
    /// What of the text is read.
    pub(crate) select: Select,
    /// The lines that are not.
    pub(crate) left: Left,
    /// Lines left out below a problem, by the problem.
    below: HashMap<usize, u32>,
    /// Attachments that cannot be made by themselves.
    pub(crate) waiting: Vec<Waiting>,
    /// Names of interfaces that no alias explains.
    guesses: RefCell<Guesses>,
}

impl Loader {
    pub(crate) fn new(base: &Tree, at: &[String], mode: Mode) -> Result<Loader, Problem> {
        let Some(cursor) = Cursor::at(at)
            .filter(|cursor| matches!(cursor.place, Place::Words(_) | Place::Name(_)))
        else {
            let path: String = at.join(" ");
            return Err(start().problem(
                Code::InvalidValue,
                format!("{} is not an edit level", shown(&path)),
                Some("a container, or a name of a tag".into()),
            ));
        };
        let mut tree = base.clone();
        if mode == Mode::Override {
            if cursor.path.is_empty() {
                tree = Tree::default();
            } else {
                tree.remove(&cursor.path);
            }
        }
        let replaced = (mode == Mode::Replace).then(HashSet::new);
        let mut loader = Loader {
            tree,
            before: base.clone(),
            at: cursor,
            problems: Vec::new(),
            more: 0,
            notes: Vec::new(),
            replaced,
            secrets: schema::known_secrets(base),
            keep_masks: false,
            select: Select::All,
            left: Left::default(),
            below: HashMap::new(),
            waiting: Vec::new(),
            guesses: RefCell::default(),
        };
        if mode == Mode::Override && !at.is_empty() {
            let at = loader.at.path.clone();
            loader.uncomment(&at);
        }
        Ok(loader)
    }

    /// Whether no more problems are kept, but only counted.
    pub(crate) fn is_full(&self) -> bool {
        self.problems.len() >= MAX_PROBLEMS
    }

    /// Keeps a problem, or counts it when there are many.
    pub(crate) fn report(&mut self, problem: Problem) {
        match self.problems.len() {
            ..MAX_PROBLEMS => self.problems.push(problem),
            _ => self.more = self.more.saturating_add(1),
        }
    }

    /// Keeps a note.
    pub(crate) fn note(&mut self, note: Problem) {
        if self.notes.len() < MAX_PROBLEMS {
            self.notes.push(note);
        }
    }

    /// Notes that what is to be deleted is not there: that is done already.
    pub(crate) fn absent(&mut self, note: Problem) {
        self.note(note);
    }

    /// Counts a line that is left out below a problem.
    pub(crate) fn count_below(&mut self, problem: usize) {
        *self.below.entry(problem).or_default() += 1;
    }

    /// What names of interfaces stand for.
    pub(crate) fn names(&self) -> Names<'_> {
        Names {
            tree: &self.tree,
            before: &self.before,
            guesses: &self.guesses,
        }
    }

    /// The tree with what is right, and what is to be told.
    pub(crate) fn finish(mut self) -> Reading {
        for (problem, lines) in self.below {
            let Some(problem) = self.problems.get_mut(problem) else {
                continue;
            };
            let left_out = match lines {
                1 => "the line below it was left out".to_owned(),
                lines => format!("the {lines} lines below it were left out"),
            };
            let hint = problem
                .hint
                .take()
                .map(|hint| format!("{hint}; {left_out}"));
            problem.hint = hint.or(Some(left_out));
        }
        self.problems
            .sort_by_key(|problem| (problem.line, problem.column));
        self.notes.append(&mut self.guesses.get_mut().notes);
        self.notes.sort_by_key(|note| (note.line, note.column));
        self.tree
            .prune(Place::Words(schema::root()), Some(&self.before));
        Reading {
            tree: self.tree,
            notes: self.notes,
            problems: self.problems,
            more: self.more,
            left_out: self.left.parts,
        }
    }

    /// `set`: puts what the statement speaks of into the tree. `last` is the statement's last word.
    pub(crate) fn set(&mut self, target: Target, last: Span) -> Result<(), Problem> {
        self.replace(target.path());
        match target {
            Target::Branch(cursor) => {
                self.tree.make(&cursor.path, Tree::default);
            }
            Target::Whole(path, node) if node.row.bare => {
                let value = vec![node.row.default.to_owned()];
                *self.tree.make(&path, Tree::default) = Tree::Leaf(value);
            }
            Target::Whole(_, node) => {
                return Err(no_value(node, last));
            }
            Target::Flag(path) => {
                self.tree.make(&path, || Tree::Leaf(Vec::new()));
            }
            Target::Values(path, node, new) => {
                let new = self.unmasked(&path, node, new, last)?;
                let leaf = self.tree.make(&path, || Tree::Leaf(Vec::new()));
                match leaf {
                    Tree::Leaf(values) if node.kind() == Kind::Multi => {
                        for value in new {
                            if values.contains(&value) {
                                continue;
                            }
                            // Before it is kept: a text of many more would be searched through for each of them.
                            if values.len() >= MAX_VALUES {
                                return Err(too_many(last));
                            }
                            values.push(value);
                        }
                    }
                    _ => *leaf = Tree::Leaf(new),
                }
            }
        }
        Ok(())
    }

    /// Values with the configured secret in place of each masked one.
    fn unmasked(
        &self,
        path: &[String],
        node: &schema::Node,
        values: Vec<String>,
        last: Span,
    ) -> Result<Vec<String>, Problem> {
        let kind = node.row.value;
        if self.keep_masks
            || !kind.is_secret()
            || !values.iter().any(|value| value.contains(schema::MASK))
        {
            return Ok(values);
        }
        let known = self.secrets.iter().find(|(own, _)| own == path);
        let known = known.map_or(&[][..], |(_, values)| values.as_slice());
        let shown = schema::masked_values(kind, known);
        let unmasked = |value: String| {
            if !value.contains(schema::MASK) {
                return Ok(value);
            }
            let configured = shown.iter().position(|shown| *shown == value);
            configured
                .and_then(|at| known.get(at))
                .cloned()
                .ok_or_else(|| {
                    let word = node.word();
                    last.problem(
                        Code::MaskedSecret,
                        format!("{word} is masked here, and none is configured that it could keep"),
                        Some("`show configuration secrets` shows it where it is configured".into()),
                    )
                })
        };
        values.into_iter().map(unmasked).collect()
    }

    /// `set` of a statement that stands on a line by itself, and so must say what is set.
    pub(crate) fn set_line(&mut self, target: Target, last: Span) -> Result<(), Problem> {
        if let Target::Branch(Cursor {
            place: place @ Place::Words(node),
            ..
        }) = &target
            && node.kind() == Kind::Container
        {
            return Err(last.after().problem(
                Code::MissingValue,
                format!("a word is missing after {}", node.word()),
                Some(possible(*place)),
            ));
        }
        self.set(target, last)
    }

    /// `comment`: what is said of a node that is there; an empty text takes it away. `words` are those of its path.
    pub(crate) fn comment(
        &mut self,
        path: &[String],
        words: &[Word],
        text: &Word,
    ) -> Result<(), Problem> {
        if self.tree.at(path).is_none() {
            let place = words.last().map_or_else(start, |word| word.place);
            let what = format!("{} is not there", shown(&path.join(" ")));
            return Err(place.problem(
                Code::NotFound,
                what,
                Some("only what is configured has a comment".into()),
            ));
        }
        let node = path.join(" ");
        if text.text.is_empty() {
            self.tree.remove(&["comment".into(), node]);
            return Ok(());
        }
        let accepted = COMMENT.accept(&text.text, false);
        let value = accepted.map_err(|refusal| {
            text.place
                .problem(refusal.code, refusal.message, refusal.hint)
        })?;
        self.keep_comment(node, value);
        Ok(())
    }

    /// A comment in a text, if it can be kept and what it is about is there.
    pub(crate) fn say(&mut self, path: Vec<String>, text: &str) {
        let value = COMMENT.accept(text, false);
        if let (Ok(value), Some(_)) = (value, self.tree.at(&path))
            && !value.is_empty()
        {
            self.keep_comment(path.join(" "), value);
        }
    }

    fn keep_comment(&mut self, node: String, text: String) {
        let leaf = ["comment".into(), node, "text".into()];
        *self.tree.make(&leaf, Tree::default) = Tree::Leaf(vec![text]);
    }

    /// Takes the comments on a node and on what is below it away.
    fn uncomment(&mut self, path: &[String]) {
        let Some(Tree::Branch(comments)) = self.tree.get(&["comment"]) else {
            return;
        };
        let node = path.join(" ");
        let below = format!("{node} ");
        let gone: Vec<String> = comments
            .keys()
            .filter(|own| **own == node || own.starts_with(&below))
            // What this text says itself stays.
            .filter(|own| {
                let said = ["comment".to_owned(), (*own).clone()];
                let replaced = self.replaced.as_ref();
                !replaced.is_some_and(|replaced| replaced.contains(said.as_slice()))
            })
            .cloned()
            .collect();
        for own in gone {
            self.tree.remove(&["comment".into(), own]);
        }
    }

    /// `delete`: takes what the statement speaks of out of the tree. `words` are those of its path.
    pub(crate) fn delete(
        &mut self,
        target: Target,
        from: &Cursor,
        words: &[Word],
    ) -> Result<(), Problem> {
        let path = target.path();
        if path.len() <= from.path.len() && matches!(target, Target::Branch(_)) {
            let place = words.last().map_or_else(start, |word| word.place.after());
            return Err(place.problem(
                Code::MissingValue,
                "a word is missing",
                Some("say what to delete".into()),
            ));
        }
        let missing = (1..=path.len()).find(|depth| self.tree.at(&path[..*depth]).is_none());
        if let Some(depth) = missing {
            let note = absent(&self.tree, &path[..depth], from, words);
            self.absent(note);
            return Ok(());
        }
        match target {
            Target::Values(path, _, gone) => {
                let Some(Tree::Leaf(values)) = self.tree.at(&path) else {
                    return Ok(());
                };
                let values = values.clone();
                if let Some(value) = gone.iter().find(|value| !values.contains(value)) {
                    let below = [&path[..], std::slice::from_ref(value)].concat();
                    let note = absent(&self.tree, &below, from, words);
                    self.absent(note);
                }
                let left: Vec<String> = values
                    .iter()
                    .filter(|value| !gone.contains(value))
                    .cloned()
                    .collect();
                if left.is_empty() {
                    self.tree.remove(&path);
                } else {
                    *self.tree.make(&path, Tree::default) = Tree::Leaf(left);
                }
            }
            Target::Branch(Cursor { path, .. }) | Target::Whole(path, _) | Target::Flag(path) => {
                self.tree.remove(&path);
                self.uncomment(&path);
            }
        }
        Ok(())
    }

    /// In [`Mode::Replace`], empties the node that the text names the first time it does: the first one below
    /// the edit level that is neither a top container nor a tag.
    pub(crate) fn replace(&mut self, path: &[String]) {
        if self.replaced.is_none() {
            return;
        }
        let shared = path
            .iter()
            .zip(&self.at.path)
            .take_while(|(a, b)| a == b)
            .count();
        let level = if shared == self.at.path.len() {
            shared
        } else {
            0
        };
        let unit = (level + 1..=path.len()).find(|depth| {
            let place = schema::lookup(path[..*depth].iter().map(String::as_str));
            !matches!(
                (depth, place),
                (_, Some(Place::Name(_))) | (1, Some(Place::Words(_)))
            )
        });
        let Some(unit) = unit.map(|depth| &path[..depth]) else {
            return;
        };
        if let Some(replaced) = &mut self.replaced
            && !replaced.contains(unit)
        {
            let unit = unit.to_vec();
            replaced.insert(unit.clone());
            self.tree.remove(&unit);
            self.uncomment(&unit);
        }
    }
}

fn start() -> Span {
    Span {
        line: 1,
        column: 1,
        length: 1,
    }
}

/// The problem of deleting what is not there; `path` ends at the first word that is absent.
fn absent(tree: &Tree, path: &[String], from: &Cursor, words: &[Word]) -> Problem {
    // An old word stands for several, and a value for all that are left: then the last word is pointed at.
    let word = path
        .len()
        .checked_sub(from.path.len() + 1)
        .and_then(|at| words.get(at))
        .or(words.last());
    let shown_path: Vec<&str> = path.iter().map(String::as_str).collect();
    // A name or a value that is there and nearly so.
    let (last, above) = shown_path.split_last().unwrap_or((&"", &[]));
    let meant = match tree.get(above) {
        Some(Tree::Branch(children)) => near(last, children.keys().map(String::as_str)),
        Some(Tree::Leaf(values)) => near(last, values.iter().map(String::as_str)),
        None => None,
    };
    let meant = meant.map(|meant| format!("did you mean {meant}?"));
    let place = word.map_or_else(start, |word| word.place);
    place.problem(
        Code::NotFound,
        format!("{} is not there", shown(&shown_path.join(" "))),
        Some(meant.unwrap_or_else(|| "nothing to delete".into())),
    )
}

fn possible(place: Place) -> String {
    match place {
        Place::Words(node) => {
            schema::list("possible", node.children().iter().map(|child| child.word()))
        }
        place => placeholders(place.node()),
    }
}

/// The problem of a statement that ends before a node's value or name; `last` is its last word.
pub(crate) fn no_value(node: &schema::Node, last: Span) -> Problem {
    let (what, hint) = match node.kind() {
        Kind::Tag => ("a name", format!("{} {}", node.word(), placeholders(node))),
        _ => (
            "a value",
            format!("{}: {}", placeholders(node), node.row.help_line()),
        ),
    };
    last.after().problem(
        Code::MissingValue,
        format!("{what} is missing after {}", node.word()),
        Some(hint),
    )
}

fn placeholders(node: &schema::Node) -> String {
    let hints = node.row.value.hints();
    let words: Vec<&str> = hints
        .iter()
        .take(12)
        .map(|(text, ..)| text.as_str())
        .collect();
    let more = if hints.len() > 12 { ", …" } else { "" };
    format!("{}{more}", words.join(", "))
}
