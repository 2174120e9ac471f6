//! The configuration language: one declared schema, the tree it describes, the four dialects that write
//! it, and what can be said about two trees. Pure: no I/O, no clock.
//!
//! ```text
//! text --dialect--> statements --schema--> Tree --check--> findings
//! Tree --render--> text        (Tree, Tree) --diff--> changes
//! ```

pub mod tree;

pub use tree::Tree;

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
    /// What would have been right.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hint: Option<String>,
}

/// One thing wrong in a whole tree: a dangling reference, a missing leaf, two that exclude each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[error("{}: {message}", path.join(" "))]
pub struct Finding {
    /// The node, from the root.
    pub path: Vec<String>,
    /// What is wrong and what would have been right.
    pub message: String,
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
pub fn detect(_text: &str) -> Dialect {
    todo!()
}

/// Reads `text` into `base` at the edit level `at` and returns the tree that results.
///
/// `dialect` `None` means [`detect`]. Words, types and ranges are checked against the schema; the first
/// problems (at most 50) are returned with their places, and then nothing is applied. References between nodes are [`check`]'s.
///
/// # Errors
/// Every problem found, in the text's order.
pub fn load(
    _base: &Tree,
    _at: &[String],
    _text: &str,
    _dialect: Option<Dialect>,
    _mode: Mode,
) -> Result<Tree, Vec<Problem>> {
    todo!()
}

/// What is wrong with the tree as a whole, without looking at the host: references that dangle, leaves
/// that are missing, values that exclude each other. Empty: it may be committed.
pub fn check(_tree: &Tree) -> Vec<Finding> {
    todo!()
}

/// Writes the tree in a dialect. `load`ed into an empty tree it gives an equal tree.
pub fn render(_tree: &Tree, _dialect: Dialect) -> String {
    todo!()
}

/// The differences, in schema order.
pub fn diff(_old: &Tree, _new: &Tree) -> Vec<Change> {
    todo!()
}

/// The differences as engineers read them: `[edit system]`, `+ …`, `- …`, `> …` (VyOS `compare`).
pub fn compare(_old: &Tree, _new: &Tree) -> String {
    todo!()
}

/// The differences as `set` and `delete` lines that lead from `old` to `new`.
pub fn compare_commands(_old: &Tree, _new: &Tree) -> String {
    todo!()
}
