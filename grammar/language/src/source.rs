//! Lines of a text before any dialect reads them. What a router, a terminal or a pager prints around a configuration is read over.

/// What of a text is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Select {
    /// All of it; what this product has no words for is wrong.
    #[default]
    All,
    /// Flow records, exporters, monitors, samplers and samplicators, their interfaces, flow accounting, sFlow and syslog hosts.
    Flow,
    /// These, and the host's name, users and addresses.
    FlowAndHost,
}

/// A line that may hold a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SourceLine<'a> {
    /// Its number in the text, from 1.
    pub(crate) number: u32,
    /// Characters of the line before `text`, such as those of a prompt.
    pub(crate) before: u32,
    /// What is read.
    pub(crate) text: &'a str,
    /// How far it is indented: blanks before it, or what its prompt says.
    pub(crate) depth: u32,
    /// Whether a prompt stood before it.
    pub(crate) prompted: bool,
}

/// The lines of a text that are not noise.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = SourceLine<'_>> {
    let numbered = text.split('\n').zip(1..);
    numbered.filter_map(|(line, number)| source_line(line, number))
}

/// One line of a text; `None` when it is noise.
pub(crate) fn source_line(line: &str, number: u32) -> Option<SourceLine<'_>> {
    let text = unpaged(line);
    let (prompt, text) = prompt(text);
    let command = text.trim_start();
    let skip = match prompt {
        Prompt::None => is_noise(text.trim()),
        Prompt::Operational => true,
        Prompt::Configuration { .. } => is_noise(command.trim()) || first_word(command) == "do",
        // What is typed there besides changes is no configuration.
        Prompt::Candidate => !matches!(first_word(command), "set" | "delete" | "comment"),
    };
    if skip {
        return None;
    }
    let blanks = text.chars().take_while(|c| c.is_whitespace()).count();
    let depth = match prompt {
        Prompt::Configuration { submode } => u32::from(submode),
        _ => u32::try_from(blanks).unwrap_or(u32::MAX),
    };
    let before = line[..line.len() - text.len()].chars().count();
    Some(SourceLine {
        number,
        before: u32::try_from(before).unwrap_or(u32::MAX),
        text,
        depth,
        prompted: prompt != Prompt::None,
    })
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

/// What a terminal's pager leaves in a line: its prompt, and what wipes that out again.
const PAGER: &str = "--More--";

/// A line without the pager's prompt before it.
fn unpaged(line: &str) -> &str {
    let Some((before, after)) = line.split_once(PAGER) else {
        return line;
    };
    if !before.trim().trim_matches('<').trim().is_empty() {
        return line;
    }
    let after = after.strip_prefix('>').unwrap_or(after);
    let mut rest = after;
    loop {
        let wiped = rest.trim_start_matches(['\u{8}', '\r']);
        // An escape sequence of the terminal: `ESC [ … letter`.
        let next = match wiped.strip_prefix("\u{1b}[") {
            Some(sequence) => {
                let end = sequence.find(|c: char| c.is_ascii_alphabetic());
                end.map_or("", |end| &sequence[end + 1..])
            }
            // Blanks that wipe the prompt out have backspaces behind them.
            None => match wiped.trim_start_matches(' ') {
                blanks if blanks.starts_with(['\u{8}', '\r', '\u{1b}']) => blanks,
                _ => wiped,
            },
        };
        if next.len() == rest.len() {
            return rest;
        }
        rest = next;
    }
}

/// The prompt before a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prompt {
    None,
    /// `Router#`, `Router>`, `vyos@r1:~$`: what follows is a command.
    Operational,
    /// `Router(config)#`, `Router(config-flow-record)#`.
    Configuration {
        submode: bool,
    },
    /// `vyos@r1#`.
    Candidate,
}

/// The prompt that a line begins with, and what is behind it.
fn prompt(line: &str) -> (Prompt, &str) {
    let none = (Prompt::None, line);
    let start = line.trim_start();
    let name = |c: char| c.is_ascii_alphanumeric() || "._-/:@~()+".contains(c);
    let Some(end) = start.find(|c: char| !name(c)) else {
        return none;
    };
    let (host, rest) = start.split_at(end);
    let mut chars = rest.chars();
    let sign = chars.next();
    let rest = chars.as_str();
    // IOS has no blank behind its prompt.
    let ends =
        rest.is_empty() || rest.starts_with(|c: char| c.is_whitespace() || c.is_alphabetic());
    if !ends || !host.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return none;
    }
    let kind = match (sign, host.split_once("(config"), host.contains('@')) {
        (Some('#'), Some((_, mode)), _) if mode.ends_with(')') => Prompt::Configuration {
            submode: mode.len() > 1,
        },
        (_, Some(_), _) => return none,
        (Some('#'), None, true) => Prompt::Candidate,
        (Some('#' | '>'), None, _) if !host.contains(['(', ')']) => Prompt::Operational,
        (Some('$'), None, true) => Prompt::Operational,
        _ => return none,
    };
    (kind, rest)
}

/// Whether a line, trimmed, is no part of a configuration.
fn is_noise(line: &str) -> bool {
    const BEGINNINGS: &[&str] = &[
        "Building configuration",
        "Current configuration",
        "Last configuration change",
        "NVRAM config last updated",
        "Enter configuration commands, one per line",
        "Load for five secs",
        "Time source is",
        "% ",
        "%Error",
        ": Saved",
        ": Serial Number",
        "//",
    ];
    let words = || line.split_whitespace();
    BEGINNINGS.iter().any(|noise| line.starts_with(noise))
        || (line.starts_with("[edit") && line.ends_with(']'))
        || (line.starts_with("Using ") && line.ends_with("bytes"))
        || line == "^"
        || is_release(words().next(), words().nth(1))
}

/// `version 15.7`, `version 7.0(3)I7(4)`: the release that wrote the configuration; `version 9` is a statement.
fn is_release(first: Option<&str>, second: Option<&str>) -> bool {
    let release = |text: &str| text.starts_with(|c: char| c.is_ascii_digit()) && text.contains('.');
    first.is_some_and(|first| first.eq_ignore_ascii_case("version")) && second.is_some_and(release)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<(u32, &str, u32)> {
        source_line(line, 1).map(|line| (line.before, line.text, line.depth))
    }

    #[test]
    fn what_is_printed_around_a_configuration_is_read_over() {
        for line in [
            "Building configuration...",
            "Current configuration : 217 bytes",
            "Using 1234 out of 262144 bytes",
            "Last configuration change at 10:00:00 UTC Mon Jan 1 2024 by ann",
            "Enter configuration commands, one per line.  End with CNTL/Z.",
            "[edit]",
            "[edit system flow-accounting]",
            "version 15.7",
            "version 7.0(3)I7(4) Bios:version 07.65",
            "// vyos-config-version: \"system@27:flow-accounting@1\"",
            "% Invalid input detected at '^' marker.",
            "   ^",
            "Router#show running-config",
            "Router# configure terminal",
            "Router>",
            "vyos@r1:~$ show configuration commands",
            "vyos@r1# commit",
            "Router(config)#do show clock",
            "RP/0/RSP0/CPU0:r1#",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    #[test]
    fn prompts_and_pagers_stand_before_what_is_read() {
        for (line, before, text, depth) in [
            ("Router(config)# flow exporter E", 15, " flow exporter E", 0),
            ("Router(config-flow-exporter)# ttl 4", 29, " ttl 4", 1),
            ("Router(config)#interface Gi0/0", 15, "interface Gi0/0", 0),
            (
                "RP/0/RSP0/CPU0:r1(config)# hostname x",
                26,
                " hostname x",
                0,
            ),
            (
                "vyos@r1# set system host-name r1",
                8,
                " set system host-name r1",
                1,
            ),
            (
                " --More-- \u{8}\u{8}\u{8}   \u{8}\u{8}\u{8} ttl 4",
                19,
                " ttl 4",
                1,
            ),
            ("--More--\r\u{1b}[Khostname x", 12, "hostname x", 0),
            ("<--- More --->", 0, "<--- More --->", 0),
            ("version 9", 0, "version 9", 0),
            (" description a# b", 0, " description a# b", 1),
            ("# a comment", 0, "# a comment", 0),
            ("set x y#", 0, "set x y#", 0),
        ] {
            assert_eq!(read(line), Some((before, text, depth)), "{line}");
        }
    }
}
