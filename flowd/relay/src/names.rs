//! The names of samplicators and receivers, for completion.

use std::collections::{BTreeMap, BTreeSet};

use service::{Name, NameKind};

use crate::settings::Settings;

/// Returns the names of a kind, each with a line about it.
pub(crate) fn names(settings: &Settings, kind: NameKind) -> Vec<Name> {
    match kind {
        NameKind::Samplicator => settings
            .iter()
            .map(|(name, samplicator)| Name {
                name: name.clone(),
                help: samplicator.description.clone().unwrap_or_default(),
            })
            .collect(),
        NameKind::Receiver => receivers(settings),
        _ => Vec::new(),
    }
}

/// Returns the names of receivers, each once, with their samplicators.
fn receivers(settings: &Settings) -> Vec<Name> {
    let mut names: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, samplicator) in settings.iter() {
        for receiver in &samplicator.receivers {
            names.entry(&receiver.name).or_default().insert(name);
        }
    }
    let help = |of: &BTreeSet<&str>| {
        let of: Vec<&str> = of.iter().copied().collect();
        format!("Of samplicator {}", of.join(", "))
    };
    names
        .iter()
        .map(|(name, of)| Name {
            name: (*name).to_owned(),
            help: help(of),
        })
        .collect()
}
