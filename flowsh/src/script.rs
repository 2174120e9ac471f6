//! Lines from `-c`, a file or standard input: run in order, the first that fails ends it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use crate::ask;
use crate::file;
use crate::program;
use crate::shell::Shell;
use crate::terminal::{Look, print};
use crate::trouble::Failure;

/// The longest line that is read, in octets.
const LONGEST_LINE: u64 = language::MAX_TEXT as u64;

/// What is run.
pub(crate) struct Source<'a> {
    /// The commands of `-c`, run first.
    pub(crate) commands: &'a [String],
    /// The file of `-f`.
    pub(crate) file: Option<&'a Path>,
    /// Neither: standard input.
    pub(crate) input: bool,
    /// Each command's answer is a line of JSON.
    pub(crate) json: bool,
}

/// Runs the commands, then the file's lines or those of standard input.
pub(crate) fn run(shell: &mut Shell, source: &Source<'_>) -> Result<(), Failure> {
    let json = source.json;
    for command in source.commands {
        for line in command.lines() {
            if one(shell, line, json)? {
                return Ok(());
            }
        }
    }
    match source.file {
        Some(path) if path != Path::new("-") => {
            let name = path.display().to_string();
            let file = File::open(path)
                .map_err(|error| Failure::plain(format!("cannot read {name}: {error}")))?;
            lines(shell, BufReader::new(file), &name, json)
        }
        Some(_) => lines(shell, io::stdin().lock(), "standard input", json),
        None if source.input => lines(shell, io::stdin().lock(), "standard input", json),
        // The text of a `load terminal` of -c.
        None if shell.wants_text() => lines(shell, io::stdin().lock(), "standard input", json),
        None => finish(shell, json),
    }
}

/// What can follow a line, for the completion of other shells: a word, a tab and its help.
pub(crate) fn complete(shell: &mut Shell, line: &str) {
    let completion = shell.complete(line, line.len());
    for candidate in completion.candidates {
        if candidate.literal {
            print(&format!("{}\t{}\n", candidate.text, candidate.help));
        }
    }
}

fn lines(shell: &mut Shell, mut from: impl BufRead, name: &str, json: bool) -> Result<(), Failure> {
    for number in 1.. {
        let mut octets = Vec::new();
        let read = Read::take(&mut from, LONGEST_LINE).read_until(b'\n', &mut octets);
        let read =
            read.map_err(|error| Failure::plain(format!("{name}:{number}: cannot read: {error}")))?;
        if read == 0 {
            return finish(shell, json);
        }
        if octets.last() != Some(&b'\n') && read as u64 == LONGEST_LINE {
            return Err(Failure::plain(format!(
                "{name}:{number}: the line is too long"
            )));
        }
        let line =
            file::line(octets).map_err(|failure| failure.in_origin(&format!("{name}:{number}")))?;
        let line = line.trim_end_matches(['\n', '\r']);
        // Ctrl-D ends a text in a file, too.
        let done = match shell.wants_text() && line == "\u{4}" {
            true => finish(shell, json).map(|()| false),
            false => one(shell, line, json),
        };
        if done.map_err(|failure| failure.in_origin(&format!("{name}:{number}")))? {
            return Ok(());
        }
    }
    Ok(())
}

/// Runs one line and prints what it says. True: the shell is to end.
fn one(shell: &mut Shell, line: &str, json: bool) -> Result<bool, Failure> {
    if let Some(asked) = ask::question(line).filter(|_| shell.wants_command()) {
        print(&ask::help(shell, asked, asked.len()));
        return Ok(false);
    }
    let outcome = match json {
        true => shell.run_for_json(line)?,
        false => shell.run(line)?,
    };
    if json {
        print(&format!("{}\n", outcome.answer.to_json().line()));
        return Ok(outcome.leave);
    }
    print(&outcome.answer.painted(Look::of_stdout()));
    if let Some(mut listing) = outcome.listing {
        while let Some(text) = listing.part(shell)? {
            print(&text);
        }
    }
    if let Some(watch) = outcome.watch {
        watch.run(shell)?;
    }
    if let Some(program) = &outcome.program {
        program::run(program)?;
    }
    Ok(outcome.leave)
}

/// The lines are over: ends a text, and refuses a block that is not whole.
fn finish(shell: &mut Shell, json: bool) -> Result<(), Failure> {
    if shell.wants_command() {
        return Ok(());
    }
    let answer = shell.end_of_input()?.answer;
    match json {
        true => print(&format!("{}\n", answer.to_json().line())),
        false => print(&answer.text),
    }
    Ok(())
}
