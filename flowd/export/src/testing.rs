//! Shared by tests: layouts, flows of any kind, and an independent decoder.

use std::sync::Arc;
use std::time::Duration;

use flow::{Batch, EndReason, Flow, Layout, Place, Record, Slot, Totals};
use netflow_parser::variable_versions::{ipfix, v9};
use netflow_parser::{NetflowPacket, NetflowParser};
use proptest::prelude::*;
use registry::{FIELDS, Source};
use wire::Family;

use crate::settings::{Monitor, Options, Protocol, Sampler, SamplerMode, Sampling, Settings};
use udp::Source as Local;

/// 2026-01-02 03:04:05.678901234, which is no whole number of any larger unit.
pub(crate) const BOOT_NS: u64 = 1_767_323_045_678_901_234;
pub(crate) const SECOND: u64 = 1_000_000_000;

/// The interval at which options tables are sent.
pub(crate) const TABLE_TIMEOUT: Duration = Duration::from_secs(600);

/// Returns the settings of an exporter of NetFlow v9.
pub(crate) fn settings(name: &str, destination: &str) -> Settings {
    Settings {
        name: name.into(),
        destination: destination.into(),
        port: 9995,
        source: Local::Any,
        vrf: None,
        dscp: 0,
        ttl: 255,
        protocol: Protocol::NetflowV9,
        template_timeout: Duration::from_secs(600),
        options: Options::default(),
        engine: (0, 0),
        source_id: 0,
        boot_ns: 0,
        mtu: 1500,
        transport: crate::settings::Transport::Udp,
    }
}

pub(crate) fn monitor(name: &str, layouts: Vec<Arc<Layout>>, sampling: Sampling) -> Monitor {
    Monitor {
        name: name.into(),
        exporters: vec!["E".into()],
        layouts,
        sampling,
    }
}

pub(crate) fn sampler(id: u8, mode: SamplerMode, rate: u32) -> Sampler {
    Sampler {
        id,
        name: format!("S{id}"),
        mode,
        rate,
    }
}

pub(crate) fn original(family: Family) -> Arc<Layout> {
    Record::netflow_original().layout(family).unwrap()
}

/// Makes a record of the given `match` and `collect` words, with a name that is not predefined.
pub(crate) fn layout(keys: &[&str], collects: &[&str], family: Family) -> Arc<Layout> {
    let record = Record {
        name: "MINE".into(),
        keys: keys
            .iter()
            .map(|words| Record::key_field(words).unwrap())
            .collect(),
        collects: collects
            .iter()
            .map(|words| Record::collect_field(words).unwrap())
            .collect(),
    };
    Arc::new(Layout::new(&record, family))
}

/// Returns every field that exists in that family.
pub(crate) fn everything(family: Family) -> Arc<Layout> {
    let fields = || {
        FIELDS
            .iter()
            .filter(move |field| field.family.is_none_or(|only| only == family))
    };
    let record = Record {
        name: "EVERYTHING".into(),
        keys: fields().filter(|field| field.key).collect(),
        collects: fields().filter(|field| !field.key).collect(),
    };
    Arc::new(Layout::new(&record, family))
}

pub(crate) fn any_layout() -> impl Strategy<Value = Arc<Layout>> {
    let family = prop_oneof![Just(Family::V4), Just(Family::V6)];
    let some =
        proptest::sample::subsequence((0..FIELDS.len()).collect::<Vec<_>>(), 1..FIELDS.len());
    (family, some.prop_shuffle(), any::<bool>()).prop_filter_map(
        "no fields",
        |(family, fields, mine)| {
            let fields = || fields.iter().map(|i| &FIELDS[*i]);
            let mut record = Record {
                name: "MINE".into(),
                keys: fields().filter(|field| field.key).collect(),
                collects: fields().filter(|field| !field.key).collect(),
            };
            if !mine {
                record.name = "netflow-original".into();
            }
            let layout = Layout::new(&record, family);
            (!layout.slots.is_empty()).then(|| Arc::new(layout))
        },
    )
}

/// Generates flows of a layout with random octets, which start up to twenty days after boot and last up to a day.
pub(crate) fn any_batch(layout: Arc<Layout>, flows: usize) -> impl Strategy<Value = Arc<Batch>> {
    let octets = layout.len();
    let counter = prop_oneof![4 => 1..100_000_u64, 1 => 0..(1_u64 << 40)];
    let one = (
        0..20 * 86_400 * SECOND,
        prop_oneof![Just(0), 0..86_400 * SECOND],
        counter.clone(),
        counter,
        any::<u16>(),
        proptest::collection::vec(any::<u8>(), octets),
    );
    proptest::collection::vec(one, 0..flows).prop_map(move |flows| {
        let mut batch = Batch::with_capacity(Arc::clone(&layout), flows.len());
        for (start, duration, packets, octets, tcp_flags, mut bytes) in flows {
            possible(&layout, &mut bytes);
            let first_ns = BOOT_NS + start;
            let end = EndReason::Idle;
            let totals = Totals {
                first_ns,
                last_ns: first_ns + duration,
                packets,
                octets,
                tcp_flags,
                end,
            };
            batch.push(totals, &bytes);
        }
        Arc::new(batch)
    })
}

/// Makes a batch of `flows` different flows, each of one packet of 100 octets at the given time.
pub(crate) fn batch(layout: &Arc<Layout>, flows: usize, time_ns: u64) -> Arc<Batch> {
    let mut batch = Batch::with_capacity(Arc::clone(layout), flows);
    for i in 0..flows {
        let mut bytes: Vec<u8> = (0..layout.len()).map(|at| (at + i) as u8 | 1).collect();
        possible(layout, &mut bytes);
        let totals = Totals {
            first_ns: time_ns - SECOND,
            last_ns: time_ns,
            packets: 1,
            octets: 100,
            tcp_flags: 2,
            end: EndReason::Idle,
        };
        batch.push(totals, &bytes);
    }
    Arc::new(batch)
}

/// Returns the `len` octets that a record of `flow` must have for an element, computed without templates. `flows` is 1, or 0
/// for a further piece of a flow.
pub(crate) fn expected(
    flow: &Flow<'_>,
    flows: u8,
    (element, len): (u16, u16),
    boot_ms: u64,
) -> Option<Vec<u8>> {
    let totals = flow.totals;
    let ms = |ns: u64| ns / 1_000_000;
    let uptime = |ns: u64| ((ms(ns) - boot_ms) as u32).to_be_bytes().to_vec();
    let ntp = |ns: u64, ntp: fn(u64) -> u64| ntp(ns).to_be_bytes().to_vec();
    let number = |number: u64| number.to_be_bytes()[8 - usize::from(len)..].to_vec();
    let slot = |slot: &&Slot| match slot.field.source {
        Source::Header(..) => {
            (slot.field.element.number, u16::from(slot.field.len)) == (element, len)
        }
        _ => false,
    };
    Some(match element {
        1 => number(totals.octets),
        2 => number(totals.packets),
        3 => vec![0, 0, 0, flows],
        21 => uptime(totals.last_ns),
        22 => uptime(totals.first_ns),
        152 => ms(totals.first_ns).to_be_bytes().into(),
        153 => ms(totals.last_ns).to_be_bytes().into(),
        154 => ntp(totals.first_ns, crate::ntp::micros),
        155 => ntp(totals.last_ns, crate::ntp::micros),
        156 => ntp(totals.first_ns, crate::ntp::nanos),
        157 => ntp(totals.last_ns, crate::ntp::nanos),
        160 => boot_ms.to_be_bytes().into(),
        136 => vec![totals.end as u8],
        _ => {
            let slot = flow.layout.slots.iter().find(slot)?;
            match slot.place {
                Place::Octets(from) => flow.octets[from..][..usize::from(slot.field.len)].into(),
                Place::TcpFlags | Place::Totals => vec![totals.tcp_flags as u8],
            }
        }
    })
}

/// Clears the bits of a flow's octets that no packet sets and the decoder does not keep.
fn possible(layout: &Layout, octets: &mut [u8]) {
    for slot in &layout.slots {
        if let Place::Octets(at) = slot.place
            && *slot.field.element == registry::element::MPLS_TOP_LABEL_EXP
        {
            octets[at] &= 7;
        }
    }
}

/// A template as the decoder read it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) scopes: Vec<(u16, u16)>,
    pub(crate) fields: Vec<(u16, u16)>,
}

/// A set as the decoder read it. Values are octets, in the template's order.
#[derive(Debug)]
pub(crate) enum Set {
    Template(u16, Seen),
    Data { id: u16, records: Vec<Vec<Vec<u8>>> },
    Options { id: u16, records: Vec<Vec<Vec<u8>>> },
}

/// A datagram as the decoder read it.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) sequence: u32,
    pub(crate) uptime_ms: u32,
    pub(crate) secs: u32,
    pub(crate) nsecs: u32,
    pub(crate) sampling: u16,
    /// The header's count of records; 0 for IPFIX.
    pub(crate) count: usize,
    pub(crate) source_id: u32,
    pub(crate) sets: Vec<Set>,
    pub(crate) v5: Vec<netflow_parser::static_versions::v5::FlowSet>,
}

impl Message {
    /// Data records and options records.
    pub(crate) fn records(&self) -> usize {
        let records = self.sets.iter().map(|set| match set {
            Set::Template(..) => 0,
            Set::Data { records, .. } | Set::Options { records, .. } => records.len(),
        });
        records.sum::<usize>() + self.v5.len()
    }

    pub(crate) fn templates(&self) -> impl Iterator<Item = (u16, &Seen)> {
        self.sets.iter().filter_map(|set| match set {
            Set::Template(id, seen) => Some((*id, seen)),
            _ => None,
        })
    }
}

/// Decodes a datagram; the parser keeps the templates of the datagrams before.
pub(crate) fn decode(parser: &mut NetflowParser, datagram: &[u8]) -> Message {
    let result = parser.parse_bytes(datagram);
    assert!(result.error.is_none(), "{:?}", result.error);
    assert_eq!(result.packets.len(), 1);
    match result.packets.into_iter().next().unwrap() {
        NetflowPacket::V5(packet) => Message {
            sequence: packet.header.flow_sequence,
            uptime_ms: packet.header.sys_up_time,
            secs: packet.header.unix_secs,
            nsecs: packet.header.unix_nsecs,
            sampling: packet.header.sampling_interval,
            count: packet.header.count.into(),
            source_id: u16::from_be_bytes([packet.header.engine_type, packet.header.engine_id])
                .into(),
            sets: vec![],
            v5: packet.flowsets,
        },
        NetflowPacket::V9(packet) => Message {
            sequence: packet.header.sequence_number,
            uptime_ms: packet.header.sys_up_time,
            secs: packet.header.unix_secs,
            nsecs: 0,
            sampling: 0,
            count: packet.header.count.into(),
            source_id: packet.header.source_id,
            sets: packet.flowsets.into_iter().flat_map(v9_sets).collect(),
            v5: vec![],
        },
        NetflowPacket::IPFix(packet) => Message {
            sequence: packet.header.sequence_number,
            uptime_ms: 0,
            secs: packet.header.export_time,
            nsecs: 0,
            sampling: 0,
            count: 0,
            source_id: packet.header.observation_domain_id,
            sets: packet.flowsets.into_iter().flat_map(ipfix_sets).collect(),
            v5: vec![],
        },
        other => panic!("{other:?}"),
    }
}

fn octets(value: &netflow_parser::variable_versions::field_value::FieldValue) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.write_be_bytes(&mut bytes).unwrap();
    bytes
}

fn v9_sets(set: v9::FlowSet) -> Vec<Set> {
    let id = set.header.flowset_id;
    let pairs = |fields: &[v9::TemplateField]| {
        fields
            .iter()
            .map(|field| (field.field_type_number, field.field_length))
            .collect::<Vec<_>>()
    };
    match set.body {
        v9::FlowSetBody::Template(set) => set
            .templates
            .iter()
            .map(|template| {
                let fields = pairs(&template.fields);
                Set::Template(
                    template.template_id,
                    Seen {
                        scopes: vec![],
                        fields,
                    },
                )
            })
            .collect(),
        v9::FlowSetBody::OptionsTemplate(set) => set
            .templates
            .iter()
            .map(|template| {
                let scopes = template.scope_fields.iter();
                let scopes = scopes
                    .map(|scope| (scope.field_type_number, scope.field_length))
                    .collect();
                Set::Template(
                    template.template_id,
                    Seen {
                        scopes,
                        fields: pairs(&template.option_fields),
                    },
                )
            })
            .collect(),
        v9::FlowSetBody::Data(data) => {
            let record =
                |record: &v9::V9FlowRecord| record.iter().map(|(_, value)| octets(value)).collect();
            vec![Set::Data {
                id,
                records: data.fields.iter().map(record).collect(),
            }]
        }
        v9::FlowSetBody::OptionsData(data) => {
            let record = |record: &v9::OptionsDataFields| {
                let scopes = record.scope_fields.iter().map(|scope| match scope {
                    v9::ScopeDataField::System(bytes) => bytes.clone(),
                    other => panic!("{other:?}"),
                });
                scopes
                    .chain(record.options_fields.iter().map(|(_, value)| octets(value)))
                    .collect()
            };
            vec![Set::Options {
                id,
                records: data.fields.iter().map(record).collect(),
            }]
        }
        other => panic!("{other:?}"),
    }
}

fn ipfix_sets(set: ipfix::FlowSet) -> Vec<Set> {
    let id = set.header.header_id;
    let pairs = |fields: &[ipfix::TemplateField]| {
        fields
            .iter()
            .map(|field| (field.field_type_number, field.field_length))
            .collect::<Vec<_>>()
    };
    let template = |template: &ipfix::Template| {
        Set::Template(
            template.template_id,
            Seen {
                scopes: vec![],
                fields: pairs(&template.fields),
            },
        )
    };
    let options = |template: &ipfix::OptionsTemplate| {
        let mut scopes = pairs(&template.fields);
        let fields = scopes.split_off(template.scope_field_count.into());
        Set::Template(template.template_id, Seen { scopes, fields })
    };
    let record = |record: &Vec<ipfix::IPFixFieldPair>| {
        record.iter().map(|(_, value)| octets(value)).collect()
    };
    match set.body {
        ipfix::FlowSetBody::Template(one) => vec![template(&one)],
        ipfix::FlowSetBody::Templates(many) => many.iter().map(template).collect(),
        ipfix::FlowSetBody::OptionsTemplate(one) => vec![options(&one)],
        ipfix::FlowSetBody::OptionsTemplates(many) => many.iter().map(options).collect(),
        ipfix::FlowSetBody::Data(data) => {
            vec![Set::Data {
                id,
                records: data.fields.iter().map(record).collect(),
            }]
        }
        ipfix::FlowSetBody::OptionsData(data) => {
            vec![Set::Options {
                id,
                records: data.fields.iter().map(record).collect(),
            }]
        }
        other => panic!("{other:?}"),
    }
}
