//! Where a value stands in a JSON text that is known to be well formed.

use crate::word::Span;

/// One step from the top of a JSON text to a value.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Into the member of that name.
    Name(String),
    /// Into the element of that index.
    Element(usize),
}

/// The place of what `steps` lead to: the member's name when that is meant or its value is an object or an
/// array, else its value.
pub(super) fn locate(text: &str, steps: &[Step], named: bool) -> Span {
    let mut reader = Reader { text, at: 0 };
    let mut found = (0, text.len().min(1));
    for step in steps {
        reader.space();
        let reached = match step {
            Step::Name(name) => reader.member(name),
            Step::Element(index) => reader.element(*index).map(|()| None),
        };
        let Some(name) = reached else { break };
        reader.space();
        let value = reader.at;
        found = match (name, reader.peek()) {
            (Some(name), next) if named || matches!(next, Some(b'{' | b'[')) => name,
            _ => {
                let mut after = Reader { text, at: value };
                after.skip();
                (value, after.at)
            }
        };
    }
    span(text, found)
}

fn span(text: &str, (start, end): (usize, usize)) -> Span {
    let before = &text[..start];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let within = &text[start..end];
    let within = within.split('\n').next().unwrap_or(within);
    let count = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    Span {
        line: u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX),
        column: count(&before[line_start..]).saturating_add(1),
        length: count(within).max(1),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// Steps over a separator, if it is next.
    fn over(&mut self, separator: u8) {
        self.space();
        if self.peek() == Some(separator) {
            self.at += 1;
        }
        self.space();
    }

    /// Goes to the value of a member; the span of the member's name.
    fn member(&mut self, name: &str) -> Option<Option<(usize, usize)>> {
        self.over(b'{');
        while self.peek() == Some(b'"') {
            let start = self.at;
            self.skip();
            let end = self.at;
            let found = serde_json::from_str::<String>(&self.text[start..end])
                .is_ok_and(|found| found == name);
            self.over(b':');
            if found {
                return Some(Some((start, end)));
            }
            self.skip();
            self.over(b',');
        }
        None
    }

    /// Goes to an element.
    fn element(&mut self, index: usize) -> Option<()> {
        self.over(b'[');
        for _ in 0..index {
            self.skip();
            self.over(b',');
        }
        self.peek().map(|_| ())
    }

    /// Steps over one value.
    fn skip(&mut self) {
        let mut depth = 0usize;
        while let Some(b) = self.peek() {
            match b {
                b'"' => self.string(),
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' if depth == 0 => return,
                b'}' | b']' => {
                    depth -= 1;
                    self.at += 1;
                }
                b',' | b':' if depth == 0 => return,
                _ if depth == 0 && b.is_ascii_whitespace() => return,
                _ => {
                    self.at += 1;
                    continue;
                }
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.at += 1;
        while let Some(b) = self.peek() {
            self.at += if b == b'\\' { 2 } else { 1 };
            if b == b'"' {
                break;
            }
        }
        self.at = self.at.min(self.text.len());
    }
}
