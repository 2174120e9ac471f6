//! `show clock`, `show users`, `show processes`, `show memory`, `show ip interface brief`, `show flow exporter export-ids`.

use api::flow::Fields;
use api::host::{Clock, Interfaces, Memory, Processes, Users};

use super::{Column, Page, View, plain, table, time};

/// The time, in IOS's layout.
pub(super) fn clock(answer: &Clock, view: &View) -> String {
    let time = time(&answer.time, &view.zone, "%H:%M:%S%.3f %Z %a %b %-d %Y");
    format!("{time}\n")
}

/// The users who are connected, the one who asks with a star.
pub(super) fn users(answer: &Users, view: &View) -> String {
    let mut page = Page::default();
    let rows: Vec<Vec<String>> = answer
        .users
        .iter()
        .map(|one| {
            vec![
                if one.own { "*" } else { "" }.to_owned(),
                plain(&one.user),
                one.role.map_or("-", |role| role.word()).to_owned(),
                plain(&one.process),
                time(&one.connected, &view.zone, "%Y-%m-%d %H:%M:%S"),
            ]
        })
        .collect();
    let columns = vec![
        Column::left("", 1),
        Column::left("User", 16),
        Column::left("Role", 8),
        Column::left("Program", 20),
        Column::left("Connected", 19),
    ];
    table(&mut page, columns, 1, None, &rows, view);
    page.0
}

/// The load of the processors, and flowd's threads.
pub(super) fn processes(answer: &Processes, view: &View) -> String {
    let mut page = Page::default();
    let [one, five, fifteen] = answer.load;
    page.line(format!(
        "Load: {one:.2}, {five:.2}, {fifteen:.2} over 1, 5 and 15 minutes; processors: {}",
        answer.processors
    ));
    page.line("");
    let rows: Vec<Vec<String>> = answer
        .threads
        .iter()
        .map(|thread| {
            vec![
                thread.id.to_string(),
                plain(&thread.name),
                plain(&thread.state),
                format!("{:.2}", thread.cpu_seconds),
                format!("{:.1}", thread.cpu_percent),
            ]
        })
        .collect();
    let columns = vec![
        Column::right("ID", 8),
        Column::left("Thread", 16),
        Column::left("State", 5),
        Column::right("CPU seconds", 12),
        Column::right("CPU %", 6),
    ];
    table(&mut page, columns, 2, None, &rows, view);
    page.0
}

/// Memory of the host and of flowd.
pub(super) fn memory(answer: &Memory, view: &View) -> String {
    let mut page = Page::default();
    let mib = |octets: u64| format!("{:.1}", octets as f64 / f64::from(1 << 20));
    let used = |total: u64, free: u64| mib(total.saturating_sub(free));
    let rows = [
        vec![
            "Host".to_owned(),
            mib(answer.total),
            used(answer.total, answer.available),
            mib(answer.free),
            mib(answer.available),
        ],
        vec![
            "Swap".to_owned(),
            mib(answer.swap_total),
            used(answer.swap_total, answer.swap_free),
            mib(answer.swap_free),
        ],
    ];
    let columns = vec![
        Column::left("MiB", 6),
        Column::right("Total", 10),
        Column::right("Used", 10),
        Column::right("Free", 10),
        Column::right("Available", 10),
    ];
    table(&mut page, columns, 2, None, &rows, view);
    page.line("");
    page.line(format!(
        "flowd: {} MiB in memory, {} at most; address space {} MiB",
        mib(answer.resident),
        mib(answer.resident_peak),
        mib(answer.address_space),
    ));
    page.0
}

/// The numbers of fields in templates.
pub(super) fn export_ids(answer: &Fields, view: &View) -> String {
    let mut page = Page::default();
    let rows: Vec<Vec<String>> = answer
        .fields
        .iter()
        .map(|field| {
            let number = match field.enterprise {
                None => field.number.to_string(),
                Some(enterprise) => format!("{enterprise}/{}", field.number),
            };
            // Words that stand for several, of TCP's flags say, are a parameter.
            let words = field.words.split(" {").next().unwrap_or_default();
            vec![
                plain(words),
                number,
                field.octets.to_string(),
                plain(&field.element),
            ]
        })
        .collect();
    let columns = vec![
        Column::left("Field", 36),
        Column::right("ID", 5),
        Column::right("Octets", 6),
        Column::left("Information element", 19),
    ];
    table(&mut page, columns, 1, None, &rows, view);
    page.0
}

/// The host's interfaces in the layout of IOS's `show ip interface brief`.
pub(super) fn interfaces_brief(answer: &Interfaces) -> String {
    let mut page = Page::default();
    page.line(format!(
        "{:<22} {:<15} {:<3} {:<6} {:<21} Protocol",
        "Interface", "IP-Address", "OK?", "Method", "Status"
    ));
    for interface in &answer.interfaces {
        // As there, an interface is there once, with its first address.
        let address = interface.addresses.iter().find_map(|address| {
            let (address, _) = address.split_once('/').unwrap_or((address, ""));
            address.parse::<std::net::Ipv4Addr>().ok()
        });
        let status = if interface.up {
            "up"
        } else {
            "administratively down"
        };
        let protocol = if interface.up && interface.running {
            "up"
        } else {
            "down"
        };
        let (address, method) = match address {
            Some(address) => (address.to_string(), "other"),
            None => ("unassigned".to_owned(), "unset"),
        };
        page.line(format!(
            "{:<22} {address:<15} YES {method:<6} {status:<21} {protocol}",
            plain(&interface.name)
        ));
    }
    page.0
}
