//! A service manager, as far as a daemon sees of it: what it is told (sd_notify(3)), and the descriptors that it keeps.
#![allow(unsafe_code)]

use std::io::IoSliceMut;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};

/// The lines that came, and the descriptors that are kept.
#[derive(Default)]
struct Told {
    lines: Vec<String>,
    kept: Vec<(String, OwnedFd)>,
}

/// A service manager of one daemon.
pub struct Manager {
    scratch: tempfile::TempDir,
    told: Arc<Mutex<Told>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Default for Manager {
    fn default() -> Self {
        Manager::new()
    }
}

impl Manager {
    /// Starts one.
    ///
    /// # Panics
    /// When its socket cannot be made.
    pub fn new() -> Manager {
        let scratch = tempfile::tempdir().expect("a temporary folder");
        let socket = UnixDatagram::bind(scratch.path().join("notify")).expect("a socket");
        socket
            .set_read_timeout(Some(Duration::from_millis(20)))
            .expect("a timeout");
        let (told, stop) = (
            Arc::<Mutex<Told>>::default(),
            Arc::new(AtomicBool::new(false)),
        );
        let thread = {
            let (told, stop) = (told.clone(), stop.clone());
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    receive(&socket, &told);
                }
            })
        };
        Manager {
            scratch,
            told,
            stop,
            thread: Some(thread),
        }
    }

    /// What a daemon is started by that this manages, with a watchdog of that many microseconds: it gets the descriptors that are kept.
    ///
    /// # Panics
    /// When a descriptor cannot be handed over.
    pub fn starts(&self, watchdog_us: u64) -> Vec<String> {
        let told = self.told.lock().expect("nobody panicked");
        let mut script = String::new();
        for (at, (_, fd)) in told.kept.iter().enumerate() {
            // Inherited by every program that the test starts from now on, which ends with the test.
            let shared: RawFd = fcntl(fd, FcntlArg::F_DUPFD(200)).expect("a descriptor");
            script.push_str(&format!("exec {}<&{shared} {shared}<&-; ", at + 3));
        }
        let names: Vec<&str> = told.kept.iter().map(|(name, _)| name.as_str()).collect();
        script.push_str(&format!(
            "export LISTEN_FDS={} LISTEN_FDNAMES={} LISTEN_PID=$$; exec \"$@\"",
            names.len(),
            names.join(":"),
        ));
        let socket: PathBuf = self.scratch.path().join("notify");
        [
            "env",
            &format!("NOTIFY_SOCKET={}", socket.display()),
            &format!("WATCHDOG_USEC={watchdog_us}"),
            "bash",
            "-c",
            &script,
            "bash",
        ]
        .map(str::to_owned)
        .to_vec()
    }

    /// The lines that it was told since this was last asked.
    ///
    /// # Panics
    /// Never.
    pub fn lines(&self) -> Vec<String> {
        std::mem::take(&mut self.told.lock().expect("nobody panicked").lines)
    }

    /// The names of the descriptors that it keeps.
    ///
    /// # Panics
    /// Never.
    pub fn kept(&self) -> Vec<String> {
        let told = self.told.lock().expect("nobody panicked");
        told.kept.iter().map(|(name, _)| name.clone()).collect()
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn receive(socket: &UnixDatagram, told: &Mutex<Told>) {
    let mut octets = [0u8; 4096];
    let mut space = nix::cmsg_space!([RawFd; 4]);
    let mut parts = [IoSliceMut::new(&mut octets)];
    let Ok(message) = recvmsg::<()>(
        socket.as_raw_fd(),
        &mut parts,
        Some(&mut space),
        MsgFlags::MSG_CMSG_CLOEXEC,
    ) else {
        return;
    };
    let mut came = Vec::new();
    for part in message.cmsgs().into_iter().flatten() {
        if let ControlMessageOwned::ScmRights(fds) = part {
            came.extend(fds);
        }
    }
    let len = message.bytes;
    let text = String::from_utf8_lossy(&octets[..len]).into_owned();
    let mut told = told.lock().expect("nobody panicked");
    let value = |key: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        lines
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value.to_owned())
    };
    let name = value("FDNAME").unwrap_or_default();
    if value("FDSTOREREMOVE").is_some() {
        told.kept.retain(|(known, _)| *known != name);
    }
    for fd in came {
        let fd = owned(fd);
        if value("FDSTORE").is_some() {
            told.kept.push((name.clone(), fd));
        }
    }
    told.lines.extend(text.lines().map(str::to_owned));
}

/// Owns a descriptor that came with a message.
fn owned(fd: RawFd) -> OwnedFd {
    // SAFETY: the kernel has just made it for this process, and nobody else has it.
    unsafe { OwnedFd::from_raw_fd(fd) }
}
