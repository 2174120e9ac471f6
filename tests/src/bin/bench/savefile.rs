//! CPU time from savefile to export, and memory a flow.

use std::fs::File;
use std::io;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};

use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};

use crate::program::{Input, Job, Program};
use crate::sink::{Sink, Told};
use crate::sys::Usage;
use crate::table::{heading, row, spread};
use crate::workload::{self, Workload};
use crate::{Options, child};

const WIDTHS: [usize; 9] = [9, 9, 13, 9, 10, 9, 8, 10, 10];
const TITLES: [&str; 9] = [
    "workload",
    "program",
    "CPU ns/packet",
    "min–max",
    "CPU ratio",
    "memory MB",
    "records",
    "packets %",
    "runs",
];

/// One run of a program.
struct Run {
    usage: Usage,
    told: Told,
}

/// Prints both tables.
///
/// # Errors
/// When files or sockets cannot be made.
pub(crate) fn measure(options: &Options) -> io::Result<()> {
    let sink = Sink::start(UdpSocket::bind("127.0.0.1:0")?)?;
    println!(
        "From savefile to export: {} packets, medians of runs in turn\n",
        options.packets
    );
    println!("{}", heading(&WIDTHS, 2, &TITLES));
    for workload in options.workloads() {
        let file = options.savefile(&workload)?;
        into_page_cache(&file)?;
        table(&workload, &file, options, &sink)?;
    }
    memory(options, &sink)
}

/// Reads a file from the disk, so that it lies in memory as captures do that were made before, and not as pages that were
/// just written lie there.
fn into_page_cache(file: &Path) -> io::Result<()> {
    let mut file = File::open(file)?;
    file.sync_all()?;
    posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED)?;
    io::copy(&mut file, &mut io::sink()).map(drop)
}

/// Every program in turn, so that a machine that slows down slows all of them.
fn table(workload: &Workload, file: &Path, options: &Options, sink: &Sink) -> io::Result<()> {
    let programs = options.programs();
    let mut runs: Vec<Vec<Run>> = programs.iter().map(|_| Vec::new()).collect();
    for _ in 0..options.runs {
        for (program, runs) in programs.iter().zip(&mut runs) {
            runs.extend(one(program, file, false, options, sink)?);
        }
    }
    let cpu = |runs: &[Run]| spread(runs.iter().map(|run| run.usage.cpu_seconds));
    let own = cpu(&runs[0]).map(|(median, ..)| median);
    for (program, runs) in programs.iter().zip(&runs) {
        let Some((median, least, most)) = cpu(runs) else {
            continue;
        };
        let ns = |seconds: f64| seconds * 1e9 / options.packets as f64;
        let memory = spread(runs.iter().map(|run| run.usage.memory_kib as f64 / 1024.0));
        let records = spread(runs.iter().map(|run| run.told.records as f64));
        let cells = [
            workload.name.into(),
            program.name.into(),
            format!("{:.0}", ns(median)),
            format!("{:.0}–{:.0}", ns(least), ns(most)),
            own.map_or("-".into(), |own| format!("{:.1}×", median / own)),
            memory.map_or("-".into(), |(median, ..)| format!("{median:.0}")),
            records.map_or("-".into(), |(median, ..)| format!("{median:.0}")),
            share(runs, options.packets),
            runs.len().to_string(),
        ];
        println!("{}", row(&WIDTHS, 2, &cells));
    }
    Ok(())
}

/// Packets in the records, in percent of those in the savefile; the worst run.
fn share(runs: &[Run], packets: u64) -> String {
    let least = runs.iter().min_by_key(|run| run.told.packets);
    least.map_or("-".into(), |run| {
        let percent = 100.0 * run.told.packets as f64 / packets as f64;
        // What the sink could not take was exported all the same.
        format!("{}{percent:.2}", if run.told.lost > 0 { "≥" } else { "" })
    })
}

/// A run; a program that fails is told of and left out.
fn one(
    program: &Program,
    file: &Path,
    keep: bool,
    options: &Options,
    sink: &Sink,
) -> io::Result<Option<Run>> {
    let scratch = tempfile::tempdir_in(&options.dir)?;
    let mut command = program.command(&Job {
        input: Input::Savefile(file),
        dir: scratch.path(),
        port: sink.port(),
        keep,
    })?;
    let log = scratch.path().join("log");
    let usage = match child::run(&mut command, &File::create(&log)?) {
        Ok(usage) => usage,
        Err(error) => {
            eprintln!(
                "{}: {error}\n{}",
                program.name,
                std::fs::read_to_string(log)?
            );
            return Ok(None);
        }
    };
    let told = program.told(scratch.path(), sink);
    Ok(Some(Run { usage, told }))
}

/// Resident memory a flow, with every flow of `churn1m` held at once.
fn memory(options: &Options, sink: &Sink) -> io::Result<()> {
    const WIDTHS: [usize; 5] = [9, 14, 14, 9, 14];
    const TITLES: [&str; 5] = [
        "program",
        "MB, one packet",
        "MB, all flows",
        "flows",
        "octets a flow",
    ];
    let workload = workload::ALL[2];
    let file = options.savefile(&workload)?;
    let flows = workload.distinct(options.packets);
    let single = options.dir.join("one-packet.pcap");
    workload.write(&single, 1)?;
    println!(
        "\nResident memory with all flows of {} in the cache\n\n{}",
        workload.name,
        heading(&WIDTHS, 1, &TITLES)
    );
    for program in options.programs() {
        let peak = |file: &PathBuf| -> io::Result<Option<f64>> {
            let run = one(&program, file, true, options, sink)?;
            Ok(run.map(|run| run.usage.memory_kib as f64 * 1024.0))
        };
        let (Some(least), Some(most)) = (peak(&single)?, peak(&file)?) else {
            continue;
        };
        let cells = [
            program.name.into(),
            format!("{:.0}", least / 1e6),
            format!("{:.0}", most / 1e6),
            flows.to_string(),
            format!("{:.0}", (most - least) / flows as f64),
        ];
        println!("{}", row(&WIDTHS, 1, &cells));
    }
    Ok(())
}
