//! System calls that the standard library lacks.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// The resources that ended processes have used, by the kernel's count.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// User and system time.
    pub(crate) cpu_seconds: f64,
    /// Highest resident memory, KiB. For several processes it is the sum, in which shared pages count for each.
    pub(crate) memory_kib: i64,
}

/// Makes orphaned descendants children of this process from now on, so that it can wait for all of them.
///
/// # Errors
/// Those of `prctl(2)`.
pub(crate) fn adopt_orphans() -> io::Result<()> {
    // SAFETY: numbers only.
    match unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The result of looking for a child that has ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Waited {
    /// A child has ended: its process id, its status as in `wait(2)`, and what it used.
    Ended(i32, i32, Usage),
    /// There are children, and all of them are running.
    Running,
    /// This process has no children.
    Childless,
}

/// Reaps a child that has ended, without waiting for one.
///
/// # Errors
/// Those of `wait4(2)`.
pub(crate) fn reap() -> io::Result<Waited> {
    let mut status = 0;
    // SAFETY: all fields are integers, of which zero is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both places are written for the length of the call only.
    let id = unsafe { libc::wait4(-1, &mut status, libc::WNOHANG, &mut usage) };
    if id == 0 {
        return Ok(Waited::Running);
    }
    if id < 0 {
        let error = io::Error::last_os_error();
        return match error.raw_os_error() {
            Some(libc::ECHILD) => Ok(Waited::Childless),
            _ => Err(error),
        };
    }
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    let usage = Usage {
        cpu_seconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
        memory_kib: usage.ru_maxrss,
    };
    Ok(Waited::Ended(id, status, usage))
}

/// Returns how many datagrams a socket has dropped because its receive buffer was full.
///
/// # Errors
/// Those of `getsockopt(2)`.
pub(crate) fn socket_drops(socket: BorrowedFd<'_>) -> io::Result<u32> {
    // sock_diag(7): SK_MEMINFO_DROPS is the last of nine.
    let mut numbers = [0_u32; 9];
    let mut len = size_of_val(&numbers) as libc::socklen_t;
    // SAFETY: `numbers` may be written for `len` octets during the call.
    let done = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_MEMINFO,
            (&raw mut numbers).cast(),
            &mut len,
        )
    };
    match done {
        0 => Ok(numbers[8]),
        _ => Err(io::Error::last_os_error()),
    }
}
