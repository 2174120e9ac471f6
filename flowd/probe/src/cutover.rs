//! Which of two rings meters a packet when one takes the other's place.

/// A span of time. While both rings are open both see every packet, and the kernel stamps it once for all of them: the
/// ring that goes meters what is before a moment, the ring that comes what is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    from_ns: u64,
    until_ns: u64,
}

impl Window {
    /// All of time.
    pub(crate) const ALWAYS: Window = Window {
        from_ns: 0,
        until_ns: u64::MAX,
    };

    /// The first moment after `now_ns`. libpcap tells times in whole microseconds.
    pub(crate) fn moment(now_ns: u64) -> u64 {
        (now_ns / 1_000 + 1) * 1_000
    }

    /// From a moment on.
    pub(crate) fn from(moment_ns: u64) -> Window {
        Window {
            from_ns: moment_ns,
            ..Window::ALWAYS
        }
    }

    /// The same, but ending before a moment.
    pub(crate) fn until(self, moment_ns: u64) -> Window {
        Window {
            until_ns: moment_ns,
            ..self
        }
    }

    /// Whether a packet captured at that time is in it.
    #[inline]
    pub(crate) fn has(self, time_ns: u64) -> bool {
        (self.from_ns..self.until_ns).contains(&time_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_in_one_of_two_windows() {
        let moment = Window::moment(5_000_000_999);
        let (before, after) = (Window::ALWAYS.until(moment), Window::from(moment));
        for time_ns in [0, moment - 1, moment, moment + 1, u64::MAX - 1] {
            assert_ne!(before.has(time_ns), after.has(time_ns), "{time_ns}");
            // As libpcap has it.
            let cut = time_ns / 1_000 * 1_000;
            assert_eq!(after.has(time_ns), after.has(cut), "{time_ns}");
        }
    }
}
