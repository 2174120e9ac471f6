//! The moment at which one ring replaces another: each packet is metered from exactly one of them.

/// The span of time from which a ring's packets are metered. While two rings are open, both see every packet, and the kernel
/// gives it one timestamp for both. So the old ring meters packets from before the cutover, the new one all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    from_ns: u64,
    until_ns: u64,
}

impl Window {
    /// The span without begin and end.
    pub(crate) const ALWAYS: Window = Window {
        from_ns: 0,
        until_ns: u64::MAX,
    };

    /// Returns the next whole microsecond after `now_ns`: libpcap's timestamps have no finer unit.
    pub(crate) fn next_microsecond(now_ns: u64) -> u64 {
        (now_ns / 1_000 + 1) * 1_000
    }

    /// Returns the span that begins at the cutover.
    pub(crate) fn from(cutover_ns: u64) -> Window {
        Window {
            from_ns: cutover_ns,
            ..Window::ALWAYS
        }
    }

    /// Returns this span, but ending at the cutover.
    pub(crate) fn until(self, cutover_ns: u64) -> Window {
        Window {
            until_ns: cutover_ns,
            ..self
        }
    }

    /// Whether a packet with that timestamp is in the span.
    #[inline]
    pub(crate) fn contains(self, time_ns: u64) -> bool {
        (self.from_ns..self.until_ns).contains(&time_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_in_one_of_two_windows() {
        let cutover_ns = Window::next_microsecond(5_000_000_999);
        let (before, after) = (Window::ALWAYS.until(cutover_ns), Window::from(cutover_ns));
        for time_ns in [0, cutover_ns - 1, cutover_ns, cutover_ns + 1, u64::MAX - 1] {
            assert_ne!(
                before.contains(time_ns),
                after.contains(time_ns),
                "{time_ns}"
            );
            // In libpcap's unit.
            let cut = time_ns / 1_000 * 1_000;
            assert_eq!(after.contains(time_ns), after.contains(cut), "{time_ns}");
        }
    }
}
