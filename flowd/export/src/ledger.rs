//! What became of every record.

use std::borrow::Cow;

use flow::RecordTally;

/// Why records, or datagrams, were not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The worker was behind by more batches than the channel holds.
    QueueFull,
    /// NetFlow v5 has no IPv6.
    Ipv6InNetflowV5,
    /// The network or host of the collector cannot be reached from here.
    NoRoute,
    /// A record or its template is longer than a datagram, or the datagram than the path takes.
    MessageTooLong,
    /// The collector's name does not resolve.
    Unresolved,
    /// The kernel had no room for the datagram.
    SocketBufferFull,
    /// The source interface has no address, or the source address is no longer there.
    NoSource,
    /// The record has no fields that could be sent.
    NoFields,
    /// The exporter was removed, or the worker ended.
    Removed,
    /// The kernel refused, with this error number.
    SendFailed(i32),
}

impl Reason {
    /// The reason for an error of a socket call.
    pub(crate) fn of_errno(errno: i32) -> Reason {
        match errno {
            libc::ENETUNREACH | libc::EHOSTUNREACH | libc::ENETDOWN | libc::EHOSTDOWN => {
                Reason::NoRoute
            }
            libc::EMSGSIZE => Reason::MessageTooLong,
            libc::EAGAIN | libc::ENOBUFS | libc::ENOMEM => Reason::SocketBufferFull,
            libc::EADDRNOTAVAIL => Reason::NoSource,
            errno => Reason::SendFailed(errno),
        }
    }

    /// The reason's name in ledgers and JSON: `no-route`, `send-failed-EPERM`.
    pub fn name(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Reason::QueueFull => "queue-full",
            Reason::Ipv6InNetflowV5 => "ipv6-in-netflow-v5",
            Reason::NoRoute => "no-route",
            Reason::MessageTooLong => "message-too-long",
            Reason::Unresolved => "unresolved",
            Reason::SocketBufferFull => "socket-buffer-full",
            Reason::NoSource => "no-source",
            Reason::NoFields => "no-fields",
            Reason::Removed => "removed",
            Reason::SendFailed(errno) => {
                return format!("send-failed-{:?}", nix::errno::Errno::from_raw(errno)).into();
            }
        })
    }

    /// The reason in words, for the log.
    pub(crate) fn text(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Reason::QueueFull => "the export queue is full",
            Reason::Ipv6InNetflowV5 => "NetFlow v5 cannot carry IPv6 flows",
            Reason::NoRoute => "no route to the collector",
            Reason::MessageTooLong => "longer than a datagram to the collector may be",
            Reason::Unresolved => "the collector's name does not resolve",
            Reason::SocketBufferFull => "the socket's buffer is full",
            Reason::NoSource => "no source address",
            Reason::NoFields => "the record has no fields to send",
            Reason::Removed => "the exporter was removed",
            Reason::SendFailed(errno) => {
                return nix::errno::Errno::from_raw(errno).desc().into();
            }
        })
    }
}

/// Records one monitor handed to one exporter: `received = sent + queued + dropped`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Handed over.
    pub received: RecordTally,
    /// In datagrams that the kernel took.
    pub sent: RecordTally,
    /// In the channel, or in a datagram that is not full yet.
    pub queued: RecordTally,
    /// Not sent, by reason.
    pub dropped: Vec<(Reason, RecordTally)>,
}

/// Records not sent, by reason.
pub(crate) type Drops = Vec<(Reason, RecordTally)>;

/// Adds to the tally of a reason.
pub(crate) fn count_drop(drops: &mut Drops, reason: Reason, tally: RecordTally) {
    match drops.iter_mut().find(|(known, _)| *known == reason) {
        Some((_, sum)) => *sum += tally,
        None => drops.push((reason, tally)),
    }
}

impl Ledger {
    /// Everything dropped.
    pub fn dropped_total(&self) -> RecordTally {
        self.dropped
            .iter()
            .fold(RecordTally::default(), |sum, (_, tally)| sum + *tally)
    }

    /// Nothing is unaccounted for.
    pub fn balanced(&self) -> bool {
        self.received == self.sent + self.queued + self.dropped_total()
    }
}

/// `a - b`, field by field; a ledger never goes below zero.
pub(crate) fn minus(a: RecordTally, b: RecordTally) -> RecordTally {
    RecordTally {
        records: a.records.saturating_sub(b.records),
        packets: a.packets.saturating_sub(b.packets),
        octets: a.octets.saturating_sub(b.octets),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_have_names_of_their_own() {
        assert_eq!(Reason::SendFailed(libc::EPERM).name(), "send-failed-EPERM");
        assert_eq!(Reason::of_errno(libc::ENETUNREACH).name(), "no-route");
        assert_eq!(Reason::of_errno(libc::EMSGSIZE).name(), "message-too-long");
    }

    #[test]
    fn an_unbalanced_ledger_is_seen() {
        let one = RecordTally {
            records: 1,
            packets: 2,
            octets: 3,
        };
        let mut ledger = Ledger {
            received: one,
            ..Ledger::default()
        };
        assert!(!ledger.balanced());
        count_drop(&mut ledger.dropped, Reason::NoRoute, one);
        assert!(ledger.balanced());
        count_drop(&mut ledger.dropped, Reason::NoRoute, one);
        assert_eq!(ledger.dropped, [(Reason::NoRoute, one + one)]);
        assert!(!ledger.balanced());
    }
}
