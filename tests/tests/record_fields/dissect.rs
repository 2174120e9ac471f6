//! Dissects many datagrams in one run of tshark.

use std::net::{IpAddr, Ipv4Addr};

use flow_tests::frame::{Frame, Payload};
use flow_tests::{pcapfile, skip};
use regex::Regex;

/// A field as tshark shows it.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) name: String,
    /// Its offset in the datagram.
    pub(crate) at: usize,
    pub(crate) len: usize,
    pub(crate) show: String,
}

const PORT: u16 = 2055;
/// Octets of the Ethernet, IPv4 and UDP headers.
const HEADERS: usize = 14 + 20 + 8;

/// Dissects all datagrams, each of the exporter with the number beside it. `None` if tshark is not installed.
pub(crate) fn dissect(test: &str, datagrams: &[(usize, Vec<u8>)]) -> Option<Vec<Vec<Shown>>> {
    if !skip::able(test, &["tshark"]) {
        return None;
    }
    let frames: Vec<Vec<u8>> = datagrams
        .iter()
        .map(|(exporter, datagram)| {
            let from: IpAddr = Ipv4Addr::from(0x0a00_0001 + *exporter as u32).into();
            let to = [192, 0, 2, 9].into();
            let len = datagram.len() as u16;
            let (sport, dport) = (PORT, PORT);
            let mut bytes = Frame::new(from, to, Payload::Udp { sport, dport, len }).bytes();
            bytes[HEADERS..].copy_from_slice(datagram);
            bytes
        })
        .collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    pcapfile::write(
        file.path(),
        frames.iter().map(|bytes| (0, bytes.as_slice())),
    );
    let output = skip::command("tshark")
        .args([
            "-n",
            "-T",
            "pdml",
            "-d",
            &format!("udp.port=={PORT},cflow"),
            "-r",
        ])
        .arg(file.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let field =
        Regex::new(r#"<field name="([^"]*)".*? size="(\d+)" pos="(\d+)" show="([^"]*)""#).unwrap();
    let packets: Vec<Vec<Shown>> = text
        .split("<packet>")
        .skip(1)
        .map(|packet| {
            assert!(
                !packet.contains("_ws.malformed") && !packet.contains("no template"),
                "{packet}"
            );
            field
                .captures_iter(packet)
                .filter_map(|found| {
                    Some(Shown {
                        name: found[1].to_owned(),
                        at: found[3].parse::<usize>().ok()?.checked_sub(HEADERS)?,
                        len: found[2].parse().ok()?,
                        show: found[4].to_owned(),
                    })
                })
                .collect()
        })
        .collect();
    assert_eq!(packets.len(), datagrams.len());
    Some(packets)
}

/// Finds the field with this name, offset and length in a dissected datagram.
pub(crate) fn find(
    shown: &[Shown],
    at: usize,
    hex: &str,
    name: &str,
    show: &str,
) -> Result<(), String> {
    let place = (at, hex.len() / 2);
    let mut here = shown.iter().filter(|shown| (shown.at, shown.len) == place);
    if here
        .clone()
        .any(|shown| shown.name == name && shown.show == show)
    {
        return Ok(());
    }
    let found: Vec<String> = here
        .by_ref()
        .map(|shown| format!("{} {}", shown.name, shown.show))
        .collect();
    Err(format!("tshark shows {found:?}, not {name} {show}"))
}
