//! The shell itself: modes, the edit level, the session, and what each line does. It prints nothing: a line
//! gives an [`Outcome`] or a [`Failure`], and the front ends show them.

mod batch;
mod candidate;
mod change;
mod complete;
mod configure;
mod copy;
mod help;
mod history;
mod import;
mod leave;
mod listing;
mod load;
mod operational;
mod ping;
mod refused;
mod samplicator;
mod talkers;
mod tech;
#[cfg(test)]
mod tests;
mod top;
mod traceroute;
mod watch;
mod write;

use std::path::PathBuf;

use api::session::{Dialect, Edit, EditMode};
use api::{Nothing, routes};
use commands::{Command, Form, Line, Mode, Pipe, Submode, Tail, Word};
use jiff::tz::TimeZone;
use language::TextEnd;

use crate::client::Client;
use crate::gather::{Gather, Gathered};
use crate::output::Answer;
use crate::prompt::Manner;
use crate::screen::View;
use crate::terminal;
use crate::trouble::Failure;
use help::{ENABLE, HELP};
use history::History;
pub(crate) use listing::Listing;
use load::Loading;
use talkers::Talkers;
use top::Top;
pub(crate) use watch::Watch;

/// The mode that the shell is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Operational,
    Configuration {
        /// The identifier of the daemon's session.
        session: String,
        /// Whether the mode was entered with `configure terminal`: the prompt is as on IOS.
        ios: bool,
        /// Whether the mode was entered with `configure exclusive`.
        exclusive: bool,
    },
}

/// How the next line is understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Reading {
    #[default]
    Commands,
    /// The line belongs to a block in braces.
    Block(Gather),
    /// The line belongs to the text of `load terminal`.
    Text { loading: Loading, text: String },
    /// The line belongs to a text that routers have, such as a banner, which is left out.
    LeftOut { ends: TextEnd, lines: usize },
    /// The line answers whether changes are to be committed before configuration mode is left.
    Leaving,
}

/// The result of a line.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// The output.
    pub(crate) answer: Answer,
    /// Whether the shell is to end.
    pub(crate) leave: bool,
    /// What is to be shown live, redrawn until the operator has seen enough.
    pub(crate) watch: Option<Watch>,
    /// Further output, which comes in parts.
    pub(crate) listing: Option<Listing>,
    /// The program to run on the terminal, with its arguments.
    pub(crate) program: Option<Vec<String>>,
    /// Whether the daemon's log is to be shown from now on.
    pub(crate) monitor: Option<bool>,
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        Outcome {
            answer,
            ..Outcome::default()
        }
    }
}

/// A shell for one daemon.
pub(crate) struct Shell {
    client: Client,
    via: &'static str,
    host: String,
    prompts: Manner,
    place: Place,
    /// The edit level: the words of the node that `set` and `delete` are relative to.
    level: Vec<String>,
    submode: Submode,
    /// The IOS line that opened the submode.
    opener: String,
    reading: Reading,
    /// The line of a comment, `/* … */`, that belongs to the block in braces which may follow.
    comment: Option<String>,
    /// Whether the line stands below one that was refused and would have opened a submode.
    below_refused: bool,
    /// The lines of the pasted text before the line that is run.
    pub(crate) lines_before: u32,
    /// What the daemon noted about changes, and has not been shown yet.
    notes: Vec<String>,
    history: History,
    /// Lines a screen has, once `terminal length` said so; 0 never stops.
    pub(crate) terminal_length: Option<u32>,
    /// Columns a screen has, once `terminal width` said so.
    pub(crate) terminal_width: Option<usize>,
    /// How times are shown and how wide the terminal is.
    pub(crate) view: View,
    home: Option<PathBuf>,
}

type Done = Result<Outcome, Failure>;

impl Shell {
    /// Connects to the daemon.
    ///
    /// # Errors
    /// When there is none, or it lets this user do nothing.
    pub(crate) fn new(
        client: Client,
        via: &'static str,
        home: Option<PathBuf>,
    ) -> Result<Shell, Failure> {
        let mut shell = Shell {
            client,
            via,
            host: "flowd".into(),
            prompts: Manner::default(),
            place: Place::Operational,
            level: Vec::new(),
            submode: Submode::Global,
            opener: String::new(),
            reading: Reading::Commands,
            comment: None,
            below_refused: false,
            lines_before: 0,
            notes: Vec::new(),
            history: History::default(),
            terminal_length: None,
            terminal_width: None,
            view: View {
                zone: TimeZone::system(),
                columns: None,
            },
            home,
        };
        let version = shell.client.get(routes::VERSION, &[], &Nothing {})?;
        shell.host = short_name(&version.answer.host_name);
        if terminal::is_automated() {
            let identity = shell.client.get(routes::WHOAMI, &[], &Nothing {})?;
            shell.prompts = Manner::Vyos(identity.answer);
            // Nobody is there to press a key.
            shell.terminal_length = Some(0);
        }
        Ok(shell)
    }

    /// Returns the line above the prompt, if there is one, and the prompt.
    pub(crate) fn prompt(&self) -> (Option<String>, String) {
        match (&self.reading, &self.place) {
            (Reading::Block(gather), _) => (None, "    ".repeat(gather.depth().clamp(1, 8))),
            (Reading::Text { .. } | Reading::LeftOut { .. }, _) => (None, String::new()),
            (Reading::Leaving, _) => (
                Some("There are changes that are not committed.".to_owned()),
                "Commit them before leaving? yes, no (they are given up), or cancel [cancel]: "
                    .to_owned(),
            ),
            (_, Place::Operational) => (None, self.prompts.operational(&self.host)),
            (_, Place::Configuration { ios: false, .. }) if self.submode == Submode::Global => {
                let space = if self.level.is_empty() { "" } else { " " };
                (
                    Some(format!("[edit{space}{}]", self.level.join(" "))),
                    self.prompts.configuration(&self.host),
                )
            }
            (_, Place::Configuration { .. }) => (
                None,
                format!("{}(config{})# ", self.host, self.submode.suffix()),
            ),
        }
    }

    /// Whether the next line is a command, as opposed to a piece of a block or of a text.
    pub(crate) fn wants_command(&self) -> bool {
        self.reading == Reading::Commands
    }

    /// Whether the next line is the answer to a question.
    pub(crate) fn asks(&self) -> bool {
        self.reading == Reading::Leaving
    }

    /// Whether the lines of a `load terminal` are being read.
    pub(crate) fn wants_text(&self) -> bool {
        matches!(self.reading, Reading::Text { .. })
    }

    /// Returns the number of columns of the screen.
    pub(crate) fn columns(&self) -> usize {
        self.terminal_width
            .unwrap_or_else(|| terminal::size().columns)
    }

    /// Makes another client of the same daemon, for another thread.
    pub(crate) fn another_client(&self) -> std::io::Result<Client> {
        self.client.another()
    }

    pub(crate) fn mode(&self) -> Mode {
        match self.place {
            Place::Operational => Mode::Operational,
            Place::Configuration { .. } => Mode::Configuration(self.submode),
        }
    }

    /// Returns a line as it may be kept in a file: without secrets.
    pub(crate) fn without_secrets(&self, line: &str) -> String {
        history::masked(line, &self.level)
    }

    /// Runs a line.
    pub(crate) fn run(&mut self, line: &str) -> Done {
        if self.wants_command() {
            self.history.add(line, &self.level);
        }
        let mut done = self.done(line);
        let notes = self.notes();
        if let Ok(outcome) = &mut done {
            outcome.answer.text.insert_str(0, &notes);
        }
        done
    }

    /// Takes the notes that have not been shown yet, a line each.
    pub(crate) fn notes(&mut self) -> String {
        let notes = std::mem::take(&mut self.notes);
        notes.iter().map(|note| format!("Note: {note}\n")).collect()
    }

    fn done(&mut self, line: &str) -> Done {
        match &mut self.reading {
            Reading::Commands => self.command(line),
            Reading::Block(gather) => {
                let gathered = gather.add(line);
                self.gathered(gathered)
            }
            Reading::LeftOut { ends, lines } => {
                *lines += 1;
                if !ends.with(line) {
                    return Ok(Outcome::default());
                }
                let said = format!("{lines} lines of it were left out.");
                self.reading = Reading::Commands;
                Ok(Answer::line(said).into())
            }
            Reading::Leaving => {
                self.reading = Reading::Commands;
                self.leaving(line)
            }
            Reading::Text { text, .. } => {
                if text.len() + line.len() > language::MAX_TEXT {
                    self.reading = Reading::Commands;
                    return Err(Failure::plain(
                        "the text is too long for a terminal; load it from a file",
                    ));
                }
                text.push_str(line);
                text.push('\n');
                Ok(Outcome::default())
            }
        }
    }

    /// Forgets a Ctrl-C that was typed before: it was meant for something else.
    pub(crate) fn forget_interrupts(&mut self) {
        self.client.interrupted();
    }

    /// Runs a line for `--json`: a listing is read to its end, and commands that show something live are refused.
    pub(crate) fn run_for_json(&mut self, line: &str) -> Done {
        let parsed = self
            .wants_command()
            .then(|| commands::parse(line, self.mode()));
        let Some(Ok(Some(parsed))) = parsed else {
            return self.run(line);
        };
        let inner = match &parsed.command {
            Command::Run(inner) => &inner.command,
            command => command,
        };
        match inner {
            Command::ShowCache { monitor, view } => {
                let (monitor, view) = (monitor.clone(), view.clone());
                let first = self.first_of_cache(&monitor, &view, line);
                let json = first
                    .map_err(|failure| failure.at_its_word(line))?
                    .whole(self)?;
                Ok(Answer::screen(String::new(), json).into())
            }
            Command::MonitorSamplicator { .. }
            | Command::MonitorAccounting { .. }
            | Command::MonitorTop { .. } => {
                let length = line.trim_end().chars().count();
                Err(Failure::at(
                    line,
                    0,
                    length,
                    "a live screen has no JSON form; the `show` command has",
                ))
            }
            _ => self.run(line),
        }
    }

    /// Drops a block or a text that was begun, as Ctrl-C does.
    pub(crate) fn interrupt(&mut self) {
        self.reading = Reading::Commands;
    }

    /// Does what Ctrl-D at an empty line, or the end of a script, does: ends a text, drops a block, or leaves the mode.
    pub(crate) fn end_of_input(&mut self) -> Done {
        match std::mem::take(&mut self.reading) {
            Reading::Text { loading, text } => self.load_text(loading, &text, "line "),
            Reading::LeftOut { lines, .. } => Err(Failure::plain(format!(
                "the end of the text that was left out is missing: {lines} lines were taken for it"
            ))),
            Reading::Leaving => self.leaving(""),
            Reading::Block(gather) => {
                let first: String = gather.first_line().chars().take(60).collect();
                Err(Failure::plain(format!(
                    "the block that begins with \"{first}\" is not closed; it was dropped"
                )))
            }
            Reading::Commands => match self.place {
                Place::Operational => Ok(Outcome {
                    leave: true,
                    ..Outcome::default()
                }),
                Place::Configuration { .. } => self.exit(false),
            },
        }
    }

    /// Returns what is wrong with a line that is not finished, for `?`.
    pub(crate) fn wrong(&self, line: &str) -> Option<String> {
        match commands::parse(line, self.mode()) {
            Err(problem) => Some(Failure::in_line(line, &problem).shown()),
            Ok(Some(Line {
                command: Command::Set(tail) | Command::Delete(tail) | Command::Edit(tail),
                ..
            })) => {
                let words: Vec<Word> = commands::split(line)
                    .into_iter()
                    .filter(|word| word.start >= tail.start)
                    .collect();
                self.spell(&self.level, &words, line)
                    .err()
                    .map(|failure| failure.shown())
            }
            Ok(Some(parsed)) if matches!(parsed.command, Command::Show { .. }) => {
                match self.as_operational(parsed, line) {
                    Ok(Line {
                        command: Command::Show { path, .. },
                        ..
                    }) => {
                        let spelled = self.spelled_out(&self.level, &path, line);
                        spelled.err().map(|failure| failure.shown())
                    }
                    Ok(_) => None,
                    Err(failure) => Some(failure.shown()),
                }
            }
            Ok(Some(Line {
                command: Command::Statement(tail),
                ..
            })) => self.wrong_statement(&tail, line),
            Ok(_) => None,
        }
    }

    /// Ends the session. Returns whether it had changes that were not committed.
    pub(crate) fn close(&mut self) -> bool {
        let Place::Configuration { session, .. } = std::mem::take(&mut self.place) else {
            return false;
        };
        let changed = self.changed(&session).unwrap_or_default();
        // The daemon forgets it by itself, too.
        let _ = self.client.delete(routes::END_SESSION, &[&session]);
        changed
    }

    fn command(&mut self, line: &str) -> Done {
        let mode = self.mode();
        if let Some(done) = self.left_out(line) {
            return Ok(done);
        }
        let comment = self.comment.take();
        let parsed =
            commands::parse(line, mode).map_err(|problem| Failure::in_line(line, &problem))?;
        let parsed = parsed
            .map(|parsed| self.as_operational(parsed, line))
            .transpose()?;
        let Some(parsed) = parsed else {
            let own = line.trim_start().starts_with("/*").then(|| line.to_owned());
            self.comment = own.or(comment);
            return Ok(Outcome::default());
        };
        if let Command::Statement(_) = parsed.command {
            self.comment = comment;
        }
        let (command, pipes) = match parsed.command {
            Command::Run(inner) => (inner.command, inner.pipes),
            command => (command, parsed.pipes),
        };
        // A row that a pipe looks at is one line.
        if pipes.iter().all(|pipe| *pipe == Pipe::NoMore) {
            return self.command_of(mode, command, &pipes, line);
        }
        let columns = self.view.columns.take();
        let outcome = self.command_of(mode, command, &pipes, line);
        self.view.columns = columns;
        outcome
    }

    fn command_of(&mut self, mode: Mode, command: Command, pipes: &[Pipe], line: &str) -> Done {
        let outcome = match (mode, command) {
            (_, Command::Exit { discard }) if mode == Mode::Operational => {
                debug_assert!(!discard);
                Outcome {
                    leave: true,
                    ..Outcome::default()
                }
            }
            (_, Command::Configure { terminal }) => self.configure(terminal, false, line)?,
            (_, Command::ConfigureExclusive) => self.configure(false, true, line)?,
            (_, Command::TerminalLength(lines)) => {
                self.prompts.heard(line);
                self.terminal_length = Some(lines);
                Outcome::default()
            }
            (_, Command::TerminalWidth(columns)) => {
                self.prompts.heard(line);
                self.terminal_width = Some(columns as usize).filter(|columns| *columns > 0);
                self.view.columns = Some(self.columns());
                Outcome::default()
            }
            (_, Command::TerminalMonitor(on)) => Outcome {
                monitor: Some(on),
                ..Outcome::default()
            },
            (_, Command::Help) => Answer::text(HELP).into(),
            (_, Command::Enable) if self.prompts.enable() => Outcome::default(),
            (_, Command::Enable) => Answer::line(ENABLE).into(),
            (_, Command::Write) => self.write()?,
            (_, Command::Ping(ping)) => ping::ping(&ping, pipes)?,
            (_, Command::Traceroute(trace)) => traceroute::traceroute(&trace, pipes)?,
            (Mode::Operational, Command::Compare { from, to, commands }) => {
                let compared = self.compare(from, to, commands);
                compared.map_err(|failure| failure.at_its_word(line))?
            }
            (_, Command::MonitorSamplicator { name }) => {
                self.watched(Watch::Samplicator(name), pipes, line)?
            }
            (_, Command::MonitorTop { monitor }) => {
                self.watched(Watch::Monitor(Talkers::new(monitor)), pipes, line)?
            }
            (_, Command::MonitorAccounting { interface }) => {
                self.watched(Watch::Accounting(Top::new(interface)), pipes, line)?
            }
            (_, Command::ShowCache { monitor, view }) => {
                let first = self.first_of_cache(&monitor, &view, line);
                let first = first.map_err(|failure| failure.at_its_word(line))?;
                let (answer, listing) = first.piped(pipes, line, self)?;
                return Ok(Outcome {
                    listing,
                    ..answer.into()
                });
            }
            (_, Command::ShowConfiguration { path, .. }) if pipes.contains(&Pipe::Json) => self
                .show_configuration(Form::Json, &path, false, line)?
                .into(),
            (_, Command::ShowRunningInterface { name, .. }) if pipes.contains(&Pipe::Json) => {
                self.show_running_interface(Form::Json, &name)?.into()
            }
            (Mode::Configuration(_), Command::Show { path, .. }) if pipes.contains(&Pipe::Json) => {
                self.show_as(Form::Json, &path, line)?
            }
            (Mode::Configuration(_), command) if configure::is_configuration(&command) => {
                // What a commit says is about the configuration, whatever words its comment has.
                let of_line = matches!(command, Command::Compare { .. } | Command::Rollback { .. });
                let done = self.configuration(command, line);
                done.map_err(|failure| match of_line {
                    true => failure.at_its_word(line),
                    false => failure,
                })?
            }
            (_, command) => {
                let answer = self.operational(command, line);
                Outcome::from(answer.map_err(|failure| failure.at_its_word(line))?)
            }
        };
        Ok(Outcome {
            answer: outcome.answer.through(pipes, line, self.home.as_deref())?,
            ..outcome
        })
    }

    /// Goes on after a line was added to a block.
    fn gathered(&mut self, gathered: Gathered) -> Done {
        match gathered {
            Gathered::More => Ok(Outcome::default()),
            Gathered::TooLong => {
                self.reading = Reading::Commands;
                Err(Failure::plain(
                    "the block is too long for a prompt; load it from a file",
                ))
            }
            Gathered::Whole(text) => {
                self.reading = Reading::Commands;
                let dialect = match text.trim_start().starts_with('{') {
                    true => Dialect::Json,
                    false => Dialect::Curly,
                };
                let edit = Edit {
                    text,
                    dialect: Some(dialect),
                    mode: Some(EditMode::Merge),
                    path: self.level.clone(),
                    ..Edit::default()
                };
                let before = self.lines_before;
                let edited = self.edit_text(edit, "line ", before)?;
                self.submode = Submode::Global;
                edited.done("")
            }
        }
    }

    /// Runs a line that opens a brace, or an IOS statement.
    fn statement(&mut self, tail: &Tail, line: &str) -> Done {
        let comment = self.comment.take();
        if commands::opens_brace(&tail.text) {
            let mut gather = Gather::below(comment);
            let gathered = gather.add(line);
            self.reading = Reading::Block(gather);
            return self.gathered(gathered);
        }
        self.ios(tail, line)?;
        Ok(Outcome::default())
    }
}

/// The first label of a host name, as prompts show it.
fn short_name(host: &str) -> String {
    let name: String = host
        .split('.')
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control())
        .collect();
    if name.is_empty() {
        "flowd".into()
    } else {
        name
    }
}
