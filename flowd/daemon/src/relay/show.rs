//! Samplicators as JSON. Times are also given as seconds that have gone by, as a screen shows them.

use std::sync::Arc;

use relay::{Ledger as ReceiverLedger, Samplicator, Statistics};
use serde_json::{Value as Json, json};
use service::Ledger;

use super::settings;
use super::{Relay, Unknown};
use service::clock;

impl Relay {
    /// Every samplicator with its listeners and receivers, or the one of that name.
    ///
    /// # Errors
    /// There is none of that name.
    pub(crate) fn samplicators(&self, name: Option<&str>) -> Result<Json, Unknown> {
        let all: Vec<(String, Samplicator, Arc<settings::Samplicator>)> = {
            let state = self.state();
            let named = |own: &String| name.is_none_or(|name| name == own);
            let running = state.running.iter().filter(|(own, _)| named(own));
            running
                .filter_map(|(name, samplicator)| {
                    let settings = state.settings.get(name)?;
                    Some((name.clone(), samplicator.clone(), settings.clone()))
                })
                .collect()
        };
        if let (Some(name), true) = (name, all.is_empty()) {
            self.named(name)?;
        }
        let now = clock::unix_ns();
        let list: Vec<Json> = all
            .iter()
            .map(|(_, samplicator, settings)| one(&samplicator.statistics(), settings, now))
            .collect();
        Ok(json!({ "samplicators": list }))
    }

    /// A samplicator's `receivers`, `sources` or `templates`.
    ///
    /// # Errors
    /// There is none of that name, or no such part.
    pub(crate) fn part(&self, name: &str, part: &str) -> Result<Json, Unknown> {
        let samplicator = self.named(name)?;
        let now = clock::unix_ns();
        let list = match part {
            "receivers" => {
                let mut one = self.samplicators(Some(name))?;
                one["samplicators"][0]["receivers"].take()
            }
            "sources" => aged(&samplicator.sources(), now),
            _ => aged(&samplicator.templates(), now),
        };
        Ok(json!({ "samplicator": name, part: list }))
    }

    /// The samplicators' part of the loss ledger, and whether it balances.
    pub(super) fn loss(&self) -> Ledger {
        let running: Vec<Samplicator> = self.state().running.values().cloned().collect();
        let all: Vec<Statistics> = running.iter().map(Samplicator::statistics).collect();
        let balanced = all.iter().all(Statistics::balanced);
        let list: Json = all.iter().map(ledger).collect();
        Ledger {
            accounts: [("samplicators".to_owned(), list)].into_iter().collect(),
            balanced,
        }
    }
}

fn one(statistics: &Statistics, settings: &settings::Samplicator, now: u64) -> Json {
    let mut one = json!(statistics);
    one["description"] = json!(settings.description);
    one["balanced"] = statistics.balanced().into();
    for receiver in one["receivers"].as_array_mut().into_iter().flatten() {
        let text = receiver["name"]
            .as_str()
            .and_then(|name| settings.receivers.get(name));
        receiver["description"] = json!(text);
        age(receiver, now);
    }
    one
}

fn aged<T: serde::Serialize>(list: &[T], now: u64) -> Json {
    let mut list: Vec<Json> = list.iter().map(|one| json!(one)).collect();
    list.iter_mut().for_each(|one| age(one, now));
    list.into()
}

/// Adds `…_seconds_ago` for each `…_ns`.
fn age(object: &mut Json, now: u64) {
    let Some(members) = object.as_object_mut() else {
        return;
    };
    let ages: Vec<(String, Json)> = members
        .iter()
        .filter_map(|(key, value)| {
            let what = key.strip_suffix("_ns")?;
            let ago = value
                .as_u64()
                .map(|then| now.saturating_sub(then) as f64 / 1e9);
            Some((format!("{what}_seconds_ago"), json!(ago)))
        })
        .collect();
    members.extend(ages);
}

fn ledger(statistics: &Statistics) -> Json {
    let mut receivers: Vec<Json> = statistics
        .receivers
        .iter()
        .map(|receiver| receiver_ledger(&receiver.name, &receiver.ledger))
        .collect();
    // Those that are gone still have had their part of what came in.
    if statistics.retired.offered.datagrams > 0 {
        receivers.push(receiver_ledger("(removed)", &statistics.retired));
    }
    json!({
        "samplicator": statistics.name,
        "received": statistics.received,
        "relayed": statistics.relayed,
        "denied": statistics.denied,
        "unrouted": statistics.unrouted,
        "kernel_drops": statistics.kernel_drops,
        "receivers": receivers,
        "balanced": statistics.balanced(),
    })
}

fn receiver_ledger(name: &str, ledger: &ReceiverLedger) -> Json {
    let mut json = json!(ledger);
    json["receiver"] = name.into();
    json["balanced"] = ledger.balanced().into();
    json
}
