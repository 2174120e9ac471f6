//! `show samplicator` and `monitor samplicator`: what came in, where it went, and why not.

use serde_json::Value as Json;

use super::{Column, Page, View, grouped, list, plain, some, span, table, thousands, time};

/// Column (from 0) of the values.
const VALUES: usize = 19;
/// The reason of what `sampling` leaves out.
const SAMPLED: &str = "sampled";

/// Each samplicator with its receivers in a table.
pub(crate) fn samplicators(answer: &Json) -> String {
    let mut page = Page::default();
    for samplicator in list(answer, "samplicators") {
        summary(&mut page, samplicator);
        page.line("");
        receivers(&mut page, samplicator);
        page.line("");
    }
    page.0
}

fn summary(page: &mut Page, samplicator: &Json) {
    page.line(format!("Samplicator {}:", plain(&samplicator["name"])));
    if let Some(text) = some(samplicator, "description") {
        page.pair(2, "Description:", VALUES, plain(text));
    }
    let mut label = "Listening:";
    for listener in list(samplicator, "listeners") {
        let interface = some(listener, "interface")
            .map_or_else(String::new, |interface| format!("%{}", plain(interface)));
        let sockets = listener["threads"].as_u64().unwrap_or(1);
        let each = if sockets == 1 {
            String::new()
        } else {
            format!(", {sockets} threads")
        };
        let text = format!(
            "{}{interface} port {}{each}, {} datagrams, {} dropped by the kernel, buffer {} octets",
            plain(&listener["address"]),
            plain(&listener["port"]),
            thousands(&listener["received"]["datagrams"]),
            thousands(&listener["kernel_drops"]),
            thousands(&listener["receive_buffer"]),
        );
        page.pair(2, std::mem::take(&mut label), VALUES, text);
    }
    let received = &samplicator["received"];
    page.pair(
        2,
        "Received:",
        VALUES,
        format!(
            "{} datagrams, {} octets",
            thousands(&received["datagrams"]),
            thousands(&received["octets"])
        ),
    );
    let rates = &samplicator["rates"];
    for (label, minutes) in [("Rate, 1 minute:", "1m"), ("Rate, 5 minutes:", "5m")] {
        let text = format!(
            "{} datagrams/s, {}",
            rate(&rates[format!("datagrams_{minutes}")]),
            bits(&rates[format!("bits_{minutes}")])
        );
        page.pair(2, label, VALUES, text);
    }
    page.pair(
        2,
        "Not relayed:",
        VALUES,
        format!(
            "{} denied by a rule, {} for no receiver, {} dropped by the kernel",
            thousands(&samplicator["denied"]["datagrams"]),
            thousands(&samplicator["unrouted"]["datagrams"]),
            thousands(&samplicator["kernel_drops"]),
        ),
    );
    let recycled = samplicator["sources_recycled"].as_u64().unwrap_or_default();
    let forgotten = match recycled {
        0 => String::new(),
        _ => format!(" ({} forgotten for room)", grouped(recycled)),
    };
    page.pair(
        2,
        "Sources:",
        VALUES,
        format!("{}{forgotten}", thousands(&samplicator["sources"])),
    );
    let templates = &samplicator["templates"];
    let mut text = format!(
        "{} in {} domains, {} options records",
        thousands(&templates["templates"]),
        thousands(&templates["domains"]),
        thousands(&templates["options_records"]),
    );
    for (key, what) in [
        ("refused", "not kept for room"),
        ("malformed", "malformed datagrams"),
    ] {
        if templates[key].as_u64().unwrap_or_default() > 0 {
            text.push_str(&format!(", {} {what}", thousands(&templates[key])));
        }
    }
    page.pair(2, "Templates:", VALUES, text);
}

/// The receivers, a row each.
fn receivers(page: &mut Page, samplicator: &Json) {
    let rows: Vec<Vec<String>> = list(samplicator, "receivers")
        .iter()
        .map(|receiver| {
            vec![
                plain(&receiver["name"]),
                endpoint(receiver),
                plain(&receiver["state"]),
                thousands(&receiver["sent"]["datagrams"]),
                thousands(&receiver["sent"]["octets"]),
                grouped(dropped(receiver)),
                rate(&receiver["rates"]["datagrams_1m"]),
                rate(&receiver["rates"]["datagrams_5m"]),
                ago(&receiver["last_sent_seconds_ago"]),
            ]
        })
        .collect();
    let columns = vec![
        Column::left("Receiver", 10),
        Column::left("Address", 21),
        Column::left("State", 6),
        Column::right("Sent", 10),
        Column::right("Octets", 12),
        Column::right("Dropped", 7),
        Column::right("1m/s", 7),
        Column::right("5m/s", 7),
        Column::right("Last", 8),
    ];
    table(page, columns, 2, Some('-'), &rows);
    for receiver in list(samplicator, "receivers") {
        notes(page, receiver);
    }
}

/// Below the table: why a receiver is not up, and what it did not get.
fn notes(page: &mut Page, receiver: &Json) {
    let name = plain(&receiver["name"]);
    if receiver["state"] == "failed" {
        let when = ago(&receiver["last_failure_seconds_ago"]);
        let why = plain(&receiver["last_failure"]);
        page.line(format!("  {name} failed {when} ago: {why}"));
    }
    let mut parts: Vec<String> = Vec::new();
    for (reason, tally) in reasons(receiver) {
        let verb = if reason == SAMPLED { "" } else { "dropped: " };
        parts.push(format!("{} {verb}{reason}", thousands(&tally["datagrams"])));
    }
    if !parts.is_empty() {
        page.line(format!("  {name} {}", parts.join(", ")));
    }
}

/// Every counter of each receiver.
pub(crate) fn samplicator_receivers(answer: &Json, view: &View) -> String {
    let mut page = Page::default();
    for samplicator in list(answer, "samplicators") {
        for receiver in list(samplicator, "receivers") {
            page.line(format!(
                "Receiver {} of samplicator {}:",
                plain(&receiver["name"]),
                plain(&samplicator["name"])
            ));
            detail(&mut page, receiver, view);
            page.line("");
        }
    }
    page.0
}

fn detail(page: &mut Page, receiver: &Json, view: &View) {
    if let Some(text) = some(receiver, "description") {
        page.pair(2, "Description:", VALUES, plain(text));
    }
    page.pair(2, "Address:", VALUES, endpoint(receiver));
    if some(receiver, "address").is_some_and(|address| *address != receiver["destination"]) {
        page.pair(2, "Host name:", VALUES, plain(&receiver["destination"]));
    }
    let source = match receiver["spoof_source"].as_bool() {
        Some(true) => "the exporter's (spoofed)",
        _ => "this host's",
    };
    page.pair(2, "Source address:", VALUES, source);
    page.pair(2, "State:", VALUES, plain(&receiver["state"]));
    if let Some(reason) = some(receiver, "last_failure") {
        let at = receiver["last_failure_seconds_ago"].clone();
        page.pair(
            2,
            "Last failure:",
            VALUES,
            format!("{} {} ago", plain(reason), ago(&at)),
        );
    }
    let sent = match receiver["last_sent_seconds_ago"].is_null() {
        true => "never".to_owned(),
        false => {
            let ns = receiver["last_sent_ns"].as_u64().unwrap_or_default();
            let at = Json::from(ns as f64 / 1e9);
            let at = time(&at, &view.zone, "%Y-%m-%d %H:%M:%S");
            format!("{} ago ({at})", ago(&receiver["last_sent_seconds_ago"]))
        }
    };
    page.pair(2, "Last sent:", VALUES, sent);
    for (label, minutes) in [("Rate, 1 minute:", "1m"), ("Rate, 5 minutes:", "5m")] {
        let rates = &receiver["rates"];
        let text = format!(
            "{} datagrams/s, {}",
            rate(&rates[format!("datagrams_{minutes}")]),
            bits(&rates[format!("bits_{minutes}")])
        );
        page.pair(2, label, VALUES, text);
    }
    page.line(format!("  {:<34}{:>16}{:>20}", "", "Datagrams", "Octets"));
    let mut entry = |label: &str, tally: &Json| {
        page.line(format!(
            "  {label:<34}{:>16}{:>20}",
            thousands(&tally["datagrams"]),
            thousands(&tally["octets"])
        ));
    };
    entry("offered by the rules", &receiver["offered"]);
    entry("  sent", &receiver["sent"]);
    entry("  queued", &receiver["queued"]);
    for (reason, tally) in reasons(receiver) {
        entry(&format!("  dropped: {reason}"), tally);
    }
    entry("templates sent again beside them", &receiver["replayed"]);
    if receiver["icmp_unreachable"].as_u64().unwrap_or_default() > 0 {
        page.line(format!(
            "  told unreachable (ICMP) {} times",
            thousands(&receiver["icmp_unreachable"])
        ));
    }
}

/// The exporters, a row each.
pub(crate) fn samplicator_sources(answer: &Json) -> String {
    let columns = || {
        vec![
            Column::left("Source", 15),
            Column::right("Port", 5),
            Column::right("Datagrams", 10),
            Column::right("Octets", 12),
            Column::right("Not relayed", 11),
            Column::left("Rule", 12),
            Column::right("Domains", 7),
            Column::right("Templates", 9),
            Column::right("First", 8),
            Column::right("Last", 8),
            Column::left("State", 6),
        ]
    };
    each(
        answer,
        "sources",
        "No exporter has sent anything.",
        columns,
        |source| {
            let state = match source["silent"].as_bool() {
                Some(true) => "silent",
                _ => "sends",
            };
            vec![
                plain(&source["address"]),
                plain(&source["port"]),
                thousands(&source["received"]["datagrams"]),
                thousands(&source["received"]["octets"]),
                thousands(&source["not_relayed"]["datagrams"]),
                plain(&source["rule"]),
                thousands(&source["domains"]),
                thousands(&source["templates"]),
                ago(&source["first_seconds_ago"]),
                ago(&source["last_seconds_ago"]),
                state.to_owned(),
            ]
        },
    )
}

/// The templates kept, a row each.
pub(crate) fn samplicator_templates(answer: &Json) -> String {
    let columns = || {
        vec![
            Column::left("Source", 21),
            Column::right("Domain", 10),
            Column::left("Protocol", 10),
            Column::right("Template", 8),
            Column::left("Of", 7),
            Column::right("Fields", 6),
            Column::right("Records", 7),
            Column::right("Last", 8),
        ]
    };
    each(
        answer,
        "templates",
        "No template has come in.",
        columns,
        |template| {
            let protocol = match template["version"].as_u64() {
                Some(10) => "IPFIX".to_owned(),
                Some(9) => "NetFlow v9".to_owned(),
                _ => plain(&template["version"]),
            };
            let of = match template["options"].as_bool() {
                Some(true) => "options",
                _ => "data",
            };
            vec![
                plain(&template["source"]),
                plain(&template["domain"]),
                protocol,
                plain(&template["id"]),
                of.to_owned(),
                thousands(&template["fields"]),
                thousands(&template["records"]),
                ago(&template["last_seconds_ago"]),
            ]
        },
    )
}

/// A table of a samplicator's part, for each samplicator.
fn each(
    answer: &Json,
    part: &str,
    none: &str,
    columns: impl Fn() -> Vec<Column>,
    row: impl Fn(&Json) -> Vec<String>,
) -> String {
    let mut page = Page::default();
    for samplicator in list(answer, "samplicators") {
        page.line(format!(
            "Samplicator {}:",
            plain(&samplicator["samplicator"])
        ));
        let rows: Vec<Vec<String>> = list(samplicator, part).iter().map(&row).collect();
        match rows.is_empty() {
            true => page.line(none),
            false => table(&mut page, columns(), 2, Some('-'), &rows),
        }
        page.line("");
    }
    page.0
}

/// The samplicators' part of `show flow loss`; `wrong` gets what does not add up.
pub(super) fn ledgers(page: &mut Page, answer: &Json, wrong: &mut Vec<String>) {
    for samplicator in list(answer, "samplicators") {
        let name = format!("Samplicator {}", plain(&samplicator["samplicator"]));
        page.line(&name);
        page.line(format!(
            "  {:<30}{:>13}{:>16}{:>18}",
            "", "", "Datagrams", "Octets"
        ));
        let received = tally(&samplicator["received"]);
        entry(page, "received", received);
        let parts = [
            ("relayed", tally(&samplicator["relayed"])),
            ("dropped: denied by a rule", tally(&samplicator["denied"])),
            ("dropped: for no receiver", tally(&samplicator["unrouted"])),
        ];
        for (label, tally) in parts {
            entry(page, &format!("  {label}"), tally);
        }
        verdict(
            wrong,
            &name,
            "received",
            received,
            parts.iter().map(|(_, tally)| *tally),
        );
        let kernel = samplicator["kernel_drops"].as_u64().unwrap_or_default();
        if kernel > 0 {
            page.line(format!(
                "  {:<43}{:>16}",
                "dropped by the kernel before",
                grouped(kernel)
            ));
        }
        for receiver in list(samplicator, "receivers") {
            let whom = plain(&receiver["receiver"]);
            let offered = tally(&receiver["offered"]);
            entry(page, &format!("offered to {whom}"), offered);
            let mut parts = vec![
                ("sent".to_owned(), tally(&receiver["sent"])),
                ("queued".to_owned(), tally(&receiver["queued"])),
            ];
            for (reason, of) in reasons(receiver) {
                parts.push((format!("dropped: {reason}"), tally(of)));
            }
            for (label, tally) in &parts {
                entry(page, &format!("  {label}"), *tally);
            }
            let what = format!("offered to {whom}");
            verdict(
                wrong,
                &name,
                &what,
                offered,
                parts.iter().map(|(_, tally)| *tally),
            );
        }
        page.line("");
    }
}

/// Datagrams and octets.
fn tally(json: &Json) -> (u64, u64) {
    let number = |key: &str| json[key].as_u64().unwrap_or_default();
    (number("datagrams"), number("octets"))
}

fn entry(page: &mut Page, label: &str, (datagrams, octets): (u64, u64)) {
    page.line(format!(
        "  {label:<43}{:>16}{:>18}",
        grouped(datagrams),
        grouped(octets)
    ));
}

/// Notes by how much the parts differ from the whole.
fn verdict(
    wrong: &mut Vec<String>,
    name: &str,
    what: &str,
    whole: (u64, u64),
    parts: impl Iterator<Item = (u64, u64)>,
) {
    let sum = parts.fold((0, 0), |sum: (u64, u64), part| {
        (sum.0 + part.0, sum.1 + part.1)
    });
    if sum != whole {
        let off = |whole, sum| i128::from(whole) - i128::from(sum);
        let (datagrams, octets) = (off(whole.0, sum.0), off(whole.1, sum.1));
        wrong.push(format!(
            "{name}: {what} not accounted for: {datagrams} datagrams, {octets} octets"
        ));
    }
}

/// A frame of `monitor samplicator`: the whole screen, or with `screen` false a few lines.
pub(crate) fn samplicator_frame(answer: &Json, screen: bool) -> String {
    if screen {
        return samplicators(answer) + "q leaves\n";
    }
    let mut page = Page::default();
    for samplicator in list(answer, "samplicators") {
        page.line(format!(
            "{}: {} received, {} datagrams/s, {}",
            plain(&samplicator["name"]),
            thousands(&samplicator["received"]["datagrams"]),
            rate(&samplicator["rates"]["datagrams_1m"]),
            bits(&samplicator["rates"]["bits_1m"]),
        ));
        for receiver in list(samplicator, "receivers") {
            page.line(format!(
                "  {} {} {}: {} sent, {} dropped, {} datagrams/s",
                plain(&receiver["name"]),
                endpoint(receiver),
                plain(&receiver["state"]),
                thousands(&receiver["sent"]["datagrams"]),
                grouped(dropped(receiver)),
                rate(&receiver["rates"]["datagrams_1m"]),
            ));
        }
    }
    page.0
}

/// `192.0.2.1:2055`, the name where there is no address yet.
fn endpoint(receiver: &Json) -> String {
    let address = some(receiver, "address").unwrap_or(&receiver["destination"]);
    let (address, port) = (plain(address), plain(&receiver["port"]));
    match address.contains(':') {
        true => format!("[{address}]:{port}"),
        false => format!("{address}:{port}"),
    }
}

/// What was dropped, by reason.
fn reasons(receiver: &Json) -> Vec<(&String, &Json)> {
    receiver["dropped"]
        .as_object()
        .into_iter()
        .flatten()
        .collect()
}

/// What was lost: without what `sampling` leaves out on purpose.
fn dropped(receiver: &Json) -> u64 {
    reasons(receiver)
        .into_iter()
        .filter(|(reason, _)| *reason != SAMPLED)
        .filter_map(|(_, tally)| tally["datagrams"].as_u64())
        .sum()
}

/// A time that has gone by; `-`: never.
fn ago(json: &Json) -> String {
    match json.as_f64() {
        Some(seconds) => span(seconds.max(0.0) as u64),
        None => "-".to_owned(),
    }
}

/// Datagrams a second: whole ones, small rates with digits behind the point.
pub(super) fn rate(json: &Json) -> String {
    match json.as_f64() {
        Some(rate) if rate >= 10.0 => grouped(rate.round() as u64),
        Some(rate) if rate >= 1.0 || rate == 0.0 => format!("{rate:.1}"),
        Some(rate) => format!("{rate:.2}"),
        None => "-".to_owned(),
    }
}

/// Bits a second in the unit that fits.
pub(super) fn bits(json: &Json) -> String {
    let Some(mut rate) = json.as_f64() else {
        return "- bit/s".to_owned();
    };
    for unit in ["bit/s", "kbit/s", "Mbit/s"] {
        if rate < 1000.0 {
            return format!("{rate:.1} {unit}");
        }
        rate /= 1000.0;
    }
    format!("{rate:.1} Gbit/s")
}
