//! The text of `?`: what can follow a line.

use commands::complete::{Candidate, Completion};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::shell::Shell;

/// Returns the text of `?` at the cursor, which counts octets of the line.
pub(crate) fn help(shell: &mut Shell, line: &str, cursor: usize) -> String {
    let completion = shell.complete(line, cursor);
    if completion.candidates.is_empty() && !completion.end {
        let typed = line.get(..cursor).unwrap_or(line);
        return match shell.wrong(typed) {
            Some(wrong) => format!("{wrong}\n"),
            None => "Nothing can follow here.\n".into(),
        };
    }
    listed(&completion, shell.columns())
}

/// Lists the candidates, a line each; lines that do not fit the screen are cut.
fn listed(completion: &Completion, columns: usize) -> String {
    const WIDEST: usize = 36;
    let mut rows: Vec<(&str, &str, String)> = Vec::new();
    let mut text = String::new();
    if let Some(current) = &completion.current {
        text.push_str(&format!("Now: {current}\n"));
    }
    if completion.end {
        rows.push(("", "<Enter>", "Execute this command".into()));
    }
    for candidate in &completion.candidates {
        rows.push((&candidate.mark, &candidate.text, help_of(candidate)));
    }
    let width = rows
        .iter()
        .map(|(_, text, _)| text.chars().count())
        .filter(|width| *width <= WIDEST)
        .max()
        .unwrap_or(0);
    text.push_str("Possible completions:\n");
    for (mark, word, help) in rows {
        let line = format!(" {mark:<2} {word:<width$}  {help}");
        text.push_str(&cut(line.trim_end(), columns));
        text.push('\n');
    }
    text
}

/// Cuts a line so that it takes one row of the screen.
fn cut(line: &str, columns: usize) -> String {
    // Below that, a cut line would say nothing.
    const NARROWEST: usize = 40;
    if columns < NARROWEST || line.width() < columns {
        return line.to_owned();
    }
    let mut width = 0;
    let fits = |c: &char| {
        width += c.width().unwrap_or(0);
        width < columns - 1
    };
    line.chars().take_while(fits).chain(['…']).collect()
}

fn help_of(candidate: &Candidate) -> String {
    match &candidate.current {
        Some(current) => format!("{} [now {current}]", candidate.help),
        None if candidate.mandatory => format!("{} [required]", candidate.help),
        None => candidate.help.clone(),
    }
}

/// Returns the line before a `?` at its end, for input without keys. In quotes a `?` is text.
pub(crate) fn question(line: &str) -> Option<&str> {
    let asked = line.trim_end().strip_suffix('?')?;
    (!in_quotes(asked)).then_some(asked)
}

/// Whether the end of the text is inside quotes.
pub(crate) fn in_quotes(text: &str) -> bool {
    commands::split(text).last().is_some_and(|word| word.open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_outside_quotes() {
        assert_eq!(question("show ?"), Some("show "));
        assert_eq!(question("set x description \"why?"), None);
        assert_eq!(
            question("set x description \"why\"?"),
            Some("set x description \"why\"")
        );
        assert_eq!(question("show"), None);
    }

    #[test]
    fn a_long_help_is_cut_to_the_screen() {
        let line = "x".repeat(60);
        assert_eq!(cut(&line, 61), line);
        assert_eq!(cut(&line, 60), "x".repeat(58) + "…");
        assert_eq!(cut(&"漢".repeat(30), 50), "漢".repeat(24) + "…");
        assert_eq!(cut(&line, 10), line, "too narrow to be cut");
    }

    #[test]
    fn candidates_are_listed_with_marks_and_help() {
        let candidate = |text: &str, mark, mandatory| Candidate {
            text: text.into(),
            help: format!("Help of {text}"),
            literal: true,
            mark: String::from(mark),
            mandatory,
            current: None,
        };
        let completion = Completion {
            start: 0,
            candidates: vec![
                candidate("match", "+", true),
                candidate("description", "", false),
            ],
            end: true,
            current: Some("x".into()),
        };
        assert_eq!(
            listed(&completion, 80),
            "Now: x\nPossible completions:\n    <Enter>      Execute this command\n +  match        Help of match [required]\n\
            \u{20}   description  Help of description\n"
        );
    }
}
