//! A child process and what it used.
#![allow(unsafe_code)]

use std::io;
use std::process::{Command, Stdio};

/// What a process that has ended used, as the kernel counted it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// User and system time.
    pub(crate) cpu_seconds: f64,
    /// Most resident memory, KiB.
    pub(crate) memory_kib: i64,
}

/// Runs a command to its end, its output thrown away.
///
/// # Errors
/// When it cannot be started, or fails.
#[allow(clippy::zombie_processes)] // wait4 below waits for it
pub(crate) fn run(command: &mut Command) -> io::Result<Usage> {
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let mut status = 0;
    // SAFETY: all fields are integers, of which zero is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: both places are written for the length of the call only.
        let got = unsafe { libc::wait4(child.id().cast_signed(), &mut status, 0, &mut usage) };
        if got >= 0 {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    if !libc::WIFEXITED(status) || libc::WEXITSTATUS(status) != 0 {
        return Err(io::Error::other(format!("failed with status {status:#x}")));
    }
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    Ok(Usage {
        cpu_seconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
        memory_kib: usage.ru_maxrss,
    })
}
