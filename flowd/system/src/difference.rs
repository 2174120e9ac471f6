//! The steps that lead from one configuration of the host to another. Pure.

use std::collections::BTreeSet;

use ipnet::IpNet;

use crate::settings::{Link, Settings};

/// A single change to the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Sets the host name; `None` restores the one from before flowd set it.
    HostName(Option<String>),
    /// Sets the MTU; `None` restores the one from before flowd set it.
    Mtu(String, Option<u32>),
    /// Sets `ifAlias`; an empty one clears it.
    Description(String, String),
    /// Removes an address.
    RemoveAddress(String, IpNet),
    /// Adds an address.
    AddAddress(String, IpNet),
    /// Sets the link up or down.
    SetUp(String, bool),
}

impl Step {
    /// The interface the step changes.
    pub fn interface(&self) -> Option<&str> {
        match self {
            Step::HostName(_) => None,
            Step::Mtu(name, _)
            | Step::Description(name, _)
            | Step::RemoveAddress(name, _)
            | Step::AddAddress(name, _)
            | Step::SetUp(name, _) => Some(name),
        }
    }
}

/// The steps that lead from `old` to `new`, in an order that works: removals before additions, so that an address
/// can move from one interface to another, and links come up last.
pub fn difference(old: &Settings, new: &Settings) -> Vec<Step> {
    let mut steps = Vec::new();
    if old.host_name != new.host_name {
        steps.push(Step::HostName(new.host_name.clone()));
    }
    let none = Link::default();
    let names: BTreeSet<&String> = old.links.keys().chain(new.links.keys()).collect();
    let pairs: Vec<_> = names
        .into_iter()
        .map(|name| {
            (
                name,
                old.links.get(name).unwrap_or(&none),
                new.links.get(name).unwrap_or(&none),
            )
        })
        .collect();
    for (name, old, new) in &pairs {
        steps.extend(
            old.addresses
                .difference(&new.addresses)
                .map(|net| Step::RemoveAddress((*name).clone(), *net)),
        );
    }
    for (name, old, new) in &pairs {
        if old.mtu != new.mtu {
            steps.push(Step::Mtu((*name).clone(), new.mtu));
        }
        if old.description != new.description {
            steps.push(Step::Description(
                (*name).clone(),
                new.description.clone().unwrap_or_default(),
            ));
        }
    }
    for (name, old, new) in &pairs {
        steps.extend(
            new.addresses
                .difference(&old.addresses)
                .map(|net| Step::AddAddress((*name).clone(), *net)),
        );
    }
    for (name, old, new) in &pairs {
        // An interface that gets its first address is meant to be used; otherwise only `disable` changes the link
        // state.
        let used = old.addresses.is_empty() && !new.addresses.is_empty();
        if old.disable != new.disable || (used && !new.disable) {
            steps.push(Step::SetUp((*name).clone(), !new.disable));
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &[(&str, &[&str])]) -> Settings {
        let links = text.iter().map(|(name, nets)| {
            let addresses = nets.iter().map(|net| net.parse().unwrap()).collect();
            (
                (*name).to_owned(),
                Link {
                    addresses,
                    ..Link::default()
                },
            )
        });
        Settings {
            host_name: None,
            links: links.collect(),
        }
    }

    #[test]
    fn nothing_to_do_between_equals() {
        let same = settings(&[("eth0", &["192.0.2.1/24"])]);
        assert_eq!(difference(&same, &same), []);
    }

    #[test]
    fn an_address_moves_by_removal_first_and_the_link_comes_up_last() {
        let old = settings(&[("eth0", &["192.0.2.1/24"])]);
        let new = settings(&[("eth0", &[]), ("eth1", &["192.0.2.1/24"])]);
        let net: IpNet = "192.0.2.1/24".parse().unwrap();
        assert_eq!(
            difference(&old, &new),
            [
                Step::RemoveAddress("eth0".into(), net),
                Step::AddAddress("eth1".into(), net),
                Step::SetUp("eth1".into(), true)
            ]
        );
    }

    #[test]
    fn disable_takes_the_link_down_and_its_removal_brings_it_up() {
        let up = settings(&[("eth0", &["192.0.2.1/24"])]);
        let mut down = up.clone();
        down.links.get_mut("eth0").unwrap().disable = true;
        assert_eq!(difference(&up, &down), [Step::SetUp("eth0".into(), false)]);
        assert_eq!(difference(&down, &up), [Step::SetUp("eth0".into(), true)]);
        assert_eq!(
            difference(&Settings::default(), &down).last(),
            Some(&Step::SetUp("eth0".into(), false))
        );
    }

    #[test]
    fn a_description_that_goes_is_cleared() {
        let mut old = settings(&[("eth0", &[])]);
        old.links.get_mut("eth0").unwrap().description = Some("uplink".into());
        assert_eq!(
            difference(&old, &Settings::default()),
            [Step::Description("eth0".into(), String::new())]
        );
    }
}
