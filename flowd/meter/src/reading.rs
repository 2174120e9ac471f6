//! Reads more of a packet than its outermost header: the packet inside tunnels, and the ports of fragments.

use wire::{Header, Lines, Packet, SkipReason, Tunnels};

use crate::fragments::{FragmentCounts, Fragments};

/// What is read of packets (`interfaces ethernet IF capture`); by default only the outermost header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Tunnels to enter (`decapsulate`), so that the packet inside is metered.
    pub tunnels: Tunnels,
    /// Whether later fragments get the ports of their first one (`fragment-ports`).
    pub fragment_ports: bool,
}

/// What reading has counted, in packets since the capture thread started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadCounts {
    /// Packets metered as the packet inside a tunnel.
    pub decapsulated: u64,
    /// Packets of a tunnel whose content could not be read, metered as the packet carrying it. If some tunnels
    /// around it were entered, the packet counts as decapsulated, too.
    pub unreadable_tunnels: u64,
    /// Counters of fragments.
    pub fragments: FragmentCounts,
}

/// A reader of tunnels and fragments with its state.
#[derive(Debug)]
pub(crate) struct DeepReader {
    reading: ReadOptions,
    fragments: Option<Fragments>,
}

impl DeepReader {
    /// Creates a reader that takes over what `before` remembers; `None` if only the outermost header is to be read.
    pub(crate) fn new(reading: ReadOptions, before: Option<DeepReader>) -> Option<DeepReader> {
        let deep = reading.fragment_ports || !reading.tunnels.is_empty();
        deep.then(|| DeepReader {
            fragments: reading
                .fragment_ports
                .then(|| before.and_then(|it| it.fragments).unwrap_or_default()),
            reading,
        })
    }

    pub(crate) fn parse(
        &mut self,
        packet: &Packet<'_>,
        wanted: Lines,
        header: &mut Header,
        counts: &mut ReadCounts,
    ) -> Result<(), SkipReason> {
        if self.reading.tunnels.is_empty() {
            wire::parse_lines(packet, wanted, header)?;
        } else {
            let entered = wire::parse_innermost(packet, &self.reading.tunnels, wanted, header)?;
            counts.decapsulated += u64::from(entered.tunnels > 0);
            counts.unreadable_tunnels += u64::from(entered.unreadable);
        }
        if let Some(fragments) = &mut self.fragments {
            fragments.observe(header, packet.time_ns, &mut counts.fragments);
        }
        Ok(())
    }
}
