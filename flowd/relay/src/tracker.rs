//! The latest templates and options of each observation domain, kept so that they can be replayed to a receiver that missed
//! them. Pure.
//!
//! A datagram without templates costs a walk over its set headers. One that cannot be read is relayed like any other.

use std::collections::HashMap;

use announce::{Header, Packing};
use registry::element;
use wire::{
    Contents, FieldSpec, MIN_TEMPLATE_ID, Outline, Record, Set, SetFormat, Template, ipfix, v9,
};

use crate::routes::Slots;

/// Most observation domains of one exporter.
pub(crate) const MAX_DOMAINS: usize = 256;
/// Most templates of one domain.
pub(crate) const MAX_TEMPLATES: usize = 1024;
/// Most options records of one template.
pub(crate) const MAX_RECORDS: usize = 8192;
/// Octets of memory that a template or record takes beside its content, key.
const OVERHEAD: usize = 96;

/// Information elements that identify the subject of an options record although they are not in its scope: Cisco's sampler and
/// interface tables have the whole exporter for their scope. These are the identifiers of IANA's registry that occur in options
/// (RFC 5477, RFC 6759, RFC 7270): interfaces, samplers and selectors, applications, templates, domains, processes, VRFs.
const IDENTIFIERS: [u16; 18] = [
    element::INGRESS_INTERFACE.number,
    element::EGRESS_INTERFACE.number,
    element::SAMPLER_ID.number,
    element::CLASS_ID.number,
    element::APPLICATION_ID.number,
    element::EXPORTER_IPV4_ADDRESS.number,
    element::EXPORTER_IPV6_ADDRESS.number,
    element::COMMON_PROPERTIES_ID.number,
    element::OBSERVATION_POINT_ID.number,
    element::LINE_CARD_ID.number,
    element::METERING_PROCESS_ID.number,
    element::EXPORTING_PROCESS_ID.number,
    element::TEMPLATE_ID.number,
    element::FLOW_ID.number,
    element::OBSERVATION_DOMAIN_ID.number,
    element::INGRESS_VRFID.number,
    element::EGRESS_VRFID.number,
    element::SELECTOR_ID.number,
];

/// The memory that all trackers of a worker may use together, and how often it was refused.
#[derive(Debug)]
pub(crate) struct Budget {
    pub(crate) left: usize,
    pub(crate) refused: u64,
    pub(crate) malformed: u64,
}

impl Budget {
    pub(crate) fn new(octets: usize) -> Budget {
        Budget {
            left: octets,
            refused: 0,
            malformed: 0,
        }
    }

    fn take(&mut self, octets: usize) -> bool {
        let left = self.left.checked_sub(octets);
        self.refused += u64::from(left.is_none());
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }

    fn give(&mut self, octets: usize) {
        self.left += octets;
    }
}

/// What the tracker learned from a datagram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The observation domain, source identifier, engine or sub-agent that its header names; 0 without one.
    pub(crate) id: u32,
    /// The number of its observation domain for [`Tracker::domain`]; none when no template of the domain is known.
    pub(crate) domain: Option<u16>,
    /// Whether it carries templates or options.
    pub(crate) announces: bool,
    /// Whether it carries everything that is known of its observation domain: nothing needs to be replayed before it.
    pub(crate) first: bool,
}

/// The templates and options that one exporter (address and port) has announced.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    domains: Vec<Domain>,
    last: u16,
}

/// An observation domain.
#[derive(Debug)]
pub(crate) struct Domain {
    format: SetFormat,
    id: u32,
    used_ns: u64,
    /// The receivers that have all templates and options of the domain.
    pub(crate) informed: Slots,
    templates: Vec<Kept>,
    /// Identifiers of the options templates, by which options records are recognised.
    options: Vec<u16>,
}

/// A template that is kept, and if it is an options template its records.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) template: Template,
    pub(crate) last_ns: u64,
    /// The latest options record for each subject: its scope and identifiers.
    records: HashMap<Box<[u8]>, Box<[u8]>>,
    octets: usize,
}

impl Kept {
    pub(crate) fn records(&self) -> usize {
        self.records.len()
    }
}

impl Tracker {
    /// Keeps what a datagram announces.
    #[inline]
    pub(crate) fn observe(&mut self, datagram: &[u8], now_ns: u64, budget: &mut Budget) -> Seen {
        let Some(outline) = Outline::read(datagram) else {
            return Seen::default();
        };
        let id = outline.domain;
        let Some(sets) = outline.sets else {
            return Seen {
                id,
                ..Seen::default()
            };
        };
        let format = sets.format();
        let mut domain = self.find(format, id);
        let known = domain.is_some();
        let options = domain.map_or(&[][..], |domain| &self.domains[usize::from(domain)].options);
        let mut announces = false;
        for set in sets {
            // Zeros are padding as often as an empty template set: the full reader tells them apart.
            announces |= set.id < MIN_TEMPLATE_ID || options.contains(&set.id);
        }
        if announces {
            (domain, announces) = self.learn(datagram, format, id, domain, now_ns, budget);
        }
        Seen {
            id,
            domain,
            announces,
            first: !known && domain.is_some(),
        }
    }

    #[inline]
    fn find(&mut self, format: SetFormat, id: u32) -> Option<u16> {
        let same = |domain: &Domain| domain.id == id && domain.format == format;
        if self.domains.get(usize::from(self.last)).is_some_and(same) {
            return Some(self.last);
        }
        let found = self.domains.iter().position(same)? as u16;
        self.last = found;
        Some(found)
    }

    #[cold]
    fn learn(
        &mut self,
        datagram: &[u8],
        format: SetFormat,
        id: u32,
        domain: Option<u16>,
        now_ns: u64,
        budget: &mut Budget,
    ) -> (Option<u16>, bool) {
        let sets = match format {
            SetFormat::V9 => v9::Message::parse(datagram).map(|message| message.sets()),
            SetFormat::Ipfix => ipfix::Message::parse(datagram).map(|message| message.sets()),
        };
        let Ok(sets) = sets else {
            budget.malformed += 1;
            return (domain, false);
        };
        let (mut domain, mut announces, mut malformed) = (domain, false, false);
        for set in sets {
            let Ok(set) = set else {
                malformed = true;
                break;
            };
            match set.contents() {
                Contents::Templates | Contents::OptionsTemplates => {
                    for template in set.templates() {
                        let Ok(template) = template else {
                            malformed = true;
                            continue;
                        };
                        announces = true;
                        let known = match domain {
                            Some(known) => known,
                            None if template.is_withdrawal() => continue,
                            None => self.add_domain(format, id, now_ns, budget),
                        };
                        domain = Some(known);
                        self.domains[usize::from(known)].learn(template, now_ns, budget);
                    }
                }
                Contents::Data(template) => {
                    if let Some(known) = domain {
                        announces |= self.domains[usize::from(known)]
                            .learn_options(template, &set, now_ns, budget);
                    }
                }
                Contents::Reserved(_) => {}
            }
        }
        budget.malformed += u64::from(malformed);
        (domain, announces)
    }

    /// Adds a domain. Where there are too many, it takes the place of the one that has announced nothing for longest.
    fn add_domain(&mut self, format: SetFormat, id: u32, now_ns: u64, budget: &mut Budget) -> u16 {
        let domain = Domain {
            format,
            id,
            used_ns: now_ns,
            informed: Slots::default(),
            templates: Vec::new(),
            options: Vec::new(),
        };
        if self.domains.len() < MAX_DOMAINS {
            self.domains.push(domain);
            return (self.domains.len() - 1) as u16;
        }
        budget.refused += 1;
        let oldest = (0..self.domains.len())
            .min_by_key(|number| self.domains[*number].used_ns)
            .unwrap_or(0);
        let mut old = std::mem::replace(&mut self.domains[oldest], domain);
        old.forget(budget);
        oldest as u16
    }

    /// Forgets everything and returns the memory to the budget.
    pub(crate) fn forget(&mut self, budget: &mut Budget) {
        for domain in &mut self.domains {
            domain.forget(budget);
        }
        self.domains.clear();
    }

    pub(crate) fn domain(&mut self, domain: u16) -> &mut Domain {
        &mut self.domains[usize::from(domain)]
    }

    pub(crate) fn domains(&self) -> &[Domain] {
        &self.domains
    }

    pub(crate) fn domains_mut(&mut self) -> &mut [Domain] {
        &mut self.domains
    }
}

impl Domain {
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// 9 or 10.
    pub(crate) fn version(&self) -> u16 {
        self.format.version()
    }

    pub(crate) fn templates(&self) -> &[Kept] {
        &self.templates
    }

    fn forget(&mut self, budget: &mut Budget) {
        for kept in self.templates.drain(..) {
            budget.give(kept.octets);
        }
        self.options.clear();
    }

    fn remove(&mut self, gone: impl Fn(&Template) -> bool, budget: &mut Budget) {
        self.templates.retain(|kept| {
            let gone = gone(&kept.template);
            if gone {
                budget.give(kept.octets);
            }
            !gone
        });
        let left = &self.templates;
        let options = |id: &u16| {
            left.iter()
                .any(|kept| kept.template.id == *id && kept.template.options)
        };
        self.options.retain(options);
    }

    fn learn(&mut self, template: Template, now_ns: u64, budget: &mut Budget) {
        self.used_ns = now_ns;
        let known = self
            .templates
            .iter_mut()
            .find(|kept| kept.template.id == template.id);
        if template.is_withdrawal() {
            // RFC 7011 §8.1: one template, or all of its kind.
            if template.id < MIN_TEMPLATE_ID {
                self.remove(|kept| kept.options == template.options, budget);
            } else {
                self.remove(|kept| kept.id == template.id, budget);
            }
            return;
        }
        if let Some(kept) = known {
            if kept.template == template {
                kept.last_ns = now_ns;
                return;
            }
            // Another template under the same identifier: the records of the old one describe nothing any more.
            let id = template.id;
            self.remove(|kept| kept.id == id, budget);
        }
        let octets = OVERHEAD + template.fields.len() * size_of::<FieldSpec>();
        if self.templates.len() >= MAX_TEMPLATES {
            budget.refused += 1;
            return;
        }
        if !budget.take(octets) {
            return;
        }
        if template.options {
            self.options.push(template.id);
        }
        self.templates.push(Kept {
            template,
            last_ns: now_ns,
            records: HashMap::new(),
            octets,
        });
    }

    /// Keeps the records of a data set, if they are options. Returns whether they are.
    fn learn_options(&mut self, id: u16, set: &Set, now_ns: u64, budget: &mut Budget) -> bool {
        if !self.options.contains(&id) {
            return false;
        }
        self.used_ns = now_ns;
        let Some(kept) = self
            .templates
            .iter_mut()
            .find(|kept| kept.template.id == id)
        else {
            return false;
        };
        let variable = |field: &FieldSpec| field.len == ipfix::VARIABLE;
        if kept.template.shortest_record() < 4 && kept.template.fields.iter().any(variable) {
            // Padding behind such records could be taken for more of them.
            return true;
        }
        let Kept {
            template,
            records,
            octets,
            ..
        } = kept;
        let mut key = Vec::new();
        for record in set.records(template).flatten() {
            key.clear();
            subject(&record, template, &mut key);
            let full = records.len() >= MAX_RECORDS;
            match records.get_mut(key.as_slice()) {
                Some(known) if known.len() == record.octets().len() => {
                    known.copy_from_slice(record.octets());
                }
                Some(known) => {
                    let (old, new) = (known.len(), record.octets().len());
                    budget.give(old);
                    *octets -= old;
                    if budget.take(new) {
                        *octets += new;
                        *known = record.octets().into();
                    } else {
                        budget.give(OVERHEAD + key.len());
                        *octets -= OVERHEAD + key.len();
                        records.remove(key.as_slice());
                    }
                }
                None if full => budget.refused += 1,
                None => {
                    let cost = OVERHEAD + key.len() + record.octets().len();
                    if budget.take(cost) {
                        *octets += cost;
                        records.insert(key.as_slice().into(), record.octets().into());
                    }
                }
            }
        }
        true
    }

    /// Makes the datagrams that replay all templates and options, to be sent before `live`, a datagram of this domain. Each has
    /// at most `limit` octets, if no single template or record is longer.
    ///
    /// The header is that of `live`, but for the sequence: the numbers lead up to `live`'s, so that a receiver that sees
    /// these first misses nothing between them and it. NetFlow v9 counts datagrams; IPFIX counts data records, which options
    /// are and templates are not (RFC 7011 §3.1).
    pub(crate) fn announce(&self, live: &[u8], limit: usize) -> Vec<Vec<u8>> {
        let Some(header) = Header::of(live, self.format) else {
            return Vec::new();
        };
        let mut packing = Packing::new(header, limit);
        for Kept { template, .. } in &self.templates {
            packing.add(|packer| packer.template(template));
        }
        for kept in &self.templates {
            for octets in kept.records.values() {
                packing.add(|packer| packer.record(kept.template.id, octets));
            }
        }
        packing.finish();
        packing.numbered()
    }
}

/// Writes the subject of an options record: its scope, and the identifiers in it.
fn subject(record: &Record, template: &Template, key: &mut Vec<u8>) {
    let scopes = usize::from(template.scopes);
    for (number, (field, value)) in record.fields().enumerate() {
        let identifies =
            number < scopes || field.enterprise == 0 && IDENTIFIERS.contains(&field.id);
        if identifies {
            key.extend((value.len() as u16).to_be_bytes());
            key.extend(value);
        }
    }
}

mod announce;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod exercise;
#[cfg(test)]
mod tests;
