//! Applies steps to the host.

use std::collections::{BTreeMap, HashMap};
use std::io;

use ipnet::IpNet;
use parking_lot::Mutex;
use rtnetlink::packet_route::link::LinkAttribute;
use rtnetlink::{AddressMessageBuilder, Handle, LinkMessageBuilder, LinkUnspec};

use crate::interface::{self, Interface};
use crate::settings::{Link, Settings};
use crate::{Error, Step, netlink};

/// MTU in octets that an ethernet link returns to if its previous one is unknown.
const ETHERNET_MTU: u32 = 1500;

/// The host, and its state before flowd changed it.
#[derive(Debug, Default)]
pub struct Host {
    before: Mutex<Before>,
    wanted: Mutex<Wanted>,
}

/// What the configuration in force wants of interfaces.
#[derive(Debug, Default)]
struct Wanted {
    links: BTreeMap<String, Link>,
    /// The interfaces that have got what is wanted of them, by name, with their `ifIndex`.
    done: BTreeMap<String, u32>,
}

#[derive(Debug, Default)]
struct Before {
    host_name: Option<String>,
    mtu: HashMap<String, u32>,
}

/// Steps checked against the host, ready to be applied. Dropping them changes nothing.
#[derive(Debug, Default)]
pub struct Staged {
    steps: Vec<Step>,
    warnings: Vec<String>,
    /// What the configuration wants of interfaces from then on.
    links: BTreeMap<String, Link>,
}

impl Staged {
    /// Warnings for the operator, one a line.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

impl Host {
    /// Checks steps against the host without changing it. Steps for missing interfaces are left out with a warning,
    /// because a box may be configured before its network cards are installed.
    pub fn stage(&self, steps: Vec<Step>) -> Staged {
        self.stage_for(steps, BTreeMap::new())
    }

    /// Does the same as [`Host::stage`]. An interface of `links` that comes later gets what is wanted of it then
    /// ([`Host::mind_new_interfaces`]).
    pub(crate) fn stage_for(&self, steps: Vec<Step>, links: BTreeMap<String, Link>) -> Staged {
        if steps.iter().all(|step| step.interface().is_none()) {
            return Staged {
                steps,
                warnings: Vec::new(),
                links,
            };
        }
        let present: BTreeMap<String, Interface> = match crate::interfaces() {
            Ok(found) => found
                .into_iter()
                .map(|interface| (interface.name.clone(), interface))
                .collect(),
            Err(error) => {
                let warnings = vec![format!("interfaces are left as they are: {error}")];
                let steps = steps
                    .into_iter()
                    .filter(|step| step.interface().is_none())
                    .collect();
                return Staged {
                    steps,
                    warnings,
                    links,
                };
            }
        };
        let mut warnings = Vec::new();
        let mut kept = Vec::with_capacity(steps.len());
        for step in steps {
            match step.interface() {
                Some(name) if !present.contains_key(name) => {
                    let line = format!(
                        "interface {name} does not exist on this host; it is configured when it does"
                    );
                    // Whatever is to be removed from a missing interface is gone already.
                    let wants = !matches!(
                        &step,
                        Step::RemoveAddress(..) | Step::Mtu(_, None) | Step::SetUp(_, true)
                    );
                    if wants && !warnings.contains(&line) {
                        warnings.push(line);
                    }
                }
                _ => kept.push(step),
            }
        }
        Staged {
            steps: kept,
            warnings,
            links,
        }
    }

    /// Configures the interfaces of the configuration in force that have come since it was applied, or were replaced.
    /// Returns a line for each that it did, and for each thing that the host refused. To be called regularly.
    pub(crate) fn mind_new_interfaces(&self) -> Vec<String> {
        let mut new = Vec::new();
        {
            let mut wanted = self.wanted.lock();
            let Wanted { links, done } = &mut *wanted;
            for (name, link) in links.iter().filter(|(_, link)| **link != Link::default()) {
                match nix::net::if_::if_nametoindex(name.as_str()) {
                    Ok(index) if done.get(name) == Some(&index) => {}
                    Ok(index) => {
                        done.insert(name.clone(), index);
                        new.push((name.clone(), link.clone()));
                    }
                    Err(_) => drop(done.remove(name)),
                }
            }
        }
        let mut lines = Vec::new();
        for (name, link) in new {
            let links = BTreeMap::from([(name.clone(), link)]);
            let settings = Settings {
                links,
                ..Settings::default()
            };
            lines.push(format!("interface {name} is there now and is configured"));
            lines.extend(self.carry_out_steps(crate::difference(&Settings::default(), &settings)));
        }
        lines
    }

    /// Applies every step, even if others fail, and returns a line for each that the host refused.
    pub fn carry_out(&self, staged: Staged) -> Vec<String> {
        {
            let mut wanted = self.wanted.lock();
            wanted.links = staged.links;
            let Wanted { links, done } = &mut *wanted;
            done.retain(|name, _| links.contains_key(name));
            for name in links.keys() {
                if let Ok(index) = nix::net::if_::if_nametoindex(name.as_str()) {
                    done.insert(name.clone(), index);
                }
            }
        }
        self.carry_out_steps(staged.steps)
    }

    fn carry_out_steps(&self, steps: Vec<Step>) -> Vec<String> {
        let mut lines = Vec::new();
        let (host, links): (Vec<Step>, Vec<Step>) = steps
            .into_iter()
            .partition(|step| step.interface().is_none());
        for step in host {
            if let Step::HostName(name) = step {
                lines.extend(self.name(name).err());
            }
        }
        if links.is_empty() {
            return lines;
        }
        let outcome = netlink::run(async |handle| {
            let mut refused = Vec::new();
            let found = interface::list(&handle).await?;
            for step in &links {
                let interface = found
                    .iter()
                    .find(|interface| Some(interface.name.as_str()) == step.interface());
                let result = match interface {
                    Some(interface) => self.step(&handle, interface, step).await,
                    None => Err(Error::Netlink(io::Error::from_raw_os_error(
                        nix::libc::ENODEV,
                    ))),
                };
                if let Err(error) = result {
                    refused.push(refusal(step, &error));
                }
            }
            Ok(refused)
        });
        match outcome {
            Ok(refused) => lines.extend(refused),
            Err(error) => lines.push(format!("interfaces are left as they are: {error}")),
        }
        lines
    }

    fn name(&self, wanted: Option<String>) -> Result<(), String> {
        let now = nix::unistd::gethostname()
            .ok()
            .and_then(|name| name.into_string().ok());
        let wanted = {
            let mut before = self.before.lock();
            match wanted {
                Some(name) => {
                    if before.host_name.is_none() {
                        before.host_name.clone_from(&now);
                    }
                    name
                }
                None => match before.host_name.take() {
                    Some(name) => name,
                    None => return Ok(()),
                },
            }
        };
        if now.as_deref() == Some(wanted.as_str()) {
            return Ok(());
        }
        nix::unistd::sethostname(&wanted).map_err(|errno| {
            let why = match errno {
                nix::errno::Errno::EPERM => "that needs CAP_SYS_ADMIN",
                other => other.desc(),
            };
            format!("system host-name {wanted} is not applied: {why}")
        })
    }

    async fn step(&self, handle: &Handle, interface: &Interface, step: &Step) -> Result<(), Error> {
        let index = interface.index;
        let link = || LinkMessageBuilder::<LinkUnspec>::new().index(index);
        let done = match step {
            Step::HostName(_) => Ok(()),
            Step::Mtu(name, mtu) => {
                let mtu = self.mtu(name, interface.mtu, *mtu);
                handle
                    .link()
                    .change(link().mtu(mtu).build())
                    .execute()
                    .await
            }
            Step::Description(_, text) => {
                let attribute = LinkAttribute::IfAlias(text.clone());
                handle
                    .link()
                    .change(link().append_extra_attribute(attribute).build())
                    .execute()
                    .await
            }
            Step::AddAddress(_, net) => {
                match handle
                    .address()
                    .add(index, net.addr(), net.prefix_len())
                    .execute()
                    .await
                    .map_err(Error::from)
                {
                    // The address is there already: flowd finds those it added before a restart.
                    Err(Error::Netlink(error))
                        if error.raw_os_error() == Some(nix::libc::EEXIST) =>
                    {
                        return Ok(());
                    }
                    other => return other,
                }
            }
            Step::RemoveAddress(_, net) => {
                match handle
                    .address()
                    .del(address_message(index, *net))
                    .execute()
                    .await
                    .map_err(Error::from)
                {
                    Err(Error::Netlink(error))
                        if error.raw_os_error() == Some(nix::libc::EADDRNOTAVAIL) =>
                    {
                        return Ok(());
                    }
                    other => return other,
                }
            }
            Step::SetUp(_, up) => {
                let link = if *up { link().up() } else { link().down() };
                handle.link().change(link.build()).execute().await
            }
        };
        done.map_err(Error::from)
    }

    fn mtu(&self, name: &str, now: u32, wanted: Option<u32>) -> u32 {
        let mut before = self.before.lock();
        match wanted {
            Some(mtu) => {
                before.mtu.entry(name.to_owned()).or_insert(now);
                mtu
            }
            None => before.mtu.remove(name).unwrap_or(ETHERNET_MTU),
        }
    }
}

fn address_message(index: u32, net: IpNet) -> rtnetlink::packet_route::address::AddressMessage {
    match net {
        IpNet::V4(net) => AddressMessageBuilder::<std::net::Ipv4Addr>::new()
            .index(index)
            .address(net.addr(), net.prefix_len())
            .build(),
        IpNet::V6(net) => AddressMessageBuilder::<std::net::Ipv6Addr>::new()
            .index(index)
            .address(net.addr(), net.prefix_len())
            .build(),
    }
}

fn refusal(step: &Step, error: &Error) -> String {
    let what = match step {
        Step::HostName(_) => "host-name".to_owned(),
        Step::Mtu(name, Some(mtu)) => format!("{name} mtu {mtu}"),
        Step::Mtu(name, None) => format!("{name} mtu"),
        Step::Description(name, _) => format!("{name} description"),
        Step::RemoveAddress(name, net) => format!("removal of {name} address {net}"),
        Step::AddAddress(name, net) => format!("{name} address {net}"),
        Step::SetUp(name, true) => format!("bringing {name} up"),
        Step::SetUp(name, false) => format!("{name} disable"),
    };
    let why = match error {
        Error::Netlink(io) if io.raw_os_error() == Some(nix::libc::EPERM) => {
            "that needs CAP_NET_ADMIN".to_owned()
        }
        Error::Netlink(io) => io.to_string(),
        other => other.to_string(),
    };
    format!("{what} is not applied: {why}")
}
