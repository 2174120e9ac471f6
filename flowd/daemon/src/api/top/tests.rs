use serde_json::json;

use super::*;

fn cache() -> CacheFlows {
    let field = |name: &str, key: bool| json!({"words": name, "name": name, "column": name, "label": name, "width": 5, "kind": "number", "key": key});
    let flow = |port: u16, flows: u64, packets: u64, octets: u64| {
        json!({"sourceTransportPort": port, "deltaFlowCount": flows, "packetDeltaCount": packets,
            "octetDeltaCount": octets})
    };
    let mut answer = json!({"monitor": "M", "sampling_rate": 100, "total": 9, "shown": 2, "next": null,
        "fields": [field("sourceTransportPort", true), field("octetDeltaCount", false)],
        "flows": [flow(53, 7, 70, 7000), flow(443, 1, 30, 2000)]});
    answer["cache"] = json!({"type": "normal", "bidirectional": false, "size": 1, "octets": 1, "entries": 9,
        "high_watermark": 9, "added": 9, "aged_total": 0, "aged": {"active": 0, "inactive": 0, "event": 0,
        "watermark": 0, "emergency": 0, "forced": 0}, "statistics": null, "updates": 0, "update_timeout": null,
        "active_timeout": 1, "inactive_timeout": 1, "timeouts": {"tcp-generic": 1, "tcp-fin": 1, "tcp-rst": 1,
        "udp": 1, "icmp": 1, "flow-generic": 1, "expiry-interval": 1}});
    serde_json::from_value(answer).unwrap()
}

#[test]
fn shares_are_of_everything_and_numbers_of_sampled_packets_are_scaled() {
    let total = RecordTally {
        records: 10,
        packets: 200,
        octets: 10_000,
    };
    let start = clock::monotonic();
    let mut first = Reading::new(start);
    let mut top = |scale: u64, by: TopMeasure| {
        let mut counted = Counted {
            reading: &mut first,
            before: None,
            scale,
        };
        counted.top(cache(), by, total, (400, 20_000))
    };
    let raw = top(1, TopMeasure::Flows);
    assert_eq!(
        (raw.scaled, raw.flows, raw.total.octets),
        (false, 10, 10_000)
    );
    assert_eq!((raw.rows[0].rate.octets, raw.rows[0].share), (7000, 0.7));
    assert_eq!(raw.fields.len(), 1);
    let scaled = top(100, TopMeasure::Packets);
    assert_eq!((scaled.scaled, scaled.total.octets), (true, 1_000_000));
    let row = &scaled.rows[1];
    assert_eq!((row.flows, row.rate.packets, row.share), (1, 3000, 0.15));
    assert_eq!(scaled.total.octets_per_second, None);
    assert_eq!(
        row.key
            .get("sourceTransportPort")
            .and_then(FlowValue::number),
        Some(443)
    );
    assert!(row.key.get("octetDeltaCount").is_none());

    let mut second = Reading::new(start + std::time::Duration::from_secs(10));
    let mut counted = Counted {
        reading: &mut second,
        before: Some(&first),
        scale: 100,
    };
    let later = counted.top(cache(), TopMeasure::Bytes, total, (900, 30_000));
    assert_eq!(later.total.octets_per_second, Some(100_000.0));
    assert_eq!(later.rows[0].rate.octets_per_second, Some(0.0));
    assert_eq!(later.rows[1].share, 0.2);
}
