//! `test flow path`: which way a flow would take.

use serde_json::Value as Json;

use super::{Page, list, plain, protocol, some};

/// In, out, and the monitors and exporters on its way.
pub(crate) fn path(answer: &Json) -> String {
    let mut page = Page::default();
    let end = |address: &str, port: &str| match answer[port].as_u64() {
        Some(port @ 1..) => format!("{} port {port}", plain(&answer[address])),
        _ => plain(&answer[address]),
    };
    page.line(format!(
        "Flow {} -> {}, {}",
        end("source", "source_port"),
        end("destination", "destination_port"),
        protocol(&answer["protocol"])
    ));
    let assumed = answer["input_assumed"] == true;
    let input = match some(answer, "input") {
        None => "nowhere: it is this host's own".to_owned(),
        Some(input) if assumed => format!(
            "{}, where the route to {} leads",
            plain(input),
            plain(&answer["source"])
        ),
        Some(input) => plain(input),
    };
    page.pair(2, "In:", 9, input);
    page.pair(2, "Out:", 9, out(&answer["route"]));
    let monitors = list(answer, "monitors");
    for monitor in monitors {
        one(&mut page, monitor);
    }
    match monitors.len() {
        0 => page.line("  No flow monitor sees it."),
        1 => {}
        times => page.line(format!("  It is metered {times} times.")),
    }
    page.0
}

fn out(route: &Json) -> String {
    let by = match some(route, "prefix") {
        Some(prefix) => format!(" by the route {}", plain(prefix)),
        None => String::new(),
    };
    match (route["kind"].as_str(), some(route, "next_hop")) {
        (Some("forward"), Some(hop)) => {
            format!("{} to {}{by}", plain(&route["output"]), plain(hop))
        }
        (Some("forward"), None) => format!("{}, on the link,{by}", plain(&route["output"])),
        (Some("local"), _) => format!("to this host{by}"),
        (Some("discard"), _) => format!("nowhere: discarded{by}"),
        _ => "nowhere: there is no route".to_owned(),
    }
}

fn one(page: &mut Page, monitor: &Json) {
    let mut line = format!(
        "  Flow monitor {} on {} {}, record {}",
        plain(&monitor["monitor"]),
        plain(&monitor["interface"]),
        plain(&monitor["direction"]),
        plain(&monitor["record"])
    );
    if let Some(sampler) = some(monitor, "sampler") {
        line += &format!(
            ", one packet out of {} (sampler {})",
            plain(&sampler["rate"]),
            plain(&sampler["name"])
        );
    }
    page.line(line);
    if let Some(filter) = some(monitor, "filter") {
        page.line(format!(
            "    If the capture filter lets it pass: {}",
            plain(filter)
        ));
    }
    let exporters = list(monitor, "exporters");
    for exporter in exporters {
        let but = match exporter["carries"].as_bool() {
            Some(false) => ", which cannot carry IPv6: dropped and counted",
            _ => "",
        };
        page.line(format!(
            "    Flow exporter {}: {} to {} port {}{but}",
            plain(&exporter["name"]),
            plain(&exporter["protocol"]),
            plain(&exporter["destination"]),
            plain(&exporter["port"])
        ));
    }
    if exporters.is_empty() {
        page.line("    No exporter: its flows are shown, not sent.");
    }
}
