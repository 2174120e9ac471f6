//! Descriptors that the service manager keeps while the daemon is started again (`FDSTORE`, sd_notify(3)). A ring or a socket that it
//! keeps goes on filling, and the next run reads on where the last one ended, however that ended.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::atomic::Ordering;

use nix::poll::{PollFd, PollFlags, poll};
use parking_lot::Mutex;
use sd_notify::NotifyState;

use crate::{STOPPING, tell};

/// How long to wait until the service manager has closed a descriptor. Until then an address may still be in use.
const PATIENCE: u16 = 1000;

/// The descriptors of the run before that nobody has taken yet, by name.
static INHERITED: Mutex<Vec<(String, OwnedFd)>> = Mutex::new(Vec::new());

/// A descriptor that the service manager keeps for the next run. Dropping this has it closed there, unless the daemon is stopping.
#[derive(Debug)]
pub struct Kept {
    name: String,
}

/// Takes over the descriptors that the run before left. To be called once, at the start.
///
/// # Errors
/// When what the service manager tells of them makes no sense.
pub fn inherit() -> io::Result<()> {
    if std::env::var_os("NOTIFY_SOCKET").is_none() {
        return Ok(());
    }
    let handed = sd_notify::listen_fds_with_names()?;
    // SAFETY: the service manager opened these descriptors for this process, and nobody else here knows of them.
    let owned = handed.map(|(fd, name)| (name, unsafe { OwnedFd::from_raw_fd(fd) }));
    INHERITED.lock().extend(owned);
    Ok(())
}

/// Returns the names of the descriptors that nobody has taken.
pub fn inherited() -> Vec<String> {
    let inherited = INHERITED.lock();
    inherited.iter().map(|(name, _)| name.clone()).collect()
}

/// Takes a descriptor that the run before has left. It stays with the service manager.
pub fn take(name: &str) -> Option<(OwnedFd, Kept)> {
    let mut inherited = INHERITED.lock();
    let at = inherited.iter().position(|(known, _)| known == name)?;
    let (name, fd) = inherited.swap_remove(at);
    Some((fd, Kept { name }))
}

/// Closes what the run before has left and nobody has taken. To be called when the configuration is in force.
pub fn close_inherited() {
    for (name, fd) in INHERITED.lock().drain(..) {
        drop(fd);
        drop(Kept { name });
    }
}

/// Has the service manager keep a descriptor under a name of its own, if there is one.
pub fn keep(name: &str, fd: BorrowedFd<'_>) -> Option<Kept> {
    std::env::var_os("NOTIFY_SOCKET")?;
    let state = [
        NotifyState::FdStore,
        NotifyState::FdName(name),
        // A ring whose interface is down is in error, and is kept all the same.
        NotifyState::Custom("FDPOLL=0"),
    ];
    match sd_notify::notify_with_fds(&state, &[fd]) {
        Ok(()) => Some(Kept {
            name: name.to_owned(),
        }),
        Err(error) => {
            tracing::warn!("{name} is not kept over a restart: {error}");
            None
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if STOPPING.load(Ordering::Relaxed) {
            return;
        }
        tell(&[NotifyState::FdStoreRemove, NotifyState::FdName(&self.name)]);
        if let Err(error) = wait_for_manager() {
            tracing::warn!("{}: {error}", self.name);
        }
    }
}

/// Waits until the service manager has handled what it was told (`BARRIER=1`).
fn wait_for_manager() -> io::Result<()> {
    let (here, there) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
    sd_notify::notify_with_fds(&[NotifyState::Custom("BARRIER=1")], &[there.as_fd()])?;
    drop(there);
    poll(&mut [PollFd::new(here.as_fd(), PollFlags::empty())], PATIENCE)?;
    Ok(())
}
