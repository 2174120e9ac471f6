//! Samplicators.

use serde_json::{Value as Json, json};

use super::*;

fn two_receivers() -> Json {
    json!({"samplicators": [{"name": "FLOWS", "description": "to both sites",
        "listeners": [{"address": "192.168.3.2", "port": 2055, "interface": null, "threads": 1,
            "received": {"datagrams": 12345, "octets": 14814000}, "kernel_drops": 7, "receive_buffer": 33554432}],
        "received": {"datagrams": 12345, "octets": 14814000}, "denied": {"datagrams": 5, "octets": 6000},
        "unrouted": {"datagrams": 0, "octets": 0}, "kernel_drops": 7, "sources": 3, "sources_recycled": 0,
        "rates": {"datagrams_1m": 1000.4, "datagrams_5m": 9.96, "bits_1m": 9600000.0, "bits_5m": 95616.0},
        "templates": {"templates": 6, "domains": 3, "options_records": 1, "octets": 900, "refused": 0, "malformed": 2},
        "receivers": [
            {"name": "left", "destination": "192.168.4.1", "address": "192.168.4.1", "port": 2055, "spoof_source": true,
             "state": "up", "offered": {"datagrams": 12340, "octets": 14808000}, "sent": {"datagrams": 12340, "octets": 14808000},
             "queued": {"datagrams": 0, "octets": 0}, "dropped": {}, "replayed": {"datagrams": 4, "octets": 400},
             "rates": {"datagrams_1m": 999.6, "datagrams_5m": 9.9, "bits_1m": 9590000.0, "bits_5m": 95000.0},
             "icmp_unreachable": 0, "last_failure": null, "last_sent_ns": 1700000000000000000u64, "last_sent_seconds_ago": 1.4},
            {"name": "right", "destination": "c.example.net", "address": "2001:db8::5", "port": 9995, "spoof_source": false,
             "state": "failed", "offered": {"datagrams": 12340, "octets": 14808000}, "sent": {"datagrams": 12000, "octets": 14400000},
             "queued": {"datagrams": 0, "octets": 0},
             "dropped": {"icmp-unreachable": {"datagrams": 40, "octets": 48000}, "sampled": {"datagrams": 300, "octets": 360000}},
             "replayed": {"datagrams": 0, "octets": 0}, "rates": {"datagrams_1m": 0.0, "datagrams_5m": 0.0, "bits_1m": 0.0, "bits_5m": 0.0},
             "icmp_unreachable": 41, "last_failure": "icmp-unreachable", "last_failure_seconds_ago": 3.0,
             "last_sent_ns": null, "last_sent_seconds_ago": null}]}]})
}

#[test]
fn a_samplicator_and_its_receivers() {
    let answer = two_receivers();
    same(samplicators(&filled(&answer), &view(None)), "
Samplicator FLOWS:
  Description:     to both sites
  Listening:       192.168.3.2 port 2055, 12,345 datagrams, 7 dropped by the kernel, buffer 33,554,432 octets
  Received:        12,345 datagrams, 14,814,000 octets
  Rate, 1 minute:  1,000 datagrams/s, 9.6 Mbit/s
  Rate, 5 minutes: 10.0 datagrams/s, 95.6 kbit/s
  Not relayed:     5 denied by a rule, 0 for no receiver, 7 dropped by the kernel
  Sources:         3
  Templates:       6 in 3 domains, 1 options records, 2 malformed datagrams

Receiver    Address                State         Sent        Octets  Dropped     1m/s     5m/s      Last
----------  ---------------------  ------  ----------  ------------  -------  -------  -------  --------
left        192.168.4.1:2055       up          12,340    14,808,000        0    1,000      9.9  00:00:01
right       [2001:db8::5]:9995     failed      12,000    14,400,000       40      0.0      0.0         -
  right failed 00:00:03 ago: icmp-unreachable
  right 40 dropped: icmp-unreachable, 300 sampled

");
    same(
        samplicator_receivers(&filled(&answer), &view(None)),
        "
Receiver left of samplicator FLOWS:
  Address:         192.168.4.1:2055
  Source address:  the exporter's (spoofed)
  State:           up
  Last sent:       00:00:01 ago (2023-11-14 22:13:20)
  Rate, 1 minute:  1,000 datagrams/s, 9.6 Mbit/s
  Rate, 5 minutes: 9.9 datagrams/s, 95.0 kbit/s
                                           Datagrams              Octets
  offered by the rules                        12,340          14,808,000
    sent                                      12,340          14,808,000
    queued                                         0                   0
  templates sent again beside them                 4                 400

Receiver right of samplicator FLOWS:
  Address:         [2001:db8::5]:9995
  Host name:       c.example.net
  Source address:  this host's
  State:           failed
  Last failure:    icmp-unreachable 00:00:03 ago
  Last sent:       never
  Rate, 1 minute:  0.0 datagrams/s, 0.0 bit/s
  Rate, 5 minutes: 0.0 datagrams/s, 0.0 bit/s
                                           Datagrams              Octets
  offered by the rules                        12,340          14,808,000
    sent                                      12,000          14,400,000
    queued                                         0                   0
    dropped: icmp-unreachable                     40              48,000
    dropped: sampled                             300             360,000
  templates sent again beside them                 0                   0
  reported unreachable (ICMP) 41 times

",
    );
    same(
        samplicator_frame(&filled(&answer), &view(None)),
        "
FLOWS: 12,345 received, 1,000 datagrams/s, 9.6 Mbit/s
  left 192.168.4.1:2055 up: 12,340 sent, 0 dropped, 1,000 datagrams/s
  right [2001:db8::5]:9995 failed: 12,000 sent, 40 dropped, 0.0 datagrams/s
",
    );
}

#[test]
fn sources_and_templates_of_a_samplicator() {
    let sources = json!({"samplicators": [{"samplicator": "FLOWS", "sources": [
        {"address": "192.168.3.1", "port": 39268, "received": {"datagrams": 1234, "octets": 1480800},
         "not_relayed": {"datagrams": 0, "octets": 0}, "rule": null, "domains": 1, "templates": 2,
         "first_seconds_ago": 90061.0, "last_seconds_ago": 0.2, "silent": false},
        {"address": "2001:db8::1", "port": 1024, "received": {"datagrams": 1, "octets": 72},
         "not_relayed": {"datagrams": 1, "octets": 72}, "rule": "2001:db8::/32", "domains": 0, "templates": 0,
         "first_seconds_ago": 400.0, "last_seconds_ago": 400.0, "silent": true}]},
        {"samplicator": "OTHER", "sources": []}]});
    same(samplicator_sources(&filled::<Vec<_>>(&sources["samplicators"]), &view(None)), "
Samplicator FLOWS:
Source            Port   Datagrams        Octets  Not relayed  Rule           Domains  Templates            First      Last  State
---------------  -----  ----------  ------------  -----------  -------------  -------  ---------  ---------------  --------  ------
192.168.3.1      39268       1,234     1,480,800            0  -                    1          2  1 day, 01:01:01  00:00:00  sends
2001:db8::1       1024           1            72            1  2001:db8::/32        0          0         00:06:40  00:06:40  silent

Samplicator OTHER:
No exporter has sent anything.

");
    let templates = json!({"samplicators": [{"samplicator": "FLOWS", "templates": [
        {"source": "192.168.3.1:39268", "domain": 0, "version": 9, "id": 256, "options": false, "fields": 9, "records": 0,
         "last_seconds_ago": 12.0},
        {"source": "[2001:db8::1]:1024", "domain": 4294967295u32, "version": 10, "id": 257, "options": true, "fields": 3,
         "records": 4, "last_seconds_ago": 61.0}]}]});
    same(
        samplicator_templates(&filled::<Vec<_>>(&templates["samplicators"]), &view(None)),
        "
Samplicator FLOWS:
Source                     Domain  Protocol    Template  Of       Fields  Records      Last
---------------------  ----------  ----------  --------  -------  ------  -------  --------
192.168.3.1:39268               0  NetFlow v9       256  data          9        0  00:00:12
[2001:db8::1]:1024     4294967295  IPFIX            257  options       3        4  00:01:01

",
    );
}
