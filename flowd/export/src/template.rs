//! Templates compiled from a layout: which information elements are sent, and the program that encodes a flow into their octets.

use std::sync::Arc;

use flow::{Flow, Layout, Place, Record, Slot};
use registry::{Element, Kind, Source, element};
use wire::FieldSpec;

use crate::ntp;
use crate::settings::{Protocol, Sampling};
use crate::statistics::{TemplateField, TemplateStatistics};

/// The field that is sent in place of an uptime: its words and its element.
const START_MILLISECONDS: (&str, &Element) = (
    "timestamp absolute first",
    &element::FLOW_START_MILLISECONDS,
);
const END_MILLISECONDS: (&str, &Element) =
    ("timestamp absolute last", &element::FLOW_END_MILLISECONDS);

/// A step of the program that encodes a record. Positions are in the record (`to`) and in the flow's octets (`from`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Copy {
        from: usize,
        to: usize,
        len: usize,
    },
    /// Copies some bits of one octet.
    Masked {
        from: usize,
        to: usize,
        bits: u8,
    },
    TcpFlags(usize, u8),
    Octets(usize),
    Octets32(usize),
    Packets(usize),
    Packets32(usize),
    Flows(usize),
    First(Time, usize),
    Last(Time, usize),
    End(usize),
    /// Writes the identifier of the only sampler of the monitor.
    Sampler(usize),
    Boot(usize),
}

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Time {
    /// Milliseconds since the boot time, modulo 2³².
    Uptime,
    /// Milliseconds since 1970.
    Millis,
    /// NTP timestamps.
    Micros,
    Nanos,
}

/// A template and the program that encodes its records.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    /// Identifier, from 256.
    pub(crate) id: u16,
    /// Index of the client whose flows these are.
    pub(crate) client: usize,
    /// The layout it was compiled from.
    pub(crate) layout: Arc<Layout>,
    /// Field specifiers.
    pub(crate) specs: Vec<FieldSpec>,
    /// Octets of a record.
    pub(crate) len: usize,
    /// Whether it was sent in a datagram.
    pub(crate) announced: bool,
    /// Whether it is too long for a datagram. Its records cannot be sent then.
    pub(crate) oversized: bool,
    /// Whether its monitor makes no such flows any more; the last ones may still be in the channel.
    pub(crate) leaving: bool,
    fields: Vec<TemplateField>,
    /// The bits of each field that are sent.
    bits: Vec<u8>,
    steps: Vec<Step>,
    sampler: u8,
    /// Whether one of its counters has only 32 bits.
    narrow: bool,
    /// Whether records are biflows (RFC 5103): flows are bidirectional and the protocol is IPFIX. Then counters that are not of the
    /// reverse direction are of the forward one; otherwise they are of both.
    biflow: bool,
}

/// Whether a record is predefined. In predefined records an uptime field stands for a time, which is sent in the form that the
/// protocol has for times.
fn predefined(record: &str) -> bool {
    Record::by_name(record).is_some() || record == Record::flow_accounting().name
}

/// Returns the sampler identifier that every record of the monitor has; 0 when there is none.
pub(crate) fn only_sampler(sampling: &Sampling) -> u8 {
    match sampling {
        Sampling::One(sampler) => sampler.id,
        Sampling::None | Sampling::Mixed(_) => 0,
    }
}

impl Template {
    pub(crate) fn new(
        id: u16,
        client: usize,
        layout: &Arc<Layout>,
        protocol: Protocol,
        sampling: &Sampling,
    ) -> Template {
        let mut template = Template {
            id,
            client,
            layout: Arc::clone(layout),
            specs: Vec::new(),
            len: 0,
            announced: false,
            oversized: false,
            leaving: false,
            fields: Vec::new(),
            bits: Vec::new(),
            steps: Vec::new(),
            sampler: only_sampler(sampling),
            narrow: false,
            biflow: protocol == Protocol::Ipfix && layout.biflow_range().is_some(),
        };
        let absolute = protocol == Protocol::Ipfix && predefined(&layout.record);
        let mut uptimes = false;
        // Reverse elements come before forward ones: nfcapd 1.7.1 keeps the later of an element and its reverse, where it does not
        // know both.
        let reverse = |slot: &&Slot| matches!(slot.field.source, Source::Reverse(_));
        let keys = layout.slots.iter().filter(|slot| slot.key);
        let came_back = layout.slots.iter().filter(reverse);
        let others = layout
            .slots
            .iter()
            .filter(|slot| !slot.key && !reverse(slot));
        for slot in keys.chain(came_back).chain(others) {
            uptimes |= template.slot(slot, absolute);
        }
        if uptimes && protocol == Protocol::Ipfix {
            // IPFIX headers have no uptime: the record names the moment that its uptimes count from.
            let start = &element::SYSTEM_INIT_TIME_MILLISECONDS;
            template.field("system init time", start, 8, 0xff, Step::Boot);
        }
        if template.sampler != 0 {
            let sampler = &element::SAMPLER_ID;
            template.field("flow sampler", sampler, 1, 0xff, Step::Sampler);
        }
        template
    }

    /// Adds the field of a slot. Returns whether it is an uptime.
    fn slot(&mut self, slot: &Slot, absolute: bool) -> bool {
        let field = slot.field;
        let (mut words, mut element, len) = (field.words, field.element, usize::from(field.len));
        // A counter that is asked for with 32 and with 64 bits is sent once, with 64.
        let long = |slot: &Slot| slot.field.source == field.source && slot.field.len == 8;
        let long = self.layout.biflow_range().is_some() || self.layout.slots.iter().any(long);
        let time = match field.kind {
            Kind::Uptime if absolute => {
                (words, element) = match field.source {
                    Source::First => START_MILLISECONDS,
                    _ => END_MILLISECONDS,
                };
                Time::Millis
            }
            Kind::Uptime => Time::Uptime,
            Kind::Micros => Time::Micros,
            Kind::Nanos => Time::Nanos,
            _ => Time::Millis,
        };
        let biflow = self.biflow;
        let time_len = if time == Time::Uptime { 4 } else { 8 };
        let mut add = |len, step: &dyn Fn(usize) -> Step| {
            self.field(words, element, len, field.bits, step);
        };
        match field.source {
            Source::Reverse(_) if !biflow => {}
            Source::Header(..) | Source::Reverse(_) => add(len, &|to| match slot.place {
                Place::Octets(from) if field.bits != 0xff => {
                    let bits = field.bits;
                    Step::Masked { from, to, bits }
                }
                Place::Octets(from) => Step::Copy { from, to, len },
                Place::TcpFlags | Place::Totals => Step::TcpFlags(to, field.bits),
            }),
            Source::Octets if long => add(8, &Step::Octets),
            Source::Packets if long => add(8, &Step::Packets),
            Source::Octets => add(4, &Step::Octets32),
            Source::Packets => add(4, &Step::Packets32),
            Source::Flows => add(4, &Step::Flows),
            Source::EndReason => add(1, &Step::End),
            Source::First => add(time_len, &|to| Step::First(time, to)),
            Source::Last => add(time_len, &|to| Step::Last(time, to)),
        }
        time == Time::Uptime && matches!(field.source, Source::First | Source::Last)
    }

    fn field(
        &mut self,
        words: &'static str,
        element: &Element,
        len: usize,
        bits: u8,
        step: impl FnOnce(usize) -> Step,
    ) {
        // An element that is both matched and collected, or goes by two names, has one value.
        let spec = FieldSpec {
            id: element.number,
            len: len as u16,
            enterprise: element.enterprise,
        };
        let mut known = self.specs.iter().zip(&self.bits);
        if known.any(|(known, known_bits)| (*known, *known_bits) == (spec, bits)) {
            return;
        }
        self.bits.push(bits);
        self.specs.push(spec);
        self.fields.push(TemplateField {
            words,
            element: element.number,
            enterprise: element.enterprise,
            scope: false,
            offset: self.len,
            size: len,
        });
        let step = step(self.len);
        self.narrow |= matches!(step, Step::Octets32(_) | Step::Packets32(_));
        self.push(step);
        self.len += len;
    }

    /// Adds a step, joining copies that continue the one before.
    fn push(&mut self, step: Step) {
        match (self.steps.last_mut(), step) {
            (
                Some(Step::Copy { from, to, len }),
                Step::Copy {
                    from: f,
                    to: t,
                    len: l,
                },
            ) if *from + *len == f && *to + *len == t => {
                *len += l;
            }
            _ => self.steps.push(step),
        }
    }

    /// Whether it is the template for flows of this layout and client.
    #[inline]
    pub(crate) fn describes(&self, client: usize, layout: &Arc<Layout>) -> bool {
        self.client == client && (Arc::ptr_eq(&self.layout, layout) || self.layout == *layout)
    }

    /// Whether records have the same octets, so that the template may keep its identifier.
    pub(crate) fn same_fields(&self, other: &Template) -> bool {
        self.specs == other.specs
    }

    /// Whether every record says which sampler took its packets.
    pub(crate) fn names_sampler(&self) -> bool {
        let sampler = element::SAMPLER_ID.number;
        self.specs.iter().any(|spec| spec.id == sampler)
    }

    /// Whether counters beyond 32 bits do not fit into one record.
    pub(crate) fn narrow(&self) -> bool {
        self.narrow
    }

    /// Writes a flow, or a further piece of one: then `flows` is 0, else 1. `out` has [`Template::len`] octets.
    #[inline]
    pub(crate) fn encode(&self, flow: &Flow<'_>, flows: u64, boot_ms: u64, out: &mut [u8]) {
        let forward;
        let totals = match self.biflow {
            true => {
                forward = flow.forward();
                &forward
            }
            false => flow.totals,
        };
        let time = |form: Time, ns: u64, out: &mut [u8], to: usize| match form {
            Time::Uptime => {
                let uptime = (ns / 1_000_000).saturating_sub(boot_ms) as u32; // modulo 2³²
                put(out, to, uptime.to_be_bytes());
            }
            Time::Millis => put(out, to, (ns / 1_000_000).to_be_bytes()),
            Time::Micros => put(out, to, ntp::micros(ns).to_be_bytes()),
            Time::Nanos => put(out, to, ntp::nanos(ns).to_be_bytes()),
        };
        for step in &self.steps {
            match *step {
                Step::Copy { from, to, len } => copy(flow.octets, from, out, to, len),
                Step::Masked { from, to, bits } => put(out, to, [flow.octets[from] & bits]),
                Step::TcpFlags(to, bits) => put(out, to, [totals.tcp_flags as u8 & bits]), // the low eight
                Step::Octets(to) => put(out, to, totals.octets.to_be_bytes()),
                Step::Octets32(to) => put(out, to, (totals.octets as u32).to_be_bytes()),
                Step::Packets(to) => put(out, to, totals.packets.to_be_bytes()),
                Step::Packets32(to) => put(out, to, (totals.packets as u32).to_be_bytes()),
                Step::Flows(to) => put(out, to, (flows as u32).to_be_bytes()),
                Step::First(form, to) => time(form, totals.first_ns, out, to),
                Step::Last(form, to) => time(form, totals.last_ns, out, to),
                Step::End(to) => put(out, to, [totals.end as u8]),
                Step::Sampler(to) => put(out, to, [self.sampler]),
                Step::Boot(to) => put(out, to, boot_ms.to_be_bytes()),
            }
        }
    }

    pub(crate) fn statistics(&self, client: &str) -> TemplateStatistics {
        TemplateStatistics {
            id: self.id,
            client: format!("Flow Monitor {client}"),
            record: self.layout.record.clone(),
            options: false,
            record_size: self.len,
            fields: self.fields.clone(),
        }
    }
}

#[inline(always)]
fn put<const N: usize>(out: &mut [u8], to: usize, value: [u8; N]) {
    out[to..to + N].copy_from_slice(&value);
}

#[inline(always)]
fn copy(from: &[u8], at: usize, out: &mut [u8], to: usize, len: usize) {
    out[to..to + len].copy_from_slice(&from[at..at + len]);
}

/// Returns the place in a flow's octets of a value from its first packet, for NetFlow v5.
pub(crate) fn place(layout: &Layout, span: wire::Span) -> Option<usize> {
    let first = |slot: &Slot| {
        let Source::Header(of, how) = slot.field.source else {
            return None;
        };
        match slot.place {
            Place::Octets(from)
                if of == span && (slot.key || how == registry::Aggregate::First) =>
            {
                Some(from)
            }
            _ => None,
        }
    };
    layout.slots.iter().find_map(first)
}
