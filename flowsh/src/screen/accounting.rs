//! `show flow-accounting`, VyOS 1.1's layout.

use api::flow::{AccountedInterface, Accounting, Flow, FlowValue};

use super::{Column, Page, View, grouped, known, plain, protocol, sampled, shown, table};

/// The table of each interface with its totals.
pub(crate) fn accounting(answer: &Accounting, view: &View) -> String {
    if answer.interfaces.is_empty() {
        return "flow-accounting is not running\n".into();
    }
    let mut page = Page::default();
    for (i, interface) in answer.interfaces.iter().enumerate() {
        if i > 0 {
            page.line("");
        }
        one(&mut page, interface, view);
    }
    page.0
}

fn one(page: &mut Page, interface: &AccountedInterface, view: &View) {
    page.line(format!(
        "flow-accounting for [{}]",
        plain(&interface.interface)
    ));
    let columns = vec![
        Column::left("Src Addr", 15),
        Column::left("Dst Addr", 15),
        Column::left("Sport", 5),
        Column::left("Dport", 5),
        Column::right("Proto", 5),
        Column::right("Packets", 10),
        Column::right("Bytes", 10),
        Column::right("Flows", 7),
    ];
    let rows: Vec<Vec<String>> = interface
        .flows
        .iter()
        .map(|flow| {
            vec![
                address(flow, "source"),
                address(flow, "destination"),
                shown(flow.get("sourceTransportPort")),
                shown(flow.get("destinationTransportPort")),
                protocol(flow.get("protocolIdentifier")),
                shown(flow.get("packetDeltaCount")),
                shown(flow.get("octetDeltaCount")),
                known(flow, "deltaFlowCount")
                    .map_or_else(|| "1".into(), |flows| shown(Some(flows))),
            ]
        })
        .collect();
    table(page, columns, 1, None, &rows, view);
    page.line("");
    let few = interface.flows.len() as u64;
    if few < interface.entries {
        page.line(shown_part(interface, few));
    }
    if let Some(line) = sampled(interface.sampling_rate, interface.scaled) {
        page.line(line);
    }
    page.line(format!("Total entries: {}", grouped(interface.entries)));
    page.line(format!("Total flows  : {}", grouped(interface.total_flows)));
    page.line(format!(
        "Total pkts   : {}",
        grouped(interface.total_packets)
    ));
    page.line(format!(
        "Total bytes  : {}",
        grouped(interface.total_octets)
    ));
}

/// Says how much of everything the flows are that are shown.
fn shown_part(interface: &AccountedInterface, few: u64) -> String {
    let octets = interface.flows.iter().map(|flow| {
        let octets = flow.get("octetDeltaCount").and_then(FlowValue::number);
        octets.unwrap_or_default() as f64
    });
    let share = octets.sum::<f64>() / (interface.total_octets.max(1)) as f64;
    format!(
        "Shown are {} of {} flows, with {:.1} % of the bytes.",
        grouped(few),
        grouped(interface.entries),
        share.min(1.0) * 100.0
    )
}

/// The address of either family.
pub(super) fn address(flow: &Flow, side: &str) -> String {
    let either = known(flow, &format!("{side}IPv4Address"))
        .or_else(|| known(flow, &format!("{side}IPv6Address")));
    shown(either)
}
