//! Packs templates and options into datagrams whose sequence numbers lead up to a given one's.

use wire::{FieldSpec, SetFormat, Template, ipfix, v9};

use udp::MAX_PAYLOAD;

#[derive(Clone, Copy)]
pub(super) enum Header {
    V9(v9::Header),
    Ipfix(ipfix::Header),
}

impl Header {
    /// The header of a datagram.
    pub(super) fn of(datagram: &[u8], format: SetFormat) -> Option<Header> {
        match format {
            SetFormat::V9 => Some(Header::V9(v9::Message::parse(datagram).ok()?.header)),
            SetFormat::Ipfix => Some(Header::Ipfix(ipfix::Message::parse(datagram).ok()?.header)),
        }
    }
}

pub(super) enum Packer {
    V9(v9::Packer),
    Ipfix(ipfix::Packer),
}

impl Packer {
    fn new(header: Header, limit: usize) -> Packer {
        match header {
            Header::V9(_) => Packer::V9(v9::Packer::new(limit)),
            Header::Ipfix(_) => Packer::Ipfix(ipfix::Packer::new(limit)),
        }
    }

    pub(super) fn template(&mut self, template: &Template) -> Result<(), wire::Full> {
        let scopes = usize::from(template.scopes).min(template.fields.len());
        let (scope, fields) = template.fields.split_at(scopes);
        match self {
            Packer::V9(packer) => {
                let pairs = |fields: &[FieldSpec]| -> Vec<(u16, u16)> {
                    fields.iter().map(|field| (field.id, field.len)).collect()
                };
                if template.options {
                    packer.options_template(template.id, &pairs(scope), &pairs(fields))
                } else {
                    packer.template(template.id, &pairs(fields))
                }
            }
            Packer::Ipfix(packer) if template.options => {
                packer.options_template(template.id, scope, fields)
            }
            Packer::Ipfix(packer) => packer.template(template.id, fields),
        }
    }

    pub(super) fn record(&mut self, id: u16, octets: &[u8]) -> Result<(), wire::Full> {
        let place = match self {
            Packer::V9(packer) => packer.record(id, octets.len())?,
            Packer::Ipfix(packer) => packer.record(id, octets.len())?,
        };
        place.copy_from_slice(octets);
        Ok(())
    }
}

/// Fills datagrams one after the other.
pub(super) struct Packing {
    header: Header,
    packer: Packer,
    /// The finished datagrams, and by how much each advances the sequence number.
    done: Vec<(Vec<u8>, u32)>,
}

impl Packing {
    pub(super) fn new(header: Header, limit: usize) -> Packing {
        Packing {
            header,
            packer: Packer::new(header, limit),
            done: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, put: impl Fn(&mut Packer) -> Result<(), wire::Full>) {
        if put(&mut self.packer).is_ok() {
            return;
        }
        self.finish();
        if put(&mut self.packer).is_ok() {
            return;
        }
        // Longer than the limit: it gets a datagram of its own, which IP fragments.
        let wide = Packer::new(self.header, MAX_PAYLOAD);
        let narrow = std::mem::replace(&mut self.packer, wide);
        if put(&mut self.packer).is_ok() {
            self.finish();
        }
        self.packer = narrow;
    }

    pub(super) fn finish(&mut self) {
        let done = match (&mut self.packer, self.header) {
            (Packer::V9(packer), Header::V9(header)) if !packer.is_empty() => {
                (packer.finish(&header).to_vec(), 1)
            }
            (Packer::Ipfix(packer), Header::Ipfix(header)) if !packer.is_empty() => {
                let records = packer.count();
                (packer.finish(&header).to_vec(), records)
            }
            _ => return,
        };
        self.done.push(done);
    }

    /// Returns the datagrams, numbered so that the next sequence number is the header's.
    pub(super) fn numbered(self) -> Vec<Vec<u8>> {
        let mut sequence = match self.header {
            Header::V9(header) => header.sequence,
            Header::Ipfix(header) => header.sequence,
        };
        let mut datagrams = Vec::with_capacity(self.done.len());
        for (mut datagram, advance) in self.done.into_iter().rev() {
            sequence = sequence.wrapping_sub(advance);
            match self.header {
                Header::V9(_) => v9::set_sequence(&mut datagram, sequence),
                Header::Ipfix(_) => ipfix::set_sequence(&mut datagram, sequence),
            }
            datagrams.push(datagram);
        }
        datagrams.reverse();
        datagrams
    }
}
