//! `test flow path`: which way a flow would take.

use std::net::IpAddr;

use api::flow::{FlowPath, FlowRoute, PathMonitor, RouteKind};

use super::{Page, given, plain, protocol_name};

/// Where the flow comes in and goes out, and the monitors and exporters on its way.
pub(crate) fn path(answer: &FlowPath) -> String {
    let mut page = Page::default();
    let end = |address: IpAddr, port: u16| match port {
        0 => address.to_string(),
        port => format!("{address} port {port}"),
    };
    page.line(format!(
        "Flow {} -> {}, {}",
        end(answer.source, answer.source_port),
        end(answer.destination, answer.destination_port),
        protocol_name(answer.protocol.into())
    ));
    let input = match &answer.input {
        None => "none: the flow starts at this host".to_owned(),
        Some(input) if answer.input_assumed => {
            format!(
                "{}, where the route to {} leads",
                plain(input),
                answer.source
            )
        }
        Some(input) => plain(input),
    };
    page.pair(2, "In:", 9, input);
    page.pair(2, "Out:", 9, out(&answer.route));
    for monitor in &answer.monitors {
        one(&mut page, monitor);
    }
    match answer.monitors.len() {
        0 => page.line("  No flow monitor sees it."),
        1 => {}
        times => page.line(format!("  It is metered {times} times.")),
    }
    page.0
}

fn out(route: &FlowRoute) -> String {
    let by = match &route.prefix {
        Some(prefix) => format!(" by the route {}", plain(prefix)),
        None => String::new(),
    };
    let output = given(route.output.as_deref());
    match (route.kind, route.next_hop) {
        (RouteKind::Forward, Some(hop)) => format!("{output} to {hop}{by}"),
        (RouteKind::Forward, None) => format!("{output}, on the link,{by}"),
        (RouteKind::Local, _) => format!("to this host{by}"),
        (RouteKind::Discard, _) => format!("nowhere: discarded{by}"),
        (RouteKind::None, _) => "nowhere: there is no route".to_owned(),
    }
}

fn one(page: &mut Page, monitor: &PathMonitor) {
    let mut line = format!(
        "  Flow monitor {} on {} {}, record {}",
        plain(&monitor.monitor),
        plain(&monitor.interface),
        monitor.direction,
        plain(&monitor.record)
    );
    if let Some(sampler) = &monitor.sampler {
        line += &format!(
            ", one packet out of {} (sampler {})",
            sampler.rate,
            plain(&sampler.name)
        );
    }
    page.line(line);
    if let Some(filter) = &monitor.filter {
        page.line(format!(
            "    If the capture filter lets it pass: {}",
            plain(filter)
        ));
    }
    for exporter in &monitor.exporters {
        let but = match exporter.carries {
            false => ", which cannot carry IPv6: dropped and counted",
            true => "",
        };
        page.line(format!(
            "    Flow exporter {}: {} to {} port {}{but}",
            plain(&exporter.name),
            plain(&exporter.protocol),
            plain(&exporter.destination),
            exporter.port
        ));
    }
    if monitor.exporters.is_empty() {
        page.line("    No exporter: its flows are not exported.");
    }
}
