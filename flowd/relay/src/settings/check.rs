//! The checks of a samplicator's settings that need no look at the host.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::{Action, Listen, Receiver, SamplicatorSettings, SourcePort};
use super::{MAX_RECEIVERS, MAX_THREADS};
use crate::error::{Error, Place, Problem};

impl SamplicatorSettings {
    /// Checks everything that can be checked without looking at the host.
    ///
    /// # Errors
    /// The first problem, and its place.
    pub fn check(&self) -> Result<(), Error> {
        let fail = |place, problem| Err(Error { place, problem });
        if self.ports.is_empty() || self.ports.contains(&0) {
            return fail(Place::Port, Problem::PortRange);
        }
        if !(1..=MAX_THREADS).contains(&self.threads) {
            return fail(Place::Threads, Problem::Threads(self.threads));
        }
        if self.receivers.len() > MAX_RECEIVERS {
            return fail(Place::Receivers, Problem::TooManyReceivers);
        }
        let mut names = BTreeSet::new();
        for receiver in &self.receivers {
            let place = || Place::Receiver(receiver.name.clone());
            if !names.insert(receiver.name.as_str()) {
                return fail(place(), Problem::NameTwice);
            }
            receiver.check().or_else(|problem| fail(place(), problem))?;
            self.check_family(receiver)
                .or_else(|problem| fail(place(), problem))?;
        }
        for group in &self.groups {
            let place = || Place::Group(group.name.clone());
            if !names.insert(group.name.as_str()) {
                return fail(place(), Problem::NameTwice);
            }
            if group.receivers.is_empty() {
                return fail(place(), Problem::EmptyGroup);
            }
            if let Some(unknown) = self.unknown(&group.receivers, false) {
                return fail(place(), Problem::UnknownReceiver(unknown));
            }
        }
        let mut prefixes = BTreeSet::new();
        for rule in &self.rules {
            let place = || Place::Rule(rule.prefix);
            if !prefixes.insert(rule.prefix.trunc()) {
                return fail(place(), Problem::PrefixTwice);
            }
            if let Action::Relay(targets) = &rule.action {
                if targets.is_empty() {
                    return fail(place(), Problem::EmptyRule);
                }
                if let Some(unknown) = self.unknown(targets, true) {
                    return fail(place(), Problem::UnknownReceiver(unknown));
                }
            }
        }
        Ok(())
    }

    /// Checks that a spoofed receiver is of a family that the samplicator listens on: otherwise it would never get anything.
    fn check_family(&self, receiver: &Receiver) -> Result<(), Problem> {
        let Ok(address) = receiver.destination.parse::<IpAddr>() else {
            return Ok(());
        };
        let same = |listen: &Listen| listen.address.is_ipv4() == address.is_ipv4();
        if receiver.spoof_source && !self.listen.is_empty() && !self.listen.iter().any(same) {
            return Err(Problem::SpoofFamily(address));
        }
        Ok(())
    }

    fn unknown(&self, names: &[String], groups: bool) -> Option<String> {
        let known = |name: &&String| {
            self.receivers
                .iter()
                .any(|receiver| receiver.name == **name)
                || groups && self.groups.iter().any(|group| group.name == **name)
        };
        names.iter().find(|name| !known(name)).cloned()
    }
}

impl Receiver {
    fn check(&self) -> Result<(), Problem> {
        let address = self.destination.parse::<IpAddr>().ok();
        match self {
            Receiver { port: 0, .. }
            | Receiver {
                source_port: SourcePort::Fixed(0),
                ..
            } => Err(Problem::PortRange),
            Receiver { sampling: 0, .. } => Err(Problem::SamplingZero),
            Receiver { ttl: Some(0), .. } => Err(Problem::TtlZero),
            Receiver { dscp: 64.., .. } => Err(Problem::Dscp(self.dscp)),
            Receiver {
                rate_limit: Some(0),
                ..
            } => Err(Problem::RateZero),
            _ if self.destination.is_empty() => Err(Problem::NoDestination),
            _ if self.no_checksum && address.is_some_and(|address| address.is_ipv6()) => {
                Err(Problem::ChecksumV6)
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Rule;

    fn two() -> SamplicatorSettings {
        SamplicatorSettings {
            receivers: vec![
                Receiver::new("a", "192.0.2.1"),
                Receiver::new("b", "b.example"),
            ],
            ..SamplicatorSettings::new("s")
        }
    }

    fn wrong(change: impl FnOnce(&mut SamplicatorSettings)) -> String {
        let mut settings = two();
        change(&mut settings);
        settings.check().unwrap_err().to_string()
    }

    fn relay(prefix: &str, to: &[&str]) -> Rule {
        Rule {
            prefix: prefix.parse().unwrap(),
            action: Action::Relay(to.iter().map(|name| (*name).into()).collect()),
        }
    }

    #[test]
    fn errors_say_what_and_where() {
        two().check().unwrap();
        assert_eq!(
            wrong(|settings| settings.rules.push(relay("10.0.0.0/8", &["a", "c"]))),
            "source 10.0.0.0/8: there is no receiver `c`"
        );
        assert_eq!(
            wrong(|settings| settings.receivers[1].name = "a".into()),
            "receiver a: another receiver or group has this name"
        );
        assert_eq!(
            wrong(|settings| {
                // The same prefix, with and without host bits.
                settings.rules.push(relay("10.0.0.0/8", &["a"]));
                settings.rules.push(relay("10.1.0.0/8", &["b"]));
            }),
            "source 10.1.0.0/8: another rule has this prefix"
        );
        assert_eq!(
            wrong(|settings| settings.receivers[1].dscp = 64),
            "receiver b: dscp 64; it is 0 to 63"
        );
        let v6 = |settings: &mut SamplicatorSettings| {
            settings.receivers[0].destination = "2001:db8::1".into()
        };
        assert!(
            wrong(|settings| {
                v6(settings);
                settings.receivers[0].no_checksum = true;
            })
            .starts_with("receiver a: no-checksum is for IPv4")
        );
        assert!(
            wrong(|settings| {
                v6(settings);
                settings.receivers[0].spoof_source = true;
                settings.listen = vec![IpAddr::from([192, 0, 2, 9]).into()];
            })
            .starts_with("receiver a: the source cannot be kept towards 2001:db8::1")
        );
    }
}
