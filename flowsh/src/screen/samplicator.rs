//! `show samplicator` and `monitor samplicator`: what came in, where it went, and why not.

use api::ledger::{DatagramTally, LossLedger};
use api::samplicator::{
    KeptTemplates, Rates, Receiver, ReceiverState, Samplicator, Samplicators, Sources,
};
use jiff::Timestamp;

use super::{Column, Page, View, WIDTH, given, grouped, plain, span, table, zoned};

/// Column (from 0) of the values.
const VALUES: usize = 19;
/// The reason of what `sampling` leaves out.
const SAMPLED: &str = "sampled";

/// Each samplicator with its receivers in a table.
pub(crate) fn samplicators(answer: &Samplicators, view: &View) -> String {
    let mut page = Page::default();
    for samplicator in &answer.samplicators {
        summary(&mut page, samplicator);
        page.line("");
        receivers(&mut page, samplicator, view);
        page.line("");
    }
    page.0
}

fn summary(page: &mut Page, samplicator: &Samplicator) {
    page.line(format!("Samplicator {}:", plain(&samplicator.name)));
    if let Some(text) = described(&samplicator.description) {
        page.pair(2, "Description:", VALUES, text);
    }
    let mut label = "Listening:";
    for listener in &samplicator.listeners {
        let interface = match &listener.interface {
            Some(interface) => format!("%{}", plain(interface)),
            None => String::new(),
        };
        let each = match listener.threads {
            1 => String::new(),
            threads => format!(", {threads} threads"),
        };
        if let Some(why) = &listener.down {
            let text = format!(
                "{}{interface} port {}, down: {}",
                listener.address,
                listener.port,
                plain(why)
            );
            page.pair(2, std::mem::take(&mut label), VALUES, text);
            continue;
        }
        let text = format!(
            "{}{interface} port {}{each}, {} datagrams, {} dropped by the kernel, buffer {} octets",
            listener.address,
            listener.port,
            grouped(listener.received.datagrams),
            grouped(listener.kernel_drops),
            grouped(listener.receive_buffer),
        );
        page.pair(2, std::mem::take(&mut label), VALUES, text);
    }
    let received = &samplicator.received;
    let text = format!(
        "{} datagrams, {} octets",
        grouped(received.datagrams),
        grouped(received.octets)
    );
    page.pair(2, "Received:", VALUES, text);
    rates(page, &samplicator.rates);
    let text = format!(
        "{} denied by a rule, {} for no receiver, {} dropped by the kernel",
        grouped(samplicator.denied.datagrams),
        grouped(samplicator.unrouted.datagrams),
        grouped(samplicator.kernel_drops),
    );
    page.pair(2, "Not relayed:", VALUES, text);
    let forgotten = match samplicator.sources_recycled {
        0 => String::new(),
        recycled => format!(" ({} forgotten, table full)", grouped(recycled)),
    };
    let sources = grouped(samplicator.sources);
    page.pair(2, "Sources:", VALUES, format!("{sources}{forgotten}"));
    let templates = &samplicator.templates;
    let mut text = format!(
        "{} in {} domains, {} options records",
        grouped(templates.templates),
        grouped(templates.domains),
        grouped(templates.options_records),
    );
    for (number, what) in [
        (templates.refused, "not kept, table full"),
        (templates.malformed, "malformed datagrams"),
    ] {
        if number > 0 {
            text.push_str(&format!(", {} {what}", grouped(number)));
        }
    }
    page.pair(2, "Templates:", VALUES, text);
}

fn rates(page: &mut Page, rates: &Rates) {
    for (label, datagrams, bits_s) in [
        ("Rate, 1 minute:", rates.datagrams_1m, rates.bits_1m),
        ("Rate, 5 minutes:", rates.datagrams_5m, rates.bits_5m),
    ] {
        let text = format!(
            "{} datagrams/s, {}",
            rate(Some(datagrams)),
            bits(Some(bits_s))
        );
        page.pair(2, label, VALUES, text);
    }
}

/// A configured description, if there is one.
fn described(description: &Option<String>) -> Option<String> {
    let description = description.as_deref().filter(|text| !text.is_empty());
    description.map(plain)
}

/// The receivers, a row each.
fn receivers(page: &mut Page, samplicator: &Samplicator, view: &View) {
    let rows: Vec<Vec<String>> = samplicator
        .receivers
        .iter()
        .map(|receiver| {
            vec![
                plain(&receiver.name),
                endpoint(receiver),
                receiver.state.to_string(),
                grouped(receiver.sent.datagrams),
                grouped(receiver.sent.octets),
                grouped(dropped(receiver)),
                rate(Some(receiver.rates.datagrams_1m)),
                rate(Some(receiver.rates.datagrams_5m)),
                ago(receiver.last_sent_seconds_ago),
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
    table(page, columns, 2, Some('-'), &rows, view);
    for receiver in &samplicator.receivers {
        notes(page, receiver);
    }
}

/// Below the table: why a receiver is not up, and what it did not get.
fn notes(page: &mut Page, receiver: &Receiver) {
    let name = plain(&receiver.name);
    match (&receiver.reason, receiver.state) {
        (_, ReceiverState::Failed) if receiver.last_failure.is_some() => {
            let when = ago(receiver.last_failure_seconds_ago);
            let why = given(receiver.last_failure.as_deref());
            page.line(format!("  {name} failed {when} ago: {why}"));
        }
        (Some(reason), ReceiverState::Failed) => {
            page.line(format!("  {name} is down: {}", plain(reason)));
        }
        _ => {}
    }
    let mut parts: Vec<String> = Vec::new();
    for (reason, tally) in &receiver.dropped {
        let verb = if reason == SAMPLED { "" } else { "dropped: " };
        parts.push(format!("{} {verb}{reason}", grouped(tally.datagrams)));
    }
    if !parts.is_empty() {
        page.line(format!("  {name} {}", parts.join(", ")));
    }
}

/// Every counter of each receiver.
pub(crate) fn samplicator_receivers(answer: &Samplicators, view: &View) -> String {
    let mut page = Page::default();
    for samplicator in &answer.samplicators {
        for receiver in &samplicator.receivers {
            let receiver_name = format!("Receiver {}", plain(&receiver.name));
            let of = format!("of samplicator {}:", plain(&samplicator.name));
            match receiver_name.len() + of.len() < WIDTH {
                true => page.line(format!("{receiver_name} {of}")),
                false => {
                    page.line(receiver_name);
                    page.line(format!("  {of}"));
                }
            }
            detail(&mut page, receiver, view);
            page.line("");
        }
    }
    page.0
}

fn detail(page: &mut Page, receiver: &Receiver, view: &View) {
    if let Some(text) = described(&receiver.description) {
        page.pair(2, "Description:", VALUES, text);
    }
    page.pair(2, "Address:", VALUES, endpoint(receiver));
    let address = receiver.address.map(|address| address.to_string());
    if address.is_some_and(|address| address != receiver.destination) {
        page.pair(2, "Host name:", VALUES, plain(&receiver.destination));
    }
    let source = match (receiver.spoof_source, receiver.source_address) {
        (true, _) => "the exporter's (spoofed)".to_owned(),
        (false, Some(address)) => format!("this host's, {address}"),
        (false, None) => "this host's".to_owned(),
    };
    page.pair(2, "Source address:", VALUES, source);
    let state = match &receiver.reason {
        Some(reason) => format!("{}: {}", receiver.state.word(), plain(reason)),
        None => receiver.state.word().to_owned(),
    };
    page.pair(2, "State:", VALUES, state);
    if let Some(reason) = &receiver.last_failure {
        let when = ago(receiver.last_failure_seconds_ago);
        let text = format!("{} {when} ago", plain(reason));
        page.pair(2, "Last failure:", VALUES, text);
    }
    page.pair(2, "Last sent:", VALUES, last_sent(receiver, view));
    rates(page, &receiver.rates);
    page.line(format!("  {:<34}{:>16}{:>20}", "", "Datagrams", "Octets"));
    let mut entry = |label: &str, tally: &DatagramTally| {
        page.line(format!(
            "  {label:<34}{:>16}{:>20}",
            grouped(tally.datagrams),
            grouped(tally.octets)
        ));
    };
    entry("offered by the rules", &receiver.offered);
    entry("  sent", &receiver.sent);
    entry("  queued", &receiver.queued);
    for (reason, tally) in &receiver.dropped {
        entry(&format!("  dropped: {reason}"), tally);
    }
    entry("templates sent again beside them", &receiver.replayed);
    if receiver.icmp_unreachable > 0 {
        page.line(format!(
            "  reported unreachable (ICMP) {} times",
            grouped(receiver.icmp_unreachable)
        ));
    }
}

fn last_sent(receiver: &Receiver, view: &View) -> String {
    if receiver.last_sent_seconds_ago.is_none() {
        return "never".to_owned();
    }
    let ns = receiver.last_sent_ns.unwrap_or_default();
    let at = Timestamp::from_nanosecond(ns.into()).unwrap_or_default();
    let at = zoned(at, &view.zone, "%Y-%m-%d %H:%M:%S");
    format!("{} ago ({at})", ago(receiver.last_sent_seconds_ago))
}

/// The exporters, a row each.
pub(crate) fn samplicator_sources(answers: &[Sources], view: &View) -> String {
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
    let rows = |answer: &Sources| {
        let row = |source: &api::samplicator::Source| {
            vec![
                source.address.to_string(),
                source.port.to_string(),
                grouped(source.received.datagrams),
                grouped(source.received.octets),
                grouped(source.not_relayed.datagrams),
                given(source.rule.as_deref()),
                grouped(source.domains),
                grouped(source.templates),
                ago(Some(source.first_seconds_ago)),
                ago(Some(source.last_seconds_ago)),
                if source.silent { "silent" } else { "sends" }.to_owned(),
            ]
        };
        (
            answer.samplicator.clone(),
            answer.sources.iter().map(row).collect(),
        )
    };
    tables(
        answers.iter().map(rows),
        "No exporter has sent anything.",
        columns,
        view,
    )
}

/// The templates kept, a row each.
pub(crate) fn samplicator_templates(answers: &[KeptTemplates], view: &View) -> String {
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
    let rows = |answer: &KeptTemplates| {
        let row = |template: &api::samplicator::KeptTemplate| {
            let protocol = match template.version {
                10 => "IPFIX".to_owned(),
                9 => "NetFlow v9".to_owned(),
                other => other.to_string(),
            };
            let of = if template.options { "options" } else { "data" };
            vec![
                plain(&template.source),
                template.domain.to_string(),
                protocol,
                template.id.to_string(),
                of.to_owned(),
                grouped(template.fields),
                grouped(template.records),
                ago(Some(template.last_seconds_ago)),
            ]
        };
        (
            answer.samplicator.clone(),
            answer.templates.iter().map(row).collect(),
        )
    };
    tables(
        answers.iter().map(rows),
        "No template has been received.",
        columns,
        view,
    )
}

/// A table of rows for each samplicator by name; `none` where there are no rows.
fn tables(
    parts: impl Iterator<Item = (String, Vec<Vec<String>>)>,
    none: &str,
    columns: impl Fn() -> Vec<Column>,
    view: &View,
) -> String {
    let mut page = Page::default();
    for (samplicator, rows) in parts {
        page.line(format!("Samplicator {}:", plain(&samplicator)));
        match rows.is_empty() {
            true => page.line(none),
            false => table(&mut page, columns(), 2, Some('-'), &rows, view),
        }
        page.line("");
    }
    page.0
}

/// The samplicators' part of `show flow loss`; `wrong` gets what does not add up.
pub(super) fn ledgers(page: &mut Page, answer: &LossLedger, wrong: &mut Vec<String>) {
    for samplicator in &answer.samplicators {
        let name = format!("Samplicator {}", plain(&samplicator.samplicator));
        page.line(&name);
        page.line(format!(
            "  {:<30}{:>13}{:>16}{:>18}",
            "", "", "Datagrams", "Octets"
        ));
        let received = tally(&samplicator.received);
        entry(page, "received", received);
        let parts = [
            ("relayed", tally(&samplicator.relayed)),
            ("dropped: denied by a rule", tally(&samplicator.denied)),
            ("dropped: for no receiver", tally(&samplicator.unrouted)),
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
        let kernel = samplicator.kernel_drops;
        if kernel > 0 {
            page.line(format!(
                "  {:<43}{:>16}",
                "dropped by the kernel before",
                grouped(kernel)
            ));
        }
        for receiver in &samplicator.receivers {
            let whom = plain(&receiver.receiver);
            let offered = tally(&receiver.offered);
            entry(page, &format!("offered to {whom}"), offered);
            let mut parts = vec![
                ("sent".to_owned(), tally(&receiver.sent)),
                ("queued".to_owned(), tally(&receiver.queued)),
            ];
            for (reason, of) in &receiver.dropped {
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
fn tally(tally: &DatagramTally) -> (u64, u64) {
    (tally.datagrams, tally.octets)
}

fn entry(page: &mut Page, label: &str, (datagrams, octets): (u64, u64)) {
    let numbers = format!("{:>16}{:>18}", grouped(datagrams), grouped(octets));
    page.entry(label, &numbers);
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

/// A frame of `monitor samplicator`: the whole screen, or a few lines where there is no screen.
pub(crate) fn samplicator_frame(answer: &Samplicators, view: &View) -> String {
    if view.columns.is_some() {
        return samplicators(answer, view) + "q leaves\n";
    }
    let mut page = Page::default();
    for samplicator in &answer.samplicators {
        page.line(format!(
            "{}: {} received, {} datagrams/s, {}",
            plain(&samplicator.name),
            grouped(samplicator.received.datagrams),
            rate(Some(samplicator.rates.datagrams_1m)),
            bits(Some(samplicator.rates.bits_1m)),
        ));
        for receiver in &samplicator.receivers {
            page.line(format!(
                "  {} {} {}: {} sent, {} dropped, {} datagrams/s",
                plain(&receiver.name),
                endpoint(receiver),
                receiver.state,
                grouped(receiver.sent.datagrams),
                grouped(dropped(receiver)),
                rate(Some(receiver.rates.datagrams_1m)),
            ));
        }
    }
    page.0
}

/// `192.0.2.1:2055`, the name where there is no address yet.
fn endpoint(receiver: &Receiver) -> String {
    let address = match receiver.address {
        Some(address) => address.to_string(),
        None => plain(&receiver.destination),
    };
    match address.contains(':') {
        true => format!("[{address}]:{}", receiver.port),
        false => format!("{address}:{}", receiver.port),
    }
}

/// What was lost: without what `sampling` leaves out on purpose.
fn dropped(receiver: &Receiver) -> u64 {
    let lost = receiver.dropped.iter();
    lost.filter(|(reason, _)| *reason != SAMPLED)
        .map(|(_, tally)| tally.datagrams)
        .sum()
}

/// A time that has gone by; `-`: never.
fn ago(seconds: Option<f64>) -> String {
    given(seconds.map(|seconds| span(seconds.max(0.0) as u64)))
}

/// Datagrams a second: whole ones, small rates with digits behind the point.
pub(super) fn rate(rate: Option<f64>) -> String {
    match rate {
        Some(rate) if rate >= 10.0 => grouped(rate.round() as u64),
        Some(rate) if rate >= 1.0 || rate == 0.0 => format!("{rate:.1}"),
        Some(rate) => format!("{rate:.2}"),
        None => "-".to_owned(),
    }
}

/// Bits a second in the unit that fits.
pub(super) fn bits(rate: Option<f64>) -> String {
    let Some(mut rate) = rate else {
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
