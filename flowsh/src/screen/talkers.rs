//! `show flow monitor NAME top` and `monitor flow monitor`: the largest flows of a monitor and their share of everything.

use api::flow::{Field, FieldKind, Flow, MonitorTop, TopMeasure, TopRow};

use super::accounting::address;
use super::samplicator::{bits, rate};
use super::{Column, Page, View, grouped, plain, protocol, sampled, shown, table, value};

/// The largest flows; with `live`, how fast they are, and a line about the keys.
pub(crate) fn talkers(answer: &MonitorTop, live: bool, view: &View) -> String {
    let by = answer.by;
    let mut page = Page::default();
    page.line(format!(
        "Flow monitor {}: {} flows, {} packets, {} bytes in the cache",
        plain(&answer.monitor),
        grouped(answer.flows),
        grouped(answer.total.packets),
        grouped(answer.total.octets),
    ));
    if live {
        page.line(format!(
            "{} packets/s, {}",
            rate(answer.total.packets_per_second),
            bits(answer.total.octets_per_second.map(|octets| octets * 8.0)),
        ));
    }
    if let Some(line) = sampled(answer.sampling_rate, answer.scaled) {
        page.line(line);
    }
    page.line("");
    let (mut columns, key) = keys(answer, view);
    match live {
        true => columns.extend([Column::right("Packets/s", 9), Column::right("Bits/s", 12)]),
        false => columns.extend([
            Column::right("Flows", 6),
            Column::right("Packets", 9),
            Column::right("Bytes", 10),
        ]),
    }
    columns.push(Column::right("Share", 6));
    let row = |row: &TopRow| {
        let mut cells = key(&row.key);
        match live {
            true => cells.extend([
                rate(row.rate.packets_per_second),
                bits(row.rate.octets_per_second.map(|octets| octets * 8.0)),
            ]),
            false => cells.extend([row.flows, row.rate.packets, row.rate.octets].map(size)),
        }
        cells.push(format!("{:.1}%", row.share * 100.0));
        cells
    };
    let rows: Vec<Vec<String>> = answer.rows.iter().map(row).collect();
    table(&mut page, columns, 1, None, &rows, view);
    let share: f64 = answer.rows.iter().map(|row| row.share).sum();
    page.line("");
    page.line(format!(
        "These {} are {:.1} % of all {by}.",
        answer.rows.len(),
        share.min(1.0) * 100.0
    ));
    if live {
        let here = |one: TopMeasure| if one == by { "*" } else { "" };
        page.line(format!(
            "sorted by: b bytes{}, p packets{}, f flows{}; q leaves",
            here(TopMeasure::Bytes),
            here(TopMeasure::Packets),
            here(TopMeasure::Flows)
        ));
    }
    page.0
}

/// A number in at most six characters: thousands of thousands with a letter.
fn size(number: u64) -> String {
    if number < 100_000 {
        return number.to_string();
    }
    let mut number = number as f64;
    for unit in ["k", "M", "G", "T", "P"] {
        number /= 1000.0;
        if number < 999.95 {
            return format!("{number:.1}{unit}");
        }
    }
    format!("{:.0}E", number / 1000.0)
}

/// Makes the cells of a row of what tells it apart.
type Cells<'a> = Box<dyn Fn(&Flow) -> Vec<String> + 'a>;

/// The columns of what tells the rows apart, and their cells. Addresses and ports stand in the columns that everybody
/// knows, other fields as a record has them.
fn keys<'a>(answer: &'a MonitorTop, view: &'a View) -> (Vec<Column>, Cells<'a>) {
    let has = |part: &str| answer.fields.iter().any(|field| field.name.contains(part));
    if has("sourceIPv") || has("destinationIPv") {
        let ports = has("TransportPort");
        let mut columns = vec![Column::left("Src Addr", 15), Column::left("Dst Addr", 15)];
        if ports {
            columns.extend([Column::right("Sport", 5), Column::right("Dport", 5)]);
        }
        let protocols = has("protocolIdentifier");
        if protocols {
            columns.push(Column::left("Proto", 5));
        }
        let cells = move |flow: &Flow| {
            let mut cells = ["source", "destination"]
                .map(|side| address(flow, side))
                .to_vec();
            if ports {
                cells.push(shown(flow.get("sourceTransportPort")));
                cells.push(shown(flow.get("destinationTransportPort")));
            }
            if protocols {
                cells.push(protocol(flow.get("protocolIdentifier")));
            }
            cells
        };
        return (columns, Box::new(cells));
    }
    let column = |field: &Field| match field.kind {
        FieldKind::Number | FieldKind::Hex => Column::right(plain(&field.column), 5),
        _ => Column::left(plain(&field.column), 10),
    };
    let cells = |flow: &Flow| {
        let cell = |field: &Field| value(flow, field, &view.zone);
        answer.fields.iter().map(cell).collect()
    };
    (answer.fields.iter().map(column).collect(), Box::new(cells))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::json;

    use super::*;
    use crate::filled::filled;

    fn answer(address: &str, other: &str, by: &str) -> MonitorTop {
        let rate = |packets: u64, rate: Option<f64>| {
            json!({"packets": packets, "octets": packets * 1000, "packets_per_second": rate,
                "octets_per_second": rate.map(|rate| rate * 1000.0)})
        };
        let names = [
            "sourceIPv4Address",
            "destinationIPv4Address",
            "sourceTransportPort",
            "protocolIdentifier",
        ];
        let fields: Vec<_> = names
            .iter()
            .map(|name| json!({"name": name, "key": true}))
            .collect();
        filled(
            &json!({"monitor": "M", "sampling_rate": 100, "scaled": true, "by": by, "flows": 1234, "fields": fields,
            "total": rate(7_000_000, Some(1500.0)), "next": "1",
            "rows": [{"key": {"sourceIPv4Address": address, "destinationIPv4Address": other,
                "sourceTransportPort": 443, "destinationTransportPort": 50_000, "protocolIdentifier": 6},
                "flows": 12, "rate": rate(4_200_000, Some(1000.0)), "share": 0.6},
                {"key": {"sourceIPv4Address": address, "destinationIPv4Address": other,
                "sourceTransportPort": 53, "destinationTransportPort": 50_001, "protocolIdentifier": 17},
                "flows": 1, "rate": rate(1_400, Some(0.0)), "share": 0.0002}]}),
        )
    }

    fn view() -> View {
        View {
            zone: TimeZone::UTC,
            columns: Some(80),
        }
    }

    #[test]
    fn the_largest_flows_have_their_share_of_everything() {
        let shown = talkers(&answer("10.0.0.1", "192.0.2.200", "bytes"), false, &view());
        let expected = "\
Flow monitor M: 1,234 flows, 7,000,000 packets, 7,000,000,000 bytes in the cache
Sampled 1 in 100; rates are estimates (`unscaled` shows what was counted).

Src Addr        Dst Addr        Sport Dport Proto  Flows   Packets      Bytes  Share
10.0.0.1        192.0.2.200       443 50000 tcp       12      4.2M       4.2G  60.0%
10.0.0.1        192.0.2.200        53 50001 udp        1      1400       1.4M   0.0%

These 2 are 60.0 % of all bytes.
";
        let wide = View {
            columns: None,
            ..view()
        };
        let unfolded = talkers(&answer("10.0.0.1", "192.0.2.200", "bytes"), false, &wide);
        assert_eq!(unfolded, expected);
        assert!(shown.contains("60.0%"), "{shown}");
    }

    #[test]
    fn a_live_frame_has_rates_and_keys() {
        let shown = talkers(&answer("10.0.0.1", "10.0.0.2", "packets"), true, &view());
        assert!(shown.contains("1,500 packets/s, 12.0 Mbit/s\n"), "{shown}");
        assert!(
            shown.ends_with("sorted by: b bytes, p packets*, f flows; q leaves\n"),
            "{shown}"
        );
    }

    #[test]
    fn numbers_are_short() {
        let shown = [99_999, 100_000, 999_949, 999_950, 4_200_000_000, u64::MAX].map(size);
        assert_eq!(shown, ["99999", "100.0k", "999.9k", "1.0M", "4.2G", "18E"]);
    }
}
