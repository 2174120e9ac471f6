//! Child processes and the resources that they and all their descendants use.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use flow_tests::wait::within;
use nix::sys::signal::{Signal, kill};
use nix::time::clock_getcpuclockid;
use nix::unistd::Pid;

use crate::sys::{Usage, Waited, reap};

/// How long a run on a savefile may take.
const LONGEST: Duration = Duration::from_secs(300);
/// How long a program may take to end when it is asked to.
const ENDING: Duration = Duration::from_secs(40);

/// A running program.
pub(crate) struct Running {
    child: Child,
}

impl Running {
    /// Starts a command; what it prints goes to `log`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start(command: &mut Command, log: &File) -> io::Result<Running> {
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log.try_clone()?)
            .spawn()?;
        Ok(Running { child })
    }

    /// Returns the CPU time that the program and its running descendants have used so far, with nanosecond resolution.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        let used = |process: Process| {
            let clock = clock_getcpuclockid(Pid::from_raw(process.id.cast_signed())).ok()?;
            Some(Duration::from(clock.now().ok()?).as_secs_f64())
        };
        tree(self.child.id()).into_iter().filter_map(used).sum()
    }

    /// Returns the resident memory, KiB.
    pub(crate) fn resident_kib(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok())
            .unwrap_or_default()
    }

    /// Returns the number of open file descriptors.
    pub(crate) fn descriptors(&self) -> f64 {
        let open = fs::read_dir(format!("/proc/{}/fd", self.child.id()));
        open.map_or(0, Iterator::count) as f64
    }

    /// Waits until the program uses nearly no CPU time, at most `limit`.
    pub(crate) fn idle(&self, limit: Duration) {
        let mut last = f64::MIN;
        within(limit, || {
            std::thread::sleep(Duration::from_millis(500));
            let now = self.cpu_seconds();
            let idle = now - last < 0.03;
            last = now;
            idle.then_some(())
        });
    }

    /// Sends the program a signal, and waits until it and all its descendants have ended. Returns what they used.
    ///
    /// # Errors
    /// When the program fails, or does not end.
    pub(crate) fn end(self, signal: Signal) -> io::Result<Usage> {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal)?;
        successful(self.ended()?)
    }

    /// Waits until the program, which was asked to end before, and all its descendants have ended. Returns its status and what
    /// they used.
    ///
    /// # Errors
    /// When one of them does not end.
    pub(crate) fn ended(self) -> io::Result<(ExitStatus, Usage)> {
        self.wait(ENDING)
    }

    fn wait(self, limit: Duration) -> io::Result<(ExitStatus, Usage)> {
        let mut all = Usage::default();
        let mut own = None;
        let childless = within(limit, || {
            loop {
                match reap() {
                    Ok(Waited::Ended(id, status, usage)) => {
                        all.cpu_seconds += usage.cpu_seconds;
                        all.memory_kib += usage.memory_kib;
                        if id == self.child.id().cast_signed() {
                            own = Some(ExitStatus::from_raw(status));
                        }
                    }
                    Ok(Waited::Running) => return None,
                    Ok(Waited::Childless) => return Some(Ok(())),
                    Err(error) => return Some(Err(error)),
                }
            }
        });
        let Some(childless) = childless else {
            for process in tree(std::process::id()).into_iter().skip(1) {
                let _ = kill(Pid::from_raw(process.id.cast_signed()), Signal::SIGKILL);
            }
            return Err(io::Error::other(format!(
                "still running after {limit:?}: killed"
            )));
        };
        childless?;
        let own = own.ok_or_else(|| io::Error::other("it was waited for elsewhere"))?;
        Ok((own, all))
    }
}

fn successful((status, usage): (ExitStatus, Usage)) -> io::Result<Usage> {
    match status.success() {
        true => Ok(usage),
        false => Err(io::Error::other(status.to_string())),
    }
}

/// Runs a command to its end. Returns what it used.
///
/// # Errors
/// When it cannot be started, or fails.
pub(crate) fn run(command: &mut Command, log: &File) -> io::Result<Usage> {
    successful(Running::start(command, log)?.wait(LONGEST)?)
}

/// A process and its parent.
#[derive(Clone, Copy, Debug)]
struct Process {
    id: u32,
    parent: u32,
}

impl Process {
    /// Reads `/proc/ID/stat` (proc(5)).
    fn read(id: u32) -> Option<Process> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // Behind the name in parentheses: the state, the parent.
        let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?;
        let parent = parent.parse().ok()?;
        Some(Process { id, parent })
    }
}

/// Returns a process and its descendants, parents first.
fn tree(root: u32) -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let all: Vec<Process> = ids.filter_map(Process::read).collect();
    let mut tree: Vec<Process> = all
        .iter()
        .filter(|process| process.id == root)
        .copied()
        .collect();
    let mut at = 0;
    while let Some(Process { id, .. }) = tree.get(at).copied() {
        tree.extend(all.iter().filter(|process| process.parent == id));
        at += 1;
    }
    tree
}
