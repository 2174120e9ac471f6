//! `flowsh`: the router-style shell of flowd, a client of its management API and nothing else.
//!
//! ```text
//! keys --editor--> line --commands--> shell --client--> flowd
//!                                 screen <--JSON--'
//! ```

mod arguments;
mod ask;
mod client;
mod editor;
mod file;
#[cfg(test)]
mod filled;
mod front;
mod gather;
mod json;
mod live;
mod output;
mod pager;
mod program;
mod progress;
mod prompt;
mod screen;
mod script;
mod shell;
mod tail;
mod terminal;
mod trouble;
mod wrap;

use std::io::IsTerminal as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;

use arguments::Args;
use client::Client;
use json::JsonText;
use script::Source;
use shell::Shell;
use trouble::Failure;

/// Something failed: the command's error was printed.
const FAILED: u8 = 1;
/// Nobody answers on the socket.
const NO_DAEMON: u8 = 3;

fn main() -> ExitCode {
    let args = Args::parse();
    let home = std::env::var_os("HOME")
        .filter(|home| !home.is_empty())
        .map(PathBuf::from);
    let scripted = !args.command.is_empty() || args.file.is_some() || args.json;
    let interactive = !scripted
        && args.complete.is_none()
        && std::io::stdin().is_terminal()
        && std::io::stdout().is_terminal();
    let term = std::env::var("TERM").unwrap_or_default();
    if interactive && (term.is_empty() || term != "dumb" && terminal::is_automated()) {
        // The line editor would take it for one that moves its cursor, and libraries do not read that. Only failing comes back.
        let mut again = std::process::Command::new("/proc/self/exe");
        let error = again
            .args(std::env::args_os().skip(1))
            .env("TERM", "dumb")
            .exec();
        eprintln!("flowsh: starting again with TERM=dumb fails: {error}");
    }
    let via = if interactive { "cli" } else { "script" };
    let shell = Client::new(args.socket, interactive)
        .map_err(|error| Failure::plain(format!("cannot start: {error}")))
        .and_then(|client| Shell::new(client, via, home.clone()));
    match shell {
        // Completion has nothing to say then.
        Err(_) if args.complete.is_some() => ExitCode::from(NO_DAEMON),
        Err(failure) => told(Err(failure), args.json),
        Ok(mut shell) if args.complete.is_some() => {
            script::complete(&mut shell, args.complete.as_deref().unwrap_or_default());
            ExitCode::SUCCESS
        }
        Ok(shell) if interactive => told(editor::run(shell, home.as_deref()), false),
        Ok(mut shell) => {
            let source = Source {
                commands: &args.command,
                file: args.file.as_deref(),
                input: args.command.is_empty() && args.file.is_none(),
                json: args.json,
            };
            let mut code = told(script::run(&mut shell, &source), args.json);
            if shell.close() {
                let warning = "the changes of this session were not committed and are gone";
                if code == ExitCode::SUCCESS {
                    code = ExitCode::from(FAILED);
                }
                match args.json {
                    true => eprintln!("{}", JsonText::of(&Warned { warning }).line()),
                    false => eprintln!("Warning: {warning}"),
                }
            }
            code
        }
    }
}

/// A warning as a program reads it.
#[derive(serde::Serialize)]
struct Warned {
    warning: &'static str,
}

/// Prints what failed, and makes the exit status of it.
fn told(result: Result<(), Failure>, json: bool) -> ExitCode {
    let Err(failure) = result else {
        return ExitCode::SUCCESS;
    };
    match json {
        true => eprintln!("{}", failure.json().line()),
        false => eprintln!("{}", failure.shown()),
    }
    ExitCode::from(if matches!(failure, Failure::NoDaemon(_)) {
        NO_DAEMON
    } else {
        FAILED
    })
}
