//! Reads the common savefile format (pcap 2.4 in either byte order, with micro- or nanoseconds,
//! draft-ietf-opsawg-pcap) without libpcap's call and copy for each packet. libpcap reads everything else.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::window::Window;

/// Octets of the file header.
const FILE_HEADER: usize = 24;
/// Octets of a packet's header.
const PACKET_HEADER: usize = 16;
/// Octets read at a time if the file cannot be mapped: they fit the second-level cache.
const BUFFER: usize = 256 << 10;
/// How many octets ahead of the reader the file is prefetched into the CPU caches.
const AHEAD: usize = 4096;
/// The longest packet libpcap reads (its `MAXIMUM_SNAPLEN`).
const LONGEST: u32 = 262_144;

/// A savefile of the common format.
pub(super) struct Classic {
    file: File,
    big_endian: bool,
    /// Nanoseconds in a unit of the time stamp's second field.
    unit_ns: u64,
    /// Most octets of a packet that are returned.
    snaplen: u32,
    view: View,
    /// Offset of the view in the file.
    start: u64,
    /// Octets of the view that have been read.
    from: usize,
}

/// A part of the file in memory.
enum View {
    Mapped(Window),
    Read(Vec<u8>),
}

impl View {
    #[inline(always)]
    fn octets(&self) -> &[u8] {
        match self {
            View::Mapped(window) => window.octets(),
            View::Read(buffer) => buffer,
        }
    }
}

/// A packet record.
pub(super) struct Record<'a> {
    pub(super) time_ns: u64,
    pub(super) wire_len: u32,
    pub(super) data: &'a [u8],
}

impl Classic {
    /// Reads the header of a file that libpcap has accepted. Returns `None` and leaves the position as it was if
    /// the format is another one.
    pub(super) fn open(file: File) -> io::Result<Option<Classic>> {
        if !file.metadata()?.is_file() {
            return Ok(None);
        }
        let mut header = [0; FILE_HEADER];
        file.read_exact_at(&mut header, 0)?;
        let [m0, m1, m2, m3, v0, v1, v2, v3, ..] = header;
        let (big_endian, unit_ns) = match [m0, m1, m2, m3] {
            [0xa1, 0xb2, 0xc3, 0xd4] => (true, 1000),
            [0xa1, 0xb2, 0x3c, 0x4d] => (true, 1),
            [0xd4, 0xc3, 0xb2, 0xa1] => (false, 1000),
            [0x4d, 0x3c, 0xb2, 0xa1] => (false, 1),
            _ => return Ok(None),
        };
        let version = if big_endian {
            [0, 2, 0, 4]
        } else {
            [2, 0, 4, 0]
        };
        if [v0, v1, v2, v3] != version {
            return Ok(None);
        }
        let snaplen = match number(&header, 16, big_endian) {
            0 => LONGEST,
            snaplen => snaplen.min(LONGEST),
        };
        Ok(Some(Classic {
            file,
            big_endian,
            unit_ns,
            snaplen,
            view: Window::new().map_or(View::Read(Vec::new()), View::Mapped),
            start: FILE_HEADER as u64,
            from: 0,
        }))
    }

    /// Octets of the file read so far.
    pub(super) fn position(&self) -> u64 {
        self.start + self.from as u64
    }

    /// The next record, if all of it is in view.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Option<Record<'_>> {
        if let View::Mapped(window) = &self.view {
            window.fetch(self.from + AHEAD);
        }
        let octets = self.view.octets().get(self.from..)?;
        let (header, rest) = octets.split_first_chunk::<PACKET_HEADER>()?;
        let [time_ns, captured, wire_len] = self.header(header);
        let captured = captured as usize;
        if captured > rest.len() || captured > LONGEST as usize {
            return None;
        }
        self.from += PACKET_HEADER + captured;
        Some(Record {
            time_ns,
            wire_len: wire_len as u32,
            // The file's snaplen may be smaller than the packet: the surplus does not count.
            data: rest.get(..captured.min(self.snaplen as usize))?,
        })
    }

    /// Returns the time stamp in nanoseconds, the octets captured and those on the wire.
    #[inline(always)]
    fn header(&self, octets: &[u8; PACKET_HEADER]) -> [u64; 3] {
        let [
            s0,
            s1,
            s2,
            s3,
            f0,
            f1,
            f2,
            f3,
            c0,
            c1,
            c2,
            c3,
            w0,
            w1,
            w2,
            w3,
        ] = *octets;
        let words = [
            [s0, s1, s2, s3],
            [f0, f1, f2, f3],
            [c0, c1, c2, c3],
            [w0, w1, w2, w3],
        ];
        let [seconds, fraction, captured, wire_len] = if self.big_endian {
            words.map(|word| u64::from(u32::from_be_bytes(word)))
        } else {
            words.map(|word| u64::from(u32::from_le_bytes(word)))
        };
        [
            seconds * 1_000_000_000 + fraction * self.unit_ns,
            captured,
            wire_len,
        ]
    }

    /// Checks that the file was not truncated under the packets returned so far.
    pub(super) fn check_intact(&self) -> Result<(), String> {
        match &self.view {
            View::Mapped(window) if window.was_truncated() => {
                Err("the file was cut while it was read".into())
            }
            View::Mapped(_) | View::Read(_) => Ok(()),
        }
    }

    /// Brings the whole next record into view. Returns false at the end of the file.
    ///
    /// # Errors
    /// What is wrong with the file at this place. Nothing more can be read.
    #[cold]
    pub(super) fn advance(&mut self) -> Result<bool, String> {
        self.check_intact()?;
        match self.fill(PACKET_HEADER)? {
            0 => return Ok(false),
            got @ ..PACKET_HEADER => {
                return Err(format!(
                    "the file is cut in a packet's header, {got} of {PACKET_HEADER} octets are there"
                ));
            }
            _ => {}
        }
        let header = self.view.octets()[self.from..].first_chunk();
        let [_, captured, _] = header.map_or([0; 3], |header| self.header(header));
        if captured > LONGEST.into() {
            return Err(format!(
                "a packet claims {captured} octets, more than the {LONGEST} there may be"
            ));
        }
        let len = PACKET_HEADER + captured as usize;
        match self.fill(len)? {
            got if got < len => {
                let got = got - PACKET_HEADER;
                Err(format!(
                    "the file is cut in a packet, {got} of {captured} octets are there"
                ))
            }
            _ => Ok(true),
        }
    }

    /// Moves the view until it has `want` octets or the file ends. Returns how many there are.
    fn fill(&mut self, want: usize) -> Result<usize, String> {
        if self.view.octets().len() - self.from >= want {
            return Ok(self.view.octets().len() - self.from);
        }
        let at = self.position();
        self.fetch(at, want).map_err(|error| error.to_string())?;
        Ok(self.view.octets().len() - self.from)
    }

    fn fetch(&mut self, at: u64, want: usize) -> io::Result<()> {
        if let View::Mapped(window) = &mut self.view {
            // Asked each time, because the file may have grown.
            let size = self.file.metadata()?.len();
            match window.seek(&self.file, size, at, want) {
                Ok(from) => {
                    (self.start, self.from) = (at - from as u64, from);
                    return Ok(());
                }
                // Not every file system supports mapping.
                Err(_) => self.view = View::Read(Vec::new()),
            }
        }
        let View::Read(buffer) = &mut self.view else {
            return Ok(());
        };
        (self.start, self.from) = (at, 0);
        buffer.resize(want.next_multiple_of(BUFFER), 0);
        let mut len = 0;
        while len < want {
            match self.file.read_at(&mut buffer[len..], at + len as u64) {
                Ok(0) => break,
                Ok(octets) => len += octets,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        buffer.truncate(len);
        Ok(())
    }
}

#[inline(always)]
fn number(octets: &[u8], at: usize, big_endian: bool) -> u32 {
    let octets = octets
        .get(at..)
        .and_then(|octets| octets.first_chunk())
        .copied()
        .unwrap_or_default();
    if big_endian {
        u32::from_be_bytes(octets)
    } else {
        u32::from_le_bytes(octets)
    }
}
