//! `show flow monitor`, `record`, `interface` and `sampler`, Cisco's layout.

use api::flow::{Direction, MeteredInterfaces, Monitors, Records, Ring, RingState, Samplers};

use super::{Page, plain, sampled};

/// The flow monitors.
pub(crate) fn monitors(answer: &Monitors) -> String {
    let mut page = Page::default();
    for monitor in &answer.monitors {
        let cache = &monitor.cache;
        page.line(format!("Flow Monitor {}:", plain(&monitor.name)));
        page.pair(2, "Description:", 21, plain(&monitor.description));
        page.pair(2, "Flow Record:", 21, plain(&monitor.record));
        let mut label = "Flow Exporter:";
        for exporter in &monitor.exporters {
            page.pair(2, label, 21, plain(exporter));
            label = "";
        }
        if let Some(line) = sampled(monitor.sampling_rate, false) {
            page.line(format!("  {line}"));
        }
        page.line("  Cache:");
        page.pair(4, "Type:", 26, cache.cache_type.word());
        if cache.bidirectional {
            page.pair(4, "Bidirectional:", 26, "yes");
        }
        page.pair(4, "Status:", 26, monitor.status.word());
        let size = match cache.parts {
            0 | 1 => cache.size.to_string(),
            parts => format!("{parts} × {}", cache.size / parts),
        };
        let size = format!("{size} entries / {} bytes", cache.octets);
        page.pair(4, "Size:", 26, size);
        let mut seconds = |label: &str, seconds: u64| {
            page.pair(4, label, 26, format!("{seconds} secs"));
        };
        seconds("Inactive Timeout:", cache.inactive_timeout);
        seconds("Active Timeout:", cache.active_timeout);
        if let Some(update_timeout) = cache.update_timeout {
            seconds("Update Timeout:", update_timeout);
        }
        page.line("");
    }
    page.0
}

/// The flow records and their fields.
pub(crate) fn records(answer: &Records) -> String {
    let mut page = Page::default();
    for record in &answer.records {
        page.line(format!("flow record {}:", plain(&record.name)));
        page.pair(2, "Description:", 22, plain(&record.description));
        page.pair(2, "No. of users:", 22, record.users.to_string());
        let space = format!("{} bytes", record.total_field_space);
        page.pair(2, "Total field space:", 22, space);
        page.line("  Fields:");
        for field in &record.fields {
            let word = if field.is_key { "match" } else { "collect" };
            page.line(format!("    {word} {}", plain(&field.words)));
        }
        page.line("");
    }
    page.0
}

/// Interfaces and the monitors they have.
pub(crate) fn flow_interfaces(answer: &MeteredInterfaces) -> String {
    let mut page = Page::default();
    for interface in &answer.interfaces {
        page.line(format!("Interface {}", plain(&interface.interface)));
        for monitor in &interface.monitors {
            let directions: &[&str] = match monitor.direction {
                Direction::Both => &["Input", "Output"],
                Direction::Output => &["Output"],
                Direction::Input => &["Input"],
            };
            let families: Vec<&str> = monitor.families.iter().map(|one| one.word()).collect();
            let families = match families.is_empty() {
                true => "ip".to_owned(),
                false => families.join(", "),
            };
            for direction in directions {
                page.pair(2, "FNF:  monitor:", 26, plain(&monitor.monitor));
                page.pair(8, "direction:", 26, direction);
                page.pair(8, &format!("traffic({families}):"), 26, "on");
                if let Some(sampler) = &monitor.sampler {
                    page.pair(8, "sampler:", 26, plain(sampler));
                }
            }
        }
        if !interface.decapsulate.is_empty() {
            let tunnels = plain(&interface.decapsulate.join(", "));
            page.pair(2, "Decapsulate:", 26, tunnels);
        }
        for ring in &interface.threads {
            capture(&mut page, ring);
        }
        page.line("");
    }
    page.0
}

fn capture(page: &mut Page, ring: &Ring) {
    if ring.state == RingState::Down {
        let why = match &ring.reason {
            Some(why) => format!(": {}", plain(why)),
            None => String::new(),
        };
        page.pair(2, "Capture:", 26, format!("{}{why}", ring.state));
        return;
    }
    let counts = format!("{} packets, {} dropped", ring.captured, ring.dropped);
    page.pair(2, "Capture:", 26, counts);
    if let Some(tunnels) = ring.tunnels {
        let (entered, unread) = (tunnels.entered, tunnels.unread);
        let text = format!("{entered} packets entered, {unread} unread");
        page.pair(2, "Tunnels:", 26, text);
    }
    if let Some(fragments) = ring.fragments {
        let text = format!(
            "{} given ports, {} unknown, {} forgotten",
            fragments.given, fragments.unknown, fragments.forgotten
        );
        page.pair(2, "Fragments:", 26, text);
    }
}

/// The samplers.
pub(crate) fn samplers(answer: &Samplers) -> String {
    let mut page = Page::default();
    for sampler in &answer.samplers {
        page.line(format!("Sampler {}:", plain(&sampler.name)));
        if let Some(id) = sampler.id {
            page.pair(2, "ID:", 18, id.to_string());
        }
        page.pair(2, "Type:", 18, sampler.mode.word());
        page.pair(2, "Rate:", 18, format!("1 out of {}", sampler.rate));
        page.pair(2, "Users:", 18, sampler.users.to_string());
        page.line("");
    }
    page.0
}
