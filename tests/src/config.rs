//! Configurations that several tests use: the two blocks of the seed text (see `shared`), and two of the project's own with
//! the same features.

use std::fmt::Write;

/// Returns the IOS block of the seed text: from the first `flow record` to the line that attaches the monitor.
pub fn cut_ios(seed: &str) -> Option<String> {
    cut(
        seed,
        |line| line.trim_start().starts_with("flow record "),
        |line| line.trim().starts_with("ip flow monitor "),
    )
}

/// Returns the VyOS block of the seed text: from `system {` to the brace that closes it.
pub fn cut_vyos(seed: &str) -> Option<String> {
    cut(seed, |line| line == "system {", |line| line == "}")
}

fn cut(text: &str, first: impl Fn(&str) -> bool, last: impl Fn(&str) -> bool) -> Option<String> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let start = lines.iter().position(|line| first(line))?;
    let end = start + lines[start..].iter().position(|line| last(line))?;
    Some(lines[start..=end].join("\n") + "\n")
}

/// An IOS configuration of the project's own: two exporters, one record, one monitor, an interface; with two `match`
/// commands in one line, wrong indentation, and comments.
pub const OWN_IOS: &str = "\
! two collectors behind one port
flow record BY-CONVERSATION
 description who talks to whom
 match ipv4 source address match ipv4 destination address
 match ipv4 protocol
 match transport source-port
  match transport destination-port
 match ipv4 tos
 match interface input
 collect counter bytes
 collect counter packets
 collect interface output
!
 flow exporter NORTH
 destination 192.168.3.1
 source Gi0/0
 transport udp 2055
 template data timeout 60
!
flow exporter SOUTH
 destination 192.168.4.1
 source GigabitEthernet0/0
 transport udp 2055
 template data timeout 60
!
flow monitor EDGE
 record BY-CONVERSATION
 exporter NORTH
 exporter SOUTH
 cache timeout active 30
 cache timeout inactive 15
!
interface GigabitEthernet0/1
ip flow monitor EDGE input
";

/// A VyOS configuration of the project's own, with every flow-accounting leaf of the seed text and a few more.
pub const OWN_VYOS: &str = "\
/* accounting on the customer port */
system {
    config-management {
        commit-revisions 50
    }
    flow-accounting {
        interface eth1
        netflow {
            engine-id 7
            sampling-rate 100
            server 192.168.3.2 {
                port 2055
            }
            timeout {
                expiry-interval 60
                flow-generic 3600
                icmp 300
                max-active-life 604800
                tcp-fin 300
                tcp-generic 3600
                tcp-rst 120
                udp 300
            }
            version 9
        }
        syslog-facility daemon
    }
    host-name edge-1
}
";

/// An exporter that [`monitor`] configures.
pub struct Exporter<'a> {
    /// Its name.
    pub name: &'a str,
    /// The collector's address.
    pub destination: &'a str,
    /// The collector's port.
    pub port: u16,
    /// `netflow-v5`, `netflow-v9` or `ipfix`.
    pub protocol: &'a str,
}

/// Returns the `set` lines of a monitor `M` with the record `netflow-original` on the input of `interface`.
pub fn monitor(interface: &str, exporters: &[Exporter<'_>]) -> String {
    let mut text = String::from("set flow monitor M record netflow-original\n");
    for Exporter {
        name,
        destination,
        port,
        protocol,
    } in exporters
    {
        let _ = writeln!(
            text,
            "set flow exporter {name} destination {destination}\nset flow exporter {name} transport udp {port}\n\
             set flow exporter {name} export-protocol {protocol}\nset flow monitor M exporter {name}"
        );
    }
    text + &format!("set interfaces ethernet {interface} flow monitor M direction input\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_cut_whole() {
        let seed = format!("words\n{OWN_IOS}more words\n{OWN_VYOS}end");
        assert!(cut_ios(&seed).is_some_and(
            |block| block.starts_with("flow record") && block.ends_with("EDGE input\n")
        ));
        assert!(
            cut_vyos(&seed)
                .is_some_and(|block| block.starts_with("system {\n") && block.ends_with("\n}\n"))
        );
        assert_eq!(cut_vyos("nothing"), None);
    }
}
