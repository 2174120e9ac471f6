//! Prompts: flowsh's own, or those of the router that an automation library takes this for.
//!
//! Libraries such as netmiko know a router by its prompt. Their terminal tells them apart from people: it has more rows than any
//! screen. The driver for VyOS looks for `user@host:~$` before it types anything; the drivers for IOS type `terminal …` or
//! `enable` first, and look for `host>` or `host#`.

use api::host::Identity;

/// Whose prompts are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Manner {
    /// flowsh's.
    #[default]
    Own,
    /// Those of VyOS.
    Vyos(Identity),
    /// Those of IOS.
    Ios {
        user: Identity,
        /// Whether `enable` was typed by a user who may configure.
        enabled: bool,
    },
}

impl Manner {
    /// Whether they are those of VyOS.
    pub(crate) fn is_vyos(&self) -> bool {
        matches!(self, Manner::Vyos(_))
    }

    /// Notes a setting of the terminal: on IOS it begins with `terminal`, on VyOS with `set terminal`.
    pub(crate) fn heard(&mut self, line: &str) {
        if line.trim_start().starts_with('t') {
            self.heard_ios();
        }
    }

    fn heard_ios(&mut self) {
        if let Manner::Vyos(user) = self {
            *self = Manner::Ios {
                user: user.clone(),
                enabled: false,
            };
        }
    }

    /// Notes `enable`. Returns whether the prompt shows it, so that nothing has to be said.
    pub(crate) fn enable(&mut self) -> bool {
        self.heard_ios();
        match self {
            Manner::Ios { user, enabled } => {
                *enabled = user.role == api::host::Role::Admin;
                *enabled
            }
            Manner::Own | Manner::Vyos(_) => false,
        }
    }

    /// Returns the prompt of operational mode.
    pub(crate) fn operational(&self, host: &str) -> String {
        match self {
            Manner::Vyos(user) => format!("{}@{host}:~$ ", user.user),
            Manner::Ios { enabled: true, .. } => format!("{host}# "),
            Manner::Own | Manner::Ios { .. } => format!("{host}> "),
        }
    }

    /// Returns the prompt of configuration mode, where it is not that of IOS.
    pub(crate) fn configuration(&self, host: &str) -> String {
        match self {
            Manner::Vyos(user) => format!("{}@{host}# ", user.user),
            Manner::Own | Manner::Ios { .. } => format!("{host}# "),
        }
    }
}

#[cfg(test)]
mod tests {
    use api::host::Role;

    use super::*;

    fn of(role: Role) -> Manner {
        Manner::Vyos(Identity {
            user: "ann".into(),
            uid: 1000,
            role,
        })
    }

    #[test]
    fn a_person_has_the_own_prompt_whatever_is_typed() {
        let mut own = Manner::default();
        own.heard("terminal length 0");
        assert!(!own.enable());
        assert_eq!(own.operational("r1"), "r1> ");
        assert_eq!(own.configuration("r1"), "r1# ");
    }

    #[test]
    fn a_library_has_the_prompt_of_vyos_until_it_speaks_as_to_ios() {
        let mut manner = of(Role::Admin);
        assert_eq!(manner.operational("r1"), "ann@r1:~$ ");
        assert_eq!(manner.configuration("r1"), "ann@r1# ");
        manner.heard("set terminal width 512");
        assert!(manner.is_vyos());
        manner.heard("terminal width 511");
        assert_eq!(manner.operational("r1"), "r1> ");
        assert!(manner.enable());
        assert_eq!(manner.operational("r1"), "r1# ");
    }

    #[test]
    fn who_may_not_configure_is_not_enabled() {
        let mut manner = of(Role::Operator);
        assert!(!manner.enable());
        assert_eq!(manner.operational("r1"), "r1> ");
    }
}
