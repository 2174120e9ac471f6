//! Queries of a monitor's cache: filter, aggregation, order. Pure: the flows come from [`super::reader`].
//!
//! ```text
//! flow --filter--> --aggregate--> --sort, top--> rows
//! ```

mod column;
mod filter;
mod group;
mod top;

#[cfg(test)]
mod tests;

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use api::{Code, Refusal};
use flow::{Flow, Layout, Record, Totals};

pub(crate) use column::Column;
pub(crate) use filter::{Filter, Keep};
pub(crate) use group::{Group, Groups};
pub(crate) use top::Top;

use group::Measure;

/// Most rows of an answer unless the query has another number.
pub(crate) const DEFAULT_ROWS: usize = 10_000;
/// Most rows that a query can ask for.
pub(crate) const MAX_ROWS: usize = 100_000;

/// The refusal of a query that cannot be answered: because there is no such field, say, or it cannot have the value.
pub(crate) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(Code::InvalidValue, message)
}

/// A condition on a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The field's words or its IANA name.
    pub field: String,
    /// Whether `value` is a regular expression on the field's text; if not, it is a value as in `commands::condition`.
    pub regexp: bool,
    /// The value or the expression.
    pub value: String,
}

/// A query of a monitor's cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheQuery {
    /// Conditions that must all hold.
    pub filter: Vec<Condition>,
    /// Fields by which flows are aggregated: those with equal values are one row.
    pub aggregate: Vec<String>,
    /// Further fields of such a row, beside the counters.
    pub collect: Vec<String>,
    /// The field to sort by. Rows without it come last.
    pub sort: Option<String>,
    /// Whether the smallest value comes first.
    pub lowest: bool,
    /// Most rows.
    pub top: Option<usize>,
    /// Where to continue a listing: `next` of the answer before.
    pub after: Option<String>,
}

impl TryFrom<api::query::CacheQuery> for CacheQuery {
    type Error = Refusal;

    fn try_from(asked: api::query::CacheQuery) -> Result<CacheQuery, Refusal> {
        let rows = |name: &str, rows: Option<u64>| {
            let bounded = |rows: u64| {
                let fits = usize::try_from(rows).ok();
                fits.filter(|rows| (1..=MAX_ROWS).contains(rows))
                    .ok_or_else(|| {
                        invalid(format!(
                            "{name}={rows} is not a number from 1 to {MAX_ROWS}"
                        ))
                    })
            };
            rows.map(bounded).transpose()
        };
        let (top, limit) = (rows("top", asked.top)?, rows("limit", asked.limit)?);
        if asked.after.is_some() && (asked.sort.is_some() || !asked.aggregate.is_empty()) {
            return Err(invalid(
                "only a listing can be continued; a sorted or aggregated answer is complete",
            ));
        }
        let conditions = asked.filter.iter().map(|text| condition(text));
        Ok(CacheQuery {
            filter: conditions.collect::<Result<_, _>>()?,
            aggregate: asked.aggregate,
            collect: asked.collect,
            sort: asked.sort,
            lowest: asked.lowest.unwrap_or(false),
            top: top.into_iter().chain(limit).min(),
            after: asked.after,
        })
    }
}

/// Parses `FIELD=VALUE` or `FIELD~REGEXP`.
fn condition(text: &str) -> Result<Condition, Refusal> {
    let (at, operator) = text
        .char_indices()
        .find(|(_, c)| matches!(c, '=' | '~'))
        .ok_or_else(|| {
            invalid(format!(
                "filter={text} is neither FIELD=VALUE nor FIELD~REGEXP"
            ))
        })?;
    Ok(Condition {
        field: text[..at].to_owned(),
        regexp: operator == '~',
        value: text[at + 1..].to_owned(),
    })
}

/// A query that was checked against a monitor's record.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Which flows are wanted.
    pub filter: Filter,
    /// How rows are made of them.
    pub rows: Rows,
}

/// How rows are made.
#[derive(Debug)]
pub(crate) enum Rows {
    /// Each flow is a row, in the order in which they are read, up to a number.
    Listed(usize),
    /// Each flow is a row, sorted by a column.
    Sorted(Column, Top<FlowCopy>),
    /// Each group of flows is a row.
    Grouped(Box<Groups>, Order),
}

/// The order of groups.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// What groups are sorted by; `None` for their aggregated fields.
    by: Option<Measure>,
    lowest: bool,
    most: usize,
}

/// A copy of a flow, for an answer.
#[derive(Clone, Debug)]
pub struct FlowCopy {
    /// The layout of its octets.
    pub layout: Arc<Layout>,
    /// Counters and times.
    pub totals: Totals,
    /// Header lines and merged values.
    pub octets: Box<[u8]>,
}

impl FlowCopy {
    /// Copies a flow.
    pub fn new(flow: &Flow<'_>, layout: &Arc<Layout>) -> FlowCopy {
        FlowCopy {
            layout: layout.clone(),
            totals: *flow.totals,
            octets: flow.octets.into(),
        }
    }

    /// Returns the flow.
    pub fn flow(&self) -> Flow<'_> {
        Flow {
            layout: &self.layout,
            totals: &self.totals,
            octets: &self.octets,
        }
    }
}

/// Compares flows that have the same value in the column they are sorted by: most octets first, then most packets, then by
/// family and content.
pub(crate) fn order(a: &Flow<'_>, b: &Flow<'_>) -> Ordering {
    let counters = |flow: &Flow<'_>| Reverse((flow.totals.octets, flow.totals.packets));
    let family = |flow: &Flow<'_>| flow.layout.family as u8;
    counters(a)
        .cmp(&counters(b))
        .then_with(|| family(a).cmp(&family(b)))
        .then_with(|| a.octets.cmp(b.octets))
}

impl Ord for FlowCopy {
    fn cmp(&self, other: &Self) -> Ordering {
        order(&self.flow(), &other.flow())
    }
}

impl PartialOrd for FlowCopy {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for FlowCopy {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for FlowCopy {}

impl Plan {
    /// Checks a query against a record; `layouts` are those of its flows by family.
    ///
    /// # Errors
    /// If the record has no such field, a field cannot have a value, or an expression is malformed.
    pub(crate) fn new(
        query: &CacheQuery,
        record: &Record,
        layouts: &[Option<Arc<Layout>>; 2],
    ) -> Result<Plan, Refusal> {
        let column = |text: &str| Column::find(text, record, layouts);
        let filter = Filter::new(&query.filter, record, layouts)?;
        let most = query.top.unwrap_or(DEFAULT_ROWS).min(MAX_ROWS);
        if query.aggregate.is_empty() {
            if !query.collect.is_empty() {
                return Err(invalid("collect needs aggregate"));
            }
            let rows = match query.sort.as_deref() {
                None => Rows::Listed(most),
                Some("counter flows") => {
                    return Err(invalid("counter flows needs aggregate"));
                }
                Some(field) => Rows::Sorted(column(field)?, Top::new(most, query.lowest)),
            };
            return Ok(Plan { filter, rows });
        }
        let columns = |fields: &[String]| {
            fields
                .iter()
                .map(|field| column(field))
                .collect::<Result<Vec<_>, _>>()
        };
        let groups = Groups::new(columns(&query.aggregate)?, columns(&query.collect)?)?;
        let by = query
            .sort
            .as_deref()
            .map(|field| groups.measure(field))
            .transpose()?;
        let order = Order {
            by,
            lowest: query.lowest,
            most,
        };
        Ok(Plan {
            filter,
            rows: Rows::Grouped(Box::new(groups), order),
        })
    }
}

impl Order {
    /// Returns the number of groups that [`Order::first`] returns.
    pub fn count(self, groups: &Groups) -> usize {
        groups.len().min(self.most)
    }

    /// Returns the first groups in this order.
    pub fn first(self, groups: &Groups) -> Vec<Group<'_>> {
        let mut top = Top::new(self.most, self.lowest);
        for group in groups.iter() {
            let value = self.by.and_then(|by| group.measured(by));
            top.offer(value, |last| group.cmp(last), || group);
        }
        top.into_rows()
    }
}
