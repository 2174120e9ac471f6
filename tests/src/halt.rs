//! Halts single threads of a running program, as a debugger does (ptrace(2)): what a thread that hangs looks like from outside.
#![allow(unsafe_code)]

use std::fs;
use std::ptr;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Threads of a program that are halted. They go on when this is dropped.
pub struct Halted {
    release: Option<Sender<()>>,
    caught: Receiver<()>,
    tracer: Option<JoinHandle<()>>,
}

/// Where a thread is halted.
#[derive(Clone, Copy)]
enum Place {
    AtOnce,
    /// As it makes a system call that puts a file's octets on the disk.
    Syncing,
}

impl Halted {
    /// Halts the threads of a process whose names begin with `name`, now.
    ///
    /// # Panics
    /// When it has no such thread, or the kernel refuses.
    #[track_caller]
    pub fn threads(pid: u32, name: &str) -> Halted {
        let halted = Halted::start(pid, name, Place::AtOnce);
        halted.caught();
        halted
    }

    /// Halts whichever of these threads next writes a file to the disk, as it does. [`Halted::caught`] waits for that.
    #[track_caller]
    pub fn when_syncing(pid: u32, name: &str) -> Halted {
        Halted::start(pid, name, Place::Syncing)
    }

    /// Waits until a thread is halted.
    ///
    /// # Panics
    /// When none is in time.
    #[track_caller]
    pub fn caught(&self) {
        let caught = self.caught.recv_timeout(crate::wait::SOON);
        caught.expect("a thread is halted");
    }

    #[track_caller]
    fn start(pid: u32, name: &str, place: Place) -> Halted {
        let threads = threads(pid, name);
        assert!(!threads.is_empty(), "no thread {name}");
        let (release, released) = channel();
        let (catch, caught) = channel();
        // The kernel wants all of it from one thread.
        let tracer = std::thread::spawn(move || trace(threads, place, &catch, &released));
        Halted {
            release: Some(release),
            caught,
            tracer: Some(tracer),
        }
    }
}

impl Drop for Halted {
    fn drop(&mut self) {
        drop(self.release.take());
        if let Some(tracer) = self.tracer.take() {
            let _ = tracer.join();
        }
    }
}

/// The threads of a process whose names begin with `name`.
fn threads(pid: u32, name: &str) -> Vec<i32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("the program runs");
    let named = tasks.flatten().filter(|task| {
        let comm = fs::read_to_string(task.path().join("comm"));
        comm.is_ok_and(|comm| comm.starts_with(name))
    });
    let numbers = named.filter_map(|task| task.file_name().to_str()?.parse().ok());
    numbers.collect()
}

fn trace(mut threads: Vec<i32>, place: Place, caught: &Sender<()>, released: &Receiver<()>) {
    let options = match place {
        Place::AtOnce => 0,
        Place::Syncing => libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_TRACECLONE,
    };
    for thread in &threads {
        assert_eq!(
            call(libc::PTRACE_SEIZE, *thread, options.cast_unsigned().into()),
            0,
            "{}",
            std::io::Error::last_os_error()
        );
        call(libc::PTRACE_INTERRUPT, *thread, 0);
    }
    let mut halted = Vec::new();
    while matches!(released.try_recv(), Err(TryRecvError::Empty)) {
        let mut at = 0;
        while at < threads.len() {
            let thread = threads[at];
            at += 1;
            let Some(signal) = stopped(thread) else {
                continue;
            };
            let holds = match place {
                Place::AtOnce => true,
                Place::Syncing => halted.is_empty() && syncs(thread),
            };
            if holds {
                halted.push(thread);
                threads.retain(|other| *other != thread);
                let _ = caught.send(());
                break;
            }
            threads.extend(cloned(thread, signal));
            // Of the debugger's own making are all but the program's signals.
            let own = signal & 0x7f == libc::SIGTRAP || signal == libc::SIGSTOP;
            call(
                libc::PTRACE_SYSCALL,
                thread,
                if own { 0 } else { signal as u64 },
            );
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    for thread in threads.iter().chain(&halted) {
        if !halted.contains(thread) {
            call(libc::PTRACE_INTERRUPT, *thread, 0);
            let mut status = 0;
            // SAFETY: the status is a place for one integer.
            unsafe { libc::waitpid(*thread, &raw mut status, libc::__WALL) };
        }
        call(libc::PTRACE_DETACH, *thread, 0);
    }
}

/// The thread that a thread has begun, if this is why it stopped.
fn cloned(thread: i32, signal: i32) -> Option<i32> {
    if signal != libc::SIGTRAP {
        return None;
    }
    let mut number: libc::c_ulong = 0;
    // SAFETY: the kernel writes one number there.
    let told = unsafe {
        libc::ptrace(
            libc::PTRACE_GETEVENTMSG,
            thread,
            ptr::null_mut::<libc::c_void>(),
            &raw mut number,
        )
    };
    let number = i32::try_from(number).unwrap_or(0);
    (told == 0 && number > 0).then_some(number)
}

/// Whether a thread that is stopped is about to write a file to the disk.
fn syncs(thread: i32) -> bool {
    /// `struct ptrace_syscall_info` up to the number of the call, as words.
    const WORDS: usize = 11;
    const ENTRY: u64 = 1;
    let mut info = [0u64; WORDS];
    // SAFETY: the kernel writes as many octets as it is told at most.
    let told = unsafe {
        libc::ptrace(
            libc::PTRACE_GET_SYSCALL_INFO,
            thread,
            size_of_val(&info),
            info.as_mut_ptr(),
        )
    };
    let calls = [
        libc::SYS_fsync,
        libc::SYS_fdatasync,
        libc::SYS_sync_file_range,
    ];
    told > 0 && info[0] & 0xff == ENTRY && calls.contains(&info[3].cast_signed())
}

/// The signal by which a thread is stopped; `None` while it runs.
fn stopped(thread: i32) -> Option<i32> {
    let mut status = 0;
    // SAFETY: the status is a place for one integer.
    let changed = unsafe { libc::waitpid(thread, &raw mut status, libc::WNOHANG | libc::__WALL) };
    (changed == thread && libc::WIFSTOPPED(status)).then(|| libc::WSTOPSIG(status))
}

fn call(request: libc::c_uint, thread: i32, data: u64) -> i64 {
    // SAFETY: these requests take numbers, no addresses.
    unsafe { libc::ptrace(request, thread, ptr::null_mut::<libc::c_void>(), data) }
}
