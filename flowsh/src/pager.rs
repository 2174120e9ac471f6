//! Stops long output at the end of the screen.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use crate::terminal::{Key, key};

const MORE: &str = "--More--";

/// Writes text, a screen of `rows` by `columns` at a time; waits for a key where another line would not fit.
pub(crate) struct Pager<W, K> {
    out: W,
    wait: K,
    columns: usize,
    screen: usize,
    room: usize,
}

impl<W: Write, K: FnMut() -> Key> Pager<W, K> {
    /// At the top of an empty screen.
    pub(crate) fn new((columns, rows): (usize, usize), out: W, wait: K) -> Pager<W, K> {
        let screen = rows.saturating_sub(1).max(1);
        Pager {
            out,
            wait,
            columns,
            screen,
            room: screen,
        }
    }

    /// Writes more text, whole lines. False: the operator has seen enough.
    ///
    /// # Errors
    /// When the text cannot be written.
    pub(crate) fn write(&mut self, text: &str) -> io::Result<bool> {
        for line in text.lines() {
            if self.room == 0 && !self.more()? {
                return Ok(false);
            }
            writeln!(self.out, "{line}")?;
            self.room = self.room.saturating_sub(rows_of(line, self.columns));
        }
        self.out.flush()?;
        Ok(true)
    }

    fn more(&mut self) -> io::Result<bool> {
        write!(self.out, "{MORE}")?;
        self.out.flush()?;
        let key = loop {
            match (self.wait)() {
                Key::Other => {}
                key => break key,
            }
        };
        write!(self.out, "\r{:width$}\r", "", width = MORE.len())?;
        self.out.flush()?;
        self.room = match key {
            Key::Page => self.screen,
            Key::Line => 1,
            Key::All => usize::MAX,
            Key::Quit | Key::Other => return Ok(false),
        };
        Ok(true)
    }
}

/// Rows that a line takes on the screen; colours take none.
fn rows_of(line: &str, columns: usize) -> usize {
    let mut width = 0;
    for (i, part) in line.split('\x1b').enumerate() {
        let shown = if i == 0 {
            part
        } else {
            part.split_once('m').map_or("", |(_, shown)| shown)
        };
        width += shown.width();
    }
    width.div_ceil(columns.max(1)).max(1)
}

/// On the terminal, with its keys.
pub(crate) fn on_terminal(size: (usize, usize)) -> Pager<io::Stdout, fn() -> Key> {
    Pager::new(size, io::stdout(), key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paged(text: &str, size: (usize, usize), keys: &[Key]) -> (String, usize) {
        let mut keys = keys.iter().copied();
        let mut asked = 0;
        let mut out = Vec::new();
        let wait = || {
            asked += 1;
            keys.next().unwrap_or(Key::Quit)
        };
        Pager::new(size, &mut out, wait).write(text).unwrap();
        (String::from_utf8(out).unwrap(), asked)
    }

    #[test]
    fn what_fits_is_not_stopped() {
        assert_eq!(paged("a\nb\nc\n", (80, 4), &[]), ("a\nb\nc\n".into(), 0));
    }

    #[test]
    fn a_key_goes_on_by_a_page_a_line_or_to_the_end() {
        let text = "1\n2\n3\n4\n5\n6\n7\n";
        let (shown, asked) = paged(text, (80, 3), &[Key::Page, Key::Line, Key::Other, Key::All]);
        assert_eq!(asked, 4);
        assert_eq!(
            shown.replace("--More--\r        \r", "|"),
            "1\n2\n|3\n4\n|5\n|6\n7\n"
        );
        let (shown, _) = paged(text, (80, 3), &[Key::Quit]);
        assert_eq!(shown, "1\n2\n--More--\r        \r");
    }

    #[test]
    fn long_lines_take_more_rows_and_colours_none() {
        assert_eq!(paged("aaaaaaaaaa\nb\nc\n", (5, 3), &[Key::All]).1, 1);
        assert_eq!(rows_of("\x1b[32mabc\x1b[0m", 3), 1);
        assert_eq!(rows_of("漢字", 3), 2);
        assert_eq!(rows_of("", 80), 1);
    }
}
