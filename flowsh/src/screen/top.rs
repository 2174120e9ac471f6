//! A frame of `monitor flow-accounting`.

use api::flow::Flow;

use super::accounting::address;
use super::samplicator::{bits, rate};
use super::{Column, Page, grouped, plain, protocol, shown, table};

/// Something that is counted, and how fast.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Moved<T> {
    /// What is counted.
    pub(crate) object: T,
    pub(crate) packets: u64,
    pub(crate) octets: u64,
    /// Packets a second; `None`: not known yet.
    pub(crate) packets_s: Option<f64>,
    /// Octets a second; `None`: not known yet.
    pub(crate) octets_s: Option<f64>,
}

impl<T: Eq> Eq for Moved<T> {}

impl<T> Moved<T> {
    pub(crate) fn new(
        object: T,
        (packets, octets): (u64, u64),
        (packets_s, octets_s): (Option<f64>, Option<f64>),
    ) -> Moved<T> {
        Moved {
            object,
            packets,
            octets,
            packets_s,
            octets_s,
        }
    }
}

/// An interface with the number of its flows in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InterfaceFlows {
    pub(crate) interface: String,
    pub(crate) flows: u64,
}

/// What comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TopOrder {
    /// Bits a second.
    #[default]
    Bits,
    /// Packets a second.
    Packets,
    /// Octets of the whole flow.
    Total,
}

impl TopOrder {
    /// The order that a key stands for.
    pub(crate) fn of_key(key: char) -> Option<TopOrder> {
        match key {
            'b' => Some(TopOrder::Bits),
            'p' => Some(TopOrder::Packets),
            't' => Some(TopOrder::Total),
            _ => None,
        }
    }
}

/// What a frame shows.
pub(crate) struct TopFrame<'a> {
    /// The interfaces.
    pub(crate) totals: &'a [Moved<InterfaceFlows>],
    /// The flows, in any order.
    pub(crate) rows: &'a [Moved<Flow>],
    /// Flows to show.
    pub(crate) most: usize,
    pub(crate) order: TopOrder,
    /// With the line about the keys.
    pub(crate) screen: bool,
}

/// The interfaces, and the flows that move most.
pub(crate) fn top(frame: &TopFrame<'_>) -> String {
    let mut page = Page::default();
    for interface in frame.totals {
        page.line(format!(
            "flow-accounting for [{}]: {} flows, {} packets/s, {}",
            plain(&interface.object.interface),
            grouped(interface.object.flows),
            rate(interface.packets_s),
            bits(interface.octets_s.map(|octets| octets * 8.0)),
        ));
    }
    let mut rows: Vec<&Moved<Flow>> = frame.rows.iter().collect();
    let value = |row: &Moved<Flow>| match frame.order {
        TopOrder::Bits => row.octets_s.unwrap_or_default(),
        TopOrder::Packets => row.packets_s.unwrap_or_default(),
        TopOrder::Total => row.octets as f64,
    };
    rows.sort_by(|a, b| value(b).total_cmp(&value(a)).then(b.octets.cmp(&a.octets)));
    rows.truncate(frame.most);
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
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let flow = &row.object;
            vec![
                address(flow, "source"),
                address(flow, "destination"),
                shown(flow.get("sourceTransportPort")),
                shown(flow.get("destinationTransportPort")),
                protocol(flow.get("protocolIdentifier")),
                rate(row.packets_s),
                bits(row.octets_s.map(|octets| octets * 8.0)),
                row.packets.to_string(),
                row.octets.to_string(),
            ]
        })
        .collect();
    table(&mut page, columns, 1, None, &cells);
    if frame.screen {
        let here = |order: TopOrder| if order == frame.order { "*" } else { "" };
        page.line("");
        page.line(format!(
            "sorted by: b bits/s{}, p packets/s{}, t total bytes{}; q leaves",
            here(TopOrder::Bits),
            here(TopOrder::Packets),
            here(TopOrder::Total)
        ));
    }
    page.0
}
