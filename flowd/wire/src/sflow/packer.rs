//! Packs samples into datagrams.

use super::{
    AGENT_AT, Address, CounterRecord, DataSource, DiscardedHeader, FORMAT_BITS, FlowHeader,
    FlowRecord, Header, Interface, VERSION, sample,
};
use crate::sflow::xdr::Xdr;
use crate::writer::{Full, Writer};

/// Octets between the agent's address and the first sample: sub-agent, sequence number, uptime, number of samples.
const BEHIND_AGENT: usize = 16;

/// Packs samples into datagrams.
///
/// A sample has the compact form unless its interfaces or its data source do not fit into it.
#[derive(Clone, Debug)]
pub struct Packer {
    out: Writer,
    header_len: usize,
    samples: u32,
}

impl Packer {
    /// Creates a packer of datagrams of at most `limit` octets of UDP payload that are sent by an agent with an address of
    /// this family.
    pub fn new(limit: usize, agent: Address) -> Packer {
        let header_len = AGENT_AT
            + match agent {
                Address::Unknown => 0,
                Address::V4(octets) => octets.len(),
                Address::V6(octets) => octets.len(),
            }
            + BEHIND_AGENT;
        let mut out = Writer::new(limit);
        if out.put_zeros(header_len).is_err() {
            // The limit has no room for a header: such a packer refuses every sample.
            out = Writer::new(0);
        }
        Packer {
            out,
            header_len,
            samples: 0,
        }
    }

    /// Whether the datagram has no sample yet.
    pub fn is_empty(&self) -> bool {
        self.samples == 0
    }

    /// Octets the datagram would have if it ended now.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Number of samples in the datagram.
    pub fn count(&self) -> u32 {
        self.samples
    }

    /// Adds the sample of a packet.
    ///
    /// # Errors
    /// [`Full`]: [`Packer::finish`] the datagram and add the sample again.
    pub fn flow(&mut self, header: &FlowHeader, records: &[FlowRecord]) -> Result<(), Full> {
        let compact = header
            .source
            .compact()
            .zip(header.input.compact().zip(header.output.compact()));
        let format = match compact {
            Some(_) => sample::FLOW,
            None => sample::EXPANDED_FLOW,
        };
        self.sample(format, |out| {
            out.put_u32(header.sequence)?;
            match compact {
                Some((source, _)) => out.put_u32(source)?,
                None => put_source(out, header.source)?,
            }
            for number in [header.rate, header.pool, header.drops] {
                out.put_u32(number)?;
            }
            match compact {
                Some((_, (input, output))) => {
                    out.put_u32(input)?;
                    out.put_u32(output)?;
                }
                None => {
                    put_interface(out, header.input)?;
                    put_interface(out, header.output)?;
                }
            }
            put_records(out, records, |record| record.number(), FlowRecord::put)
        })
    }

    /// Adds counters of a data source.
    ///
    /// # Errors
    /// [`Full`]: [`Packer::finish`] the datagram and add the sample again.
    pub fn counters(
        &mut self,
        sequence: u32,
        source: DataSource,
        records: &[CounterRecord],
    ) -> Result<(), Full> {
        let compact = source.compact();
        let format = match compact {
            Some(_) => sample::COUNTERS,
            None => sample::EXPANDED_COUNTERS,
        };
        self.sample(format, |out| {
            out.put_u32(sequence)?;
            match compact {
                Some(source) => out.put_u32(source)?,
                None => put_source(out, source)?,
            }
            put_records(out, records, |record| record.number(), CounterRecord::put)
        })
    }

    /// Adds a packet that was dropped.
    ///
    /// # Errors
    /// [`Full`]: [`Packer::finish`] the datagram and add the sample again.
    pub fn discarded(
        &mut self,
        header: &DiscardedHeader,
        records: &[FlowRecord],
    ) -> Result<(), Full> {
        self.sample(sample::DISCARDED_PACKET, |out| {
            out.put_u32(header.sequence)?;
            put_source(out, header.source)?;
            for number in [header.drops, header.input, header.output, header.reason] {
                out.put_u32(number)?;
            }
            put_records(out, records, |record| record.number(), FlowRecord::put)
        })
    }

    /// Adds a sample, or nothing.
    fn sample(
        &mut self,
        format: u32,
        content: impl FnOnce(&mut Writer) -> Result<(), Full>,
    ) -> Result<(), Full> {
        let start = self.out.len();
        let added = put_structure(&mut self.out, (0, format), content);
        match added {
            Ok(()) => self.samples += 1,
            Err(Full) => self.out.truncate(start),
        }
        added
    }

    /// Ends the datagram and returns its octets. The next sample starts a new datagram. The header's agent must have an address
    /// of the family that the packer was made for.
    pub fn finish(&mut self, header: &Header) -> &[u8] {
        let mut octets = Writer::new(self.header_len);
        let written = octets.put_u32(VERSION).and_then(|()| {
            header.agent.put(&mut octets)?;
            for number in [
                header.sub_agent,
                header.sequence,
                header.uptime_ms,
                self.samples,
            ] {
                octets.put_u32(number)?;
            }
            Ok(())
        });
        debug_assert_eq!((written, octets.room()), (Ok(()), 0));
        let len = self.out.len();
        self.out.patch(0, octets.as_bytes());
        self.out.truncate(self.header_len);
        self.samples = 0;
        self.out.up_to(len)
    }
}

/// Writes number and length of a structure around its content.
fn put_structure(
    out: &mut Writer,
    (enterprise, format): (u32, u32),
    content: impl FnOnce(&mut Writer) -> Result<(), Full>,
) -> Result<(), Full> {
    out.put_u32(enterprise << FORMAT_BITS | format)?;
    let length_at = out.len();
    out.put_u32(0)?;
    let start = out.len();
    content(out)?;
    let len = u32::try_from(out.len() - start).map_err(|_| Full)?;
    out.patch(length_at, &len.to_be_bytes());
    Ok(())
}

fn put_records<R>(
    out: &mut Writer,
    records: &[R],
    number: impl Fn(&R) -> (u32, u32),
    put: impl Fn(&R, &mut Writer) -> Result<(), Full>,
) -> Result<(), Full> {
    out.put_u32(u32::try_from(records.len()).map_err(|_| Full)?)?;
    for record in records {
        put_structure(out, number(record), |out| put(record, out))?;
    }
    Ok(())
}

fn put_source(out: &mut Writer, source: DataSource) -> Result<(), Full> {
    out.put_u32(source.class)?;
    out.put_u32(source.index)
}

fn put_interface(out: &mut Writer, interface: Interface) -> Result<(), Full> {
    out.put_u32(interface.format)?;
    out.put_u32(interface.value)
}
