//! Reads the less common variants of pcap by libpcap: versions before 2.4, and the formats of some old systems.
#![allow(unsafe_code)]

use std::fs::File;
use std::io::{self, Seek};
use std::os::fd::{IntoRawFd, OwnedFd};

use pcap::{Capture, Offline, Precision};
use wire::{LinkType, Packet};

use super::records::Records;
use super::time_ns;
use crate::error::libpcap_message;

/// A savefile that libpcap reads.
pub(super) struct Foreign {
    capture: Capture<Offline>,
    /// This descriptor shares its position with libpcap's own.
    file: File,
    link: LinkType,
    /// Why there was no next packet.
    ended: Option<pcap::Error>,
}

impl Foreign {
    /// Opens a file, which is at its start.
    ///
    /// # Errors
    /// libpcap does not know it.
    pub(super) fn open(file: File) -> Result<Foreign, String> {
        let system = |error: io::Error| error.to_string();
        let fd = file.try_clone().map(OwnedFd::from).map_err(system)?;
        // SAFETY: the descriptor was duplicated for libpcap, which closes it.
        let capture =
            unsafe { Capture::from_raw_fd_with_precision(fd.into_raw_fd(), Precision::Nano) }
                .map_err(|error| libpcap_message(&error))?;
        let link = LinkType::from(capture.get_datalink().0.cast_unsigned());
        Ok(Foreign {
            capture,
            file,
            link,
            ended: None,
        })
    }

    /// Octets of the file read so far, at most a buffer ahead of the packets.
    pub(super) fn position(&self) -> u64 {
        (&self.file).stream_position().unwrap_or(0)
    }

    /// Link type of the packets.
    pub(super) fn link(&self) -> LinkType {
        self.link
    }
}

impl Records for Foreign {
    fn next(&mut self) -> Option<Packet<'_>> {
        match self.capture.next_packet() {
            Ok(packet) => Some(Packet {
                time_ns: time_ns(packet.header),
                data: packet.data,
                wire_len: packet.header.len,
                link: self.link,
                tag: None,
                outgoing: false,
            }),
            Err(error) => {
                self.ended = Some(error);
                None
            }
        }
    }

    fn advance(&mut self) -> Result<bool, String> {
        match self.ended.take() {
            None | Some(pcap::Error::NoMorePackets) => Ok(false),
            Some(error) => Err(libpcap_message(&error)),
        }
    }
}
