//! A cursor over a datagram that knows its offset and cannot read past the end, and the errors it returns.

use std::fmt;

use thiserror::Error;

/// A fault in a datagram and its place: set, template, octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub struct DecodeError {
    /// Number of the set, counted from 1.
    pub set: Option<u32>,
    /// Template identifier.
    pub template: Option<u16>,
    /// Octets from the start of the datagram.
    pub offset: usize,
    /// The fault.
    pub problem: Problem,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(set) = self.set {
            write!(f, "in set {set}, ")?;
        }
        if let Some(template) = self.template {
            write!(f, "template {template}, ")?;
        }
        write!(f, "offset {}: {}", self.offset, self.problem)
    }
}

/// A fault in a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum Problem {
    /// The datagram or a record ends too early.
    #[error("{needed} octets expected, {left} left")]
    Truncated {
        /// Octets expected.
        needed: usize,
        /// Octets left.
        left: usize,
    },
    /// The version field is not this protocol's.
    #[error("version {0}")]
    Version(u16),
    /// The message length is below that of its header.
    #[error("message length {0}")]
    MessageLength(u16),
    /// The message length is above that of the datagram.
    #[error("message length {announced} in a datagram of {octets} octets")]
    MessageTooLong {
        /// The length that the message header announces.
        announced: u16,
        /// Octets of the datagram.
        octets: usize,
    },
    /// The set length is below that of its header.
    #[error("set length {0}")]
    SetLength(u16),
    /// The set reaches beyond the end of its message.
    #[error("set length {announced} where {left} octets are left")]
    SetTooLong {
        /// The length that the set header announces.
        announced: u16,
        /// Octets from the start of the set to the end of the message.
        left: usize,
    },
    /// The set ends within a template.
    #[error("{needed} octets of a template expected, {left} left")]
    TemplateTruncated {
        /// Octets expected.
        needed: usize,
        /// Octets left.
        left: usize,
    },
    /// The template identifier is below 256.
    #[error("template identifier {0}")]
    TemplateId(u16),
    /// The template has more fields than [`MAX_FIELDS`].
    #[error("{0} fields in one template")]
    TooManyFields(usize),
    /// The IPFIX options template has no scope field, or more scope fields than fields.
    #[error("{scopes} scope fields of {fields}")]
    ScopeCount {
        /// Number of scope fields.
        scopes: u16,
        /// Number of fields, including scope fields.
        fields: u16,
    },
    /// The scope length or option length of a NetFlow v9 options template is not a multiple of four octets.
    #[error("{0} octets of fields of four octets")]
    FieldOctets(u16),
    /// An sFlow sample or one of its records ends too early.
    #[error("{needed} octets of a sample expected, {left} left")]
    Sample {
        /// Octets expected.
        needed: usize,
        /// Octets left.
        left: usize,
    },
    /// An address in an sFlow datagram is neither IPv4 nor IPv6.
    #[error("address type {0}")]
    AddressType(u32),
    /// Lists are inside each other too deep ([`MAX_LIST_DEPTH`]).
    #[error("more than {max} lists inside each other", max = MAX_LIST_DEPTH)]
    ListDepth,
    /// The record count of the header contradicts the length of the datagram.
    #[error("{counted} records announced, {octets} octets of records follow")]
    Count {
        /// Records announced by the header.
        counted: u16,
        /// Octets that follow the header.
        octets: usize,
    },
}

impl Problem {
    /// The reason as ledgers and JSON name it; several faults share one.
    pub const fn reason(self) -> &'static str {
        match self {
            Problem::Truncated { .. } => "truncated",
            Problem::Version(_) => "version",
            Problem::MessageLength(_) | Problem::MessageTooLong { .. } => "message-length",
            Problem::SetLength(_) | Problem::SetTooLong { .. } => "set-length",
            Problem::TemplateTruncated { .. }
            | Problem::TemplateId(_)
            | Problem::TooManyFields(_)
            | Problem::ScopeCount { .. }
            | Problem::FieldOctets(_) => "template",
            Problem::Count { .. } => "count",
            Problem::ListDepth => "list-depth",
            Problem::Sample { .. } | Problem::AddressType(_) => "sample",
        }
    }
}

/// The most lists inside each other (RFC 6313) that are read.
pub const MAX_LIST_DEPTH: usize = 16;

/// Most fields a template may have.
pub const MAX_FIELDS: usize = 1024;

/// The octets still to be read, and their offset in the datagram.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, offset: 0 }
    }

    /// Number of octets left.
    #[inline]
    pub(crate) fn left(&self) -> usize {
        self.bytes.len()
    }

    /// The octets left.
    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    /// This reader moved to its end.
    pub(crate) fn emptied(self) -> Reader<'a> {
        Reader {
            bytes: &[],
            offset: self.offset + self.bytes.len(),
        }
    }

    pub(crate) fn error(&self, problem: Problem) -> DecodeError {
        DecodeError {
            set: None,
            template: None,
            offset: self.offset,
            problem,
        }
    }

    /// Splits off the next `len` octets as a reader of their own.
    #[inline]
    pub(crate) fn part(&mut self, len: usize) -> Result<Reader<'a>, DecodeError> {
        let Some((part, rest)) = self.bytes.split_at_checked(len) else {
            return Err(self.error(Problem::Truncated {
                needed: len,
                left: self.left(),
            }));
        };
        let part = Reader {
            bytes: part,
            offset: self.offset,
        };
        self.bytes = rest;
        self.offset += len;
        Ok(part)
    }

    #[inline]
    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        self.part(len).map(|part| part.bytes)
    }

    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], DecodeError> {
        let Some((array, rest)) = self.bytes.split_first_chunk::<N>() else {
            return Err(self.error(Problem::Truncated {
                needed: N,
                left: self.left(),
            }));
        };
        self.bytes = rest;
        self.offset += N;
        Ok(array)
    }

    #[inline]
    pub(crate) fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(|bytes| u16::from_be_bytes(*bytes))
    }

    #[inline]
    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(|bytes| u32::from_be_bytes(*bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_knows_its_place_and_stops_at_the_end() {
        let mut reader = Reader::new(&[0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(reader.u16(), Ok(1));
        let mut part = reader.part(4).unwrap();
        assert_eq!(
            (part.offset, part.left(), reader.offset, reader.left()),
            (2, 4, 6, 1)
        );
        assert_eq!(part.u32(), Ok(0x0203_0405));
        let error = reader.take(2).unwrap_err();
        assert_eq!(error.to_string(), "offset 6: 2 octets expected, 1 left");
        assert_eq!(reader.array::<1>(), Ok(&[6]));
        let nested = DecodeError {
            set: Some(2),
            template: Some(256),
            offset: 48,
            problem: Problem::SetLength(3),
        };
        assert_eq!(
            nested.to_string(),
            "in set 2, template 256, offset 48: set length 3"
        );
    }
}
