//! What a service measures, for whoever collects it: Prometheus today.

use std::sync::Arc;

/// Values of one kind: a name, and a sample for each object that has it.
///
/// Names follow Prometheus' conventions: `flowd_` before them, the unit behind them (`_bytes`, `_seconds`, `_packets`), and without
/// `_total`, which whoever writes a counter adds.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// The name.
    pub name: &'static str,
    /// What it is, in a sentence without a full stop.
    pub help: &'static str,
    /// Whether it only grows.
    pub kind: Kind,
    /// The samples, each with other labels.
    pub samples: Vec<Sample>,
}

/// How a value moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows, until the process ends.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// A value of one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// What it belongs to: names from the configuration, and words that the program knows. Never what a packet says, so that the
    /// configuration bounds their number.
    pub labels: Labels,
    /// The value.
    pub value: Value,
}

/// Labels: names with values. An object has the same ones in every family.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(Arc<[(&'static str, String)]>);

/// A value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A count.
    Integer(u64),
    /// A measure, such as seconds.
    Real(f64),
}

impl Family {
    /// Makes a counter without samples.
    pub fn counter(name: &'static str, help: &'static str) -> Family {
        Family::of(Kind::Counter, name, help)
    }

    /// Makes a gauge without samples.
    pub fn gauge(name: &'static str, help: &'static str) -> Family {
        Family::of(Kind::Gauge, name, help)
    }

    fn of(kind: Kind, name: &'static str, help: &'static str) -> Family {
        Family {
            name,
            help,
            kind,
            samples: Vec::new(),
        }
    }

    /// Adds a sample.
    pub fn add(&mut self, labels: &Labels, value: impl Into<Value>) {
        self.samples.push(Sample {
            labels: labels.clone(),
            value: value.into(),
        });
    }

    /// Returns the family with one sample more.
    pub fn with(mut self, labels: &[(&'static str, &str)], value: impl Into<Value>) -> Family {
        self.add(&Labels::of(labels), value);
        self
    }
}

impl Labels {
    /// Makes labels.
    pub fn of(labels: &[(&'static str, &str)]) -> Labels {
        let owned = labels.iter();
        Labels(
            owned
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
        )
    }

    /// Returns these and one more.
    pub fn and(&self, name: &'static str, value: &str) -> Labels {
        let more = [(name, value.to_owned())];
        Labels(self.0.iter().cloned().chain(more).collect())
    }

    /// Returns the names with their values.
    pub fn pairs(&self) -> &[(&'static str, String)] {
        &self.0
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Value {
        Value::Integer(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Integer(value.into())
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Value::Real(value)
    }
}
