//! What the terminal can do, and its modes.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// How text is painted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// ANSI colours.
    pub(crate) colour: bool,
}

impl Look {
    /// Colours only on a terminal that has them, and never with `NO_COLOR` (<https://no-color.org>).
    pub(crate) fn of_stdout() -> Look {
        let asked_not = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Look {
            colour: io::stdout().is_terminal() && !asked_not && !is_dumb(),
        }
    }
}

/// Prints; a reader that went away ends the program quietly, as it ends others in a pipeline. That a terminal went away
/// is noticed when a key is read.
pub(crate) fn print(text: &str) {
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush())
        && error.kind() == io::ErrorKind::BrokenPipe
    {
        std::process::exit(0);
    }
}

/// A terminal without cursor movement.
pub(crate) fn is_dumb() -> bool {
    std::env::var("TERM").map_or(true, |term| {
        matches!(term.as_str(), "" | "dumb" | "emacs" | "cons25")
    })
}

/// While it lives the terminal does not echo what is typed ahead: the line editor shows it when it is read.
/// Dropping it restores the terminal.
pub(crate) struct Quiet(Termios);

impl Quiet {
    pub(crate) fn new() -> Option<Quiet> {
        let saved = tcgetattr(io::stdin().as_fd()).ok()?;
        let mut quiet = saved.clone();
        quiet.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(io::stdin().as_fd(), SetArg::TCSADRAIN, &quiet).ok()?;
        Some(Quiet(saved))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // Nothing can be done about a terminal that is gone.
        let _ = tcsetattr(io::stdin().as_fd(), SetArg::TCSADRAIN, &self.0);
    }
}

/// Rows from which on a terminal is taken for an automation library's. netmiko asks for 1,000; no person's screen has so many.
const AUTOMATED: usize = 500;

/// Whether a library, and no person, is at the terminal.
pub(crate) fn is_automated() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal() && size().rows >= AUTOMATED
}

/// Columns and rows of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

/// That of standard output; a terminal that does not tell is a serial console.
pub(crate) fn size() -> Size {
    match rustix::termios::tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => Size {
            columns: size.ws_col.into(),
            rows: size.ws_row.into(),
        },
        _ => Size {
            columns: 80,
            rows: 24,
        },
    }
}

/// A key, as far as a pager cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Page,
    Half,
    Line,
    All,
    Back,
    LineBack,
    Top,
    End,
    Search,
    Next,
    Help,
    Quit,
    Other,
}

/// Waits for a key without echoing it. A terminal that is gone quits.
pub(crate) fn key() -> Key {
    raw(read_key).unwrap_or(Key::Quit)
}

/// Reads a line below what is shown; Ctrl-C and Escape give it up.
pub(crate) fn ask(prompt: &str) -> Option<String> {
    let mut out = io::stdout().lock();
    let mut show = |text: &str| {
        // A terminal that is gone is noticed when a key is read.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    };
    show(prompt);
    let line = raw(|input| read_line(input, &mut show)).flatten();
    show("\r\x1b[K");
    line
}

/// Keys one by one, unseen, and past the standard library's buffer: what that holds would be lost to the line editor.
/// `None`: the terminal is gone.
fn raw<T>(read: impl FnOnce(&mut File) -> T) -> Option<T> {
    let saved = tcgetattr(io::stdin().as_fd()).ok()?;
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned().ok()?);
    let mut raw = saved.clone();
    raw.local_flags
        .remove(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG);
    tcsetattr(io::stdin().as_fd(), SetArg::TCSADRAIN, &raw).ok()?;
    let read = read(&mut input);
    // As in `Quiet`.
    let _ = tcsetattr(io::stdin().as_fd(), SetArg::TCSADRAIN, &saved);
    Some(read)
}

/// The rest of a key's escape sequence follows within this time even on a slow line.
const SEQUENCE: Duration = Duration::from_millis(50);

fn octet(input: &mut File) -> Option<u8> {
    let mut octet = [0];
    matches!(input.read(&mut octet), Ok(1)).then_some(octet[0])
}

fn read_key(input: &mut File) -> Key {
    match octet(input) {
        None | Some(b'q' | b'Q' | 0x03 | 0x04) => Key::Quit,
        Some(b' ' | b'f' | 0x06) => Key::Page,
        Some(b'd') => Key::Half,
        Some(b'\r' | b'\n' | b'j') => Key::Line,
        Some(b'a') => Key::All,
        Some(b'b' | 0x02) => Key::Back,
        Some(b'k') => Key::LineBack,
        Some(b'g' | b'<') => Key::Top,
        Some(b'G' | b'>') => Key::End,
        Some(b'/') => Key::Search,
        Some(b'n') => Key::Next,
        Some(b'h' | b'?') => Key::Help,
        Some(0x1b) => match sequence(input).as_slice() {
            [] => Key::Quit,
            [.., b'6', b'~'] => Key::Page,
            [.., b'5', b'~'] => Key::Back,
            [.., b'B'] => Key::Line,
            [.., b'A'] => Key::LineBack,
            [.., b'H'] | [.., b'1', b'~'] => Key::Top,
            [.., b'F'] | [.., b'4', b'~'] => Key::End,
            _ => Key::Other,
        },
        Some(_) => Key::Other,
    }
}

/// What follows an Escape at once: the rest of a key such as page-down.
fn sequence(input: &mut File) -> Vec<u8> {
    let timeout = PollTimeout::try_from(SEQUENCE).unwrap_or(PollTimeout::ZERO);
    let mut octets = Vec::new();
    while poll(
        &mut [PollFd::new(input.as_fd(), PollFlags::POLLIN)],
        timeout,
    )
    .is_ok_and(|ready| ready > 0)
        && let Some(octet) = octet(input)
    {
        octets.push(octet);
        if octet == b'~' || octet.is_ascii_alphabetic() && octet != b'O' {
            break;
        }
    }
    octets
}

/// A line that is typed, shown as it is. `None`: it was given up.
fn read_line(input: &mut File, show: &mut impl FnMut(&str)) -> Option<String> {
    let mut line = Vec::new();
    loop {
        match octet(input)? {
            b'\r' | b'\n' => return Some(String::from_utf8_lossy(&line).into_owned()),
            0x03 | 0x04 | 0x07 => return None,
            0x1b if sequence(input).is_empty() => return None,
            0x08 | 0x7f => {
                let text = String::from_utf8_lossy(&line).into_owned();
                let last = text.chars().next_back()?;
                line = text.into_bytes();
                line.truncate(line.len() - last.len_utf8());
                show(&"\x08 \x08".repeat(last.width().unwrap_or(0)));
            }
            0x15 => {
                let width = String::from_utf8_lossy(&line).width();
                show(&"\x08 \x08".repeat(width));
                line.clear();
            }
            octet if octet >= 0x20 => {
                line.push(octet);
                // A character is shown when it is whole.
                if std::str::from_utf8(&line).is_ok() {
                    let from = line.len() - tail_len(&line);
                    show(&String::from_utf8_lossy(&line[from..]));
                }
            }
            _ => {}
        }
    }
}

/// Octets of the last character.
fn tail_len(line: &[u8]) -> usize {
    let text = String::from_utf8_lossy(line);
    text.chars().next_back().map_or(0, char::len_utf8)
}
