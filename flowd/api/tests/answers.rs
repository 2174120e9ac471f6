//! Each answer against its literal JSON: what scripts read must not change unnoticed.

use api::{complete, configuration, flow, host, ledger, samplicator, session};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads `text` as a `T` and writes it again: the same members in the same order, and nothing is lost.
#[track_caller]
fn same<T: Serialize + DeserializeOwned>(text: &str) {
    let json: Value = serde_json::from_str(text).expect("the test's JSON is JSON");
    let answer: T = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let written = serde_json::to_string(&answer).expect("an answer is written");
    assert_eq!(written, json.to_string());
}

const TALLY: &str = r#"{"datagrams":1,"octets":2}"#;
const PACKETS: &str = r#"{"packets":1,"octets":2}"#;
const RECORDS: &str = r#"{"records":1,"packets":2,"octets":3}"#;
const CACHE: &str = r#"{"type":"normal","bidirectional":false,"size":4096,"parts":1,"octets":1,"entries":2,
    "high_watermark":3,"added":4,"aged_total":5,
    "aged":{"active":1,"inactive":2,"event":3,"watermark":4,"emergency":5,"forced":6},
    "statistics":{"seconds":1.5,"sizes":[{"largest":32,"packets":1},{"largest":null,"packets":2}],"protocols":null},
    "updates":0,"update_timeout":null,"active_timeout":1800,"inactive_timeout":15,
    "timeouts":{"tcp-generic":1,"tcp-fin":2,"tcp-rst":3,"udp":4,"icmp":5,"flow-generic":6,"expiry-interval":7}}"#;

#[test]
fn the_host() {
    same::<host::Version>(
        r#"{"program":"flowd","version":"0.1.0","host_name":"r1","pid":7,"started":"2026-01-01T00:00:00Z",
            "uptime_seconds":9,"revision":null,"alarms":2,"machine":{"operating_system":"Debian GNU/Linux 12 (bookworm)",
            "kernel":"6.1.0","architecture":"x86_64","hardware":null,"uptime_seconds":99}}"#,
    );
    same::<host::Clock>(r#"{"time":"2026-01-01T00:00:00.000Z"}"#);
    same::<host::Users>(
        r#"{"users":[{"user":"ann","uid":1000,"role":"operator","process":"flowsh[7]",
            "connected":"2026-01-01T00:00:00Z","own":true}]}"#,
    );
    same::<host::Processes>(
        r#"{"processors":2,"load":[0.5,0.25,0.125],
            "threads":[{"id":7,"name":"flowd","state":"S","cpu_seconds":1.5,"cpu_percent":0.5}]}"#,
    );
    same::<host::Memory>(
        r#"{"total":8,"free":1,"available":4,"swap_total":0,"swap_free":0,"resident":2,"resident_peak":3,
            "address_space":9}"#,
    );
    same::<host::Identity>(r#"{"user":"ann","uid":1000,"role":"operator"}"#);
    same::<host::Interfaces>(
        r#"{"interfaces":[{"name":"eth0","index":2,"mac":"00:00:5e:00:53:01","mtu":1500,"up":true,"running":true,
            "promiscuous":false,"loopback":false,"description":null,"addresses":["192.0.2.1/24"],
            "received":{"packets":1,"octets":2,"errors":3,"dropped":4,
            "rates":{"packets_1m":1.5,"packets_5m":null,"bits_1m":2.5,"bits_5m":null}},
            "sent":{"packets":1,"octets":2,"errors":3,"dropped":4,
            "rates":{"packets_1m":null,"packets_5m":null,"bits_1m":null,"bits_5m":null}}}]}"#,
    );
    same::<host::Alarms>(
        r#"{"alarms":[{"kind":"interface-down","subject":"interface eth1","since":"2026-01-01T00:00:00Z","text":"t"}]}"#,
    );
    same::<host::Names>(r#"{"names":[{"name":"M","help":"A monitor"}]}"#);
    same::<host::LogLines>(
        r#"{"lines":[{"time":"2026-01-01T00:00:00.000Z","level":"warning","msgid":"COMMIT","target":"flowd","message":"m"}],
            "missed":0,"next":12}"#,
    );
}

#[test]
fn sessions() {
    same::<session::Sessions>(
        r#"{"sessions":[{"session":"00ff","user":"ann","via":"cli","started":"2026-01-01T00:00:00Z","changed":true,
            "idle_seconds":3,"exclusive":null}]}"#,
    );
    same::<session::Begun>(r#"{"session":"00ff"}"#);
    same::<session::Changes>(r#"{"changes":2}"#);
    same::<session::Changes>(
        r#"{"changes":2,"notes":[{"message":"m","code":"invalid","line":1,"column":2,"length":3,"hint":"h"}]}"#,
    );
    same::<session::Checked>(
        r#"{"warnings":["w"],"impact":[
            {"kind":"template","action":"send","path":["flow","exporter","E"],"text":"t","fields":9,"template":256},
            {"kind":"memory","action":"expect","path":[],"text":"t","octets":2,"octets_before":1}]}"#,
    );
    same::<session::Committed>(r#"{"revision":3,"warnings":[],"impact":[],"confirm_seconds":600}"#);
    same::<session::Committed>(
        r#"{"revision":null,"warnings":[],"impact":[],"scheduled":"2026-01-01T00:00:00Z"}"#,
    );
}

#[test]
fn configurations() {
    same::<configuration::Configuration>(r#"{"text":"set flow\n"}"#);
    same::<configuration::Configuration>(r#"{"tree":{"flow":{"sampler":{"S":{"rate":["2"]}}}}}"#);
    same::<configuration::Text>(r#"{"text":""}"#);
    same::<configuration::Revisions>(
        r#"{"revisions":[{"revision":0,"id":7,"time":"2026-01-01T00:00:00Z","user":"ann","via":"cli","comment":"",
            "hash":"00"}],
            "scheduled":{"at":"2026-01-01T00:00:00Z","made":"2026-01-01T00:00:00Z","user":"ann","via":"cli",
            "comment":"","failed":[]},
            "confirm":{"seconds":9},
            "archive":{"written":1,"failed":2,"dropped":3,"last_failure":null}}"#,
    );
}

#[test]
fn completion() {
    same::<complete::Completion>(
        r#"{"start":5,"candidates":[{"text":"flow","help":"Flow","literal":true,"mark":">"},
            {"text":"<1-9>","help":"A number","literal":false,"mandatory":true,"current":"3"}],
            "end":false,"current":"3","files":true}"#,
    );
}

#[test]
fn the_probe() {
    same::<flow::Records>(
        r#"{"records":[{"name":"R","description":"d","users":1,"total_field_space":8,
            "fields":[{"match":true,"words":"ipv4 source address","name":"sourceIPv4Address"}]}]}"#,
    );
    same::<flow::Samplers>(
        r#"{"samplers":[{"name":"S","id":null,"mode":"random","rate":100,"users":0}]}"#,
    );
    same::<flow::MeteredInterfaces>(
        r#"{"interfaces":[{"interface":"eth0",
            "monitors":[{"monitor":"M","direction":"both","families":["ip","ipv6"],"sampler":null}],
            "engine":"afpacket","promiscuous":true,"snaplen":128,"decapsulate":["gre"],"fragment_ports":true,
            "threads":[{"state":"up","reason":null,"captured":3,"delivered":2,"dropped":1,
            "tunnels":{"entered":1,"unread":2},"fragments":{"given":1,"unknown":2,"forgotten":3}}]}]}"#,
    );
    same::<flow::Monitors>(&format!(
        r#"{{"monitors":[{{"name":"M","description":"d","record":"R","exporters":["E"],"status":"not allocated",
            "sampling_rate":100,"cache":{CACHE}}}]}}"#
    ));
    same::<flow::Routes>(r#"{"wanted":false}"#);
    same::<flow::Routes>(
        r#"{"wanted":true,"ipv4_prefixes":1,"ipv6_prefixes":2,"changes":3,"states":4,"readings":5,
            "seconds_since_reading":null,"reading_microseconds":6,"overruns":7,"unread_messages":8,
            "left_out_routes":9,"unknown_rules":10,"error":null}"#,
    );
    same::<flow::Cleared>(r#"{"flows":3,"packets":2,"octets":1}"#);
}

#[test]
fn exporters() {
    let configured = r#""name":"E","description":"d","protocol":"ipfix","destination":"192.0.2.9","port":4739,
        "transport":"tcp","source":null,"vrf":null,"dscp":0,"ttl":64,"template_timeout":600"#;
    same::<flow::Exporters>(&format!(r#"{{"exporters":[{{{configured}}}]}}"#));
    same::<flow::Exporters>(&format!(
        r#"{{"exporters":[{{{configured},"source_id":1,"destination_address":"192.0.2.9","source_address":null,
            "source_port":null,"state":"up","reason":null,
            "session":{{"connections":1,"waiting_octets":2,"buffer_octets":3}},
            "statistics":{{"cleared_seconds":1,"datagrams":2,"octets":3,"refused":{TALLY},"unreachable":4,
                "failures":{{"no-route":{TALLY},"icmp-unreachable":{TALLY}}}}},
            "clients":[{{"monitor":"M","records_added":1,"records_sent":2,"records_refused":7,"records_failed":3,"octets_added":4,
                "octets_sent":5,"octets_failed":6,"dropped":{{"no-route":{RECORDS}}}}}],
            "templates":[{{"id":256,"client":"M","record":"R","options":false,"record_size":12,"fields":[
                {{"words":"w","element":8,"enterprise":29305,"scope":false,"offset":null,"size":4}}]}}]}}]}}"#
    ));
}

#[test]
fn flows() {
    let flow = r#"{"sourceIPv4Address":"192.0.2.1","octetDeltaCount":18446744073709551615,"ipNextHopIPv4Address":null}"#;
    let answer = |more: &str| {
        format!(
            r#"{{"monitor":"M","sampling_rate":null,"cache":{CACHE},"fields":[{{"words":"w","name":"n","column":"c","label":"l",
                "width":10,"kind":"end-reason","key":true}}],"total":3,{more}"shown":1,"flows":[{flow}],"next":null}}"#
        )
    };
    same::<flow::CacheFlows>(&answer(""));
    same::<flow::CacheFlows>(&answer(r#""matched":2,"aggregated":1,"#));
    same::<flow::Accounting>(&format!(
        r#"{{"interfaces":[{{"interface":"eth0","sampling_rate":1,"scaled":false,"entries":1,"total_flows":1,"total_packets":2,"total_octets":3,
            "flows":[{flow}]}}]}}"#
    ));
    same::<flow::AccountingRates>(&format!(
        r#"{{"interfaces":[{{"interface":"eth0","sampling_rate":1,"flows":1,"rate":{{"packets":1,"octets":2,
            "packets_per_second":null,"octets_per_second":1.5}}}}],
            "flows":[{{"flow":{flow},"rate":{{"packets":1,"octets":2,"packets_per_second":0.5,
            "octets_per_second":null}}}}],"next":"1"}}"#
    ));
    same::<flow::MonitorTop>(&format!(
        r#"{{"monitor":"M","sampling_rate":10,"scaled":true,"by":"flows","fields":[],"flows":1,
            "total":{{"packets":1,"octets":2,"packets_per_second":null,"octets_per_second":null}},
            "rows":[{{"key":{flow},"flows":1,"rate":{{"packets":1,"octets":2,"packets_per_second":null,
            "octets_per_second":null}},"share":0.5}}],"next":"1"}}"#
    ));
    same::<flow::FlowPath>(
        r#"{"source":"192.0.2.1","destination":"192.0.2.2","protocol":17,"source_port":1,"destination_port":2,
            "input":"eth0","input_assumed":true,
            "route":{"kind":"forward","prefix":"0.0.0.0/0","output":"eth1","next_hop":"192.0.2.3"},
            "monitors":[{"monitor":"M","interface":"eth0","direction":"input","record":"R",
                "sampler":{"name":"S","rate":10},"filter":null,
                "exporters":[{"name":"E","protocol":"NetFlow Version 9","destination":"c","port":2055,
                    "carries":true}]}]}"#,
    );
}

#[test]
fn the_loss_ledger() {
    same::<ledger::LossLedger>(&format!(
        r#"{{"monitors":[{{"monitor":"M","interface":"eth0","captured":{PACKETS},"metered":{PACKETS},
                "unsampled":{PACKETS},"skipped":{{"not-ip":{PACKETS}}},"dropped":{{"ring-full":{PACKETS}}},
                "cached":{RECORDS},"expired":{RECORDS},"cleared":{RECORDS},"balanced":true}}],
            "exporters":[{{"exporter":"E","monitor":"M","received":{RECORDS},"sent":{RECORDS},"refused":{RECORDS},"queued":{RECORDS},
                "dropped":{{"z":{RECORDS},"a":{RECORDS}}},"balanced":false}}],
            "samplicators":[{{"samplicator":"X","received":{TALLY},"relayed":{TALLY},"denied":{TALLY},
                "unrouted":{TALLY},"kernel_drops":1,
                "receivers":[{{"offered":{TALLY},"sent":{TALLY},"queued":{TALLY},"dropped":{{"sampled":{TALLY}}},
                    "receiver":"(removed)","balanced":true}}],"balanced":true}}],
            "balanced":false}}"#
    ));
}

#[test]
fn samplicators() {
    let rates = r#"{"datagrams_1m":1.5,"datagrams_5m":0.0,"bits_1m":2.5,"bits_5m":0.25}"#;
    let receiver = format!(
        r#"{{"name":"C","destination":"collector","port":2055,"address":"2001:db8::1","spoof_source":true,
            "source_address":null,"state":"up","reason":null,"offered":{TALLY},"sent":{TALLY},"queued":{TALLY},"dropped":{{"rate-limit":{TALLY}}},
            "icmp_unreachable":0,"replayed":{TALLY},"rates":{rates},"last_sent_ns":1,"last_failure":"queue-full",
            "last_failure_ns":null,"description":null,"last_sent_seconds_ago":2.5,
            "last_failure_seconds_ago":null}}"#
    );
    same::<samplicator::Samplicators>(&format!(
        r#"{{"samplicators":[{{"name":"X","received":{TALLY},"relayed":{TALLY},"denied":{TALLY},"unrouted":{TALLY},
            "kernel_drops":0,"rates":{rates},
            "listeners":[{{"address":"0.0.0.0","port":2000,"interface":null,"down":null,"threads":1,"received":{TALLY},
                "kernel_drops":0,"receive_buffer":212992}}],
            "receivers":[{receiver}],
            "retired":{{"offered":{TALLY},"sent":{TALLY},"queued":{TALLY},"dropped":{{}}}},
            "sources":1,"sources_recycled":0,
            "templates":{{"domains":1,"templates":2,"options_records":3,"octets":4,"refused":5,"malformed":6}},
            "spoofing_sockets":0,"events_lost":0,"description":"d","balanced":true}}]}}"#
    ));
    same::<samplicator::Receivers>(&format!(
        r#"{{"samplicator":"X","receivers":[{receiver}]}}"#
    ));
    same::<samplicator::Sources>(&format!(
        r#"{{"samplicator":"X","sources":[{{"address":"192.0.2.1","port":1024,"received":{TALLY},
            "not_relayed":{TALLY},"rule":"192.0.2.0/24","domains":1,"templates":2,"first_ns":3,"last_ns":4,
            "silent":false,"first_seconds_ago":5.5,"last_seconds_ago":6.5}}]}}"#
    ));
    same::<samplicator::KeptTemplates>(
        r#"{"samplicator":"X","templates":[{"source":"192.0.2.1:1024","domain":0,"version":9,"id":256,
            "options":false,"fields":3,"records":0,"last_ns":1,"last_seconds_ago":0.5}]}"#,
    );
    same::<samplicator::Replayed>(r#"{"receivers":["C"]}"#);
}

#[test]
fn refusals() {
    same::<api::Errors>(
        r#"{"errors":[{"message":"m","code":"unknown-word","line":1,"column":2,"length":3,"hint":"h"},
            {"message":"m","code":"overlap","path":["flow","sampler"]},
            {"message":"m","code":"not-found","hint":"h","subject":["M"]}]}"#,
    );
    let newer = r#"{"errors":[{"message":"m","code":"of-a-newer-release","more":1}]}"#;
    let errors: api::Errors = serde_json::from_str(newer).unwrap();
    assert_eq!(errors.errors[0].code, api::Code::Invalid);
}
