//! `show flow exporter`, Cisco's layout.

use serde_json::Value as Json;

use super::{Page, list, plain, some, span};

/// Column (from 0) of the values of `show flow exporter`.
const VALUES: usize = 28;

/// A protocol's name, as IOS has it.
fn protocol(json: &Json) -> String {
    match json.as_str() {
        Some("netflow-v5") => "NetFlow Version 5".into(),
        Some("netflow-v9") => "NetFlow Version 9".into(),
        Some("ipfix") => "IPFIX (Version 10)".into(),
        _ => plain(json),
    }
}

fn each(answer: &Json, write: impl Fn(&mut Page, &Json)) -> String {
    let mut page = Page::default();
    for exporter in list(answer, "exporters") {
        page.line(format!("Flow Exporter {}:", plain(&exporter["name"])));
        write(&mut page, exporter);
    }
    page.0
}

/// The exporters and how they send.
pub(crate) fn exporters(answer: &Json) -> String {
    each(answer, |page, exporter| {
        page.pair(2, "Description:", VALUES, plain(&exporter["description"]));
        page.pair(
            2,
            "Export protocol:",
            VALUES,
            protocol(&exporter["protocol"]),
        );
        page.line("  Transport Configuration:");
        let named = exporter["destination"]
            .as_str()
            .is_some_and(|host| host.parse::<std::net::IpAddr>().is_err());
        page.pair(
            4,
            "Destination type:",
            VALUES,
            if named { "Host name" } else { "IP" },
        );
        if named {
            page.pair(
                4,
                "Destination host name:",
                VALUES,
                plain(&exporter["destination"]),
            );
            page.pair(
                4,
                "Destination IP address:",
                VALUES,
                plain(&exporter["destination_address"]),
            );
        } else {
            page.pair(
                4,
                "Destination IP address:",
                VALUES,
                plain(&exporter["destination"]),
            );
        }
        if let Some(vrf) = some(exporter, "vrf") {
            page.pair(4, "VRF label:", VALUES, plain(vrf));
        }
        let address = some(exporter, "source_address").or_else(|| some(exporter, "source"));
        page.pair(
            4,
            "Source IP address:",
            VALUES,
            address.map_or_else(|| "-".into(), plain),
        );
        if let Some(source) = some(exporter, "source").filter(|source| Some(*source) != address) {
            page.pair(4, "Source Interface:", VALUES, plain(source));
        }
        page.pair(4, "Transport Protocol:", VALUES, "UDP");
        page.pair(4, "Destination Port:", VALUES, plain(&exporter["port"]));
        page.pair(4, "Source Port:", VALUES, plain(&exporter["source_port"]));
        let dscp = exporter["dscp"]
            .as_u64()
            .map_or_else(|| plain(&exporter["dscp"]), |dscp| format!("0x{dscp:X}"));
        page.pair(4, "DSCP:", VALUES, dscp);
        page.pair(4, "TTL:", VALUES, plain(&exporter["ttl"]));
        page.pair(4, "Output Features:", VALUES, "Not Used");
        if let Some(state) = some(exporter, "state").filter(|state| *state != "up") {
            let why = some(exporter, "reason")
                .map(|why| format!(": {}", plain(why)))
                .unwrap_or_default();
            page.pair(2, "State:", VALUES, format!("{}{why}", plain(state)));
        }
    })
}

/// What the exporters sent.
pub(crate) fn exporter_statistics(answer: &Json) -> String {
    each(answer, |page, exporter| {
        let statistics = &exporter["statistics"];
        let cleared = statistics["cleared_seconds"]
            .as_u64()
            .map_or_else(|| "-".into(), span);
        page.line(format!(
            "  Packet send statistics (last cleared {cleared} ago):"
        ));
        let sent = |page: &mut Page, label: &str, datagrams: &Json, octets: &Json| {
            page.line(format!(
                "    {label:<26} {:<21} ({} bytes)",
                plain(datagrams),
                plain(octets)
            ));
        };
        sent(
            page,
            "Successfully sent:",
            &statistics["datagrams"],
            &statistics["octets"],
        );
        for (why, failed) in statistics["failures"].as_object().into_iter().flatten() {
            sent(
                page,
                &format!("{}:", sentence(why)),
                &failed["datagrams"],
                &failed["octets"],
            );
        }
        if let Some(notices) = statistics["unreachable"]
            .as_u64()
            .filter(|notices| *notices > 0)
        {
            page.line(format!("    {:<26} {notices}", "Unreachable notices:"));
        }
        page.line("");
        page.line("  Client send statistics:");
        if list(exporter, "clients").is_empty() {
            page.line("    No clients");
        }
        for client in list(exporter, "clients") {
            page.line(format!(
                "    Client: Flow Monitor {}",
                plain(&client["monitor"])
            ));
            for (what, key) in [("Records", "records"), ("Bytes", "octets")] {
                let number = |which: &str| plain(&client[format!("{key}_{which}")]);
                page.line(format!(
                    "      {:<24} {}",
                    format!("{what} added:"),
                    number("added")
                ));
                page.line(format!("        {:<22} {}", "- sent:", number("sent")));
                page.line(format!(
                    "        {:<22} {}",
                    "- failed to send:",
                    number("failed")
                ));
                let reasons = client["dropped"].as_object().filter(|_| key == "records");
                for (why, failed) in reasons.into_iter().flatten() {
                    let label = format!("{}:", sentence(why));
                    page.line(format!(
                        "            {label:<18} {}",
                        plain(&failed["records"])
                    ));
                }
            }
        }
        page.line("");
    })
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
pub(crate) fn exporter_templates(answer: &Json) -> String {
    each(answer, |page, exporter| {
        if list(exporter, "templates").is_empty() {
            page.line("  No templates");
        }
        for template in list(exporter, "templates") {
            one_template(page, exporter, template);
            page.line("");
        }
    })
}

fn one_template(page: &mut Page, exporter: &Json, template: &Json) {
    let ipfix = exporter["protocol"] == "ipfix";
    let client = some(template, "client")
        .or_else(|| some(template, "record"))
        .map_or_else(|| "-".into(), plain);
    let kind = match template["options"].as_bool() {
        _ if client.starts_with("Flow Monitor ") || client.starts_with("Option ") => "",
        Some(true) => "Option ",
        _ => "Flow Monitor ",
    };
    page.line(format!("  Client: {kind}{client}"));
    page.line(format!(
        "  Exporter Format: {}",
        protocol(&exporter["protocol"])
    ));
    page.line(format!("  Template ID    : {}", plain(&template["id"])));
    page.line(format!(
        "  Source ID      : {}",
        plain(&exporter["source_id"])
    ));
    page.line(format!(
        "  Record Size    : {}",
        plain(&template["record_size"])
    ));
    page.line("  Template layout");
    let heading = match ipfix {
        true => "|                 Field                   |    ID | Ent.ID | Offset |  Size |",
        false => "|                 Field                   |  Type | Offset |  Size  |",
    };
    let width = heading.len();
    page.line(format!("  {}", "_".repeat(width)));
    page.line(format!("  {heading}"));
    page.line(format!("  {}", "-".repeat(width)));
    for field in list(template, "fields") {
        let words: String = plain(&field["words"]).chars().take(39).collect();
        let (element, offset, size) = (
            plain(&field["element"]),
            plain(&field["offset"]),
            plain(&field["size"]),
        );
        page.line(match ipfix {
            true => {
                let enterprise = some(field, "enterprise").map_or_else(String::new, plain);
                format!("  | {words:<40}|{element:>6} |{enterprise:>7} |{offset:>6}  |{size:>6} |")
            }
            false => format!("  | {words:<40}|{element:>6} |{offset:>6}  |{size:>6}  |"),
        });
    }
    page.line(format!("  {}", "-".repeat(width)));
}
