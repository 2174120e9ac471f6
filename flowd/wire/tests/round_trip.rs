//! NetFlow v9 and IPFIX: what is packed in any order and any datagram size can be read again.

use proptest::collection::vec;
use proptest::prelude::*;
use wire::{Contents, DecodeError, FieldSpec, Full, Set, ipfix, v9};

fn spec(id: u16, len: u16) -> FieldSpec {
    FieldSpec {
        id,
        len,
        enterprise: 0,
    }
}

fn v9_sets(datagram: &[u8]) -> Vec<Result<Set<'_>, DecodeError>> {
    v9::Message::parse(datagram).unwrap().sets().collect()
}

fn ipfix_sets(datagram: &[u8]) -> Vec<Result<Set<'_>, DecodeError>> {
    ipfix::Message::parse(datagram).unwrap().sets().collect()
}

/// A call of the packer.
#[derive(Clone, Debug)]
enum Ask {
    Template(u16, Vec<(u16, u16)>),
    Options(u16, Vec<(u16, u16)>, Vec<(u16, u16)>),
    Records(u16, usize, usize),
}

fn asks() -> impl Strategy<Value = Vec<Ask>> {
    let fields = |n| vec((1u16..500, 1u16..20), n);
    vec(
        prop_oneof![
            (256u16..260, fields(1..6)).prop_map(|(id, fields)| Ask::Template(id, fields)),
            (260u16..262, fields(1..3), fields(0..4))
                .prop_map(|(id, scopes, fields)| Ask::Options(id, scopes, fields)),
            (256u16..262, 1usize..40, 1usize..9)
                .prop_map(|(id, len, want)| Ask::Records(id, len, want)),
        ],
        0..40,
    )
}

/// Content of a set, as a collector sees it: templates, or the octets of its records.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Packed {
    Template(u16, u16, Vec<FieldSpec>),
    Record(u16, Vec<u8>),
}

/// Reads a datagram. `lens` has the record length of each data set.
fn read(sets: Vec<Result<Set<'_>, DecodeError>>, lens: &[(u16, usize)]) -> Vec<Packed> {
    let mut read = Vec::new();
    let mut lens = lens.iter();
    for set in sets {
        let set = set.unwrap();
        match set.contents() {
            Contents::Data(id) => {
                let &(expected, len) = lens.next().unwrap();
                assert_eq!(id, expected);
                let padding = set.octets().len() % len;
                assert!(padding < 4 && set.octets().ends_with(&vec![0; padding]));
                let records = set.octets().chunks_exact(len);
                read.extend(records.map(|record| Packed::Record(id, record.to_vec())));
            }
            _ => read.extend(set.templates().map(|template| {
                let template = template.unwrap();
                Packed::Template(template.id, template.scopes, template.fields)
            })),
        }
    }
    read
}

/// The operations that both packers have, so that one test covers both.
trait Packer {
    fn template(&mut self, id: u16, fields: &[(u16, u16)]) -> Result<(), Full>;
    fn options(
        &mut self,
        id: u16,
        scopes: &[(u16, u16)],
        fields: &[(u16, u16)],
    ) -> Result<(), Full>;
    fn records(&mut self, id: u16, len: usize, want: usize) -> Result<&mut [u8], Full>;
    fn len(&self) -> usize;
    fn finish(&mut self) -> Vec<u8>;
}

macro_rules! packer {
    ($of:ident) => {
        impl Packer for $of::Packer {
            fn template(&mut self, id: u16, fields: &[(u16, u16)]) -> Result<(), Full> {
                self.template(id, fields)
            }
            fn options(
                &mut self,
                id: u16,
                scopes: &[(u16, u16)],
                fields: &[(u16, u16)],
            ) -> Result<(), Full> {
                self.options_template(id, scopes, fields)
            }
            fn records(&mut self, id: u16, len: usize, want: usize) -> Result<&mut [u8], Full> {
                self.records(id, len, want)
            }
            fn len(&self) -> usize {
                self.len()
            }
            fn finish(&mut self) -> Vec<u8> {
                self.finish(&$of::Header::default()).to_vec()
            }
        }
    };
}
packer!(v9);
packer!(ipfix);

fn round_trip(
    packer: &mut dyn Packer,
    limit: usize,
    asks: &[Ask],
    sets: fn(&[u8]) -> Vec<Result<Set<'_>, DecodeError>>,
) {
    let mut packed = Vec::new();
    // The data sets in order, with the length of their records.
    let mut lens: Vec<(u16, usize)> = Vec::new();
    let mut last = None;
    let mut octet = 0u8;
    let check =
        |packer: &mut dyn Packer, packed: &mut Vec<Packed>, lens: &mut Vec<(u16, usize)>| {
            let told = packer.len();
            let datagram = packer.finish();
            assert!(datagram.len() <= limit && datagram.len() == told);
            assert_eq!(read(sets(&datagram), lens), *packed);
            packed.clear();
            lens.clear();
            datagram
        };
    for ask in asks {
        // Records of one set have one length here.
        let set = match ask {
            Ask::Template(..) => (0, 0),
            Ask::Options(..) => (1, 0),
            Ask::Records(id, len, _) => (*id, *len),
        };
        if last.is_some_and(|(id, len)| id == set.0 && len != set.1) {
            check(packer, &mut packed, &mut lens);
            last = None;
        }
        let specs = |fields: &[(u16, u16)]| {
            fields
                .iter()
                .map(|&(id, len)| spec(id, len))
                .collect::<Vec<_>>()
        };
        let mut tries = 0;
        loop {
            let done = match ask {
                Ask::Template(id, fields) => packer
                    .template(*id, fields)
                    .map(|()| packed.push(Packed::Template(*id, 0, specs(fields)))),
                Ask::Options(id, scopes, fields) => packer.options(*id, scopes, fields).map(|()| {
                    let count = scopes.len() as u16;
                    packed.push(Packed::Template(
                        *id,
                        count,
                        specs(&[&scopes[..], fields].concat()),
                    ));
                }),
                Ask::Records(id, len, want) => packer.records(*id, *len, *want).map(|place| {
                    assert!(
                        place.len() % len == 0 && place.len() / len <= *want && !place.is_empty()
                    );
                    for record in place.chunks_exact_mut(*len) {
                        octet = octet.wrapping_add(1).max(1);
                        record.fill(octet);
                        packed.push(Packed::Record(*id, record.to_vec()));
                    }
                    if last != Some(set) {
                        lens.push((*id, *len));
                    }
                }),
            };
            if done.is_ok() {
                last = Some(set);
                break;
            }
            // What does not fit into an empty datagram never will.
            tries += 1;
            let before = check(packer, &mut packed, &mut lens);
            last = None;
            if tries == 2 {
                assert!(before.len() <= 20);
                break;
            }
        }
    }
    check(packer, &mut packed, &mut lens);
}

proptest! {
    #[test]
    fn what_is_packed_is_read_again(limit in 20usize..400, asks in asks()) {
        round_trip(&mut v9::Packer::new(limit), limit, &asks, v9_sets);
        round_trip(&mut ipfix::Packer::new(limit), limit, &asks, ipfix_sets);
    }
}
