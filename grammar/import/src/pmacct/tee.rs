//! Importer for nfacctd and sfacctd with the plugin tee, which become a samplicator: pools become receivers, pools that
//! balance become groups, tags and allowed exporters become sources.

mod write;

use std::net::IpAddr;

use super::super::prefix::Prefix;
use super::super::probe::number;
use super::super::report::Remarks;
use super::receivers::{Pool, pools};
use super::tags::{TagMap, allowed};
use super::{Entry, Origin, WHOLE, why};
use language::schema::Type;

/// Keys for which flowd needs no counterpart, with the reason.
const NOT_NEEDED: &[(&str, &str)] = &[
    (
        "tee_max_receivers",
        "nothing has to be set aside for receivers",
    ),
    (
        "tee_max_receiver_pools",
        "nothing has to be set aside for pools",
    ),
    (
        "tee_pipe_size",
        "sending waits for no buffer: what cannot be sent is counted",
    ),
    ("maps_entries", "nothing has to be set aside for entries"),
    ("maps_index", "sources are always looked up by prefix"),
    ("maps_refresh", "`commit` puts changes into force"),
    ("maps_row_len", "lines may be of any length"),
    ("nfacctd_disable_checks", "datagrams are copied as they are"),
    ("sfacctd_disable_checks", "datagrams are copied as they are"),
];

/// A file that the configuration names, read by the caller.
pub struct ReferencedFile {
    /// The path, as the configuration has it.
    pub path: String,
    /// The content, or why it cannot be read.
    pub text: Result<String, String>,
}

/// Keys whose values are paths.
pub(super) const FILES: &[&str] = &[
    "tee_receivers",
    "pre_tag_map",
    "nfacctd_allow_file",
    "sfacctd_allow_file",
];

/// The settings that all plugins share.
#[derive(Default)]
struct Daemon {
    /// Whether the keys are those of sfacctd.
    is_sflow: bool,
    listen: Vec<String>,
    port: Option<u16>,
    buffer: Option<u64>,
    /// `None`: every exporter is allowed.
    allowed: Option<Vec<Prefix>>,
}

/// The settings of a plugin.
#[derive(Clone, Default)]
struct Tee {
    pools: Option<Vec<Pool>>,
    transparent: bool,
    dscp: Option<u64>,
    tags: Option<TagMap>,
}

/// Returns the `set` lines of the tee plugins of a configuration.
pub(super) fn statements(
    entries: &[Entry<'_>],
    plugins: &[&str],
    files: &[ReferencedFile],
    remarks: &mut Remarks,
) -> String {
    let mut daemon = Daemon::default();
    let mut tees = Vec::new();
    for (index, plugin) in plugins.iter().enumerate() {
        let mut tee = Tee::default();
        // A key for one plugin takes precedence over one for all plugins. Each line gets one remark.
        for own in [false, true] {
            let mine = entries.iter().filter(|entry| match entry.plugin {
                None => !own,
                Some(name) => own && name == *plugin,
            });
            for entry in mine.filter(|entry| entry.key != "plugins") {
                let mut unheard = Remarks::default();
                let to = match own || index == 0 {
                    true => &mut *remarks,
                    false => &mut unheard,
                };
                if let Err(why) = take(&mut daemon, &mut tee, entry, files, to) {
                    to.lost(entry.place, entry.whole, why);
                }
            }
        }
        if tee.pools.is_none() {
            let why = "it has no receivers (tee_receivers)";
            remarks.lost(WHOLE, &format!("tee[{plugin}]"), why);
        }
        tees.push(tee);
    }
    write::statements(&daemon, &tees, remarks)
}

/// Applies one line to the settings.
fn take(
    daemon: &mut Daemon,
    tee: &mut Tee,
    entry: &Entry<'_>,
    files: &[ReferencedFile],
    remarks: &mut Remarks,
) -> Result<(), String> {
    let Entry {
        key,
        value,
        place,
        whole,
        ..
    } = *entry;
    let yes = || match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("true or false is expected".to_owned()),
    };
    let read = || {
        let found = files.iter().position(|file| file.path == value);
        let (index, file) = found
            .and_then(|index| Some((index, files.get(index)?)))
            .ok_or("the file is not there")?;
        // The configuration itself is the first.
        let text = file.text.as_ref().map_err(String::clone)?;
        Ok::<_, String>((text.as_str(), Origin::File(index + 1)))
    };
    let mut bounded = |least: u64, most: u64| -> Result<u64, String> {
        let (number, aside) = number(value, least, most).ok_or("a number is expected")?;
        if aside {
            remarks.differs(place, whole, format!("{least} to {most} is possible"));
        }
        Ok(number)
    };
    daemon.is_sflow |= key.starts_with("sfacctd_");
    match key {
        "nfacctd_port" | "sfacctd_port" => {
            let port = value.parse().ok().filter(|port| *port != 0);
            daemon.port = Some(port.ok_or("a port's number is expected")?);
        }
        "nfacctd_ip" | "sfacctd_ip" => {
            let address: IpAddr = value.parse().map_err(|_| "an address is expected")?;
            // Without an address, the daemon receives on all.
            if !address.is_unspecified() {
                daemon.listen(address.to_string());
            }
        }
        "nfacctd_ipv6_only" | "sfacctd_ipv6_only" => {
            if yes()? {
                daemon.listen("::".into());
            }
        }
        "nfacctd_mcast_groups" | "sfacctd_mcast_groups" => {
            for group in value
                .split(',')
                .map(str::trim)
                .filter(|group| !group.is_empty())
            {
                match Type::ListenAddress.accept(group, false) {
                    Ok(group) => daemon.listen(group),
                    Err(refusal) => remarks.lost(place, group, refusal.message),
                }
            }
        }
        "nfacctd_pipe_size" | "sfacctd_pipe_size" => {
            daemon.buffer = Some(bounded(4096, 1 << 30)?);
        }
        "nfacctd_allow_file" | "sfacctd_allow_file" => {
            let (text, origin) = read()?;
            daemon.allowed = Some(allowed(text, origin, remarks));
        }
        "pre_tag_map" => {
            let (text, origin) = read()?;
            tee.tags = Some(TagMap::read(text, origin, remarks));
        }
        "tee_receivers" => {
            let (text, origin) = read()?;
            tee.pools = Some(pools(text, origin, remarks));
        }
        "tee_transparent" => tee.transparent = yes()?,
        "tee_ipprec" => tee.dscp = Some(bounded(0, 7)? << 3),
        "tee_source_ip" => {
            return Err(
                "copies that are not spoofed are sent from the address of the route".into(),
            );
        }
        "tee_kafka_config_file" => {
            return Err("datagrams are copied to receivers, not to brokers".into());
        }
        _ => {
            let found = NOT_NEEDED.iter().find(|(known, _)| *known == key);
            return Err(found.map_or_else(|| why(key), |(_, why)| why).into());
        }
    }
    Ok(())
}

impl Daemon {
    /// Adds an address to receive on.
    fn listen(&mut self, address: String) {
        if !self.listen.contains(&address) {
            self.listen.push(address);
        }
    }

    /// Returns whether the datagrams of some exporters go elsewhere than those of others.
    fn tells_exporters_apart(&self, tees: &[Tee]) -> bool {
        let by_tag = |tee: &Tee| {
            let pools = tee.pools.iter().flatten();
            tee.tags.is_some() && pools.filter(|pool| pool.wanted.is_some()).count() > 0
        };
        self.allowed.is_some() || tees.iter().any(by_tag)
    }
}
