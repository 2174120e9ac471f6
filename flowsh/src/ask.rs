//! `?`: what can follow, as text.

use grammar::complete::{Candidate, Completion};

use crate::shell::Shell;

/// What `?` at the cursor (an octet of the line) shows.
pub(crate) fn help(shell: &mut Shell, line: &str, cursor: usize) -> String {
    let completion = shell.complete(line, cursor);
    if completion.candidates.is_empty() && !completion.end {
        let typed = line.get(..cursor).unwrap_or(line);
        return match shell.wrong(typed) {
            Some(wrong) => format!("{wrong}\n"),
            None => "Nothing can follow here.\n".into(),
        };
    }
    listed(&completion)
}

fn listed(completion: &Completion) -> String {
    const WIDEST: usize = 36;
    let mut rows: Vec<(&str, &str, String)> = Vec::new();
    if completion.end {
        rows.push(("", "<Enter>", "Execute this command".into()));
    }
    for candidate in &completion.candidates {
        rows.push((candidate.mark, &candidate.text, help_of(candidate)));
    }
    let width = rows
        .iter()
        .map(|(_, text, _)| text.chars().count())
        .filter(|width| *width <= WIDEST)
        .max()
        .unwrap_or(0);
    let mut text = String::from("Possible completions:\n");
    for (mark, word, help) in rows {
        text.push_str(format!(" {mark:<2} {word:<width$}  {help}").trim_end());
        text.push('\n');
    }
    text
}

fn help_of(candidate: &Candidate) -> String {
    let mandatory = if candidate.mandatory {
        " [required]"
    } else {
        ""
    };
    format!("{}{mandatory}", candidate.help)
}

/// The line before a `?` at its end, where `?` is no key of its own. In quotes it is text.
pub(crate) fn question(line: &str) -> Option<&str> {
    let asked = line.trim_end().strip_suffix('?')?;
    (!in_quotes(asked)).then_some(asked)
}

/// Whether the end of the text is inside quotes.
pub(crate) fn in_quotes(text: &str) -> bool {
    grammar::command::split(text)
        .last()
        .is_some_and(|word| word.open)
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
    fn candidates_are_listed_with_marks_and_help() {
        let candidate = |text: &str, mark, mandatory| Candidate {
            text: text.into(),
            help: format!("Help of {text}"),
            literal: true,
            mark,
            mandatory,
        };
        let completion = Completion {
            start: 0,
            candidates: vec![
                candidate("match", "+", true),
                candidate("description", "", false),
            ],
            end: true,
        };
        assert_eq!(
            listed(&completion),
            "Possible completions:\n    <Enter>      Execute this command\n +  match        Help of match [required]\n\
            \u{20}   description  Help of description\n"
        );
    }
}
