//! `flowsh`: the router-style shell of flowd, a client of its management API and nothing else.
//!
//! ```text
//! keys --editor--> line --grammar::command--> shell --client--> flowd
//!                                 screen <--JSON--'
//! ```

mod ask;
mod client;
mod editor;
mod front;
mod gather;
mod live;
mod marks;
mod output;
mod pager;
mod screen;
mod script;
mod shell;
mod tail;
mod terminal;
mod trouble;

use std::io::IsTerminal as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use client::Client;
use shell::Shell;
use trouble::Failure;

/// Something failed: the command's error was printed.
const FAILED: u8 = 1;
/// Nobody answers on the socket.
const NO_DAEMON: u8 = 3;

/// The command line of flowd: show what runs, configure it, commit.
///
/// Interactive on a terminal. With -c or -f, or when standard input is no terminal, lines are run in one
/// session; the first that fails ends it. Exit status: 0 all right, 1 a command failed, 2 wrong usage,
/// 3 no daemon.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Args {
    /// The management socket of flowd
    #[arg(long, value_name = "PATH", default_value = "/run/flowd/flowd.sock")]
    socket: PathBuf,
    /// Run a command; may be given again
    #[arg(short = 'c', value_name = "COMMAND")]
    command: Vec<String>,
    /// Run the lines of a file, after the commands of -c; - is standard input
    #[arg(short = 'f', value_name = "FILE")]
    file: Option<PathBuf>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let home = std::env::var_os("HOME")
        .filter(|home| !home.is_empty())
        .map(PathBuf::from);
    let scripted = !args.command.is_empty() || args.file.is_some();
    let interactive =
        !scripted && std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if interactive && std::env::var_os("TERM").is_none_or(|term| term.is_empty()) {
        // The line editor would take it for one that moves its cursor. Only failing comes back.
        let mut again = std::process::Command::new("/proc/self/exe");
        let error = again
            .args(std::env::args_os().skip(1))
            .env("TERM", "dumb")
            .exec();
        eprintln!("flowsh: TERM is not set, and starting again with TERM=dumb fails: {error}");
    }
    let via = if interactive { "cli" } else { "script" };
    let shell = Client::new(args.socket, interactive)
        .map_err(|error| Failure::plain(format!("cannot start: {error}")))
        .and_then(|client| Shell::new(client, via, home.clone()));
    match shell {
        Err(failure) => told(Err(failure)),
        Ok(shell) if interactive => told(editor::run(shell, home.as_deref())),
        Ok(mut shell) => {
            let code = told(script::run(
                &mut shell,
                &args.command,
                args.file.as_deref(),
                !scripted,
            ));
            if shell.close() {
                eprintln!("Warning: the changes of this session were not committed and are gone");
            }
            code
        }
    }
}

/// Prints what failed, and makes the exit status of it.
fn told(result: Result<(), Failure>) -> ExitCode {
    let Err(failure) = result else {
        return ExitCode::SUCCESS;
    };
    eprintln!("{}", failure.shown());
    ExitCode::from(if matches!(failure, Failure::NoDaemon(_)) {
        NO_DAEMON
    } else {
        FAILED
    })
}
