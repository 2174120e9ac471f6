//! The loss ledger of `show flow loss | json`, whose sums are computed again here: a test does not rely on the daemon's own
//! `balanced`.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde_json::Value as Json;

/// Counters of one entry of the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Packets.
    pub packets: u64,
    /// IP octets.
    pub octets: u64,
    /// Flow records; 0 where packets are not in records yet.
    pub records: u64,
}

impl Tally {
    fn read(json: &Json) -> Tally {
        let number = |name: &str| json[name].as_u64().unwrap_or(0);
        assert!(json["packets"].is_u64(), "no packets in {json}");
        Tally {
            packets: number("packets"),
            octets: number("octets"),
            records: number("records"),
        }
    }

    fn pair(self) -> (u64, u64) {
        (self.packets, self.octets)
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.packets += other.packets;
        self.octets += other.octets;
        self.records += other.records;
    }
}

/// The ledger of a monitor, summed over its interfaces.
#[derive(Clone, Debug, Default)]
pub struct Monitor {
    /// Packets that reached the monitor.
    pub captured: Tally,
    /// Packets counted into flows.
    pub metered: Tally,
    /// Packets not selected by the sampler.
    pub unsampled: Tally,
    /// Packets that belong to no flow, by reason.
    pub skipped: BTreeMap<String, Tally>,
    /// Packets lost before the meter, by reason.
    pub dropped: BTreeMap<String, Tally>,
    /// Flows in the cache, and their packets.
    pub cached: Tally,
    /// Records handed to the exporters, and their packets.
    pub expired: Tally,
    /// Flows discarded by an operator (`clear flow monitor NAME cache`), and their packets.
    pub cleared: Tally,
}

/// The ledger of one monitor's records at one exporter.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// Records handed over by the monitor.
    pub received: Tally,
    /// Records in datagrams that the kernel has taken.
    pub sent: Tally,
    /// Records that wait to be sent.
    pub queued: Tally,
    /// Records that were not sent, by reason.
    pub dropped: BTreeMap<String, Tally>,
}

/// The loss ledger of a daemon.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// The JSON that the daemon printed.
    pub json: Json,
    /// The monitors by name.
    pub monitors: BTreeMap<String, Monitor>,
    /// The monitors' records at each exporter, by exporter and monitor.
    pub clients: BTreeMap<(String, String), Client>,
}

fn tallies(json: &Json) -> BTreeMap<String, Tally> {
    let reasons = json.as_object().into_iter().flatten();
    reasons
        .map(|(why, tally)| (why.clone(), Tally::read(tally)))
        .collect()
}

fn sum(tallies: &BTreeMap<String, Tally>) -> Tally {
    tallies.values().fold(Tally::default(), |mut sum, tally| {
        sum += *tally;
        sum
    })
}

impl Ledger {
    /// Reads the daemon's JSON.
    ///
    /// # Panics
    /// When it does not have the documented form.
    pub fn read(json: Json) -> Ledger {
        let list = |name: &str| {
            json[name]
                .as_array()
                .cloned()
                .unwrap_or_else(|| panic!("no {name} in {json}"))
        };
        let name = |json: &Json, name: &str| {
            json[name]
                .as_str()
                .unwrap_or_else(|| panic!("no {name} in {json}"))
                .to_owned()
        };
        let mut monitors: BTreeMap<String, Monitor> = BTreeMap::new();
        for entry in list("monitors") {
            let monitor = monitors.entry(name(&entry, "monitor")).or_default();
            monitor.captured += Tally::read(&entry["captured"]);
            monitor.metered += Tally::read(&entry["metered"]);
            monitor.unsampled += Tally::read(&entry["unsampled"]);
            monitor.cached += Tally::read(&entry["cached"]);
            monitor.expired += Tally::read(&entry["expired"]);
            monitor.cleared += Tally::read(&entry["cleared"]);
            for (all, more) in [
                (&mut monitor.skipped, &entry["skipped"]),
                (&mut monitor.dropped, &entry["dropped"]),
            ] {
                for (why, tally) in tallies(more) {
                    *all.entry(why).or_default() += tally;
                }
            }
        }
        let mut clients = BTreeMap::new();
        for entry in list("exporters") {
            let client = Client {
                received: Tally::read(&entry["received"]),
                sent: Tally::read(&entry["sent"]),
                queued: Tally::read(&entry["queued"]),
                dropped: tallies(&entry["dropped"]),
            };
            clients.insert((name(&entry, "exporter"), name(&entry, "monitor")), client);
        }
        Ledger {
            json,
            monitors,
            clients,
        }
    }

    /// Returns the ledger of a monitor.
    ///
    /// # Panics
    /// When it is not in the ledger.
    #[track_caller]
    pub fn monitor(&self, name: &str) -> &Monitor {
        self.monitors
            .get(name)
            .unwrap_or_else(|| panic!("no monitor {name} in {}", self.json))
    }

    /// Returns the ledger of one monitor's records at one exporter.
    ///
    /// # Panics
    /// When it is not in the ledger.
    #[track_caller]
    pub fn client(&self, exporter: &str, monitor: &str) -> &Client {
        self.clients
            .get(&(exporter.to_owned(), monitor.to_owned()))
            .unwrap_or_else(|| panic!("no exporter {exporter} of {monitor} in {}", self.json))
    }

    /// Whether no record is on its way between meter and socket.
    pub fn settled(&self) -> bool {
        self.clients.iter().all(|((_, monitor), client)| {
            client.queued.records == 0
                && self
                    .monitors
                    .get(monitor)
                    .is_none_or(|monitor| monitor.expired == client.received)
        })
    }

    /// Asserts that the ledger balances: what came in equals what became of it, to the packet and the octet.
    ///
    /// # Panics
    /// With the ledger when it does not.
    #[track_caller]
    pub fn audit(&self) {
        let ledger = &self.json;
        for (name, monitor) in &self.monitors {
            let mut accounted = monitor.metered;
            accounted += monitor.unsampled;
            accounted += sum(&monitor.skipped);
            accounted += sum(&monitor.dropped);
            assert_eq!(
                monitor.captured.pair(),
                accounted.pair(),
                "{name}: captured is not all accounted for: {ledger:#}"
            );
            let mut flows = monitor.cached;
            flows += monitor.expired;
            flows += monitor.cleared;
            assert_eq!(
                monitor.metered.pair(),
                flows.pair(),
                "{name}: metered is not all in flows: {ledger:#}"
            );
        }
        for ((exporter, monitor), client) in &self.clients {
            let mut accounted = client.sent;
            accounted += client.queued;
            accounted += sum(&client.dropped);
            assert_eq!(
                client.received, accounted,
                "{exporter} of {monitor}: not all sent or dropped: {ledger:#}"
            );
        }
        assert_eq!(
            ledger["balanced"], true,
            "the daemon itself says so: {ledger:#}"
        );
    }

    /// [`Ledger::audit`], and that each exporter got every flow that left the cache.
    ///
    /// # Panics
    /// With the ledger when one did not.
    #[track_caller]
    pub fn audit_settled(&self) {
        self.audit();
        for ((exporter, name), client) in &self.clients {
            assert_eq!(
                client.received,
                self.monitor(name).expired,
                "{exporter} of {name}: {:#}",
                self.json
            );
            assert_eq!(
                client.queued,
                Tally::default(),
                "{exporter} of {name}: {:#}",
                self.json
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sample(sent: u64, captured: u64) -> Ledger {
        let packets = |packets: u64| json!({"packets": packets, "octets": packets * 100});
        let records =
            |packets: u64| json!({"records": packets, "packets": packets, "octets": packets * 100});
        Ledger::read(json!({
            "monitors": [{
                "monitor": "M", "interface": "eth1", "captured": packets(captured), "metered": packets(7), "unsampled": packets(2),
                "skipped": {"not-ip": packets(1)}, "dropped": {}, "cached": records(3), "expired": records(4), "cleared": records(0),
            }],
            "exporters": [{
                "exporter": "E", "monitor": "M", "received": records(4), "sent": records(sent), "queued": records(0),
                "dropped": {"no-template": records(1)},
            }],
            "balanced": true,
        }))
    }

    #[test]
    fn a_ledger_that_adds_up_passes() {
        let ledger = sample(3, 10);
        ledger.audit_settled();
        assert!(ledger.settled());
    }

    #[test]
    fn one_packet_too_few_is_seen() {
        assert!(std::panic::catch_unwind(|| sample(3, 11).audit()).is_err());
        assert!(std::panic::catch_unwind(|| sample(2, 10).audit()).is_err());
    }
}
