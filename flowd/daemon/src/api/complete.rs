//! `/v1/complete`: what can follow a line, for Tab and `?`.

use std::cell::Cell;

use api::complete::{Candidate, CommandMode, CompleteQuery, Completion};
use api::routes;
use commands::complete::{Context, NameKind, Names};
use commands::{Mode, Submode};

use super::endpoint::{Answer, Call, Endpoint};
use super::error::ApiError;
use super::{blocking, host};
use crate::control::Control;
use config::Running;
use service::clock;

/// The routes that are answered here.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::new(routes::COMPLETE, complete)]
}

fn mode(query: &CompleteQuery) -> Answer<Mode> {
    let submode = match &query.submode {
        None => Submode::default(),
        Some(word) => Submode::by_suffix(&format!("-{word}")).ok_or_else(|| {
            let all = Submode::ALL.iter().skip(1);
            let all: Vec<&str> = all
                .map(|one| one.suffix().trim_start_matches('-'))
                .collect();
            let all = all.join(" ");
            ApiError::bad(format!("no submode {word}; possible: {all}"))
        })?,
    };
    Ok(match query.mode {
        None | Some(CommandMode::Operational) => Mode::Operational,
        Some(CommandMode::Configuration) => Mode::Configuration(submode),
    })
}

pub(super) async fn complete(call: Call<CompleteQuery>) -> Answer<Completion> {
    let mode = mode(&call.query)?;
    let Call {
        control,
        peer,
        query,
        ..
    } = call;
    blocking(move || {
        let running = control.engine.running();
        let names = Known {
            control: &control,
            running: &running,
            files: Cell::new(false),
        };
        let tree = match &query.session {
            None => running.tree.clone(),
            Some(id) => control
                .engine
                .sessions()
                .of(id, peer.uid, clock::monotonic())?
                .candidate
                .clone(),
        };
        let context = Context {
            mode,
            level: &query.level,
            opener: query.opener.as_deref().unwrap_or_default(),
            tree: &language::masked(&tree),
            names: &names,
        };
        let end = query.line.len();
        let cursor = query.cursor.and_then(|cursor| usize::try_from(cursor).ok());
        let completion = commands::complete::complete(&query.line, cursor.unwrap_or(end), &context);
        Ok(Completion {
            start: completion.start as u64,
            candidates: completion.candidates.into_iter().map(candidate).collect(),
            end: completion.end,
            current: completion.current,
            files: names.files.get(),
        })
    })
    .await?
}

fn candidate(candidate: commands::complete::Candidate) -> Candidate {
    Candidate {
        text: candidate.text,
        help: candidate.help,
        literal: candidate.literal,
        mark: candidate.mark,
        mandatory: candidate.mandatory,
        current: candidate.current,
    }
}

/// The names that the daemon offers to completion.
struct Known<'a> {
    control: &'a Control,
    running: &'a Running,
    /// Whether names of files can follow. The shell knows those.
    files: Cell<bool>,
}

impl Names for Known<'_> {
    fn names(&self, kind: NameKind, begun: &str) -> Vec<(String, String)> {
        let kind = match kind {
            NameKind::Revision => return host::revisions(self.control),
            NameKind::File => {
                self.files.set(true);
                return Vec::new();
            }
            NameKind::Interface => service::NameKind::Interface,
            NameKind::Monitor => service::NameKind::Monitor,
            NameKind::Exporter => service::NameKind::Exporter,
            NameKind::Record => service::NameKind::Record,
            NameKind::Sampler => service::NameKind::Sampler,
            NameKind::Samplicator => service::NameKind::Samplicator,
            NameKind::Receiver => service::NameKind::Receiver,
        };
        host::names_of(self.control, self.running, kind, begun)
    }
}
