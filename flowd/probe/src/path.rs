//! The path that a flow would take: input and output interface, and the monitors and exporters that would see it.

use std::net::IpAddr;
use std::sync::Arc;

use api::flow::{
    Direction, FlowPath, FlowRoute, PathExporter, PathMonitor, PathSampler, RouteKind,
};
use api::query::PathQuery;
use api::{Code, Refusal};
use export::Protocol;
use fib::{Fib, Hop, Kind, Packet};
use ipnet::IpNet;
use system::routes::Routes;

use super::Probe;
use super::commit::ROUTES_TIMEOUT;
use super::settings::{Attachment, InterfaceSettings, MonitorSettings, Settings};
use service::clock;

/// The route of a packet.
struct PacketRoute {
    prefix_len: u8,
    kind: Option<Kind>,
    hop: Option<Hop>,
}

impl PacketRoute {
    /// Looks up the packet of a query, or with `reply` the packet that answers it.
    fn find(query: &PathQuery, fib: &Fib, input: u32, reply: bool) -> PacketRoute {
        let (source, destination, ports) = match reply {
            false => (
                query.source,
                query.destination,
                (query.source_port, query.destination_port),
            ),
            true => (
                query.destination,
                query.source,
                (query.destination_port, query.source_port),
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
        let route = |found: fib::Match<'_>, hop: Option<&Hop>| PacketRoute {
            prefix_len: found.len,
            kind: found.kind,
            hop: hop.copied(),
        };
        match (source, destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let packet = packet(source.to_bits(), destination.to_bits(), query, input, ports);
                let found = fib.v4.find(&packet);
                route(found, found.hop(&packet))
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                let packet = packet(source.to_bits(), destination.to_bits(), query, input, ports);
                let found = fib.v6.find(&packet);
                route(found, found.hop(&packet))
            }
            _ => PacketRoute {
                prefix_len: 0,
                kind: None,
                hop: None,
            },
        }
    }
}

impl Probe {
    /// `GET /v1/flow/path`. The host's routes are read for it, unless they are known because of an attached record.
    ///
    /// # Errors
    /// If the addresses are of two families, the interface does not exist, or the routes cannot be read.
    pub fn path(&self, query: &PathQuery) -> Result<FlowPath, Refusal> {
        if query.source.is_ipv4() != query.destination.is_ipv4() {
            return Err(Refusal::new(
                Code::InvalidValue,
                "both addresses are of one family",
            ));
        }
        let fib = self.fib()?;
        let interfaces = system::interfaces()
            .map_err(|error| Refusal::new(Code::Internal, error.to_string()))?;
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
                let unknown = || {
                    let message = format!("there is no interface {name}");
                    Refusal::new(Code::NotFound, message).about(name)
                };
                Some(index(name).ok_or_else(unknown)?)
            }
            // Where replies would be sent is where the flow comes in; packets of this host have no input.
            None => PacketRoute::find(query, &fib, 0, true)
                .hop
                .map(|hop| hop.output),
        };
        let route = PacketRoute::find(query, &fib, input.unwrap_or(0), false);
        let (input, output) = (input.map(&name), route.hop.map(|hop| name(hop.output)));
        let state = self.state();
        let mut metered = Vec::new();
        for (interface, outgoing) in [(&input, false), (&output, true)] {
            let Some(interface_settings) = interface
                .as_ref()
                .and_then(|name| state.settings.interfaces.get(name))
            else {
                continue;
            };
            let family = usize::from(query.source.is_ipv6());
            let sees = |one: &&Attachment| {
                one.families[family] && if outgoing { one.output } else { one.input }
            };
            metered.extend(
                interface_settings
                    .attachments
                    .iter()
                    .filter(sees)
                    .filter_map(|one| {
                        let monitor = state.settings.monitors.get(&one.monitor)?;
                        let seen = SeeingMonitor {
                            interface: interface.as_deref().unwrap_or_default(),
                            outgoing,
                            ipv6: family == 1,
                            interface_settings,
                            attachment: one,
                        };
                        Some(seen.shown(&state.settings, monitor))
                    }),
            );
        }
        let net =
            IpNet::new(query.destination, route.prefix_len).map(|net| net.trunc().to_string());
        Ok(FlowPath {
            source: query.source,
            destination: query.destination,
            protocol: query.protocol,
            source_port: query.source_port,
            destination_port: query.destination_port,
            input,
            input_assumed: query.interface.is_none(),
            route: FlowRoute {
                kind: match route.kind {
                    Some(Kind::Forward) => RouteKind::Forward,
                    Some(Kind::Local) => RouteKind::Local,
                    Some(Kind::Discard) => RouteKind::Discard,
                    Some(Kind::Throw) | None => RouteKind::None,
                },
                prefix: net.ok().filter(|_| route.kind.is_some()),
                output,
                next_hop: route.hop.and_then(|hop| hop.gateway),
            },
            monitors: metered,
        })
    }

    fn fib(&self) -> Result<Arc<Fib>, Refusal> {
        let state = self.state();
        if let Some(routes) = &state.routes {
            return Ok(routes.reader().fib());
        }
        drop(state);
        let unread = |why: String| {
            let message = format!("the host's routes cannot be read: {why}");
            Refusal::new(Code::Internal, message)
        };
        let routes = Routes::start(clock::steady_ns).map_err(|error| unread(error.to_string()))?;
        if !routes.wait(ROUTES_TIMEOUT) {
            let why = routes.statistics().error;
            return Err(unread(why.unwrap_or_else(|| "it takes too long".into())));
        }
        Ok(routes.reader().fib())
    }
}

/// A monitor that would see the flow.
struct SeeingMonitor<'a> {
    interface: &'a str,
    outgoing: bool,
    ipv6: bool,
    interface_settings: &'a InterfaceSettings,
    attachment: &'a Attachment,
}

impl SeeingMonitor<'_> {
    fn shown(&self, settings: &Settings, monitor: &MonitorSettings) -> PathMonitor {
        let exporters = monitor
            .exporters
            .iter()
            .filter_map(|name| Some((name, settings.exporters.get(name)?)))
            .map(|(name, exporter)| {
                let (protocol, carries) = match exporter.export.protocol {
                    Protocol::NetflowV5 => ("NetFlow Version 5", !self.ipv6),
                    Protocol::NetflowV9 => ("NetFlow Version 9", true),
                    Protocol::Ipfix => ("IPFIX (Version 10)", true),
                };
                PathExporter {
                    name: name.clone(),
                    protocol: protocol.into(),
                    destination: exporter.export.destination.clone(),
                    port: exporter.export.port,
                    carries,
                }
            });
        let sampler = self.attachment.sampler.as_ref();
        let sampler = sampler.and_then(|name| Some((name, settings.samplers.get(name)?)));
        PathMonitor {
            monitor: self.attachment.monitor.clone(),
            interface: self.interface.to_owned(),
            direction: match self.outgoing {
                true => Direction::Output,
                false => Direction::Input,
            },
            record: monitor.record.name.to_string(),
            sampler: sampler.map(|(name, sampler)| PathSampler {
                name: name.clone(),
                rate: sampler.rate,
            }),
            filter: self.interface_settings.capture.filter.clone(),
            exporters: exporters.collect(),
        }
    }
}
