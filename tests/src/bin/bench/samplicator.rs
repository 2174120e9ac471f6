//! `tests/bench samplicator`: datagrams of flow export copied to many receivers on the loopback of a network namespace,
//! flowd beside the programs people use and beside bare loops of system calls, in turn on the same load.
//!
//! CPU time is all of a program's processes', user and system, divided by the copies that arrived. What the kernel does
//! on loopback to deliver a copy is in it, for all of them alike: receivers that block are woken by it, those that do not look
//! by themselves, as good as far away. A copy that does not arrive is lost.

mod floor;
mod load;
mod net;
mod peer;

use std::io;
use std::process::Command;

use nix::sched::{CloneFlags, unshare};

use crate::table::{heading, row, spread};
use load::{Load, Sinks};
use peer::Peer;

pub(crate) const USAGE: &str = "tests/bench samplicator [--runs N] [--seconds N] [--exporters N] [--rate PPS,…] [--size OCTETS|mixed,…]\n\
                                \x20      [--receivers N,…] [--spoof no,yes] [--block no,yes] [--program NAME,…]";

/// Columns of the table.
const TITLES: [&str; 10] = [
    "program",
    "source",
    "block",
    "octets",
    "datagrams/s",
    "receivers",
    "ns a copy",
    "(least–most)",
    "ratio",
    "lost %",
];
const WIDTHS: [usize; 10] = [12, 7, 5, 6, 11, 9, 9, 15, 6, 7];

/// Sizes of datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// All of this many octets.
    Fixed(usize),
    /// From 100 to 1,400 octets, at random.
    Mixed,
}

/// What the command line says.
struct Options {
    runs: usize,
    seconds: u64,
    exporters: usize,
    rates: Vec<u64>,
    sizes: Vec<Size>,
    receivers: Vec<usize>,
    spoof: Vec<bool>,
    block: Vec<bool>,
    programs: Vec<Peer>,
}

/// Runs as the words behind `samplicator` say; none: they say nothing that is understood.
pub(crate) fn run(words: &mut dyn Iterator<Item = String>) -> Option<io::Result<()>> {
    let mut words = words.peekable();
    // A loop that this program started itself.
    if words.next_if_eq("loop").is_some() {
        return Some(floor::run(words));
    }
    Some(measure(&options(&mut words)?))
}

fn options(words: &mut dyn Iterator<Item = String>) -> Option<Options> {
    let installed = Peer::installed();
    let mut options = Options {
        runs: 3,
        seconds: 4,
        exporters: 4,
        rates: vec![50_000, 100_000, 150_000, 200_000],
        sizes: vec![Size::Fixed(1400), Size::Fixed(200)],
        receivers: vec![2, 4, 16],
        spoof: vec![false, true],
        block: vec![true],
        programs: installed.clone(),
    };
    while let Some(word) = words.next() {
        let value = words.next()?;
        let number = || value.parse().ok().filter(|number| *number > 0);
        match word.as_str() {
            "--runs" => options.runs = number()? as usize,
            "--seconds" => options.seconds = number()?,
            "--exporters" => options.exporters = number()? as usize,
            "--rate" => options.rates = list(&value, |word| word.parse().ok())?,
            "--receivers" => options.receivers = list(&value, |word| word.parse().ok())?,
            "--size" => options.sizes = list(&value, size)?,
            "--spoof" => options.spoof = list(&value, yes)?,
            "--block" => options.block = list(&value, yes)?,
            "--program" => {
                options.programs = list(&value, |word| {
                    installed.iter().find(|peer| peer.name == word).copied()
                })?;
            }
            _ => return None,
        }
    }
    Some(options)
}

fn list<T>(words: &str, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    words.split(',').map(read).collect()
}

fn yes(word: &str) -> Option<bool> {
    match word {
        "no" => Some(false),
        "yes" => Some(true),
        _ => None,
    }
}

fn size(word: &str) -> Option<Size> {
    match word {
        "mixed" => Some(Size::Mixed),
        octets => {
            let octets = octets.parse().ok()?;
            (100..=9000)
                .contains(&octets)
                .then_some(Size::Fixed(octets))
        }
    }
}

fn measure(options: &Options) -> io::Result<()> {
    // A loopback of its own: nobody else's datagrams, ports and queues.
    unshare(CloneFlags::CLONE_NEWNET)?;
    let up = Command::new("ip")
        .args(["link", "set", "lo", "up"])
        .status()?;
    if !up.success() {
        return Err(io::Error::other("ip link set lo up failed"));
    }
    crate::sys::adopt_orphans()?;
    println!(
        "{} exporters, medians of {} runs of {} s in turn; the ratio is to {}\n",
        options.exporters,
        options.runs,
        options.seconds,
        options.programs.first().map_or("nothing", |peer| peer.name)
    );
    println!("{}", heading(&WIDTHS, 3, &TITLES));
    for block in &options.block {
        for spoof in &options.spoof {
            for size in &options.sizes {
                for rate in &options.rates {
                    for receivers in &options.receivers {
                        Case {
                            block: *block,
                            spoof: *spoof,
                            size: *size,
                            rate: *rate,
                            receivers: *receivers,
                        }
                        .measure(options)?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// One line for each program.
struct Case {
    block: bool,
    spoof: bool,
    size: Size,
    rate: u64,
    receivers: usize,
}

/// What one run showed.
struct Shown {
    ns_a_copy: f64,
    lost: f64,
}

impl Case {
    fn measure(&self, options: &Options) -> io::Result<()> {
        let Case {
            block,
            spoof,
            size,
            rate,
            receivers,
        } = *self;
        let peers: Vec<&Peer> = options
            .programs
            .iter()
            .filter(|peer| peer.can(spoof, receivers))
            .collect();
        let mut shown: Vec<Vec<Shown>> = peers.iter().map(|_| Vec::new()).collect();
        for _ in 0..options.runs {
            for (peer, shown) in peers.iter().zip(&mut shown) {
                let sinks = Sinks::start(receivers, block)?;
                let load = Load {
                    exporters: options.exporters,
                    rate,
                    size,
                    seconds: options.seconds,
                };
                match once(peer, spoof, &load, &sinks) {
                    Ok(one) => shown.push(one),
                    Err(error) => eprintln!("{}: {error}", peer.name),
                }
            }
        }
        let middle = |shown: &[Shown]| spread(shown.iter().map(|one| one.ns_a_copy));
        let own = shown.first().and_then(|shown| middle(shown));
        for (peer, shown) in peers.iter().zip(&shown) {
            let Some((ns, least, most)) = middle(shown) else {
                continue;
            };
            let (lost, ..) = spread(shown.iter().map(|one| one.lost)).unwrap_or_default();
            let cells = [
                peer.name.to_owned(),
                if spoof { "spoofed" } else { "own" }.to_owned(),
                if block { "yes" } else { "no" }.to_owned(),
                match size {
                    Size::Fixed(octets) => octets.to_string(),
                    Size::Mixed => "mixed".into(),
                },
                rate.to_string(),
                receivers.to_string(),
                format!("{ns:.0}"),
                format!("({least:.0}–{most:.0})"),
                own.map_or_else(|| "-".into(), |(own, ..)| format!("{:.2}", ns / own)),
                format!("{:.2}", 100.0 * lost),
            ];
            println!("{}", row(&WIDTHS, 3, &cells));
        }
        Ok(())
    }
}

fn once(peer: &Peer, spoof: bool, load: &Load, sinks: &Sinks) -> io::Result<Shown> {
    let dir = tempfile::tempdir()?;
    let port = net::free_port()?;
    let running = peer.start(dir.path(), port, &sinks.ports(), spoof)?;
    let result = (|| {
        let exporters = load.exporters(port)?;
        load.begin(&exporters, sinks)?;
        let (before, cpu) = (sinks.count(), running.cpu_seconds());
        let sent = load.send(&exporters)?;
        sinks.settle();
        let copies = sinks.count() - before;
        let cpu = running.cpu_seconds() - cpu;
        let wanted = sent * sinks.ports().len() as u64;
        Ok(Shown {
            ns_a_copy: cpu * 1e9 / copies.max(1) as f64,
            lost: 1.0 - copies as f64 / wanted as f64,
        })
    })();
    // The loops and samplicate know no other end than a signal.
    let _ = running.end(peer.signal);
    result
}
