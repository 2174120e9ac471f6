//! Reads packets from a savefile, pcap or pcapng.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::path::Path;

use pcap::PacketHeader;
use wire::{LinkType, Packet};

use crate::error::Error;
use classic::Classic;
use foreign::Foreign;
use pcapng::PcapNg;
use records::Records;
use view::View;

mod classic;
mod foreign;
mod pcapng;
mod records;
mod view;
mod window;

/// A savefile, read from front to back.
pub struct Savefile {
    reader: Reader,
    path: String,
    packets: u64,
    size: Option<u64>,
}

/// What reads the packets.
enum Reader {
    /// The common format.
    Classic(Classic),
    /// pcapng.
    PcapNg(PcapNg),
    /// Everything uncommon, by libpcap.
    Foreign(Foreign),
}

impl Savefile {
    /// Opens a savefile; `-` is standard input.
    ///
    /// # Errors
    /// It cannot be opened, or is not a savefile.
    pub fn open(path: impl AsRef<Path>) -> Result<Savefile, Error> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let refused = |message: String| Error::Open {
            path: name.clone(),
            message,
        };
        let system = |error: io::Error| refused(error.to_string());
        let file = if path.as_os_str() == OsStr::new("-") {
            io::stdin().as_fd().try_clone_to_owned().map(File::from)
        } else {
            File::open(path)
        }
        .map_err(system)?;
        let metadata = file.metadata().map_err(system)?;
        if metadata.is_dir() {
            return Err(refused("is a directory".into()));
        }
        Ok(Savefile {
            reader: Reader::open(file).map_err(refused)?,
            size: metadata.is_file().then_some(metadata.len()),
            path: name,
            packets: 0,
        })
    }

    /// Calls `each` with packets until it breaks (returns true) or the file ends (returns false).
    ///
    /// # Errors
    /// The file is truncated or damaged behind the last packet. Nothing more can be read.
    #[inline]
    pub fn read(
        &mut self,
        each: impl FnMut(&Packet<'_>) -> ControlFlow<()>,
    ) -> Result<bool, Error> {
        let packets = &mut self.packets;
        let result = match &mut self.reader {
            Reader::Classic(classic) => classic.read(packets, each),
            Reader::PcapNg(pcapng) => pcapng.read(packets, each),
            Reader::Foreign(foreign) => foreign.read(packets, each),
        };
        result.map_err(|message| Error::Savefile {
            path: self.path.clone(),
            packets: self.packets,
            message,
        })
    }

    /// Packets read so far, by their link type. Types without packets are there if the file names them.
    pub fn links(&self) -> BTreeMap<LinkType, u64> {
        match &self.reader {
            Reader::Classic(classic) => BTreeMap::from([(classic.link(), self.packets)]),
            Reader::PcapNg(pcapng) => pcapng.links(),
            Reader::Foreign(foreign) => BTreeMap::from([(foreign.link(), self.packets)]),
        }
    }

    /// Number of packets read so far.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// Octets of the file read so far, at most a buffer ahead of the packets.
    pub fn position(&self) -> u64 {
        match &self.reader {
            Reader::Classic(classic) => classic.position(),
            Reader::PcapNg(pcapng) => pcapng.position(),
            Reader::Foreign(foreign) => foreign.position(),
        }
    }

    /// Size of the file in octets when it was opened; `None` for a pipe.
    pub fn size(&self) -> Option<u64> {
        self.size
    }
}

impl Reader {
    fn open(file: File) -> Result<Reader, String> {
        let system = |error: io::Error| error.to_string();
        // Shares the position, which views of files leave alone.
        let whole = file.try_clone().map_err(system)?;
        let mut view = View::new(file).map_err(system)?;
        let got = view.fill(START)?;
        if PcapNg::begins(view.rest()) {
            return Ok(Reader::PcapNg(PcapNg::new(view)));
        }
        if Classic::begins(view.rest()) || got < START {
            return Classic::open(view).map(Reader::Classic);
        }
        if view.is_piped() {
            return Err("unknown file format, or one that is read from a file only".into());
        }
        Foreign::open(whole).map(Reader::Foreign)
    }
}

impl fmt::Debug for Savefile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Savefile")
            .field("path", &self.path)
            .field("packets", &self.packets)
            .finish_non_exhaustive()
    }
}

/// Octets that tell the format of a file.
const START: usize = 8;

/// Time stamp of a capture opened with nanosecond precision, where libpcap puts nanoseconds in place of
/// microseconds.
#[inline]
pub(crate) fn time_ns(header: &PacketHeader) -> u64 {
    // A savefile has unsigned seconds of 32 bits, which libpcap reads as signed.
    let seconds = match header.ts.tv_sec {
        seconds @ ..0 => u64::from(seconds as u32),
        seconds => seconds.cast_unsigned(),
    };
    let nanos = u64::try_from(header.ts.tv_usec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(nanos)
}

#[cfg(test)]
mod tests;
