//! Importer for the files that systems start softflowd from: Debian's shell fragments with an interface and options (also in
//! capitals, as older releases and other systems have them), OpenWrt's `/etc/config/softflowd`, and scripts and units
//! with whole command lines.

use super::super::report::{Options, Place, Remarks, assignment, behind, words};
use super::super::{Imported, MAX_LINES, Origin};
use super::{NAME, Read};

/// Most instances of softflowd.
const MAX_INSTANCES: usize = 64;

/// OpenWrt's options with a value, and the option of softflowd that each stands for.
const OPENWRT: &[(&str, char)] = &[
    ("interface", 'i'),
    ("pcap_file", 'r'),
    ("timeout", 't'),
    ("max_flows", 'm'),
    ("host_port", 'n'),
    ("export_version", 'v'),
    ("hoplimit", 'L'),
    ("tracking_level", 'T'),
    ("sampling_rate", 's'),
    ("send_interface", 'S'),
];

/// OpenWrt's options without a value, and the option of softflowd that each stands for.
const OPENWRT_FLAGS: &[(&str, char)] = &[("track_ipv6", '6'), ("bidirectional", 'b')];

/// Imports a file.
pub fn file(text: &str) -> Imported {
    let mut remarks = Remarks::default();
    let mut instances = match text.lines().any(|line| is_section(&words(line))) {
        true => openwrt(text, &mut remarks),
        false => shell(text, &mut remarks),
    };
    if instances.len() > MAX_INSTANCES {
        instances.truncate(MAX_INSTANCES);
        let why = format!("{MAX_INSTANCES} instances of softflowd are read");
        remarks.lost(line_of(1), "softflowd", why);
    }
    if instances.is_empty() && remarks.0.is_empty() {
        remarks.lost(
            line_of(1),
            "softflowd",
            "interface= and options= of Debian, `config softflowd` of OpenWrt, or a command line is expected",
        );
    }
    let alone = instances.len() == 1;
    let mut out = String::new();
    for (index, (line, read)) in instances.into_iter().enumerate() {
        let name = match index {
            0 => NAME.to_owned(),
            index => format!("{NAME}-{}", index + 1),
        };
        at(line, &mut remarks, |remarks| {
            out.push_str(&read.statements(&name, alone, remarks));
        });
    }
    Imported {
        text: out,
        remarks: remarks.0,
        ..Imported::default()
    }
}

fn line_of(line: u32) -> Place {
    Place {
        origin: Origin::File(0),
        line,
    }
}

/// Runs `run`, and places the remarks that it makes on a command line in this line of the file.
fn at(line: u32, remarks: &mut Remarks, run: impl FnOnce(&mut Remarks)) {
    let before = remarks.0.len();
    run(remarks);
    for remark in remarks.0.iter_mut().skip(before) {
        if remark.origin == Origin::Arguments {
            (remark.origin, remark.line) = (Origin::File(0), line);
        }
    }
}

/// Returns the instances of a shell fragment, script or unit, each with its line.
fn shell(text: &str, remarks: &mut Remarks) -> Vec<(u32, Read)> {
    let mut instances = Vec::new();
    let (mut interface, mut options) = (None, None);
    let mut unknown = Vec::new();
    for (line, whole) in joined(text) {
        if let Some(own) = command(&words(&whole)) {
            if own.iter().any(|word| word.contains('$')) {
                let why = "variables are the shell's; write what they stand for";
                remarks.lost(line_of(line), &whole, why);
                continue;
            }
            let mut read = Read::default();
            at(line, remarks, |remarks| read.command(own, remarks));
            instances.push((line, read));
        } else if let Some((name, value)) = assignment(&whole) {
            let lower = name.to_ascii_lowercase();
            match lower.rsplit('_').next().unwrap_or_default() {
                "interface" | "iface" => interface = Some((line, value)),
                "options" | "opts" | "args" | "flags" => options = Some((line, value)),
                _ => unknown.push((line, whole)),
            }
        }
    }
    // Scripts and units have many lines that are not softflowd's.
    if instances.is_empty() {
        for (line, whole) in unknown {
            remarks.lost(line_of(line), &whole, "interface= and options= are read");
        }
    }
    let set = |value: &Option<(u32, String)>| {
        let value = value.as_ref().filter(|(_, value)| !value.is_empty());
        value.map(|(line, _)| *line)
    };
    if let Some(line) = set(&interface).or(set(&options)) {
        let mut read = Read::default();
        if let Some((line, name)) = interface.filter(|(_, name)| !name.is_empty()) {
            at(line, remarks, |remarks| read.value('i', name, remarks));
        }
        if let Some((line, options)) = options {
            at(line, remarks, |remarks| {
                let words = behind(NAME, &options, remarks);
                read.command(words, remarks);
            });
        }
        instances.push((line, read));
    } else if let Some((line, _)) = interface.or(options) {
        let why = "no interface is named (interface=)";
        remarks.lost(line_of(line), "interface=", why);
    }
    instances
}

/// Returns the options of softflowd in the words of a line that runs it.
fn command(words: &[String]) -> Option<Vec<String>> {
    let program = |word: &String| word.rsplit(['/', '=']).next() == Some(NAME);
    let start = words.iter().position(program)? + 1;
    // What a shell would do behind it is none of softflowd's.
    let own = |word: &&String| !matches!(word.as_str(), "&&" | "||" | ";" | "|");
    let own: Vec<String> = words[start..].iter().take_while(own).cloned().collect();
    own.first()?.starts_with('-').then_some(own)
}

/// Returns the lines that are neither empty nor comments, with their numbers. A line that ends with a backslash is joined
/// with the next one.
fn joined(text: &str) -> Vec<(u32, String)> {
    let mut lines: Vec<(u32, String)> = Vec::new();
    let mut open = false;
    for (number, line) in (1..).zip(text.lines().take(MAX_LINES)) {
        let line = line.trim();
        let (line, more) = match line.strip_suffix('\\') {
            Some(line) => (line.trim_end(), true),
            None => (line, false),
        };
        match lines.last_mut() {
            Some((_, last)) if open => {
                last.push(' ');
                last.push_str(line);
            }
            _ if line.is_empty() || line.starts_with(['#', ';']) => continue,
            _ => lines.push((number, line.to_owned())),
        }
        open = more;
    }
    lines
}

/// Returns whether the words begin a section of OpenWrt's file.
fn is_section(words: &[String]) -> bool {
    matches!(words, [config, kind, ..] if config == "config" && kind == NAME)
}

/// Returns the enabled instances of OpenWrt's file, each with the first line of its section.
fn openwrt(text: &str, remarks: &mut Remarks) -> Vec<(u32, Read)> {
    let mut instances: Vec<(u32, Read)> = Vec::new();
    let mut enabled = Vec::new();
    for (line, whole) in joined(text) {
        let place = line_of(line);
        let there = words(&whole);
        if is_section(&there) {
            instances.push((line, Read::default()));
            enabled.push(false);
            continue;
        }
        let (Some((_, read)), Some(enabled)) = (instances.last_mut(), enabled.last_mut()) else {
            if there.first().is_some_and(|word| word != "package") {
                remarks.lost(place, &whole, "it is in no section `config softflowd`");
            }
            continue;
        };
        let (name, value) = match there.as_slice() {
            [option, name, value] if option == "option" || option == "list" => (name, value),
            // Words without a value are those whose quotes have nothing in them.
            [option, _] if option == "option" || option == "list" => continue,
            _ => {
                remarks.lost(place, &whole, "`option NAME 'VALUE'` is expected");
                continue;
            }
        };
        let yes = matches!(value.as_str(), "1" | "yes" | "on" | "true" | "enabled");
        let find = |table: &[(&str, char)]| {
            let found = table.iter().find(|(known, _)| known == name);
            found.map(|(_, option)| *option)
        };
        at(line, remarks, |remarks| match name.as_str() {
            "enabled" => *enabled = yes,
            "pid_file" | "control_socket" => {}
            "filter" => read.filter(value, remarks),
            "exporter_ip" => {
                read.probe.source = match value.parse::<std::net::IpAddr>() {
                    Ok(address) => Some(address.to_string()),
                    Err(_) => {
                        remarks.lost(place, &whole, "an address is expected");
                        None
                    }
                }
            }
            _ => match (find(OPENWRT), find(OPENWRT_FLAGS)) {
                (Some('S'), _) if read.probe.source.is_some() => {}
                (Some(option), _) => read.value(option, value.clone(), remarks),
                (_, Some(option)) if yes => read.flag(option, remarks),
                (_, Some(_)) => {}
                (None, None) => remarks.lost(place, &whole, "OpenWrt has no such option"),
            },
        });
    }
    let mut kept = Vec::new();
    for ((line, read), enabled) in instances.into_iter().zip(enabled) {
        match enabled {
            true => kept.push((line, read)),
            false => {
                let why = "it is not enabled (option enabled '1'), so OpenWrt does not start it";
                remarks.lost(line_of(line), "config softflowd", why);
            }
        }
    }
    kept
}
