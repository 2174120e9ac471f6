//! The difference between two configurations of the samplicators, as data: a check reports it, a commit carries it out. Pure.

use std::collections::{BTreeMap, BTreeSet};

use service::named::changed;

use crate::settings::{Endpoint, Receiver, SamplicatorSettings, Settings};

/// The steps from one configuration of the samplicators to another. A samplicator that is not in it is not touched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Samplicators that are new or relay otherwise than before.
    pub steps: BTreeMap<String, Step>,
    /// Samplicators that are removed, without those that continue under another name.
    pub gone: Vec<String>,
}

/// The change of one samplicator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The name of the running samplicator that it continues; `None` for a new one.
    pub from: Option<String>,
    /// The addresses and ports that it starts to listen on, with the number of sockets.
    pub opens: Vec<(Endpoint, usize)>,
    /// The addresses and ports that it stops listening on, with the number of sockets.
    pub closes: Vec<(Endpoint, usize)>,
    /// Receivers that are new, or whose datagrams leave by another socket or go to another destination.
    pub receivers: Vec<String>,
    /// Receivers that are removed.
    pub receivers_gone: Vec<String>,
}

/// Returns the steps from `old` to `new`.
pub(crate) fn difference(old: &Settings, new: &Settings) -> Difference {
    let all: Vec<_> = changed(old, new).collect();
    let mut gone: BTreeSet<&str> = all
        .iter()
        .filter(|(_, _, is)| is.is_none())
        .map(|(name, ..)| name.as_str())
        .collect();
    let mut steps = BTreeMap::new();
    for (name, was, is) in &all {
        let Some(is) = is else {
            continue;
        };
        let from = match was {
            Some(was) if was.relays_alike(is) => continue,
            Some(_) => Some(name.as_str()),
            None => renamed(old, &gone, is),
        };
        if let Some(from) = from {
            gone.remove(from);
        }
        let was = from.and_then(|from| old.get(from));
        steps.insert((*name).clone(), step(from, was.map(|was| &**was), is));
    }
    Difference {
        steps,
        gone: gone.into_iter().map(str::to_owned).collect(),
    }
}

fn step(from: Option<&str>, was: Option<&SamplicatorSettings>, is: &SamplicatorSettings) -> Step {
    let sockets = |settings: Option<&SamplicatorSettings>| -> BTreeMap<Endpoint, usize> {
        let endpoints = settings.map(|settings| (settings.endpoints(), settings.threads));
        let (endpoints, threads) = endpoints.unwrap_or_default();
        let each = endpoints.into_iter().map(|endpoint| (endpoint, threads));
        each.collect()
    };
    let (before, after) = (sockets(was), sockets(Some(is)));
    let more = |these: &BTreeMap<Endpoint, usize>, those: &BTreeMap<Endpoint, usize>| {
        let more = these.iter().filter_map(|(endpoint, count)| {
            let had = those.get(endpoint).copied().unwrap_or_default();
            (*count > had).then(|| (endpoint.clone(), count - had))
        });
        more.collect::<Vec<_>>()
    };
    let receivers = |settings: Option<&SamplicatorSettings>| -> BTreeMap<String, Receiver> {
        let receivers = settings
            .into_iter()
            .flat_map(|settings| &settings.receivers);
        receivers
            .filter(|receiver| !receiver.disabled)
            .map(|receiver| (receiver.name.clone(), receiver.clone()))
            .collect()
    };
    let (had, has) = (receivers(was), receivers(Some(is)));
    let new = has.iter().filter(|(name, receiver)| {
        let same = |had: &Receiver| had.sent_alike(receiver);
        !had.get(*name).is_some_and(same)
    });
    Step {
        from: from.map(str::to_owned),
        opens: more(&after, &before),
        closes: more(&before, &after),
        receivers: new.map(|(name, _)| name.clone()).collect(),
        receivers_gone: had
            .keys()
            .filter(|name| !has.contains_key(*name))
            .cloned()
            .collect(),
    }
}

/// Returns the removed samplicator that listens where a new one will: it is the same under another name, and keeps its sockets,
/// templates and counts.
fn renamed<'a>(
    old: &'a Settings,
    gone: &BTreeSet<&str>,
    is: &SamplicatorSettings,
) -> Option<&'a str> {
    if gone.is_empty() {
        return None;
    }
    let wanted = is.endpoints();
    let found = old.iter().find(|(name, had)| {
        let had = || had.endpoints();
        gone.contains(name.as_str()) && had().iter().any(|endpoint| wanted.contains(endpoint))
    });
    found.map(|(name, _)| name.as_str())
}

#[cfg(test)]
mod tests {
    use language::{Mode, Tree};

    use super::*;

    fn settings(text: &str) -> Settings {
        let tree = language::load(&Tree::default(), &[], text, None, Mode::Merge).unwrap();
        super::super::settings::from_tree(&tree, None).unwrap()
    }

    const S: &str = "set flow samplicator S port 2055
set flow samplicator S receiver A address 192.0.2.1
set flow samplicator S receiver B address 192.0.2.2
";

    #[test]
    fn only_what_differs_has_a_step() {
        let old = settings(&format!(
            "{S}set flow samplicator T receiver A address 192.0.2.1"
        ));
        assert_eq!(difference(&old, &old), Difference::default());
        let new = settings(&format!(
            "{S}set flow samplicator S receiver B ttl 9\nset flow samplicator S receiver C address 192.0.2.3
set flow samplicator S port 2056"
        ));
        let difference = difference(&old, &new);
        assert_eq!(difference.gone, ["T"]);
        let step = &difference.steps["S"];
        assert_eq!(
            (difference.steps.len(), step.from.as_deref()),
            (1, Some("S"))
        );
        assert_eq!(
            step.opens.len(),
            step.closes.len() + new["S"].endpoints().len() / 2
        );
        assert_eq!(step.receivers, ["B", "C"]);
    }

    #[test]
    fn one_under_another_name_goes_on() {
        let old = settings(S);
        let new = settings(&S.replace(" S ", " N "));
        let difference = difference(&old, &new);
        assert_eq!(difference.gone, [""; 0]);
        let step = &difference.steps["N"];
        assert_eq!(step.from.as_deref(), Some("S"));
        assert!(step.opens.is_empty() && step.closes.is_empty() && step.receivers.is_empty());
    }

    #[test]
    fn from_nothing_everything_is_opened() {
        let difference = difference(&Settings::default(), &settings(S));
        let step = &difference.steps["S"];
        assert_eq!((step.opens.len(), step.receivers.len()), (2, 2));
    }
}
