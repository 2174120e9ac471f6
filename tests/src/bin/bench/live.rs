//! Packets lost and CPU time on an interface: tcpreplay over a veth pair.

use std::fs::{self, File};
use std::io;
use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use flow_tests::netns::{Namespace, veth};
use flow_tests::skip;
use flow_tests::wait::{SOON, within};

use crate::Options;
use crate::child::Running;
use crate::program::{Input, Job, Program};
use crate::sink::Sink;
use crate::table::{heading, row, spread};

/// Packets a second to ask tcpreplay for; `None` is as many as it can.
const RATES: [Option<u32>; 4] = [Some(200_000), Some(400_000), Some(800_000), None];
/// The interface the programs listen on.
const INTERFACE: &str = "flow1";
const WIDTHS: [usize; 7] = [10, 9, 10, 10, 7, 11, 9];
const TITLES: [&str; 7] = [
    "asked kpps",
    "program",
    "sent kpps",
    "lost",
    "lost %",
    "CPU seconds",
    "CPU ratio",
];

/// One run of a program.
#[derive(Clone, Copy)]
struct Run {
    packets_per_second: f64,
    lost: f64,
    lost_percent: f64,
    cpu_seconds: f64,
}

/// Where packets are sent from, and where the programs run.
struct Lab {
    sender: Namespace,
    probe: Namespace,
}

/// Prints the table.
///
/// # Errors
/// When a program or a file cannot be used.
pub(crate) fn measure(options: &Options) -> io::Result<()> {
    if !skip::able("bench live", &["ip", "ethtool", "tcpreplay", "unshare"]) {
        return Ok(());
    }
    let lab = Lab {
        sender: Namespace::new("sender"),
        probe: Namespace::new("probe"),
    };
    veth(&lab.sender, "flow0", &lab.probe, INTERFACE, 1_500);
    // Only what is replayed is to be seen.
    for (namespace, interface) in [(&lab.sender, "flow0"), (&lab.probe, INTERFACE)] {
        namespace.sysctl(&format!("ipv6/conf/{interface}/disable_ipv6"), "1");
    }
    let socket = lab.probe.enter(|| UdpSocket::bind("127.0.0.1:0"))?;
    let sink = Sink::start(socket)?;
    let workload = options.live_workload();
    let file = options.savefile(&workload)?;
    println!(
        "\nOn an interface: the packets of {}, replayed by tcpreplay, medians of {} runs in turn\n",
        workload.name, options.runs
    );
    println!("{}", heading(&WIDTHS, 2, &TITLES));
    for rate in RATES {
        table(rate, &file, options, &lab, &sink)?;
    }
    Ok(())
}

fn table(
    rate: Option<u32>,
    file: &Path,
    options: &Options,
    lab: &Lab,
    sink: &Sink,
) -> io::Result<()> {
    let programs = options.programs();
    let mut runs: Vec<Vec<Run>> = programs.iter().map(|_| Vec::new()).collect();
    for _ in 0..options.runs {
        for (program, runs) in programs.iter().zip(&mut runs) {
            match one(program, rate, file, options, lab, sink) {
                Ok(run) => runs.push(run),
                Err(error) => eprintln!("{}: {error}", program.name),
            }
        }
    }
    let middle = |runs: &[Run], of: fn(&Run) -> f64| {
        spread(runs.iter().map(of)).map_or(f64::NAN, |(median, ..)| median)
    };
    let own = middle(&runs[0], |run| run.cpu_seconds);
    for (program, runs) in programs.iter().zip(&runs) {
        let cpu = middle(runs, |run| run.cpu_seconds);
        let cells = [
            rate.map_or("all it can".into(), |rate| (rate / 1000).to_string()),
            program.name.into(),
            format!("{:.0}", middle(runs, |run| run.packets_per_second) / 1e3),
            format!("{:.0}", middle(runs, |run| run.lost)),
            format!("{:.2}", middle(runs, |run| run.lost_percent)),
            format!("{cpu:.2}"),
            format!("{:.1}×", cpu / own),
        ];
        println!("{}", row(&WIDTHS, 2, &cells));
    }
    Ok(())
}

fn one(
    program: &Program,
    rate: Option<u32>,
    file: &Path,
    options: &Options,
    lab: &Lab,
    sink: &Sink,
) -> io::Result<Run> {
    let scratch = tempfile::tempdir_in(&options.dir)?;
    let log = scratch.path().join("log");
    let with_log = |error: io::Error| {
        let log = fs::read_to_string(&log).unwrap_or_default();
        io::Error::other(format!("{error}\n{log}"))
    };
    let command = program.command(&Job {
        input: Input::Interface(INTERFACE),
        dir: scratch.path(),
        port: sink.port(),
        keep: false,
    })?;
    let running = Running::start(&mut inside(&lab.probe, &command), &File::create(&log)?)?;
    let listening = within(SOON, || lab.is_listening().then_some(()));
    // It may have more to do than to open its socket.
    running.idle(SOON);
    let before = running.cpu_seconds();
    let sent = match listening {
        Some(()) => lab.replay(rate, file),
        None => Err(io::Error::other("it does not listen on the interface")),
    };
    running.idle(Duration::from_secs(5));
    let (usage, lost) = program.end(running, scratch.path()).map_err(with_log)?;
    let (sent, packets_per_second) = sent.map_err(with_log)?;
    let told = program.told(scratch.path(), sink);
    let lost = lost.map_or(sent as f64 - told.packets as f64, |lost| lost as f64);
    Ok(Run {
        packets_per_second,
        lost,
        lost_percent: 100.0 * lost / sent as f64,
        cpu_seconds: usage.cpu_seconds - before,
    })
}

impl Lab {
    /// Whether a program has a packet socket on the interface.
    fn is_listening(&self) -> bool {
        self.probe.enter(|| {
            let index = nix::net::if_::if_nametoindex(INTERFACE).unwrap_or_default();
            let index = index.to_string();
            let sockets = fs::read_to_string("/proc/thread-self/net/packet").unwrap_or_default();
            // sk RefCnt Type Proto Iface R …
            sockets
                .lines()
                .any(|line| line.split_whitespace().nth(4) == Some(index.as_str()))
        })
    }

    /// Sends the savefile's packets. Returns how many, and how many a second.
    fn replay(&self, rate: Option<u32>, file: &Path) -> io::Result<(u64, f64)> {
        let mut replay = Command::new("tcpreplay");
        replay.args(["-q", "--preload-pcap", "-i", "flow0"]);
        match rate {
            Some(rate) => replay.arg(format!("--pps={rate}")),
            None => replay.arg("--topspeed"),
        };
        let output = inside(&self.sender, replay.arg(file)).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let sent = text.lines().find_map(|line| {
            line.trim()
                .strip_prefix("Successful packets:")?
                .trim()
                .parse()
                .ok()
        });
        let rate = text.lines().find_map(|line| {
            line.strip_prefix("Rated:")?
                .strip_suffix(" pps")?
                .rsplit(' ')
                .next()?
                .parse()
                .ok()
        });
        match (sent, rate) {
            (Some(sent), Some(rate)) => Ok((sent, rate)),
            _ => Err(io::Error::other(format!(
                "tcpreplay: {text}{}",
                String::from_utf8_lossy(&output.stderr)
            ))),
        }
    }
}

/// The command in a namespace, with a host name of its own: flowd sets it.
fn inside(namespace: &Namespace, command: &Command) -> Command {
    let mut outer = skip::command("unshare");
    outer.args(["--uts", "ip", "netns", "exec", namespace.name()]);
    outer.arg(command.get_program()).args(command.get_args());
    outer
}
