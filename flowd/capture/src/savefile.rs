//! Reads packets from a savefile, pcap or pcapng.
#![allow(unsafe_code)]

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::{self, Seek};
use std::ops::ControlFlow;
use std::os::fd::{AsFd, IntoRawFd, OwnedFd};
use std::path::Path;

use pcap::{Capture, Offline, PacketHeader, Precision};
use wire::{LinkType, Packet};

use crate::error::{Error, libpcap_message};
use classic::Classic;

mod classic;
mod window;

/// A savefile, read from front to back.
pub struct Savefile {
    reader: Reader,
    link: LinkType,
    /// This descriptor shares its position with libpcap's own.
    file: File,
    path: String,
    packets: u64,
}

/// What reads the packets.
enum Reader {
    /// Our own reader for the common format, which is several times as fast.
    Classic(Classic),
    /// libpcap, for pcapng, pipes and everything uncommon.
    Libpcap(Capture<Offline>),
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
        let file = if path.as_os_str() == OsStr::new("-") {
            io::stdin().as_fd().try_clone_to_owned().map(File::from)
        } else {
            File::open(path)
        }
        .map_err(|error| refused(error.to_string()))?;
        if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(refused("is a directory".into()));
        }
        let fd = file
            .try_clone()
            .map(OwnedFd::from)
            .map_err(|error| refused(error.to_string()))?;
        // SAFETY: the descriptor was duplicated for libpcap, which closes it.
        let capture =
            unsafe { Capture::from_raw_fd_with_precision(fd.into_raw_fd(), Precision::Nano) }
                .map_err(|error| refused(libpcap_message(&error)))?;
        let link = LinkType::from(capture.get_datalink().0.cast_unsigned());
        // libpcap has checked the header and interpreted the link type. Its descriptor shares the file position, so
        // only one of the two readers may read on.
        let classic = file.try_clone().and_then(Classic::open);
        let reader = match classic.map_err(|error| refused(error.to_string()))? {
            Some(classic) => Reader::Classic(classic),
            None => Reader::Libpcap(capture),
        };
        Ok(Savefile {
            reader,
            link,
            file,
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
        mut each: impl FnMut(&Packet<'_>) -> ControlFlow<()>,
    ) -> Result<bool, Error> {
        let link = self.link;
        let result = loop {
            let (time_ns, data, wire_len) = match &mut self.reader {
                Reader::Classic(classic) => match classic.next() {
                    Some(record) => (record.time_ns, record.data, record.wire_len),
                    None => match classic.advance() {
                        Ok(true) => continue,
                        Ok(false) => break Ok(false),
                        Err(error) => break Err(error),
                    },
                },
                Reader::Libpcap(capture) => match capture.next_packet() {
                    Ok(packet) => (time_ns(packet.header), packet.data, packet.header.len),
                    Err(pcap::Error::NoMorePackets) => break Ok(false),
                    Err(error) => break Err(libpcap_message(&error)),
                },
            };
            self.packets += 1;
            let packet = Packet {
                time_ns,
                data,
                wire_len,
                link,
                tag: None,
                outgoing: false,
            };
            if each(&packet).is_break() {
                break Ok(true);
            }
        };
        let intact = match &self.reader {
            Reader::Classic(classic) => classic.check_intact(),
            Reader::Libpcap(_) => Ok(()),
        };
        result
            .and_then(|more| intact.map(|()| more))
            .map_err(|message| Error::Savefile {
                path: self.path.clone(),
                packets: self.packets,
                message,
            })
    }

    /// Link type of the packets.
    pub fn link(&self) -> LinkType {
        self.link
    }

    /// Number of packets read so far.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// Octets of the file read so far, at most a buffer ahead of the packets; 0 for a pipe.
    pub fn position(&self) -> u64 {
        match &self.reader {
            Reader::Classic(classic) => classic.position(),
            Reader::Libpcap(_) => (&self.file).stream_position().unwrap_or(0),
        }
    }

    /// Size of the file in octets; `None` for a pipe.
    pub fn size(&self) -> Option<u64> {
        self.file
            .metadata()
            .ok()
            .filter(|metadata| metadata.is_file())
            .map(|metadata| metadata.len())
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
