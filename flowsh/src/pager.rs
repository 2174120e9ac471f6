//! Stops long output at the end of the screen.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use crate::terminal::{Key, key};

const MORE: &str = "--More--";

/// Writes text, a screen of `rows` by `columns` at a time; `wait` waits for a key at the end of each.
///
/// # Errors
/// When the text cannot be written.
pub(crate) fn page(
    text: &str,
    (columns, rows): (usize, usize),
    out: &mut impl Write,
    mut wait: impl FnMut() -> Key,
) -> io::Result<()> {
    let mut room = rows.saturating_sub(1).max(1);
    let screen = room;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        writeln!(out, "{line}")?;
        room = room.saturating_sub(rows_of(line, columns));
        if lines.peek().is_none() || room > 0 {
            continue;
        }
        write!(out, "{MORE}")?;
        out.flush()?;
        room = loop {
            match wait() {
                Key::Page => break screen,
                Key::Line => break 1,
                Key::All => break usize::MAX,
                Key::Quit => {
                    write!(out, "\r{:width$}\r", "", width = MORE.len())?;
                    return out.flush();
                }
                Key::Other => {}
            }
        };
        write!(out, "\r{:width$}\r", "", width = MORE.len())?;
    }
    out.flush()
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

/// Pages on the terminal, with its keys.
pub(crate) fn on_terminal(text: &str, size: (usize, usize)) -> io::Result<()> {
    page(text, size, &mut io::stdout().lock(), key)
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
        page(text, size, &mut out, wait).unwrap();
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
