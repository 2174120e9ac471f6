//! A line on the terminal that tells how far something long is; it disappears when that is done.

use std::io::{self, IsTerminal as _, Write as _};

use unicode_width::UnicodeWidthStr as _;

use crate::terminal::{is_dumb, size};

/// A line that is rewritten in place. Dropping it clears the line.
#[derive(Default)]
pub(crate) struct Progress {
    said: bool,
}

impl Progress {
    /// Writes the line.
    pub(crate) fn say(&mut self, text: &str) {
        if !io::stdout().is_terminal() || is_dumb() || text.width() >= size().columns {
            return;
        }
        self.said = true;
        write(&format!("\r{text}\x1b[K"));
    }

    /// Clears the line.
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
