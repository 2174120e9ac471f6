//! The command line of `flowd`. The manual page and the completions of shells are made of it, too, so it needs nothing
//! but clap and the names of tunnels.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueHint};
use wire::Tunnel;

/// Network flow probe and samplicator: packets to NetFlow v5, NetFlow v9 and IPFIX, flow datagrams to many collectors
#[derive(Parser, Debug)]
#[command(name = "flowd", version, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What it does.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Run(Run),
    Meter(Meter),
    Check(Check),
}

/// Runs the daemon in the foreground
///
/// It starts with the last committed configuration and is configured through its management socket, with flowsh or
/// any HTTP client. SIGTERM exports what is in the caches and stops it.
///
/// FLOWD_LOG sets the level of its log (err, warning, info, debug; default info).
#[derive(clap::Args, Debug)]
pub(crate) struct Run {
    /// Directory for the revisions and everything else that is kept
    #[arg(long, value_name = "DIR", default_value = "/var/lib/flowd", value_hint = ValueHint::DirPath)]
    pub(crate) state: PathBuf,
    /// Management socket
    #[arg(long, value_name = "PATH", default_value = "/run/flowd/flowd.sock", value_hint = ValueHint::FilePath)]
    pub(crate) socket: PathBuf,
    /// Configuration in any dialect that is committed if nothing is committed yet
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
}

/// Meters a savefile, as a monitor meters an interface, with the savefile's own times
///
/// Without --to and --config nothing is exported; a summary is printed in any case. A savefile that is cut or damaged is
/// metered up to there; the exit status is 1, and the summary says that it is not complete.
#[derive(clap::Args, Debug)]
pub(crate) struct Meter {
    /// Savefile to read, pcap or pcapng
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) read: PathBuf,
    /// Configuration, any dialect; without it one monitor with the record netflow-original
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    /// Which monitor of the configuration to run
    #[arg(long, value_name = "NAME", requires = "config")]
    pub(crate) monitor: Option<String>,
    /// Export to this collector (repeatable)
    #[arg(long, value_name = "HOST:PORT", value_hint = ValueHint::Hostname)]
    pub(crate) to: Vec<String>,
    /// Protocol of --to: NetFlow 5 or 9, or 10 for IPFIX
    #[arg(long, value_name = "VERSION", default_value = "9", value_parser = ["5", "9", "10"])]
    pub(crate) netflow: String,
    /// Meter the packet inside this kind of tunnel, too (repeatable), as `capture decapsulate`
    #[arg(long, value_name = "TYPE", value_parser = Tunnel::ALL.map(Tunnel::name))]
    pub(crate) decapsulate: Vec<String>,
    /// Meter later fragments with the ports of their first one, as `capture fragment-ports`
    #[arg(long)]
    pub(crate) fragment_ports: bool,
    /// Print one JSON object a flow
    #[arg(long)]
    pub(crate) records: bool,
    /// Print one JSON summary as the last line
    #[arg(long)]
    pub(crate) json: bool,
}

/// Validates configuration files in any dialect, without looking at this host
///
/// Each thing that is wrong is a line `file:line:column: message` on standard error. The exit status is 1 if any
/// file is wrong.
#[derive(clap::Args, Debug)]
pub(crate) struct Check {
    /// Check only the flow parts of each file, which may be the configuration of any router
    #[arg(long)]
    pub(crate) flow: bool,
    /// Configuration files: curly, set lines, IOS lines or JSON
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
}
