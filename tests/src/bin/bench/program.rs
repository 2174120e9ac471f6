//! The programs that are measured, and how each is told to do the same work.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::Signal;

use crate::child::Running;
use crate::sink::{Sink, Told};
use crate::sys::Usage;

/// Most flows any of them may hold: none is to throw flows out for want of room.
const FLOWS: u32 = 2_000_000;
/// Active and inactive timeout of Flexible NetFlow, seconds, which are flowd's.
const TIMEOUTS: [u32; 2] = [1_800, 15];
/// Seconds that no workload lasts, and no program takes for too many.
const EVER: u32 = 3_600;

/// Where the packets come from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Input<'a> {
    /// A savefile.
    Savefile(&'a Path),
    /// An interface.
    Interface(&'a str),
}

/// What a program is to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job<'a> {
    /// Meter this.
    pub(crate) input: Input<'a>,
    /// Keep files here.
    pub(crate) dir: &'a Path,
    /// Export to this port of 127.0.0.1.
    pub(crate) port: u16,
    /// Hold every flow until the end.
    pub(crate) keep: bool,
}

/// What ends a program that listens in good order.
#[derive(Clone, Copy, Debug)]
enum End {
    /// It exports what it has.
    Signal(Signal),
    /// So it does by its control socket only; a signal kills it. What its ring has not handed over by then, it does
    /// not read, so packets are lost when its statistics say so.
    Softflowctl,
}

/// Records and packets in the files of a folder.
type ReadBack = fn(&Path) -> (u64, u64);

/// A program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program {
    /// Its name.
    pub(crate) name: &'static str,
    /// The program it runs.
    file: &'static str,
    command: fn(&Job<'_>) -> io::Result<Command>,
    /// What it writes in place of exporting, read back.
    written: Option<ReadBack>,
    end: End,
}

/// All of them; the first is what the others are compared with.
const ALL: [Program; 4] = [
    Program {
        name: "flowd",
        file: "flowd",
        command: flowd,
        written: None,
        end: End::Signal(Signal::SIGTERM),
    },
    Program {
        name: "softflowd",
        file: "softflowd",
        command: softflowd,
        written: None,
        end: End::Softflowctl,
    },
    Program {
        name: "nfpcapd",
        file: "nfpcapd",
        command: nfpcapd,
        written: Some(nfdump),
        end: End::Signal(Signal::SIGTERM),
    },
    Program {
        name: "pmacctd",
        file: "pmacctd",
        command: pmacctd,
        written: None,
        end: End::Signal(Signal::SIGINT),
    },
];

impl Program {
    /// Those that are here; says which are not.
    pub(crate) fn installed() -> Vec<Program> {
        let (here, missing): (Vec<Program>, Vec<Program>) =
            ALL.into_iter().partition(Program::is_installed);
        for program in missing {
            eprintln!("{} is not installed", program.name);
        }
        here
    }

    fn is_installed(&self) -> bool {
        let path = std::env::var_os("PATH").unwrap_or_default();
        beside(self.file).exists()
            || std::env::split_paths(&path).any(|dir| dir.join(self.file).exists())
    }

    /// The command for a job.
    ///
    /// # Errors
    /// When its files cannot be written.
    pub(crate) fn command(&self, job: &Job<'_>) -> io::Result<Command> {
        (self.command)(job)
    }

    /// Ends it. Returns what it used, and the packets that it says it has lost where that is better known than by
    /// what it exports.
    ///
    /// # Errors
    /// When it does not end in good order.
    pub(crate) fn end(&self, running: Running, dir: &Path) -> io::Result<(Usage, Option<u64>)> {
        if let End::Signal(signal) = self.end {
            return Ok((running.end(signal)?, None));
        }
        let control = |command: &str| {
            let mut program = Command::new("softflowctl");
            let output = program
                .arg("-c")
                .arg(dir.join("control"))
                .arg(command)
                .output()?;
            Ok::<_, io::Error>(String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let statistics = control("statistics")?;
        let drops = statistics.lines().filter_map(|line| {
            let (what, number) = line.split_once(": ")?;
            what.starts_with("Packets dropped by")
                .then_some(number)?
                .trim()
                .parse::<u64>()
                .ok()
        });
        let lost = drops.sum::<u64>();
        control("shutdown")?;
        // It calls that a failure.
        Ok((running.ended()?.1, Some(lost)))
    }

    /// What it has exported, or written, when it has ended.
    pub(crate) fn told(&self, dir: &Path, sink: &Sink) -> Told {
        let told = sink.told();
        match self.written {
            None => told,
            Some(read_back) => {
                let (records, packets) = read_back(dir);
                Told {
                    records,
                    packets,
                    lost: 0,
                }
            }
        }
    }
}

/// A program built with this one.
fn beside(program: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    own.with_file_name(program)
}

/// The daemon on an interface, the same path by `flowd meter` on a savefile.
fn flowd(job: &Job<'_>) -> io::Result<Command> {
    let mut command = Command::new(beside("flowd"));
    let mut config = format!(
        "set flow monitor M record netflow-original\nset flow monitor M cache entries {FLOWS}\n"
    );
    if job.keep {
        config += &format!("set flow monitor M cache timeout inactive {EVER}\n");
    }
    let path = job.dir.join("flowd.conf");
    match job.input {
        Input::Savefile(file) => {
            command.arg("meter").arg("--read").arg(file);
            command.args(["--to", &format!("127.0.0.1:{}", job.port), "--json"]);
            if job.keep {
                command.arg("--config").arg(&path);
            }
        }
        Input::Interface(name) => {
            config += &format!(
                "set flow exporter E destination 127.0.0.1\nset flow exporter E transport udp {}\n\
                 set flow exporter E export-protocol netflow-v9\nset flow monitor M exporter E\n\
                 set interfaces ethernet {name} promiscuous\n\
                 set interfaces ethernet {name} flow monitor M direction input\n",
                job.port
            );
            command.arg("run").arg("--config").arg(&path);
            command.arg("--state").arg(job.dir.join("state"));
            command.arg("--socket").arg(job.dir.join("socket"));
        }
    }
    fs::write(path, config)?;
    Ok(command)
}

/// From a savefile it holds every flow to the end, by itself.
fn softflowd(job: &Job<'_>) -> io::Result<Command> {
    let mut command = Command::new("softflowd");
    match job.input {
        Input::Savefile(file) => command.arg("-r").arg(file),
        Input::Interface(name) => {
            command.arg("-c").arg(job.dir.join("control"));
            command.arg("-p").arg(job.dir.join("pid"));
            command.args(["-i", name])
        }
    };
    command.args(["-d", "-v", "9", "-m", &FLOWS.to_string()]);
    command.args(["-n", &format!("127.0.0.1:{}", job.port)]);
    Ok(command)
}

/// It writes files, which is what people use it for.
fn nfpcapd(job: &Job<'_>) -> io::Result<Command> {
    let mut command = Command::new("nfpcapd");
    match job.input {
        Input::Savefile(file) => command.arg("-r").arg(file),
        Input::Interface(name) => command.args(["-i", name]),
    };
    let [active, inactive] = match job.keep {
        true => [EVER; 2],
        false => TIMEOUTS,
    };
    command.args(["-e", &format!("{active},{inactive}")]);
    let files = job.dir.join("files");
    fs::create_dir_all(&files)?;
    command.arg("-w").arg(files);
    Ok(command)
}

/// Flows and packets in the files of nfpcapd.
fn nfdump(dir: &Path) -> (u64, u64) {
    let mut command = Command::new("nfdump");
    let output = command.arg("-R").arg(dir.join("files")).arg("-I").output();
    let text = output.map_or_else(
        |_| String::new(),
        |output| String::from_utf8_lossy(&output.stdout).into_owned(),
    );
    let number = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().parse().ok()
    };
    (
        number("Flows:").unwrap_or(0),
        number("Packets:").unwrap_or(0),
    )
}

/// A core process and, behind a pipe, the nfprobe plugin, which holds every flow for an hour.
fn pmacctd(job: &Job<'_>) -> io::Result<Command> {
    let input = match job.input {
        Input::Savefile(file) => format!("pcap_savefile: {}", file.display()),
        Input::Interface(name) => format!("pcap_interface: {name}"),
    };
    let path = job.dir.join("pmacctd.conf");
    fs::write(
        &path,
        format!(
            "daemonize: false\n{input}\nplugins: nfprobe\naggregate: src_host, dst_host, src_port, dst_port, proto, tos\n\
             nfprobe_receiver: 127.0.0.1:{}\nnfprobe_version: 9\nnfprobe_maxflows: {FLOWS}\n\
             plugin_pipe_size: {}\nplugin_buffer_size: 65536\n",
            job.port,
            256 << 20
        ),
    )?;
    let mut command = Command::new("pmacctd");
    command.arg("-f").arg(path);
    Ok(command)
}
