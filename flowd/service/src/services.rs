//! The list of services with their types erased, so that code which loops over it depends on no service.

use std::any::Any;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use api::ledger::LossLedger;
use api::session::Impact;
use language::schema::TABLE;
use language::{Finding, Tree};

use crate::metric::Family;
use crate::named::Before;
use crate::service::{Detail, Name, NameKind, Occasion, Service};

/// One service's settings.
type AnySettings = Arc<dyn Any + Send + Sync>;

/// [`Service::settings`] without the service's types.
type Resolve = fn(&Tree, Option<Before<'_, AnySettings>>) -> Result<AnySettings, Vec<Finding>>;

/// The settings of every service of a list, in the list's order.
#[derive(Clone, Debug)]
pub struct Settings(Vec<AnySettings>);

/// One entry of the daemon's list of services: a service before it is started.
pub struct Kind {
    name: &'static str,
    rows: &'static [&'static str],
    empty: fn() -> AnySettings,
    settings: Resolve,
    equal: fn(&AnySettings, &AnySettings) -> bool,
    start: fn() -> io::Result<Box<dyn Running>>,
}

/// The running services, in the order in which they are prepared and applied.
pub struct Services {
    kinds: &'static [Kind],
    running: Vec<Box<dyn Running>>,
}

/// A change that is prepared in every service it concerns. Dropping it aborts the change.
#[derive(Default)]
pub struct Staged(Vec<Box<dyn Prepared>>);

/// A mismatch between the schema's rows and the services that claim to apply them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unowned {
    /// No service applies a row.
    #[error("no service applies the configuration's `{0}`")]
    Row(&'static str),
    /// A service names a row that the schema does not have.
    #[error("the service {service} says it applies `{row}`, which the configuration does not have")]
    Unknown {
        /// The service's name.
        service: &'static str,
        /// The row it names.
        row: &'static str,
    },
    /// Two services name the same row.
    #[error("the services {one} and {other} both say they apply `{row}`")]
    Twice {
        /// The first of them.
        one: &'static str,
        /// The second.
        other: &'static str,
        /// The row both name.
        row: &'static str,
    },
}

/// A running service with its types erased.
trait Running: Send + Sync {
    fn service(&self) -> Arc<dyn Any + Send + Sync>;
    fn prepare(
        &self,
        old: &AnySettings,
        new: &AnySettings,
        occasion: Occasion,
    ) -> Result<Option<Box<dyn Prepared>>, Vec<Finding>>;
    fn ledger(&self) -> LossLedger;
    fn metrics(&self) -> Vec<Family>;
    fn names(&self, settings: &AnySettings, kind: NameKind, begun: &str) -> Vec<Name>;
    fn hanging(&self, by: Instant) -> Vec<String>;
    fn stop(&self);
}

/// A prepared change of one service with its types erased.
trait Prepared: Send {
    fn warnings(&self) -> Vec<String>;
    fn impact(&self, detail: Detail) -> Vec<Impact>;
    fn apply(self: Box<Self>) -> Vec<String>;
}

/// The service of an entry.
struct Entry<S>(Arc<S>);

/// A prepared change with the service that prepared it.
struct Change<S: Service> {
    service: Arc<S>,
    staged: S::Staged,
}

/// Returns the settings of `S` from behind the erased type.
fn settings_of<S: Service>(settings: &AnySettings) -> &S::Settings {
    settings
        .downcast_ref()
        .expect("an entry only ever meets the settings that it made itself")
}

impl Kind {
    /// Makes the entry of the service `S`.
    pub const fn of<S: Service>() -> Kind {
        Kind {
            name: S::NAME,
            rows: S::ROWS,
            empty: || Arc::new(S::Settings::default()),
            settings: |tree, before| {
                let before =
                    before.map(|before| before.part(|settings| settings_of::<S>(settings)));
                Ok(Arc::new(S::settings(tree, before)?))
            },
            equal: |one, other| settings_of::<S>(one) == settings_of::<S>(other),
            start: || Ok(Box::new(Entry(S::start()?))),
        }
    }
}

impl<S: Service> Running for Entry<S> {
    fn service(&self) -> Arc<dyn Any + Send + Sync> {
        self.0.clone()
    }

    fn prepare(
        &self,
        old: &AnySettings,
        new: &AnySettings,
        occasion: Occasion,
    ) -> Result<Option<Box<dyn Prepared>>, Vec<Finding>> {
        let new = settings_of::<S>(new);
        let Some(difference) = S::difference(settings_of::<S>(old), new) else {
            return Ok(None);
        };
        let staged = self.0.prepare(new, difference, occasion)?;
        Ok(Some(Box::new(Change {
            service: self.0.clone(),
            staged,
        })))
    }

    fn ledger(&self) -> LossLedger {
        self.0.ledger()
    }

    fn metrics(&self) -> Vec<Family> {
        self.0.metrics()
    }

    fn names(&self, settings: &AnySettings, kind: NameKind, begun: &str) -> Vec<Name> {
        S::names(settings_of::<S>(settings), kind, begun)
    }

    fn hanging(&self, by: Instant) -> Vec<String> {
        self.0.hanging(by)
    }

    fn stop(&self) {
        self.0.stop();
    }
}

impl<S: Service> Prepared for Change<S> {
    fn warnings(&self) -> Vec<String> {
        S::warnings(&self.staged)
    }

    fn impact(&self, detail: Detail) -> Vec<Impact> {
        self.service.impact(&self.staged, detail)
    }

    fn apply(self: Box<Self>) -> Vec<String> {
        self.service.apply(self.staged)
    }
}

impl Settings {
    /// Returns the settings of the empty configuration.
    pub fn empty(kinds: &[Kind]) -> Settings {
        Settings(kinds.iter().map(|kind| (kind.empty)()).collect())
    }

    /// Resolves a tree for every service of a list.
    ///
    /// # Errors
    /// Everything that the services find wrong.
    pub fn of(
        kinds: &[Kind],
        tree: &Tree,
        before: Option<Before<'_, Settings>>,
    ) -> Result<Settings, Vec<Finding>> {
        let mut all = Vec::with_capacity(kinds.len());
        let mut findings = Vec::new();
        for (at, kind) in kinds.iter().enumerate() {
            let before = before.map(|before| before.part(|settings| &settings.0[at]));
            match (kind.settings)(tree, before) {
                Ok(settings) => all.push(settings),
                Err(wrong) => findings.extend(wrong),
            }
        }
        match findings.is_empty() {
            true => Ok(Settings(all)),
            false => Err(findings),
        }
    }

    /// Returns the names of the services whose settings differ between the two.
    pub fn differing(&self, other: &Settings, kinds: &[Kind]) -> Vec<&'static str> {
        let each = kinds.iter().zip(self.0.iter().zip(&other.0));
        each.filter(|(kind, (one, other))| !(kind.equal)(one, other))
            .map(|(kind, _)| kind.name)
            .collect()
    }

    /// Returns the settings of the service `S`, if it is in the list.
    pub fn get<S: Service>(&self) -> Option<&S::Settings> {
        self.0.iter().find_map(|settings| settings.downcast_ref())
    }
}

/// Checks that each row of the schema is claimed by one service of a list or one of `others`, which have a name and rows.
///
/// # Errors
/// The first row that nobody claims, that is not in the schema, or that is claimed twice.
pub fn check_rows(
    kinds: &[Kind],
    others: &[(&'static str, &'static [&'static str])],
) -> Result<(), Unowned> {
    let services = kinds.iter().map(|kind| (kind.name, kind.rows));
    let claims = services.chain(others.iter().copied());
    let claims = claims.flat_map(|(name, rows)| rows.iter().map(move |row| (name, *row)));
    check(TABLE.iter().map(|row| row.path), claims)
}

impl Services {
    /// Starts every service of a list, with nothing configured.
    ///
    /// # Errors
    /// If the system refuses a service its threads.
    pub fn start(kinds: &'static [Kind]) -> io::Result<Services> {
        let running = kinds.iter().map(|kind| (kind.start)());
        Ok(Services {
            kinds,
            running: running.collect::<io::Result<_>>()?,
        })
    }

    /// Returns the list that they were started from.
    pub fn kinds(&self) -> &'static [Kind] {
        self.kinds
    }

    /// Returns the service `S`, if it is one of them, for questions that only it can answer.
    pub fn get<S: Service>(&self) -> Option<Arc<S>> {
        let mut services = self.running.iter().map(|running| running.service());
        services.find_map(|service| service.downcast().ok())
    }

    /// Prepares the change from `old` to `new` in every service that it concerns.
    ///
    /// # Errors
    /// The findings of the first service that refuses. What the services before it have prepared is dropped.
    pub fn prepare(
        &self,
        old: &Settings,
        new: &Settings,
        occasion: Occasion,
    ) -> Result<Staged, Vec<Finding>> {
        let mut staged = Staged::default();
        for ((service, old), new) in self.running.iter().zip(&old.0).zip(&new.0) {
            staged.0.extend(service.prepare(old, new, occasion)?);
        }
        Ok(staged)
    }

    /// Returns the loss ledger: the parts of all services, in the list's order.
    pub fn ledger(&self) -> LossLedger {
        self.running.iter().map(|service| service.ledger()).sum()
    }

    /// Returns what all services count and measure, in the list's order.
    pub fn metrics(&self) -> Vec<Family> {
        let each = self.running.iter();
        each.flat_map(|service| service.metrics()).collect()
    }

    /// Returns the names of a kind that start with `begun`, of every service.
    pub fn names(&self, settings: &Settings, kind: NameKind, begun: &str) -> Vec<Name> {
        let each = self.running.iter().zip(&settings.0);
        each.flat_map(|(service, settings)| service.names(settings, kind, begun))
            .collect()
    }

    /// Returns the threads that must not hang and have given no sign of life `by` then.
    pub fn hanging(&self, by: Instant) -> Vec<String> {
        let each = self.running.iter();
        each.flat_map(|service| service.hanging(by)).collect()
    }

    /// Stops the services, the last one first.
    pub fn stop(&self) {
        self.running.iter().rev().for_each(|service| service.stop());
    }
}

impl Staged {
    /// Returns the services' warnings, a line each.
    pub fn warnings(&self) -> Vec<String> {
        self.0.iter().flat_map(|change| change.warnings()).collect()
    }

    /// Returns what applying the change will do.
    pub fn impact(&self, detail: Detail) -> Vec<Impact> {
        let each = self.0.iter();
        each.flat_map(|change| change.impact(detail)).collect()
    }

    /// Puts every change into force. Returns what the host refused only now, a line each.
    pub fn apply(self) -> Vec<String> {
        let each = self.0.into_iter();
        each.flat_map(|change| change.apply()).collect()
    }
}

/// Compares paths of the schema, which have `*` for a name, with claimed paths, which leave it out.
fn check(
    rows: impl Iterator<Item = &'static str>,
    claims: impl Iterator<Item = (&'static str, &'static str)> + Clone,
) -> Result<(), Unowned> {
    let plain = |path: &str| -> Vec<String> {
        let words = path.split(' ').filter(|word| *word != "*");
        words.map(str::to_owned).collect()
    };
    let claimed: Vec<(&'static str, &'static str, Vec<String>)> = claims
        .map(|(service, row)| (service, row, plain(row)))
        .collect();
    for (at, (one, row, _)) in claimed.iter().enumerate() {
        if let Some((other, ..)) = claimed[..at].iter().find(|(_, earlier, _)| earlier == row) {
            return Err(Unowned::Twice {
                one: other,
                other: one,
                row,
            });
        }
    }
    let rows: Vec<(&'static str, Vec<String>)> = rows.map(|row| (row, plain(row))).collect();
    if let Some((service, row, _)) = claimed
        .iter()
        .find(|(_, _, words)| !rows.iter().any(|(_, row)| row == words))
    {
        return Err(Unowned::Unknown { service, row });
    }
    // A row above claimed rows only groups them, and needs no service of its own.
    let unowned = rows.iter().find(|(_, words)| {
        let above = claimed.iter().any(|(_, _, claim)| words.starts_with(claim));
        let below = claimed.iter().any(|(_, _, claim)| claim.starts_with(words));
        !above && !below
    });
    match unowned {
        Some((row, _)) => Err(Unowned::Row(row)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_one_service_and_every_service_has_its_rows() {
        let rows = [
            "flow",
            "flow exporter",
            "flow exporter * ttl",
            "system",
            "system host-name",
        ];
        let held = |claims: &[(&'static str, &'static str)]| {
            check(rows.into_iter(), claims.iter().copied())
        };
        let probe = ("probe", "flow exporter");
        assert_eq!(held(&[probe, ("host", "system")]), Ok(()));
        assert_eq!(held(&[probe, ("host", "system host-name")]), Ok(()));
        assert_eq!(held(&[probe]), Err(Unowned::Row("system")));
        assert_eq!(
            held(&[("host", "system"), ("probe", "flow exporter ttl")]),
            Ok(()),
            "a row above one that has a service only holds words"
        );
        let unknown = held(&[probe, ("host", "system"), ("web", "service web")]).unwrap_err();
        assert_eq!(
            unknown.to_string(),
            "the service web says it applies `service web`, which the configuration does not have"
        );
        assert_eq!(
            held(&[probe, ("host", "system"), ("relay", "flow exporter")]),
            Err(Unowned::Twice {
                one: "probe",
                other: "relay",
                row: "flow exporter"
            })
        );
    }
}
