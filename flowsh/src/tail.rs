//! `terminal monitor`: the daemon's log on this terminal as it is written, above the line that is being typed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use api::host::LogQuery;
use api::routes;
use jiff::tz::TimeZone;

use crate::client::{Client, Error};
use crate::screen::{self, View};

/// How often the log is asked for.
const EVERY: Duration = Duration::from_millis(250);

/// A thread that shows new lines of the log until it is dropped.
pub(crate) struct Tail {
    over: Arc<AtomicBool>,
}

impl Tail {
    /// Starts after the last line there is. Lines are shown only while `reading` is true, which means that a line is
    /// being typed, so that no screen is spoiled. `show` gets whole lines, and returns false when the terminal is gone.
    pub(crate) fn start(
        client: Client,
        zone: TimeZone,
        reading: Arc<AtomicBool>,
        show: impl FnMut(String) -> bool + Send + 'static,
    ) -> std::io::Result<Tail> {
        let over = Arc::new(AtomicBool::new(false));
        let ended = over.clone();
        let follow = Follow {
            client,
            view: View {
                zone,
                columns: None,
            },
            after: None,
        };
        std::thread::Builder::new()
            .name("log".into())
            .spawn(move || follow.run(&ended, &reading, show))?;
        Ok(Tail { over })
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

struct Follow {
    client: Client,
    view: View,
    /// The number of the last line that was shown.
    after: Option<u64>,
}

impl Follow {
    fn run(
        mut self,
        over: &AtomicBool,
        reading: &AtomicBool,
        mut show: impl FnMut(String) -> bool,
    ) {
        while !over.load(Ordering::Relaxed) {
            // A daemon that is away comes back, and says so in its log.
            if reading.load(Ordering::Relaxed)
                && let Ok(text) = self.new_lines()
                && !text.is_empty()
                && !over.load(Ordering::Relaxed)
                && !show(text)
            {
                return;
            }
            std::thread::sleep(EVERY);
        }
    }

    fn new_lines(&mut self) -> Result<String, Error> {
        let query = match self.after {
            None => LogQuery {
                lines: Some(0),
                after: None,
            },
            after => LogQuery { lines: None, after },
        };
        let log = self.client.get(routes::LOG, &[], &query)?.answer;
        self.after = Some(log.next);
        let mut text = screen::log(&log, &self.view);
        if log.missed > 0 {
            let missed = log.missed;
            text.insert_str(
                0,
                &format!("({missed} earlier lines of the log are no longer kept)\n"),
            );
        }
        Ok(text)
    }
}
