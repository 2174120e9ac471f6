//! The program and its host: version, users, clock, threads, memory, alarms, interfaces, names, log, metrics.

use api::host::{
    Alarms, Clock, Identity, Interface, Interfaces, LogLevel, LogLine, LogLines, LogQuery, Memory,
    Name, NameKind, Names, NamesQuery, Processes, Traffic, TrafficRates, User, Users, Version,
};
use api::metrics::Metrics;
use api::query::InterfacesQuery;
use api::routes;

use super::blocking;
use super::endpoint::{Answer, Call, Endpoint};
use super::error::ApiError;
use crate::connections::Connected;
use crate::control::Control;
use config::Running;
use flowd_log::Level;
use service::clock;

/// The routes that are answered here.
#[rustfmt::skip]
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(routes::VERSION, version),
        Endpoint::new(routes::WHOAMI, whoami),
        Endpoint::new(routes::CLOCK, clock),
        Endpoint::new(routes::USERS, users),
        Endpoint::new(routes::PROCESSES, processes),
        Endpoint::new(routes::MEMORY, memory),
        Endpoint::new(routes::INTERFACES, interfaces),
        Endpoint::new(routes::ALARMS, alarms),
        Endpoint::new(routes::NAMES, names),
        Endpoint::new(routes::LOG, log),
        Endpoint::new(routes::METRICS, metrics),
    ]
}

pub(super) async fn version(call: Call) -> Answer<Version> {
    let host_name = nix::unistd::gethostname().unwrap_or_default();
    let machine = blocking(system::machine).await?;
    let up = clock::monotonic().saturating_duration_since(call.control.started);
    Ok(Version {
        program: "flowd".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        host_name: host_name.to_string_lossy().into_owned(),
        pid: std::process::id(),
        started: clock::rfc3339(call.control.started_ms).into(),
        uptime_seconds: up.as_secs(),
        revision: call.control.engine.running().id,
        alarms: call.control.alarms.count(),
        machine,
    })
}

pub(super) async fn alarms(call: Call) -> Answer<Alarms> {
    Ok(Alarms {
        alarms: call.control.alarms.list(),
    })
}

pub(super) async fn metrics(call: Call) -> Answer<Metrics> {
    Ok(call.control.metrics.status())
}

pub(super) async fn clock(_: Call) -> Answer<Clock> {
    let time = clock::rfc3339_millis(clock::unix_ms()).into();
    Ok(Clock { time })
}

pub(super) async fn users(call: Call) -> Answer<Users> {
    let user = |one: Connected| User {
        role: one
            .peer
            .allowed(call.control.engine.configured_role(&one.peer.user)),
        own: one.peer.connection == call.peer.connection,
        connected: clock::rfc3339(one.since_ms).into(),
        user: one.peer.user,
        uid: one.peer.uid,
        process: one.peer.process,
    };
    let mut users: Vec<User> = Vec::new();
    for one in call.control.connections.list().into_iter().map(user) {
        // A program may have several connections: one for completion, say.
        match users
            .iter_mut()
            .find(|other| (other.uid, &other.process) == (one.uid, &one.process))
        {
            Some(other) => other.own |= one.own,
            None => users.push(one),
        }
    }
    Ok(Users { users })
}

pub(super) async fn processes(_: Call) -> Answer<Processes> {
    blocking(system::processes)
        .await?
        .map_err(ApiError::internal)
}

pub(super) async fn memory(_: Call) -> Answer<Memory> {
    blocking(system::memory).await?.map_err(ApiError::internal)
}

pub(super) async fn whoami(call: Call) -> Answer<Identity> {
    let role = call.peer.role;
    let role = role.ok_or_else(|| ApiError::forbidden(&call.peer.user))?;
    Ok(Identity {
        user: call.peer.user,
        uid: call.peer.uid,
        role,
    })
}

/// Returns the host's interface that a router's name such as `GigabitEthernet0/1` stands for by the running
/// configuration. Other names stand for themselves.
pub(super) fn host_interface(control: &Control, name: String) -> String {
    match name.contains('/') {
        true => language::host_interface(&name, &control.engine.running().tree),
        false => name,
    }
}

pub(super) async fn interfaces(call: Call<InterfacesQuery>) -> Answer<Interfaces> {
    let control = &call.control;
    let traffic = |traffic: system::Traffic, rates: TrafficRates| Traffic {
        packets: traffic.packets,
        octets: traffic.octets,
        errors: traffic.errors,
        dropped: traffic.dropped,
        rates,
    };
    let rates = |index: u32| control.traffic.rates(index);
    let interface = |interface: system::Interface| Interface {
        received: traffic(interface.received, rates(interface.index).0),
        sent: traffic(interface.sent, rates(interface.index).1),
        name: interface.name,
        index: interface.index,
        mac: interface.mac,
        mtu: interface.mtu,
        up: interface.up,
        running: interface.running,
        promiscuous: interface.promiscuous,
        loopback: interface.loopback,
        description: interface.description,
        addresses: interface
            .addresses
            .iter()
            .map(ToString::to_string)
            .collect(),
    };
    let InterfacesQuery { name, loopback } = call.query;
    let mut interfaces = blocking(host_interfaces).await??;
    interfaces.retain(|one| loopback.is_none_or(|loopback| one.loopback == loopback));
    if let Some(name) = name.map(|name| host_interface(control, name)) {
        let mut names: Vec<String> = interfaces.iter().map(|one| one.name.clone()).collect();
        interfaces.retain(|one| one.name == name);
        if interfaces.is_empty() {
            names.sort();
            return Err(service::unknown("interface", &name, &names).into());
        }
    }
    Ok(Interfaces {
        interfaces: interfaces.into_iter().map(interface).collect(),
    })
}

fn host_interfaces() -> Result<Vec<system::Interface>, ApiError> {
    system::interfaces().map_err(ApiError::internal)
}

/// Lists names that complete a command line. Files are not among them: the shell reads those with its user's rights.
pub(super) async fn names(call: Call<NamesQuery>) -> Answer<Names> {
    let (control, kind) = (call.control, call.query.kind);
    let names = blocking(move || {
        let kind = match kind {
            NameKind::Record
            | NameKind::Exporter
            | NameKind::Monitor
            | NameKind::Sampler
            | NameKind::Samplicator => return configured(&control, kind.word()),
            NameKind::Revision => return revisions(&control),
            NameKind::Interface => service::NameKind::Interface,
            NameKind::Receiver => service::NameKind::Receiver,
        };
        names_of(&control, &control.engine.running(), kind, "")
    });
    let names = names.await?.into_iter();
    Ok(Names {
        names: names.map(|(name, help)| Name { name, help }).collect(),
    })
}

/// Returns the names of a kind that services know, each with its help.
pub(super) fn names_of(
    control: &Control,
    running: &Running,
    kind: service::NameKind,
    begun: &str,
) -> Vec<(String, String)> {
    let names = control
        .engine
        .services
        .names(&running.settings, kind, begun);
    names
        .into_iter()
        .map(|name| (name.name, name.help))
        .collect()
}

fn configured(control: &Control, kind: &str) -> Vec<(String, String)> {
    let running = control.engine.running();
    let help = |name: &str| {
        running
            .tree
            .value(&["flow", kind, name, "description"])
            .unwrap_or_default()
            .to_owned()
    };
    running
        .tree
        .children(&["flow", kind])
        .map(|(name, _)| (name.to_owned(), help(name)))
        .collect()
}

pub(super) fn revisions(control: &Control) -> Vec<(String, String)> {
    let help = |summary: &config::revisions::Summary| {
        format!(
            "{} by {} via {} {}",
            clock::rfc3339(summary.time_ms),
            summary.user,
            summary.via,
            summary.comment
        )
    };
    let list = control.engine.revisions.list();
    list.iter()
        .map(|summary| (summary.id.to_string(), help(summary).trim_end().to_owned()))
        .collect()
}

pub(super) async fn log(call: Call<LogQuery>) -> Answer<LogLines> {
    let part = match (call.query.after, call.query.lines) {
        (None, lines) => {
            let lines = lines.map(|lines| usize::try_from(lines).unwrap_or(usize::MAX));
            call.control.log.last(lines.unwrap_or(100))
        }
        (Some(after), None) => call.control.log.after(after),
        (Some(_), Some(_)) => {
            return Err(ApiError::bad("lines or after, not both"));
        }
    };
    let lines = part.lines.into_iter().map(|line| LogLine {
        time: clock::rfc3339_millis(line.time_ms).into(),
        level: level(line.level),
        msgid: line.id.to_string(),
        target: line.target.clone(),
        message: line.message.clone(),
    });
    Ok(LogLines {
        lines: lines.collect(),
        missed: part.missed,
        next: part.last,
    })
}

fn level(level: Level) -> LogLevel {
    level.word().parse().unwrap_or(LogLevel::Debug)
}
