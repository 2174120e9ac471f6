//! What routers have in their configurations besides statements of this language: texts that end at a mark of their own, and sections
//! of other things.

/// Where a text among IOS lines ends that is no statement: a banner, a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextEnd {
    /// With the line that has this mark.
    Mark(String),
    /// With the line `quit`.
    Quit,
}

impl TextEnd {
    /// Whether the text ends with this line.
    pub fn with(&self, line: &str) -> bool {
        match self {
            TextEnd::Mark(mark) => line.contains(mark.as_str()),
            TextEnd::Quit => line.trim() == "quit",
        }
    }
}

/// The end of the text that a line begins; `None` when it begins none, or the text ends on the line itself.
pub fn begins_text(line: &str) -> Option<TextEnd> {
    let mut rest = line.trim_start();
    let mut words = Vec::new();
    while words.len() < 3 {
        let (word, after) = split_word(rest);
        if word.is_empty() {
            break;
        }
        words.push(word.to_ascii_lowercase());
        rest = after;
        // The mark is the first character behind these words.
        let kinds = [
            "motd",
            "login",
            "exec",
            "incoming",
            "prompt-timeout",
            "slip-ppp",
        ];
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["banner", kind] if !kinds.contains(&kind) => {
                return marked(line.trim_start().get("banner".len()..)?);
            }
            ["banner", _]
            | ["menu", _, "title"]
            | ["aaa", "authentication", "banner" | "fail-message"] => return marked(rest),
            ["certificate", _] | ["key-string"] => {
                // A key may stand on the line itself.
                let alone = words[0] == "certificate" || rest.trim().is_empty();
                return alone.then_some(TextEnd::Quit);
            }
            ["macro", "name"] => return Some(TextEnd::Mark("@".to_owned())),
            _ => {}
        }
    }
    None
}

fn split_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()))
}

/// The mark that a text begins with, where it does not end with it on the same line. `^C` is one character on a router.
fn marked(text: &str) -> Option<TextEnd> {
    let text = text.trim();
    let length = match text.strip_prefix('^') {
        Some(control) if control.starts_with(|c: char| c.is_ascii_uppercase()) => 2,
        _ => text.chars().next()?.len_utf8(),
    };
    let (mark, rest) = text.split_at(length);
    (!rest.contains(mark)).then(|| TextEnd::Mark(mark.to_owned()))
}

/// The name of the section that a line belongs to: its first word, or two where one says little.
pub(super) fn section(line: &str) -> String {
    let words: Vec<String> = line
        .split_whitespace()
        .map(str::to_ascii_lowercase)
        .skip_while(|word| word == "no" || word == "default")
        .take(2)
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        [
            first @ ("router" | "ip" | "ipv6" | "flow" | "logging"),
            second,
        ] => {
            format!("{first} {second}")
        }
        [first, ..] => first.to_owned(),
        [] => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_end_at_their_mark() {
        let mark = |mark: &str| Some(TextEnd::Mark(mark.to_owned()));
        for (line, ends) in [
            ("banner motd ^C", mark("^C")),
            ("banner motd \u{3}", mark("\u{3}")),
            ("banner login #only for", mark("#")),
            ("BANNER EXEC @", mark("@")),
            ("banner @ hello", mark("@")),
            ("banner motd #hello#", None),
            ("banner motd", None),
            ("aaa authentication banner *x", mark("*")),
            (" certificate self-signed 01", Some(TextEnd::Quit)),
            (" certificate ca 5E3B", Some(TextEnd::Quit)),
            ("  key-string", Some(TextEnd::Quit)),
            ("  key-string 0 abc", None),
            ("macro name x", mark("@")),
            ("hostname banner", None),
            ("", None),
        ] {
            assert_eq!(begins_text(line), ends, "{line}");
        }
        assert!(TextEnd::Quit.with("  \tquit") && !TextEnd::Quit.with("quitter"));
    }

    #[test]
    fn sections_are_named_by_what_tells_them_apart() {
        for (line, name) in [
            ("router bgp 65000", "router bgp"),
            ("no ip http server", "ip http"),
            (" neighbor 192.0.2.1", "neighbor"),
            ("line vty 0 4", "line"),
            ("crypto pki trustpoint X", "crypto"),
        ] {
            assert_eq!(section(line), name);
        }
    }
}
