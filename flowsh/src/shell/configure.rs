//! Configuration mode: the session, the edit level, and what changes the candidate.

use commands::{
    Command, LoadMode, Submode, Tail, Word, first_word_hint, nearest, split, submode_after,
};
use language::schema;
use serde_json::{Value as Json, json};

use super::candidate::warnings;
use super::{Done, Outcome, Place, Shell, not_found};
use crate::client::{Error, Reason};
use crate::output::Answer;
use crate::screen;
use crate::trouble::{Failure, Trouble, with_hint};

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
            true => "Lines wait for `commit` (or `write memory`); Ctrl-Z leaves.",
            false => "",
        };
        let mut text = self.others()?;
        if exclusive {
            text.push_str("Nobody else may change anything until you leave configuration mode.\n");
        }
        if !hello.is_empty() {
            text.push_str(hello);
            text.push('\n');
        }
        Ok(Answer::text(text).into())
    }

    fn open(&mut self, exclusive: bool) -> Result<String, Failure> {
        let mut body = json!({ "via": self.via });
        if exclusive {
            body["exclusive"] = "connection".into();
        }
        let answer = self.client.post("/v1/sessions", &body)?;
        match &answer["session"] {
            Json::String(id) => Ok(id.clone()),
            Json::Number(id) => Ok(id.to_string()),
            _ => Err(Failure::plain("flowd opened no session")),
        }
    }

    pub(super) fn session(&self) -> &str {
        match &self.place {
            Place::Configuration { session, .. } => session,
            Place::Operational => "",
        }
    }

    /// `POST` below the session.
    pub(super) fn ask(&mut self, what: &str, body: &Json) -> Result<Json, Error> {
        let target = format!("/v1/sessions/{}/{what}", self.session());
        let result = self.client.post(&target, body);
        let answer = result.or_else(|error| Err(self.renewed(error)?))?;
        for note in answer["notes"].as_array().into_iter().flatten() {
            let message = note["message"].as_str().unwrap_or_default();
            if !self.notes.iter().any(|known| known == message) {
                self.notes.push(message.to_owned());
            }
        }
        Ok(answer)
    }

    /// `GET` of something that needs the session.
    pub(super) fn ask_about(&mut self, path: &str, query: &[(&str, &str)]) -> Result<Json, Error> {
        let result = self.client.get(path, query);
        result.or_else(|error| Err(self.renewed(error)?))
    }

    /// When the daemon does not know the session any more there is a new one, and the operator is told.
    fn renewed(&mut self, error: Error) -> Result<Error, Error> {
        if !not_found(&error) || !self.session_is_gone()? {
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
        let reason = Reason {
            message: message.into(),
            ..Reason::default()
        };
        Ok(Error::Refused {
            status: 404,
            reasons: vec![reason],
        })
    }

    fn session_is_gone(&mut self) -> Result<bool, Error> {
        let sessions = self.client.get("/v1/sessions", &[])?;
        let sessions = sessions["sessions"].as_array().cloned().unwrap_or_default();
        Ok(sessions
            .iter()
            .all(|session| session["session"].as_str() != Some(self.session())))
    }

    /// Whether the candidate differs from what runs.
    pub(super) fn changed(&mut self, session: &str) -> Result<bool, Error> {
        let query = [
            ("from", "running"),
            ("to", "candidate"),
            ("session", session),
            ("format", "set"),
        ];
        let answer = self.client.get("/v1/compare", &query)?;
        Ok(answer["text"]
            .as_str()
            .is_some_and(|text| !text.trim().is_empty()))
    }

    pub(super) fn configuration(&mut self, command: Command, line: &str) -> Done {
        match command {
            Command::Set(tail) => self.set("set", &tail, line),
            Command::Delete(tail) => self.set("delete", &tail, line),
            Command::Comment(tail) => self.set("comment", &tail, line),
            Command::Statement(tail) => self.statement(&tail, line),
            Command::Load { mode, from } => self.load(mode, from, line),
            Command::LoadSamplicate { file } => self.load_samplicate(&file, line),
            Command::LoadSamplicateArguments(tail) => self.load_samplicate_arguments(&tail, line),
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
            Command::Show { path } => self.show(&path, line),
            Command::Compare { from, to, commands } => self.compare(from, to, commands),
            Command::Commit { comment } => self.commit(comment, None),
            Command::CommitConfirm { minutes, comment } => self.commit(comment, Some(minutes)),
            Command::CommitCheck => {
                let answer = self.ask("check", &json!({}))?;
                let mut text = warnings(&answer);
                text.push_str("The candidate configuration is valid.\n");
                text.push_str(&screen::impact(&answer));
                Ok(Answer::screen(text, answer).into())
            }
            Command::CommitAt { time, comment } => self.commit_at(&time, comment),
            Command::Status => self.status(),
            Command::Confirm => {
                self.client.post("/v1/confirm", &json!({}))?;
                Ok(Answer::line("Confirmed: the commit stays.").into())
            }
            Command::Discard => {
                self.ask("discard", &json!({}))?;
                Ok(Answer::line("Changes have been discarded").into())
            }
            Command::Rollback { revision } => {
                let answer = self.ask("rollback", &json!({ "revision": revision }))?;
                let text = format!(
                    "Revision {revision} is the candidate now: `compare` shows what it changes, `commit` puts it into force.\n"
                );
                Ok(Answer::screen(text, answer).into())
            }
            Command::Save { file } => self.save(file, line),
            Command::End => self.leave(false),
            Command::Exit { discard } => self.exit(discard),
            _ => Err(Failure::plain(
                "this is an operational command: put `run` before it",
            )),
        }
    }

    pub(super) fn lookup(&self, path: &[String]) -> Option<schema::Place> {
        schema::lookup(path.iter().map(String::as_str))
    }

    /// `exit`: the submode, then the edit level, then the mode.
    pub(super) fn exit(&mut self, discard: bool) -> Done {
        if discard {
            return self.leave(true);
        }
        if self.submode != Submode::Global {
            self.submode = Submode::Global;
        } else if !self.level.is_empty() {
            self.level.clear();
        } else {
            return self.leave(false);
        }
        Ok(Outcome::default())
    }

    fn leave(&mut self, discard: bool) -> Done {
        let session = self.session().to_owned();
        let changed = match self.changed(&session) {
            // A session that is gone has nothing to lose.
            Err(error) if not_found(&error) => false,
            other => other?,
        };
        if changed && !discard {
            return Err(Failure::plain(
                "Cannot exit: configuration modified.\nUse 'commit' to put the changes into force, or 'exit discard' to give \
                 them up and exit.",
            ));
        }
        self.close();
        self.level.clear();
        self.submode = Submode::Global;
        Ok(Outcome::default())
    }

    /// `set` and `delete`: a line of the set dialect at the edit level.
    fn set(&mut self, verb: &str, tail: &Tail, line: &str) -> Done {
        let text = format!("{verb} {}", tail.text);
        let body = json!({"text": text, "dialect": "set", "mode": "merge", "path": self.level});
        let before = verb.len() + 1;
        let result = self.ask("edit", &body);
        let answer = result.map_err(|error| {
            self.placed(error, line, |_, column| {
                tail.start + column.saturating_sub(before)
            })
        })?;
        if answer["changes"].as_u64() == Some(0) {
            return Ok(Answer::line("It is so already: nothing changed.").into());
        }
        Ok(Outcome::default())
    }

    /// An IOS statement, with the line that opened its submode before it.
    pub(super) fn ios(&mut self, tail: &Tail, line: &str) -> Result<(), Failure> {
        let next = submode_after(&tail.text, self.submode);
        let (prefix, lines) = match (self.submode, &next) {
            (Submode::Global, _) | (_, Some(_)) => (String::new(), 0),
            _ => (format!("{}\n", self.opener), 1),
        };
        let body = json!({"text": format!("{prefix}{}", tail.text), "dialect": "ios", "mode": "merge", "path": []});
        let result = self.ask("edit", &body);
        result.map_err(|mut error| {
            // The dialect knows its own words only; what was typed may have been meant as a command.
            if let Error::Refused { reasons, .. } = &mut error
                && let [reason] = &mut reasons[..]
                && reason.line == Some(lines + 1)
                && reason.column == Some(1)
                && reason.message.starts_with("unknown word")
                && let Some(first) = split(&tail.text).first()
            {
                reason.hint = Some(first_word_hint(&first.text, self.submode));
            }
            self.placed(error, line, |at, column| {
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

    /// What is wrong with an IOS statement, as far as that is seen without the configuration.
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

    /// Puts the places of a refusal into the typed line: `place` makes a column (from 0) of the sent text's
    /// line (from 1) and column (from 0).
    fn placed(&self, error: Error, line: &str, place: impl Fn(usize, usize) -> usize) -> Failure {
        let Error::Refused { reasons, .. } = error else {
            return error.into();
        };
        let troubles = reasons
            .iter()
            .map(|reason| match (reason.line, reason.column) {
                (Some(at), Some(column)) => Trouble {
                    origin: None,
                    place: Some((
                        line.to_owned(),
                        place(at, column.saturating_sub(1)),
                        reason.length.unwrap_or(1),
                    )),
                    message: with_hint(&reason.message, reason.hint.as_deref()),
                    path: reason.path.clone(),
                },
                _ => Trouble::from_reason(reason),
            });
        Failure::Wrong(troubles.collect())
    }

    /// Sends a text of several lines; a refusal shows its lines, `origin` and the number before them.
    pub(super) fn edit_text(
        &mut self,
        body: Json,
        text: &str,
        origin: &str,
    ) -> Result<Json, Failure> {
        self.text_answer("edit", &body, text, origin)
    }

    /// The same for other questions about a text.
    pub(super) fn text_answer(
        &mut self,
        what: &str,
        body: &Json,
        text: &str,
        origin: &str,
    ) -> Result<Json, Failure> {
        let error = match self.ask(what, body) {
            Ok(answer) => return Ok(answer),
            Err(Error::Refused { reasons, .. }) => reasons,
            Err(other) => return Err(other.into()),
        };
        let troubles = error
            .iter()
            .map(|reason| match (reason.line, reason.column) {
                (Some(at), Some(column)) => Trouble {
                    origin: Some(format!("{origin}{at}:{column}")),
                    place: text.lines().nth(at.saturating_sub(1)).map(|line| {
                        (
                            line.to_owned(),
                            column.saturating_sub(1),
                            reason.length.unwrap_or(1),
                        )
                    }),
                    message: with_hint(&reason.message, reason.hint.as_deref()),
                    path: reason.path.clone(),
                },
                _ => Trouble::from_reason(reason),
            });
        Err(Failure::Wrong(troubles.collect()))
    }

    pub(super) fn load_text(&mut self, mode: LoadMode, text: &str, origin: &str) -> Done {
        let mut body = json!({"text": text, "path": []});
        body["mode"] = match mode {
            LoadMode::Override => "override",
            LoadMode::Replace => "replace",
            LoadMode::Merge | LoadMode::Set => "merge",
        }
        .into();
        if mode == LoadMode::Set {
            body["dialect"] = "set".into();
        }
        let answer = self.edit_text(body, text, origin)?;
        Ok(match answer["changes"].as_u64() {
            Some(0) => Answer::line("Loaded; nothing changed.").into(),
            Some(1) => {
                Answer::line("Loaded: 1 change. `compare` shows it, `commit` puts it into force.")
                    .into()
            }
            Some(changes) => Answer::line(format!(
                "Loaded: {changes} changes. `compare` shows them, `commit` puts them into force."
            ))
            .into(),
            None => Outcome::default(),
        })
    }

    /// Words of a path with abbreviations written out.
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
                    "\"{}\" cannot stand here; {}",
                    wrong.text,
                    nearest(&wrong.text, &possible)
                )
            }
            _ => format!("\"{}\" cannot stand here; nothing can follow", wrong.text),
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
