//! A live screen: a text that is drawn again in place until q or Ctrl-C. On a terminal without cursor movement, and
//! where there is none at all, the texts come one after the other.

use std::io::{self, IsTerminal as _, Read as _, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use unicode_width::UnicodeWidthChar;

use crate::terminal::{Size, is_dumb, size};
use crate::trouble::Failure;

/// How often the size of the terminal is checked while no key is typed.
const SLICE: Duration = Duration::from_millis(100);

/// A text that changes and is drawn again and again.
pub(crate) trait Watched {
    /// Returns the present text. `size` is that of the screen; `None` where texts are printed one after the other.
    /// Lines and columns that do not fit are cut.
    ///
    /// # Errors
    /// What ends the watching.
    fn frame(&mut self, size: Option<Size>) -> Result<String, Failure>;

    /// A key was typed that means nothing here. True: draw again at once.
    fn key(&mut self, _: char) -> bool {
        false
    }
}

/// Draws `watched` at this interval until the operator leaves.
///
/// # Errors
/// That of a frame; the terminal is as it was before.
pub(crate) fn watch(watched: &mut impl Watched, every: Duration) -> Result<(), Failure> {
    let keys = Keys::new();
    let result = match io::stdout().is_terminal() && !is_dumb() {
        true => in_place(watched, every, keys.as_ref()),
        false => line_by_line(watched, every, keys.as_ref()),
    };
    drop(keys);
    match result {
        Ok(()) | Err(Stop::Enough) => Ok(()),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}

/// Why the watching ends.
enum Stop {
    Enough,
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failed(failure)
    }
}

/// A screen that is gone has nobody who watches.
impl From<io::Error> for Stop {
    fn from(_: io::Error) -> Stop {
        Stop::Enough
    }
}

fn in_place(watched: &mut impl Watched, every: Duration, keys: Option<&Keys>) -> Result<(), Stop> {
    let screen = Alternate::enter()?;
    loop {
        let size = size();
        let frame = asked(keys, || watched.frame(Some(size)))?;
        screen.draw(&frame, size)?;
        let mut waited = Duration::ZERO;
        while waited < every && crate::terminal::size() == size {
            waited += SLICE;
            match wait(keys, SLICE) {
                Some(Typed::Quit) => return Ok(()),
                Some(Typed::Redraw) => break,
                Some(Typed::Key(key)) if watched.key(key) => break,
                Some(Typed::Key(_)) | None => {}
            }
        }
    }
}

fn line_by_line(
    watched: &mut impl Watched,
    every: Duration,
    keys: Option<&Keys>,
) -> Result<(), Stop> {
    loop {
        let frame = asked(keys, || watched.frame(None))?;
        let mut out = io::stdout().lock();
        writeln!(out, "{}", frame.trim_end())?;
        out.flush()?;
        drop(out);
        let mut waited = Duration::ZERO;
        while waited < every {
            waited += SLICE;
            match wait(keys, SLICE) {
                Some(Typed::Quit) => return Ok(()),
                Some(Typed::Redraw) => break,
                Some(Typed::Key(key)) if watched.key(key) => break,
                Some(Typed::Key(_)) | None => {}
            }
        }
    }
}

/// While a frame is asked for Ctrl-C is a signal, so that it gives a daemon up that does not answer.
fn asked(
    keys: Option<&Keys>,
    frame: impl FnOnce() -> Result<String, Failure>,
) -> Result<String, Failure> {
    if let Some(keys) = keys {
        keys.signals(true);
    }
    let frame = frame();
    if let Some(keys) = keys {
        keys.signals(false);
    }
    frame
}

/// The terminal's second screen, without a cursor. Dropping it brings the first one back.
struct Alternate;

impl Alternate {
    fn enter() -> io::Result<Alternate> {
        let mut out = io::stdout().lock();
        out.write_all(b"\x1b[?1049h\x1b[?25l\x1b[2J")?;
        out.flush()?;
        Ok(Alternate)
    }

    fn draw(&self, text: &str, size: Size) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(fitted(text, size).as_bytes())?;
        out.flush()
    }
}

impl Drop for Alternate {
    fn drop(&mut self) {
        let mut out = io::stdout().lock();
        // Nothing can be done about a terminal that is gone.
        let _ = out
            .write_all(b"\x1b[?25h\x1b[?1049l")
            .and_then(|()| out.flush());
    }
}

/// The text with what clears the rest of each line and of the screen, cut to the size. Colours (`ESC [ … m`) take no
/// room; everything else that would steer the terminal is a text's own fault.
fn fitted(text: &str, size: Size) -> String {
    let mut out = String::from("\x1b[H");
    for (row, line) in text.lines().take(size.rows).enumerate() {
        if row > 0 {
            out.push_str("\r\n");
        }
        let mut width = 0;
        let mut colour = false;
        for c in line.chars() {
            colour |= c == '\x1b';
            if colour {
                out.push(c);
                colour = c != 'm';
                continue;
            }
            width += c.width().unwrap_or(0);
            if width > size.columns {
                break;
            }
            out.push(c);
        }
        out.push_str("\x1b[0m\x1b[K");
    }
    out.push_str("\x1b[J");
    out
}

/// Keys of standard input as they are typed, without echo. Dropping it restores the terminal.
struct Keys {
    saved: Termios,
    input: std::fs::File,
}

/// What was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Typed {
    Quit,
    Redraw,
    Key(char),
}

impl Keys {
    /// None: standard input is no terminal.
    fn new() -> Option<Keys> {
        let stdin = io::stdin();
        let saved = tcgetattr(stdin.as_fd()).ok()?;
        // Past the standard library's buffer: what it holds would be lost to the line editor.
        let input = stdin.as_fd().try_clone_to_owned().ok()?.into();
        let keys = Keys { saved, input };
        keys.signals(false);
        Some(keys)
    }

    /// Keys come one by one and unseen; with `on` Ctrl-C is a signal, otherwise a key.
    fn signals(&self, on: bool) {
        let mut raw = self.saved.clone();
        raw.local_flags
            .remove(LocalFlags::ECHO | LocalFlags::ICANON);
        raw.local_flags.set(LocalFlags::ISIG, on);
        // A terminal that is gone is noticed when a key is read.
        let _ = tcsetattr(io::stdin().as_fd(), SetArg::TCSADRAIN, &raw);
    }

    fn ready(&self, within: Duration) -> bool {
        let timeout = PollTimeout::try_from(within).unwrap_or(PollTimeout::ZERO);
        poll(
            &mut [PollFd::new(self.input.as_fd(), PollFlags::POLLIN)],
            timeout,
        )
        .is_ok_and(|ready| ready > 0)
    }

    fn octet(&self) -> Option<u8> {
        let mut octet = [0];
        match (&self.input).read(&mut octet) {
            Ok(1) => Some(octet[0]),
            _ => None,
        }
    }

    /// The key that is there. A terminal that is gone quits.
    fn read(&self) -> Option<Typed> {
        Some(match self.octet() {
            None | Some(b'q' | b'Q' | 0x03 | 0x04) => Typed::Quit,
            Some(0x0c) => Typed::Redraw,
            Some(0x1b) => {
                // A key with a sequence, an arrow say, means nothing here; one alone is Escape.
                let mut more = false;
                while self.ready(Duration::from_millis(50)) {
                    more = true;
                    match self.octet() {
                        Some(b'[' | b'O' | b';' | b'0'..=b'9') => {}
                        _ => break,
                    }
                }
                return (!more).then_some(Typed::Quit);
            }
            Some(octet) if octet.is_ascii() => Typed::Key(char::from(octet)),
            Some(_) => return None,
        })
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // Nothing can be done about a terminal that is gone.
        let _ = tcsetattr(io::stdin().as_fd(), SetArg::TCSADRAIN, &self.saved);
    }
}

fn wait(keys: Option<&Keys>, within: Duration) -> Option<Typed> {
    match keys {
        Some(keys) if keys.ready(within) => keys.read(),
        Some(_) => None,
        None => {
            std::thread::sleep(within);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_cut_to_the_screen_and_colours_take_no_room() {
        let size = Size {
            columns: 4,
            rows: 2,
        };
        assert_eq!(
            fitted("abcdef\n\x1b[31mabcdef\nmore\n", size),
            "\x1b[Habcd\x1b[0m\x1b[K\r\n\x1b[31mabcd\x1b[0m\x1b[K\x1b[J"
        );
        assert_eq!(fitted("日本語", size), "\x1b[H日本\x1b[0m\x1b[K\x1b[J");
        assert_eq!(fitted("", size), "\x1b[H\x1b[J");
    }
}
