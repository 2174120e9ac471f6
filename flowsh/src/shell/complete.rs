//! Completion for Tab and `?`: the daemon's, and names of files on the shell's host.

use std::cell::Cell;

use api::complete::{CommandMode, CompleteQuery};
use api::configuration::ShowConfiguration;
use api::routes;
use api::session::Dialect;
use commands::complete::{Candidate, Completion, Context, NameKind, Names, complete};
use commands::{Mode, Submode};
use language::Tree;

use super::{Place, Shell};
use crate::client::Error;
use crate::file;
use crate::trouble::Failure;

/// The most files of a directory that are offered.
const MOST_FILES: usize = 1000;

/// What can follow, and whether names of files can, too.
struct Known {
    completion: Completion,
    files: bool,
}

impl Shell {
    /// Returns what can follow the line up to `cursor`, which counts octets.
    pub(crate) fn complete(&mut self, line: &str, cursor: usize) -> Completion {
        if !self.wants_command() {
            return Completion::default();
        }
        let known = self.ask_what_follows(line, cursor);
        // Without the daemon there are still the words.
        let mut known = known.unwrap_or_else(|_| self.words_only(line, cursor));
        if known.files {
            let begun = begun(line, cursor, known.completion.start);
            let files = self.files(&begun);
            known.completion.candidates.extend(files);
        }
        known.completion
    }

    fn ask_what_follows(&mut self, line: &str, cursor: usize) -> Result<Known, Error> {
        let (mode, submode) = match self.mode() {
            Mode::Operational => (CommandMode::Operational, Submode::Global),
            Mode::Configuration(submode) => (CommandMode::Configuration, submode),
        };
        let session = self.session();
        let in_submode = submode != Submode::Global;
        let query = CompleteQuery {
            line: line.to_owned(),
            cursor: Some(cursor as u64),
            mode: Some(mode),
            submode: in_submode.then(|| submode.suffix().trim_start_matches('-').to_owned()),
            opener: in_submode.then(|| self.opener.clone()),
            session: (!session.is_empty()).then(|| session.to_owned()),
            level: self.level.clone(),
        };
        // That a session is gone is told to the next command, which is not typed over and over.
        let answer = self.client.get(routes::COMPLETE, &[], &query)?.answer;
        let candidate = |one: api::complete::Candidate| Candidate {
            text: one.text,
            help: one.help,
            literal: one.literal,
            mark: one.mark,
            mandatory: one.mandatory,
            current: one.current,
        };
        Ok(Known {
            completion: Completion {
                start: usize::try_from(answer.start).unwrap_or(line.len()),
                candidates: answer.candidates.into_iter().map(candidate).collect(),
                end: answer.end,
                current: answer.current,
            },
            files: answer.files,
        })
    }

    fn words_only(&self, line: &str, cursor: usize) -> Known {
        let files = OnlyFiles::default();
        let context = Context {
            mode: self.mode(),
            level: &self.level,
            opener: &self.opener,
            tree: &Tree::default(),
            names: &files,
        };
        Known {
            completion: complete(line, cursor, &context),
            files: files.0.get(),
        }
    }

    /// Asks for the candidate, in operational mode for the running configuration; with `secrets`, which only an
    /// administrator may, secrets are not masked.
    pub(super) fn tree(&mut self, secrets: bool) -> Result<Tree, Failure> {
        let (source, session) = match &self.place {
            Place::Operational => ("running", None),
            Place::Configuration { session, .. } => ("candidate", Some(session.clone())),
        };
        let query = ShowConfiguration {
            source: Some(source.into()),
            session,
            format: Some(Dialect::Json),
            secrets: secrets.then_some(true),
            ..ShowConfiguration::default()
        };
        let answer = self.client.get(routes::CONFIGURATION, &[], &query)?.answer;
        let tree = answer.tree.unwrap_or_default();
        let text = serde_json::to_string(&tree).unwrap_or_default();
        language::shown(&text).map_err(|problems| {
            Failure::plain(format!("flowd's tree is not understood: {}", problems[0]))
        })
    }

    /// Lists files whose path begins as typed; directories end in `/`.
    fn files(&self, begun: &str) -> Vec<Candidate> {
        let prefix = begun
            .rsplit_once('/')
            .map_or(String::new(), |(directory, _)| format!("{directory}/"));
        let place = if prefix.is_empty() { "." } else { &prefix };
        let Ok(entries) = std::fs::read_dir(file::resolved(place, self.home.as_deref())) else {
            return Vec::new();
        };
        let mut files: Vec<Candidate> = entries
            .take(MOST_FILES)
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let name = entry.file_name().into_string().ok()?;
                let (end, help) = match entry.path().is_dir() {
                    true => ("/", "Directory"),
                    false => ("", "File"),
                };
                let hidden = name.starts_with('.') && !begun[prefix.len()..].starts_with('.');
                (!hidden).then(|| Candidate {
                    text: format!("{prefix}{name}{end}"),
                    help: help.to_owned(),
                    literal: true,
                    ..Candidate::default()
                })
            })
            .filter(|file| file.text.starts_with(begun))
            .collect();
        files.sort_by(|a, b| a.text.cmp(&b.text));
        files
    }
}

/// Returns the word that is begun before the cursor, without quotes.
fn begun(line: &str, cursor: usize, start: usize) -> String {
    let typed = line.get(start..cursor).unwrap_or_default();
    commands::split(typed)
        .into_iter()
        .next()
        .map(|word| word.text)
        .unwrap_or_default()
}

/// Offers no names, and remembers whether names of files were asked for.
#[derive(Default)]
struct OnlyFiles(Cell<bool>);

impl Names for OnlyFiles {
    fn names(&self, kind: NameKind, _: &str) -> Vec<(String, String)> {
        self.0.set(self.0.get() || kind == NameKind::File);
        Vec::new()
    }
}
