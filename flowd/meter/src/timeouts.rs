//! When flows end.

use std::time::Duration;

use flow::{EndReason, Totals};
use wire::protocol::{ICMP, ICMPV6, TCP, UDP};

/// TCP flags.
pub(crate) const FIN: u16 = 0x01;
const RST: u16 = 0x04;

/// The timeouts of a cache: the active and inactive timeout of Flexible NetFlow, and those by protocol of VyOS.
/// With an inactive timeout of zero, a flow ends at the next search for expired flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// A flow ends at this age (`active`, `max-active-life`).
    pub active: Duration,
    /// Inactive timeout of TCP without FIN or RST (`tcp-generic`, `inactive`).
    pub tcp: Duration,
    /// Inactive timeout of TCP after a FIN.
    pub tcp_fin: Duration,
    /// Inactive timeout of TCP after a RST.
    pub tcp_rst: Duration,
    /// Inactive timeout of UDP.
    pub udp: Duration,
    /// Inactive timeout of ICMP and ICMPv6.
    pub icmp: Duration,
    /// Inactive timeout of all other protocols (`flow-generic`).
    pub generic: Duration,
    /// Whether a TCP flow ends with its FIN or RST (`event transaction-end`).
    pub transaction_end: bool,
    /// How often the cache is searched for expired flows.
    pub expiry_interval: Duration,
}

impl Timeouts {
    /// The two timeouts of Flexible NetFlow: one inactive timeout for every protocol, with a search every second.
    pub const fn active_inactive(active: Duration, inactive: Duration) -> Timeouts {
        Timeouts {
            active,
            tcp: inactive,
            tcp_fin: inactive,
            tcp_rst: inactive,
            udp: inactive,
            icmp: inactive,
            generic: inactive,
            transaction_end: false,
            expiry_interval: Duration::from_secs(1),
        }
    }

    /// Flexible NetFlow's defaults: active 1800 s, inactive 15 s.
    #[cfg(test)]
    pub(crate) const FLEXIBLE_NETFLOW: Timeouts =
        Timeouts::active_inactive(Duration::from_secs(1800), Duration::from_secs(15));

    /// VyOS's defaults.
    #[cfg(test)]
    pub(crate) const VYOS: Timeouts = Timeouts {
        active: Duration::from_secs(604_800),
        tcp: Duration::from_secs(3600),
        tcp_fin: Duration::from_secs(300),
        tcp_rst: Duration::from_secs(120),
        udp: Duration::from_secs(300),
        icmp: Duration::from_secs(300),
        generic: Duration::from_secs(3600),
        transaction_end: false,
        expiry_interval: Duration::from_secs(60),
    };

    /// Every flow is due at once. Used for permanent caches, whose flows do not end but are exported in turns.
    pub(crate) const AT_ONCE: Timeouts = Timeouts::active_inactive(Duration::ZERO, Duration::ZERO);

    /// The shortest inactive timeout of flows without FIN or RST.
    pub(crate) fn shortest_inactive(&self) -> Duration {
        self.tcp.min(self.udp).min(self.icmp).min(self.generic)
    }

    /// When a flow ends if no further packet comes (nanoseconds since 1970), and the reason.
    #[inline]
    pub fn deadline(&self, protocol: u8, totals: &Totals) -> (u64, EndReason) {
        let (idle, reason) = self.inactive(protocol, totals.tcp_flags);
        let idle = totals.last_ns.saturating_add(nanos(idle));
        let active = totals.first_ns.saturating_add(nanos(self.active));
        if active <= idle {
            (active, EndReason::Active)
        } else {
            (idle, reason)
        }
    }

    fn inactive(&self, protocol: u8, tcp_flags: u16) -> (Duration, EndReason) {
        match protocol {
            TCP if tcp_flags & (FIN | RST) != 0 && self.transaction_end => {
                (Duration::ZERO, EndReason::EndOfFlow)
            }
            TCP if tcp_flags & RST != 0 => (self.tcp_rst, EndReason::EndOfFlow),
            TCP if tcp_flags & FIN != 0 => (self.tcp_fin, EndReason::EndOfFlow),
            TCP => (self.tcp, EndReason::Idle),
            UDP => (self.udp, EndReason::Idle),
            ICMP | ICMPV6 => (self.icmp, EndReason::Idle),
            _ => (self.generic, EndReason::Idle),
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    fn deadline(protocol: u8, tcp_flags: u16, first: u64, last: u64) -> (u64, EndReason) {
        let totals = Totals {
            first_ns: first * S,
            last_ns: last * S,
            tcp_flags,
            ..Totals::default()
        };
        let (at, why) = Timeouts::VYOS.deadline(protocol, &totals);
        (at / S, why)
    }

    #[test]
    fn each_protocol_has_its_timeout() {
        assert_eq!(deadline(TCP, 0x02, 0, 10), (3610, EndReason::Idle));
        assert_eq!(deadline(TCP, 0x03, 0, 10), (310, EndReason::EndOfFlow));
        assert_eq!(deadline(TCP, 0x05, 0, 10), (130, EndReason::EndOfFlow));
        assert_eq!(deadline(UDP, 0, 0, 10), (310, EndReason::Idle));
        assert_eq!(deadline(ICMP, 0, 0, 10), (310, EndReason::Idle));
        assert_eq!(deadline(ICMPV6, 0, 0, 10), (310, EndReason::Idle));
        assert_eq!(deadline(132, 0, 0, 10), (3610, EndReason::Idle));
    }

    #[test]
    fn a_long_flow_ends_by_its_age() {
        assert_eq!(deadline(UDP, 0, 0, 604_790), (604_800, EndReason::Active));
    }
}
