//! `show flow loss`: where every packet and record went, and whether it adds up.

use api::ByName;
use api::ledger::{LossLedger, PacketTally, RecordTally};

use super::{Page, grouped, plain};

/// Records, packets and octets of a line of the ledger; no records where packets are counted.
type Tally = (u64, u64, u64);

fn packets(tally: &PacketTally) -> Tally {
    (0, tally.packets, tally.octets)
}

fn records(tally: &RecordTally) -> Tally {
    (tally.records, tally.packets, tally.octets)
}

fn sum<'a>(tallies: impl IntoIterator<Item = &'a Tally>) -> Tally {
    tallies.into_iter().fold((0, 0, 0), |sum, tally| {
        (sum.0 + tally.0, sum.1 + tally.1, sum.2 + tally.2)
    })
}

/// What a total is split into, by reason.
fn parts<T>(by_reason: &ByName<T>, label: &str, tally: fn(&T) -> Tally) -> Vec<(String, Tally)> {
    by_reason
        .iter()
        .map(|(why, of)| (format!("{label}: {why}"), tally(of)))
        .collect()
}

/// The ledger with a verdict as its last line.
pub(crate) fn loss(answer: &LossLedger) -> String {
    let mut page = Page::default();
    let mut wrong: Vec<String> = Vec::new();
    for monitor in &answer.monitors {
        let name = format!(
            "Flow monitor {} on {}",
            plain(&monitor.monitor),
            plain(&monitor.interface)
        );
        page.line(&name);
        heading(&mut page, "");
        let captured = packets(&monitor.captured);
        let metered = packets(&monitor.metered);
        let mut into = vec![
            ("metered".to_owned(), metered),
            ("unsampled".to_owned(), packets(&monitor.unsampled)),
        ];
        into.extend(parts(&monitor.skipped, "skipped", packets));
        into.extend(parts(&monitor.dropped, "dropped", packets));
        entry(&mut page, "captured", captured, false);
        into.iter()
            .for_each(|(label, tally)| entry(&mut page, &format!("  {label}"), *tally, false));
        verdict(
            &mut wrong,
            &name,
            "captured packets",
            captured,
            sum(into.iter().map(|(_, tally)| tally)),
            false,
        );
        page.line("");
        heading(&mut page, "Records");
        entry(&mut page, "metered", metered, true);
        let out = [
            ("in cache", records(&monitor.cached)),
            ("in expired flows", records(&monitor.expired)),
            ("cleared by an operator", records(&monitor.cleared)),
        ];
        out.iter()
            .for_each(|(label, tally)| entry(&mut page, &format!("  {label}"), *tally, true));
        verdict(
            &mut wrong,
            &name,
            "metered packets",
            metered,
            sum(out.iter().map(|(_, tally)| tally)),
            false,
        );
        page.line("");
    }
    for exporter in &answer.exporters {
        let name = format!(
            "Flow exporter {} for monitor {}",
            plain(&exporter.exporter),
            plain(&exporter.monitor)
        );
        page.line(&name);
        heading(&mut page, "Records");
        let received = records(&exporter.received);
        let mut into = vec![
            ("sent".to_owned(), records(&exporter.sent)),
            ("queued".to_owned(), records(&exporter.queued)),
        ];
        into.extend(parts(&exporter.dropped, "dropped", records));
        entry(&mut page, "received", received, true);
        for (label, tally) in &into {
            entry(&mut page, &format!("  {label}"), *tally, true);
            if label == "sent" && exporter.refused.records > 0 {
                entry(
                    &mut page,
                    "    of them refused",
                    records(&exporter.refused),
                    true,
                );
            }
        }
        verdict(
            &mut wrong,
            &name,
            "received records",
            received,
            sum(into.iter().map(|(_, tally)| tally)),
            true,
        );
        page.line("");
    }
    super::samplicator::ledgers(&mut page, answer, &mut wrong);
    if answer.monitors.is_empty() && answer.exporters.is_empty() && answer.samplicators.is_empty() {
        page.line("No flow monitor is attached to an interface, and there is no samplicator.");
        page.line("");
    }
    if wrong.is_empty() && !answer.balanced {
        wrong.push("the ledger does not balance".into());
    }
    if wrong.is_empty() {
        page.line(match answer.samplicators.is_empty() {
            true => "Balanced: every packet and every record is accounted for.",
            false => "Balanced: every packet, record and datagram is accounted for.",
        });
    }
    wrong
        .iter()
        .for_each(|what| page.line(format!("NOT BALANCED: {what}")));
    page.0
}

fn heading(page: &mut Page, records: &str) {
    page.line(format!(
        "  {:<30}{records:>13}{:>16}{:>18}",
        "", "Packets", "Octets"
    ));
}

fn entry(page: &mut Page, label: &str, (records, packets, octets): Tally, with_records: bool) {
    // What was metered are packets: it has no records of its own.
    let records = if with_records && label != "metered" {
        grouped(records)
    } else {
        String::new()
    };
    let numbers = format!(
        "{records:>13}{:>16}{:>18}",
        grouped(packets),
        grouped(octets)
    );
    page.entry(label, &numbers);
}

/// Notes by how much the parts differ from the whole.
fn verdict(
    wrong: &mut Vec<String>,
    name: &str,
    what: &str,
    whole: Tally,
    parts: Tally,
    with_records: bool,
) {
    let off = |a: u64, b: u64| i128::from(a) - i128::from(b);
    let (records, packets, octets) = (
        off(whole.0, parts.0),
        off(whole.1, parts.1),
        off(whole.2, parts.2),
    );
    if packets != 0 || octets != 0 || (with_records && records != 0) {
        let records = if with_records {
            format!("{records} records, ")
        } else {
            String::new()
        };
        wrong.push(format!(
            "{name}: {what} not accounted for: {records}{packets} packets, {octets} octets"
        ));
    }
}
