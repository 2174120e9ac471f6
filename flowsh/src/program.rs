//! Programs of the system that run on this terminal, `ping` say.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

use crate::trouble::Failure;

/// Runs a program on this terminal. Ctrl-C goes to the program.
///
/// # Errors
/// When it cannot be started or fails.
pub(crate) fn run(argv: &[String]) -> Result<(), Failure> {
    let Some((name, arguments)) = argv.split_first() else {
        return Ok(());
    };
    let ended = Command::new(name)
        .args(arguments)
        .status()
        .map_err(|error| Failure::plain(format!("cannot run {name}: {error}")))?;
    match (ended.code(), ended.signal()) {
        (Some(0), _) | (None, Some(nix::libc::SIGINT)) => Ok(()),
        (Some(code), _) => Err(Failure::plain(format!("{name} ended with {code}"))),
        (None, signal) => Err(Failure::plain(format!(
            "{name} was ended by signal {}",
            signal.unwrap_or_default()
        ))),
    }
}
