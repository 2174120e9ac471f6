//! `show flow monitor`, `record`, `interface` and `sampler`, Cisco's layout.

use serde_json::Value as Json;

use super::{Page, list, plain, some};

/// The flow monitors.
pub(crate) fn monitors(answer: &Json) -> String {
    let mut page = Page::default();
    for monitor in list(answer, "monitors") {
        let cache = match &monitor["cache"] {
            Json::Null => monitor,
            cache => cache,
        };
        page.line(format!("Flow Monitor {}:", plain(&monitor["name"])));
        page.pair(2, "Description:", 21, plain(&monitor["description"]));
        page.pair(2, "Flow Record:", 21, plain(&monitor["record"]));
        let mut label = "Flow Exporter:";
        for exporter in list(monitor, "exporters") {
            let name = match exporter {
                Json::Object(_) => &exporter["name"],
                name => name,
            };
            page.pair(2, label, 21, plain(name));
            label = "";
        }
        page.line("  Cache:");
        page.pair(
            4,
            "Type:",
            26,
            plain(some(cache, "type").unwrap_or(&monitor["cache_type"])),
        );
        if cache["bidirectional"] == true {
            page.pair(4, "Bidirectional:", 26, "yes");
        }
        page.pair(
            4,
            "Status:",
            26,
            some(monitor, "status").map_or_else(|| "allocated".into(), plain),
        );
        let size = plain(some(cache, "size").unwrap_or(&monitor["cache_size"]));
        let octets = some(cache, "octets")
            .map(|octets| format!(" / {} bytes", plain(octets)))
            .unwrap_or_default();
        page.pair(4, "Size:", 26, format!("{size} entries{octets}"));
        page.pair(
            4,
            "Inactive Timeout:",
            26,
            format!("{} secs", plain(&cache["inactive_timeout"])),
        );
        page.pair(
            4,
            "Active Timeout:",
            26,
            format!("{} secs", plain(&cache["active_timeout"])),
        );
        if let Some(seconds) = some(cache, "update_timeout") {
            page.pair(4, "Update Timeout:", 26, format!("{} secs", plain(seconds)));
        }
        page.line("");
    }
    page.0
}

/// The flow records and their fields.
pub(crate) fn records(answer: &Json) -> String {
    let mut page = Page::default();
    for record in list(answer, "records") {
        page.line(format!("flow record {}:", plain(&record["name"])));
        page.pair(2, "Description:", 22, plain(&record["description"]));
        page.pair(2, "No. of users:", 22, plain(&record["users"]));
        if let Some(octets) = some(record, "total_field_space") {
            page.pair(
                2,
                "Total field space:",
                22,
                format!("{} bytes", plain(octets)),
            );
        }
        page.line("  Fields:");
        for field in list(record, "fields") {
            let word = if field["match"].as_bool() == Some(true) {
                "match"
            } else {
                "collect"
            };
            page.line(format!("    {word} {}", plain(&field["words"])));
        }
        page.line("");
    }
    page.0
}

/// Interfaces and the monitors they have.
pub(crate) fn flow_interfaces(answer: &Json) -> String {
    let mut page = Page::default();
    for interface in list(answer, "interfaces") {
        page.line(format!("Interface {}", plain(&interface["interface"])));
        for monitor in list(interface, "monitors") {
            let directions: &[&str] = match monitor["direction"].as_str() {
                Some("both") => &["Input", "Output"],
                Some("output") => &["Output"],
                _ => &["Input"],
            };
            let families: Vec<String> = list(monitor, "families").iter().map(plain).collect();
            let families = if families.is_empty() {
                "ip".to_owned()
            } else {
                families.join(", ")
            };
            for direction in directions {
                page.pair(2, "FNF:  monitor:", 26, plain(&monitor["monitor"]));
                page.pair(8, "direction:", 26, direction);
                page.pair(8, &format!("traffic({families}):"), 26, "on");
                if let Some(sampler) = some(monitor, "sampler") {
                    page.pair(8, "sampler:", 26, plain(sampler));
                }
            }
        }
        let tunnels: Vec<String> = list(interface, "decapsulate").iter().map(plain).collect();
        if !tunnels.is_empty() {
            page.pair(2, "Decapsulate:", 26, tunnels.join(", "));
        }
        for ring in list(interface, "threads") {
            if ring["state"].as_str().is_some_and(|state| state != "up") {
                let why = some(ring, "reason")
                    .map(|why| format!(": {}", plain(why)))
                    .unwrap_or_default();
                page.pair(2, "Capture:", 26, format!("{}{why}", plain(&ring["state"])));
            } else {
                let (captured, dropped) = (plain(&ring["captured"]), plain(&ring["dropped"]));
                page.pair(
                    2,
                    "Capture:",
                    26,
                    format!("{captured} packets, {dropped} dropped"),
                );
                if let Some(tunnels) = some(ring, "tunnels") {
                    let (entered, unread) = (plain(&tunnels["entered"]), plain(&tunnels["unread"]));
                    let text = format!("{entered} packets entered, {unread} unread");
                    page.pair(2, "Tunnels:", 26, text);
                }
                if let Some(fragments) = some(ring, "fragments") {
                    let count = |name| plain(&fragments[name]);
                    let text = format!(
                        "{} given ports, {} unknown, {} forgotten",
                        count("given"),
                        count("unknown"),
                        count("forgotten")
                    );
                    page.pair(2, "Fragments:", 26, text);
                }
            }
        }
        page.line("");
    }
    page.0
}

/// The samplers.
pub(crate) fn samplers(answer: &Json) -> String {
    let mut page = Page::default();
    for sampler in list(answer, "samplers") {
        page.line(format!("Sampler {}:", plain(&sampler["name"])));
        if let Some(id) = some(sampler, "id") {
            page.pair(2, "ID:", 18, plain(id));
        }
        page.pair(2, "Type:", 18, plain(&sampler["mode"]));
        page.pair(
            2,
            "Rate:",
            18,
            format!("1 out of {}", plain(&sampler["rate"])),
        );
        page.pair(2, "Users:", 18, plain(&sampler["users"]));
        page.line("");
    }
    page.0
}
