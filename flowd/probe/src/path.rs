//! Which way a flow would take: in, out, and the monitors and exporters on its way.

use std::net::IpAddr;
use std::sync::Arc;

use export::Protocol;
use fib::{Fib, Hop, Kind, Packet};
use ipnet::IpNet;
use serde_json::{Value as Json, json};
use system::routes::Routes;

use super::commit::ROUTES;
use super::settings::{Attachment, MonitorSettings, PortSettings, Settings};
use super::{Probe, Unknown};
use service::clock;

/// A flow that may not be there.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathQuery {
    /// Source address.
    pub source: IpAddr,
    /// Destination address, of the same family.
    pub destination: IpAddr,
    /// IP protocol.
    #[serde(default)]
    pub protocol: u8,
    /// Source port.
    #[serde(default)]
    pub source_port: u16,
    /// Destination port.
    #[serde(default)]
    pub destination_port: u16,
    /// Where it comes in; without it, where the route to its source leads.
    pub interface: Option<String>,
}

/// What a route makes of a packet.
struct Way {
    len: u8,
    kind: Option<Kind>,
    hop: Option<Hop>,
}

impl PathQuery {
    /// Looks the packet up, or with `back` the one that answers it.
    fn way(&self, fib: &Fib, input: u32, back: bool) -> Way {
        let (source, destination, ports) = match back {
            false => (
                self.source,
                self.destination,
                (self.source_port, self.destination_port),
            ),
            true => (
                self.destination,
                self.source,
                (self.destination_port, self.source_port),
            ),
        };
        fn packet<A>(
            source: A,
            destination: A,
            like: &PathQuery,
            input: u32,
            ports: (u16, u16),
        ) -> Packet<A> {
            Packet {
                source,
                destination,
                interface: input,
                outgoing: input == 0,
                tos: 0,
                protocol: like.protocol,
                ports,
            }
        }
        let way = |found: fib::Match<'_>, hop: Option<&Hop>| Way {
            len: found.len,
            kind: found.kind,
            hop: hop.copied(),
        };
        match (source, destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let packet = packet(source.to_bits(), destination.to_bits(), self, input, ports);
                let found = fib.v4.find(&packet);
                way(found, found.hop(&packet))
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                let packet = packet(source.to_bits(), destination.to_bits(), self, input, ports);
                let found = fib.v6.find(&packet);
                way(found, found.hop(&packet))
            }
            _ => Way {
                len: 0,
                kind: None,
                hop: None,
            },
        }
    }
}

impl Probe {
    /// `GET /v1/flow/path`. Where no record speaks of routes, the host's are read for it.
    ///
    /// # Errors
    /// Addresses of two families, an interface that is not there, routes that cannot be read.
    pub fn path(&self, query: &PathQuery) -> Result<Json, Unknown> {
        if query.source.is_ipv4() != query.destination.is_ipv4() {
            return Err(Unknown("both addresses are of one family".into()));
        }
        let fib = self.fib()?;
        let interfaces = system::interfaces().map_err(|error| Unknown(error.to_string()))?;
        let index = |name: &str| {
            let found = interfaces.iter().find(|interface| interface.name == name);
            found.map(|interface| interface.index)
        };
        let name = |index: u32| {
            let found = interfaces.iter().find(|interface| interface.index == index);
            found.map_or_else(|| index.to_string(), |interface| interface.name.clone())
        };
        let input = match &query.interface {
            Some(name) => {
                Some(index(name).ok_or_else(|| Unknown(format!("there is no interface {name}")))?)
            }
            // The host's own packets come in nowhere.
            None => query.way(&fib, 0, true).hop.map(|hop| hop.output),
        };
        let way = query.way(&fib, input.unwrap_or(0), false);
        let (input, output) = (input.map(&name), way.hop.map(|hop| name(hop.output)));
        let state = self.state();
        let mut metered = Vec::new();
        for (interface, outgoing) in [(&input, false), (&output, true)] {
            let Some(port) = interface
                .as_ref()
                .and_then(|name| state.settings.ports.get(name))
            else {
                continue;
            };
            let family = usize::from(query.source.is_ipv6());
            let sees = |one: &&Attachment| {
                one.families[family] && if outgoing { one.output } else { one.input }
            };
            metered.extend(port.attachments.iter().filter(sees).filter_map(|one| {
                let monitor = state.settings.monitors.get(&one.monitor)?;
                let seen = Seen {
                    interface: interface.as_deref().unwrap_or_default(),
                    outgoing,
                    ipv6: family == 1,
                    port,
                    attachment: one,
                };
                Some(seen.json(&state.settings, monitor))
            }));
        }
        let net = IpNet::new(query.destination, way.len).map(|net| net.trunc().to_string());
        Ok(json!({
            "source": query.source,
            "destination": query.destination,
            "protocol": query.protocol,
            "source_port": query.source_port,
            "destination_port": query.destination_port,
            "input": input,
            "input_assumed": query.interface.is_none(),
            "route": {
                "kind": match way.kind {
                    Some(Kind::Forward) => "forward",
                    Some(Kind::Local) => "local",
                    Some(Kind::Discard) => "discard",
                    Some(Kind::Throw) | None => "none",
                },
                "prefix": net.ok().filter(|_| way.kind.is_some()),
                "output": output,
                "next_hop": way.hop.and_then(|hop| hop.gateway),
            },
            "monitors": metered,
        }))
    }

    fn fib(&self) -> Result<Arc<Fib>, Unknown> {
        let state = self.state();
        if let Some(routes) = &state.routes {
            return Ok(routes.reader().fib());
        }
        drop(state);
        let unread = |why: String| Unknown(format!("the host's routes cannot be read: {why}"));
        let routes = Routes::start(clock::steady_ns).map_err(|error| unread(error.to_string()))?;
        if !routes.wait(ROUTES) {
            let why = routes.statistics().error;
            return Err(unread(why.unwrap_or_else(|| "it takes too long".into())));
        }
        Ok(routes.reader().fib())
    }
}

/// A monitor that sees the flow.
struct Seen<'a> {
    interface: &'a str,
    outgoing: bool,
    ipv6: bool,
    port: &'a PortSettings,
    attachment: &'a Attachment,
}

impl Seen<'_> {
    fn json(&self, settings: &Settings, monitor: &MonitorSettings) -> Json {
        let exporters: Vec<Json> = monitor
            .exporters
            .iter()
            .filter_map(|name| Some((name, settings.exporters.get(name)?)))
            .map(|(name, exporter)| {
                let (protocol, carries) = match exporter.export.protocol {
                    Protocol::NetflowV5 => ("NetFlow Version 5", !self.ipv6),
                    Protocol::NetflowV9 => ("NetFlow Version 9", true),
                    Protocol::Ipfix => ("IPFIX (Version 10)", true),
                };
                json!({
                    "name": name,
                    "protocol": protocol,
                    "destination": exporter.export.destination,
                    "port": exporter.export.port,
                    "carries": carries,
                })
            })
            .collect();
        let sampler = self.attachment.sampler.as_ref();
        let sampler = sampler.and_then(|name| Some((name, settings.samplers.get(name)?)));
        json!({
            "monitor": self.attachment.monitor,
            "interface": self.interface,
            "direction": if self.outgoing { "output" } else { "input" },
            "record": monitor.record.name,
            "sampler": sampler.map(|(name, sampler)| json!({"name": name, "rate": sampler.rate})),
            "filter": self.port.capture.filter,
            "exporters": exporters,
        })
    }
}
