//! Templates compiled from a layout: which elements are sent, and how a flow becomes their octets.

use std::sync::Arc;

use flow::{Flow, Layout, Place, Record, Slot, Source};

use crate::settings::{Protocol, Sampling};
use crate::statistics::{TemplateField, TemplateStatistics};

/// `flowStartMilliseconds` and `flowEndMilliseconds`.
const START_MILLISECONDS: u16 = 152;
const END_MILLISECONDS: u16 = 153;
/// `systemInitTimeMilliseconds`.
const SYSTEM_INIT_TIME: u16 = 160;
/// `samplerId`.
const SAMPLER_ID: u16 = 48;

/// How octets of a record come about. Positions are in the record (`to`) and in the flow's octets (`from`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Copy {
        from: usize,
        to: usize,
        len: usize,
    },
    TcpFlags(usize),
    Octets(usize),
    Packets(usize),
    FirstUptime(usize),
    LastUptime(usize),
    FirstMillis(usize),
    LastMillis(usize),
    End(usize),
    /// The identifier of the only sampler of the monitor.
    Sampler(usize),
    Boot(usize),
}

/// A template and the program that encodes its records.
#[derive(Debug)]
pub(crate) struct Template {
    /// Identifier, from 256.
    pub(crate) id: u16,
    /// Index of the client whose flows these are.
    pub(crate) client: usize,
    /// The layout it was compiled from.
    pub(crate) layout: Arc<Layout>,
    /// Field specifiers.
    pub(crate) specs: Vec<(u16, u16)>,
    /// Octets of a record.
    pub(crate) len: usize,
    /// A datagram has had it.
    pub(crate) announced: bool,
    /// It does not fit into a datagram; nor do its records make sense then.
    pub(crate) oversized: bool,
    fields: Vec<TemplateField>,
    steps: Vec<Step>,
    sampler: u8,
}

/// Records whose uptimes mean absolute times: an exporter may send whichever its protocol has.
fn predefined(record: &str) -> bool {
    Record::by_name(record).is_some() || record == Record::flow_accounting().name
}

/// The identifier that every record of the monitor would have; 0 when there is none.
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
            fields: Vec::new(),
            steps: Vec::new(),
            sampler: only_sampler(sampling),
        };
        let absolute = protocol == Protocol::Ipfix && predefined(&layout.record);
        let mut uptimes = false;
        for slot in &layout.slots {
            uptimes |= template.slot(slot, absolute);
        }
        if uptimes && protocol == Protocol::Ipfix {
            // IPFIX headers have no uptime: the record says what its times count from.
            template.field("system init time", SYSTEM_INIT_TIME, 8, Step::Boot);
        }
        if template.sampler != 0 {
            template.field("flow sampler", SAMPLER_ID, 1, Step::Sampler);
        }
        template
    }

    /// Adds the field of a slot; whether it counts from boot.
    fn slot(&mut self, slot: &Slot, absolute: bool) -> bool {
        let field = slot.field;
        let (words, element, len) = (field.words, field.element, usize::from(field.len));
        match field.source {
            Source::Header(..) => self.field(words, element, len, |to| match slot.place {
                Place::Octets(from) => Step::Copy { from, to, len },
                Place::TcpFlags | Place::Totals => Step::TcpFlags(to),
            }),
            Source::Octets => self.field(words, element, 8, Step::Octets),
            Source::Packets => self.field(words, element, 8, Step::Packets),
            Source::EndReason => self.field(words, element, 1, Step::End),
            Source::First if absolute || element == START_MILLISECONDS => {
                self.field(
                    "timestamp absolute first",
                    START_MILLISECONDS,
                    8,
                    Step::FirstMillis,
                );
            }
            Source::Last if absolute || element == END_MILLISECONDS => {
                self.field(
                    "timestamp absolute last",
                    END_MILLISECONDS,
                    8,
                    Step::LastMillis,
                );
            }
            Source::First => {
                self.field(words, element, 4, Step::FirstUptime);
                return true;
            }
            Source::Last => {
                self.field(words, element, 4, Step::LastUptime);
                return true;
            }
        }
        false
    }

    fn field(
        &mut self,
        words: &'static str,
        element: u16,
        len: usize,
        step: impl FnOnce(usize) -> Step,
    ) {
        // An element that is both matched and collected, or wanted short and long, has one value.
        if self.specs.iter().any(|(known, _)| *known == element) {
            return;
        }
        self.specs.push((element, len as u16));
        self.fields.push(TemplateField {
            words,
            element,
            scope: false,
            offset: self.len,
            size: len,
        });
        self.push(step(self.len));
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

    /// It describes these flows of this client.
    #[inline]
    pub(crate) fn describes(&self, client: usize, layout: &Arc<Layout>) -> bool {
        self.client == client && (Arc::ptr_eq(&self.layout, layout) || self.layout == *layout)
    }

    /// Records would have the same octets: it may go on under its identifier.
    pub(crate) fn same_fields(&self, other: &Template) -> bool {
        self.specs == other.specs
    }

    /// Whether every record says which sampler took its packets.
    pub(crate) fn names_sampler(&self) -> bool {
        self.specs.iter().any(|(element, _)| *element == SAMPLER_ID)
    }

    /// Writes a flow; `out` has [`Template::len`] octets.
    #[inline]
    pub(crate) fn encode(&self, flow: &Flow<'_>, boot_ms: u64, out: &mut [u8]) {
        let totals = flow.totals;
        let uptime = |ns: u64| ((ns / 1_000_000).saturating_sub(boot_ms) as u32).to_be_bytes(); // modulo 2³²
        let millis = |ns: u64| (ns / 1_000_000).to_be_bytes();
        for step in &self.steps {
            match *step {
                Step::Copy { from, to, len } => copy(flow.octets, from, out, to, len),
                Step::TcpFlags(to) => put(out, to, [totals.tcp_flags as u8]), // the low eight
                Step::Octets(to) => put(out, to, totals.octets.to_be_bytes()),
                Step::Packets(to) => put(out, to, totals.packets.to_be_bytes()),
                Step::FirstUptime(to) => put(out, to, uptime(totals.first_ns)),
                Step::LastUptime(to) => put(out, to, uptime(totals.last_ns)),
                Step::FirstMillis(to) => put(out, to, millis(totals.first_ns)),
                Step::LastMillis(to) => put(out, to, millis(totals.last_ns)),
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

/// Where a value that the first packet gave lies in a flow, for NetFlow v5.
pub(crate) fn place(layout: &Layout, span: wire::Span) -> Option<usize> {
    let first = |slot: &Slot| {
        let Source::Header(of, how) = slot.field.source else {
            return None;
        };
        match slot.place {
            Place::Octets(from) if of == span && (slot.key || how == flow::Aggregate::First) => {
                Some(from)
            }
            _ => None,
        }
    };
    layout.slots.iter().find_map(first)
}
