//! A frame of `monitor flow-accounting`.

use serde_json::Value as Json;

use super::accounting::address;
use super::samplicator::{bits, rate};
use super::{Column, Page, plain, protocol, table, thousands};

/// Something that is counted, and how fast.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Moved {
    /// The API's object.
    pub(crate) object: Json,
    pub(crate) packets: u64,
    pub(crate) octets: u64,
    /// A second; `None`: not known yet.
    pub(crate) packets_s: Option<f64>,
    pub(crate) octets_s: Option<f64>,
}

impl Eq for Moved {}

impl Moved {
    pub(crate) fn new(
        object: Json,
        (packets, octets): (u64, u64),
        (packets_s, octets_s): (Option<f64>, Option<f64>),
    ) -> Moved {
        Moved {
            object,
            packets,
            octets,
            packets_s,
            octets_s,
        }
    }
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
    pub(crate) totals: &'a [Moved],
    /// The flows, in any order.
    pub(crate) rows: &'a [Moved],
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
            plain(&interface.object["interface"]),
            thousands(&interface.object["deltaFlowCount"]),
            rate(&interface.packets_s.into()),
            bits(&interface.octets_s.map(|octets| octets * 8.0).into()),
        ));
    }
    let mut rows: Vec<&Moved> = frame.rows.iter().collect();
    let value = |row: &Moved| match frame.order {
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
                plain(&flow["sourceTransportPort"]),
                plain(&flow["destinationTransportPort"]),
                protocol(&flow["protocolIdentifier"]),
                rate(&row.packets_s.into()),
                bits(&row.octets_s.map(|octets| octets * 8.0).into()),
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
