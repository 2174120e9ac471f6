//! `show flow exporter`, Cisco's layout.

use api::flow::{ExportProtocol, Exporter, ExporterState, Exporters, Template};

use super::{Page, given, grouped, plain, span};

/// Column (from 0) of the values of `show flow exporter`.
const VALUES: usize = 28;

/// A protocol's name, as IOS has it.
fn protocol(protocol: ExportProtocol) -> &'static str {
    match protocol {
        ExportProtocol::NetflowV5 => "NetFlow Version 5",
        ExportProtocol::NetflowV9 => "NetFlow Version 9",
        ExportProtocol::Ipfix => "IPFIX (Version 10)",
    }
}

fn each(answer: &Exporters, write: impl Fn(&mut Page, &Exporter)) -> String {
    let mut page = Page::default();
    for exporter in &answer.exporters {
        page.line(format!("Flow Exporter {}:", plain(&exporter.name)));
        write(&mut page, exporter);
    }
    page.0
}

/// The exporters and how they send.
pub(crate) fn exporters(answer: &Exporters) -> String {
    each(answer, |page, exporter| {
        let mut pair = |indent, label, value: String| page.pair(indent, label, VALUES, value);
        pair(2, "Description:", plain(&exporter.description));
        pair(2, "Export protocol:", protocol(exporter.protocol).into());
        page.line("  Transport Configuration:");
        let mut pair = |indent, label, value: String| page.pair(indent, label, VALUES, value);
        match exporter.destination.parse::<std::net::IpAddr>() {
            Ok(_) => {
                pair(4, "Destination type:", "IP".into());
                pair(4, "Destination IP address:", plain(&exporter.destination));
            }
            Err(_) => {
                let address = exporter.destination_address.clone().flatten();
                pair(4, "Destination type:", "Host name".into());
                pair(4, "Destination host name:", plain(&exporter.destination));
                pair(4, "Destination IP address:", given(address));
            }
        }
        if let Some(vrf) = &exporter.vrf {
            pair(4, "VRF label:", plain(vrf));
        }
        let source = exporter.source.clone();
        let address = exporter.source_address.clone().flatten().or(source);
        pair(4, "Source IP address:", given(address.as_deref()));
        if let Some(source) = exporter
            .source
            .as_ref()
            .filter(|source| Some(*source) != address.as_ref())
        {
            pair(4, "Source Interface:", plain(source));
        }
        let transport = exporter.transport.word().to_uppercase();
        pair(4, "Transport Protocol:", transport);
        pair(4, "Destination Port:", exporter.port.to_string());
        pair(4, "Source Port:", given(exporter.source_port.flatten()));
        pair(4, "DSCP:", format!("0x{:X}", exporter.dscp));
        pair(4, "TTL:", exporter.ttl.to_string());
        pair(4, "Output Features:", "Not Used".into());
        if let Some(session) = &exporter.session {
            let (waiting, most) = (
                grouped(session.waiting_octets),
                grouped(session.buffer_octets),
            );
            pair(4, "Connections:", grouped(session.connections));
            pair(4, "Waiting:", format!("{waiting} of {most} bytes"));
        }
        if let Some(state) = exporter.state.filter(|state| *state != ExporterState::Up) {
            pair(2, "State:", state_of(exporter, state));
        }
    })
}

/// The state of an exporter, with the reason and how long it has been so.
fn state_of(exporter: &Exporter, state: ExporterState) -> String {
    let why = exporter
        .reason
        .iter()
        .flatten()
        .map(|why| plain(why))
        .next();
    let why = why.unwrap_or_default();
    let since = exporter.state_since_seconds.map(span);
    let since = since.map_or_else(String::new, |span| format!(" since {span} ago"));
    match (state, &exporter.failed) {
        (ExporterState::Failed, Some(failed)) => format!(
            "failed{since} ({why}, {} of the last {})",
            failed.refused, failed.datagrams
        ),
        (state, _) if why.is_empty() => state.to_string(),
        (state, _) => format!("{state}: {why}"),
    }
}

/// What the exporters sent.
pub(crate) fn exporter_statistics(answer: &Exporters) -> String {
    each(answer, |page, exporter| {
        let statistics = exporter.statistics.as_ref();
        let cleared = statistics.map(|statistics| span(statistics.cleared_seconds));
        page.line(format!(
            "  Packet send statistics (last cleared {} ago):",
            given(cleared)
        ));
        let sent = |page: &mut Page, label: &str, datagrams: Option<u64>, octets: Option<u64>| {
            page.line(format!(
                "    {label:<26} {:<21} ({} bytes)",
                given(datagrams),
                given(octets)
            ));
        };
        sent(
            page,
            "Successfully sent:",
            statistics.map(|statistics| statistics.datagrams),
            statistics.map(|statistics| statistics.octets),
        );
        for (why, failed) in statistics
            .iter()
            .flat_map(|statistics| &statistics.failures)
        {
            let label = format!("{}:", sentence(why));
            sent(page, &label, Some(failed.datagrams), Some(failed.octets));
        }
        let refused = statistics.map(|statistics| statistics.refused);
        if let Some(refused) = refused.filter(|refused| refused.datagrams > 0) {
            sent(
                page,
                "- of them refused:",
                Some(refused.datagrams),
                Some(refused.octets),
            );
        }
        let notices = statistics.map_or(0, |statistics| statistics.unreachable);
        if notices > 0 {
            page.line(format!("    {:<26} {notices}", "Unreachable notices:"));
        }
        page.line("");
        clients(page, exporter);
        page.line("");
    })
}

/// What each monitor gave an exporter.
fn clients(page: &mut Page, exporter: &Exporter) {
    page.line("  Client send statistics:");
    let clients = exporter.clients.as_deref().unwrap_or_default();
    if clients.is_empty() {
        page.line("    No clients");
    }
    for client in clients {
        page.line(format!(
            "    Client: Flow Monitor {}",
            plain(&client.monitor)
        ));
        counts(
            page,
            "Records",
            [
                client.records_added,
                client.records_sent,
                client.records_failed,
            ],
        );
        if client.records_refused > 0 {
            page.line(format!(
                "        {:<22} {}",
                "- refused after:", client.records_refused
            ));
        }
        for (why, failed) in &client.dropped {
            let label = format!("{}:", sentence(why));
            page.line(format!("            {label:<18} {}", failed.records));
        }
        counts(
            page,
            "Bytes",
            [
                client.octets_added,
                client.octets_sent,
                client.octets_failed,
            ],
        );
    }
}

fn counts(page: &mut Page, what: &str, [added, sent, failed]: [u64; 3]) {
    page.line(format!("      {:<24} {added}", format!("{what} added:")));
    page.line(format!("        {:<22} {sent}", "- sent:"));
    page.line(format!("        {:<22} {failed}", "- failed to send:"));
}

/// `no-route` as `No route`.
fn sentence(word: &str) -> String {
    let words = word.replace('-', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// The templates the exporters send.
pub(crate) fn exporter_templates(answer: &Exporters) -> String {
    each(answer, |page, exporter| {
        let templates = exporter.templates.as_deref().unwrap_or_default();
        if templates.is_empty() {
            page.line("  No templates");
        }
        for template in templates {
            one_template(page, exporter, template);
            page.line("");
        }
    })
}

fn one_template(page: &mut Page, exporter: &Exporter, template: &Template) {
    let ipfix = exporter.protocol == ExportProtocol::Ipfix;
    let client = match template.client.is_empty() {
        true => plain(&template.record),
        false => plain(&template.client),
    };
    let kind = match template.options {
        _ if client.starts_with("Flow Monitor ") || client.starts_with("Option ") => "",
        true => "Option ",
        false => "Flow Monitor ",
    };
    page.line(format!("  Client: {kind}{client}"));
    page.line(format!(
        "  Exporter Format: {}",
        protocol(exporter.protocol)
    ));
    page.line(format!("  Template ID    : {}", template.id));
    page.line(format!("  Source ID      : {}", given(exporter.source_id)));
    page.line(format!("  Record Size    : {}", template.record_size));
    page.line("  Template layout");
    let heading = match ipfix {
        true => "|                 Field                   |    ID | Ent.ID | Offset |  Size |",
        false => "|                 Field                   |  Type | Offset |  Size  |",
    };
    let width = heading.len();
    page.line(format!("  {}", "_".repeat(width)));
    page.line(format!("  {heading}"));
    page.line(format!("  {}", "-".repeat(width)));
    for field in &template.fields {
        let words: String = plain(&field.words).chars().take(39).collect();
        let (element, offset, size) = (field.element, given(field.offset), field.size);
        page.line(match ipfix {
            true => {
                let enterprise = field
                    .enterprise
                    .map_or_else(String::new, |number| number.to_string());
                format!("  | {words:<40}|{element:>6} |{enterprise:>7} |{offset:>6}  |{size:>6} |")
            }
            false => format!("  | {words:<40}|{element:>6} |{offset:>6}  |{size:>6}  |"),
        });
    }
    page.line(format!("  {}", "-".repeat(width)));
}
