//! Importers: configurations of other programs are translated into statements of this language. Pure: text in, text and a
//! report out. Whatever is not translated has a line in the report.

mod names;
pub mod pmacct;
mod prefix;
mod probe;
mod report;
pub mod samplicate;
pub mod softflowd;

/// Most pairs of a source and a receiver that an import writes.
pub(crate) const MAX_PAIRS: usize = 200_000;
/// Most lines that are read of a file.
pub(crate) const MAX_LINES: usize = 10_000;

/// The result of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// The `set` lines; empty if there is nothing to apply.
    pub text: String,
    /// Remarks about what was not translated or works differently here, in the order of the input.
    pub remarks: Vec<Remark>,
    /// What the `set` lines configure.
    pub kind: ImportKind,
}

/// What an imported configuration becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ImportKind {
    /// Monitoring of interfaces, which is added to what is there.
    #[default]
    Monitoring,
    /// A samplicator, which replaces the one of its name.
    Samplicator,
}

/// A remark about a part of the input that was not translated, or that works differently here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The input that the part is in.
    pub origin: Origin,
    /// Line, from 1.
    pub line: u32,
    /// The part as it was written.
    pub text: String,
    /// The reason.
    pub why: String,
    /// Whether it was left out; if not, it was translated and works differently.
    pub lost: bool,
}

/// The input that a remark is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The command line.
    Arguments,
    /// The configuration file of that index among those given.
    File(usize),
    /// The input as a whole; the remark has no line.
    Whole,
}

impl Remark {
    /// Returns the remark without its place: `"…": why`.
    pub fn message(&self) -> String {
        let text: String = match self.text.char_indices().nth(80) {
            Some((end, _)) => format!("{}…", &self.text[..end]),
            None => self.text.clone(),
        };
        let verb = if self.lost { "not translated: " } else { "" };
        let mut shown = String::new();
        for c in text.chars() {
            match c {
                '\'' => shown.push(c),
                _ => shown.extend(c.escape_debug()),
            }
        }
        format!("\"{shown}\": {verb}{}", self.why)
    }
}

/// The tree of an import; it must load and have nothing wrong.
#[cfg(test)]
#[track_caller]
fn tree(imported: &Imported) -> language::Tree {
    let dialect = Some(language::Dialect::Set);
    let empty = language::Tree::default();
    let loaded = language::load(&empty, &[], &imported.text, dialect, language::Mode::Merge);
    let tree = loaded.unwrap_or_else(|problems| panic!("{}\n{problems:?}", imported.text));
    if !imported.text.is_empty() {
        assert_eq!(language::check(&tree), [], "{}", imported.text);
    }
    tree
}

/// The remarks of an import, a line each.
#[cfg(test)]
fn said(imported: &Imported) -> Vec<String> {
    imported
        .remarks
        .iter()
        .map(|remark| format!("{:?}:{} {}", remark.origin, remark.line, remark.message()))
        .collect()
}
