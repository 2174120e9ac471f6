//! Configuration mode: the session, the edit level, and what changes the candidate.

use api::configuration::{Compare, DiffFormat};
use api::routes::{self, Get, Post};
use api::session::{Begin, Changes, Dialect, Edit, EditMode, Exclusive, Rollback};
use api::{Code, Nothing, Refusal};
use commands::{Command, Submode, Tail, Word, first_word_hint, nearest, split, submode_after};
use language::schema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::candidate::warnings;
use super::load::Loading;
use super::refused::at_its_place;
use super::{Done, Outcome, Place, Shell};
use crate::client::{Error, Received};
use crate::output::Answer;
use crate::screen;
use crate::trouble::{Failure, Trouble};

impl Shell {
    pub(super) fn configure(&mut self, terminal: bool, exclusive: bool, line: &str) -> Done {
        if let Place::Configuration { .. } = self.place {
            let length = line.trim_end().chars().count();
            return Err(Failure::at(
                line,
                0,
                length,
                "you are in configuration mode already",
            ));
        }
        let session = self.open(exclusive)?;
        self.place = Place::Configuration {
            session,
            ios: terminal,
            exclusive,
        };
        self.level.clear();
        self.submode = Submode::Global;
        let hello = match terminal {
            true => "Changes take effect with `commit` (or `write memory`); Ctrl-Z leaves.",
            false => "",
        };
        let mut text = self.others()?;
        if exclusive {
            text.push_str(
                "The configuration is locked for others until you leave configuration mode.\n",
            );
        }
        if !hello.is_empty() {
            text.push_str(hello);
            text.push('\n');
        }
        Ok(Answer::text(text).into())
    }

    fn open(&mut self, exclusive: bool) -> Result<String, Error> {
        let body = Begin {
            via: Some(self.via.into()),
            from: ssh_client(),
            with_connection: Some(true),
            exclusive: exclusive.then_some(Exclusive::Connection),
        };
        let begun = self
            .client
            .post_and_hold(routes::BEGIN_SESSION, &[], &body)?;
        Ok(begun.answer.session)
    }

    pub(super) fn session(&self) -> &str {
        match &self.place {
            Place::Configuration { session, .. } => session,
            Place::Operational => "",
        }
    }

    /// Sends a request about the session.
    pub(super) fn ask<B: Serialize, A: DeserializeOwned>(
        &mut self,
        route: Post<B, A>,
        body: &B,
    ) -> Result<Received<A>, Error> {
        let session = self.session().to_owned();
        let result = self.client.post(route, &[&session], body);
        result.or_else(|error| Err(self.renewed(error)?))
    }

    /// Reads a text into the candidate. Notes about it are shown with the next output.
    pub(super) fn ask_edit(&mut self, edit: &Edit) -> Result<Received<Changes>, Error> {
        let changes = self.ask(routes::EDIT, edit)?;
        for note in changes.answer.notes.iter().flatten() {
            if !self.notes.contains(&note.message) {
                self.notes.push(note.message.clone());
            }
        }
        Ok(changes)
    }

    /// Asks for something that depends on the session.
    pub(super) fn ask_about<Q: Serialize, A: DeserializeOwned>(
        &mut self,
        route: Get<Q, A>,
        query: &Q,
    ) -> Result<Received<A>, Error> {
        let result = self.client.get(route, &[], query);
        result.or_else(|error| Err(self.renewed(error)?))
    }

    /// Begins a new session where the daemon does not know the session any more, and returns the error that says so.
    fn renewed(&mut self, error: Error) -> Result<Error, Error> {
        if !error.is_not_found() || !self.session_is_gone()? {
            return Ok(error);
        }
        let message = "flowd does not know this session any more: it was restarted, or the session was idle for too \
                       long. Uncommitted changes are gone; a new candidate is open";
        let exclusive = matches!(
            self.place,
            Place::Configuration {
                exclusive: true,
                ..
            }
        );
        if let Ok(new) = self.open(exclusive)
            && let Place::Configuration { session, .. } = &mut self.place
        {
            *session = new;
        }
        let refusal = Refusal::new(Code::NotFound, message);
        Ok(Error::Refused(vec![refusal]))
    }

    fn session_is_gone(&mut self) -> Result<bool, Error> {
        let sessions = self.client.get(routes::SESSIONS, &[], &Nothing {})?;
        let own = |session: &api::session::Session| session.session == self.session();
        Ok(!sessions.answer.sessions.iter().any(own))
    }

    /// Returns whether the candidate differs from the running configuration.
    pub(super) fn changed(&mut self, session: &str) -> Result<bool, Error> {
        let query = Compare {
            from: Some("running".into()),
            to: Some("candidate".into()),
            session: Some(session.to_owned()),
            format: Some(DiffFormat::Set),
            path: Vec::new(),
        };
        let compared = self.client.get(routes::COMPARE, &[], &query)?;
        Ok(!compared.answer.text.trim().is_empty())
    }

    pub(super) fn configuration(&mut self, command: Command, line: &str) -> Done {
        match command {
            Command::Set(tail) => self.set("set", &tail, line),
            Command::Delete(tail) => self.set("delete", &tail, line),
            Command::Comment(tail) => self.set("comment", &tail, line),
            Command::Statement(tail) => self.statement(&tail, line),
            Command::Load { mode, from } => self.load(Loading::Plain(mode), from, line),
            Command::LoadFlow {
                merge,
                from,
                host,
                detail,
            } => self.load(
                Loading::Flow {
                    merge,
                    host,
                    detail,
                },
                from,
                line,
            ),
            Command::LoadSamplicate { file } => self.load_samplicate(&file, line),
            Command::LoadSamplicateArguments(tail) => self.load_samplicate_arguments(&tail, line),
            Command::LoadSoftflowd { file } => self.load_softflowd(&file, line),
            Command::LoadSoftflowdArguments(tail) => self.load_softflowd_arguments(&tail),
            Command::LoadPmacct { file } => self.load_pmacct(&file, line),
            Command::Copy { from, to, rename } => self.copy(&from, &to, rename, line),
            Command::Edit(tail) => self.edit(&tail, line),
            Command::Up => {
                self.level.pop();
                while !matches!(self.lookup(&self.level), Some(schema::Place::Words(_)))
                    && self.level.pop().is_some()
                {}
                Ok(Outcome::default())
            }
            Command::Top => {
                self.level.clear();
                self.submode = Submode::Global;
                Ok(Outcome::default())
            }
            Command::Show { path, form: None } => self.show(&path, line),
            Command::Show {
                path,
                form: Some(form),
            } => self.show_as(form, &path, line),
            Command::Compare { from, to, commands } => self.compare(from, to, commands),
            Command::Commit { comment } => self.commit(comment, None),
            Command::CommitAndQuit { comment } => self.commit_and_leave(comment),
            Command::CommitConfirm { minutes, comment } => self.commit(comment, Some(minutes)),
            Command::CommitCheck => {
                let checked = self.ask(routes::CHECK, &Nothing {})?;
                let mut text = warnings(&checked.answer.warnings);
                text.push_str("The candidate configuration is valid.\n");
                text.push_str(&screen::impact(&checked.answer.impact));
                Ok(Answer::screen(text, checked.json).into())
            }
            Command::CommitAt { time, comment } => self.commit_at(&time, comment),
            Command::Status => self.status(),
            Command::Confirm => {
                self.client.post(routes::CONFIRM, &[], &Nothing {})?;
                Ok(Answer::line("Confirmed: the commit stays.").into())
            }
            Command::Discard => {
                self.ask(routes::DISCARD, &Nothing {})?;
                Ok(Answer::line("Changes have been discarded").into())
            }
            Command::Rollback { revision } => {
                let body = Rollback {
                    revision: None,
                    id: Some(revision.into()),
                };
                let changes = self.ask(routes::ROLLBACK, &body)?;
                let revisions = self.client.get(routes::REVISIONS, &[], &Nothing {})?;
                let text = screen::rolled_back(&revisions.answer, revision.into(), &self.view);
                Ok(Answer::screen(text, changes.json).into())
            }
            Command::Save { file } => self.save(file, line),
            Command::End => self.end(),
            Command::Exit { discard } => self.exit(discard),
            _ => Err(Failure::plain(
                "this is an operational command: put `run` before it",
            )),
        }
    }

    pub(super) fn lookup(&self, path: &[String]) -> Option<schema::Place> {
        schema::lookup(path.iter().map(String::as_str))
    }

    /// Sends a line of the set dialect at the edit level.
    fn set(&mut self, verb: &str, tail: &Tail, line: &str) -> Done {
        let edit = Edit {
            text: format!("{verb} {}", tail.text),
            dialect: Some(Dialect::Set),
            mode: Some(EditMode::Merge),
            path: self.level.clone(),
            ..Edit::default()
        };
        let before = verb.len() + 1;
        let result = self.ask_edit(&edit);
        let changes = result.map_err(|error| {
            placed(error, line, |_, column| {
                tail.start + column.saturating_sub(before)
            })
        })?;
        if changes.answer.changes == 0 {
            return Ok(Answer::line("It is so already: nothing changed.").into());
        }
        Ok(Outcome::default())
    }

    /// Sends an IOS statement, with the line that opened its submode before it.
    pub(super) fn ios(&mut self, tail: &Tail, line: &str) -> Result<(), Failure> {
        let next = submode_after(&tail.text, self.submode);
        let (prefix, lines) = match (self.submode, &next) {
            (Submode::Global, _) | (_, Some(_)) => (String::new(), 0),
            _ => (format!("{}\n", self.opener), 1),
        };
        let edit = Edit {
            text: format!("{prefix}{}", tail.text),
            dialect: Some(Dialect::Ios),
            mode: Some(EditMode::Merge),
            path: Vec::new(),
            ..Edit::default()
        };
        let mut result = self.ask_edit(&edit);
        // The dialect knows its own words only; what was typed may have been meant as a command.
        if let Err(Error::Refused(refusals)) = &mut result
            && let [refusal] = &mut refusals[..]
            && refusal.line == Some(lines + 1)
            && refusal.column == Some(1)
            && refusal.code == Code::UnknownWord
            && let Some(first) = split(&tail.text).first()
        {
            let hint = first_word_hint(&first.text, self.submode);
            refusal.hint = Some(hint.into());
        }
        let refused_opener = next.as_ref().is_some_and(|(to, _)| *to != Submode::Global);
        if let Err(Error::Refused(refusals)) = &result {
            self.refused_statement(refusals, refused_opener, lines);
        }
        result.map_err(|error| {
            placed(error, line, |at, column| {
                if at > lines {
                    tail.start + column
                } else {
                    tail.start
                }
            })
        })?;
        if let Some((submode, opener)) = next {
            self.submode = submode;
            self.opener = opener.unwrap_or_default();
        }
        Ok(())
    }

    /// Returns what is wrong with an IOS statement, as far as that can be told without the configuration.
    pub(super) fn wrong_statement(&self, tail: &Tail, line: &str) -> Option<String> {
        let text = match self.submode {
            Submode::Global => tail.text.clone(),
            _ => format!("{}\n{}", self.opener, tail.text),
        };
        let loaded = language::load(
            &language::Tree::default(),
            &[],
            &text,
            Some(language::Dialect::Ios),
            language::Mode::Merge,
        );
        let mut problem = loaded.err()?.pop()?;
        problem.column += u32::try_from(tail.start).unwrap_or_default();
        Some(Failure::in_line(line, &problem).shown())
    }

    /// Returns the words of a path with abbreviations written out.
    pub(super) fn spelled_out(
        &self,
        level: &[String],
        path: &[String],
        line: &str,
    ) -> Result<Vec<String>, Failure> {
        let all = split(line);
        // The words of the path are the last ones of the line before its pipes.
        let end = all.iter().position(Word::is_pipe).unwrap_or(all.len());
        let words = all
            .get(end.saturating_sub(path.len())..end)
            .unwrap_or_default();
        self.spell(level, words, line)
    }

    pub(super) fn spell(
        &self,
        level: &[String],
        words: &[Word],
        line: &str,
    ) -> Result<Vec<String>, Failure> {
        let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        let at = match schema::follow(level, &texts) {
            Ok(follow) => return Ok(follow.path),
            Err(at) => at,
        };
        let Some(wrong) = words.get(at) else {
            return Err(Failure::plain("the path is not complete"));
        };
        let before = texts.get(..at).unwrap_or_default();
        let possible: Vec<String> = schema::follow(level, before)
            .map(|follow| {
                follow
                    .candidates
                    .into_iter()
                    .map(|candidate| candidate.text)
                    .collect()
            })
            .unwrap_or_default();
        let ambiguous: Vec<&str> = possible
            .iter()
            .map(String::as_str)
            .filter(|word| word.starts_with(&wrong.text))
            .collect();
        let message = match (ambiguous.len(), possible.is_empty()) {
            (2.., _) => format!(
                "\"{}\" is ambiguous; one of {}",
                wrong.text,
                ambiguous.join(", ")
            ),
            (_, false) => {
                let possible: Vec<&str> = possible.iter().map(String::as_str).collect();
                format!(
                    "\"{}\" is not possible here; {}",
                    wrong.text,
                    nearest(&wrong.text, &possible)
                )
            }
            _ => format!(
                "\"{}\" is not possible here; the command ends here",
                wrong.text
            ),
        };
        Err(Failure::at(line, wrong.start, wrong.len, message))
    }

    fn edit(&mut self, tail: &Tail, line: &str) -> Done {
        let words: Vec<Word> = split(line)
            .into_iter()
            .filter(|word| word.start >= tail.start)
            .collect();
        let mut level = self.level.clone();
        level.extend(self.spell(&self.level, &words, line)?);
        let end = tail.start + tail.text.trim_end().chars().count();
        let last = words.last().map_or((end, 1), |word| (word.start, word.len));
        match self.lookup(&level) {
            Some(schema::Place::Words(_)) => {
                self.level = level;
                self.submode = Submode::Global;
                Ok(Outcome::default())
            }
            Some(schema::Place::Name(node)) => {
                let message = format!("a name is missing after {}", node.word());
                Err(Failure::at(line, end + 1, 1, message + "; edit NAME"))
            }
            _ => Err(Failure::at(
                line,
                last.0,
                last.1,
                "there is no level below it; use `set`",
            )),
        }
    }
}

/// Returns the address of the SSH client that this shell runs for, as sshd tells it.
fn ssh_client() -> Option<String> {
    let connection = std::env::var("SSH_CONNECTION").ok()?;
    let address: std::net::IpAddr = connection.split(' ').next()?.parse().ok()?;
    Some(address.to_string())
}

/// Turns refusals of a text into failures that point into the typed line. `place` turns a line (from 1) and a column
/// (from 0) of the text that was sent into a column (from 0) of the typed line.
fn placed(error: Error, line: &str, place: impl Fn(u32, usize) -> usize) -> Failure {
    let Error::Refused(refusals) = error else {
        return error.into();
    };
    let trouble = |refusal: Refusal| {
        let at = refusal.line.zip(refusal.column);
        let length = refusal.length.unwrap_or(1) as usize;
        match at {
            Some((at, column)) => Trouble {
                place: Some((
                    line.to_owned(),
                    place(at, column.saturating_sub(1) as usize),
                    length,
                )),
                ..at_its_place(refusal)
            },
            None => refusal.into(),
        }
    };
    Failure::Wrong(refusals.into_iter().map(trouble).collect())
}

/// Whether a command belongs to configuration mode.
pub(super) fn is_configuration(command: &Command) -> bool {
    matches!(
        command,
        Command::Exit { .. }
            | Command::End
            | Command::Set(_)
            | Command::Delete(_)
            | Command::Comment(_)
            | Command::Edit(_)
            | Command::Up
            | Command::Top
            | Command::Show { .. }
            | Command::Compare { .. }
            | Command::Commit { .. }
            | Command::CommitAndQuit { .. }
            | Command::CommitAt { .. }
            | Command::CommitCheck
            | Command::Status
            | Command::CommitConfirm { .. }
            | Command::Confirm
            | Command::Discard
            | Command::Rollback { .. }
            | Command::Save { .. }
            | Command::Load { .. }
            | Command::LoadFlow { .. }
            | Command::LoadSamplicate { .. }
            | Command::LoadSamplicateArguments(_)
            | Command::LoadSoftflowd { .. }
            | Command::LoadSoftflowdArguments(_)
            | Command::LoadPmacct { .. }
            | Command::Copy { .. }
            | Command::Statement(_)
    )
}
