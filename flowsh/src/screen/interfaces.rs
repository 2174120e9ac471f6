//! `show interfaces`, all of them in VyOS's layout, one of them in full, and tables of counters and rates.

use api::host::{Interface, Interfaces, Traffic};

use super::samplicator::{bits, rate};
use super::{Column, Page, View, given, grouped, plain, table};

/// Column (from 0) of the values of one interface.
const VALUES: usize = 15;

/// The host's interfaces.
pub(crate) fn interfaces(answer: &Interfaces, view: &View) -> String {
    let mut page = Page::default();
    page.line("Codes: S - State, L - Link, u - Up, D - Down, A - Admin Down");
    let mut rows = Vec::new();
    for interface in &answer.interfaces {
        let state = match (interface.up, interface.running) {
            (true, false) => "u/D",
            (true, true) => "u/u",
            (false, _) => "A/D",
        };
        let mut notes: Vec<String> = description(interface).into_iter().collect();
        notes.extend(interface.promiscuous.then(|| "promiscuous".to_owned()));
        let mut addresses = interface.addresses.iter().map(|address| plain(address));
        rows.push(vec![
            plain(&interface.name),
            addresses.next().unwrap_or_else(|| "-".into()),
            state.into(),
            notes.join(", "),
        ]);
        rows.extend(addresses.map(|address| vec![String::new(), address]));
    }
    let columns = vec![
        Column::left("Interface", 16),
        Column::left("IP Address", 33),
        Column::left("S/L", 4),
        Column::left("Description", 11),
    ];
    table(&mut page, columns, 2, Some('-'), &rows, view);
    page.0
}

fn description(interface: &Interface) -> Option<String> {
    let description = interface.description.as_deref();
    description.filter(|text| !text.is_empty()).map(plain)
}

/// One interface in full.
pub(crate) fn interface(interface: &Interface, view: &View) -> String {
    let mut page = Page::default();
    let state = if interface.up {
        "up"
    } else {
        "administratively down"
    };
    let link = if interface.running { "up" } else { "down" };
    page.line(format!(
        "{} is {state}, link is {link}",
        plain(&interface.name)
    ));
    if let Some(text) = description(interface) {
        page.pair(2, "Description:", VALUES, text);
    }
    page.pair(2, "MAC:", VALUES, given(interface.mac.as_deref()));
    page.pair(2, "MTU:", VALUES, interface.mtu.to_string());
    if interface.promiscuous {
        page.pair(2, "Promiscuous:", VALUES, "yes");
    }
    let mut label = "Addresses:";
    for address in &interface.addresses {
        page.pair(2, std::mem::take(&mut label), VALUES, plain(address));
    }
    page.line("");
    let one = [interface];
    page.0 + &counters(&one, view) + "\n" + &rates(&one, view)
}

/// The two directions of each interface.
fn rows(interfaces: &[&Interface], cells: impl Fn(&Traffic) -> Vec<String>) -> Vec<Vec<String>> {
    let directions = interfaces.iter().flat_map(|interface| {
        let received = (plain(&interface.name), "in", &interface.received);
        [received, (String::new(), "out", &interface.sent)]
    });
    directions
        .map(|(name, direction, traffic)| {
            let mut row = vec![name, direction.to_owned()];
            row.extend(cells(traffic));
            row
        })
        .collect()
}

/// What interfaces have received and sent.
pub(crate) fn counters(interfaces: &[&Interface], view: &View) -> String {
    let cells = |traffic: &Traffic| {
        [
            traffic.packets,
            traffic.octets,
            traffic.errors,
            traffic.dropped,
        ]
        .map(grouped)
        .to_vec()
    };
    let columns = vec![
        Column::left("Interface", 15),
        Column::left("Dir", 3),
        Column::right("Packets", 17),
        Column::right("Bytes", 20),
        Column::right("Errors", 7),
        Column::right("Dropped", 7),
    ];
    let mut page = Page::default();
    table(
        &mut page,
        columns,
        2,
        Some('-'),
        &rows(interfaces, cells),
        view,
    );
    page.0
}

/// How fast interfaces receive and send, over the last minute and the last five.
pub(crate) fn rates(interfaces: &[&Interface], view: &View) -> String {
    let cells = |traffic: &Traffic| {
        let rates = &traffic.rates;
        vec![
            rate(rates.packets_1m),
            rate(rates.packets_5m),
            bits(rates.bits_1m),
            bits(rates.bits_5m),
        ]
    };
    let columns = vec![
        Column::left("Interface", 15),
        Column::left("Dir", 3),
        Column::right("Packets/s 1m", 12),
        Column::right("5m", 11),
        Column::right("Bits/s 1m", 13),
        Column::right("5m", 13),
    ];
    let mut page = Page::default();
    table(
        &mut page,
        columns,
        2,
        Some('-'),
        &rows(interfaces, cells),
        view,
    );
    page.0
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::json;

    use super::*;
    use crate::filled::filled;

    fn answer() -> Interfaces {
        let traffic = |packets: u64, rate: Option<f64>| {
            json!({"packets": packets, "octets": packets * 1000, "errors": 0, "dropped": 7,
                "rates": {"packets_1m": rate, "packets_5m": rate.map(|rate| rate / 5.0),
                    "bits_1m": rate.map(|rate| rate * 8000.0), "bits_5m": rate.map(|rate| rate * 1600.0)}})
        };
        filled(&json!({"interfaces": [
            {"name": "eth1", "mac": "00:00:5e:00:53:01", "mtu": 1500, "up": true, "running": true,
                "description": "to the core", "addresses": ["192.0.2.1/24", "2001:db8:1111:2222:3333:4444:5555:6666/128"],
                "received": traffic(1_234_567_890, Some(15_000.0)), "sent": traffic(0, None)},
        ]}))
    }

    fn view(columns: usize) -> View {
        View {
            zone: TimeZone::UTC,
            columns: Some(columns),
        }
    }

    #[test]
    fn counters_and_rates_have_a_row_for_each_direction() {
        let answer = answer();
        let all: Vec<&Interface> = answer.interfaces.iter().collect();
        let expected = "\
Interface        Dir            Packets                 Bytes   Errors  Dropped
---------------  ---  -----------------  --------------------  -------  -------
eth1             in       1,234,567,890     1,234,567,890,000        0        7
                 out                  0                     0        0        7
";
        assert_eq!(counters(&all, &view(80)), expected);
        let expected = "\
Interface        Dir  Packets/s 1m           5m      Bits/s 1m             5m
---------------  ---  ------------  -----------  -------------  -------------
eth1             in         15,000        3,000   120.0 Mbit/s    24.0 Mbit/s
                 out             -            -        - bit/s        - bit/s
";
        assert_eq!(rates(&all, &view(80)), expected);
    }

    #[test]
    fn one_interface_is_shown_in_full() {
        let answer = answer();
        let shown = interface(&answer.interfaces[0], &view(80));
        assert!(
            shown.starts_with(
                "eth1 is up, link is up\n  Description: to the core\n  MAC:         00:00:5e:00:53:01\n"
            ),
            "{shown}"
        );
        assert!(
            shown.lines().all(|line| line.chars().count() <= 80),
            "{shown}"
        );
    }

    #[test]
    fn all_fit_eighty_columns() {
        let shown = interfaces(&answer(), &view(80));
        assert!(
            shown.lines().all(|line| line.chars().count() <= 80),
            "{shown}"
        );
    }
}
