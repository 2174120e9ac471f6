//! pmacct's `aggregate`: its primitives as fields of a record.

use super::super::probe::Probe;
use super::super::report::{Place, Remarks};

/// The primitives of nfprobe without `aggregate`, which are those of traditional NetFlow.
const DEFAULT: [&str; 6] = [
    "src_host", "dst_host", "src_port", "dst_port", "proto", "tos",
];

/// Primitives with their key fields.
const KEYS: &[(&str, &[&str])] = &[
    ("src_host", &["ipv4 source address", "ipv6 source address"]),
    (
        "dst_host",
        &["ipv4 destination address", "ipv6 destination address"],
    ),
    ("src_net", &["ipv4 source prefix", "ipv6 source prefix"]),
    (
        "dst_net",
        &["ipv4 destination prefix", "ipv6 destination prefix"],
    ),
    ("src_mask", &["ipv4 source mask", "ipv6 source mask"]),
    (
        "dst_mask",
        &["ipv4 destination mask", "ipv6 destination mask"],
    ),
    ("src_port", &["transport source-port"]),
    ("dst_port", &["transport destination-port"]),
    ("proto", &["ipv4 protocol", "ipv6 protocol"]),
    ("tos", &["ipv4 tos", "ipv6 traffic-class"]),
    ("src_mac", &["datalink mac source address input"]),
    ("dst_mac", &["datalink mac destination address input"]),
    ("vlan", &["datalink dot1q vlan input"]),
    ("cos", &["datalink dot1q priority"]),
    ("etype", &["datalink ethertype"]),
    ("in_iface", &["interface input"]),
    ("out_iface", &["interface output"]),
    ("sampling_direction", &["flow direction"]),
    ("mpls_label_top", &["mpls label 1 details"]),
    (
        "peer_dst_ip",
        &[
            "routing next-hop address ipv4",
            "routing next-hop address ipv6",
        ],
    ),
];

/// Primitives with their collected fields.
const COLLECTS: &[(&str, &[&str])] = &[
    ("tcpflags", &["transport tcp flags"]),
    ("flows", &["counter flows"]),
];

/// Primitives that every record has anyway.
const THERE: [&str; 2] = ["timestamp_start", "timestamp_end"];

/// Translates the value of `aggregate` into fields.
pub(super) fn fields(probe: &mut Probe, value: &str, place: Place, remarks: &mut Remarks) {
    let named: Vec<&str> = value
        .split(',')
        .map(str::trim)
        .filter(|primitive| !primitive.is_empty())
        .collect();
    let is_default = named.len() == DEFAULT.len() && DEFAULT.iter().all(|one| named.contains(one));
    if is_default {
        return;
    }
    if probe.version == 5 {
        let why = "NetFlow version 5 has one record only";
        return remarks.lost(place, &format!("aggregate: {value}"), why);
    }
    let (mut keys, mut collects) = (Vec::new(), Vec::new());
    for primitive in named {
        let find = |table: &[(&str, &'static [&'static str])]| {
            let found = table.iter().find(|(name, _)| *name == primitive);
            found.map(|(_, fields)| *fields)
        };
        let (into, fields) = match (find(KEYS), find(COLLECTS)) {
            (Some(fields), _) => (&mut keys, fields),
            (_, Some(fields)) => (&mut collects, fields),
            _ if THERE.contains(&primitive) => continue,
            _ => {
                remarks.lost(place, primitive, why(primitive));
                continue;
            }
        };
        for field in fields {
            if !into.iter().any(|own| own == field) {
                into.push((*field).to_owned());
            }
        }
    }
    if keys.is_empty() {
        let why = "no field is left to tell flows apart; those of traditional NetFlow are used";
        remarks.lost(place, &format!("aggregate: {value}"), why);
        keys = super::super::probe::five_tuple();
    }
    probe.keys = Some(keys);
    probe.collects = collects;
}

fn why(primitive: &str) -> &'static str {
    match primitive {
        "src_as" | "dst_as" | "peer_src_as" | "peer_dst_as" | "as_path" | "std_comm"
        | "ext_comm" | "local_pref" | "med" => "flowd speaks no BGP",
        "class" => "applications are not recognised",
        "tag" | "tag2" | "label" => "there are no tags",
        "none" => "a flow needs fields",
        one if one.starts_with("sum_") => {
            "both directions are summed by `cache bidirectional` only"
        }
        one if one.starts_with("tunnel_") => "`capture decapsulate` meters what is inside tunnels",
        one if one.contains("country") || one.contains("pocode") || one.contains("coords") => {
            "places of addresses are not known"
        }
        one if one.starts_with("post_nat") || one.ends_with("_event") => {
            "translations are not seen in packets"
        }
        _ => "there is no such field here",
    }
}
