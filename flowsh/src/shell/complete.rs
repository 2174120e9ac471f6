//! What Tab and `?` ask: the candidate and the host's names, fetched once a line.

use std::cell::RefCell;
use std::collections::HashMap;

use grammar::complete::{Completion, Context, NameKind, Names, complete};
use grammar::{Dialect, Tree};

use super::{Place, Shell, file};
use crate::client::Client;
use crate::trouble::Failure;

/// Files of a directory that are offered at most.
const MOST_FILES: usize = 1000;

/// What was fetched since the last line was run.
#[derive(Default)]
pub(super) struct Known {
    tree: Option<Tree>,
    names: HashMap<NameKind, Vec<(String, String)>>,
}

impl Known {
    pub(super) fn forget(&mut self) {
        *self = Known::default();
    }
}

impl Shell {
    /// What can follow the line up to `cursor`, an octet of it.
    pub(crate) fn complete(&mut self, line: &str, cursor: usize) -> Completion {
        if !self.wants_command() {
            return Completion::default();
        }
        if self.known.tree.is_none() {
            // Without the daemon there are still the words.
            self.known.tree = Some(self.candidate().unwrap_or_default());
        }
        let mode = self.mode();
        let Shell {
            client,
            known,
            level,
            home,
            ..
        } = self;
        let Known { tree, names } = known;
        let live = Live {
            client: RefCell::new(client),
            known: RefCell::new(names),
            home: home.as_deref(),
        };
        let empty = Tree::default();
        let context = Context {
            mode,
            level,
            tree: tree.as_ref().unwrap_or(&empty),
            names: &live,
        };
        complete(line, cursor, &context)
    }

    /// The candidate; in operational mode what runs.
    pub(super) fn candidate(&mut self) -> Result<Tree, Failure> {
        let session = self.session().to_owned();
        let source = match self.place {
            Place::Operational => "running",
            Place::Configuration { .. } => "candidate",
        };
        let mut query = vec![("source", source), ("format", "json")];
        if source == "candidate" {
            query.push(("session", &session));
        }
        let answer = self.client.get("/v1/configuration", &query)?;
        let text = answer["tree"].to_string();
        grammar::load(
            &Tree::default(),
            &[],
            &text,
            Some(Dialect::Json),
            grammar::Mode::Override,
        )
        .map_err(|problems| {
            Failure::plain(format!("flowd's tree is not understood: {}", problems[0]))
        })
    }
}

struct Live<'a> {
    client: RefCell<&'a mut Client>,
    known: RefCell<&'a mut HashMap<NameKind, Vec<(String, String)>>>,
    home: Option<&'a std::path::Path>,
}

impl Names for Live<'_> {
    fn names(&self, kind: NameKind, begun: &str) -> Vec<(String, String)> {
        if kind == NameKind::File {
            return self.files(begun);
        }
        if let Some(known) = self.known.borrow().get(&kind) {
            return known.clone();
        }
        let names = self.fetch(kind).unwrap_or_default();
        self.known.borrow_mut().insert(kind, names.clone());
        names
    }
}

impl Live<'_> {
    fn fetch(&self, kind: NameKind) -> Option<Vec<(String, String)>> {
        let (path, list, name) = match kind {
            NameKind::Interface => ("/v1/interfaces", "interfaces", "name"),
            NameKind::Revision => ("/v1/revisions", "revisions", "revision"),
            NameKind::Monitor => ("/v1/flow/monitors", "monitors", "name"),
            NameKind::Exporter => ("/v1/flow/exporters", "exporters", "name"),
            NameKind::Record => ("/v1/flow/records", "records", "name"),
            NameKind::Sampler => ("/v1/flow/samplers", "samplers", "name"),
            NameKind::Samplicator => ("/v1/samplicators", "samplicators", "name"),
            NameKind::Receiver => ("/v1/names", "names", "name"),
            NameKind::File => return None,
        };
        let query: &[(&str, &str)] = match kind {
            NameKind::Receiver => &[("kind", "receiver")],
            _ => &[],
        };
        let answer = self.client.borrow_mut().get(path, query).ok()?;
        let objects = answer[list].as_array()?.iter();
        let text = |json: &serde_json::Value| {
            json.as_str()
                .map_or_else(|| json.to_string(), str::to_owned)
        };
        let help = |object: &serde_json::Value| match kind {
            NameKind::Interface => {
                let addresses = object["addresses"]
                    .as_array()
                    .map_or(&[][..], Vec::as_slice);
                addresses
                    .iter()
                    .filter_map(|address| address.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            }
            NameKind::Revision => {
                let word = |key: &str| object[key].as_str().unwrap_or_default().to_owned();
                format!("{} by {} {}", word("time"), word("user"), word("comment"))
                    .trim_end()
                    .to_owned()
            }
            NameKind::Receiver => object["help"].as_str().unwrap_or_default().to_owned(),
            _ => object["description"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        };
        Some(
            objects
                .map(|object| (text(&object[name]), help(object)))
                .collect(),
        )
    }

    /// Files whose path begins as typed; directories end in `/`.
    fn files(&self, begun: &str) -> Vec<(String, String)> {
        let (directory, _) = begun
            .rsplit_once('/')
            .map_or(("", begun), |(directory, file)| (directory, file));
        let prefix = if begun.contains('/') {
            format!("{directory}/")
        } else {
            String::new()
        };
        let place = if prefix.is_empty() { "." } else { &prefix };
        let Ok(entries) = std::fs::read_dir(file::resolved(place, self.home)) else {
            return Vec::new();
        };
        let mut files: Vec<(String, String)> = entries
            .take(MOST_FILES)
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let name = entry.file_name().into_string().ok()?;
                let is_dir = entry.path().is_dir();
                let end = if is_dir { "/" } else { "" };
                Some((
                    format!("{prefix}{name}{end}"),
                    if is_dir { "Directory" } else { "File" }.to_owned(),
                ))
            })
            .filter(|(name, _)| {
                name.starts_with(begun) && (!name.contains("/.") || begun.contains("/."))
            })
            .collect();
        files.sort();
        files
    }
}
