//! `tests/bench meter`: CPU time from savefile to export, flowd beside Debian's probes, on the same files in turn.
//!
//! Machines differ and are shared: look at the ratios, which are those of one run, not at the times.

mod child;
mod workload;

use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use child::Usage;
use workload::{ALL, Workload};

/// What the command line says.
struct Options {
    runs: usize,
    packets: u64,
    dir: PathBuf,
}

/// A program that is measured.
struct Peer {
    name: &'static str,
    command: fn(&Path, &Path, u16) -> Command,
}

const PEERS: [Peer; 3] = [
    Peer {
        name: "flowd",
        command: flowd,
    },
    Peer {
        name: "softflowd",
        command: softflowd,
    },
    Peer {
        name: "nfpcapd",
        command: nfpcapd,
    },
];

fn flowd(file: &Path, _: &Path, port: u16) -> Command {
    let mut command = Command::new(beside("flowd"));
    command
        .arg("meter")
        .arg("--read")
        .arg(file)
        .arg("--to")
        .arg(format!("127.0.0.1:{port}"))
        .arg("--json");
    command
}

fn softflowd(file: &Path, _: &Path, port: u16) -> Command {
    let mut command = Command::new("softflowd");
    command
        .arg("-r")
        .arg(file)
        .args(["-v", "9", "-m", "2000000", "-d", "-n"])
        .arg(format!("127.0.0.1:{port}"));
    command
}

/// It has no savefile-to-NetFlow mode of its own worth the name: it writes its own files.
fn nfpcapd(file: &Path, dir: &Path, _: u16) -> Command {
    let mut command = Command::new("nfpcapd");
    command.arg("-r").arg(file).arg("-w").arg(dir);
    command
}

/// A program built beside this one.
fn beside(program: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a running program has a path");
    own.with_file_name(program)
}

fn main() -> ExitCode {
    let Some(options) = options() else {
        eprintln!("usage: tests/bench meter [--runs N] [--packets N] [--keep DIR]");
        return ExitCode::from(2);
    };
    match measure(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Option<Options> {
    let mut options = Options {
        runs: 5,
        packets: 3_000_000,
        dir: std::env::temp_dir().join("flowd-bench"),
    };
    let mut words = std::env::args().skip(1);
    if words.next()? != "meter" {
        return None;
    }
    while let Some(word) = words.next() {
        let value = words.next()?;
        match word.as_str() {
            "--runs" => options.runs = value.parse().ok().filter(|runs| *runs > 0)?,
            "--packets" => options.packets = value.parse().ok().filter(|packets| *packets > 0)?,
            "--keep" => options.dir = value.into(),
            _ => return None,
        }
    }
    Some(options)
}

fn measure(options: &Options) -> std::io::Result<()> {
    std::fs::create_dir_all(&options.dir)?;
    // Open, so that nobody pays for ICMP errors, and never read: what arrives is dropped by the kernel.
    let collector = UdpSocket::bind("127.0.0.1:0")?;
    let port = collector.local_addr()?.port();
    println!(
        "medians of {} runs in turn, {} packets",
        options.runs, options.packets
    );
    println!(
        "{:<10} {:<10} {:>14} {:>9} {:>12}",
        "workload", "program", "CPU ns/packet", "ratio", "memory MB"
    );
    for workload in ALL {
        let file = options
            .dir
            .join(format!("{}-{}.pcap", workload.name, options.packets));
        if !file.exists() {
            eprintln!("writing {}", file.display());
            workload.write(&file, options.packets)?;
        }
        one(&workload, &file, options, port)?;
    }
    println!(
        "the inputs stay in {} for the next time",
        options.dir.display()
    );
    Ok(())
}

/// Every program in turn, so that a machine that slows down slows all of them.
fn one(workload: &Workload, file: &Path, options: &Options, port: u16) -> std::io::Result<()> {
    // Once for the page cache.
    std::io::copy(&mut std::fs::File::open(file)?, &mut std::io::sink())?;
    let mut usages: [Vec<Usage>; PEERS.len()] = Default::default();
    for _ in 0..options.runs {
        for (peer, usages) in PEERS.iter().zip(&mut usages) {
            let scratch = tempfile::tempdir_in(&options.dir)?;
            match child::run(&mut (peer.command)(file, scratch.path(), port)) {
                Ok(usage) => usages.push(usage),
                Err(error) => eprintln!("{}: {error}", peer.name),
            }
        }
    }
    let median = |usages: &[Usage]| {
        let mut cpu: Vec<f64> = usages.iter().map(|usage| usage.cpu_seconds).collect();
        cpu.sort_by(f64::total_cmp);
        cpu.get(cpu.len() / 2).copied()
    };
    let own = median(&usages[0]);
    for (peer, usages) in PEERS.iter().zip(&usages) {
        let (Some(cpu), Some(own)) = (median(usages), own) else {
            println!("{:<10} {:<10} {:>14}", workload.name, peer.name, "-");
            continue;
        };
        let memory = usages
            .iter()
            .map(|usage| usage.memory_kib)
            .max()
            .unwrap_or_default();
        let ns = cpu * 1e9 / options.packets as f64;
        println!(
            "{:<10} {:<10} {ns:>14.0} {:>8.1}× {:>12.0}",
            workload.name,
            peer.name,
            cpu / own,
            memory as f64 / 1024.0
        );
    }
    Ok(())
}
