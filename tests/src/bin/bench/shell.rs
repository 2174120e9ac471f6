//! `tests/bench shell`: how long an engineer waits, and how that grows with the configuration.
//!
//! A real daemon on an interface of a network namespace, and somebody at a real shell on a pseudo-terminal: each time is
//! from the key to the next prompt, or to the last thing that is shown. A node is what `load` counts as a change on an
//! empty candidate: a name, or a leaf's value.

mod person;
mod site;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use flow_tests::http;
use flow_tests::wait::within;
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::Signal;

use crate::child::Running;
use crate::table::{heading, row, spread};
use person::Person;
use site::Site;

pub(crate) const USAGE: &str = "tests/bench shell [--runs N] [--nodes N,…] [--state DIR]";

/// The interface that is metered.
const INTERFACE: &str = "flow0";
/// One-leaf commits, screens and completions in a run.
const TIMES: usize = 7;
/// How long a daemon may take to answer.
const READY: Duration = Duration::from_secs(120);

/// What the command line says.
struct Options {
    runs: usize,
    nodes: Vec<usize>,
    state: Option<PathBuf>,
}

/// Runs as the words behind `shell` say; none: they say nothing that is understood.
pub(crate) fn run(words: &mut dyn Iterator<Item = String>) -> Option<io::Result<()>> {
    let mut options = Options {
        runs: 3,
        nodes: vec![100, 1_000, 10_000, 100_000],
        state: None,
    };
    while let Some(word) = words.next() {
        let value = words.next()?;
        match word.as_str() {
            "--runs" => options.runs = value.parse().ok().filter(|runs| *runs > 0)?,
            "--nodes" => {
                let numbers = value.split(',').map(|number| number.parse().ok());
                options.nodes = numbers.collect::<Option<_>>()?;
            }
            "--state" => options.state = Some(value.into()),
            _ => return None,
        }
    }
    Some(measure(&options))
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Load,
    Check,
    Commit,
    Leaf,
    LeafCommit,
    Show,
    Tab,
    Question,
    Start,
    Memory,
    Descriptors,
}

impl What {
    const ALL: [What; 11] = [
        What::Load,
        What::Check,
        What::Commit,
        What::Leaf,
        What::LeafCommit,
        What::Show,
        What::Tab,
        What::Question,
        What::Start,
        What::Memory,
        What::Descriptors,
    ];

    fn words(self) -> &'static str {
        match self {
            What::Load => "load FILE, ms",
            What::Check => "commit check, ms",
            What::Commit => "commit, ms",
            What::Leaf => "set one leaf, ms",
            What::LeafCommit => "commit of one leaf, ms",
            What::Show => "show configuration, ms",
            What::Tab => "Tab at a name, ms",
            What::Question => "? at a name, ms",
            What::Start => "start of flowd, ms",
            What::Memory => "resident, MiB",
            What::Descriptors => "descriptors",
        }
    }

    /// What must hold at 10,000 nodes.
    fn limit(self) -> Option<f64> {
        match self {
            What::Load => Some(300.0),
            What::Commit => Some(500.0),
            What::LeafCommit => Some(50.0),
            What::Show => Some(100.0),
            What::Tab | What::Question => Some(5.0),
            _ => None,
        }
    }
}

/// Everything that was measured at one size.
#[derive(Default)]
struct Measured(Vec<(What, f64)>);

impl Measured {
    fn time(&mut self, what: What, took: Duration) {
        self.0.push((what, took.as_secs_f64() * 1e3));
    }

    fn median(&self, what: What) -> Option<f64> {
        let values = self.0.iter().filter(|(of, _)| *of == what);
        Some(spread(values.map(|(_, value)| *value))?.0)
    }
}

fn measure(options: &Options) -> io::Result<()> {
    unshare(CloneFlags::CLONE_NEWNET)?;
    for words in [
        "link set lo up",
        "link add flow0 type veth peer name flow1",
        "addr add 10.255.255.254/7 dev flow0",
        "link set flow0 up",
        "link set flow1 up",
    ] {
        let done = Command::new("ip").args(words.split(' ')).status()?;
        if !done.success() {
            return Err(io::Error::other(format!("ip {words} failed")));
        }
    }
    crate::sys::adopt_orphans()?;
    let mut columns = Vec::new();
    for nodes in &options.nodes {
        let mut measured = Measured::default();
        let mut counted = 0;
        for _ in 0..options.runs {
            counted = once(&Site::of(*nodes), options.state.as_deref(), &mut measured)?;
        }
        eprintln!("{counted} nodes measured");
        columns.push((counted, measured));
    }
    print(options, &columns);
    Ok(())
}

fn print(options: &Options, columns: &[(u64, Measured)]) {
    println!(
        "medians of {} runs (of {} times in each where it can be repeated), × the growth from the size before\n",
        options.runs, TIMES
    );
    let titles: Vec<String> = columns
        .iter()
        .map(|(nodes, _)| format!("{nodes} nodes"))
        .collect();
    let mut all = vec!["what", "limit at 10,000"];
    let mut widths = vec![24, 15];
    for title in &titles {
        all.extend([title.as_str(), "×"]);
        widths.extend([title.len().max(9), 6]);
    }
    println!("{}", heading(&widths, 1, &all));
    for what in What::ALL {
        let limit = what
            .limit()
            .map_or_else(String::new, |limit| format!("{limit:.0}"));
        let mut cells = vec![what.words().to_owned(), limit];
        let mut before = None;
        for (_, measured) in columns {
            let now = measured.median(what);
            cells.push(now.map_or_else(
                || "-".into(),
                |now| match now < 100.0 {
                    true => format!("{now:.1}"),
                    false => format!("{now:.0}"),
                },
            ));
            cells.push(match (before, now) {
                (Some(before), Some(now)) => format!("{:.1}", now / before),
                _ => String::new(),
            });
            before = now;
        }
        println!("{}", row(&widths, 1, &cells));
    }
}

/// One daemon from its first start to its second, and one person. Returns how many nodes were loaded.
fn once(site: &Site, state: Option<&Path>, measured: &mut Measured) -> io::Result<u64> {
    let dir = match state {
        Some(state) => tempfile::tempdir_in(state)?,
        None => tempfile::tempdir()?,
    };
    let file = dir.path().join("config.boot");
    fs::write(&file, site.text())?;
    let (running, _) = start(dir.path())?;
    let nodes = at_the_shell(dir.path(), &file, site, measured)?;
    measured
        .0
        .push((What::Memory, running.resident_kib() / 1024.0));
    measured.0.push((What::Descriptors, running.descriptors()));
    running.end(Signal::SIGTERM)?;
    let (running, took) = start(dir.path())?;
    measured.time(What::Start, took);
    running.end(Signal::SIGTERM)?;
    Ok(nodes)
}

fn at_the_shell(dir: &Path, file: &Path, site: &Site, measured: &mut Measured) -> io::Result<u64> {
    let mut person = Person::sit_down(&program("flowsh")?, &dir.join("socket"))?;
    said(person.line("configure")?.1, "")?;
    let (took, text) = person.line(&format!("load {}", file.display()))?;
    measured.time(What::Load, took);
    let nodes = text
        .split_once("Loaded: ")
        .and_then(|(_, rest)| rest.split(' ').next()?.parse().ok())
        .ok_or_else(|| io::Error::other(format!("load says {text}")))?;
    let (took, text) = person.line("commit check | no-more")?;
    measured.time(What::Check, took);
    said(text, "valid")?;
    let (took, text) = person.line("commit")?;
    measured.time(What::Commit, took);
    said(text, "Commit complete")?;
    // An exporter of a monitor that is on the interface.
    let leaf = format!("set flow exporter {} ttl", Site::exporter(0));
    for time in 0..TIMES {
        let (took, text) = person.line(&format!("{leaf} {}", 64 + time))?;
        measured.time(What::Leaf, took);
        said(text, "")?;
        let (took, text) = person.line("commit")?;
        measured.time(What::LeafCommit, took);
        said(text, "Commit complete")?;
    }
    for _ in 0..TIMES {
        let (took, text) = person.line("run show configuration | no-more")?;
        measured.time(What::Show, took);
        said(text, &Site::monitor(site.monitors - 1))?;
    }
    for _ in 0..TIMES {
        // Ten names at every size.
        let begun = "set flow exporter E0000";
        for (what, key) in [(What::Tab, "\t"), (What::Question, "?")] {
            person.keys(begun)?;
            let (took, _) = person.time(key, &["E00009", begun])?;
            measured.time(what, took);
            // Drops the line, and with the next one what the shell knows.
            person.time("\x03", &["[edit]", "# "])?;
            person.line("top")?;
        }
    }
    Ok(nodes)
}

fn said(text: String, what: &str) -> io::Result<()> {
    match text.contains(what) && !text.contains("refused") {
        true => Ok(()),
        false => Err(io::Error::other(format!("not \"{what}\" but {text}"))),
    }
}

/// A program built with this one.
fn program(name: &str) -> io::Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name(name))
}

/// Starts a daemon and waits until it answers.
fn start(dir: &Path) -> io::Result<(Running, Duration)> {
    let socket = dir.join("socket");
    let log = File::create(dir.join("log"))?;
    let mut command = Command::new(program("flowd")?);
    command.arg("run").arg("--state").arg(dir.join("state"));
    command.arg("--socket").arg(&socket);
    let start = flow_tests::clock::now();
    let running = Running::start(&mut command, &log)?;
    let answered = within(READY, || {
        let answer = http::request(&socket, "GET", "/v1/version", None);
        answer.is_ok_and(|(status, _)| status == 200).then_some(())
    });
    match answered {
        Some(()) => Ok((running, flow_tests::clock::now() - start)),
        None => Err(io::Error::other("flowd does not answer")),
    }
}
