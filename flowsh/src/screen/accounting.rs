//! `show flow-accounting`, VyOS 1.1's layout.

use api::flow::{AccountedInterface, Accounting, Flow};

use super::{Column, Page, grouped, known, plain, protocol, shown, table};

/// The table of each interface with its totals.
pub(crate) fn accounting(answer: &Accounting) -> String {
    if answer.interfaces.is_empty() {
        return "flow-accounting is not running\n".into();
    }
    let mut page = Page::default();
    for (i, interface) in answer.interfaces.iter().enumerate() {
        if i > 0 {
            page.line("");
        }
        one(&mut page, interface);
    }
    page.0
}

fn one(page: &mut Page, interface: &AccountedInterface) {
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
    table(page, columns, 1, None, &rows);
    page.line("");
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

/// The address of either family.
pub(super) fn address(flow: &Flow, side: &str) -> String {
    let either = known(flow, &format!("{side}IPv4Address"))
        .or_else(|| known(flow, &format!("{side}IPv6Address")));
    shown(either)
}
