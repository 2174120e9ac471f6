//! What a commit changes, as data. Pure, so that it is tested without sockets; boot is the plan from nothing.

use crate::settings::Settings;
use crate::{probe, relay};

/// What a commit changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What differs in the probe; none: it is not asked.
    pub probe: Option<probe::Difference>,
    /// What differs in the samplicators; none: they are not asked.
    pub relay: Option<relay::Difference>,
    /// Steps on the host.
    pub host: Vec<system::Step>,
    /// The log's outputs differ.
    pub log: bool,
}

/// The plan that leads from `old` to `new`.
pub fn plan(old: &Settings, new: &Settings) -> Plan {
    Plan {
        probe: (old.probe != new.probe).then(|| probe::difference(&old.probe, &new.probe)),
        relay: (old.relay != new.relay).then(|| relay::difference(&old.relay, &new.relay)),
        host: system::plan(&old.host, &new.host),
        log: old.log != new.log,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_settings_need_nothing() {
        let same = Settings::default();
        assert_eq!(
            plan(&same, &same),
            Plan {
                probe: None,
                relay: None,
                host: vec![],
                log: false
            }
        );
    }

    #[test]
    fn only_what_differs_is_touched() {
        let old = Settings::default();
        let mut new = old.clone();
        new.host.host_name = Some("probe1".into());
        let plan = plan(&old, &new);
        assert_eq!((plan.probe, plan.relay, plan.log), (None, None, false));
        assert_eq!(plan.host, [system::Step::HostName(Some("probe1".into()))]);
    }
}
