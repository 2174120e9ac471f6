//! The interactive shell: the line editor with Tab, `?`, history, and the pager behind it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{
    Behavior, Cmd, CompletionType, ConditionalEventHandler, Config, Context, Editor, Event,
    EventContext, EventHandler, Helper, Highlighter, Hinter, KeyEvent, RepeatCount, Validator,
};
use unicode_width::UnicodeWidthStr;

use crate::ask;
use crate::output::Answer;
use crate::pager;
use crate::script::{print, watched};
use crate::shell::{Listing, Shell};
use crate::terminal::{Look, Quiet, is_dumb};
use crate::trouble::Failure;

/// Lines of history that are kept.
const HISTORY: usize = 2000;
/// A terminal that does not tell its size is a serial console.
const CONSOLE: (usize, usize) = (80, 24);

type Shared = Arc<Mutex<Shell>>;

fn lock(shell: &Shared) -> MutexGuard<'_, Shell> {
    shell.lock().unwrap_or_else(PoisonError::into_inner)
}

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
        let completion = lock(&self.0).complete(line, pos);
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
        let mut shell = lock(&self.0);
        if ask::in_quotes(line.get(..cursor).unwrap_or(line)) || !shell.wants_command() {
            return None;
        }
        let help = ask::help(&mut shell, line, cursor);
        let prompt = shell.prompt().1.width();
        let columns = shell.view.columns.unwrap_or(CONSOLE.0).max(1);
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
        let mut out = std::io::stdout().lock();
        let _ = write!(out, "{below}{help}{room}{up}").and_then(|()| out.flush());
        Some(Cmd::Repaint)
    }
}

/// Reads and runs lines until the operator leaves.
///
/// # Errors
/// When the terminal cannot be used.
pub(crate) fn run(shell: Shell, home: Option<&Path>) -> Result<(), Failure> {
    let shell: Shared = Arc::new(Mutex::new(shell));
    let broken =
        |error: ReadlineError| Failure::plain(format!("the terminal cannot be used: {error}"));
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .auto_add_history(false)
        .history_ignore_dups(true)
        .and_then(|config| config.max_history_size(HISTORY))
        .map_err(broken)?
        .behavior(Behavior::Stdio)
        .build();
    let mut editor: Editor<Words, DefaultHistory> = Editor::with_config(config).map_err(broken)?;
    editor.set_helper(Some(Words(shell.clone())));
    editor.bind_sequence(
        KeyEvent::from('?'),
        EventHandler::Conditional(Box::new(Question(shell.clone()))),
    );
    let history = history_file(home);
    if let Some(history) = &history {
        // None yet is no error, and one that cannot be read must not keep anybody out.
        let _ = editor.load_history(history);
    }
    let _quiet = if is_dumb() { None } else { Quiet::new() };
    print("Type ? for help.\n");
    loop {
        let size = editor
            .dimensions()
            .map_or(CONSOLE, |(columns, rows)| (columns.into(), rows.into()));
        let (above, prompt) = {
            let mut shell = lock(&shell);
            shell.view.columns = Some(size.0);
            shell.prompt()
        };
        if let Some(above) = above {
            print(&format!("{above}\n"));
        }
        let leave = match editor.readline(&prompt) {
            Ok(text) => {
                for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
                    // A history that cannot be kept is no reason not to run the line.
                    let _ = editor.add_history_entry(line);
                }
                typed(&mut lock(&shell), &text, size)
            }
            Err(ReadlineError::Interrupted) => {
                lock(&shell).interrupt();
                false
            }
            Err(ReadlineError::Eof) => {
                let result = lock(&shell).end_of_input();
                match result {
                    Ok(outcome) => {
                        show(&lock(&shell), &outcome.answer, size);
                        outcome.leave
                    }
                    Err(failure) => {
                        print(&format!("{}\n", failure.shown()));
                        false
                    }
                }
            }
            // The terminal is gone.
            Err(_) => true,
        };
        if let Some(history) = &history {
            // As above.
            let _ = editor.append_history(history);
        }
        if leave {
            break;
        }
    }
    if lock(&shell).close() {
        print("Warning: the changes of this session were not committed and are gone\n");
    }
    Ok(())
}

/// Runs what was typed or pasted, line by line. True: the shell is to end.
fn typed(shell: &mut Shell, text: &str, size: (usize, usize)) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    let pasted = lines.iter().filter(|line| !line.trim().is_empty()).count();
    let mut failed = 0;
    for line in &lines {
        if let Some(asked) = ask::question(line).filter(|_| shell.wants_command() && pasted == 1) {
            print(&ask::help(shell, asked, asked.len()));
            continue;
        }
        match shell.run(line) {
            Ok(outcome) => {
                show(shell, &outcome.answer, size);
                if let Some(listing) = outcome.listing
                    && let Err(failure) = list(shell, &outcome.answer, listing, size)
                {
                    failed += 1;
                    print(&format!("{}\n", failure.shown()));
                }
                if outcome.leave {
                    return true;
                }
                if let Some(watch) = outcome.watch
                    && let Err(failure) = watched(shell, watch)
                {
                    failed += 1;
                    print(&format!("{}\n", failure.shown()));
                }
            }
            Err(failure) => {
                failed += 1;
                let failure = if pasted > 1 {
                    failure.with_line(line)
                } else {
                    failure
                };
                print(&format!("{}\n", failure.shown()));
            }
        }
    }
    if pasted > 1 && failed > 0 {
        let is = if failed == 1 {
            "1 line".to_owned()
        } else {
            format!("{failed} lines")
        };
        print(&format!("{is} of the {pasted} that were pasted failed.\n"));
    }
    false
}

fn show(shell: &Shell, answer: &Answer, (columns, rows): (usize, usize)) {
    let text = Look::of_stdout().painted(answer);
    let rows = shell.terminal_length.map_or(rows, |rows| rows as usize);
    if answer.no_more || rows == 0 {
        return print(&text);
    }
    if pager::on_terminal((columns, rows)).write(&text).is_err() {
        print("\n");
    }
}

/// Shows what comes in parts; the next one is asked for when there is room for it on the screen.
fn list(
    shell: &mut Shell,
    answer: &Answer,
    mut listing: Listing,
    (columns, rows): (usize, usize),
) -> Result<(), Failure> {
    let rows = shell.terminal_length.map_or(rows, |rows| rows as usize);
    let mut pager = pager::on_terminal((columns, rows));
    let paged = !answer.no_more && rows > 0;
    while let Some(text) = listing.part(shell)? {
        if !paged {
            print(&text);
        } else if !matches!(pager.write(&text), Ok(true)) {
            break;
        }
    }
    Ok(())
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
