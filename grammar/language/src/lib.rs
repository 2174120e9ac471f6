//! The configuration language: one declared schema, the tree it describes, the four dialects that write
//! it, and what can be said about two trees. Pure: no I/O, no clock.
//!
//! ```text
//! text --dialect--> statements --schema--> Tree --check--> findings
//! Tree --render--> text        (Tree, Tree) --diff--> changes
//! ```

mod attachment;
mod check;
mod code;
mod dialect;
mod diff;
mod load;
pub mod map;
mod marks;
mod near;
mod order;
mod part;
mod resolve;
mod router_name;
pub mod schema;
mod source;
#[cfg(test)]
mod tests;
pub mod tree;
mod unapplied;
mod walk;
mod word;

pub use code::Code;
pub use dialect::curly::comment_alone;
pub use dialect::ios::{TextEnd, begins_statement, begins_text, submode_path};
pub use marks::marks;
pub use near::{near, which};
pub use part::{LeftOut, Select, left_out};
pub use router_name::{host_interface, interface_of_two_words};
pub use schema::{MASK, Submode, is_secret, masked, masked_both};
pub use tree::Tree;
pub use unapplied::{unapplied, unapplied_from};
pub use word::{MAX_DEPTH, MAX_LINE, MAX_PROBLEMS, MAX_TEXT, MAX_VALUES, quoted_always};

/// How a configuration is written (DESIGN "Dialects").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Braces, as VyOS and Junos write it.
    Curly,
    /// `set …` and `delete …` lines.
    Set,
    /// IOS lines.
    Ios,
    /// JSON.
    Json,
}

/// How loaded text meets the tree that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Adds to it; single values are replaced, multi values added.
    Merge,
    /// The nodes that the text names are replaced whole, the others stay.
    Replace,
    /// The text becomes the configuration.
    Override,
}

/// One thing wrong in a text, with its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[error("{line}:{column}: {message}{}", hint.as_deref().map(|hint| format!("; {hint}")).unwrap_or_default())]
pub struct Problem {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Characters the wrong word has; at least 1.
    pub length: u32,
    /// What is wrong.
    pub message: String,
    /// What kind of thing is wrong.
    #[serde(default)]
    pub code: Code,
    /// What would have been right.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hint: Option<String>,
}

/// One thing wrong in a whole tree: a dangling reference, a missing leaf, two that exclude each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[error("{}", at_path(path, message))]
pub struct Finding {
    /// The node, from the root.
    pub path: Vec<String>,
    /// What is wrong and what would have been right.
    pub message: String,
    /// What kind of thing is wrong.
    #[serde(default)]
    pub code: Code,
}

/// Writes a path and a message about it, without saying twice what the message begins with: its first words are often the
/// path's last ones (`flow-accounting: interface is missing` at `system flow-accounting`).
pub fn at_path(path: &[String], message: &str) -> String {
    let said = (0..=path.len()).find(|&from| {
        message
            .strip_prefix(&path[from..].join(" "))
            .is_some_and(|rest| {
                !rest.starts_with(|c: char| c.is_alphanumeric() || "-_./".contains(c))
            })
    });
    match said {
        Some(0) => message.to_owned(),
        Some(from) if from < path.len() => format!("{} {message}", path[..from].join(" ")),
        _ if path.is_empty() => message.to_owned(),
        // Or they name the object that the path is in: `flow monitor M: …` at `flow monitor M record`.
        _ => {
            let object = (1..path.len()).rev().find_map(|to| {
                message
                    .strip_prefix(&path[..to].join(" "))?
                    .strip_prefix(": ")
            });
            match object {
                Some(rest) => at_path(path, rest),
                None => format!("{}: {message}", path.join(" ")),
            }
        }
    }
}

/// One difference between two trees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The node or leaf value, from the root; a leaf's value is the last word.
    pub path: Vec<String>,
    /// Whether it is there in the new tree.
    pub added: bool,
}

/// Tells the dialect of a text.
pub fn detect(text: &str) -> Dialect {
    dialect::detect::detect(text)
}

/// Reads `text` into `base` at the edit level `at` and returns the tree that results.
///
/// `dialect` `None` means [`detect`]. Words, types and ranges are checked against the schema; the first
/// problems (at most [`MAX_PROBLEMS`]) are returned with their places, and then nothing is applied. References
/// between nodes are [`check`]'s.
///
/// With [`Mode::Replace`] a node is replaced when the text names it and it is the first below the edit level that
/// is neither one of the top containers nor a tag: `system flow-accounting`, or `flow exporter NAME`. With
/// [`Mode::Override`] the text becomes all that is below the edit level.
///
/// # Errors
/// Every problem found, in the text's order.
pub fn load(
    base: &Tree,
    at: &[String],
    text: &str,
    dialect: Option<Dialect>,
    mode: Mode,
) -> Result<Tree, Vec<Problem>> {
    load_noted(base, at, text, dialect, mode).map(|loaded| loaded.tree)
}

/// A tree that was read, and what its reader may want to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The tree.
    pub tree: Tree,
    /// Words of other releases and routers with what they are here; nothing is wrong with them.
    pub notes: Vec<Problem>,
}

/// [`load`], with notes.
///
/// # Errors
/// As [`load`].
pub fn load_noted(
    base: &Tree,
    at: &[String],
    text: &str,
    dialect: Option<Dialect>,
    mode: Mode,
) -> Result<Loaded, Vec<Problem>> {
    let reading = read(base, at, text, dialect, mode);
    match reading.problems.is_empty() {
        true => Ok(Loaded {
            tree: reading.tree,
            notes: reading.notes,
        }),
        false => Err(reading.problems),
    }
}

/// What became of a text, of which each wrong statement costs itself only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The tree with all that was right.
    pub tree: Tree,
    /// What was understood and is still worth telling: words of other releases and routers, deletions of what is not there, names of
    /// interfaces that were guessed.
    pub notes: Vec<Problem>,
    /// What was wrong, at most [`MAX_PROBLEMS`], in the text's order.
    pub problems: Vec<Problem>,
    /// The number of further problems.
    pub more: u32,
    /// Lines that were not read, because they stand below a wrong one or are of parts that are not asked for.
    pub left_out: Vec<LeftOut>,
}

/// Returns the line that tells of problems that are only counted; `None` if there are none.
pub fn more_wrong(count: u64) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 more line is wrong".to_owned()),
        _ => Some(format!("{count} more lines are wrong")),
    }
}

/// Reads `text` into `base` at the edit level `at`, as [`load`] does, and keeps what is right whatever else is wrong.
pub fn read(
    base: &Tree,
    at: &[String],
    text: &str,
    dialect: Option<Dialect>,
    mode: Mode,
) -> Reading {
    match load::Loader::new(base, at, mode) {
        Ok(loader) => read_into(loader, text, dialect),
        Err(problem) => refused(base, problem),
    }
}

/// Reads from a router's configuration the parts that are this product's ([`Select`]). With [`Mode::Replace`] and [`Mode::Override`],
/// what it names takes the place of what `base` has of that name; with [`Mode::Merge`] it is added to it. All else in `base` stays.
pub fn read_parts(
    base: &Tree,
    text: &str,
    dialect: Option<Dialect>,
    mode: Mode,
    select: Select,
) -> Reading {
    let mut loader = match load::Loader::new(base, &[], Mode::Override) {
        Ok(loader) => loader,
        Err(problem) => return refused(base, problem),
    };
    loader.select = select;
    let mut reading = read_into(loader, text, dialect);
    reading.tree = part::joined(base, &reading.tree, mode);
    reading
}

fn refused(base: &Tree, problem: Problem) -> Reading {
    Reading {
        tree: base.clone(),
        problems: vec![problem],
        ..Reading::default()
    }
}

fn read_into(mut loader: load::Loader, text: &str, dialect: Option<Dialect>) -> Reading {
    let dialect = dialect.unwrap_or_else(|| detect(text));
    // A program's JSON may well be one long line. In lines, a character that is wrong costs its line.
    let whole = match dialect {
        Dialect::Json => true,
        Dialect::Curly => loader.select == Select::All,
        Dialect::Set | Dialect::Ios => false,
    };
    if let Err(problem) = word::sane(text, dialect != Dialect::Json, whole) {
        loader.report(problem);
        return loader.finish();
    }
    match dialect {
        Dialect::Curly => dialect::curly::load(&mut loader, text),
        Dialect::Set => dialect::set::load(&mut loader, text),
        Dialect::Ios => dialect::ios::load(&mut loader, text),
        Dialect::Json => dialect::json::load(&mut loader, text),
    }
    loader.finish()
}

/// Reads a whole configuration that was shown in JSON: a masked secret stays masked.
///
/// # Errors
/// As [`load`].
pub fn shown(text: &str) -> Result<Tree, Vec<Problem>> {
    let mut loader = load::Loader::new(&Tree::default(), &[], Mode::Override)
        .map_err(|problem| vec![problem])?;
    loader.keep_masks = true;
    dialect::json::load(&mut loader, text);
    let reading = loader.finish();
    match reading.problems.is_empty() {
        true => Ok(reading.tree),
        false => Err(reading.problems),
    }
}

/// What is wrong with the tree as a whole, without looking at the host: references that dangle, leaves
/// that are missing, values that exclude each other. Empty: it may be committed.
pub fn check(tree: &Tree) -> Vec<Finding> {
    check::check(tree, None)
}

/// The same, when nothing is wrong with `sound`: what both trees share is not looked at again, unless it depends on what
/// they do not share.
pub fn check_from(sound: &Tree, tree: &Tree) -> Vec<Finding> {
    check::check(tree, Some(sound))
}

/// Writes the tree in a dialect. `load`ed into an empty tree it gives an equal tree.
pub fn render(tree: &Tree, dialect: Dialect) -> String {
    match dialect {
        Dialect::Curly => dialect::curly::render(tree),
        Dialect::Set => dialect::set::render(tree),
        Dialect::Ios => dialect::ios::render(tree),
        Dialect::Json => dialect::json::render(tree),
    }
}

/// The differences, in schema order: names that came or went, flags, and values of leaves.
///
/// A name that comes or goes is a change of its own, before those of its content.
pub fn diff(old: &Tree, new: &Tree) -> Vec<Change> {
    diff::diff(old, new)
}

/// The differences as engineers read them: `[edit system]`, `+ …`, `- …`, `> …` (VyOS `compare`).
pub fn compare(old: &Tree, new: &Tree) -> String {
    diff::compare(old, new)
}

/// The differences as `set` and `delete` lines that lead from `old` to `new`.
pub fn compare_commands(old: &Tree, new: &Tree) -> String {
    diff::commands(old, new)
}
