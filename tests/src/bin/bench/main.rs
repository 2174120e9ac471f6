//! `tests/bench meter`: compares flowd with Debian's probes, in turn on the same packets.
//!
//! `savefile` measures the CPU time of all of a program's processes for a savefile, from the first packet read to the last
//! record exported to a collector, and resident memory. `live` measures lost packets and CPU time on a veth pair.
//! Machines differ and are shared, so compare the ratios within one run, not the times.

mod child;
mod live;
mod program;
mod samplicator;
mod savefile;
mod shell;
mod sink;
mod sys;
mod table;
mod workload;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use program::Program;
use workload::Workload;

const USAGE: &str = "usage: tests/bench meter|savefile|live [--runs N] [--packets N] [--workload NAME] [--program NAME]... [--keep DIR]\n\
                     \x20      tests/bench micro [FILTER]";

/// The parsed command line.
struct Options {
    savefile: bool,
    live: bool,
    runs: usize,
    packets: u64,
    workload: Option<Workload>,
    programs: Vec<Program>,
    dir: PathBuf,
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1).peekable();
    let result = match words.peek().map(String::as_str) {
        Some("samplicator") => samplicator::run(&mut words.skip(1)),
        Some("shell") => shell::run(&mut words.skip(1)),
        _ => options().map(|options| measure(&options)),
    };
    match result {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(error)) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
        None => {
            eprintln!(
                "{USAGE}\n       {}\n       {}",
                samplicator::USAGE,
                shell::USAGE
            );
            ExitCode::from(2)
        }
    }
}

fn options() -> Option<Options> {
    let mut words = std::env::args().skip(1);
    let (savefile, live) = match words.next()?.as_str() {
        "meter" => (true, true),
        "savefile" => (true, false),
        "live" => (false, true),
        _ => return None,
    };
    let mut options = Options {
        savefile,
        live,
        runs: 5,
        packets: 3_000_000,
        workload: None,
        programs: Vec::new(),
        dir: std::env::temp_dir().join("flowd-bench"),
    };
    let installed = Program::installed();
    while let Some(word) = words.next() {
        let value = words.next()?;
        match word.as_str() {
            "--runs" => options.runs = value.parse().ok().filter(|runs| *runs > 0)?,
            "--packets" => options.packets = value.parse().ok().filter(|packets| *packets > 0)?,
            "--workload" => {
                options.workload = Some(workload::ALL.into_iter().find(|it| it.name == value)?);
            }
            "--program" => options
                .programs
                .push(*installed.iter().find(|it| it.name == value)?),
            "--keep" => options.dir = value.into(),
            _ => return None,
        }
    }
    if options.programs.is_empty() {
        options.programs = installed;
    }
    Some(options)
}

fn measure(options: &Options) -> io::Result<()> {
    std::fs::create_dir_all(&options.dir)?;
    sys::adopt_orphans()?;
    if options.savefile {
        savefile::measure(options)?;
    }
    if options.live {
        live::measure(options)?;
    }
    eprintln!(
        "the inputs stay in {} for the next time",
        options.dir.display()
    );
    Ok(())
}

impl Options {
    /// Returns the programs to run. The first is what the others are compared with.
    fn programs(&self) -> Vec<Program> {
        self.programs.clone()
    }

    fn workloads(&self) -> Vec<Workload> {
        self.workload
            .map_or(workload::ALL.to_vec(), |one| vec![one])
    }

    /// Returns the workload for `live`. It is only one by default, because a replay takes long.
    fn live_workload(&self) -> Workload {
        self.workload.unwrap_or(workload::ALL[1])
    }

    /// Returns the workload's savefile, which is written if it does not exist yet.
    fn savefile(&self, workload: &Workload) -> io::Result<PathBuf> {
        let file = self
            .dir
            .join(format!("{}-{}.pcap", workload.name, self.packets));
        if !file.exists() {
            eprintln!("writing {}", file.display());
            workload.write(&file, self.packets)?;
        }
        Ok(file)
    }
}
