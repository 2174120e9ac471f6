//! Packets from a savefile, pcap or pcapng.
#![allow(unsafe_code)]

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::{self, Seek};
use std::ops::ControlFlow;
use std::os::fd::{AsFd, IntoRawFd, OwnedFd};
use std::path::Path;

use pcap::{Capture, Offline, PacketHeader, Precision};
use wire::{Link, Packet};

use crate::error::{Error, words};
use classic::Classic;

mod classic;
mod window;

/// A savefile that is read front to back.
pub struct Savefile {
    reader: Reader,
    link: Link,
    /// Shares its position with libpcap's own descriptor.
    file: File,
    path: String,
    packets: u64,
}

/// Who reads the packets.
enum Reader {
    /// Of the common kind: ours, which is several times as fast.
    Classic(Classic),
    /// pcapng, pipes, and everything unusual.
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
        // SAFETY: the descriptor was made for libpcap, which closes it.
        let capture =
            unsafe { Capture::from_raw_fd_with_precision(fd.into_raw_fd(), Precision::Nano) }
                .map_err(|error| refused(words(&error)))?;
        let link = Link::from(capture.get_datalink().0.cast_unsigned());
        // libpcap has seen that the header is sound, and said what it means; it has a descriptor of its own, whose
        // position is shared, so that only one of the two may read on.
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

    /// Hands packets to `each` until it breaks (true) or the file ends (false).
    ///
    /// # Errors
    /// The file is cut or damaged behind the last packet; nothing more can be read.
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
                    Err(error) => break Err(words(&error)),
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
        let sound = match &self.reader {
            Reader::Classic(classic) => classic.sound(),
            Reader::Libpcap(_) => Ok(()),
        };
        result
            .and_then(|more| sound.map(|()| more))
            .map_err(|message| Error::Savefile {
                path: self.path.clone(),
                packets: self.packets,
                message,
            })
    }

    /// How its packets start.
    pub fn link(&self) -> Link {
        self.link
    }

    /// Packets read so far.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// Octets of the file read so far, at most a buffer ahead of the packets; 0 when it is a pipe.
    pub fn position(&self) -> u64 {
        match &self.reader {
            Reader::Classic(classic) => classic.position(),
            Reader::Libpcap(_) => (&self.file).stream_position().unwrap_or(0),
        }
    }

    /// Octets of the file; `None` when it is a pipe.
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

/// The stamp of a capture opened with nanosecond precision: libpcap puts nanoseconds where microseconds are.
#[inline]
pub(crate) fn time_ns(header: &PacketHeader) -> u64 {
    // pcap has 32 unsigned bits of seconds, which libpcap reads as signed.
    let seconds = match header.ts.tv_sec {
        seconds @ ..0 => u64::from(seconds as u32),
        seconds => seconds.cast_unsigned(),
    };
    let nanos = u64::try_from(header.ts.tv_usec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(nanos)
}

#[cfg(test)]
mod tests;
