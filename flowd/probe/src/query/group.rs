//! Aggregation: groups of flows with equal values in some fields.

use std::cmp::Ordering;
use std::hash::{BuildHasher, RandomState};

use flow::{Flow, Totals, Value};
use hashbrown::HashTable;
use registry::{Aggregate, Field, Kind, Source};

use super::Column;
use super::column::unknown_field;
use super::invalid;
use api::Refusal;

/// Most groups of an answer. Each takes about 100 octets and 24 more for each field.
pub(super) const MAX_GROUPS: usize = 1 << 22;

/// Groups of flows.
#[derive(Debug)]
pub struct Groups {
    /// The fields in which the flows of a group have equal values.
    pub keys: Vec<Column>,
    /// The fields that are collected for a group beside its counters.
    pub collects: Vec<Column>,
    /// The values of `keys`, `keys.len()` for each group.
    values: Vec<Option<Value>>,
    /// The values of `collects`, `collects.len()` for each group.
    collected: Vec<Option<Value>>,
    sums: Vec<Sum>,
    index: HashTable<u32>,
    hasher: RandomState,
    most: usize,
    /// The values of the flow that is being added.
    scratch: Vec<Option<Value>>,
}

/// The counters of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    /// Number of flows.
    pub flows: u64,
    /// Packets and octets of all flows; times of the first and the last packet of any.
    pub totals: Totals,
}

/// One group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// Values of [`Groups::keys`].
    pub values: &'a [Option<Value>],
    /// Values of [`Groups::collects`].
    pub collected: &'a [Option<Value>],
    /// The counters.
    pub sum: &'a Sum,
}

impl Ord for Group<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.values.cmp(other.values)
    }
}

impl PartialOrd for Group<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What groups can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// `counter flows`
    Flows,
    /// `counter bytes`
    Octets,
    /// `counter packets`
    Packets,
    /// The first packet's time.
    First,
    /// The last packet's time.
    Last,
    /// A field of [`Groups::keys`], by its index.
    Key(usize),
    /// A field of [`Groups::collects`], by its index.
    Collected(usize),
}

impl Groups {
    /// Makes an empty set of groups.
    ///
    /// # Errors
    /// If a key is a counter or a time, by which flows cannot be aggregated.
    pub fn new(keys: Vec<Column>, collects: Vec<Column>) -> Result<Groups, Refusal> {
        let counted = |column: &&Column| {
            matches!(
                column.field.source,
                Source::Octets | Source::Packets | Source::First | Source::Last
            )
        };
        if let Some(column) = keys.iter().find(counted) {
            let words = column.field.words;
            let message =
                format!("{words} is a counter or a time; flows cannot be aggregated by it");
            return Err(invalid(message).about(words));
        }
        Ok(Groups {
            keys,
            collects,
            values: Vec::new(),
            collected: Vec::new(),
            sums: Vec::new(),
            index: HashTable::new(),
            hasher: RandomState::new(),
            most: MAX_GROUPS,
            scratch: Vec::new(),
        })
    }

    /// Replaces the bound, which is [`MAX_GROUPS`].
    #[cfg(test)]
    pub fn bounded(mut self, most: usize) -> Groups {
        self.most = most;
        self
    }

    /// Returns the number of groups.
    pub fn len(&self) -> usize {
        self.sums.len()
    }

    /// Adds a flow.
    ///
    /// # Errors
    /// If there are [`MAX_GROUPS`] already and the flow belongs to none of them.
    pub fn add(&mut self, flow: &Flow<'_>) -> Result<(), Refusal> {
        self.scratch.clear();
        self.scratch
            .extend(self.keys.iter().map(|column| column.value(flow)));
        let hash = self.hasher.hash_one(&self.scratch);
        let width = self.keys.len();
        let found = self.index.find(hash, |at| {
            let from = *at as usize * width;
            self.values[from..from + width] == self.scratch[..]
        });
        if let Some(at) = found {
            let at = *at as usize;
            self.join(at, flow);
            return Ok(());
        }
        if self.sums.len() == self.most {
            return Err(
                invalid(format!("these fields make more than {} groups", self.most))
                    .hint("filter, or aggregate fewer fields"),
            );
        }
        let new = self.sums.len() as u32;
        self.values.extend_from_slice(&self.scratch);
        self.collected
            .extend(self.collects.iter().map(|column| column.value(flow)));
        self.sums.push(Sum {
            flows: 1,
            totals: *flow.totals,
        });
        let (values, hasher) = (&self.values, &self.hasher);
        self.index.insert_unique(hash, new, |at| {
            let from = *at as usize * width;
            hasher.hash_one(&values[from..from + width])
        });
        Ok(())
    }

    /// Adds a further flow to a group. Collected values are merged by the rule that their field has within a flow. Where
    /// that keeps the first packet's value, the group has that of the earliest flow, or the smallest if flows began
    /// together.
    fn join(&mut self, at: usize, flow: &Flow<'_>) {
        let sum = &mut self.sums[at];
        let began = flow.totals.first_ns.cmp(&sum.totals.first_ns);
        let from = at * self.collects.len();
        for (column, old) in self.collects.iter().zip(&mut self.collected[from..]) {
            let new = column.value(flow);
            *old = match column.field.source {
                Source::Header(_, rule) => merged(rule, began, old.take(), new),
                Source::Reverse(_)
                    if column.field.kind == Kind::Number && column.field.len == 8 =>
                {
                    let number = |value: Option<Value>| value.and_then(|value| value.number());
                    Some(Value::Number(
                        number(old.take()).unwrap_or(0) + number(new).unwrap_or(0),
                    ))
                }
                Source::EndReason | Source::Reverse(_) => {
                    merged(Aggregate::First, began, old.take(), new)
                }
                Source::Octets | Source::Packets | Source::Flows | Source::First | Source::Last => {
                    None
                }
            };
        }
        sum.flows += 1;
        let totals = &mut sum.totals;
        totals.packets += flow.totals.packets;
        totals.octets += flow.totals.octets;
        totals.first_ns = totals.first_ns.min(flow.totals.first_ns);
        totals.last_ns = totals.last_ns.max(flow.totals.last_ns);
        totals.tcp_flags |= flow.totals.tcp_flags;
    }

    /// Iterates over the groups, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = Group<'_>> {
        (0..self.sums.len()).map(|at| {
            let (keys, collects) = (self.keys.len(), self.collects.len());
            Group {
                values: &self.values[at * keys..(at + 1) * keys],
                collected: &self.collected[at * collects..(at + 1) * collects],
                sum: &self.sums[at],
            }
        })
    }

    /// Finds what a field to sort by is in a group.
    ///
    /// # Errors
    /// If groups do not have it.
    pub fn measure(&self, field: &str) -> Result<Measure, Refusal> {
        let called = |column: &Column| column.field.words == field || column.field.name() == field;
        if field == "counter flows" || field == registry::element::DELTA_FLOW_COUNT.name {
            return Ok(Measure::Flows);
        }
        if let Some(at) = self.keys.iter().position(called) {
            return Ok(Measure::Key(at));
        }
        let known = registry::FIELDS
            .iter()
            .find(|known| known.words == field || known.name() == field);
        let known: &Field = known.ok_or_else(|| unknown_field(field))?;
        match known.source {
            Source::Octets => return Ok(Measure::Octets),
            Source::Packets => return Ok(Measure::Packets),
            Source::First => return Ok(Measure::First),
            Source::Last => return Ok(Measure::Last),
            _ => {}
        }
        let at = self.collects.iter().position(called);
        at.map(Measure::Collected).ok_or_else(|| {
            invalid(format!(
                "{field} is neither aggregated nor collected, so there is nothing to sort by"
            ))
            .hint("collect it, too")
            .about(field)
        })
    }
}

impl Group<'_> {
    /// Returns the value that the group is sorted by.
    pub fn measured(&self, by: Measure) -> Option<Value> {
        let totals = &self.sum.totals;
        match by {
            Measure::Flows => Some(Value::Number(self.sum.flows)),
            Measure::Octets => Some(Value::Number(totals.octets)),
            Measure::Packets => Some(Value::Number(totals.packets)),
            Measure::First => Some(Value::Number(totals.first_ns)),
            Measure::Last => Some(Value::Number(totals.last_ns)),
            Measure::Key(at) => self.values[at].clone(),
            Measure::Collected(at) => self.collected[at].clone(),
        }
    }
}

fn merged(
    rule: Aggregate,
    began: Ordering,
    old: Option<Value>,
    new: Option<Value>,
) -> Option<Value> {
    match (rule, began) {
        (Aggregate::First, Ordering::Less) => return new,
        (Aggregate::First, Ordering::Equal) => return old.min(new),
        (Aggregate::First, Ordering::Greater) => return old,
        _ => {}
    }
    match (rule, old, new) {
        (_, old, None) => old,
        (_, None, new) => new,
        (Aggregate::Min, Some(a), Some(b)) => Some(a.min(b)),
        (Aggregate::Or, Some(Value::Number(a)), Some(Value::Number(b))) => {
            Some(Value::Number(a | b))
        }
        (_, Some(a), Some(b)) => Some(a.max(b)),
    }
}
