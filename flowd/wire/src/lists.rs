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
mod tests;
