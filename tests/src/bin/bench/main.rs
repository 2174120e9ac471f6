//! `tests/bench meter`: flowd beside Debian's probes, on the same packets in turn.
//!
//! From savefiles: CPU time of all of a program's processes, from the first packet read to the last record exported to
//! a socket that is read and decoded, and resident memory. On a veth pair: packets lost, and CPU time.
//! Machines differ and are shared: look at the ratios, which are those of one run, not at the times.

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

/// What the command line says.
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
    /// The programs to run; the others are compared with the first.
    fn programs(&self) -> Vec<Program> {
        self.programs.clone()
    }

    fn workloads(&self) -> Vec<Workload> {
        self.workload
            .map_or(workload::ALL.to_vec(), |one| vec![one])
    }

    /// A replay takes long: one workload unless told otherwise.
    fn live_workload(&self) -> Workload {
        self.workload.unwrap_or(workload::ALL[1])
    }

    /// The workload's savefile, written now unless it is there.
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
