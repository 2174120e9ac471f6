//! `flowd`: metering and export of network flows, under a committed configuration.

// A binary has no outside: `pub` is what a module offers its siblings.
#![allow(unreachable_pub)]
// The fuzzer has a main function of its own, and starts no command.
#![cfg_attr(feature = "fuzz", no_main, allow(dead_code))]

mod api;
mod archive;
mod arguments;
mod boot;
mod check_command;
mod clock;
mod commit;
mod confirm;
mod control;
#[cfg(feature = "fuzz")]
#[path = "../fuzz/api.rs"]
mod fuzz;
mod impact;
mod locate;
mod log;
mod merge;
mod meter_command;
mod named;
mod notify;
mod peer;
mod plan;
mod probe;
mod relay;
mod revisions;
mod run;
mod schedule;
mod secrets;
mod sessions;
mod settings;
mod source;
mod tree_json;
mod warnings;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser as _;

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Run(args) => run::run(args),
        Command::Meter(args) => meter_command::run(&args),
        Command::Check(args) => Ok(check_command::run(&args)),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("flowd: {error:#}");
        ExitCode::FAILURE
    })
}
