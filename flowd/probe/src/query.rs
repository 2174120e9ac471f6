//! Questions to a cache of flows: which, put together how, in what order. Pure: flows come from [`super::reader`].
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

/// Rows of an answer when the query says nothing.
pub(crate) const LIMIT: usize = 10_000;
/// Rows of an answer at most.
pub(crate) const MOST: usize = 100_000;

/// A query that cannot be answered: no such field, say, or a value that it cannot have.
pub(crate) fn wrong(message: impl Into<String>) -> Refusal {
    Refusal::new(Code::InvalidValue, message)
}

/// A condition on a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The field's words or its IANA name.
    pub field: String,
    /// `value` is a regular expression on the value's text; else one of `commands::condition`.
    pub regexp: bool,
    /// What the field has to be.
    pub value: String,
}

/// What of a cache is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheQuery {
    /// Flows for which all of these hold.
    pub filter: Vec<Condition>,
    /// Flows that agree in these fields are one row.
    pub aggregate: Vec<String>,
    /// Fields such a row has beside the counters.
    pub collect: Vec<String>,
    /// Field to sort by; rows without it come last.
    pub sort: Option<String>,
    /// Smallest first.
    pub lowest: bool,
    /// At most so many rows.
    pub top: Option<usize>,
    /// Where a listing goes on: `next` of the answer before.
    pub after: Option<String>,
}

impl TryFrom<api::query::CacheQuery> for CacheQuery {
    type Error = Refusal;

    fn try_from(asked: api::query::CacheQuery) -> Result<CacheQuery, Refusal> {
        let rows = |name: &str, rows: Option<u64>| {
            let bounded = |rows: u64| {
                let fits = usize::try_from(rows).ok();
                fits.filter(|rows| (1..=MOST).contains(rows))
                    .ok_or_else(|| wrong(format!("{name}={rows} is no number from 1 to {MOST}")))
            };
            rows.map(bounded).transpose()
        };
        let (top, limit) = (rows("top", asked.top)?, rows("limit", asked.limit)?);
        if asked.after.is_some() && (asked.sort.is_some() || !asked.aggregate.is_empty()) {
            return Err(wrong(
                "only a listing goes on, what is sorted or aggregated is one answer",
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

/// Reads `FIELD=VALUE` or `FIELD~REGEXP`.
fn condition(text: &str) -> Result<Condition, Refusal> {
    let (at, operator) = text
        .char_indices()
        .find(|(_, c)| matches!(c, '=' | '~'))
        .ok_or_else(|| {
            wrong(format!(
                "filter={text} is neither FIELD=VALUE nor FIELD~REGEXP"
            ))
        })?;
    Ok(Condition {
        field: text[..at].to_owned(),
        regexp: operator == '~',
        value: text[at + 1..].to_owned(),
    })
}

/// A query that fits a monitor's record.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The flows that are wanted.
    pub filter: Filter,
    /// The rows that are made of them.
    pub rows: Rows,
}

/// How rows are made.
#[derive(Debug)]
pub(crate) enum Rows {
    /// Each flow as it comes, up to so many.
    Listed(usize),
    /// The first flows by a field's value.
    Sorted(Column, Top<Kept>),
    /// Groups of flows.
    Grouped(Box<Groups>, Order),
}

/// In what order groups come.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// What of a group is compared; `None`: its fields.
    by: Option<Measure>,
    lowest: bool,
    most: usize,
}

/// A flow of an answer.
#[derive(Clone, Debug)]
pub struct Kept {
    /// How its octets lie.
    pub layout: Arc<Layout>,
    /// Counters and times.
    pub totals: Totals,
    /// Header lines and merged values.
    pub octets: Box<[u8]>,
}

impl Kept {
    /// A copy.
    pub fn new(flow: &Flow<'_>, layout: &Arc<Layout>) -> Kept {
        Kept {
            layout: layout.clone(),
            totals: *flow.totals,
            octets: flow.octets.into(),
        }
    }

    /// The flow.
    pub fn flow(&self) -> Flow<'_> {
        Flow {
            layout: &self.layout,
            totals: &self.totals,
            octets: &self.octets,
        }
    }
}

/// The order of flows that are equal in what they are sorted by: most octets first, then most packets, then by what they are.
pub(crate) fn order(a: &Flow<'_>, b: &Flow<'_>) -> Ordering {
    let counters = |flow: &Flow<'_>| Reverse((flow.totals.octets, flow.totals.packets));
    let family = |flow: &Flow<'_>| flow.layout.family as u8;
    counters(a)
        .cmp(&counters(b))
        .then_with(|| family(a).cmp(&family(b)))
        .then_with(|| a.octets.cmp(b.octets))
}

impl Ord for Kept {
    fn cmp(&self, other: &Self) -> Ordering {
        order(&self.flow(), &other.flow())
    }
}

impl PartialOrd for Kept {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Kept {}

impl Plan {
    /// Fits a query to a record; `layouts` are those of its flows by family.
    ///
    /// # Errors
    /// A field that there is not or that the record has not, a value that it cannot have, an expression that is none.
    pub(crate) fn new(
        query: &CacheQuery,
        record: &Record,
        layouts: &[Option<Arc<Layout>>; 2],
    ) -> Result<Plan, Refusal> {
        let column = |text: &str| Column::find(text, record, layouts);
        let filter = Filter::new(&query.filter, record, layouts)?;
        let most = query.top.unwrap_or(LIMIT).min(MOST);
        if query.aggregate.is_empty() {
            if !query.collect.is_empty() {
                return Err(wrong("collect needs aggregate"));
            }
            let rows = match query.sort.as_deref() {
                None => Rows::Listed(most),
                Some("counter flows") => {
                    return Err(wrong("counter flows needs aggregate"));
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
    /// The number of groups that [`Order::first`] returns.
    pub fn count(self, groups: &Groups) -> usize {
        groups.len().min(self.most)
    }

    /// The first groups, in this order.
    pub fn first(self, groups: &Groups) -> Vec<Group<'_>> {
        let mut top = Top::new(self.most, self.lowest);
        for group in groups.iter() {
            let value = self.by.and_then(|by| group.measured(by));
            top.offer(value, |last| group.cmp(last), || group);
        }
        top.into_rows()
    }
}
