//! Which dialect a text is in.

use crate::Dialect;
use crate::source;

/// Tells the dialect by the first statement, and by braces at line ends before anything that only IOS has.
pub(crate) fn detect(text: &str) -> Dialect {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{') {
        return Dialect::Json;
    }
    let mut lines = statements(text).peekable();
    if lines.peek().is_none() {
        return of_comments(text);
    }
    let mut semicolon = false;
    while let Some(line) = lines.next() {
        let words: Vec<&str> = line.split_whitespace().take(5).collect();
        if matches!(words[..], ["set" | "delete", ..]) {
            return Dialect::Set;
        }
        // Texts that run to the end of an IOS line may hold anything.
        let free = matches!(
            words[..],
            ["description" | "filter" | "no", ..]
                | ["capture", "filter", ..]
                | ["interfaces", "ethernet", _, "description", ..]
                | ["interfaces", "ethernet", _, "capture", "filter"]
                | ["receiver", _, "description", ..]
                | ["system", "login", "user", _, ..]
        );
        let commented = || {
            line.split('{')
                .next()
                .is_some_and(|line| line.contains(" text "))
        };
        let free = free || (words.first() == Some(&"comment") && commented());
        let next_opens = lines.peek().is_some_and(|next| next.starts_with('{'));
        let braces = line.ends_with('{')
            || line.starts_with('}')
            || (line.contains('{') && line.contains('}'));
        let opens = line.ends_with('{') || next_opens;
        if !opens && words.first().is_some_and(|word| is_router_word(word)) {
            return Dialect::Ios;
        }
        if !free && (braces || next_opens) {
            return Dialect::Curly;
        }
        if ios(&words) {
            return Dialect::Ios;
        }
        semicolon |= line.ends_with(';') && !free;
    }
    if semicolon {
        Dialect::Curly
    } else {
        Dialect::Ios
    }
}

/// The dialect of a text without statements: one that has such comments.
fn of_comments(text: &str) -> Dialect {
    match text.trim_start().get(..1) {
        Some("/") => Dialect::Curly,
        Some("#") => Dialect::Set,
        _ => Dialect::Ios,
    }
}

/// The lines that are neither blank nor comment, trimmed.
fn statements(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    source::lines(text).filter_map(move |source| {
        let mut line = source.text.trim();
        if inside || line.starts_with("/*") {
            let Some((_, after)) = line.split_once("*/") else {
                inside = true;
                return None;
            };
            inside = false;
            line = after.trim();
        }
        let comment = line.is_empty() || line.starts_with(['#', '!']) || line.starts_with("//");
        (!comment).then_some(line)
    })
}

/// Words that global statements of routers begin with, and lines of other dialects do not unless a brace follows.
const ROUTER: &[&str] = &[
    "aaa",
    "alias",
    "archive",
    "banner",
    "boot",
    "boot-start-marker",
    "call-home",
    "class-map",
    "control-plane",
    "crypto",
    "enable",
    "event",
    "feature",
    "flow-sampler-map",
    "hostname",
    "interface",
    "ip",
    "ipv6",
    "key",
    "line",
    "logging",
    "macro",
    "menu",
    "mpls",
    "no",
    "ntp",
    "policy-map",
    "route-map",
    "router",
    "service",
    "snmp-server",
    "spanning-tree",
    "tacacs",
    "track",
    "username",
    "version",
    "vlan",
    "vrf",
];

fn is_router_word(word: &str) -> bool {
    ROUTER.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// A statement that stands by itself in IOS lines only.
fn ios(words: &[&str]) -> bool {
    matches!(
        words,
        [
            "flow",
            "record" | "exporter" | "monitor" | "sampler" | "samplicator",
            _
        ] | ["hostname", ..]
            | ["sampler", _]
            | ["no", ..]
            | ["ip" | "ipv6" | "datalink", "flow", ..]
            | ["logging", "host", ..]
            | ["end" | "exit"]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brace_in_free_text_of_a_path_line_opens_nothing() {
        for line in [
            "interfaces ethernet lo capture filter {",
            "interfaces ethernet lo description to the core {",
        ] {
            assert_eq!(detect(line), Dialect::Ios, "{line}");
        }
        assert_eq!(detect("system login user ann full-name a{"), Dialect::Ios);
        assert_eq!(detect("interfaces {"), Dialect::Curly);
    }

    #[test]
    fn a_text_of_comments_is_in_a_dialect_that_has_such() {
        for (text, dialect) in [
            ("", Dialect::Ios),
            ("!\n! as it comes\n", Dialect::Ios),
            ("# as it comes\n#\n# set system\n", Dialect::Set),
            ("\n/* as it\n comes */\n", Dialect::Curly),
            ("// as it comes", Dialect::Curly),
        ] {
            assert_eq!(detect(text), dialect, "{text}");
            let empty = crate::Tree::default();
            let read = crate::load(&empty, &[], text, None, crate::Mode::Merge);
            assert_eq!(read, Ok(empty), "{text}");
        }
    }
}
