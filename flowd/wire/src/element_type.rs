//! What an exporter says of its information elements (RFC 5610): options records with an element's name and type.

use crate::ipfix;
use crate::sets::{FieldSpec, VARIABLE};
use crate::unpack::{Record, Template};
use crate::writer::Full;

/// The elements of such records (RFC 5610 §3).
mod element {
    pub(super) const ID: u16 = 303;
    pub(super) const DATA_TYPE: u16 = 339;
    pub(super) const DESCRIPTION: u16 = 340;
    pub(super) const NAME: u16 = 341;
    pub(super) const RANGE_BEGIN: u16 = 342;
    pub(super) const RANGE_END: u16 = 343;
    pub(super) const SEMANTICS: u16 = 344;
    pub(super) const UNITS: u16 = 345;
    pub(super) const ENTERPRISE: u16 = 346;
}

/// The scope of the options template by which [`ElementType::put`] writes: the element and its enterprise (RFC 5610 §3.9).
pub const SCOPES: [(u16, u16); 2] = [(element::ENTERPRISE, 4), (element::ID, 2)];

/// The fields of that options template behind its scope.
pub const FIELDS: [(u16, u16); 7] = [
    (element::DATA_TYPE, 1),
    (element::SEMANTICS, 1),
    (element::UNITS, 2),
    (element::RANGE_BEGIN, 8),
    (element::RANGE_END, 8),
    (element::NAME, VARIABLE),
    (element::DESCRIPTION, VARIABLE),
];

/// Octets of the fields of fixed length.
const FIXED_LEN: usize = 26;

/// An information element as its exporter describes it. Numbers are those of IANA's registries; what is not said is 0 or
/// empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ElementType<'a> {
    /// Private enterprise number.
    pub enterprise: u32,
    /// The element's number.
    pub id: u16,
    /// Abstract data type.
    pub data_type: u8,
    /// Semantics of the values.
    pub semantics: u8,
    /// Unit of the values.
    pub units: u16,
    /// The smallest value.
    pub range_begin: u64,
    /// The largest value; 0 if there is no range.
    pub range_end: u64,
    /// The element's name.
    pub name: &'a [u8],
    /// What the values are.
    pub description: &'a [u8],
}

impl<'a> ElementType<'a> {
    /// Whether the records of a template describe elements.
    pub fn in_template(template: &Template) -> bool {
        let has = |id| template.fields.iter().any(|field| is(field, id));
        template.options && has(element::ID) && (has(element::NAME) || has(element::DATA_TYPE))
    }

    /// Reads an options record. `None`: it describes no element.
    pub fn read(record: &Record<'a, '_>) -> Option<ElementType<'a>> {
        let mut found = ElementType::default();
        let mut has_id = false;
        for (field, value) in record.fields() {
            if field.enterprise != 0 {
                continue;
            }
            match field.id {
                element::ENTERPRISE => found.enterprise = number(value)?,
                element::ID => {
                    has_id = true;
                    found.id = number(value)?;
                }
                element::DATA_TYPE => found.data_type = number(value)?,
                element::SEMANTICS => found.semantics = number(value)?,
                element::UNITS => found.units = number(value)?,
                element::RANGE_BEGIN => found.range_begin = number(value)?,
                element::RANGE_END => found.range_end = number(value)?,
                element::NAME => found.name = value,
                element::DESCRIPTION => found.description = value,
                _ => {}
            }
        }
        has_id.then_some(found)
    }

    /// Writes an options record of the template [`SCOPES`] and [`FIELDS`] behind `out`.
    ///
    /// # Errors
    /// [`Full`]: name or description have more than 65,535 octets. Nothing was written.
    pub fn put(&self, out: &mut Vec<u8>) -> Result<(), Full> {
        let start = out.len();
        out.extend(self.enterprise.to_be_bytes());
        out.extend(self.id.to_be_bytes());
        out.extend([self.data_type, self.semantics]);
        out.extend(self.units.to_be_bytes());
        out.extend(self.range_begin.to_be_bytes());
        out.extend(self.range_end.to_be_bytes());
        debug_assert_eq!(out.len() - start, FIXED_LEN);
        let texts = [self.name, self.description];
        let written = texts
            .iter()
            .try_for_each(|text| ipfix::append_variable(text, out));
        if written.is_err() {
            out.truncate(start);
        }
        written
    }
}

fn is(field: &FieldSpec, id: u16) -> bool {
    (field.enterprise, field.id) == (0, id)
}

/// An unsigned number of up to eight octets, if it fits.
fn number<T: TryFrom<u64>>(value: &[u8]) -> Option<T> {
    let wide = value.iter().try_fold(0u64, |number, octet| {
        number.checked_mul(256)?.checked_add((*octet).into())
    });
    T::try_from(wide?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::Contents;

    /// The message in which an exporter describes these elements.
    fn message(types: &[ElementType]) -> Vec<u8> {
        let mut packer = ipfix::Packer::new(60_000);
        packer.options_template(400, &SCOPES, &FIELDS).unwrap();
        for element_type in types {
            let mut record = Vec::new();
            element_type.put(&mut record).unwrap();
            packer
                .record(400, record.len())
                .unwrap()
                .copy_from_slice(&record);
        }
        packer.finish(&ipfix::Header::default()).to_vec()
    }

    fn read(message: &[u8], see: &mut dyn FnMut(Option<ElementType>)) {
        let message = ipfix::Message::parse(message).unwrap();
        let sets: Vec<_> = message.sets().collect::<Result<_, _>>().unwrap();
        let template = sets[0].templates().next().unwrap().unwrap();
        assert!(ElementType::in_template(&template));
        for set in sets
            .iter()
            .filter(|set| set.contents() == Contents::Data(400))
        {
            set.records(&template)
                .flatten()
                .for_each(|record| see(ElementType::read(&record)));
        }
    }

    #[test]
    fn octets_of_section_3() {
        let initial_flags = ElementType {
            enterprise: 6871,
            id: 14,
            data_type: 1,
            semantics: 5,
            name: b"initialTCPFlags",
            ..ElementType::default()
        };
        let packed = message(&[initial_flags]);
        #[rustfmt::skip]
        let expected = [
            // The options template: nine fields, two of them scope.
            0, 3, 0, 48, 1, 144, 0, 9, 0, 2, 1, 90, 0, 4, 1, 47, 0, 2, 1, 83, 0, 1, 1, 88, 0, 1, 1, 89, 0, 2,
            1, 86, 0, 8, 1, 87, 0, 8, 1, 85, 0xff, 0xff, 1, 84, 0xff, 0xff, 0, 0,
            1, 144, 0, 48, 0, 0, 0x1a, 0xd7, 0, 14, 1, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            15, b'i', b'n', b'i', b't', b'i', b'a', b'l', b'T', b'C', b'P', b'F', b'l', b'a', b'g', b's', 0, 0,
        ];
        assert_eq!(packed[16..], expected);
        let mut found = 0;
        read(&packed, &mut |it| {
            assert_eq!(it, Some(initial_flags));
            found += 1;
        });
        assert_eq!(found, 1);
    }

    #[test]
    fn other_options_describe_no_element() {
        let options = |fields: &[(u16, u16)]| {
            let fields = fields.iter().map(|field| FieldSpec::from(*field)).collect();
            Template::new(400, true, 1, fields)
        };
        let sampling = options(&[(302, 4), (305, 4)]);
        assert!(!ElementType::in_template(&sampling));
        let record = sampling.records(&[0; 8]).next().unwrap().unwrap();
        assert_eq!(ElementType::read(&record), None);
        // A number that is too large for what it is.
        let wide = options(&[(element::ID, 4), (element::NAME, 1)]);
        assert!(ElementType::in_template(&wide));
        let record = wide.records(&[0, 1, 0, 0, b'a']).next().unwrap().unwrap();
        assert_eq!(ElementType::read(&record), None);
        let long = ElementType {
            name: &[0; 65_536],
            ..ElementType::default()
        };
        let mut out = vec![7];
        assert_eq!((long.put(&mut out), out), (Err(Full), vec![7]));
    }

    proptest! {
        #[test]
        fn types_come_back(
            numbers in any::<(u32, u16, u8, u8, u16, u64, u64)>(),
            name in vec(any::<u8>(), 0..300),
            description in vec(any::<u8>(), 0..300),
        ) {
            let (enterprise, id, data_type, semantics, units, range_begin, range_end) = numbers;
            let element_type = ElementType {
                enterprise, id, data_type, semantics, units, range_begin, range_end,
                name: &name,
                description: &description,
            };
            let mut found = 0;
            read(&message(&[element_type, element_type]), &mut |it| {
                assert_eq!(it, Some(element_type));
                found += 1;
            });
            prop_assert_eq!(found, 2);
        }
    }
}
