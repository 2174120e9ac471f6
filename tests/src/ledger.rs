//! The loss ledger of `show flow loss | json`, and its arithmetic done again by the test: the daemon's own
//! `balanced` is not taken at its word.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde_json::Value as Json;

/// Packets and octets, and records where there are any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Packets.
    pub packets: u64,
    /// IP octets.
    pub octets: u64,
    /// Flow records.
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

/// A monitor, all its interfaces together.
#[derive(Clone, Debug, Default)]
pub struct Monitor {
    /// Packets that reached it.
    pub captured: Tally,
    /// Counted into flows.
    pub metered: Tally,
    /// Left out by the sampler.
    pub unsampled: Tally,
    /// Not metered, by reason.
    pub skipped: BTreeMap<String, Tally>,
    /// Lost before the meter, by reason.
    pub dropped: BTreeMap<String, Tally>,
    /// In the cache.
    pub cached: Tally,
    /// Handed to the exporters.
    pub expired: Tally,
    /// Thrown away by an operator.
    pub cleared: Tally,
}

/// One monitor's flows at one exporter.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// Taken over from the meter.
    pub received: Tally,
    /// In datagrams that the kernel took.
    pub sent: Tally,
    /// Not sent yet.
    pub queued: Tally,
    /// Not sent at all, by reason.
    pub dropped: BTreeMap<String, Tally>,
}

/// The whole ledger.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// As the daemon printed it.
    pub json: Json,
    /// By monitor.
    pub monitors: BTreeMap<String, Monitor>,
    /// By exporter and monitor.
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
    /// Reads it.
    ///
    /// # Panics
    /// When it has not the form that it is documented to have.
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

    /// One monitor.
    ///
    /// # Panics
    /// When it is not in the ledger.
    #[track_caller]
    pub fn monitor(&self, name: &str) -> &Monitor {
        self.monitors
            .get(name)
            .unwrap_or_else(|| panic!("no monitor {name} in {}", self.json))
    }

    /// What one exporter did with one monitor's flows.
    ///
    /// # Panics
    /// When it is not in the ledger.
    #[track_caller]
    pub fn client(&self, exporter: &str, monitor: &str) -> &Client {
        self.clients
            .get(&(exporter.to_owned(), monitor.to_owned()))
            .unwrap_or_else(|| panic!("no exporter {exporter} of {monitor} in {}", self.json))
    }

    /// Whether nothing is on its way between meter and socket.
    pub fn settled(&self) -> bool {
        self.clients.iter().all(|((_, monitor), client)| {
            client.queued.records == 0
                && self
                    .monitors
                    .get(monitor)
                    .is_none_or(|monitor| monitor.expired == client.received)
        })
    }

    /// Asserts that every sum is right, to the packet and the octet.
    ///
    /// # Panics
    /// With the ledger when one is not.
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
