//! What a row of the table is. One row declares a command: its words, its help, who may run it, and what makes the
//! [`Command`](super::Command) of a line that matches. Parser, `?`, completion and manual page are made of it.

use api::host::Role;
use language::Submode;

use super::matched::Build;

/// A row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// Keywords and `<arguments>`.
    pub(crate) pattern: &'static str,
    pub(crate) help: &'static str,
    /// What a line is that ends here; `None` where none may.
    pub(crate) end: Option<End>,
    /// Whether options follow in any order.
    pub(crate) chain: bool,
    /// What a line is asked that ends before this argument, behind the words of the line; empty for a question that its
    /// kind has.
    pub(crate) question: &'static str,
}

impl Row {
    /// Sets the question for a line that ends before this argument.
    pub(crate) const fn asks(self, question: &'static str) -> Row {
        Row { question, ..self }
    }
}

/// What a line is that ends at a row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// A command.
    Command {
        /// Who may run it.
        role: Role,
        /// What makes it of the line.
        build: Build,
    },
    /// An operational command in configuration mode; what follows the keyword is parsed as one.
    Operational,
    /// The command of the chain to which this option belongs.
    Option,
    /// An IOS statement.
    Statement,
    /// An IOS statement that opens a submode.
    Opens(Submode),
}

/// A prefix of commands that is none itself.
pub(crate) const fn group(pattern: &'static str, help: &'static str) -> Row {
    Row {
        pattern,
        help,
        end: None,
        chain: false,
        question: "",
    }
}

/// A command.
pub(crate) const fn command(
    pattern: &'static str,
    help: &'static str,
    role: Role,
    build: Build,
) -> Row {
    Row {
        end: Some(End::Command { role, build }),
        ..group(pattern, help)
    }
}

/// A command that the options of the rows below it may follow, in any order, each once.
pub(crate) const fn chain(
    pattern: &'static str,
    help: &'static str,
    role: Role,
    build: Build,
) -> Row {
    Row {
        chain: true,
        ..command(pattern, help, role, build)
    }
}

/// The end of an option of the chain above.
pub(crate) const fn option(pattern: &'static str, help: &'static str) -> Row {
    Row {
        end: Some(End::Option),
        ..group(pattern, help)
    }
}

/// A keyword behind which an operational command follows.
pub(crate) const fn operational(pattern: &'static str, help: &'static str) -> Row {
    Row {
        end: Some(End::Operational),
        ..group(pattern, help)
    }
}
