//! The service manager (systemd, `sd_notify(3)`): what it is told of the daemon's state, and the watchdog, by which it ends a
//! daemon that hangs. Where no service manager started the daemon, nothing happens.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use sd_notify::NotifyState;

/// The exit status for a first configuration that is wrong (`EX_CONFIG` of `sysexits.h`): starting again does not help.
pub const WRONG_CONFIGURATION: u8 = 78;

static STOPPING: AtomicBool = AtomicBool::new(false);
static STATUS: Mutex<String> = Mutex::new(String::new());

/// Tells that the configuration is in force.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// Tells that the daemon is ending in order. The watchdog is not fed any more, since a time limit holds from here on.
pub fn stopping() {
    STOPPING.store(true, Ordering::Relaxed);
    tell(&[NotifyState::Stopping]);
}

/// Tells a line for `systemctl status`, if it is another one than before.
pub fn status(line: &str) {
    let mut told = STATUS.lock();
    if *told != line {
        line.clone_into(&mut told);
        tell(&[NotifyState::Status(line)]);
    }
}

/// Feeds the watchdog, if there is one, from a thread of its own for as long as `check` finds that nothing hangs. It is given the time
/// that it may wait for signs of life, and returns what has given none.
///
/// # Errors
/// When the system refuses a thread.
pub fn feed_watchdog(
    mut check: impl FnMut(Duration) -> Vec<String> + Send + 'static,
) -> io::Result<()> {
    let Some(limit) = sd_notify::watchdog_enabled() else {
        return Ok(());
    };
    let feed = move || {
        let mut before = Vec::new();
        while !STOPPING.load(Ordering::Relaxed) {
            let hanging = check(limit / 2);
            if hanging.is_empty() {
                tell(&[NotifyState::Watchdog]);
                thread::sleep(limit / 4);
            } else if hanging != before && !STOPPING.load(Ordering::Relaxed) {
                tracing::error!(
                    msgid = "HANGING",
                    "no sign of life for {} s from {}",
                    (limit / 2).as_secs(),
                    hanging.join(", ")
                );
            }
            before = hanging;
        }
    };
    thread::Builder::new()
        .name("watchdog".into())
        .spawn(feed)
        .map(drop)
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!("the service manager is not told: {error}");
    }
}
