//! Lists inside records (RFC 6313): values of one element, records of one template, or records of several.
//!
//! A list is the value of an element of variable length. What is in it may be lists again, [`MAX_LIST_DEPTH`] deep.

use crate::ipfix;
use crate::reader::{DecodeError, MAX_LIST_DEPTH, Problem, Reader};
use crate::sets::{FieldSpec, VARIABLE};
use crate::unpack::{Record, Records, Template, value};

/// The element of a list of values of one element (RFC 6313 §4.5.1).
pub const BASIC_LIST: u16 = 291;
/// The element of a list of records of one template (RFC 6313 §4.5.2).
pub const SUB_TEMPLATE_LIST: u16 = 292;
/// The element of a list of records of several templates (RFC 6313 §4.5.3).
pub const SUB_TEMPLATE_MULTI_LIST: u16 = 293;
/// Octets of template identifier and length before the records of one template (RFC 6313 §4.5.3).
const PART_HEADER_LEN: usize = 4;
/// Octets before the records of a list of one template: semantic and template identifier (RFC 6313 §4.5.2).
const SUB_HEADER_LEN: usize = 3;

/// How the items of a list belong together (RFC 6313 §4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Semantic {
    /// None of the items is a property of the record.
    NoneOf,
    /// Exactly one of them is.
    ExactlyOneOf,
    /// One or more of them are.
    OneOrMoreOf,
    /// All of them are.
    AllOf,
    /// All of them are, in this order.
    Ordered,
    /// Nothing is said.
    Undefined,
    /// An unassigned number.
    Unassigned(u8),
}

/// The semantics by their numbers.
const SEMANTICS: [(u8, Semantic, &str); 6] = [
    (0, Semantic::NoneOf, "noneOf"),
    (1, Semantic::ExactlyOneOf, "exactlyOneOf"),
    (2, Semantic::OneOrMoreOf, "oneOrMoreOf"),
    (3, Semantic::AllOf, "allOf"),
    (4, Semantic::Ordered, "ordered"),
    (255, Semantic::Undefined, "undefined"),
];

impl From<u8> for Semantic {
    fn from(number: u8) -> Semantic {
        let found = SEMANTICS.iter().find(|row| row.0 == number);
        found.map_or(Semantic::Unassigned(number), |row| row.1)
    }
}

impl Semantic {
    /// The number in the list.
    pub fn number(self) -> u8 {
        match self {
            Semantic::Unassigned(number) => number,
            known => {
                let found = SEMANTICS.iter().find(|row| row.1 == known);
                found.map_or(u8::MAX, |row| row.0)
            }
        }
    }

    /// IANA's name, if the number is assigned.
    pub fn name(self) -> Option<&'static str> {
        let found = SEMANTICS.iter().find(|row| row.1 == self);
        found.map(|row| row.2)
    }
}

/// Whether the values of a field are lists.
pub fn is_list(field: FieldSpec) -> bool {
    field.enterprise == 0 && (BASIC_LIST..=SUB_TEMPLATE_MULTI_LIST).contains(&field.id)
}

/// A list of values of one element.
#[derive(Clone, Copy, Debug)]
pub struct BasicList<'a> {
    /// How the values belong together.
    pub semantic: Semantic,
    /// Their element, and its length.
    pub field: FieldSpec,
    values: Reader<'a>,
}

impl<'a> BasicList<'a> {
    /// Reads the value of element 291.
    ///
    /// # Errors
    /// The value ends within the list's header.
    pub fn parse(octets: &'a [u8]) -> Result<BasicList<'a>, DecodeError> {
        let mut reader = Reader::new(octets);
        let [semantic] = *reader.array()?;
        let field = FieldSpec::read(&mut reader)?;
        Ok(BasicList {
            semantic: semantic.into(),
            field,
            values: reader,
        })
    }

    /// The values; an error ends them.
    pub fn values(&self) -> impl Iterator<Item = Result<&'a [u8], DecodeError>> + use<'a> {
        let (field, mut reader) = (self.field, self.values);
        std::iter::from_fn(move || {
            // Values without octets could not be counted.
            if reader.left() == 0 || field.len == 0 {
                return None;
            }
            let read = value(&field, &mut reader);
            if read.is_err() {
                reader = reader.emptied();
            }
            Some(read)
        })
    }

    /// Writes a list behind `out`.
    pub fn put(semantic: Semantic, field: FieldSpec, values: &[&[u8]], out: &mut Vec<u8>) {
        out.push(semantic.number());
        field.put(out);
        for value in values {
            if field.len == VARIABLE {
                // A value that is longer than any list is left out.
                let _ = ipfix::append_variable(value, out);
            } else {
                out.extend_from_slice(value);
            }
        }
    }
}

/// A list of records of one template.
#[derive(Clone, Copy, Debug)]
pub struct SubTemplateList<'a> {
    /// How the records belong together.
    pub semantic: Semantic,
    /// The records' template, of the same observation domain.
    pub template: u16,
    /// The octets of the records.
    pub octets: &'a [u8],
}

impl<'a> SubTemplateList<'a> {
    /// Reads the value of element 292.
    ///
    /// # Errors
    /// The value ends within the list's header.
    pub fn parse(octets: &'a [u8]) -> Result<SubTemplateList<'a>, DecodeError> {
        let mut reader = Reader::new(octets);
        let [semantic] = *reader.array()?;
        Ok(SubTemplateList {
            semantic: semantic.into(),
            template: reader.u16()?,
            octets: reader.rest(),
        })
    }

    /// The records, by their template.
    pub fn records<'t>(&self, template: &'t Template) -> Records<'a, 't> {
        template.records(self.octets)
    }

    /// Writes a list behind `out`.
    pub fn put(semantic: Semantic, template: u16, records: &[&[u8]], out: &mut Vec<u8>) {
        out.push(semantic.number());
        out.extend_from_slice(&template.to_be_bytes());
        records
            .iter()
            .for_each(|record| out.extend_from_slice(record));
    }
}

/// A list of records of several templates.
#[derive(Clone, Copy, Debug)]
pub struct SubTemplateMultiList<'a> {
    /// How the records belong together.
    pub semantic: Semantic,
    parts: Reader<'a>,
}

/// The records of one template in a list of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// The records' template, of the same observation domain.
    pub template: u16,
    /// The octets of the records.
    pub octets: &'a [u8],
}

impl<'a> SubTemplateMultiList<'a> {
    /// Reads the value of element 293.
    ///
    /// # Errors
    /// The value ends within the list's header.
    pub fn parse(octets: &'a [u8]) -> Result<SubTemplateMultiList<'a>, DecodeError> {
        let mut reader = Reader::new(octets);
        let [semantic] = *reader.array()?;
        Ok(SubTemplateMultiList {
            semantic: semantic.into(),
            parts: reader,
        })
    }

    /// The records, template by template; an error ends them.
    pub fn parts(&self) -> impl Iterator<Item = Result<Part<'a>, DecodeError>> + use<'a> {
        let mut reader = self.parts;
        std::iter::from_fn(move || {
            if reader.left() == 0 {
                return None;
            }
            let part = Part::read(&mut reader);
            if part.is_err() {
                reader = reader.emptied();
            }
            Some(part)
        })
    }

    /// Writes a list behind `out`. Records that are longer than a list can be are left out.
    pub fn put(semantic: Semantic, parts: &[(u16, &[&[u8]])], out: &mut Vec<u8>) {
        out.push(semantic.number());
        for (template, records) in parts {
            let octets: usize = records.iter().map(|record| record.len()).sum();
            let Ok(len) = u16::try_from(PART_HEADER_LEN + octets) else {
                continue;
            };
            out.extend_from_slice(&template.to_be_bytes());
            out.extend_from_slice(&len.to_be_bytes());
            records
                .iter()
                .for_each(|record| out.extend_from_slice(record));
        }
    }
}

impl<'a> Part<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Part<'a>, DecodeError> {
        let start = *reader;
        let (template, len) = (reader.u16()?, reader.u16()?);
        let Some(octets) = usize::from(len).checked_sub(PART_HEADER_LEN) else {
            return Err(start.error(Problem::SetLength(len)));
        };
        Ok(Part {
            template,
            octets: reader.take(octets)?,
        })
    }

    /// The records, by their template.
    pub fn records<'t>(&self, template: &'t Template) -> Records<'a, 't> {
        template.records(self.octets)
    }
}

/// What is met on the way through a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A list starts.
    Start(Semantic),
    /// A record of this template starts.
    Record(u16),
    /// A value that is no list, with its element.
    Value(FieldSpec, &'a [u8]),
    /// A list starts that is the value of this element; [`Item::Start`] follows.
    Field(FieldSpec),
    /// Records of a template that is not known.
    Unknown(Part<'a>),
    /// The record that started last ends.
    RecordEnd,
    /// The list that started last ends.
    End,
}

/// Goes through a list and the lists in it, in order. `templates` finds the templates of the exporter's domain.
///
/// What was met before an error has been seen; each list and record that started has ended.
///
/// # Errors
/// A value is cut off, or lists are more than [`MAX_LIST_DEPTH`] deep. Offsets are from the start of the innermost list.
pub fn walk<'a, 't>(
    field: FieldSpec,
    octets: &'a [u8],
    templates: &dyn Fn(u16) -> Option<&'t Template>,
    see: &mut dyn FnMut(Item<'a>),
) -> Result<(), DecodeError> {
    let mut walk = Walk {
        templates,
        see,
        depth: 0,
    };
    walk.list(field.id, octets)
}

struct Walk<'w, 'a, 't> {
    templates: &'w dyn Fn(u16) -> Option<&'t Template>,
    see: &'w mut dyn FnMut(Item<'a>),
    depth: usize,
}

impl<'a> Walk<'_, 'a, '_> {
    fn list(&mut self, element: u16, octets: &'a [u8]) -> Result<(), DecodeError> {
        if self.depth == MAX_LIST_DEPTH {
            return Err(Reader::new(octets).error(Problem::ListDepth));
        }
        self.depth += 1;
        let result = match element {
            BASIC_LIST => self.basic(octets),
            SUB_TEMPLATE_LIST => self.sub_template(octets),
            _ => self.multi(octets),
        };
        self.depth -= 1;
        result
    }

    fn basic(&mut self, octets: &'a [u8]) -> Result<(), DecodeError> {
        let list = BasicList::parse(octets)?;
        (self.see)(Item::Start(list.semantic));
        let result = list
            .values()
            .try_for_each(|value| self.value(list.field, value?));
        (self.see)(Item::End);
        result
    }

    fn sub_template(&mut self, octets: &'a [u8]) -> Result<(), DecodeError> {
        let list = SubTemplateList::parse(octets)?;
        (self.see)(Item::Start(list.semantic));
        let part = Part {
            template: list.template,
            octets: list.octets,
        };
        let result = self.part(part, SUB_HEADER_LEN);
        (self.see)(Item::End);
        result
    }

    fn multi(&mut self, octets: &'a [u8]) -> Result<(), DecodeError> {
        let list = SubTemplateMultiList::parse(octets)?;
        (self.see)(Item::Start(list.semantic));
        let mut at = 1;
        let result = list.parts().try_for_each(|part| {
            let part = part?;
            let result = self.part(part, at + PART_HEADER_LEN);
            at += PART_HEADER_LEN + part.octets.len();
            result
        });
        (self.see)(Item::End);
        result
    }

    /// The records of one template, whose octets start `at` octets behind the start of the list.
    fn part(&mut self, part: Part<'a>, at: usize) -> Result<(), DecodeError> {
        let Some(template) = (self.templates)(part.template) else {
            (self.see)(Item::Unknown(part));
            return Ok(());
        };
        part.records(template).try_for_each(|record| {
            let record = record.map_err(|error| DecodeError {
                offset: at + error.offset,
                ..error
            })?;
            self.record(part.template, record)
        })
    }

    fn record(&mut self, template: u16, record: Record<'a, '_>) -> Result<(), DecodeError> {
        (self.see)(Item::Record(template));
        let result = record
            .fields()
            .try_for_each(|(field, value)| self.value(field, value));
        (self.see)(Item::RecordEnd);
        result
    }

    fn value(&mut self, field: FieldSpec, value: &'a [u8]) -> Result<(), DecodeError> {
        if !is_list(field) {
            (self.see)(Item::Value(field, value));
            return Ok(());
        }
        (self.see)(Item::Field(field));
        self.list(field.id, value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn spec(id: u16, len: u16) -> FieldSpec {
        (id, len).into()
    }

    fn seen(
        element: u16,
        octets: &[u8],
        templates: &[Template],
    ) -> (Vec<String>, Result<(), String>) {
        let mut seen = Vec::new();
        let find = |id| templates.iter().find(|it| it.id == id);
        let result = walk(spec(element, VARIABLE), octets, &find, &mut |item| {
            seen.push(match item {
                Item::Start(semantic) => format!("[{}", semantic.name().unwrap_or("?")),
                Item::Record(template) => format!("{{{template}"),
                Item::Value(field, value) => format!("{}={value:?}", field.id),
                Item::Field(field) => format!("{}=", field.id),
                Item::Unknown(part) => format!("{}?{:?}", part.template, part.octets),
                Item::RecordEnd => "}".into(),
                Item::End => "]".into(),
            });
        });
        (seen, result.map_err(|error| error.to_string()))
    }

    #[test]
    fn a_basic_list_by_the_octets_of_section_4_5_1() {
        // Two autonomous systems of four octets; then one value of an enterprise's element of variable length.
        let plain = [3, 0, 16, 0, 4, 0, 0, 0xfd, 0xe8, 0, 0, 0xfd, 0xe9];
        let foreign = [255, 0x80, 7, 0xff, 0xff, 0, 0, 0x8b, 0x30, 2, b'a', b'b', 0];
        let list = BasicList::parse(&plain).unwrap();
        assert_eq!((list.semantic, list.field), (Semantic::AllOf, spec(16, 4)));
        let values: Vec<_> = list.values().collect::<Result<_, _>>().unwrap();
        assert_eq!(values, [[0, 0, 0xfd, 0xe8], [0, 0, 0xfd, 0xe9]]);
        let mut out = Vec::new();
        BasicList::put(list.semantic, list.field, &values, &mut out);
        assert_eq!(out, plain);
        let list = BasicList::parse(&foreign).unwrap();
        let field = FieldSpec {
            id: 7,
            len: VARIABLE,
            enterprise: 35632,
        };
        assert_eq!((list.semantic, list.field), (Semantic::Undefined, field));
        let values: Vec<_> = list.values().collect::<Result<_, _>>().unwrap();
        assert_eq!(values, [&b"ab"[..], b""]);
        out.clear();
        BasicList::put(list.semantic, list.field, &values, &mut out);
        assert_eq!(out, foreign);
        // A value that is cut off, a header that is, and values that have no octets.
        let values: Vec<_> = BasicList::parse(&plain[..11]).unwrap().values().collect();
        assert_eq!((values.len(), values[0].is_ok()), (2, true));
        let error = values[1].unwrap_err();
        assert_eq!(error.to_string(), "offset 9: 4 octets expected, 2 left");
        assert!(BasicList::parse(&plain[..4]).is_err() && BasicList::parse(&foreign[..8]).is_err());
        assert_eq!(
            BasicList::parse(&[3, 0, 16, 0, 0, 1])
                .unwrap()
                .values()
                .count(),
            0
        );
    }

    #[test]
    fn lists_of_records_by_the_octets_of_sections_4_5_2_and_4_5_3() {
        let ports = Template::new(257, false, 0, vec![spec(7, 2), spec(11, 2)]);
        let octets = [4, 1, 1, 0, 80, 0, 81, 0, 90, 0, 91];
        let list = SubTemplateList::parse(&octets).unwrap();
        assert_eq!((list.semantic, list.template), (Semantic::Ordered, 257));
        let records: Vec<_> = list
            .records(&ports)
            .flatten()
            .map(|it| it.octets())
            .collect();
        assert_eq!(records, [[0, 80, 0, 81], [0, 90, 0, 91]]);
        let mut out = Vec::new();
        SubTemplateList::put(list.semantic, list.template, &records, &mut out);
        assert_eq!(out, octets);

        let octets = [0, 1, 1, 0, 8, 0, 80, 0, 81, 1, 2, 0, 5, 9];
        let list = SubTemplateMultiList::parse(&octets).unwrap();
        let parts: Vec<_> = list.parts().collect::<Result<_, _>>().unwrap();
        assert_eq!(
            (list.semantic, parts[0].template, parts[1].octets),
            (Semantic::NoneOf, 257, &[9][..])
        );
        out.clear();
        SubTemplateMultiList::put(
            list.semantic,
            &[(257, &[parts[0].octets]), (258, &[&[9]])],
            &mut out,
        );
        assert_eq!(out, octets);
        for (octets, error) in [
            (&[0, 1, 1, 0, 3][..], "offset 1: set length 3"),
            (&[0, 1, 1, 0, 9, 0], "offset 5: 5 octets expected, 1 left"),
        ] {
            let error_of = |list: SubTemplateMultiList| list.parts().last().unwrap().unwrap_err();
            assert_eq!(
                error_of(SubTemplateMultiList::parse(octets).unwrap()).to_string(),
                error
            );
        }
        assert!(
            SubTemplateList::parse(&[1, 1]).is_err() && SubTemplateMultiList::parse(&[]).is_err()
        );
    }

    #[test]
    fn a_walk_meets_everything_in_order() {
        let inner = Template::new(257, false, 0, vec![spec(7, 2), spec(BASIC_LIST, VARIABLE)]);
        let numbers = [3, 0, 4, 0, 1, 6, 17];
        let record = [&[0, 80, 7][..], &numbers].concat();
        let mut list = Vec::new();
        SubTemplateMultiList::put(
            Semantic::OneOrMoreOf,
            &[(257, &[&record]), (300, &[&[1, 2]])],
            &mut list,
        );
        let (met, result) = seen(SUB_TEMPLATE_MULTI_LIST, &list, std::slice::from_ref(&inner));
        let expected = [
            "[oneOrMoreOf",
            "{257",
            "7=[0, 80]",
            "291=",
            "[allOf",
            "4=[6]",
            "4=[17]",
            "]",
            "}",
            "300?[1, 2]",
            "]",
        ];
        assert_eq!((met, result), (expected.map(String::from).to_vec(), Ok(())));
        // A record that is cut off.
        let mut list = Vec::new();
        SubTemplateList::put(Semantic::AllOf, 257, &[&record, &[0, 81, 9, 3]], &mut list);
        let (met, result) = seen(SUB_TEMPLATE_LIST, &list, &[inner]);
        assert_eq!((met.len(), met.last().unwrap().as_str()), (10, "]"));
        assert_eq!(
            result.unwrap_err(),
            "template 257, offset 16: 9 octets expected, 1 left"
        );
    }

    #[test]
    fn lists_are_read_to_a_bound() {
        for (depth, fine) in [
            (MAX_LIST_DEPTH, true),
            (MAX_LIST_DEPTH + 1, false),
            (400, false),
        ] {
            // Lists of one list each, the innermost empty.
            let mut list = vec![3, 0, 4, 0, 1];
            for _ in 1..depth {
                let mut outer = Vec::new();
                BasicList::put(
                    Semantic::AllOf,
                    spec(BASIC_LIST, VARIABLE),
                    &[&list],
                    &mut outer,
                );
                list = outer;
            }
            let (met, result) = seen(BASIC_LIST, &list, &[]);
            let balance = |mark: &str| met.iter().filter(|it| it.starts_with(mark)).count();
            assert_eq!(
                (balance("["), balance("]")),
                (depth.min(MAX_LIST_DEPTH), depth.min(MAX_LIST_DEPTH))
            );
            assert_eq!(result.is_ok(), fine);
            if !fine {
                assert_eq!(
                    result.unwrap_err(),
                    "offset 0: more than 16 lists inside each other"
                );
                assert_eq!(Problem::ListDepth.reason(), "list-depth");
            }
        }
    }

    #[test]
    fn semantics_have_their_numbers() {
        for number in 0..=255 {
            assert_eq!(Semantic::from(number).number(), number);
        }
        assert_eq!(
            (Semantic::from(1).name(), Semantic::from(9).name()),
            (Some("exactlyOneOf"), None)
        );
        assert!(is_list(spec(292, VARIABLE)) && !is_list(spec(290, 4)));
        assert!(!is_list(FieldSpec {
            enterprise: 9,
            ..spec(292, VARIABLE)
        }));
    }

    proptest! {
        #[test]
        fn values_come_back(values in vec(vec(any::<u8>(), 0..300), 0..6), id in 0u16..0x7fff, enterprise in 0u32..3) {
            let field = FieldSpec { id, len: VARIABLE, enterprise };
            let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
            let mut out = Vec::new();
            BasicList::put(Semantic::Ordered, field, &values, &mut out);
            let list = BasicList::parse(&out).unwrap();
            prop_assert_eq!(list.field, field);
            prop_assert_eq!(list.values().collect::<Result<Vec<_>, _>>(), Ok(values));
        }

        #[test]
        fn no_octets_panic_or_loop(octets in vec(0u8..6, 0..120), element in BASIC_LIST..=SUB_TEMPLATE_MULTI_LIST) {
            // Small octets make lists and templates likely.
            let fields = vec![spec(4, 1), spec(element, VARIABLE)];
            let template = Template::new(257, false, 0, fields);
            let mut level = 0i64;
            let find = |id| (id == 257).then_some(&template);
            let _ = walk(spec(element, VARIABLE), &octets, &find, &mut |item| match item {
                Item::Start(_) | Item::Record(_) => level += 1,
                Item::RecordEnd | Item::End => level -= 1,
                _ => {}
            });
            prop_assert_eq!(level, 0);
        }
    }
}
