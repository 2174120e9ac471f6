//! The interactive shell: the line editor with Tab, `?`, history, and its keys.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use commands::Mode;
use parking_lot::Mutex;
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{
    Behavior, Cmd, CompletionType, ConditionalEventHandler, Config, Context, Editor, Event,
    EventContext, EventHandler, ExternalPrinter as _, Helper, Highlighter, Hinter, KeyEvent,
    RepeatCount, Validator,
};
use unicode_width::UnicodeWidthStr;

use crate::ask;
use crate::front::{self, Wish};
use crate::shell::Shell;
use crate::tail::Tail;
use crate::terminal::print;
use crate::terminal::{self, Quiet, is_automated, is_dumb};
use crate::trouble::Failure;

/// Lines of history that are kept.
const HISTORY: usize = 2000;

type Shared = Arc<Mutex<Shell>>;

/// Completes with the shell's knowledge.
#[derive(Helper, Hinter, Highlighter, Validator)]
struct Words(Shared);

impl Completer for Words {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let completion = self.0.lock().complete(line, pos);
        let pairs = completion
            .candidates
            .into_iter()
            .filter(|candidate| candidate.literal)
            .map(|candidate| {
                let quoted = candidate.text.contains(char::is_whitespace)
                    && !candidate.text.starts_with('"');
                let mut replacement = if quoted {
                    format!("\"{}\"", candidate.text)
                } else {
                    candidate.text.clone()
                };
                if !replacement.ends_with('/') {
                    replacement.push(' ');
                }
                Pair {
                    display: candidate.text,
                    replacement,
                }
            });
        Ok((completion.start, pairs.collect()))
    }
}

/// `?`: shows what can follow below the line and draws the line again.
struct Question(Shared);

impl ConditionalEventHandler for Question {
    fn handle(
        &self,
        _: &Event,
        _: RepeatCount,
        _: bool,
        context: &EventContext<'_>,
    ) -> Option<Cmd> {
        let (line, cursor) = (context.line(), context.pos());
        let mut shell = self.0.lock();
        if ask::in_quotes(line.get(..cursor).unwrap_or(line)) || !shell.wants_command() {
            return None;
        }
        let prompt = shell.prompt().1.width();
        let columns = terminal::size().columns.max(1);
        let row = (prompt + line.get(..cursor).unwrap_or(line).width()) / columns;
        let last = (prompt + line.width()) / columns;
        // The editor believes its cursor where it was, and clears as many rows upwards as the line has: the
        // help goes below all of them, with that many empty ones behind it.
        let below = "\n".repeat(last - row + 1);
        let room = "\n".repeat(last);
        let up = if last > row {
            format!("\x1b[{}A", last - row)
        } else {
            String::new()
        };
        print(&below);
        front::help(&mut shell, line, cursor);
        print(&format!("{room}{up}"));
        Some(Cmd::Repaint)
    }
}

/// Ctrl-Z: runs the line, then leaves configuration mode, as on IOS.
struct Leave {
    shell: Shared,
    asked: Arc<AtomicBool>,
}

impl ConditionalEventHandler for Leave {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        let configures = matches!(self.shell.lock().mode(), Mode::Configuration(_));
        self.asked.store(configures, Ordering::Relaxed);
        Some(if configures {
            Cmd::AcceptLine
        } else {
            Cmd::Noop
        })
    }
}

type Lines = Editor<Words, DefaultHistory>;

fn broken(error: ReadlineError) -> Failure {
    Failure::plain(format!("the terminal cannot be used: {error}"))
}

/// The line editor with its keys.
fn lines(shell: &Shared, end: &Arc<AtomicBool>) -> rustyline::Result<Lines> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .auto_add_history(false)
        .history_ignore_dups(true)?
        .max_history_size(HISTORY)?
        .behavior(Behavior::Stdio)
        .build();
    let mut editor: Lines = Editor::with_config(config)?;
    editor.set_helper(Some(Words(shell.clone())));
    editor.bind_sequence(
        KeyEvent::from('?'),
        EventHandler::Conditional(Box::new(Question(shell.clone()))),
    );
    let leave = Leave {
        shell: shell.clone(),
        asked: end.clone(),
    };
    editor.bind_sequence(
        KeyEvent::ctrl('Z'),
        EventHandler::Conditional(Box::new(leave)),
    );
    Ok(editor)
}

/// Reads and runs lines until the operator leaves.
///
/// # Errors
/// When the terminal cannot be used.
pub(crate) fn run(shell: Shell, home: Option<&Path>) -> Result<(), Failure> {
    let shell: Shared = Arc::new(Mutex::new(shell));
    let end = Arc::new(AtomicBool::new(false));
    let mut editor = lines(&shell, &end).map_err(broken)?;
    let history = history_file(home);
    if let Some(history) = &history {
        // None yet is no error, and one that cannot be read must not keep anybody out.
        let _ = editor.load_history(history);
    }
    // A library types ahead: each line is echoed behind its prompt, when it is read, as a router does.
    let echoes = is_automated();
    let _quiet = if is_dumb() && !echoes {
        None
    } else {
        Quiet::new()
    };
    print("Type ? for help.\n");
    let reading = Arc::new(AtomicBool::new(false));
    let mut tail = None;
    loop {
        let (above, prompt) = {
            let mut shell = shell.lock();
            shell.view.columns = Some(shell.columns());
            shell.prompt()
        };
        if let Some(above) = above {
            print(&format!("{above}\n"));
        }
        reading.store(true, Ordering::Relaxed);
        let read = editor.readline(&prompt);
        reading.store(false, Ordering::Relaxed);
        let mut wish = match read {
            Ok(text) => {
                if echoes {
                    print(&format!("{text}\n"));
                }
                for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
                    let kept = shell.lock().without_secrets(line);
                    // A history that cannot be kept is no reason not to run the line.
                    let _ = editor.add_history_entry(kept);
                }
                front::typed(&mut shell.lock(), &text)
            }
            Err(ReadlineError::Interrupted) => {
                shell.lock().interrupt();
                Wish::default()
            }
            Err(ReadlineError::Eof) => {
                let mut shell = shell.lock();
                let ended = shell.end_of_input();
                ended
                    .and_then(|outcome| front::shown(&mut shell, outcome))
                    .unwrap_or_else(|failure| {
                        front::told(failure);
                        Wish::default()
                    })
            }
            // The terminal is gone.
            Err(_) => Wish {
                leave: true,
                ..Wish::default()
            },
        };
        if end.swap(false, Ordering::Relaxed) && !wish.leave {
            wish = Wish {
                monitor: wish.monitor,
                ..front::typed(&mut shell.lock(), "end")
            };
        }
        if let Some(history) = &history {
            // As above.
            let _ = editor.append_history(history);
        }
        match wish.monitor {
            Some(true) if tail.is_none() => {
                tail = Some(monitor(&mut editor, &shell.lock(), reading.clone())?);
            }
            Some(false) => tail = None,
            _ => {}
        }
        if wish.leave {
            break;
        }
    }
    if shell.lock().close() {
        print("Warning: the changes of this session were not committed and are gone\n");
    }
    Ok(())
}

/// Begins to show the daemon's log above the line that is typed.
fn monitor(editor: &mut Lines, shell: &Shell, reading: Arc<AtomicBool>) -> Result<Tail, Failure> {
    let failed = |error: std::io::Error| Failure::plain(format!("cannot show the log: {error}"));
    let client = shell.another_client().map_err(failed)?;
    // A terminal without cursor movement gets the lines where they come.
    let mut printer = editor.create_external_printer().ok();
    let show = move |text: String| match &mut printer {
        Some(printer) => printer.print(text).is_ok(),
        None => {
            print(&text);
            true
        }
    };
    Tail::start(client, shell.view.zone.clone(), reading, show).map_err(failed)
}

fn history_file(home: Option<&Path>) -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME")
        .filter(|state| !state.is_empty())
        .map(PathBuf::from);
    match state.filter(|state| state.is_dir()) {
        Some(state) => Some(state.join("flowsh_history")),
        None => home.map(|home| home.join(".flowsh_history")),
    }
}
