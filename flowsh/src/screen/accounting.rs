//! `show flow-accounting`, VyOS 1.1's layout.

use serde_json::Value as Json;

use super::{Column, Page, list, plain, protocol, some, table, thousands};

/// The table of each interface with its totals.
pub(crate) fn accounting(answer: &Json) -> String {
    let interfaces = list(answer, "interfaces");
    if interfaces.is_empty() {
        return "flow-accounting is not running\n".into();
    }
    let mut page = Page::default();
    for (i, interface) in interfaces.iter().enumerate() {
        if i > 0 {
            page.line("");
        }
        one(&mut page, interface);
    }
    page.0
}

fn one(page: &mut Page, interface: &Json) {
    page.line(format!(
        "flow-accounting for [{}]",
        plain(&interface["interface"])
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
    let rows: Vec<Vec<String>> = list(interface, "flows")
        .iter()
        .map(|flow| {
            vec![
                address(flow, "source"),
                address(flow, "destination"),
                plain(&flow["sourceTransportPort"]),
                plain(&flow["destinationTransportPort"]),
                protocol(&flow["protocolIdentifier"]),
                plain(&flow["packetDeltaCount"]),
                plain(&flow["octetDeltaCount"]),
                some(flow, "deltaFlowCount").map_or_else(|| "1".into(), plain),
            ]
        })
        .collect();
    table(page, columns, 1, None, &rows);
    page.line("");
    page.line(format!(
        "Total entries: {}",
        thousands(&interface["entries"])
    ));
    page.line(format!(
        "Total flows  : {}",
        thousands(&interface["total_flows"])
    ));
    page.line(format!(
        "Total pkts   : {}",
        thousands(&interface["total_packets"])
    ));
    page.line(format!(
        "Total bytes  : {}",
        thousands(&interface["total_octets"])
    ));
}

/// The address of either family.
pub(super) fn address(flow: &Json, side: &str) -> String {
    let either = some(flow, &format!("{side}IPv4Address"))
        .or_else(|| some(flow, &format!("{side}IPv6Address")));
    either.map_or_else(|| "-".into(), plain)
}
