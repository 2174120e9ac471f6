//! `flowd`: metering and export of network flows, under a committed configuration.
//!
//! The daemon puts the parts together: `services.rs` lists the services, `run.rs` is the daemon from its start to its
//! end, `api` has the handlers of the management API, and `check_command.rs` and `meter_command.rs` are the other two
//! commands.

mod api;
mod arguments;
mod check_command;
mod connections;
mod control;
#[cfg(feature = "fuzz")]
#[path = "../fuzz/api.rs"]
pub mod fuzz;
mod meter_command;
mod peer;
mod run;
mod services;
mod watch;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser as _;

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Run(args) => run::run(args),
        Command::Meter(args) => meter_command::run(args),
        Command::Check(args) => Ok(check_command::run(&args)),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("flowd: {error:#}");
        ExitCode::FAILURE
    })
}
