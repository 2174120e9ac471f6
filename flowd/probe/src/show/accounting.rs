//! The table of flow accounting.

use std::net::IpAddr;

use api::Refusal;
use api::flow::AccountedInterface;
use api::query::AccountingQuery;
use flow::{Flow, RecordTally, Value};
use registry::{Element, element};

use super::super::interface_names::InterfaceNames;
use super::super::query::{FlowCopy, Keep, invalid};
use super::cache::flow_values;

/// Returns the table of one interface: its largest flows, and the totals of all.
pub(crate) fn accounting(
    interface: String,
    flows: &[FlowCopy],
    totals: RecordTally,
    names: &mut InterfaceNames,
) -> AccountedInterface {
    AccountedInterface {
        interface,
        sampling_rate: None,
        scaled: false,
        entries: totals.records,
        total_flows: totals.records,
        total_packets: totals.packets,
        total_octets: totals.octets,
        flows: flows
            .iter()
            .map(|flow| flow_values(&flow.flow(), names))
            .collect(),
    }
}

/// Returns which flows the query asks for; `None` for all.
///
/// # Errors
/// If the ports cannot be parsed.
pub(crate) fn wanted(query: &AccountingQuery) -> Result<Option<Keep>, Refusal> {
    let ports = query.port.as_deref().map(parse_ports).transpose()?;
    let host = query.host;
    if host.is_none() && ports.is_none() {
        return Ok(None);
    }
    Ok(Some(std::sync::Arc::new(move |flow| {
        let has = |ranges: &Vec<(u64, u64)>| {
            let within = |port: &u64| {
                ranges
                    .iter()
                    .any(|(low, high)| (*low..=*high).contains(port))
            };
            port_numbers(flow).iter().flatten().any(within)
        };
        host.is_none_or(|host| addresses(flow).contains(&Some(host)))
            && ports.as_ref().is_none_or(has)
    })))
}

fn addresses(flow: &Flow<'_>) -> [Option<IpAddr>; 4] {
    [
        &element::SOURCE_IPV4_ADDRESS,
        &element::DESTINATION_IPV4_ADDRESS,
        &element::SOURCE_IPV6_ADDRESS,
        &element::DESTINATION_IPV6_ADDRESS,
    ]
    .map(|element| match value_of(flow, element)? {
        Value::Address(address) => Some(address),
        _ => None,
    })
}

fn port_numbers(flow: &Flow<'_>) -> [Option<u64>; 2] {
    [
        &element::SOURCE_TRANSPORT_PORT,
        &element::DESTINATION_TRANSPORT_PORT,
    ]
    .map(|element| value_of(flow, element)?.number())
}

fn value_of(flow: &Flow<'_>, element: &Element) -> Option<Value> {
    flow.layout
        .slots
        .iter()
        .find(|slot| slot.field.element == element)
        .map(|slot| flow.value(slot))
}

/// Parses `22`, `80-89`, `53,123`, or a mixture as ranges.
fn parse_ports(text: &str) -> Result<Vec<(u64, u64)>, Refusal> {
    let port = |text: &str| text.parse::<u16>().map(u64::from).ok();
    text.split(',')
        .map(|part| {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            match (port(low), port(high)) {
                (Some(low), Some(high)) if low <= high => Ok((low, high)),
                _ => {
                    let message = format!("not a port, a range of ports or a list of them: {part}");
                    Err(invalid(message).about(part))
                }
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_as_numbers_ranges_and_lists() {
        assert_eq!(parse_ports("22").unwrap(), [(22, 22)]);
        assert_eq!(parse_ports("53,80-89").unwrap(), [(53, 53), (80, 89)]);
        for wrong in ["", "x", "80-70", "65536", "1-2-3"] {
            assert!(parse_ports(wrong).is_err(), "{wrong}");
        }
    }
}
