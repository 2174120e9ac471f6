//! Reads the sets of NetFlow v9 and IPFIX: templates, and records by their template.
//!
//! A bad record, template or set does not affect the ones after it, as long as it is clear where they start. The
//! caller decides which template applies to which records.

use crate::reader::{DecodeError, MAX_FIELDS, Problem, Reader};
use crate::sets::{FieldSpec, MIN_TEMPLATE_ID, SET_HEADER_LEN, SetFormat, VARIABLE};

/// Iterator over the sets of a datagram.
///
/// A set that the end of the datagram cuts off is returned with the octets that are there; the error follows it.
#[derive(Clone, Debug)]
pub struct Sets<'a> {
    format: SetFormat,
    reader: Reader<'a>,
    number: u32,
    /// The error to be returned once the sets are: that of the message's length, or of its last set's.
    error: Option<DecodeError>,
}

impl<'a> Sets<'a> {
    /// The sets in `reader`. `error` is what the message header says that the datagram contradicts.
    pub(crate) fn new(
        format: SetFormat,
        reader: Reader<'a>,
        error: Option<DecodeError>,
    ) -> Sets<'a> {
        Sets {
            format,
            reader,
            number: 0,
            error,
        }
    }

    fn read(&mut self) -> Result<Set<'a>, DecodeError> {
        let start = self.reader;
        let (id, announced) = (self.reader.u16()?, self.reader.u16()?);
        let Some(len) = usize::from(announced).checked_sub(SET_HEADER_LEN) else {
            return Err(start.error(Problem::SetLength(announced)));
        };
        let left = self.reader.left();
        if len > left {
            let problem = Problem::SetTooLong {
                announced,
                left: start.left(),
            };
            let error = DecodeError {
                set: Some(self.number),
                ..start.error(problem)
            };
            self.error.get_or_insert(error);
        }
        Ok(Set {
            format: self.format,
            number: self.number,
            id,
            body: self.reader.part(len.min(left))?,
        })
    }
}

impl<'a> Iterator for Sets<'a> {
    type Item = Result<Set<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        // Some exporters fill the datagram with zeros.
        if self.reader.rest().iter().all(|octet| *octet == 0) {
            self.reader = self.reader.emptied();
            return self.error.take().map(Err);
        }
        self.number = self.number.saturating_add(1);
        Some(self.read().map_err(|error| {
            // The start of the next set is unknown.
            self.reader = self.reader.emptied();
            self.error.take().unwrap_or(DecodeError {
                set: Some(self.number),
                ..error
            })
        }))
    }
}

/// One set of a datagram.
#[derive(Clone, Copy, Debug)]
pub struct Set<'a> {
    format: SetFormat,
    number: u32,
    id: u16,
    body: Reader<'a>,
}

/// Kind of a set's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// Templates of data records.
    Templates,
    /// Templates of options records.
    OptionsTemplates,
    /// Records described by the template with this identifier.
    Data(u16),
    /// A set identifier that is not assigned.
    Reserved(u16),
}

impl<'a> Set<'a> {
    /// The number of the set in its datagram, counted from 1.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The kind of content, from the set identifier.
    pub fn contents(&self) -> Contents {
        match self.id {
            id @ MIN_TEMPLATE_ID.. => Contents::Data(id),
            id if id == self.format.template_set() => Contents::Templates,
            id if id == self.format.options_template_set() => Contents::OptionsTemplates,
            id => Contents::Reserved(id),
        }
    }

    /// The octets behind the set header.
    pub fn octets(&self) -> &'a [u8] {
        self.body.rest()
    }

    /// The templates of a template set; empty for other sets.
    pub fn templates(&self) -> Templates<'a> {
        let reader = match self.contents() {
            Contents::Templates | Contents::OptionsTemplates => self.body,
            Contents::Data(_) | Contents::Reserved(_) => Reader::new(&[]),
        };
        let options = self.contents() == Contents::OptionsTemplates;
        Templates {
            format: self.format,
            options,
            set: self.number,
            reader,
        }
    }

    /// The records of a data set, read by `template`. A rest shorter than the shortest record is padding.
    pub fn records<'t>(&self, template: &'t Template) -> Records<'a, 't> {
        let reader = match self.contents() {
            Contents::Data(_) if template.shortest > 0 => self.body,
            // The number of records without octets could not be told.
            _ => Reader::new(&[]),
        };
        Records {
            template,
            set: Some(self.number),
            reader,
        }
    }
}

/// A template of data or options records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Template identifier.
    pub id: u16,
    /// Whether it describes options records.
    pub options: bool,
    /// Number of scope fields, which come first.
    pub scopes: u16,
    /// The fields; empty if the template is withdrawn. In NetFlow v9 the identifiers of scope fields are those of
    /// [`crate::v9::scope`].
    pub fields: Vec<FieldSpec>,
    /// Octets of the shortest record; a variable-length field has at least one.
    shortest: usize,
    variable: bool,
}

impl Template {
    /// Makes a template, such as one that was kept over a restart.
    pub fn new(id: u16, options: bool, scopes: u16, fields: Vec<FieldSpec>) -> Template {
        let octets = |field: &FieldSpec| {
            if field.len == VARIABLE {
                1
            } else {
                usize::from(field.len)
            }
        };
        let shortest = fields.iter().map(octets).sum();
        let variable = fields.iter().any(|field| field.len == VARIABLE);
        Template {
            id,
            options,
            scopes,
            fields,
            shortest,
            variable,
        }
    }

    /// Octets of the shortest record. There are no records of a template of which this is 0.
    pub fn shortest_record(&self) -> usize {
        self.shortest
    }

    /// Whether a field has a length of its own in each record; otherwise every record is as long as the shortest.
    pub fn is_variable(&self) -> bool {
        self.variable
    }

    /// The records in the octets behind a data set's header, such as those of a set that came before its template.
    pub fn records<'a>(&self, set: &'a [u8]) -> Records<'a, '_> {
        let octets = if self.shortest > 0 { set } else { &[] };
        Records {
            template: self,
            set: None,
            reader: Reader::new(octets),
        }
    }

    /// Whether it withdraws the template of its identifier (RFC 7011 §8.1), or all templates of the set's kind if
    /// its identifier is that of the set.
    pub fn is_withdrawal(&self) -> bool {
        self.fields.is_empty()
    }
}

/// Iterator over the templates of a set.
#[derive(Clone, Debug)]
pub struct Templates<'a> {
    format: SetFormat,
    options: bool,
    set: u32,
    reader: Reader<'a>,
}

impl Templates<'_> {
    /// Reads one template. Afterwards the reader is behind it, even after an error if the template's length is
    /// known.
    fn read(&mut self) -> Result<Template, (Option<u16>, DecodeError)> {
        let start = self.reader;
        let id = self.reader.u16().map_err(|error| (None, error))?;
        let fail = |error| (Some(id), error);
        let count = self.reader.u16().map_err(fail)?;
        if self.format == SetFormat::Ipfix
            && count == 0
            && (id >= MIN_TEMPLATE_ID || id == self.set_id())
        {
            return Ok(Template::new(id, self.options, 0, Vec::new()));
        }
        if id < MIN_TEMPLATE_ID {
            self.reader = self.reader.emptied();
            return Err((None, start.error(Problem::TemplateId(id))));
        }
        let (count, scopes) = match (self.format, self.options) {
            (_, false) => (count, 0),
            (SetFormat::Ipfix, true) => (count, self.reader.u16().map_err(fail)?),
            (SetFormat::V9, true) => {
                let options = self.reader.u16().map_err(fail)?;
                for octets in [count, options] {
                    if octets % 4 != 0 {
                        let skipped = self.reader.take(usize::from(count) + usize::from(options));
                        return Err(fail(
                            skipped
                                .err()
                                .unwrap_or(start.error(Problem::FieldOctets(octets))),
                        ));
                    }
                }
                (count / 4 + options / 4, count / 4)
            }
        };
        let mut fields = Vec::new();
        for _ in 0..count {
            let field = self.field().map_err(fail)?;
            if fields.len() < MAX_FIELDS {
                fields.push(field);
            }
        }
        if usize::from(count) > MAX_FIELDS {
            return Err(fail(start.error(Problem::TooManyFields(count.into()))));
        }
        if self.options && self.format == SetFormat::Ipfix && (scopes == 0 || scopes > count) {
            return Err(fail(start.error(Problem::ScopeCount {
                scopes,
                fields: count,
            })));
        }
        Ok(Template::new(id, self.options, scopes, fields))
    }

    fn set_id(&self) -> u16 {
        if self.options {
            self.format.options_template_set()
        } else {
            self.format.template_set()
        }
    }

    fn field(&mut self) -> Result<FieldSpec, DecodeError> {
        match self.format {
            SetFormat::Ipfix => FieldSpec::read(&mut self.reader),
            SetFormat::V9 => Ok((self.reader.u16()?, self.reader.u16()?).into()),
        }
    }
}

impl Iterator for Templates<'_> {
    type Item = Result<Template, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.reader.left() < 4 || self.reader.rest().iter().all(|octet| *octet == 0) {
            return None;
        }
        Some(self.read().map_err(|(template, error)| {
            let problem = match error.problem {
                Problem::Truncated { needed, left } => {
                    self.reader = self.reader.emptied();
                    Problem::TemplateTruncated { needed, left }
                }
                problem => problem,
            };
            DecodeError {
                set: Some(self.set),
                template,
                offset: error.offset,
                problem,
            }
        }))
    }
}

/// Iterator over the records of a data set.
#[derive(Clone, Debug)]
pub struct Records<'a, 't> {
    template: &'t Template,
    set: Option<u32>,
    reader: Reader<'a>,
}

impl<'a, 't> Records<'a, 't> {
    #[inline]
    fn read(&mut self) -> Result<Record<'a, 't>, DecodeError> {
        if !self.template.variable {
            let octets = self.reader.take(self.template.shortest)?;
            return Ok(Record {
                template: self.template,
                octets,
            });
        }
        let start = self.reader;
        for field in &self.template.fields {
            value(field, &mut self.reader)?;
        }
        let len = start.left() - self.reader.left();
        let octets = start.rest().get(..len).unwrap_or_default();
        Ok(Record {
            template: self.template,
            octets,
        })
    }
}

impl<'a, 't> Iterator for Records<'a, 't> {
    type Item = Result<Record<'a, 't>, DecodeError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.reader.left() < self.template.shortest.max(1) {
            return None;
        }
        let start = self.reader;
        match self.read() {
            Ok(record) => Some(Ok(record)),
            Err(error) => {
                self.reader = self.reader.emptied();
                // Zeros that are no record are padding, however many.
                let padding = start.rest().iter().all(|octet| *octet == 0);
                (!padding).then_some(Err(DecodeError {
                    set: self.set,
                    template: Some(self.template.id),
                    ..error
                }))
            }
        }
    }
}

/// Reads the value of one field (RFC 7011 §7 for a variable length).
#[inline]
pub(crate) fn value<'a>(
    field: &FieldSpec,
    reader: &mut Reader<'a>,
) -> Result<&'a [u8], DecodeError> {
    let len = match field.len {
        VARIABLE => match *reader.array::<1>()? {
            [255] => reader.u16()?,
            [short] => short.into(),
        },
        len => len,
    };
    reader.take(len.into())
}

/// One data or options record.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a, 't> {
    template: &'t Template,
    octets: &'a [u8],
}

impl<'a, 't> Record<'a, 't> {
    /// The octets of the whole record.
    pub fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// The fields and their values, in the template's order.
    pub fn fields(&self) -> impl Iterator<Item = (FieldSpec, &'a [u8])> + use<'a, 't> {
        let mut reader = Reader::new(self.octets);
        // The lengths were checked when the record was read.
        self.template
            .fields
            .iter()
            .map(move |field| (*field, value(field, &mut reader).unwrap_or_default()))
    }
}
