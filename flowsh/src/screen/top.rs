//! A frame of `monitor flow-accounting`.

use api::flow::{AccountingRates, RateOrder};

use super::accounting::address;
use super::samplicator::{bits, rate};
use super::{Column, Page, View, grouped, plain, protocol, sampled, shown, table};

/// The interfaces, and the flows that move most. `keys` is the order that is marked in the line about the keys; `None`
/// where there is no such line.
pub(crate) fn top(answer: &AccountingRates, keys: Option<RateOrder>, view: &View) -> String {
    let mut page = Page::default();
    for interface in &answer.interfaces {
        page.line(format!(
            "flow-accounting for [{}]: {} flows, {} packets/s, {}",
            plain(&interface.interface),
            grouped(interface.flows),
            rate(interface.rate.packets_per_second),
            bits(interface.rate.octets_per_second.map(|octets| octets * 8.0)),
        ));
        if let Some(line) = sampled(interface.sampling_rate, true) {
            page.line(line);
        }
    }
    let columns = vec![
        Column::left("Src Addr", 15),
        Column::left("Dst Addr", 15),
        Column::left("Sport", 5),
        Column::left("Dport", 5),
        Column::right("Proto", 5),
        Column::right("Packets/s", 10),
        Column::right("Bits/s", 13),
        Column::right("Packets", 10),
        Column::right("Bytes", 12),
    ];
    let cells: Vec<Vec<String>> = answer
        .flows
        .iter()
        .map(|row| {
            let flow = &row.flow;
            vec![
                address(flow, "source"),
                address(flow, "destination"),
                shown(flow.get("sourceTransportPort")),
                shown(flow.get("destinationTransportPort")),
                protocol(flow.get("protocolIdentifier")),
                rate(row.rate.packets_per_second),
                bits(row.rate.octets_per_second.map(|octets| octets * 8.0)),
                row.rate.packets.to_string(),
                row.rate.octets.to_string(),
            ]
        })
        .collect();
    table(&mut page, columns, 1, None, &cells, view);
    if let Some(keys) = keys {
        let here = |order: RateOrder| if order == keys { "*" } else { "" };
        page.line("");
        page.line(format!(
            "sorted by: b bits/s{}, p packets/s{}, t total bytes{}; q leaves",
            here(RateOrder::Bits),
            here(RateOrder::Packets),
            here(RateOrder::Total)
        ));
    }
    page.0
}
