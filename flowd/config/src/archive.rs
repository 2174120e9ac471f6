//! `system config-management commit-archive`: each committed configuration is copied, with secrets masked, to a directory
//! or a URL. A thread of its own writes the copies, so no commit waits for them or fails because of them.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use api::configuration::Archive as Counts;
use language::{Dialect, Tree};
use parking_lot::Mutex;
use transfer::Limits;

/// Most configurations that wait to be copied; further ones are dropped and counted.
const WAITING: usize = 64;
/// The bounds of one copy.
const LIMITS: Limits = Limits {
    octets: language::MAX_TEXT as u64,
    time: Duration::from_secs(60),
};

/// A configuration to be copied.
struct Copy {
    name: String,
    text: String,
    locations: Vec<String>,
}

/// The copies of committed configurations. The thread that writes them starts with the first one.
#[derive(Default)]
pub struct Archive {
    counts: Arc<Mutex<Counts>>,
    worker: Mutex<Option<SyncSender<Copy>>>,
}

impl Archive {
    /// Copies a committed tree to the locations configured in it. `stamp` is the time of the commit: `20150330_085303`.
    pub fn offer(&self, tree: &Tree, revision: u64, host_name: &str, stamp: &str) {
        let locations = tree.values(&["system", "config-management", "commit-archive", "location"]);
        if locations.is_empty() {
            return;
        }
        let copy = Copy {
            name: format!("config.boot-{host_name}.{stamp}.r{revision}"),
            text: language::render(&language::masked(tree), Dialect::Curly),
            locations: locations.to_vec(),
        };
        let mut worker = self.worker.lock();
        let copies = worker.get_or_insert_with(|| {
            let (sender, receiver) = sync_channel(WAITING);
            let counts = self.counts.clone();
            std::thread::spawn(move || work(&receiver, &counts));
            sender
        });
        if let Err(TrySendError::Full(copy) | TrySendError::Disconnected(copy)) =
            copies.try_send(copy)
        {
            self.counts.lock().dropped += copy.locations.len() as u64;
            tracing::error!("archive: {} is not copied: the queue is full", copy.name);
        }
    }

    /// Returns how many copies were written, failed and dropped; `None` before the first.
    pub fn report(&self) -> Option<Counts> {
        let counts = self.counts.lock().clone();
        let any = counts.written + counts.failed + counts.dropped > 0;
        any.then_some(counts)
    }

    /// Ends the thread after the copies that wait, without waiting for it: a server may not answer.
    pub fn stop(&self) {
        let mut worker = self.worker.lock();
        drop(worker.take());
    }
}

fn work(copies: &Receiver<Copy>, counts: &Mutex<Counts>) {
    for copy in copies {
        for location in &copy.locations {
            match write(location, &copy) {
                Ok(()) => {
                    counts.lock().written += 1;
                    tracing::debug!("archive: {} is at {}", copy.name, transfer::shown(location));
                }
                Err(why) => {
                    let place = transfer::shown(location);
                    tracing::error!("archive: {} is not copied to {place}: {why}", copy.name);
                    let mut counts = counts.lock();
                    counts.failed += 1;
                    counts.last_failure = Some(format!("{place}: {why}"));
                }
            }
        }
    }
}

fn write(location: &str, copy: &Copy) -> Result<(), String> {
    if transfer::is_url(location) {
        let url = format!("{}/{}", location.trim_end_matches('/'), copy.name);
        return transfer::store(&url, copy.text.as_bytes(), LIMITS)
            .map_err(|error| error.to_string());
    }
    in_directory(Path::new(location), copy).map_err(|error| error.to_string())
}

/// Writes a copy into a directory, all of it or nothing.
fn in_directory(dir: &Path, copy: &Copy) -> std::io::Result<()> {
    let staged = dir.join(format!(".{}.new", copy.name));
    let written = (|| {
        let mut file = std::fs::File::create(&staged)?;
        file.write_all(copy.text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&staged, dir.join(&copy.name))
    })();
    if written.is_err() {
        let _ = std::fs::remove_file(&staged);
    }
    written
}
