//! `flowd meter --read FILE`: reads the arguments and the configuration; the probe does the rest.

use std::process::ExitCode;

use config::Source;
use export::Protocol;
use probe::Probe;
use probe::meter_command::{Request, run as meter};
use wire::Tunnel;

use crate::arguments::Meter;
use crate::services::SERVICES;

/// Runs the command.
///
/// # Errors
/// When the savefile cannot be read, or a collector cannot be sent to. What is wrong with a configuration is written to
/// standard error, a line each with its place, and the exit code tells, as it does of a damaged savefile.
pub(crate) fn run(args: Meter) -> anyhow::Result<ExitCode> {
    let mut config = None;
    if let Some(path) = args.config {
        match Source::read(&path).and_then(|source| source.check(SERVICES)) {
            Ok(settings) => {
                let settings = settings.get::<Probe>().cloned().unwrap_or_default();
                config = Some((path, settings));
            }
            Err(lines) => {
                lines.iter().for_each(|line| eprintln!("{line}"));
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    let metered = meter(&Request {
        read: args.read,
        config,
        monitor: args.monitor,
        to: args.to,
        protocol: match args.netflow.as_str() {
            "5" => Protocol::NetflowV5,
            "10" => Protocol::Ipfix,
            _ => Protocol::NetflowV9,
        },
        decapsulate: args
            .decapsulate
            .iter()
            .filter_map(|name| Tunnel::by_name(name))
            .collect(),
        fragment_ports: args.fragment_ports,
        records: args.records,
        json: args.json,
    });
    Ok(match metered {
        // Whoever read the records has seen enough, as `head` has.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        metered => match metered? {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        },
    })
}

/// Whether standard output was closed at its other end.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let errors = error
        .chain()
        .filter_map(|error| error.downcast_ref::<std::io::Error>());
    errors
        .into_iter()
        .any(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
