//! Lines that do not fit the terminal, broken between words.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Fewer columns are no screen; nothing is broken then.
const NARROWEST: usize = 20;
/// The columns by which the rest of a line is indented more than its beginning.
const HANGING: usize = 2;

/// Breaks lines that are longer than a number of columns. The rest of a line goes on below its value where it has a
/// label and a value, else below its beginning, a little indented.
pub(crate) fn wrapped(text: &str, columns: usize) -> String {
    if columns < NARROWEST || text.lines().all(|line| line.width() <= columns) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for line in text.lines() {
        match line.width() <= columns {
            true => out.push_str(line),
            false => broken(line, columns, &mut out),
        }
        out.push('\n');
    }
    out
}

/// Writes a line in several, without the newline of the last one.
fn broken(line: &str, columns: usize, out: &mut String) {
    let spaces = line.len() - line.trim_start().len();
    let (start, indent) = match value(line) {
        Some(at) if line[..at].width() <= columns / 2 => (at, line[..at].width()),
        _ => (spaces, (spaces + HANGING).min(columns / 2)),
    };
    let (head, body) = line.split_at(start);
    let mut current = head.to_owned();
    let (mut width, mut empty) = (head.width(), true);
    // A word that does not fit below the value goes as far to the left as it has to.
    let next = |current: &mut String, out: &mut String, word: usize| {
        let indent = indent.min(columns.saturating_sub(word));
        out.push_str(current.trim_end());
        out.push('\n');
        *current = " ".repeat(indent);
        indent
    };
    for piece in body.split_inclusive(' ') {
        let word = piece.trim_end();
        let alone = empty && width > 0 && word.width() <= columns;
        if width + word.width() > columns && (!empty || alone) {
            (width, empty) = (next(&mut current, out, word.width()), true);
        }
        if word.is_empty() && empty {
            continue;
        }
        for c in piece.chars() {
            // A word that is longer than a line is broken anywhere.
            if c != ' ' && width + c.width().unwrap_or(0) > columns {
                width = next(&mut current, out, 0);
            }
            current.push(c);
            width += c.width().unwrap_or(0);
        }
        empty = false;
    }
    out.push_str(current.trim_end());
}

/// Where a line's value begins: behind a label, its colon and two spaces or more.
fn value(line: &str) -> Option<usize> {
    let colon = line.find(":  ")?;
    let behind = &line[colon + 1..];
    Some(line.len() - behind.trim_start().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_go_on_below_their_value() {
        let text = "short\n  Description:   a link to the other side of the river\n  one two three four five six\n";
        assert_eq!(
            wrapped(text, 34),
            "short\n  Description:   a link to the\n                 other side of the\n                 river\n\
            \u{20} one two three four five six\n"
        );
        assert_eq!(
            wrapped("  one two three four five six\n", 20),
            "  one two three four\n    five six\n"
        );
        assert_eq!(wrapped(text, 100), text);
        assert_eq!(wrapped(text, 0), text);
    }

    #[test]
    fn a_word_without_end_is_broken_anywhere() {
        let text = format!("x: {}\n", "漢".repeat(30));
        let lines = wrapped(&text, 21);
        assert!(lines.lines().all(|line| line.width() <= 21), "{lines}");
        assert_eq!(lines.matches('漢').count(), 30);
    }
}
