//! Writes flows as NetFlow v5 records.

use flow::{Flow, Layout};
use wire::{Span, at, v5};

use crate::settings::{SamplerMode, Sampling};
use crate::template::place;

/// The places in a layout of the fields of a NetFlow v5 record. A field that the layout does not have is sent as zero.
#[derive(Debug)]
pub(crate) struct Map {
    source: Option<usize>,
    destination: Option<usize>,
    source_port: Option<usize>,
    destination_port: Option<usize>,
    protocol: Option<usize>,
    tos: Option<usize>,
    input: Option<usize>,
    output: Option<usize>,
    next_hop: Option<usize>,
    source_mask: Option<usize>,
    destination_mask: Option<usize>,
}

impl Map {
    pub(crate) fn new(layout: &Layout) -> Map {
        let at = |span: Span| place(layout, span);
        Map {
            source: at(at::SOURCE_IPV4),
            destination: at(at::DESTINATION_IPV4),
            source_port: at(at::SOURCE_PORT),
            destination_port: at(at::DESTINATION_PORT),
            protocol: at(at::PROTOCOL),
            tos: at(at::TOS),
            input: at(at::INPUT),
            output: at(at::OUTPUT),
            next_hop: at(at::NEXT_HOP_IPV4),
            source_mask: at(at::SOURCE_MASK),
            destination_mask: at(at::DESTINATION_MASK),
        }
    }

    /// Makes the record of a flow, without its counters.
    #[inline]
    pub(crate) fn record(&self, flow: &Flow<'_>, boot_ms: u64) -> v5::Record {
        let uptime = |ns: u64| (ns / 1_000_000).saturating_sub(boot_ms) as u32; // modulo 2³²
        v5::Record {
            source: get(flow, self.source),
            destination: get(flow, self.destination),
            source_port: u16::from_be_bytes(get(flow, self.source_port)),
            destination_port: u16::from_be_bytes(get(flow, self.destination_port)),
            protocol: u8::from_be_bytes(get(flow, self.protocol)),
            tos: u8::from_be_bytes(get(flow, self.tos)),
            input: interface(get(flow, self.input)),
            output: interface(get(flow, self.output)),
            next_hop: get(flow, self.next_hop),
            source_mask: u8::from_be_bytes(get(flow, self.source_mask)),
            destination_mask: u8::from_be_bytes(get(flow, self.destination_mask)),
            tcp_flags: flow.totals.tcp_flags as u8, // the low eight, all that v5 has
            first_ms: uptime(flow.totals.first_ns),
            last_ms: uptime(flow.totals.last_ns),
            ..v5::Record::default()
        }
    }
}

#[inline]
fn get<const N: usize>(flow: &Flow<'_>, place: Option<usize>) -> [u8; N] {
    place
        .and_then(|from| flow.octets.get(from..from + N))
        .and_then(|octets| octets.try_into().ok())
        .unwrap_or([0; N])
}

/// Returns an `ifIndex` in NetFlow v5's 16 bits. One that does not fit is sent as unknown, not as another interface.
fn interface(index: [u8; 4]) -> u16 {
    u16::try_from(u32::from_be_bytes(index)).unwrap_or(0)
}

/// Returns the sampling field of the header. A rate beyond its 14 bits is not announced at all: a collector that scaled by a smaller
/// rate would show wrong numbers without a sign of it.
pub(crate) fn sampling(sampling: &Sampling) -> (v5::SamplingMode, u16) {
    const MOST: u32 = 0x3fff;
    match sampling {
        Sampling::One(sampler) if sampler.rate <= MOST => {
            let mode = match sampler.mode {
                SamplerMode::Deterministic => v5::SamplingMode::Deterministic,
                SamplerMode::Random => v5::SamplingMode::Random,
            };
            (mode, sampler.rate as u16)
        }
        _ => (v5::SamplingMode::None, 0),
    }
}

/// Returns why NetFlow v5 cannot announce a sampling, if it cannot.
pub(crate) fn unannounced_sampling(sampling: &Sampling) -> Option<&'static str> {
    match sampling {
        Sampling::None => None,
        Sampling::One(_) if self::sampling(sampling).1 == 0 => {
            Some("its rate does not fit the 14 bits of the NetFlow v5 header")
        }
        Sampling::One(_) => None,
        Sampling::Mixed(_) => Some("its attachments have different samplers"),
    }
}
