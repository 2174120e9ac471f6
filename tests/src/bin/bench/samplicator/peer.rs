//! The programs that are measured, and how each is configured to copy datagrams.

use std::fmt::Write;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::Signal;

use crate::child::Running;

/// The receivers that a program has to copy to, and how.
struct Job<'a> {
    dir: &'a Path,
    port: u16,
    receivers: &'a [u16],
    spoof: bool,
}

/// A measured program.
#[derive(Clone, Copy)]
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    file: &'static str,
    command: fn(&Job<'_>) -> io::Result<Command>,
    spoofs: bool,
    most_receivers: usize,
    /// The signal that ends the program in good order.
    pub(crate) signal: Signal,
}

const ALL: [Peer; 7] = [
    Peer {
        name: "flowd",
        file: "flowd",
        command: flowd,
        spoofs: true,
        most_receivers: 256,
        signal: Signal::SIGTERM,
    },
    // The bare loops are this program itself.
    Peer {
        name: "loop-gso",
        file: "bench",
        command: |job| bare(job, true),
        spoofs: true,
        most_receivers: 256,
        signal: Signal::SIGTERM,
    },
    Peer {
        name: "loop",
        file: "bench",
        command: |job| bare(job, false),
        spoofs: true,
        most_receivers: 256,
        signal: Signal::SIGTERM,
    },
    Peer {
        name: "pmacct-tee",
        file: "nfacctd",
        command: |job| tee(job, ""),
        spoofs: true,
        most_receivers: 256,
        signal: Signal::SIGINT,
    },
    // Its buffers between core and plugin process are larger than by default, so that datagrams are passed on in batches.
    Peer {
        name: "pmacct-tee+",
        file: "nfacctd",
        command: |job| {
            tee(
                job,
                "plugin_pipe_size: 134217728\nplugin_buffer_size: 131072\ntee_pipe_size: 4194304\n",
            )
        },
        spoofs: true,
        most_receivers: 256,
        signal: Signal::SIGINT,
    },
    // nfcapd also stores the flows.
    Peer {
        name: "nfcapd-R",
        file: "nfcapd",
        command: nfcapd,
        spoofs: false,
        most_receivers: 8,
        signal: Signal::SIGTERM,
    },
    Peer {
        name: "samplicate",
        file: "samplicate",
        command: samplicate,
        spoofs: true,
        most_receivers: 256,
        signal: Signal::SIGKILL,
    },
];

impl Peer {
    /// Returns the programs that are installed, and prints which are not.
    pub(crate) fn installed() -> Vec<Peer> {
        let (here, missing): (Vec<Peer>, Vec<Peer>) =
            ALL.into_iter().partition(|peer| find(peer.file).is_some());
        for peer in missing {
            eprintln!("{} is not installed", peer.name);
        }
        here
    }

    /// Whether the program can copy to this many receivers, under the exporter's address (`spoof`) or its own.
    pub(crate) fn can(&self, spoof: bool, receivers: usize) -> bool {
        (self.spoofs || !spoof) && receivers <= self.most_receivers
    }

    /// Starts the program.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub(crate) fn start(
        &self,
        dir: &Path,
        port: u16,
        receivers: &[u16],
        spoof: bool,
    ) -> io::Result<Running> {
        let job = Job {
            dir,
            port,
            receivers,
            spoof,
        };
        let log = File::create(dir.join("log"))?;
        Running::start(&mut (self.command)(&job)?, &log)
    }
}

/// Returns the path of a program that was built with this one, or is installed.
fn find(file: &str) -> Option<PathBuf> {
    let own = std::env::current_exe().unwrap_or_default();
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::iter::once(own.with_file_name(file))
        .chain(std::env::split_paths(&path).map(|dir| dir.join(file)))
        .find(|path| path.exists())
}

fn program(file: &str) -> Command {
    Command::new(find(file).unwrap_or_else(|| file.into()))
}

fn flowd(job: &Job<'_>) -> io::Result<Command> {
    let mut config = format!(
        "set flow samplicator bench listen-address 127.0.0.1\nset flow samplicator bench port {}\n",
        job.port
    );
    for port in job.receivers {
        let receiver = format!("set flow samplicator bench receiver r{port}");
        let _ = writeln!(
            config,
            "{receiver} address 127.0.0.1\n{receiver} port {port}"
        );
        if job.spoof {
            let _ = writeln!(config, "{receiver} spoof-source");
        }
    }
    let file = job.dir.join("config");
    fs::write(&file, config)?;
    let mut command = program("flowd");
    command
        .args(["run", "--state"])
        .arg(job.dir.join("state"))
        .arg("--socket")
        .arg(job.dir.join("socket"))
        .arg("--config")
        .arg(file);
    Ok(command)
}

fn bare(job: &Job<'_>, gso: bool) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["samplicator", "loop"])
        .arg(if gso { "gso" } else { "plain" })
        .arg(if job.spoof { "spoofed" } else { "own" })
        .arg(job.port.to_string())
        .args(job.receivers.iter().map(u16::to_string));
    Ok(command)
}

fn tee(job: &Job<'_>, more: &str) -> io::Result<Command> {
    let receivers: Vec<String> = job
        .receivers
        .iter()
        .map(|port| format!("127.0.0.1:{port}"))
        .collect();
    let list = job.dir.join("receivers");
    fs::write(&list, format!("id=1 ip={}\n", receivers.join(",")))?;
    let config = job.dir.join("config");
    fs::write(
        &config,
        format!(
            "daemonize: false\nnfacctd_ip: 127.0.0.1\nnfacctd_port: {}\nnfacctd_pipe_size: 33554432\n\
             plugins: tee[t]\ntee_receivers[t]: {}\ntee_transparent: {}\n{more}",
            job.port,
            list.display(),
            job.spoof
        ),
    )?;
    let mut command = program("nfacctd");
    command.arg("-f").arg(config);
    Ok(command)
}

fn nfcapd(job: &Job<'_>) -> io::Result<Command> {
    let flows = job.dir.join("flows");
    fs::create_dir_all(&flows)?;
    let mut command = program("nfcapd");
    command
        .args(["-4", "-b", "127.0.0.1", "-B", "33554432", "-p"])
        .arg(job.port.to_string())
        .arg("-w")
        .arg(flows);
    for port in job.receivers {
        command.args(["-R", &format!("127.0.0.1/{port}")]);
    }
    Ok(command)
}

fn samplicate(job: &Job<'_>) -> io::Result<Command> {
    let mut command = program("samplicate");
    command
        .args(["-s", "127.0.0.1", "-b", "33554432", "-p"])
        .arg(job.port.to_string());
    if job.spoof {
        command.arg("-S");
    }
    command.args(job.receivers.iter().map(|port| format!("127.0.0.1/{port}")));
    Ok(command)
}
