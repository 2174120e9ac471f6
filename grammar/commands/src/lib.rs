//! The commands of the shell: one declared table of them, and what is made of it: parser, completion and help.
//!
//! ```text
//! line --split--> words --trie of the table's rows--> matched --function of the row--> Command (+ pipes)
//! ```
//! The dialects of the configuration read its statements (`set` paths, IOS lines, braces); they are not looked into here.
//!
//! | module | subject |
//! |---|---|
//! | `table` | the rows: words, help, who may, and the function that makes the command |
//! | `row`, `argument` | what a row and a place in its pattern are |
//! | `trie`, `modes` | the rows as trees of words, one for each mode and IOS submode |
//! | `matched`, `build` | a line that matched a row, and the functions of rows |
//! | `command`, `parameters` | the commands, and what they carry |
//! | `words`, `keyword`, `fields`, `conditions` | words of a line, and what they can be |
//! | `pipe` | output pipes |
//! | `ios`, `statement` | IOS statements as rows; which lines are statements |
//! | [`complete`] | what can be typed next |
//! | [`condition`] | values of conditions on flows |

mod argument;
mod build;
mod command;
pub mod complete;
pub mod condition;
mod conditions;
mod fields;
mod ios;
mod keyword;
mod matched;
mod modes;
mod parameters;
mod parse;
mod pipe;
mod row;
mod statement;
mod table;
mod trie;
mod words;

#[cfg(test)]
mod tests;

pub use command::{Command, Line};
pub use condition::Condition;
pub use keyword::nearest;
pub use parameters::{
    AccountingView, Ask, CacheView, Cleared, FlowPath, Form, Layout, LoadFrom, LoadMode, Part,
    Ping, RelayPart, Trace, Version,
};
pub use parse::{Mode, operational_instead, parse};
pub use pipe::Pipe;
pub use statement::{first_word_hint, is_only_operational, opens_brace, submode_after};
pub use words::{Tail, Word, split};

pub use api::host::Role;
pub use language::Submode;

/// A command as it is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Keywords and `<arguments>`.
    pub pattern: &'static str,
    /// The help.
    pub help: &'static str,
    /// Who may run it; `None` for the pieces of another command: an option, or a keyword before one.
    pub role: Option<Role>,
}

/// Returns the commands of operational mode as they are declared.
pub fn operational() -> Vec<Declared> {
    declared(table::OPERATIONAL)
}

/// Returns the commands of configuration mode as they are declared.
pub fn configuration() -> Vec<Declared> {
    declared(table::CONFIGURATION)
}

fn declared(rows: &[row::Row]) -> Vec<Declared> {
    let role = |end: row::End| match end {
        row::End::Command { role, .. } => Some(role),
        _ => None,
    };
    let complete = rows.iter().filter_map(|row| {
        row.end.map(|end| Declared {
            pattern: row.pattern,
            help: row.help,
            role: role(end),
        })
    });
    complete.collect()
}
