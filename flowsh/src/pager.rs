//! Stops long output at the end of the screen, and goes back and forth in it.

use std::collections::VecDeque;
use std::io::{self, Write};

use regex::Regex;
use unicode_width::UnicodeWidthStr;

use crate::terminal::{self, Key, Size};

const MORE: &str = "--More--";
const END: &str = "(END)";
const HELP: &str =
    "space page, Enter line, b back, g top, G end, /RE search, n next, a all, q quit";
/// The number of lines that are kept for going back.
const KEPT: usize = 100_000;

/// What the pager asks of a terminal.
pub(crate) trait Console {
    fn size(&self) -> Size;
    /// Waits for a key.
    fn key(&mut self) -> Key;
    /// Reads a line at the bottom of the screen; `None` if the operator gave it up.
    fn ask(&mut self, prompt: &str) -> Option<String>;
    /// Whether the screen can be cleared.
    fn clears(&self) -> bool;
}

/// Writes text, a screen at a time; waits for a key where another line would not fit.
pub(crate) struct Pager<W, C> {
    out: W,
    console: C,
    size: Size,
    /// The lines that are kept: shown before, or to be shown.
    lines: VecDeque<String>,
    /// The number of the first kept line.
    first: usize,
    /// The number of the line that is shown next.
    at: usize,
    /// Rows that are left on the screen.
    room: usize,
    way: Way,
    search: Option<Regex>,
    /// Whether the text is complete.
    ended: bool,
    /// Whether the pager waits for a key at the end of the text, too.
    hold: bool,
}

/// How the next lines are treated.
enum Way {
    Show,
    /// They are not shown until the last screen of them.
    ToEnd,
    /// They are not shown until one matches.
    ToMatch,
}

impl<W: Write, C: Console> Pager<W, C> {
    /// At the top of an empty screen.
    pub(crate) fn new(out: W, console: C) -> Pager<W, C> {
        let size = console.size();
        Pager {
            out,
            console,
            size,
            lines: VecDeque::new(),
            first: 0,
            at: 0,
            room: page(size),
            way: Way::Show,
            search: None,
            ended: false,
            hold: false,
        }
    }

    /// Writes more text, which consists of whole lines. Returns false when the operator wants no more.
    ///
    /// # Errors
    /// When the text cannot be written.
    pub(crate) fn write(&mut self, text: &str) -> io::Result<bool> {
        self.lines.extend(text.lines().map(str::to_owned));
        let goes_on = self.go()?;
        self.out.flush()?;
        Ok(goes_on)
    }

    /// Shows the rest: the text is complete.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.ended = true;
        loop {
            match self.way {
                Way::Show => {}
                Way::ToEnd => {
                    self.way = Way::Show;
                    self.hold = true;
                    let last = self.back_from(self.end(), page(self.size));
                    self.show_from(last)?;
                }
                Way::ToMatch => {
                    self.way = Way::Show;
                    if !self.stop("Pattern not found")? {
                        return Ok(());
                    }
                }
            }
            if !self.go()? {
                return Ok(());
            }
            if !matches!(self.way, Way::Show) {
                continue;
            }
            if !self.hold || !self.stop("")? {
                return self.out.flush();
            }
        }
    }

    /// Returns the number of the line after the last one.
    fn end(&self) -> usize {
        self.first + self.lines.len()
    }

    fn line(&self, number: usize) -> &str {
        let line = number
            .checked_sub(self.first)
            .and_then(|at| self.lines.get(at));
        line.map_or("", String::as_str)
    }

    /// Shows what there is, as far as the operator wants it. Returns false when the operator wants no more.
    fn go(&mut self) -> io::Result<bool> {
        loop {
            match self.way {
                Way::ToEnd => {
                    self.at = self.end();
                    self.forget();
                    return Ok(true);
                }
                Way::ToMatch => {
                    let matches = |number: &usize| {
                        self.search
                            .as_ref()
                            .is_none_or(|search| search.is_match(self.line(*number)))
                    };
                    let Some(found) = (self.at..self.end()).find(matches) else {
                        return Ok(true);
                    };
                    self.way = Way::Show;
                    self.show_from(found)?;
                }
                Way::Show if self.at == self.end() => return Ok(true),
                Way::Show if self.room == 0 => {
                    if !self.stop("")? {
                        return Ok(false);
                    }
                }
                Way::Show => {
                    let line = self
                        .lines
                        .get(self.at - self.first)
                        .map_or("", String::as_str);
                    writeln!(self.out, "{line}")?;
                    let rows = rows_of(line, self.size.columns);
                    self.room = self.room.saturating_sub(rows);
                    self.at += 1;
                    self.forget();
                }
            }
        }
    }

    /// Forgets lines that were shown long ago.
    fn forget(&mut self) {
        while self.at - self.first > KEPT {
            self.lines.pop_front();
            self.first += 1;
        }
    }

    /// Returns the number of the line that is `rows` screen rows above another line.
    fn back_from(&self, from: usize, mut rows: usize) -> usize {
        let mut at = from;
        while at > self.first {
            let needs = rows_of(self.line(at - 1), self.size.columns);
            if needs > rows {
                break;
            }
            rows -= needs;
            at -= 1;
        }
        at
    }

    /// Clears the screen; the next one begins with this line.
    fn show_from(&mut self, line: usize) -> io::Result<()> {
        match self.console.clears() {
            true => write!(self.out, "\x1b[H\x1b[2J")?,
            false => writeln!(self.out, "...")?,
        }
        self.at = line;
        self.room = page(self.size);
        Ok(())
    }

    /// Waits for a key and does what it stands for. Returns false when the operator wants no more.
    fn stop(&mut self, message: &str) -> io::Result<bool> {
        let mut message = message.to_owned();
        loop {
            let over = self.ended && self.at == self.end();
            let kind = if over { END } else { MORE };
            let mut prompt = match message.is_empty() {
                true => kind.to_owned(),
                false => format!("{kind} {message}"),
            };
            while prompt.width() >= self.size.columns.max(2) {
                prompt.pop();
            }
            message.clear();
            write!(self.out, "{prompt}")?;
            self.out.flush()?;
            let key = self.console.key();
            write!(self.out, "\r{:width$}\r", "", width = prompt.width())?;
            self.out.flush()?;
            // The window may have been dragged meanwhile.
            self.size = self.console.size();
            let page = page(self.size);
            match key {
                Key::Quit => return Ok(false),
                Key::Page | Key::Half | Key::Line | Key::All if over => return Ok(false),
                Key::Page => self.room = page,
                Key::Half => self.room = page.div_ceil(2),
                Key::Line => self.room = 1,
                Key::All => self.room = usize::MAX,
                Key::Back => {
                    let top = self.back_from(self.at, page);
                    self.show_from(self.back_from(top, page))?;
                }
                Key::LineBack => {
                    let top = self.back_from(self.at, page);
                    self.show_from(top.saturating_sub(1).max(self.first))?;
                }
                Key::Top => self.show_from(self.first)?,
                Key::End => self.way = Way::ToEnd,
                Key::Search => {
                    let Some(text) = self.console.ask("/") else {
                        continue;
                    };
                    if !text.is_empty() {
                        match Regex::new(&text) {
                            Ok(regex) => self.search = Some(regex),
                            Err(_) => {
                                message = "Not a regular expression".into();
                                continue;
                            }
                        }
                    }
                    if self.search.is_none() {
                        continue;
                    }
                    self.way = Way::ToMatch;
                }
                Key::Next if self.search.is_some() => self.way = Way::ToMatch,
                Key::Next => {
                    message = "Nothing searched for yet".into();
                    continue;
                }
                Key::Help => {
                    message = HELP.into();
                    continue;
                }
                Key::Other => continue,
            }
            return Ok(true);
        }
    }
}

/// Rows of text that a screen has.
fn page(size: Size) -> usize {
    size.rows.saturating_sub(1).max(1)
}

/// Returns the number of rows that a line takes on the screen. Escape sequences for colours take no room.
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

/// The terminal of this process.
pub(crate) struct Own {
    /// Rows and columns that the operator set.
    pub(crate) length: Option<usize>,
    pub(crate) width: Option<usize>,
}

impl Console for Own {
    fn size(&self) -> Size {
        let size = terminal::size();
        Size {
            columns: self.width.unwrap_or(size.columns),
            rows: self.length.unwrap_or(size.rows),
        }
    }

    fn key(&mut self) -> Key {
        terminal::key()
    }

    fn ask(&mut self, prompt: &str) -> Option<String> {
        terminal::ask(prompt)
    }

    fn clears(&self) -> bool {
        !terminal::is_dumb()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys that are typed in a test, one by one; then `q`.
    struct Typist<'a> {
        keys: std::slice::Iter<'a, (Key, &'a str)>,
        size: Size,
        asked: &'a mut usize,
        clears: bool,
    }

    impl Console for Typist<'_> {
        fn size(&self) -> Size {
            self.size
        }

        fn key(&mut self) -> Key {
            *self.asked += 1;
            match self.keys.as_slice().first() {
                Some((Key::Search, _)) => Key::Search,
                _ => self.keys.next().map_or(Key::Quit, |(key, _)| *key),
            }
        }

        fn ask(&mut self, _: &str) -> Option<String> {
            self.keys.next().map(|(_, text)| (*text).to_owned())
        }

        fn clears(&self) -> bool {
            self.clears
        }
    }

    fn paged(text: &str, (columns, rows): (usize, usize), keys: &[(Key, &str)]) -> (String, usize) {
        let (mut out, mut asked) = (Vec::new(), 0);
        let console = Typist {
            keys: keys.iter(),
            size: Size { columns, rows },
            asked: &mut asked,
            clears: false,
        };
        let mut pager = Pager::new(&mut out, console);
        // In parts, as a listing comes.
        let half = text.len() / 2;
        let half = text[..half].rfind('\n').map_or(0, |at| at + 1);
        if pager.write(&text[..half]).unwrap() && pager.write(&text[half..]).unwrap() {
            pager.finish().unwrap();
        }
        let shown = String::from_utf8(out).unwrap();
        let prompts = Regex::new(r"(?:--More--|\(END\))([^\r]*)\r *\r").unwrap();
        (prompts.replace_all(&shown, "|$1").into_owned(), asked)
    }

    fn keys(keys: &[Key]) -> Vec<(Key, &'static str)> {
        keys.iter().map(|key| (*key, "")).collect()
    }

    fn numbers(to: usize) -> String {
        (1..=to).map(|n| format!("{n}\n")).collect()
    }

    #[test]
    fn what_fits_is_not_stopped() {
        assert_eq!(paged("a\nb\nc\n", (80, 4), &[]), ("a\nb\nc\n".into(), 0));
    }

    #[test]
    fn a_key_goes_on_by_a_page_a_line_or_to_the_end() {
        let typed = keys(&[Key::Page, Key::Line, Key::Other, Key::All]);
        let (shown, asked) = paged(&numbers(7), (80, 3), &typed);
        assert_eq!(asked, 4);
        assert_eq!(shown, "1\n2\n|3\n4\n|5\n||6\n7\n");
        assert_eq!(paged(&numbers(7), (80, 3), &[]).0, "1\n2\n|");
        let (shown, _) = paged(&numbers(9), (80, 5), &keys(&[Key::Half, Key::Help]));
        assert_eq!(shown.lines().next_back().unwrap().matches('|').count(), 2);
        assert!(shown.starts_with("1\n2\n3\n4\n|5\n6\n|"), "{shown}");
    }

    #[test]
    fn it_goes_back_and_to_both_ends() {
        let typed = keys(&[Key::Page, Key::Back, Key::Page, Key::LineBack, Key::Top]);
        let (shown, _) = paged(&numbers(9), (80, 3), &typed);
        assert_eq!(
            shown,
            "1\n2\n|3\n4\n|...\n1\n2\n|3\n4\n|...\n2\n3\n|...\n1\n2\n|"
        );
        let (shown, _) = paged(
            &numbers(9),
            (80, 3),
            &keys(&[Key::End, Key::Back, Key::Page]),
        );
        assert_eq!(shown, "1\n2\n|...\n8\n9\n|...\n6\n7\n|8\n9\n|");
        // At the end a page more is enough.
        assert_eq!(
            paged(&numbers(9), (80, 3), &keys(&[Key::End, Key::Page])).1,
            2
        );
    }

    #[test]
    fn a_search_finds_the_next_line_that_matches() {
        let typed = [(Key::Search, "[58]"), (Key::Next, ""), (Key::Next, "")];
        let (shown, _) = paged(&numbers(9), (80, 3), &typed);
        assert_eq!(shown, "1\n2\n|...\n5\n6\n|...\n8\n9\n", "the end ends it");
        let (shown, _) = paged(&numbers(9), (80, 3), &[(Key::Search, "x"), (Key::Line, "")]);
        assert_eq!(shown, "1\n2\n|| Pattern not found3\n|");
        let (shown, _) = paged(&numbers(9), (80, 3), &[(Key::Search, "("), (Key::Next, "")]);
        assert_eq!(
            shown,
            "1\n2\n|| Not a regular expression| Nothing searched for yet"
        );
    }

    #[test]
    fn long_lines_take_more_rows_and_colours_none() {
        assert_eq!(paged("aaaaaaaaaa\nb\nc\n", (5, 3), &keys(&[Key::All])).1, 1);
        assert_eq!(rows_of("\x1b[32mabc\x1b[0m", 3), 1);
        assert_eq!(rows_of("漢字", 3), 2);
        assert_eq!(rows_of("", 80), 1);
        // A screen of one column, and one of none.
        assert_eq!(
            paged("a\nb\nc\n", (1, 2), &keys(&[Key::Page, Key::Page])).1,
            2
        );
        assert_eq!(paged("a\nb\n", (0, 0), &keys(&[Key::Page])).1, 1);
    }
}
