//! Configurations of other programs, as statements of this language. Pure: text in, text and a report out; nothing
//! is left out without a line of the report.

pub mod pmacct;
mod probe;
mod report;
pub mod samplicate;
pub mod softflowd;

/// What a foreign configuration became.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// `set` lines. Empty: there is nothing to apply.
    pub text: String,
    /// What is not in them, or not quite, in the order of the input.
    pub remarks: Vec<Remark>,
}

/// A piece of the input that was not translated, or that will not do quite the same here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Where it stands.
    pub origin: Origin,
    /// Line, from 1.
    pub line: u32,
    /// The piece, as it was written.
    pub text: String,
    /// Why.
    pub why: String,
    /// It is missing from the result; otherwise it is there and differs.
    pub lost: bool,
}

/// What a remark speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The command line.
    Arguments,
    /// The configuration file of that index among those given.
    File(usize),
    /// What all of it comes to; it has no line.
    Whole,
}

impl Remark {
    /// The remark without where it stands: `"…": why`.
    pub fn message(&self) -> String {
        let text: String = match self.text.char_indices().nth(80) {
            Some((end, _)) => format!("{}…", &self.text[..end]),
            None => self.text.clone(),
        };
        let verb = if self.lost { "not translated: " } else { "" };
        format!("\"{}\": {verb}{}", text.escape_debug(), self.why)
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
