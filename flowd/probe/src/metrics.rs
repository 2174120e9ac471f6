//! What the probe measures beside its ledger: caches, capture rings and exporters.

use api::flow::{ExporterState, Exporters, MeteredInterfaces, Monitors, RingState};
use service::metric::{Family, Labels};

/// Makes metrics of what the management API answers.
pub(crate) fn families(
    monitors: &Monitors,
    interfaces: &MeteredInterfaces,
    exporters: &Exporters,
) -> Vec<Family> {
    let mut all = caches(monitors);
    all.extend(rings(interfaces));
    all.extend(sockets(exporters));
    all
}

fn caches(monitors: &Monitors) -> Vec<Family> {
    let mut flows = Family::gauge("flowd_cache_flows", "Flows in the cache of a flow monitor");
    let mut size = Family::gauge(
        "flowd_cache_size_flows",
        "Most flows that the cache can have",
    );
    let mut memory = Family::gauge("flowd_cache_memory_bytes", "Memory of the cache");
    let mut peak = Family::gauge(
        "flowd_cache_peak_flows",
        "Most flows that were in the cache at once",
    );
    let mut added = Family::counter("flowd_cache_added_flows", "Flows that began");
    let mut aged = Family::counter("flowd_cache_aged_flows", "Flows that ended, by cause");
    for one in &monitors.monitors {
        let (monitor, cache) = (Labels::of(&[("monitor", one.name.as_str())]), &one.cache);
        flows.add(&monitor, cache.entries);
        size.add(&monitor, cache.size);
        memory.add(&monitor, cache.octets);
        peak.add(&monitor, cache.high_watermark);
        added.add(&monitor, cache.added);
        for (cause, number) in [
            ("active", cache.aged.active),
            ("inactive", cache.aged.inactive),
            ("event", cache.aged.event),
            ("watermark", cache.aged.watermark),
            ("emergency", cache.aged.emergency),
            ("forced", cache.aged.forced),
        ] {
            aged.add(&monitor.and("cause", cause), number);
        }
    }
    vec![flows, size, memory, peak, added, aged]
}

fn rings(interfaces: &MeteredInterfaces) -> Vec<Family> {
    let mut up = Family::gauge(
        "flowd_capture_up",
        "Whether packets of an interface are captured by every thread",
    );
    let mut captured = Family::counter(
        "flowd_capture_captured_packets",
        "Packets that the kernel had for the capture rings",
    );
    let mut delivered = Family::counter(
        "flowd_capture_delivered_packets",
        "Packets that were read from the rings",
    );
    let mut dropped = Family::counter(
        "flowd_capture_dropped_packets",
        "Packets that the rings had no room for",
    );
    for one in &interfaces.interfaces {
        let interface = Labels::of(&[("interface", one.interface.as_str())]);
        let threads = one.threads.iter();
        up.add(
            &interface,
            threads.clone().all(|ring| ring.state == RingState::Up),
        );
        captured.add(
            &interface,
            threads.clone().map(|ring| ring.captured).sum::<u64>(),
        );
        delivered.add(
            &interface,
            threads.clone().map(|ring| ring.delivered).sum::<u64>(),
        );
        dropped.add(&interface, threads.map(|ring| ring.dropped).sum::<u64>());
    }
    vec![up, captured, delivered, dropped]
}

fn sockets(exporters: &Exporters) -> Vec<Family> {
    let mut up = Family::gauge(
        "flowd_exporter_up",
        "Whether the collector takes an exporter's datagrams, as far as is known; 1 for one that is not used",
    );
    let mut datagrams = Family::counter(
        "flowd_exporter_datagrams",
        "Datagrams that were sent since the counters were cleared",
    );
    let mut octets = Family::counter(
        "flowd_exporter_datagram_bytes",
        "UDP payload that was sent since the counters were cleared",
    );
    let mut refused = Family::counter(
        "flowd_exporter_refused_datagrams",
        "Sent datagrams that the collector's host or a router refused",
    );
    let mut failed = Family::counter(
        "flowd_exporter_failed_datagrams",
        "Datagrams that could not be sent, by reason",
    );
    for one in &exporters.exporters {
        let exporter = Labels::of(&[("exporter", one.name.as_str())]);
        if let Some(state) = one.state {
            up.add(
                &exporter,
                matches!(state, ExporterState::Up | ExporterState::Unused),
            );
        }
        let Some(statistics) = &one.statistics else {
            continue;
        };
        datagrams.add(&exporter, statistics.datagrams);
        octets.add(&exporter, statistics.octets);
        refused.add(&exporter, statistics.refused.datagrams);
        for (reason, tally) in statistics.failures.iter() {
            failed.add(&exporter.and("reason", reason), tally.datagrams);
        }
    }
    vec![up, datagrams, octets, refused, failed]
}
