//! Options tables: options records (RFC 7011 §3.4.2) that tell collectors of samplers, interfaces and the exporter itself.
//!
//! Collectors differ in what they understand of sampling, so it is sent in two tables. One has nothing but the interval (element 34)
//! that holds for every record; it is sent when all flows of the exporter have the same. The other has samplers by identifier (48,
//! 50), which the records' `samplerId` refers to.
//!
//! nfdump 1.7.1 reads only the first, and only when the algorithm (35) is not in it. How a sampler chooses
//! is in the second: as `samplerMode` (49) where NetFlow v9 has a value that decoders name, and as
//! `selectorAlgorithm` (304) with its parameters (RFC 5477 §8.2), which has replaced it, elsewhere.

use std::time::Duration;

use registry::{Element, element};
use wire::v9::scope;

use crate::packer::Exported;
use crate::settings::{
    Interface, Monitor, Options, Protocol, Sampler, SamplerMode, Sampling, Settings,
};
use crate::statistics::{TemplateField, TemplateStatistics};

/// Octets that a name has in a row; longer ones are cut.
const NAME_LEN: u16 = 32;
/// Octets that a description has in a row; longer ones are cut.
const DESCRIPTION_LEN: u16 = 64;

/// A field: words, number of its element, octets.
type Spec = (&'static str, u16, u16);

/// A field with the full length of its element.
fn whole(words: &'static str, element: &Element) -> Spec {
    let octets = element.data_type.octets().map_or(0, u16::from);
    (words, element.number, octets)
}

/// The kind of an options table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The interval at which every flow was sampled.
    Sampling,
    /// Samplers of one mode, by identifier.
    Samplers(SamplerMode),
    /// Names of interfaces.
    Interfaces,
    /// Counts of what was exported.
    Statistics,
}

impl Kind {
    pub(crate) const ALL: [Kind; 5] = [
        // First: nfdump reads only the first options template of a set.
        Kind::Sampling,
        Kind::Samplers(SamplerMode::Deterministic),
        Kind::Samplers(SamplerMode::Random),
        Kind::Interfaces,
        Kind::Statistics,
    ];

    /// Whether the rows are sent with the templates: without them collectors misread flows.
    pub(crate) fn sent_with_templates(self) -> bool {
        matches!(self, Kind::Sampling | Kind::Samplers(_))
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Sampling => "options sampling",
            Kind::Samplers(_) => "options sampler-table",
            Kind::Interfaces => "options interface-table",
            Kind::Statistics => "options exporter-statistics",
        }
    }

    fn scope(self, protocol: Protocol) -> Spec {
        match (protocol, self) {
            (Protocol::Ipfix, Kind::Statistics) => {
                whole("exporting process id", &element::EXPORTING_PROCESS_ID)
            }
            (Protocol::Ipfix, _) => whole("observation domain id", &element::OBSERVATION_DOMAIN_ID),
            _ => ("system", scope::SYSTEM, 4),
        }
    }

    fn fields(self, protocol: Protocol) -> Vec<Spec> {
        match self {
            Kind::Sampling => vec![whole("sampling interval", &element::SAMPLING_INTERVAL)],
            Kind::Samplers(mode) => {
                let mut fields = vec![
                    whole("flow sampler", &element::SAMPLER_ID),
                    ("flow sampler name", element::SAMPLER_NAME.number, NAME_LEN),
                    whole("flow sampler interval", &element::SAMPLER_RANDOM_INTERVAL),
                ];
                // After element 50, which some collectors take for the same as 306.
                fields.extend(match (protocol, mode) {
                    (Protocol::Ipfix, SamplerMode::Random) => vec![
                        whole("selector algorithm", &element::SELECTOR_ALGORITHM),
                        whole("sampling size", &element::SAMPLING_SIZE),
                        whole("sampling population", &element::SAMPLING_POPULATION),
                    ],
                    (_, SamplerMode::Random) => {
                        vec![whole("flow sampler mode", &element::SAMPLER_MODE)]
                    }
                    (_, SamplerMode::Deterministic) => vec![
                        whole("selector algorithm", &element::SELECTOR_ALGORITHM),
                        whole(
                            "sampling packet interval",
                            &element::SAMPLING_PACKET_INTERVAL,
                        ),
                        whole("sampling packet space", &element::SAMPLING_PACKET_SPACE),
                    ],
                });
                fields
            }
            Kind::Interfaces => vec![
                whole("interface input", &element::INGRESS_INTERFACE),
                ("interface name", element::INTERFACE_NAME.number, NAME_LEN),
                (
                    "interface description",
                    element::INTERFACE_DESCRIPTION.number,
                    DESCRIPTION_LEN,
                ),
            ],
            Kind::Statistics => vec![
                whole(
                    "exported octets total",
                    &element::EXPORTED_OCTET_TOTAL_COUNT,
                ),
                whole(
                    "exported messages total",
                    &element::EXPORTED_MESSAGE_TOTAL_COUNT,
                ),
                whole(
                    "exported flow records total",
                    &element::EXPORTED_FLOW_RECORD_TOTAL_COUNT,
                ),
            ],
        }
    }
}

/// One options table of one exporter.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) kind: Kind,
    /// Identifier of its template.
    pub(crate) id: u16,
    /// How often its rows are sent, in addition to those sent with the templates.
    pub(crate) timeout: Option<Duration>,
    /// When its rows were sent last.
    pub(crate) sent_ns: Option<u64>,
    pub(crate) scopes: Vec<(u16, u16)>,
    pub(crate) fields: Vec<(u16, u16)>,
    /// Octets of a row.
    pub(crate) len: usize,
    protocol: Protocol,
}

impl Table {
    pub(crate) fn new(kind: Kind, id: u16, protocol: Protocol) -> Table {
        let numbers = |(_, element, len): Spec| (element, len);
        let scopes = vec![numbers(kind.scope(protocol))];
        let fields: Vec<_> = kind.fields(protocol).into_iter().map(numbers).collect();
        let len = scopes
            .iter()
            .chain(&fields)
            .map(|(_, len)| usize::from(*len))
            .sum();
        Table {
            kind,
            id,
            timeout: None,
            sent_ns: None,
            scopes,
            fields,
            len,
            protocol,
        }
    }

    pub(crate) fn statistics(&self) -> TemplateStatistics {
        let mut offset = 0;
        let specs = [self.kind.scope(self.protocol)]
            .into_iter()
            .chain(self.kind.fields(self.protocol));
        let fields = specs.enumerate().map(|(i, (words, number, len))| {
            let size = usize::from(len);
            offset += size;
            TemplateField {
                words,
                element: number,
                enterprise: 0,
                scope: i == 0,
                offset: offset - size,
                size,
            }
        });
        TemplateStatistics {
            id: self.id,
            client: format!("Option {}", self.kind.name()),
            record: String::new(),
            options: true,
            record_size: self.len,
            fields: fields.collect(),
        }
    }
}

/// The contents of the options tables of one exporter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The sampling interval, when it is the same for every flow of the exporter.
    interval: Option<u32>,
    samplers: Vec<Sampler>,
    interfaces: Option<Vec<Interface>>,
    statistics: bool,
}

impl Facts {
    pub(crate) fn new(
        settings: &Settings,
        monitors: &[&Monitor],
        interfaces: &[Interface],
    ) -> Facts {
        let mut samplers: Vec<Sampler> = Vec::new();
        for sampler in monitors
            .iter()
            .flat_map(|monitor| monitor.sampling.samplers())
        {
            if !samplers.iter().any(|known| known.id == sampler.id) {
                samplers.push(sampler.clone());
            }
        }
        // Collectors that scale by what they are told, such as Akvorado, take no flow without being told.
        let rate = |monitor: &&Monitor| match &monitor.sampling {
            Sampling::One(sampler) => Some(sampler.rate),
            Sampling::None => Some(1),
            Sampling::Mixed(_) => None,
        };
        let first = monitors.first().and_then(rate);
        let interval = first.filter(|_| monitors.iter().all(|monitor| rate(monitor) == first));
        let some_unsampled = monitors
            .iter()
            .any(|monitor| !matches!(monitor.sampling, Sampling::One(_)));
        let table = !samplers.is_empty() || settings.options.sampler_table.is_some();
        if some_unsampled && table {
            // pmacct 1.7.7 scales IPFIX records without a sampler by the last sampler it knows, unless it
            // knows one of identifier 0.
            samplers.push(Sampler {
                id: 0,
                name: "unsampled".into(),
                mode: SamplerMode::Deterministic,
                rate: 1,
            });
        }
        let interfaces = (settings.options.interface_table.is_some() && !monitors.is_empty())
            .then(|| interfaces.to_vec());
        Facts {
            interval,
            samplers,
            interfaces,
            statistics: settings.options.exporter_stats.is_some() && !monitors.is_empty(),
        }
    }

    /// Whether a table has rows.
    pub(crate) fn has(&self, kind: Kind) -> bool {
        match kind {
            Kind::Sampling => self.interval.is_some(),
            Kind::Samplers(mode) => self.samplers.iter().any(|sampler| sampler.mode == mode),
            Kind::Interfaces => self.interfaces.is_some(),
            Kind::Statistics => self.statistics,
        }
    }

    /// Returns how often the rows of a table are sent, in addition to those sent with the templates.
    pub(crate) fn timeout(kind: Kind, options: &Options) -> Option<Duration> {
        match kind {
            Kind::Sampling => None,
            Kind::Samplers(_) => options.sampler_table,
            Kind::Interfaces => options.interface_table,
            Kind::Statistics => options.exporter_stats,
        }
    }

    /// Writes the rows of a table.
    pub(crate) fn rows(&self, table: &Table, source_id: u32, exported: Exported) -> Vec<Vec<u8>> {
        let row = |write: &dyn Fn(&mut Vec<u8>)| {
            let mut row = Vec::with_capacity(table.len);
            row.extend_from_slice(&source_id.to_be_bytes());
            write(&mut row);
            debug_assert_eq!(row.len(), table.len);
            row
        };
        match table.kind {
            Kind::Sampling => self
                .interval
                .iter()
                .map(|rate| row(&|out| out.extend_from_slice(&rate.to_be_bytes())))
                .collect(),
            Kind::Samplers(mode) => self
                .samplers
                .iter()
                .filter(|sampler| sampler.mode == mode)
                .map(|sampler| row(&|out| put_sampler(out, sampler, table.protocol)))
                .collect(),
            Kind::Interfaces => self
                .interfaces
                .iter()
                .flatten()
                .map(|interface| {
                    row(&|out| {
                        out.extend_from_slice(&interface.index.to_be_bytes());
                        put_text(out, &interface.name, NAME_LEN);
                        put_text(out, &interface.description, DESCRIPTION_LEN);
                    })
                })
                .collect(),
            Kind::Statistics => vec![row(&|out| {
                out.extend_from_slice(&exported.octets.to_be_bytes());
                out.extend_from_slice(&exported.datagrams.to_be_bytes());
                out.extend_from_slice(&exported.flows.to_be_bytes());
            })],
        }
    }
}

fn put_sampler(out: &mut Vec<u8>, sampler: &Sampler, protocol: Protocol) {
    /// `samplerMode`: random.
    const RANDOM: u8 = 2;
    /// `selectorAlgorithm` of RFC 5477: systematic count-based, and random n-out-of-N.
    const SYSTEMATIC: u16 = 1;
    const RANDOM_N_OUT_OF_N: u16 = 3;
    out.push(sampler.id);
    put_text(out, &sampler.name, NAME_LEN);
    out.extend_from_slice(&sampler.rate.to_be_bytes());
    let (algorithm, packets, others) = match (protocol, sampler.mode) {
        (Protocol::Ipfix, SamplerMode::Random) => (RANDOM_N_OUT_OF_N, 1_u32, sampler.rate),
        (_, SamplerMode::Random) => return out.push(RANDOM),
        (_, SamplerMode::Deterministic) => (SYSTEMATIC, 1, sampler.rate.saturating_sub(1)),
    };
    out.extend_from_slice(&algorithm.to_be_bytes());
    out.extend_from_slice(&packets.to_be_bytes());
    out.extend_from_slice(&others.to_be_bytes());
}

/// Writes text in a fixed length: cut between characters, filled up with zeros.
fn put_text(out: &mut Vec<u8>, text: &str, len: u16) {
    let len = usize::from(len);
    let end = (0..=text.len().min(len))
        .rev()
        .find(|&end| text.is_char_boundary(end))
        .unwrap_or(0);
    out.extend_from_slice(&text.as_bytes()[..end]);
    out.resize(out.len() + len - end, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_characters() {
        let mut out = Vec::new();
        put_text(&mut out, "aä", 2);
        put_text(&mut out, "b", 3);
        assert_eq!(out, [b'a', 0, b'b', 0, 0]);
    }

    #[test]
    fn rows_have_the_length_their_template_says() {
        let sampler = |id, mode| Sampler {
            id,
            name: "S".into(),
            mode,
            rate: 100,
        };
        let monitor = Monitor {
            name: "M".into(),
            exporters: vec![],
            layouts: vec![],
            sampling: Sampling::Mixed(vec![
                sampler(1, SamplerMode::Deterministic),
                sampler(2, SamplerMode::Random),
            ]),
        };
        let mut settings = crate::testing::settings("E", "192.0.2.1");
        settings.options.interface_table = Some(crate::testing::TABLE_TIMEOUT);
        settings.options.exporter_stats = Some(crate::testing::TABLE_TIMEOUT);
        let interfaces = [Interface {
            index: 2,
            name: "eth0".into(),
            description: String::new(),
        }];
        let mut facts = Facts::new(&settings, &[&monitor], &interfaces);
        assert!(!facts.has(Kind::Sampling));
        facts.interval = Some(100);
        for protocol in [Protocol::NetflowV9, Protocol::Ipfix] {
            for kind in Kind::ALL {
                let table = Table::new(kind, 256, protocol);
                let rows = facts.rows(&table, 7, Exported::default());
                // Sampler 0 stands for packets that no sampler chose.
                let unsampled = usize::from(kind == Kind::Samplers(SamplerMode::Deterministic));
                assert!(
                    rows.len() == 1 + unsampled && rows.iter().all(|row| row.len() == table.len),
                    "{kind:?}"
                );
                assert_eq!(
                    table
                        .statistics()
                        .fields
                        .iter()
                        .map(|field| field.size)
                        .sum::<usize>(),
                    table.len
                );
            }
        }
    }

    #[test]
    fn an_interval_is_told_only_when_it_holds_for_every_flow() {
        let monitor = |sampling| Monitor {
            name: "M".into(),
            exporters: vec![],
            layouts: vec![],
            sampling,
        };
        let one = |rate| {
            let sampler = Sampler {
                id: 1,
                name: "S".into(),
                mode: SamplerMode::Random,
                rate,
            };
            monitor(Sampling::One(sampler))
        };
        let settings = crate::testing::settings("E", "192.0.2.1");
        let interval = |monitors: &[&Monitor]| Facts::new(&settings, monitors, &[]).interval;
        assert_eq!(interval(&[&one(10), &one(10)]), Some(10));
        assert_eq!(interval(&[&one(10), &one(20)]), None);
        assert_eq!(interval(&[&one(10), &monitor(Sampling::None)]), None);
        assert_eq!(interval(&[&monitor(Sampling::None), &one(10)]), None);
        assert_eq!(interval(&[]), None);
        // A table is also sent if nothing is sampled.
        assert_eq!(interval(&[&monitor(Sampling::None)]), Some(1));
        assert_eq!(
            interval(&[&monitor(Sampling::None), &monitor(Sampling::None)]),
            Some(1)
        );
    }
}
