//! The part of a savefile that is in memory, moving from its front to its back: mapped where that is possible, read
//! from pipes and where it is not.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt;

use super::window::Window;

/// Octets read at a time if the file cannot be mapped: they fit the second-level cache.
const BUFFER: usize = 256 << 10;
/// How many octets ahead of the reader the file is prefetched into the CPU caches.
const AHEAD: usize = 4096;

/// A file or pipe and the part of it that is in view.
pub(super) struct View {
    file: File,
    octets: Octets,
    /// Offset of the part in the file.
    start: u64,
    /// Octets of the part that have been read.
    from: usize,
}

enum Octets {
    Mapped(Window),
    Read(Vec<u8>),
    /// As `Read`, of what has no offsets.
    Piped(Vec<u8>),
}

impl View {
    /// A view of the start of the file, with nothing in it yet.
    pub(super) fn new(file: File) -> io::Result<View> {
        let octets = match file.metadata()?.is_file() {
            true => Window::new().map_or(Octets::Read(Vec::new()), Octets::Mapped),
            false => Octets::Piped(Vec::new()),
        };
        Ok(View {
            file,
            octets,
            start: 0,
            from: 0,
        })
    }

    /// Whether the octets come from a pipe or the like, which can be read only once.
    pub(super) fn is_piped(&self) -> bool {
        matches!(self.octets, Octets::Piped(_))
    }

    /// Octets of the file read so far.
    pub(super) fn position(&self) -> u64 {
        self.start + self.from as u64
    }

    /// The octets in view that have not been read.
    #[inline(always)]
    pub(super) fn rest(&self) -> &[u8] {
        self.octets().get(self.from..).unwrap_or_default()
    }

    /// Prefetches what will be read soon.
    #[inline(always)]
    pub(super) fn prefetch(&self) {
        if let Octets::Mapped(window) = &self.octets {
            window.fetch(self.from + AHEAD);
        }
    }

    /// Takes the next `octets`, which must be in view, as read and returns them.
    #[inline(always)]
    pub(super) fn consume(&mut self, octets: usize) -> &[u8] {
        let from = self.from;
        self.from += octets;
        self.octets().get(from..self.from).unwrap_or_default()
    }

    #[inline(always)]
    fn octets(&self) -> &[u8] {
        match &self.octets {
            Octets::Mapped(window) => window.octets(),
            Octets::Read(buffer) | Octets::Piped(buffer) => buffer,
        }
    }

    /// Checks that the file was not truncated under the octets in view.
    pub(super) fn check_intact(&self) -> Result<(), String> {
        match &self.octets {
            Octets::Mapped(window) if window.was_truncated() => {
                Err("the file was cut while it was read".into())
            }
            _ => Ok(()),
        }
    }

    /// Moves the view until `want` unread octets are in it or the file ends. Returns how many there are.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn fill(&mut self, want: usize) -> Result<usize, String> {
        if self.rest().len() < want {
            self.fetch(want).map_err(|error| error.to_string())?;
        }
        Ok(self.rest().len())
    }

    /// Takes the next `octets` as read, in view or not. Returns how many of them there were.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn skip(&mut self, octets: u64) -> Result<u64, String> {
        let mut left = octets;
        loop {
            let here = left.min(self.rest().len() as u64);
            self.from += here as usize;
            left -= here;
            if left == 0 {
                return Ok(octets);
            }
            if !self.is_piped() {
                let size = self.file.metadata().map_err(|error| error.to_string())?;
                let there = left.min(size.len().saturating_sub(self.position()));
                self.jump(self.position() + there);
                return Ok(octets - left + there);
            }
            if self.fill(1)? == 0 {
                return Ok(octets - left);
            }
        }
    }

    /// Moves to an offset of the file behind what is in view.
    fn jump(&mut self, to: u64) {
        // A part that ends there: the next one that is wanted begins there.
        self.from = self.octets().len();
        self.start = to - self.from as u64;
    }

    #[cold]
    fn fetch(&mut self, want: usize) -> io::Result<()> {
        if let Octets::Mapped(window) = &mut self.octets {
            let at = self.start + self.from as u64;
            // Asked each time, because the file may have grown.
            let size = self.file.metadata()?.len();
            match window.seek(&self.file, size, at, want) {
                Ok(from) => {
                    (self.start, self.from) = (at - from as u64, from);
                    return Ok(());
                }
                // Not every file system supports mapping.
                Err(_) => {
                    self.octets = Octets::Read(Vec::new());
                    (self.start, self.from) = (at, 0);
                }
            }
        }
        let (file, start) = (&mut self.file, self.start + self.from as u64);
        let (buffer, piped) = match &mut self.octets {
            Octets::Read(buffer) => (buffer, false),
            Octets::Piped(buffer) => (buffer, true),
            Octets::Mapped(_) => return Ok(()),
        };
        buffer.drain(..self.from.min(buffer.len()));
        (self.start, self.from) = (start, 0);
        // Memory grows with what is there, not with what is wanted.
        while buffer.len() < want {
            let len = buffer.len();
            buffer.resize(len + BUFFER, 0);
            let space = &mut buffer[len..];
            let read = match piped {
                true => file.read(space),
                false => file.read_at(space, start + len as u64),
            };
            buffer.truncate(len + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::OwnedFd;

    use super::*;

    /// Octets whose place can be told from their values.
    fn octets(len: usize) -> Vec<u8> {
        (0..len).map(|at| (at / 251 + at) as u8).collect()
    }

    /// Fills, reads and skips alike through a view of any kind.
    fn walk(mut view: View, all: &[u8]) {
        let mut at = 0;
        for (step, want) in [4, 1000, 0, 300_000, 1, 9_000_000, 17, 5_000_000]
            .into_iter()
            .cycle()
            .enumerate()
        {
            let left = all.len() - at;
            if step % 3 == 2 {
                let skipped = view.skip(want as u64).unwrap() as usize;
                assert_eq!(skipped, want.min(left));
                at += skipped;
            } else {
                let got = view.fill(want).unwrap();
                assert!(got >= want.min(left) && got <= left);
                assert!(view.rest()[..want.min(left)] == all[at..at + want.min(left)]);
                view.consume(want.min(left));
                at += want.min(left);
            }
            assert_eq!(view.position(), at as u64);
            view.check_intact().unwrap();
            if at == all.len() {
                assert_eq!((view.fill(1), view.skip(1)), (Ok(0), Ok(0)));
                return;
            }
        }
    }

    #[test]
    fn files_and_pipes_are_walked_through_alike() {
        let all = octets(40_000_000);
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&all).unwrap();
        // Mapped, unless another test of this process has the window.
        walk(View::new(file.try_clone().unwrap()).unwrap(), &all);
        let mut read = View::new(file).unwrap();
        read.octets = Octets::Read(Vec::new());
        walk(read, &all);
        let (reader, mut writer) = io::pipe().unwrap();
        let feeder = std::thread::spawn({
            let all = all.clone();
            move || writer.write_all(&all).unwrap()
        });
        let piped = View::new(File::from(OwnedFd::from(reader))).unwrap();
        assert!(piped.is_piped());
        walk(piped, &all);
        feeder.join().unwrap();
    }
}
