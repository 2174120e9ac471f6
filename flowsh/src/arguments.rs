//! The command line of `flowsh` itself. The manual page and the completions of shells are made of it, too, so it needs
//! nothing but clap.

use std::path::PathBuf;

use clap::Parser;

/// The command line of flowd: show what runs, configure it, commit.
///
/// Interactive on a terminal. With -c or -f, or when standard input is no terminal, lines are run in one
/// session; the first that fails ends it. Exit status: 0 all right, 1 a command failed, 2 wrong usage,
/// 3 no daemon.
#[derive(Parser)]
#[command(name = "flowsh", version, max_term_width = 100)]
pub(crate) struct Args {
    /// The management socket of flowd
    #[arg(long, value_name = "PATH", default_value = "/run/flowd/flowd.sock", value_hint = clap::ValueHint::FilePath)]
    pub(crate) socket: PathBuf,
    /// Run a command; may be given again
    #[arg(short = 'c', value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
    /// Run the lines of a file, after the commands of -c; - is standard input
    #[arg(short = 'f', value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,
    /// Print what each command says as a line of JSON, and what is wrong as one on standard error
    #[arg(long)]
    pub(crate) json: bool,
    /// Print what can follow a line of the shell, a word and its help on each line, for completion
    #[arg(long, value_name = "LINE", hide = true)]
    pub(crate) complete: Option<String>,
}
