//! Reading more of a packet than its outermost header: inside its tunnels, and what other packets said of it.

use wire::{Header, Lines, Packet, Skip, Tunnels};

use crate::fragments::{FragmentCounts, Fragments};

/// What of a packet is read (`interfaces ethernet IF capture`). By default its outermost header alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Tunnels to enter (`decapsulate`): the packet inside is what is metered.
    pub tunnels: Tunnels,
    /// Later fragments get the ports of their first (`fragment-ports`).
    pub fragment_ports: bool,
}

/// What came of it, packets since the capture thread started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadingCounts {
    /// Metered as the packet inside a tunnel.
    pub entered: u64,
    /// Of a tunnel to be entered, whose inside could not be read: metered as the packet that carries it. One that
    /// was read only part of the way down counts as entered, too.
    pub unread: u64,
    /// Fragments.
    pub fragments: FragmentCounts,
}

/// A reader with what it has to remember.
#[derive(Debug)]
pub(crate) struct Deep {
    reading: Reading,
    fragments: Option<Fragments>,
}

impl Deep {
    /// One that does as told, with what `before` remembers; `None` when the outermost header is all.
    pub(crate) fn new(reading: Reading, before: Option<Deep>) -> Option<Deep> {
        let deep = reading.fragment_ports || !reading.tunnels.is_empty();
        deep.then(|| Deep {
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
        counts: &mut ReadingCounts,
    ) -> Result<(), Skip> {
        if self.reading.tunnels.is_empty() {
            wire::parse_lines(packet, wanted, header)?;
        } else {
            let entered = wire::parse_inside(packet, &self.reading.tunnels, wanted, header)?;
            counts.entered += u64::from(entered.tunnels > 0);
            counts.unread += u64::from(entered.unread);
        }
        if let Some(fragments) = &mut self.fragments {
            fragments.observe(header, packet.time_ns, &mut counts.fragments);
        }
        Ok(())
    }
}
