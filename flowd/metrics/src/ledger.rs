//! The loss ledger as metrics: every counter that `show flow loss` adds up.

use std::collections::BTreeMap;

use api::ledger::{
    DatagramTally, ExporterLedger, LossLedger, MonitorLedger, PacketTally, RecordTally,
    SamplicatorLedger,
};
use service::metric::{Family, Labels, Value};

/// Makes metrics of a ledger.
pub(crate) fn families(ledger: &LossLedger) -> Vec<Family> {
    let mut all = monitors(&ledger.monitors);
    all.extend(exporters(&ledger.exporters));
    all.extend(samplicators(&ledger.samplicators));
    all.extend(receivers(&ledger.samplicators));
    all.push(
        Family::gauge(
            "flowd_ledger_balanced",
            "Whether nothing is unaccounted for in the loss ledger",
        )
        .with(&[], ledger.balanced),
    );
    all
}

/// Families of one account, such as what was dropped: one for each unit that is counted.
struct Account<const N: usize>([Family; N]);

impl<const N: usize> Account<N> {
    fn add(&mut self, labels: &Labels, values: [u64; N]) {
        for (family, value) in self.0.iter_mut().zip(values) {
            family.add(labels, Value::Integer(value));
        }
    }

    fn add_with_reason(&mut self, labels: &Labels, reason: &str, values: [u64; N]) {
        self.add(&labels.and("reason", reason), values);
    }
}

/// The families of an account of packets: `account!(counter "flowd_monitor_captured", "Packets that came in")`.
macro_rules! packets {
    ($kind:ident $name:literal, $help:literal) => {
        Account([
            Family::$kind(concat!($name, "_packets"), $help),
            Family::$kind(
                concat!($name, "_bytes"),
                concat!($help, ": octets of their IP datagrams"),
            ),
        ])
    };
}

/// The families of an account of flow records.
macro_rules! records {
    ($kind:ident $name:literal, $help:literal) => {
        Account([
            Family::$kind(concat!($name, "_records"), $help),
            Family::$kind(
                concat!($name, "_packets"),
                concat!($help, ": the packets they count"),
            ),
            Family::$kind(
                concat!($name, "_bytes"),
                concat!($help, ": octets of these packets' IP datagrams"),
            ),
        ])
    };
}

/// The families of an account of datagrams.
macro_rules! datagrams {
    ($kind:ident $name:literal, $help:literal) => {
        Account([
            Family::$kind(concat!($name, "_datagrams"), $help),
            Family::$kind(
                concat!($name, "_bytes"),
                concat!($help, ": octets of UDP payload"),
            ),
        ])
    };
}

fn of_packets(tally: &PacketTally) -> [u64; 2] {
    [tally.packets, tally.octets]
}

fn of_records(tally: &RecordTally) -> [u64; 3] {
    [tally.records, tally.packets, tally.octets]
}

fn of_datagrams(tally: &DatagramTally) -> [u64; 2] {
    [tally.datagrams, tally.octets]
}

/// The sums over the capture threads of an interface.
#[derive(Default)]
struct Sum {
    plain: [[u64; 2]; 3],
    reasons: [BTreeMap<String, [u64; 2]>; 2],
    flows: [[u64; 3]; 3],
}

fn plus<const N: usize>(sum: &mut [u64; N], more: [u64; N]) {
    sum.iter_mut()
        .zip(more)
        .for_each(|(sum, more)| *sum += more);
}

fn monitors(ledgers: &[MonitorLedger]) -> Vec<Family> {
    let mut sums = BTreeMap::<(&str, &str), Sum>::new();
    for one in ledgers {
        let sum = sums.entry((&one.monitor, &one.interface)).or_default();
        let plain = [&one.captured, &one.metered, &one.unsampled];
        for (sum, tally) in sum.plain.iter_mut().zip(plain) {
            plus(sum, of_packets(tally));
        }
        for (sum, by_reason) in sum.reasons.iter_mut().zip([&one.skipped, &one.dropped]) {
            for (reason, tally) in by_reason.iter() {
                plus(sum.entry(reason.to_owned()).or_default(), of_packets(tally));
            }
        }
        let flows = [&one.cached, &one.expired, &one.cleared];
        for (sum, tally) in sum.flows.iter_mut().zip(flows) {
            plus(sum, of_records(tally));
        }
    }
    let mut plain = [
        packets!(counter "flowd_monitor_captured", "Packets that came to a flow monitor"),
        packets!(counter "flowd_monitor_metered", "Packets that were counted in a flow"),
        packets!(counter "flowd_monitor_unsampled", "Packets that the sampler left out"),
    ];
    let mut reasons = [
        packets!(counter "flowd_monitor_skipped", "Packets that are not for the flow monitor, by reason"),
        packets!(counter "flowd_monitor_dropped", "Packets that were lost, by reason"),
    ];
    let mut flows = [
        records!(gauge "flowd_monitor_cached", "Flows in the cache"),
        records!(counter "flowd_monitor_expired", "Flows that ended and were handed to the exporters"),
        records!(counter "flowd_monitor_cleared", "Flows that an operator discarded"),
    ];
    for ((monitor, interface), sum) in &sums {
        let labels = Labels::of(&[("monitor", *monitor), ("interface", *interface)]);
        for (account, values) in plain.iter_mut().zip(sum.plain) {
            account.add(&labels, values);
        }
        for (account, by_reason) in reasons.iter_mut().zip(&sum.reasons) {
            for (reason, values) in by_reason {
                account.add_with_reason(&labels, reason, *values);
            }
        }
        for (account, values) in flows.iter_mut().zip(sum.flows) {
            account.add(&labels, values);
        }
    }
    let plain = plain.into_iter().chain(reasons).flat_map(|one| one.0);
    plain
        .chain(flows.into_iter().flat_map(|one| one.0))
        .collect()
}

fn exporters(ledgers: &[ExporterLedger]) -> Vec<Family> {
    let mut plain = [
        records!(counter "flowd_exporter_received", "Flow records that a flow monitor handed to an exporter"),
        records!(counter "flowd_exporter_sent", "Flow records that the kernel took"),
        records!(counter "flowd_exporter_refused", "Sent flow records whose datagrams the collector's host or a router refused"),
        records!(gauge "flowd_exporter_queued", "Flow records that wait for a datagram"),
    ];
    let mut dropped =
        records!(counter "flowd_exporter_dropped", "Flow records that were lost, by reason");
    for one in ledgers {
        let labels = Labels::of(&[
            ("exporter", one.exporter.as_str()),
            ("monitor", one.monitor.as_str()),
        ]);
        let tallies = [&one.received, &one.sent, &one.refused, &one.queued];
        for (account, tally) in plain.iter_mut().zip(tallies) {
            account.add(&labels, of_records(tally));
        }
        for (reason, tally) in one.dropped.iter() {
            dropped.add_with_reason(&labels, reason, of_records(tally));
        }
    }
    plain
        .into_iter()
        .chain([dropped])
        .flat_map(|one| one.0)
        .collect()
}

fn samplicators(ledgers: &[SamplicatorLedger]) -> Vec<Family> {
    let mut plain = [
        datagrams!(counter "flowd_samplicator_received", "Datagrams that came to a samplicator"),
        datagrams!(counter "flowd_samplicator_relayed", "Datagrams that were offered to at least one receiver"),
        datagrams!(counter "flowd_samplicator_denied", "Datagrams from a source that a rule denies"),
        datagrams!(counter "flowd_samplicator_unrouted", "Datagrams that no rule and no receiver is for"),
    ];
    let mut lost = Family::counter(
        "flowd_samplicator_kernel_dropped_datagrams",
        "Datagrams that the kernel dropped, because a receive queue was full or a checksum wrong",
    );
    for one in ledgers {
        let labels = Labels::of(&[("samplicator", one.samplicator.as_str())]);
        let tallies = [&one.received, &one.relayed, &one.denied, &one.unrouted];
        for (account, tally) in plain.iter_mut().zip(tallies) {
            account.add(&labels, of_datagrams(tally));
        }
        lost.add(&labels, one.kernel_drops);
    }
    plain
        .into_iter()
        .flat_map(|one| one.0)
        .chain([lost])
        .collect()
}

fn receivers(ledgers: &[SamplicatorLedger]) -> Vec<Family> {
    let mut plain = [
        datagrams!(counter "flowd_samplicator_receiver_offered", "Datagrams that the rules chose a receiver for"),
        datagrams!(counter "flowd_samplicator_receiver_sent", "Copies that the kernel took"),
        datagrams!(gauge "flowd_samplicator_receiver_queued", "Copies that wait for their time"),
    ];
    let mut dropped = datagrams!(counter "flowd_samplicator_receiver_dropped", "Copies that were not sent, by reason");
    for one in ledgers {
        for receiver in &one.receivers {
            let labels = Labels::of(&[
                ("samplicator", one.samplicator.as_str()),
                ("receiver", receiver.receiver.as_str()),
            ]);
            let tallies = [&receiver.offered, &receiver.sent, &receiver.queued];
            for (account, tally) in plain.iter_mut().zip(tallies) {
                account.add(&labels, of_datagrams(tally));
            }
            for (reason, tally) in receiver.dropped.iter() {
                dropped.add_with_reason(&labels, reason, of_datagrams(tally));
            }
        }
    }
    plain
        .into_iter()
        .chain([dropped])
        .flat_map(|one| one.0)
        .collect()
}
