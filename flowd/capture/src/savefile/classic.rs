//! Reads the common savefile format (pcap 2.4 in either byte order, with micro- or nanoseconds,
//! draft-ietf-opsawg-pcap) without libpcap's call and copy for each packet.

use wire::{LinkType, Packet};

use super::records::Records;
use super::view::View;

/// Octets of the file header.
const FILE_HEADER: usize = 24;
/// Octets of a packet's header.
const PACKET_HEADER: usize = 16;
/// The longest packet of most link types (libpcap's `MAXIMUM_SNAPLEN`).
const LONGEST: u32 = 262_144;
/// The longest packet of link types that are no networks: USB, D-Bus, EBHSCR.
const LONGEST_MESSAGE: u32 = 128 << 20;

/// A savefile of the common format.
pub(super) struct Classic {
    view: View,
    big_endian: bool,
    /// Nanoseconds in a unit of the time stamp's second field.
    unit_ns: u64,
    /// Most octets of a packet that are returned.
    snaplen: u32,
    /// Octets of the longest packet there may be.
    longest: u32,
    link: LinkType,
}

/// Byte order and unit in nanoseconds of a file that begins with these octets, if it is of this format. Versions
/// before 2.4 are not.
fn format(start: &[u8; 8]) -> Option<(bool, u64)> {
    match start {
        [0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4] => Some((true, 1000)),
        [0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4] => Some((true, 1)),
        [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0] => Some((false, 1000)),
        [0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0] => Some((false, 1)),
        _ => None,
    }
}

impl Classic {
    /// Whether a file that begins with these octets is of this format.
    pub(super) fn begins(start: &[u8]) -> bool {
        start.first_chunk().and_then(format).is_some()
    }

    /// Reads the file header.
    ///
    /// # Errors
    /// The file is of another format, ends in its header, or cannot be read.
    pub(super) fn open(mut view: View) -> Result<Classic, String> {
        let got = view.fill(FILE_HEADER)?;
        let header = view.rest().first_chunk::<FILE_HEADER>();
        let header = *header.ok_or_else(|| {
            format!("truncated: {got} of the {FILE_HEADER} octets of its header are there")
        })?;
        let (big_endian, unit_ns) = header
            .first_chunk()
            .and_then(format)
            .ok_or("unknown file format")?;
        view.consume(FILE_HEADER);
        let word = |at: usize| {
            let octets = header.get(at..).and_then(<[u8]>::first_chunk);
            let octets = octets.copied().unwrap_or_default();
            match big_endian {
                true => u32::from_be_bytes(octets),
                false => u32::from_le_bytes(octets),
            }
        };
        // The high half tells of a frame check sequence behind each packet, which no header is read from.
        let number = word(20) & 0xffff;
        let longest = match number {
            186 | 189 | 220 | 231 | 249 | 279 => LONGEST_MESSAGE,
            _ => LONGEST,
        };
        let snaplen = match word(16) {
            0 => longest,
            snaplen => snaplen.min(longest),
        };
        Ok(Classic {
            view,
            big_endian,
            unit_ns,
            snaplen,
            longest,
            link: LinkType::from(number),
        })
    }

    /// Octets of the file read so far.
    pub(super) fn position(&self) -> u64 {
        self.view.position()
    }

    /// Link type of the packets.
    pub(super) fn link(&self) -> LinkType {
        self.link
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
}

impl Records for Classic {
    #[inline(always)]
    fn next(&mut self) -> Option<Packet<'_>> {
        self.view.prefetch();
        let (header, rest) = self.view.rest().split_first_chunk::<PACKET_HEADER>()?;
        let [time_ns, captured, wire_len] = self.header(header);
        let captured = captured as usize;
        if captured > rest.len() || captured > self.longest as usize {
            return None;
        }
        // The file's snaplen may be smaller than the packet: the surplus does not count.
        let kept = captured.min(self.snaplen as usize);
        let record = self.view.consume(PACKET_HEADER + captured);
        Some(Packet {
            time_ns,
            data: record.get(PACKET_HEADER..PACKET_HEADER + kept)?,
            wire_len: wire_len as u32,
            link: self.link,
            tag: None,
            outgoing: false,
        })
    }

    #[cold]
    fn advance(&mut self) -> Result<bool, String> {
        self.view.check_intact()?;
        match self.view.fill(PACKET_HEADER)? {
            0 => return Ok(false),
            got @ ..PACKET_HEADER => {
                return Err(format!(
                    "the file is cut in a packet's header, {got} of {PACKET_HEADER} octets are there"
                ));
            }
            _ => {}
        }
        let header = self.view.rest().first_chunk();
        let [_, captured, _] = header.map_or([0; 3], |header| self.header(header));
        if captured > self.longest.into() {
            return Err(format!(
                "a packet claims {captured} octets, more than the {} there may be",
                self.longest
            ));
        }
        let len = PACKET_HEADER + captured as usize;
        match self.view.fill(len)? {
            got if got < len => {
                let got = got - PACKET_HEADER;
                Err(format!(
                    "the file is cut in a packet, {got} of {captured} octets are there"
                ))
            }
            _ => Ok(true),
        }
    }

    fn check_intact(&self) -> Result<(), String> {
        self.view.check_intact()
    }
}
