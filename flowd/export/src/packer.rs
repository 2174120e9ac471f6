//! Fills datagrams of any of the protocols: headers, sequence numbers, time.

use std::time::Duration;

use flow::RecordTally;
use wire::ipfix::FieldSpec;
use wire::{Full, ipfix, v5, v9};

use crate::settings::{Protocol, Settings};

const NS_PER_MS: u64 = 1_000_000;
const MS_PER_SEC: u64 = 1_000;
/// How long a record may wait for its datagram to fill. The worker looks every [`crate::worker::TICK`], so a record is sent within
/// a second.
const LINGER: Duration = Duration::from_millis(700);

/// Records of one client in a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    /// Index of the client.
    pub(crate) client: usize,
    /// Its records.
    pub(crate) tally: RecordTally,
    /// Octets of its records.
    pub(crate) bytes: u64,
}

/// A finished datagram.
#[derive(Clone, Debug, Default)]
pub(crate) struct Datagram {
    /// UDP payload.
    pub(crate) bytes: Vec<u8>,
    /// The records in it, by client.
    pub(crate) contents: Vec<Content>,
    /// By how many it raises the sequence number.
    pub(crate) records: u32,
}

/// Counts of what was put into datagrams since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Exported {
    pub(crate) datagrams: u64,
    pub(crate) octets: u64,
    pub(crate) flows: u64,
}

/// The packer of the protocol.
#[derive(Debug)]
pub(crate) enum Sets {
    V5(v5::Packer),
    V9(v9::Packer),
    Ipfix(ipfix::Packer),
}

impl Sets {
    fn new(protocol: Protocol, limit: usize) -> Sets {
        match protocol {
            Protocol::NetflowV5 => Sets::V5(v5::Packer::new(limit)),
            Protocol::NetflowV9 => Sets::V9(v9::Packer::new(limit)),
            Protocol::Ipfix => Sets::Ipfix(ipfix::Packer::new(limit)),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Sets::V5(packer) => packer.is_empty(),
            Sets::V9(packer) => packer.is_empty(),
            Sets::Ipfix(packer) => packer.is_empty(),
        }
    }

    pub(crate) fn template(&mut self, id: u16, fields: &[FieldSpec]) -> Result<(), Full> {
        match self {
            Sets::V5(_) => Ok(()),
            Sets::V9(packer) => {
                let fields: Vec<_> = fields.iter().map(|spec| (spec.id, spec.len)).collect();
                packer.template(id, &fields)
            }
            Sets::Ipfix(packer) => packer.template(id, fields),
        }
    }

    pub(crate) fn options_template(
        &mut self,
        id: u16,
        scopes: &[(u16, u16)],
        fields: &[(u16, u16)],
    ) -> Result<(), Full> {
        match self {
            Sets::V5(_) => Ok(()),
            Sets::V9(packer) => packer.options_template(id, scopes, fields),
            Sets::Ipfix(packer) => packer.options_template(id, scopes, fields),
        }
    }

    /// Has the next record start another set.
    pub(crate) fn end_set(&mut self) {
        match self {
            Sets::V5(_) => {}
            Sets::V9(packer) => packer.end_set(),
            Sets::Ipfix(packer) => packer.end_set(),
        }
    }

    /// Reserves room for 1 to `want` records.
    #[inline]
    pub(crate) fn records(&mut self, id: u16, len: usize, want: usize) -> Result<&mut [u8], Full> {
        match self {
            Sets::V5(_) => Err(Full),
            Sets::V9(packer) => packer.records(id, len, want),
            Sets::Ipfix(packer) => packer.records(id, len, want),
        }
    }
}

/// Packs one exporter's datagrams.
#[derive(Debug)]
pub(crate) struct Packer {
    protocol: Protocol,
    sets: Sets,
    limit: usize,
    /// The start of the process, by the clock of day as it is set now.
    start_ms: u64,
    /// The moment that the uptimes of this datagram count from; see [`Packer::set_base`].
    base_ms: u64,
    /// Sum of all steps of the clock of day since the start.
    stepped_ns: i64,
    engine: (u8, u8),
    source_id: u32,
    sequence: u32,
    /// Mode and interval for the next NetFlow v5 header.
    sampling: (v5::SamplingMode, u16),
    contents: Vec<Content>,
    /// The latest time of a flow in the datagram.
    latest_ns: u64,
    /// When the datagram got its first octet.
    opened_ns: u64,
    exported: Exported,
    ready: Vec<Datagram>,
    spare: Vec<Datagram>,
}

impl Packer {
    /// Makes a packer of datagrams of at most `limit` octets of UDP payload.
    pub(crate) fn new(settings: &Settings, limit: usize) -> Packer {
        Packer {
            protocol: settings.protocol,
            sets: Sets::new(settings.protocol, limit),
            limit,
            start_ms: settings.boot_ns / NS_PER_MS,
            base_ms: settings.boot_ns / NS_PER_MS,
            stepped_ns: 0,
            engine: settings.engine,
            source_id: settings.source_id,
            sequence: 0,
            sampling: (v5::SamplingMode::None, 0),
            contents: Vec::new(),
            latest_ns: 0,
            opened_ns: 0,
            exported: Exported::default(),
            ready: Vec::new(),
            spare: Vec::new(),
        }
    }

    pub(crate) fn protocol(&self) -> Protocol {
        self.protocol
    }

    pub(crate) fn source_id(&self) -> u32 {
        self.source_id
    }

    /// Returns the moment that uptimes in the present datagram count from, milliseconds since 1970.
    pub(crate) fn boot_ms(&self) -> u64 {
        self.base_ms
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    pub(crate) fn exported(&self) -> Exported {
        self.exported
    }

    /// Changes the limit; the present datagram ends.
    pub(crate) fn set_limit(&mut self, limit: usize, now_ns: u64) {
        if limit != self.limit {
            self.finish(now_ns);
            self.limit = limit;
            self.sets = Sets::new(self.protocol, limit);
        }
    }

    /// Moves the moment that uptimes count from often enough that no uptime exceeds 32 bits.
    ///
    /// Uptimes have 32 bits of milliseconds. They would wrap after 49 days, possibly between a flow and its header, and collectors
    /// differ in how they read that. So the moment they count from moves by 2³¹ ms (24 days) again and again: early enough that
    /// there is no wrap, late enough that flows of up to 2³⁰ ms (12 days) fit. Header and records of a datagram count from the same
    /// moment.
    pub(crate) fn set_base(&mut self, now_ns: u64) {
        let now_ms = now_ns.saturating_add_signed(self.stepped_ns) / NS_PER_MS;
        let uptime_ms = now_ms.saturating_sub(self.start_ms);
        let base_ms = self.start_ms + (uptime_ms.saturating_sub(1 << 30) >> 31 << 31);
        if base_ms != self.base_ms {
            self.finish(now_ns);
            self.base_ms = base_ms;
        }
    }

    /// Adjusts to a step of the clock of day; `stepped_ns` is the sum of all its steps since the start. The present datagram is finished
    /// with the clock before the step.
    pub(crate) fn set_stepped(&mut self, stepped_ns: i64, now_ns: u64) {
        if stepped_ns != self.stepped_ns {
            self.finish(now_ns);
            // The boot time moves by whole milliseconds, so that uptimes do not jump.
            let by_ms = |ns: i64| ns.div_euclid(NS_PER_MS as i64);
            let moved = by_ms(stepped_ns) - by_ms(self.stepped_ns);
            self.start_ms = self.start_ms.saturating_add_signed(moved);
            self.base_ms = self.base_ms.saturating_add_signed(moved);
            self.stepped_ns = stepped_ns;
        }
    }

    /// Sets the sampling field of the NetFlow v5 header. A datagram with records of another sampling ends.
    pub(crate) fn set_sampling(&mut self, sampling: (v5::SamplingMode, u16), now_ns: u64) {
        if sampling != self.sampling {
            self.finish(now_ns);
            self.sampling = sampling;
        }
    }

    /// Writes something into the present datagram, or into the next one when this one is full.
    ///
    /// # Errors
    /// [`Full`]: it does not even fit into an empty one.
    #[inline]
    pub(crate) fn put(
        &mut self,
        now_ns: u64,
        write: impl Fn(&mut Sets) -> Result<(), Full>,
    ) -> Result<(), Full> {
        if self.sets.is_empty() {
            self.opened_ns = now_ns;
        }
        match write(&mut self.sets) {
            Err(Full) if !self.sets.is_empty() => {
                self.finish(now_ns);
                self.opened_ns = now_ns;
                write(&mut self.sets)
            }
            result => result,
        }
    }

    /// Ends a datagram that has no room for another such record.
    #[inline]
    pub(crate) fn make_room(&mut self, id: u16, len: usize, now_ns: u64) {
        if !self.sets.is_empty() && self.room(id, len) == 0 {
            self.finish(now_ns);
        }
    }

    /// Reserves room for one to `want` records in this datagram or the next.
    ///
    /// # Errors
    /// [`Full`]: not one fits into an empty datagram.
    #[inline]
    pub(crate) fn records(
        &mut self,
        id: u16,
        len: usize,
        want: usize,
        now_ns: u64,
    ) -> Result<&mut [u8], Full> {
        self.make_room(id, len, now_ns);
        if self.sets.is_empty() {
            self.opened_ns = now_ns;
        }
        self.sets.records(id, len, want)
    }

    /// Has the next record start another set.
    pub(crate) fn end_set(&mut self) {
        self.sets.end_set();
    }

    #[inline]
    fn room(&self, id: u16, len: usize) -> usize {
        match &self.sets {
            Sets::V5(packer) => packer.room(),
            Sets::V9(packer) => packer.room(id, len),
            Sets::Ipfix(packer) => packer.room(id, len),
        }
    }

    /// Adds a NetFlow v5 record.
    ///
    /// # Errors
    /// [`Full`]: it does not even fit into an empty datagram.
    #[inline]
    pub(crate) fn v5_record(&mut self, record: &v5::Record, now_ns: u64) -> Result<(), Full> {
        self.put(now_ns, |sets| match sets {
            Sets::V5(packer) => packer.record(record),
            _ => Err(Full),
        })
    }

    /// Records which client the records just written belong to, and when the latest of their flows ended.
    #[inline]
    pub(crate) fn note(&mut self, client: usize, tally: RecordTally, bytes: u64, latest_ns: u64) {
        self.latest_ns = self.latest_ns.max(latest_ns);
        match self.contents.last_mut() {
            Some(last) if last.client == client => {
                last.tally += tally;
                last.bytes += bytes;
            }
            _ => self.contents.push(Content {
                client,
                tally,
                bytes,
            }),
        }
    }

    /// Ends the datagram when its first record has waited long enough.
    pub(crate) fn expire(&mut self, now_ns: u64) {
        // A clock that stepped back must not keep a datagram waiting.
        let waited = now_ns.checked_sub(self.opened_ns).map(Duration::from_nanos);
        if !self.sets.is_empty() && waited.is_none_or(|waited| waited >= LINGER) {
            self.finish(now_ns);
        }
    }

    /// Ends the datagram, if anything is in it.
    pub(crate) fn finish(&mut self, now_ns: u64) {
        if self.sets.is_empty() {
            return;
        }
        // No flow may end later than its header says, whatever the clock says.
        let now_ns = now_ns.saturating_add_signed(self.stepped_ns);
        let at_ms = now_ns.max(self.latest_ns) / NS_PER_MS;
        // NetFlow v9 and IPFIX headers have whole seconds. Both halves of the pair mean the same instant,
        // so that unix_secs × 1000 − sysUptime is the boot time to the millisecond, in every datagram.
        let secs = at_ms.div_ceil(MS_PER_SEC);
        let uptime = |at_ms: u64| at_ms.saturating_sub(self.base_ms) as u32; // see set_base
        let before = self.sequence;
        let bytes = match &mut self.sets {
            Sets::V5(packer) => {
                let count = u32::from(packer.count());
                let header = v5::Header {
                    sys_uptime_ms: uptime(at_ms),
                    unix_secs: (at_ms / MS_PER_SEC) as u32,
                    unix_nsecs: (at_ms % MS_PER_SEC * NS_PER_MS) as u32,
                    flow_sequence: self.sequence,
                    engine_type: self.engine.0,
                    engine_id: self.engine.1,
                    sampling_mode: self.sampling.0,
                    sampling_interval: self.sampling.1,
                };
                self.sequence = self.sequence.wrapping_add(count);
                packer.finish(&header)
            }
            Sets::V9(packer) => {
                let header = v9::Header {
                    sys_uptime_ms: uptime(secs * MS_PER_SEC),
                    unix_secs: secs as u32,
                    sequence: self.sequence,
                    source_id: self.source_id,
                };
                self.sequence = self.sequence.wrapping_add(1);
                packer.finish(&header)
            }
            Sets::Ipfix(packer) => {
                let count = packer.count();
                let header = ipfix::Header {
                    export_time_secs: secs as u32,
                    sequence: self.sequence,
                    domain: self.source_id,
                };
                self.sequence = self.sequence.wrapping_add(count);
                packer.finish(&header)
            }
        };
        self.exported.datagrams += 1;
        self.exported.octets += bytes.len() as u64;
        self.exported.flows += self
            .contents
            .iter()
            .map(|content| content.tally.records)
            .sum::<u64>();
        let mut datagram = self.spare.pop().unwrap_or_default();
        datagram.bytes.clear();
        datagram.bytes.extend_from_slice(bytes);
        datagram.contents.clear();
        datagram.contents.append(&mut self.contents);
        datagram.records = self.sequence.wrapping_sub(before);
        self.ready.push(datagram);
        self.latest_ns = 0;
    }

    /// Takes the finished datagrams.
    pub(crate) fn take(&mut self) -> Vec<Datagram> {
        std::mem::take(&mut self.ready)
    }

    /// Takes datagrams back, to use their memory again.
    pub(crate) fn recycle(&mut self, mut datagrams: Vec<Datagram>) {
        const KEPT: usize = 256;
        datagrams.truncate(KEPT.saturating_sub(self.spare.len()));
        self.spare.append(&mut datagrams);
        if self.ready.capacity() == 0 {
            self.ready = datagrams;
        }
    }

    /// Returns the records of each client that are in no datagram taken yet.
    pub(crate) fn pending(&self) -> impl Iterator<Item = &Content> {
        self.contents
            .iter()
            .chain(self.ready.iter().flat_map(|datagram| &datagram.contents))
    }
}
