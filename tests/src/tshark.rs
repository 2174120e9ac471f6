//! Decodes export datagrams with tshark, which shares no code with this project.

use std::net::IpAddr;
use std::path::Path;

use serde_json::Value as Json;

use crate::key::{Flows, Key, Sum};
use crate::sink::Sink;
use crate::skip::command;

/// The export datagrams of a collector as tshark decodes them.
#[derive(Debug, Default)]
pub struct Decoded {
    /// Number of datagrams.
    pub datagrams: usize,
    /// The flow records summed by key; times have the protocol's resolution.
    pub flows: Flows,
    /// Every flow record, in order.
    pub records: Vec<Record>,
    /// Options data records.
    pub options: Vec<Json>,
    /// What tshark found unknown, malformed, without template or out of sequence.
    pub complaints: Vec<String>,
    /// Export versions in the headers.
    pub versions: Vec<String>,
    /// The exporter's boot times by the headers, milliseconds since 1970 (v5 and v9).
    pub boots_ms: Vec<i64>,
    /// Number of datagrams that carry a template.
    pub with_template: usize,
    /// `cflow.samplerate` of v5 headers.
    pub v5_rates: Vec<String>,
}

/// A flow record.
#[derive(Clone, Debug)]
pub struct Record {
    /// The key of its flow.
    pub key: Key,
    /// Packets.
    pub packets: u64,
    /// Octets.
    pub octets: u64,
    /// Time of the first packet, milliseconds since 1970.
    pub first_ms: i64,
    /// Time of the last packet, milliseconds since 1970.
    pub last_ms: i64,
    /// The record as tshark shows it.
    pub json: Json,
}

/// Decodes the datagrams that a sink has received.
pub fn decode(sink: &Sink, port: u16) -> Decoded {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    sink.write(file.path());
    decode_file(file.path(), port)
}

/// Decodes a savefile of datagrams to `port`.
///
/// # Panics
/// When tshark fails.
pub fn decode_file(path: &Path, port: u16) -> Decoded {
    let output = command("tshark")
        .args([
            "-r",
            path.to_str().expect("a path in UTF-8"),
            "-d",
            &format!("udp.port=={port},cflow"),
        ])
        .args([
            "-Y",
            &format!("udp.dstport=={port}"),
            "-T",
            "json",
            "--no-duplicate-keys",
            "-J",
            "cflow _ws.malformed",
        ])
        .output()
        .expect("tshark runs");
    assert!(
        output.status.success(),
        "tshark: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let frames: Vec<Json> = serde_json::from_slice(&output.stdout).expect("tshark prints JSON");
    let mut decoded = Decoded {
        datagrams: frames.len(),
        ..Decoded::default()
    };
    for (number, frame) in frames.iter().enumerate() {
        let layers = &frame["_source"]["layers"];
        let header = &layers["cflow"];
        let mut notes = Vec::new();
        complaints(layers, &mut notes);
        if header.get("cflow.version").is_none() {
            notes.push("not decoded as flow export".into());
        }
        decoded.complaints.extend(
            notes
                .into_iter()
                .map(|note| format!("datagram {}: {note}", number + 1)),
        );
        decoded
            .versions
            .push(text(header, "cflow.version").to_owned());
        if let Some(rate) = header.get("cflow.samplerate").and_then(Json::as_str) {
            decoded.v5_rates.push(rate.to_owned());
        }
        let boot = boot_ms(header);
        decoded.boots_ms.extend(boot);
        let before = decoded.with_template;
        walk(header, boot, &mut decoded);
        decoded.with_template = decoded.with_template.min(before + 1);
    }
    decoded
}

/// Returns when `sysUpTime` was 0 by a header, milliseconds since 1970.
fn boot_ms(header: &Json) -> Option<i64> {
    let uptime = seconds(header.get("cflow.sysuptime")?.as_str()?)?;
    let time = &header["cflow.timestamp_tree"];
    let nanos: i64 = text(time, "cflow.unix_nsecs").parse().unwrap_or(0);
    Some(text(time, "cflow.unix_secs").parse::<i64>().ok()? * 1_000 + nanos / 1_000_000 - uptime)
}

fn walk(node: &Json, boot: Option<i64>, decoded: &mut Decoded) {
    let Json::Object(children) = node else { return };
    if node.get("cflow.packets").is_some()
        && node.get("cflow.octets").is_some()
        && node.get("cflow.protocol").is_some()
    {
        if let Some(record) = record(node, boot) {
            let nanos = |ms: i64| u64::try_from(ms).unwrap_or(0) * 1_000_000;
            let flags =
                u16::from_str_radix(text(node, "cflow.tcpflags").trim_start_matches("0x"), 16)
                    .unwrap_or(0);
            let sum = Sum {
                packets: record.packets,
                octets: record.octets,
                first_ns: nanos(record.first_ms),
                last_ns: nanos(record.last_ms),
                flags,
                records: 1,
            };
            decoded.flows.add(record.key, sum);
            decoded.records.push(record);
        } else {
            decoded
                .complaints
                .push(format!("a record that cannot be read: {node}"));
        }
        return;
    }
    for (name, child) in children {
        if name.starts_with("Template (") || name.contains("Options Template (Id") {
            decoded.with_template += 1;
        } else if name.starts_with("Flow ") {
            let flow = child.get("cflow.packets").is_some() && child.get("cflow.octets").is_some();
            if !flow {
                decoded.options.push(child.clone());
            }
        }
        walk(child, boot, decoded);
    }
}

fn record(node: &Json, boot: Option<i64>) -> Option<Record> {
    let address = |v4: &str, v6: &str| -> Option<IpAddr> {
        let found: Vec<IpAddr> = [v4, v6]
            .iter()
            .filter_map(|name| node.get(*name)?.as_str()?.parse().ok())
            .collect();
        found
            .iter()
            .find(|address| !address.is_unspecified())
            .or(found.first())
            .copied()
    };
    let number = |name: &str| text(node, name).parse::<u64>().ok();
    let port = |name: &str| {
        number(name)
            .and_then(|port| u16::try_from(port).ok())
            .unwrap_or(0)
    };
    // A bidirectional flow has two values of many elements; flowd sends that of the reverse direction first.
    let times = last(&node["cflow.timedelta_tree"]);
    let time = |relative: &str, absolute: &str| -> Option<i64> {
        let find = |name: &str| times.get(name).or(node.get(name)).and_then(Json::as_str);
        match find(absolute) {
            Some(text) => date_ms(text),
            None => Some(boot? + seconds(find(relative)?)?),
        }
    };
    Some(Record {
        key: Key {
            src: address("cflow.srcaddr", "cflow.srcaddrv6")?,
            dst: address("cflow.dstaddr", "cflow.dstaddrv6")?,
            proto: u8::try_from(number("cflow.protocol")?).ok()?,
            sport: port("cflow.srcport"),
            dport: port("cflow.dstport"),
        },
        packets: number("cflow.packets")?,
        octets: number("cflow.octets")?,
        first_ms: time("cflow.timestart", "cflow.abstimestart").unwrap_or(0),
        last_ms: time("cflow.timeend", "cflow.abstimeend").unwrap_or(0),
        json: node.clone(),
    })
}

fn complaints(node: &Json, found: &mut Vec<String>) {
    match node {
        Json::Object(children) => {
            for (name, child) in children {
                let small = name.to_ascii_lowercase();
                let bad = [
                    "malformed",
                    "unknown",
                    "no_template",
                    "unexpected",
                    "no template",
                    "_ws.expert",
                ];
                if bad.iter().any(|word| small.contains(word)) {
                    found.push(format!("{name}: {child}"));
                }
                complaints(child, found);
            }
        }
        Json::Array(items) => items.iter().for_each(|item| complaints(item, found)),
        _ => {}
    }
}

fn text<'a>(node: &'a Json, name: &str) -> &'a str {
    let value = node.get(name).map(last);
    value.and_then(Json::as_str).unwrap_or_default()
}

/// Returns a value, or the last of several.
fn last(value: &Json) -> &Json {
    match value {
        Json::Array(several) => several.last().unwrap_or(value),
        one => one,
    }
}

/// Reads seconds (`12.345000000`) as milliseconds.
fn seconds(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let nanos: i64 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    Some(whole.parse::<i64>().ok()? * 1_000 + nanos / 1_000_000)
}

/// Reads `Nov 21, 2026 03:36:07.777000000 UTC` as milliseconds since 1970.
fn date_ms(text: &str) -> Option<i64> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [month, day, year, time, ..] = words.as_slice() else {
        return None;
    };
    let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let month = months.iter().position(|name| name == month)? as i64 + 1;
    let (clock, nanos) = time.split_once('.').unwrap_or((time, "0"));
    let parts: Vec<i64> = clock
        .split(':')
        .filter_map(|part| part.parse().ok())
        .collect();
    let [hour, minute, second] = parts.as_slice() else {
        return None;
    };
    let days = days(
        year.parse().ok()?,
        month,
        day.trim_end_matches(',').parse().ok()?,
    );
    let millis: i64 = format!("{nanos:0<9}").get(..3)?.parse().ok()?;
    Some((days * 86_400 + hour * 3_600 + minute * 60 + second) * 1_000 + millis)
}

/// Reads `2026-11-21T03:30:50.296` as milliseconds since 1970.
pub fn iso_ms(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', ' '])?;
    let date: Vec<i64> = date
        .split('-')
        .filter_map(|part| part.parse().ok())
        .collect();
    let [year, month, day] = date.as_slice() else {
        return None;
    };
    let (clock, millis) = time.split_once('.').unwrap_or((time, "0"));
    let parts: Vec<i64> = clock
        .split(':')
        .filter_map(|part| part.parse().ok())
        .collect();
    let [hour, minute, second] = parts.as_slice() else {
        return None;
    };
    let millis: i64 = format!("{millis:0<3}").get(..3)?.parse().ok()?;
    Some(
        (days(*year, *month, *day) * 86_400 + hour * 3_600 + minute * 60 + second) * 1_000 + millis,
    )
}

/// Returns the days from 1970 to a date in the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years that start in March put the leap day last.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        assert_eq!(date_ms("Jan 1, 1970 00:00:01.500000000 UTC"), Some(1_500));
        assert_eq!(
            date_ms("Nov 21, 2026 03:36:07.777000000 UTC"),
            Some(1_795_232_167_777)
        );
        assert_eq!(iso_ms("2026-11-21T03:36:07.777"), Some(1_795_232_167_777));
        assert_eq!(iso_ms("2000-02-29 00:00:00"), Some(951_782_400_000));
        assert_eq!(seconds("269434.097000000"), Some(269_434_097));
    }
}
