//! Makes the settings of the samplicators from the configuration tree, and a finding at its node from a refusal.

use std::net::IpAddr;
use std::time::Duration;

use language::{Finding, Tree};
use service::named::{self, Before};
use udp::Source;

use super::{
    Action, BalanceBy, Group, Listen, MAX_RECEIVERS, Receiver, Rule, SamplicatorSettings, Settings,
    SourcePort,
};
use crate::error::{Error, Place, Problem};

/// Resolves a tree that was checked against the schema: what that lets through is right here, too. Samplicators that it shares with
/// `before` are taken over from there.
///
/// # Errors
/// A samplicator has too many receivers, which the schema cannot express.
pub(crate) fn from_tree(
    tree: &Tree,
    before: Option<Before<'_, Settings>>,
) -> Result<Settings, Vec<Finding>> {
    let mut findings = Vec::new();
    let settings = named::resolve(tree, &["flow", "samplicator"], before, |name, node| {
        let samplicator = samplicator(name, node);
        // The schema has no limit for the number of names below a node.
        if samplicator.receivers.len() > MAX_RECEIVERS {
            let error = Error {
                place: Place::Receivers,
                problem: Problem::TooManyReceivers,
            };
            findings.push(finding(&samplicator, &error));
        }
        Some(samplicator)
    });
    if findings.is_empty() {
        Ok(settings)
    } else {
        Err(findings)
    }
}

/// Resolves the node of `flow samplicator NAME`.
fn samplicator(name: &str, node: &Tree) -> SamplicatorSettings {
    let mut settings = SamplicatorSettings::new(name);
    settings.description = text(node, "description");
    settings.listen = node
        .values(&["listen-address"])
        .iter()
        .filter_map(|text| listen(text))
        .collect();
    let ports = node.values(&["port"]);
    if !ports.is_empty() {
        settings.ports = ports.iter().filter_map(|text| text.parse().ok()).collect();
    }
    settings.receive_buffer = number(node, "receive-buffer").unwrap_or(settings.receive_buffer);
    settings.threads = number(node, "threads").unwrap_or(settings.threads);
    settings.silent_after =
        number(node, "silent-after").map_or(settings.silent_after, Duration::from_secs);
    settings.receivers = node
        .children(&["receiver"])
        .map(|(name, node)| receiver(name, node))
        .collect();
    settings.rules = node
        .children(&["source"])
        .filter_map(|(prefix, node)| rule(prefix, node))
        .collect();
    settings.groups = node
        .children(&["balance", "group"])
        .map(|(name, node)| Group {
            name: name.to_owned(),
            receivers: node.values(&["receivers"]).to_vec(),
            by: match node.value(&["by"]) {
                Some("domain") => BalanceBy::Domain,
                Some("round-robin") => BalanceBy::RoundRobin,
                _ => BalanceBy::Exporter,
            },
        })
        .collect();
    settings
}

/// Reads `ADDRESS` or `ADDRESS%INTERFACE`.
fn listen(text: &str) -> Option<Listen> {
    let (address, interface) = match text.split_once('%') {
        Some((address, interface)) => (address, Some(interface.to_owned())),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    Some(Listen { address, interface })
}

fn receiver(name: &str, node: &Tree) -> Receiver {
    let mut receiver = Receiver::new(name, node.value(&["address"]).unwrap_or_default());
    receiver.description = text(node, "description");
    receiver.port = number(node, "port").unwrap_or(receiver.port);
    receiver.spoof_source = node.has(&["spoof-source"]);
    receiver.source_port =
        number(node, "source-port").map_or(SourcePort::Preserve, SourcePort::Fixed);
    let interface = node.value(&["source-interface"]).map(str::to_owned);
    let address = node
        .value(&["source-address"])
        .and_then(|text| text.parse().ok());
    receiver.source = match interface {
        Some(interface) => Source::Interface(interface),
        None => address.map_or(Source::Any, Source::Address),
    };
    receiver.sampling = number(node, "sampling").unwrap_or(receiver.sampling);
    receiver.ttl = number(node, "ttl");
    receiver.dscp = number(node, "dscp").unwrap_or(receiver.dscp);
    receiver.no_checksum = node.has(&["no-checksum"]);
    receiver.delay = number(node, "delay").map_or(receiver.delay, Duration::from_micros);
    receiver.rate_limit = number(node, "rate-limit");
    receiver.disabled = node.has(&["disable"]);
    receiver
}

fn rule(prefix: &str, node: &Tree) -> Option<Rule> {
    let action = match node.has(&["deny"]) {
        true => Action::Deny,
        false => Action::Relay(node.values(&["receiver"]).to_vec()),
    };
    let prefix = prefix.parse().ok()?;
    Some(Rule { prefix, action })
}

fn text(node: &Tree, leaf: &str) -> Option<String> {
    node.value(&[leaf]).map(str::to_owned)
}

fn number<T: std::str::FromStr>(node: &Tree, leaf: &str) -> Option<T> {
    node.value(&[leaf])?.parse().ok()
}

/// Makes a finding of an error, at its node below `flow samplicator NAME`.
///
/// Boot leaves out what a finding names. A samplicator that lost its only listening address would take in everything, so
/// then it is named as a whole.
pub(crate) fn finding(settings: &SamplicatorSettings, error: &Error) -> Finding {
    let mut path = vec![
        "flow".to_owned(),
        "samplicator".to_owned(),
        settings.name.clone(),
    ];
    let words: Vec<String> = match &error.place {
        Place::Threads => vec!["threads".into()],
        Place::Receivers => vec!["receiver".into()],
        Place::Listen(_) if settings.listen.len() < 2 => vec![],
        Place::Listen(endpoint) => vec!["listen-address".into(), endpoint.listen.to_string()],
        Place::Receiver(receiver) => vec!["receiver".into(), receiver.clone()],
    };
    path.extend(words);
    let message = match &error.place {
        Place::Listen(endpoint) => format!(
            "{} port {}: {}",
            endpoint.listen, endpoint.port, error.problem
        ),
        _ => error.problem.to_string(),
    };
    Finding {
        path,
        message,
        code: language::Code::HostRefuses,
    }
}

#[cfg(test)]
mod tests {
    use language::Mode;

    use super::*;

    fn settings(text: &str) -> Settings {
        let tree = language::load(&Tree::default(), &[], text, None, Mode::Merge).unwrap();
        assert_eq!(language::check(&tree), []);
        from_tree(&tree, None).unwrap()
    }

    #[test]
    fn leaves_that_are_not_there_are_the_tables_defaults() {
        let settings = settings("set flow samplicator S receiver A address 192.0.2.1");
        let relay = &settings["S"];
        let default = |path: &str| {
            let row = language::schema::TABLE.iter().find(|row| row.path == path);
            row.unwrap().default.parse::<u64>().unwrap()
        };
        let at = |leaf: &str| default(&format!("flow samplicator * {leaf}"));
        assert_eq!(
            relay
                .ports
                .iter()
                .map(|port| u64::from(*port))
                .collect::<Vec<_>>(),
            [at("port")]
        );
        assert_eq!(relay.receive_buffer as u64, at("receive-buffer"));
        assert_eq!(relay.threads as u64, at("threads"));
        assert_eq!(relay.silent_after.as_secs(), at("silent-after"));
        assert_eq!(u64::from(relay.receivers[0].port), at("receiver * port"));
        assert_eq!(u64::from(relay.receivers[0].dscp), at("receiver * dscp"));
    }

    #[test]
    fn a_whole_samplicator_is_resolved() {
        let settings = settings(
            "flow {
    samplicator S {
        listen-address 192.0.2.2
        listen-address 239.1.2.3%eth1
        port 2055
        port 9995
        receiver A {
            address 198.51.100.1
            delay 20
            description \"the first\"
            source-port 9999
            spoof-source
        }
        receiver B {
            address b.example.net
            rate-limit 1000
        }
        source 10.0.0.0/8 {
            receiver pool
        }
        source 10.66.0.0/16 {
            deny
        }
        balance {
            group pool {
                receivers A
                receivers B
                by domain
            }
        }
    }
}",
        );
        let samplicator = &settings["S"];
        let relay = &**samplicator;
        assert_eq!(relay.listen[1].interface.as_deref(), Some("eth1"));
        assert_eq!(relay.ports, [2055, 9995]);
        let [a, b] = &relay.receivers[..] else {
            panic!()
        };
        assert_eq!(
            (a.delay, a.source_port, a.spoof_source),
            (Duration::from_micros(20), SourcePort::Fixed(9999), true)
        );
        assert_eq!(
            (b.rate_limit, b.source_port),
            (Some(1000), SourcePort::Preserve)
        );
        assert_eq!(a.description.as_deref(), Some("the first"));
        assert_eq!(relay.rules[1].action, Action::Deny);
        assert_eq!(relay.groups[0].by, BalanceBy::Domain);
    }

    #[test]
    fn the_tree_lets_nothing_through_that_a_samplicator_cannot_do() {
        let wrong = |line: &str| {
            let lines = format!(
                "set flow samplicator S port 2055\nset flow samplicator S receiver A address 192.0.2.1
set flow samplicator S receiver B address 2001:db8::1\nset flow samplicator S {line}"
            );
            let tree = language::load(&Tree::default(), &[], &lines, None, Mode::Merge);
            tree.map_or(true, |tree| !language::check(&tree).is_empty())
        };
        assert!(!wrong("threads 64"));
        for line in [
            "port 0",
            "port 65536",
            "threads 0",
            "threads 65",
            "receiver C",
            "receiver A port 0",
            "receiver A source-port 0",
            "receiver A sampling 0",
            "receiver A sampling 1",
            "receiver A ttl 0",
            "receiver A dscp 64",
            "receiver A rate-limit 0",
            "receiver B no-checksum",
            "balance group A receivers B",
            "balance group G",
            "balance group G receivers C",
            "source 10.0.0.0/8",
            "source 10.0.0.0/8 receiver C",
            "source 10.1.0.0/8 receiver A",
        ] {
            assert!(wrong(line), "{line}");
        }
        assert!(wrong(
            "receiver B spoof-source\nset flow samplicator S listen-address 192.0.2.9"
        ));
    }

    #[test]
    fn receivers_are_as_many_as_there_are_bits_for() {
        let lines: String = (0..=MAX_RECEIVERS)
            .map(|number| format!("set flow samplicator S receiver R{number} address 192.0.2.1\n"))
            .collect();
        let tree = language::load(&Tree::default(), &[], &lines, None, Mode::Merge).unwrap();
        assert_eq!(language::check(&tree), []);
        let findings = from_tree(&tree, None).unwrap_err();
        assert_eq!(
            findings[0].to_string(),
            "flow samplicator S receiver: more than 256 receivers"
        );
    }
}
