//! A batch: the datagrams of one read, grouped by exporter, each exporter's in the order they arrived.

use std::net::SocketAddr;

use crate::statistics::Tally;

/// A datagram of a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Datagram {
    /// The offset of its first octet in the buffer of the read.
    pub(crate) start: usize,
    pub(crate) len: u32,
    /// The exporter's number.
    pub(crate) source: u32,
    pub(crate) from: SocketAddr,
    /// The number of the exporter's next datagram in the batch.
    pub(crate) next: u32,
    /// The number of its observation domain, when templates of it are known.
    pub(crate) domain: Option<u16>,
    /// Whether it carries templates or options.
    pub(crate) announces: bool,
    /// Whether it carries all templates and options that are known of its observation domain, so that none have to be replayed.
    pub(crate) first: bool,
}

impl Datagram {
    #[inline]
    pub(crate) fn of<'a>(&self, octets: &'a [u8]) -> &'a [u8] {
        &octets[self.start..self.start + self.len as usize]
    }
}

/// The datagrams of one read, and the exporters they are from.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) datagrams: Vec<Datagram>,
    /// The numbers of the exporters, each once.
    pub(crate) sources: Vec<u32>,
}

impl Batch {
    pub(crate) fn clear(&mut self) {
        self.datagrams.clear();
        self.sources.clear();
    }

    #[inline]
    pub(crate) fn datagram(&self, number: u32) -> &Datagram {
        &self.datagrams[number as usize]
    }

    pub(crate) fn tally(&self, numbers: &[u32]) -> Tally {
        let octets = numbers
            .iter()
            .map(|number| u64::from(self.datagram(*number).len));
        Tally {
            datagrams: numbers.len() as u64,
            octets: octets.sum(),
        }
    }
}
