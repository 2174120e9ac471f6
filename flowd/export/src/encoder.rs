//! Encodes flows into datagrams without a socket, for tests and benchmarks.

use flow::Batch;

use crate::settings::{Monitor, Settings};
use crate::stream::Stream;

/// Encodes one monitor's flows for one exporter: templates first, then records, as the export thread does.
#[derive(Debug)]
pub struct Encoder {
    stream: Stream,
}

impl Encoder {
    /// Makes an encoder of datagrams of at most `limit` octets of UDP payload.
    pub fn new(settings: &Settings, monitor: &Monitor, limit: usize) -> Encoder {
        let mut stream = Stream::new(settings, limit);
        stream.configure(settings, &[monitor], &[]);
        Encoder { stream }
    }

    /// Encodes a batch at `now_ns`, nanoseconds since 1970, and hands the finished datagrams to `send`. Returns how many
    /// records the protocol has no room for.
    pub fn encode(&mut self, batch: &Batch, now_ns: u64, mut send: impl FnMut(&[u8])) -> u64 {
        let mut dropped = 0;
        self.stream
            .add(0, batch, now_ns, &mut |_, tally| dropped += tally.records);
        let datagrams = self.stream.take();
        datagrams.iter().for_each(|datagram| send(&datagram.bytes));
        self.stream.recycle(datagrams);
        dropped
    }
}
