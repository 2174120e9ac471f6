//! The loss ledger.

use serde_json::{Value as Json, json};

use super::*;

fn ledger() -> Json {
    json!({
        "monitors": [{"monitor": "M", "interface": "eth1", "captured": {"packets": 1100, "octets": 5000},
            "metered": {"packets": 1000, "octets": 4000}, "unsampled": {"packets": 90, "octets": 900},
            "skipped": {"not-ip": {"packets": 10, "octets": 100}}, "dropped": {},
            "cached": {"packets": 400, "octets": 1500, "records": 3}, "expired": {"records": 7, "packets": 600, "octets": 2500},
            "balanced": true}],
        "exporters": [{"exporter": "E", "monitor": "M", "received": {"records": 7, "packets": 600, "octets": 2500},
            "sent": {"records": 6, "packets": 599, "octets": 2400}, "queued": {"records": 0, "packets": 0, "octets": 0},
            "dropped": {"netflow-v5-ipv6": {"records": 1, "packets": 1, "octets": 100}}, "balanced": true}],
        "balanced": true,
    })
}

#[test]
fn a_ledger_that_balances_says_so() {
    same(
        loss(&filled(&ledger())),
        "
Flow monitor M on eth1
                                                      Packets            Octets
  captured                                              1,100             5,000
    metered                                             1,000             4,000
    unsampled                                              90               900
    skipped: not-ip                                        10               100

                                      Records         Packets            Octets
  metered                                               1,000             4,000
    in cache                                3             400             1,500
    in expired flows                        7             600             2,500
    cleared by an operator                  0               0                 0

Flow exporter E for monitor M
                                      Records         Packets            Octets
  received                                  7             600             2,500
    sent                                    6             599             2,400
    queued                                  0               0                 0
    dropped: netflow-v5-ipv6                1               1               100

Balanced: every packet and every record is accounted for.
",
    );
}

#[test]
fn a_ledger_that_does_not_says_by_how_much() {
    let mut answer = ledger();
    answer["monitors"][0]["unsampled"]["packets"] = 88.into();
    answer["exporters"][0]["sent"]["records"] = 7.into();
    let shown = loss(&filled(&answer));
    let last: Vec<&str> = shown.lines().rev().take(2).collect();
    assert_eq!(
        last,
        [
            "NOT BALANCED: Flow exporter E for monitor M: received records not accounted for: -1 records, 0 packets, 0 octets",
            "NOT BALANCED: Flow monitor M on eth1: captured packets not accounted for: 2 packets, 0 octets",
        ]
    );
    let mut answer = ledger();
    answer["balanced"] = false.into();
    assert!(loss(&filled(&answer)).ends_with("NOT BALANCED: the ledger does not balance\n"));
}

#[test]
fn the_ledger_has_the_samplicators_and_sees_what_is_missing() {
    let tally = |datagrams: u64| json!({"datagrams": datagrams, "octets": datagrams * 100});
    let mut answer = json!({"monitors": [], "exporters": [], "balanced": true, "samplicators": [{"samplicator": "FLOWS",
        "received": tally(10), "relayed": tally(8), "denied": tally(2), "unrouted": tally(0), "kernel_drops": 3,
        "receivers": [{"receiver": "left", "offered": tally(8), "sent": tally(5), "queued": tally(1),
            "dropped": {"rate-limit": tally(2)}}]}]});
    same(
        loss(&filled(&answer)),
        "
Samplicator FLOWS
                                                    Datagrams            Octets
  received                                                 10             1,000
    relayed                                                 8               800
    dropped: denied by a rule                               2               200
    dropped: for no receiver                                0                 0
  dropped by the kernel before                              3
  offered to left                                           8               800
    sent                                                    5               500
    queued                                                  1               100
    dropped: rate-limit                                     2               200

Balanced: every packet, record and datagram is accounted for.
",
    );
    answer["samplicators"][0]["receivers"][0]["sent"] = tally(4);
    assert!(loss(&filled(&answer)).ends_with(
        "NOT BALANCED: Samplicator FLOWS: offered to left not accounted for: 1 datagrams, 100 octets\n"
    ));
}
