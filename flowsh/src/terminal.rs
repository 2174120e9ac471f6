//! What the terminal can do, and its modes.

use std::io::{self, IsTerminal as _, Read as _};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

use crate::output::Answer;

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

    /// The answer's text; marked lines in the colour of their mark.
    pub(crate) fn painted(self, answer: &Answer) -> String {
        if !self.colour || !answer.marked {
            return answer.text.clone();
        }
        let mut text = String::new();
        for line in answer.text.lines() {
            let colour = match line.bytes().next() {
                Some(b'+') => "\x1b[32m",
                Some(b'-') => "\x1b[31m",
                Some(b'>') => "\x1b[33m",
                _ => "",
            };
            text.push_str(colour);
            text.push_str(line);
            text.push_str(if colour.is_empty() { "\n" } else { "\x1b[0m\n" });
        }
        text
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

/// A key, as far as a pager cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Page,
    Line,
    All,
    Quit,
    Other,
}

/// Waits for a key without echoing it. A terminal that is gone quits.
pub(crate) fn key() -> Key {
    let Ok(saved) = tcgetattr(io::stdin().as_fd()) else {
        return Key::Quit;
    };
    let mut raw = saved.clone();
    raw.local_flags
        .remove(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG);
    if tcsetattr(io::stdin().as_fd(), SetArg::TCSADRAIN, &raw).is_err() {
        return Key::Quit;
    }
    let key = read_key();
    // As in `Quiet`.
    let _ = tcsetattr(io::stdin().as_fd(), SetArg::TCSADRAIN, &saved);
    key
}

/// The rest of a key's escape sequence follows within this time even on a slow line.
const SEQUENCE: Duration = Duration::from_millis(50);

fn read_key() -> Key {
    let mut octet = [0];
    // Past the standard library's buffer: what it holds would be lost to the line editor.
    let Ok(fd) = io::stdin().as_fd().try_clone_to_owned() else {
        return Key::Quit;
    };
    let mut file = std::fs::File::from(fd);
    if !matches!(file.read(&mut octet), Ok(1)) {
        return Key::Quit;
    }
    match octet[0] {
        b' ' | b'f' => Key::Page,
        b'\r' | b'\n' | b'j' => Key::Line,
        b'G' | b'a' => Key::All,
        b'q' | b'Q' | 0x03 | 0x04 => Key::Quit,
        0x1b => {
            // The terminal's page-down, arrow-down and the like: page on.
            let timeout = PollTimeout::try_from(SEQUENCE).unwrap_or(PollTimeout::ZERO);
            let mut more = false;
            while poll(&mut [PollFd::new(file.as_fd(), PollFlags::POLLIN)], timeout)
                .is_ok_and(|ready| ready > 0)
                && matches!(file.read(&mut octet), Ok(1))
            {
                more = true;
                if matches!(octet[0], b'~' | b'A'..=b'Z') && octet[0] != b'O' {
                    break;
                }
            }
            if more { Key::Page } else { Key::Quit }
        }
        _ => Key::Other,
    }
}
