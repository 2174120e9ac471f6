//! What a commit changes, as data. Pure, so that it is tested without sockets; boot is the plan from nothing.

use crate::settings::Settings;

/// What a commit changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The probe is to be asked: its settings differ.
    pub probe: bool,
    /// The samplicators are to be asked: their settings differ.
    pub relay: bool,
    /// Steps on the host.
    pub host: Vec<system::Step>,
    /// The log's outputs differ.
    pub log: bool,
}

/// The plan that leads from `old` to `new`.
pub fn plan(old: &Settings, new: &Settings) -> Plan {
    Plan {
        probe: old.probe != new.probe,
        relay: old.relay != new.relay,
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
                probe: false,
                relay: false,
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
        assert_eq!((plan.probe, plan.relay, plan.log), (false, false, false));
        assert_eq!(plan.host, [system::Step::HostName(Some("probe1".into()))]);
    }
}
