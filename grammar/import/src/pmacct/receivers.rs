//! Reader for the map `tee_receivers`: pools of receivers.

use super::super::probe::{Collector, collector};
use super::super::report::{Place, Remarks};
use super::Origin;
use super::map::entries;
use super::tags::Wanted;

/// How a pool shares datagrams among its receivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Balance {
    /// All of an exporter's to the same one.
    Exporter,
    /// In turn.
    RoundRobin,
}

impl Balance {
    /// Returns the word for `balance group NAME by`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Balance::Exporter => "exporter",
            Balance::RoundRobin => "round-robin",
        }
    }
}

/// A pool of receivers.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    pub(super) id: u64,
    pub(super) receivers: Vec<Collector>,
    pub(super) balance: Option<Balance>,
    pub(super) source_port: Option<u16>,
    /// `None`: datagrams of any tag.
    pub(super) wanted: Option<Wanted>,
    pub(super) place: Place,
    /// The tags, as they were written.
    pub(super) tags: String,
}

/// Returns the pools of a map of receivers.
pub(super) fn pools(text: &str, origin: Origin, remarks: &mut Remarks) -> Vec<Pool> {
    let mut pools: Vec<Pool> = Vec::new();
    for (line, whole, pairs) in entries(text) {
        let place = Place { origin, line };
        let mut pool = Pool {
            id: 0,
            receivers: Vec::new(),
            balance: None,
            source_port: None,
            wanted: None,
            place,
            tags: String::new(),
        };
        for (key, value) in &pairs {
            if let Err(why) = take(&mut pool, key, value, remarks) {
                remarks.lost(place, &format!("{key}={value}"), why);
            }
        }
        let why = match () {
            () if pool.id == 0 => "a pool has a number (id=) from 1",
            () if pools.iter().any(|other| other.id == pool.id) => "the pool is there twice",
            () if pool.receivers.is_empty() => "no receiver is left of the pool (ip=)",
            () => {
                pools.push(pool);
                continue;
            }
        };
        remarks.lost(place, whole, why);
    }
    pools
}

fn take(pool: &mut Pool, key: &str, value: &str, remarks: &mut Remarks) -> Result<(), String> {
    match key {
        "id" => pool.id = value.parse().map_err(|_| "a number is expected")?,
        "ip" => {
            for one in value.split(',').filter(|one| !one.is_empty()) {
                match collector(one) {
                    Ok(one) if pool.receivers.contains(&one) => {
                        remarks.lost(
                            pool.place,
                            &format!("ip={}:{}", one.host, one.port),
                            "it is there twice",
                        );
                    }
                    Ok(one) => pool.receivers.push(one),
                    Err(why) => remarks.lost(pool.place, one, why),
                }
            }
        }
        "tag" => {
            pool.wanted = Some(Wanted::parse(value).ok_or("tags and ranges of them are expected")?);
            pool.tags = value.to_owned();
        }
        "balance-alg" => {
            pool.balance = Some(match value {
                "rr" => {
                    let why = "an observation domain goes to one receiver; domains take turns";
                    remarks.differs(pool.place, "balance-alg=rr", why);
                    Balance::RoundRobin
                }
                "hash-agent" | "hash-crc32" => Balance::Exporter,
                "hash-tag" => {
                    let why = "receivers are picked by the exporter's address";
                    remarks.differs(pool.place, "balance-alg=hash-tag", why);
                    Balance::Exporter
                }
                _ => return Err("rr, hash-agent, hash-crc32 and hash-tag are possible".into()),
            });
        }
        "src_port" => {
            let port = value.parse().ok().filter(|port| *port != 0);
            pool.source_port = Some(port.ok_or("a port's number is expected")?);
        }
        "kafka_broker" | "kafka_topic" | "zmq_address" => {
            return Err("datagrams are copied to receivers, not to brokers or queues".into());
        }
        _ => return Err("no pool has such a key".into()),
    }
    Ok(())
}
