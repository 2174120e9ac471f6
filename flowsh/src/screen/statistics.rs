//! The two tables of `show ip cache flow`: packets by size, and by protocol.

use api::flow::{PacketStatistics, ProtocolTally, SizeClass};

use super::{Page, plain};

/// Size classes in the first of two lines.
const FIRST_LINE: usize = 15;

/// Adds the tables that are kept.
pub(super) fn packet_statistics(page: &mut Page, statistics: &PacketStatistics) {
    if let Some(classes) = &statistics.sizes {
        sizes(page, classes);
    }
    if let Some(rows) = &statistics.protocols {
        protocols(page, rows, statistics.seconds);
    }
}

fn sizes(page: &mut Page, classes: &[SizeClass]) {
    let total: u64 = classes.iter().map(|class| class.packets).sum();
    page.line("");
    page.line(format!("Packet size distribution ({total} total packets):"));
    let heading = |at: usize, class: &SizeClass| match (class.largest, at) {
        (None, _) => "more".to_owned(),
        (Some(largest), 0) => format!("1-{largest}"),
        (Some(largest), _) => largest.to_string(),
    };
    let (first, second) = classes.split_at(FIRST_LINE.min(classes.len()));
    for (from, part) in [(0, first), (first.len(), second)] {
        let headings = part.iter().enumerate();
        let line = |cells: Vec<String>| {
            let cells: String = cells.iter().map(|cell| format!("{cell:>5}")).collect();
            format!("  {cells}")
        };
        page.line(line(
            headings
                .map(|(at, class)| heading(from + at, class))
                .collect(),
        ));
        page.line(line(
            part.iter()
                .map(|class| share(class.packets, total))
                .collect(),
        ));
        if from == 0 {
            page.line("");
        }
    }
}

/// A share as `.250`; of nothing it is `.000`.
fn share(part: u64, total: u64) -> String {
    let thousandths = match total {
        0 => 0,
        _ => (u128::from(part) * 1000 / u128::from(total)) as u64,
    };
    match thousandths {
        1000 => "1.00".into(),
        below => format!(".{below:03}"),
    }
}

fn protocols(page: &mut Page, rows: &[ProtocolTally], seconds: f64) {
    let line = |cells: [String; 6]| {
        let [name, flows, rate, packets, octets, packet_rate] = cells;
        format!("{name:<12}{flows:>12}{rate:>10}{packets:>10}{octets:>7}{packet_rate:>12}")
    };
    let words = |cells: [&str; 6]| line(cells.map(str::to_owned));
    page.line("");
    page.line(words([
        "Protocol", "Total", "Flows", "Packets", "Bytes", "Packets",
    ]));
    page.line(words([
        "--------", "Flows", "/Sec", "/Flow", "/Pkt", "/Sec",
    ]));
    let row = |name: &str, flows: u64, packets: u64, octets: u64| {
        let rate = |number: u64| match seconds > 0.0 {
            true => format!("{:.1}", number as f64 / seconds),
            false => "-".into(),
        };
        let each = |sum: u64, of: u64| sum.checked_div(of).map_or("-".into(), |n| n.to_string());
        line([
            name.to_owned(),
            flows.to_string(),
            rate(flows),
            each(packets, flows),
            each(octets, packets),
            rate(packets),
        ])
    };
    let sum = |number: fn(&ProtocolTally) -> u64| rows.iter().map(number).sum();
    for one in rows {
        page.line(row(&plain(&one.name), one.flows, one.packets, one.octets));
    }
    page.line(row(
        "Total:",
        sum(|one| one.flows),
        sum(|one| one.packets),
        sum(|one| one.octets),
    ));
}
