//! The common savefile, read without libpcap's call and copy a packet: pcap 2.4, either byte order, micro- or
//! nanoseconds (draft-ietf-opsawg-pcap). Everything else is libpcap's.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

/// Octets of the file header.
const FILE_HEADER: usize = 24;
/// Octets of a packet's header.
const PACKET_HEADER: usize = 16;
/// Octets fetched at a time: they stay in the second-level cache.
const BUFFER: usize = 256 << 10;
/// The longest packet libpcap reads (its `MAXIMUM_SNAPLEN`).
const LONGEST: u32 = 262_144;

/// A savefile of the common kind.
pub(super) struct Classic {
    file: File,
    big_endian: bool,
    /// Nanoseconds in a unit of the second field of a stamp.
    unit_ns: u64,
    /// Octets of a packet that are handed on.
    snaplen: u32,
    buffer: Vec<u8>,
    /// What of the buffer is not read yet.
    from: usize,
    to: usize,
}

/// One record.
pub(super) struct Record<'a> {
    pub(super) time_ns: u64,
    pub(super) wire_len: u32,
    pub(super) data: &'a [u8],
}

impl Classic {
    /// Reads the header of a file that libpcap has accepted; `None` when it is of another kind, and its position is
    /// where it was.
    pub(super) fn open(mut file: File) -> io::Result<Option<Classic>> {
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
        file.seek(SeekFrom::Start(FILE_HEADER as u64))?;
        Ok(Some(Classic {
            file,
            big_endian,
            unit_ns,
            snaplen,
            buffer: vec![0; BUFFER],
            from: 0,
            to: 0,
        }))
    }

    /// The next record; `None` at the end.
    ///
    /// # Errors
    /// What is wrong with the file here; nothing more can be read.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<Record<'_>>, String> {
        if self.to - self.from < PACKET_HEADER {
            match self.fill(PACKET_HEADER)? {
                0 => return Ok(None),
                got @ ..PACKET_HEADER => {
                    return Err(format!(
                        "the file is cut in a packet's header, {got} of {PACKET_HEADER} octets are there"
                    ));
                }
                _ => {}
            }
        }
        let header = &self.buffer[self.from..self.from + PACKET_HEADER];
        let of = |at| number(header, at, self.big_endian);
        let (seconds, fraction, captured, wire_len) = (of(0), of(4), of(8), of(12));
        if captured > LONGEST {
            return Err(format!(
                "a packet claims {captured} octets, more than the {LONGEST} there may be"
            ));
        }
        let len = PACKET_HEADER + captured as usize;
        if self.to - self.from < len {
            let got = self.fill(len)?;
            if got < len {
                let (got, want) = (got - PACKET_HEADER, captured);
                return Err(format!(
                    "the file is cut in a packet, {got} of {want} octets are there"
                ));
            }
        }
        let start = self.from + PACKET_HEADER;
        self.from += len;
        // Longer than the file says its packets are: the surplus is not the packet's.
        let data = &self.buffer[start..start + captured.min(self.snaplen) as usize];
        let time_ns = u64::from(seconds) * 1_000_000_000 + u64::from(fraction) * self.unit_ns;
        Ok(Some(Record {
            time_ns,
            wire_len,
            data,
        }))
    }

    /// Fetches until there are `want` octets, or the file ends. Returns how many there are.
    fn fill(&mut self, want: usize) -> Result<usize, String> {
        self.buffer.copy_within(self.from..self.to, 0);
        (self.from, self.to) = (0, self.to - self.from);
        if self.buffer.len() < want {
            self.buffer.resize(want.next_multiple_of(BUFFER), 0);
        }
        while self.to < want {
            match self.file.read(&mut self.buffer[self.to..]) {
                Ok(0) => break,
                Ok(octets) => self.to += octets,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(self.to)
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
