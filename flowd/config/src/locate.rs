//! Finds the place of a tree's node in the text that it was read from, for findings about the tree as a whole. It is a
//! best effort: where the text has other words for a node, the nearest node above it is found.

/// Returns line and column, both from 1, of the last word of `path` that the text has in order.
pub(crate) fn locate(text: &str, path: &[String]) -> (usize, usize) {
    on_one_line(text, path)
        .or_else(|| over_lines(text, path))
        .unwrap_or((1, 1))
}

/// Finds a line that has all of the path: a set line, or an IOS line.
fn on_one_line(text: &str, path: &[String]) -> Option<(usize, usize)> {
    text.lines().enumerate().find_map(|(number, line)| {
        let mut last = None;
        let mut words = words(line);
        for wanted in path {
            last = Some(words.find(|(_, word)| word == wanted)?.0);
        }
        last.map(|column| (number + 1, column))
    })
}

/// Finds a path whose words follow one another over several lines, as in braces and IOS modes.
fn over_lines(text: &str, path: &[String]) -> Option<(usize, usize)> {
    let mut all = text
        .lines()
        .enumerate()
        .flat_map(|(number, line)| words(line).map(move |found| (number, found)));
    let mut place = None;
    for wanted in path {
        match all.find(|(_, (_, word))| word == wanted) {
            Some((number, (column, _))) => place = Some((number + 1, column)),
            None => break,
        }
    }
    place
}

/// Returns the words of a line with their columns. A quoted value is one word; JSON's punctuation is skipped.
fn words(line: &str) -> impl Iterator<Item = (usize, String)> {
    let mut found = Vec::new();
    let (mut word, mut start, mut quoted) = (String::new(), 0, false);
    for (column, c) in line.chars().chain([' ']).enumerate() {
        let ends = !quoted
            && (c.is_whitespace() || "{}[],:;".contains(c) && !(c == ':' && word.contains(':')));
        // A colon inside an address belongs to it; one behind a JSON name does not.
        let inside = c == ':'
            && !word.is_empty()
            && line
                .chars()
                .nth(column + 1)
                .is_some_and(|n| !n.is_whitespace());
        if c == '"' {
            quoted = !quoted;
        } else if ends && !inside {
            if !word.is_empty() {
                found.push((start + 1, std::mem::take(&mut word)));
            }
        } else {
            if word.is_empty() {
                start = column;
            }
            word.push(c);
        }
    }
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, path: &str) -> (usize, usize) {
        locate(
            text,
            &path.split(' ').map(str::to_owned).collect::<Vec<_>>(),
        )
    }

    #[test]
    fn nodes_are_found_in_every_dialect() {
        let curly = "flow {\n    exporter A {\n        ttl 3\n    }\n    exporter B {\n    }\n}\n";
        assert_eq!(at(curly, "flow exporter B"), (5, 14));
        assert_eq!(at(curly, "flow exporter B destination"), (5, 14));
        let set = "set flow exporter A ttl 3\nset flow exporter B ttl 4\n";
        assert_eq!(at(set, "flow exporter B"), (2, 19));
        let ios = "flow exporter A\n destination 192.0.2.1\n!\nflow monitor M\n exporter C\n";
        assert_eq!(at(ios, "flow monitor M exporter C"), (5, 11));
        let json = "{\n \"flow\": {\n  \"exporter\": {\"B\": {\"destination\": \"2001:db8::1\"}}}}";
        assert_eq!(at(json, "flow exporter B destination 2001:db8::1"), (3, 38));
        assert_eq!(at("", "flow"), (1, 1));
    }
}
