//! The thread that configures interfaces which come after their configuration.

use std::io;
use std::sync::Weak;
use std::thread;
use std::time::Duration;

use crate::Host;

/// How often interfaces are looked for.
const LOOK: Duration = Duration::from_secs(1);

/// Starts the thread. It ends with the host's last handle.
///
/// # Errors
/// When the system refuses a thread.
pub(crate) fn mind_new_interfaces(host: Weak<Host>) -> io::Result<()> {
    let mind = move || {
        while let Some(host) = host.upgrade() {
            for line in host.mind_new_interfaces() {
                tracing::warn!("{line}");
            }
            drop(host);
            thread::park_timeout(LOOK);
        }
    };
    thread::Builder::new()
        .name("interfaces".into())
        .spawn(mind)
        .map(drop)
}
