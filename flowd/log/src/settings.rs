//! The settings of the log. Pure.

use std::str::FromStr;

use language::Tree;
use language::schema::{default_u16, default_word};
use syslog::Facility;

use super::Level;

/// The settings of the log: its outputs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The facility of flowd's own messages (`system flow-accounting syslog-facility`).
    pub facility: Facility,
    /// `system syslog local facility F level L`; if empty, everything from `info` on.
    pub local: Vec<(String, Level)>,
    /// `system syslog host ADDR`.
    pub remotes: Vec<Remote>,
}

/// The settings of a `system syslog host`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Address or name.
    pub host: String,
    /// UDP or TCP port.
    pub port: u16,
    /// Whether TCP is used instead of UDP.
    pub tcp: bool,
    /// Facilities with the level of each; if empty, everything from `info` on.
    pub facilities: Vec<(String, Level)>,
}

impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        (self.facility as u8, &self.local, &self.remotes)
            == (other.facility as u8, &other.local, &other.remotes)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            facility: Facility::LOG_DAEMON,
            local: Vec::new(),
            remotes: Vec::new(),
        }
    }
}

impl Settings {
    /// Reads a checked tree.
    pub fn from_tree(tree: &Tree) -> Settings {
        let word = [
            &["system", "flow-accounting", "syslog-facility"][..],
            &["flow-accounting", "syslog-facility"],
        ]
        .iter()
        .find_map(|path| tree.value(path))
        .unwrap_or(FACILITY);
        let facility = facility(word).unwrap_or(Facility::LOG_DAEMON);
        let syslog = ["system", "syslog"];
        let local = facilities(tree, &[&syslog[..], &["local"]].concat(), LOCAL_LEVEL);
        let remotes = tree
            .children(&[&syslog[..], &["host"]].concat())
            .map(|(host, _)| {
                let at = [&syslog[..], &["host", host]].concat();
                let value = |leaf| tree.value(&[&at[..], &[leaf]].concat());
                let tcp = value("protocol").unwrap_or(PROTOCOL) == "tcp";
                Remote {
                    host: host.to_owned(),
                    port: value("port")
                        .and_then(|port| port.parse().ok())
                        .unwrap_or(PORT),
                    tcp,
                    facilities: facilities(tree, &at, HOST_LEVEL),
                }
            })
            .collect();
        Settings {
            facility,
            local,
            remotes,
        }
    }

    /// Returns the level of the local syslog; `None` if it gets nothing of flowd's facility.
    pub(super) fn local_level(&self) -> Option<Level> {
        self.level(&self.local)
    }

    /// Returns the level of a remote host; `None` if it gets nothing of flowd's facility.
    pub(super) fn level_for(&self, remote: &Remote) -> Option<Level> {
        self.level(&remote.facilities)
    }

    fn level(&self, facilities: &[(String, Level)]) -> Option<Level> {
        if facilities.is_empty() {
            return Some(Level::INFO);
        }
        let own = |(word, _): &&(String, Level)| {
            facility(word).is_some_and(|f| f as u8 == self.facility as u8)
        };
        let all = |(word, _): &&(String, Level)| word == "all";
        facilities
            .iter()
            .find(own)
            .or_else(|| facilities.iter().find(all))
            .map(|(_, level)| *level)
    }

    /// Returns a warning for each `facility` other than flowd's, since only flowd's own log is forwarded.
    pub fn warnings(&self) -> Vec<String> {
        let own = |word: &str| {
            word == "all" || facility(word).is_some_and(|f| f as u8 == self.facility as u8)
        };
        let places = self
            .remotes
            .iter()
            .map(|remote| (format!("host {}", remote.host), &remote.facilities));
        places
            .chain([("local".to_owned(), &self.local)])
            .flat_map(|(place, facilities)| {
                facilities.iter().filter(|(word, _)| !own(word)).map(move |(word, _)| {
                    format!(
                        "system syslog {place} facility {word}: flowd forwards its own log only, which has another \
                         facility (system flow-accounting syslog-facility)"
                    )
                })
            })
            .collect()
    }
}

const PORT: u16 = default_u16("system syslog host * port");
const PROTOCOL: &str = default_word("system syslog host * protocol");
const FACILITY: &str = default_word("system flow-accounting syslog-facility");
const LOCAL_LEVEL: &str = default_word("system syslog local facility * level");
const HOST_LEVEL: &str = default_word("system syslog host * facility * level");

fn facilities(tree: &Tree, at: &[&str], default: &str) -> Vec<(String, Level)> {
    let at = [at, &["facility"]].concat();
    tree.children(&at)
        .map(|(word, _)| {
            let level = tree.value(&[&at[..], &[word, "level"]].concat());
            // The schema has no word that is not a level.
            let level = Level::from_word(level.unwrap_or(default)).unwrap_or(Level::INFO);
            (word.to_owned(), level)
        })
        .collect()
}

fn facility(word: &str) -> Option<Facility> {
    Facility::from_str(word).ok().or(match word {
        "security" => Some(Facility::LOG_AUTH),
        _ => None,
    })
}
