//! The filter of a query.

use std::sync::Arc;

use commands::condition::{ValueKind, Wanted, address_number};
use flow::{Flow, Layout, Record, Value};
use regex::Regex;
use registry::Kind;

use super::super::interface_names::InterfaceNames;
use super::invalid;
use super::{Column, Condition};
use api::Refusal;

/// Most octets of memory that a compiled expression may take.
const EXPRESSION_LIMIT: usize = 1 << 20;
/// Most conditions of a query.
const MAX_CONDITIONS: usize = 64;

/// The part of a filter that runs on the capture thread and decides which flows are copied.
pub(crate) type Keep = Arc<dyn Fn(&Flow<'_>) -> bool + Send + Sync>;

/// Conditions that must all hold.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// Conditions that compare numbers. They cost as little as copying the flow, so they are evaluated before that.
    numbers: Vec<(Column, Vec<(u128, u128)>)>,
    /// Regular expressions, which cost more and are evaluated on copies.
    expressions: Vec<(Column, Regex)>,
}

impl Filter {
    /// Checks conditions against a record.
    ///
    /// # Errors
    /// If the record has no such field, a field cannot have a value, or an expression is malformed.
    pub(crate) fn new(
        conditions: &[Condition],
        record: &Record,
        layouts: &[Option<Arc<Layout>>; 2],
    ) -> Result<Filter, Refusal> {
        if conditions.len() > MAX_CONDITIONS {
            return Err(
                invalid(format!("{} conditions are too many", conditions.len()))
                    .hint(format!("{MAX_CONDITIONS} at most")),
            );
        }
        let mut filter = Filter::default();
        for Condition {
            field,
            regexp,
            value,
        } in conditions
        {
            let mut column = Column::find(field, record, layouts)?;
            if column.field.words == field {
                column = column.of_its_family();
            }
            if *regexp {
                filter.expressions.push((column, expression(value)?));
            } else {
                let kind = ValueKind::of(column.field);
                let wanted = kind.read(value).map_err(|bad| {
                    invalid(format!("{field}: {}", bad.message))
                        .hint(bad.hint)
                        .about(value)
                })?;
                let ranges = wanted.into_iter().map(range).collect::<Result<_, _>>()?;
                filter.numbers.push((column, ranges));
            }
        }
        Ok(filter)
    }

    /// Whether there are no conditions.
    pub(crate) fn is_empty(&self) -> bool {
        self.numbers.is_empty() && self.expressions.is_empty()
    }

    /// Returns the part of the filter for the capture thread.
    pub(crate) fn keep(&self) -> Option<Keep> {
        let numbers = self.numbers.clone();
        (!numbers.is_empty()).then(|| -> Keep {
            Arc::new(move |flow| {
                numbers.iter().all(|(column, ranges)| {
                    column.value(flow).is_some_and(|value| {
                        let number = number(value);
                        ranges
                            .iter()
                            .any(|(low, high)| (*low..=*high).contains(&number))
                    })
                })
            })
        })
    }

    /// Evaluates the rest of the filter on a flow that was copied.
    pub(crate) fn matches(&self, flow: &Flow<'_>, names: &mut InterfaceNames) -> bool {
        self.expressions.iter().all(|(column, expression)| {
            column
                .value(flow)
                .is_some_and(|value| expression.is_match(&text(value, column.field.kind, names)))
        })
    }
}

fn expression(text: &str) -> Result<Regex, Refusal> {
    regex::RegexBuilder::new(text)
        .size_limit(EXPRESSION_LIMIT)
        .build()
        .map_err(|error| {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default();
            let why = why.trim_start_matches("error: ");
            invalid(format!("not a regular expression: {why}")).hint("such as ^10\\. is expected")
        })
}

/// Returns the hint for a name that no interface has.
fn interfaces(name: &str) -> String {
    let all = nix::net::if_::if_nameindex();
    let mut all: Vec<String> = all
        .iter()
        .flat_map(|all| all.iter())
        .map(|one| one.name().to_string_lossy().into_owned())
        .collect();
    all.sort();
    language::which(name, all.iter().map(String::as_str))
}

fn range(wanted: Wanted) -> Result<(u128, u128), Refusal> {
    match wanted {
        Wanted::Range(low, high) => Ok((low, high)),
        Wanted::Name(name) if name.eq_ignore_ascii_case("null") => Ok((0, 0)),
        Wanted::Name(name) => nix::net::if_::if_nametoindex(name.as_str())
            .map(|index| (index.into(), index.into()))
            .map_err(|_| {
                invalid(format!("there is no interface {name}"))
                    .hint(interfaces(&name))
                    .about(&name)
            }),
    }
}

/// Returns a value as a number: an address by its octets in network order, a label stack entry by its label, a packet
/// section by its first sixteen octets.
fn number(value: Value) -> u128 {
    let big_endian = |octets: &[u8]| {
        octets
            .iter()
            .fold(0, |number, octet| number << 8 | u128::from(*octet))
    };
    match value {
        Value::Number(number) => number.into(),
        Value::Address(address) => address_number(address),
        Value::Mac(octets) => big_endian(&octets),
        Value::Label(octets) => big_endian(&octets) >> 4,
        Value::Octets(octets) => big_endian(octets.get(..16).unwrap_or(&octets)),
    }
}

/// Returns the text that an expression is matched with: the value as screens show it.
fn text(value: Value, kind: Kind, names: &mut InterfaceNames) -> String {
    match (kind, &value) {
        (Kind::Interface, Value::Number(index)) => names
            .get(u32::try_from(*index).unwrap_or(u32::MAX))
            .to_owned(),
        (Kind::Hex | Kind::Dscp, Value::Number(number)) => format!("0x{number:02X}"),
        (Kind::Direction, Value::Number(number)) => {
            if *number == 0 { "Input" } else { "Output" }.to_owned()
        }
        _ => value.to_string(),
    }
}
