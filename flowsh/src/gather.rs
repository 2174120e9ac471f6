//! Lines that belong together: a pasted block in braces, read until the braces balance.

/// A block in braces that is not complete yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gather {
    text: String,
    depth: usize,
    comment: bool,
}

/// The longest block that is read from a prompt, in octets; longer ones belong into a file for `load`.
const LONGEST: usize = 16 << 20;

/// What a line did to the block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Gathered {
    /// Braces are open.
    More,
    /// The block is whole.
    Whole(String),
    /// The block is too long.
    TooLong,
}

impl Gather {
    /// Makes an empty block below the line of a comment.
    pub(crate) fn below(comment: Option<String>) -> Gather {
        Gather {
            text: comment.map_or_else(String::new, |line| line + "\n"),
            ..Gather::default()
        }
    }

    /// Adds a line.
    pub(crate) fn add(&mut self, line: &str) -> Gathered {
        if self.text.len() + line.len() > LONGEST {
            return Gathered::TooLong;
        }
        self.text.push_str(line);
        self.text.push('\n');
        let mut chars = line.chars().peekable();
        let mut quoted = false;
        while let Some(c) = chars.next() {
            match c {
                '*' if self.comment && chars.next_if_eq(&'/').is_some() => self.comment = false,
                _ if self.comment => {}
                '\\' if quoted => drop(chars.next()),
                '"' => quoted = !quoted,
                _ if quoted => {}
                '/' if chars.next_if_eq(&'*').is_some() => self.comment = true,
                '#' => break,
                '{' => self.depth += 1,
                '}' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        match self.depth == 0 && !self.comment {
            true => Gathered::Whole(std::mem::take(&mut self.text)),
            false => Gathered::More,
        }
    }

    /// Returns the line that the block began with.
    pub(crate) fn first_line(&self) -> &str {
        self.text.lines().next().unwrap_or_default().trim()
    }

    /// Returns the number of open braces.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(lines: &[&str]) -> Vec<bool> {
        let mut gather = Gather::default();
        lines
            .iter()
            .map(|line| matches!(gather.add(line), Gathered::Whole(_)))
            .collect()
    }

    #[test]
    fn a_block_ends_where_its_braces_balance() {
        assert_eq!(
            run(&[
                "system {",
                "    flow-accounting {",
                "        interface eth1",
                "    }",
                "}"
            ]),
            [false, false, false, false, true]
        );
        assert_eq!(run(&["flow { sampler S { rate 2; } }"]), [true]);
    }

    #[test]
    fn quotes_and_comments_hide_braces() {
        assert_eq!(
            run(&[
                "a {",
                "description \"} \\\" }\"",
                "/* }",
                "} */",
                "# }",
                "}"
            ]),
            [false, false, false, false, false, true]
        );
    }

    #[test]
    fn the_text_is_kept_as_typed() {
        let mut gather = Gather::default();
        assert_eq!(gather.add("a {"), Gathered::More);
        assert_eq!(gather.depth(), 1);
        assert_eq!(gather.add("}"), Gathered::Whole("a {\n}\n".into()));
    }

    #[test]
    fn a_block_has_a_bound() {
        let mut gather = Gather::default();
        gather.add("{");
        assert_eq!(gather.add(&"x".repeat(LONGEST)), Gathered::TooLong);
    }
}
