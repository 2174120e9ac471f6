//! What is said while something takes long, on a terminal, and gone when it is over.

use std::io::{self, IsTerminal as _, Write as _};

use unicode_width::UnicodeWidthStr as _;

use crate::terminal::{is_dumb, size};

/// A line that changes in place. Dropping it clears it.
#[derive(Default)]
pub(crate) struct Progress {
    said: bool,
}

impl Progress {
    /// Says how far it is.
    pub(crate) fn say(&mut self, text: &str) {
        if !io::stdout().is_terminal() || is_dumb() || text.width() >= size().columns {
            return;
        }
        self.said = true;
        write(&format!("\r{text}\x1b[K"));
    }

    /// It is over, or something else is to be shown.
    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.said) {
            write("\r\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

fn write(text: &str) {
    let mut out = io::stdout().lock();
    // A terminal that is gone is noticed when a key is read.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
