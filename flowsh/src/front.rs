//! Runs lines on a terminal: output a screen at a time, live screens, programs.

use crate::ask;
use crate::output::Answer;
use crate::pager::{Own, Pager};
use crate::program;
use crate::progress::Progress;
use crate::shell::{Listing, Outcome, Shell};
use crate::terminal::{self, Look, print};
use crate::trouble::Failure;
use crate::wrap::wrapped;

/// What lines ask of the loop that reads them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    /// Whether the shell is to end.
    pub(crate) leave: bool,
    /// Whether the daemon's log is to be shown from now on; `None` where that stays as it is.
    pub(crate) monitor: Option<bool>,
}

/// Runs what was typed or pasted, line by line.
pub(crate) fn typed(shell: &mut Shell, text: &str) -> Wish {
    let mut lines: Vec<&str> = text.lines().collect();
    // A question takes Enter alone for an answer.
    if lines.is_empty() && shell.asks() {
        lines.push("");
    }
    let pasted = lines.iter().filter(|line| !line.trim().is_empty()).count();
    let mut wish = Wish::default();
    let mut failed = 0;
    let mut at = 0;
    shell.forget_interrupts();
    while let Some(line) = lines.get(at) {
        if let Some(asked) = ask::question(line).filter(|_| shell.wants_command() && pasted == 1) {
            help(shell, asked, asked.len());
            break;
        }
        if let Some(batch) = shell.batch(&lines[at..]) {
            let count = batch.lines;
            match shell.run_batch(batch, &lines[at..at + count]) {
                Ok(undone) => {
                    print(&shell.notes());
                    failed += undone.wrong.len() + undone.left_out;
                    for (line, failure) in undone.wrong {
                        told(failure.in_line_of(at + line + 1));
                    }
                }
                Err(failure) => {
                    failed += count;
                    told(failure);
                }
            }
            at += count;
            continue;
        }
        if shell.wants_command() {
            shell.lines_before = u32::try_from(at).unwrap_or(u32::MAX);
        }
        at += 1;
        let outcome = shell.run(line);
        match outcome.and_then(|outcome| shown(shell, outcome)) {
            Ok(one) => {
                wish.leave |= one.leave;
                wish.monitor = one.monitor.or(wish.monitor);
                if wish.leave {
                    return wish;
                }
            }
            Err(failure) => {
                failed += 1;
                told(match pasted {
                    ..=1 => failure,
                    _ => failure.with_line(line).in_line_of(at),
                });
            }
        }
    }
    if pasted > 1 && failed > 0 {
        let lines = if failed == 1 { "line" } else { "lines" };
        print(&format!(
            "{failed} {lines} of the {pasted} that were pasted failed.\n"
        ));
    }
    wish
}

/// Shows the result of a line.
pub(crate) fn shown(shell: &mut Shell, outcome: Outcome) -> Result<Wish, Failure> {
    show(shell, &outcome.answer);
    if let Some(listing) = outcome.listing {
        list(shell, &outcome.answer, listing)?;
    }
    if let Some(watch) = outcome.watch.filter(|_| !outcome.leave) {
        watch.run(shell)?;
    }
    if let Some(program) = &outcome.program {
        let ran = program::run(program);
        shell.forget_interrupts();
        ran?;
    }
    Ok(Wish {
        leave: outcome.leave,
        monitor: outcome.monitor,
    })
}

/// Shows what can follow the line, a screen at a time.
pub(crate) fn help(shell: &mut Shell, line: &str, cursor: usize) {
    let text = ask::help(shell, line, cursor);
    show(shell, &Answer::text(text));
}

/// Prints what failed.
pub(crate) fn told(failure: Failure) {
    let shown = failure.shown();
    let columns = terminal::size().columns;
    let is_caret = |line: &str| line.contains('^') && line.trim().chars().all(|c| c == '^');
    let mut lines = shown.lines().peekable();
    while let Some(line) = lines.next() {
        // The caret stays below its word.
        let marked = is_caret(line) || lines.peek().is_some_and(|next| is_caret(next));
        let line = format!("{line}\n");
        print(&if marked {
            line
        } else {
            wrapped(&line, columns)
        });
    }
}

/// Makes the pager; `None` where the operator wants none.
fn pager(shell: &Shell, answer: &Answer) -> Option<Pager<std::io::Stdout, Own>> {
    let length = shell.terminal_length.map(|rows| rows as usize);
    let own = Own {
        length,
        width: shell.terminal_width,
    };
    (!answer.no_more && length != Some(0)).then(|| Pager::new(std::io::stdout(), own))
}

pub(crate) fn show(shell: &Shell, answer: &Answer) {
    let mut text = answer.painted(Look::of_stdout());
    if !answer.verbatim && !answer.marked {
        text = wrapped(&text, shell.columns());
    }
    let Some(mut pager) = pager(shell, answer) else {
        return print(&text);
    };
    match pager.write(&text) {
        // What cannot be written any more is nobody's loss.
        Ok(true) => drop(pager.finish()),
        Ok(false) => {}
        Err(_) => print("\n"),
    }
}

/// Shows a listing. Its next part is asked for when there is room for it on the screen.
fn list(shell: &mut Shell, answer: &Answer, mut listing: Listing) -> Result<(), Failure> {
    let mut pager = pager(shell, answer);
    let mut progress = Progress::default();
    while let Some(text) = listing.part(shell)? {
        // What a pipe keeps to itself takes its time unseen.
        if text.is_empty() {
            progress.say(&listing.progress());
            continue;
        }
        progress.clear();
        let goes_on = match &mut pager {
            None => {
                print(&text);
                true
            }
            Some(pager) => matches!(pager.write(&text), Ok(true)),
        };
        if !goes_on {
            return Ok(());
        }
    }
    if let Some(pager) = pager {
        // As above.
        drop(pager.finish());
    }
    Ok(())
}
