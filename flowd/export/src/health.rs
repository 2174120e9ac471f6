//! Whether a collector takes what is sent to it, as far as ICMP errors and the kernel tell. Pure: time is an argument.
//!
//! The kernel takes a datagram for a collector that is not there like any other. If the collector's host then answers
//! that nobody listens, the datagram and those sent after it are counted as refused. Hosts send few such answers (Linux one
//! a second, `net.ipv4.icmp_ratelimit`), so a datagram is not judged before an answer about a later one has come, or none
//! for a while.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use flow::RecordTally;
use loss::DropReason;
use udp::Unreachable;

use crate::packer::Datagram;

/// A collector that had failed counts as back if nothing was refused for this long: twice the time between two answers of
/// its host.
const RECOVER: Duration = Duration::from_secs(2);
/// A collector that fails again this soon after its return was not back: its host had spent its answers on other datagrams.
/// The next time, nothing may be refused for twice as long until it counts as back.
const RELAPSE: Duration = Duration::from_secs(60);
/// The longest time without a refusal that is required until a collector counts as back.
const MOST_RECOVER: Duration = Duration::from_secs(32);
/// Datagrams sent within this time are judged together where there are many of them.
const TOGETHER: Duration = Duration::from_millis(50);
/// How many entries are kept before datagrams are judged together.
const MANY: usize = 64;
/// Longest time between a datagram and the answer to it, where the answer does not say which one it is about.
const ANSWER: Duration = Duration::from_millis(200);

/// Why a collector counts as failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Its host or a router answered.
    Answer(Unreachable),
    /// The kernel does not send.
    Refusal(DropReason),
}

impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Answer(why) => why.fmt(out),
            Cause::Refusal(reason) => out.write_str(&reason.text()),
        }
    }
}

/// Whether a reason for a drop means that the collector cannot be reached, rather than that this host is short of room.
pub(crate) fn is_failure(reason: DropReason) -> bool {
    matches!(
        reason,
        DropReason::NoRoute
            | DropReason::NoSource
            | DropReason::IcmpUnreachable
            | DropReason::SendFailed(_)
    )
}

/// A period in which the collector refuses datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(crate) cause: Cause,
    /// When it began.
    pub(crate) since_ns: u64,
    /// When something was refused last.
    last_ns: u64,
    /// Number of datagrams refused in it.
    pub(crate) refused: u64,
    /// Number of records in them.
    pub(crate) records: u64,
}

/// A change of a collector's health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HealthChange {
    /// The collector refuses datagrams from now on.
    Failed(Cause),
    /// The collector takes datagrams again, after this period of refusals.
    Back(Failed),
}

/// Datagrams that were sent at about the same time, and of which it is not known yet whether they were refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    at_ns: u64,
    /// The sequence number of the first datagram.
    first: u32,
    pub(crate) datagrams: u64,
    pub(crate) octets: u64,
    /// The records in them, by client.
    pub(crate) contents: Vec<(usize, RecordTally)>,
}

/// The health of one collector.
#[derive(Debug)]
pub(crate) struct Health {
    failed: Option<Failed>,
    /// The datagrams of which it is not known yet whether they were refused, oldest first.
    unjudged: VecDeque<Sent>,
    /// When the collector last came back.
    back_ns: Option<u64>,
    /// How long nothing may be refused until the collector counts as back.
    recover: Duration,
}

impl Default for Health {
    fn default() -> Self {
        Health {
            failed: None,
            unjudged: VecDeque::new(),
            back_ns: None,
            recover: RECOVER,
        }
    }
}

fn passed(since_ns: u64, now_ns: u64) -> Duration {
    Duration::from_nanos(now_ns.saturating_sub(since_ns))
}

impl Health {
    pub(crate) fn failed(&self) -> Option<&Failed> {
        self.failed.as_ref()
    }

    /// Returns the number of datagrams of which it is not known yet whether they were refused.
    pub(crate) fn unjudged(&self) -> u64 {
        self.unjudged.iter().map(|sent| sent.datagrams).sum()
    }

    /// Records datagrams that the kernel took.
    pub(crate) fn sent(&mut self, datagrams: &[Datagram], now_ns: u64) {
        let Some(first) = datagrams.first().and_then(|one| wire::sequence(&one.bytes)) else {
            return;
        };
        let joins = |last: &Sent| now_ns >= last.at_ns && passed(last.at_ns, now_ns) < TOGETHER;
        if self.unjudged.len() < MANY || !self.unjudged.back().is_some_and(joins) {
            self.unjudged.push_back(Sent {
                at_ns: now_ns,
                first,
                ..Sent::default()
            });
        }
        let Some(sent) = self.unjudged.back_mut() else {
            return;
        };
        for datagram in datagrams {
            sent.datagrams += 1;
            sent.octets += datagram.bytes.len() as u64;
            for content in &datagram.contents {
                match sent
                    .contents
                    .iter_mut()
                    .find(|(client, _)| *client == content.client)
                {
                    Some((_, tally)) => *tally += content.tally,
                    None => sent.contents.push((content.client, content.tally)),
                }
            }
        }
    }

    /// Takes a notice that a datagram did not arrive; `head` are its first octets, if they came back. `refused` is called with the
    /// datagrams that count as refused because of it.
    pub(crate) fn noticed(
        &mut self,
        why: Unreachable,
        head: &[u8],
        now_ns: u64,
        mut refused: impl FnMut(&Sent),
    ) -> Option<HealthChange> {
        let place = self.place(wire::sequence(head), now_ns);
        let change = self.fail(Cause::Answer(why), now_ns);
        let Some(place) = place else {
            return change;
        };
        if change.is_some() {
            // Datagrams sent before this one have arrived.
            self.unjudged.drain(..place);
            self.judge(1, &mut refused);
        } else {
            // Datagrams sent since the collector failed, up to this one, were refused, too.
            self.judge(place + 1, &mut refused);
        }
        change
    }

    /// Counts the oldest entries as refused.
    fn judge(&mut self, entries: usize, refused: &mut impl FnMut(&Sent)) {
        let Some(failed) = &mut self.failed else {
            return;
        };
        for sent in self.unjudged.drain(..entries.min(self.unjudged.len())) {
            failed.refused += sent.datagrams;
            failed.records += sent
                .contents
                .iter()
                .map(|(_, tally)| tally.records)
                .sum::<u64>();
            refused(&sent);
        }
    }

    /// Finds the entry with a datagram: by its sequence number, or without one the latest.
    fn place(&self, sequence: Option<u32>, now_ns: u64) -> Option<usize> {
        let last = self.unjudged.len().checked_sub(1)?;
        let Some(sequence) = sequence else {
            let recent = |sent: &Sent| passed(sent.at_ns, now_ns) < ANSWER;
            return Some(self.unjudged.iter().position(recent).unwrap_or(last));
        };
        // Datagrams without data records leave IPFIX's sequence number as it is: the first of a number is meant.
        let exact = self.unjudged.iter().position(|sent| sent.first == sequence);
        let not_after = |sent: &Sent| sequence.wrapping_sub(sent.first) < 1 << 31;
        exact.or_else(|| self.unjudged.iter().rposition(not_after))
    }

    /// Records datagrams that the kernel did not send.
    pub(crate) fn dropped(
        &mut self,
        reason: DropReason,
        datagrams: u64,
        records: u64,
        now_ns: u64,
    ) -> Option<HealthChange> {
        let change = self.fail(Cause::Refusal(reason), now_ns);
        // What the kernel took before has left.
        self.unjudged.clear();
        if let Some(failed) = &mut self.failed {
            failed.refused += datagrams;
            failed.records += records;
        }
        change
    }

    fn fail(&mut self, cause: Cause, now_ns: u64) -> Option<HealthChange> {
        if let Some(failed) = &mut self.failed {
            (failed.cause, failed.last_ns) = (cause, now_ns);
            return None;
        }
        let relapsed = self
            .back_ns
            .is_some_and(|back_ns| passed(back_ns, now_ns) < RELAPSE);
        self.recover = match relapsed {
            true => (2 * self.recover).min(MOST_RECOVER),
            false => RECOVER,
        };
        self.failed = Some(Failed {
            cause,
            since_ns: now_ns,
            last_ns: now_ns,
            refused: 0,
            records: 0,
        });
        Some(HealthChange::Failed(cause))
    }

    /// Counts datagrams as arrived, and a failed collector as back, if there was no refusal for long enough. It has to be called
    /// regularly.
    pub(crate) fn poll(&mut self, now_ns: u64) -> Option<HealthChange> {
        let Some(failed) = self.failed else {
            while let Some(sent) = self.unjudged.front()
                && passed(sent.at_ns, now_ns) >= RECOVER
            {
                self.unjudged.pop_front();
            }
            return None;
        };
        let arrived = |sent: &Sent| passed(sent.at_ns.max(failed.last_ns), now_ns) >= self.recover;
        if !self.unjudged.front().is_some_and(arrived) {
            return None;
        }
        self.failed = None;
        self.back_ns = Some(now_ns);
        Some(HealthChange::Back(failed))
    }

    /// Forgets the datagrams sent so far, because another socket is used from now on. With `elsewhere`, the new socket leads to
    /// another collector.
    pub(crate) fn restart(&mut self, elsewhere: bool) {
        self.unjudged.clear();
        if elsewhere {
            *self = Health::default();
        }
    }

    /// Renumbers the clients. `place` returns the new number of a client, or `None` if it is removed.
    pub(crate) fn renumber(&mut self, place: impl Fn(usize) -> Option<usize>) {
        for sent in &mut self.unjudged {
            let contents = std::mem::take(&mut sent.contents);
            let stay = contents
                .into_iter()
                .filter_map(|(client, tally)| Some((place(client)?, tally)));
            sent.contents = stay.collect();
        }
    }
}

#[cfg(test)]
mod tests;
